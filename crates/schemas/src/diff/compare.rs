//! Two states of one schema, place by place.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::proof::{EventCheckers, Step, Way, prove, prove_in_event};
use super::{Change, Effect, keywords};
use crate::corpus::{Corpus, Schema};
use crate::finding::{Finding, Level};
use crate::reading::{self, Place};
use crate::walk;

/// Deepest nesting of places that are compared.
const DEPTH_MAX: usize = 64;

/// A pair of places of which one was compared with the other.
type Pair = (*const Value, *const Value);

pub(super) struct Comparison<'c, 'f> {
    old: &'c Corpus,
    new: &'c Corpus,
    before: &'c Schema,
    after: &'c Schema,
    findings: &'f mut Vec<Finding>,
    seen: BTreeSet<Pair>,
    way: Vec<Way<'c>>,
    /// Is the place reached from the root, so that a value for it can be made?
    is_reached: bool,
    /// Of events by both states, once they are asked for; none of a schema that isn't one of events.
    checkers: Option<Option<EventCheckers>>,
}

impl<'c, 'f> Comparison<'c, 'f> {
    pub(super) fn new(
        old: &'c Corpus,
        new: &'c Corpus,
        before: &'c Schema,
        after: &'c Schema,
        findings: &'f mut Vec<Finding>,
    ) -> Self {
        Comparison {
            old,
            new,
            before,
            after,
            findings,
            seen: BTreeSet::new(),
            way: Vec::new(),
            is_reached: true,
            checkers: None,
        }
    }

    pub(super) fn run(mut self) {
        let place = |schema: &'c Schema| Place { document: schema.id(), schema: schema.root() };
        let (before, after) = (place(self.before), place(self.after));
        self.places(before, after);
        self.is_reached = false;
        let definitions = |schema: &'c Schema| schema.root().get("definitions").and_then(Value::as_object);
        let known = definitions(self.after);
        for (name, schema) in definitions(self.before).into_iter().flatten() {
            match known.and_then(|known| known.get(name)) {
                Some(other) => self.places(Place { schema, ..before }, Place { schema: other, ..after }),
                None => {
                    let message = format!("the definition {name} is gone; what refers to it finds nothing");
                    self.note(after.schema, Change::new("definition-removed", Effect::Both, "definitions", message));
                }
            }
        }
    }

    /// Compares what two places say, and what is below them.
    fn places(&mut self, old: Place<'c>, new: Place<'c>) {
        if self.way.len() > DEPTH_MAX || !self.seen.insert((old.schema, new.schema)) {
            return;
        }
        let reference = |place: Place<'c>| place.schema.get("$ref").and_then(Value::as_str);
        let (was, is) = (reference(old), reference(new));
        let (inner_old, inner_new) = (reading::target(self.old, old), reading::target(self.new, new));
        if was != is {
            self.reference(new.schema, was, is);
        } else if was.is_some_and(|reference| !reference.starts_with('#')) {
            // The schema that both refer to is compared by itself.
            return;
        }
        if inner_new.schema.get("$ref").is_some() {
            // It leads nowhere, which is told as a fault.
            return;
        }
        if was.is_some() || is.is_some() {
            if inner_old.document == inner_new.document && inner_old.document != self.before.id() {
                return;
            }
            if !self.seen.insert((inner_old.schema, inner_new.schema)) {
                return;
            }
        }
        let mut changes = Vec::new();
        if keywords::never(inner_old.schema, inner_new.schema, &mut changes) {
            return changes.into_iter().for_each(|change| self.note(new.schema, change));
        }
        keywords::changes(inner_old.schema, inner_new.schema, &mut changes);
        self.unstructured(inner_old.schema, inner_new.schema, &mut changes);
        changes.into_iter().for_each(|change| self.note(new.schema, change));
        self.properties(inner_old, inner_new);
        self.composition(inner_old.schema, inner_new.schema);
        self.below(inner_old, inner_new);
    }

    fn reference(&mut self, at: &Value, was: Option<&str>, is: Option<&str>) {
        let message = match (was, is) {
            (Some(was), Some(is)) => format!("the reference was to {was} and is to {is} now"),
            (Some(was), None) => format!("what was a reference to {was} is written out now"),
            (None, Some(is)) => format!("what was written out is a reference to {is} now"),
            (None, None) => return,
        };
        self.note(at, Change::new("reference-changed", Effect::Neither, "", message));
    }

    /// Keywords whose schemas aren't compared one by one.
    fn unstructured(&self, old: &Value, new: &Value, changes: &mut Vec<Change>) {
        // A list of `items` has a schema for each place, one schema is compared like others.
        let has_list = [old, new].iter().any(|schema| schema.get("items").is_some_and(Value::is_array));
        let keywords = ["anyOf", "oneOf", "not", "dependencies", "contains", "propertyNames", "additionalItems"];
        for keyword in keywords.into_iter().chain(has_list.then_some("items")) {
            if old.get(keyword) != new.get(keyword) {
                let effect = match (old.get(keyword), new.get(keyword)) {
                    (None, _) => Effect::Narrower,
                    (_, None) => Effect::Wider,
                    _ => Effect::Both,
                };
                let message = format!("{keyword} says something else now");
                let candidates = keywords::of_all_types();
                changes.push(Change::new("alternatives-changed", effect, keyword, message).with(candidates));
            }
        }
    }

