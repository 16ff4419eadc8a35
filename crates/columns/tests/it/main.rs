//! Integration tests of `columns`, in one binary.

mod pages;
mod read;
mod selection;
mod values;
mod world;
