//! Why a command did not succeed: one type, printed in one place, in one form.
//!
//! A failure says what happened, what the user can do, and ends the process with a
//! code that scripts can tell apart. The text never holds a value out of an event.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::terminal;

/// What the exit code tells a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 1: the command ran, and the answer is no (invalid events, an unknown id).
    No,
    /// 2: the command line, a setting, a file name or the SQL must be corrected.
    Usage,
    /// 3: something outside is in the way now: a port, a lock, a disk, a server.
    Unavailable,
    /// 4: the key or the stored data can't be used as they are.
    Damaged,
}

/// The codes and what they mean, for the documentation.
pub(crate) const EXITS: &[(Exit, &str)] = &[
    (Exit::No, "the command ran, and the answer is no: invalid events, an unknown id"),
    (Exit::Usage, "the command line, a setting, a file name or the SQL must be corrected"),
    (Exit::Unavailable, "something outside is in the way: a port, a lock, a disk, a server that is away"),
    (Exit::Damaged, "the key file or the stored data can't be used as they are"),
];

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::No => 1,
            Exit::Usage => 2,
            Exit::Unavailable => 3,
            Exit::Damaged => 4,
        }
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// What happened; empty when the command has said it already.
    message: String,
    /// Line feeds in the message are meant as such.
    has_lines: bool,
    /// What to do about it.
    help: Option<String>,
    /// The reader of our output is gone; nobody is left to tell.
    output_closed: bool,
}

impl Failure {
    /// A failure with its message: lower case, no final period.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Failure {
        Failure { exit, message: message.to_string(), has_lines: false, help: None, output_closed: false }
    }

    /// A command line, setting or input to be corrected.
    pub(crate) fn usage(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Something outside is in the way.
    pub(crate) fn unavailable(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Unavailable, message)
    }

    /// The answer is no, and the command's output has said why.
    pub(crate) fn answered_no() -> Failure {
        Failure::new(Exit::No, "")
    }

    /// What the exit code is.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The same with a message of several lines. Whoever wrote it has made line feeds in names visible.
    #[must_use]
    pub(crate) fn of_lines(mut self) -> Failure {
        self.has_lines = true;
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl fmt::Display) -> Failure {
        self.help = Some(help.to_string());
        self
    }

    /// Prints `error: …` and `help: …` to standard error and gives the exit code. A
    /// closed pipe is not an error: `frontdesk sql … | head` ends quietly.
    pub(crate) fn report(&self) -> ExitCode {
        if self.output_closed {
            return ExitCode::SUCCESS;
        }
        let mut err = terminal::errors();
        // Nothing is left to do when standard error is gone as well. Line feeds are shown, so
        // that a name can't add lines to a message.
        let lines: Vec<&str> = if self.has_lines { self.message.lines().collect() } else { vec![&self.message] };
        for (at, line) in lines.into_iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let _ = writeln!(err, "{}{}", if at == 0 { "error: " } else { "  " }, report::visible(line));
        }
        if let Some(help) = &self.help {
            let _ = writeln!(err, "help: {}", report::visible(help));
        }
        ExitCode::from(self.exit.code())
    }
}

/// Prints `warning: …` to standard error: the command goes on, and its answer needs a
/// second look.
pub(crate) fn warn(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Failures of our own output; other files are named where they fail.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let output_closed = error.kind() == io::ErrorKind::BrokenPipe;
        Failure { output_closed, ..Failure::unavailable(format_args!("cannot write the output: {error}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [1, 2, 3, 4]);
    }
}
