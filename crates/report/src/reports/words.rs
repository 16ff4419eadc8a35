//! Parameters that are one of a few words.

use datafusion::common::utils::datafusion_strsim::levenshtein;

/// One of a few words.
pub(crate) trait Words: Copy + PartialEq + 'static {
    /// Each word and what it stands for.
    const ALL: &'static [(&'static str, Self)];

    /// What a word stands for.
    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// The word for it.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// All words as a message lists them: `a, b or c`.
    fn listed() -> String {
        let words: Vec<&str> = Self::ALL.iter().map(|(word, _)| *word).collect();
        listed(&words)
    }
}

/// `a, b or c`.
pub(crate) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The known word that a mistyped one most likely stands for, if one is near.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Most letters that may differ, as a share of the longer word: a third.
    const DISTANCE_SHARE: usize = 3;
    /// More of a wrong word isn't looked at.
    const LETTERS_MAX: usize = 40;
    let word: String = word.chars().take(LETTERS_MAX).collect();
    known
        .map(|candidate| (levenshtein(&word, candidate), candidate))
        .filter(|(distance, candidate)| distance * DISTANCE_SHARE <= word.len().max(candidate.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_suggests() {
        assert_eq!([listed(&[]), listed(&["a"]), listed(&["a", "b", "c"])], ["", "a", "a, b or c"]);
        let check = |word: &str, expect: Option<&str>| {
            assert_eq!(nearest(word, ["since", "until", "subject"].into_iter()), expect, "{word}");
        };
        check("sinc", Some("since"));
        check("subjects", Some("subject"));
        check("x", None);
        check("", None);
    }
}
