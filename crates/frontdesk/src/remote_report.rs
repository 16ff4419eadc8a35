//! `report contacts` while a server holds the data: the report's own SQL, asked over
//! HTTP, put together as [`ContactsReport::run`] does.
//!
//! The definitions are `report`'s ([`METRICS`] and its siblings); only the assembling
//! is repeated here, because a report runs over a session and there is none on this
//! side. Each query sees the newest rows, so numbers can differ by what arrives between.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use report::{
    CHANNEL_METRICS, CHANNELS, ChannelNumbers, ContactsReport, Line, METRICS, Numbers, Period, QUALITY, Quality,
};
use serde_json::{Map, Value};

use crate::args::RowFormat;
use crate::failure::Failure;
use crate::remote::Remote;

type Row = Map<String, Value>;

/// Computes the report on the server's tables.
///
/// # Errors
/// Those of [`Remote::sql`].
pub(crate) async fn contacts(remote: &Remote, period: &Period) -> Result<ContactsReport, Failure> {
    let within = condition(period, "time", Some("event_date"));
    let days = format!(
        "select cast(event_date as varchar) as date, {} from activity where {within} group by event_date order by event_date",
        aggregates()
    );
    let totals = format!("select {} from activity where {within}", aggregates());
    let days = rows(remote, &days).await?;
    let totals = rows(remote, &totals).await?;
    Ok(ContactsReport {
        since: iso(period.since()),
        until: iso(period.until()),
        days: days.into_iter().map(line).collect(),
        totals: line(totals.into_iter().next().unwrap_or_default()),
        quality: quality(remote, period).await?,
    })
}

async fn rows(remote: &Remote, sql: &str) -> Result<Vec<Row>, Failure> {
    let json = remote.sql(sql, RowFormat::Json).await?;
    serde_json::from_slice(&json)
        .map_err(|error| Failure::unavailable(format_args!("the server's rows can't be read: {error}")))
}

/// Every metric, and every channel's metrics as `channel.metric`.
fn aggregates() -> String {
    let own = METRICS.iter().map(|metric| format!("{} as \"{}\"", metric.sql, metric.name));
    let channels = CHANNELS.iter().flat_map(|channel| {
        CHANNEL_METRICS.iter().map(|metric| {
            let sql = metric.sql.replace("{counter}", channel.counter);
            format!("{sql} as \"{}.{}\"", channel.name, metric.name)
        })
    });
    own.chain(channels).collect::<Vec<_>>().join(", ")
}

fn line(row: Row) -> Line {
    let mut line = Line { date: None, numbers: Numbers::new(), channels: ChannelNumbers::new() };
    for (name, value) in row {
        if let Value::String(date) = value {
            line.date = Some(date);
            continue;
        }
        let number = if let Value::Number(number) = value { Some(number) } else { None };
        match name.split_once('.') {
            Some((channel, metric)) => {
                line.channels.entry(channel.to_owned()).or_default().insert(metric.to_owned(), number);
            }
            None => {
                line.numbers.insert(name, number);
            }
        }
    }
    line
}

async fn quality(remote: &Remote, period: &Period) -> Result<Quality, Failure> {
    let mut quality = Quality::default();
    for metric in QUALITY {
        let date = (metric.name != "accepted").then_some("received_date");
        let sql = metric.sql.replace("{period}", &condition(period, "received_at", date));
        let rows = rows(remote, &sql).await?;
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

/// The period on a time column, with whole days on its partition column, if there is one.
fn condition(period: &Period, time: &str, date: Option<&str>) -> String {
    let (since, until) = (period.since(), period.until());
    let mut sql = format!("{time} >= '{}' and {time} < '{}'", iso(since), iso(until));
    if let Some(date) = date {
        let last = until - TimeDelta::microseconds(1);
        sql += &format!(" and {date} >= '{}' and {date} <= '{}'", since.date_naive(), last.date_naive());
    }
    sql
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
