//! The memory that an answer takes while it waits for the disk and for its reader.
//!
//! A few bytes of a body can become a great many of an answer. What is required (which
//! event was accepted, under which id) is counted with the body; if it doesn't fit, the
//! request is refused before anything of it is kept. Details (violations and notices) have a
//! limit a request and a budget of their own; those that don't fit are left out and counted.

use xdm::{Notice, Violation};

use super::budget::Claim;

/// Most bytes of violations and notices in one answer; past it they are counted.
pub const DETAIL_BYTES_MAX: usize = 2 * 1024 * 1024;
/// What an answer may take before it is counted: nearly all are smaller, and counting
/// them would cost more than it is worth.
const UNCOUNTED_BYTES_MAX: usize = 4096;
/// Bytes are claimed in steps of this.
const CLAIM_STEP_BYTES: usize = 16 * 1024;

/// The bytes that one request's answer takes; given back when dropped. The default one is
/// of no budget.
#[derive(Debug, Default)]
pub struct AnswerBudget {
    required: Meter,
    details: Meter,
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
    /// `required` takes what every answer says, `details` the violations and notices.
    pub fn new(required: Claim, details: Claim) -> AnswerBudget {
        AnswerBudget { required: Meter { claim: required, bytes: 0 }, details: Meter { claim: details, bytes: 0 } }
    }

    /// An empty one of the same budgets.
    pub(crate) fn beside(&self) -> AnswerBudget {
        AnswerBudget::new(self.required.claim.beside(), self.details.claim.beside())
    }

    /// Takes bytes that the answer can't do without; false when they don't fit.
    pub(crate) fn require(&mut self, bytes: usize) -> bool {
        self.required.add(bytes)
    }

    /// As many of these, from the first on, as fit, and how many that leaves out.
    pub(crate) fn detail<T: Clone>(&mut self, all: &[T], bytes_of: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
        if all.is_empty() {
            return (Vec::new(), 0);
        }
        let mut bytes = 0;
        let fits = |one: &&T| {
            bytes += bytes_of(one);
            self.details.bytes + bytes <= DETAIL_BYTES_MAX
        };
        let mut kept: Vec<T> = all.iter().take_while(fits).cloned().collect();
        let kept_bytes = kept.iter().map(bytes_of).sum();
        if !self.details.add(kept_bytes) {
            kept = Vec::new();
        }
        let omitted = all.len() - kept.len();
        (kept, omitted)
    }

    pub(crate) fn detail_violations(&mut self, all: &[Violation]) -> (Vec<Violation>, usize) {
        self.detail(all, Violation::bytes)
    }

    pub(crate) fn detail_notices(&mut self, all: &[Notice]) -> (Vec<Notice>, usize) {
        self.detail(all, Notice::bytes)
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
        assert_eq!(answer.detail(&small, |bytes| *bytes).0.len(), 3);
        assert_eq!(budget.used(), 0, "a small answer isn't counted");
        assert_eq!(answer.detail(&[1024; 20], |bytes| *bytes), (vec![1024; 20], 0));
        assert_eq!(budget.used(), 32 * 1024, "in steps");
        assert_eq!(answer.detail(&[10_000], |bytes| *bytes), (vec![], 1), "its share is used up");
        assert!(answer.require(4096) && answer.require(10_000) && !answer.require(40_000));
        drop(answer);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn one_request_has_a_limit_whatever_the_budget() {
        let mut answer = AnswerBudget::default();
        let (kept, omitted) = answer.detail(&vec![1000; 3000], |bytes| *bytes);
        assert_eq!((kept.len(), omitted), (DETAIL_BYTES_MAX / 1000, 3000 - DETAIL_BYTES_MAX / 1000));
        assert_eq!(answer.detail(&[1000], |bytes| *bytes), (vec![], 1));
        assert!(answer.require(usize::MAX / 2), "of no budget");
    }
}