    fn properties(&mut self, old: Place<'c>, new: Place<'c>) {
        let (own_old, own_new) = (reading::own_properties(self.old, old), reading::own_properties(self.new, new));
        let (all_old, all_new) = (reading::properties(self.old, old), reading::properties(self.new, new));
        let find = |found: &reading::Properties<'c>, name: &str| {
            found.declared.iter().find(|declared| declared.name == name).map(|declared| declared.place)
        };
        let added: Vec<_> = own_new.declared.iter().filter(|added| find(&all_old, added.name).is_none()).collect();
        for declared in &own_old.declared {
            let name = declared.name;
            let Some(place) = find(&all_new, name) else {
                let renamed = added.iter().find(|added| is_alike(added.place.schema, declared.place.schema));
                let hint = renamed.map_or_else(String::new, |added| format!("; it may be called {} now", added.name));
                let message = format!("the property {name} is gone: its values are undeclared, and unchecked{hint}");
                let step = Way { step: Step::Property(name.to_owned()), old: declared.place, new: declared.place };
                self.way.push(step);
                let change = Change::new("property-removed", Effect::Both, "properties", message);
                self.note(new.schema, change.with(keywords::of_all_types()));
                self.way.pop();
                continue;
            };
            self.way.push(Way { step: Step::Property(name.to_owned()), old: declared.place, new: place });
            self.places(declared.place, place);
            self.way.pop();
        }
        for added in added {
            self.added(added, &all_old);
        }
        self.required(new.schema, &all_old, &own_new, &own_old, &all_new);
    }

    fn added(&mut self, added: &reading::Declared<'c>, known: &reading::Properties<'c>) {
        let name = added.name;
        self.way.push(Way { step: Step::Property(name.to_owned()), old: added.place, new: added.place });
        let message = format!("the property {name} is new; a value of another kind that came undeclared fails now");
        self.note(added.place.schema, Change::new("property-added", Effect::Neither, "", message));
        if let Some(other) = known.declared.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            let message = format!("{name} differs from {} by its case only; columns would be confused", other.name);
            self.note(added.place.schema, Change::new("name-case", Effect::Both, "", message));
        }
        self.way.pop();
    }

    fn required(
        &mut self,
        at: &Value,
        all_old: &reading::Properties<'c>,
        own_new: &reading::Properties<'c>,
        own_old: &reading::Properties<'c>,
        all_new: &reading::Properties<'c>,
    ) {
        for name in own_new.required.difference(&all_old.required) {
            let message = format!("{name} is required now");
            self.note(at, Change::new("required-added", Effect::Narrower, "required", message).with(vec![json!({})]));
        }
        for name in own_old.required.difference(&all_new.required) {
            let message = format!("{name} is not required any more");
            self.note(at, Change::new("required-removed", Effect::Wider, "required", message).with(vec![json!({})]));
        }
    }

    /// What a schema composes from others.
    fn composition(&mut self, old: &'c Value, new: &'c Value) {
        let (was, is) = (reading::references(old), reading::references(new));
        for reference in was.iter().filter(|reference| !is.contains(reference)) {
            let message = format!("it doesn't compose {reference} any more, and has none of its properties and rules");
            let change = Change::new("composition-removed", Effect::Both, "allOf", message);
            self.note(new, change.with(self.broken(reference)));
        }
        for reference in is.iter().filter(|reference| !was.contains(reference)) {
            let message = format!("it composes {reference} now, whose rules hold too");
            self.note(new, Change::new("composition-added", Effect::Neither, "allOf", message));
        }
    }

    /// Values of all kinds for each property that a schema declared: those that it rejected pass
    /// when it isn't composed any more.
    fn broken(&self, reference: &str) -> Vec<Value> {
        let from = Place { document: self.before.id(), schema: self.before.root() };
        let Some(place) = reading::follow(self.old, from, reference) else { return Vec::new() };
        let properties = reading::properties(self.old, place).declared;
        let values = |name: &str| keywords::of_all_types().into_iter().map(|value| json!({ name: value })).collect();
        properties.iter().flat_map(|declared| -> Vec<Value> { values(declared.name) }).collect()
    }

    fn below(&mut self, old: Place<'c>, new: Place<'c>) {
        self.single(old, new, "items", Step::Item);
        let (was, is) = (reading::is_closed(old.schema), reading::is_closed(new.schema));
        if was != is {
            let (rule, effect, message) = match is {
                true => ("properties-closed", Effect::Narrower, "undeclared properties are forbidden now"),
                false => ("properties-opened", Effect::Wider, "undeclared properties are permitted now"),
            };
            let values = keywords::of_all_types().into_iter();
            let candidates = values.map(|value| json!({ "x:undeclared": value })).collect();
            let change = Change::new(rule, effect, "additionalProperties", message.to_owned());
            self.note(new.schema, change.with(candidates));
        } else {
            self.single(old, new, "additionalProperties", Step::Value);
        }
        let patterns = |place: Place<'c>| place.schema.get("patternProperties").and_then(Value::as_object);
        let (was, is) = (patterns(old), patterns(new));
        for (pattern, schema) in was.into_iter().flatten() {
            match is.and_then(|is| is.get(pattern)) {
                Some(other) => {
                    let reached = std::mem::replace(&mut self.is_reached, false);
                    self.places(Place { schema, ..old }, Place { schema: other, ..new });
                    self.is_reached = reached;
                }
                None => {
                    let message = format!("names that match {pattern} have no rule of their own any more");
                    self.note(
                        new.schema,
                        Change::new("pattern-rule-removed", Effect::Both, "patternProperties", message),
                    );
                }
            }
        }
        for pattern in is.into_iter().flatten().map(|(pattern, _)| pattern) {
            if !was.is_some_and(|was| was.contains_key(pattern)) {
                let message = format!("names that match {pattern} have a rule of their own now");
                self.note(
                    new.schema,
                    Change::new("pattern-rule-added", Effect::Narrower, "patternProperties", message),
                );
            }
        }
    }

    /// A keyword whose value is one schema.
    fn single(&mut self, old: Place<'c>, new: Place<'c>, keyword: &'static str, step: Step) {
        let is_told_as_list = || [old, new].iter().any(|place| place.schema.get(keyword).is_some_and(Value::is_array));
        if is_told_as_list() {
            return;
        }
        let inner = |place: Place<'c>| place.schema.get(keyword).filter(|inner| **inner != Value::Bool(true));
        match (inner(old), inner(new)) {
            (Some(was), Some(is)) => {
                let (old, new) = (Place { schema: was, ..old }, Place { schema: is, ..new });
                self.way.push(Way { step, old, new });
                self.places(old, new);
                self.way.pop();
            }
            (None, Some(_)) => {
                let message = format!("{keyword} has rules now, and had none");
                let candidates = contained(&step);
                let change = Change::new("values-narrowed", Effect::Narrower, keyword, message).with(candidates);
                self.note(new.schema, change);
            }
            (Some(_), None) => {
                let message = format!("{keyword} has no rules any more");
                let candidates = contained(&step);
                let change = Change::new("values-widened", Effect::Wider, keyword, message).with(candidates);
                self.note(new.schema, change);
            }
            (None, None) => {}
        }
    }

    fn note(&mut self, at: &Value, change: Change) {
        let is_shown = self.is_reached && change.effect != Effect::Neither;
        let sides = ((self.old, self.new), (self.before, self.after));
        let mut proof = is_shown.then(|| prove(sides.0, sides.1, &self.way, &change)).flatten();
        if is_shown && proof.is_none() {
            let checkers = self.checkers.get_or_insert_with(|| EventCheckers::of(self.old, self.new, self.before.id()));
            proof =
                checkers.as_mut().and_then(|checkers| prove_in_event(sides.0, sides.1, &self.way, &change, checkers));
        }
        let mut pointer = pointer_of(self.after.root(), at).unwrap_or_default();
        if !change.keyword.is_empty() {
            pointer.push_str(&walk::step(change.keyword));
        }
        let level = match change.rule {
            "reference-changed" | "class-removed" | "xdm-type-changed" | "extensible-changed" => Level::Warning,
            "status-changed" | "known-value-removed" | "personal-changed" | "extends-removed" => Level::Warning,
            _ => change.level(),
        };
        let (rule, file, message) = (change.rule, self.after.path().to_owned(), change.message);
        self.findings.push(Finding { rule, level, file, pointer, message, proof });
    }
}

