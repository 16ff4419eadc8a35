//! Integration tests of `table`, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that fails says where by panicking")]

// One generator of layouts and events, and one reader of rows, for both crates' tests.
#[path = "../../../columns/tests/it/read.rs"]
mod read;
mod store;
mod stored;
#[path = "../../../columns/tests/it/world.rs"]
mod world;
