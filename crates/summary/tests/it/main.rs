//! The summaries as others use them.

mod days;
mod reference;
mod same;
