//! Integration tests of `columns`, in one binary.

mod pages;
mod read;
mod values;
mod view;
mod world;
