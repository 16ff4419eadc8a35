//! `report contacts`: the metrics by day and channel, the totals, and what became of
//! the events that were sent.
//!
//! The numbers are computed by the SQL of [`METRICS`] and its siblings and by nothing
//! else. All queries of one report see the same snapshot. The report can be written as
//! JSON and read back, so that a program that only has the JSON prints the same table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::metrics::{CHANNEL_METRICS, CHANNELS, METRICS, Metric, QUALITY, Unit};
use crate::period::iso;
use crate::{Form, Period, QueryError, QueryLimits, QueryResult, Session, cell, grid};

/// Metric name → number; null where the events carry none (a rate without visitors).
pub type Numbers = BTreeMap<String, Option<Number>>;

/// Channel name → that channel's numbers.
pub type ChannelNumbers = BTreeMap<String, Numbers>;

/// One row of a query's result: column name → value.
pub type Row = Map<String, Value>;

/// The report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactsReport {
    /// First instant within the period (RFC 3339, UTC).
    pub since: String,
    /// First instant after it.
    pub until: String,
    /// A line per UTC day with events, oldest first.
    pub days: Vec<Line>,
    /// The whole period. Visitors are counted once, so they are not the days' sum.
    pub totals: Line,
    /// What became of the events received in the period.
    pub quality: Quality,
}

/// The numbers of one day, or of the whole period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The UTC day (`2026-11-01`); `None` for the whole period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// By [`METRICS`].
    #[serde(flatten)]
    pub numbers: Numbers,
    /// By [`CHANNELS`] and [`CHANNEL_METRICS`].
    pub channels: ChannelNumbers,
}

/// Counts by the time of receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Stored events.
    pub accepted: u64,
    /// Invalid events.
    pub rejected: u64,
    /// Invalid events by the keyword of their first violation.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Same id, same content.
    pub duplicates: u64,
    /// Same id, other content.
    pub conflicts: u64,
}

impl ContactsReport {
    /// Computes the report over one snapshot; `limits` hold for each of its queries.
    ///
    /// # Errors
    /// Those of [`Session::query`].
    pub async fn run(session: &Session, period: &Period, limits: QueryLimits) -> Result<ContactsReport, QueryError> {
        let snapshot = &session.snapshot().await?;
        Self::ask(period, |sql| async move { objects(&snapshot.query(&sql, limits).await?) }).await
    }

    /// Computes the report from rows that somebody else fetches, such as a server that
    /// holds the tables: `query` gets a statement and gives a JSON object per row.
    ///
    /// # Errors
    /// The first one that `query` gives.
    pub async fn ask<E, Rows>(period: &Period, query: impl Fn(String) -> Rows) -> Result<ContactsReport, E>
    where
        Rows: Future<Output = Result<Vec<Row>, E>>,
    {
        let within = period.sql("time", "event_date");
        let numbers = aggregates();
        let days = query(format!(
            "select cast(event_date as varchar) as date, {numbers} from activity where {within} \
             group by event_date order by event_date"
        ))
        .await?;
        let totals = query(format!("select {numbers} from activity where {within}")).await?;
        Ok(ContactsReport {
            since: iso(period.since()),
            until: iso(period.until()),
            days: days.into_iter().map(line).collect(),
            totals: line(totals.into_iter().next().unwrap_or_default()),
            quality: quality(period, query).await?,
        })
    }

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
            Form::Csv => self.write_csv(out),
            Form::Table => self.write_table(out, None),
        }
    }

    /// An aligned table: a line per day, below it the channels that had a request.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_table(&self, out: &mut impl Write, width_max: Option<usize>) -> io::Result<()> {
        writeln!(out, "contact requests from {} to {} (UTC)\n", self.since, self.until)?;
        let texts = [("date", false), ("channel", false)];
        let mut table = grid::Grid::new(texts.into_iter().chain(columns().iter().map(|metric| (metric.heading, true))));
        for (date, line) in self.lines() {
            for (channel, numbers) in rows(line) {
                let requests = numbers.get("contact_requests").copied().flatten();
                if channel != ALL && requests.is_none_or(|number| number.as_i64() == Some(0)) {
                    continue;
                }
                let start = [Some(if channel == ALL { date.into() } else { "".into() }), Some(channel.into())];
                let cells = columns().into_iter().map(|metric| shown(metric, &numbers));
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
        let names = columns().into_iter().map(|metric| metric.name);
        let mut text = String::new();
        cell::csv_line(["date", "channel"].into_iter().chain(names).map(|name| Some(name.into())), &mut text);
        for (date, line) in self.lines() {
            for (channel, numbers) in rows(line) {
                let cells = columns()
                    .into_iter()
                    .map(|metric| Some(numbers.get(metric.name).copied().flatten()?.to_string().into()));
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
        days.chain(std::iter::once(("total", &self.totals)))
    }
}

impl std::fmt::Display for Quality {
    /// One line: `accepted 120, rejected 3 (required 2, format 1), duplicates 0, conflicts 0`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "received: accepted {}, rejected {}", self.accepted, self.rejected)?;
        let mut reasons: Vec<(&String, &u64)> = self.rejected_by_reason.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (at, (reason, count)) in reasons.iter().enumerate() {
            write!(f, "{}{reason} {count}", if at == 0 { " (" } else { ", " })?;
        }
        let close = if reasons.is_empty() { "" } else { ")" };
        write!(f, "{close}, duplicates {}, conflicts {}", self.duplicates, self.conflicts)
    }
}

/// The name of the line that holds all channels.
const ALL: &str = "all";

/// Every column of the flat forms: the metrics, with the channels' own mix after the rate.
fn columns() -> Vec<&'static Metric> {
    let mut columns: Vec<&Metric> = METRICS.iter().collect();
    let own = CHANNEL_METRICS.iter().filter(|metric| METRICS.iter().all(|other| other.name != metric.name));
    let after_rate = METRICS.iter().position(|metric| metric.name == "contact_rate").map_or(0, |at| at + 1);
    columns.splice(after_rate..after_rate, own);
    columns
}

