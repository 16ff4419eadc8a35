//! Makes rows of a record on the side, to see whether it can be done: nothing is stored.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use table::{EncodeError, EncodeOptions, Encoder, FileEncoder};

use super::batch::Batch;
use super::context::DecodeContext;
use super::decode::Decoder;
use super::fault::{Fault, guarded};
use super::quarantine::QuarantineReason;
use crate::hooks::Touched;

/// Whether the record can become rows now. What it taught the index of known events is
/// forgotten again, and what it counted is taken back.
pub(crate) fn trial(context: &Arc<DecodeContext>, record: &[u8]) -> Result<(), QuarantineReason> {
    let mut batch = Batch::new(context.scheme.block(), 0);
    let mut decoder = Decoder::new(Arc::clone(context), None, 0);
    let outcome = match guarded(|| decoder.decode(0, record, &mut batch)) {
        Err(()) => Err(QuarantineReason::Panic),
        Ok(Err(error)) => Err(Fault::Record(error).reason()),
        Ok(Ok(())) => match guarded(|| encode(context, &mut batch)) {
            Ok(Ok(())) => Ok(()),
            _ => Err(QuarantineReason::Rows),
        },
    };
    context.tally.duplicates.fetch_sub(batch.duplicates, Ordering::Relaxed);
    context.tally.conflicts.fetch_sub(batch.conflicts, Ordering::Relaxed);
    context.index().forget(&batch.admitted);
    outcome
}

fn encode(context: &DecodeContext, batch: &mut Batch) -> Result<(), EncodeError> {
    batch.protect();
    for block in batch.blocks() {
        context.touch(Touched::Rows(block));
        let encoder = Encoder::new(Arc::clone(&context.scheme.shape), EncodeOptions::default())?;
        let mut file = FileEncoder::new(encoder, io::sink())?;
        file.push(block)?;
        file.finish()?;
    }
    Ok(())
}
