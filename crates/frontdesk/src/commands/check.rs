//! `frontdesk check`: every violation of every event, and nothing stored.
//!
//! A file holds one event a line, a JSON array, or a single event over several lines;
//! its first bytes tell which. Lines are streamed; an array or a single event is read
//! whole, up to a limit. The exit code is 1 if any event is invalid.

use std::io::{self, BufWriter, Write};

use report::visible;
use serde::Serialize;
use serde::de::IgnoredAny;
use xdm::limits::TellLimits;
use xdm::{Checker, Notice, Verdict, Violation};

use crate::args::{CheckArgs, CheckFormat};
use crate::failure::{Exit, Failure};
use crate::input::{Blocks, Input};
use crate::schemas::Readings;
use crate::settings::Settings;
use crate::terminal;

/// Lines checked at a time.
const BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// Longest line, array or single event that is read.
const WHOLE_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Runs the command.
///
/// # Errors
/// A schema or a file can't be read, or (exit code 1, with nothing more to say) events are invalid.
pub(crate) fn run(args: &CheckArgs, settings: &Settings) -> Result<(), Failure> {
    let readings = Readings::of(settings)?;
    let reading = readings.of_datastream(&args.datastream);
    let checker = Checker::new(reading.plan.clone(), reading.profile).telling(TellLimits::FILE);
    let out = BufWriter::new(match args.format {
        CheckFormat::Human => terminal::people(),
        CheckFormat::Json => terminal::data(),
    });
    let mut check = Check { checker, out, args, tally: Tally::default(), findings: 0 };
    check.begin()?;
    for path in &args.files {
        check.file(&Input::named(path))?;
    }
    check.finish()
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Tally {
    events: u64,
    valid: u64,
    invalid: u64,
}

/// One event of which something is to be told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    file: &'a str,
    #[serde(flatten)]
    place: Place,
    valid: bool,
    violations: &'a [Violation],
    #[serde(skip_serializing_if = "is_zero")]
    violations_omitted: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notices: &'a [Notice],
    #[serde(skip_serializing_if = "is_zero")]
    notices_omitted: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Where an event is in its file, counted from 1.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    /// The line.
    Line(u64),
    /// The position among the file's events.
    Event(u64),
}

struct Check<'a, W> {
    checker: Checker,
    out: W,
    args: &'a CheckArgs,
    tally: Tally,
    findings: u64,
}

