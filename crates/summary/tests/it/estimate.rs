//! Where a sample stands for all visitors, its numbers are as near to the true ones as they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use summary::{
    Channel, Channels, Counter, Distinct, Filter, Keep, Query, Timeline, VISITORS_PER_DAY_MAX, Values, Wanted, answer,
    fold,
};

use crate::days::{FIRST_DAY, HOUR, Owned, at, rows, summaries};

const VISITORS: u64 = 200_000;

/// The next of a fixed row of numbers.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn events(day: i64) -> Vec<Owned> {
    let state = &mut (7 + day as u64);
    let mut events = Vec::new();
    for number in 0..VISITORS {
        for _ in 0..1 + roll(state) % 2 {
            let mut event = Owned {
                micros: at(day, (roll(state) % 86_400) as i64 * 1_000_000),
                // Half of a day's visitors come again the next day.
                visitor: Some(format!("visitor {}", number + day as u64 * VISITORS / 2)),
                page: Some(format!("/{}", (roll(state) % 10).min(roll(state) % 10))),
                ..Owned::default()
            };
            if roll(state).is_multiple_of(10) {
                event.counters[4 + (roll(state) % 4) as usize] = Some(1);
            }
            events.push(event);
        }
    }
    events
}

fn is_request(event: &Owned, counter: Counter) -> bool {
    event.counters[counter as usize].is_some()
}

/// Within three times what it calls its error in one of twenty cases: 1.96 standard deviations.
fn check(name: &str, found: Distinct, exact: usize) {
    assert!(found.share < 0.25 && found.error() > 0.0, "{name}: {found:?}");
    let off = found.value() as f64 - exact as f64;
    let deviation = found.error() * found.value() as f64 / 1.96;
    assert!(off.abs() <= 3.0 * deviation, "{name}: {} for {exact}, {:.1} deviations", found.value(), off / deviation);
}

#[test]
fn estimates_are_within_their_error() {
    let events: Vec<Vec<Owned>> = (0..2).map(events).collect();
    let rows: Vec<_> = events.iter().map(rows).collect();
    let parts: Vec<_> = rows.iter().collect();
    let days: Vec<_> = (0..2).map(|day| Arc::new(fold(FIRST_DAY + day, &parts, &Keep::default()))).collect();
    assert!(days.iter().all(|day| day.bytes() < VISITORS_PER_DAY_MAX * 100));

    let page = |name: &str| Filter {
        page: Values { any_of: vec![name.to_owned()], none_of: Vec::new() },
        ..Filter::default()
    };
    let calls = Channels { any_of: vec![Channel::Call], none_of: Vec::new() };
    for (name, filter, passes) in [
        ("all", Filter::default(), (|_| true) as fn(&Owned) -> bool),
        ("a frequent page", page("/0"), |event| event.page.as_deref() == Some("/0")),
        ("a rare page", page("/9"), |event| event.page.as_deref() == Some("/9")),
        ("calls", Filter { channel: calls, ..Filter::default() }, |event| is_request(event, Counter::ClickToCall)),
    ] {
        for span in [0..1, 0..2] {
            let query = Query {
                since: at(span.start, 0),
                until: at(span.end, 0),
                now: at(9, 0),
                filter: filter.clone(),
                timeline: Default::default(),
                by: None,
                wanted: Wanted::ALL,
            };
            let events = events[span.start as usize..span.end as usize].iter().flatten().filter(|event| passes(event));
            let distinct = |events: &mut dyn Iterator<Item = &Owned>| {
                events.filter_map(|event| event.visitor.as_deref()).collect::<BTreeSet<_>>().len()
            };
            let totals = answer(&query, &days).totals;
            check(name, totals.visitors, distinct(&mut events.clone()));
            let mut calls = events.filter(|event| is_request(event, Counter::ClickToCall));
            check(name, totals.channel_visitors[Channel::Call as usize], distinct(&mut calls));
        }
    }
}

