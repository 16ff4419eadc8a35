//! Blocks and pages: what goes in through the sink comes out of the file.
//!
//! The reader is the `parquet` crate's own, which shares no code with our pages.

use std::sync::Arc;

use arrow::array::{Array, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use columns::{Block, EncodeOptions, Encoder, FileEncoder, FileSummary, FileWriter, Row, RowGroup, Shape};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use serde_json::{Map, Value, json};
use xdm::layout::{Node, Scalar, Space};
use xdm::{ListSlot, Sink, Slot};

use crate::read;
use crate::world::{self, Dice, block, encoder, fill, shape};

pub(crate) fn plain_row(received_micros: i64) -> Row<'static> {
    Row {
        minted_id: None,
        received_micros,
        datastream: "web",
        request_id: None,
        content_mac: received_micros * 31,
        derived: None,
        time_anomaly: None,
    }
}

pub(crate) fn encode(shape: &Arc<Shape>, options: EncodeOptions, blocks: &[Block]) -> (Vec<u8>, FileSummary) {
    let mut file = FileEncoder::new(encoder(shape, options), Vec::new()).expect("a file");
    blocks.iter().for_each(|block| file.push(block).expect("pages"));
    let (_, bytes, summary) = file.finish().expect("a footer");
    (bytes, summary)
}

/// Reads a file with the `parquet` crate, which infers the schema from the file alone.
pub(crate) fn read(bytes: Vec<u8>) -> (RecordBatch, ParquetMetaData) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("a Parquet file");
    let metadata = builder.metadata().as_ref().clone();
    let schema = Arc::clone(builder.schema());
    let reader = builder.with_batch_size(777).build().expect("a reader");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("readable pages")).collect();
    (concat_batches(&schema, &batches).expect("one schema"), metadata)
}

fn check_rows(batch: &RecordBatch, rows: &[Map<String, Value>], what: &str) {
    assert_eq!(batch.num_rows(), rows.len(), "{what}");
    for (at, row) in rows.iter().enumerate() {
        for (name, value) in read::row(batch, at) {
            assert_eq!(value, row[&name], "{what}: column {name} of row {at}");
        }
    }
}

/// Rows of a batch without `event_date`, which files don't store.
fn without_date(batch: &RecordBatch) -> RecordBatch {
    let columns: Vec<usize> = (0..batch.num_columns() - 1).collect();
    batch.project(&columns).expect("all but the last")
}

fn round_trip(seed: u64) {
    let mut dice = Dice(seed);
    let shape = shape(world::layout(&mut dice));
    let options = EncodeOptions {
        row_group_rows_max: dice.pick(&[50, 128, 1000]),
        page_rows_max: dice.pick(&[1, 7, 64, 100, 1000]),
        page_bytes_max: dice.pick(&[64, 1 << 12, 1 << 20]),
        ..EncodeOptions::default()
    };
    let (mut rows, mut blocks, mut number) = (Vec::new(), Vec::new(), 0);
    for _ in 0..1 + dice.below(5) {
        let mut block = block(&shape);
        if dice.percent(50) {
            let size = dice.below(30);
            fill(&mut block, &mut dice, size, &mut number);
            block.clear();
        }
        let size = dice.pick(&[0, 1, 2, 63, 64, 65, 128, 200]);
        rows.extend(fill(&mut block, &mut dice, size, &mut number));
        blocks.push(block);
    }
    let batches: Vec<RecordBatch> = blocks.iter().map(Block::to_arrow).collect();
    let ours = concat_batches(&shape.arrow_schema(), &batches).expect("one schema");
    check_rows(&ours, &rows, &format!("to_arrow, seed {seed}"));
    let (bytes, summary) = encode(&shape, options, &blocks);
    assert_eq!((summary.rows, summary.bytes), (rows.len() as u64, bytes.len() as u64), "seed {seed}");
    let (theirs, metadata) = read(bytes);
    assert_eq!(theirs.schema(), shape.file_schema(), "seed {seed}");
    assert_eq!(metadata.num_row_groups(), summary.row_groups as usize, "seed {seed}");
    if theirs != without_date(&ours) {
        check_rows(&theirs, &rows, &format!("file, seed {seed}"));
        panic!("seed {seed}: the file's rows print like ours and yet differ");
    }
}

