//! The full row of table `events`: a layout's fields and Frontdesk's own columns.
//!
//! One value answers every question about columns, so that the block, the pages and
//! the table can't disagree: which Arrow type a field has, in which order the leaves
//! lie in a file, which objects and lists lie above a leaf.
//!
//! Objects without a leaf below them (all their properties undeclared or personal)
//! have no column: Parquet can't store an empty group, and nothing is lost, since
//! their values are in `extra` and `sealed`.
//!
//! It refuses layouts that can't be a table of events: no `_id` or `timestamp`, or a
//! root field that has the name of one of our own columns, in any case.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowSchemaConverter;
use parquet::schema::types::SchemaDescPtr;
use xdm::layout::{Field, Layout, ListSlot, Node, Scalar, Slot, Space, StructSlot};

/// The keyed hash of an event's content.
pub const CONTENT_MAC: &str = "content_mac";

/// An unkeyed hash of an event's content, which early tables have.
pub const LEGACY_HASH: &str = "content_hash";

/// The partition column: UTC date of `timestamp`. In Arrow batches, not in files.
pub const EVENT_DATE: &str = "event_date";

/// A layout that can't be a table of events.
#[derive(Debug, thiserror::Error)]
pub enum ShapeError {
    /// A column that every event must have is absent or has another type.
    #[error(
        "the schema has no root field {0:?} of the type that events need; compose it from the ExperienceEvent class"
    )]
    Missing(&'static str),
    /// A root field has the name of one of the table's own columns.
    #[error("the schema's root field {0:?} has the name of a column of the table; rename the field")]
    Taken(String),
    /// The columns can't be expressed in Parquet.
    #[error("the schema has a field that Parquet can't store: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// What a stored column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    Binary,
    Integer,
    Number,
    Boolean,
    Timestamp,
}

impl Kind {
    fn arrow(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Binary => DataType::Binary,
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Boolean => DataType::Boolean,
            Kind::Timestamp => timestamp_type(),
        }
    }
}

/// One step from the root towards a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Into a nullable object.
    Struct(StructSlot),
    /// Into the items of a nullable list or map.
    List(ListSlot),
}

/// One stored column.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) kind: Kind,
    pub(crate) space: Space,
    /// What lies above it, from the root down.
    pub(crate) steps: Vec<Step>,
    /// Never null where its parent is present: map keys and some of our own columns.
    pub(crate) required: bool,
}

impl Leaf {
    /// Parquet's highest definition level: one for each thing that can be absent.
    pub(crate) fn def_max(&self) -> u8 {
        let above: usize = self.steps.iter().map(|step| if matches!(step, Step::List(_)) { 2 } else { 1 }).sum();
        u8::try_from(above + usize::from(!self.required)).unwrap_or(u8::MAX)
    }

    /// Parquet's highest repetition level: the number of lists above it.
    pub(crate) fn rep_max(&self) -> u8 {
        let lists = self.steps.iter().filter(|step| matches!(step, Step::List(_))).count();
        u8::try_from(lists).unwrap_or(u8::MAX)
    }
}

/// Frontdesk's own columns, in their order after the layout's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Own {
    ReceivedAt,
    Datastream,
    RequestId,
    ContentMac,
    Extra,
    Sealed,
    Derived,
    TimeAnomaly,
}

const OWN: [(Own, &str, Kind, bool); 8] = [
    (Own::ReceivedAt, "received_at", Kind::Timestamp, true),
    (Own::Datastream, "datastream", Kind::Text, true),
    (Own::RequestId, "request_id", Kind::Text, false),
    (Own::ContentMac, CONTENT_MAC, Kind::Integer, false),
    (Own::Extra, "extra", Kind::Text, false),
    (Own::Sealed, "sealed", Kind::Binary, false),
    (Own::Derived, "derived", Kind::Text, false),
    (Own::TimeAnomaly, "time_anomaly", Kind::Text, false),
];

