//! Parquet's hybrid of runs and packed bits: levels, dictionary numbers, booleans.
//!
//! A run is a varint header and a body. Header `count << 1` precedes one value, byte
//! aligned, repeated `count` times; header `groups << 1 | 1` precedes `groups * 8`
//! values packed least significant bit first. Only the last packed run may be padded.
//!
//! Packing writes straight from words or numbers, whole runs at a time: a general
//! "push one value" encoder costs several times as much and is used only for the
//! levels of lists.

/// Bits needed for the numbers `0..=max`.
pub(crate) fn width_of(max: u32) -> u32 {
    32 - max.leading_zeros()
}

/// Appends an unsigned LEB128 number.
pub(crate) fn varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a run of one value.
pub(crate) fn repeat(value: u32, count: usize, width: u32, out: &mut Vec<u8>) {
    if count == 0 {
        return;
    }
    varint((count as u32) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Appends a packed run; zeros fill up the last group of eight.
pub(crate) fn pack(values: &[u32], width: u32, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    varint((values.len().div_ceil(8) as u32) << 1 | 1, out);
    out.reserve(values.len() * width as usize / 8 + 8);
    let groups = values.chunks_exact(8);
    let rest = groups.remainder();
    for group in groups {
        pack_group(group.try_into().unwrap_or(&[0; 8]), width, out);
    }
    if !rest.is_empty() {
        let mut group = [0; 8];
        group[..rest.len()].copy_from_slice(rest);
        pack_group(&group, width, out);
    }
}

/// Eight numbers of `width` bits are `width` bytes.
#[inline]
fn pack_group(group: &[u32; 8], width: u32, out: &mut Vec<u8>) {
    match width {
        0 => {}
        1..=8 => {
            let packed = group.iter().rev().fold(0u64, |packed, &value| packed << width | u64::from(value));
            out.extend_from_slice(&packed.to_le_bytes()[..width as usize]);
        }
        9..=16 => {
            let packed = group.iter().rev().fold(0u128, |packed, &value| packed << width | u128::from(value));
            out.extend_from_slice(&packed.to_le_bytes()[..width as usize]);
        }
        _ => {
            let (low, high) = group.split_at(4);
            let half =
                |half: &[u32]| half.iter().rev().fold(0u128, |packed, &value| packed << width | u128::from(value));
            let (low, high, bits) = (half(low), half(high), width * 4);
            let packed = (low | high.checked_shl(bits).unwrap_or(0)).to_le_bytes();
            let spill = if bits == 128 { high } else { high >> (128 - bits) };
            out.extend_from_slice(&packed[..(width as usize).min(16)]);
            out.extend_from_slice(&spill.to_le_bytes()[..(width as usize).saturating_sub(16)]);
        }
    }
}

/// Appends dictionary numbers: one run if they are all the same, else packed.
///
/// Runs inside a page are left to the compressor, which finds them at no extra pass.
pub(crate) fn keys(keys: &[u32], width: u32, out: &mut Vec<u8>) {
    match keys {
        [first, rest @ ..] if rest.iter().all(|key| key == first) => repeat(*first, keys.len(), width, out),
        _ => pack(keys, width, out),
    }
}

/// Appends booleans as PLAIN stores them: packed, without a header.
pub(crate) fn booleans(values: &[bool], out: &mut Vec<u8>) {
    out.extend(
        values
            .chunks(8)
            .map(|eight| eight.iter().enumerate().fold(0u8, |byte, (at, &value)| byte | u8::from(value) << at)),
    );
}

/// Turns runs of equal values, given one after the other, into the hybrid.
pub(crate) struct Hybrid<'a> {
    width: u32,
    value: u32,
    count: usize,
    /// Values too few for a run of their own, waiting to be packed.
    loose: Vec<u32>,
    out: &'a mut Vec<u8>,
}

impl<'a> Hybrid<'a> {
    pub(crate) fn new(width: u32, out: &'a mut Vec<u8>) -> Hybrid<'a> {
        Hybrid { width, value: 0, count: 0, loose: Vec::new(), out }
    }

    /// Appends `count` times `value`.
    #[inline]
    pub(crate) fn push(&mut self, value: u32, count: usize) {
        if value == self.value {
            self.count += count;
        } else {
            self.close_run();
            (self.value, self.count) = (value, count);
        }
    }

    fn close_run(&mut self) {
        // A packed run that isn't the last must be a multiple of eight: complete it.
        let fill = self.loose.len().wrapping_neg() % 8;
        if self.count >= fill + 8 {
            self.loose.resize(self.loose.len() + fill, self.value);
            pack(&self.loose, self.width, self.out);
            self.loose.clear();
            repeat(self.value, self.count - fill, self.width, self.out);
        } else {
            self.loose.resize(self.loose.len() + self.count, self.value);
        }
        self.count = 0;
    }

    pub(crate) fn finish(mut self) {
        self.close_run();
        pack(&self.loose, self.width, self.out);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Reads `count` values: the format read as its description says, slowly.
    pub(crate) fn decode(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count && !bytes.is_empty() {
            let mut header = 0u32;
            let mut shift = 0;
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u32::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if header & 1 == 0 {
                let len = width.div_ceil(8) as usize;
                let mut value = [0; 4];
                value[..len].copy_from_slice(&bytes[..len]);
                bytes = &bytes[len..];
                values.extend(std::iter::repeat_n(u32::from_le_bytes(value), (header >> 1) as usize));
            } else {
                let bits = (header >> 1) * 8 * width;
                let bit = |at: u32| u32::from(bytes[(at / 8) as usize] >> (at % 8) & 1);
                let value = |at: u32| (0..width).fold(0, |value, k| value | bit(at * width + k) << k);
                values.extend((0..(header >> 1) * 8).map(value));
                bytes = &bytes[(bits / 8) as usize..];
            }
        }
        assert!(bytes.is_empty(), "{} bytes too many", bytes.len());
        values.truncate(count);
        values
    }

    #[test]
    fn packed_numbers_read_back() {
        for width in 1..=32u32 {
            for len in [1usize, 7, 8, 9, 64, 1000] {
                let top = u32::MAX >> (32 - width);
                let values: Vec<u32> = (0..len as u32).map(|n| n.wrapping_mul(0x9e37_79b9) & top).collect();
                let mut out = Vec::new();
                keys(&values, width, &mut out);
                assert_eq!(decode(&out, width, len), values, "{len} of {width} bits");
            }
        }
    }

    #[test]
    fn equal_numbers_are_one_run() {
        let mut out = Vec::new();
        keys(&[5; 1000], 3, &mut out);
        assert_eq!(out, [0xd0, 0x0f, 5]);
        out.clear();
        keys(&[0; 3], 0, &mut out);
        assert_eq!(out, [6]);
    }

    #[test]
    fn hybrid_reads_back() {
        let check = |runs: &[(u32, usize)]| {
            let mut out = Vec::new();
            let mut hybrid = Hybrid::new(2, &mut out);
            runs.iter().for_each(|&(value, count)| hybrid.push(value, count));
            hybrid.finish();
            let expect: Vec<u32> = runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count)).collect();
            assert_eq!(decode(&out, 2, expect.len()), expect, "{runs:?}");
        };
        check(&[]);
        check(&[(0, 1)]);
        check(&[(3, 100)]);
        check(&[(1, 3), (2, 100), (0, 1), (3, 12), (1, 13), (1, 1), (2, 2)]);
        for first in 0..20 {
            for second in 0..20 {
                check(&[(1, first), (0, second), (1, 9), (3, first)]);
            }
        }
    }

    #[test]
    fn booleans_are_packed() {
        let mut out = Vec::new();
        booleans(&[true, false, false, true, false, false, false, false, true], &mut out);
        assert_eq!(out, [0b1001, 1]);
    }
}
