//! The compiled form of a composed schema: what the checker walks along.
//!
//! Every use of a type is its own node, so a node knows its column. All `$ref` and
//! `allOf` are gone; what is left is what one pass over the bytes needs to look at.

use std::sync::Arc;

use crate::keyword::{NumberRule, TextRule};
use crate::layout::{Layout, ListSlot, PersonalSlot, Slot, StructSlot};
use crate::model::types::Types;
use crate::model::{Model, Origin, SchemaId};
use crate::names::NameTable;
use crate::pattern::Pattern;
use crate::personal::name;
use crate::schema::fault::Fault;
use crate::source::PlanSource;

/// Index of a node in [`Plan::nodes`].
pub(crate) type NodeId = u32;
/// Index of a schema location in [`Plan::locations`].
pub(crate) type Loc = u32;

/// A schema, composed and compiled; shared by all checkers.
#[derive(Debug)]
pub struct Plan {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) locations: Vec<String>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) id: Slot,
    pub(crate) timestamp: Slot,
    /// Number of prediction cells that a checker of this plan needs.
    pub(crate) prediction_cells: usize,
    /// Index of the root's `_id` child.
    pub(crate) id_child: usize,
    /// The schemas, for the rules that need more than one pass.
    pub(crate) model: Model,
    pub(crate) warnings: Vec<Fault>,
    pub(crate) source: PlanSource,
}

impl Plan {
    /// The columns that events decode into.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The column of the event's `_id`.
    pub fn id_slot(&self) -> Slot {
        self.id
    }

    /// The column of the event's `timestamp`.
    pub fn timestamp_slot(&self) -> Slot {
        self.timestamp
    }

    /// What is odd about its schemas and keeps none of them from being used.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// What it was compiled of.
    pub fn source(&self) -> &PlanSource {
        &self.source
    }

    /// Is every rule decided in the one pass over an event, so that no value is read twice? Those apart that
    /// aren't objects where the schema permits other values than the objects that it describes.
    pub fn is_decided_in_one_pass(&self) -> bool {
        !self.nodes.iter().any(|node| matches!(node, Node::General(_)))
    }

    pub(crate) fn location(&self, loc: Loc) -> &str {
        &self.locations[loc as usize]
    }
}

/// Where a leaf's value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// To its column.
    Column(Slot),
    /// To its column, without the personal parts that it may have.
    Parts(Slot, Parts),
    /// To the sealed values.
    Personal(PersonalSlot),
    /// Nowhere: an ancestor is kept as raw JSON.
    Nowhere,
}

/// Where a text that isn't personal as such may have personal parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Free text.
    Text,
    /// The address of a page or link.
    Uri,
    /// An identifier: personal as a whole or not at all.
    Id,
}

#[derive(Debug)]
pub(crate) enum Node {
    Text(TextNode),
    Timestamp(TimestampNode),
    Integer(NumericNode),
    Number(NumericNode),
    Boolean(BooleanNode),
    /// In a box, as maps and lists are: the many leaves lie close together then.
    Object(Box<ObjectNode>),
    Map(Box<MapNode>),
    List(Box<ListNode>),
    /// A value with rules that need a tree.
    General(Box<GeneralNode>),
    /// Anything: checked for syntax, kept as raw JSON.
    Any,
}

#[derive(Debug)]
pub(crate) struct TextNode {
    pub(crate) keep: Keep,
    pub(crate) type_loc: Loc,
    pub(crate) rules: Box<[(TextRule, Loc)]>,
    /// True when the value is one of a few declared ones, so that it can't be personal.
    pub(crate) closed: bool,
}

#[derive(Debug)]
pub(crate) struct TimestampNode {
    pub(crate) keep: Keep,
    pub(crate) type_loc: Loc,
    pub(crate) format_loc: Loc,
    /// Rules beside the format; rare.
    pub(crate) rules: Box<[(TextRule, Loc)]>,
}

#[derive(Debug)]
pub(crate) struct NumericNode {
    pub(crate) keep: Keep,
    pub(crate) type_loc: Loc,
    pub(crate) rules: Box<[(NumberRule, Loc)]>,
}

