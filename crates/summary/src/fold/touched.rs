//! Of rows that stay, those of visitors and chat sessions that other rows touch.

use hashbrown::HashSet;

use super::groups::Hashes;
use super::window::Window;
use crate::rows::{Rows, Selection};

/// Of the rows that stay and those that come and go, the share that is looked at again at most: past it,
/// folding all is as fast.
const SHARE_MAX: usize = 4;

/// Rows that are always few enough.
const FEW_ROWS: usize = 4_096;

/// The keys of rows that come and go: hashes of visitors, or of chat sessions.
struct Touched {
    hashes: HashSet<u64>,
    /// Most rows are of no such key, and this says so without a look into the table.
    bits: Hashes,
}

impl Touched {
    fn of_about(count: usize) -> Touched {
        Touched { hashes: HashSet::new(), bits: Hashes::of_about(count) }
    }

    /// 0 is none.
    fn insert(&mut self, hash: u64) {
        if hash != 0 && self.hashes.insert(hash) {
            self.bits.insert(hash);
        }
    }

    fn has(&self, hash: u64) -> bool {
        self.bits.may_have(hash) && self.hashes.contains(&hash)
    }
}

/// The kept rows of the visitors and chat sessions of all others; `None` if these are too many.
pub(crate) fn beside(window: Window, kept: &[&Rows], removed: &[&Rows], added: &[&Rows]) -> Option<Rows> {
    let seen = |rows: &&&Rows| rows.span().is_some_and(|(first, last)| window.touches(first, last));
    let room = kept.iter().filter(seen).map(|rows| rows.len()).sum::<usize>() / SHARE_MAX;
    let mut room = room.max(FEW_ROWS);
    let touching = || removed.iter().chain(added).filter(seen);
    let count = touching().map(|rows| rows.len()).sum();
    let (mut visitors, mut sessions) = (Touched::of_about(count), Touched::of_about(count));
    for rows in touching() {
        room = room.checked_sub(rows.len())?;
        rows.visitors().iter().for_each(|visitor| visitors.insert(*visitor));
        rows.marks().iter().for_each(|mark| sessions.insert(mark.session));
    }
    let mut selection = Selection::default();
    for rows in kept.iter().filter(seen) {
        let mut found: Vec<u32> = Vec::new();
        for (row, visitor) in rows.visitors().iter().enumerate() {
            if visitors.has(*visitor) {
                found.push(row as u32);
            }
        }
        let marks = rows.marks();
        found.extend(marks.iter().filter(|mark| sessions.has(mark.session)).map(|mark| mark.row));
        found.sort_unstable();
        found.dedup();
        room = room.checked_sub(found.len())?;
        let mut of_rows = selection.from(rows);
        for row in found {
            let mark = marks.binary_search_by_key(&row, |mark| mark.row).ok().map(|at| &marks[at]);
            of_rows.take(row, mark);
        }
    }
    Some(selection.finish())
}
