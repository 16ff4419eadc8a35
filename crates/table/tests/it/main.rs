//! Integration tests of `table`, in one binary.

mod pages;
mod store;
