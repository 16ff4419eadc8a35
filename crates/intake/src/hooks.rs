//! Where tests take hold of the drain: to stop it as a crash would, or to make something
//! fail as a defect would.

use std::ops::ControlFlow;
use std::sync::Arc;

/// A place where a test can stop the drain as a crash would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DrainStep {
    /// Rows were decoded and are shown to queries.
    Shown,
    /// The rejects' files are durable and in no commit.
    RejectsWritten,
    /// The rejects are committed.
    RejectsCommitted,
    /// The events' files are durable and in no commit.
    EventsWritten,
    /// The events are committed.
    EventsCommitted,
    /// The journal was released.
    Released,
}

impl DrainStep {
    /// All of them, in the order in which a commit of events and rejects passes them.
    pub const ALL: [DrainStep; 6] = [
        DrainStep::Shown,
        DrainStep::RejectsWritten,
        DrainStep::RejectsCommitted,
        DrainStep::EventsWritten,
        DrainStep::EventsCommitted,
        DrainStep::Released,
    ];
}

/// A place where a test can break off a reload of schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReloadStep {
    /// All that the old schemas judged is in the tables, and requests wait.
    Drained,
    /// The table has the new columns.
    Widened,
    /// The new set of schemas is kept.
    Kept,
    /// The drain has gone over to it.
    Switched,
}

/// Called at each [`ReloadStep`]; `Break` ends the reload there and then.
pub type ReloadHook = Arc<dyn Fn(ReloadStep) -> ControlFlow<()> + Send + Sync>;

/// Called at each [`DrainStep`]; `Break` ends the drain there and then.
pub type StepHook = Arc<dyn Fn(DrainStep) -> ControlFlow<()> + Send + Sync>;

/// A place where a test can make something fail as a defect would.
#[derive(Clone, Copy)]
pub enum Touched<'a> {
    /// An event is about to be decoded; its bytes.
    Event(&'a [u8]),
    /// A block is about to be written.
    Rows(&'a table::Block),
    /// A block is about to be shown.
    Shown(&'a table::Block),
}

/// Called for each [`Touched`]; may panic.
pub type TouchHook = Arc<dyn Fn(Touched<'_>) + Send + Sync>;
