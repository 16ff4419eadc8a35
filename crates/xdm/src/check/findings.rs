//! What is reported of an event, within its limits: the rest is counted, and never made.

use crate::limits::{MESSAGE_BYTES_MAX, POINTER_BYTES_MAX};
use crate::violation::{Notice, Violation, cut};

/// Something that is reported of an event.
pub(super) trait Finding {
    /// Cuts what is too long, and says what the whole takes in memory.
    fn trim(&mut self) -> usize;
}

impl Finding for Violation {
    fn trim(&mut self) -> usize {
        cut(&mut self.pointer, POINTER_BYTES_MAX);
        cut(&mut self.message, MESSAGE_BYTES_MAX);
        self.bytes()
    }
}

impl Finding for Notice {
    fn trim(&mut self) -> usize {
        cut(&mut self.pointer, POINTER_BYTES_MAX);
        cut(&mut self.message, MESSAGE_BYTES_MAX);
        self.bytes()
    }
}

/// All that is reported of one kind.
#[derive(Debug)]
pub(super) struct Findings<T> {
    all: Vec<T>,
    bytes: usize,
    omitted: usize,
    count_max: usize,
    bytes_max: usize,
}

// Derived, it would ask for `T: Default`.
impl<T> Default for Findings<T> {
    fn default() -> Self {
        Findings { all: Vec::new(), bytes: 0, omitted: 0, count_max: 0, bytes_max: 0 }
    }
}

impl<T: Finding> Findings<T> {
    pub(super) fn limit(&mut self, count_max: usize, bytes_max: usize) {
        (self.count_max, self.bytes_max) = (count_max, bytes_max);
    }

    /// Adds what `tell` makes, or counts it, unmade, when there is no room.
    pub(super) fn push(&mut self, tell: impl FnOnce() -> T) {
        if self.has_room() { self.add(tell()) } else { self.omitted += 1 }
    }

    /// Adds one in any case: what ends an event is always reported.
    pub(super) fn add(&mut self, mut one: T) {
        self.bytes += one.trim();
        self.all.push(one);
    }

    /// Moves all of `other` here, as far as there is room.
    pub(super) fn append(&mut self, other: &mut Findings<T>) {
        for one in other.all.drain(..) {
            self.push(|| one);
        }
        self.omitted += other.omitted;
        other.clear();
    }

    /// The last one may pass `bytes_max` by its own length, which is bounded.
    pub(super) fn has_room(&self) -> bool {
        self.all.len() < self.count_max && self.bytes < self.bytes_max
    }

    pub(super) fn into_all(self) -> Vec<T> {
        self.all
    }

    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    pub(super) fn omitted(&self) -> usize {
        self.omitted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.omitted == 0
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        (self.bytes, self.omitted) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(pointer: &str) -> Violation {
        Violation {
            pointer: pointer.to_owned(),
            schema: String::new(),
            keyword: "type".to_owned(),
            message: String::new(),
        }
    }

    #[test]
    fn past_a_limit_nothing_is_made_and_everything_is_counted() {
        let mut told = Findings::default();
        told.limit(2, 1 << 20);
        told.push(|| violation("/a"));
        told.push(|| violation("/b"));
        told.push(|| unreachable!("there is no room"));
        told.add(violation("/end"));
        assert_eq!((told.all().len(), told.omitted()), (3, 1));

        let mut other = Findings::default();
        other.limit(2, violation("/c").bytes());
        other.push(|| violation("/c"));
        other.push(|| unreachable!("its bytes are used up"));
        told.clear();
        told.push(|| violation("/a"));
        told.append(&mut other);
        assert_eq!((told.all().len(), told.omitted(), other.is_empty()), (2, 1, true));
    }

    #[test]
    fn long_texts_are_cut_with_a_mark() {
        let mut told = Findings::default();
        told.limit(1, 1 << 20);
        told.push(|| Violation {
            message: "é".repeat(MESSAGE_BYTES_MAX),
            ..violation(&"/é".repeat(POINTER_BYTES_MAX))
        });
        let Violation { pointer, message, .. } = &told.all()[0];
        assert!(pointer.len() <= POINTER_BYTES_MAX && pointer.ends_with('…'), "{}", pointer.len());
        assert!(message.len() <= MESSAGE_BYTES_MAX && message.ends_with('…'), "{}", message.len());
    }
}
