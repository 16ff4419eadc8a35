//! The latest lines for those who watch, within a number and a budget of bytes.
//!
//! Lines have numbers, and a reader knows which one is next for it. One that is slower
//! than the events finds that some are gone, and how many; nobody waits for it.

use std::collections::VecDeque;

use bytes::Bytes;
use intake::Claim;

/// Lines that a reader may be behind; then it misses some.
pub(super) const TAIL_EVENTS_MAX: usize = 1_024;
/// Bytes of those lines; then it misses some, too.
pub(super) const TAIL_BYTES_MAX: usize = 8 << 20;
/// What a line takes besides its text.
const LINE_BYTES: usize = 64;

/// The lines that are kept.
#[derive(Debug)]
pub(super) struct LineBuffer {
    lines: VecDeque<Bytes>,
    /// The number of the first one that is kept.
    first: u64,
    bytes: usize,
    claim: Claim,
    /// Nothing comes any more.
    is_closed: bool,
}

/// What a reader gets.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Line(Bytes),
    /// So many lines are gone.
    Missed(u64),
    /// It has them all.
    Nothing,
    Closed,
}

impl LineBuffer {
    pub(super) fn new(claim: Claim) -> LineBuffer {
        LineBuffer { lines: VecDeque::new(), first: 0, bytes: 0, claim, is_closed: false }
    }

    /// The number of the line that comes next.
    pub(super) fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    pub(super) fn push(&mut self, line: Bytes) {
        let cost = line.len() + LINE_BYTES;
        while self.lines.len() >= TAIL_EVENTS_MAX || self.bytes + cost > TAIL_BYTES_MAX {
            if !self.drop_oldest() {
                break;
            }
        }
        while !self.claim.grow_to(self.bytes + cost) {
            if !self.drop_oldest() {
                // Not even this one: its readers are told that they missed it.
                self.first += 1;
                return;
            }
        }
        self.bytes += cost;
        self.lines.push_back(line);
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(line) = self.lines.pop_front() else { return false };
        self.first += 1;
        self.bytes -= line.len() + LINE_BYTES;
        true
    }

    /// The line of this number for a reader, which is told the next one's.
    pub(super) fn take(&self, next: &mut u64) -> Taken {
        if *next < self.first {
            let missed = self.first - *next;
            *next = self.first;
            return Taken::Missed(missed);
        }
        let place = usize::try_from(*next - self.first).unwrap_or(usize::MAX);
        match self.lines.get(place) {
            Some(line) => {
                *next += 1;
                Taken::Line(line.clone())
            }
            None if self.is_closed => Taken::Closed,
            None => Taken::Nothing,
        }
    }

    /// Forgets all lines: nobody reads.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.lines = VecDeque::new();
        self.bytes = 0;
        self.claim.shrink_to(0);
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

#[cfg(test)]
mod tests {
    use intake::Budget;

    use super::*;

    #[test]
    fn a_slow_reader_is_told_how_much_it_missed() {
        let budget = Budget::new(64 << 20);
        let mut lines = LineBuffer::new(budget.empty());
        let (mut slow, mut next) = (lines.end(), lines.end());
        assert_eq!(lines.take(&mut next), Taken::Nothing);
        lines.push(Bytes::from_static(b"0"));
        assert_eq!(lines.take(&mut next), Taken::Line(Bytes::from_static(b"0")));
        for _ in 0..TAIL_EVENTS_MAX + 4 {
            lines.push(Bytes::from_static(b"x"));
        }
        assert_eq!(lines.take(&mut slow), Taken::Missed(5));
        assert_eq!(lines.take(&mut slow), Taken::Line(Bytes::from_static(b"x")));
        assert_eq!(lines.take(&mut next), Taken::Missed(4));
        // Few long lines push out many short ones.
        for _ in 0..9 {
            lines.push(Bytes::from(vec![b'y'; TAIL_BYTES_MAX / 8]));
        }
        assert!(matches!(lines.take(&mut next), Taken::Missed(_)));
        assert!(budget.used() <= TAIL_BYTES_MAX + LINE_BYTES && lines.bytes <= TAIL_BYTES_MAX, "{}", budget.used());
        lines.clear();
        assert_eq!(budget.used(), 0);
        assert!(matches!(lines.take(&mut next), Taken::Missed(_)));
        lines.close();
        assert_eq!(lines.take(&mut next), Taken::Closed);
    }

    #[test]
    fn without_room_lines_are_missed() {
        let budget = Budget::new(1000);
        let mut lines = LineBuffer::new(budget.empty());
        let mut next = lines.end();
        lines.push(Bytes::from(vec![b'x'; 500]));
        lines.push(Bytes::from(vec![b'y'; 500]));
        assert_eq!(lines.take(&mut next), Taken::Missed(1));
        assert_eq!(lines.take(&mut next), Taken::Line(Bytes::from(vec![b'y'; 500])));
        lines.push(Bytes::from(vec![b'z'; 2000]));
        assert_eq!(lines.take(&mut next), Taken::Missed(1));
        assert_eq!(lines.take(&mut next), Taken::Nothing);
    }
}
