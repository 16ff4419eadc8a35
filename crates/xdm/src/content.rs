//! What an event says, as one number: the same for every way of writing the same JSON.
//!
//! A sender that tries again may write its event anew: members in another order, other
//! white space, `1.0` for `1`, `\u0041` for `A`. So the number is not made of the bytes
//! but of what the checker hands to a sink anyway: each value is mixed with the place it
//! has, and the results are added up, so that their order doesn't count. Places are paths
//! and not slots: the number outlives a schema that grows. Items of a list are distinguished
//! by their position, those of a map by their key. Both spellings of a name are one name,
//! and an instant is compared as the instant it is, whatever its offset.
//!
//! All of it is keyed: without the secret nobody knows what gives which sum. The sum is
//! yet no code that may be shown: whoever stores it passes it through a keyed function
//! that can't be turned back.

mod number;
mod raw;

use xxhash_rust::xxh3::xxh3_64_with_secret;

use crate::layout::{Layout, ListSlot, Node, PersonalSlot, Slot, StructSlot};
use crate::personal::Span;
use crate::sink::Sink;

/// Length of the secret, in bytes.
pub const CONTENT_SECRET_BYTES: usize = 192;

/// Separates kinds of values. What they are doesn't matter.
const OBJECT: u64 = 0x9e37_79b9_7f4a_7c15;
const LIST: u64 = 0xbf58_476d_1ce4_e5b9;
const ITEM: u64 = 0x94d0_49bb_1331_11eb;

/// A leaf column's place.
#[derive(Clone, Copy, Debug)]
struct ColumnKey {
    /// Made of the path.
    key: u64,
    space: u16,
    /// The map whose key it is.
    map: Option<u16>,
}

/// A list's or a map's place.
#[derive(Clone, Copy, Debug)]
struct ListKeys {
    key: u64,
    space: u16,
    items: u16,
}

/// Adds up what events say: a sink, to stand before another one ([`WithContent`]).
#[derive(Clone)]
pub struct ContentHash {
    secret: Box<[u8; CONTENT_SECRET_BYTES]>,
    columns: Box<[ColumnKey]>,
    structs: Box<[(u64, u16)]>,
    lists: Box<[ListKeys]>,
    /// Mixed into every value: the root's, and of each space the current item's.
    rows: Vec<u64>,
    /// Items so far of each list that is open.
    counts: Vec<u64>,
    sum: u64,
}

impl ContentHash {
    /// For events of this layout, under a secret.
    pub fn new(layout: &Layout, secret: [u8; CONTENT_SECRET_BYTES]) -> ContentHash {
        let key = |kind: u64, path: &str| mix(xxh3_64_with_secret(path.as_bytes(), &secret), kind);
        let column =
            |column: &crate::layout::Column| ColumnKey { key: key(1, &column.path), space: column.space.0, map: None };
        let mut columns: Box<[ColumnKey]> = layout.columns.iter().map(column).collect();
        layout.fields.iter().for_each(|field| note_keys(&field.node, &mut columns));
        let list = |list: &crate::layout::List| ListKeys {
            key: key(LIST, &list.path),
            space: list.space.0,
            items: list.items.0,
        };
        ContentHash {
            columns,
            structs: layout.structs.iter().map(|object| (key(OBJECT, &object.path), object.space.0)).collect(),
            lists: layout.lists.iter().map(list).collect(),
            rows: vec![key(ITEM, ""); layout.spaces()],
            counts: vec![0; layout.lists.len()],
            sum: 0,
            secret: Box::new(secret),
        }
    }

    /// What the event said that has just been checked; the next one begins.
    #[inline]
    pub fn take(&mut self) -> u64 {
        std::mem::take(&mut self.sum)
    }

    /// The same of a JSON text, without a plan: for events that break rules, so that nobody
    /// told all their values. Text that is not JSON counts as the bytes that it is.
    pub fn of_text(&self, event: &[u8]) -> u64 {
        let event = event.trim_ascii();
        match raw::whole(&self.secret, event) {
            Some(value) => mix(value, 5),
            None => mix(xxh3_64_with_secret(event, &*self.secret), 7),
        }
    }

    #[inline]
    fn add(&mut self, place: u64, value: u64) {
        self.sum = self.sum.wrapping_add(mix(place, value));
    }

    #[inline]
    fn scalar(&mut self, slot: Slot, value: u64) {
        let ColumnKey { key, space, .. } = self.columns[slot.index()];
        self.add(self.rows[usize::from(space)].wrapping_add(key), value);
    }

    /// Adds a text, and gives its hash: one that knows the secret, not the place.
    #[inline]
    fn text_hash(&mut self, slot: Slot, value: &str) -> u64 {
        let hash = xxh3_64_with_secret(value.as_bytes(), &*self.secret);
        let ColumnKey { key, space, map } = self.columns[slot.index()];
        match map {
            Some(map) => self.map_key(map, hash),
            None => self.add(self.rows[usize::from(space)].wrapping_add(key), hash),
        }
        hash
    }

    /// The item's place follows from its key.
    fn map_key(&mut self, map: u16, hash: u64) {
        let ListKeys { key: list, space, items } = self.lists[usize::from(map)];
        let row = mix(self.rows[usize::from(space)].wrapping_add(list), hash ^ ITEM);
        self.rows[usize::from(items)] = row;
        self.add(row, LIST);
    }

    /// A value without a column. Sealed or not is no difference in what was said.
    fn value_at(&mut self, pointer: &str, raw: &str) {
        let place = xxh3_64_with_secret(pointer.as_bytes(), &*self.secret);
        // The checker has read it, so it is JSON.
        let value = raw::whole(&self.secret, raw.as_bytes()).unwrap_or_default();
        self.add(place, value);
    }
}

