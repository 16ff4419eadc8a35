//! The columns that the events of one plan decode into.
//!
//! A [`Layout`] is the schema as a store sees it: a tree of fields in the
//! platform's spelling (`customerFeedback.chatStart`), each leaf with a [`Slot`].
//! It says nothing about Arrow or Parquet; `table` builds those from it.
//!
//! Repetition is described by *row spaces*. Space 0 has one row per event. Each
//! list (or map) lives in its parent's space and opens a space of its own with
//! one row per item, so that a leaf column is always "one value or null per row of
//! its space", however deep it lies, and absent leaves cost nothing.
//!
//! Personal leaves have no column: they reach the sink through
//! [`Sink::personal`](crate::Sink::personal) and are sealed there.

use std::fmt;

macro_rules! slot {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u16);

        impl $name {
            /// The slot as an index into the layout's list of its kind.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

slot! {
    /// A leaf column: index into [`Layout::columns`].
    Slot
}
slot! {
    /// An object's presence: index into [`Layout::structs`].
    StructSlot
}
slot! {
    /// A list or map: index into [`Layout::lists`].
    ListSlot
}
slot! {
    /// A row space: 0 is "one row per event", others "one row per item of a list".
    Space
}
slot! {
    /// A personal leaf: index into [`Layout::personal`].
    PersonalSlot
}

impl Space {
    /// The space with one row per event.
    pub const EVENTS: Space = Space(0);
}

/// What a leaf column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scalar {
    /// UTF-8 text.
    Text,
    /// A 64-bit integer.
    Integer,
    /// A double.
    Number,
    /// True or false.
    Boolean,
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
}

impl Scalar {
    /// As a sentence says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scalar::Text => "text",
            Scalar::Integer => "an integer",
            Scalar::Number => "a number",
            Scalar::Boolean => "true or false",
            Scalar::Timestamp => "an instant",
        }
    }
}

/// One leaf column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Dotted path in platform spelling, for messages and tests.
    pub path: String,
    /// The space whose rows it has.
    pub space: Space,
    /// What it holds.
    pub scalar: Scalar,
}

/// The presence of one object.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Dotted path in platform spelling.
    pub path: String,
    /// The space whose rows it has.
    pub space: Space,
}

/// One list or map.
#[derive(Clone, Debug)]
pub struct List {
    /// Dotted path in platform spelling.
    pub path: String,
    /// The space that the list itself lies in: one list (or null) per row.
    pub space: Space,
    /// The space of its items.
    pub items: Space,
}

/// One personal leaf.
#[derive(Clone, Debug)]
pub struct Personal {
    /// Dotted path in platform spelling; the key of the value in the sealed blob.
    pub path: String,
    /// The kind of personal datum: `phone`, `email`, `name`, …
    pub class: String,
}

/// A named field of the tree.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name in platform spelling: `chatStart`, `_id`.
    pub name: String,
    /// What lies under it.
    pub node: Node,
    /// The schema's title or description, for the table's comments; may be empty.
    pub doc: String,
}

/// What lies under a field.
#[derive(Clone, Debug)]
pub enum Node {
    /// A leaf.
    Leaf(Slot),
    /// An object with fields.
    Struct(StructSlot, Vec<Field>),
    /// A list; the item is a leaf, struct or list in the list's item space.
    List(ListSlot, Box<Node>),
    /// A map with text keys; key and value lie in the item space.
    Map(ListSlot, Slot, Box<Node>),
}

/// All columns of one plan.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The root's fields, in the order in which a table shows them.
    pub fields: Vec<Field>,
    /// Leaf columns by [`Slot`].
    pub columns: Vec<Column>,
    /// Objects by [`StructSlot`].
    pub structs: Vec<Struct>,
    /// Lists and maps by [`ListSlot`]. Outer lists come before inner ones.
    pub lists: Vec<List>,
    /// Personal leaves by [`PersonalSlot`].
    pub personal: Vec<Personal>,
}

impl Layout {
    /// Number of row spaces: the events' and one per list.
    pub fn spaces(&self) -> usize {
        1 + self.lists.len()
    }

    /// Adds a leaf column.
    pub fn add_column(&mut self, path: impl Into<String>, space: Space, scalar: Scalar) -> Slot {
        self.columns.push(Column { path: path.into(), space, scalar });
        Slot(last_index(&self.columns))
    }

    /// Adds an object.
    pub fn add_struct(&mut self, path: impl Into<String>, space: Space) -> StructSlot {
        self.structs.push(Struct { path: path.into(), space });
        StructSlot(last_index(&self.structs))
    }

    /// Adds a list or map and opens its item space.
    pub fn add_list(&mut self, path: impl Into<String>, space: Space) -> ListSlot {
        let slot = ListSlot(u16::try_from(self.lists.len()).unwrap_or(u16::MAX));
        self.lists.push(List { path: path.into(), space, items: Space(slot.0.saturating_add(1)) });
        slot
    }

    /// Adds a personal leaf.
    pub fn add_personal(&mut self, path: impl Into<String>, class: impl Into<String>) -> PersonalSlot {
        self.personal.push(Personal { path: path.into(), class: class.into() });
        PersonalSlot(last_index(&self.personal))
    }

    /// The slot of the leaf at a dotted path in platform spelling.
    pub fn column(&self, path: &str) -> Option<Slot> {
        let at = self.columns.iter().position(|column| column.path == path)?;
        u16::try_from(at).ok().map(Slot)
    }
}

fn last_index<T>(list: &[T]) -> u16 {
    // A plan is refused at compile time before it comes near this (`limits::COLUMNS_MAX`).
    u16::try_from(list.len().wrapping_sub(1)).unwrap_or(u16::MAX)
}

impl fmt::Display for Layout {
    /// The tree with one field a line, for golden tests and `frontdesk schema`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn node(layout: &Layout, f: &mut fmt::Formatter<'_>, name: &str, n: &Node, depth: usize) -> fmt::Result {
            let pad = "  ".repeat(depth);
            match n {
                Node::Leaf(slot) => writeln!(f, "{pad}{name}: {:?}", layout.columns[slot.index()].scalar),
                Node::Struct(_, fields) => {
                    writeln!(f, "{pad}{name}: Struct")?;
                    fields.iter().try_for_each(|x| node(layout, f, &x.name, &x.node, depth + 1))
                }
                Node::List(_, item) => {
                    writeln!(f, "{pad}{name}: List")?;
                    node(layout, f, "item", item, depth + 1)
                }
                Node::Map(_, _, value) => {
                    writeln!(f, "{pad}{name}: Map")?;
                    node(layout, f, "value", value, depth + 1)
                }
            }
        }
        self.fields.iter().try_for_each(|x| node(self, f, &x.name, &x.node, 0))
    }
}
