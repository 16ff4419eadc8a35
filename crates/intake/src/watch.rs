//! Who looks on while a bulk load writes data files.

use std::fmt::Debug;
use std::sync::Arc;

use table::{Block, Dataset, NewFile, Shape};

/// Told what goes into the data files of a bulk load: who keeps something beside the table that is made of its rows
/// need not read them again.
pub trait Watcher: Debug + Send + Sync {
    /// The table of events is open. Called once, before anything is written.
    fn opened(&self, events: &Dataset, shape: &Arc<Shape>);

    /// A file of one date is begun; `None` if its rows don't matter.
    fn begin(&self) -> Option<Box<dyn FileWatcher>>;

    /// What was written is committed, and nothing is being written. `is_last` if nothing comes any more.
    fn committed(&self, is_last: bool);
}

/// Told what goes into one data file. It is dropped if the file isn't written.
pub trait FileWatcher: Send {
    /// These rows do, behind those before.
    fn push(&mut self, block: &Block);

    /// The file is written, and in no commit yet.
    fn written(self: Box<Self>, file: &NewFile);
}
