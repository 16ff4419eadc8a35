//! Random layouts and events, with the rows that they should become.

use std::sync::Arc;

use columns::{Block, EVENT_DATE, EncodeOptions, Encoder, Row, Seal, Shape};
use serde_json::{Map, Value, json};
use xdm::layout::{Field, Layout, Node, Scalar, Space};
use xdm::{ListSlot, PersonalSlot, Sink, Slot, StructSlot};
use xxhash_rust::xxh3::xxh3_64;

/// SplitMix64: a failing case is repeated by its seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// `_id` and `timestamp`, and nothing else.
pub(crate) fn minimal() -> Layout {
    let mut layout = Layout::default();
    for (name, scalar) in [("_id", Scalar::Text), ("timestamp", Scalar::Timestamp)] {
        let slot = layout.add_column(name, Space::EVENTS, scalar);
        layout.fields.push(field(name, Node::Leaf(slot)));
    }
    layout
}

pub(crate) fn field(name: &str, node: Node) -> Field {
    Field { name: name.into(), node, doc: String::new() }
}

/// A layout with some ten root fields, up to five levels deep.
pub(crate) fn layout(dice: &mut Dice) -> Layout {
    let mut layout = minimal();
    for at in 0..3 + dice.below(8) {
        let name = format!("f{at}");
        let node = grow(&mut layout, dice, &name, Space::EVENTS, 0);
        layout.fields.push(field(&name, node));
    }
    layout
}

const SCALARS: [Scalar; 5] = [Scalar::Text, Scalar::Integer, Scalar::Number, Scalar::Boolean, Scalar::Timestamp];

fn grow(layout: &mut Layout, dice: &mut Dice, path: &str, space: Space, depth: u32) -> Node {
    match if depth > 3 { 0 } else { dice.below(7) } {
        0..=2 => {
            let scalar = dice.pick(&SCALARS);
            Node::Leaf(layout.add_column(path, space, scalar))
        }
        3 | 4 => {
            let slot = layout.add_struct(path, space);
            let fields = (0..1 + dice.below(4)).map(|at| {
                let name = format!("s{at}");
                let node = grow(layout, dice, &format!("{path}.{name}"), space, depth + 1);
                field(&name, node)
            });
            Node::Struct(slot, fields.collect())
        }
        5 => {
            let (slot, items) = add_list(layout, path, space);
            Node::List(slot, Box::new(grow(layout, dice, &format!("{path}[]"), items, depth + 1)))
        }
        _ => {
            let (slot, items) = add_list(layout, path, space);
            let key = layout.add_column(format!("{path}.key"), items, Scalar::Text);
            Node::Map(slot, key, Box::new(grow(layout, dice, &format!("{path}.value"), items, depth + 1)))
        }
    }
}

fn add_list(layout: &mut Layout, path: &str, space: Space) -> (ListSlot, Space) {
    let slot = layout.add_list(path, space);
    (slot, layout.lists[slot.index()].items)
}

/// Feeds one event into a sink; returns its row as JSON: nulls spelled out, instants as
/// microseconds, maps as lists of pairs.
pub(crate) fn event(layout: &Layout, dice: &mut Dice, number: u64, sink: &mut impl Sink) -> Map<String, Value> {
    let mut feed = Feed { layout, dice, number };
    let mut row: Map<String, Value> = layout.fields.iter().map(|field| (field.name.clone(), Value::Null)).collect();
    for at in feed.order(layout.fields.len()) {
        let field = &layout.fields[at];
        let always = field.name == "timestamp" || field.name == "_id" && !feed.dice.percent(10);
        if always || feed.dice.percent(60) {
            row.insert(field.name.clone(), feed.node(&field.node, sink));
        }
    }
    if feed.dice.percent(10) {
        sink.extra("/odd \"one\"/\\", "[1, 2]");
        row.insert("extra".into(), json!({"/odd \"one\"/\\": [1, 2]}));
    }
    if feed.dice.percent(10) {
        sink.personal(Some(PersonalSlot(0)), "/person/phone", "\"+00 000\"");
        sink.personal(None, "/person/x", "1");
        row.insert("sealed".into(), json!({"/person/phone": "+00 000", "/person/x": 1}));
    }
    row
}

struct Feed<'a> {
    layout: &'a Layout,
    dice: &'a mut Dice,
    number: u64,
}

