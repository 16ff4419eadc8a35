//! Objects, maps and lists: children under both spellings, row spaces, and what holds for
//! members that nobody declared.

use super::leaf::count;
use super::{Compiled, Compiler, Place, malformed};
use crate::layout::{Field, Node as Column, Scalar, StructSlot};
use crate::names::{Group, NameTable, SPELLED_PLATFORM, SPELLED_XDM, Target};
use crate::pattern::Pattern;
use crate::plan::{Child, Closed, Keep, ListNode, Loc, MapNode, Node, NodeId, ObjectNode, Others};
use crate::schema::SchemaError;
use crate::schema::merge::{Additional, Merged};
use crate::schema::registry::Site;
use crate::schema::spelling::platform_steps;

impl<'r> Compiler<'r> {
    pub(super) fn struct_(&mut self, merged: Merged<'r>, place: &Place) -> Result<Compiled, SchemaError> {
        let slot = place.columns.then(|| self.layout.add_struct(&*place.path, place.space));
        let (node, fields) = self.object(merged, place, slot)?;
        // A table can't hold a struct without fields; such an object's members go to `extra`.
        Ok((node, slot.filter(|_| !fields.is_empty()).map(|slot| Column::Struct(slot, fields))))
    }

    /// Compiles an object; `slot` is its presence column, none for the event itself.
    pub(super) fn object(
        &mut self,
        merged: Merged<'r>,
        place: &Place,
        slot: Option<StructSlot>,
    ) -> Result<(NodeId, Vec<Field>), SchemaError> {
        let type_loc = match &merged.kind {
            Some((_, location)) => self.loc(location.clone()),
            None => self.loc(place.path.clone()),
        };
        let (members_min, members_max) = self.bounds(&merged, "minProperties", "maxProperties")?;
        let mut tree = ChildTree { names: NameTable::default(), fields: Vec::new(), children: Vec::new() };
        for at in 0..merged.properties.len() {
            self.child(&merged, at, place, &mut tree)?;
        }
        let ChildTree { mut names, fields, children } = tree;
        names.note_plain(&|child| children.get(usize::from(child)).and_then(Child::plain));
        names.seal(&mut self.cells);
        let mut required = vec![0u64; children.len().div_ceil(64).max(1)];
        for (at, _) in children.iter().enumerate().filter(|(_, child)| child.required_loc.is_some()) {
            required[at / 64] |= 1 << (at % 64);
        }
        if let Some((name, location)) =
            merged.required.iter().find(|(name, _)| !children.iter().any(|child| *child.xdm == **name))
        {
            return Err(malformed(location, format!("{name:?} is required but not declared in \"properties\"")));
        }
        let personal = children.iter().any(|child| self.is_personal(child.node))
            || (place.depth > 0 && children.iter().any(|child| child.personal));
        let name = |child: &Child| child.platform.rsplit('/').next().unwrap_or_default().to_lowercase().into();
        let guarded = children.iter().filter(|child| child.personal).map(name).collect();
        let others = self.others(&merged, place)?;
        let (children, required) = (children.into(), required.into());
        let object = ObjectNode {
            slot,
            type_loc,
            children,
            names,
            required,
            others,
            members_min,
            members_max,
            personal,
            guarded,
        };
        Ok((self.push(Node::Object(Box::new(object))), fields))
    }

    fn child(
        &mut self,
        merged: &Merged<'r>,
        at: usize,
        place: &Place,
        tree: &mut ChildTree,
    ) -> Result<(), SchemaError> {
        let (name, own) = &merged.properties[at];
        let name = *name;
        let sites = self.sites_of(merged, name, own);
        let steps = platform_steps(name);
        let mut below = place.clone();
        for step in &steps {
            below = below.below(step);
        }
        let location = sites.first().map(Site::location).unwrap_or_default();
        let annotations = Merged::of(self.registry, &sites)?;
        let doc = annotations.doc.unwrap_or_default().to_owned();
        // Tables tell columns apart without regard to case; of two names that differ only in
        // case the superseded one is checked and kept as raw JSON.
        let raw = place.columns && self.is_superseded(merged, at, annotations.deprecated)?;
        below.columns &= !raw;
        let marks = self.marks;
        let (node, column) = self.value(&sites, &below)?;
        let personal = self.marks > marks;
        let index = u16::try_from(tree.children.len()).map_err(|_| malformed(&location, "too many properties"))?;
        let opens = self.place_child(&steps, place, tree, index, column.map(|c| (c, doc)), &location)?;
        tree.names.push(name, Target::Child(index), SPELLED_XDM);
        let required_loc =
            merged.required.iter().find(|(known, _)| *known == name).map(|(_, location)| location.clone());
        let required_loc = required_loc.map(|location| self.loc(location));
        let forbidden = self.forbidden(merged, name)?;
        let platform = steps.join("/").into();
        tree.children.push(Child { node, xdm: name.into(), platform, required_loc, forbidden, opens, raw, personal });
        Ok(())
    }

