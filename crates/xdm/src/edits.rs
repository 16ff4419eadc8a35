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
    use super::*;

    #[test]
    fn edits_are_counted() {
        let check = |a: &str, b: &str, expect: usize| {
            assert_eq!((distance(a, b), distance(b, a)), (expect, expect), "{a} {b}");
        };
        check("kitten", "sitting", 3);
        check("", "abc", 3);
        check("chatStart", "chatStart", 0);
        check("chatStrat", "chatStart", 2);
    }
}
