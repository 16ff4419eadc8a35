//! Lists and maps: each opens a row space for its items.

use super::merged::{Bound, Merged};
use super::{Compiled, Compiler, Position};
use crate::keyword::Others;
use crate::layout::{Node as Column, Scalar};
use crate::model::SchemaId;
use crate::plan::{ListNode, Loc, MapNode, Node};
use crate::schema::fault::SchemaError;

impl<'m> Compiler<'m> {
    pub(super) fn map(
        &mut self,
        merged: Merged<'m>,
        position: &Position,
        type_loc: Loc,
    ) -> Result<Compiled, SchemaError> {
        let (members_min, members_max) = (self.bound(merged.members_min), self.bound(merged.members_max));
        let schema = |others: Others| match others {
            Others::Of(schema) => Some(schema),
            _ => None,
        };
        let schemas: Vec<SchemaId> = merged.additional.iter().filter_map(|(rule, _)| schema(rule.others)).collect();
        let slots = position.columns.then(|| {
            let list = self.layout.add_list(&*position.path, position.space);
            let space = self.layout.lists[list.index()].items;
            (list, self.layout.add_column(format!("{}.key", position.path), space, Scalar::Text), space)
        });
        let mut below = position.below("value");
        below.space = slots.map_or(position.space, |(_, _, space)| space);
        let marks = self.marks;
        let (value, column) = self.value(&schemas, &below)?;
        self.marks += merged.personal_keys.len();
        let personal = self.marks > marks;
        let personal_keys = merged.personal_keys.iter().map(|key| Box::from(*key)).collect();
        // A map of values without columns can't be a column; its members go to `extra`.
        let column = slots.zip(column).map(|((list, key, _), value)| Column::Map(list, key, Box::new(value)));
        let list = slots.map(|(list, key, _)| (list, key)).filter(|_| column.is_some());
        let node = MapNode { list, type_loc, value, personal_keys, personal, members_min, members_max };
        Ok((self.push(Node::Map(Box::new(node))), column))
    }

    pub(super) fn list(
        &mut self,
        merged: Merged<'m>,
        position: &Position,
        type_loc: Loc,
    ) -> Result<Compiled, SchemaError> {
        let (items_min, items_max) = (self.bound(merged.items_min), self.bound(merged.items_max));
        let unique = merged.unique.map(|origin| self.loc(origin));
        let list = (position.columns && !merged.items.is_empty())
            .then(|| self.layout.add_list(&*position.path, position.space));
        let mut below = position.below("item");
        below.space = list.map_or(position.space, |list| self.layout.lists[list.index()].items);
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

    pub(super) fn bound(&mut self, bound: Bound) -> Option<(usize, Loc)> {
        bound.0.map(|(count, origin)| (count, self.loc(origin)))
    }
}
