//! The summaries as others use them.

mod by_hand;
mod bytes;
mod columns;
mod days;
mod estimate;
mod hostile;
mod many;
mod parts;
mod reference;
mod same;