#[test]
fn files_read_back_as_what_went_in() {
    (0..150).for_each(round_trip);
}

#[test]
fn gather_is_take() {
    for seed in 0..60 {
        let mut dice = Dice(1000 + seed);
        let shape = shape(world::layout(&mut dice));
        let (mut number, mut from, mut into) = (0, block(&shape), block(&shape));
        let mut rows = Vec::new();
        for _ in 0..2 {
            from.clear();
            fill(&mut from, &mut dice, 150, &mut number);
            let chosen: Vec<u32> = match seed % 3 {
                0 => (0..150).collect(),
                1 => (0..150).filter(|_| dice.percent(40)).collect(),
                _ => (0..40).map(|_| dice.below(150) as u32).collect(),
            };
            from.gather(&chosen, &mut into);
            let taken = take_record_batch(&from.to_arrow(), &UInt32Array::from(chosen)).expect("rows that exist");
            rows.push(taken);
            // Events go on being decoded into the target.
            rows.push(more(&mut into, &mut dice, &mut number));
        }
        let expect = concat_batches(&shape.arrow_schema(), &rows).expect("one schema");
        assert_eq!(into.to_arrow(), expect, "seed {seed}");
        assert_eq!(into.dates().len(), expect.num_rows());
    }
}

/// Decodes some events into a block that has rows; returns the new ones.
fn more(block: &mut Block, dice: &mut Dice, number: &mut u64) -> RecordBatch {
    let before = block.rows();
    fill(block, dice, 5, number);
    block.to_arrow().slice(before, 5)
}

#[test]
fn rows_are_found_by_number() {
    let shape = shape(world::minimal());
    let mut block = block(&shape);
    let days = [-1i64, 0, 20_000];
    for (at, day) in days.iter().enumerate() {
        assert_eq!(block.current_id(), None);
        block.text(Slot(0), &format!("id {at}"));
        block.timestamp(Slot(1), day * 86_400_000_000 + 5);
        assert_eq!(block.current_id(), Some(format!("id {at}").as_str()));
        block.commit(plain_row(at as i64));
    }
    // Without an id, and without a time: that of reception counts.
    block.commit(plain_row(86_400_000_000));
    block.text(Slot(0), "last");
    block.commit(plain_row(0));
    let ids = |block: &Block| (0..5).map(|row| block.id(row).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&block), ["id 0", "id 1", "id 2", "", "last"]);
    // The id of the event in progress is no kept one's.
    block.text(Slot(0), "in progress");
    assert_eq!(ids(&block), ["id 0", "id 1", "id 2", "", "last"]);
    block.rollback();
    assert_eq!(block.dates(), [-1, 0, 20_000, 1, 0]);
    assert_eq!(block.content_macs(), [0, 31, 62, 86_400_000_000 * 31, 0]);
}

#[test]
fn a_block_fills_by_rows_or_bytes() {
    let shape = shape(world::minimal());
    let mut block = block(&shape);
    (0..Block::ROWS_MAX).for_each(|row| {
        assert!(!block.is_full(), "row {row}");
        block.commit(plain_row(1));
    });
    assert!(block.is_full());
    block.clear();
    let large = "x".repeat(Block::BYTES_MAX);
    block.extra("/large", &large);
    assert!(!block.is_full(), "an event in progress may yet be forgotten");
    block.rollback();
    block.commit(plain_row(1));
    assert!(!block.is_full());
    block.extra("/large", &large);
    block.commit(plain_row(2));
    assert!(block.is_full());
    // What is recycled is filled anew.
    block.clear();
    block.commit(plain_row(3));
    assert!(!block.is_full());
}

