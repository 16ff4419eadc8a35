//! Checks events: one pass over the bytes, along the plan, telling every violation.
//!
//! Checking never fails. What can't be read at all is a violation too (`syntax`,
//! `encoding`, `limit`); such an event is reported as far as it could be read.

mod choice;
mod cursor;
mod extent;
mod findings;
mod general;

pub(crate) mod json;
mod leaf;
pub(crate) mod number;
mod object;
mod once;
pub(crate) mod path;
mod report;
pub(crate) mod rules;
mod search;
mod suggestions;
mod text;

mod wrong_type;

use std::sync::Arc;

use cursor::{Cause, Cursor, Stop};
pub use extent::value_end;
use findings::Findings;
use json::Json;
use once::SeenNames;
use path::Path;
use rules::{Memory, Rules};
use search::Outcome;
use suggestions::Suggestions;
use text::Scratch;
pub(crate) use text::push_escape;

use crate::limits::{EVENT_BYTES_MAX, KEPT_BYTES_MAX, ReportLimits, TREE_STEPS_MAX};
use crate::model::{Model, SchemaId};
use crate::names::{SPELLED_PLATFORM, SPELLED_XDM};
use crate::personal::Span;
use crate::plan::{Node, NodeId, Plan};
use crate::profile::{Profile, Spelling};
use crate::sink::{NullSink, Sink};
use crate::violation::{Notice, Verdict, Violation};

/// Checks events of one plan, one after the other. Keep one per thread: it learns the
/// order in which keys come.
#[derive(Debug)]
pub struct Checker {
    plan: Arc<Plan>,
    profile: Profile,
    state: EventState,
}

/// What a checker keeps between events so that the usual event allocates nothing.
#[derive(Debug, Default)]
struct EventState {
    violations: Findings<Violation>,
    /// Bare names that count only if the event is in the schema's spelling.
    pending: Findings<Violation>,
    notices: Findings<Notice>,
    suggestions: Suggestions,
    /// Bitmaps of the children that were seen, of all objects that are open.
    seen: Vec<u64>,
    /// Undeclared names of all objects that are open.
    names: SeenNames,
    /// Bytes of raw JSON and the names it is kept under, of the event so far.
    kept_bytes: usize,
    /// Work that the rules which need a tree may still do for the event.
    tree_steps_left: usize,
    /// The same of looks at values of which nothing is kept.
    unkept_steps_left: usize,
    /// Room for what these know.
    memory: Memory,
    predictions: Vec<u16>,
    order: Order,
    /// The last event had white space between its tokens.
    spaced: bool,
    pointer: String,
    scratch: Scratch,
    /// Personal parts of the text at hand.
    parts: Vec<Span>,
}

impl Checker {
    /// A checker for events of this plan.
    pub fn new(plan: Arc<Plan>, profile: Profile) -> Self {
        let state = EventState { predictions: vec![0; plan.prediction_cells], ..EventState::default() };
        Checker { plan, profile, state }.with_limits(ReportLimits::default())
    }

    /// The same with other limits on what is reported of an event.
    pub fn with_limits(mut self, limits: ReportLimits) -> Self {
        self.state.violations.limit(limits.violations_max, limits.violations_bytes_max);
        self.state.pending.limit(limits.violations_max, limits.violations_bytes_max);
        self.state.notices.limit(limits.notices_max, limits.notices_bytes_max);
        self
    }

