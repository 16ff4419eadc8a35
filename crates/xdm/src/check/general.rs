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
        let plan = self.plan;
        let steps_left = self.state.tree_steps_left;
        // The limit is reported already.
        if steps_left == 0 {
            return Ok(());
        }
        let Some(value) = Json::parse(self.cursor.since(start)) else { return Ok(()) };
        let EventState { memory, violations, unkept_steps_left, .. } = &mut *self.state;
        let check = |rules: &mut Rules<'_>| match known {
            Some(_) => node.beside.iter().for_each(|origin| rules.rule(*origin, &value, path)),
            None => node.whole.iter().for_each(|schema| rules.schema(*schema, &value, path)),
        };
        if Rules::pass(&plan.model, self.profile.spelling, unkept_steps_left, check) {
            return Ok(());
        }
        let memory = std::mem::take(memory);
        let mut rules = Rules::reporting(&plan.model, self.profile.spelling, steps_left, memory, violations);
        check(&mut rules);
        (self.state.tree_steps_left, self.state.memory) = rules.conclude(path);
        Ok(())
    }
}
