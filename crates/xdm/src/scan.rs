//! Many bytes at once: where a string ends, and how much white space lies around a token.
//!
//! Each function has a vector form for x86-64 and a plain one for other machines, which is
//! also what the tests compare it with.

/// Bytes looked at by [`gap`].
pub(crate) const GAP_BYTES: usize = 16;

/// Place of the first quote, backslash or control byte; 32 means none.
#[inline]
pub(crate) fn special(chunk: &[u8; 32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    return vector::special(chunk);
    #[cfg(not(target_arch = "x86_64"))]
    plain::special(chunk)
}

/// Place of the first quote; 32 means none.
#[inline]
pub(crate) fn quote(chunk: &[u8; 32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    return vector::quote(chunk);
    #[cfg(not(target_arch = "x86_64"))]
    plain::quote(chunk)
}

/// Bits of the bytes in which both are equal.
#[inline]
pub(crate) fn equal(left: &[u8; 32], right: &[u8; 32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    return vector::equal(left, right);
    #[cfg(not(target_arch = "x86_64"))]
    plain::equal(left, right)
}

/// Reads over white space with one `token` in it. Gives the number of bytes and whether
/// the token was there; `None` when it can't be known from these bytes: the gap is longer,
/// or holds line ends.
#[inline]
pub(crate) fn gap(chunk: &[u8; GAP_BYTES], token: u8) -> Option<(usize, bool)> {
    #[cfg(target_arch = "x86_64")]
    let (gap, tokens) = vector::gap(chunk, token);
    #[cfg(not(target_arch = "x86_64"))]
    let (gap, tokens) = plain::gap(chunk, token);
    let len = (!gap).trailing_zeros();
    let seen = tokens & !(u32::MAX << (len & 31));
    // At most one token, and the gap ends within these bytes.
    (len < GAP_BYTES as u32 && seen & seen.wrapping_sub(1) == 0).then_some((len as usize, seen != 0))
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the vector instructions of x86-64's base set, and one load")]
mod vector {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    #[inline]
    fn load(chunk: &[u8; 16]) -> __m128i {
        // SAFETY: the 16 bytes are readable, and this load needs no alignment. All functions
        // here need SSE2 and nothing else, and SSE2 is part of x86-64.
        unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) }
    }

    /// Place of the first set bit of both halves; 32 means none.
    #[inline]
    fn first(chunk: &[u8; 32], mask: impl Fn(__m128i) -> i32) -> usize {
        let (halves, _) = chunk.as_chunks::<16>();
        let both = mask(load(&halves[0])) as u32 | (mask(load(&halves[1])) as u32) << 16;
        (u64::from(both) | 1 << 32).trailing_zeros() as usize
    }

    #[inline]
    pub(super) fn special(chunk: &[u8; 32]) -> usize {
        // SAFETY: as above.
        first(chunk, |bytes| unsafe {
            let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
            let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control))
        })
    }

    #[inline]
    pub(super) fn quote(chunk: &[u8; 32]) -> usize {
        // SAFETY: as above.
        first(chunk, |bytes| unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22))) })
    }

    #[inline]
    pub(super) fn equal(left: &[u8; 32], right: &[u8; 32]) -> u32 {
        let (left, right) = (left.as_chunks::<16>().0, right.as_chunks::<16>().0);
        // SAFETY: as above.
        unsafe {
            let low = _mm_movemask_epi8(_mm_cmpeq_epi8(load(&left[0]), load(&right[0])));
            let high = _mm_movemask_epi8(_mm_cmpeq_epi8(load(&left[1]), load(&right[1])));
            low as u32 | (high as u32) << 16
        }
    }

    /// Bits of the bytes that are blank or the token, and of those that are the token.
    #[inline]
    pub(super) fn gap(chunk: &[u8; 16], token: u8) -> (u32, u32) {
        let bytes = load(chunk);
        // SAFETY: as above.
        unsafe {
            let token = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(token as i8));
            let blank = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x20));
            let tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x09));
            let gap = _mm_or_si128(_mm_or_si128(blank, tab), token);
            (_mm_movemask_epi8(gap) as u32, _mm_movemask_epi8(token) as u32)
        }
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    #[inline]
    pub(super) fn special(chunk: &[u8; 32]) -> usize {
        chunk.iter().position(|b| *b == b'"' || *b == b'\\' || *b < 0x20).unwrap_or(32)
    }

    #[inline]
    pub(super) fn quote(chunk: &[u8; 32]) -> usize {
        chunk.iter().position(|byte| *byte == b'"').unwrap_or(32)
    }

    #[inline]
    pub(super) fn equal(left: &[u8; 32], right: &[u8; 32]) -> u32 {
        left.iter().zip(right).enumerate().fold(0, |bits, (at, (left, right))| bits | u32::from(left == right) << at)
    }

    #[inline]
    pub(super) fn gap(chunk: &[u8; 16], token: u8) -> (u32, u32) {
        let bits = |is: &dyn Fn(u8) -> bool| {
            chunk.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(is(*byte)) << at)
        };
        (bits(&|byte| byte == token || byte == b' ' || byte == b'\t'), bits(&|byte| byte == token))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gap_is_white_space_with_at_most_one_token() {
        let check = |text: &str, expect: Option<(usize, bool)>| {
            let mut chunk = [b'x'; GAP_BYTES];
            chunk[..text.len()].copy_from_slice(text.as_bytes());
            assert_eq!(gap(&chunk, b':'), expect, "{text:?}");
        };
        check("", Some((0, false)));
        check(":", Some((1, true)));
        check(" :\t ", Some((4, true)));
        check("  \t", Some((3, false)));
        check("::", None);
        check(" : :", None);
        check(":\n1", Some((1, true)));
        check(":              1", Some((15, true)));
        check(":               ", None);
        check(" , ", Some((1, false)));
    }

    proptest! {
        #[test]
        fn vectors_and_plain_code_agree(bytes in any::<[u8; 16]>(), some in proptest::collection::vec(
            prop_oneof![Just(b' '), Just(b'\t'), Just(b':'), Just(b'"'), Just(b'\\'), Just(0x1f), Just(b'\n')], 16)) {
            for chunk in [bytes, some.try_into().expect("16 bytes")] {
                let mut twice = [b'x'; 32];
                twice[11..27].copy_from_slice(&chunk);
                #[cfg(target_arch = "x86_64")]
                {
                    prop_assert_eq!(vector::equal(&twice, &twice), u32::MAX);
                    for at in 0..32 {
                        let mut other = twice;
                        other[at] ^= 1;
                        other[at / 2] ^= 0x80;
                        prop_assert_eq!(vector::equal(&twice, &other), plain::equal(&twice, &other));
                        prop_assert_eq!(plain::equal(&twice, &other), !(1 << at | 1 << (at / 2)));
                    }
                    prop_assert_eq!(vector::quote(&twice), plain::quote(&twice));
                    prop_assert_eq!(vector::special(&twice), plain::special(&twice));
                    prop_assert_eq!(vector::gap(&chunk, b':'), plain::gap(&chunk, b':'));
                }
            }
        }
    }
}
