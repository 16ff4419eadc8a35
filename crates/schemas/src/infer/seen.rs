//! What was seen at one place, over many events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Most places that are kept, of all events.
const PLACES_MAX: usize = 10_000;
/// Deepest nesting of places.
const DEPTH_MAX: usize = 32;
/// Most different texts of a place that are kept.
const TEXTS_MAX: usize = 12;
/// Longest text that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 64;
/// Least values of a place that make its texts look like a list of known values, for each
/// different one.
const REPEATS_MIN: u64 = 4;
/// Most examples that are shown of a place.
const EXAMPLES_MAX: usize = 3;

/// The names of types, by their bit.
const KINDS: [&str; 7] = ["string", "integer", "number", "boolean", "object", "array", "null"];

/// What was seen at one place, and below it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    count: u64,
    /// How many of them were null. Where a personal value is taken out of another one, null
    /// stands for it.
    nulls: u64,
    /// A bit for each of [`KINDS`].
    kinds: u8,
    members: BTreeMap<String, Seen>,
    items: Option<Box<Seen>>,
    texts: BTreeSet<String>,
    /// Were there more texts, or longer ones?
    more_texts: bool,
    /// Were all texts instants?
    instants: u64,
    numbers: Vec<Value>,
    is_personal: bool,
    /// Of the root: places so far.
    places: usize,
    is_cut: bool,
}

impl Seen {
    /// Takes in a value at a pointer.
    pub(super) fn add(&mut self, pointer: &str, value: &Value, is_personal: bool) {
        let mut places = self.places;
        let mut at = &mut *self;
        for step in pointer.split('/').skip(1).take(DEPTH_MAX) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
            at.kinds |= if is_index { 1 << 5 } else { 1 << 4 };
            if !is_index && !at.members.contains_key(&step) {
                if places >= PLACES_MAX {
                    self.is_cut = true;
                    return;
                }
                places += 1;
            }
            at = if is_index { at.items.get_or_insert_default() } else { at.members.entry(step).or_default() };
        }
        at.value(value, is_personal, DEPTH_MAX, &mut places);
        self.is_cut |= places >= PLACES_MAX;
        self.places = places;
    }

    fn value(&mut self, value: &Value, is_personal: bool, depth: usize, places: &mut usize) {
        self.count += 1;
        self.is_personal |= is_personal;
        match value {
            Value::Null => {
                self.kinds |= 1 << 6;
                self.nulls += 1;
            }
            Value::Bool(_) => self.kinds |= 1 << 3,
            Value::Number(number) => {
                self.kinds |= if number.is_f64() { 1 << 2 } else { 1 << 1 };
                if self.numbers.len() < EXAMPLES_MAX && !self.numbers.contains(value) {
                    self.numbers.push(value.clone());
                }
            }
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.kinds |= 1 << 5;
                let inner = self.items.get_or_insert_default();
                for item in items.iter().filter(|_| depth > 0) {
                    inner.value(item, is_personal, depth - 1, places);
                }
            }
            Value::Object(members) => {
                self.kinds |= 1 << 4;
                for (name, member) in members.iter().filter(|_| depth > 0) {
                    let is_known = self.members.contains_key(name);
                    if is_known || *places < PLACES_MAX {
                        *places += usize::from(!is_known);
                        self.members.entry(name.clone()).or_default().value(member, is_personal, depth - 1, places);
                    }
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.kinds |= 1;
        self.is_personal |= xdm::looks_personal(text);
        let bytes = text.as_bytes();
        let is_instant = bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && bytes[10] == b'T'
            && bytes[..4].iter().all(u8::is_ascii_digit)
            && (text.ends_with('Z') || bytes[bytes.len() - 3] == b':');
        self.instants += u64::from(is_instant);
        let is_kept = text.len() <= TEXT_BYTES_MAX && !text.is_empty();
        if !is_kept || (self.texts.len() >= TEXTS_MAX && !self.texts.contains(text)) {
            self.more_texts = true;
        } else {
            self.texts.insert(text.to_owned());
        }
    }

    pub(super) fn count(&self) -> u64 {
        if self.is_personal { self.count - self.nulls } else { self.count }
    }

    pub(super) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn is_personal(&self) -> bool {
        self.is_personal && !self.has_members()
    }

    pub(super) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.members.iter().map(|(name, seen)| (name.as_str(), seen))
    }

    pub(super) fn items(&self) -> Option<&Seen> {
        self.items.as_deref().filter(|items| items.kinds != 0)
    }

    /// The types that were seen; an integer among numbers is a number.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let both = self.kinds & 0b110 == 0b110;
        let kinds = if self.is_personal && self.kinds != 1 << 6 { self.kinds & !(1 << 6) } else { self.kinds };
        let is_told = |at: usize| kinds & (1 << at) != 0 && !(both && at == 1);
        KINDS.iter().enumerate().filter(|(at, _)| is_told(*at)).map(|(_, kind)| *kind).collect()
    }

    pub(super) fn format(&self) -> Option<&'static str> {
        (self.kinds == 1 && self.instants == self.count && self.count > 0).then_some("date-time")
    }

    /// The texts, where they look like all that there are.
    pub(super) fn values(&self) -> Option<Vec<String>> {
        let repeats = self.texts.len() as u64 * REPEATS_MIN;
        let is_list = self.kinds == 1 && !self.more_texts && self.instants == 0 && self.count >= repeats;
        is_list.then(|| self.texts.iter().cloned().collect())
    }

    pub(super) fn examples(&self) -> Vec<Value> {
        let texts = self.texts.iter().map(|text| Value::from(text.as_str()));
        self.numbers.iter().cloned().chain(texts).take(EXAMPLES_MAX).collect()
    }
}