/// The columns of a map from texts to lists of objects.
#[derive(Clone, Debug)]
pub struct MapOfLists {
    /// The map.
    pub entries: ListSlot,
    /// The leaf of its keys.
    pub keys: usize,
    /// The list of each entry.
    pub lists: ListSlot,
    /// The items of the lists.
    pub items: StructSlot,
    fields: Vec<(String, usize)>,
}

impl MapOfLists {
    /// The leaf of an item's field.
    pub fn leaf_at(&self, name: &str) -> Option<usize> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1)
    }
}

/// The full row of table `events`.
#[derive(Debug)]
pub struct Shape {
    layout: Arc<Layout>,
    fields: Vec<Field>,
    leaves: Vec<Leaf>,
    file_order: Vec<u16>,
    id: Slot,
    timestamp: Slot,
    arrow: SchemaRef,
    file: SchemaRef,
    parquet: SchemaDescPtr,
}

impl Shape {
    /// The row whose layout part is `layout`.
    ///
    /// # Errors
    /// See [`ShapeError`]; all are properties of the schema.
    pub fn new(layout: Arc<Layout>) -> Result<Shape, ShapeError> {
        let id = root_slot(&layout, "_id", Scalar::Text)?;
        let timestamp = root_slot(&layout, "timestamp", Scalar::Timestamp)?;
        let mut placing = Placing::new(&layout);
        let mut fields = Vec::new();
        let mut columns: Vec<FieldRef> = Vec::new();
        for field in &layout.fields {
            let ours = OWN.iter().map(|own| own.1).chain([EVENT_DATE, LEGACY_HASH]);
            // Other readers of the table don't tell names apart by case alone.
            if ours.into_iter().any(|name| name.eq_ignore_ascii_case(&field.name)) {
                return Err(ShapeError::Taken(field.name.clone()));
            }
            if let Some((node, data_type)) = placing.node(&field.node) {
                columns.push(nullable(&field.name, data_type));
                fields.push(Field { name: field.name.clone(), node, doc: field.doc.clone() });
            }
        }
        let Placing { mut leaves, mut file_order, .. } = placing;
        for (_, name, kind, required) in OWN {
            file_order.push(u16::try_from(leaves.len()).unwrap_or(u16::MAX));
            leaves.push(Leaf { kind, space: Space::EVENTS, steps: Vec::new(), required });
            columns.push(Arc::new(ArrowField::new(name, kind.arrow(), !required)));
        }
        let file = Arc::new(Schema::new(columns.clone()));
        columns.push(nullable(EVENT_DATE, DataType::Date32));
        let arrow = Arc::new(Schema::new(columns));
        let parquet = Arc::new(ArrowSchemaConverter::new().schema_root("event").convert(&file)?);
        Ok(Shape { layout, fields, leaves, file_order, id, timestamp, arrow, file, parquet })
    }

