//! What the events of a composition may hold, whole: every property with all that is inside it, in both spellings,
//! and the column that it has in the table.
//!
//! A document (`docs`) tells of one schema and links to others; who reads numbers wants to know of a property of an
//! event, wherever it was declared.

use serde_json::Value;
use xdm::layout::{Field, Layout, Node};
use xdm::{Composition, Scalar, platform_steps};

use crate::corpus::Corpus;
use crate::reading::{self, Place};

/// Deepest nesting of properties that is told.
const NESTING_MAX: usize = 16;
/// Most properties of one outline, nested ones included.
const PROPERTIES_MAX: usize = 5_000;
/// Most known values that are told of one property.
const VALUES_MAX: usize = 200;

/// All properties of a composition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The `$id` of its class, or of the schema that it is.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its properties, in the order in which they are declared.
    pub properties: Vec<OutlineProperty>,
    /// Were there more than can be told?
    pub is_cut: bool,
}

/// A property and what is inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlineProperty {
    /// Its name as the schema has it: `xdm:chatStart`.
    pub name: String,
    /// The same as the platform has it; several steps for a name in a namespace, with dots between.
    pub platform: String,
    /// Its title; may be empty.
    pub title: String,
    /// What it is; may be empty.
    pub description: String,
    /// What it holds, in words: `text`, `list of objects`.
    pub kind: String,
    /// Whether what holds it must have it.
    pub is_required: bool,
    /// The kind of personal value that it is, if the schema marks it so.
    pub personal: Option<String>,
    /// Values that the schema names.
    pub values: Vec<String>,
    /// Its column in the table: a dotted path as SQL reads it. `None` inside lists and maps, and of what has no column.
    pub column: Option<String>,
    /// What its column holds, of a leaf.
    pub scalar: Option<Scalar>,
    /// Whether it lies inside a list or a map, so that an event may hold it more than once.
    pub is_repeated: bool,
    /// What is inside it.
    pub children: Vec<OutlineProperty>,
}

/// The outline of a composition, with the columns of its plan's layout; `None` if a schema of it is unknown.
pub fn outline(corpus: &Corpus, composition: &Composition, layout: &Layout) -> Option<Outline> {
    let roots: Vec<Place<'_>> = std::iter::once(&composition.class)
        .chain(&composition.groups)
        .map(|id| corpus.document(id).map(|(document, schema)| Place { document, schema }))
        .collect::<Option<_>>()?;
    let mut builder = Builder { corpus, count: 0, is_cut: false, open: Vec::new() };
    let around = Around { path: "", fields: Some(&layout.fields), is_repeated: false, depth: 0 };
    let properties = builder.properties(&roots, &around);
    let title = roots.first().and_then(|root| root.schema.get("title")).and_then(Value::as_str);
    let title = title.unwrap_or(&composition.class).to_owned();
    Some(Outline { id: composition.class.clone(), title, properties, is_cut: builder.is_cut })
}

struct Builder<'c> {
    corpus: &'c Corpus,
    count: usize,
    is_cut: bool,
    /// Values that are being written out, so that none is inside itself.
    open: Vec<*const Value>,
}

/// What a property stands in.
struct Around<'l> {
    /// Its dotted path.
    path: &'l str,
    /// Its columns.
    fields: Option<&'l [Field]>,
    is_repeated: bool,
    depth: usize,
}

/// A name with every declaration of it.
struct Declarations<'c> {
    name: &'c str,
    places: Vec<Place<'c>>,
    is_required: bool,
}