impl Feed<'_> {
    /// The numbers below `n` in some order: senders order members as they like.
    fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        if self.dice.percent(30) {
            order.rotate_left(self.dice.below(n as u64) as usize);
        }
        order
    }

    fn node(&mut self, node: &Node, sink: &mut impl Sink) -> Value {
        match node {
            Node::Leaf(slot) => self.leaf(*slot, sink),
            Node::Struct(slot, fields) => {
                sink.object(*slot);
                let mut object: Map<String, Value> =
                    fields.iter().map(|field| (field.name.clone(), Value::Null)).collect();
                for at in self.order(fields.len()) {
                    if self.dice.percent(70) {
                        object.insert(fields[at].name.clone(), self.node(&fields[at].node, sink));
                    }
                }
                Value::Object(object)
            }
            Node::List(slot, item) => {
                sink.begin(*slot);
                let items = (0..self.dice.pick(&[0, 1, 1, 2, 3, 9])).map(|_| {
                    sink.item(*slot);
                    if self.dice.percent(80) { self.node(item, sink) } else { Value::Null }
                });
                let items = items.collect();
                sink.end(*slot);
                Value::Array(items)
            }
            Node::Map(slot, key, value) => {
                sink.begin(*slot);
                let entries = (0..self.dice.pick(&[0, 1, 1, 2, 5])).map(|at| {
                    sink.item(*slot);
                    let name = format!("key {at}");
                    sink.text(*key, &name);
                    json!([name, if self.dice.percent(80) { self.node(value, sink) } else { Value::Null }])
                });
                let entries = entries.collect();
                sink.end(*slot);
                Value::Array(entries)
            }
        }
    }

    fn leaf(&mut self, slot: Slot, sink: &mut impl Sink) -> Value {
        let column = &self.layout.columns[slot.index()];
        match column.scalar {
            Scalar::Text => {
                let text = match (column.path.as_str(), slot.0 % 3) {
                    ("_id", _) => format!("id-{}", self.number),
                    (_, 0) => self.dice.pick(&["", "web", "phone", "a rather longer text — with é and 漢"]).to_owned(),
                    (_, 1) => format!("{:x}", self.dice.below(1 << 40)),
                    _ => format!("some {}", self.dice.below(40)),
                };
                // The decoder has the hash of some.
                match text.len() % 2 {
                    0 => sink.hashed_text(slot, &text, xxh3_64(text.as_bytes())),
                    _ => sink.text(slot, &text),
                }
                json!(text)
            }
            Scalar::Integer => {
                let value = self.dice.below(1 << 33) as i64 - (1 << 32);
                sink.integer(slot, value);
                json!(value)
            }
            Scalar::Number => {
                let value = self.dice.below(1000) as f64 / 4.0 - 100.0;
                sink.number(slot, value);
                json!(value)
            }
            Scalar::Boolean => {
                let value = self.dice.percent(30);
                sink.boolean(slot, value);
                json!(value)
            }
            Scalar::Timestamp => {
                const DAY: i64 = 86_400_000_000;
                // Few days, on both sides of 1970: dates round down.
                let value = self.dice.pick(&[-1, 0, 20_779]) * DAY + self.dice.below(DAY as u64) as i64;
                sink.timestamp(slot, value);
                json!(value)
            }
        }
    }
}

/// A sink that stops listening, as when an event turns out invalid half-way.
pub(crate) struct Cut<'a, S> {
    pub(crate) sink: &'a mut S,
    pub(crate) calls_left: u64,
}

impl<S: Sink> Cut<'_, S> {
    fn call(&mut self, call: impl FnOnce(&mut S)) {
        if self.calls_left > 0 {
            self.calls_left -= 1;
            call(self.sink);
        }
    }
}

