//! What the server's one budget of bytes is spent on.
//!
//! Bodies may take all of it. Answers that wait for their reader, and what is kept for
//! people who watch, have a part each that they can't pass: whatever readers do, there is
//! room for events.

pub(crate) use intake::{Budget, Claim};

/// Answers on their way may take half of the budget.
pub(crate) const ANSWERS_PART: usize = 2;
/// What is kept for those who watch may take an eighth of it.
pub(crate) const RECORDED_PART: usize = 8;

/// An answer of a query, which counts as it comes.
pub(crate) struct Rows(pub(crate) Claim);

impl report::Hold for Rows {
    fn grow_to(&mut self, bytes: usize) -> bool {
        self.0.grow_to(bytes)
    }
}