impl<'c> Builder<'c> {
    fn properties(&mut self, places: &[Place<'c>], around: &Around<'_>) -> Vec<OutlineProperty> {
        let mut found: Vec<Declarations<'c>> = Vec::new();
        for place in places {
            let of_place = reading::properties(self.corpus, *place);
            for declared in of_place.declared {
                let is_required = of_place.required.contains(declared.name);
                match found.iter_mut().find(|known| known.name == declared.name) {
                    Some(known) => {
                        known.places.push(declared.place);
                        known.is_required |= is_required;
                    }
                    None => {
                        found.push(Declarations { name: declared.name, places: vec![declared.place], is_required });
                    }
                }
            }
        }
        let mut properties = Vec::with_capacity(found.len());
        for declared in found {
            self.count += 1;
            if self.count > PROPERTIES_MAX {
                self.is_cut = true;
                break;
            }
            properties.push(self.property(declared, around));
        }
        properties
    }

    fn property(&mut self, declared: Declarations<'c>, around: &Around<'_>) -> OutlineProperty {
        let Declarations { name, places, is_required } = declared;
        let steps = platform_steps(name);
        let platform = steps.join(".");
        let path = if around.path.is_empty() { platform.clone() } else { format!("{}.{platform}", around.path) };
        let node = around.fields.and_then(|fields| find(fields, &steps));
        let targets: Vec<Place<'c>> = places.iter().map(|place| reading::target(self.corpus, *place)).collect();
        let told = |member: &str| {
            let texts = places.iter().chain(&targets).filter_map(|place| place.schema.get(member)?.as_str());
            texts.map(str::trim).find(|text| !text.is_empty()).unwrap_or_default().to_owned()
        };
        let personal = Some(told("meta:personal")).filter(|class| !class.is_empty());
        let (is_list, inside) = node.map_or((is_repeating(&targets), None), inside);
        let inner: Vec<Place<'c>> = targets.iter().map(|place| reading::innermost(self.corpus, *place)).collect();
        let is_repeated = around.is_repeated || is_list;
        let within = Around { path: &path, fields: inside, is_repeated, depth: around.depth + 1 };
        let children = self.children(&inner, &within);
        let scalar = match node {
            Some(Node::Leaf(_)) => kind_of(&targets),
            _ => None,
        };
        let has_column = node.is_some() && !around.is_repeated;
        OutlineProperty {
            name: name.to_owned(),
            title: told("title"),
            description: told("description"),
            kind: kind(&targets, &inner, !children.is_empty()),
            is_required,
            personal,
            values: values(&targets),
            column: has_column.then_some(path),
            scalar,
            is_repeated: around.is_repeated,
            children,
            platform,
        }
    }

    fn children(&mut self, inner: &[Place<'c>], within: &Around<'_>) -> Vec<OutlineProperty> {
        let keys: Vec<*const Value> = inner.iter().map(|place| std::ptr::from_ref(place.schema)).collect();
        if within.depth > NESTING_MAX || keys.iter().any(|key| self.open.contains(key)) {
            return Vec::new();
        }
        let open = self.open.len();
        self.open.extend(keys);
        let children = self.properties(inner, within);
        self.open.truncate(open);
        children
    }
}

/// The columns below some steps.
fn find<'l>(fields: &'l [Field], steps: &[String]) -> Option<&'l Node> {
    let (first, rest) = steps.split_first()?;
    let node = &fields.iter().find(|field| field.name == *first)?.node;
    match (rest.is_empty(), node) {
        (true, node) => Some(node),
        (false, Node::Struct(_, fields)) => find(fields, rest),
        (false, _) => None,
    }
}

/// Whether a column repeats, and the columns of what it holds in the end.
fn inside(node: &Node) -> (bool, Option<&[Field]>) {
    match node {
        Node::Leaf(_) => (false, None),
        Node::Struct(_, fields) => (false, Some(fields)),
        Node::List(_, item) | Node::Map(_, _, item) => (true, inside(item).1),
    }
}

fn is_repeating(targets: &[Place<'_>]) -> bool {
    targets.iter().any(|place| {
        let has = |keyword: &str| place.schema.get(keyword).is_some_and(Value::is_object);
        has("items") || (has("additionalProperties") && place.schema.get("properties").is_none())
    })
}

fn type_of<'c>(places: &[Place<'c>]) -> Option<&'c str> {
    places.iter().find_map(|place| reading::types(place.schema).into_iter().find(|kind| *kind != "null"))
}

