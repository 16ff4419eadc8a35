//! Time and randomness, handed in: what code can otherwise reach from anywhere without being
//! given it, and what then makes a run impossible to repeat.
//!
//! The crates that keep promises ask a [`Clock`] and a [`Random`] and nothing else, which
//! tidy checks. A test, or the replay of a failing run, decides what they say. Two things are
//! not here: the disk, of which each crate that writes has a trait of its own, made for what it
//! writes (`journal::Disk`, `table::Disk`); and secrets, which are drawn from the system where
//! they are made, since a key that can be repeated is none.
//!
//! This is the one crate of ours that every other may depend on; it depends on none.
#![forbid(unsafe_code)]

mod clock;
mod random;

pub use clock::{Clock, ManualClock, SystemClock};
pub use random::{Random, SeededRandom, SystemRandom};
