//! A field group from what arrives undeclared: the way from a value that is kept unchecked to
//! one that has a rule and a column.
//!
//! It is a draft for its author: types are those that were seen, and what is personal is a
//! guess, by the name and the look of values. A value that looks personal is shown nowhere.

mod seen;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use xdm::{Checker, ListSlot, PersonalSlot, Plan, Profile, Sink, Slot, Span, StructSlot};

use seen::Seen;

/// The class that an inferred group is for.
const CLASS: &str = "https://ns.adobe.com/xdm/context/experienceevent";
/// The field group's own definition.
const DEFINITION: &str = "group";

/// What was undeclared in some events.
pub struct Inference {
    checker: Checker,
    seen: Seen,
    events: u64,
}

impl Inference {
    /// Nothing yet; events are read along this plan.
    pub fn new(plan: Arc<Plan>, profile: Profile) -> Inference {
        Inference { checker: Checker::new(plan, profile).without_notices(), seen: Seen::default(), events: 0 }
    }

    /// Takes in one event, valid or not.
    pub fn add(&mut self, event: &[u8]) {
        let mut undeclared = Undeclared::default();
        // An invalid event says as much of what is undeclared as a valid one.
        let _ = self.checker.check_bytes(event, &mut undeclared);
        self.events += 1;
        for (pointer, raw, is_personal) in undeclared.0 {
            if let Ok(value) = serde_json::from_str(&raw) {
                self.seen.add(&pointer, &value, is_personal);
            }
        }
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many places were undeclared.
    pub fn places(&self) -> usize {
        self.seen.places()
    }

    /// Were there more places than are kept?
    pub fn is_cut(&self) -> bool {
        self.seen.is_cut()
    }

    /// The field group.
    pub fn group(&self, id: &str, title: &str) -> Value {
        json!({
            "$schema": "http://json-schema.org/draft-06/schema#",
            "$id": id,
            "title": title,
            "description": format!("Inferred from {} events; correct it before it is used.", self.events),
            "type": "object",
            "meta:extensible": true,
            "meta:abstract": true,
            "meta:status": "experimental",
            "meta:intendedToExtend": [CLASS],
            "definitions": { DEFINITION: { "properties": properties(&self.seen, Some(self.events)) } },
            "allOf": [{ "$ref": format!("#/definitions/{DEFINITION}") }],
        })
    }
}

/// The undeclared values of one event: pointer, JSON, and whether they look personal.
#[derive(Default)]
struct Undeclared(Vec<(String, String, bool)>);

impl Sink for Undeclared {
    fn object(&mut self, _: StructSlot) {}
    fn text(&mut self, _: Slot, _: &str) {}
    fn integer(&mut self, _: Slot, _: i64) {}
    fn number(&mut self, _: Slot, _: f64) {}
    fn boolean(&mut self, _: Slot, _: bool) {}
    fn timestamp(&mut self, _: Slot, _: i64) {}
    fn begin(&mut self, _: ListSlot) {}
    fn item(&mut self, _: ListSlot) {}
    fn end(&mut self, _: ListSlot) {}
    fn redacted(&mut self, _: Slot, _: &str, _: &[Span]) {}

    fn extra(&mut self, pointer: &str, raw: &str) {
        self.0.push((pointer.to_owned(), raw.to_owned(), false));
    }

    fn personal(&mut self, slot: Option<PersonalSlot>, pointer: &str, raw: &str) {
        // What a schema marks is declared.
        if slot.is_none() {
            self.0.push((pointer.to_owned(), raw.to_owned(), true));
        }
    }
}

/// The properties of what was seen below an object. `events` is of how many; `None` in the items of a list, which may be
/// more than there are events.
fn properties(seen: &Seen, events: Option<u64>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, inner) in seen.members() {
        match name.strip_prefix('_').filter(|rest| !rest.is_empty() && inner.has_members()) {
            // A namespace of the platform: its members are properties with a prefix.
            Some(prefix) => {
                for (name, inner) in inner.members() {
                    out.insert(format!("{prefix}:{name}"), property(name, inner, events));
                }
            }
            None => {
                out.insert(spelled(name), property(name, inner, events));
            }
        }
    }
    out
}

/// A name of the platform as schemas have it.
fn spelled(name: &str) -> String {
    match name {
        "_id" => "@id".to_owned(),
        "_type" => "@type".to_owned(),
        name if name.contains([':', '/', '@']) => name.to_owned(),
        name => format!("xdm:{name}"),
    }
}

fn property(name: &str, seen: &Seen, events: Option<u64>) -> Value {
    let mut out = Map::new();
    out.insert("title".to_owned(), title(name).into());
    let kinds = seen.kinds();
    match kinds.as_slice() {
        [kind] => drop(out.insert("type".to_owned(), (*kind).into())),
        // A property of several types has no column, and none at all is no rule.
        [] => {}
        several => drop(out.insert("type".to_owned(), several.iter().copied().map(Value::from).collect())),
    }
    let told = match (seen.count(), events) {
        (0, _) => "Holds what was undeclared inside it.".to_owned(),
        (count, Some(events)) => format!("Seen in {count} of {events} events."),
        (1, None) => "Seen in 1 item.".to_owned(),
        (count, None) => format!("Seen in {count} items."),
    };
    out.insert("description".to_owned(), told.into());
    if kinds == ["object"] && seen.has_members() {
        out.insert("properties".to_owned(), properties(seen, events).into());
    }
    if let (["array"], Some(items)) = (kinds.as_slice(), seen.items()) {
        let mut items = property(name, items, None);
        if let Some(map) = items.as_object_mut() {
            map.shift_remove("title");
            map.shift_remove("description");
        }
        out.insert("items".to_owned(), items);
    }
    if seen.is_personal() {
        // Only texts can be marked; of other values none is shown at least.
        if kinds == ["string"] {
            out.insert("meta:personal".to_owned(), "guessed".into());
        }
        return out.into();
    }
    if let Some(format) = seen.format() {
        out.insert("format".to_owned(), format.into());
    }
    if let Some(values) = seen.values() {
        let labels: Map<String, Value> =
            values.into_iter().map(|value| (value.clone(), title(&value).into())).collect();
        out.insert("meta:enum".to_owned(), labels.into());
    } else if !seen.examples().is_empty() {
        out.insert("examples".to_owned(), seen.examples().to_vec().into());
    }
    out.into()
}

/// `loyaltyTier` → `Loyalty Tier`.
fn title(name: &str) -> String {
    let mut out = String::new();
    let mut last = ' ';
    for c in name.rsplit([':', '/']).next().unwrap_or(name).chars() {
        match c {
            '_' | '-' | '.' | ' ' => last = ' ',
            c => {
                let begins = last == ' ' || (c.is_uppercase() && last.is_lowercase());
                if begins && !out.is_empty() {
                    out.push(' ');
                }
                if begins {
                    out.extend(c.to_uppercase())
                } else {
                    out.push(c)
                }
                last = c;
            }
        }
    }
    out
}
