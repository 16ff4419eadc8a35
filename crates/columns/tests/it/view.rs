//! Columns as they lie in a block are those of its batch.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use columns::{Block, LeafValues, ListView, Row, RowSet, Shape, TextsView};
use proptest::prelude::*;
use xdm::Sink;
use xdm::layout::Node;

use crate::world::{self, Dice, block};

/// Where the value of a row stands.
fn place(rows: &RowSet<'_>, row: usize) -> Option<usize> {
    match rows {
        RowSet::All => Some(row),
        RowSet::Marked { words, before } => {
            let (word, bit) = (words.get(row / 64)?, 1u64 << (row % 64));
            (word & bit != 0).then(|| before[row / 64] as usize + (word & (bit - 1)).count_ones() as usize)
        }
    }
}

fn text<'a>(texts: &TextsView<'a>, at: usize) -> &'a str {
    let start = if at == 0 { 0 } else { texts.ends[at - 1] as usize };
    let bytes = &texts.bytes[start..texts.ends[at] as usize];
    let (length, text) = bytes.split_at(TextsView::LENGTH_BYTES);
    assert_eq!(length, (text.len() as u32).to_le_bytes());
    std::str::from_utf8(text).expect("a text")
}

fn check_rows(rows: &RowSet<'_>, array: &ArrayRef) {
    (0..array.len()).for_each(|row| assert_eq!(place(rows, row).is_some(), array.is_valid(row), "row {row}"));
}

fn check_leaf(block: &Block, leaf: usize, array: &ArrayRef) {
    assert_eq!(&block.spread_leaf(leaf), array);
    let view = block.leaf(leaf);
    check_rows(&view.rows, array);
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        let at = place(&view.rows, row).expect("a value");
        match (view.values, array.data_type()) {
            (LeafValues::Texts(texts), DataType::Utf8) => {
                assert_eq!(text(&texts, at), array.as_string::<i32>().value(row));
            }
            (LeafValues::Keys { keys, texts, .. }, DataType::Utf8) => {
                assert_eq!(text(&texts, usize::from(keys[at])), array.as_string::<i32>().value(row));
            }
            (LeafValues::Integers(integers), DataType::Int64) => {
                assert_eq!(integers[at], array.as_primitive::<Int64Type>().value(row));
            }
            (LeafValues::Integers(integers), DataType::Timestamp(..)) => {
                assert_eq!(integers[at], array.as_primitive::<TimestampMicrosecondType>().value(row));
            }
            (LeafValues::Booleans(booleans), DataType::Boolean) => {
                assert_eq!(booleans[at], array.as_boolean().value(row));
            }
            (LeafValues::Others, DataType::Float64 | DataType::Binary) => {}
            (values, of) => panic!("{values:?} of a column of {of}"),
        }
    }
}

fn check_list(list: &ListView<'_>, array: &ArrayRef, offsets: &[i32]) {
    check_rows(&list.rows, array);
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        let at = place(&list.rows, row).expect("a list");
        let start = if at == 0 { 0 } else { list.ends[at - 1] };
        assert_eq!([start as i32, list.ends[at] as i32], offsets[row..row + 2]);
    }
}

/// Answers how many leaves there are.
fn check(block: &Block, node: &Node, array: &ArrayRef) -> usize {
    match node {
        Node::Leaf(slot) => {
            check_leaf(block, slot.index(), array);
            1
        }
        Node::Struct(slot, fields) => {
            check_rows(&block.objects(*slot), array);
            let child = |name: &str| array.as_struct().column_by_name(name).cloned();
            fields.iter().filter_map(|field| Some(check(block, &field.node, &child(&field.name)?))).sum()
        }
        Node::List(slot, item) => {
            check_list(&block.list(*slot), array, array.as_list::<i32>().offsets());
            check(block, item, array.as_list::<i32>().values())
        }
        Node::Map(slot, key, value) => {
            let map = array.as_map();
            check_list(&block.list(*slot), array, map.offsets());
            check_leaf(block, key.index(), map.keys());
            check(block, value, map.values()) + 1
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn columns_are_those_of_the_batch(seed: u64, events in 0..120u64) {
        let dice = &mut Dice(seed);
        let layout = Arc::new(world::layout(dice));
        let shape = Arc::new(Shape::new(Arc::clone(&layout)).unwrap());
        let mut filled = block(&shape);
        world::fill(&mut filled, dice, events, &mut 0);
        filled.protect();
        let batch = filled.to_arrow();
        let mut leaves = 0;
        for field in batch.schema().fields() {
            let column = batch.column_by_name(field.name()).unwrap();
            match (shape.node_at(field.name()), shape.leaf_at(field.name())) {
                (Some(node), _) => leaves += check(&filled, node, column),
                (None, Some(leaf)) => {
                    check_leaf(&filled, leaf, column);
                    leaves += 1;
                }
                // The partition column is in no block.
                (None, None) => prop_assert_eq!(field.name(), columns::EVENT_DATE),
            }
        }
        prop_assert_eq!(leaves, shape.parquet_schema().num_columns());
    }
}

#[test]
fn a_leaf_is_found_by_its_path() {
    let shape = Shape::new(Arc::new(world::layout(&mut Dice(1)))).unwrap();
    for (number, leaf) in shape.parquet_schema().columns().iter().enumerate() {
        let found = shape.leaf_at(&leaf.path().string());
        let is_in_a_list = leaf.path().parts().iter().any(|part| part == "list" || part == "key_value");
        match shape.slot_of_leaf(number) {
            _ if is_in_a_list => assert_eq!(found, None, "{}", leaf.path()),
            Some(slot) => assert_eq!(found, Some(slot.index()), "{}", leaf.path()),
            None => assert!(found.is_some_and(|found| found >= shape.layout().columns.len()), "{}", leaf.path()),
        }
    }
    ["", ".", "timestamp.", "timestamp.x", "nobody", "sealed.x"].iter().for_each(|path| {
        assert_eq!(shape.leaf_at(path), None, "{path:?}");
    });
}

#[test]
fn a_dictionary_that_has_the_same_number_has_the_same_texts() {
    let shape = Arc::new(Shape::new(Arc::new(world::minimal())).unwrap());
    let datastream = shape.leaf_at("datastream").unwrap();
    let mut filled = block(&shape);
    let mut known: HashMap<u64, Vec<String>> = HashMap::new();
    let mut others = 0;
    // New ones come in each block, then so many that the dictionary is given up.
    for (number, datastreams) in [1, 3, 3, 50, 2_500, 4, 4, 6_000, 5, 5].into_iter().enumerate() {
        filled.clear();
        for event in 0..3 * datastreams.min(2_500) {
            filled.timestamp(shape.timestamp_slot(), event);
            filled.commit(Row {
                minted_id: Some("one"),
                received_micros: 0,
                datastream: &format!("{}-{}", number / 3, event / 3 % datastreams),
                request_id: None,
                content_mac: 0,
                derived: None,
                time_anomaly: None,
            });
        }
        filled.protect();
        let LeafValues::Keys { texts, dictionary, .. } = filled.leaf(datastream).values else { continue };
        let texts: Vec<String> = (0..texts.ends.len()).map(|at| text(&texts, at).to_owned()).collect();
        match known.get(&dictionary) {
            Some(before) => assert!(texts.starts_with(before), "block {number}"),
            None => others += 1,
        }
        known.insert(dictionary, texts);
    }
    assert!(others >= 2, "{others}");
}
