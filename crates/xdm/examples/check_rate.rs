//! Events and bytes per second of checking a file of NDJSON with the null sink:
//! `cargo run -p xdm --example check_rate -- FILE [passes]`.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]
use std::time::Instant;

use xdm::{Checker, NullSink, Profile, Verdict};

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("the path of an NDJSON file");
    let passes: usize = args.next().map_or(3, |n| n.parse().expect("a number of passes"));
    let text = std::fs::read_to_string(path).expect("a file in UTF-8");
    let mut checker = Checker::new(xdm::standard_plan(), Profile::spec());
    for _ in 0..passes {
        let start = Instant::now();
        let (mut events, mut invalid) = (0u64, 0u64);
        for line in text.lines() {
            events += 1;
            invalid += u64::from(checker.check(line, &mut NullSink) == Verdict::Invalid);
        }
        let seconds = start.elapsed().as_secs_f64();
        let rate = events as f64 / seconds;
        let mega = text.len() as f64 / seconds / 1e6;
        println!("{events} events, {invalid} invalid: {rate:.0} events/s, {mega:.0} MB/s, {:.0} ns/event", 1e9 / rate);
    }
}
