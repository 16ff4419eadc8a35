//! Integration tests of `table`, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that fails says where by panicking")]

mod pages;
mod store;
