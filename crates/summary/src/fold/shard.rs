//! A part of all visitors and chat sessions, so that a day is folded in as much memory as there is.

use crate::rows::Rows;

/// A part of a day's keys: those visitors, and those ids of chat sessions, whose hashes lie in one of
/// some equal ranges. Each event counts in one shard of all; one of a visitor of one shard and a chat
/// session of another one is needed in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Shard = Shard { number: 0, of: 1 };

    /// All shards, if there are so many; at least one.
    pub fn all(of: u32) -> impl Iterator<Item = Shard> {
        let of = of.max(1);
        (0..of).map(move |number| Shard { number, of })
    }

    pub(crate) fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether a visitor or a chat session is in it.
    pub(crate) fn has(self, hash: u64) -> bool {
        self.is_whole() || ((u128::from(hash) * u128::from(self.of)) >> 64) as u32 == self.number
    }

    /// Whether an event counts in it: by its visitor, and without one by its time.
    pub(crate) fn counts(self, visitor: u64, micros: i64) -> bool {
        match visitor {
            // Spreads what differs in the last digits only.
            0 => self.has((micros as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            hash => self.has(hash),
        }
    }

    /// The same of a row.
    pub(crate) fn counts_row(self, rows: &Rows, row: usize) -> bool {
        self.is_whole() || self.counts(rows.visitors()[row], rows.micros()[row])
    }
}
