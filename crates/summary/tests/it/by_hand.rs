//! Answers worked out by hand, one case each.

use summary::{
    Anomalies, Answer, Counter, DAY_MICROS, Dimension, Keep, Numbers, Query, RowKey, Seconds, Sessions, Wanted, answer,
};

use crate::days::{HOUR, MINUTE, Owned, SECOND, at, summaries};

/// An event of visitor `v` on the shop's datastream with these counters.
fn event(micros: i64, session: Option<&str>, counters: &[(Counter, i64)]) -> Owned {
    let mut event = Owned {
        micros,
        received_micros: micros,
        datastream: "shop".to_owned(),
        visitor: Some("v".to_owned()),
        session: session.map(str::to_owned),
        ..Owned::default()
    };
    for (counter, value) in counters {
        event.counters[*counter as usize] = Some(*value);
    }
    event
}

fn without_visitor(event: Owned) -> Owned {
    Owned { visitor: None, ..event }
}

/// The numbers of some of the tests' days.
fn totals_of(events: &[Owned], days: std::ops::Range<i64>, now: i64) -> Numbers {
    let query = Query {
        since: at(days.start, 0),
        until: at(days.end, 0),
        now,
        filter: Default::default(),
        timeline: Default::default(),
        by: None,
        wanted: Wanted::ALL,
    };
    answer(&query, &summaries(events, &Keep::default())).totals
}

fn totals(events: &[Owned]) -> Numbers {
    totals_of(events, 0..4, at(10, 0))
}

const OFFER: (Counter, i64) = (Counter::ChatOffered, 1);
const DECLINE: (Counter, i64) = (Counter::ChatDeclined, 1);
const START: (Counter, i64) = (Counter::ChatStart, 1);
const END: (Counter, i64) = (Counter::ChatEnd, 1);
const CALL: (Counter, i64) = (Counter::ClickToCall, 1);

#[test]
fn a_chat_that_was_offered_started_and_ended() {
    let numbers = totals(&[
        event(at(0, HOUR), Some("s"), &[OFFER]),
        event(at(0, HOUR + 20 * SECOND), Some("s"), &[START]),
        event(at(0, HOUR + 80 * SECOND + 999_999), Some("s"), &[END]),
    ]);
    let expected = Sessions { all: 1, offered: 1, accepted: 1, started: 1, ended: 1, ..Sessions::default() };
    assert_eq!(numbers.sessions, expected);
    assert_eq!(numbers.durations, Seconds([(60, 1)].into()));
    // The visit began with the offer.
    assert_eq!(numbers.first_contacts, Seconds([(20, 1)].into()));
    assert_eq!(numbers.anomalies, Anomalies::default());
    assert_eq!((numbers.visitors.value(), numbers.contact_visitors.value()), (1, 1));
}

#[test]
fn an_end_without_a_start_is_told_and_has_no_duration() {
    let numbers = totals(&[event(at(0, HOUR), Some("s"), &[END])]);
    assert_eq!(numbers.sessions, Sessions { all: 1, ..Sessions::default() });
    assert_eq!(numbers.anomalies, Anomalies { end_without_start: 1, ..Anomalies::default() });
    assert_eq!(numbers.durations.count(), 0);
}

#[test]
fn of_two_starts_the_first_counts_for_the_duration() {
    let numbers = totals(&[
        event(at(0, 0), Some("s"), &[START]),
        event(at(0, 10 * SECOND), Some("s"), &[START]),
        event(at(0, 30 * SECOND), Some("s"), &[END]),
        event(at(0, 50 * SECOND), Some("s"), &[END]),
    ]);
    assert_eq!(numbers.sessions, Sessions { all: 1, unprompted: 2, started: 1, ended: 1, ..Sessions::default() });
    assert_eq!(numbers.anomalies, Anomalies { two_starts: 1, ..Anomalies::default() });
    assert_eq!(numbers.durations, Seconds([(30, 1)].into()));
}

#[test]
fn declined_and_started_and_a_start_after_an_end() {
    let numbers = totals(&[
        event(at(0, 0), Some("s"), &[OFFER, DECLINE]),
        event(at(0, MINUTE), Some("s"), &[END]),
        event(at(0, 2 * MINUTE), Some("s"), &[START]),
    ]);
    let expected = Sessions { all: 1, offered: 1, accepted: 1, started: 1, unended: 1, ..Sessions::default() };
    assert_eq!(numbers.sessions, expected);
    let expected = Anomalies { declined_and_started: 1, start_after_end: 1, ..Anomalies::default() };
    assert_eq!(numbers.anomalies, expected);
}

