//! Checks events: one pass over the bytes, along the plan, telling every violation.
//!
//! Checking never fails. What can't be read at all is a violation too (`syntax`,
//! `encoding`, `limit`); such an event is told as far as it could be read.

mod cursor;
mod guess;
mod leaf;
mod number;
mod object;
mod path;
mod report;
mod text;

use std::sync::Arc;

use cursor::{Cursor, Stop};
use guess::Guesses;
use path::Path;
use text::Scratch;

use crate::limits::EVENT_BYTES_MAX;
use crate::names::{SPELLED_PLATFORM, SPELLED_XDM};
use crate::plan::{Node, NodeId, Plan};
use crate::profile::Profile;
use crate::sink::{NullSink, Sink};
use crate::violation::{Notice, Verdict, Violation};

/// Checks events of one plan, one after the other. Keep one per thread: it learns the
/// order in which keys come.
#[derive(Debug)]
pub struct Checker {
    plan: Arc<Plan>,
    profile: Profile,
    state: State,
}

/// What a checker keeps between events so that the usual event allocates nothing.
#[derive(Debug, Default)]
struct State {
    violations: Vec<Violation>,
    /// Violations that were not told, past the limit.
    untold: usize,
    /// Bare names that count only if the event is in the schema's spelling.
    pending: Vec<Violation>,
    notices: Vec<Notice>,
    /// Nobody asks for notices.
    unnoticed: bool,
    guesses: Guesses,
    /// Bitmaps of the children that were seen, of all objects that are open.
    seen: Vec<u64>,
    /// Hashes and ranges of undeclared names of all objects that are open.
    names: Vec<(u64, usize, usize)>,
    predictions: Vec<u16>,
    order: Order,
    /// The last event had white space between its tokens.
    airy: bool,
    pointer: String,
    scratch: Scratch,
}

impl Checker {
    /// A checker for events of this plan.
    pub fn new(plan: Arc<Plan>, profile: Profile) -> Self {
        let state = State { predictions: vec![0; plan.prediction_cells], ..State::default() };
        Checker { plan, profile, state }
    }

    /// The same for a caller that has no use for notices, so that none are written.
    pub fn without_notices(mut self) -> Self {
        self.state.unnoticed = true;
        self
    }

    /// The plan that events are checked along.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Checks one event: exactly one JSON value, white space around it allowed. The sink
    /// receives values until the end or the first syntax error, whatever the verdict.
    pub fn check<S: Sink>(&mut self, event: &str, sink: &mut S) -> Verdict {
        let (verdict, used) = self.check_prefix(event, sink);
        let rest = event.as_bytes().get(used..).unwrap_or_default();
        let stopped = self.state.violations.iter().any(|v| v.keyword == "syntax" || v.keyword == "limit");
        match rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            Some(at) if !stopped => {
                let stop = Stop::syntax(used + at, "something follows the event's closing brace");
                self.state.violations.push(report::stopped(&stop));
                Verdict::Invalid
            }
            _ => verdict,
        }
    }

    /// Checks the event at the start of `text` and says how many bytes it took. After a
    /// syntax error or a passed limit nothing is known about where the event ends.
    pub fn check_prefix<S: Sink>(&mut self, text: &str, sink: &mut S) -> (Verdict, usize) {
        let Checker { plan, profile, state } = self;
        state.begin();
        let mut walk = Walk {
            plan,
            profile: *profile,
            cursor: Cursor::new(text, state.airy),
            state,
            sink,
            spelled: 0,
            muted: 0,
            personal: false,
        };
        walk.cursor.space();
        let start = walk.cursor.at();
        let mut outcome = walk.value(plan.root, &Path::ROOT);
        let used = walk.cursor.at();
        if outcome.is_ok() && used - start > EVENT_BYTES_MAX {
            outcome = Err(Stop::limit("the event is longer than", EVENT_BYTES_MAX, "bytes; send less in one event"));
        }
        let (spelled, airy) = (walk.spelled, walk.cursor.had_gaps());
        if let Err(stop) = outcome {
            self.state.violations.push(report::stopped(&stop));
        }
        self.state.airy = airy;
        (self.state.conclude(spelled), used)
    }

    /// As [`check`](Self::check), for bytes that may not be UTF-8.
    pub fn check_bytes<S: Sink>(&mut self, event: &[u8], sink: &mut S) -> Verdict {
        if let Ok(text) = simdutf8::basic::from_utf8(event) {
            return self.check(text, sink);
        }
        let at = std::str::from_utf8(event).map_or_else(|e| e.valid_up_to(), str::len);
        self.state.begin();
        self.state.violations.push(report::encoding(at));
        Verdict::Invalid
    }

    /// Checks one event and keeps nothing of it. Not generic, so that it is compiled here,
    /// with this crate's optimisation, whoever calls it.
    pub fn judge(&mut self, event: &[u8]) -> Verdict {
        self.check_bytes(event, &mut NullSink)
    }

    /// As [`judge`](Self::judge), for the event at the start of `text`; see
    /// [`check_prefix`](Self::check_prefix).
    pub fn judge_prefix(&mut self, text: &str) -> (Verdict, usize) {
        self.check_prefix(text, &mut NullSink)
    }

    /// All violations of the last event.
    pub fn violations(&self) -> &[Violation] {
        &self.state.violations
    }

    /// What else was noticed about the last event.
    pub fn notices(&self) -> &[Notice] {
        &self.state.notices
    }
}

