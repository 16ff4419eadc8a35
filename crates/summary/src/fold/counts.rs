//! Counts the day's events and adds up their counters.

use hashbrown::HashMap;

use super::Bucket;
use super::additions::{Additions, Spot};
use super::sources::{Source, Sources};
use super::window::Window;
use crate::Counter;
use crate::day::Measure;
use crate::rows::Flags;

/// Adds events and counters of the day.
pub(crate) fn count(window: Window, bucket: Bucket, sources: &Sources<'_>, additions: &mut Additions) {
    let mut events: HashMap<(Spot, Flags), u64> = HashMap::new();
    for source in &sources.sources {
        count_events(window, bucket, source, &mut events);
        add_counters(window, bucket, source, additions);
    }
    for ((spot, flags), count) in events {
        additions.sums.push((Measure::Events, spot, count));
        for (flag, measure) in [
            (Flags::COUNTER, Measure::CounterAnomaly),
            (Flags::TIME, Measure::TimeAnomaly),
            (Flags::LATE, Measure::Late),
            (Flags::WITHOUT_SESSION, Measure::WithoutSession),
        ] {
            if flags.0 & flag != 0 {
                additions.sums.push((measure, spot, count));
            }
        }
    }
}

fn count_events(window: Window, bucket: Bucket, source: &Source<'_>, events: &mut HashMap<(Spot, Flags), u64>) {
    for (micros, place) in source.rows.micros().iter().zip(source.rows.place_of()) {
        if window.has(*micros) {
            let (place, flags) = source.places[*place as usize];
            *events.entry((Spot::new(window.bucket(bucket, *micros), place), flags)).or_default() += 1;
        }
    }
}

fn add_counters(window: Window, bucket: Bucket, source: &Source<'_>, additions: &mut Additions) {
    for mark in source.rows.marks() {
        let micros = source.rows.micros()[mark.row as usize];
        if window.has(micros) {
            let spot = Spot::new(window.bucket(bucket, micros), source.place(mark.row).0);
            for counter in Counter::ALL {
                let value = mark.counter(counter);
                if value > 0 {
                    additions.sums.push((Measure::Counter(counter), spot, value));
                }
            }
        }
    }
}
