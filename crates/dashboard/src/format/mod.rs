//! How numbers and times are written, in one place, so that a number looks the same wherever it stands.

pub(crate) mod number;
pub(crate) mod time;
