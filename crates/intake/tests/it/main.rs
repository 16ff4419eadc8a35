//! The pipeline as a whole, over real directories: what is answered is kept, exactly once.

mod bench;
mod crash;
mod limits;
mod load;
mod sealed;
mod submit;