/// Lists or maps of values of all kinds.
fn contained(step: &Step) -> Vec<Value> {
    let wrap = |value: Value| match step {
        Step::Item => json!([value]),
        Step::Property(_) | Step::Value => json!({ "key": value }),
    };
    keywords::of_all_types().into_iter().map(wrap).collect()
}

/// Do two schemas say the same of values?
fn is_alike(a: &Value, b: &Value) -> bool {
    let told = |schema: &Value| {
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema
            .retain(|name, _| !["title", "description", "meta:titleId", "meta:descriptionId"].contains(&name.as_str()));
        schema
    };
    told(a) == told(b) && !told(a).is_empty()
}

/// The pointer of a schema in a document.
fn pointer_of(root: &Value, schema: &Value) -> Option<String> {
    let mut found = None;
    walk::schemas(root, &mut |pointer, inner, _| {
        if std::ptr::eq(inner, schema) {
            found.get_or_insert_with(|| pointer.to_owned());
        }
    });
    found.or_else(|| pointer_in(root, schema))
}

/// The same of `true` or `false`, which stand for schemas and aren't walked. As deep as JSON is read.
fn pointer_in(value: &Value, schema: &Value) -> Option<String> {
    if std::ptr::eq(value, schema) {
        return Some(String::new());
    }
    let below = |step: String, inner: &Value| Some(step + &pointer_in(inner, schema)?);
    match value {
        Value::Object(members) => members.iter().find_map(|(name, inner)| below(walk::step(name), inner)),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, inner)| below(format!("/{at}"), inner)),
        _ => None,
    }
}
