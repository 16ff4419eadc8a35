//! Any bytes as a segment file: no panic, no endless loop, no frame behind the end.
//!
//! `cargo xtask fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    journal::read_arbitrary_segment(bytes);
});
