//! The schemas of XDM, their examples, and what is made of these to find out where two validators differ.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use xdm::{Examples, Registry};

use crate::peer::Peers;
use crate::reference::reference;

/// Values of one example that are corrupted, spread over the whole of it.
const NODES_MAX: usize = 24;

/// Of all that may be wrong with a place, one of so many is tried.
const PART: usize = 5;
/// Texts that are nearly what a format or a pattern asks for.
const TEXTS: &[&str] = &[
    "2026-02-30T10:00:00Z",
    "2026-02-28T10:00:00z",
    "2026-06-30T23:59:60Z",
    "2026-02-28T24:00:00Z",
    "2026-02-28 10:00:00Z",
    "2026-02-28T10:00:00+24:00",
    "2026-02-28",
    "10:00:61Z",
    "10:00:00",
    "https://x.example/a%zz",
    "https://x.example/\u{fc}",
    "//x.example",
    "http://[::1",
    "x:",
    "a..b@x.example",
    "\"a b\"@x.example",
    "a@[127.0.0.1]",
    "a@localhost",
    "300.1.1.1",
    "01.1.1.1",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
    "\u{fc}\u{661}",
    "1\n",
];

/// A schema of the corpus and its examples.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(crate) id: String,
    pub(crate) examples: Vec<Value>,
}

/// The corpus: its schemas in both validators' registries, and its examples.
pub(crate) struct Corpus {
    pub(crate) registry: Registry,
    pub(crate) peers: Peers,
    pub(crate) sampled: Vec<Sampled>,
}

impl Corpus {
    /// Reads it; `None` without the reference data.
    pub(crate) fn read() -> Option<Corpus> {
        let dir = reference("xdm")?;
        let mut registry = Registry::new();
        registry.read(&[PathBuf::from(&dir)]).expect("usable schemas");
        let peers = Peers::of(&registry);
        let mut by_id: BTreeMap<String, Vec<Value>> = registry.ids().map(|id| (id.to_owned(), Vec::new())).collect();
        for example in Examples::of(&dir).expect("readable").judged {
            let text = std::fs::read_to_string(dir.join(&example.path)).expect("readable");
            let value = serde_json::from_str(&text).expect("JSON");
            if let Some(examples) = by_id.get_mut(&example.schema) {
                examples.push(value);
            }
        }
        let sampled = by_id.into_iter().map(|(id, examples)| Sampled { id, examples }).collect();
        Some(Corpus { registry, peers, sampled })
    }
}

/// Gives the value itself and the value with one thing wrong in it, again and again, each with what was put there. Of all that may be wrong with a
/// place each place has a part, which is another one at the next place.
pub(crate) fn corrupted(value: &Value, each: &mut dyn FnMut(&Value, &Value)) {
    each(value, value);
    let mut pointers = Vec::new();
    list_pointers(value, String::new(), &mut pointers);
    let step = pointers.len().div_ceil(NODES_MAX).max(1);
    let mut changed = value.clone();
    for (place, pointer) in pointers.iter().step_by(step).enumerate() {
        let original = value.pointer(pointer).expect("listed");
        for other in in_place_of(original).into_iter().skip(place % PART).step_by(PART) {
            *changed.pointer_mut(pointer).expect("listed") = other.clone();
            each(&changed, &other);
        }
        *changed.pointer_mut(pointer).expect("listed") = original.clone();
    }
}

/// Values of every type, whatever the schema.
pub(crate) fn of_every_type() -> Vec<Value> {
    vec![json!(null), json!(true), json!(0), json!(-1.5), json!(1e30), json!(""), json!("x y"), json!([]), json!({})]
}

fn in_place_of(original: &Value) -> Vec<Value> {
    let mut others = of_every_type();
    match original {
        Value::String(text) => {
            // Outside an enumeration, a length, a pattern or a format.
            others.extend([
                json!(format!("{text}~")),
                json!(format!("{text} ")),
                json!(text.to_uppercase()),
                json!(text.chars().take(text.chars().count() / 2).collect::<String>()),
                json!("a".repeat(300)),
            ]);
            others.extend(TEXTS.iter().map(|text| json!(text)));
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(0.0);
            others.extend([json!(number + 0.5), json!(-number - 1.0), json!(number * 1e6), json!(u64::MAX)]);
            others.push(json!(number.to_string()));
        }
        Value::Array(items) => {
            let twice: Vec<Value> = items.iter().chain(items).cloned().collect();
            others.extend([json!(twice), json!([null]), json!([items])]);
        }
        Value::Object(members) => {
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                others.push(Value::Object(fewer));
            }
            for name in ["foo", "xdm:foo", "foo:bar", "https://x.example/p", "@context", "@type", ""] {
                let mut more: Map<String, Value> = members.clone();
                more.insert(name.to_owned(), json!("x"));
                others.push(Value::Object(more));
            }
        }
        Value::Null | Value::Bool(_) => others.push(json!("true")),
    }
    others
}

fn list_pointers(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                list_pointers(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| list_pointers(value, format!("{at}/{index}"), into));
        }
        _ => {}
    }
    into.push(at);
}
