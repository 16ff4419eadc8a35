//! What a schema's document says, whatever form it is written in: every property with all
//! that is inherited, its type with a link, and what holds for its values.

use serde_json::{Map, Value};

use crate::corpus::{Corpus, Schema};
use crate::reading::{self, Place};

/// Deepest nesting of properties that is shown.
const NESTING_MAX: usize = 12;
/// Most properties of one document, nested ones included.
const PROPERTIES_MAX: usize = 20_000;
/// Most types that are told of one document's properties, those of items and alternatives included.
const KINDS_MAX: usize = 40_000;
/// Most characters of a default or an example in a table.
const CELL_CHARS_MAX: usize = 120;

/// A schema as its document tells it.
#[derive(Debug)]
pub(super) struct Doc {
    /// The schema's file below the directory.
    pub(super) path: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) facts: Vec<(&'static str, String)>,
    /// The schemas that it is composed of.
    pub(super) parts: Vec<Link>,
    /// The classes that a field group is for.
    pub(super) classes: Vec<Link>,
    pub(super) examples: Vec<String>,
    pub(super) properties: Vec<Property>,
    /// Were there more than can be shown?
    pub(super) is_cut: bool,
}

/// The document of another schema, or only its `$id` where it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) id: String,
    /// Its file below the directory.
    pub(super) path: Option<String>,
}

/// A property.
#[derive(Debug)]
pub(super) struct Property {
    /// Its name, below the names of those around it.
    pub(super) names: Vec<String>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) default: Option<String>,
    /// What holds for its values, a sentence each.
    pub(super) facts: Vec<String>,
    /// Values and their labels.
    pub(super) values: Vec<(String, String)>,
    /// Are no other values allowed?
    pub(super) is_closed: bool,
    pub(super) examples: Vec<String>,
    /// The schema that it is inherited from.
    pub(super) origin: Option<Link>,
    pub(super) children: Vec<Property>,
}

impl Property {
    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }
}

/// The type of a property.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Word(String),
    Schema(Link),
    List(Box<Kind>),
    Map(Box<Kind>),
    Options(Vec<Kind>),
}

