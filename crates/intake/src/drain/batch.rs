//! The rows between two commits: events in blocks, rejects in batches of their own.
//!
//! A batch is frozen when its commit begins: a commit whose outcome is unknown must be
//! tried again with the same rows under the same number, so what is drained meanwhile
//! goes to the next batch.

use std::cell::OnceCell;
use std::time::Duration;

use arrow::array::RecordBatch;
use table::Block;

use crate::hooks::{TouchHook, Touched};
use crate::rows::dedupe::IdHash;
use crate::rows::rejects::RejectRows;

pub(crate) struct Batch {
    /// Blocks that are closed, each with its form for queries, made once and when it is
    /// asked for.
    pub(crate) full: Vec<(Block, OnceCell<RecordBatch>)>,
    /// The block that is being filled.
    pub(crate) open: Block,
    pub(crate) rejects: RejectRows,
    /// The record before its first one.
    pub(crate) after: u64,
    /// The last record in it, whole.
    pub(crate) last: u64,
    /// Records that were decoded into it; those that are set aside don't count.
    pub(crate) records: u64,
    /// The last of them: the only one, if there is one.
    pub(crate) only: u64,
    /// What the index of known events has learnt from it.
    pub(crate) admitted: Vec<IdHash>,
    /// What was counted with it.
    pub(crate) duplicates: u64,
    pub(crate) conflicts: u64,
    /// Bytes of the records in it.
    pub(crate) bytes: u64,
    /// When its first record came, by the clock that never steps back.
    pub(crate) since: Option<Duration>,
    /// Its rejects are committed, its events not yet.
    pub(crate) rejects_committed: bool,
}

impl Batch {
    pub(crate) fn new(open: Block, after: u64) -> Self {
        Batch {
            full: Vec::new(),
            open,
            rejects: RejectRows::default(),
            after,
            last: after,
            records: 0,
            only: after,
            admitted: Vec::new(),
            duplicates: 0,
            conflicts: 0,
            bytes: 0,
            since: None,
            rejects_committed: false,
        }
    }

    /// Closes the open block and goes on with `next`, which is empty.
    pub(crate) fn close_block(&mut self, next: Block) {
        let block = std::mem::replace(&mut self.open, next);
        self.full.push((block, OnceCell::new()));
    }

    /// Bytes that count against `commit_bytes`: of records, or of rejects where those
    /// outgrow what was sent.
    pub(crate) fn weight(&self) -> u64 {
        self.bytes.max(self.rejects.bytes() as u64)
    }

    /// The events for queries: full blocks as they were, the open one anew.
    pub(crate) fn fresh_events(&mut self, touch_hook: Option<&TouchHook>) -> Vec<RecordBatch> {
        self.protect();
        if let Some(touch_hook) = touch_hook {
            self.blocks().for_each(|block| touch_hook(Touched::Shown(block)));
        }
        let mut fresh: Vec<RecordBatch> =
            self.full.iter().map(|(block, batch)| batch.get_or_init(|| block.to_arrow()).clone()).collect();
        if self.open.rows() > 0 {
            fresh.push(self.open.to_arrow());
        }
        fresh
    }

    /// Nothing of a block is shown or written while personal values wait in it.
    pub(crate) fn protect(&mut self) {
        self.full.iter_mut().map(|(block, _)| block).chain([&mut self.open]).for_each(Block::protect);
    }

    pub(crate) fn fresh_rejects(&mut self) -> Vec<RecordBatch> {
        self.rejects.batches().to_vec()
    }

    /// All blocks with rows.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.full.iter().map(|(block, _)| block).chain([&self.open]).filter(|block| block.rows() > 0)
    }
}
