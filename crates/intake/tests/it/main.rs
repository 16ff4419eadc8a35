//! The pipeline as a whole, over real directories: what is answered is kept, exactly once.
#![expect(clippy::unwrap_used, reason = "a test that fails says where by panicking")]

mod anything;
mod bench;
mod clock;
mod crash;
mod damage;
mod dates;
mod dedupe;
mod early;
mod impact;
mod limits;
mod load;
mod log;
mod quarantine;
mod schemas;
mod sealed;
mod submit;