    /// Has the property a twin whose name differs only in case and that goes before it?
    fn is_superseded(&self, merged: &Merged<'r>, at: usize, deprecated: bool) -> Result<bool, SchemaError> {
        let folded = |name: &str| platform_steps(name).join(".").to_lowercase();
        let name = folded(merged.properties[at].0);
        for (other, (twin, own)) in merged.properties.iter().enumerate() {
            if other == at || folded(twin) != name {
                continue;
            }
            let twin_deprecated = Merged::of(self.registry, &self.sites_of(merged, twin, own))?.deprecated;
            if deprecated != twin_deprecated {
                return Ok(deprecated);
            }
            if other < at {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts a child under its platform name, opening namespaces on the way.
    fn place_child(
        &mut self,
        steps: &[String],
        place: &Place,
        tree: &mut ChildTree,
        index: u16,
        column: Option<(Column, String)>,
        location: &str,
    ) -> Result<Box<[StructSlot]>, SchemaError> {
        let mut names = &mut tree.names;
        let mut fields = Some(&mut tree.fields);
        let mut opens = Vec::new();
        let mut path = place.clone();
        let (last, namespaces) = steps.split_last().ok_or_else(|| malformed(location, "a property has no name"))?;
        for step in namespaces {
            path = path.below(step);
            let known = names.iter().find(|name| name.text() == step).map(|name| name.target);
            let group = match known {
                Some(Target::Group(group)) => usize::from(group),
                Some(_) => return Err(malformed(location, format!("{step:?} is also a property"))),
                None => {
                    let slot = place.columns.then(|| self.layout.add_struct(&*path.path, place.space));
                    names.groups.push(Group { table: NameTable::default(), slot });
                    let group = names.groups.len() - 1;
                    names.push(step, Target::Group(u16::try_from(group).unwrap_or(u16::MAX)), SPELLED_PLATFORM);
                    group
                }
            };
            let slot = names.groups[group].slot;
            opens.extend(slot);
            fields = match (fields, slot, &column) {
                (Some(fields), Some(slot), Some(_)) => Some(namespace_fields(fields, step, slot)),
                _ => None,
            };
            names = &mut names.groups[group].table;
        }
        if names.find_unsealed(last) {
            return Err(malformed(location, format!("two properties are both spelled {last:?} on the platform")));
        }
        names.push(last, Target::Child(index), SPELLED_PLATFORM);
        if let (Some(fields), Some((node, doc))) = (fields, column) {
            fields.push(Field { name: last.clone(), node, doc });
        }
        Ok(opens.into())
    }

    /// The rule that forbids a declared name, if an `additionalProperties: false` elsewhere does.
    fn forbidden(&mut self, merged: &Merged<'r>, name: &str) -> Result<Option<Loc>, SchemaError> {
        for rule in merged.additional.iter().filter(|rule| rule.schema.is_none()) {
            let closed = self.closed(rule)?;
            if !closed.permits(name) {
                return Ok(Some(closed.loc));
            }
        }
        Ok(None)
    }

    fn closed(&mut self, rule: &Additional<'r>) -> Result<Closed, SchemaError> {
        let patterns =
            rule.patterns.iter().map(|source| self.pattern(source, &rule.location)).collect::<Result<_, _>>()?;
        let names = rule.names.iter().map(|name| Box::from(*name)).collect();
        Ok(Closed { loc: self.loc(rule.location.clone()), names, patterns })
    }

    fn pattern(&self, source: &str, location: &str) -> Result<Pattern, SchemaError> {
        self.patterns
            .get(source)
            .map_err(|e| malformed(location, format!("the pattern {source:?} can't be compiled: {e}")))
    }

    fn others(&mut self, merged: &Merged<'r>, place: &Place) -> Result<Others, SchemaError> {
        let mut others = Others::default();
        let raw = Place { columns: false, depth: place.depth + 1, ..place.clone() };
        let marks = self.marks;
        for (source, site) in &merged.patterns {
            if site.value.as_object().is_some_and(|map| !map.is_empty()) {
                let pattern = self.pattern(source, &site.location())?;
                let (node, _) = self.value(std::slice::from_ref(site), &raw)?;
                others.patterns.push((pattern, node));
            }
        }
        for rule in &merged.additional {
            match &rule.schema {
                None => {
                    let closed = self.closed(rule)?;
                    others.closed.push(closed);
                }
                Some(site) => others.additional.push(self.value(std::slice::from_ref(site), &raw)?.0),
            }
        }
        others.personal = self.marks > marks;
        Ok(others)
    }

    pub(super) fn map(&mut self, merged: Merged<'r>, place: &Place, type_loc: Loc) -> Result<Compiled, SchemaError> {
        let (members_min, members_max) = self.bounds(&merged, "minProperties", "maxProperties")?;
        let sites: Vec<Site<'r>> = merged.additional.iter().filter_map(|rule| rule.schema.clone()).collect();
        let slots = place.columns.then(|| {
            let list = self.layout.add_list(&*place.path, place.space);
            let space = self.layout.lists[list.index()].items;
            (list, self.layout.add_column(format!("{}.key", place.path), space, Scalar::Text), space)
        });
        let mut below = place.below("value");
        below.space = slots.map_or(place.space, |(_, _, space)| space);
        let marks = self.marks;
        let (value, column) = self.value(&sites, &below)?;
        self.marks += merged.personal_keys.len();
        let personal = self.marks > marks;
        let personal_keys = merged.personal_keys.iter().map(|key| Box::from(*key)).collect();
        // A map of values without columns can't be a column; its members go to `extra`.
        let column = slots.zip(column).map(|((list, key, _), value)| Column::Map(list, key, Box::new(value)));
        let list = slots.map(|(list, key, _)| (list, key)).filter(|_| column.is_some());
        let node = MapNode { list, type_loc, value, personal_keys, personal, members_min, members_max };
        Ok((self.push(Node::Map(Box::new(node))), column))
    }

    pub(super) fn list(&mut self, merged: Merged<'r>, place: &Place, type_loc: Loc) -> Result<Compiled, SchemaError> {
        let (items_min, items_max) = self.bounds(&merged, "minItems", "maxItems")?;
        let unique = merged.assertions.iter().find(|(k, v, _)| *k == "uniqueItems" && v.as_bool() == Some(true));
        let unique = unique.map(|(_, _, location)| location.clone()).map(|location| self.loc(location));
        let list = (place.columns && !merged.items.is_empty()).then(|| self.layout.add_list(&*place.path, place.space));
        let mut below = place.below("item");
        below.space = list.map_or(place.space, |list| self.layout.lists[list.index()].items);
        let marks = self.marks;
        let (item, column) = match merged.items.is_empty() {
            true => (self.push(Node::Any), None),
            false => self.value(&merged.items, &below)?,
        };
        let column = list.zip(column).map(|(list, item)| Column::List(list, Box::new(item)));
        let list = list.filter(|_| column.is_some());
        let personal = self.marks > marks;
        let node = ListNode { list, type_loc, item, personal, items_min, items_max, unique };
        Ok((self.push(Node::List(Box::new(node))), column))
    }

    fn bounds(&mut self, merged: &Merged<'r>, min: &str, max: &str) -> Result<(Bound, Bound), SchemaError> {
        let mut bound = |keyword: &str| -> Result<Bound, SchemaError> {
            match merged.assertions.iter().find(|(known, _, _)| *known == keyword) {
                Some((_, value, location)) => Ok(Some((count(value, location)?, self.loc(location.clone())))),
                None => Ok(None),
            }
        };
        Ok((bound(min)?, bound(max)?))
    }

    /// Every schema that a declared property must meet.
    fn sites_of(&self, merged: &Merged<'r>, name: &str, own: &[Site<'r>]) -> Vec<Site<'r>> {
        let matches = |source: &str| self.patterns.get(source).is_ok_and(|pattern| pattern.is_match(name));
        let mut sites = own.to_vec();
        sites.extend(merged.patterns.iter().filter(|(source, _)| matches(source)).map(|(_, site)| site.clone()));
        for rule in &merged.additional {
            let named = rule.names.contains(&name) || rule.patterns.iter().any(|source| matches(source));
            sites.extend(rule.schema.clone().filter(|_| !named));
        }
        sites
    }

    fn is_personal(&self, node: NodeId) -> bool {
        matches!(&self.nodes[node as usize], Node::Text(text) if matches!(text.keep, Keep::Personal(_)))
    }
}

type Bound = Option<(usize, Loc)>;

/// The children of an object while they are gathered.
struct ChildTree {
    names: NameTable,
    fields: Vec<Field>,
    children: Vec<Child>,
}

fn namespace_fields<'f>(fields: &'f mut Vec<Field>, name: &str, slot: StructSlot) -> &'f mut Vec<Field> {
    let at = match fields.iter().position(|field| field.name == name) {
        Some(at) => at,
        None => {
            let doc = String::new();
            fields.push(Field { name: name.to_owned(), node: Column::Struct(slot, Vec::new()), doc });
            fields.len() - 1
        }
    };
    match &mut fields[at].node {
        Column::Struct(_, inner) => inner,
        _ => unreachable!("a namespace is always a struct: place_child refuses a property of that name"),
    }
}
