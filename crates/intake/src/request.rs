//! Requests: what senders hand in, what of it goes into the log, and how both are read.
//!
//! Admission and draining share this folder and nothing else, so that what was judged when a
//! request came is judged alike when it is drained.

pub(crate) mod body;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod identity;
pub(crate) mod record;
pub(crate) mod time_anomaly;
pub(crate) mod walk;
