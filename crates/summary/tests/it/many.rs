//! Many visitors on many days: each number is exactly that of the events, however the work is divided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use summary::{Channel, DaySummary, Dimension, Filter, Keep, Query, RowKey, Timeline, Wanted, answer, fold};

use crate::days::{FIRST_DAY, HOUR, MINUTE, Owned, at, rows};

/// Days, the first 7 of which are before the span.
const DAYS: i64 = 17;
const BEFORE: i64 = 7;
/// Visitors a day: so many that they are brought together in several steps, and by several threads.
const VISITORS: u64 = 9_000;

fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// What a visitor did: an event.
#[derive(Clone, Copy)]
struct Did {
    visitor: u64,
    micros: i64,
    page: u64,
    /// 0: no contact request; else 1 + the channel.
    contact: u64,
}

fn events(day: i64) -> Vec<Did> {
    // A third of the visitors of a day come on the next one, too.
    let first = day as u64 * VISITORS * 2 / 3;
    let event = |visitor: u64| {
        (0..1 + visitor % 3).map(move |step| {
            let random = mixed(visitor * 31 + day as u64 * 7_919 + step);
            let contact = if random.is_multiple_of(4) { 1 + random / 4 % 5 } else { 0 };
            Did { visitor, micros: at(day, (random >> 20) as i64 % 1_440 * MINUTE), page: random / 64 % 40, contact }
        })
    };
    (first..first + VISITORS).flat_map(event).collect()
}

fn owned(did: &Did) -> Owned {
    let counter = |channel: u64| Channel::ALL[channel as usize].requests();
    let mut counters = [None; 8];
    if did.contact > 0 {
        counters[counter(did.contact - 1) as usize] = Some(1);
    }
    Owned {
        micros: did.micros,
        received_micros: did.micros,
        datastream: "shop".to_owned(),
        visitor: Some(format!("visitor {}", did.visitor)),
        page: Some(format!("/{}", did.page)),
        counters,
        ..Owned::default()
    }
}

#[derive(Debug, PartialEq, Eq, Default)]
struct Expected {
    visitors: BTreeSet<u64>,
    contact: BTreeSet<u64>,
    calls: BTreeSet<u64>,
    repeats: BTreeSet<u64>,
}

fn expected(events: &[Did], is_in: impl Fn(&Did) -> bool) -> [usize; 4] {
    let mut requests: BTreeMap<u64, BTreeSet<i64>> = BTreeMap::new();
    for did in events.iter().filter(|did| did.contact > 0) {
        requests.entry(did.visitor).or_default().insert(did.micros / MINUTE);
    }
    let mut expected = Expected::default();
    for did in events.iter().filter(|did| is_in(did)) {
        expected.visitors.insert(did.visitor);
        if did.contact == 0 {
            continue;
        }
        expected.contact.insert(did.visitor);
        if did.contact == 1 + Channel::Call as u64 {
            expected.calls.insert(did.visitor);
        }
        let minute = did.micros / MINUTE;
        let before = requests[&did.visitor].range(..minute).next_back();
        if before.is_some_and(|before| (30..=7 * 24 * 60).contains(&(minute - before))) {
            expected.repeats.insert(did.visitor);
        }
    }
    let Expected { visitors, contact, calls, repeats } = expected;
    [visitors.len(), contact.len(), calls.len(), repeats.len()]
}

#[test]
fn each_visitor_counts_once_for_each_number() {
    let events: Vec<Vec<Did>> = (0..DAYS).map(events).collect();
    let rows: Vec<_> = events.iter().map(|events| rows(&events.iter().map(owned).collect::<Vec<_>>())).collect();
    let all: Vec<_> = rows.iter().collect();
    let days: Vec<Arc<DaySummary>> =
        (0..DAYS as i32).map(|day| Arc::new(fold(FIRST_DAY + day, &all, &Keep::default()))).collect();
    let events = events.concat();
    let (since, until) = (at(BEFORE, 5 * HOUR), at(DAYS, -3 * HOUR));
    let no_page_3 = |did: &Did| did.page != 3;
    for (name, hours, buckets, is_filtered) in [
        ("days", 24, 11, false),
        ("days of a zone", 24, 11, true),
        ("weeks", 168, 2, true),
        ("hours of a day", 1, 24, false),
    ] {
        let mut filter = Filter::default();
        if is_filtered {
            filter.page.none_of = vec!["/3".to_owned()];
        }
        // By day from midnight, else from the span's beginning.
        let start = if is_filtered { since } else { at(BEFORE, 0) };
        let stretches: Vec<(i64, u32)> =
            (start..until).step_by((hours * HOUR) as usize).zip((0..buckets).cycle()).collect();
        let passes = |did: &Did| !is_filtered || no_page_3(did);
        let passing: Vec<Did> = events.iter().copied().filter(passes).collect();
        let in_span = |did: &Did| (since..until).contains(&did.micros);
        let bucket_of = |did: &Did| stretches[stretches.partition_point(|stretch| stretch.0 <= did.micros) - 1].1;
        let timeline = Timeline { stretches: stretches.clone(), buckets };
        let by = Some(Dimension::Page);
        let query = Query { since, until, now: until, filter, timeline, by, wanted: Wanted::ALL };
        let answer = answer(&query, &days);
        let counts = |numbers: &summary::Numbers| {
            assert!(numbers.visitors.is_exact() && numbers.repeat_visitors.is_exact(), "{name}");
            let calls = numbers.channel_visitors[Channel::Call as usize];
            [numbers.visitors, numbers.contact_visitors, calls, numbers.repeat_visitors]
                .map(|distinct| distinct.sampled as usize)
        };
        assert_eq!(counts(&answer.totals), expected(&passing, in_span), "{name}");
        assert_eq!(answer.series.len(), buckets as usize);
        for (bucket, numbers) in (0..).zip(&answer.series) {
            let is_in = |did: &Did| in_span(did) && bucket_of(did) == bucket;
            assert_eq!(counts(numbers), expected(&passing, is_in), "{name}, {bucket}");
        }
        let pages: BTreeMap<&RowKey, [usize; 4]> =
            answer.rows.iter().map(|(key, numbers)| (key, counts(numbers))).collect();
        assert_eq!(pages.len(), if is_filtered { 39 } else { 40 });
        for page in [0, 7, 39] {
            let is_in = |did: &Did| in_span(did) && did.page == page;
            assert_eq!(pages[&RowKey::Value(format!("/{page}"))], expected(&passing, is_in), "{name}, page {page}");
        }
    }
}