    /// The same for a caller that has no use for notices, so that none are written.
    pub fn without_notices(mut self) -> Self {
        self.state.notices.limit(0, 0);
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
        let Some(used) = used else { return verdict };
        let rest = event.as_bytes().get(used..).unwrap_or_default();
        match rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            Some(at) => {
                // Mostly lines that were joined on their way here.
                let what = match rest.get(at) {
                    Some(b'{') => {
                        "another event follows the event's closing brace; put each on a line of its own \
                         (curl keeps line feeds with --data-binary, not with -d)"
                    }
                    _ => "something follows the event's closing brace",
                };
                let stop = Stop::syntax(used + at, what);
                self.state.violations.add(report::stopped(&stop));
                Verdict::Invalid
            }
            None => verdict,
        }
    }

    /// Checks the event at the start of `text` and says how many bytes it took. `None`
    /// after a syntax error: then nothing is known about where the event ends. An event
    /// that passes a limit is left at once, and only its end is looked for.
    pub fn check_prefix<S: Sink>(&mut self, text: &str, sink: &mut S) -> (Verdict, Option<usize>) {
        let Checker { plan, profile, state } = self;
        state.begin();
        // Nothing behind this can belong to an event that is short enough.
        let window = clipped(text);
        let mut walk = Walk {
            plan,
            profile: *profile,
            cursor: Cursor::new(window, state.spaced),
            state,
            sink,
            spelled: 0,
            muted: 0,
            identity: Identity::None,
        };
        walk.cursor.space();
        let start = walk.cursor.at();
        let outcome = walk.value(plan.root, &Path::ROOT);
        let used = walk.cursor.at();
        let (spelled, spaced) = (walk.spelled, walk.cursor.had_gaps());
        let outcome = match outcome {
            Ok(()) if used - start > EVENT_BYTES_MAX => Err((too_long(EVENT_BYTES_MAX), Some(used))),
            Ok(()) if walk.state.kept_bytes > KEPT_BYTES_MAX => Err((too_much_kept(), Some(used))),
            Ok(()) => Ok(used),
            Err(stop) => Err(left(stop, text, start, window.len() < text.len())),
        };
        let used = match outcome {
            Ok(used) => Some(used),
            Err((stop, end)) => {
                self.state.violations.add(report::stopped(&stop));
                end
            }
        };
        self.state.spaced = spaced;
        (self.state.conclude(spelled), used)
    }

    /// Judges the last event anew, by a limit of the caller's: it is longer than
    /// `bytes_max`, whatever else it is.
    pub fn reject_length(&mut self, bytes_max: usize) -> Verdict {
        self.state.violations.clear();
        self.state.notices.clear();
        self.state.violations.add(report::stopped(&too_long(bytes_max)));
        Verdict::Invalid
    }

    /// As [`check`](Self::check), for bytes that may not be UTF-8.
    pub fn check_bytes<S: Sink>(&mut self, event: &[u8], sink: &mut S) -> Verdict {
        if let Ok(text) = simdutf8::basic::from_utf8(event) {
            return self.check(text, sink);
        }
        let at = std::str::from_utf8(event).map_or_else(|e| e.valid_up_to(), str::len);
        self.state.begin();
        self.state.violations.add(report::encoding(at));
        Verdict::Invalid
    }

    /// Checks one event and keeps nothing of it. Not generic, so that it is compiled here,
    /// with this crate's optimisation, whoever calls it.
    pub fn judge(&mut self, event: &[u8]) -> Verdict {
        self.check_bytes(event, &mut NullSink)
    }

    /// As [`judge`](Self::judge), for the event at the start of `text`; see
    /// [`check_prefix`](Self::check_prefix).
    pub fn judge_prefix(&mut self, text: &str) -> (Verdict, Option<usize>) {
        self.check_prefix(text, &mut NullSink)
    }

    /// The violations of the last event, as many as the limits allow.
    pub fn violations(&self) -> &[Violation] {
        self.state.violations.all()
    }

    /// How many violations there are besides those.
    pub fn violations_omitted(&self) -> usize {
        self.state.violations.omitted()
    }

    /// What else was noticed about the last event, as much as the limits allow.
    pub fn notices(&self) -> &[Notice] {
        self.state.notices.all()
    }

    /// How many notices there are besides those.
    pub fn notices_omitted(&self) -> usize {
        self.state.notices.omitted()
    }
}

/// Checks a JSON text by one schema, as a tree.
pub(crate) fn check_document(model: &Model, schema: SchemaId, text: &str, limits: ReportLimits) -> Vec<Violation> {
    let mut told = Findings::default();
    told.limit(limits.violations_max, limits.violations_bytes_max);
    let mut cursor = Cursor::new(text, false);
    cursor.space();
    let read = Json::read(&mut cursor).and_then(|value| {
        cursor.space();
        if cursor.at() == text.len() { Ok(value) } else { Err(cursor.syntax("something follows the value")) }
    });
    match read {
        Ok(value) => {
            let check = |rules: &mut Rules<'_>| rules.schema(schema, &value, &Path::ROOT);
            if Rules::decide(model, Spelling::XdmOnly, &mut { TREE_STEPS_MAX }, check) == Some(true) {
                return Vec::new();
            }
            let mut rules = Rules::reporting(model, Spelling::XdmOnly, TREE_STEPS_MAX, Memory::default(), &mut told);
            check(&mut rules);
            let _ = rules.conclude(&Path::ROOT);
        }
        Err(stop) => told.add(report::stopped(&stop)),
    }
    told.into_all()
}

fn too_long(bytes_max: usize) -> Stop {
    Stop::limit("the event is longer than", bytes_max, "bytes; send less in one event")
}

fn too_much_kept() -> Stop {
    Stop::limit(
        "undeclared properties with the names above them take more than",
        KEPT_BYTES_MAX,
        "bytes; shorten the names",
    )
}

/// As much of a text as the event at its start may take, and a byte that shows when it
/// takes more.
#[inline]
fn clipped(text: &str) -> &str {
    if text.len() <= EVENT_BYTES_MAX {
        return text;
    }
    let lead = text.len() - text.trim_ascii_start().len();
    let mut end = text.len().min(lead + EVENT_BYTES_MAX + 1);
    while !text.is_char_boundary(end) {
        end += 1;
    }
    &text[..end]
}

