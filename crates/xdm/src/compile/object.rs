//! Objects: children under both spellings, and what holds for members that nobody declared.

use super::merged::Merged;
use super::{Compiled, Compiler, Position};
use crate::keyword::{self, AdditionalProperties, Keyword, Name};
use crate::layout::{Field, Node as Column, StructSlot};
use crate::model::{Body, SchemaId};
use crate::names::{Group, NameTable, SPELLED_PLATFORM, SPELLED_XDM, Target};
use crate::plan::{Child, Closed, Keep, Loc, Named, Node, NodeId, ObjectNode, Others};
use crate::schema::fault::{Fault, FaultCode, SchemaError};

impl<'m> Compiler<'m> {
    pub(super) fn struct_(&mut self, merged: Merged<'m>, position: &Position) -> Result<Compiled, SchemaError> {
        let slot = position.columns.then(|| self.layout.add_struct(&*position.path, position.space));
        let (node, fields) = self.object(merged, position, slot)?;
        // A table can't hold a struct without fields; such an object's members go to `extra`.
        Ok((node, slot.filter(|_| !fields.is_empty()).map(|slot| Column::Struct(slot, fields))))
    }

    /// Compiles an object; `slot` is its presence column, none for the event itself.
    pub(super) fn object(
        &mut self,
        merged: Merged<'m>,
        position: &Position,
        slot: Option<StructSlot>,
    ) -> Result<(NodeId, Vec<Field>), SchemaError> {
        let mut merged = merged;
        let type_loc = match merged.types {
            Some((_, origin)) => self.loc(origin),
            None => self.location(position.path.clone()),
        };
        let (members_min, members_max) = (self.bound(merged.members_min), self.bound(merged.members_max));
        // What is required and declared nowhere must be there, and is undeclared all the same:
        // with a node of its own it would pass by what seals such values. These come last, so that
        // namespaces are opened by declared properties.
        let declared = merged.properties.len();
        let choices = self.choices(&merged);
        for (name, _) in &merged.required {
            if !merged.properties.iter().any(|(known, _)| known.xdm == name.xdm) {
                merged.properties.push((name, Vec::new()));
            }
        }
        let mut tree = ChildTree { names: NameTable::default(), fields: Vec::new(), children: Vec::new() };
        for at in 0..declared {
            self.child(&merged, at, position, &mut tree)?;
        }
        for at in declared..merged.properties.len() {
            self.undeclared_child(&merged, at, position, &mut tree)?;
        }
        let ChildTree { mut names, fields, children } = tree;
        names.note_plain(&|child| children.get(usize::from(child)).and_then(Child::plain));
        names.seal(&mut self.cells);
        let (choices, free) = self.marked(&choices, &children);
        let marks = if free.names.is_empty() { children.len() } else { free.undecided + 1 };
        let words = u32::try_from(marks.div_ceil(64).max(1)).unwrap_or(u32::MAX);
        let mut required = vec![0u64; children.len().div_ceil(64).max(1)];
        for (at, _) in children.iter().enumerate().filter(|(_, child)| child.required_loc.is_some()) {
            required[at / 64] |= 1 << (at % 64);
        }
        let personal = children.iter().any(|child| self.is_personal(child.node))
            || (position.depth > 0 && children.iter().any(|child| child.personal));
        let name = |child: &Child| child.platform.rsplit('/').next().unwrap_or_default().to_lowercase().into();
        let guarded = children.iter().filter(|child| child.personal).map(name).collect();
        let others = self.others(&merged, position)?;
        let object = ObjectNode {
            names,
            required: required.remove(0),
            slot,
            type_loc,
            words,
            has_end: !required.is_empty() || members_min.is_some() || members_max.is_some() || !choices.is_empty(),
            personal,
            children: children.into(),
            required_beyond: required.into(),
            members_min,
            members_max,
            choices,
            free,
            others,
            otherwise: None,
            guarded,
        };
        Ok((self.push(Node::Object(Box::new(object))), fields))
    }

