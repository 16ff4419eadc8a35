//! Another context for the drain: other schemas, and the columns that they have.
//!
//! Blocks and checkers belong to a context, so it is replaced only when nothing is held that was
//! decoded by the one before. Whoever asks for it sees to it that nothing comes meanwhile.

use std::sync::Arc;

use super::batch::Batch;
use super::context::DecodeContext;
use super::decode::Decoder;
use super::{Drain, DrainError};

impl Drain {
    /// Goes on with the context that was asked for, if nothing is left of the one before; else
    /// another round will.
    pub(super) fn switch(&mut self) -> Result<(), DrainError> {
        if self.frozen.is_some() || self.current.since.is_some() || self.read_after.is_some() {
            return Ok(());
        }
        let Some(next) = self.next_context.take() else { return Ok(()) };
        self.decoder = self.decoder.with_context(Arc::clone(&next));
        self.context = next;
        let block = self.decoder.block();
        self.current = Batch::new(block, self.current.last);
        self.progress.send_modify(|progress| progress.switches += 1);
        Ok(())
    }
}

impl Decoder {
    /// A decoder for another context that goes on where this one is. Nothing of it is used again.
    fn with_context(&mut self, context: Arc<DecodeContext>) -> Decoder {
        Decoder::new(context, self.look_ahead.take(), self.rejects_mark)
    }
}
