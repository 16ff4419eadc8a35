//! The definitions, written down once more and as plainly as can be: slow, without days, without hashes.

use std::collections::{BTreeMap, BTreeSet};

use summary::{
    Anomalies, Answer, COUNTER_MAX, Channel, Counter, DAY_MICROS, Dimension, Distinct, Filter, Numbers, Query, RowKey,
    Seconds, Sessions, Values,
};

use crate::days::{HOUR, MINUTE, Owned, SECOND};

/// Dimensions of text: datastream, subject, page, device, referrer.
const TEXTS: usize = 5;

/// Everything that happened.
pub(crate) struct Reference<'a> {
    events: &'a [Owned],
    sessions: Vec<Session>,
    first_contacts: Vec<FirstContact>,
}

struct Session {
    begun_at: i64,
    last_at: i64,
    place: [String; TEXTS],
    numbers: Sessions,
    anomalies: Anomalies,
    duration: Option<u32>,
}

struct FirstContact {
    begun_at: i64,
    place: [String; TEXTS],
    channels: BTreeSet<usize>,
    seconds: u32,
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("")
}

fn place(event: &Owned) -> [String; TEXTS] {
    let texts = [&event.subject, &event.page, &event.device, &event.referrer].map(|own| text(own).to_owned());
    let [subject, page, device, referrer] = texts;
    [event.datastream.clone(), subject, page, device, referrer]
}

fn value(event: &Owned, counter: Counter) -> u64 {
    let value = event.counters[counter as usize].unwrap_or(0);
    if (0..=i64::from(COUNTER_MAX)).contains(&value) { value as u64 } else { 0 }
}

/// The channels of which a counter is above 0.
fn channels(event: &Owned) -> BTreeSet<usize> {
    let has = |channel: &Channel| channel.counters().iter().any(|counter| value(event, *counter) > 0);
    Channel::ALL.into_iter().filter(has).map(|channel| channel as usize).collect()
}

/// The channels that it is a contact request by.
fn requests(event: &Owned) -> BTreeSet<usize> {
    let has = |channel: &Channel| value(event, channel.requests()) > 0;
    Channel::ALL.into_iter().filter(has).map(|channel| channel as usize).collect()
}

fn is_chat(event: &Owned) -> bool {
    channels(event).contains(&(Channel::Chat as usize))
}

