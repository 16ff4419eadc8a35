//! What holds for one value by way of `$ref` and `allOf`, as one list: types, properties by name, and the other rules.
//!
//! XDM composes an object of many schemas with a few properties each. Where only the verdict on a value is asked for,
//! each of its members is looked up once for all of them, and not once for each. What is reported of a value follows
//! the schemas as they stand.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::types::Types;
use super::{Body, Model, Origin, SchemaId};
use crate::keyword::{Keyword, Others};
use crate::limits::{FLAT_ENTRIES_MAX, FLAT_MODEL_ENTRIES_MAX};

/// A schema with all that it refers to and joins.
#[derive(Debug)]
pub(crate) struct Flat {
    /// The types that all permit; none where no value is valid.
    pub(crate) types: Types,
    pub(crate) properties: ByName,
    /// Rules that are checked one by one.
    pub(crate) rest: Box<[Origin]>,
    /// How deep the schemas lie in one another.
    pub(crate) levels: usize,
    /// Rules of all of them.
    pub(crate) rules: usize,
}

/// What is known of a schema.
#[derive(Debug)]
pub(super) enum Flattened {
    Flat(Box<Flat>),
    /// It is a reference to this one, by so many links.
    Same(SchemaId, usize),
    /// It is too large.
    No,
}

/// Entries that the tables of a model may still have: schemas that are joined again and again have one in each.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Room {
        Room(AtomicUsize::new(FLAT_MODEL_ENTRIES_MAX))
    }
}

impl Room {
    fn takes(&self, entries: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(entries)).is_ok()
    }
}

impl Model {
    /// A schema as one list, and the number of references that lead to it; `None` if that would be too long.
    #[inline]
    pub(crate) fn flat(&self, id: SchemaId) -> Option<(&Flat, usize)> {
        let known = |id: SchemaId| self.flats[id as usize].get_or_init(|| self.flattened(id));
        match known(id) {
            Flattened::Flat(flat) => Some((flat, 0)),
            Flattened::Same(target, links) => match known(*target) {
                Flattened::Flat(flat) => Some((flat, *links)),
                _ => None,
            },
            Flattened::No => None,
        }
    }

    #[cold]
    fn flattened(&self, id: SchemaId) -> Flattened {
        let (mut target, mut links) = (id, 0);
        while let [Keyword::Reference(reference)] = self.rules(target) {
            target = reference.target();
            links += 1;
        }
        if links > 0 {
            return Flattened::Same(target, links);
        }
        let mut gathered =
            Gathered { model: self, known: Vec::new(), flat: Flat::empty(), names: Vec::new(), rest: Vec::new() };
        let Some(levels) = gathered.add(id) else { return Flattened::No };
        let Gathered { mut flat, names, rest, .. } = gathered;
        if !self.room.takes(names.len() + rest.len() + 1) {
            return Flattened::No;
        }
        (flat.levels, flat.properties, flat.rest) = (levels, ByName::of(names), rest.into());
        Flattened::Flat(Box::new(flat))
    }

    fn says_nothing(&self, id: SchemaId) -> bool {
        matches!(&self.schema(self.target(id)).body, Body::Rules(rules) if rules.is_empty())
    }
}

impl Flat {
    fn empty() -> Flat {
        Flat { types: Types::ALL, properties: ByName::default(), rest: Box::default(), levels: 0, rules: 0 }
    }
}

struct Gathered<'m> {
    model: &'m Model,
    /// Schemas so far, each with how deep others lie in it.
    known: Vec<(SchemaId, usize)>,
    flat: Flat,
    names: Vec<(&'m str, SchemaId)>,
    rest: Vec<Origin>,
}

