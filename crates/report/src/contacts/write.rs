//! The report in its forms: an aligned table, CSV, JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Number;

use super::{ContactsReport, Line, Numbers};
use crate::metrics::{CONTACT_REQUESTS, CONTACTS, Channel, Metric, Unit};
use crate::{Form, cell, grid};

/// The channel of the row that holds all of them.
const ALL: &str = "all";
/// The date of the rows that hold the whole period.
const TOTAL: &str = "total";

impl ContactsReport {
    /// The report in one of its forms. JSON by line is JSON on one line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, form: Form, out: &mut impl Write) -> io::Result<()> {
        match form {
            Form::Json => self.write_json(out),
            Form::NdJson => {
                serde_json::to_writer(&mut *out, self)?;
                out.write_all(b"\n")
            }
            // Its texts are names of channels.
            Form::Csv | Form::CsvHarmless => self.write_csv(out),
            Form::Table => self.write_table(out, None),
            Form::Parquet => Err(io::Error::new(io::ErrorKind::InvalidData, "this report is no table of one kind")),
        }
    }

    /// An aligned table: a line per day, below it the channels that had a request.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write, width_max: Option<usize>) -> io::Result<()> {
        writeln!(out, "contact requests from {} to {} (UTC)\n", self.since, self.until)?;
        let texts = [("date", false), ("channel", false)];
        let mut table = grid::Grid::new(texts.into_iter().chain(CONTACTS.iter().map(|metric| (metric.heading, true))));
        for (date, line) in self.lines() {
            for (channel, numbers) in rows(line) {
                let requests = number(&numbers, &CONTACT_REQUESTS);
                if channel != ALL && requests.is_none_or(|number| number.as_i64() == Some(0)) {
                    continue;
                }
                let label =
                    Channel::ALL.into_iter().find(|known| known.name() == channel).map_or(channel, Channel::label);
                let start = [Some(if channel == ALL { date.into() } else { "".into() }), Some(label.into())];
                let cells = CONTACTS.iter().map(|metric| shown(metric, number(&numbers, metric)?));
                table.push(start.into_iter().chain(cells));
            }
        }
        table.write(out, width_max)?;
        writeln!(out, "\n{}", self.quality)
    }

    /// CSV with a row per day and channel (`all` for the day itself), then the rows of
    /// the whole period with the date `total`. Shares are fractions.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        let names = CONTACTS.iter().map(|metric| metric.name);
        let mut text = String::new();
        cell::csv_line(["date", "channel"].into_iter().chain(names).map(|name| Some(name.into())), &mut text);
        for (date, line) in self.lines() {
            for (channel, numbers) in rows(line) {
                let cells = CONTACTS.iter().map(|metric| Some(number(&numbers, metric)?.to_string().into()));
                cell::csv_line([Some(date.into()), Some(channel.into())].into_iter().chain(cells), &mut text);
            }
        }
        out.write_all(text.as_bytes())
    }

    /// The report as one JSON object.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// The days, then the whole period.
    fn lines(&self) -> impl Iterator<Item = (&str, &Line)> {
        let days = self.days.iter().map(|line| (line.date.as_deref().unwrap_or_default(), line));
        days.chain(std::iter::once((TOTAL, &self.totals)))
    }
}

/// The numbers of one row of a flat form, by metric name.
type RowNumbers<'a> = BTreeMap<&'a str, &'a Number>;

/// The line's rows: all channels, then each channel with the counters that are its own.
fn rows(line: &Line) -> Vec<(&'static str, RowNumbers<'_>)> {
    fn named(numbers: &Numbers) -> RowNumbers<'_> {
        numbers.iter().filter_map(|(name, number)| Some((name.as_str(), number.as_ref()?))).collect()
    }
    let all = named(&line.numbers);
    let each = Channel::ALL.map(|channel| {
        let mut numbers = line.channels.get(channel.name()).map(named).unwrap_or_default();
        let own = CONTACTS.iter().filter(|metric| metric.is_of(channel));
        numbers.extend(own.filter_map(|metric| Some((metric.name, number(&all, metric)?))));
        (channel.name(), numbers)
    });
    std::iter::once((ALL, all.clone())).chain(each).collect()
}

fn number<'a>(numbers: &RowNumbers<'a>, metric: &Metric) -> Option<&'a Number> {
    numbers.get(metric.name).copied()
}

fn shown(metric: &Metric, number: &Number) -> Option<Cow<'static, str>> {
    Some(match metric.unit {
        Unit::Share => format!("{:.1}%", 100.0 * number.as_f64()?).into(),
        Unit::Count | Unit::Visitors | Unit::Seconds => grouped(&number.to_string()).into(),
    })
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn groups_digits() {
        for (digits, expect) in
            [("0", "0"), ("123", "123"), ("1234", "1,234"), ("1234567", "1,234,567"), ("-123456", "-123,456")]
        {
            assert_eq!(grouped(digits), expect);
        }
    }
}