/// The line's rows: all channels, then each channel with the counters that are its own.
fn rows(line: &Line) -> Vec<(&'static str, BTreeMap<&str, Option<&Number>>)> {
    fn named(numbers: &Numbers) -> BTreeMap<&str, Option<&Number>> {
        numbers.iter().map(|(name, number)| (name.as_str(), number.as_ref())).collect()
    }
    let mut rows = vec![(ALL, named(&line.numbers))];
    for channel in CHANNELS {
        let mut numbers = line.channels.get(channel.name).map(named).unwrap_or_default();
        for metric in METRICS.iter().filter(|metric| metric.channel == Some(channel.name)) {
            numbers.insert(metric.name, line.numbers.get(metric.name).and_then(Option::as_ref));
        }
        rows.push((channel.name, numbers));
    }
    rows
}

fn shown<'a>(metric: &Metric, numbers: &BTreeMap<&str, Option<&Number>>) -> Option<std::borrow::Cow<'a, str>> {
    let number = (*numbers.get(metric.name)?)?;
    Some(match metric.unit {
        Unit::Share => format!("{:.1}%", 100.0 * number.as_f64()?).into(),
        Unit::Count | Unit::Visitors => grouped(&number.to_string()).into(),
    })
}

/// `1234567` as `1,234,567`.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The select list: every metric, and every channel's metrics as `channel.metric`.
fn aggregates() -> String {
    let mut sql = String::new();
    for metric in METRICS {
        let _ = write!(sql, "{} as \"{}\", ", metric.sql, metric.name);
    }
    for channel in CHANNELS {
        for metric in CHANNEL_METRICS {
            let aggregate = metric.sql.replace("{counter}", channel.counter);
            let _ = write!(sql, "{aggregate} as \"{}.{}\", ", channel.name, metric.name);
        }
    }
    sql.truncate(sql.len() - 2);
    sql
}

fn line(row: Row) -> Line {
    let mut line = Line { date: None, numbers: Numbers::new(), channels: ChannelNumbers::new() };
    for (name, value) in row {
        let number = match value {
            Value::Number(number) => Some(number),
            Value::String(date) => {
                line.date = Some(date);
                continue;
            }
            _ => None,
        };
        match name.split_once('.') {
            Some((channel, metric)) => {
                line.channels.entry(channel.to_owned()).or_default().insert(metric.to_owned(), number)
            }
            None => line.numbers.insert(name, number),
        };
    }
    line
}

async fn quality<E, Rows>(period: &Period, query: impl Fn(String) -> Rows) -> Result<Quality, E>
where
    Rows: Future<Output = Result<Vec<Row>, E>>,
{
    let mut quality = Quality::default();
    for metric in QUALITY {
        let within = match metric.name {
            "accepted" => period.sql_time("received_at"),
            _ => period.sql("received_at", "received_date"),
        };
        let rows = query(metric.sql.replace("{period}", &within)).await?;
        let count = |row: &Row| row.get("events").and_then(Value::as_u64).unwrap_or(0);
        let total = rows.iter().map(count).sum();
        match metric.name {
            "accepted" => quality.accepted = total,
            "duplicates" => quality.duplicates = total,
            "conflicts" => quality.conflicts = total,
            _ => {
                quality.rejected = total;
                let reason = |row: &Row| row.get("reason").and_then(Value::as_str).map(str::to_owned);
                quality.rejected_by_reason = rows.iter().filter_map(|row| Some((reason(row)?, count(row)))).collect();
            }
        }
    }
    Ok(quality)
}

fn objects(result: &QueryResult) -> Result<Vec<Row>, QueryError> {
    let mut json = Vec::new();
    let read = result.write_json(&mut json).map_err(serde_json::Error::io).and_then(|()| serde_json::from_slice(&json));
    read.map_err(|error| QueryError::Failed { message: error.to_string() })
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