#[test]
fn a_block_that_rows_are_copied_into_fills_by_their_bytes() {
    let shape = shape(world::minimal());
    let (mut from, mut into) = (block(&shape), block(&shape));
    let eighth = "x".repeat(Block::BYTES_MAX / 8);
    for row in 0..4 {
        from.extra("/large", &eighth);
        from.commit(plain_row(row));
    }
    for row in [0, 1, 2, 3, 3, 2, 1] {
        from.gather(&[row], &mut into);
        assert!(!into.is_full(), "{} rows", into.rows());
    }
    from.gather(&[0], &mut into);
    assert!(into.is_full());
    from.gather(&[], &mut into);
    assert_eq!(into.rows(), 8);
}

#[test]
fn a_list_that_begins_twice_in_one_row_stays_one_list_of_that_row() {
    let mut layout = world::minimal();
    let list = layout.add_list("tags", Space::EVENTS);
    let tag = layout.add_column("tags[]", layout.lists[list.index()].items, Scalar::Integer);
    layout.fields.push(world::field("tags", Node::List(list, Box::new(Node::Leaf(tag)))));
    let shape = shape(layout);
    let mut block = block(&shape);
    let mut add = |lists: &[&[i64]]| {
        for tags in lists {
            block.begin(list);
            for value in *tags {
                block.item(list);
                block.integer(tag, *value);
            }
            block.end(list);
        }
        block.commit(plain_row(0));
    };
    add(&[&[1, 2], &[3]]);
    add(&[&[4]]);
    add(&[]);
    add(&[&[], &[5], &[]]);
    let batch = block.to_arrow();
    let expect = [json!([1, 2, 3]), json!([4]), json!(null), json!([5])];
    let (bytes, _) = encode(&shape, EncodeOptions::default(), &[block]);
    let file = read(bytes).0;
    for (row, tags) in expect.iter().enumerate() {
        assert_eq!((&read::row(&batch, row)["tags"], &read::row(&file, row)["tags"]), (tags, tags), "row {row}");
    }
}

#[test]
fn broken_promises_do_not_shift_rows() {
    let mut layout = world::minimal();
    let list = layout.add_list("map", Space::EVENTS);
    let key = layout.add_column("map.key", Space(1), Scalar::Text);
    let value = layout.add_column("map.value", Space(1), Scalar::Integer);
    layout.fields.push(world::field("map", Node::Map(list, key, Box::new(Node::Leaf(value)))));
    let shape = shape(layout);
    let mut block = block(&shape);
    block.text(Slot(0), "first");
    block.text(Slot(0), "second");
    block.begin(list);
    for at in 0..3 {
        block.item(list);
        block.integer(value, at);
    }
    block.end(list);
    block.commit(plain_row(0));
    let row = read::row(&block.to_arrow(), 0);
    assert_eq!((&row["_id"], &row["map"]), (&json!("first"), &json!([["", 0], ["", 1], ["", 2]])));
    let (bytes, _) = encode(&shape, EncodeOptions::default(), &[block]);
    assert_eq!(read::row(&read(bytes).0, 0)["map"], row["map"]);
}

