//! Looks for a value that one side accepts and the other rejects, and asks both.

use serde_json::{Value, json};

use super::sample::sample;
use super::{Change, Effect};
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
    let both = [(old, new, "old"), (new, old, "new")];
    let sides: Vec<_> = both
        .into_iter()
        .filter(|(_, _, side)| match change.effect {
            Effect::Narrower => *side == "old",
            Effect::Wider => *side == "new",
            Effect::Both => true,
            Effect::Neither => false,
        })
        .collect();
    let id = before.id();
    for (accepts, rejects, side) in sides {
        let mut bases: Vec<Value> = Vec::new();
        let root = if side == "old" { before.root() } else { after.root() };
        bases.push(sample(accepts, Place { document: id, schema: root }));
        let examples = [(old, before), (new, after)].into_iter();
        let examples = examples.filter_map(|(corpus, schema)| corpus.examples_of(schema.path())).flatten();
        bases.extend(examples.take(BASES_MAX));
        bases.push(json!({}));
        let mut tries = 0;
        for base in &bases {
            for candidate in change.candidates.iter().map(Some).chain([None]) {
                tries += 1;
                if tries > TRIES_MAX {
                    break;
                }
                let mut value = base.clone();
                if let Some(candidate) = candidate {
                    put(&mut value, accepts, side, way, candidate);
                }
                if is_valid(accepts, id, &value) && !is_valid(rejects, id, &value) {
                    return Some(Proof { schema: id.to_owned(), accepted_by: side, value });
                }
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
