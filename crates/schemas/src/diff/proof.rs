//! Looks for a value that one side accepts and the other rejects, and asks both.

use std::sync::Arc;

use serde_json::{Value, json};
use xdm::{Checker, Composition, Profile, Verdict};

use super::sample::sample;
use super::{Change, Effect};
use crate::convert::{To, convert};
use crate::corpus::{Corpus, Schema};
use crate::finding::Proof;
use crate::reading::Place;

/// Most values that are tried for one finding.
const TRIES_MAX: usize = 160;
/// Most examples that values are put into.
const BASES_MAX: usize = 4;

/// A step from a value into it.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Property(String),
    Item,
    /// The value of any key of a map.
    Value,
}

/// Where a change is, from the root: each step with the schemas that it leads to.
#[derive(Clone, Debug)]
pub(super) struct Way<'c> {
    pub(super) step: Step,
    pub(super) old: Place<'c>,
    pub(super) new: Place<'c>,
}

/// A value that shows a change, if one is found.
pub(super) fn prove(
    (old, new): (&Corpus, &Corpus),
    (before, after): (&Schema, &Schema),
    way: &[Way<'_>],
    change: &Change,
) -> Option<Proof> {
    let id = before.id();
    each_value((old, new), (before, after), way, change, &mut |side, value| {
        let (accepts, rejects) = if side == "old" { (old, new) } else { (new, old) };
        (is_valid(accepts, id, &value) && !is_valid(rejects, id, &value)).then_some(value)
    })
}

/// The same as an event in the platform's spelling. There a property with a prefix of its own is one in a namespace; as the
/// schema spells it, the class's rule on prefixes lets it pass nowhere.
pub(super) fn prove_in_event(
    (old, new): (&Corpus, &Corpus),
    (before, after): (&Schema, &Schema),
    way: &[Way<'_>],
    change: &Change,
    checkers: &mut EventCheckers,
) -> Option<Proof> {
    let id = before.id();
    each_value((old, new), (before, after), way, change, &mut |side, value| {
        let accepts = if side == "old" { old } else { new };
        let event = convert(accepts, id, &value, To::Platform).ok()?;
        let text = event.to_string();
        let (of_old, of_new) = (checkers.old.judge(text.as_bytes()), checkers.new.judge(text.as_bytes()));
        let (accepted, rejected) = if side == "old" { (of_old, of_new) } else { (of_new, of_old) };
        (accepted == Verdict::Valid && rejected == Verdict::Invalid).then_some(event)
    })
}

/// Checkers of events by both states of a schema.
pub(super) struct EventCheckers {
    old: Checker,
    new: Checker,
}

impl EventCheckers {
    /// `None` if it is no schema of events.
    pub(super) fn of(old: &Corpus, new: &Corpus, id: &str) -> Option<EventCheckers> {
        let checker = |corpus: &Corpus| {
            let composition = Composition { class: id.to_owned(), groups: Vec::new() };
            let plan = xdm::compile(corpus.registry(), &composition).ok()?;
            Some(Checker::new(Arc::new(plan), Profile::spec()).without_notices())
        };
        Some(EventCheckers { old: checker(old)?, new: checker(new)? })
    }
}

/// Tries values of the sides that a change may show until `shown` gives one back: the side that is to accept it, and the value.
fn each_value(
    (old, new): (&Corpus, &Corpus),
    (before, after): (&Schema, &Schema),
    way: &[Way<'_>],
    change: &Change,
    shown: &mut dyn FnMut(&'static str, Value) -> Option<Value>,
) -> Option<Proof> {
    let sides = [(old, before, "old"), (new, after, "new")].into_iter().filter(|(_, _, side)| match change.effect {
        Effect::Narrower => *side == "old",
        Effect::Wider => *side == "new",
        Effect::Both => true,
        Effect::Neither => false,
    });
    let id = before.id();
    for (accepts, schema, side) in sides {
        let mut bases: Vec<Value> = vec![sample(accepts, Place { document: id, schema: schema.root() })];
        let examples = [(old, before), (new, after)].into_iter();
        let examples = examples.filter_map(|(corpus, schema)| corpus.examples_of(schema.path())).flatten();
        bases.extend(examples.take(BASES_MAX));
        bases.push(json!({}));
        let candidates = || change.candidates.iter().map(Some).chain([None]);
        let tries = bases.iter().flat_map(|base| candidates().map(move |candidate| (base, candidate)));
        for (base, candidate) in tries.take(TRIES_MAX) {
            let mut value = base.clone();
            if let Some(candidate) = candidate {
                put(&mut value, accepts, side, way, candidate);
            }
            if let Some(value) = shown(side, value) {
                return Some(Proof { schema: id.to_owned(), accepted_by: side, value });
            }
        }
    }
    None
}

fn is_valid(corpus: &Corpus, id: &str, value: &Value) -> bool {
    corpus.validator().check(id, &value.to_string()).is_some_and(|told| told.is_empty())
}

/// Puts a value at a place, and what it needs around it.
fn put(value: &mut Value, corpus: &Corpus, side: &str, way: &[Way<'_>], candidate: &Value) {
    let Some((first, rest)) = way.split_first() else {
        match (value, candidate) {
            // What else is needed of an object stays there.
            (Value::Object(known), Value::Object(more)) if !more.is_empty() => known.extend(more.clone()),
            (value, candidate) => *value = candidate.clone(),
        }
        return;
    };
    let place = if side == "old" { first.old } else { first.new };
    let fresh = || if rest.is_empty() { candidate.clone() } else { sample(corpus, place) };
    let inner = match &first.step {
        Step::Property(name) => member(value, name, fresh),
        Step::Value => member(value, "key", fresh),
        Step::Item => {
            if !value.is_array() {
                *value = json!([]);
            }
            value.as_array_mut().and_then(|items| {
                if items.is_empty() {
                    items.push(fresh());
                }
                items.first_mut()
            })
        }
    };
    if let Some(inner) = inner {
        put(inner, corpus, side, rest, candidate);
    }
}

fn member<'v>(value: &'v mut Value, name: &str, fresh: impl Fn() -> Value) -> Option<&'v mut Value> {
    if !value.is_object() {
        *value = json!({});
    }
    Some(value.as_object_mut()?.entry(name).or_insert_with(fresh))
}