impl std::fmt::Debug for ContentHash {
    /// Neither the secret nor what a visitor said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentHash(..)")
    }
}

/// Both halves of a product of two words, put together: one multiplication mixes well.
#[inline]
fn mix(left: u64, right: u64) -> u64 {
    // So that a factor that is 0 doesn't wipe out the other.
    let product = u128::from(left ^ 0xa076_1d64_78bd_642f) * u128::from(right ^ 0xe703_7ed1_a0b4_28db);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Gives key columns their maps.
fn note_keys(node: &Node, columns: &mut [ColumnKey]) {
    match node {
        Node::Leaf(_) => {}
        Node::Struct(_, fields) => fields.iter().for_each(|field| note_keys(&field.node, columns)),
        Node::List(_, item) => note_keys(item, columns),
        Node::Map(list, key, value) => {
            columns[key.index()].map = Some(list.0);
            note_keys(value, columns);
        }
    }
}

impl Sink for ContentHash {
    /// Each of its members says that it is there.
    #[inline]
    fn object(&mut self, _: StructSlot) {}

    fn empty(&mut self, slot: StructSlot) {
        let (key, space) = self.structs[slot.index()];
        self.add(self.rows[usize::from(space)].wrapping_add(key), OBJECT);
    }

    #[inline]
    fn text(&mut self, slot: Slot, value: &str) {
        self.text_hash(slot, value);
    }

    #[inline]
    fn integer(&mut self, slot: Slot, value: i64) {
        self.scalar(slot, value.cast_unsigned());
    }

    #[inline]
    fn number(&mut self, slot: Slot, value: f64) {
        // Both zeros are one number.
        self.scalar(slot, (value + 0.0).to_bits());
    }

    #[inline]
    fn boolean(&mut self, slot: Slot, value: bool) {
        self.scalar(slot, u64::from(value));
    }

    #[inline]
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        self.scalar(slot, micros.cast_unsigned());
    }

    #[inline]
    fn begin(&mut self, list: ListSlot) {
        let ListKeys { key, space, .. } = self.lists[list.index()];
        self.counts[list.index()] = 0;
        self.add(self.rows[usize::from(space)].wrapping_add(key), LIST);
    }

    #[inline]
    fn item(&mut self, list: ListSlot) {
        let ListKeys { key, space, items } = self.lists[list.index()];
        let count = &mut self.counts[list.index()];
        *count += 1;
        // A map's item gets another place with its key.
        self.rows[usize::from(items)] = mix(self.rows[usize::from(space)].wrapping_add(key), *count ^ ITEM);
    }

    #[inline]
    fn end(&mut self, list: ListSlot) {
        // So that lists of other lengths differ even where an item says nothing.
        let ListKeys { key, space, .. } = self.lists[list.index()];
        let count = self.counts[list.index()];
        self.add(self.rows[usize::from(space)].wrapping_add(key), count ^ ITEM);
    }

    fn extra(&mut self, pointer: &str, raw: &str) {
        self.value_at(pointer, raw);
    }

    /// As it was said, whatever its column shows.
    fn redacted(&mut self, slot: Slot, text: &str, _: &[Span]) {
        self.text(slot, text);
    }

    fn personal(&mut self, _: Option<PersonalSlot>, pointer: &str, raw: &str) {
        self.value_at(pointer, raw);
    }
}

/// A sink with the content hash before it. Texts are hashed once, for both.
#[derive(Debug)]
pub struct WithContent<'a, S> {
    /// Adds up what the events say.
    pub content: &'a mut ContentHash,
    /// Receives each value.
    pub sink: &'a mut S,
}

impl<S: Sink> Sink for WithContent<'_, S> {
    #[inline]
    fn object(&mut self, slot: StructSlot) {
        self.sink.object(slot);
    }
    fn empty(&mut self, slot: StructSlot) {
        self.content.empty(slot);
        self.sink.empty(slot);
    }
    #[inline]
    fn text(&mut self, slot: Slot, value: &str) {
        let hash = self.content.text_hash(slot, value);
        self.sink.hashed_text(slot, value, hash);
    }
    #[inline]
    fn integer(&mut self, slot: Slot, value: i64) {
        self.content.integer(slot, value);
        self.sink.integer(slot, value);
    }
    #[inline]
    fn number(&mut self, slot: Slot, value: f64) {
        self.content.number(slot, value);
        self.sink.number(slot, value);
    }
    #[inline]
    fn boolean(&mut self, slot: Slot, value: bool) {
        self.content.boolean(slot, value);
        self.sink.boolean(slot, value);
    }
    #[inline]
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        self.content.timestamp(slot, micros);
        self.sink.timestamp(slot, micros);
    }
    #[inline]
    fn begin(&mut self, list: ListSlot) {
        self.content.begin(list);
        self.sink.begin(list);
    }
    #[inline]
    fn item(&mut self, list: ListSlot) {
        self.content.item(list);
        self.sink.item(list);
    }
    #[inline]
    fn end(&mut self, list: ListSlot) {
        self.content.end(list);
        self.sink.end(list);
    }
    fn extra(&mut self, pointer: &str, raw: &str) {
        self.content.extra(pointer, raw);
        self.sink.extra(pointer, raw);
    }
    fn redacted(&mut self, slot: Slot, text: &str, parts: &[Span]) {
        self.content.redacted(slot, text, parts);
        self.sink.redacted(slot, text, parts);
    }
    fn personal(&mut self, slot: Option<PersonalSlot>, pointer: &str, raw: &str) {
        self.content.personal(slot, pointer, raw);
        self.sink.personal(slot, pointer, raw);
    }
}

#[cfg(test)]
mod tests;
