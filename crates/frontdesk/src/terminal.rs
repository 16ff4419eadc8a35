//! Standard output and standard error, where terminals are.
//!
//! Nothing that came from outside steers a terminal: what is made for people goes through
//! [`people`], which shows control characters instead of sending them, whoever reads it in
//! the end. What is made for programs (JSON, CSV, an event as it was sent) goes through
//! [`data`]: the same on a terminal, byte for byte into a file or a pipe. In JSON the
//! escapes mean what they stand for.

use std::io::{self, IsTerminal, StderrLock, StdoutLock, Write};

use report::{is_steering, visible};

use crate::args::RowFormat;

/// A writer that shows control characters, line feeds and tabs apart.
#[derive(Debug)]
pub(crate) struct Shown<W> {
    out: W,
    mode: Mode,
    /// The begin of a character whose rest has yet to come.
    begun: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Everything goes through as it is.
    Raw,
    /// Nothing that steers goes through.
    Shown,
    /// Likewise, but the escape character: colours of our own making.
    Coloured,
}

/// Standard output, for people.
pub(crate) fn people() -> Shown<StdoutLock<'static>> {
    Shown::new(io::stdout().lock(), Mode::Shown)
}

/// Standard output, a terminal, for text with colours of our own making; whoever makes those
/// escapes the escape characters of what comes from outside.
pub(crate) fn drawn() -> Shown<StdoutLock<'static>> {
    Shown::new(io::stdout().lock(), Mode::Coloured)
}

/// Standard output, for programs.
pub(crate) fn data() -> Shown<StdoutLock<'static>> {
    let is_terminal = io::stdout().is_terminal();
    Shown::new(io::stdout().lock(), if is_terminal { Mode::Shown } else { Mode::Raw })
}

/// Standard output, for rows in one of their forms.
pub(crate) fn rows(format: RowFormat) -> Shown<StdoutLock<'static>> {
    match format {
        RowFormat::Table => people(),
        RowFormat::Csv | RowFormat::Json | RowFormat::Ndjson => data(),
    }
}

/// Standard error, which is for people.
pub(crate) fn errors() -> Shown<StderrLock<'static>> {
    Shown::new(io::stderr().lock(), Mode::Shown)
}

/// Standard error, for log lines. On a terminal they have colours; whoever makes those
/// escapes the escape characters of what is logged.
pub(crate) fn log() -> Shown<StderrLock<'static>> {
    let is_terminal = io::stderr().is_terminal();
    Shown::new(io::stderr().lock(), if is_terminal { Mode::Coloured } else { Mode::Shown })
}

impl<W: Write> Shown<W> {
    fn new(out: W, mode: Mode) -> Shown<W> {
        Shown { out, mode, begun: Vec::new() }
    }

    fn show(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let plain = bytes.iter().position(|byte| !is_plain(*byte)).unwrap_or(bytes.len());
            if plain > 0 {
                // What was begun is no character.
                show_bytes(&std::mem::take(&mut self.begun), out);
            }
            out.extend_from_slice(&bytes[..plain]);
            bytes = &bytes[plain..];
            // Up to the next plain byte, so that long plain stretches aren't decoded.
            let odd = bytes.iter().position(|byte| is_plain(*byte)).unwrap_or(bytes.len());
            self.show_odd(&bytes[..odd], out);
            bytes = &bytes[odd..];
        }
    }

    /// Bytes of which none is plain: control characters, and everything beyond ASCII.
    fn show_odd(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(bytes);
        let mut at = 0;
        for chunk in text.utf8_chunks() {
            chunk.valid().chars().for_each(|letter| self.show_letter(letter, out));
            at += chunk.valid().len() + chunk.invalid().len();
            match at == text.len() && is_begin(chunk.invalid()) {
                true => self.begun = chunk.invalid().to_vec(),
                false => show_bytes(chunk.invalid(), out),
            }
        }
    }

    fn show_letter(&self, letter: char, out: &mut Vec<u8>) {
        let passes = !is_steering(letter) || (letter == '\u{1b}' && self.mode == Mode::Coloured);
        match passes {
            true => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            false => out.extend_from_slice(visible(letter.encode_utf8(&mut [0; 4])).as_bytes()),
        }
    }
}

/// Printable ASCII, a line feed, a tab.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Whether more bytes can make a character of these.
fn is_begin(bytes: &[u8]) -> bool {
    !bytes.is_empty() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Bytes that are no text: a terminal that doesn't speak UTF-8 takes some for controls.
fn show_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    bytes.iter().for_each(|byte| out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()));
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.mode == Mode::Raw {
            return self.out.write(bytes);
        }
        let mut out = Vec::with_capacity(bytes.len() + 16);
        self.show(bytes, &mut out);
        self.out.write_all(&out)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[&[u8]], mode: Mode) -> Vec<u8> {
        let mut out = Vec::new();
        let mut shown = Shown::new(&mut out, mode);
        for part in parts {
            shown.write_all(part).unwrap();
        }
        drop(shown);
        out
    }

    #[test]
    fn shows_what_steers() {
        let check = |text: &[u8], expect: &str| {
            assert_eq!(String::from_utf8(shown(&[text], Mode::Shown)).unwrap(), expect, "{text:?}");
            assert_eq!(shown(&[text], Mode::Raw), text, "data stay as they are");
        };
        check(b"a line\n\tand a tab\n", "a line\n\tand a tab\n");
        check("é 日本 👩‍👧\n".as_bytes(), "é 日本 👩‍👧\n");
        check(b"\x1b]0;title\x07\x1b[2J\r\x08\x7f", "\\u001b]0;title\\u0007\\u001b[2J\\u000d\\u0008\\u007f");
        check("\u{9b}31m\u{202e}x".as_bytes(), "\\u009b31m\\u202ex");
        check(b"raw \x9b31m and \xff\xfe", "raw \\x9b31m and \\xff\\xfe");
        check(b"cut \xe6\x97 here", "cut \\xe6\\x97 here");
    }

    #[test]
    fn colours_of_our_own_pass_in_log_lines() {
        let line = "\u{1b}[32mINFO\u{1b}[0m name=\u{202e}\u{9b}x\n".as_bytes();
        let expect = "\u{1b}[32mINFO\u{1b}[0m name=\\u202e\\u009bx\n";
        assert_eq!(String::from_utf8(shown(&[line], Mode::Coloured)).unwrap(), expect);
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let text = "日\u{202e}é\u{1b}👩".as_bytes();
        for at in 0..=text.len() {
            for then in at..=text.len() {
                let got = shown(&[&text[..at], &text[at..then], &text[then..]], Mode::Shown);
                assert_eq!(String::from_utf8(got).unwrap(), "日\\u202eé\\u001b👩", "{at} {then}");
            }
        }
    }
}
