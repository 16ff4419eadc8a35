//! Pins the features of the heavy dependencies, so that no later crate rebuilds them.
