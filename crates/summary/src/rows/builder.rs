//! Makes rows of events, one at a time.

use hashbrown::HashMap;

use super::marks::{Flags, Mark, Mask, valid};
use super::{Interner, Numbering, Place, PlaceKey, Rows};
use crate::dimensions::TEXT_DIMENSIONS;
use crate::fold::Shard;
use crate::{DAY_CLOSES_AFTER_MICROS, DAY_MICROS, Event, HashKey};

/// An [`Event`] without the texts that get numbers, its ids as bytes.
pub(crate) struct Parts<'a> {
    pub(crate) micros: i64,
    pub(crate) received_micros: i64,
    pub(crate) visitor: Option<&'a [u8]>,
    pub(crate) session: Option<&'a [u8]>,
    pub(crate) counters: [Option<i64>; 8],
    pub(crate) is_time_off: bool,
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
        let parts = Parts {
            micros: event.micros,
            received_micros: event.received_micros,
            visitor: event.visitor.map(str::as_bytes),
            session: event.session.map(str::as_bytes),
            counters: event.counters,
            is_time_off: event.is_time_off,
        };
        let texts = [Some(event.datastream), event.subject, event.page, event.device, event.referrer];
        self.push_parts(parts, |numbering| {
            std::array::from_fn(|dimension| numbering.interners[dimension].intern(texts[dimension]))
        });
    }

    /// Adds an event, if the shard needs it, with the numbers that `texts` gives.
    #[inline]
    pub(crate) fn push_parts(
        &mut self,
        event: Parts<'_>,
        texts: impl FnOnce(&mut Numbering) -> [u32; TEXT_DIMENSIONS],
    ) {
        let (counters, is_odd) = valid(&event.counters);
        let mask = Mask::of(&counters);
        let visitor = event.visitor.filter(|text| !text.is_empty()).map_or(0, |text| self.key.hash(text));
        let session = event.session.filter(|text| !text.is_empty());
        let has_mark = mask != Mask::default();
        let session_hash = session.filter(|_| has_mark).map_or(0, |text| self.key.hash(text));
        let is_needed = self.shard.counts(visitor, event.micros) || session_hash != 0 && self.shard.has(session_hash);
        if !is_needed {
            return;
        }
        let mut flags = 0;
        for (holds, flag) in [
            (is_odd, Flags::COUNTER),
            (event.is_time_off, Flags::TIME),
            (is_late(&event), Flags::LATE),
            (mask.channels() & 1 != 0 && visitor == 0 && session.is_none(), Flags::WITHOUT_SESSION),
        ] {
            flags |= if holds { flag } else { 0 };
        }
        let texts = texts(&mut self.numbering);
        let place = self.place(Place { texts, mask }, Flags(flags));
        if has_mark {
            self.rows.marks.push(Mark { session: session_hash, row: self.rows.micros.len() as u32, counters });
        }
        self.rows.first = self.rows.first.min(event.micros);
        self.rows.last = self.rows.last.max(event.micros);
        self.rows.micros.push(event.micros);
        self.rows.place_of.push(place);
        self.rows.visitors.push(visitor);
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

    fn place(&mut self, place: Place, flags: Flags) -> u32 {
        numbered(&mut self.rows.places, &mut self.place_ids, place, flags)
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

/// Whether the event was received after its day was closed.
fn is_late(event: &Parts<'_>) -> bool {
    let day_start = event.micros.div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS);
    event.received_micros >= day_start.saturating_add(DAY_MICROS + DAY_CLOSES_AFTER_MICROS)
}
