//! Rules that hold for a value as a tree: the interpreter behind `anyOf` and its kind, and
//! behind whole schemas that need no columns.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::findings::Findings;
use super::path::{Path, PathStep};
use crate::check::json::Json;
use crate::keyword;
use crate::limits::{MESSAGE_BYTES_MAX, TREE_DEPTH_MAX};
use crate::model::{Body, Flat, Model, Origin, SchemaId};
use crate::profile::Spelling;
use crate::violation::Violation;

/// What is reported of a value that a schema `false` stands for.
const NEVER_VALID: &str = "the schema permits no value here; leave it out";
/// Its keyword.
const FALSE_SCHEMA: &str = "falseSchema";
/// What is reported of a value that is too much work, and its keyword.
const TOO_MUCH: &str =
    "the rules of the schema lead to too much work for this value; send less, or simplify the schema";
const LIMIT: &str = "limit";

/// Where a rule is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'p> {
    pub(crate) origin: Origin,
    pub(crate) path: &'p Path<'p>,
}

/// Rules of a model, and where their findings go.
///
/// Schemas lead to the same schema on many ways, so that what is known of a schema and a value
/// is kept: each is looked at a bounded number of times, and reported once. What passes the
/// bound on all steps of an event ([`crate::limits::TREE_STEPS_MAX`]) ends in a violation.
pub(crate) struct Rules<'r> {
    model: &'r Model,
    spelling: Spelling,
    output: Output<'r>,
    memory: Memory,
    /// Above zero where nothing is kept: for a value that isn't part of the tree its address means nothing.
    passing: usize,
    /// Schemas that are being checked, one inside the other.
    depth: usize,
    steps_left: usize,
}

type Place = (SchemaId, usize);

/// What is known of one tree. Its room serves the next one too, so that the usual tree allocates none.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What was found so far, by schema and address of the value.
    known: HashMap<Place, Known, ByPlace>,
    /// What was reported so far.
    told: HashSet<Place, ByPlace>,
}

/// Most steps on one value without keeping what is known of it: a value that takes more may have rules that lead to
/// it on very many ways.
const UNKEPT_STEPS_MAX: usize = 1 << 16;
/// Room for more places than so many is given back.
const PLACES_KEPT: usize = 4096;

impl Memory {
    /// Forgets everything: addresses mean nothing in another tree.
    fn cleared(mut self) -> Memory {
        if self.known.capacity() > PLACES_KEPT || self.told.capacity() > PLACES_KEPT {
            return Memory::default();
        }
        self.known.clear();
        self.told.clear();
        self
    }
}

/// Places are small numbers and addresses of our own, which no sender can choose, and neither can one choose the `$id`s of
/// schemas: mixing their bits is enough.
pub(crate) type ByPlace = BuildHasherDefault<PlaceHasher>;

#[derive(Default)]
pub(crate) struct PlaceHasher(u64);

