//! Rows that a stranger chose: nothing panics, and what is kept stays within its limits.

use std::sync::Arc;

use summary::{
    CELLS_PER_DAY_MAX, Counter, DaySummary, Dimension, Filter, Keep, Query, ROWS_PER_ANSWER_MAX, RowKey, Unanswerable,
    VALUES_PER_DAY_MAX, Values, Wanted, answer, fold,
};

use crate::days::{FIRST_DAY, HOUR, Owned, at, rows};

const EVENTS: usize = 100_000;

fn of_day(make: impl Fn(usize) -> Owned) -> DaySummary {
    let events: Vec<Owned> = (0..EVENTS).map(make).collect();
    fold(FIRST_DAY, &[&rows(&events)], &Keep::default())
}

fn event(number: usize) -> Owned {
    let mut event = Owned { micros: at(0, number as i64 * 700_000), visitor: Some("v".to_owned()), ..Owned::default() };
    event.counters[Counter::ChatStart as usize] = Some(1_000);
    event
}

fn query(by: Option<Dimension>, page: Values) -> Query {
    let filter = Filter { page, ..Filter::default() };
    Query {
        since: at(0, 0),
        until: at(1, 0),
        now: at(1, 0),
        filter,
        timeline: Default::default(),
        by,
        wanted: Wanted::ALL,
    }
}

fn encoded(day: DaySummary) -> Arc<DaySummary> {
    Arc::new(DaySummary::decode(&day.encode()).expect("it was just encoded"))
}

#[test]
fn one_session_and_one_visitor_for_everything() {
    let day = encoded(of_day(|number| Owned { session: Some("s".to_owned()), ..event(number) }));
    let numbers = answer(&query(None, Values::default()), &[day]).totals;
    assert_eq!((numbers.sessions.all, numbers.visitors.value(), numbers.events), (1, 1, EVENTS as u64));
    assert_eq!(numbers.counter(Counter::ChatStart), EVENTS as u64 * 1_000);
}

#[test]
fn a_session_and_a_visitor_for_each() {
    let day = of_day(|number| Owned {
        session: Some(format!("s{number}")),
        visitor: Some(format!("v{number}")),
        ..event(number)
    });
    let numbers = answer(&query(None, Values::default()), &[encoded(day)]).totals;
    assert_eq!((numbers.sessions.all, numbers.sessions.started), (EVENTS as u64, EVENTS as u64));
    assert!(numbers.visitors.value().abs_diff(EVENTS as u64) < EVENTS as u64 / 50, "{:?}", numbers.visitors);
}

#[test]
fn a_page_and_a_subject_for_each() {
    let day = encoded(of_day(|number| Owned {
        page: Some(format!("/{number}")),
        subject: Some(format!("subject {number}")),
        datastream: format!("{number}"),
        ..event(number)
    }));
    let asked = answer(&query(Some(Dimension::Page), Values::default()), std::slice::from_ref(&day));
    assert!(asked.rows.len() <= ROWS_PER_ANSWER_MAX + 1, "{}", asked.rows.len());
    assert!(asked.rows.len() > VALUES_PER_DAY_MAX / 2, "{}", asked.rows.len());
    let sum: u64 = asked.rows.iter().map(|(_, numbers)| numbers.events).sum();
    assert_eq!((sum, asked.totals.events), (EVENTS as u64, EVENTS as u64));
    assert!(asked.rows.iter().any(|(key, _)| *key == RowKey::Other));
}

#[test]
fn too_many_cells_cost_pages_their_own_numbers() {
    // Frequent: `/`. The others are on 700 pages times 24 hours times 60 subjects.
    let make = |number: usize| Owned {
        micros: at(0, (number % 24) as i64 * HOUR),
        page: Some(if number.is_multiple_of(2) { "/".to_owned() } else { format!("/{}", number % 701) }),
        subject: Some(format!("subject {}", number / 2 % 61)),
        ..event(number)
    };
    let events: Vec<Owned> = (0..600_000).map(make).collect();
    let rows = rows(&events);
    let day = encoded(fold(FIRST_DAY, &[&rows], &Keep::default()));
    assert!(day.bytes() < CELLS_PER_DAY_MAX * 100, "{}", day.bytes());
    let named = |page: &str| Values { any_of: vec![page.to_owned()], none_of: Vec::new() };
    assert_eq!(day.can_answer(&query(None, named("/"))), Ok(()));
    let rare = query(None, named("/5"));
    let value = "/5".to_owned();
    assert_eq!(day.can_answer(&rare), Err(Unanswerable::Value { dimension: Dimension::Page, value }));
    assert_eq!(answer(&query(None, Values::default()), &[day]).totals.events, 600_000);

    // One that is folded for the question answers it.
    let keep = Keep { named: Some(&rare.filter), ..Keep::default() };
    let day = encoded(fold(FIRST_DAY, &[&rows], &keep));
    assert_eq!(day.can_answer(&rare), Ok(()));
    let expected = events.iter().filter(|event| event.page.as_deref() == Some("/5")).count();
    assert_eq!(answer(&rare, &[day]).totals.events, expected as u64);
}

#[test]
fn instants_at_all_ends() {
    let instants =
        [i64::MIN, i64::MIN + 1, -1, 0, at(0, 0) - 1, at(0, 0), at(1, 0) - 1, at(1, 0), i64::MAX - 1, i64::MAX];
    let mut events = Vec::new();
    for micros in instants {
        for received_micros in instants {
            let session = Some("s".to_owned());
            events.push(Owned { micros, received_micros, session: session.clone(), ..event(0) });
            events.push(Owned { micros, received_micros, visitor: None, session, ..event(0) });
            events.push(Owned { micros, received_micros, ..event(0) });
        }
    }
    let rows = rows(&events);
    assert_eq!(rows.span(), Some((i64::MIN, i64::MAX)));
    for day in [i32::MIN, -1, 0, FIRST_DAY, 106_751_990, 106_751_991, i32::MAX] {
        let summary = encoded(fold(day, &[&rows], &Keep::default()));
        for (since, until) in [(i64::MIN, i64::MAX), (at(0, 0), at(1, 0)), (i64::MAX, i64::MIN)] {
            for now in [i64::MIN, 0, i64::MAX] {
                let query = Query { since, until, now, ..query(None, Values::default()) };
                let totals = answer(&query, std::slice::from_ref(&summary)).totals;
                assert!(totals.events <= events.len() as u64);
            }
        }
    }
    let day = fold(FIRST_DAY, &[&rows], &Keep::default());
    let totals = answer(&query(None, Values::default()), &[Arc::new(day)]).totals;
    // Two of the instants are of the day.
    assert_eq!(totals.events, 2 * 10 * 3);
}