    fn child(
        &mut self,
        merged: &Merged<'m>,
        at: usize,
        position: &Position,
        tree: &mut ChildTree,
    ) -> Result<(), SchemaError> {
        let (name, own) = &merged.properties[at];
        let (name, steps) = (&name.xdm, &name.platform);
        let schemas = schemas_of(merged, name, own);
        let mut below = position.clone();
        for step in steps {
            below = below.below(step);
        }
        let annotations = Merged::of(self.model, &schemas);
        let doc = annotations.doc.unwrap_or_default().to_owned();
        // Tables distinguish columns without regard to case; of two names that differ only in
        // case the superseded one is checked and kept as raw JSON.
        let raw = position.columns && self.is_superseded(merged, at, annotations.deprecated);
        below.columns &= !raw;
        let marks = self.marks;
        let (node, column) = self.value(&schemas, &below)?;
        let personal = self.marks > marks;
        let schema = schemas.first().copied();
        let too_many = |_| self.limit(schema, "an object has too many properties; nest them".to_owned());
        let index = u16::try_from(tree.children.len()).map_err(too_many)?;
        let opens = self.place_child(steps, position, tree, index, column.map(|c| (c, doc)), schema)?;
        tree.names.push(name, Target::Child(index), SPELLED_XDM);
        let required = merged.required.iter().find(|(known, _)| known.xdm == *name);
        let required_loc = required.map(|(_, origin)| self.loc(*origin));
        let forbidden = self.forbidden(merged, name);
        let platform = steps.join("/").into();
        let (xdm, undeclared) = (name.clone(), false);
        tree.children.push(Child { node, xdm, platform, required_loc, forbidden, opens, raw, personal, undeclared });
        Ok(())
    }

    /// A name that is required and declared nowhere.
    fn undeclared_child(
        &mut self,
        merged: &Merged<'m>,
        at: usize,
        position: &Position,
        tree: &mut ChildTree,
    ) -> Result<(), SchemaError> {
        let name = merged.properties[at].0;
        let too_many = |_| self.limit(None, "an object has too many properties; nest them".to_owned());
        let index = u16::try_from(tree.children.len()).map_err(too_many)?;
        let without_columns = Position { columns: false, ..position.clone() };
        self.place_child(&name.platform, &without_columns, tree, index, None, None)?;
        tree.names.push(&name.xdm, Target::Child(index), SPELLED_XDM);
        let required = merged.required.iter().find(|(known, _)| known.xdm == name.xdm);
        let required_loc = required.map(|(_, origin)| self.loc(*origin));
        tree.children.push(Child {
            node: self.push(Node::Any),
            xdm: name.xdm.clone(),
            platform: name.platform.join("/").into(),
            required_loc,
            forbidden: None,
            opens: Box::default(),
            raw: false,
            personal: false,
            undeclared: true,
        });
        Ok(())
    }

    /// Has the property a twin whose name differs only in case and that goes before it?
    fn is_superseded(&self, merged: &Merged<'m>, at: usize, deprecated: bool) -> bool {
        let folded = |steps: &[Box<str>]| steps.join(".").to_lowercase();
        let name = folded(&merged.properties[at].0.platform);
        for (other, (twin, own)) in merged.properties.iter().enumerate() {
            if other == at || folded(&twin.platform) != name {
                continue;
            }
            let twin_deprecated = Merged::of(self.model, &schemas_of(merged, &twin.xdm, own)).deprecated;
            if deprecated != twin_deprecated {
                return deprecated;
            }
            if other < at {
                return true;
            }
        }
        false
    }

