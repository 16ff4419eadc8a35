//! Any values, in any pattern of presence, cut into blocks, pages and row groups at any place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use columns::{Block, EncodeOptions, FileEncoder, FileWriter, Row, RowGroup, Seal, Shape};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use proptest::prelude::*;
use serde_json::{Value, json};
use xdm::layout::{Node, Scalar, Space};
use xdm::{ListSlot, PersonalSlot, Redaction, Sink, Slot, Span};

use crate::pages::{encode, plain_row, read as read_file};
use crate::world::{block, encoder, field, minimal, shape};
use crate::{read, world};

/// What one event has in a column of each type.
type Values = (Option<String>, Option<i64>, Option<f64>, Option<bool>, Option<i64>);

/// Values that an encoding could stumble over, and any others.
fn values() -> impl Strategy<Value = Values> {
    let text = prop_oneof![
        Just(String::new()),
        Just("web".to_owned()),
        Just("\0".to_owned()),
        Just("x".repeat(5_000)),
        "[a-c]{1,2}",
        any::<String>(),
    ];
    let integer = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), 0..5i64, any::<i64>()];
    let number = prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
        any::<f64>().prop_filter("JSON has no such number", |value| value.is_finite()),
    ];
    (
        prop::option::of(text),
        prop::option::of(integer),
        prop::option::of(number),
        prop::option::of(any::<bool>()),
        prop::option::of(any::<i64>()),
    )
}

const SCALARS: [Scalar; 5] = [Scalar::Text, Scalar::Integer, Scalar::Number, Scalar::Boolean, Scalar::Timestamp];

/// Events with a column of each type, and the slots of these.
fn flat() -> (Arc<Shape>, [Slot; 5]) {
    let mut layout = minimal();
    let slots = std::array::from_fn(|at| {
        let name = format!("v{at}");
        let slot = layout.add_column(&*name, Space::EVENTS, SCALARS[at]);
        layout.fields.push(field(&name, Node::Leaf(slot)));
        slot
    });
    (shape(layout), slots)
}

fn add(block: &mut Block, slots: &[Slot; 5], (text, integer, number, boolean, instant): &Values) {
    text.iter().for_each(|value| block.text(slots[0], value));
    integer.iter().for_each(|value| block.integer(slots[1], *value));
    number.iter().for_each(|value| block.number(slots[2], *value));
    boolean.iter().for_each(|value| block.boolean(slots[3], *value));
    instant.iter().for_each(|value| block.timestamp(slots[4], *value));
    block.commit(plain_row(7));
}

/// The same values, out of a batch.
fn rows_of(batch: &RecordBatch) -> Vec<Values> {
    let column = |at: usize| batch.column_by_name(&format!("v{at}")).expect("the column");
    let (texts, integers, numbers) =
        (column(0).as_string::<i32>(), column(1).as_primitive::<Int64Type>(), column(2).as_primitive::<Float64Type>());
    let (booleans, instants) = (column(3).as_boolean(), column(4).as_primitive::<TimestampMicrosecondType>());
    (0..batch.num_rows())
        .map(|row| {
            (
                texts.is_valid(row).then(|| texts.value(row).to_owned()),
                integers.is_valid(row).then(|| integers.value(row)),
                numbers.is_valid(row).then(|| numbers.value(row)),
                booleans.is_valid(row).then(|| booleans.value(row)),
                instants.is_valid(row).then(|| instants.value(row)),
            )
        })
        .collect()
}

/// Zeros of both signs are told apart.
fn assert_same(found: &[Values], expect: &[Values]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found, expect);
    let bits = |rows: &[Values]| rows.iter().map(|row| row.2.map(f64::to_bits)).collect::<Vec<_>>();
    prop_assert_eq!(bits(found), bits(expect));
    Ok(())
}