#[derive(Debug)]
pub(crate) struct BooleanNode {
    pub(crate) keep: Keep,
    pub(crate) type_loc: Loc,
    pub(crate) only: Option<(bool, Loc)>,
}

/// What every object needs comes first, in two cache lines: small objects take as long as it takes to fetch them.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct ObjectNode {
    pub(crate) names: NameTable,
    /// Those of the first 64 children that are required, as bits.
    pub(crate) required: u64,
    pub(crate) slot: Option<StructSlot>,
    pub(crate) type_loc: Loc,
    /// Words of the marks that an object needs: a bit for each child, then those of `free`.
    pub(crate) words: u32,
    /// Something is to be looked at when all members are read, besides `required`.
    pub(crate) has_end: bool,
    /// Some child is or holds something personal: what is undeclared here is sealed, not shown.
    pub(crate) personal: bool,
    pub(crate) children: Box<[Child]>,
    /// As `required`, of the children behind those.
    pub(crate) required_beyond: Box<[u64]>,
    pub(crate) members_min: Option<(usize, Loc)>,
    pub(crate) members_max: Option<(usize, Loc)>,
    pub(crate) choices: Box<[Choice]>,
    pub(crate) free: FreeNames,
    pub(crate) others: Others,
    /// What holds for a value that is no object, if it may be something else.
    pub(crate) otherwise: Option<Box<GeneralNode>>,
    /// Names, in lower case, of children that hold something personal: what is undeclared
    /// and nearly has such a name is sealed too.
    pub(crate) guarded: Box<[Box<str>]>,
}

// What every object needs fits two lines.
const _: () = assert!(std::mem::offset_of!(ObjectNode, children) <= 128);

/// Alternatives (`anyOf`, `oneOf`) that each ask for some properties, and may say what values those have that only
/// alternatives name.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) loc: Loc,
    pub(crate) fits: Fits,
    pub(crate) alternatives: Box<[Alternative]>,
    /// The rule, where it takes more than the names of children to say what is wrong.
    pub(crate) rule: Option<Origin>,
}

/// What makes an object fit an alternative, by its marks: those of children by their indices, then those of
/// [`FreeNames`].
#[derive(Debug)]
pub(crate) struct Alternative {
    /// All of these are set.
    pub(crate) asked: Box<[usize]>,
    /// None of these is.
    pub(crate) unbroken: Box<[usize]>,
}

/// Properties that only alternatives name. They have no column, and are met as undeclared ones.
#[derive(Debug)]
pub(crate) struct FreeNames {
    /// The mark that says that a value was too much work; all others are less.
    pub(crate) undecided: usize,
    pub(crate) names: Vec<Free>,
}

#[derive(Debug)]
pub(crate) struct Free {
    pub(crate) xdm: Box<str>,
    pub(crate) platform: Box<str>,
    /// The mark that says that it is there.
    pub(crate) there: usize,
    /// Schemas that alternatives have for its value, each with the mark that says that the value breaks it.
    pub(crate) schemas: Vec<(SchemaId, usize)>,
}

/// How many alternatives an object has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    AtLeastOne,
    ExactlyOne,
}

#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) node: NodeId,
    /// Name in the schema: `xdm:chatStart`.
    pub(crate) xdm: Box<str>,
    /// Name in platform spelling, nested names joined by `/`: `chatStart`, `_schema/latitude`.
    pub(crate) platform: Box<str>,
    pub(crate) required_loc: Option<Loc>,
    /// Rules that forbid this very name (`additionalProperties: false` elsewhere).
    pub(crate) forbidden: Option<Loc>,
    /// Namespace objects (`_schema`) that this child implies.
    pub(crate) opens: Box<[StructSlot]>,
    /// Checked, and kept as raw JSON: another name takes its column.
    pub(crate) raw: bool,
    /// It is personal, or holds something that is.
    pub(crate) personal: bool,
    /// It is required and declared nowhere: its value is that of any undeclared property.
    pub(crate) undeclared: bool,
}

