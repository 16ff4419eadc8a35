//! Where the values of an event go while it is checked.
//!
//! The checker promises: at most one value per slot and row; a list's items come
//! between its `begin` and `end`; text is valid UTF-8. It makes no promise that the
//! event is valid: that is known only when [`Checker::check`](crate::Checker::check)
//! returns, so a sink must be able to forget the last event, and its owner decides
//! to keep or forget it by the verdict.

use crate::layout::{ListSlot, PersonalSlot, Slot, StructSlot};
use crate::personal::Span;

/// Receives the values of events, one event after the other.
///
/// Rows: a value of a slot in space 0 belongs to the event being read; a value in an
/// item space belongs to the last [`item`](Sink::item) of that space's list.
pub trait Sink {
    /// False where undeclared and personal values go nowhere, so that nobody looks for them.
    const KEEPS: bool = true;

    /// An object is present, even if it is empty.
    fn object(&mut self, slot: StructSlot);
    /// The object that was reported last has no members.
    fn empty(&mut self, _: StructSlot) {}
    /// Text, unescaped, valid UTF-8.
    fn text(&mut self, slot: Slot, value: &str);
    /// Text with a hash of it that somebody before this sink has computed anyway: 64 good
    /// bits, the same for equal texts.
    #[inline]
    fn hashed_text(&mut self, slot: Slot, value: &str, _: u64) {
        self.text(slot, value);
    }
    /// An integer.
    fn integer(&mut self, slot: Slot, value: i64);
    /// A number.
    fn number(&mut self, slot: Slot, value: f64);
    /// A boolean.
    fn boolean(&mut self, slot: Slot, value: bool);
    /// An instant in microseconds since 1970-01-01T00:00:00Z.
    fn timestamp(&mut self, slot: Slot, micros: i64);
    /// A list or map is present, even if it is empty.
    fn begin(&mut self, list: ListSlot);
    /// The next item of the list.
    fn item(&mut self, list: ListSlot);
    /// The list is complete.
    fn end(&mut self, list: ListSlot);
    /// A value without a column: an undeclared property, or a value that its column
    /// can't hold exactly. `pointer` is its JSON pointer in the event, `raw` its JSON text.
    fn extra(&mut self, pointer: &str, raw: &str);
    /// A text with personal parts, in clear: its column must hold what stands for each of
    /// them. The whole text follows by [`personal`](Sink::personal).
    fn redacted(&mut self, slot: Slot, text: &str, parts: &[Span]);
    /// A personal value, in clear, to be sealed: `pointer` is its JSON pointer in the
    /// event, `raw` its JSON text. `slot` is `None` where no schema marks the value.
    fn personal(&mut self, slot: Option<PersonalSlot>, pointer: &str, raw: &str);
}

/// Drops everything: checking only.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSink;

impl Sink for NullSink {
    const KEEPS: bool = false;

    #[inline]
    fn object(&mut self, _: StructSlot) {}
    #[inline]
    fn text(&mut self, _: Slot, _: &str) {}
    #[inline]
    fn integer(&mut self, _: Slot, _: i64) {}
    #[inline]
    fn number(&mut self, _: Slot, _: f64) {}
    #[inline]
    fn boolean(&mut self, _: Slot, _: bool) {}
    #[inline]
    fn timestamp(&mut self, _: Slot, _: i64) {}
    #[inline]
    fn begin(&mut self, _: ListSlot) {}
    #[inline]
    fn item(&mut self, _: ListSlot) {}
    #[inline]
    fn end(&mut self, _: ListSlot) {}
    #[inline]
    fn extra(&mut self, _: &str, _: &str) {}
    #[inline]
    fn redacted(&mut self, _: Slot, _: &str, _: &[Span]) {}
    #[inline]
    fn personal(&mut self, _: Option<PersonalSlot>, _: &str, _: &str) {}
}
