//! The fields of events as they lie in a block: nothing is copied.

use std::sync::Arc;

use table::{Block, LeafValues, LeafView, MapOfLists, Shape};

use super::fields::{
    BlockIdentities, COUNTERS, Fields, IDENTITIES, IdentityMap, IntegerValues, Integers, RECEIVED_AT, REQUEST_ID, Rows,
    SIZES, TEXTS, TIME_ANOMALY, TextValues, Texts,
};

/// Where blocks have the columns that summaries are made of.
#[derive(Clone, Debug)]
pub struct RowColumns(Arc<Leaves>);

/// Numbers of leaves; `None` for fields that aren't there.
#[derive(Debug)]
struct Leaves {
    times: usize,
    received: Option<usize>,
    requests: Option<usize>,
    time_anomalies: Option<usize>,
    identities: Option<MapOfLists>,
    texts: [Option<usize>; TEXTS.len()],
    sizes: [Option<usize>; SIZES.len()],
    counters: [Option<usize>; COUNTERS.len()],
}

impl RowColumns {
    /// In blocks of this shape.
    pub fn new(shape: &Shape) -> RowColumns {
        let leaf = |path| shape.leaf_at(path);
        RowColumns(Arc::new(Leaves {
            times: shape.timestamp_slot().index(),
            received: leaf(RECEIVED_AT),
            requests: leaf(REQUEST_ID),
            time_anomalies: leaf(TIME_ANOMALY),
            identities: shape.map_of_lists_at(IDENTITIES),
            texts: TEXTS.map(leaf),
            sizes: SIZES.map(leaf),
            counters: COUNTERS.map(leaf),
        }))
    }

    /// The fields of a block's events.
    pub(super) fn of<'a>(&self, block: &'a Block) -> Option<Fields<'a>> {
        let leaves = &*self.0;
        let rows = |leaf: Option<usize>| leaf.map(|leaf| Rows::Block(block.leaf(leaf).rows));
        let integers = |leaf: Option<usize>| leaf.and_then(|leaf| integers(block, leaf));
        let texts = |leaf: Option<usize>| leaf.and_then(|leaf| texts(block, leaf));
        Some(Fields {
            rows: block.rows(),
            times: integers(Some(leaves.times))?,
            received: integers(leaves.received),
            requests: rows(leaves.requests),
            time_anomalies: rows(leaves.time_anomalies),
            identities: leaves.identities.as_ref().and_then(|leaves| identities(block, leaves)),
            texts: leaves.texts.map(texts),
            sizes: leaves.sizes.map(integers),
            counters: leaves.counters.map(integers),
        })
    }
}

fn identities<'a>(block: &'a Block, leaves: &MapOfLists) -> Option<IdentityMap<'a>> {
    let primary = leaves.leaf_at("primary").and_then(|leaf| match block.leaf(leaf) {
        LeafView { values: LeafValues::Booleans(values), rows } => Some((values, rows)),
        _ => None,
    });
    Some(IdentityMap::Block(BlockIdentities {
        entries: block.list(leaves.entries),
        namespaces: texts(block, leaves.keys)?,
        lists: block.list(leaves.lists),
        items: block.objects(leaves.items),
        ids: texts(block, leaves.leaf_at("id")?)?,
        primary,
    }))
}

/// A column of texts, or of what can be read as such; `None` if no row has one.
fn texts(block: &Block, leaf: usize) -> Option<Texts<'_>> {
    let view = block.leaf(leaf);
    let values = match view.values {
        LeafValues::Texts(texts) if !texts.ends.is_empty() => TextValues::Block(texts),
        LeafValues::Keys { keys, texts, dictionary } if !keys.is_empty() => {
            TextValues::KeyedBlock(texts, keys, dictionary)
        }
        LeafValues::Texts(_) | LeafValues::Keys { .. } => return None,
        LeafValues::Integers(_) | LeafValues::Booleans(_) | LeafValues::Others => {
            let array = block.spread_leaf(leaf);
            return Texts::of_array(&array, array.logical_nulls());
        }
    };
    Some(Texts { values, rows: Rows::Block(view.rows) })
}

