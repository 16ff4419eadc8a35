//! Parameters by name, and those that are one of a few words: what is said of a wrong one, wherever it was written.

use datafusion::common::utils::datafusion_strsim::levenshtein;
use thiserror::Error;

/// Letters of a wrong text that are repeated to its writer.
const REPEATED_LETTERS_MAX: usize = 40;

/// A parameter that can't be taken; the message says what to write instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParameterError {
    /// No such parameter.
    #[error("there is no parameter {written:?}; {help}")]
    Unknown {
        /// What was written.
        written: String,
        /// What to write.
        help: String,
    },
    /// A parameter that has one value has two.
    #[error("{parameter} is given twice; write it once")]
    Twice {
        /// Its name.
        parameter: &'static str,
    },
    /// Not one of the words.
    #[error("{parameter} is {written:?}; write {words}")]
    Word {
        /// Its name.
        parameter: &'static str,
        /// What was written.
        written: String,
        /// What it takes.
        words: String,
    },
}

impl ParameterError {
    /// None of these parameters, each with what it means.
    pub(crate) fn unknown(written: &str, parameters: &[(&str, &str)]) -> ParameterError {
        let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
        let help = match nearest(written, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("write {}", listed(&names)),
        };
        ParameterError::Unknown { written: repeated(written), help }
    }

    /// A value that isn't one of what `words` tells.
    pub(crate) fn word(parameter: &'static str, written: &str, words: impl Into<String>) -> ParameterError {
        ParameterError::Word { parameter, written: repeated(written), words: words.into() }
    }
}

/// As much of a wrong text as is repeated to its writer.
pub(crate) fn repeated(written: &str) -> String {
    written.chars().take(REPEATED_LETTERS_MAX).collect()
}

/// One of a few words.
pub(crate) trait Words: Copy + PartialEq + 'static {
    /// Each word and what it stands for.
    const ALL: &'static [(&'static str, Self)];

    /// What a word stands for.
    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// What a parameter's word stands for.
    fn read(parameter: &'static str, written: &str) -> Result<Self, ParameterError> {
        Self::of(written).ok_or_else(|| ParameterError::word(parameter, written, Self::listed()))
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
