//! A block as an Arrow batch, for rows that are queried before they are in a file.
//!
//! The packed values are spread over their rows here, once, instead of while decoding:
//! most rows go to a file and never need it.

use std::sync::Arc;

use ::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, MapArray, RecordBatch,
    RecordBatchOptions, StringArray, StructArray, TimestampMicrosecondArray,
};
use ::arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use ::arrow::datatypes::{DataType, FieldRef};
use xdm::layout::Node;

use super::Block;
use super::bits::Bits;
use super::column::{Column, Values};
use super::dictionary::Plain;
use super::list::ListColumn;
use super::text::TextValues;
use crate::shape::{Kind, Shape};

impl Block {
    /// The committed rows as a batch of [`Shape::arrow_schema`].
    ///
    /// # Panics
    /// If personal values are not protected. In debug builds, if an event is in progress.
    pub fn to_arrow(&self) -> RecordBatch {
        self.assert_shown();
        let schema = self.shape.arrow_schema();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
        for (field, column) in self.shape.fields().iter().zip(schema.fields()) {
            arrays.push(self.node_array(&field.node, column, 0));
        }
        for (own, _) in Shape::owns() {
            arrays.push(self.leaf_array(self.shape.own(own)));
        }
        arrays.push(Arc::new(Date32Array::from(self.dates.clone())));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows()));
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .expect("arrays are built from the schema's own tree")
    }

    /// The array of a node whose rows are those of `space`.
    fn node_array(&self, node: &Node, field: &FieldRef, space: u16) -> ArrayRef {
        let rows = self.committed[usize::from(space)] as usize;
        match (node, field.data_type()) {
            (Node::Struct(slot, fields), DataType::Struct(columns)) => {
                let children =
                    fields.iter().zip(columns).map(|(child, column)| self.node_array(&child.node, column, space));
                let nulls = nulls(&self.structs[slot.index()].valid, rows);
                Arc::new(StructArray::new(columns.clone(), children.collect(), nulls))
            }
            (Node::List(slot, item), DataType::List(element)) => {
                let list = &self.lists[slot.index()];
                let items = self.node_array(item, element, list.items);
                Arc::new(ListArray::new(Arc::clone(element), offsets(list, rows), items, nulls(&list.valid, rows)))
            }
            (Node::Map(slot, key, value), DataType::Map(entries, sorted)) => {
                let list = &self.lists[slot.index()];
                let DataType::Struct(columns) = entries.data_type() else { return self.leaf_array(key.index()) };
                let arrays = vec![self.leaf_array(key.index()), self.node_array(value, &columns[1], list.items)];
                let items = StructArray::new(columns.clone(), arrays, None);
                let nulls = nulls(&list.valid, rows);
                Arc::new(MapArray::new(Arc::clone(entries), offsets(list, rows), items, nulls, *sorted))
            }
            (Node::Leaf(slot), _) => self.leaf_array(slot.index()),
            (node, other) => unreachable!("the shape gives {node:?} no type {other}"),
        }
    }

    pub(super) fn leaf_array(&self, at: usize) -> ArrayRef {
        let column = &self.columns[at];
        let rows = self.committed[usize::from(column.space)] as usize;
        let nulls = nulls(&column.valid, rows);
        match &column.values {
            Values::Text(text) => {
                let (offsets, bytes) = match text.values() {
                    TextValues::Plain(plain) => spread_bytes(column, rows, plain, |at| at),
                    TextValues::Keys(keys, entries) => spread_bytes(column, rows, entries, |at| usize::from(keys[at])),
                };
                Arc::new(StringArray::new(offsets, bytes, nulls))
            }
            Values::Binary(plain) => {
                let (offsets, bytes) = spread_bytes(column, rows, plain, |at| at);
                Arc::new(BinaryArray::new(offsets, bytes, nulls))
            }
            Values::Long(longs) => {
                let values = ScalarBuffer::from(spread(&column.valid, longs, rows));
                match self.shape.leaves()[at].kind {
                    Kind::Timestamp => Arc::new(TimestampMicrosecondArray::new(values, nulls).with_timezone("UTC")),
                    _ => Arc::new(Int64Array::new(values, nulls)),
                }
            }
            Values::Double(doubles) => {
                Arc::new(Float64Array::new(ScalarBuffer::from(spread(&column.valid, doubles, rows)), nulls))
            }
            Values::Boolean(booleans) => {
                Arc::new(BooleanArray::new(BooleanBuffer::from(spread(&column.valid, booleans, rows)), nulls))
            }
        }
    }
}

/// Arrow's null bitmap; `None` if no row is null.
fn nulls(valid: &Bits, rows: usize) -> Option<NullBuffer> {
    let words: Vec<u64> = (0..rows.div_ceil(64)).map(|at| valid.word(at)).collect();
    let nulls = NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(words), 0, rows));
    (nulls.null_count() > 0).then_some(nulls)
}

fn offsets(list: &ListColumn, rows: usize) -> OffsetBuffer<i32> {
    let mut ends = Vec::new();
    list.offsets(rows, &mut ends);
    let ends: Vec<i32> = ends.into_iter().map(|end| end as i32).collect();
    OffsetBuffer::new(ends.into())
}

/// The values at their rows, a default where there is none.
fn spread<T: Copy + Default>(valid: &Bits, values: &[T], rows: usize) -> Vec<T> {
    if values.len() == rows {
        return values.to_vec();
    }
    let mut spread = vec![T::default(); rows];
    for (row, value) in valid.rows().zip(values) {
        if let Some(place) = spread.get_mut(row) {
            *place = *value;
        }
    }
    spread
}

/// The byte strings `plain[place(0)], plain[place(1)], …` at the rows that have one.
fn spread_bytes(
    column: &Column,
    rows: usize,
    plain: &Plain,
    place: impl Fn(usize) -> usize,
) -> (OffsetBuffer<i32>, Buffer) {
    let has_all = column.values.len() == rows;
    let mut bytes: Vec<u8> = Vec::with_capacity(plain.value_bytes());
    let mut ends: Vec<i32> = Vec::with_capacity(rows + 1);
    ends.push(0);
    let mut at = 0;
    for row in 0..rows {
        if has_all || column.valid.get(row) {
            bytes.extend_from_slice(plain.get(place(at)));
            at += 1;
        }
        // A block's limit on bytes is far below 2 GiB.
        ends.push(bytes.len() as i32);
    }
    (OffsetBuffer::new(ends.into()), Buffer::from_vec(bytes))
}
