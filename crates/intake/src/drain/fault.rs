//! Why a record did not become rows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::quarantine::QuarantineReason;
use crate::request::record::RecordError;

/// Why one record did not become rows.
pub(crate) enum Fault {
    Record(RecordError),
    Panic,
}

impl Fault {
    pub(crate) fn reason(&self) -> QuarantineReason {
        match self {
            Fault::Record(RecordError::Version(_)) => QuarantineReason::Version,
            Fault::Record(RecordError::Form) => QuarantineReason::Form,
            Fault::Panic => QuarantineReason::Panic,
        }
    }
}

/// Runs `work`; a panic in it is reported, and what it touched must not be used again. The
/// panic's own message goes nowhere: it can repeat a value.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ()> {
    catch_unwind(AssertUnwindSafe(work)).map_err(drop)
}