impl<'m> Gathered<'m> {
    /// Adds a schema; gives how deep others lie in it, or `None` when there are too many entries. No schema joins
    /// itself: `cycles` has looked.
    fn add(&mut self, id: SchemaId) -> Option<usize> {
        if let Some((_, levels)) = self.known.iter().find(|(known, _)| *known == id) {
            return Some(*levels);
        }
        let model = self.model;
        let mut below = 0;
        match &model.schema(id).body {
            Body::Nothing => self.flat.types = Types::NONE,
            Body::Rules(rules) => {
                self.flat.rules += rules.len();
                for (rule, keyword) in (0..).zip(rules) {
                    below = below.max(self.rule(keyword, Origin { schema: id, rule })?);
                }
            }
        }
        if self.names.len() + self.rest.len() + self.known.len() > FLAT_ENTRIES_MAX {
            return None;
        }
        self.known.push((id, below + 1));
        Some(below + 1)
    }

    fn rule(&mut self, keyword: &'m Keyword, origin: Origin) -> Option<usize> {
        let model = self.model;
        let says_nothing = |id: &SchemaId| model.says_nothing(*id);
        match keyword {
            Keyword::Reference(reference) => return self.add(reference.target()),
            Keyword::AllOf(all) => {
                let mut below = 0;
                for schema in all.schemas() {
                    below = below.max(self.add(*schema)?);
                }
                return Some(below);
            }
            Keyword::Type(types) => self.flat.types = self.flat.types.and(types.permitted()),
            Keyword::Properties(properties) => {
                let said = properties.declared().filter(|(_, schema)| !says_nothing(schema));
                self.names.extend(said.map(|(name, schema)| (&*name.xdm, schema)));
            }
            Keyword::Definitions(_) => {}
            Keyword::AdditionalProperties(rule) if rule.others == Others::Permitted => {}
            // Mostly they only name what `additionalProperties` is not about.
            Keyword::PatternProperties(patterns) if patterns.schemas().all(|schema| says_nothing(&schema)) => {}
            _ => self.rest.push(origin),
        }
        Some(0)
    }
}

/// Schemas of properties by name, as schemas spell it.
#[derive(Debug, Default)]
pub(crate) struct ByName {
    /// All names, one behind the other.
    text: Box<str>,
    names: Box<[Named]>,
    schemas: Box<[SchemaId]>,
    /// Open addressing, a power of two: 0 is empty, others are a place in `names` and 1.
    buckets: Box<[u16]>,
}

/// Where a name and its schemas are.
#[derive(Debug)]
struct Named {
    text: Range<usize>,
    schemas: Range<usize>,
}

const _: () = assert!(FLAT_ENTRIES_MAX < u16::MAX as usize);