impl<'a> Reference<'a> {
    pub(crate) fn new(events: &'a [Owned]) -> Reference<'a> {
        let mut sorted: Vec<&Owned> = events.iter().collect();
        sorted.sort_by_key(|event| event.micros);
        let mut by_session: BTreeMap<(&str, &str), Vec<&Owned>> = BTreeMap::new();
        let mut by_visitor: BTreeMap<(&str, &str), Vec<&Owned>> = BTreeMap::new();
        for event in sorted {
            if is_chat(event) && !text(&event.session).is_empty() {
                by_session.entry((&event.datastream, text(&event.session))).or_default().push(event);
            }
            if !text(&event.visitor).is_empty() {
                by_visitor.entry((&event.datastream, text(&event.visitor))).or_default().push(event);
            }
        }
        let mut reference = Reference { events, sessions: Vec::new(), first_contacts: Vec::new() };
        for events in by_session.into_values() {
            let mut session: Vec<&Owned> = Vec::new();
            let mut before: Option<i64> = None;
            for event in events {
                if before.is_none_or(|before| event.micros - before >= DAY_MICROS) {
                    reference.sessions.extend(Session::new(&session));
                    session.clear();
                }
                before = Some(event.micros);
                if session.first().is_none_or(|first| event.micros - first.micros < DAY_MICROS) {
                    session.push(event);
                }
            }
            reference.sessions.extend(Session::new(&session));
        }
        for events in by_visitor.into_values() {
            let mut visit: Vec<&Owned> = Vec::new();
            let mut before: Option<i64> = None;
            for event in events {
                if before.is_none_or(|before| event.micros - before > 30 * MINUTE) {
                    reference.add_visit(&visit);
                    visit.clear();
                }
                before = Some(event.micros);
                if visit.first().is_none_or(|first| event.micros - first.micros < 23 * HOUR + 30 * MINUTE) {
                    visit.push(event);
                }
            }
            reference.add_visit(&visit);
        }
        reference
    }

    fn add_visit(&mut self, visit: &[&Owned]) {
        let chat: Vec<&Owned> =
            visit.iter().copied().filter(|event| is_chat(event) && text(&event.session).is_empty()).collect();
        self.sessions.extend(Session::new(&chat));
        let contacts: Vec<&&Owned> = visit.iter().filter(|event| !requests(event).is_empty()).collect();
        let Some(contact_at) = contacts.iter().map(|event| event.micros).min() else { return };
        // Nothing is greater than any text.
        let rank = |text: &str| (text.is_empty(), text.to_owned());
        let ranks =
            |event: &Owned| [&event.page, &event.subject, &event.device, &event.referrer].map(|own| rank(text(own)));
        let equally_early: Vec<&&&Owned> = contacts.iter().filter(|event| event.micros == contact_at).collect();
        let first = equally_early.iter().min_by_key(|event| ranks(event)).expect("one is the first");
        let same = equally_early.iter().filter(|event| ranks(event) == ranks(first));
        self.first_contacts.push(FirstContact {
            begun_at: visit[0].micros,
            place: place(first),
            channels: same.flat_map(|event| requests(event)).collect(),
            seconds: ((contact_at - visit[0].micros) / SECOND) as u32,
        });
    }

    pub(crate) fn answer(&self, query: &Query) -> Answer {
        let in_span = |at: i64| (query.since..query.until).contains(&at);
        let bucket =
            |at: i64| query.timeline.stretches.iter().rev().find(|stretch| stretch.0 <= at).map(|stretch| stretch.1);
        let series = (0..query.timeline.buckets)
            .map(|number| self.numbers(query, &|at| in_span(at) && bucket(at) == Some(number), None))
            .collect();
        let mut rows = Vec::new();
        if query.by == Some(Dimension::Channel) {
            for channel in
                Channel::ALL.into_iter().filter(|channel| counted(&query.filter).contains(&(*channel as usize)))
            {
                let numbers = self.numbers(query, &in_span, Some(channel.name()));
                rows.push((RowKey::Value(channel.name().to_owned()), numbers));
            }
        } else if let Some(dimension) = query.by {
            let values: BTreeSet<String> =
                self.events.iter().map(|event| place(event)[text_dimension(dimension)].clone()).collect();
            for value in values {
                let numbers = self.numbers(query, &in_span, Some(&value));
                let is_empty = numbers.events == 0 && numbers.sessions.all == 0 && numbers.first_contacts.count() == 0;
                if !is_empty {
                    rows.push((if value.is_empty() { RowKey::None } else { RowKey::Value(value) }, numbers));
                }
            }
        }
        Answer { totals: self.numbers(query, &in_span, None), series, rows }
    }

    /// The numbers of a part of the span, and of one row.
    fn numbers(&self, query: &Query, in_part: &dyn Fn(i64) -> bool, row: Option<&str>) -> Numbers {
        let counted = counted(&query.filter);
        let mut of_row = counted.clone();
        if query.by == Some(Dimension::Channel) {
            of_row.retain(|channel| row.is_none_or(|row| Channel::ALL[*channel].name() == row));
        }
        let in_row = |place: &[String; TEXTS], channels: &BTreeSet<usize>| match (query.by, row) {
            (_, None) | (None, _) => true,
            (Some(Dimension::Channel), Some(_)) => !channels.is_disjoint(&of_row),
            (Some(dimension), Some(row)) => place[text_dimension(dimension)] == row,
        };
        let mut numbers = Numbers::default();
        let mut visitors: [BTreeSet<&str>; 8] = Default::default();
        for event in self.events {
            let channels = channels(event);
            if !passes(&query.filter, &place(event), &channels)
                || !in_part(event.micros)
                || !in_row(&place(event), &channels)
            {
                continue;
            }
            numbers.events += 1;
            for counter in Counter::ALL.into_iter().filter(|counter| of_row.contains(&(counter.channel() as usize))) {
                numbers.counters[counter as usize] += value(event, counter);
            }
            let is_odd = |value: &Option<i64>| value.is_some_and(|value| !(0..=1_000).contains(&value));
            let day_end = (event.micros.div_euclid(DAY_MICROS) + 1) * DAY_MICROS;
            numbers.anomalies.counter += u64::from(event.counters.iter().any(is_odd));
            numbers.anomalies.time += u64::from(event.is_time_off);
            numbers.anomalies.late += u64::from(event.received_micros >= day_end + HOUR);
            let (visitor, session) = (text(&event.visitor), text(&event.session));
            numbers.anomalies.without_session += u64::from(is_chat(event) && visitor.is_empty() && session.is_empty());
            if !visitor.is_empty() {
                visitors[0].insert(visitor);
                for channel in requests(event).intersection(&of_row) {
                    visitors[1].insert(visitor);
                    visitors[2 + channel].insert(visitor);
                    if self.repeats(event, &query.filter) {
                        visitors[7].insert(visitor);
                    }
                }
            }
        }
        let chat = BTreeSet::from([Channel::Chat as usize]);
        for session in &self.sessions {
            if passes(&query.filter, &session.place, &chat)
                && in_part(session.begun_at)
                && in_row(&session.place, &chat)
            {
                session.add(query.now, &mut numbers);
            }
        }
        for first in &self.first_contacts {
            if passes(&query.filter, &first.place, &first.channels)
                && in_part(first.begun_at)
                && in_row(&first.place, &first.channels)
            {
                *numbers.first_contacts.0.entry(first.seconds).or_default() += 1;
            }
        }
        let [all, contact, channels @ .., repeat] =
            visitors.map(|visitors| Distinct { sampled: visitors.len() as u64, share: 1.0 });
        (numbers.visitors, numbers.contact_visitors, numbers.channel_visitors, numbers.repeat_visitors) =
            (all, contact, channels, repeat);
        numbers
    }

    /// Whether the visitor's latest contact request of an earlier minute is 30 minutes to 7 days earlier.
    fn repeats(&self, event: &Owned, filter: &Filter) -> bool {
        let minute = |event: &Owned| event.micros.div_euclid(MINUTE);
        let counts = |other: &&Owned| {
            other.visitor == event.visitor
                && !requests(other).is_disjoint(&counted(filter))
                && passes(filter, &place(other), &channels(other))
        };
        let before = self.events.iter().filter(counts).map(minute).filter(|at| *at < minute(event)).max();
        before.is_some_and(|before| (30..=7 * 24 * 60).contains(&(minute(event) - before)))
    }
}

fn text_dimension(dimension: Dimension) -> usize {
    match dimension {
        Dimension::Datastream => 0,
        Dimension::Subject => 1,
        Dimension::Page => 2,
        Dimension::Device => 3,
        Dimension::Referrer => 4,
        Dimension::Channel => panic!("channels aren't texts"),
    }
}

fn counted(filter: &Filter) -> BTreeSet<usize> {
    let any_of = if filter.channel.any_of.is_empty() { &Channel::ALL[..] } else { &filter.channel.any_of };
    any_of.iter().filter(|channel| !filter.channel.none_of.contains(channel)).map(|channel| *channel as usize).collect()
}

fn passes(filter: &Filter, place: &[String; TEXTS], channels: &BTreeSet<usize>) -> bool {
    let has = |values: &Values, text: &String| {
        (values.any_of.is_empty() || values.any_of.contains(text)) && !values.none_of.contains(text)
    };
    let by_channel = match channels.is_empty() {
        true => filter.channel.any_of.is_empty(),
        false => !channels.is_disjoint(&counted(filter)),
    };
    let Filter { datastream, channel: _, subject, page, device, referrer } = filter;
    by_channel
        && [datastream, subject, page, device, referrer].iter().zip(place).all(|(values, text)| has(values, text))
}

impl Session {
    fn new(events: &[&Owned]) -> Option<Session> {
        let (first, last) = (events.first()?, events.last()?);
        let sum = |counter: Counter| events.iter().map(|event| value(event, counter)).sum::<u64>();
        let times = |counter: Counter| -> Vec<i64> {
            events.iter().filter(|event| value(event, counter) > 0).map(|event| event.micros).collect()
        };
        let offered_at = times(Counter::ChatOffered).first().copied();
        let started_at = times(Counter::ChatStart).first().copied();
        let ended_at = started_at.and_then(|start| times(Counter::ChatEnd).into_iter().find(|end| *end >= start));
        let starts_where = |is: &dyn Fn(i64) -> bool| -> u64 {
            events.iter().filter(|event| is(event.micros)).map(|event| value(event, Counter::ChatStart)).sum()
        };
        let after_offer = starts_where(&|at| offered_at.is_some_and(|offer| at >= offer));
        let left = sum(Counter::ChatOffered) as i64 - sum(Counter::ChatDeclined) as i64 - after_offer as i64;
        let numbers = Sessions {
            all: 1,
            offered: offered_at.is_some().into(),
            accepted: (after_offer > 0).into(),
            ignored: if offered_at.is_some() { left.max(0) as u64 } else { 0 },
            unprompted: starts_where(&|at| offered_at.is_none_or(|offer| at < offer)),
            started: started_at.is_some().into(),
            ended: ended_at.is_some().into(),
            ..Sessions::default()
        };
        let (starts, ends) = (times(Counter::ChatStart), times(Counter::ChatEnd));
        let anomalies = Anomalies {
            end_without_start: (!ends.is_empty() && starts.is_empty()).into(),
            start_after_end: starts.iter().any(|start| ends.iter().any(|end| start > end)).into(),
            declined_and_started: (!times(Counter::ChatDeclined).is_empty() && !starts.is_empty()).into(),
            two_starts: (sum(Counter::ChatStart) > 1).into(),
            ..Anomalies::default()
        };
        let first_text = |of: &dyn Fn(&Owned) -> String| {
            let texts = events.iter().map(|event| (event.micros, of(event))).filter(|(_, text)| !text.is_empty());
            texts.min().map(|(_, text)| text).unwrap_or_default()
        };
        Some(Session {
            begun_at: first.micros,
            last_at: last.micros,
            place: [
                first.datastream.clone(),
                first_text(&|event| text(&event.subject).to_owned()),
                first_text(&|event| text(&event.page).to_owned()),
                first_text(&|event| text(&event.device).to_owned()),
                first_text(&|event| text(&event.referrer).to_owned()),
            ],
            numbers,
            anomalies,
            duration: started_at.zip(ended_at).map(|(start, end)| ((end - start) / SECOND) as u32),
        })
    }

