//! The room that an answer takes: what is said of each event, while it waits for the disk
//! and for its reader.
//!
//! A few bytes of a body can become a great many of an answer. What must be said (which
//! event was accepted, under which id) is counted with the body; if that finds no room,
//! the request is refused before anything of it is kept. What is told besides (violations
//! and notices) has a limit a request and a budget of its own, and is left out, and
//! counted, where there is no answer.

use xdm::{Notice, Violation};

use super::budget::Claim;

/// Most bytes of violations and notices that one answer tells; past it they are counted.
pub const TOLD_BYTES_MAX: usize = 2 * 1024 * 1024;
/// What an answer may take before it is counted: nearly all are smaller, and counting
/// them would cost more than it is worth.
const UNCOUNTED_BYTES_MAX: usize = 4096;
/// AnswerBudget is claimed in steps of this.
const CLAIM_STEP_BYTES: usize = 16 * 1024;

/// The room that one request's answer takes; given back when dropped. The default one is
/// of no budget.
#[derive(Debug, Default)]
pub struct AnswerBudget {
    held: Meter,
    told: Meter,
}

#[derive(Debug, Default)]
struct Meter {
    claim: Claim,
    bytes: usize,
}

impl Meter {
    fn add(&mut self, bytes: usize) -> bool {
        let sum = self.bytes.saturating_add(bytes);
        let fits = sum <= UNCOUNTED_BYTES_MAX
            || sum <= self.claim.bytes()
            || self.claim.grow_to(sum.next_multiple_of(CLAIM_STEP_BYTES));
        if fits {
            self.bytes = sum;
        }
        fits
    }
}

impl AnswerBudget {
    /// `held` takes what must be said, `told` what is told besides.
    pub fn new(held: Claim, told: Claim) -> AnswerBudget {
        AnswerBudget { held: Meter { claim: held, bytes: 0 }, told: Meter { claim: told, bytes: 0 } }
    }

    /// An empty one of the same budgets.
    pub(crate) fn beside(&self) -> AnswerBudget {
        AnswerBudget::new(self.held.claim.beside(), self.told.claim.beside())
    }

    /// Takes room for what must be said; false when there is none.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        self.held.add(bytes)
    }

    /// As many of these, from the first on, as there is room for, and how many that leaves out.
    pub(crate) fn tell<T: Clone>(&mut self, all: &[T], bytes_of: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
        if all.is_empty() {
            return (Vec::new(), 0);
        }
        let mut bytes = 0;
        let fits = |one: &&T| {
            bytes += bytes_of(one);
            self.told.bytes + bytes <= TOLD_BYTES_MAX
        };
        let mut told: Vec<T> = all.iter().take_while(fits).cloned().collect();
        let told_bytes = told.iter().map(bytes_of).sum();
        if !self.told.add(told_bytes) {
            told = Vec::new();
        }
        let omitted = all.len() - told.len();
        (told, omitted)
    }

    pub(crate) fn tell_violations(&mut self, all: &[Violation]) -> (Vec<Violation>, usize) {
        self.tell(all, Violation::bytes)
    }

    pub(crate) fn tell_notices(&mut self, all: &[Notice]) -> (Vec<Notice>, usize) {
        self.tell(all, Notice::bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::budget::Budget;

    #[test]
    fn what_finds_no_room_is_left_out_and_counted() {
        let budget = Budget::new(64 * 1024);
        let mut answer = AnswerBudget::new(budget.empty(), budget.share(32 * 1024).empty());
        let small = [1024usize; 3];
        assert_eq!(answer.tell(&small, |bytes| *bytes).0.len(), 3);
        assert_eq!(budget.used(), 0, "a small answer isn't counted");
        assert_eq!(answer.tell(&[1024; 20], |bytes| *bytes), (vec![1024; 20], 0));
        assert_eq!(budget.used(), 32 * 1024, "in steps");
        assert_eq!(answer.tell(&[10_000], |bytes| *bytes), (vec![], 1), "its share is used up");
        assert!(answer.hold(4096) && answer.hold(10_000) && !answer.hold(40_000));
        drop(answer);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn one_request_has_a_limit_whatever_the_budget() {
        let mut answer = AnswerBudget::default();
        let (told, omitted) = answer.tell(&vec![1000; 3000], |bytes| *bytes);
        assert_eq!((told.len(), omitted), (TOLD_BYTES_MAX / 1000, 3000 - TOLD_BYTES_MAX / 1000));
        assert_eq!(answer.tell(&[1000], |bytes| *bytes), (vec![], 1));
        assert!(answer.hold(usize::MAX / 2), "of no budget");
    }
}