impl ByName {
    fn of(mut pairs: Vec<(&str, SchemaId)>) -> ByName {
        if pairs.is_empty() {
            return ByName::default();
        }
        pairs.sort_unstable();
        pairs.dedup();
        let (mut text, mut names) = (String::new(), Vec::new());
        for of_name in pairs.chunk_by(|(left, _), (right, _)| left == right) {
            let first = names.last().map_or(0, |last: &Named| last.schemas.end);
            let begin = text.len();
            text.push_str(of_name[0].0);
            names.push(Named { text: begin..text.len(), schemas: first..first + of_name.len() });
        }
        let size = (names.len() * 2).next_power_of_two();
        let mut buckets = vec![0u16; size].into_boxed_slice();
        for (at, name) in (1u16..).zip(&names) {
            let mut bucket = hash(&text.as_bytes()[name.text.clone()]) & (size - 1);
            while buckets[bucket] != 0 {
                bucket = (bucket + 1) & (size - 1);
            }
            buckets[bucket] = at;
        }
        let schemas = pairs.iter().map(|(_, schema)| *schema).collect();
        ByName { text: text.into(), names: names.into(), schemas, buckets }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The schemas that a property of this name keeps.
    #[inline]
    pub(crate) fn of_name(&self, name: &str) -> &[SchemaId] {
        let Some(mask) = self.buckets.len().checked_sub(1) else { return &[] };
        let mut bucket = hash(name.as_bytes()) & mask;
        loop {
            let Some(at) = usize::from(self.buckets[bucket]).checked_sub(1) else { return &[] };
            let known = &self.names[at];
            if self.text.as_bytes()[known.text.clone()] == *name.as_bytes() {
                return &self.schemas[known.schemas.clone()];
            }
            bucket = (bucket + 1) & mask;
        }
    }
}

/// Of the length, the first eight bytes and the last eight: names of one object hardly ever share all of them, and a
/// collision costs one more comparison.
#[inline]
fn hash(name: &[u8]) -> usize {
    let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    // The odd number is 2 to the 64th divided by the golden ratio, as Fibonacci hashing has it.
    let mixed = (first ^ last.rotate_left(23) ^ (name.len() as u64) << 56).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::registry::Registry;

    const NONE: [SchemaId; 0] = [];

    #[test]
    fn a_name_has_all_of_its_schemas_and_no_other_has_any() {
        let names: Vec<String> =
            (0..500).flat_map(|at| [format!("{at}"), format!("xdm:name{at}Of"), format!("é{at}")]).collect();
        let pairs = names.iter().enumerate().flat_map(|(at, name)| {
            let at = at as SchemaId;
            [(&**name, at + 7), (&**name, at), (&**name, at + 7)]
        });
        let table = ByName::of(pairs.collect());
        for (at, name) in names.iter().enumerate() {
            let at = at as SchemaId;
            assert_eq!(table.of_name(name), [at, at + 7], "{name}");
            assert_eq!(table.of_name(&format!("{name}x")), NONE, "{name}");
        }
        assert_eq!(table.of_name(""), NONE);
        assert_eq!(ByName::of(Vec::new()).of_name("a"), NONE);
        assert_eq!(ByName::of(vec![("", 3)]).of_name(""), [3]);
    }

    fn told(schema: &str, value: &str) -> Vec<String> {
        let mut registry = Registry::new();
        registry.add_retrieved("https://x.example/a", schema).expect("a document");
        let told = crate::Validator::of(&registry).check("https://x.example/a", value).expect("a schema");
        told.into_iter().map(|told| format!("{} {}", told.pointer, told.keyword)).collect()
    }

    #[test]
    fn what_schemas_join_holds_however_much_it_is() {
        // The last one has more names than a list could number.
        for count in [10, FLAT_ENTRIES_MAX / 2 - 5, FLAT_ENTRIES_MAX / 2 + 5, FLAT_ENTRIES_MAX * 40] {
            let part = |from: usize| {
                let names: Vec<String> =
                    (0..count / 2).map(|at| format!(r#""n{}":{{"type":"integer"}}"#, from + at)).collect();
                format!(r#"{{"properties":{{{}}},"required":["n{from}"]}}"#, names.join(","))
            };
            let schema = format!(r#"{{"allOf":[{},{{"allOf":[{}]}}]}}"#, part(0), part(1));
            assert_eq!(told(&schema, r#"{"n0":1,"n1":2,"other":""}"#), [""; 0], "{count}");
            assert_eq!(told(&schema, r#"{"n0":"x","n1":2}"#), ["/n0 type"], "{count}");
            assert_eq!(told(&schema, r#"{"n0":1}"#), [" required"], "{count}");
            assert_eq!(told(&schema, r#"{"n1":"x"}"#), ["/n1 type", " required", "/n1 type"], "{count}");
            let last = format!(r#"{{"n0":1,"n1":2,"n{}":"x"}}"#, count / 2);
            assert_eq!(told(&schema, &last), [format!("/n{} type", count / 2)], "{count}");
        }
    }

    #[test]
    fn lists_have_room_for_so_many_entries_in_all() {
        let room = Room::default();
        assert!(room.takes(FLAT_MODEL_ENTRIES_MAX - 1) && !room.takes(2) && room.takes(1) && !room.takes(1));
        assert!(room.takes(0));
    }
}