#[test]
fn invitations_that_nobody_answered() {
    // Three offers, one declined, one start before and one after the first offer: 3 - 1 - 1 are ignored.
    let numbers = totals(&[
        event(at(0, 0), Some("s"), &[START]),
        event(at(0, MINUTE), Some("s"), &[(Counter::ChatOffered, 3)]),
        event(at(0, 2 * MINUTE), Some("s"), &[DECLINE]),
        event(at(0, 3 * MINUTE), Some("s"), &[START]),
    ]);
    assert_eq!((numbers.sessions.ignored, numbers.sessions.unprompted, numbers.sessions.accepted), (1, 1, 1));
    // And never below 0.
    let numbers = totals(&[event(at(0, 0), Some("s"), &[OFFER, (Counter::ChatDeclined, 5)])]);
    assert_eq!(numbers.sessions.ignored, 0);
}

#[test]
fn a_session_across_midnight_belongs_to_its_beginning() {
    let events = [
        event(at(1, -10 * SECOND), Some("s"), &[OFFER]),
        event(at(1, 0), Some("s"), &[START]),
        event(at(1, 90 * SECOND), Some("s"), &[END]),
    ];
    let (before, after) = (totals_of(&events, 0..1, at(10, 0)), totals_of(&events, 1..2, at(10, 0)));
    let expected = Sessions { all: 1, offered: 1, accepted: 1, started: 1, ended: 1, ..Sessions::default() };
    assert_eq!((before.sessions, after.sessions), (expected, Sessions::default()));
    assert_eq!(before.durations, Seconds([(90, 1)].into()));
    assert_eq!(after.durations, Seconds::default());
    // So does the visit, while events and counters are of their own days.
    assert_eq!(before.first_contacts, Seconds([(10, 1)].into()));
    assert_eq!(after.first_contacts, Seconds::default());
    assert_eq!((before.counter(Counter::ChatStart), after.counter(Counter::ChatStart)), (0, 1));
    assert_eq!((before.events, after.events), (1, 2));
}

#[test]
fn an_id_stands_for_a_new_session_after_24_hours_of_silence() {
    let start = at(0, HOUR);
    let sessions = |second: i64| {
        let events = [event(start, Some("s"), &[START]), event(start + second, Some("s"), &[START])];
        totals(&events).sessions.all
    };
    assert_eq!((sessions(DAY_MICROS - 1), sessions(DAY_MICROS)), (1, 2));
    // It takes what is less than 24 hours after its beginning.
    let ended = |after: i64| {
        let offer = event(start + 20 * HOUR, Some("s"), &[OFFER]);
        let events = [event(start, Some("s"), &[START]), offer, event(start + after, Some("s"), &[END])];
        let numbers = totals(&events);
        (numbers.sessions.all, numbers.sessions.ended, numbers.durations.max())
    };
    assert_eq!((ended(DAY_MICROS - 1), ended(DAY_MICROS)), ((1, 1, Some(24 * 60 * 60 - 1)), (1, 0, None)));
    // What is too late for the session and too early for a new one belongs to none.
    let numbers = totals(&[
        event(start, Some("s"), &[START]),
        event(start + 20 * HOUR, Some("s"), &[OFFER]),
        event(start + 30 * HOUR, Some("s"), &[END]),
    ]);
    assert_eq!((numbers.sessions.all, numbers.sessions.ended, numbers.sessions.unended), (1, 0, 1));
    assert_eq!(numbers.counter(Counter::ChatEnd), 1);
}

#[test]
fn chats_without_an_id_are_one_session_a_visit() {
    let session_after = |silence: i64| {
        let events = [event(at(0, 0), None, &[OFFER]), event(at(0, silence), None, &[START])];
        let numbers = totals(&events);
        (numbers.sessions.all, numbers.sessions.accepted, numbers.sessions.unprompted)
    };
    assert_eq!(session_after(30 * MINUTE), (1, 1, 0));
    assert_eq!(session_after(30 * MINUTE + 1), (2, 0, 1));
    // Events without a chat hold a visit together.
    let events = [
        event(at(0, 0), None, &[OFFER]),
        event(at(0, 20 * MINUTE), None, &[]),
        event(at(0, 40 * MINUTE), None, &[START]),
    ];
    assert_eq!(totals(&events).sessions.all, 1);
    // A session with an id in the same visit is another one.
    let events = [event(at(0, 0), None, &[OFFER]), event(at(0, MINUTE), Some("s"), &[START])];
    assert_eq!(totals(&events).sessions.all, 2);
}

