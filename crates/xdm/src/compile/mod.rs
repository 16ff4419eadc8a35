//! From schemas to a plan: compose a class and its field groups, resolve everything, give
//! each use of a type its own node and its own columns.
//!
//! What is refused here is refused once and with its location, so that the checker never
//! meets a rule that it would have to ignore. What one pass over the bytes can't decide
//! becomes a [`Node::General`], and costs only where a schema has it.

mod choice;
mod general;
mod leaf;
mod list;
pub(crate) mod merged;
mod object;

use std::collections::HashSet;
use std::sync::Arc;

use merged::Merged;

use crate::keyword::Keyword;
use crate::layout::{Field, Layout, Node as Column, Scalar, Slot, Space};
use crate::limits::{COLUMNS_MAX, NODES_MAX, SCHEMA_DEPTH_MAX};
use crate::model::types::Types;
use crate::model::{Applies, Extent, Model, Origin, SchemaId, build};
use crate::plan::{Keep, Loc, Node, NodeId, Plan};
use crate::schema::fault::{Fault, FaultCode, Faults, SchemaError, Severity};
use crate::schema::registry::{Registry, Site};
use crate::source::PlanSource;

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
///
/// # Errors
/// All that is wrong with the schemas, or why they make no table of events.
pub fn compile(registry: &Registry, composition: &Composition) -> Result<Plan, SchemaError> {
    let mut roots = vec![find(registry, &composition.class, "class")?];
    for group in &composition.groups {
        roots.push(find(registry, group, "field group")?);
    }
    let (model, schemas, faults) = build(registry, &roots, Extent::Reachable);
    let (errors, mut warnings): (Vec<_>, Vec<_>) =
        faults.into_iter().partition(|fault| fault.severity() == Severity::Error);
    if !errors.is_empty() {
        return Err(SchemaError::Faults(Faults(errors)));
    }
    warnings.splice(0..0, registry.warnings().iter().cloned());
    let mut compiler = Compiler::new(&model);
    let (root, fields) = compiler.root(&schemas)?;
    compiler.layout.fields = fields;
    let Event { id, timestamp, id_child } = compiler.event(root, schemas[0])?;
    let Compiler { nodes, locations, layout, cells, .. } = compiler;
    let (layout, prediction_cells) = (Arc::new(layout), cells);
    let source = PlanSource::of(registry, composition);
    Ok(Plan { nodes, root, locations, layout, id, timestamp, prediction_cells, id_child, model, warnings, source })
}

fn find<'r>(registry: &'r Registry, id: &str, what: &str) -> Result<Site<'r>, SchemaError> {
    registry.find(id).ok_or_else(|| {
        let message = format!("nothing is known under {id}; load the schema that has it");
        Fault { code: FaultCode::Unresolved, file: what.to_owned(), pointer: String::new(), message }.into()
    })
}

/// Where a value stands while it is compiled.
#[derive(Clone, Debug)]
struct Position {
    /// Dotted path in platform spelling.
    path: String,
    space: Space,
    /// False below something that is kept as raw JSON.
    columns: bool,
    depth: usize,
}

impl Position {
    fn below(&self, step: &str) -> Position {
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
        Position { path, depth: self.depth + 1, ..self.clone() }
    }
}

struct Compiler<'m> {
    model: &'m Model,
    nodes: Vec<Node>,
    locations: Vec<String>,
    layout: Layout,
    cells: usize,
    /// Values marked as personal so far, whether they have a place of their own or not.
    marks: usize,
    /// Schemas that are being compiled, outermost first.
    open: Vec<SchemaId>,
}

/// What every event has.
struct Event {
    id: Slot,
    timestamp: Slot,
    id_child: usize,
}

/// A compiled value: its node, and its column tree if it has one.
type Compiled = (NodeId, Option<Column>);

impl<'m> Compiler<'m> {
    fn new(model: &'m Model) -> Self {
        Compiler {
            model,
            nodes: Vec::new(),
            locations: Vec::new(),
            layout: Layout::default(),
            cells: 0,
            marks: 0,
            open: Vec::new(),
        }
    }

