//! Several schemas, one set of columns.
//!
//! Events that are judged by different schemas lie in one table. Each schema keeps its
//! own plan; only the columns are shared, found by walking the layouts' trees side by
//! side. Where two schemas have the same field it must hold the same kind of value.
//!
//! What is personal under the first schema must be declared by the others, too: under a
//! schema that doesn't know a telephone number it would be an undeclared property, and
//! those are kept in clear.

use std::sync::Arc;

use crate::layout::{Field, Layout, ListSlot, Node as Column, PersonalSlot, Slot, Space, StructSlot};
use crate::limits::COLUMNS_MAX;
use crate::names::NameTable;
use crate::plan::{Keep, Node, Plan};
use crate::schema::fault::SchemaError;

/// Gives plans one layout: the first one's columns in their places, then what the others
/// add. Each plan comes with the name that an error names.
///
/// # Errors
/// Two plans disagree about a field, a later plan doesn't declare what the first one
/// knows to be personal, or there are too many columns.
pub fn unite(plans: Vec<(&str, Plan)>) -> Result<Vec<Plan>, SchemaError> {
    let mut layout = match plans.first() {
        Some((_, first)) => Layout::clone(&first.layout),
        None => return Ok(Vec::new()),
    };
    let keys: Vec<PersonalKeys> = personal_keys(&plans[0].1).collect();
    let mut united = Vec::with_capacity(plans.len());
    for (at, (name, mut plan)) in plans.into_iter().enumerate() {
        if at > 0 {
            declares_personal(&plan, name, &layout, &keys)?;
            let own = Arc::clone(&plan.layout);
            let moved = Moved::of(&mut layout, &own, name)?;
            moved.rewrite(&mut plan);
        }
        united.push(plan);
    }
    if layout.columns.len().max(layout.structs.len()).max(layout.lists.len()) > COLUMNS_MAX {
        let problem = format!("together the schemas have more than {COLUMNS_MAX} leaves; use fewer in one server");
        return Err(SchemaError::TooLarge(problem));
    }
    let layout = Arc::new(layout);
    for plan in &mut united {
        plan.layout = Arc::clone(&layout);
    }
    Ok(united)
}

/// A map some of whose keys have personal values.
struct PersonalKeys {
    path: String,
    keys: Vec<Box<str>>,
}

fn personal_keys(plan: &Plan) -> impl Iterator<Item = PersonalKeys> {
    plan.nodes.iter().filter_map(|node| match node {
        Node::Map(map) if !map.personal_keys.is_empty() => {
            let (list, _) = map.list?;
            let path = plan.layout.lists[list.index()].path.clone();
            Some(PersonalKeys { path, keys: map.personal_keys.to_vec() })
        }
        _ => None,
    })
}

fn declares_personal(plan: &Plan, name: &str, first: &Layout, keys: &[PersonalKeys]) -> Result<(), SchemaError> {
    let undeclared =
        |path: &str| Err(SchemaError::UndeclaredPersonal { schema: name.to_owned(), path: path.to_owned() });
    for personal in &first.personal {
        if !plan.layout.personal.iter().any(|known| known.path == personal.path) {
            return undeclared(&personal.path);
        }
    }
    for map in keys {
        let known = personal_keys(plan).find(|known| known.path == map.path);
        if !known.is_some_and(|known| map.keys.iter().all(|key| known.keys.contains(key))) {
            return undeclared(&map.path);
        }
    }
    Ok(())
}

/// Where the slots of one plan have gone in the shared layout.
struct Moved<'a> {
    schema: &'a str,
    shared: &'a mut Layout,
    own: &'a Layout,
    columns: Vec<Option<Slot>>,
    structs: Vec<Option<StructSlot>>,
    lists: Vec<Option<ListSlot>>,
    personal: Vec<PersonalSlot>,
}