impl<W: Write> Check<'_, W> {
    fn file(&mut self, input: &Input) -> Result<(), Failure> {
        let name = input.name();
        let mut blocks = Blocks::new(input.open()?, BLOCK_BYTES, WHOLE_BYTES_MAX);
        let unreadable = |error: io::Error| input.unreadable(&error);
        let mut line = 0;
        let Some(mut first) = blocks.next_block().map_err(unreadable)?.map(<[u8]>::to_vec) else {
            return Ok(());
        };
        if !is_lines(&first) {
            while let Some(block) = blocks.next_block().map_err(unreadable)? {
                if first.len() + block.len() > WHOLE_BYTES_MAX {
                    return Err(Failure::usage(format_args!(
                        "{name} is one JSON value of more than {WHOLE_BYTES_MAX} bytes"
                    ))
                    .help("write one event a line instead"));
                }
                first.extend_from_slice(block);
            }
            return self.whole(&name, &first);
        }
        self.lines(&name, &first, &mut line)?;
        drop(first);
        while let Some(block) = blocks.next_block().map_err(unreadable)? {
            self.lines(&name, block, &mut line)?;
        }
        Ok(())
    }

    fn lines(&mut self, name: &str, block: &[u8], number: &mut u64) -> Result<(), Failure> {
        let block = block.strip_suffix(b"\n").unwrap_or(block);
        for line in block.split(|byte| *byte == b'\n') {
            *number += 1;
            if !line.trim_ascii().is_empty() {
                let verdict = self.checker.judge(line);
                self.tell(name, Place::Line(*number), verdict)?;
            }
        }
        Ok(())
    }

    /// A file that is one value over several lines: an event, or an array of events.
    fn whole(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let verdict = self.checker.judge(bytes);
            return self.tell(name, Place::Event(1), verdict);
        };
        match text.trim_ascii_start().strip_prefix('[') {
            Some(items) => self.array(name, items),
            None => {
                let verdict = self.checker.judge(text.as_bytes());
                self.tell(name, Place::Event(1), verdict)
            }
        }
    }

    /// What follows the `[` of an array of events.
    fn array(&mut self, name: &str, items: &str) -> Result<(), Failure> {
        let mut rest = items.trim_ascii_start();
        let mut index = 0;
        if rest.starts_with(']') {
            return Ok(());
        }
        loop {
            index += 1;
            let (verdict, used) = self.checker.judge_prefix(rest);
            self.tell(name, Place::Event(index), verdict)?;
            // Behind a syntax error nothing can be told apart any more.
            let Some(used) = used else { return Ok(()) };
            rest = rest[used..].trim_ascii_start();
            match rest.strip_prefix(',') {
                Some(next) => rest = next.trim_ascii_start(),
                None if rest.trim_ascii() == "]" => return Ok(()),
                None => {
                    return Err(Failure::new(
                        Exit::No,
                        format_args!("{name} has no comma or closing bracket after event {index}"),
                    )
                    .help("write the events as [event, event, …], or one a line"));
                }
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.args.format {
            CheckFormat::Human => Ok(()),
            CheckFormat::Json => self.out.write_all(b"{\"findings\":["),
        }
    }

    fn tell(&mut self, file: &str, place: Place, verdict: Verdict) -> Result<(), Failure> {
        self.tally.events += 1;
        let valid = verdict == Verdict::Valid;
        self.tally.valid += u64::from(valid);
        self.tally.invalid += u64::from(!valid);
        let violations: &[Violation] = if valid { &[] } else { self.checker.violations() };
        let violations_omitted = self.checker.violations_omitted();
        let (notices, notices_omitted): (&[Notice], usize) =
            if self.args.notices { (self.checker.notices(), self.checker.notices_omitted()) } else { (&[], 0) };
        if violations.is_empty() && notices.is_empty() {
            return Ok(());
        }
        match self.args.format {
            CheckFormat::Json => {
                self.out.write_all(if self.findings == 0 { b"\n" } else { b",\n" })?;
                let finding = Finding { file, place, valid, violations, violations_omitted, notices, notices_omitted };
                serde_json::to_writer(&mut self.out, &finding).map_err(io::Error::from)?;
            }
            CheckFormat::Human => {
                let (Place::Line(number) | Place::Event(number)) = place;
                for violation in violations {
                    writeln!(self.out, "{}", visible(&format!("{file}:{number}: {violation}")))?;
                }
                if violations_omitted > 0 {
                    writeln!(
                        self.out,
                        "{}:{number}: {violations_omitted} more violations are not told; mend these first",
                        visible(file)
                    )?;
                }
                for Notice { pointer, code, message } in notices {
                    let line = format!("{file}:{number}: note: {pointer}: {message} [{code}]");
                    writeln!(self.out, "{}", visible(&line))?;
                }
                if notices_omitted > 0 {
                    writeln!(
                        self.out,
                        "{}:{number}: note: {notices_omitted} more notices are not told",
                        visible(file)
                    )?;
                }
            }
        }
        self.findings += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        let Tally { events, valid, invalid } = self.tally;
        match self.args.format {
            CheckFormat::Json => {
                writeln!(self.out, "\n],\"events\":{events},\"valid\":{valid},\"invalid\":{invalid}}}")?;
            }
            CheckFormat::Human => writeln!(self.out, "{events} events checked, {valid} valid, {invalid} invalid")?,
        }
        self.out.flush()?;
        if invalid == 0 { Ok(()) } else { Err(Failure::answered_no()) }
    }
}

/// One event a line, unless the first line is not a whole value but the block is, or
/// begins an array.
fn is_lines(block: &[u8]) -> bool {
    let text = block.trim_ascii_start();
    if text.first() == Some(&b'[') {
        return false;
    }
    let mut lines = text.splitn(2, |byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default().trim_ascii();
    let has_more = lines.next().is_some_and(|rest| !rest.trim_ascii().is_empty());
    if !has_more || serde_json::from_slice::<IgnoredAny>(first).is_ok() {
        return true;
    }
    // A broken first line of many, or a value spread over lines: the second line of the
    // latter does not begin an object.
    let second = text[first.len()..].trim_ascii_start();
    second.first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_lines_from_one_value() {
        let check = |text: &str, expect: bool| assert_eq!(is_lines(text.as_bytes()), expect, "{text}");
        check("{\"a\":1}\n{\"a\":2}\n", true);
        check("{\"a\":1}", true);
        check("{\"a\":1\n{\"a\":2}\n", true);
        check("oops\n{\"a\":2}\n", true);
        check("{\n  \"a\": 1\n}\n", false);
        check("{ \"a\":\n1 }", false);
        check("[{\"a\":1}]", false);
        check("\n [\n", false);
    }
}
