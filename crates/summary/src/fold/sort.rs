//! Sorts many small things by numbers.
//!
//! A day has millions of them, and each pass here reads and writes them from one end to the other: for as many, a look
//! into a hash table costs more, since the table is larger than what the processor keeps near.

/// Bits of a number by which a pass sorts: as many places to write to are kept near.
const PASS_BITS_MAX: u32 = 11;

/// Sorts by a number below `numbers`; things of equal numbers stay in order.
pub(crate) fn by_number<T: Copy>(mut items: Vec<T>, numbers: u64, number: impl Fn(&T) -> u64) -> Vec<T> {
    let bits = u64::BITS - numbers.saturating_sub(1).leading_zeros();
    let passes = bits.div_ceil(PASS_BITS_MAX);
    if passes == 0 || items.len() < 2 {
        return items;
    }
    let pass_bits = bits.div_ceil(passes);
    let mut sorted = items.clone();
    for pass in 0..passes {
        let digit = |item: &T| (number(item) >> (pass * pass_bits)) as usize % (1 << pass_bits);
        let mut next = vec![0; 1 << pass_bits];
        items.iter().for_each(|item| next[digit(item)] += 1);
        let mut start = 0;
        next.iter_mut().for_each(|next| (*next, start) = (start, start + *next));
        for item in &items {
            let next = &mut next[digit(item)];
            sorted[*next] = *item;
            *next += 1;
        }
        std::mem::swap(&mut items, &mut sorted);
    }
    items
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_numbers_stay_in_order(numbers in prop::collection::vec(any::<u64>(), 0..300), bits in 0u32..64) {
            let items: Vec<(u64, usize)> =
                numbers.iter().enumerate().map(|(at, number)| (number & ((1 << bits) - 1), at)).collect();
            let mut expect = items.clone();
            expect.sort();
            prop_assert_eq!(by_number(items, 1 << bits, |item| item.0), expect);
        }
    }
}
