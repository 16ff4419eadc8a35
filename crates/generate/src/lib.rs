//! Demo events: visitors who look at pages, are offered a chat, click to call.
//!
//! A run is decided by its [`Options`] alone, byte for byte, on every machine: the
//! benchmarks and the golden test rely on it. Events come in time order and look as
//! the Web SDK sends them; nothing in them belongs to a real person or site.
#![forbid(unsafe_code)]

mod arrivals;
mod broken;
mod event;
mod random;
mod session;
mod style;
mod visitor;
mod words;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};
use std::ops::RangeInclusive;

use serde_json::Value;

use arrivals::ArrivalTimes;
use broken::{FAULTS, Fault};
use random::Random;
use session::Plan;
use visitor::Visitor;

pub use style::Style;

/// Bytes gathered before they are written out.
const BUFFER_BYTES: usize = 256 * 1024;

/// Sessions per visitor, on average: some come back.
const SESSIONS_PER_VISITOR: f64 = 1.6;

/// Events per session, on average; decides only how many visitors there are.
const EVENTS_PER_SESSION: f64 = 5.0;

/// Years that a run may end in: ten years before them and a few hours after, an event may still lie.
pub const YEARS: RangeInclusive<i32> = 1700..=2260;

/// What is to be generated. The same options give the same bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many events, valid and invalid together.
    pub events: u64,
    /// Decides everything that looks like chance.
    pub seed: u64,
    /// Over how many days they are spread.
    pub days: u32,
    /// When the last day ends: milliseconds since 1970, UTC, in a year of [`YEARS`]. No session begins later; one that
    /// is under way goes on for less than an hour and a half.
    pub until_ms: i64,
    /// Exactly this many of the events are invalid, or all, if there are fewer.
    pub invalid: u64,
    /// How they are written.
    pub style: Style,
}

/// A session under way.
struct Session {
    begin_ms: i64,
    next: usize,
    plan: Plan,
    visitor: Visitor,
}

/// The events of a run, one after the other.
pub struct Generator {
    options: Options,
    random: Random,
    arrivals: ArrivalTimes,
    visitors: u64,
    /// Sessions by the time of their next event; the index breaks ties the same way everywhere.
    due: BinaryHeap<Reverse<(i64, usize)>>,
    sessions: Vec<Option<Session>>,
    free: Vec<usize>,
    /// The session that begins next, and the events planned before it.
    coming: Option<Session>,
    planned: u64,
    written: u64,
    /// Number of the next event to be broken, and how many were.
    break_at: Option<u64>,
    broken: u64,
}

impl Generator {
    /// Prepares a run.
    pub fn new(options: Options) -> Generator {
        let options = Options { invalid: options.invalid.min(options.events), ..options };
        let visitors = options.events as f64 / EVENTS_PER_SESSION / SESSIONS_PER_VISITOR;
        let mut generator = Generator {
            random: Random::new(options.seed),
            arrivals: ArrivalTimes::new(options.until_ms, options.days),
            visitors: (visitors as u64).max(1),
            due: BinaryHeap::new(),
            sessions: Vec::new(),
            free: Vec::new(),
            coming: None,
            planned: 0,
            written: 0,
            break_at: None,
            broken: 0,
            options,
        };
        generator.coming = generator.draw_session();
        generator.break_at = generator.draw_break();
        generator
    }

    /// Writes all events to `out`, a line each.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write_to(mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = Vec::with_capacity(BUFFER_BYTES + 4096);
        while self.next_line(&mut lines) {
            if lines.len() >= BUFFER_BYTES {
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        out.write_all(&lines)?;
        out.flush()
    }

    /// Appends the next events to `lines`, a line each and so many at most; how many they were, none when all are written.
    pub fn write_next(&mut self, events: u64, lines: &mut Vec<u8>) -> u64 {
        (0..events).take_while(|_| self.next_line(lines)).count() as u64
    }

    /// Appends the next event as a line; false when all are written.
    fn next_line(&mut self, lines: &mut Vec<u8>) -> bool {
        if self.written == self.options.events {
            return false;
        }
        let Some(index) = self.next_session() else { return false };
        let begin = lines.len();
        if let Some(session) = self.sessions[index].as_mut() {
            let step = session.plan.steps[session.next];
            let at_ms = session.begin_ms + i64::from(step.after_ms);
            event::write(lines, &session.plan, &step, &session.visitor, at_ms, &mut self.random);
            session.next += 1;
            match session.plan.steps.get(session.next) {
                Some(step) => self.due.push(Reverse((session.begin_ms + i64::from(step.after_ms), index))),
                None => {
                    self.sessions[index] = None;
                    self.free.push(index);
                }
            }
        }
        let fault = (self.break_at == Some(self.written)).then(|| FAULTS[(self.broken as usize) % FAULTS.len()]);
        if fault.is_some() || self.options.style != Style::Platform {
            self.rewrite(lines, begin, fault);
        }
        if fault.is_some() {
            self.broken += 1;
            self.break_at = self.draw_break();
        }
        self.written += 1;
        true
    }

    /// The session whose event is next, after those that begin before it have joined.
    fn next_session(&mut self) -> Option<usize> {
        while let Some(coming) = self.coming.take() {
            if self.due.peek().is_some_and(|Reverse((at, _))| *at < coming.begin_ms) {
                self.coming = Some(coming);
                break;
            }
            let begin_ms = coming.begin_ms;
            let index = self.free.pop().unwrap_or_else(|| {
                self.sessions.push(None);
                self.sessions.len() - 1
            });
            self.sessions[index] = Some(coming);
            self.due.push(Reverse((begin_ms, index)));
            self.coming = self.draw_session();
        }
        self.due.pop().map(|Reverse((_, index))| index)
    }

    /// The session after those planned so far, or `None` when they have all the events.
    fn draw_session(&mut self) -> Option<Session> {
        if self.planned >= self.options.events {
            return None;
        }
        let begin_ms = self.arrivals.moment(self.planned, self.options.events, &mut self.random);
        let who = self.random.next() % self.visitors;
        let visitor = Visitor::new(self.options.seed, who);
        let plan = session::plan(&mut self.random, visitor.is_handheld);
        self.planned += plan.steps.len() as u64;
        Some(Session { begin_ms, next: 0, plan, visitor })
    }

    /// One event out of each of `invalid` equal stretches of the run.
    fn draw_break(&mut self) -> Option<u64> {
        let Options { events, invalid, .. } = self.options;
        let edge = |i: u64| (u128::from(events) * u128::from(i) / u128::from(invalid)) as u64;
        (self.broken < invalid).then(|| {
            let (begin, end) = (edge(self.broken), edge(self.broken + 1));
            begin + self.random.next() % (end - begin)
        })
    }

    /// Replaces the line that begins at `begin` by its broken or restyled form.
    fn rewrite(&mut self, lines: &mut Vec<u8>, begin: usize, fault: Option<Fault>) {
        let mut event: Value =
            serde_json::from_slice(&lines[begin..]).expect("event::write makes valid JSON; a test parses its lines");
        if let Some(fault) = fault {
            broken::apply(&mut event, fault);
        }
        let mut line = Vec::with_capacity(2048);
        match self.options.style {
            Style::Platform => line.extend_from_slice(event.to_string().as_bytes()),
            Style::Xdm => line.extend_from_slice(style::to_xdm(event).to_string().as_bytes()),
            Style::Shuffled => style::shuffled(&mut line, &event, &mut self.random),
        }
        if fault == Some(Fault::CutLine) {
            broken::cut(&mut line, &mut self.random);
        }
        lines.truncate(begin);
        lines.extend_from_slice(&line);
        lines.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
