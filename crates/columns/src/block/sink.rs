//! A block as the decoder's sink: one value, one push.
//!
//! This is what every value of every event passes through, so each call is a few
//! instructions: the row is the last of its space, the bit says that it has a value,
//! the value goes to the end of its column.

use xdm::layout::{ListSlot, PersonalSlot, Slot, StructSlot};
use xdm::{MASK, Redaction, Sink, Span};

use super::column::Values;
use super::text::Text;
use super::{Block, PersonalValue, push_member};

impl Block {
    /// The current row of a space; `None` for an item space before its first item.
    #[inline]
    fn current(&self, space: u16) -> Option<usize> {
        let row = self.lens[usize::from(space)].checked_sub(1);
        debug_assert!(row.is_some(), "a value of an item must come after the item");
        row.map(|row| row as usize)
    }

    /// The text column, ready to take the current row's value; `None` if it has one.
    #[inline]
    fn next_text(&mut self, slot: Slot, value: &str) -> Option<&mut Text> {
        self.bytes += value.len() + 4;
        let row = self.current(self.columns[slot.index()].space)?;
        let column = &mut self.columns[slot.index()];
        match &mut column.values {
            Values::Text(text) if column.valid.set(row) => Some(text),
            _ => None,
        }
    }

    /// Gives the map's last item an empty key if it has come without one: a file can't
    /// store it otherwise.
    fn complete_key(&mut self, list: ListSlot) {
        let list = &self.lists[list.index()];
        let (Some(key), items) = (list.key, usize::from(list.items)) else { return };
        if self.lens[items] > self.committed[items] {
            self.text(Slot(key), "");
        }
    }
}

impl Sink for Block {
    #[inline]
    fn object(&mut self, slot: StructSlot) {
        let space = self.structs[slot.index()].space;
        if let Some(row) = self.current(space) {
            self.structs[slot.index()].valid.set(row);
        }
    }

    #[inline]
    fn text(&mut self, slot: Slot, value: &str) {
        if let Some(text) = self.next_text(slot, value) {
            text.push(value.as_bytes());
        }
    }

    #[inline]
    fn hashed_text(&mut self, slot: Slot, value: &str, hash: u64) {
        if let Some(text) = self.next_text(slot, value) {
            text.push_hashed(value.as_bytes(), || hash);
        }
    }

    #[inline]
    fn integer(&mut self, slot: Slot, value: i64) {
        self.bytes += 8;
        let Some(row) = self.current(self.columns[slot.index()].space) else { return };
        let column = &mut self.columns[slot.index()];
        if let Values::Long(longs) = &mut column.values
            && column.valid.set(row)
        {
            longs.push(value);
        }
    }

    #[inline]
    fn number(&mut self, slot: Slot, value: f64) {
        self.bytes += 8;
        let Some(row) = self.current(self.columns[slot.index()].space) else { return };
        let column = &mut self.columns[slot.index()];
        if let Values::Double(doubles) = &mut column.values
            && column.valid.set(row)
        {
            doubles.push(value);
        }
    }

    #[inline]
    fn boolean(&mut self, slot: Slot, value: bool) {
        self.bytes += 1;
        let Some(row) = self.current(self.columns[slot.index()].space) else { return };
        let column = &mut self.columns[slot.index()];
        if let Values::Boolean(booleans) = &mut column.values
            && column.valid.set(row)
        {
            booleans.push(value);
        }
    }

    #[inline]
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        self.integer(slot, micros);
    }

    #[inline]
    fn begin(&mut self, list: ListSlot) {
        self.bytes += 4;
        let Some(row) = self.current(self.lists[list.index()].space) else { return };
        let list = &mut self.lists[list.index()];
        if list.valid.set(row) {
            list.ends.push(self.lens[usize::from(list.items)]);
        }
    }

    #[inline]
    fn item(&mut self, list: ListSlot) {
        self.bytes += 4;
        if self.lists[list.index()].key.is_some() {
            self.complete_key(list);
        }
        let list = &mut self.lists[list.index()];
        self.lens[usize::from(list.items)] += 1;
        if let Some(end) = list.ends.last_mut() {
            *end += 1;
        }
    }

    #[inline]
    fn end(&mut self, list: ListSlot) {
        if self.lists[list.index()].key.is_some() {
            self.complete_key(list);
        }
    }

    fn extra(&mut self, pointer: &str, raw: &str) {
        self.bytes += pointer.len() + raw.len();
        push_member(&mut self.extra, pointer, raw);
    }

    fn redacted(&mut self, slot: Slot, text: &str, parts: &[Span]) {
        let mut redacted = std::mem::take(&mut self.redacted);
        redacted.clear();
        let mut at = 0;
        for part in parts {
            redacted.extend_from_slice(&text.as_bytes()[at..part.start]);
            match part.redaction {
                Redaction::Mask => redacted.extend_from_slice(MASK.as_bytes()),
                Redaction::Pseudonym => {
                    let value = xdm::normal_form(&text[part.start..part.end]);
                    self.seal.pseudonym(value.as_bytes(), &mut redacted);
                }
            }
            at = part.end;
        }
        redacted.extend_from_slice(&text.as_bytes()[at..]);
        // Texts around texts, and ASCII in between.
        self.text(slot, std::str::from_utf8(&redacted).unwrap_or(MASK));
        self.redacted = redacted;
    }

    fn personal(&mut self, slot: Option<PersonalSlot>, pointer: &str, raw: &str) {
        self.bytes += pointer.len() + raw.len();
        let row = self.rows();
        self.personal.push(PersonalValue { slot, row, pointer, raw });
    }
}
