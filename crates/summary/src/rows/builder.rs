//! Makes rows of events, one at a time.

use hashbrown::HashMap;

use super::marks::{Flags, Mark, Mask};
use super::{Interner, Numbering, Place, PlaceKey, Rows};
use crate::dimensions::TEXT_DIMENSIONS;
use crate::fold::Shard;
use crate::{COUNTER_MAX, DAY_CLOSES_AFTER_MICROS, DAY_MICROS, Event, HashKey};

/// An event on its way into rows.
#[derive(Default)]
pub(crate) struct Added {
    /// Its row among those that it comes from.
    pub(crate) row: usize,
    micros: i64,
    /// Hash; 0 for none.
    visitor: u64,
    /// Likewise; 0 without a mark, too.
    session: u64,
    counters: [u16; 8],
    mask: Mask,
    flags: Flags,
    /// Numbers.
    pub(crate) texts: [u32; TEXT_DIMENSIONS],
}

impl Added {
    /// Of a row, and with a time in microseconds.
    pub(crate) fn new(row: usize, micros: i64) -> Added {
        Added { row, micros, ..Added::default() }
    }

    /// Takes a counter, as a place in [`Counter::ALL`](crate::Counter::ALL).
    pub(crate) fn count(&mut self, counter: usize, value: i64) {
        match value {
            0..=COUNTER_LAST => self.counters[counter] = value as u16,
            _ => self.note(Flags::COUNTER, true),
        }
    }

    /// Sets the visitor and, if it matters, the chat session, after all counters.
    pub(crate) fn set_keys<'a>(
        &mut self,
        key: &HashKey,
        visitor: Option<&[u8]>,
        session: impl FnOnce() -> Option<&'a [u8]>,
    ) {
        let hash = |text: Option<&[u8]>| text.filter(|text| !text.is_empty()).map_or(0, |text| key.hash(text));
        self.mask = Mask::of(&self.counters);
        self.visitor = hash(visitor);
        if self.has_mark() {
            self.session = hash(session());
            let is_chat = self.mask.channels() & Mask::CHAT.0 != 0;
            self.note(Flags::WITHOUT_SESSION, is_chat && self.visitor == 0 && self.session == 0);
        }
    }

    /// Takes when it was received, in microseconds.
    pub(crate) fn receive(&mut self, micros: i64) {
        let day_start = self.micros.div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS);
        self.note(Flags::LATE, micros >= day_start.saturating_add(DAY_MICROS + DAY_CLOSES_AFTER_MICROS));
    }

    /// Adds a flag, if it holds.
    pub(crate) fn note(&mut self, flag: u8, holds: bool) {
        self.flags.0 |= if holds { flag } else { 0 };
    }

    fn has_mark(&self) -> bool {
        self.mask != Mask::default()
    }
}

/// Makes [`Rows`] of events.
pub struct RowsBuilder {
    key: HashKey,
    shard: Shard,
    rows: Rows,
    numbering: Numbering,
    /// By place and flags.
    place_ids: HashMap<PlaceKey, u32>,
}

impl RowsBuilder {
    /// Without events yet.
    pub fn new(key: &HashKey) -> RowsBuilder {
        RowsBuilder::of_shard(key, Shard::WHOLE)
    }

    /// Without events yet; it takes those that the shard needs, and passes the others over.
    pub fn of_shard(key: &HashKey, shard: Shard) -> RowsBuilder {
        RowsBuilder {
            key: key.clone(),
            shard,
            rows: Rows { first: i64::MAX, last: i64::MIN, ..Rows::default() },
            numbering: Numbering::default(),
            place_ids: HashMap::default(),
        }
    }

    /// Makes room for that many more events, so that memory isn't moved while they are added.
    pub fn reserve(&mut self, events: usize) {
        self.rows.micros.reserve(events);
        self.rows.place_of.reserve(events);
        self.rows.visitors.reserve(events);
    }

    /// Adds an event.
    pub fn push(&mut self, event: &Event<'_>) {
        let mut added = Added::new(self.len(), event.micros);
        for (counter, value) in event.counters.iter().enumerate() {
            value.iter().for_each(|value| added.count(counter, *value));
        }
        added.set_keys(&self.key, event.visitor.map(str::as_bytes), || event.session.map(str::as_bytes));
        if !self.needs(&added) {
            return;
        }
        added.receive(event.received_micros);
        added.note(Flags::TIME, event.is_time_off);
        let texts = [Some(event.datastream), event.subject, event.page, event.device, event.referrer];
        added.texts = std::array::from_fn(|dimension| self.numbering.interners[dimension].intern(texts[dimension]));
        self.add(&added);
    }

    /// Whether the shard needs an event whose keys are set.
    pub(crate) fn needs(&self, event: &Added) -> bool {
        self.shard.counts(event.visitor, event.micros) || event.session != 0 && self.shard.has(event.session)
    }

    /// Adds an event of which everything is set.
    pub(crate) fn add(&mut self, event: &Added) {
        let place = Place { texts: event.texts, mask: event.mask };
        let place = numbered(&mut self.rows.places, &mut self.place_ids, place, event.flags);
        if event.has_mark() {
            let row = self.rows.micros.len() as u32;
            self.rows.marks.push(Mark { session: event.session, row, counters: event.counters });
        }
        self.rows.first = self.rows.first.min(event.micros);
        self.rows.last = self.rows.last.max(event.micros);
        self.rows.micros.push(event.micros);
        self.rows.place_of.push(place);
        self.rows.visitors.push(event.visitor);
    }

    pub(crate) fn key(&self) -> &HashKey {
        &self.key
    }

    pub(crate) fn numbering(&mut self) -> &mut Numbering {
        &mut self.numbering
    }

    /// Events so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The memory that it takes so far, in bytes, about.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.numbering.bytes() + self.place_ids.capacity() * size_of::<(PlaceKey, u32)>()
    }

    /// The events as rows.
    pub fn finish(self) -> Rows {
        let RowsBuilder { mut rows, numbering, .. } = self;
        rows.texts = numbering.interners.map(Interner::finish);
        rows.places.shrink_to_fit();
        rows.micros.shrink_to_fit();
        rows.place_of.shrink_to_fit();
        rows.visitors.shrink_to_fit();
        rows.marks.shrink_to_fit();
        rows
    }
}

/// The number of a place with what is odd about its events, a new one if there is none.
pub(super) fn numbered(
    places: &mut Vec<(Place, Flags)>,
    ids: &mut HashMap<PlaceKey, u32>,
    place: Place,
    flags: Flags,
) -> u32 {
    *ids.entry(place.key().with(flags.0)).or_insert_with(|| {
        places.push((place, flags));
        places.len() as u32 - 1
    })
}

const COUNTER_LAST: i64 = COUNTER_MAX as i64;
