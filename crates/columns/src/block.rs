//! A few thousand events as columns, filled by the decoder.
//!
//! A [`Block`] is the [`Sink`](xdm::Sink) of the load and drain paths: values go from the parser
//! straight into the column they will be stored in, in the form in which a Parquet
//! page wants them (values without nulls, a bitmap of the rows that have one, small
//! dictionaries). The block is the unit that travels between threads, that duplicates
//! are taken out of, and that an [`Encoder`](crate::Encoder) turns into pages. It is
//! recycled with [`clear`](Block::clear): fresh memory costs as much as parsing.
//!
//! An event is kept with [`commit`](Block::commit) or forgotten with
//! [`rollback`](Block::rollback). Nothing is remembered at its start: the bitmaps say
//! what the event in progress has added.
//!
//! Personal values never get a column. They wait in the block, in clear, until all that have
//! come are [protected](Block::protect) together, before the block is shown, copied or written;
//! they only leave sealed. The block refuses nothing the checker's promises cover; a second
//! value for one row, or an item's value outside an item, is dropped rather than stored askew.

mod arrow;
pub(crate) mod bits;
pub(crate) mod column;
pub(crate) mod dictionary;
mod gather;
pub(crate) mod list;
mod personal;
mod sink;
pub(crate) mod text;
mod view;

use std::fmt;
use std::sync::Arc;

use xdm::Sink as _;
use xdm::layout::{Node, Slot, Space};

use self::bits::Bits;
use self::column::{Column, Values};
use self::list::ListColumn;
pub use self::personal::PersonalValue;
use self::personal::PersonalValues;
pub use self::view::{LeafValues, LeafView, ListView, RowSet, TextsView};
use crate::shape::{Own, Shape};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What protects the personal values of an event.
pub trait Seal: Send + Sync {
    /// Appends nonce, ciphertext and tag of `plain` to `out`. `context` is the event's
    /// id; opening must be given the same.
    fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>);

    /// Appends what stands for `value` where rows are compared and counted: a text, the
    /// same for equal values, that can't be turned back without the key.
    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>);
}

/// What an event's row has beside the event.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The id of an event that came without `_id`.
    pub minted_id: Option<&'a str>,
    /// When it was received: microseconds since 1970-01-01T00:00:00Z.
    pub received_micros: i64,
    /// The datastream that took it in.
    pub datastream: &'a str,
    /// The request that it came with, if it has an id.
    pub request_id: Option<&'a str>,
    /// Keyed hash of the event's content: tells a repeated event from a conflicting one.
    pub content_mac: i64,
    /// The count that was concluded from the event and not sent, if any.
    pub derived: Option<&'a str>,
    /// How the event's time is off from when it was received, if it is.
    pub time_anomaly: Option<&'a str>,
}

/// The presence of one object.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    pub(crate) space: u16,
    pub(crate) valid: Bits,
}

/// A few thousand events as columns.
pub struct Block {
    shape: Arc<Shape>,
    seal: Arc<dyn Seal>,
    /// Rows of each space with the event in progress.
    lens: Vec<u32>,
    /// Rows of each space without it.
    committed: Vec<u32>,
    columns: Vec<Column>,
    structs: Vec<Presence>,
    lists: Vec<ListColumn>,
    dates: Vec<i32>,
    bytes: usize,
    bytes_committed: usize,
    extra: Vec<u8>,
    personal: PersonalValues,
    /// What is sealed next, and what came of it.
    plain: Vec<u8>,
    sealed: Vec<u8>,
    /// The text at hand without its personal parts.
    redacted: Vec<u8>,
}

impl Block {
    /// Rows at which a block counts as full.
    pub const ROWS_MAX: usize = 8_192;
    /// Bytes of values at which a block counts as full.
    pub const BYTES_MAX: usize = 8 * 1024 * 1024;

    /// An empty block.
    pub fn new(shape: Arc<Shape>, seal: Arc<dyn Seal>) -> Block {
        let layout = shape.layout();
        let mut lists: Vec<ListColumn> =
            layout.lists.iter().map(|list| ListColumn::new(list.space.0, list.items.0, None)).collect();
        layout.fields.iter().for_each(|field| note_keys(&field.node, &mut lists));
        let structs = layout.structs.iter().map(|object| Presence { space: object.space.0, valid: Bits::default() });
        let mut block = Block {
            lens: vec![0; layout.spaces()],
            committed: vec![0; layout.spaces()],
            columns: shape.leaves().iter().map(Column::new).collect(),
            structs: structs.collect(),
            lists,
            dates: Vec::new(),
            bytes: 0,
            bytes_committed: 0,
            extra: Vec::new(),
            personal: PersonalValues::default(),
            plain: Vec::new(),
            sealed: Vec::new(),
            redacted: Vec::new(),
            seal,
            shape,
        };
        block.rewind();
        block
    }

