//! Summaries say what the rows say, whatever happens to the table and to their files.

mod answers;
mod bench;
mod events;
mod files;
mod limits;
mod loaded;
mod marked;
mod random;
mod steps;
