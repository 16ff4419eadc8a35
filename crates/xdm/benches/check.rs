//! Checking beside the `jsonschema` crate, on the same events and the same schemas, in one
//! process and in turns: `cargo bench -p xdm -- FILE`, where FILE is NDJSON in the schema's
//! spelling (`frontdesk generate --style xdm`).
//!
//! The peer parses with serde_json and validates; ours does both in its one pass.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::time::Instant;

use serde_json::{Value, json};
use xdm::{Checker, Composition, NullSink, Profile, Registry, Verdict, standard_plan};

/// Rounds in turns; the median counts.
const ROUNDS: usize = 5;
/// Events that the slower peer reads in each round.
const EVENTS_MAX: usize = 20_000;

fn main() {
    let Some(path) = std::env::args().skip(1).find(|arg| !arg.starts_with('-')) else {
        println!("skipped: give the path of an NDJSON file: cargo bench -p xdm -- FILE");
        return;
    };
    let text = std::fs::read_to_string(path).expect("a file in UTF-8");
    let lines: Vec<&str> = text.lines().take(EVENTS_MAX).collect();
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let peer = peer();
    let mut checker = Checker::new(standard_plan(), Profile::letter());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let valid = lines.iter().filter(|line| checker.check(line, &mut NullSink) == Verdict::Valid).count();
        ours.push(lines.len() as f64 / start.elapsed().as_secs_f64());
        let start = Instant::now();
        let valid_there = lines
            .iter()
            .filter(|line| serde_json::from_str::<Value>(line).is_ok_and(|event| peer.is_valid(&event)))
            .count();
        theirs.push(lines.len() as f64 / start.elapsed().as_secs_f64());
        assert_eq!(valid, valid_there, "the verdicts differ");
    }
    let mean = bytes / lines.len().max(1);
    println!("{} events of {mean} bytes, medians of {ROUNDS} rounds in turns, one thread", lines.len());
    println!("xdm         {:>10.0} events/s {:>6.0} MB/s", median(&mut ours), median(&mut ours) * mean as f64 / 1e6);
    println!(
        "jsonschema  {:>10.0} events/s {:>6.0} MB/s",
        median(&mut theirs),
        median(&mut theirs) * mean as f64 / 1e6
    );
    println!("ratio       {:>10.1}", median(&mut ours) / median(&mut theirs));
}

fn median(runs: &mut [f64]) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// The bundled schemas, composed by `allOf`, in the other validator.
fn peer() -> jsonschema::Validator {
    let bundled = Registry::bundled();
    let mut registry = jsonschema::Registry::new();
    for id in bundled.ids() {
        let schema = bundled.get(id).expect("listed").clone();
        registry = registry.add(id, schema).expect("a well-formed schema");
    }
    let registry = registry.prepare().expect("the schemas resolve");
    let composition = Composition::contact_event();
    let all: Vec<Value> =
        std::iter::once(&composition.class).chain(&composition.groups).map(|id| json!({ "$ref": id })).collect();
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft6)
        .should_validate_formats(true)
        .with_registry(&registry)
        .build(&json!({ "$schema": "http://json-schema.org/draft-06/schema#", "allOf": all }))
        .expect("the schemas compile")
}