fn is_instant(places: &[Place<'_>]) -> bool {
    places.iter().any(|place| place.schema.get("format").and_then(Value::as_str) == Some("date-time"))
}

fn kind_of(targets: &[Place<'_>]) -> Option<Scalar> {
    Some(match type_of(targets)? {
        "string" if is_instant(targets) => Scalar::Timestamp,
        "string" => Scalar::Text,
        "integer" => Scalar::Integer,
        "number" => Scalar::Number,
        "boolean" => Scalar::Boolean,
        _ => return None,
    })
}

fn kind(targets: &[Place<'_>], inner: &[Place<'_>], has_children: bool) -> String {
    let word = |places: &[Place<'_>]| match type_of(places) {
        _ if has_children => "object",
        Some("string") if is_instant(places) => "instant",
        Some("string") => "text",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "true or false",
        Some("object") => "object",
        Some("array") => "list",
        _ => "anything",
    };
    let around = targets.iter().find_map(|place| {
        let is_list = place.schema.get("items").is_some_and(Value::is_object);
        (is_list || is_repeating(targets)).then_some(if is_list { "list" } else { "map" })
    });
    match around {
        Some(around) => match word(inner) {
            "object" => format!("{around} of objects"),
            word => format!("{around} of {word}"),
        },
        None => word(targets).to_owned(),
    }
}

fn values(targets: &[Place<'_>]) -> Vec<String> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of = |place: &Place<'_>| -> Option<Vec<String>> {
        if let Some(hard) = place.schema.get("enum").and_then(Value::as_array) {
            return Some(hard.iter().map(plain).take(VALUES_MAX).collect());
        }
        let known = place.schema.get("meta:enum").and_then(Value::as_object)?;
        Some(known.keys().take(VALUES_MAX).cloned().collect())
    };
    targets.iter().find_map(of).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact_event() -> Outline {
        let plan = xdm::standard_plan();
        outline(&Corpus::bundled(), &Composition::contact_event(), plan.layout()).expect("it is bundled")
    }

    fn at<'o>(outline: &'o Outline, names: &[&str]) -> &'o OutlineProperty {
        let mut inside = &outline.properties;
        let mut found = None;
        for name in names {
            let property = inside.iter().find(|property| property.name == *name).unwrap_or_else(|| panic!("{name}"));
            inside = &property.children;
            found = Some(property);
        }
        found.expect("a name")
    }

    #[test]
    fn a_property_is_told_whole() {
        let outline = contact_event();
        let start = at(&outline, &["xdm:customerFeedback", "xdm:chatStart"]);
        assert_eq!((start.platform.as_str(), start.title.as_str()), ("chatStart", "Chats started"));
        assert_eq!(start.column.as_deref(), Some("customerFeedback.chatStart"));
        assert_eq!(
            (start.kind.as_str(), start.scalar, start.is_required),
            ("whole number", Some(Scalar::Integer), false)
        );
        let id = at(&outline, &["@id"]);
        assert_eq!((id.column.as_deref(), id.is_required), (Some("_id"), true));
        let number = at(&outline, &["xdm:customerFeedback", "xdm:callBackNumber", "xdm:number"]);
        assert_eq!((number.personal.is_some(), number.column.as_deref()), (true, None), "it is sealed");
        let language = at(&outline, &["xdm:environment", "dc:language"]);
        assert_eq!(language.column.as_deref(), Some("environment._dc.language"));
        let kind = at(&outline, &["xdm:device", "xdm:type"]);
        assert!(kind.values.iter().any(|value| value == "mobile"), "{:?}", kind.values);
        assert!(!outline.is_cut);
    }

    #[test]
    fn what_repeats_has_no_column_of_its_own() {
        let outline = contact_event();
        let map = at(&outline, &["xdm:identityMap"]);
        assert_eq!((map.column.as_deref(), map.kind.as_str()), (Some("identityMap"), "map of objects"));
        let id = at(&outline, &["xdm:identityMap", "xdm:id"]);
        assert_eq!((id.column.as_deref(), id.is_repeated, id.scalar), (None, true, Some(Scalar::Text)));
    }

    /// Every column of an event that no list repeats belongs to a property, so that none is left out.
    #[test]
    fn every_column_has_its_property() {
        fn columns(properties: &[OutlineProperty], out: &mut Vec<String>) {
            for property in properties {
                out.extend(property.column.clone().filter(|_| property.scalar.is_some()));
                columns(&property.children, out);
            }
        }
        let (outline, plan) = (contact_event(), xdm::standard_plan());
        let mut told = Vec::new();
        columns(&outline.properties, &mut told);
        let of_events = plan.layout().columns.iter().filter(|column| column.space == xdm::Space::EVENTS);
        for column in of_events {
            assert!(told.contains(&column.path), "{} has no property", column.path);
        }
    }
}
