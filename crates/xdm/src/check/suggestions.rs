//! What an undeclared name was meant to be: the declared name that is nearest to it.
//!
//! Comparing a name with all that an object declares takes some ten microseconds, and a
//! site that sends properties of its own sends them with every event. So a checker
//! remembers what it found, for a bounded number of names; and an event of nothing but
//! misspelt names gets suggestions for the first of them only.

use std::collections::HashMap;

use crate::edits;
use crate::limits::SUGGESTIONS_MAX;
use crate::names::NameTable;

/// Length of names that a suggestion is sought for, in bytes. Two edits make anything of
/// a shorter one.
const NAME_BYTES: std::ops::RangeInclusive<usize> = 3..=48;
/// Edits at which a name is near.
pub(super) const EDITS_MAX: usize = 2;
/// Names that are remembered. When there are more, all are forgotten.
const REMEMBERED_MAX: usize = 512;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Suggestions {
    /// By table (its first cell) and name.
    known: HashMap<usize, HashMap<Box<str>, Option<Box<str>>>>,
    count: usize,
    /// Comparisons that the event has made.
    made: usize,
}

impl Suggestions {
    /// Another event begins.
    pub(super) fn begin(&mut self) {
        self.made = 0;
    }

    /// The name of the table that is nearest to `key`, if one is near.
    pub(super) fn of(&mut self, key: &str, table: &NameTable) -> Option<&str> {
        if !NAME_BYTES.contains(&key.len()) {
            return None;
        }
        let is_known = self.known.get(&table.cells).is_some_and(|names| names.contains_key(key));
        if !is_known {
            if self.made >= SUGGESTIONS_MAX {
                return None;
            }
            self.made += 1;
            self.learn(key, table);
        }
        self.known.get(&table.cells)?.get(key)?.as_deref()
    }

    fn learn(&mut self, key: &str, table: &NameTable) {
        if self.count >= REMEMBERED_MAX {
            *self = Suggestions { made: self.made, ..Suggestions::default() };
        }
        let nearest = nearest(key, table.iter().map(|name| name.text())).map(Box::from);
        self.known.entry(table.cells).or_default().insert(key.into(), nearest);
        self.count += 1;
    }
}

fn nearest<'n>(key: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let (edits, name) = names.map(|name| (distance(key, name), name)).min()?;
    (1..=EDITS_MAX).contains(&edits).then_some(name)
}

/// Edits between two names; more than [`EDITS_MAX`] where their lengths show it at once.
pub(super) fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > EDITS_MAX { usize::MAX } else { edits::distance(a, b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{SPELLED_PLATFORM, Target};

    fn table(names: &[&str], cells: &mut usize) -> NameTable {
        let mut table = NameTable::default();
        names.iter().for_each(|name| table.push(name, Target::Child(0), SPELLED_PLATFORM));
        table.seal(cells);
        table
    }

    #[test]
    fn the_nearest_name_of_the_object_at_hand() {
        let mut cells = 0;
        let tables =
            [table(&["chatStart", "chatEnd", "subject"], &mut cells), table(&["chatSort", "number"], &mut cells)];
        let mut suggestions = Suggestions::default();
        let mut check = |at: usize, key: &str, expect: Option<&str>| {
            assert_eq!(suggestions.of(key, &tables[at]), expect, "{key} in {at}");
        };
        for _ in 0..2 {
            check(0, "chatStrat", Some("chatStart"));
            check(1, "chatStrat", Some("chatSort"));
            check(0, "chatend", Some("chatEnd"));
            check(1, "chatend", None);
            check(0, "subject", None);
            check(0, "loyaltyTier", None);
            check(0, "ch", None);
            check(0, &"subject".repeat(8), None);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut cells = 0;
        let table = table(&["subject"], &mut cells);
        let mut suggestions = Suggestions::default();
        for n in 0..REMEMBERED_MAX * 3 {
            suggestions.begin();
            assert_eq!(suggestions.of(&format!("name{n}"), &table), None);
            assert_eq!(suggestions.of("subjekt", &table), Some("subject"));
            assert!(suggestions.count <= REMEMBERED_MAX);
            assert_eq!(suggestions.count, suggestions.known.values().map(HashMap::len).sum::<usize>());
        }
    }

    #[test]
    fn an_event_gets_few_suggestions_and_all_that_are_known() {
        let mut cells = 0;
        let table = table(&["subject"], &mut cells);
        let mut suggestions = Suggestions::default();
        assert_eq!(suggestions.of("subjekt", &table), Some("subject"));
        suggestions.begin();
        let told =
            (0..SUGGESTIONS_MAX * 3).filter(|n| suggestions.of(&format!("subject{n}"), &table).is_some()).count();
        assert_eq!(told, SUGGESTIONS_MAX);
        assert_eq!(suggestions.of("subjekt", &table), Some("subject"), "known before");
        assert_eq!(suggestions.of("subjeckt", &table), None);
        suggestions.begin();
        assert_eq!(suggestions.of("subjeckt", &table), Some("subject"));
    }
}