fn options() -> impl Strategy<Value = EncodeOptions> {
    (prop::sample::select(vec![1usize, 10, 64, 1_000]), 1..=200usize, 1..=2_000usize).prop_map(
        |(row_group_rows_max, page_rows_max, page_bytes_max)| EncodeOptions {
            row_group_rows_max,
            page_rows_max,
            page_bytes_max,
            ..EncodeOptions::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_values_come_back(
        events in prop::collection::vec(values(), 0..200),
        blocks in 1..5usize,
        options in options(),
    ) {
        let (shape, slots) = flat();
        let cut = events.len().div_ceil(blocks).max(1);
        let fill = |events: &[Values]| {
            let mut block = block(&shape);
            events.iter().for_each(|event| add(&mut block, &slots, event));
            block
        };
        let filled: Vec<Block> = events.chunks(cut).map(fill).collect();
        for (block, events) in filled.iter().zip(events.chunks(cut)) {
            assert_same(&rows_of(&block.to_arrow()), events)?;
        }
        let (bytes, summary) = encode(&shape, options, &filled);
        prop_assert_eq!(summary.rows, events.len() as u64);
        // The same events make the same bytes.
        let again: Vec<Block> = events.chunks(cut).map(fill).collect();
        prop_assert!(encode(&shape, options, &again).0 == bytes);
        assert_same(&rows_of(&read_file(bytes).0), &events)?;
    }

    #[test]
    fn what_is_recycled_forgets_what_it_held(
        before in prop::collection::vec(values(), 0..150),
        after in prop::collection::vec(values(), 1..150),
        half in values(),
    ) {
        let (shape, slots) = flat();
        let mut recycled = block(&shape);
        before.iter().for_each(|event| add(&mut recycled, &slots, event));
        let mut file = FileEncoder::new(encoder(&shape, EncodeOptions::default()), Vec::new()).expect("a file");
        file.push(&recycled).expect("pages");
        let (encoder, _, _) = file.finish().expect("a footer");
        recycled.clear();
        prop_assert_eq!(recycled.rows(), 0);
        prop_assert_eq!(recycled.to_arrow().num_rows(), 0);
        for event in &after {
            // One that is given up half-way leaves nothing.
            half.0.iter().for_each(|value| recycled.text(slots[0], value));
            half.1.iter().for_each(|value| recycled.integer(slots[1], *value));
            half.2.iter().for_each(|value| recycled.number(slots[2], *value));
            recycled.extra("/half", "1");
            recycled.personal(None, "/half", "\"secret\"");
            recycled.rollback();
            add(&mut recycled, &slots, event);
        }
        prop_assert_eq!(recycled.personal_values().count(), 0);
        let mut file = FileEncoder::new(encoder, Vec::new()).expect("a file");
        file.push(&recycled).expect("pages");
        let (_, bytes, summary) = file.finish().expect("a footer");
        prop_assert_eq!(summary.rows, after.len() as u64);
        let batch = read_file(bytes).0;
        assert_same(&rows_of(&batch), &after)?;
        assert_same(&rows_of(&recycled.to_arrow()), &after)?;
        let extra = batch.column_by_name("extra").expect("the column");
        prop_assert_eq!(extra.null_count(), after.len());
    }

    #[test]
    fn lists_of_lists_come_back(
        events in prop::collection::vec(lists(), 0..60),
        blocks in 1..4usize,
        options in options(),
    ) {
        let (shape, slots) = nested();
        let cut = events.len().div_ceil(blocks).max(1);
        let mut filled = Vec::new();
        for events in events.chunks(cut) {
            let mut block = block(&shape);
            for event in events {
                add_lists(&mut block, slots, event);
            }
            filled.push(block);
        }
        let expect: Vec<Value> = events.iter().map(|event| json!(event)).collect();
        let found = |batch: &RecordBatch| (0..batch.num_rows()).map(|row| read::row(batch, row)["outer"].clone()).collect::<Vec<_>>();
        let batches: Vec<RecordBatch> = filled.iter().map(Block::to_arrow).collect();
        prop_assert_eq!(found(&concat_batches(&shape.arrow_schema(), &batches).expect("one schema")), expect.clone());
        prop_assert_eq!(found(&read_file(encode(&shape, options, &filled).0).0), expect.clone());
        // The rows in reverse, taken out of their blocks.
        let mut turned = block(&shape);
        for block in filled.iter().rev() {
            let rows: Vec<u32> = (0..block.rows() as u32).rev().collect();
            block.gather(&rows, &mut turned);
        }
        let expect: Vec<Value> = expect.into_iter().rev().collect();
        prop_assert_eq!(found(&turned.to_arrow()), expect.clone());
        prop_assert_eq!(found(&read_file(encode(&shape, options, &[turned]).0).0), expect);
    }
}

/// A list of lists of integers; each may be absent.
type Lists = Option<Vec<Option<Vec<Option<i64>>>>>;

fn lists() -> impl Strategy<Value = Lists> {
    let items = prop::collection::vec(prop::option::of(any::<i64>()), 0..5);
    prop::option::of(prop::collection::vec(prop::option::of(items), 0..6))
}

fn nested() -> (Arc<Shape>, (ListSlot, ListSlot, Slot)) {
    let mut layout = minimal();
    let outer = layout.add_list("outer", Space::EVENTS);
    let space = layout.lists[outer.index()].items;
    let inner = layout.add_list("outer[]", space);
    let space = layout.lists[inner.index()].items;
    let leaf = layout.add_column("outer[][]", space, Scalar::Integer);
    let node = Node::List(outer, Box::new(Node::List(inner, Box::new(Node::Leaf(leaf)))));
    layout.fields.push(field("outer", node));
    (shape(layout), (outer, inner, leaf))
}

fn add_lists(block: &mut Block, (outer, inner, leaf): (ListSlot, ListSlot, Slot), event: &Lists) {
    if let Some(lists) = event {
        block.begin(outer);
        for list in lists {
            block.item(outer);
            if let Some(items) = list {
                block.begin(inner);
                for item in items {
                    block.item(inner);
                    item.iter().for_each(|value| block.integer(leaf, *value));
                }
                block.end(inner);
            }
        }
        block.end(outer);
    }
    block.commit(plain_row(7));
}

#[test]
fn a_list_may_be_longer_than_any_page() {
    let (shape, slots) = nested();
    let long: Lists = Some((0..300).map(|at| Some((0..100).map(|n| (n != at % 100).then_some(n)).collect())).collect());
    let events = [None, long.clone(), Some(Vec::new()), long, Some(vec![None])];
    let mut block = block(&shape);
    events.iter().for_each(|event| add_lists(&mut block, slots, event));
    let options = EncodeOptions { page_rows_max: 1, page_bytes_max: 1, ..EncodeOptions::default() };
    let (batch, _) = read_file(encode(&shape, options, &[block]).0);
    for (row, event) in events.iter().enumerate() {
        assert_eq!(read::row(&batch, row)["outer"], json!(event));
    }
}

#[test]
fn bounds_hold_for_both_zeros_and_for_the_ends_of_the_integers() {
    let (shape, slots) = flat();
    let bounds = |values: &[Values], at: usize| {
        let mut block = block(&shape);
        values.iter().for_each(|event| add(&mut block, &slots, event));
        let (_, metadata) = read_file(encode(&shape, EncodeOptions::default(), &[block]).0);
        let group = metadata.row_group(0);
        let path = format!("v{at}");
        let column = group.columns().iter().find(|column| column.column_path().string() == path);
        column.and_then(|column| column.statistics().cloned()).expect("statistics")
    };
    let number = |value: f64| (None, None, Some(value), None, None);
    for zeros in [vec![0.0], vec![-0.0], vec![0.0, -0.0]] {
        let Statistics::Double(found) = bounds(&zeros.iter().copied().map(number).collect::<Vec<_>>(), 2) else {
            panic!("bounds of numbers")
        };
        // A reader that looks for either zero must not pass the row group over.
        let bits = |value: Option<&f64>| value.copied().map(f64::to_bits);
        let expect = (Some((-0.0f64).to_bits()), Some(0.0f64.to_bits()));
        assert_eq!((bits(found.min_opt()), bits(found.max_opt())), expect, "{zeros:?}");
    }
    let integer = |value: i64| (None, Some(value), None, None, None);
    let found = bounds(&[integer(i64::MAX), integer(i64::MIN), (None, None, None, None, None)], 1);
    assert_eq!(found, Statistics::int64(Some(i64::MIN), Some(i64::MAX), None, Some(1), false));
    let boolean = |value: bool| (None, None, None, Some(value), None);
    assert_eq!(bounds(&[boolean(true)], 3), Statistics::boolean(Some(true), Some(true), None, Some(0), false));
    // A column that no event has says so, and nothing of a range.
    assert_eq!(bounds(&[boolean(true)], 0).null_count_opt(), Some(1));
    assert!(bounds(&[boolean(true)], 0).min_bytes_opt().is_none());
}

#[test]
fn row_groups_end_where_the_options_have_it() {
    let (shape, slots) = flat();
    let blocks = |rows: &[usize]| {
        let fill = |&rows: &usize| {
            let mut block = block(&shape);
            (0..rows).for_each(|at| add(&mut block, &slots, &(None, Some(at as i64), None, None, None)));
            block
        };
        rows.iter().map(fill).collect::<Vec<_>>()
    };
    let check = |options: EncodeOptions, rows: &[usize], expect: &[i64]| {
        let (_, metadata) = read_file(encode(&shape, options, &blocks(rows)).0);
        let found: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(found, expect, "{rows:?}");
    };
    let rows_max = |row_group_rows_max| EncodeOptions { row_group_rows_max, ..EncodeOptions::default() };
    check(rows_max(100), &[50, 50, 1], &[100, 1]);
    check(rows_max(100), &[50, 51], &[50, 51]);
    // A block is never cut.
    check(rows_max(100), &[101, 1], &[101, 1]);
    check(rows_max(1), &[0, 3, 0, 2], &[3, 2]);
    let bytes_max = EncodeOptions { row_group_bytes_max: 1, ..EncodeOptions::default() };
    check(bytes_max, &[5, 5, 5], &[5, 5, 5]);
}

#[test]
fn a_page_ends_with_the_block_that_fills_it() {
    let (shape, slots) = flat();
    let fill = |first: i64| {
        let mut block = block(&shape);
        (first..first + 40).for_each(|at| add(&mut block, &slots, &(None, Some(at * at), None, None, None)));
        block
    };
    let blocks: Vec<Block> = (0..10).map(fill).collect();
    let large = EncodeOptions::default();
    for options in [EncodeOptions { page_rows_max: 120, ..large }, EncodeOptions { page_bytes_max: 120 * 8, ..large }] {
        let bytes = Bytes::from(encode(&shape, options, &blocks).0);
        let file = SerializedFileReader::new(bytes).expect("a file");
        let group = file.get_row_group(0).expect("a row group");
        let pages = group.get_column_page_reader(3).expect("the column of integers");
        let rows: Vec<u32> = pages.map(|page| page.expect("a page").num_values()).collect();
        assert_eq!(rows, [120, 120, 120, 40], "{options:?}");
    }
}

#[test]
fn an_empty_row_group_is_left_out_and_a_disk_that_fails_is_told() {
    let (shape, slots) = flat();
    let mut encoder = encoder(&shape, EncodeOptions::default());
    let mut group = RowGroup::default();
    encoder.push(&block(&shape)).expect("nothing");
    encoder.finish(&mut group).expect("a row group");
    let mut file = FileWriter::new(&shape, Vec::new()).expect("a file");
    file.append(&group).expect("nothing");
    assert_eq!((file.rows(), group.rows()), (0, 0));
    let mut filled = block(&shape);
    add(&mut filled, &slots, &(Some("x".repeat(100)), None, None, None, None));
    encoder.push(&filled).expect("pages");
    encoder.finish(&mut group).expect("a row group");
    file.append(&group).expect("written");
    assert_eq!((file.rows(), file.bytes()), (1, 4 + group.bytes() as u64));
    // At every byte of the file.
    let bytes = file.finish().expect("a footer").0;
    for room in 0..bytes.len() {
        let mut place = vec![0; room];
        let written = FileWriter::new(&shape, place.as_mut_slice()).and_then(|mut file| {
            file.append(&group)?;
            file.finish().map(|_| ())
        });
        assert!(written.is_err(), "{room} of {} bytes", bytes.len());
    }
}

/// Stands for what it hides, and has nothing of it.
struct Opaque;

impl Seal for Opaque {
    fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{} of {} bytes", plain.len(), String::from_utf8_lossy(context)).as_bytes());
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("p{}", value.len()).as_bytes());
    }
}

