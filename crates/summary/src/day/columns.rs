//! Columns of integers as bytes: small ones short, ascending ones by their steps.

/// Writes columns.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

/// Reads columns. `None` where the bytes aren't what a [`Writer`] wrote.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl Writer {
    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Small when near 0, on either side.
    pub(super) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn numbers(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.number((*value).into()));
    }

    /// Ascending values.
    pub(super) fn steps(&mut self, values: &[u32]) {
        let mut last = 0;
        for value in values {
            self.number((value - last).into());
            last = *value;
        }
    }

    /// Ascending values that have no small steps: all first bytes, then all second ones, and so on, so
    /// that the bytes that hardly differ are together.
    pub(super) fn planes(&mut self, values: &[u64]) {
        for plane in 0..8 {
            let mut last = 0;
            for value in values {
                self.bytes.push(((value - last) >> (plane * 8)) as u8);
                last = *value;
            }
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count of things that take a byte each at least: it can't exceed the bytes that are left, so
    /// memory for that many may be allocated.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.bytes.len()).then_some(count)
    }

    pub(super) fn numbers(&mut self, count: usize) -> Option<Vec<u32>> {
        let mut values = Vec::with_capacity(count.min(self.bytes.len()));
        for _ in 0..count {
            values.push(self.small()?);
        }
        Some(values)
    }

    pub(super) fn steps(&mut self, count: usize) -> Option<Vec<u32>> {
        let mut values = Vec::with_capacity(count.min(self.bytes.len()));
        let mut last = 0u32;
        for _ in 0..count {
            last = last.checked_add(self.small()?)?;
            values.push(last);
        }
        Some(values)
    }

    pub(super) fn planes(&mut self, count: usize) -> Option<Vec<u64>> {
        let planes = self.take(count.checked_mul(8)?)?;
        let mut values = vec![0u64; count];
        for (plane, bytes) in planes.chunks_exact(count.max(1)).enumerate() {
            for (value, byte) in values.iter_mut().zip(bytes) {
                *value |= u64::from(*byte) << (plane * 8);
            }
        }
        let mut last = 0u64;
        for value in &mut values {
            last = last.checked_add(*value)?;
            *value = last;
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            number in any::<u64>(),
            signed in any::<i64>(),
            mut small in prop::collection::vec(any::<u32>(), 0..20),
            mut large in prop::collection::vec(any::<u64>(), 0..20),
        ) {
            let mut writer = Writer::default();
            writer.number(number);
            writer.signed(signed);
            writer.numbers(&small);
            let unsorted = small.clone();
            small.sort_unstable();
            large.sort_unstable();
            writer.steps(&small);
            writer.planes(&large);
            let mut reader = Reader::new(&writer.bytes);
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.signed(), Some(signed));
            prop_assert_eq!(reader.numbers(unsorted.len()), Some(unsorted));
            prop_assert_eq!(reader.steps(small.len()), Some(small));
            prop_assert_eq!(reader.planes(large.len()), Some(large));
            prop_assert!(reader.is_at_end());
        }
    }

    #[test]
    fn numbers_that_are_too_long_are_refused() {
        assert_eq!(Reader::new(&[0xff; 10]).number(), None);
        assert_eq!(Reader::new(&[0x80, 0x80]).number(), None);
        assert_eq!(Reader::new(&[9, 1, 2]).count(), None);
        assert_eq!(Reader::new(&[2, 1, 2]).count(), Some(2));
    }
}
