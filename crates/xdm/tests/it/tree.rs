//! A sink that builds a tree again, so that what the columns would hold can be compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use xdm::layout::Node;
use xdm::{Layout, ListSlot, MASK, PersonalSlot, Redaction, Sink, Slot, Space, Span, StructSlot};

/// Rows by space; one event only.
#[derive(Default)]
pub(crate) struct TreeSink {
    /// Value of a leaf by (slot, row of its space).
    leaves: BTreeMap<(u16, usize), Value>,
    structs: BTreeMap<(u16, usize), ()>,
    /// Rows of the item space that belong to (list, row).
    lists: BTreeMap<(u16, usize), (usize, usize)>,
    /// Rows so far of each item space, by list.
    rows: BTreeMap<u16, usize>,
    space_of: BTreeMap<u16, u16>,
    pub(crate) extra: BTreeMap<String, String>,
    pub(crate) personal: BTreeMap<String, String>,
    layout: Option<Layout>,
}

impl TreeSink {
    pub(crate) fn new(layout: &Layout) -> Self {
        let space_of = layout.lists.iter().enumerate().map(|(at, list)| (list.items.0, at as u16)).collect();
        TreeSink { layout: Some(layout.clone()), space_of, ..TreeSink::default() }
    }

    fn layout(&self) -> &Layout {
        self.layout.as_ref().expect("set by new")
    }

    fn row(&self, space: Space) -> usize {
        if space == Space::EVENTS {
            return 0;
        }
        let list = self.space_of[&space.0];
        self.rows
            .get(&list)
            .copied()
            .unwrap_or(0)
            .checked_sub(1)
            .expect("a value of an item space comes after its item")
    }

    fn put(&mut self, slot: Slot, value: Value) {
        let row = self.row(self.layout().columns[slot.index()].space);
        let path = self.layout().columns[slot.index()].path.clone();
        assert!(self.leaves.insert((slot.0, row), value).is_none(), "{path} twice");
    }

    /// The event in platform spelling, as the columns hold it.
    pub(crate) fn value(&self) -> Value {
        let mut root = Map::new();
        for field in &self.layout().fields {
            if let Some(value) = self.read(&field.node, 0) {
                root.insert(field.name.clone(), value);
            }
        }
        Value::Object(root)
    }

    fn read(&self, node: &Node, row: usize) -> Option<Value> {
        match node {
            Node::Leaf(slot) => self.leaves.get(&(slot.0, row)).cloned(),
            Node::Struct(slot, fields) => {
                self.structs.get(&(slot.0, row))?;
                let inner = fields.iter().filter_map(|f| Some((f.name.clone(), self.read(&f.node, row)?)));
                Some(Value::Object(inner.collect()))
            }
            Node::List(list, item) => {
                let (from, to) = *self.lists.get(&(list.0, row))?;
                Some((from..to).map(|row| self.read(item, row).unwrap_or(Value::Null)).collect())
            }
            Node::Map(list, key, value) => {
                let (from, to) = *self.lists.get(&(list.0, row))?;
                let entry = |row| {
                    let key = self.leaves[&(key.0, row)].as_str().expect("a key is a text").to_owned();
                    (key, self.read(value, row).unwrap_or(Value::Null))
                };
                Some(Value::Object((from..to).map(entry).collect()))
            }
        }
    }
}

impl Sink for TreeSink {
    fn object(&mut self, slot: StructSlot) {
        let row = self.row(self.layout().structs[slot.index()].space);
        self.structs.insert((slot.0, row), ());
    }
    fn text(&mut self, slot: Slot, value: &str) {
        self.put(slot, json!(value));
    }
    fn integer(&mut self, slot: Slot, value: i64) {
        self.put(slot, json!(value));
    }
    fn number(&mut self, slot: Slot, value: f64) {
        self.put(slot, json!(value));
    }
    fn boolean(&mut self, slot: Slot, value: bool) {
        self.put(slot, json!(value));
    }
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        self.put(slot, json!({ "micros": micros }));
    }
    fn begin(&mut self, list: ListSlot) {
        let row = self.row(self.layout().lists[list.index()].space);
        let at = *self.rows.entry(list.0).or_default();
        assert!(self.lists.insert((list.0, row), (at, at)).is_none(), "a list begins twice in one row");
    }
    fn item(&mut self, list: ListSlot) {
        *self.rows.get_mut(&list.0).expect("an item comes after begin") += 1;
    }
    fn end(&mut self, list: ListSlot) {
        let row = self.row(self.layout().lists[list.index()].space);
        self.lists.get_mut(&(list.0, row)).expect("end comes after begin").1 = self.rows[&list.0];
    }
    fn extra(&mut self, pointer: &str, raw: &str) {
        assert!(self.extra.insert(pointer.to_owned(), raw.to_owned()).is_none(), "{pointer} is extra twice");
    }
    fn redacted(&mut self, slot: Slot, text: &str, parts: &[Span]) {
        let (mut out, mut at) = (String::new(), 0);
        for part in parts {
            out.push_str(&text[at..part.start]);
            match part.redaction {
                Redaction::Mask => out.push_str(MASK),
                Redaction::Pseudonym => out.push_str(&format!("<{}>", xdm::normal_form(&text[part.start..part.end]))),
            }
            at = part.end;
        }
        self.put(slot, json!(out + &text[at..]));
    }
    fn personal(&mut self, _: Option<PersonalSlot>, pointer: &str, raw: &str) {
        assert!(self.personal.insert(pointer.to_owned(), raw.to_owned()).is_none(), "{pointer} is personal twice");
    }
}
