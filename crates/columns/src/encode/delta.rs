//! Parquet's DELTA_BINARY_PACKED: integers and instants as packed differences.
//!
//! A header, then blocks of [`BLOCK`] differences: the smallest one, and each difference
//! less it, packed with just the bits that a quarter of the block needs. Counters and
//! instants in order of time shrink from eight bytes to one or two, and the compressor,
//! which is the larger part of the work, gets that much less to read.

/// Differences that share a smallest one.
const BLOCK: usize = 128;
/// Differences that share a width.
const MINIBLOCK: usize = 32;

/// Appends the values. They are read back with wrapping arithmetic, so any values will do.
pub(crate) fn encode(values: &[i64], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint((BLOCK / MINIBLOCK) as u64, out);
    varint(values.len() as u64, out);
    let Some(&first) = values.first() else { return varint(0, out) };
    zigzag(first, out);
    let mut block = [0i64; BLOCK];
    let mut before = first;
    for chunk in values[1..].chunks(BLOCK) {
        for (delta, &value) in block.iter_mut().zip(chunk) {
            *delta = value.wrapping_sub(before);
            before = value;
        }
        encode_block(&mut block[..chunk.len()], out);
    }
}

fn encode_block(deltas: &mut [i64], out: &mut Vec<u8>) {
    let min = deltas.iter().copied().min().unwrap_or(0);
    zigzag(min, out);
    let widths_at = out.len();
    out.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
    let mut packed = [0u64; MINIBLOCK];
    for (at, deltas) in deltas.chunks(MINIBLOCK).enumerate() {
        packed.fill(0);
        let mut used = 0;
        for (packed, delta) in packed.iter_mut().zip(deltas) {
            *packed = delta.wrapping_sub(min) as u64;
            used |= *packed;
        }
        let width = 64 - used.leading_zeros();
        out[widths_at + at] = width as u8;
        pack(&packed, width, out);
    }
}

/// Appends 32 numbers of `width` bits, least significant bit first.
fn pack(values: &[u64; MINIBLOCK], width: u32, out: &mut Vec<u8>) {
    let (mut pending, mut bits) = (0u128, 0);
    for &value in values {
        pending |= u128::from(value) << bits;
        bits += width;
        if bits >= 64 {
            out.extend_from_slice(&(pending as u64).to_le_bytes());
            pending >>= 64;
            bits -= 64;
        }
    }
    // 32 numbers are a multiple of 32 bits.
    if bits > 0 {
        out.extend_from_slice(&(pending as u32).to_le_bytes());
    }
}

fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value << 1 ^ value >> 63) as u64, out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the format as its description says, slowly.
    fn decode(bytes: &[u8]) -> Vec<i64> {
        let mut at = 0;
        let varint = |at: &mut usize| {
            let (mut value, mut shift) = (0u64, 0);
            loop {
                let byte = bytes[*at];
                *at += 1;
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return value;
                }
            }
        };
        let unzigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
        assert_eq!((varint(&mut at), varint(&mut at)), (128, 4));
        let count = varint(&mut at) as usize;
        let mut values = vec![unzigzag(varint(&mut at))];
        while values.len() < count {
            let min = unzigzag(varint(&mut at));
            let widths = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            at += 4;
            for width in widths.map(usize::from) {
                if values.len() >= count {
                    break;
                }
                for n in 0..MINIBLOCK {
                    let bit = |k: usize| u64::from(bytes[at + (n * width + k) / 8] >> ((n * width + k) % 8) & 1);
                    let delta = (0..width).fold(0u64, |delta, k| delta | bit(k) << k);
                    let last = values[values.len() - 1];
                    values.push(last.wrapping_add(min).wrapping_add(delta as i64));
                }
                at += MINIBLOCK * width / 8;
            }
        }
        assert_eq!(at, bytes.len());
        values.truncate(count);
        values
    }

    #[test]
    fn values_read_back() {
        let check = |values: &[i64]| {
            let mut out = Vec::new();
            encode(values, &mut out);
            assert_eq!(decode(&out), values);
        };
        check(&[0]);
        check(&[i64::MIN, i64::MAX, i64::MIN, 0, -1, i64::MAX]);
        for len in [2usize, 32, 33, 34, 128, 129, 130, 200, 257, 1000] {
            check(&vec![-5; len]);
            for bits in 0..64 {
                check(&(0..len as i64).map(|n| n.wrapping_mul(0x5851_f42d_4c95_7f2d) >> bits).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn instants_shrink() {
        let values: Vec<i64> = (0..10_000).map(|n| 1_790_000_000_000_000 + n * 250_000 + n * 7919 % 900).collect();
        let mut out = Vec::new();
        encode(&values, &mut out);
        assert!(out.len() < 10_000 * 2, "{} bytes", out.len());
    }
}
