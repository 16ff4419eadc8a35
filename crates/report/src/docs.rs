//! The reference pages `docs/metrics.md` and `docs/sql.md`, written from the same tables
//! that the queries are made of; a test compares them with the files.

use std::fmt::Write as _;

use crate::QueryLimits;
use crate::guard::REFUSED_FUNCTIONS;
use crate::metrics::{CHANNEL_METRICS, CHANNELS, Channel, METRICS, Metric, QUALITY, Unit};
use crate::views::{COLUMNS, Source};

/// `docs/metrics.md`: the formula and the SQL beside each number.
pub fn metrics_markdown() -> String {
    let mut page = String::from(METRICS_TOP);
    metrics(&mut page, METRICS);
    page.push_str(CHANNELS_TOP);
    page.push_str("| channel | its counter |\n|---|---|\n");
    for Channel { name, label, counter } in CHANNELS {
        let _ = writeln!(page, "| {label} (`{name}`) | `{counter}` |");
    }
    page.push('\n');
    metrics(&mut page, CHANNEL_METRICS);
    page.push_str(QUALITY_TOP);
    metrics(&mut page, QUALITY);
    page.push_str(METRICS_END);
    page
}

fn metrics(page: &mut String, metrics: &[Metric]) {
    page.push_str("| metric | formula | SQL | unit | to know |\n|---|---|---|---|---|\n");
    for metric in metrics {
        let unit = match metric.unit {
            Unit::Count => "count",
            Unit::Visitors => "distinct visitors",
            Unit::Share => "share, 0 to 1",
        };
        let Metric { name, label, formula, sql, note, .. } = metric;
        let _ = writeln!(page, "| {label} (`{name}`) | {formula} | `{sql}` | {unit} | {note} |");
    }
    page.push('\n');
}

/// `docs/sql.md`: tables, views with every column, what is allowed, limits.
pub fn sql_markdown() -> String {
    let mut page = String::from(SQL_TOP);
    page.push_str("| column | type | from | meaning |\n|---|---|---|---|\n");
    for column in COLUMNS {
        let from = match column.source {
            Source::Field(path) | Source::Counter(path) | Source::Given(path) => format!("`{path}`"),
            Source::Visitor => "`identityMap`".to_owned(),
            Source::Anomaly => "the counters".to_owned(),
            Source::Derived(_) => "other columns".to_owned(),
        };
        let _ = writeln!(page, "| `{}` | {} | {from} | {} |", column.name, column.kind, column.doc);
    }
    page.push_str(SQL_RULES);
    let limits = QueryLimits::default();
    let _ = writeln!(page, "| limit | default |\n|---|---|");
    let _ = writeln!(page, "| `sql_bytes_max` | {} bytes of query text |", limits.sql_bytes_max);
    let _ = writeln!(page, "| `rows_max` | {} rows of result |", limits.rows_max);
    let _ = writeln!(page, "| `time_max` | {} seconds |", limits.time_max.as_secs());
    let _ = writeln!(
        page,
        "| `memory_bytes_max` | {} bytes for joins, sorts, groups and the result |",
        limits.memory_bytes_max
    );
    let functions: Vec<String> = REFUSED_FUNCTIONS.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(
        page,
        "\nPast a limit a query fails and says which one; a result is never cut short. Nothing is written to disk. A join of many rows that finds none may compute on for a while after its time is over; queries wait for it, events don't.\n\n\
         Not available, because two small numbers make a result of any size: {}. \
         `range` and `generate_series` can be used in the FROM clause.",
        functions.join(", ")
    );
    page
}

const METRICS_TOP: &str = "\
<!-- Generated from crates/report/src/metrics.rs: UPDATE_DOCS=1 cargo test -p report -->
# Metrics

What `frontdesk report contacts` shows, and what each number means. The SQL beside a metric is what the report runs: \
put `select` before it and `from activity` behind it, with `where event_date >= '2026-11-01'` for a period and \
`group by event_date` for days.

A counter of an event (`chatStart`, `clickToCall`, …) is a flag and a count at once. Sums leave out anomalies: a \
counter below 0 or above 1,000. Days are UTC days of the event's own time; a day without events has no line.

## Per day, and for the whole period

";

const CHANNELS_TOP: &str = "\
## Per channel

A channel's line has these metrics, with its own counter for `{counter}`, and the counters above that are its own.

";

const QUALITY_TOP: &str = "\
## What became of the events

Counted by the time of receipt, not by the event's own time: `{period}` is a condition such as \
`received_at >= '2026-11-01'`.

";

const METRICS_END: &str = "\
## Not shown

Acceptance rate, ignored offers, unprompted starts, chat duration, chats open now, time to first contact and \
repeat contact need the events of one session or person side by side; the report doesn't have them yet.

Missed chats, abandonment in the queue, waiting time, speed of answer, handle time, satisfaction and the use of \
agents can't be computed from these events at all.
";

const SQL_TOP: &str = "\
<!-- Generated from crates/report/src/docs.rs and views.rs: UPDATE_DOCS=1 cargo test -p report -->
# SQL

```sh
frontdesk sql \"select time, channel, subject, page_url from contacts order by time desc limit 20\"
```

| name | rows |
|---|---|
| `contacts` | an event that carries `customerFeedback`, flat |
| `activity` | any event, in the same columns: what metrics are computed over |
| `events` | any event, in XDM's own nesting, plus `received_at`, `datastream`, `request_id`, `content_hash`, `extra` (undeclared properties, JSON), `event_date` |
| `rejects` | an event that was not stored: `kind` (invalid, conflict, duplicate), `keyword` and `pointer` of its first violation, `violations` (JSON, values masked), `received_at`, `received_date` |

`describe events` lists the columns; nested fields are read as `customerFeedback.chatStart` or \
`customerFeedback['chatStart']`, maps as `identityMap['ECID'][1]['id']`. Names keep their case and need no \
quotes. Times are UTC.

Personal values (phone numbers, e-mail addresses, names) are sealed and can't be read by SQL; `sealed_bytes` is \
the length of what was sealed with a row.

`visitor(identityMap)` is the visitor of a row of `events`.

## Columns of `contacts` and `activity`

";

const SQL_RULES: &str = "
## What is allowed

One statement that reads: `select`, `with`, `values`, `explain`, `show`, `describe`. Each sees the tables at one \
moment, including rows taken in within the last second.

";
