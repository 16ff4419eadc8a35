//! Events and bytes per second of checking a file of NDJSON, with the null sink and with the
//! sink that hashes contents, in turns: `cargo run -p xdm --example check_rate -- FILE [passes]`.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]
use std::time::Instant;

use xdm::{CONTENT_SECRET_BYTES, Checker, ContentHash, NullSink, Profile, Sink, Verdict};

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("the path of an NDJSON file");
    let passes: usize = args.next().map_or(3, |n| n.parse().expect("a number of passes"));
    let text = std::fs::read_to_string(path).expect("a file in UTF-8");
    let plan = xdm::standard_plan();
    let mut content = ContentHash::new(plan.layout(), [7; CONTENT_SECRET_BYTES]);
    let mut checker = Checker::new(plan, Profile::spec());
    for _ in 0..passes {
        pass("null sink", &text, &mut checker, &mut NullSink);
        pass("content hash", &text, &mut checker, &mut content);
        std::hint::black_box(content.take());
    }
}

fn pass<S: Sink>(name: &str, text: &str, checker: &mut Checker, sink: &mut S) {
    let start = Instant::now();
    let (mut events, mut invalid) = (0u64, 0u64);
    for line in text.lines() {
        events += 1;
        invalid += u64::from(checker.check(line, sink) == Verdict::Invalid);
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = events as f64 / seconds;
    let mega = text.len() as f64 / seconds / 1e6;
    println!(
        "{name}: {events} events, {invalid} invalid: {rate:.0} events/s, {mega:.0} MB/s, {:.0} ns/event",
        1e9 / rate
    );
}
