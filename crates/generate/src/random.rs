//! The demo data's own source of chance: SplitMix64, seeded.
//!
//! The stream is part of the promise "same seed, same bytes", so it must not change
//! with the version of a library. It is for demo data only and refuses nothing: never
//! use it for keys, nonces or anything that somebody might want to guess.

/// A stream of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// A stream for `seed`.
    pub(crate) fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// An independent stream for the thing number `index`, so that visitor 7 is the
    /// same person in every session of a run.
    pub(crate) fn of(seed: u64, index: u64) -> Random {
        let mut stream = Random::new(seed ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03));
        stream.next();
        stream
    }

    /// The next 64 bits (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `end`. The bias of the multiplication is
    /// below 2^-32 for the small ranges used here.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        (((self.next() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the items, each as likely as the other.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// The place of one of the items, each as likely as its share of 100 says; the last one where they are fewer.
    pub(crate) fn place_by<T>(&mut self, items: &[T], of_100: impl Fn(&T) -> u32) -> usize {
        let mut dice = self.below(100);
        for (place, item) in items.iter().enumerate() {
            match dice.checked_sub(of_100(item)) {
                Some(left) => dice = left,
                None => return place,
            }
        }
        items.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_published_stream() {
        // First outputs of SplitMix64 for seed 1234567, as its authors' C code prints them.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn stays_in_range() {
        let mut random = Random::new(7);
        let mut seen = [0u32; 6];
        for _ in 0..6_000 {
            let n = random.between(10, 15);
            seen[(n - 10) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (800..1_200).contains(&n)), "{seen:?}");
    }
}
