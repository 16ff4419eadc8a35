//! Rows of columns, some hundred events at a time and of these a column at a time: the loops are short, and what they
//! leave of an event stays near the processor until it is added.

use std::ops::Range;

use super::{EventColumns, IntegerColumn, Present};
use crate::rows::{Added, Flags, RowsBuilder};

/// Rows that are looked at together.
const STEP_ROWS: usize = 512;

impl RowsBuilder {
    /// Adds the events whose times, in microseconds, are within a span: as [`push`](Self::push) does, with
    /// the visitor by [`IdentityColumn::visitor`](super::IdentityColumn::visitor), the page by [`page`](crate::page),
    /// device and referrer by [`Device::of`] and [`referrer`](crate::referrer), and texts [cut](crate::cut).
    pub fn push_columns(&mut self, columns: &EventColumns<'_>, span: &Range<i64>) {
        let mut events = Vec::with_capacity(STEP_ROWS.min(columns.rows));
        for first in (0..columns.rows).step_by(STEP_ROWS) {
            let of_span = |row| columns.times.get(row).filter(|micros| span.contains(micros));
            let step = first..columns.rows.min(first + STEP_ROWS);
            events.extend(step.filter_map(|row| Some(Added::new(row, of_span(row)?))));
            self.push_step(columns, &mut events);
            events.clear();
        }
    }

    fn push_step(&mut self, columns: &EventColumns<'_>, events: &mut Vec<Added>) {
        for (counter, column) in columns.counters.iter().enumerate() {
            for_each_value(events, column, |event, value| event.count(counter, value));
        }
        for event in &mut *events {
            let row = event.row;
            let visitor = columns.identities.as_ref().and_then(|identities| identities.visitor(row));
            let session = || columns.sessions.as_ref().and_then(|sessions| sessions.get(row));
            event.set_keys(self.key(), visitor, session);
        }
        events.retain(|event| self.needs(event));
        for event in &mut *events {
            let has = |present: &Option<Present<'_>>| present.as_ref().is_some_and(|present| present.has(event.row));
            let received = columns.received.as_ref().filter(|_| has(&columns.requests));
            let is_off = has(&columns.time_anomalies);
            received.and_then(|received| received.get(event.row)).into_iter().for_each(|at| event.receive(at));
            event.note(Flags::TIME, is_off);
        }
        self.numbering().name(columns, events);
        events.iter().for_each(|event| self.add(event));
    }
}

/// Gives each event its integer of a column, if it has one. Events are in the order of their rows.
fn for_each_value(events: &mut [Added], column: &Option<IntegerColumn<'_>>, take: impl Fn(&mut Added, i64)) {
    let (Some(column), Some(first), Some(last)) = (column, events.first(), events.last()) else { return };
    let rows = first.row..last.row + 1;
    match column.present {
        // Of counters few rows have a value: the others aren't looked at, if each row is an event.
        Present::Packed { words, before } if rows.len() == events.len() => {
            let words = words.iter().zip(before).enumerate().take(rows.end.div_ceil(64)).skip(rows.start / 64);
            for (at, (word, before)) in words {
                let (mut bits, mut place) = (*word, *before as usize);
                while bits != 0 {
                    let row = at * 64 + bits.trailing_zeros() as usize;
                    let event = row.checked_sub(rows.start).and_then(|behind| events.get_mut(behind));
                    if let Some((event, value)) = event.zip(column.values.get(place)) {
                        take(event, *value);
                    }
                    place += 1;
                    bits &= bits - 1;
                }
            }
        }
        _ => {
            for event in events {
                if let Some(value) = column.get(event.row) {
                    take(event, value);
                }
            }
        }
    }
}