#[test]
fn a_chat_without_an_id_in_a_visit_from_the_day_before() {
    // The visit began at 23:00, its first chat comes after midnight: the session is of the second day.
    let events = [
        event(at(1, -HOUR), None, &[]),
        event(at(1, -35 * MINUTE), None, &[]),
        event(at(1, -10 * MINUTE), None, &[]),
        event(at(1, 5 * MINUTE), None, &[START]),
    ];
    assert_eq!(totals_of(&events, 0..1, at(10, 0)).sessions.all, 0);
    assert_eq!(totals_of(&events, 1..2, at(10, 0)).sessions.all, 1);
    // The first contact is of the day on which the visit began.
    assert_eq!(totals_of(&events, 0..1, at(10, 0)).first_contacts, Seconds([(65 * 60, 1)].into()));
    assert_eq!(totals_of(&events, 1..2, at(10, 0)).first_contacts, Seconds::default());
}

#[test]
fn neither_id_nor_visitor() {
    let numbers = totals(&[
        without_visitor(event(at(0, 0), None, &[OFFER])),
        without_visitor(event(at(0, MINUTE), None, &[CALL])),
        without_visitor(event(at(0, MINUTE), Some("s"), &[START])),
    ]);
    assert_eq!(numbers.anomalies, Anomalies { without_session: 1, ..Anomalies::default() });
    assert_eq!(numbers.sessions.all, 1);
    // Counters are summed all the same, and nobody is a visitor.
    assert_eq!((numbers.counter(Counter::ChatOffered), numbers.requests()), (1, 2));
    assert_eq!((numbers.events, numbers.visitors.value()), (3, 0));
}

#[test]
fn counters_that_cannot_be_right_are_left_out() {
    for value in [-1, 1_001, i64::MIN, i64::MAX] {
        let numbers = totals(&[event(at(0, 0), Some("s"), &[(Counter::ChatStart, value), CALL])]);
        assert_eq!(numbers.anomalies, Anomalies { counter: 1, ..Anomalies::default() }, "{value}");
        assert_eq!((numbers.sessions.all, numbers.requests()), (0, 1), "{value}");
    }
    let numbers = totals(&[event(at(0, 0), Some("s"), &[(Counter::ChatStart, 1_000)])]);
    assert_eq!((numbers.anomalies.counter, numbers.requests()), (0, 1_000));
}

#[test]
fn whether_a_chat_is_open_depends_on_the_present() {
    let last = at(0, 2 * HOUR);
    let events = [event(at(0, HOUR), Some("s"), &[START]), event(last, Some("s"), &[OFFER])];
    let open = |now: i64| {
        let Sessions { open, unended, .. } = totals_of(&events, 0..1, now).sessions;
        (open, unended)
    };
    assert_eq!(open(last), (1, 0));
    assert_eq!(open(last + DAY_MICROS - 1), (1, 0));
    assert_eq!(open(last + DAY_MICROS), (0, 1));
    assert_eq!(open(i64::MAX), (0, 1));
    assert_eq!(open(i64::MIN), (1, 0));
}

#[test]
fn a_repeated_contact_is_30_minutes_to_7_days_later() {
    let repeats = |pause: i64| {
        let events = [event(at(0, 0), None, &[CALL]), event(at(0, pause), None, &[CALL])];
        let query_days = pause.div_euclid(DAY_MICROS)..pause.div_euclid(DAY_MICROS) + 1;
        totals_of(&events, query_days, at(20, 0)).repeat_visitors.value()
    };
    assert_eq!(repeats(30 * MINUTE - 1), 0);
    assert_eq!(repeats(30 * MINUTE), 1);
    assert_eq!(repeats(7 * DAY_MICROS), 1);
    assert_eq!(repeats(7 * DAY_MICROS + MINUTE), 0);
}

/// A visitor who does something every 29 minutes, from an instant to another.
fn without_pause(from: i64, until: i64) -> Vec<Owned> {
    (from..until).step_by((29 * MINUTE) as usize).map(|micros| event(micros, None, &[])).collect()
}

