//! How records are numbered: what every part of the crate agrees on, and nothing else.

use std::fmt;

/// Position of a record: 1, 2, 3 and so on without gaps; 0 is "nothing yet". It only
/// ever jumps forward over numbers that are used already (`first_sequence_min`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