#[test]
fn a_crowd_before_the_span_makes_only_repeats_less_exact() {
    let event = |day: i64, number: usize| Owned {
        micros: at(day, (number % 1_000) as i64 * 1_000_000),
        visitor: Some(format!("visitor {number}")),
        counters: [Some(1); 8],
        ..Owned::default()
    };
    let crowd = 0..2 * VISITORS_PER_DAY_MAX;
    let few = 0..1_000;
    let events: Vec<Owned> = crowd.map(|number| event(0, number)).chain(few.map(|number| event(1, number))).collect();
    let days = summaries(&events, &Keep::default());
    let query = Query {
        since: at(1, 0),
        until: at(2, 0),
        now: at(9, 0),
        filter: Filter::default(),
        timeline: Default::default(),
        by: None,
        wanted: Wanted::ALL,
    };
    let totals = answer(&query, &days).totals;
    let exact = Distinct { sampled: 1_000, share: 1.0 };
    assert_eq!((totals.visitors, totals.contact_visitors), (exact, exact));
    // Each of the few was in the crowd the day before.
    let repeats = totals.repeat_visitors;
    assert!(repeats.share < 0.6 && repeats.sampled < 700, "{repeats:?}");
    let off = repeats.value() as f64 - 1_000.0;
    assert!(off.abs() <= 3.0 * repeats.error() * 1_000.0 / 1.96, "{repeats:?}");
}

/// A day on which so many visitors come, each on an own page of twenty, a tenth of them with a call.
fn busy_day(day: i64, visitors: u64) -> Vec<Owned> {
    let state = &mut (100 + day as u64);
    let event = |number: u64, state: &mut u64| {
        let mut event = Owned {
            micros: at(day, (roll(state) % 86_400) as i64 * 1_000_000),
            datastream: "shop".to_owned(),
            visitor: Some(format!("visitor {}", number * (1 + roll(state) % 2))),
            page: Some(format!("/{}", number % 20)),
            ..Owned::default()
        };
        if roll(state).is_multiple_of(5) {
            event.counters[Counter::ClickToCall as usize] = Some(1);
        }
        event
    };
    (0..visitors).map(|number| event(number, state)).collect()
}

#[test]
fn a_part_of_a_series_says_what_it_says_alone() {
    // From hardly anybody to many more than are kept.
    let visitors = [100_000, 300, 60_000, 5, 90_000, 70_000, 20_000, 120_000, 1_000, 80_000, 50_000, 110_000];
    let days: Vec<_> = (0..12).zip(visitors).map(|(day, visitors)| rows(&busy_day(day, visitors))).collect();
    let all: Vec<_> = days.iter().collect();
    let days: Vec<_> = (0..12).map(|day| Arc::new(fold(FIRST_DAY + day, &all, &Keep::default()))).collect();
    for (name, length, shift, filter) in [
        ("days of UTC", 24, 0, Filter::default()),
        ("days of another zone", 24, 7, Filter::default()),
        ("hours", 1, 0, Filter::default()),
        ("weeks", 24 * 7, 0, Filter::default()),
        (
            "days, of a page",
            24,
            0,
            Filter { page: Values { any_of: vec!["/3".to_owned()], none_of: vec![] }, ..Filter::default() },
        ),
    ] {
        let (since, until) = (at(0, shift * HOUR), at(11, shift * HOUR));
        let starts: Vec<i64> = (since..until).step_by((length * HOUR) as usize).collect();
        let query = |since: i64, until: i64, stretches: Vec<(i64, u32)>| Query {
            since,
            until,
            now: at(20, 0),
            filter: filter.clone(),
            timeline: Timeline { buckets: stretches.len() as u32, stretches },
            by: None,
            wanted: Wanted::ALL,
        };
        let series = answer(&query(since, until, starts.iter().copied().zip(0..).collect()), &days);
        assert_eq!(series.totals, answer(&query(since, until, vec![]), &days).totals, "{name}");
        assert_eq!(series.series.len(), starts.len());
        for (number, (start, numbers)) in starts.iter().zip(&series.series).enumerate() {
            let end = (start + length * HOUR).min(until);
            let alone = answer(&query(*start, end, vec![]), &days).totals;
            assert_eq!(*numbers, alone, "{name}, {number}");
        }
        if name == "days of UTC" {
            // Its own visitors, though days beside it know only some.
            assert!(series.series[3].visitors.is_exact());
            assert!(series.series[0].visitors.share > series.totals.visitors.share);
        }
    }
}
