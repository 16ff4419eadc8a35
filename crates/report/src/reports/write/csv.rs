//! The report as CSV: a line for the whole span (`total`), one for the span before (`previous`), one
//! for each part of the series (`series`), one for each row (`value`, `none`, `other`). Shares are
//! fractions; lengths of time have four columns, in seconds.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::cell::csv_line;
use crate::formula::harmless;
use crate::reports::answer::{MetricNumber, Report, RowKind};

/// The numbers of a length of time, and the ends of their columns' names.
const LENGTHS: [&str; 4] = ["median", "p90", "p95", "max"];

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let columns = columns(report);
    let mut text = String::new();
    let heads = columns.iter().flat_map(|column| match column.is_lengths {
        true => LENGTHS.map(|length| format!("{}_{length}", column.name)).to_vec(),
        false => vec![column.name.to_owned()],
    });
    csv_line(["part", "name"].map(Cow::Borrowed).into_iter().chain(heads.map(Cow::Owned)).map(Some), &mut text);
    let mut line = |part: &str, name: &str, number: &dyn Fn(&str) -> Option<MetricNumber>| {
        let cells = columns.iter().flat_map(|column| column.cells(number(column.name)));
        let start = [Some(Cow::Borrowed(part)), (!name.is_empty()).then(|| harmless(Cow::Borrowed(name)))];
        csv_line(start.into_iter().chain(cells.map(|cell| cell.map(Cow::Owned))), &mut text);
    };
    line("total", &report.period.since, &|name| report.metrics.get(name)?.value);
    if let Some(compared) = &report.compared {
        line("previous", &compared.since, &|name| report.metrics.get(name)?.previous);
    }
    for bucket in &report.series {
        line("series", &bucket.at, &|name| bucket.metrics.get(name)?.value);
    }
    for row in &report.rows {
        let kind = match row.kind {
            RowKind::Value => "value",
            RowKind::None => "none",
            RowKind::Other => "other",
        };
        line(kind, row.value.as_deref().unwrap_or_default(), &|name| row.metrics.get(name)?.value);
    }
    out.write_all(text.as_bytes())
}

struct Column<'a> {
    name: &'a str,
    is_lengths: bool,
}

impl Column<'_> {
    fn cells(&self, number: Option<MetricNumber>) -> Vec<Option<String>> {
        match (self.is_lengths, number) {
            (true, Some(MetricNumber::Seconds(lengths))) => {
                [lengths.median, lengths.p90, lengths.p95, lengths.max].map(|part| Some(part.to_string())).to_vec()
            }
            (true, _) => vec![None; LENGTHS.len()],
            (false, Some(MetricNumber::Count(count))) => vec![Some(count.to_string())],
            (false, Some(MetricNumber::Share(share))) => vec![Some(share.to_string())],
            (false, _) => vec![None],
        }
    }
}

/// Every metric of the report once, in the order in which they stand there.
fn columns(report: &Report) -> Vec<Column<'_>> {
    let totals = report.metrics.iter().map(|(name, _)| name);
    let series = report.series.first().into_iter().flat_map(|bucket| bucket.metrics.iter().map(|(name, _)| name));
    let rows = report.rows.first().into_iter().flat_map(|row| row.metrics.iter().map(|(name, _)| name));
    let mut columns: Vec<Column<'_>> = Vec::new();
    for name in totals.chain(series).chain(rows) {
        if !columns.iter().any(|column| column.name == name) {
            columns.push(Column { name, is_lengths: name.ends_with("_seconds") });
        }
    }
    columns
}