impl<'a> Moved<'a> {
    fn of(shared: &'a mut Layout, own: &'a Layout, schema: &'a str) -> Result<Moved<'a>, SchemaError> {
        let mut moved = Moved {
            schema,
            columns: vec![None; own.columns.len()],
            structs: vec![None; own.structs.len()],
            lists: vec![None; own.lists.len()],
            personal: Vec::new(),
            shared,
            own,
        };
        let mut fields = std::mem::take(&mut moved.shared.fields);
        let outcome = moved.fields("", &mut fields, &own.fields);
        moved.shared.fields = fields;
        outcome?;
        moved.rest();
        moved.take_personal()?;
        Ok(moved)
    }

    fn fields(&mut self, path: &str, shared: &mut Vec<Field>, own: &[Field]) -> Result<(), SchemaError> {
        for field in own {
            let below = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            match shared.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&field.name)) {
                Some(known) if known.name == field.name => self.same(&below, &mut known.node, &field.node)?,
                // Tables distinguish columns without regard to case.
                Some(known) => {
                    return Err(self.conflict(&below, format!("other schemas spell it {:?}", known.name)));
                }
                None => {
                    let node = self.added(&field.node);
                    shared.push(Field { name: field.name.clone(), node, doc: field.doc.clone() });
                }
            }
        }
        Ok(())
    }

    /// The same field in both.
    fn same(&mut self, path: &str, shared: &mut Column, own: &Column) -> Result<(), SchemaError> {
        match (shared, own) {
            (Column::Leaf(known), Column::Leaf(slot)) => {
                let (there, here) = (self.shared.columns[known.index()].scalar, self.own.columns[slot.index()].scalar);
                if there != here {
                    let problem = format!("other schemas hold {} there, it holds {}", there.name(), here.name());
                    return Err(self.conflict(path, problem));
                }
                self.columns[slot.index()] = Some(*known);
            }
            (Column::Struct(known, shared), Column::Struct(slot, own)) => {
                self.structs[slot.index()] = Some(*known);
                self.fields(path, shared, own)?;
            }
            (Column::List(known, shared), Column::List(list, own)) => {
                self.lists[list.index()] = Some(*known);
                self.same(path, shared, own)?;
            }
            (Column::Map(known, known_key, shared), Column::Map(list, key, own)) => {
                self.lists[list.index()] = Some(*known);
                self.columns[key.index()] = Some(*known_key);
                self.same(path, shared, own)?;
            }
            (shared, own) => {
                let problem = format!("other schemas have {} there, it has {}", kind(shared), kind(own));
                return Err(self.conflict(path, problem));
            }
        }
        Ok(())
    }

    /// A field that the shared layout hasn't yet.
    fn added(&mut self, own: &Column) -> Column {
        match own {
            Column::Leaf(slot) => Column::Leaf(self.add_column(*slot)),
            Column::Struct(slot, fields) => {
                let slot = self.add_struct(*slot);
                let fields = fields.iter().map(|field| {
                    let node = self.added(&field.node);
                    Field { name: field.name.clone(), node, doc: field.doc.clone() }
                });
                Column::Struct(slot, fields.collect())
            }
            Column::List(list, item) => {
                let list = self.add_list(*list);
                Column::List(list, Box::new(self.added(item)))
            }
            Column::Map(list, key, value) => {
                let list = self.add_list(*list);
                let key = self.add_column(*key);
                Column::Map(list, key, Box::new(self.added(value)))
            }
        }
    }

    /// What lies in no column of a table and is reported to sinks all the same: objects
    /// without fields, and what lies in lists of them.
    fn rest(&mut self) {
        for at in 0..self.own.lists.len() {
            if self.lists[at].is_none() {
                self.add_list(ListSlot(index(at)));
            }
        }
        for at in 0..self.own.structs.len() {
            if self.structs[at].is_none() {
                self.add_struct(StructSlot(index(at)));
            }
        }
        for at in 0..self.own.columns.len() {
            if self.columns[at].is_none() {
                self.add_column(Slot(index(at)));
            }
        }
    }

    fn take_personal(&mut self) -> Result<(), SchemaError> {
        for own in &self.own.personal {
            let known = self.shared.personal.iter().position(|known| known.path == own.path);
            self.personal.push(match known {
                Some(at) => PersonalSlot(index(at)),
                None => self.shared.add_personal(own.path.clone(), own.class.clone()),
            });
        }
        let plain = |path: &String| self.shared.columns.iter().any(|column| column.path == *path);
        match self.shared.personal.iter().map(|personal| &personal.path).find(|path| plain(path)) {
            Some(path) => Err(self.conflict(path, "it is personal under one schema and not under another".to_owned())),
            None => Ok(()),
        }
    }

    fn add_column(&mut self, slot: Slot) -> Slot {
        let own = &self.own.columns[slot.index()];
        let added = self.shared.add_column(own.path.clone(), self.space(own.space), own.scalar);
        self.columns[slot.index()] = Some(added);
        added
    }

    fn add_struct(&mut self, slot: StructSlot) -> StructSlot {
        let own = &self.own.structs[slot.index()];
        let added = self.shared.add_struct(own.path.clone(), self.space(own.space));
        self.structs[slot.index()] = Some(added);
        added
    }

    fn add_list(&mut self, list: ListSlot) -> ListSlot {
        let own = &self.own.lists[list.index()];
        let added = self.shared.add_list(own.path.clone(), self.space(own.space));
        self.lists[list.index()] = Some(added);
        added
    }

    /// Outer lists come before inner ones, so the space's list has moved before.
    fn space(&self, own: Space) -> Space {
        match own.0.checked_sub(1).and_then(|list| self.lists[usize::from(list)]) {
            None => Space::EVENTS,
            Some(list) => self.shared.lists[list.index()].items,
        }
    }

    fn conflict(&self, path: &str, problem: String) -> SchemaError {
        SchemaError::Conflict { schema: self.schema.to_owned(), path: path.to_owned(), problem }
    }

    fn rewrite(&self, plan: &mut Plan) {
        for node in &mut plan.nodes {
            match node {
                Node::Text(text) => self.keep(&mut text.keep),
                Node::Timestamp(timestamp) => self.keep(&mut timestamp.keep),
                Node::Integer(number) | Node::Number(number) => self.keep(&mut number.keep),
                Node::Boolean(boolean) => self.keep(&mut boolean.keep),
                Node::Object(object) => {
                    object.slot = object.slot.and_then(|slot| self.structs[slot.index()]);
                    for slot in object.children.iter_mut().flat_map(|child| &mut child.opens) {
                        *slot = self.structs[slot.index()].unwrap_or(*slot);
                    }
                    self.groups(&mut object.names);
                }
                Node::Map(map) => {
                    let moved = |(list, key): (ListSlot, Slot)| self.lists[list.index()].zip(self.columns[key.index()]);
                    map.list = map.list.and_then(moved);
                }
                Node::List(list) => list.list = list.list.and_then(|slot| self.lists[slot.index()]),
                Node::General(_) | Node::Any => {}
            }
        }
        plan.id = self.columns[plan.id.index()].unwrap_or(plan.id);
        plan.timestamp = self.columns[plan.timestamp.index()].unwrap_or(plan.timestamp);
    }

    fn keep(&self, keep: &mut Keep) {
        *keep = match *keep {
            Keep::Column(slot) => self.columns[slot.index()].map_or(Keep::Nowhere, Keep::Column),
            Keep::Parts(slot, parts) => {
                self.columns[slot.index()].map_or(Keep::Nowhere, |slot| Keep::Parts(slot, parts))
            }
            Keep::Personal(slot) => Keep::Personal(self.personal[slot.index()]),
            Keep::Nowhere => Keep::Nowhere,
        };
    }

    fn groups(&self, names: &mut NameTable) {
        for group in &mut names.groups {
            group.slot = group.slot.and_then(|slot| self.structs[slot.index()]);
            self.groups(&mut group.table);
        }
    }
}