/// Why an event was left before its end, and where that is, if it can be known.
#[cold]
fn left(stop: Stop, text: &str, start: usize, clipped: bool) -> (Stop, Option<usize>) {
    let is_limit = matches!(stop.cause(), Cause::Limit { .. });
    if !is_limit && !clipped {
        return (stop, None);
    }
    match value_end(&text.as_bytes()[start..]).map(|end| start + end) {
        Some(end) if is_limit => (stop, Some(end)),
        // What looked like a syntax error was the end of what is read of one event.
        Some(end) if end - start > EVENT_BYTES_MAX => (too_long(EVENT_BYTES_MAX), Some(end)),
        Some(_) => (stop, None),
        None => (Stop::syntax(text.len(), "the event does not end, or its brackets don't match"), None),
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

impl EventState {
    fn begin(&mut self) {
        self.order.conclude();
        self.violations.clear();
        self.pending.clear();
        self.notices.clear();
        self.seen.clear();
        self.names.clear();
        self.kept_bytes = 0;
        self.tree_steps_left = TREE_STEPS_MAX;
        self.unkept_steps_left = TREE_STEPS_MAX;
        self.suggestions.begin();
    }

    fn conclude(&mut self, spelled: u8) -> Verdict {
        if spelled & (SPELLED_XDM | SPELLED_PLATFORM) == SPELLED_XDM {
            self.violations.append(&mut self.pending);
        }
        if self.violations.is_empty() { Verdict::Valid } else { Verdict::Invalid }
    }
}

/// What is known of the texts below a key of the map of identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    /// The walk is not there.
    None,
    /// They are personal if they look it.
    Any,
    /// They are personal.
    Personal,
}

/// One walk over one event.
struct Walk<'w, S> {
    plan: &'w Plan,
    profile: Profile,
    cursor: Cursor<'w>,
    state: &'w mut EventState,
    sink: &'w mut S,
    /// Spellings of declared names met so far.
    spelled: u8,
    /// Above zero while a value is checked that is kept as raw JSON by an ancestor.
    muted: u32,
    /// What is known of the texts here, below a key of the map of identities.
    identity: Identity,
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
            Node::General(node) => self.general(node, path),
        }
    }

    /// Keeps a value as raw JSON: sealed where it is or could be personal, else in `extra`,
    /// without those parts of it that could be.
    fn keep_raw(&mut self, path: &Path<'_>, raw: &str, personal: bool) {
        if self.muted > 0 {
            return;
        }
        if !S::KEEPS {
            return self.counts_kept(path, raw.len());
        }
        if !self.names_kept(path, raw.len()) {
            return;
        }
        let pointer = &mut self.state.pointer;
        if personal || self.identity == Identity::Personal {
            return self.sink.personal(None, pointer, raw);
        }
        match search::search(raw, pointer, path.is_of_person()) {
            Outcome::Clear => self.sink.extra(pointer, raw),
            Outcome::Whole => self.sink.personal(None, pointer, raw),
            Outcome::Parts(found) => {
                found.iter().for_each(|part| self.sink.personal(None, &part.pointer, part.raw));
                self.sink.extra(pointer, &search::without(raw, &found));
            }
        }
    }

    /// The same as [`names_kept`](Self::names_kept) for a sink that keeps nothing.
    fn counts_kept(&mut self, path: &Path<'_>, raw_bytes: usize) {
        if self.state.kept_bytes <= KEPT_BYTES_MAX {
            self.state.kept_bytes += path.stored_len() + raw_bytes;
        }
    }

    /// Writes the path under which a value of this length is to be kept to
    /// `EventState::pointer`. Each value is kept under its whole path, so that what is kept can
    /// be much longer than what was sent; hence a limit of its own. Past it nothing more
    /// is kept, and the event is rejected at its end. Counted whatever the sink does with
    /// it, so that admission and draining judge alike.
    fn names_kept(&mut self, path: &Path<'_>, raw_bytes: usize) -> bool {
        if self.state.kept_bytes > KEPT_BYTES_MAX {
            return false;
        }
        self.state.pointer.clear();
        path.write_stored(&mut self.state.pointer);
        debug_assert_eq!(self.state.pointer.len(), path.stored_len(), "{}", self.state.pointer);
        self.state.kept_bytes += self.state.pointer.len() + raw_bytes;
        self.state.kept_bytes <= KEPT_BYTES_MAX
    }

    fn any(&mut self, path: &Path<'_>) -> Result<(), Stop> {
        let raw = self.cursor.skip_value()?;
        self.keep_raw(path, raw, false);
        Ok(())
    }
}