    fn root(&mut self, schemas: &[SchemaId]) -> Result<(NodeId, Vec<Field>), SchemaError> {
        let position = Position { path: String::new(), space: Space::EVENTS, columns: true, depth: 0 };
        let merged = Merged::of(self.model, schemas);
        self.consistent(&merged)?;
        if merged.personal.is_some() {
            let message = "an event as a whole can't be \"meta:personal\"; mark the properties that are";
            return Err(self.fault(FaultCode::Malformed, schemas.first().copied(), message.to_owned()));
        }
        self.open.extend(schemas.iter().map(|schema| self.model.target(*schema)));
        let beside = self.beside(&merged, Types::OBJECT, &position)?;
        let (node, fields) = self.object(merged, &position, None)?;
        self.open.clear();
        Ok((self.guarded(node, Types::OBJECT, beside, schemas), fields))
    }

    fn value(&mut self, schemas: &[SchemaId], position: &Position) -> Result<Compiled, SchemaError> {
        let first = schemas.first().copied();
        if position.depth > SCHEMA_DEPTH_MAX {
            return Err(self.limit(first, format!("the schema is nested deeper than {SCHEMA_DEPTH_MAX}; flatten it")));
        }
        if self.nodes.len() > NODES_MAX {
            return Err(
                self.limit(first, format!("the composed schema has more than {NODES_MAX} values; compose less"))
            );
        }
        // A schema inside itself has no end of columns: what lies there is raw JSON. Those
        // behind the first come from patterns and hold at any depth.
        let target = first.map(|schema| self.model.target(schema));
        let target = target.filter(|target| !self.model.rules(*target).is_empty());
        if target.is_some_and(|target| self.open.contains(&target)) {
            return Ok(self.raw(schemas));
        }
        let open = self.open.len();
        self.open.extend(target);
        let compiled = self.typed(schemas, position);
        self.open.truncate(open);
        compiled
    }

    fn typed(&mut self, schemas: &[SchemaId], position: &Position) -> Result<Compiled, SchemaError> {
        let merged = Merged::of(self.model, schemas);
        self.consistent(&merged)?;
        if !merged.has_rules() && !self.marks_personal(schemas) {
            return Ok((self.push(Node::Any), None));
        }
        let stated = merged.types;
        let is_object = || if merged.properties.is_empty() { Types::ALL } else { Types::OBJECT };
        let types = stated.map_or_else(is_object, |(types, _)| types.without(Types::NULL));
        if merged.is_never || !is_single(types) || self.is_sealed_whole(&merged, types) {
            return Ok(self.raw(schemas));
        }
        let type_loc = match stated {
            Some((_, origin)) => self.loc(origin),
            None => self.location(position.path.clone()),
        };
        let is_guarded = stated.is_none_or(|(stated, _)| stated != types);
        let beside = self.beside(&merged, types, position)?;
        let (node, column) = match types {
            Types::TEXT => self.text(merged, position, type_loc),
            Types::INTEGER | Types::NUMBER => self.numeric(merged, position, type_loc, types == Types::INTEGER)?,
            Types::BOOLEAN => self.boolean(merged, position, type_loc)?,
            Types::ARRAY => self.list(merged, position, type_loc)?,
            _ if is_map(&merged) => self.map(merged, position, type_loc)?,
            _ => self.struct_(merged, position)?,
        };
        match beside.is_empty() && !is_guarded {
            true => Ok((node, column)),
            false => Ok((self.guarded_always(node, types, beside, schemas), column)),
        }
    }

    /// Is the value no leaf, and marked as personal? Then it has no columns: it is sealed as it
    /// was sent.
    fn is_sealed_whole(&self, merged: &Merged<'m>, types: Types) -> bool {
        let is_nested = types == Types::OBJECT || types == Types::ARRAY;
        let has_keys = types == Types::OBJECT && is_map(merged);
        (is_nested && merged.personal.is_some()) || (!merged.personal_keys.is_empty() && !has_keys)
    }

