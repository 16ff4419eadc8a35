//! One chat session: what its events say of it.

use super::Bucket;
use super::additions::{AdditionsBuilder, Length, Spot};
use super::groups::{Key, Keyed};
use super::names::Names;
use super::sources::Source;
use super::window::Window;
use crate::Counter;
use crate::day::Measure;
use crate::rows::{Mark, Mask, NO_TEXT, Place};

/// An event of a chat.
#[derive(Clone, Copy)]
pub(crate) struct ChatEvent {
    key: Key,
    pub(crate) micros: i64,
    /// By the numbering of [`Names`].
    place: u32,
    /// Of each of [`COUNTERS`].
    counters: [u16; COUNTERS.len()],
}

/// The counters of chats.
const COUNTERS: [Counter; 4] = [Counter::ChatOffered, Counter::ChatDeclined, Counter::ChatStart, Counter::ChatEnd];

impl ChatEvent {
    pub(crate) fn new(key: Key, micros: i64, place: u32, mark: &Mark) -> ChatEvent {
        ChatEvent { key, micros, place, counters: COUNTERS.map(|counter| mark.counters[counter as usize]) }
    }

    /// Of a chat with an id.
    pub(crate) fn of_session(source: &Source<'_>, mark: &Mark) -> ChatEvent {
        let place = source.place(mark.row);
        let micros = source.rows.micros()[mark.row as usize];
        ChatEvent::new(Key::new(place.datastream, mark.session), micros, place.number, mark)
    }

    fn counter(&self, counter: Counter) -> u64 {
        COUNTERS.iter().zip(self.counters).find(|(known, _)| **known == counter).map_or(0, |(_, count)| count.into())
    }
}

impl Keyed for ChatEvent {
    fn key(&self) -> Key {
        self.key
    }

    fn micros(&self) -> i64 {
        self.micros
    }
}

/// What the events of one session amount to.
struct ChatSession {
    offers: u64,
    declines: u64,
    starts: u64,
    ends: u64,
    /// Starts in events at or after the first offer.
    starts_after_offer: u64,
    offered_at: Option<i64>,
    started_at: Option<i64>,
    last_started_at: Option<i64>,
    first_ended_at: Option<i64>,
    /// The first end at or after the first start.
    ended_at: Option<i64>,
}

impl ChatSession {
    /// Of events in order of time.
    fn of(events: &[ChatEvent]) -> ChatSession {
        let sum = |counter: Counter| events.iter().map(|event| event.counter(counter)).sum();
        let with = |counter: Counter| events.iter().filter(move |event| event.counter(counter) > 0);
        let first = |counter: Counter| with(counter).map(|event| event.micros).next();
        let offered_at = first(Counter::ChatOffered);
        let started_at = first(Counter::ChatStart);
        let after_offer = events.iter().filter(|event| offered_at.is_some_and(|at| event.micros >= at));
        ChatSession {
            offers: sum(Counter::ChatOffered),
            declines: sum(Counter::ChatDeclined),
            starts: sum(Counter::ChatStart),
            ends: sum(Counter::ChatEnd),
            starts_after_offer: after_offer.map(|event| event.counter(Counter::ChatStart)).sum(),
            offered_at,
            started_at,
            last_started_at: with(Counter::ChatStart).map(|event| event.micros).next_back(),
            first_ended_at: first(Counter::ChatEnd),
            ended_at: with(Counter::ChatEnd)
                .map(|event| event.micros)
                .find(|at| started_at.is_some_and(|started_at| *at >= started_at)),
        }
    }

    fn measures(&self) -> [(Measure, u64); 11] {
        let ignored = self.offers.saturating_sub(self.declines).saturating_sub(self.starts_after_offer);
        let starts_after_end = self.last_started_at.zip(self.first_ended_at).is_some_and(|(start, end)| start > end);
        [
            (Measure::Sessions, 1),
            (Measure::Offered, self.offered_at.is_some().into()),
            (Measure::Accepted, (self.starts_after_offer > 0).into()),
            (Measure::Ignored, ignored),
            (Measure::Unprompted, self.starts - self.starts_after_offer),
            (Measure::Started, (self.starts > 0).into()),
            (Measure::Ended, self.ended_at.is_some().into()),
            (Measure::EndWithoutStart, (self.ends > 0 && self.starts == 0).into()),
            (Measure::StartAfterEnd, starts_after_end.into()),
            (Measure::DeclinedAndStarted, (self.declines > 0 && self.starts > 0).into()),
            (Measure::TwoStarts, (self.starts > 1).into()),
        ]
    }
}

/// Adds sessions that begin in the day.
pub(crate) struct Sessions<'a> {
    pub(crate) window: Window,
    pub(crate) bucket: Bucket,
    pub(crate) names: &'a mut Names,
    pub(crate) additions: &'a mut AdditionsBuilder,
    /// By the number of a place, that of the place that was made of it last: mostly the next one, too.
    made: Vec<u32>,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(
        window: Window,
        bucket: Bucket,
        names: &'a mut Names,
        additions: &'a mut AdditionsBuilder,
    ) -> Sessions<'a> {
        Sessions { window, bucket, names, additions, made: Vec::new() }
    }

    /// Adds the session of these events, in order of time, if it begins in the day.
    pub(crate) fn add(&mut self, events: &[ChatEvent]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        if !self.window.has(first.micros) {
            return;
        }
        // All of a key's events are of one datastream.
        let datastream = self.names.places[first.place as usize].texts[0];
        let texts = std::array::from_fn(|at| if at == 0 { datastream } else { self.first_text(at, events) });
        let spot = self.spot(first.micros, Place { texts, mask: Mask::CHAT }, first.place);
        let session = ChatSession::of(events);
        self.additions.add(spot, session.measures());
        match (session.started_at, session.ended_at) {
            (Some(start), Some(end)) => self.additions.add_length(Length::Duration, spot, seconds(start, end)),
            (Some(_), None) => self.additions.add_unended(spot, last.micros),
            (None, _) => {}
        }
    }

    /// The first text of a dimension, of equally early ones the smallest.
    fn first_text(&self, dimension: usize, events: &[ChatEvent]) -> u32 {
        let texts = self.names.texts(dimension);
        let text = |event: &ChatEvent| self.names.places[event.place as usize].texts[dimension];
        let Some(first) = events.iter().position(|event| text(event) != NO_TEXT) else { return NO_TEXT };
        let equally_early = events[first..].iter().take_while(|event| event.micros == events[first].micros).map(text);
        equally_early.filter(|text| *text != NO_TEXT).min_by_key(|text| texts.get(*text)).unwrap_or(NO_TEXT)
    }

    /// The spot of an instant of the day and a place that no event need have, but that is made of the place `of` an event.
    pub(crate) fn spot(&mut self, micros: i64, place: Place, of: u32) -> Spot {
        let bucket = (micros - self.window.start) / self.bucket.micros();
        Spot::new(bucket as u16, self.number(place, of))
    }

    fn number(&mut self, place: Place, of: u32) -> u32 {
        let Sessions { names, made, .. } = self;
        if let Some(number) = made.get(of as usize).filter(|number| names.places[**number as usize] == place) {
            return *number;
        }
        let number = names.number(place);
        if made.len() <= of as usize {
            made.resize(names.places.len(), of);
        }
        made[of as usize] = number;
        number
    }
}

/// Whole seconds between instants that are less than a day apart.
pub(crate) fn seconds(from: i64, to: i64) -> u32 {
    ((to - from) / 1_000_000) as u32
}