    /// Ends the event in progress and keeps it.
    ///
    /// An event without `_id` gets `row.minted_id`. Its date is that of `timestamp`
    /// or, for want of one, of its reception.
    pub fn commit(&mut self, row: Row<'_>) {
        let at = self.lens[0] as usize - 1;
        let id = self.shape.id_slot();
        if let Some(minted) = row.minted_id {
            self.text(id, minted);
        }
        self.set_own_text(at, Own::Datastream, row.datastream);
        if let Some(request_id) = row.request_id {
            self.set_own_text(at, Own::RequestId, request_id);
        }
        if let Some(derived) = row.derived {
            self.set_own_text(at, Own::Derived, derived);
        }
        self.set_own_long(at, Own::ReceivedAt, row.received_micros);
        if let Some(anomaly) = row.time_anomaly {
            self.set_own_text(at, Own::TimeAnomaly, anomaly);
        }
        self.set_own_long(at, Own::ContentMac, row.content_mac);
        self.commit_extra(at);
        let micros = self.current_timestamp().unwrap_or(row.received_micros);
        self.dates.push(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX));
        self.committed.copy_from_slice(&self.lens);
        self.bytes_committed = self.bytes;
        self.lens[0] += 1;
    }

    /// Forgets the event in progress.
    pub fn rollback(&mut self) {
        for column in &mut self.columns {
            column.cut(self.committed[usize::from(column.space)] as usize);
        }
        for object in &mut self.structs {
            object.valid.cut(self.committed[usize::from(object.space)] as usize);
        }
        for list in &mut self.lists {
            list.cut(self.committed[usize::from(list.space)] as usize);
        }
        self.extra.clear();
        self.personal.cut(self.rows());
        self.rewind();
    }

    /// The personal values of kept events that are not protected yet, by row.
    pub fn personal_values(&self) -> impl Iterator<Item = PersonalValue<'_>> {
        self.personal.iter().take_while(|value| value.row < self.rows())
    }

    /// Seals the personal values that wait, each event's under its id. No event may be in
    /// progress.
    pub fn protect(&mut self) {
        debug_assert!(self.at_event_boundary(), "commit or roll back before protecting");
        if self.personal.is_empty() {
            return;
        }
        let mut personal = std::mem::take(&mut self.personal);
        let mut values = personal.iter().peekable();
        while let Some(first) = values.next() {
            let row = first.row;
            push_member(&mut self.plain, first.pointer, first.raw);
            while let Some(value) = values.next_if(|value| value.row == row) {
                push_member(&mut self.plain, value.pointer, value.raw);
            }
            self.plain.push(b'}');
            self.seal_row(row);
        }
        drop(values);
        personal.clear();
        self.personal = personal;
    }

    /// Whether the block may be shown, copied and written.
    pub(crate) fn is_protected(&self) -> bool {
        self.personal.is_empty()
    }

    /// Forgets all events; keeps the memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.structs.iter_mut().for_each(|object| object.valid.clear());
        self.lists.iter_mut().for_each(ListColumn::clear);
        self.dates.clear();
        self.extra.clear();
        self.personal.clear();
        self.committed.fill(0);
        self.bytes_committed = 0;
        self.rewind();
    }

    /// Events kept.
    pub fn rows(&self) -> usize {
        self.committed[0] as usize
    }

    /// Whether it is time to hand the block on. It may grow further: the last event
    /// may have been a large one.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows() >= Block::ROWS_MAX || self.bytes_committed >= Block::BYTES_MAX
    }

    /// Heap bytes held, whether in use or not.
    pub fn heap_bytes(&self) -> usize {
        self.columns.iter().map(Column::heap_bytes).sum::<usize>()
            + self.structs.iter().map(|object| object.valid.heap_bytes()).sum::<usize>()
            + self.lists.iter().map(ListColumn::heap_bytes).sum::<usize>()
            + (self.dates.capacity() + self.lens.len() * 2) * 4
            + self.extra.capacity()
            + self.personal.heap_bytes()
            + self.plain.capacity()
            + self.sealed.capacity()
            + self.redacted.capacity()
    }

    /// The `_id` of the event in progress, once it has been read.
    pub fn current_id(&self) -> Option<&str> {
        self.current_text(self.shape.id_slot())
    }

    /// Whether the event in progress has a value at `slot`, one of the event's own and
    /// not of a list in it.
    pub fn has_current(&self, slot: Slot) -> bool {
        let column = &self.columns[slot.index()];
        column.space == Space::EVENTS.0 && column.valid.get(self.rows())
    }

    /// The text at `slot` of the event in progress, once it has been read.
    pub fn current_text(&self, slot: Slot) -> Option<&str> {
        let column = &self.columns[slot.index()];
        match &column.values {
            Values::Text(text) if self.has_current(slot) => {
                text.last().and_then(|value| std::str::from_utf8(value).ok())
            }
            _ => None,
        }
    }

    /// The `timestamp` of the event in progress, once it has been read: microseconds
    /// since 1970-01-01T00:00:00Z.
    pub fn current_timestamp(&self) -> Option<i64> {
        let column = &self.columns[self.shape.timestamp_slot().index()];
        match &column.values {
            Values::Long(longs) if column.valid.get(self.rows()) => longs.last().copied(),
            _ => None,
        }
    }

    /// The id of a kept event; empty if it has none.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn id(&self, row: usize) -> &str {
        assert!(row < self.rows(), "row {row} of a block of {}", self.rows());
        let column = &self.columns[self.shape.id_slot().index()];
        match &column.values {
            // Every event of a block has an id, or nearly: the place is the row or just before.
            Values::Text(text) if column.valid.get(row) => {
                let kept = text.len() - usize::from(column.valid.get(self.rows()));
                let place = if kept == self.rows() { row } else { place_of(&column.valid, row) };
                std::str::from_utf8(text.get(place)).unwrap_or_default()
            }
            _ => "",
        }
    }

    /// The keyed content hashes of the kept events.
    pub fn content_macs(&self) -> &[i64] {
        match &self.columns[self.shape.own(Own::ContentMac)].values {
            Values::Long(hashes) => hashes,
            _ => &[],
        }
    }

    /// The dates of the kept events: days since 1970-01-01, in UTC.
    pub fn dates(&self) -> &[i32] {
        &self.dates
    }

    /// The row that the block's events have.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn structs(&self) -> &[Presence] {
        &self.structs
    }

    pub(crate) fn lists(&self) -> &[ListColumn] {
        &self.lists
    }

    /// Kept rows of a space.
    pub(crate) fn space_rows(&self, space: usize) -> usize {
        self.committed[space] as usize
    }

    /// Whether no event is in progress. An event without any value is none.
    pub(crate) fn at_event_boundary(&self) -> bool {
        self.extra.is_empty() && !self.personal.reach(self.rows()) && self.bytes == self.bytes_committed
    }

    /// Starts the next event on what is committed.
    fn rewind(&mut self) {
        self.lens.copy_from_slice(&self.committed);
        self.lens[0] += 1;
        self.bytes = self.bytes_committed;
    }

    fn set_own_text(&mut self, at: usize, own: Own, value: &str) {
        let column = &mut self.columns[self.shape.own(own)];
        if let Values::Text(text) = &mut column.values
            && column.valid.set(at)
        {
            text.push(value.as_bytes());
        }
        self.bytes += value.len();
    }

    fn set_own_long(&mut self, at: usize, own: Own, value: i64) {
        let column = &mut self.columns[self.shape.own(own)];
        if let Values::Long(longs) = &mut column.values
            && column.valid.set(at)
        {
            longs.push(value);
        }
        self.bytes += 8;
    }

    fn commit_extra(&mut self, at: usize) {
        if self.extra.is_empty() {
            return;
        }
        self.extra.push(b'}');
        let column = &mut self.columns[self.shape.own(Own::Extra)];
        if let Values::Text(text) = &mut column.values
            && column.valid.set(at)
        {
            text.push(&self.extra);
        }
        self.extra.clear();
    }

    /// Seals the object in `plain` as a row's personal values.
    fn seal_row(&mut self, row: usize) {
        let mut sealed = std::mem::take(&mut self.sealed);
        sealed.clear();
        self.seal.seal(self.id(row).as_bytes(), &self.plain, &mut sealed);
        let column = &mut self.columns[self.shape.own(Own::Sealed)];
        if let Values::Binary(values) = &mut column.values
            && column.valid.set(row)
        {
            values.push(&sealed);
        }
        self.sealed = sealed;
        // Recycled memory should not keep clear text around until it is overwritten.
        self.plain.fill(0);
        self.plain.clear();
    }
}

