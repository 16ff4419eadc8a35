//! The personal values of a block's events, in clear, from when they are read until they are
//! protected.
//!
//! They are collected as (slot, row, value) and handed over together, because what protects them
//! may have to ask for many at once. Nothing of them is in a column before that: a block with
//! values that wait can be filled further, and neither shown, copied nor written.

use xdm::layout::PersonalSlot;

/// A personal value of an event, in clear.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PersonalValue<'a> {
    /// Which leaf of the layout it is; `None` where no schema marks it.
    pub slot: Option<PersonalSlot>,
    /// The event's row in its block.
    pub row: usize,
    /// JSON pointer to where it stood in the event.
    pub pointer: &'a str,
    /// Its JSON text.
    pub raw: &'a str,
}

/// Where a value lies in the text.
#[derive(Clone, Copy)]
struct Span {
    slot: Option<PersonalSlot>,
    row: u32,
    start: u32,
    pointer_end: u32,
    end: u32,
}

/// Values in the order in which they were read.
#[derive(Default)]
pub(crate) struct PersonalValues {
    /// Pointer and value of each, one after the other.
    text: Vec<u8>,
    spans: Vec<Span>,
}

impl PersonalValues {
    pub(crate) fn push(&mut self, value: PersonalValue<'_>) {
        // A block's limit on bytes is far below 4 GiB.
        let start = self.text.len() as u32;
        self.text.extend_from_slice(value.pointer.as_bytes());
        let pointer_end = self.text.len() as u32;
        self.text.extend_from_slice(value.raw.as_bytes());
        self.spans.push(Span {
            slot: value.slot,
            row: value.row as u32,
            start,
            pointer_end,
            end: self.text.len() as u32,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether there is one of this row or a later one.
    pub(crate) fn reach(&self, row: usize) -> bool {
        self.spans.last().is_some_and(|last| last.row as usize >= row)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = PersonalValue<'_>> {
        // They were texts when they came.
        let text =
            |start: u32, end: u32| std::str::from_utf8(&self.text[start as usize..end as usize]).unwrap_or_default();
        self.spans.iter().map(move |span| PersonalValue {
            slot: span.slot,
            row: span.row as usize,
            pointer: text(span.start, span.pointer_end),
            raw: text(span.pointer_end, span.end),
        })
    }

    /// Forgets the values of rows from this one on.
    pub(crate) fn cut(&mut self, row: usize) {
        let kept = self.spans.partition_point(|span| (span.row as usize) < row);
        if let Some(first) = self.spans.get(kept) {
            let start = first.start as usize;
            self.overwrite(start);
            self.spans.truncate(kept);
        }
    }

    /// Forgets all values; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.overwrite(0);
        self.spans.clear();
    }

    /// Recycled memory should not keep clear text around until it is used again.
    fn overwrite(&mut self, start: usize) {
        self.text[start..].fill(0);
        self.text.truncate(start);
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(row: usize, raw: &'static str) -> PersonalValue<'static> {
        PersonalValue { slot: Some(PersonalSlot(7)), row, pointer: "/phone", raw }
    }

    #[test]
    fn values_come_back_until_they_are_forgotten() {
        let mut values = PersonalValues::default();
        let all =
            |values: &PersonalValues| values.iter().map(|value| (value.row, value.raw.to_owned())).collect::<Vec<_>>();
        values.push(value(0, "\"+1\""));
        values.push(value(2, "\"+2\""));
        values.push(PersonalValue { slot: None, ..value(2, "\"é\"") });
        assert!(values.iter().nth(1).is_some_and(|second| second == value(2, "\"+2\"")));
        assert!(values.reach(2) && !values.reach(3));
        values.cut(2);
        assert_eq!(all(&values), [(0, "\"+1\"".to_owned())]);
        values.push(value(2, "\"+3\""));
        assert_eq!(all(&values), [(0, "\"+1\"".to_owned()), (2, "\"+3\"".to_owned())]);
        values.clear();
        assert!(values.is_empty() && values.heap_bytes() > 0);
    }
}