#[test]
fn maps_of_maps_have_keys_however_they_came() {
    let mut layout = world::minimal();
    let list = layout.add_list("map", Space::EVENTS);
    let entries = layout.lists[list.index()].items;
    let key = layout.add_column("map.key", entries, Scalar::Text);
    let inner = layout.add_list("map.value", entries);
    let inner_entries = layout.lists[inner.index()].items;
    let inner_key = layout.add_column("map.value.key", inner_entries, Scalar::Text);
    let value = layout.add_column("map.value.value", inner_entries, Scalar::Integer);
    let inner_node = Node::Map(inner, inner_key, Box::new(Node::Leaf(value)));
    layout.fields.push(world::field("map", Node::Map(list, key, Box::new(inner_node))));
    let shape = shape(layout);
    let mut block = block(&shape);
    // Some come with their key, some behind their value, some without.
    for _ in 0..2 {
        block.begin(list);
        for outer in 0..3 {
            block.item(list);
            block.begin(inner);
            for at in 0..3 {
                block.item(inner);
                block.integer(value, at);
                if at == outer {
                    block.text(inner_key, "named");
                }
            }
            block.end(inner);
            if outer == 1 {
                block.text(key, "late");
            }
        }
        block.end(list);
        block.commit(plain_row(0));
    }
    let of = |named: usize| {
        (0..3).map(|at| json!([if at == named { "named" } else { "" }, at])).collect::<Vec<serde_json::Value>>()
    };
    let expect = json!([["", of(0)], ["late", of(1)], ["", of(2)]]);
    let (bytes, _) = encode(&shape, EncodeOptions::default(), &[block]);
    let batch = read(bytes).0;
    assert_eq!((&read::row(&batch, 0)["map"], &read::row(&batch, 1)["map"]), (&expect, &expect));
}

#[test]
fn a_dictionary_that_grows_too_large_is_left() {
    let check = |distinct: &dyn Fn(u64) -> u64, expect: &[Encoding]| {
        let mut layout = world::minimal();
        let slot = layout.add_column("text", Space::EVENTS, Scalar::Text);
        layout.fields.push(world::field("text", Node::Leaf(slot)));
        let shape = shape(layout);
        let mut encoder = FileEncoder::new(encoder(&shape, EncodeOptions::default()), Vec::new()).expect("a file");
        let (mut block, mut texts) = (block(&shape), Vec::new());
        for event in 0..100_000u64 {
            let text = format!("a text of some length {}", distinct(event));
            block.text(slot, &text);
            block.commit(plain_row(event as i64));
            texts.push(text);
            if block.is_full() {
                encoder.push(&block).expect("pages");
                block.clear();
            }
        }
        encoder.push(&block).expect("pages");
        let (batch, metadata) = read(encoder.finish().expect("a footer").1);
        let column = batch.column_by_name("text").expect("the column");
        assert!(
            arrow::array::AsArray::as_string::<i32>(column).iter().eq(texts.iter().map(|text| Some(text.as_str())))
        );
        let pages = metadata.row_group(0).column(2).page_encoding_stats_mask().expect("page counts");
        assert_eq!(pages.encodings().collect::<Vec<_>>(), expect);
    };
    check(&|event| event % 300, &[Encoding::RLE_DICTIONARY]);
    // Rare in a block, frequent in a row group.
    check(&|event| Dice(event).below(9_973), &[Encoding::RLE_DICTIONARY]);
    check(&|event| event, &[Encoding::PLAIN]);
    check(&|event| if event < 20_000 { event % 300 } else { event }, &[Encoding::PLAIN, Encoding::RLE_DICTIONARY]);
}

