//! Checking by every schema of a corpus: `cargo bench -p xdm --bench corpus -- DIR [--all] [--only=ID] [--rounds=N] [--examples]`, where DIR holds XDM's
//! schemas with their examples.
//!
//! Each schema with examples is composed into events of about the length of the contact event, which carries the
//! example of each of its groups: a field group of ExperienceEvent beside those of the contact event, with the
//! example's members beside the others; any other as the schema of the items of a list, with its examples again and
//! again. Three checkers take turns, parse included: ours on these events, the `jsonschema` crate on the same
//! events by the same schemas, and ours on the contact event. So every
//! ratio is of rounds that follow each other at once. A last table has the examples alone, by the checker without
//! columns that `frontdesk schema test` uses.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

#[path = "../tests/it/peer.rs"]
mod peer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use peer::Peers;
use serde_json::{Value, json};
use xdm::{Checker, Composition, Examples, Profile, Registry, Validator, Verdict, compile};

/// Rounds in turns; the median counts.
const ROUNDS: usize = 31;
/// A round takes at least so long, in seconds: short, so that most rounds pass without the system running something
/// else meanwhile.
const ROUND_SECONDS: f64 = 0.000_3;
/// Rows of a table, unless all are asked for.
const WORST: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(dir) = arguments.iter().find(|argument| !argument.starts_with('-')) else {
        println!("skipped: give the directory of the schemas: cargo bench -p xdm --bench corpus -- DIR");
        return;
    };
    let only = arguments.iter().find_map(|argument| argument.strip_prefix("--only="));
    let rounds = arguments.iter().find_map(|argument| argument.strip_prefix("--rounds="));
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let rows = if arguments.iter().any(|argument| argument == "--all") { usize::MAX } else { WORST };
    let mut corpus = Corpus::read(Path::new(dir));
    corpus.examples.retain(|id, _| only.is_none_or(|only| id.contains(only)));
    if !arguments.iter().any(|argument| argument == "--examples") {
        let (measured, left_out) = events(&corpus, rounds);
        told(&measured, &left_out, rows);
    }
    trees(&corpus, rows, rounds);
}

/// The schemas in both registries, and the valid examples of each.
struct Corpus {
    registry: Registry,
    peers: Peers,
    examples: BTreeMap<String, Vec<Value>>,
    /// With an example of each of its groups.
    contact_event: Value,
}

impl Corpus {
    fn read(dir: &Path) -> Corpus {
        let mut published = Registry::new();
        published.read(&[PathBuf::from(dir)]).expect("usable schemas");
        // Where Frontdesk has the schema itself, it judges by its own.
        let mut registry = Registry::bundled();
        registry.read(&[PathBuf::from(dir)]).expect("usable schemas");
        let peers = Peers::of(&published);
        let mut examples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for example in Examples::of(dir).expect("a directory").judged.iter().filter(|example| example.is_valid()) {
            let text = std::fs::read_to_string(dir.join(&example.path)).expect("readable");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            // Nothing would be checked, and a list of such has a thousand members.
            if value != json!({}) {
                examples.entry(example.schema.clone()).or_default().push(value);
            }
        }
        let mut contact_event = json!({"@id": "e-1", "xdm:timestamp": "2026-11-22T14:07:15Z"});
        for group in &Composition::contact_event().groups {
            let example = examples.get(group).and_then(|all| all.first());
            example.into_iter().for_each(|one| merge(&mut contact_event, one));
        }
        Corpus { registry, peers, examples, contact_event }
    }
}

/// Events of one schema, measured.
struct Measured {
    id: String,
    /// Mean length of an event, in bytes.
    bytes: f64,
    ours: f64,
    theirs: f64,
    /// Bytes a second, as a part of those of the contact event.
    to_contact: f64,
    /// Times as fast as the other validator.
    to_theirs: f64,
    is_one_pass: bool,
    /// It is a field group of events, and not a schema of a list's items.
    is_group: bool,
    /// Undeclared members, of all of its events.
    notices: usize,
    /// Bytes a second when undeclared members are told, too.
    noticing: f64,
}

