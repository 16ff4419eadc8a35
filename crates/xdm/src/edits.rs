//! How many edits lie between two names: what "did you mean" goes by.
//!
//! Not `strsim`: the development profile compiles it at level 0, and its instances of the
//! standard library's generic code would be linked into the checker, which was a quarter
//! slower for it.

/// Levenshtein distance in bytes.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By its definition, slowly.
    fn defined(a: &[u8], b: &[u8]) -> usize {
        match (a.split_first(), b.split_first()) {
            (None, _) => b.len(),
            (_, None) => a.len(),
            (Some((x, a_rest)), Some((y, b_rest))) => {
                let replaced = defined(a_rest, b_rest) + usize::from(x != y);
                replaced.min(defined(a_rest, b) + 1).min(defined(a, b_rest) + 1)
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(a in "[ab:]{0,6}", b in "[ab:]{0,6}") {
            prop_assert_eq!(distance(&a, &b), defined(a.as_bytes(), b.as_bytes()));
        }
    }

    #[test]
    fn edits_are_counted() {
        let check = |a: &str, b: &str, expect: usize| {
            assert_eq!((distance(a, b), distance(b, a)), (expect, expect), "{a} {b}");
        };
        check("kitten", "sitting", 3);
        check("", "abc", 3);
        check("chatStart", "chatStart", 0);
        check("chatStrat", "chatStart", 2);
        check("", "", 0);
        check("a", "b", 1);
        check("abc", "ab", 1);
        check("abc", "bc", 1);
        check("abcd", "acbd", 2);
        // Of bytes: one letter of two.
        check("é", "e", 2);
        check(&"a".repeat(200), &"b".repeat(100), 200);
    }
}