/// The document of a schema.
pub(super) fn doc(corpus: &Corpus, schema: &Schema) -> Doc {
    let root = schema.root();
    let place = Place { document: schema.id(), schema: root };
    let mut builder = Builder { corpus, count: 0, is_cut: false, open: Vec::new(), kinds_left: KINDS_MAX };
    let properties = builder.properties(place, &[], 0);
    let parts = reading::references(root);
    let classes = root.get("meta:intendedToExtend").and_then(Value::as_array).into_iter().flatten();
    let classes = classes.filter_map(Value::as_str).map(|id| link(corpus, id)).collect();
    let examples = corpus.examples_of(schema.path()).unwrap_or_default();
    Doc {
        path: schema.path().to_owned(),
        id: schema.id().to_owned(),
        title: title(root, schema.id()),
        description: corpus.description(schema.path()).map_or_else(|| told(root, "description"), str::to_owned),
        facts: facts(root, schema.path()),
        parts: parts.iter().map(|id| link(corpus, id)).collect(),
        classes,
        examples: examples.iter().map(pretty).collect(),
        properties,
        is_cut: builder.is_cut,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A title, or what the `$id` ends with.
fn title(schema: &Value, id: &str) -> String {
    match told(schema, "title") {
        title if title.is_empty() => id.rsplit(['/', ':']).next().unwrap_or(id).to_owned(),
        title => title,
    }
}

fn told(schema: &Value, name: &str) -> String {
    schema.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

fn link(corpus: &Corpus, id: &str) -> Link {
    let plain = id.split('#').next().unwrap_or(id);
    let definition = id.strip_prefix(plain).and_then(|rest| rest.strip_prefix("#/definitions/"));
    match corpus.schema(plain) {
        Some(schema) => {
            let title = title(schema.root(), plain);
            let title = definition.map_or_else(|| title.clone(), |definition| format!("{title}: {definition}"));
            Link { title, id: id.to_owned(), path: Some(schema.path().to_owned()) }
        }
        None => Link { title: title(&Value::Null, id), id: id.to_owned(), path: None },
    }
}

fn facts(root: &Value, path: &str) -> Vec<(&'static str, String)> {
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    let status = told(root, "meta:status");
    let mut facts = vec![
        ("Status", if status.is_empty() { "experimental".to_owned() } else { status }),
        ("Abstract", yes(root.get("meta:abstract") == Some(&Value::Bool(true)))),
        ("Extensible", yes(root.get("meta:extensible") == Some(&Value::Bool(true)))),
        ("Other properties", if reading::is_closed(root) { "forbidden" } else { "permitted" }.to_owned()),
        ("Defined in", path.to_owned()),
    ];
    let tags = root.get("meta:tags").and_then(|tags| Some(tags.as_object()?.values().filter_map(Value::as_array)));
    let tags: Vec<&str> = tags.into_iter().flatten().flatten().filter_map(Value::as_str).collect();
    if !tags.is_empty() {
        facts.push(("Tags", tags.join(", ")));
    }
    facts
}

struct Builder<'c> {
    corpus: &'c Corpus,
    count: usize,
    is_cut: bool,
    /// References that are being written out, so that none is inside itself.
    open: Vec<String>,
    /// Types that may still be told.
    kinds_left: usize,
}

impl<'c> Builder<'c> {
    /// The properties of a schema, inherited ones included, sorted by name.
    fn properties(&mut self, place: Place<'c>, above: &[String], depth: usize) -> Vec<Property> {
        let found = reading::properties(self.corpus, place);
        let mut properties: Vec<Property> = Vec::new();
        for declared in found.declared {
            self.count += 1;
            if self.count > PROPERTIES_MAX {
                self.is_cut = true;
                break;
            }
            let is_required = found.required.contains(declared.name);
            let origin =
                (declared.place.document != place.document).then(|| link(self.corpus, declared.place.document));
            properties.push(self.property(declared.name, declared.place, above, (is_required, origin), depth));
        }
        properties.sort_by(|a, b| a.name().cmp(b.name()));
        properties
    }

    fn property(
        &mut self,
        name: &str,
        place: Place<'c>,
        above: &[String],
        (is_required, origin): (bool, Option<Link>),
        depth: usize,
    ) -> Property {
        let names: Vec<String> = above.iter().cloned().chain([name.to_owned()]).collect();
        let own = place.schema;
        let kind = self.kind(place, depth);
        // What stands beside a reference is no rule, and titles it all the same.
        let target = reading::target(self.corpus, place);
        let either = |member: &str| match told(own, member) {
            text if text.is_empty() => told(target.schema, member),
            text => text,
        };
        let inner = reading::innermost(self.corpus, target);
        let shows_inside = depth < NESTING_MAX && !matches!(innermost(&kind), Kind::Schema(_));
        let children = if shows_inside { self.inside(inner, &names, depth) } else { Vec::new() };
        let (values, is_closed) = values(target.schema);
        Property {
            title: either("title"),
            description: either("description"),
            kind,
            is_required,
            default: own.get("default").or_else(|| target.schema.get("default")).map(cell),
            facts: reading::sentences(target.schema).into_iter().chain(status(own)).collect(),
            values,
            is_closed,
            examples: shown_examples(own),
            origin,
            children,
            names,
        }
    }

    /// The properties inside a property's value. One that is inside itself is not written out again.
    fn inside(&mut self, inner: Place<'c>, names: &[String], depth: usize) -> Vec<Property> {
        let key = format!("{}#{:p}", inner.document, inner.schema);
        if self.open.contains(&key) {
            return Vec::new();
        }
        self.open.push(key);
        let children = self.properties(inner, names, depth + 1);
        self.open.pop();
        children
    }

    fn kind(&mut self, place: Place<'c>, depth: usize) -> Kind {
        if depth > NESTING_MAX || self.kinds_left == 0 {
            return Kind::Word("…".to_owned());
        }
        self.kinds_left -= 1;
        if let Some(reference) = place.schema.get("$ref").and_then(Value::as_str) {
            if !reference.starts_with('#') && !reference.contains("#/") {
                return Kind::Schema(link(self.corpus, reference));
            }
            return match reading::follow(self.corpus, place, reference) {
                Some(target) => self.kind(target, depth + 1),
                None => Kind::Schema(link(self.corpus, reference)),
            };
        }
        let mut below = |schema: &'c Value| Box::new(self.kind(Place { document: place.document, schema }, depth + 1));
        let schema = place.schema;
        if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
            return Kind::List(below(items));
        }
        let values = schema.get("additionalProperties").filter(|values| values.is_object());
        let has_none = schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
        if let Some(values) = values.filter(|_| has_none) {
            return Kind::Map(below(values));
        }
        let options = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword).and_then(Value::as_array));
        match (reading::types(schema).as_slice(), options) {
            ([], Some(options)) => Kind::Options(options.iter().map(|option| *below(option)).collect()),
            ([], None) => match reading::references(schema).as_slice() {
                [only] if has_none => Kind::Schema(link(self.corpus, only)),
                _ if !has_none => Kind::Word("object".to_owned()),
                _ => Kind::Word("any".to_owned()),
            },
            (types, _) => Kind::Word(types.join(" or ")),
        }
    }
}

fn innermost(kind: &Kind) -> &Kind {
    match kind {
        Kind::List(inner) | Kind::Map(inner) => innermost(inner),
        other => other,
    }
}

/// Known values with their labels, and whether there are no others.
fn values(schema: &Value) -> (Vec<(String, String)>, bool) {
    let labels = schema.get("meta:enum").and_then(Value::as_object);
    let hard = schema.get("enum").and_then(Value::as_array);
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let label = |value: &str| labels.and_then(|labels| labels.get(value)).and_then(Value::as_str).unwrap_or_default();
    match (hard, labels) {
        (Some(hard), _) => {
            (hard.iter().map(plain).map(|value| (value.clone(), label(&value).to_owned())).collect(), true)
        }
        (None, Some(labels)) => (labels.iter().map(|(value, label)| (value.clone(), plain(label))).collect(), false),
        (None, None) => (Vec::new(), false),
    }
}

/// The status of a property, where it has one of its own.
fn status(schema: &Value) -> Option<String> {
    schema.get("meta:status").and_then(Value::as_str).filter(|status| *status != "stable").map(str::to_owned)
}

fn shown_examples(schema: &Value) -> Vec<String> {
    match schema.get("examples") {
        Some(Value::Array(examples)) => examples.iter().map(cell).collect(),
        Some(other) => vec![cell(other)],
        None => Vec::new(),
    }
}

/// A value on one line, cut where it is long.
fn cell(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