fn events(corpus: &Corpus, rounds: usize) -> (Vec<Measured>, Vec<String>) {
    let contact = Composition::contact_event();
    let contact_event = &corpus.contact_event;
    let contact_text = contact_event.to_string();
    let plan = Arc::new(compile(&corpus.registry, &contact).expect("compiles"));
    let mut alone = Checker::new(plan, Profile::letter()).without_notices();
    assert_eq!(alone.judge(contact_text.as_bytes()), Verdict::Valid, "{:?}", alone.violations());
    let mut registry = corpus.registry.clone();
    let (mut measured, mut left_out) = (Vec::new(), Vec::new());
    for (id, examples) in &corpus.examples {
        let schema = registry.get(id).expect("listed");
        let is_group = schema["meta:intendedToExtend"]
            .as_array()
            .is_some_and(|of| of.iter().any(|of| of == contact.class.as_str()));
        let property = format!("urn:bench:{id}");
        let composition = match is_group {
            true => {
                let others = contact.groups.iter().filter(|group| *group != id);
                Composition { class: contact.class.clone(), groups: others.chain([id]).cloned().collect() }
            }
            false => Composition { class: property.clone(), groups: Vec::new() },
        };
        let class = json!({"$id": property, "type": "object", "required": ["@id", "xdm:timestamp"], "properties": {
            "@id": {"type": "string"}, "xdm:timestamp": {"type": "string", "format": "date-time"}, "xdm:values": {"type": "array", "items": {"$ref": id}}}});
        let theirs = match is_group {
            true => json!({"allOf": std::iter::once(&composition.class).chain(&composition.groups)
                .map(|id| json!({"$ref": id})).collect::<Vec<_>>()}),
            false => {
                registry.add(&class.to_string()).expect("a schema");
                let mut class = class;
                drop(class.as_object_mut().and_then(|class| class.remove("$id")));
                class
            }
        };
        let plan = match compile(&registry, &composition) {
            Ok(plan) => plan,
            Err(error) => {
                left_out.push(format!("{id}: {error}"));
                continue;
            }
        };
        let is_one_pass = plan.is_decided_in_one_pass();
        let plan = Arc::new(plan);
        let mut checker = Checker::new(Arc::clone(&plan), Profile::letter()).without_notices();
        let mut noticing = Checker::new(plan, Profile::letter());
        let peer = corpus.peers.validator(&theirs);
        let (mut texts, mut notices) = (Vec::new(), 0);
        for example in examples {
            let mut event = json!({"@id": "e-1", "xdm:timestamp": "2026-11-22T14:07:15Z"});
            if is_group {
                event = example.clone();
                merge(&mut event, contact_event);
            } else {
                let often = contact_text.len().div_ceil(example.to_string().len());
                event["xdm:values"] = json!(vec![example; often]);
            }
            let text = event.to_string();
            let is_valid = checker.judge(text.as_bytes()) == Verdict::Valid;
            // Adobe's rule on prefixes takes no `@context`; `differences` in the tests compares verdicts.
            if is_valid != peer.is_valid(&event) {
                left_out.push(format!("{id}: an example on which the verdicts differ"));
                continue;
            }
            if is_valid {
                let _ = noticing.judge(text.as_bytes());
                notices += noticing.notices().len();
                texts.push(text);
            }
        }
        if texts.is_empty() {
            left_out.push(format!("{id}: no example is valid in an event"));
            continue;
        }
        let bytes = texts.iter().map(String::len).sum::<usize>() as f64 / texts.len() as f64;
        let (mut ours, mut theirs, mut base) = (Vec::new(), Vec::new(), Vec::new());
        let mut with_notices = Vec::new();
        for _ in 0..rounds {
            let judge = || texts.iter().filter(|text| noticing.judge(text.as_bytes()) == Verdict::Valid).count();
            with_notices.push(rate(judge) * texts.len() as f64 * bytes);
            let judge = || texts.iter().filter(|text| checker.judge(text.as_bytes()) == Verdict::Valid).count();
            ours.push(rate(judge) * texts.len() as f64 * bytes);
            base.push(
                rate(|| usize::from(alone.judge(contact_text.as_bytes()) == Verdict::Valid))
                    * contact_text.len() as f64,
            );
            let judge = || texts.iter().filter(|text| is_valid_there(&peer, text)).count();
            theirs.push(rate(judge) * texts.len() as f64 * bytes);
        }
        let (to_contact, to_theirs) = (ratio(&ours, &base), ratio(&ours, &theirs));
        let (ours, theirs, noticing) = (median(ours), median(theirs), median(with_notices));
        let id = id.clone();
        measured.push(Measured {
            id,
            bytes,
            ours,
            theirs,
            to_contact,
            to_theirs,
            is_one_pass,
            is_group,
            notices,
            noticing,
        });
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let all: Vec<Value> =
        std::iter::once(&contact.class).chain(&contact.groups).map(|id| json!({ "$ref": id })).collect();
    let peer = corpus.peers.validator(&json!({ "allOf": all }));
    for _ in 0..rounds {
        ours.push(rate(|| usize::from(alone.judge(contact_text.as_bytes()) == Verdict::Valid)));
        theirs.push(rate(|| usize::from(is_valid_there(&peer, &contact_text))));
    }
    let bytes = contact_text.len() as f64;
    println!(
        "The contact event, {bytes} bytes: {:.0} MB/s, {:.0} k events/s; jsonschema {:.0} MB/s; ratio {:.1}.\n",
        median(ours.clone()) * bytes / 1e6,
        median(ours.clone()) / 1e3,
        median(theirs.clone()) * bytes / 1e6,
        ratio(&ours, &theirs)
    );
    (measured, left_out)
}

fn is_valid_there(peer: &jsonschema::Validator, text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| peer.is_valid(&value))
}