#[test]
fn statistics_say_where_rows_lie() {
    let mut layout = world::minimal();
    let number = layout.add_column("number", Space::EVENTS, Scalar::Integer);
    let kind = layout.add_column("kind", Space::EVENTS, Scalar::Text);
    layout.fields.push(world::field("number", Node::Leaf(number)));
    layout.fields.push(world::field("kind", Node::Leaf(kind)));
    let shape = shape(layout);
    let mut block = block(&shape);
    for event in 0..10i64 {
        if event != 5 {
            block.timestamp(Slot(1), 1_000 - event);
        }
        if event % 2 == 0 {
            block.integer(number, event);
        }
        block.text(kind, if event == 3 { "call" } else { "chat" });
        block.personal(None, "/phone", "\"+00\"");
        block.commit(plain_row(5_000 + event));
    }
    assert_eq!(block.personal_values().count(), 10);
    block.protect();
    assert_eq!(block.personal_values().count(), 0);
    let (bytes, summary) = encode(&shape, EncodeOptions::default(), &[block]);
    assert_eq!((summary.rows, summary.timestamp_micros, summary.timestamp_nulls), (10, Some((991, 1_000)), 1));
    assert_eq!(summary.received_micros, Some((5_000, 5_009)));
    let (_, metadata) = read(bytes);
    let statistics = |name: &str| {
        let group = metadata.row_group(0);
        let column = group.columns().iter().find(|column| column.column_path().string() == name);
        column.and_then(|column| column.statistics().cloned()).expect("statistics")
    };
    assert_eq!(statistics("timestamp"), Statistics::int64(Some(991), Some(1_000), None, Some(1), false));
    assert_eq!(statistics("number"), Statistics::int64(Some(0), Some(8), None, Some(5), false));
    assert_eq!(statistics("kind").min_bytes_opt(), Some(&b"call"[..]));
    assert_eq!(statistics("_id").null_count_opt(), Some(10));
    let sealed = statistics("sealed");
    assert_eq!((sealed.min_bytes_opt(), sealed.max_bytes_opt(), sealed.null_count_opt()), (None, None, Some(0)));
}

#[test]
fn absent_columns_cost_next_to_nothing() {
    let mut layout = world::minimal();
    for at in 0..300 {
        let name = format!("absent{at}");
        let list: ListSlot = layout.add_list(&name, Space::EVENTS);
        let items = layout.lists[list.index()].items;
        let leaf = layout.add_column(&name, if at % 2 == 0 { Space::EVENTS } else { items }, Scalar::Text);
        let node = if at % 2 == 0 { Node::Leaf(leaf) } else { Node::List(list, Box::new(Node::Leaf(leaf))) };
        layout.fields.push(world::field(&name, node));
    }
    let shape = shape(layout);
    let mut block = block(&shape);
    let empty = block.heap_bytes();
    (0..1000).for_each(|event| block.commit(plain_row(event)));
    assert!(block.heap_bytes() - empty < 64 * 1024, "{} bytes", block.heap_bytes() - empty);
    let (bytes, _) = encode(&shape, EncodeOptions::default(), &[block]);
    let (batch, metadata) = read(bytes);
    assert_eq!(batch.column(2).null_count(), 1000);
    for column in &metadata.row_group(0).columns()[2..302] {
        assert!(column.compressed_size() < 64, "{} bytes", column.compressed_size());
    }
}

#[test]
fn threads_encode_row_groups_for_one_file() {
    let mut dice = Dice(5);
    let shape = shape(world::layout(&mut dice));
    let mut file = FileWriter::new(&shape, Vec::new()).expect("a file");
    let mut group = RowGroup::default();
    let (mut rows, mut number) = (Vec::new(), 0);
    for _ in 0..3 {
        let mut block = block(&shape);
        rows.extend(fill(&mut block, &mut dice, 100, &mut number));
        let mut encoder = encoder(&shape, EncodeOptions::default());
        encoder.push(&block).expect("pages");
        encoder.finish(&mut group).expect("a row group");
        file.append(&group).expect("written");
    }
    let (bytes, summary) = file.finish().expect("a footer");
    assert_eq!((summary.rows, summary.row_groups), (300, 3));
    check_rows(&read(bytes).0, &rows, "three row groups");
}

#[test]
fn a_file_without_rows_is_readable() {
    let shape = shape(world::minimal());
    let (bytes, summary) = encode(&shape, EncodeOptions::default(), &[block(&shape)]);
    assert_eq!((summary.rows, summary.row_groups, summary.timestamp_micros), (0, 0, None));
    assert_eq!(read(bytes).0.num_rows(), 0);
}

#[test]
fn blocks_and_encoders_cross_threads() {
    fn check<T: Send>() {}
    check::<Block>();
    check::<Encoder>();
    check::<RowGroup>();
    check::<FileEncoder<std::fs::File>>();
}
