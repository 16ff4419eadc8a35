//! Every schema of XDM says of each example, each `.invalid.` one, and of tens of thousands of corrupted ones what the
//! `jsonschema` crate says by the same schema: checked as a tree, and as the property of an event. Where they differ
//! is written down here and in `docs/schemas.md`, with the reason; a difference that isn't there any more has to go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use xdm::{Checker, Composition, NullSink, Profile, Registry, Validator, Verdict, compile};

use crate::corpus::{Corpus, corrupted, of_every_type};
use crate::peer::MISSING;

/// A schema on which both may say different things: only ours needs the one that is missing.
const REFERS_TO_NOTHING: &str = "https://ns.adobe.com/xdm/destinations/adobe-analytics";

/// Values about which they differ: the keyword of the side that rejects them, the value, and the reason as
/// `docs/schemas.md` has it.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("format", "2026-02-28 10:00:00Z", SPACE),
    ("format", "\"a b\"@x.example", MAILBOX),
    ("format", "a@[127.0.0.1]", MAILBOX),
];
const SPACE: &str = "a space may stand between date and time";
const MAILBOX: &str = "local parts in quotes and addresses in brackets are refused";

/// Texts about which they differ, which no value can be: what is done to an example, and the reason.
const TEXT_DIFFERENCES: &[(&str, &str)] = &[
    ("the event: a name twice: passes there", "name that comes twice in an object is a violation in events"),
    ("the event: 100 levels: passes there", DEEP),
    ("the tree: 100 levels: passes there", DEEP),
    ("the event: a number beyond floating point: passes here", LARGE),
    ("the tree: a number beyond floating point: passes here", LARGE),
    ("the event: half a surrogate pair: passes here", HALF),
    ("the tree: half a surrogate pair: passes here", HALF),
];
const DEEP: &str = "More than 64 levels are refused";
const LARGE: &str = "a number beyond floating point is a number";
const HALF: &str = "Half of a surrogate pair is read as U+FFFD";

/// What both say of a value.
#[derive(Default)]
struct Outcome {
    /// Verdicts that are alike: those of invalid values, those of valid ones.
    alike: [AtomicUsize; 2],
    /// Listed differences that were met.
    met: Mutex<BTreeSet<usize>>,
    /// Others, a line each.
    failed: Mutex<Vec<String>>,
}

impl Outcome {
    fn note(&self, what: &str, id: &str, put: &Value, keyword: &str, told: &str) {
        let is_listed = |(by, value, _): &(&str, &str, &str)| *by == keyword && put == value;
        match DIFFERENCES.iter().position(is_listed) {
            Some(at) => drop(self.met.lock().expect("no panic").insert(at)),
            None => self.failed.lock().expect("no panic").push(format!("{what} of {id}: {put}: {told}")),
        }
    }
}

#[test]
fn every_schema_says_what_jsonschema_says() {
    let Some(corpus) = Corpus::read() else { return };
    let validator = Validator::of(&corpus.registry);
    let registry = with_events(&corpus);
    let (outcome, next) = (Outcome::default(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(sampled) = corpus.sampled.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let peer = corpus.peers.validator(&json!({ "$ref": sampled.id }));
                    let mut checker = checker(&registry, &sampled.id);
                    let mut judge = |value: &Value, put: &Value| {
                        let (text, expect) = (value.to_string(), peer.is_valid(value));
                        let theirs = || peer.iter_errors(value).map(|error| error.kind().keyword().to_owned()).next();
                        let check = |what: &str, told: Option<(String, String)>| match (told, expect) {
                            (None, true) | (Some(_), false) => {
                                outcome.alike[usize::from(expect)].fetch_add(1, Ordering::Relaxed);
                            }
                            (Some((keyword, told)), true) => outcome.note(what, &sampled.id, put, &keyword, &told),
                            (None, false) => {
                                let keyword = theirs().unwrap_or_default();
                                outcome.note(what, &sampled.id, put, &keyword, &format!("only theirs: {keyword}"));
                            }
                        };
                        let told = validator.check(&sampled.id, &text).expect("a schema");
                        check("the tree", told.first().map(|told| (told.keyword.clone(), told.to_string())));
                        let Some(checker) = &mut checker else { return };
                        let is_valid = checker.check(&event(&text), &mut NullSink) == Verdict::Valid;
                        let told = checker.violations().first();
                        let told = told.map(|told| (told.keyword.clone(), told.to_string()));
                        assert_eq!(is_valid, told.is_none());
                        check("the event", told);
                    };
                    of_every_type().iter().for_each(|value| judge(value, value));
                    sampled.examples.iter().for_each(|example| corrupted(example, &mut judge));
                }
            });
        }
    });
    let Outcome { alike: [invalid, valid], met, failed } = outcome;
    let (failed, met) = (failed.into_inner().expect("no panic"), met.into_inner().expect("no panic"));
    assert!(failed.is_empty(), "{} verdicts differ:\n{}", failed.len(), failed.join("\n"));
    let gone: Vec<_> = (0..DIFFERENCES.len()).filter(|at| !met.contains(at)).map(|at| DIFFERENCES[at]).collect();
    assert!(gone.is_empty(), "these don't differ any more; take them off the list: {gone:#?}");
    let (invalid, valid) = (invalid.into_inner(), valid.into_inner());
    assert!(invalid > 10_000 && valid > 10_000, "the corruptions are one-sided: {invalid} invalid, {valid} valid");
}