impl PlaceHasher {
    fn mix(&mut self, number: u64) {
        // The odd number is 2 to the 64th divided by the golden ratio, as Fibonacci hashing has it.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for PlaceHasher {
    fn finish(&self) -> u64 {
        // Tables take the low bits for the place and the high ones for telling apart.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

/// What is known of a value by a schema.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// Rules that it breaks.
    Failures(usize),
    /// It breaks some.
    Fails,
}

enum Output<'r> {
    Reported(&'r mut Findings<Violation>),
    /// The first violation, where no other is of use.
    First(Findings<Violation>),
    /// Violations so far, where only their number matters.
    Counted(usize),
    /// Whether there is any.
    Decided(bool),
}

impl<'r> Rules<'r> {
    /// `steps_left` is how much work may still be done for the event.
    pub(super) fn reporting(
        model: &'r Model,
        spelling: Spelling,
        steps_left: usize,
        memory: Memory,
        told: &'r mut Findings<Violation>,
    ) -> Rules<'r> {
        let output = Output::Reported(told);
        Rules { model, spelling, output, memory: memory.cleared(), passing: 0, depth: 0, steps_left }
    }

    /// Does a value pass a check, as far as so many steps tell? Nothing is kept of what is found, which
    /// is quicker for the usual value; what it breaks, and whether it does where too few steps are left, is found out by
    /// [`reporting`](Self::reporting).
    pub(super) fn decide(
        model: &'r Model,
        spelling: Spelling,
        steps_left: &mut usize,
        check: impl FnOnce(&mut Rules<'r>),
    ) -> Option<bool> {
        let steps = (*steps_left).min(UNKEPT_STEPS_MAX);
        let (output, memory) = (Output::Decided(false), Memory::default());
        let mut rules = Rules { model, spelling, output, memory, passing: 1, depth: 0, steps_left: steps };
        check(&mut rules);
        *steps_left -= steps - rules.steps_left;
        (rules.steps_left > 0).then_some(matches!(rules.output, Output::Decided(false)))
    }

    /// Does a schema say anything about values?
    pub(crate) fn says_something(&self, id: SchemaId) -> bool {
        match &self.model.schema(id).body {
            Body::Nothing => true,
            Body::Rules(rules) => !rules.is_empty(),
        }
    }

    /// Which spellings of property names are read.
    pub(crate) fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// How much work may still be done, and the room of what was known. No work is left after a limit, which is
    /// reported here.
    pub(super) fn conclude(self, path: &Path<'_>) -> (usize, Memory) {
        if self.steps_left == 0
            && let Output::Reported(told) = self.output
        {
            told.add(Violation {
                pointer: path.sent(),
                schema: String::new(),
                keyword: LIMIT.to_owned(),
                message: TOO_MUCH.to_owned(),
            });
        }
        (self.steps_left, self.memory)
    }

    /// Checks a value by a schema.
    pub(crate) fn schema(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) {
        if self.passing > 0 && matches!(self.output, Output::Decided(_)) {
            return self.unkept(id, value, path);
        }
        let place = (id, std::ptr::from_ref(value).addr());
        if self.is_over() || self.is_known(place) {
            return;
        }
        if self.depth >= TREE_DEPTH_MAX {
            self.steps_left = 0;
            return;
        }
        let before = match self.output {
            Output::Counted(count) => {
                self.output = Output::Counted(0);
                count
            }
            _ => 0,
        };
        self.depth += 1;
        self.body(id, value, path);
        self.depth -= 1;
        let found = match &mut self.output {
            Output::Counted(count) => {
                let failures = *count;
                *count = before.saturating_add(failures);
                Known::Failures(failures)
            }
            Output::Decided(true) => Known::Fails,
            Output::Decided(false) => Known::Failures(0),
            Output::Reported(_) | Output::First(_) => return,
        };
        if self.passing == 0 {
            self.memory.known.insert(place, found);
        }
    }

    /// The same where nothing is kept and only the verdict matters.
    fn unkept(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) {
        if self.is_over() {
            return;
        }
        let flat = match self.spelling {
            Spelling::XdmOnly => self.model.flat(id),
            // A name in platform spelling may stand for what lies in another object.
            Spelling::Either => None,
        };
        let levels = flat.map_or(1, |(flat, links)| flat.levels + links);
        if self.depth + levels > TREE_DEPTH_MAX {
            self.steps_left = 0;
            return;
        }
        self.depth += levels;
        match flat {
            Some((flat, _)) => self.flat(flat, value, path),
            None => self.body(id, value, path),
        }
        self.depth -= levels;
    }

    /// The same by a schema as one list.
    fn flat(&mut self, flat: &'r Flat, value: &Json<'_>, path: &Path<'_>) {
        self.steps_left = self.steps_left.saturating_sub(cost(value).saturating_mul(flat.rules));
        if !flat.types.contains(value.types()) {
            self.output = Output::Decided(true);
        }
        // What is missing is found sooner than what is wrong.
        flat.rest.iter().for_each(|origin| self.rule(*origin, value, path));
        if let Json::Object(members) = value
            && !flat.properties.is_empty()
            && !self.is_over()
        {
            for (name, member) in members.iter() {
                for schema in flat.properties.of_name(name) {
                    self.unkept(*schema, member, &path.below(PathStep::Key(name)));
                }
            }
        }
    }

    fn body(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) {
        match &self.model.schema(id).body {
            Body::Nothing => {
                let origin = Origin { schema: id, rule: u32::MAX };
                self.violate(At { origin, path }, || NEVER_VALID.to_owned());
            }
            Body::Rules(rules) => {
                let cost = cost(value);
                for (rule, keyword) in (0..).zip(rules) {
                    self.steps_left = self.steps_left.saturating_sub(cost);
                    if self.is_over() {
                        return;
                    }
                    keyword.check(value, Origin { schema: id, rule }, path, self);
                }
            }
        }
    }

    /// Is there nothing more to find out?
    fn is_over(&self) -> bool {
        let is_decided = match &self.output {
            Output::Decided(fails) => *fails,
            Output::First(told) => !told.is_empty(),
            Output::Reported(_) | Output::Counted(_) => false,
        };
        is_decided || self.steps_left == 0
    }

    /// Is it known what would be found, and is that taken over?
    fn is_known(&mut self, place: Place) -> bool {
        if self.passing > 0 {
            return false;
        }
        match (&mut self.output, self.memory.known.get(&place)) {
            (Output::Reported(_) | Output::First(_), _) => !self.memory.told.insert(place),
            (Output::Counted(count), Some(Known::Failures(failures))) => {
                *count = count.saturating_add(*failures);
                true
            }
            (Output::Decided(fails), Some(known)) => {
                *fails |= !matches!(known, Known::Failures(0));
                true
            }
            _ => false,
        }
    }

    /// Checks a value by one rule.
    pub(super) fn rule(&mut self, origin: Origin, value: &Json<'_>, path: &Path<'_>) {
        if let Some(keyword) = self.model.rule(origin)
            && !self.is_over()
        {
            keyword.check(value, origin, path, self);
        }
    }

    /// Does a value keep a schema? Nothing is reported of it.
    pub(crate) fn holds(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) -> bool {
        if let Output::Decided(fails) = &mut self.output {
            let before = std::mem::take(fails);
            self.schema(id, value, path);
            return matches!(std::mem::replace(&mut self.output, Output::Decided(before)), Output::Decided(false));
        }
        let output = std::mem::replace(&mut self.output, Output::Decided(false));
        self.schema(id, value, path);
        matches!(std::mem::replace(&mut self.output, output), Output::Decided(false))
    }

    /// The same of a value that isn't part of the tree.
    pub(crate) fn holds_passing(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) -> bool {
        self.passing += 1;
        let holds = self.holds(id, value, path);
        self.passing -= 1;
        holds
    }

    /// How many rules of a schema a value breaks; nothing is reported of them.
    fn failures(&mut self, id: SchemaId, value: &Json<'_>, path: &Path<'_>) -> usize {
        let output = std::mem::replace(&mut self.output, Output::Counted(0));
        self.schema(id, value, path);
        match std::mem::replace(&mut self.output, output) {
            Output::Counted(count) => count,
            _ => 0,
        }
    }

    /// Reports a value that fits none of these schemas: one sentence, about the schema that it
    /// is nearest to.
    pub(crate) fn fits_none(&mut self, schemas: &[SchemaId], value: &Json<'_>, at: At<'_>) {
        let is_told = match &self.output {
            Output::Reported(told) => told.has_room(),
            Output::First(told) => told.is_empty(),
            Output::Counted(_) | Output::Decided(_) => false,
        };
        let message = if is_told { self.nearest(schemas, value, at) } else { String::new() };
        self.violate(at, || message);
    }

    fn nearest(&mut self, schemas: &[SchemaId], value: &Json<'_>, at: At<'_>) -> String {
        let none = keyword::fits_none(schemas.len(), None);
        let failures = schemas.iter().enumerate();
        let failures = failures.map(|(index, schema)| (self.failures(*schema, value, at.path), index, *schema)).min();
        let Some((_, index, schema)) = failures else { return none };
        let mut first = Findings::default();
        first.limit(1, MESSAGE_BYTES_MAX);
        let output = std::mem::replace(&mut self.output, Output::First(first));
        let told = std::mem::take(&mut self.memory.told);
        self.schema(schema, value, at.path);
        self.memory.told = told;
        match std::mem::replace(&mut self.output, output) {
            Output::First(first) if !first.is_empty() => {
                let first = &first.all()[0];
                let place = if first.pointer.is_empty() { String::new() } else { format!("{}: ", first.pointer) };
                keyword::fits_none(schemas.len(), Some((index, format!("{place}{}", first.message))))
            }
            _ => none,
        }
    }

    /// Reports that a rule is broken.
    pub(crate) fn violate(&mut self, at: At<'_>, message: impl FnOnce() -> String) {
        let model = self.model;
        let violation = || Violation {
            pointer: at.path.sent(),
            schema: model.rule_location(at.origin),
            keyword: model.rule(at.origin).map_or(FALSE_SCHEMA, |rule| rule.name()).to_owned(),
            message: message(),
        };
        match &mut self.output {
            Output::Counted(count) => *count = count.saturating_add(1),
            Output::Decided(fails) => *fails = true,
            Output::Reported(told) => told.push(violation),
            Output::First(told) => told.push(violation),
        }
    }
}

/// What checking a value by one rule costs, in steps: long values cost more.
fn cost(value: &Json<'_>) -> usize {
    1 + match value {
        Json::Text(text) => text.len() / 256,
        Json::List(items) => items.len() / 16,
        Json::Object(members) => members.len() / 4,
        _ => 0,
    }
}
