//! Finds contact requests that repeat an earlier one of the same visitor.

use super::marks::{Counts, seen};
use super::samples::Estimates;
use super::span::Slot;
use super::{Asked, DayPart};
use crate::REPEAT_MICROS;

/// A contact request.
#[derive(Clone, Copy)]
pub(crate) struct Contact {
    pub(crate) hash: u64,
    /// Since 1970.
    pub(crate) minute: i64,
    /// Of the answer's days.
    pub(crate) part: u32,
    /// Of the day as it is kept.
    pub(crate) cell: u32,
}

/// Counts visitors who came again, one after the other.
pub(crate) struct Repeats<'a> {
    asked: &'a Asked<'a>,
    /// Numbered from 1.
    visitor: u32,
    /// The last visitor that was counted for each number.
    last: Vec<u32>,
}

impl<'a> Repeats<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>) -> Repeats<'a> {
        let numbers = if asked.query.wanted.has_repeats() { asked.numbers() } else { 0 };
        Repeats { asked, visitor: 0, last: vec![0; numbers] }
    }

    /// Counts the visitors of these contact requests, which are all of theirs. Those of one minute count as one.
    pub(crate) fn count(&mut self, contacts: &mut [Contact], counts: &mut Counts) {
        contacts.sort_unstable_by_key(|contact| (contact.hash, contact.minute));
        for of_visitor in contacts.chunk_by(|one, next| one.hash == next.hash) {
            self.visitor += 1;
            let mut before = None;
            for at_once in of_visitor.chunk_by(|one, next| one.minute == next.minute) {
                let minute = at_once[0].minute;
                if before.is_some_and(|before| REPEAT_MICROS.contains(&((minute - before) * 60_000_000))) {
                    at_once.iter().for_each(|contact| self.add(contact, counts));
                }
                before = Some(minute);
            }
        }
    }

    fn add(&mut self, contact: &Contact, counts: &mut Counts) {
        let Asked { parts, rows, estimates, query, .. } = self.asked;
        let Estimates { span, series, .. } = estimates;
        let (part, first_row) = (&parts[contact.part as usize], self.asked.first_row());
        let cell = part.cell_of_kept(contact.cell);
        let seen = part.seen[cell as usize];
        if seen & seen::ANY == 0 {
            return;
        }
        let mut mark = |number: u32| {
            if self.last[number as usize] != self.visitor {
                self.last[number as usize] = self.visitor;
                counts.add(number, seen::REPEAT);
            }
        };
        if let Slot::InSeries(bucket) = part.slot_of(cell)
            && series[bucket as usize].repeats.has(contact.hash)
        {
            mark(Asked::number_of_bucket(bucket));
        }
        if !span.repeats.has(contact.hash) {
            return;
        }
        if query.wanted.totals.repeat_visitors {
            mark(0);
        }
        if !query.wanted.rows.repeat_visitors {
            return;
        }
        if rows.by_channel {
            rows.of_channels(seen::channels(seen)).for_each(|row| mark(first_row + row as u32));
            return;
        }
        let row = part.place_rows[part.place_of(cell)];
        if (row as usize) < rows.keys.len() {
            mark(first_row + row);
        }
    }
}

impl DayPart<'_> {
    /// Where a cell of the day belongs.
    pub(crate) fn slot_of(&self, cell: u32) -> Slot {
        let at = self.stretches.partition_point(|stretch| stretch.end <= cell);
        self.stretches.get(at).map_or(Slot::Outside, |stretch| stretch.slot)
    }
}