/// Whether the keys of an object are expected in the order of the last event. Where they
/// come in any order, guessing them costs more than looking them up.
#[derive(Debug)]
struct Order {
    /// Events for which nothing is guessed any more.
    unguessed: u32,
    /// The last event taught the order anew, so that it isn't judged.
    learning: bool,
    /// Members of the event so far, and wrong guesses among them.
    members: usize,
    misses: usize,
}

impl Default for Order {
    fn default() -> Order {
        Order { unguessed: 0, learning: true, members: 0, misses: 0 }
    }
}

/// Events that pass before an order is looked for again.
const UNGUESSED_EVENTS: u32 = 256;

impl Order {
    #[inline]
    fn is_known(&self) -> bool {
        self.unguessed == 0
    }

    fn conclude(&mut self) {
        let (members, misses) = (std::mem::take(&mut self.members), std::mem::take(&mut self.misses));
        if self.unguessed > 0 {
            self.unguessed -= 1;
            self.learning = self.unguessed == 0;
        } else if std::mem::take(&mut self.learning) {
            // Its guesses were of long ago.
        } else if misses * 2 > members {
            self.unguessed = UNGUESSED_EVENTS;
        }
    }
}

impl State {
    fn begin(&mut self) {
        self.order.conclude();
        self.violations.clear();
        self.untold = 0;
        self.pending.clear();
        self.notices.clear();
        self.seen.clear();
        self.names.clear();
    }

    fn conclude(&mut self, spelled: u8) -> Verdict {
        if spelled & (SPELLED_XDM | SPELLED_PLATFORM) == SPELLED_XDM {
            self.violations.append(&mut self.pending);
        }
        if self.untold > 0 {
            self.violations.push(report::untold(self.untold));
        }
        if self.violations.is_empty() { Verdict::Valid } else { Verdict::Invalid }
    }
}

/// One walk over one event.
struct Walk<'w, S> {
    plan: &'w Plan,
    profile: Profile,
    cursor: Cursor<'w>,
    state: &'w mut State,
    sink: &'w mut S,
    /// Spellings of declared names met so far.
    spelled: u8,
    /// Above zero while a value is checked that is kept as raw JSON by an ancestor.
    muted: u32,
    /// True below a map key whose values are personal.
    personal: bool,
}

impl<'w, S: Sink> Walk<'w, S> {
    fn value(&mut self, node: NodeId, path: &Path<'_>) -> Result<(), Stop> {
        let plan = self.plan;
        match &plan.nodes[node as usize] {
            Node::Text(node) => self.text(node, path),
            Node::Integer(node) => self.integer(node, path),
            Node::Timestamp(node) => self.timestamp(node, path),
            Node::Object(node) => self.object(node, path),
            Node::Boolean(node) => self.boolean(node, path),
            Node::Number(node) => self.number(node, path),
            Node::Map(node) => self.map(node, path),
            Node::List(node) => self.list(node, path),
            Node::Any => self.any(path),
        }
    }

    /// Keeps a value as raw JSON: in `extra`, or sealed where it could be personal.
    fn keep_raw(&mut self, path: &Path<'_>, raw: &str, personal: bool) {
        if self.muted > 0 {
            return;
        }
        self.state.pointer.clear();
        path.write_stored(&mut self.state.pointer);
        if personal || self.personal {
            self.sink.personal(None, &self.state.pointer, raw);
        } else {
            self.sink.extra(&self.state.pointer, raw);
        }
    }

    fn any(&mut self, path: &Path<'_>) -> Result<(), Stop> {
        let raw = self.cursor.skip_value()?;
        self.keep_raw(path, raw, false);
        Ok(())
    }
}
