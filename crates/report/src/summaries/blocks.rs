//! The fields of events as they lie in a block: nothing is copied.

use std::sync::Arc;

use table::{Block, LeafValues, Shape};
use xdm::layout::{Field, ListSlot, Node, StructSlot};

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
    identities: Option<IdentityLeaves>,
    texts: [Option<usize>; TEXTS.len()],
    sizes: [Option<usize>; SIZES.len()],
    counters: [Option<usize>; COUNTERS.len()],
}

/// A map from a namespace to a list of identities.
#[derive(Debug)]
struct IdentityLeaves {
    entries: ListSlot,
    namespaces: usize,
    lists: ListSlot,
    items: StructSlot,
    ids: usize,
    primary: Option<usize>,
}

impl IdentityLeaves {
    fn of(shape: &Shape) -> Option<IdentityLeaves> {
        let Node::Map(entries, namespaces, value) = shape.node_at(IDENTITIES)? else { return None };
        let Node::List(lists, item) = &**value else { return None };
        let Node::Struct(items, fields) = &**item else { return None };
        let leaf = |name: &str| {
            let is_it = |field: &&Field| field.name == name;
            fields.iter().find(is_it).and_then(|field| match field.node {
                Node::Leaf(slot) => Some(slot.index()),
                _ => None,
            })
        };
        Some(IdentityLeaves {
            entries: *entries,
            namespaces: namespaces.index(),
            lists: *lists,
            items: *items,
            ids: leaf("id")?,
            primary: leaf("primary"),
        })
    }
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
            identities: IdentityLeaves::of(shape),
            texts: TEXTS.map(leaf),
            sizes: SIZES.map(leaf),
            counters: COUNTERS.map(leaf),
        }))
    }

    /// The fields of a block's events. `number` stands for the block and what it holds now.
    pub(super) fn of<'a>(&self, block: &'a Block, number: u64) -> Option<Fields<'a>> {
        let leaves = &*self.0;
        let rows = |leaf: Option<usize>| leaf.map(|leaf| Rows::Block(block.leaf(leaf).rows));
        let integers = |leaf: Option<usize>| leaf.and_then(|leaf| integers(block, leaf));
        let texts = |leaf: Option<usize>| leaf.and_then(|leaf| texts(block, leaf, number));
        Some(Fields {
            rows: block.rows(),
            times: integers(Some(leaves.times))?,
            received: integers(leaves.received),
            requests: rows(leaves.requests),
            time_anomalies: rows(leaves.time_anomalies),
            identities: leaves.identities.as_ref().and_then(|leaves| identities(block, leaves, number)),
            texts: leaves.texts.map(texts),
            sizes: leaves.sizes.map(integers),
            counters: leaves.counters.map(integers),
        })
    }
}

fn identities<'a>(block: &'a Block, leaves: &IdentityLeaves, number: u64) -> Option<IdentityMap<'a>> {
    let primary = leaves.primary.map(|leaf| block.leaf(leaf)).and_then(|marks| match marks.values {
        LeafValues::Booleans(values) => Some((values, marks.rows)),
        _ => None,
    });
    Some(IdentityMap::Block(BlockIdentities {
        entries: block.list(leaves.entries),
        namespaces: texts(block, leaves.namespaces, number)?,
        lists: block.list(leaves.lists),
        items: block.objects(leaves.items),
        ids: texts(block, leaves.ids, number)?,
        primary,
    }))
}

/// A column of texts, or of what can be read as such; `None` if no row has one.
fn texts(block: &Block, leaf: usize, number: u64) -> Option<Texts<'_>> {
    let view = block.leaf(leaf);
    let values = match view.values {
        LeafValues::Texts(texts) if !texts.ends.is_empty() => TextValues::Block(texts),
        LeafValues::Keys(keys, texts) if !keys.is_empty() => TextValues::KeyedBlock(texts, keys, number),
        LeafValues::Texts(_) | LeafValues::Keys(..) => return None,
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