/// A column of integers, likewise.
fn integers(block: &Block, leaf: usize) -> Option<Integers<'_>> {
    let view = block.leaf(leaf);
    match view.values {
        LeafValues::Integers([]) => None,
        LeafValues::Integers(values) => {
            Some(Integers { values: IntegerValues::Block(values), rows: Rows::Block(view.rows) })
        }
        _ => {
            let array = block.spread_leaf(leaf);
            Integers::of_array(&array, array.logical_nulls())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use summary::{Bucket, HashKey, Part, RowsBuilder, Shard};
    use table::{Row, Seal};
    use xdm::layout::{Field, Layout, Node, Scalar, Slot, Space};
    use xdm::{ListSlot, Sink};

    use super::super::rows::BatchRows;
    use super::*;

    struct NothingPersonal;

    impl Seal for NothingPersonal {
        fn seal(&self, _: &[u8], plain: &[u8], out: &mut Vec<u8>) {
            out.extend(plain);
        }

        fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
            out.extend(value);
        }
    }

    struct Dice(u64);

    impl Dice {
        fn below(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (self.0 >> 33) % sides
        }

        fn percent(&mut self, percent: u64) -> bool {
            self.below(100) < percent
        }
    }

    const SCALARS: [Scalar; 4] = [Scalar::Text, Scalar::Integer, Scalar::Number, Scalar::Boolean];

    /// A layout whose fields are mostly of their own kind, and some of another one or not there.
    fn layout(dice: &mut Dice) -> Layout {
        let mut layout = Layout::default();
        let mut fields = Vec::new();
        let texts = TEXTS[1..].iter().map(|path| (*path, Scalar::Text));
        let integers = SIZES.iter().chain(&COUNTERS).map(|path| (*path, Scalar::Integer));
        for (path, scalar) in [("_id", Scalar::Text), ("timestamp", Scalar::Timestamp)] {
            add(&mut layout, &mut fields, path, path, scalar);
        }
        for (path, scalar) in texts.chain(integers) {
            let scalar = if dice.percent(80) { scalar } else { SCALARS[dice.below(4) as usize] };
            if dice.percent(95) {
                add(&mut layout, &mut fields, path, path, scalar);
            }
        }
        let (entries, of_entries) = list(&mut layout, IDENTITIES, Space::EVENTS);
        let key = layout.add_column("key", of_entries, Scalar::Text);
        let (identities, items) = list(&mut layout, "value", of_entries);
        let item = layout.add_struct("item", items);
        let mut of_item = Vec::new();
        for (name, scalar) in [("id", Scalar::Text), ("primary", Scalar::Boolean)] {
            let scalar = if dice.percent(80) { scalar } else { Scalar::Integer };
            let slot = layout.add_column(name, items, scalar);
            of_item.push(field(name, Node::Leaf(slot)));
        }
        let value = Node::List(identities, Box::new(Node::Struct(item, of_item)));
        fields.push(field(IDENTITIES, Node::Map(entries, key, Box::new(value))));
        layout.fields = fields;
        layout
    }

    fn list(layout: &mut Layout, path: &str, space: Space) -> (ListSlot, Space) {
        let slot = layout.add_list(path, space);
        (slot, layout.lists[slot.index()].items)
    }

    fn field(name: &str, node: Node) -> Field {
        Field { name: name.to_owned(), node, doc: String::new() }
    }

    fn add(layout: &mut Layout, fields: &mut Vec<Field>, path: &str, whole: &str, scalar: Scalar) {
        let Some((name, rest)) = path.split_once('.') else {
            let slot = layout.add_column(whole, Space::EVENTS, scalar);
            return fields.push(field(path, Node::Leaf(slot)));
        };
        if !fields.iter().any(|field| field.name == name) {
            let slot = layout.add_struct(name, Space::EVENTS);
            fields.push(field(name, Node::Struct(slot, Vec::new())));
        }
        let of_name = fields.iter_mut().find(|field| field.name == name);
        if let Some(Field { node: Node::Struct(_, fields), .. }) = of_name {
            add(layout, fields, rest, whole, scalar);
        }
    }

    const TEXT_VALUES: [&str; 12] = [
        "",
        "a",
        "anna",
        "bert",
        "ECID",
        "Email",
        "https://shop.example/a?b",
        "https://www.search.example/",
        "browser",
        "mobile",
        "3",
        "1200",
    ];

    fn leaf(layout: &Layout, dice: &mut Dice, slot: Slot, sink: &mut impl Sink) {
        match layout.columns[slot.index()].scalar {
            Scalar::Text => sink.text(slot, TEXT_VALUES[dice.below(12) as usize]),
            Scalar::Integer => sink.integer(slot, dice.below(2_000) as i64 - 1),
            Scalar::Number => sink.number(slot, dice.below(2_000) as f64 / 2.0),
            Scalar::Boolean => sink.boolean(slot, dice.percent(50)),
            Scalar::Timestamp => sink.timestamp(slot, dice.below(86_400_000_000) as i64),
        }
    }

    fn node(layout: &Layout, dice: &mut Dice, of: &Node, sink: &mut impl Sink) {
        match of {
            Node::Leaf(slot) => leaf(layout, dice, *slot, sink),
            Node::Struct(slot, fields) => {
                sink.object(*slot);
                let present: Vec<&Field> = fields.iter().filter(|_| dice.percent(50)).collect();
                present.iter().for_each(|field| node(layout, dice, &field.node, sink));
            }
            Node::List(slot, item) => items(dice, *slot, sink, |dice, sink| node(layout, dice, item, sink)),
            Node::Map(slot, key, value) => items(dice, *slot, sink, |dice, sink| {
                leaf(layout, dice, *key, sink);
                if dice.percent(90) {
                    node(layout, dice, value, sink);
                }
            }),
        }
    }

    fn items<S: Sink>(dice: &mut Dice, slot: ListSlot, sink: &mut S, mut item: impl FnMut(&mut Dice, &mut S)) {
        sink.begin(slot);
        for _ in 0..dice.below(3) {
            sink.item(slot);
            item(dice, sink);
        }
        sink.end(slot);
    }

    fn fill(block: &mut Block, layout: &Layout, dice: &mut Dice, events: u64) {
        for number in 0..events {
            for field in &layout.fields {
                if field.name == "_id" || field.name == "timestamp" || dice.percent(70) {
                    node(layout, dice, &field.node, block);
                }
            }
            block.commit(Row {
                minted_id: None,
                received_micros: (dice.below(5) * 86_400_000_000) as i64,
                datastream: if number % 3 == 0 { "web" } else { "app" },
                request_id: dice.percent(50).then_some("a-request"),
                content_mac: 1,
                derived: None,
                time_anomaly: dice.percent(10).then_some("late"),
            });
        }
        block.protect();
    }

    proptest! {
        #[test]
        fn blocks_have_the_rows_of_their_batches(seed: u64, events in [0..100u64, 0..100, 0..100, 0..100]) {
            let dice = &mut Dice(seed);
            let layout = Arc::new(layout(dice));
            let shape = Arc::new(Shape::new(Arc::clone(&layout)).unwrap());
            // Each has dictionaries of its own, which outlast what it holds.
            let mut blocks = [(); 2].map(|()| Block::new(Arc::clone(&shape), Arc::new(NothingPersonal)));
            let columns = RowColumns::new(&shape);
            let builder = || RowsBuilder::new(&HashKey::new([7; 16]));
            let (mut of_blocks, mut of_batches) = (builder(), BatchRows::new(builder()));
            for (number, events) in events.into_iter().enumerate() {
                let block = &mut blocks[number % 2];
                block.clear();
                fill(block, &layout, dice, events);
                let fields = columns.of(block);
                fields.into_iter().for_each(|fields| of_blocks.push_columns(&fields.columns(), &(i64::MIN..i64::MAX)));
                of_batches.push(&block.to_arrow(), &(i64::MIN..i64::MAX));
            }
            prop_assert_eq!(of_blocks.len(), of_batches.len());
            let made = |rows| Part::new(0, Bucket::Hour, &[&rows], Shard::WHOLE).summaries().encode();
            prop_assert!(made(of_blocks.finish()) == made(of_batches.finish()));
        }
    }
}