impl Child {
    /// What its value is checked along, if that is all there is to do.
    pub(crate) fn plain(&self) -> Option<NodeId> {
        let Child { node, forbidden, opens, raw, undeclared, .. } = self;
        (forbidden.is_none() && opens.is_empty() && !raw && !undeclared).then_some(*node)
    }

    /// Whether its platform spelling is in a namespace: its name has a prefix other than `xdm:`.
    pub(crate) fn is_in_namespace(&self) -> bool {
        self.platform.contains('/')
    }
}

/// What holds for members that are not declared.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// `additionalProperties: false`, with the names and patterns that it lets pass.
    pub(crate) closed: Vec<Closed>,
    /// `patternProperties` with something to check.
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    /// `additionalProperties: {…}`, each with the names that it isn't about.
    pub(crate) additional: Vec<(Named, NodeId)>,
    /// One of these schemas marks something as personal.
    pub(crate) personal: bool,
    /// Names that only alternatives (`anyOf` and its kind) declare, as the schema spells them
    /// and as the outermost step on the platform. They have no column, and are not unknown.
    pub(crate) alternatives: Box<[Box<str>]>,
}

#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) loc: Loc,
    pub(crate) named: Named,
}

/// The names that stand beside an `additionalProperties`.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) names: Box<[Box<str>]>,
    pub(crate) patterns: Box<[Pattern]>,
}

impl Named {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| &**n == name) || self.patterns.iter().any(|p| p.is_match(name))
    }
}

#[derive(Debug)]
pub(crate) struct MapNode {
    pub(crate) list: Option<(ListSlot, Slot)>,
    pub(crate) type_loc: Loc,
    pub(crate) value: NodeId,
    /// Keys under which texts are personal (`Email`, `Phone`).
    pub(crate) personal_keys: Box<[Box<str>]>,
    /// Its values hold something personal.
    pub(crate) personal: bool,
    pub(crate) members_min: Option<(usize, Loc)>,
    pub(crate) members_max: Option<(usize, Loc)>,
}

impl MapNode {
    /// Are texts under this key personal, going by its name?
    pub(crate) fn is_personal_key(&self, key: &str) -> bool {
        let declared = || self.personal_keys.iter().any(|personal| personal.eq_ignore_ascii_case(key));
        declared() || (key != DEVICE_NAMESPACE && (name::is_telling(key) || name::is_hashed(key)))
    }
}

/// The namespace that nearly every event has; its ids are random.
const DEVICE_NAMESPACE: &str = "ECID";

#[derive(Debug)]
pub(crate) struct ListNode {
    pub(crate) list: Option<ListSlot>,
    pub(crate) type_loc: Loc,
    pub(crate) item: NodeId,
    /// Its items hold something personal.
    pub(crate) personal: bool,
    pub(crate) items_min: Option<(usize, Loc)>,
    pub(crate) items_max: Option<(usize, Loc)>,
    pub(crate) unique: Option<Loc>,
}

/// A value that is walked as far as one pass can decide, and then checked as a tree.
#[derive(Debug)]
pub(crate) struct GeneralNode {
    /// What values of one type are walked along; others have no column.
    pub(crate) typed: Option<TypedNode>,
    /// Rules on values of that type that the node doesn't know.
    pub(crate) beside: Box<[Origin]>,
    /// Everything that holds for values of other types.
    pub(crate) whole: Box<[SchemaId]>,
    /// It is or holds something personal.
    pub(crate) personal: bool,
}

/// A node for the values of one type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypedNode {
    pub(crate) types: Types,
    pub(crate) node: NodeId,
}

impl TypedNode {
    /// Has a value that begins with this byte its type?
    pub(crate) fn begins_with(self, first: u8) -> bool {
        let types = match first {
            b'"' => Types::TEXT,
            b'{' => Types::OBJECT,
            b'[' => Types::ARRAY,
            b't' | b'f' => Types::BOOLEAN,
            b'-' | b'0'..=b'9' => Types::NUMBER,
            _ => Types::NONE,
        };
        !types.and(self.types).is_empty()
    }
}
