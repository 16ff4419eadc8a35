//! From schemas to a plan: compose a class and its field groups, resolve everything, give
//! each use of a type its own node and its own columns.
//!
//! What is refused here is refused once and with its location, so that the checker never
//! meets a rule that it would have to ignore.

mod leaf;
mod object;

use std::sync::Arc;

use crate::layout::{Field, Layout, Node as Column, Space};
use crate::limits::{COLUMNS_MAX, SCHEMA_DEPTH_MAX};
use crate::pattern::Patterns;
use crate::plan::{Keep, Loc, Node, NodeId, Plan};
use crate::schema::SchemaError;
use crate::schema::merge::{Merged, Type};
use crate::schema::registry::{Registry, Site};

/// A class with the field groups that extend it, by `$id`.
#[derive(Clone, Debug)]
pub struct Composition {
    /// `$id` of the class.
    pub class: String,
    /// `$id`s of the field groups.
    pub groups: Vec<String>,
}

impl Composition {
    /// What a contact event from a web page carries: ExperienceEvent with Contact Request
    /// Details, web, environment, implementation details and channel.
    pub fn contact_event() -> Self {
        let group = |name: &str| format!("https://ns.adobe.com/xdm/{name}");
        Composition {
            class: group("context/experienceevent"),
            groups: vec![
                group("mixins/experienceevent-contact-request-details"),
                group("context/experienceevent-web"),
                group("context/experienceevent-environment-details"),
                group("context/experienceevent-implementation-details"),
                group("context/experienceevent-channel"),
            ],
        }
    }
}

/// Compiles a composition; everything that it refers to must be in the registry.
pub fn compile(registry: &Registry, composition: &Composition) -> Result<Plan, SchemaError> {
    let mut sites = vec![registry.site(&composition.class, "class")?];
    for group in &composition.groups {
        sites.push(registry.site(group, "field group")?);
    }
    let (nodes, locations, patterns) = (Vec::new(), Vec::new(), Patterns::default());
    let mut compiler = Compiler { registry, nodes, locations, layout: Layout::default(), patterns, cells: 0, marks: 0 };
    let merged = Merged::of(registry, &sites)?;
    let (root, fields) = compiler.root(merged)?;
    compiler.layout.fields = fields;
    finish(compiler, root, &composition.class)
}

fn finish(compiler: Compiler<'_>, root: NodeId, class: &str) -> Result<Plan, SchemaError> {
    let Compiler { nodes, locations, layout, cells, .. } = compiler;
    let malformed = |problem: &str| SchemaError::Malformed { location: class.to_owned(), problem: problem.to_owned() };
    if layout.columns.len().max(layout.structs.len()).max(layout.lists.len()) > COLUMNS_MAX {
        let problem = format!("the composed schema has more than {COLUMNS_MAX} leaves");
        return Err(SchemaError::Limit { location: class.to_owned(), problem });
    }
    let id = layout.column("_id").ok_or_else(|| malformed("an event needs a text property \"@id\""))?;
    let timestamp = layout
        .column("timestamp")
        .filter(|slot| layout.columns[slot.index()].scalar == crate::layout::Scalar::Timestamp)
        .ok_or_else(|| malformed("an event needs a property \"xdm:timestamp\" of format date-time"))?;
    let id_child = match &nodes[root as usize] {
        Node::Object(object) => object.children.iter().position(|child| &*child.xdm == "@id"),
        _ => None,
    };
    let id_child = id_child.ok_or_else(|| malformed("an event is an object with \"@id\""))?;
    Ok(Plan { nodes, root, locations, layout: Arc::new(layout), id, timestamp, prediction_cells: cells, id_child })
}

/// Where a value stands while it is compiled.
#[derive(Clone, Debug)]
struct Place {
    /// Dotted path in platform spelling.
    path: String,
    space: Space,
    /// False below something that is kept as raw JSON.
    columns: bool,
    depth: usize,
}

impl Place {
    fn below(&self, step: &str) -> Place {
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
        Place { path, depth: self.depth + 1, ..self.clone() }
    }
}

struct Compiler<'r> {
    registry: &'r Registry,
    nodes: Vec<Node>,
    locations: Vec<String>,
    layout: Layout,
    patterns: Patterns,
    cells: usize,
    /// Values marked as personal so far, whether they have a place of their own or not.
    marks: usize,
}

/// A compiled value: its node, and its column tree if it has one.
type Compiled = (NodeId, Option<Column>);

impl<'r> Compiler<'r> {
    fn root(&mut self, merged: Merged<'r>) -> Result<(NodeId, Vec<Field>), SchemaError> {
        let place = Place { path: String::new(), space: Space::EVENTS, columns: true, depth: 0 };
        self.object(merged, &place, None)
    }

    fn value(&mut self, sites: &[Site<'r>], place: &Place) -> Result<Compiled, SchemaError> {
        let location = sites.first().map(Site::location).unwrap_or_default();
        if place.depth > SCHEMA_DEPTH_MAX {
            let problem = format!("the schema is nested deeper than {SCHEMA_DEPTH_MAX}; is it recursive?");
            return Err(SchemaError::Limit { location, problem });
        }
        let merged = Merged::of(self.registry, sites)?;
        let Some((kind, type_location)) = merged.kind.clone() else {
            return self.untyped(merged, place, &location);
        };
        let type_loc = self.loc(type_location);
        match kind {
            Type::Text => self.text(merged, place, type_loc),
            Type::Integer | Type::Number => self.numeric(merged, place, type_loc, kind == Type::Integer),
            Type::Boolean => self.boolean(merged, place, type_loc),
            Type::Array => self.list(merged, place, type_loc),
            Type::Object if is_map(&merged) => self.map(merged, place, type_loc),
            Type::Object => self.struct_(merged, place),
        }
    }

    fn untyped(&mut self, merged: Merged<'r>, place: &Place, location: &str) -> Result<Compiled, SchemaError> {
        if !merged.properties.is_empty() {
            return self.struct_(merged, place);
        }
        let constrained = !merged.assertions.is_empty() || !merged.items.is_empty() || !merged.additional.is_empty();
        if constrained {
            let (keyword, fix) = ("a rule without a \"type\"", "add the \"type\"");
            return Err(SchemaError::Unsupported { location: location.to_owned(), keyword: keyword.to_owned(), fix });
        }
        Ok((self.push(Node::Any), None))
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId::try_from(self.nodes.len() - 1).unwrap_or(NodeId::MAX)
    }

    fn loc(&mut self, location: String) -> Loc {
        self.locations.push(location);
        Loc::try_from(self.locations.len() - 1).unwrap_or(Loc::MAX)
    }

    fn keep(&mut self, merged: &Merged<'r>, place: &Place, scalar: crate::layout::Scalar) -> (Keep, Option<Column>) {
        self.marks += usize::from(merged.personal.is_some());
        if !place.columns {
            return (Keep::Nowhere, None);
        }
        if let Some(class) = merged.personal {
            return (Keep::Personal(self.layout.add_personal(&*place.path, class)), None);
        }
        let slot = self.layout.add_column(&*place.path, place.space, scalar);
        (Keep::Column(slot), Some(Column::Leaf(slot)))
    }
}

fn is_map(merged: &Merged<'_>) -> bool {
    merged.properties.is_empty() && merged.patterns.is_empty() && merged.additional.iter().any(|a| a.schema.is_some())
}

fn malformed(location: &str, problem: impl Into<String>) -> SchemaError {
    SchemaError::Malformed { location: location.to_owned(), problem: problem.into() }
}