#[test]
fn a_visit_is_shorter_than_23_hours_and_a_half() {
    let start = at(0, HOUR);
    let chats = |after: i64| {
        let mut events = without_pause(start, start + after);
        events.push(event(start + after, None, &[START]));
        let numbers = totals(&events);
        (numbers.sessions.all, numbers.first_contacts.count(), numbers.requests())
    };
    assert_eq!(chats(23 * HOUR + 30 * MINUTE - 1), (1, 1, 1));
    // Later it belongs to no visit, though no silence is before it.
    assert_eq!(chats(23 * HOUR + 30 * MINUTE), (0, 0, 1));
}

#[test]
fn a_visit_that_began_two_days_before_is_over() {
    // It began at 23:40, so the chat is 24:25 hours after its beginning: the summary of the chat's day, which
    // sees the day before alone, must not take an event of 0:09 for the beginning.
    let mut events = without_pause(at(0, -20 * MINUTE), at(1, 5 * MINUTE));
    events.push(event(at(1, 5 * MINUTE), None, &[START]));
    let numbers = totals_of(&events, -2..3, at(10, 0));
    assert_eq!((numbers.sessions.all, numbers.first_contacts.count()), (0, 0));
}

#[test]
fn of_equally_early_texts_the_smallest_counts() {
    let on = |page: Option<&str>, subject: Option<&str>, micros: i64, counters: &[(Counter, i64)]| Owned {
        page: page.map(str::to_owned),
        subject: subject.map(str::to_owned),
        ..event(micros, None, counters)
    };
    let first = on(Some("/b"), None, at(0, 0), &[START]);
    let second = on(Some("/a"), Some("sales"), at(0, 0), &[START]);
    let third = on(None, Some("ads"), at(0, 0), &[START]);
    let later = on(Some("/0"), Some("0"), at(0, SECOND), &[END]);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 1, 3]] {
        let all = [&first, &second, &third, &later];
        let events = order.map(|number| all[number].clone());
        let rows = |by: Dimension| {
            let query = Query {
                since: at(0, 0),
                until: at(1, 0),
                now: at(1, 0),
                filter: Default::default(),
                timeline: Default::default(),
                by: Some(by),
                wanted: Wanted::ALL,
            };
            let with = |is: fn(&Numbers) -> u64, answer: &Answer| -> Vec<RowKey> {
                answer.rows.iter().filter(|row| is(&row.1) > 0).map(|row| row.0.clone()).collect()
            };
            let answer = answer(&query, &summaries(&events, &Keep::default()));
            (with(|numbers| numbers.sessions.all, &answer), with(|numbers| numbers.first_contacts.count(), &answer))
        };
        let value = |text: &str| vec![RowKey::Value(text.to_owned())];
        // Of a session each for itself, of a first contact both of one event: that with the smaller page.
        assert_eq!(rows(Dimension::Page), (value("/a"), value("/a")), "{order:?}");
        assert_eq!(rows(Dimension::Subject), (value("ads"), value("sales")), "{order:?}");
    }
}

#[test]
fn equally_early_contact_requests_of_one_place_count_for_the_channels_of_both() {
    let events =
        [event(at(0, 0), None, &[]), event(at(0, SECOND), None, &[CALL]), event(at(0, SECOND), None, &[START])];
    let query = Query {
        since: at(0, 0),
        until: at(1, 0),
        now: at(1, 0),
        filter: Default::default(),
        timeline: Default::default(),
        by: Some(Dimension::Channel),
        wanted: Wanted::ALL,
    };
    let answer = answer(&query, &summaries(&events, &Keep::default()));
    let counts: Vec<u64> = answer.rows.iter().map(|(_, numbers)| numbers.first_contacts.count()).collect();
    assert_eq!((counts, answer.totals.first_contacts.count()), (vec![1, 1, 0, 0, 0], 1));
}

#[test]
fn half_an_hour_before_midnight_holds_a_visit_together() {
    let events = [event(at(1, -30 * MINUTE), None, &[]), event(at(1, 0), None, &[CALL])];
    assert_eq!(totals_of(&events, 0..1, at(10, 0)).first_contacts, Seconds([(30 * 60, 1)].into()));
    assert_eq!(totals_of(&events, 1..2, at(10, 0)).first_contacts, Seconds::default());
}
