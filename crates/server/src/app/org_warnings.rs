//! Which datastreams the log was warned of, so that it is once for each.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Datastreams that the log names; where none is set, anybody may invent them.
const WARNED_MAX: usize = 64;

/// The datastreams that the log was told of, each once.
#[derive(Debug, Default)]
pub(crate) struct OrgWarnings(Mutex<BTreeSet<String>>);

impl OrgWarnings {
    /// Says it to the log unless that was done for this datastream.
    pub(crate) fn warn_once(&self, datastream: &str, message: &str) {
        let mut warned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.len() < WARNED_MAX && warned.insert(datastream.to_owned()) {
            tracing::warn!(datastream, "{message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_datastreams_fill_no_memory() {
        let warnings = OrgWarnings::default();
        for number in 0..2 * WARNED_MAX {
            warnings.warn_once(&format!("d{number}"), "doubt");
            warnings.warn_once("d0", "doubt");
        }
        assert_eq!(warnings.0.lock().expect("not poisoned").len(), WARNED_MAX);
    }
}