impl<S: Sink> Sink for Cut<'_, S> {
    fn object(&mut self, slot: StructSlot) {
        self.call(|sink| sink.object(slot));
    }
    fn text(&mut self, slot: Slot, value: &str) {
        self.call(|sink| sink.text(slot, value));
    }
    fn hashed_text(&mut self, slot: Slot, value: &str, hash: u64) {
        self.call(|sink| sink.hashed_text(slot, value, hash));
    }
    fn integer(&mut self, slot: Slot, value: i64) {
        self.call(|sink| sink.integer(slot, value));
    }
    fn number(&mut self, slot: Slot, value: f64) {
        self.call(|sink| sink.number(slot, value));
    }
    fn boolean(&mut self, slot: Slot, value: bool) {
        self.call(|sink| sink.boolean(slot, value));
    }
    fn timestamp(&mut self, slot: Slot, micros: i64) {
        self.call(|sink| sink.timestamp(slot, micros));
    }
    fn begin(&mut self, list: ListSlot) {
        self.call(|sink| sink.begin(list));
    }
    fn item(&mut self, list: ListSlot) {
        self.call(|sink| sink.item(list));
    }
    fn end(&mut self, list: ListSlot) {
        self.call(|sink| sink.end(list));
    }
    fn extra(&mut self, pointer: &str, raw: &str) {
        self.call(|sink| sink.extra(pointer, raw));
    }
    fn redacted(&mut self, slot: Slot, text: &str, parts: &[xdm::Span]) {
        self.call(|sink| sink.redacted(slot, text, parts));
    }
    fn personal(&mut self, slot: Option<PersonalSlot>, pointer: &str, raw: &str) {
        self.call(|sink| sink.personal(slot, pointer, raw));
    }
}

/// Writes what it is given in clear, so that tests can look.
struct Glass;

impl Seal for Glass {
    fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(context);
        out.push(b'|');
        out.extend_from_slice(plain);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value.iter().rev());
    }
}

pub(crate) fn block(shape: &Arc<Shape>) -> Block {
    Block::new(Arc::clone(shape), Arc::new(Glass))
}

pub(crate) fn shape(layout: Layout) -> Arc<Shape> {
    Arc::new(Shape::new(Arc::new(layout)).expect("a table of events"))
}

/// Fills a block with random events, invalid ones between them; returns the rows.
pub(crate) fn fill(block: &mut Block, dice: &mut Dice, events: u64, number: &mut u64) -> Vec<Map<String, Value>> {
    let layout = Arc::clone(block.shape().layout());
    let mut rows = Vec::new();
    while rows.len() < events as usize {
        *number += 1;
        if dice.percent(15) {
            let calls_left = dice.below(40);
            event(&layout, dice, *number, &mut Cut { sink: block, calls_left });
            block.rollback();
            continue;
        }
        let mut row = event(&layout, dice, *number, block);
        let minted = format!("minted-{number}");
        let request_id = dice.percent(50).then_some("request");
        let received_micros = 1_790_000_000_000_000 + *number as i64;
        let datastream = dice.pick(&["web", "app"]);
        let content_mac = dice.below(u64::MAX) as i64;
        let derived = dice.percent(20).then_some("clickToCall");
        let time_anomaly = dice.percent(10).then_some("ahead");
        let minted_id = Some(minted.as_str());
        let own = Row { minted_id, received_micros, datastream, request_id, content_mac, derived, time_anomaly };
        block.commit(own);
        complete(&mut row, &minted);
        row.insert("received_at".into(), json!(received_micros));
        row.insert("datastream".into(), json!(datastream));
        row.insert("request_id".into(), json!(request_id));
        row.insert("content_mac".into(), json!(content_mac));
        row.insert("derived".into(), json!(derived));
        row.insert("time_anomaly".into(), json!(time_anomaly));
        rows.push(row);
        // Now and then: what waits is protected before it is looked at.
        if dice.percent(30) {
            block.protect();
        }
    }
    block.protect();
    rows
}

/// What committing adds to a row.
fn complete(row: &mut Map<String, Value>, minted: &str) {
    if row["_id"].is_null() {
        row.insert("_id".into(), json!(minted));
    }
    let extra = row.get("extra").map_or(Value::Null, |extra| json!(extra.to_string().replace("[1,2]", "[1, 2]")));
    row.insert("extra".into(), extra);
    let sealed = row.get("sealed").map_or(Value::Null, |plain| {
        json!(format!("{}|{plain}", row["_id"].as_str().unwrap_or_default()).into_bytes())
    });
    row.insert("sealed".into(), sealed);
    let days = row["timestamp"].as_i64().map(|micros| micros.div_euclid(86_400_000_000));
    row.insert(EVENT_DATE.into(), json!(days));
}

pub(crate) fn encoder(shape: &Arc<Shape>, options: EncodeOptions) -> Encoder {
    Encoder::new(Arc::clone(shape), options).expect("an encoder")
}
