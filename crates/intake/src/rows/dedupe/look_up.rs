//! Which ids must be looked up in the table before their events are called new.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use hashbrown::HashSet;

use super::{Dedupe, IdHash, Key};

/// What to read. Days that fit are read whole and are then no longer missing, so that the next
/// event of that day needs no look; of others only the wanted ids are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LookUp {
    /// Days that are read whole.
    whole: BTreeSet<i32>,
    /// Days of which only the wanted ids are kept.
    partly: BTreeSet<i32>,
    wanted: HashSet<IdHash>,
}

impl LookUp {
    /// Whether rows of some of these days are read.
    pub(crate) fn reads(&self, days: RangeInclusive<i32>) -> bool {
        let some = |set: &BTreeSet<i32>| set.range(days.clone()).next().is_some();
        some(&self.whole) || some(&self.partly)
    }

    /// Whether a row that is read is to be remembered.
    pub(crate) fn keeps(&self, key: &Key) -> bool {
        self.whole.contains(&key.day) || self.wanted.contains(&key.id)
    }
}

impl Dedupe {
    /// What must be looked up for these events; `None` if they can all be admitted.
    pub(crate) fn look_up<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Option<LookUp> {
        let mut look = LookUp::default();
        for key in keys.into_iter().filter(|key| self.is_unsure(key)) {
            look.partly.insert(key.day);
            look.wanted.insert(key.id);
        }
        if look.partly.is_empty() {
            return None;
        }
        let window = self.window();
        let mut room = (self.outside_max.saturating_sub(self.outside)) as u64;
        let mut days: Vec<(u64, i32)> = look.partly.iter().map(|day| (self.missing[day], *day)).collect();
        days.sort_unstable();
        for (rows, day) in days {
            let is_inside = window.contains(&day);
            if is_inside || rows <= room {
                room -= if is_inside { 0 } else { rows };
                look.partly.remove(&day);
                look.whole.insert(day);
            }
        }
        Some(look)
    }

    /// Notes that what was asked for was read and remembered.
    pub(crate) fn looked_up(&mut self, look: LookUp) {
        self.missing.retain(|day, _| !look.whole.contains(day));
        self.absent = if look.partly.is_empty() { HashSet::new() } else { look.wanted };
        self.find_clear_days();
    }

    /// Takes what was asked for as absent, since it can't be read.
    pub(crate) fn give_up(&mut self, look: LookUp) {
        self.absent = look.wanted;
    }
}