fn told(measured: &[Measured], left_out: &[String], rows: usize) {
    let table = |title: &str, is_group: bool, goal: f64, of: &dyn Fn(&Measured) -> f64| {
        let mut sorted: Vec<&Measured> = measured.iter().filter(|one| one.is_group == is_group).collect();
        sorted.sort_by(|a, b| of(a).total_cmp(&of(b)));
        let ratios: Vec<f64> = sorted.iter().map(|one| of(one)).collect();
        spread(title, goal, &ratios);
        println!(
            "| schema | bytes | MB/s | k events/s | jsonschema, MB/s | times jsonschema | of the contact event | |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for one in sorted.iter().take(rows) {
            println!(
                "| `{}` | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.2} | {}; {:.0} | {} |",
                short(&one.id),
                one.bytes,
                one.ours / 1e6,
                one.ours / one.bytes / 1e3,
                one.theirs / 1e6,
                one.to_theirs,
                one.to_contact,
                one.notices,
                one.noticing / 1e6,
                if one.is_one_pass { "" } else { "a value is read twice" }
            );
        }
        println!();
    };
    for (kind, is_group) in [("Field groups in events", true), ("Other schemas, in lists", false)] {
        let title = format!("{kind}: bytes a second relative to the contact event");
        table(&title, is_group, 0.7, &|one| one.to_contact);
        let title = format!("{kind}: times as fast as jsonschema, parse included");
        table(&title, is_group, 1.0, &|one| one.to_theirs);
    }
    println!("{} schemas left out:", left_out.len());
    left_out.iter().for_each(|line| println!("* {line}"));
}

fn trees(corpus: &Corpus, rows: usize, rounds: usize) {
    let validator = Validator::of(&corpus.registry);
    let mut ratios = Vec::new();
    for (id, examples) in &corpus.examples {
        let peer = corpus.peers.validator(&json!({ "$ref": id }));
        let texts: Vec<String> = examples.iter().map(Value::to_string).collect();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let judge = || texts.iter().filter(|text| validator.check(id, text).is_some_and(|told| told.is_empty()));
            ours.push(rate(|| judge().count()));
            theirs.push(rate(|| texts.iter().filter(|text| is_valid_there(&peer, text)).count()));
        }
        ratios.push((ratio(&ours, &theirs), id));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    spread(
        "Examples alone, as `schema test` checks them: times as fast as jsonschema",
        1.0,
        &ratios.iter().map(|(ratio, _)| *ratio).collect::<Vec<_>>(),
    );
    ratios.iter().take(rows).for_each(|(ratio, id)| println!("* {ratio:.2} `{}`", short(id)));
}

fn spread(title: &str, goal: f64, sorted: &[f64]) {
    let missed = sorted.iter().filter(|ratio| **ratio < goal).count();
    println!(
        "{title}, {} schemas: least {:.2}, a tenth below {:.2}, median {:.2}; below {goal}: {missed}\n",
        sorted.len(),
        sorted.first().copied().unwrap_or_default(),
        sorted.get(sorted.len() / 10).copied().unwrap_or_default(),
        sorted.get(sorted.len() / 2).copied().unwrap_or_default(),
    );
}

fn short(id: &str) -> &str {
    id.strip_prefix("https://ns.adobe.com/").unwrap_or(id)
}

/// How often a second something is done.
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    let start = Instant::now();
    let mut count = 0u32;
    while count == 0 || start.elapsed().as_secs_f64() < ROUND_SECONDS {
        std::hint::black_box(work());
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// The median of the ratios of rounds that followed each other.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
}

/// Adds the members of an object that aren't there, inside objects too.
fn merge(into: &mut Value, from: &Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    for (name, value) in from {
        match into.get_mut(name) {
            Some(known) => merge(known, value),
            None => drop(into.insert(name.clone(), value.clone())),
        }
    }
}