    /// The layout that events decode into.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The schema of Arrow batches: every column, `event_date` last.
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::clone(&self.arrow)
    }

    /// The schema of Parquet files: all but the partition column `event_date`.
    pub fn file_schema(&self) -> SchemaRef {
        Arc::clone(&self.file)
    }

    /// The Parquet schema of files: three-level lists, `key_value` maps.
    pub fn parquet_schema(&self) -> SchemaDescPtr {
        Arc::clone(&self.parquet)
    }

    /// The slot of `_id`.
    pub fn id_slot(&self) -> Slot {
        self.id
    }

    /// The slot of `timestamp`.
    pub fn timestamp_slot(&self) -> Slot {
        self.timestamp
    }

    /// The slot stored in the file's leaf column `at`; `None` for our own columns.
    pub fn slot_of_leaf(&self, at: usize) -> Option<Slot> {
        let column = *self.file_order.get(at)?;
        (usize::from(column) < self.layout.columns.len()).then_some(Slot(column))
    }

    /// The file's leaf column that stores `slot`; `None` if the tree doesn't reach it.
    pub fn leaf_of_slot(&self, slot: Slot) -> Option<usize> {
        self.file_order.iter().position(|&column| column == slot.0)
    }

    /// What lies at a path of field names, `.` between them; `None` if nothing has a column there.
    pub fn node_at(&self, path: &str) -> Option<&Node> {
        let mut names = path.split('.');
        let named = |fields: &'_ [Field], name: &str| fields.iter().position(|field| field.name == name);
        let mut node = &self.fields[named(&self.fields, names.next()?)?].node;
        for name in names {
            let Node::Struct(_, fields) = node else { return None };
            node = &fields[named(fields, name)?].node;
        }
        Some(node)
    }

    /// The number of the leaf column at a path, or of one of our own columns by its name.
    pub fn leaf_at(&self, path: &str) -> Option<usize> {
        match self.node_at(path) {
            Some(Node::Leaf(slot)) => Some(slot.index()),
            Some(_) => None,
            None => Shape::owns().find(|(_, name)| *name == path).map(|(own, _)| self.own(own)),
        }
    }

    /// The columns of a map from texts to lists of objects; `None` if there is no such map at the path.
    pub fn map_of_lists_at(&self, path: &str) -> Option<MapOfLists> {
        let Node::Map(entries, keys, value) = self.node_at(path)? else { return None };
        let Node::List(lists, item) = &**value else { return None };
        let Node::Struct(items, fields) = &**item else { return None };
        let leaf = |field: &Field| match field.node {
            Node::Leaf(slot) => Some((field.name.clone(), slot.index())),
            _ => None,
        };
        let fields = fields.iter().filter_map(leaf).collect();
        Some(MapOfLists { entries: *entries, keys: keys.index(), lists: *lists, items: *items, fields })
    }

    /// The layout's fields without the objects that have no leaf.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Stored columns: the layout's by slot, then our own.
    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// For each leaf column of a file, its index in [`leaves`](Self::leaves).
    pub(crate) fn file_order(&self) -> &[u16] {
        &self.file_order
    }

    /// Index in [`leaves`](Self::leaves) of one of our own columns.
    #[inline]
    pub(crate) fn own(&self, own: Own) -> usize {
        self.layout.columns.len() + own as usize
    }

    /// Our own columns in their order, and their names.
    pub(crate) fn owns() -> impl Iterator<Item = (Own, &'static str)> {
        OWN.iter().map(|own| (own.0, own.1))
    }
}

/// The Arrow type of every instant.
pub(crate) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn nullable(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(ArrowField::new(name, data_type, true))
}

fn root_slot(layout: &Layout, name: &'static str, scalar: Scalar) -> Result<Slot, ShapeError> {
    let field = layout.fields.iter().find(|field| field.name == name).ok_or(ShapeError::Missing(name))?;
    let Node::Leaf(slot) = field.node else { return Err(ShapeError::Missing(name)) };
    let column = layout.columns.get(slot.index()).ok_or(ShapeError::Missing(name))?;
    if column.scalar == scalar && column.space == Space::EVENTS { Ok(slot) } else { Err(ShapeError::Missing(name)) }
}

/// Walks the layout's tree, noting where each leaf lies.
struct Placing {
    leaves: Vec<Leaf>,
    file_order: Vec<u16>,
    steps: Vec<Step>,
}

impl Placing {
    fn new(layout: &Layout) -> Placing {
        let leaves = layout.columns.iter().map(|column| Leaf {
            kind: match column.scalar {
                Scalar::Text => Kind::Text,
                Scalar::Integer => Kind::Integer,
                Scalar::Number => Kind::Number,
                Scalar::Boolean => Kind::Boolean,
                Scalar::Timestamp => Kind::Timestamp,
            },
            space: column.space,
            steps: Vec::new(),
            required: false,
        });
        Placing { leaves: leaves.collect(), file_order: Vec::new(), steps: Vec::new() }
    }

