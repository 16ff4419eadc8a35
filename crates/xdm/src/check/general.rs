//! Values with rules that a plan can't decide in its one pass: they are walked as far as
//! the plan knows them, and then checked as a tree.

use super::cursor::Stop;
use super::json::Json;
use super::path::Path;
use super::rules::Rules;
use super::{EventState, Walk};
use crate::plan::GeneralNode;
use crate::sink::Sink;

impl<'w, S: Sink> Walk<'w, S> {
    /// Not part of the hot path: no schema of the contact event has such values.
    #[cold]
    pub(super) fn general(&mut self, node: &'w GeneralNode, path: &Path<'_>) -> Result<(), Stop> {
        let start = self.cursor.at();
        let known = node.typed.filter(|typed| typed.begins_with(self.cursor.peek()));
        match known {
            Some(typed) => self.value(typed.node, path)?,
            None => {
                let raw = self.cursor.skip_value()?;
                // Where a column takes the value, `null` is that it has none.
                if node.typed.is_none() || raw != "null" {
                    self.keep_raw(path, raw, node.personal);
                }
            }
        }
        if known.is_some() && node.beside.is_empty() {
            return Ok(());
        }
        match known {
            Some(_) => self.check_tree(start, path, &|rules, value| {
                node.beside.iter().for_each(|origin| rules.rule(*origin, value, path));
            }),
            None => self.check_tree(start, path, &|rules, value| {
                node.whole.iter().for_each(|schema| rules.schema(*schema, value, path));
            }),
        }
        Ok(())
    }

    /// Checks the value from `start` to here as a tree.
    pub(super) fn check_tree(&mut self, start: usize, path: &Path<'_>, check: &dyn Fn(&mut Rules<'_>, &Json<'_>)) {
        let plan = self.plan;
        let steps_left = self.state.tree_steps_left;
        // The limit is reported already.
        if steps_left == 0 {
            return;
        }
        let Some(value) = Json::parse(self.cursor.since(start)) else { return };
        let EventState { memory, violations, unkept_steps_left, .. } = &mut *self.state;
        let spelling = self.profile.spelling;
        if Rules::decide(&plan.model, spelling, unkept_steps_left, |rules| check(rules, &value)) == Some(true) {
            return;
        }
        let memory = std::mem::take(memory);
        let mut rules = Rules::reporting(&plan.model, spelling, steps_left, memory, violations);
        check(&mut rules, &value);
        (self.state.tree_steps_left, self.state.memory) = rules.conclude(path);
    }
}
