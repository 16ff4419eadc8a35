//! Charts as figures: a caption with a sentence that says what is to be seen, a drawing, and a table
//! with the same numbers. They take plain numbers and know no report.
//!
//! A drawing is SVG without a `viewBox`: lengths across and down are in percent of its box, text and
//! strokes are not, so that it is as readable on a telephone as on a wide screen. What needs a
//! polygon lies in a nested `svg` that is stretched. Only classes are given, since a strict content
//! policy takes no style attribute, and since colours are then the style sheet's.
//! The same data gives the same bytes.

mod alone;
mod bars;
mod columns;
mod distribution;
mod figure;
mod funnel;
mod heat;
mod line;
mod many;
mod notes;
mod scale;
mod spark;

pub(crate) use bars::{Bar, Bars};
pub(crate) use columns::{Column, Columns, Series};
pub(crate) use distribution::{Distribution, Mark};
pub(crate) use figure::{Caption, Table, TableRow};
pub(crate) use funnel::{Funnel, Segment, Stage};
pub(crate) use heat::{HeatMap, Hour};
pub(crate) use line::{Line, Lines, Point};
pub use many::PAGE_PARTS_MAX;
pub(crate) use many::{LISTED_MAX, Values};
pub(crate) use spark::spark;
