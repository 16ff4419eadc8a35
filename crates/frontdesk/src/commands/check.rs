//! `frontdesk check`: every violation of every event, and nothing stored.
//!
//! A file holds one event a line, a JSON array, or events over any number of lines; its
//! first event tells which, by the rule that `load` and the server have. The exit code is 1
//! if any event is invalid, and 2 if the file can't be read as events.

use std::io::{self, BufWriter, Write};

use intake::{EventPosition, InputError};
use report::visible;
use serde::Serialize;
use xdm::limits::ReportLimits;
use xdm::{Checker, Notice, Verdict, Violation};

use crate::args::{CheckArgs, CheckFormat};
use crate::failure::Failure;
use crate::input::Input;
use crate::policies::ValidationPolicies;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A schema or a file can't be read, or (exit code 1, with nothing more to say) events are invalid.
pub(crate) fn run(args: &CheckArgs, settings: &Settings) -> Result<(), Failure> {
    let policies = ValidationPolicies::of(settings)?.told();
    let policy = policies.of_datastream(&args.datastream);
    let checker = Checker::new(policy.plan.clone(), policy.profile).with_limits(ReportLimits::FILE);
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
    place: Spelled,
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

/// Where an event is in its file, counted from 1, as the findings spell it.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Spelled {
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
        let mut reader = input.open()?;
        while let Some(batch) = reader.next_batch().map_err(|error| input.unreadable(&error))? {
            for (place, offset, event) in batch.events() {
                let verdict = self.checker.judge(event);
                if let (EventPosition::Event(_), Verdict::Invalid) = (place, verdict)
                    && let Some(message) = intake::unreadable(self.checker.violations())
                {
                    // What it says of the events before is worth seeing.
                    self.out.flush()?;
                    return Err(input.unreadable(&InputError::Event { offset, message }));
                }
                self.tell(&name, place, verdict)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.args.format {
            CheckFormat::Human => Ok(()),
            CheckFormat::Json => self.out.write_all(b"{\"findings\":["),
        }
    }

    fn tell(&mut self, file: &str, place: EventPosition, verdict: Verdict) -> Result<(), Failure> {
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
                let place = match place {
                    EventPosition::Line(number) => Spelled::Line(number),
                    EventPosition::Event(number) => Spelled::Event(number),
                };
                let finding = Finding { file, place, valid, violations, violations_omitted, notices, notices_omitted };
                serde_json::to_writer(&mut self.out, &finding).map_err(io::Error::from)?;
            }
            CheckFormat::Human => {
                let (EventPosition::Line(number) | EventPosition::Event(number)) = place;
                for violation in violations {
                    writeln!(self.out, "{}", visible(&format!("{file}:{number}: {violation}")))?;
                }
                if violations_omitted > 0 {
                    writeln!(
                        self.out,
                        "{}:{number}: {violations_omitted} more violations are not told; fix these first",
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