#[test]
fn personal_values_leave_sealed_or_not_at_all() {
    let mut layout = minimal();
    let note = layout.add_column("note", Space::EVENTS, Scalar::Text);
    layout.fields.push(field("note", Node::Leaf(note)));
    let shape = shape(layout);
    let mut block = Block::new(Arc::clone(&shape), Arc::new(Opaque));
    let row = |minted_id| Row { minted_id, ..plain_row(1) };
    block.personal(Some(PersonalSlot(3)), "/a", "\"SECRET\"");
    block.redacted(
        note,
        "é SECRET, SECRET.",
        &[
            Span { start: 3, end: 9, redaction: Redaction::Mask },
            Span { start: 11, end: 17, redaction: Redaction::Pseudonym },
        ],
    );
    block.commit(row(Some("id-1")));
    block.personal(None, "/b", "\"SECRET\"");
    block.rollback();
    block.commit(row(Some("id-2")));
    block.personal(None, "/c", "\"SECRET\"");
    block.personal(None, "/d\"\\", "[1]");
    block.commit(row(None));
    let waiting: Vec<_> =
        block.personal_values().map(|value| (value.row, value.slot, value.pointer.to_owned())).collect();
    let expect =
        [(0, Some(PersonalSlot(3)), "/a".to_owned()), (2, None, "/c".to_owned()), (2, None, "/d\"\\".to_owned())];
    assert_eq!(waiting, expect);
    // Nothing is shown, copied or written before.
    for what in ["shown", "copied", "written"] {
        let attempt = catch_unwind(AssertUnwindSafe(|| match what {
            "shown" => drop(block.to_arrow()),
            "copied" => block.gather(&[1], &mut Block::new(Arc::clone(&shape), Arc::new(Opaque))),
            _ => drop(encoder(&shape, EncodeOptions::default()).push(&block)),
        }));
        assert!(attempt.is_err(), "{what}");
    }
    assert!(!format!("{block:?}").contains("SECRET"));
    block.protect();
    let batch = block.to_arrow();
    let sealed = batch.column_by_name("sealed").expect("the column").as_binary::<i32>();
    let texts: Vec<_> = sealed.iter().map(|value| value.map(String::from_utf8_lossy)).collect();
    let plain = [r#"{"/a":"SECRET"}"#, r#"{"/c":"SECRET","/d\"\\":[1]}"#].map(str::len);
    // Each is sealed with the id of its event.
    let expect = [Some(format!("{} of id-1 bytes", plain[0])), None, Some(format!("{} of  bytes", plain[1]))];
    assert_eq!(texts.iter().map(|text| text.as_deref()).collect::<Vec<_>>(), expect.each_ref().map(Option::as_deref));
    let notes = batch.column_by_name("note").expect("the column").as_string::<i32>();
    assert_eq!(notes.value(0), format!("é {}, p6.", xdm::MASK));
    for row in 0..3 {
        let text = format!("{:?}", read::row(&batch, row));
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn an_event_in_progress_hands_out_nothing_and_goes_with_the_block() {
    let (shape, _) = flat();
    let mut block = block(&shape);
    let waiting = |block: &Block| block.personal_values().map(|value| value.raw.to_owned()).collect::<Vec<_>>();
    block.personal(None, "/phone", "\"+1\"");
    block.commit(plain_row(7));
    block.personal(None, "/phone", "\"+2\"");
    block.personal(None, "/mail", "\"a@b\"");
    // It may yet turn out invalid.
    assert_eq!(waiting(&block), ["\"+1\""]);
    block.rollback();
    assert_eq!(waiting(&block), ["\"+1\""]);
    block.personal(None, "/phone", "\"+3\"");
    block.extra("/other", "1");
    block.clear();
    block.commit(plain_row(7));
    assert_eq!(waiting(&block), [""; 0]);
    let row = read::row(&block.to_arrow(), 0);
    assert_eq!((&row["extra"], &row["sealed"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_current_is_of_the_event_in_progress() {
    let mut layout = minimal();
    let list = layout.add_list("tags", Space::EVENTS);
    let tag = layout.add_column("tags[]", layout.lists[list.index()].items, Scalar::Text);
    layout.fields.push(field("tags", Node::List(list, Box::new(Node::Leaf(tag)))));
    let shape = shape(layout);
    let (id, timestamp) = (shape.id_slot(), shape.timestamp_slot());
    let mut block = block(&shape);
    assert_eq!((block.has_current(id), block.current_text(id), block.current_timestamp()), (false, None, None));
    block.text(id, "a");
    block.timestamp(timestamp, -5);
    block.begin(list);
    block.item(list);
    block.text(tag, "in a list");
    block.end(list);
    assert_eq!((block.current_id(), block.current_timestamp()), (Some("a"), Some(-5)));
    // A value in a list is none of the event's own.
    assert!(!block.has_current(tag) && block.current_text(tag).is_none());
    assert!(block.has_current(id) && block.has_current(timestamp));
    block.commit(plain_row(0));
    assert_eq!((block.has_current(id), block.current_text(id), block.current_timestamp()), (false, None, None));
    block.text(id, "b");
    block.rollback();
    assert_eq!((block.current_id(), block.rows(), block.id(0)), (None, 1, "a"));
    assert!(catch_unwind(AssertUnwindSafe(|| block.id(1).to_owned())).is_err());
    // Before 1970 a day begins at midnight too.
    assert_eq!(block.dates(), [-1]);
}

#[test]
fn the_same_world_twice_makes_the_same_bytes() {
    for seed in 0..20 {
        let make = || {
            let mut dice = world::Dice(9_000 + seed);
            let shape = shape(world::layout(&mut dice));
            let mut block = block(&shape);
            world::fill(&mut block, &mut dice, 100, &mut 0);
            encode(&shape, EncodeOptions::default(), &[block]).0
        };
        assert!(make() == make(), "seed {seed}");
    }
}

#[test]
fn numbers_of_a_row_group_are_not_in_the_bounds_of_the_next() {
    let (shape, slots) = flat();
    let fill = |numbers: &[i64]| {
        let mut block = block(&shape);
        numbers.iter().for_each(|number| add(&mut block, &slots, &(None, Some(*number), None, None, None)));
        block
    };
    let options = EncodeOptions { row_group_rows_max: 2, ..EncodeOptions::default() };
    let (_, metadata) = read_file(encode(&shape, options, &[fill(&[-9, 100]), fill(&[3, 5])]).0);
    let bounds = |group: usize| metadata.row_group(group).column(3).statistics().cloned().expect("bounds");
    assert_eq!(bounds(0), Statistics::int64(Some(-9), Some(100), None, Some(0), false));
    assert_eq!(bounds(1), Statistics::int64(Some(3), Some(5), None, Some(0), false));
}

#[test]
fn values_outside_of_their_objects_are_no_file() {
    let mut layout = minimal();
    let list = layout.add_list("items", Space::EVENTS);
    let space = layout.lists[list.index()].items;
    let object = layout.add_struct("items[]", space);
    let leaf = layout.add_column("items[].n", space, Scalar::Integer);
    let item = Node::Struct(object, vec![field("n", Node::Leaf(leaf))]);
    layout.fields.push(field("items", Node::List(list, Box::new(item))));
    let shape = shape(layout);
    let mut block = block(&shape);
    block.begin(list);
    block.item(list);
    block.integer(leaf, 1);
    block.end(list);
    block.commit(plain_row(1));
    let pushed = encoder(&shape, EncodeOptions::default()).push(&block);
    assert!(matches!(&pushed, Err(columns::EncodeError::Askew(path)) if path == "items[].n"), "{pushed:?}");
}

#[test]
fn a_text_is_covered_without_what_was_covered_before() {
    let (shape, slots) = flat();
    let mut block = Block::new(Arc::clone(&shape), Arc::new(Opaque));
    let spans = [Span { start: 2, end: 8, redaction: Redaction::Mask }];
    for text in ["a SECRET b", "c HIDDEN d"] {
        block.redacted(slots[0], text, &spans);
        block.commit(plain_row(1));
    }
    let notes = block.to_arrow().column_by_name("v0").expect("the column").as_string::<i32>().clone();
    let expect = [format!("a {} b", xdm::MASK), format!("c {} d", xdm::MASK)];
    assert_eq!(notes.iter().map(|note| note.unwrap_or_default().to_owned()).collect::<Vec<_>>(), expect);
}
/// A column of texts, and the bounds that each row group of a file of these blocks has.
fn text_bounds(blocks: &[Vec<String>], rows_max: usize) -> Vec<Option<(String, String)>> {
    let (shape, slots) = flat();
    let fill = |texts: &Vec<String>| {
        let mut block = block(&shape);
        texts.iter().for_each(|text| add(&mut block, &slots, &(Some(text.clone()), None, None, None, None)));
        block
    };
    let options = EncodeOptions { row_group_rows_max: rows_max, ..EncodeOptions::default() };
    let (_, metadata) = read_file(encode(&shape, options, &blocks.iter().map(fill).collect::<Vec<_>>()).0);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let bounds = |group: &parquet::file::metadata::RowGroupMetaData| {
        let statistics = group.column(2).statistics()?;
        Some((text(statistics.min_bytes_opt()?), text(statistics.max_bytes_opt()?)))
    };
    metadata.row_groups().iter().map(bounds).collect()
}

#[test]
fn texts_have_bounds_only_where_all_of_them_are_known() {
    // Twice each: values that hardly repeat have no dictionary, and so no bounds.
    let of = |texts: &[&str]| texts.iter().chain(texts).map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let known = Some(("a".to_owned(), "z".to_owned()));
    assert_eq!(text_bounds(&[of(&["z", "a", "m"])], 100), std::slice::from_ref(&known));
    // Each row group has its own.
    let own = Some(("m".to_owned(), "n".to_owned()));
    assert_eq!(text_bounds(&[of(&["z", "a"]), of(&["n", "m"])], 4), [known, own]);
    // Too many to look at.
    let many: Vec<String> = (0..1_025).flat_map(|n| vec![format!("{n}"); 4]).collect();
    assert_eq!(text_bounds(&[many], 10_000), [None]);
    // A dictionary that is left: what comes later is in none, and may lie outside.
    let mut long: Vec<String> = (0..900).map(|n| format!("m{n}{}", "x".repeat(2_000))).collect();
    long.extend(of(&["a", "z"]));
    long.extend(long.clone());
    assert_eq!(text_bounds(&[of(&["a", "z"]), long, of(&["zz", "zz"])], 10_000), [None]);
}
