//! Some columns of a block as an Arrow batch: for who looks at a few of hundreds.

use std::sync::Arc;

use ::arrow::array::{
    Array, ArrayRef, DictionaryArray, Int32Array, ListArray, MapArray, RecordBatch, RecordBatchOptions, StringArray,
    StructArray,
};
use ::arrow::buffer::ScalarBuffer;
use ::arrow::datatypes::{Field as ArrowField, FieldRef, Int32Type, Schema};
use xdm::layout::{Field, Node, Space};

use super::Block;
use super::arrow::{byte_strings, nulls, offsets, spread_by};
use super::column::Values;
use super::text::TextValues;
use crate::shape::Shape;

/// Some columns of the blocks of a shape.
#[derive(Clone, Debug)]
pub struct Selection {
    fields: Vec<Field>,
    /// Those of our own columns, by leaf and name.
    owns: Vec<(usize, &'static str)>,
}

impl Selection {
    /// The leaf columns whose path in a file, in parts, is wanted. A map has its keys with any of its values.
    pub fn new(shape: &Shape, is_wanted: impl Fn(&[String]) -> bool) -> Selection {
        let schema = shape.parquet_schema();
        let mut wanted = vec![false; shape.leaves().len()];
        for (column, leaf) in schema.columns().iter().zip(shape.file_order()) {
            wanted[usize::from(*leaf)] = is_wanted(column.path().parts());
        }
        let fields = shape.fields().iter().filter_map(|field| pruned(field, &wanted)).collect();
        let owns = Shape::owns().map(|(own, name)| (shape.own(own), name)).filter(|(leaf, _)| wanted[*leaf]).collect();
        Selection { fields, owns }
    }
}

fn pruned(field: &Field, wanted: &[bool]) -> Option<Field> {
    let node = pruned_node(&field.node, wanted)?;
    Some(Field { name: field.name.clone(), node, doc: String::new() })
}

fn pruned_node(node: &Node, wanted: &[bool]) -> Option<Node> {
    match node {
        Node::Leaf(slot) => wanted[slot.index()].then_some(Node::Leaf(*slot)),
        Node::Struct(slot, fields) => {
            let fields: Vec<Field> = fields.iter().filter_map(|field| pruned(field, wanted)).collect();
            (!fields.is_empty()).then_some(Node::Struct(*slot, fields))
        }
        Node::List(slot, item) => Some(Node::List(*slot, Box::new(pruned_node(item, wanted)?))),
        Node::Map(slot, key, value) => Some(Node::Map(*slot, *key, Box::new(pruned_node(value, wanted)?))),
    }
}

impl Block {
    /// The selected columns of the committed rows, under their names in [`Shape::arrow_schema`].
    ///
    /// A column of texts in no map or list that the block has as a dictionary comes as one, with keys of 32 bits.
    ///
    /// # Panics
    /// If personal values are not protected. In debug builds, if an event is in progress.
    pub fn to_arrow_of(&self, selection: &Selection) -> RecordBatch {
        assert!(self.is_protected(), "personal values are protected before rows are shown");
        debug_assert!(self.at_event_boundary(), "commit or roll back before rows are shown");
        let fields =
            selection.fields.iter().map(|field| (field.name.as_str(), self.selected(&field.node, Space::EVENTS)));
        let owns = selection.owns.iter().map(|(leaf, name)| (*name, self.keyed_or_plain(*leaf)));
        let (columns, arrays): (Vec<FieldRef>, Vec<ArrayRef>) =
            fields.chain(owns).map(|(name, array)| (named(name, &array), array)).unzip();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(columns)), arrays, &options)
            .expect("a column for each field, all with the block's rows")
    }

    /// The array of a node whose rows are those of `space`.
    fn selected(&self, node: &Node, space: Space) -> ArrayRef {
        let rows = self.committed[usize::from(space.0)] as usize;
        match node {
            Node::Leaf(slot) if space == Space::EVENTS => self.keyed_or_plain(slot.index()),
            Node::Leaf(slot) => self.leaf_array(slot.index()),
            Node::Struct(slot, fields) => {
                let children = fields.iter().map(|field| (field.name.as_str(), self.selected(&field.node, space)));
                let (columns, arrays): (Vec<FieldRef>, Vec<ArrayRef>) =
                    children.map(|(name, array)| (named(name, &array), array)).unzip();
                let nulls = nulls(&self.structs[slot.index()].valid, rows);
                Arc::new(StructArray::new(columns.into(), arrays, nulls))
            }
            Node::List(slot, item) => {
                let list = &self.lists[slot.index()];
                let items = self.selected(item, Space(list.items));
                let nulls = nulls(&list.valid, rows);
                Arc::new(ListArray::new(named("element", &items), offsets(list, rows), items, nulls))
            }
            Node::Map(slot, key, value) => {
                let list = &self.lists[slot.index()];
                let keys = self.leaf_array(key.index());
                let values = self.selected(value, Space(list.items));
                let columns =
                    [Arc::new(ArrowField::new("key", keys.data_type().clone(), false)), named("value", &values)];
                let items = StructArray::new(columns.to_vec().into(), vec![keys, values], None);
                let entries = Arc::new(ArrowField::new("key_value", items.data_type().clone(), false));
                Arc::new(MapArray::new(entries, offsets(list, rows), items, nulls(&list.valid, rows), false))
            }
        }
    }

    fn keyed_or_plain(&self, leaf: usize) -> ArrayRef {
        let column = &self.columns[leaf];
        let Values::Text(text) = &column.values else { return self.leaf_array(leaf) };
        let TextValues::Keys(keys, entries) = text.values() else { return self.leaf_array(leaf) };
        let rows = self.rows();
        let places = spread_by(&column.valid, keys, rows, i32::from);
        let places = Int32Array::new(ScalarBuffer::from(places), nulls(&column.valid, rows));
        let (ends, bytes) = byte_strings(entries, (0..entries.len()).map(Some));
        Arc::new(DictionaryArray::<Int32Type>::new(places, Arc::new(StringArray::new(ends, bytes, None))))
    }
}

fn named(name: &str, array: &ArrayRef) -> FieldRef {
    Arc::new(ArrowField::new(name, array.data_type().clone(), true))
}