    /// The node without empty objects, and its Arrow type; `None` if nothing is left.
    fn node(&mut self, node: &Node) -> Option<(Node, DataType)> {
        match node {
            Node::Leaf(slot) => Some((Node::Leaf(*slot), self.leaf(*slot, false))),
            Node::Struct(slot, fields) => {
                self.steps.push(Step::Struct(*slot));
                let (fields, columns) = self.fields(fields);
                self.steps.pop();
                (!fields.is_empty()).then_some((Node::Struct(*slot, fields), DataType::Struct(columns)))
            }
            Node::List(slot, item) => {
                self.steps.push(Step::List(*slot));
                let placed = self.node(item);
                self.steps.pop();
                let (item, data_type) = placed?;
                Some((Node::List(*slot, Box::new(item)), DataType::List(nullable("element", data_type))))
            }
            Node::Map(slot, key, value) => {
                let before = self.file_order.len();
                self.steps.push(Step::List(*slot));
                let key_type = self.leaf(*key, true);
                let placed = self.node(value);
                self.steps.pop();
                let Some((value, value_type)) = placed else {
                    self.file_order.truncate(before);
                    return None;
                };
                let entry = [Arc::new(ArrowField::new("key", key_type, false)), nullable("value", value_type)];
                let entries = ArrowField::new("key_value", DataType::Struct(Fields::from_iter(entry)), false);
                Some((Node::Map(*slot, *key, Box::new(value)), DataType::Map(Arc::new(entries), false)))
            }
        }
    }

    fn fields(&mut self, fields: &[Field]) -> (Vec<Field>, Fields) {
        let mut kept = Vec::new();
        let mut columns: Vec<FieldRef> = Vec::new();
        for field in fields {
            if let Some((node, data_type)) = self.node(&field.node) {
                columns.push(nullable(&field.name, data_type));
                kept.push(Field { name: field.name.clone(), node, doc: field.doc.clone() });
            }
        }
        (kept, columns.into())
    }

    fn leaf(&mut self, slot: Slot, required: bool) -> DataType {
        self.file_order.push(slot.0);
        let leaf = &mut self.leaves[slot.index()];
        leaf.steps.clone_from(&self.steps);
        leaf.required = required;
        leaf.kind.arrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, node: Node) -> Field {
        Field { name: name.into(), node, doc: String::new() }
    }

    fn minimal() -> Layout {
        let mut layout = Layout::default();
        let id = layout.add_column("_id", Space::EVENTS, Scalar::Text);
        let timestamp = layout.add_column("timestamp", Space::EVENTS, Scalar::Timestamp);
        layout.fields = vec![field("_id", Node::Leaf(id)), field("timestamp", Node::Leaf(timestamp))];
        layout
    }