    /// Puts a child under its platform name, opening namespaces on the way.
    fn place_child(
        &mut self,
        steps: &[Box<str>],
        position: &Position,
        tree: &mut ChildTree,
        index: u16,
        column: Option<(Column, String)>,
        schema: Option<SchemaId>,
    ) -> Result<Box<[StructSlot]>, SchemaError> {
        let (file, pointer) = schema.map(|schema| self.model.place(schema)).unwrap_or_default();
        let malformed =
            |message| Fault { code: FaultCode::Malformed, file: file.clone(), pointer: pointer.clone(), message };
        let mut names = &mut tree.names;
        let mut fields = Some(&mut tree.fields);
        let mut opens = Vec::new();
        let mut path = position.clone();
        let (last, namespaces) = steps.split_last().ok_or_else(|| malformed("a property has no name".to_owned()))?;
        for step in namespaces {
            path = path.below(step);
            let known = names.iter().find(|name| *name.text() == **step).map(|name| name.target);
            let group = match known {
                Some(Target::Group(group)) => usize::from(group),
                Some(_) => return Err(malformed(format!("{step:?} is also a property")).into()),
                None => {
                    let slot = position.columns.then(|| self.layout.add_struct(&*path.path, position.space));
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
            return Err(malformed(format!("two properties are both spelled {last:?} on the platform")).into());
        }
        names.push(last, Target::Child(index), SPELLED_PLATFORM);
        if let (Some(fields), Some((node, doc))) = (fields, column) {
            fields.push(Field { name: last.to_string(), node, doc });
        }
        Ok(opens.into())
    }

    /// The rule that forbids a declared name, if an `additionalProperties: false` elsewhere does.
    fn forbidden(&mut self, merged: &Merged<'m>, name: &str) -> Option<Loc> {
        let forbids = |rule: &AdditionalProperties| rule.others == keyword::Others::Forbidden && !rule.names(name);
        let rule = merged.additional.iter().find(|(rule, _)| forbids(rule));
        rule.map(|(_, origin)| self.loc(*origin))
    }

    fn others(&mut self, merged: &Merged<'m>, position: &Position) -> Result<Others, SchemaError> {
        let mut others = Others::default();
        let raw = Position { columns: false, depth: position.depth + 1, ..position.clone() };
        let marks = self.marks;
        for (pattern, schema) in &merged.patterns {
            // One that says nothing says that such names are permitted, and no more.
            let is_silent = matches!(&self.model.schema(*schema).body, Body::Rules(rules) if rules.is_empty())
                && self.model.schema(*schema).annotations.are_empty();
            if !is_silent {
                let (node, _) = self.value(&[*schema], &raw)?;
                others.patterns.push(((*pattern).clone(), node));
            }
        }
        for (rule, origin) in &merged.additional {
            match rule.others {
                keyword::Others::Permitted => {}
                keyword::Others::Forbidden => {
                    others.closed.push(Closed { loc: self.loc(*origin), named: named(rule) });
                }
                keyword::Others::Of(schema) => others.additional.push((named(rule), self.value(&[schema], &raw)?.0)),
            }
        }
        others.personal = self.marks > marks;
        let mut alternatives = Vec::new();
        self.each_in_place(merged, &mut |keyword| {
            if let Keyword::Properties(properties) = keyword {
                alternatives.extend(properties.names().flat_map(Name::outermost).map(Box::from));
            }
        });
        others.alternatives = alternatives.into();
        Ok(others)
    }

    fn is_personal(&self, node: NodeId) -> bool {
        match &self.nodes[node as usize] {
            Node::Text(text) => matches!(text.keep, Keep::Personal(_)),
            Node::General(general) => general.personal,
            Node::Object(object) => object.otherwise.as_ref().is_some_and(|general| general.personal),
            _ => false,
        }
    }
}

fn named(rule: &AdditionalProperties) -> Named {
    Named { names: rule.names.iter().map(|name| name.xdm.clone()).collect(), patterns: rule.patterns.clone() }
}

/// Every schema that a declared property must keep.
fn schemas_of(merged: &Merged<'_>, name: &str, own: &[SchemaId]) -> Vec<SchemaId> {
    let mut schemas = own.to_vec();
    let matching = merged.patterns.iter().filter(|(pattern, _)| pattern.is_match(name));
    schemas.extend(matching.map(|(_, schema)| *schema));
    for (rule, _) in &merged.additional {
        if let keyword::Others::Of(schema) = rule.others
            && !rule.names(name)
        {
            schemas.push(schema);
        }
    }
    schemas
}

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
