//! Leaves: read, check, hand to the sink.

use super::cursor::Stop;
use super::number::Number;
use super::path::Path;
use super::report;
use super::{Identity, Walk};
use crate::format::instant;
use crate::keyword::{self, NumberRule, TextRule};
use crate::layout::{PersonalSlot, Slot};
use crate::personal::{self, Span};
use crate::plan::{BooleanNode, Keep, Loc, NumericNode, Parts, TextNode, TimestampNode};
use crate::sink::Sink;

/// What became of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Its column has it as it was sent.
    InClear,
    /// Its column has it with personal parts covered; what was sent is sealed.
    Covered,
    /// It is sealed.
    Sealed,
    /// It is part of something that is kept as raw JSON.
    Nowhere,
}

impl<S: Sink> Walk<'_, S> {
    #[inline]
    pub(super) fn text(&mut self, node: &TextNode, path: &Path<'_>) -> Result<(), Stop> {
        if self.cursor.peek() != b'"' {
            return self.wrong_type(node.type_loc, "a text", path);
        }
        let start = self.cursor.at();
        if let Some(text) = self.cursor.plain_string()? {
            self.text_value(node, text, start, path);
            return Ok(());
        }
        let mut text = self.state.scratch.lend();
        let decoded = self.cursor.escaped_string(&mut text)?;
        let kept = self.text_value(node, &text, start, path);
        self.state.scratch.give_back(text);
        if decoded.replaced && matches!(kept, Kept::InClear | Kept::Covered) {
            self.state.notice(|| report::lone_surrogate(path));
            // Counted alike by every sink, so that all judge alike.
            match kept {
                Kept::Covered => drop(self.names_kept(path, decoded.raw.len())),
                _ => self.keep_raw(path, decoded.raw, false),
            }
        }
        Ok(())
    }

    /// `start` is where the text as it was sent begins; it ends at the cursor.
    #[inline]
    fn text_value(&mut self, node: &TextNode, text: &str, start: usize, path: &Path<'_>) -> Kept {
        for (rule, loc) in &node.rules {
            if !rule.holds(text) {
                self.violate_text(rule, *loc, text, path);
            }
        }
        match node.keep {
            Keep::Column(slot) if self.identity != Identity::None && !node.closed => {
                return self.identity_text(slot, text, start, path);
            }
            Keep::Column(slot) if text.is_empty() && slot == self.plan.id => self.empty_id(path),
            Keep::Column(slot) => self.sink.text(slot, text),
            Keep::Parts(slot, parts) => return self.text_with_parts(slot, parts, text, start, path),
            Keep::Personal(slot) => {
                self.seal(Some(slot), start, path);
                return Kept::Sealed;
            }
            Keep::Nowhere => return Kept::Nowhere,
        }
        Kept::InClear
    }

    /// An identity's id: personal by its namespace, or by what it looks like.
    #[inline(never)]
    fn identity_text(&mut self, slot: Slot, text: &str, start: usize, path: &Path<'_>) -> Kept {
        if self.identity == Identity::Personal {
            self.sink.redacted(slot, text, &[Span::pseudonym(text)]);
            self.seal(None, start, path);
            return Kept::Sealed;
        }
        if !S::KEEPS || !personal::is_telling_identity(text) {
            self.sink.text(slot, text);
            return Kept::InClear;
        }
        self.sink.redacted(slot, text, &[Span::pseudonym(text)]);
        self.seal_covered(start, path);
        Kept::Covered
    }

    /// A text that may have personal parts: those are covered, and the whole is sealed.
    #[inline]
    fn text_with_parts(&mut self, slot: Slot, parts: Parts, text: &str, start: usize, path: &Path<'_>) -> Kept {
        let is_clear = match parts {
            _ if !S::KEEPS => true,
            Parts::Uri => personal::uri::is_plain(text),
            Parts::Text | Parts::Id => !personal::text::may_hold(text),
        };
        if is_clear {
            self.sink.text(slot, text);
            return Kept::InClear;
        }
        self.cover(slot, parts, text, start, path)
    }

    #[inline(never)]
    fn cover(&mut self, slot: Slot, parts: Parts, text: &str, start: usize, path: &Path<'_>) -> Kept {
        let mut spans = std::mem::take(&mut self.state.parts);
        spans.clear();
        match parts {
            Parts::Uri => personal::uri::spans(text, &mut spans),
            Parts::Text => personal::text::spans(text, &mut spans),
            Parts::Id if personal::text::is_plainly_telling(text) => spans.push(Span::pseudonym(text)),
            Parts::Id => {}
        }
        let is_clear = spans.is_empty();
        if is_clear {
            self.sink.text(slot, text);
        } else {
            self.sink.redacted(slot, text, &spans);
            self.seal_covered(start, path);
        }
        self.state.parts = spans;
        if is_clear { Kept::InClear } else { Kept::Covered }
    }

    /// Seals a text that was found to be personal by what it looks like. It counts in no
    /// limit, since it is found only where values are kept: it is part of the event, and its
    /// path is as short as the schema and `KEY_BYTES_MAX` make it.
    fn seal_covered(&mut self, start: usize, path: &Path<'_>) {
        self.state.pointer.clear();
        path.write_stored(&mut self.state.pointer);
        self.sink.personal(None, &self.state.pointer, self.cursor.since(start));
    }

    #[cold]
    fn seal(&mut self, slot: Option<PersonalSlot>, start: usize, path: &Path<'_>) {
        let raw = self.cursor.since(start);
        if self.names_kept(path, raw.len()) {
            self.sink.personal(slot, &self.state.pointer, raw);
        }
    }

    /// An empty `_id` would make all events of a careless sender one event.
    #[cold]
    fn empty_id(&mut self, path: &Path<'_>) {
        match self.profile.id {
            crate::IdRule::MayBeMissing => self.state.notice(|| report::empty_id(path)),
            crate::IdRule::Required => self.sink.text(self.plan.id, ""),
        }
    }

    #[inline]
    pub(super) fn timestamp(&mut self, node: &TimestampNode, path: &Path<'_>) -> Result<(), Stop> {
        if self.cursor.peek() != b'"' {
            return self.wrong_type(node.type_loc, "a date-time", path);
        }
        let start = self.cursor.at();
        let mut decoded = String::new();
        let text = match self.cursor.plain_string()? {
            Some(text) => text,
            None => {
                self.cursor.escaped_string(&mut decoded)?;
                &decoded
            }
        };
        for (rule, loc) in &node.rules {
            if !rule.holds(text) {
                self.violate_text(rule, *loc, text, path);
            }
        }
        match (instant::parse(text), node.keep) {
            (None, _) => {
                let rule = TextRule::Format(keyword::Format::date_time());
                self.violate_text(&rule, node.format_loc, text, path);
            }
            (Some(instant), Keep::Column(slot)) if !instant::STORED.contains(&instant.micros) => {
                self.far_off(slot, node.format_loc, start, path);
            }
            (Some(instant), Keep::Column(slot)) => {
                self.sink.timestamp(slot, instant.micros);
                if !instant.exact {
                    self.state.notice(|| report::cut_fraction(path));
                    self.keep_raw(path, self.cursor.since(start), false);
                }
            }
            (Some(_), _) => {}
        }
        Ok(())
    }

    /// An instant that no column takes. An event's own time decides where the event lies, so
    /// it is rejected; others ("valid until 9999") are kept beside their column.
    #[cold]
    fn far_off(&mut self, slot: Slot, loc: Loc, start: usize, path: &Path<'_>) {
        if slot == self.plan.timestamp {
            self.state.violate(|| report::timestamp_range(path, self.plan.location(loc)));
        } else {
            self.state.notice(|| report::timestamp_range_kept(path));
            self.keep_raw(path, self.cursor.since(start), false);
        }
    }

    #[inline]
    pub(super) fn integer(&mut self, node: &NumericNode, path: &Path<'_>) -> Result<(), Stop> {
        if !matches!(self.cursor.peek(), b'-' | b'0'..=b'9') {
            return self.wrong_type(node.type_loc, "an integer", path);
        }
        let start = self.cursor.at();
        let number = self.cursor.number()?;
        self.bounds(&node.rules, number, path);
        match (number, node.keep) {
            (Number::Integer(value), Keep::Column(slot)) => self.sink.integer(slot, value),
            (Number::Unsigned(_) | Number::Huge(_), Keep::Column(_)) => {
                self.state.notice(|| report::integer_range(path));
                self.keep_raw(path, self.cursor.since(start), false);
            }
            (Number::Fraction(_), _) => {
                self.violate(node.type_loc, path, || report::FRACTION.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    #[inline]
    pub(super) fn number(&mut self, node: &NumericNode, path: &Path<'_>) -> Result<(), Stop> {
        if !matches!(self.cursor.peek(), b'-' | b'0'..=b'9') {
            return self.wrong_type(node.type_loc, "a number", path);
        }
        let start = self.cursor.at();
        let number = self.cursor.number()?;
        self.bounds(&node.rules, number, path);
        if let Keep::Column(slot) = node.keep {
            let value = number.as_f64();
            if value.is_finite() {
                self.sink.number(slot, value);
            }
            // A double can't hold every integer, nor 1e400: what was sent is kept beside it.
            let held = match number {
                Number::Integer(integer) => value as i64 == integer && integer.unsigned_abs() <= 1 << 53,
                _ => value.is_finite(),
            };
            if !held {
                self.state.notice(|| report::number_range(path));
                self.keep_raw(path, self.cursor.since(start), false);
            }
        }
        Ok(())
    }

    #[inline]
    fn bounds(&mut self, rules: &[(NumberRule, Loc)], number: Number, path: &Path<'_>) {
        for (rule, loc) in rules {
            if !rule.holds(number) {
                self.violate(*loc, path, || rule.message());
            }
        }
    }

    #[inline]
    pub(super) fn boolean(&mut self, node: &BooleanNode, path: &Path<'_>) -> Result<(), Stop> {
        let value = match self.cursor.peek() {
            b't' => true,
            b'f' => false,
            _ => return self.wrong_type(node.type_loc, "true or false", path),
        };
        self.cursor.word(if value { b"true" } else { b"false" })?;
        if let Some((only, loc)) = node.only
            && only != value
        {
            self.violate(loc, path, || format!("only {only} is permitted; send {only}"));
        }
        if let Keep::Column(slot) = node.keep {
            self.sink.boolean(slot, value);
        }
        Ok(())
    }
}
