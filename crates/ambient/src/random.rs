//! Numbers that nobody else has: for names that must not collide. Not for secrets.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Draws numbers.
pub trait Random: fmt::Debug + Send + Sync {
    /// 128 bits.
    fn bits(&self) -> u128;
}

/// The system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bits(&self) -> u128 {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has a random source");
        u128::from_le_bytes(bytes)
    }
}

/// The same numbers for the same seed (SplitMix64).
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// The numbers of this seed, from the first on.
    pub fn new(seed: u64) -> SeededRandom {
        SeededRandom(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn bits(&self) -> u128 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut draw = || {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            u128::from(z ^ (z >> 31))
        };
        let high = draw();
        high << 64 | draw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_numbers_again_and_no_number_twice() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            (0..1000).map(|_| random.bits()).collect::<Vec<_>>()
        };
        let mut first = draw(7);
        assert_eq!(first, draw(7));
        assert_ne!(first, draw(8));
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 1000);
        assert_ne!(SystemRandom.bits(), SystemRandom.bits());
    }
}
