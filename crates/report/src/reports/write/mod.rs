//! A report as people and spreadsheets read it: aligned tables, CSV and workbooks. JSON is the report itself.

mod cells;
mod csv;
mod drawn;
mod table;
mod xlsx;

use std::io::{self, Write};

use super::answer::Report;
use super::request::ReportForm;

/// What a table is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A file or another program: aligned text, and nothing drawn.
    Plain,
    /// A terminal: bars and small curves, within its width.
    Terminal {
        /// Its columns.
        width: usize,
        /// Whether it is to have colours.
        has_colour: bool,
    },
}

impl Report {
    /// The report as a workbook, with the rows of these lists on sheets of their own.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_workbook(&self, lists: &[Report], out: &mut impl Write) -> io::Result<()> {
        xlsx::write(self, lists, out)
    }

    /// The report in one of its forms; `look` is the table's.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, form: ReportForm, look: Look, out: &mut impl Write) -> io::Result<()> {
        match form {
            ReportForm::Table => table::write(self, look, out),
            ReportForm::Csv => csv::write(self, out),
            ReportForm::Xlsx => xlsx::write(self, &[], out),
            ReportForm::Json => {
                serde_json::to_writer_pretty(&mut *out, self)?;
                out.write_all(b"\n")
            }
        }
    }
}