/// Appends `"<pointer>": raw` to the JSON object in `object`, which is not yet closed.
fn push_member(object: &mut Vec<u8>, pointer: &str, raw: &str) {
    object.push(if object.is_empty() { b'{' } else { b',' });
    object.push(b'"');
    for &byte in pointer.as_bytes() {
        match byte {
            b'"' | b'\\' => object.extend_from_slice(&[b'\\', byte]),
            0..0x20 => object.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => object.push(byte),
        }
    }
    object.extend_from_slice(b"\":");
    object.extend_from_slice(raw.as_bytes());
}

/// How many rows before `row` have a value.
fn place_of(valid: &Bits, row: usize) -> usize {
    let whole: u32 = valid.words()[..row / 64].iter().map(|word| word.count_ones()).sum();
    (whole + (valid.word(row / 64) & ((1u64 << (row % 64)) - 1)).count_ones()) as usize
}

/// Tells the maps among `lists` their key columns.
fn note_keys(node: &Node, lists: &mut [ListColumn]) {
    match node {
        Node::Leaf(_) => {}
        Node::Struct(_, fields) => fields.iter().for_each(|field| note_keys(&field.node, lists)),
        Node::List(_, item) => note_keys(item, lists),
        Node::Map(slot, key, value) => {
            lists[slot.index()].key = Some(key.0);
            note_keys(value, lists);
        }
    }
}

impl fmt::Debug for Block {
    /// Only sizes: the values are the visitors'.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("rows", &self.rows())
            .field("bytes", &self.bytes_committed)
            .finish_non_exhaustive()
    }
}
