//! Definition levels of leaves without a list above them, from whole bitmap words.
//!
//! The level of a row says how deep the path to the leaf is present: 0 if the
//! outermost object is absent, the highest if the leaf itself has a value. With one
//! bitmap per depth ("plane") 64 rows are done at a time: the planes of a word tell at
//! once whether all rows have one level (most do, and become a run), and if not, which
//! bits of which levels to set; a table spreads the eight bits of a byte to their
//! places in the packed run.

use super::rle;
use crate::block::bits::Bits;

/// Objects above a leaf, plus the leaf; deeper trees are refused by the schema compiler.
const WIDTH_MAX: usize = 8;

/// `SPREAD[width][byte]`: bit `i` of the byte moved to bit `i * width`.
static SPREAD: [[u64; 256]; WIDTH_MAX + 1] = spread_table();

const fn spread_table() -> [[u64; 256]; WIDTH_MAX + 1] {
    let mut table = [[0; 256]; WIDTH_MAX + 1];
    let mut width = 1;
    while width <= WIDTH_MAX {
        let mut byte = 0;
        while byte < 256 {
            let mut bit = 0;
            while bit < 8 {
                table[width][byte] |= ((byte as u64 >> bit) & 1) << (bit * width);
                bit += 1;
            }
            byte += 1;
        }
        width += 1;
    }
    table
}

/// What is pending to be written: a run, or packed words since `packed_from`.
struct Pending {
    run_level: u32,
    run_rows: usize,
    packed: Vec<u8>,
    packed_rows: usize,
}

/// Appends the levels of `rows` rows. `planes[d]` has the rows that are present at depth
/// `d + 1`; a row of a deeper plane counts as present in the planes above it.
pub(crate) fn encode(planes: &[Bits], rows: usize, out: &mut Vec<u8>) {
    let width = rle::width_of(planes.len() as u32);
    let mut pending = Pending { run_level: 0, run_rows: 0, packed: Vec::new(), packed_rows: 0 };
    let words = planes.iter().map(|plane| plane.words().len()).max().unwrap_or(0).min(rows.div_ceil(64));
    for at in 0..words {
        let count = (rows - at * 64).min(64);
        let all = u64::MAX >> (64 - count);
        word(planes, at, all, count, width, &mut pending, out);
    }
    let done = (words * 64).min(rows);
    pending.run(0, rows - done, width, out);
    pending.flush(width, out);
}

/// One word: `count` rows, whose bits are `all`.
#[inline]
fn word(planes: &[Bits], at: usize, all: u64, count: usize, width: u32, pending: &mut Pending, out: &mut Vec<u8>) {
    let mut bits = [0u64; WIDTH_MAX];
    let mut deeper = 0;
    for (depth, plane) in planes.iter().enumerate().rev() {
        let present = (plane.word(at) | deeper) & all;
        let exactly = present & !deeper;
        let level = depth as u32 + 1;
        if exactly == all {
            return pending.run(level, count, width, out);
        }
        for (k, bits) in bits.iter_mut().enumerate().take(width as usize) {
            *bits |= exactly & 0u64.wrapping_sub(u64::from(level >> k & 1));
        }
        deeper = present;
    }
    if deeper == 0 {
        return pending.run(0, count, width, out);
    }
    pending.pack(&bits[..width as usize], count, width, out);
}

impl Pending {
    fn run(&mut self, level: u32, rows: usize, width: u32, out: &mut Vec<u8>) {
        if rows == 0 {
            return;
        }
        if self.packed_rows > 0 || self.run_level != level {
            self.flush(width, out);
            self.run_level = level;
        }
        self.run_rows += rows;
    }

    /// Packs a word. Only the last word of a column has fewer than 64 rows, and only
    /// the last run may: a packed run is always followed by the end or a whole word.
    fn pack(&mut self, bits: &[u64], rows: usize, width: u32, out: &mut Vec<u8>) {
        if self.run_rows > 0 {
            self.flush(width, out);
        }
        let table = &SPREAD[width as usize];
        for group in 0..rows.div_ceil(8) {
            let packed = bits
                .iter()
                .enumerate()
                .fold(0u64, |packed, (k, bits)| packed | table[(bits >> (group * 8)) as usize & 0xff] << k);
            self.packed.extend_from_slice(&packed.to_le_bytes()[..width as usize]);
        }
        self.packed_rows += rows;
    }

    fn flush(&mut self, width: u32, out: &mut Vec<u8>) {
        rle::repeat(self.run_level, self.run_rows, width, out);
        self.run_rows = 0;
        if self.packed_rows > 0 {
            rle::varint((self.packed_rows.div_ceil(8) as u32) << 1 | 1, out);
            out.extend_from_slice(&self.packed);
            self.packed.clear();
            self.packed_rows = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rle::tests::decode;
    use super::*;

    /// Planes for the levels, encoded and decoded again.
    fn check(levels: &[u32], depth: usize) {
        let mut planes = vec![Bits::default(); depth];
        for (row, &level) in levels.iter().enumerate() {
            planes.iter_mut().take(level as usize).for_each(|plane| assert!(plane.set(row)));
        }
        let mut out = Vec::new();
        encode(&planes, levels.len(), &mut out);
        assert_eq!(decode(&out, rle::width_of(depth as u32), levels.len()), levels, "depth {depth}");
    }

    #[test]
    fn levels_read_back() {
        for depth in 1..=9usize {
            for rows in [1usize, 7, 63, 64, 65, 128, 200, 1000] {
                let top = depth as u32;
                check(&vec![0; rows], depth);
                check(&vec![top; rows], depth);
                check(
                    &(0..rows as u32)
                        .map(|row| row.wrapping_mul(2_654_435_761) >> 16)
                        .map(|n| n % (top + 1))
                        .collect::<Vec<_>>(),
                    depth,
                );
                check(
                    &(0..rows as u32).map(|row| if row / 64 % 2 == 0 { top } else { row % 2 }).collect::<Vec<_>>(),
                    depth,
                );
                check(&(0..rows as u32).map(|row| u32::from(row < 3)).collect::<Vec<_>>(), depth);
            }
        }
    }

    #[test]
    fn absent_columns_are_one_run() {
        let mut out = Vec::new();
        encode(&[Bits::default(), Bits::default()], 100_000, &mut out);
        assert_eq!(out, [0xc0, 0x9a, 0x0c, 0]);
    }

    #[test]
    fn a_value_implies_its_objects() {
        let mut leaf = Bits::default();
        leaf.set(1);
        let mut out = Vec::new();
        encode(&[Bits::default(), leaf], 3, &mut out);
        assert_eq!(decode(&out, 2, 3), [0, 2, 0]);
    }
}