/// The corpus and for each of its schemas an event that has a property of it.
fn with_events(corpus: &Corpus) -> Registry {
    let mut registry = corpus.registry.clone();
    for sampled in &corpus.sampled {
        let class = json!({"$id": class_of(&sampled.id), "type": "object", "properties": {"@id": {"type": "string"},
            "xdm:timestamp": {"type": "string", "format": "date-time"}, "xdm:value": {"$ref": sampled.id}}});
        registry.add(&class.to_string()).expect("a schema");
    }
    registry
}

fn class_of(id: &str) -> String {
    format!("urn:test:{id}")
}

fn checker(registry: &Registry, id: &str) -> Option<Checker> {
    match compile(registry, &Composition { class: class_of(id), groups: Vec::new() }) {
        Ok(plan) => Some(Checker::new(Arc::new(plan), Profile::letter())),
        Err(error) => {
            assert!(id == REFERS_TO_NOTHING && error.to_string().contains(MISSING), "{id}: {error}");
            None
        }
    }
}

fn event(value: &str) -> String {
    format!(r#"{{"@id":"1","xdm:timestamp":"2026-11-22T14:07:15Z","xdm:value":{value}}}"#)
}

/// A text that has something wrong with it that is lost once it is read.
type Spoil = fn(&str) -> String;

/// What is done to the text of an example, which is an object.
const SPOILS: &[(&str, Spoil)] = &[
    ("a name twice", |text| format!(r#"{{"xdm:twice":1,"xdm:twice":2,{}"#, &text[1..])),
    ("half a surrogate pair", |text| format!(r#"{{"xdm:half":"\ud800",{}"#, &text[1..])),
    ("a number beyond floating point", |text| format!(r#"{{"xdm:large":1e400,{}"#, &text[1..])),
    ("an integer of 40 digits", |text| format!(r#"{{"xdm:long":{},{}"#, "9".repeat(40), &text[1..])),
    ("64 levels", |text| format!(r#"{{"xdm:deep":{}{},{}"#, "[".repeat(60), "]".repeat(60), &text[1..])),
    ("100 levels", |text| format!(r#"{{"xdm:deep":{}{},{}"#, "[".repeat(100), "]".repeat(100), &text[1..])),
    ("10000 levels", |text| format!(r#"{{"xdm:deep":{}{},{}"#, "[".repeat(10_000), "]".repeat(10_000), &text[1..])),
    ("a comma at the end", |text| format!("{},}}", &text[..text.len() - 1])),
    ("a zero in front", |text| format!(r#"{{"xdm:zero":01,{}"#, &text[1..])),
    ("a control character", |text| format!("{{\"xdm:control\":\"\u{1}\",{}", &text[1..])),
    ("an escaped NUL", |text| format!(r#"{{"xdm:nul":"\u0000",{}"#, &text[1..])),
    ("NaN", |text| format!(r#"{{"xdm:nan":NaN,{}"#, &text[1..])),
    ("white space of other kinds", |text| format!("\u{a0}{text}")),
    ("a byte order mark", |text| format!("\u{feff}{text}")),
    ("something behind it", |text| format!("{text} x")),
];

#[test]
fn what_is_lost_when_json_is_read_is_listed_too() {
    let Some(corpus) = Corpus::read() else { return };
    let validator = Validator::of(&corpus.registry);
    let registry = with_events(&corpus);
    let (mut differ, mut count): (BTreeMap<String, String>, usize) = (BTreeMap::new(), 0);
    for sampled in corpus.sampled.iter().filter(|sampled| sampled.id.contains("/context/")) {
        let peer = corpus.peers.validator(&json!({ "$ref": sampled.id }));
        let mut checker = checker(&registry, &sampled.id);
        let texts =
            sampled.examples.iter().map(Value::to_string).filter(|text| text.len() > 2 && text.starts_with('{'));
        for text in texts.take(1) {
            for (name, spoil) in SPOILS {
                let text = spoil(&text);
                let expect = serde_json::from_str::<Value>(&text).is_ok_and(|value| peer.is_valid(&value));
                let told = validator.check(&sampled.id, &text).expect("a schema");
                let mut check = |what: &str, ours: bool| {
                    count += 1;
                    if ours != expect {
                        let which = if ours { "passes here" } else { "passes there" };
                        differ.entry(format!("{what}: {name}: {which}")).or_insert_with(|| sampled.id.clone());
                    }
                };
                check("the tree", told.is_empty());
                if let Some(checker) = &mut checker {
                    check("the event", checker.check(&event(&text), &mut NullSink) == Verdict::Valid);
                }
            }
        }
    }
    assert!(count > 1000, "only {count} were judged");
    let listed: BTreeSet<&str> = TEXT_DIFFERENCES.iter().map(|(what, _)| *what).collect();
    let found: BTreeSet<&str> = differ.keys().map(String::as_str).collect();
    assert_eq!(found, listed, "{differ:#?}");
}

/// What users are told of it is this list.
#[test]
fn the_differences_are_in_the_documents() {
    let text = std::fs::read_to_string("../../docs/schemas.md").expect("readable");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let values = DIFFERENCES.iter().map(|(_, _, reason)| *reason);
    for reason in values.chain(TEXT_DIFFERENCES.iter().map(|(_, reason)| *reason)) {
        assert!(text.contains(reason), "docs/schemas.md lacks {reason:?}");
    }
}