fn kind(node: &Column) -> &'static str {
    match node {
        Column::Leaf(_) => "a single value",
        Column::Struct(..) => "an object",
        Column::List(..) => "a list",
        Column::Map(..) => "a map",
    }
}

/// Slots count in 16 bits; a plan is refused long before (`limits::COLUMNS_MAX`).
fn index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checker, Composition, NullSink, Profile, Registry, compile};

    /// The contact event and one more group with these properties.
    fn with(properties: &str) -> Plan {
        let mut registry = Registry::bundled();
        let group = format!(r#"{{"$id":"https://shop.example/group","type":"object","properties":{{{properties}}}}}"#);
        registry.add(&group).expect("a schema");
        let mut composition = Composition::contact_event();
        composition.groups.push("https://shop.example/group".to_owned());
        compile(&registry, &composition).expect("compiles")
    }

    fn refusal(plans: Vec<(&str, Plan)>) -> String {
        unite(plans).expect_err("they disagree").to_string()
    }

    #[test]
    fn the_first_keeps_its_places_and_each_finds_its_own() {
        let alone = with(r#""xdm:tier":{"type":"string"}"#);
        let before = alone.layout.columns.len();
        let other = with(
            r#""xdm:basket":{"type":"array","items":{"type":"object","properties":{
                   "xdm:sku":{"type":"string"},"xdm:tags":{"type":"object","additionalProperties":{"type":"integer"}},
                   "xdm:nothing":{"type":"object","properties":{"xdm:any":{}}}}}},
               "https://shop.example/tier":{"type":"boolean"}"#,
        );
        let has_list = |node: &&Node| match node {
            Node::List(list) => list.list.is_some(),
            Node::Map(map) => map.list.is_some(),
            _ => false,
        };
        let list_nodes = |plan: &Plan| plan.nodes.iter().filter(has_list).count();
        let lists = list_nodes(&other);
        let plans = unite(vec![("one", alone), ("two", other)]).expect("they agree");
        let layout = &plans[0].layout;
        assert!(Arc::ptr_eq(layout, &plans[1].layout));
        assert_eq!(layout.column("tier").map(Slot::index).map(|at| at < before), Some(true));
        for path in ["basket.item.sku", "basket.item.tags.key", "basket.item.tags.value", "_shop.example.tier"] {
            let slot = layout.column(path).expect(path);
            assert!(slot.index() >= before, "{path}");
        }
        assert_eq!(list_nodes(&plans[1]), lists);
        let spaces: Vec<_> = layout.lists.iter().map(|list| list.items.0).collect();
        assert_eq!(spaces, (1..=layout.lists.len() as u16).collect::<Vec<_>>());
        let sku = layout.column("basket.item.sku").expect("a column");
        let basket = layout.lists.iter().find(|list| list.path == "basket").expect("a list");
        assert_eq!(layout.columns[sku.index()].space, basket.items);
        let tags = layout.lists.iter().find(|list| list.path == "basket.item.tags").expect("a map");
        assert_eq!(tags.space, basket.items);
        // Every column of the tree once, and shared ones only once.
        let ids = layout.columns.iter().filter(|column| column.path == "_id").count();
        assert_eq!(ids, 1);
    }

    #[test]
    fn each_schema_judges_by_its_own_rules() {
        let one = with(r#""xdm:tier":{"type":"string","enum":["gold"]}"#);
        let two = with(r#""xdm:tier":{"type":"string","maxLength":3}"#);
        let plans = unite(vec![("one", one), ("two", two)]).expect("they agree");
        let told: Vec<Vec<String>> = plans
            .into_iter()
            .map(|plan| {
                let mut checker = Checker::new(Arc::new(plan), Profile::spec());
                let _ =
                    checker.check(r#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","tier":"silver"}"#, &mut NullSink);
                checker.violations().iter().map(|violation| violation.keyword.to_string()).collect()
            })
            .collect();
        assert_eq!(told, [["enum"], ["maxLength"]]);
    }

    #[test]
    fn schemas_that_disagree_are_refused() {
        let text = || with(r#""xdm:tier":{"type":"string"}"#);
        let check = |properties: &str, expect: &str| {
            let message = refusal(vec![("one", text()), ("two", with(properties))]);
            assert!(message.contains("two") && message.contains("tier") && message.contains(expect), "{message}");
        };
        check(r#""xdm:tier":{"type":"integer"}"#, "other schemas hold text there, it holds an integer");
        check(r#""xdm:tier":{"type":"array","items":{"type":"string"}}"#, "a single value there, it has a list");
        check(r#""xdm:Tier":{"type":"string"}"#, "spell it \"tier\"");
        check(r#""xdm:tier":{"type":"string","meta:personal":"name"}"#, "personal under one schema");
    }

    #[test]
    fn a_schema_that_would_let_personal_values_stand_in_clear_is_refused() {
        let first = || compile(&Registry::bundled(), &Composition::contact_event()).expect("compiles");
        let mut bare = Composition::contact_event();
        bare.groups.retain(|group| !group.contains("contact-request"));
        let bare = compile(&Registry::bundled(), &bare).expect("compiles");
        let message = refusal(vec![("contacts", first()), ("pages", bare)]);
        assert!(message.contains("pages") && message.contains("customerFeedback.callBackNumber"), "{message}");

        let mut registry = Registry::new();
        let class = r#"{"$id":"https://shop.example/class","type":"object","properties":{"@id":{"type":"string"},
            "xdm:timestamp":{"type":"string","format":"date-time"}}}"#;
        registry.add(class).expect("a schema");
        for id in Registry::bundled().ids() {
            let text = Registry::bundled().get(id).map(ToString::to_string).expect("a document");
            registry.add(&text).expect("a schema");
        }
        let mut other = Composition::contact_event();
        other.class = "https://shop.example/class".to_owned();
        let other = compile(&registry, &other).expect("compiles");
        let message = refusal(vec![("contacts", first()), ("other", other)]);
        assert!(message.contains("identityMap"), "{message}");
    }
}
