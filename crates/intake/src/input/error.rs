//! Why an input can't be read as events.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use xdm::Violation;

use super::format::Foreign;

/// Why an input can't be read, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The operating system refused.
    #[error("{0}")]
    Io(io::Error),
    /// It is a directory.
    #[error("it is a directory")]
    Directory(PathBuf),
    /// The compressed data end too early, or are not what was compressed.
    #[error("{0}")]
    Compressed(io::Error),
    /// It is no JSON text.
    #[error("it is {}", .0.name)]
    Foreign(Foreign),
    /// Something stands between events that can't, so where the next one begins is unknown.
    #[error("it is not JSON at byte {offset}: expected {expected}")]
    Misplaced {
        /// Where, in the decompressed text.
        offset: u64,
        /// What should stand there.
        expected: &'static str,
    },
    /// The last event doesn't end.
    #[error("the event from byte {offset} doesn't end: the text is cut short")]
    Unfinished {
        /// Where it begins.
        offset: u64,
    },
    /// An event that isn't on a line of its own can't be read, so where it ends is unknown.
    #[error("the event from byte {offset} is {message}")]
    Event {
        /// Where it begins.
        offset: u64,
        /// What is wrong with it.
        message: String,
    },
}

impl InputError {
    pub(crate) fn misplaced(offset: u64, expected: &'static str) -> InputError {
        InputError::Misplaced { offset, expected }
    }

    /// What to do about it, where there is more to say.
    pub fn help(&self) -> String {
        match self {
            InputError::Io(_) => "name a file that this user may read, or - for standard input".to_owned(),
            InputError::Directory(path) => format!("name the files in it, such as {}/*.ndjson", path.display()),
            InputError::Compressed(_) => "the compressed file is damaged or cut short; make it again".to_owned(),
            InputError::Foreign(foreign) => foreign.remedy.to_owned(),
            InputError::Misplaced { .. } | InputError::Unfinished { .. } | InputError::Event { .. } => {
                "fix it there, or write one event a line (jq -c): then each line is judged alone".to_owned()
            }
        }
    }
}

/// What keeps an event from being read at all, as against breaking a rule.
pub fn unreadable(violations: &[Violation]) -> Option<String> {
    let stops = |violation: &&Violation| matches!(violation.keyword.as_str(), "syntax" | "encoding");
    violations.iter().find(stops).map(|violation| violation.message.clone())
}

/// Decompressors say so with these kinds; the disk doesn't.
impl From<io::Error> for InputError {
    fn from(error: io::Error) -> InputError {
        let of_content = error.raw_os_error().is_none()
            && matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Other
            );
        if of_content { InputError::Compressed(error) } else { InputError::Io(error) }
    }
}
