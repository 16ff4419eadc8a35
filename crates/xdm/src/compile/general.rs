//! Values that one pass can't decide: those of several types, and those with rules such as
//! `anyOf`.

use std::collections::HashSet;

use super::merged::Merged;
use super::{Compiled, Compiler, Position, is_map};
use crate::model::types::Types;
use crate::model::{Origin, SchemaId};
use crate::plan::{GeneralNode, Node, NodeId, TypedNode};
use crate::schema::fault::{Fault, FaultCode, SchemaError};

impl<'m> Compiler<'m> {
    /// A value without a column, kept as raw JSON and checked as a tree.
    pub(super) fn raw(&mut self, schemas: &[SchemaId]) -> Compiled {
        let personal = self.marks_personal(schemas);
        self.marks += usize::from(personal);
        let node = GeneralNode { typed: None, beside: Box::default(), whole: schemas.into(), personal };
        (self.push(Node::General(Box::new(node))), None)
    }

    /// The same node, or one that checks these rules on its tree too.
    pub(super) fn guarded(&mut self, node: NodeId, types: Types, beside: Vec<Origin>, schemas: &[SchemaId]) -> NodeId {
        if beside.is_empty() { node } else { self.guarded_always(node, types, beside, schemas) }
    }

    /// A node for values of other types, too.
    pub(super) fn guarded_always(
        &mut self,
        node: NodeId,
        types: Types,
        beside: Vec<Origin>,
        schemas: &[SchemaId],
    ) -> NodeId {
        let typed = Some(TypedNode { types, node });
        let personal = self.marks_personal(schemas);
        let general = Box::new(GeneralNode { typed, beside: beside.into(), whole: schemas.into(), personal });
        match &mut self.nodes[node as usize] {
            // Objects, as most values of such schemas are, need nothing more.
            Node::Object(object) if general.beside.is_empty() => {
                object.otherwise = Some(general);
                node
            }
            _ => self.push(Node::General(general)),
        }
    }

    /// The rules on values of this type that the node for it doesn't know.
    pub(super) fn beside(
        &mut self,
        merged: &Merged<'m>,
        types: Types,
        position: &Position,
    ) -> Result<Vec<Origin>, SchemaError> {
        let choices = if types == Types::OBJECT { self.choices(merged) } else { Vec::new() };
        let decided: HashSet<(SchemaId, u32)> =
            choices.iter().map(|choice| (choice.origin.schema, choice.origin.rule)).collect();
        let about: Vec<Origin> =
            merged.tree.iter().filter(|(about, _)| !about.and(types).is_empty()).map(|(_, origin)| *origin).collect();
        for origin in &about {
            self.keeps_marks_outside(*origin, position)?;
        }
        let is_decided = |origin: &Origin| decided.contains(&(origin.schema, origin.rule));
        let mut beside: Vec<Origin> = about.into_iter().filter(|origin| !is_decided(origin)).collect();
        match types {
            Types::TEXT | Types::INTEGER | Types::NUMBER => {}
            Types::BOOLEAN => {
                // The node knows the first one that names one boolean.
                let known = merged.values.iter().position(|(values, _)| values.only_boolean().is_some());
                let others = merged.values.iter().enumerate().filter(|(at, _)| Some(*at) != known);
                beside.extend(others.map(|(_, (_, origin))| *origin));
            }
            _ => beside.extend(merged.values.iter().map(|(_, origin)| *origin)),
        }
        if types == Types::OBJECT && is_map(merged) {
            for (_, origin) in &merged.required {
                if !beside.contains(origin) {
                    beside.push(*origin);
                }
            }
        }
        Ok(beside)
    }

    /// A property that only an alternative declares has no column, and would be kept in
    /// clear like any undeclared one.
    fn keeps_marks_outside(&mut self, origin: Origin, position: &Position) -> Result<(), SchemaError> {
        let mut schemas = Vec::new();
        if let Some(rule) = self.model.rule(origin) {
            rule.subschemas(&mut |schema, _| schemas.push(schema));
        }
        if !self.marks_personal(&schemas) {
            return Ok(());
        }
        if !position.columns {
            self.marks += 1;
            return Ok(());
        }
        let (file, pointer) = self.model.rule_place(origin);
        let message = "\"meta:personal\" stands inside this keyword, where a property has no column and isn't sealed; \
                       declare the property beside it";
        Err(Fault { code: FaultCode::Unsupported, file, pointer, message: message.to_owned() }.into())
    }

    /// Does any of these schemas, or one that they lead to, mark something as personal?
    pub(super) fn marks_personal(&self, schemas: &[SchemaId]) -> bool {
        let mut known = HashSet::new();
        let mut rest = schemas.to_vec();
        while let Some(schema) = rest.pop() {
            if !known.insert(schema) {
                continue;
            }
            if self.model.schema(schema).annotations.marks_personal() {
                return true;
            }
            for rule in self.model.rules(schema) {
                rule.subschemas(&mut |child, _| rest.push(child));
            }
        }
        false
    }
}