    fn add(&self, now: i64, to: &mut Numbers) {
        let unended = self.numbers.started - self.numbers.ended;
        let is_open = self.last_at > now - DAY_MICROS;
        to.sessions.open += if is_open { unended } else { 0 };
        to.sessions.unended += if is_open { 0 } else { unended };
        for (sum, value) in [
            (&mut to.sessions.all, self.numbers.all),
            (&mut to.sessions.offered, self.numbers.offered),
            (&mut to.sessions.accepted, self.numbers.accepted),
            (&mut to.sessions.ignored, self.numbers.ignored),
            (&mut to.sessions.unprompted, self.numbers.unprompted),
            (&mut to.sessions.started, self.numbers.started),
            (&mut to.sessions.ended, self.numbers.ended),
            (&mut to.anomalies.end_without_start, self.anomalies.end_without_start),
            (&mut to.anomalies.start_after_end, self.anomalies.start_after_end),
            (&mut to.anomalies.declined_and_started, self.anomalies.declined_and_started),
            (&mut to.anomalies.two_starts, self.anomalies.two_starts),
        ] {
            *sum += value;
        }
        let Seconds(durations) = &mut to.durations;
        if let Some(seconds) = self.duration {
            *durations.entry(seconds).or_default() += 1;
        }
    }
}