    /// Gives every rule of the alternatives (`anyOf` and its kind) that hold for the value
    /// itself.
    fn each_in_place(&self, merged: &Merged<'m>, each: &mut dyn FnMut(&'m Keyword)) {
        self.each_alternative(merged, &mut |model, schema| model.rules(schema).iter().for_each(&mut *each));
    }

    /// Gives every schema of these alternatives.
    fn each_alternative(&self, merged: &Merged<'m>, each: &mut dyn FnMut(&'m Model, SchemaId)) {
        let model = self.model;
        let mut rest = Vec::new();
        let add = |keyword: &Keyword, rest: &mut Vec<SchemaId>| {
            keyword.subschemas(&mut |child, applies| {
                if applies == Applies::InPlace {
                    rest.push(child);
                }
            });
        };
        let rules = merged.tree.iter().filter_map(|(_, origin)| model.rule(*origin));
        rules.for_each(|rule| add(rule, &mut rest));
        let mut known = HashSet::new();
        while let Some(schema) = rest.pop() {
            if known.insert(schema) {
                each(model, schema);
                model.rules(schema).iter().for_each(|rule| add(rule, &mut rest));
            }
        }
    }

    /// Refuses rules that no value keeps, which is always a mistake.
    fn consistent(&self, merged: &Merged<'m>) -> Result<(), SchemaError> {
        match merged.contradiction {
            None => Ok(()),
            Some((known, types, origin)) => {
                Err(self.malformed(origin, format!("nothing is both {known} and {types}; fix one \"type\"")))
            }
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId::try_from(self.nodes.len() - 1).unwrap_or(NodeId::MAX)
    }

    fn loc(&mut self, origin: Origin) -> Loc {
        self.location(self.model.rule_location(origin))
    }

    fn location(&mut self, location: String) -> Loc {
        self.locations.push(location);
        Loc::try_from(self.locations.len() - 1).unwrap_or(Loc::MAX)
    }

    fn keep(&mut self, merged: &Merged<'m>, position: &Position, scalar: Scalar) -> (Keep, Option<Column>) {
        self.marks += usize::from(merged.personal.is_some());
        if !position.columns {
            return (Keep::Nowhere, None);
        }
        if let Some(class) = merged.personal {
            return (Keep::Personal(self.layout.add_personal(&*position.path, class)), None);
        }
        let slot = self.layout.add_column(&*position.path, position.space, scalar);
        (Keep::Column(slot), Some(Column::Leaf(slot)))
    }

    fn malformed(&self, origin: Origin, message: impl Into<String>) -> SchemaError {
        let (file, pointer) = self.model.rule_place(origin);
        Fault { code: FaultCode::Malformed, file, pointer, message: message.into() }.into()
    }

    /// A fault of the schema as a whole.
    fn fault(&self, code: FaultCode, schema: Option<SchemaId>, message: String) -> SchemaError {
        let (file, pointer) = schema.map(|schema| self.model.place(schema)).unwrap_or_default();
        Fault { code, file, pointer, message }.into()
    }

    fn limit(&self, schema: Option<SchemaId>, message: String) -> SchemaError {
        self.fault(FaultCode::Limit, schema, message)
    }

    /// Finds what every event has.
    fn event(&self, root: NodeId, class: SchemaId) -> Result<Event, SchemaError> {
        let layout = &self.layout;
        let malformed = |problem: &str| self.fault(FaultCode::Malformed, Some(class), problem.to_owned());
        if layout.columns.len().max(layout.structs.len()).max(layout.lists.len()) > COLUMNS_MAX {
            let problem = format!("the composed schema has more than {COLUMNS_MAX} leaves; compose less");
            return Err(self.limit(Some(class), problem));
        }
        let id = layout.column("_id").ok_or_else(|| malformed("an event needs a text property \"@id\""))?;
        let timestamp = layout
            .column("timestamp")
            .filter(|slot| layout.columns[slot.index()].scalar == Scalar::Timestamp)
            .ok_or_else(|| malformed("an event needs a property \"xdm:timestamp\" of format date-time"))?;
        let object = match &self.nodes[root as usize] {
            Node::General(general) => general.typed.map_or(root, |typed| typed.node),
            _ => root,
        };
        let id_child = match &self.nodes[object as usize] {
            Node::Object(object) => object.children.iter().position(|child| &*child.xdm == "@id"),
            _ => None,
        };
        let id_child = id_child.ok_or_else(|| malformed("an event is an object with \"@id\""))?;
        Ok(Event { id, timestamp, id_child })
    }
}

/// Is it one type, so that its values can have a column?
fn is_single(types: Types) -> bool {
    [Types::TEXT, Types::INTEGER, Types::NUMBER, Types::BOOLEAN, Types::ARRAY, Types::OBJECT].contains(&types)
}

fn is_map(merged: &Merged<'_>) -> bool {
    use crate::keyword::Others;
    let is_schema = |others: Others| matches!(others, Others::Of(_));
    merged.properties.is_empty()
        && merged.patterns.is_empty()
        && !merged.additional.is_empty()
        && merged.additional.iter().all(|(rule, _)| is_schema(rule.others))
}