    #[test]
    fn refuses_layouts_that_are_no_events() {
        let check = |change: &dyn Fn(&mut Layout), expect: &str| {
            let mut layout = minimal();
            change(&mut layout);
            let error = Shape::new(Arc::new(layout)).expect_err(expect).to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(&|layout| layout.fields[0].name = "id".into(), "\"_id\"");
        check(&|layout| layout.columns[1].scalar = Scalar::Text, "\"timestamp\"");
        check(&|layout| layout.fields.push(field("sealed", Node::Leaf(Slot(0)))), "\"sealed\"");
        check(&|layout| layout.fields.push(field(EVENT_DATE, Node::Leaf(Slot(0)))), "\"event_date\"");
        check(&|layout| layout.fields.clear(), "\"_id\"");
        check(&|layout| layout.fields.truncate(1), "\"timestamp\"");
        check(&|layout| layout.columns[0].scalar = Scalar::Integer, "\"_id\"");
        check(&|layout| layout.columns[1].space = Space(1), "\"timestamp\"");
        let deep = |layout: &mut Layout| {
            let slot = layout.add_struct("_id", Space::EVENTS);
            layout.fields[0].node = Node::Struct(slot, vec![field("_id", Node::Leaf(Slot(0)))]);
        };
        check(&deep, "\"_id\"");
    }

    #[test]
    fn names_of_our_own_columns_are_taken_in_any_case() {
        // Spark, DuckDB and Delta Lake itself tell no names apart by case alone.
        for name in OWN.iter().map(|own| own.1).chain([EVENT_DATE, LEGACY_HASH]) {
            for name in [name.to_owned(), name.to_uppercase(), name[..1].to_uppercase() + &name[1..]] {
                let mut layout = minimal();
                layout.fields.push(field(&name, Node::Leaf(Slot(0))));
                let error = Shape::new(Arc::new(layout)).expect_err("taken");
                assert!(matches!(&error, ShapeError::Taken(taken) if *taken == name), "{name}: {error}");
            }
        }
        // Below the root they are names like others.
        let mut layout = minimal();
        let outer = layout.add_struct("a", Space::EVENTS);
        let leaf = layout.add_column("a.extra", Space::EVENTS, Scalar::Text);
        layout.fields.push(field("a", Node::Struct(outer, vec![field("extra", Node::Leaf(leaf))])));
        let shape = Shape::new(Arc::new(layout)).expect("a table");
        assert_eq!(shape.leaf_of_slot(leaf), Some(2));
        assert_eq!(
            (0..4).map(|at| shape.slot_of_leaf(at)).collect::<Vec<_>>(),
            [Some(Slot(0)), Some(Slot(1)), Some(leaf), None]
        );
    }

    #[test]
    fn empty_objects_have_no_column() {
        let mut layout = minimal();
        let hollow = layout.add_struct("hollow", Space::EVENTS);
        let map = layout.add_list("map", Space::EVENTS);
        let key = layout.add_column("map.key", Space(1), Scalar::Text);
        let value = layout.add_struct("map.value", Space(1));
        layout.fields.push(field("hollow", Node::Struct(hollow, vec![])));
        layout.fields.push(field("map", Node::Map(map, key, Box::new(Node::Struct(value, vec![])))));
        let shape = Shape::new(Arc::new(layout)).expect("a table");
        assert_eq!(shape.file_schema().fields().len(), 2 + OWN.len());
        assert_eq!(shape.parquet_schema().num_columns(), shape.file_order().len());
        assert_eq!(shape.leaf_of_slot(key), None);
    }

    #[test]
    fn levels_and_order_agree_with_parquet() {
        let mut layout = minimal();
        let outer = layout.add_struct("a", Space::EVENTS);
        let list = layout.add_list("a.items", Space::EVENTS);
        let item = layout.add_struct("a.items[]", Space(1));
        let leaf = layout.add_column("a.items[].n", Space(1), Scalar::Integer);
        let map = layout.add_list("m", Space::EVENTS);
        let key = layout.add_column("m.key", Space(2), Scalar::Text);
        let value = layout.add_column("m.value", Space(2), Scalar::Boolean);
        let items = Node::List(list, Box::new(Node::Struct(item, vec![field("n", Node::Leaf(leaf))])));
        layout.fields.push(field("m", Node::Map(map, key, Box::new(Node::Leaf(value)))));
        layout.fields.push(field("a", Node::Struct(outer, vec![field("items", items)])));
        let shape = Shape::new(Arc::new(layout)).expect("a table");
        let parquet = shape.parquet_schema();
        for (at, &column) in shape.file_order().iter().enumerate() {
            let (descr, leaf) = (parquet.column(at), &shape.leaves()[usize::from(column)]);
            assert_eq!(descr.max_def_level(), i16::from(leaf.def_max()), "{}", descr.path());
            assert_eq!(descr.max_rep_level(), i16::from(leaf.rep_max()), "{}", descr.path());
        }
        assert_eq!(parquet.column(2).path().string(), "m.key_value.key");
        assert_eq!(parquet.column(4).path().string(), "a.items.list.element.n");
        assert_eq!(shape.slot_of_leaf(4), Some(leaf));
        assert_eq!(shape.slot_of_leaf(5), None);
    }
}
