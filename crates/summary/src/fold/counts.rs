//! Counts the day's events and adds up their counters.

use super::Bucket;
use super::additions::{AdditionsBuilder, Spot};
use super::shard::Shard;
use super::sources::{Source, Sources};
use super::window::{Clock, Window};
use crate::Counter;
use crate::day::Measure;
use crate::rows::Flags;

/// Adds events and counters of the day that count in the shard.
pub(crate) fn count(
    window: Window,
    bucket: Bucket,
    sources: &Sources<'_>,
    shard: Shard,
    additions: &mut AdditionsBuilder,
) {
    for source in sources.of_day(window) {
        count_events(window, bucket, source, shard, additions);
        add_counters(window, bucket, source, shard, additions);
    }
}

fn count_events(window: Window, bucket: Bucket, source: &Source<'_>, shard: Shard, additions: &mut AdditionsBuilder) {
    let places = source.places.len();
    let buckets = bucket.per_day() as usize;
    let mut clock = Clock::new(window, bucket);
    let rows = source.rows.micros().iter().zip(source.rows.place_of()).enumerate();
    let rows = rows.filter(|(row, _)| shard.counts_row(source.rows, *row));
    let rows = rows.filter_map(|(_, (micros, place))| Some((clock.bucket(*micros)?, *place)));
    let mut add = |bucket: u16, place: u32, count: u64| {
        let place = source.places[place as usize];
        let spot = Spot::new(bucket, place.number);
        let odd = [
            (Flags::COUNTER, Measure::CounterAnomaly),
            (Flags::TIME, Measure::TimeAnomaly),
            (Flags::LATE, Measure::Late),
            (Flags::WITHOUT_SESSION, Measure::WithoutSession),
        ];
        let odd = odd.map(|(flag, measure)| (measure, if place.flags.0 & flag != 0 { count } else { 0 }));
        additions.add(spot, std::iter::once((Measure::Events, count)).chain(odd));
    };
    // A counter for each bucket and place is fastest, where that takes no more memory than the rows do.
    if places.saturating_mul(buckets) > source.rows.len().max(FEW_COUNTERS) {
        rows.for_each(|(bucket, place)| add(bucket, place, 1));
        return;
    }
    let mut counts = vec![0u32; places * buckets];
    rows.for_each(|(bucket, place)| counts[usize::from(bucket) * places + place as usize] += 1);
    for (at, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        add((at / places) as u16, (at % places) as u32, count.into());
    }
}

fn add_counters(window: Window, bucket: Bucket, source: &Source<'_>, shard: Shard, additions: &mut AdditionsBuilder) {
    let mut clock = Clock::new(window, bucket);
    let marks = source.rows.marks().iter().filter(|mark| shard.counts_row(source.rows, mark.row as usize));
    let marks = marks.filter_map(|mark| Some((clock.bucket(source.rows.micros()[mark.row as usize])?, mark)));
    for (bucket, mark) in marks {
        let spot = Spot::new(bucket, source.place(mark.row).number);
        additions.add(spot, Counter::ALL.map(|counter| (Measure::Counter(counter), mark.counter(counter))));
    }
}

/// So few counters (of 4 bytes) that it doesn't matter.
const FEW_COUNTERS: usize = 65_536;
