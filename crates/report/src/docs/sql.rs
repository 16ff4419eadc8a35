//! `docs/sql.md`: tables, views, examples, limits.

use std::fmt::Write as _;

use crate::read_only::REFUSED_FUNCTIONS;
use crate::views::columns::{COLUMNS, ColumnSource};
use crate::views::derived::DERIVED;
use crate::{QueryLimits, query_size};

/// `docs/sql.md`: tables, views with every column, what is allowed, limits.
pub fn sql_markdown() -> String {
    let mut page = String::from(SQL_TOP);
    page.push_str("| column | type | from | meaning |\n|---|---|---|---|\n");
    for column in COLUMNS {
        let from = match column.source {
            ColumnSource::Field(path) | ColumnSource::Key(path) | ColumnSource::Given(path) => format!("`{path}`"),
            ColumnSource::Counter(counter) => format!("`{}`", counter.field()),
            ColumnSource::Identity(_) => "`identityMap`".to_owned(),
            ColumnSource::Anomaly => "the counters".to_owned(),
            ColumnSource::Device => "`device.type`, `environment.type`, the screen".to_owned(),
            ColumnSource::Channel
            | ColumnSource::ContactRequests
            | ColumnSource::Page
            | ColumnSource::Referrer
            | ColumnSource::Late => "other columns".to_owned(),
        };
        let _ = writeln!(page, "| `{}` | {} | {from} | {} |", column.name, column.kind, column.doc);
    }
    page.push_str(SQL_DERIVED);
    for view in &DERIVED {
        let _ = writeln!(page, "### `{}`\n\nA row is {}.\n", view.name, view.rows);
        page.push_str("| column | type | meaning |\n|---|---|---|\n");
        for (name, kind, meaning) in view.columns {
            let _ = writeln!(page, "| `{name}` | {kind} | {meaning} |");
        }
        page.push('\n');
    }
    page.push_str(SQL_TIME);
    page.push_str(SQL_EXAMPLES);
    for (title, sql) in EXAMPLES {
        let _ = writeln!(page, "{title}\n\n```sql\n{sql}\n```\n");
    }
    page.push_str(SQL_JSON);
    page.push_str(SQL_RULES);
    let limits = QueryLimits::default();
    let _ = writeln!(page, "| limit | setting | default |\n|---|---|---|");
    let mut row = |what: &str, setting: &str, default: String| {
        let _ = writeln!(page, "| {what} | {setting} | {default} |");
    };
    let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
    row("text of a query", "", format!("{} KiB", limits.sql_bytes_max >> 10));
    row("rows of a result", "`sql_rows_max`", limits.rows_max.to_string());
    row("bytes of an answer", "`sql_answer_bytes_max`", mib(limits.answer_bytes_max));
    row("time", "`sql_time_max`", format!("{} s", limits.time_max.as_secs()));
    row("memory of joins, sorts, groups and the result", "`sql_memory_bytes_max`", mib(limits.memory_bytes_max));
    row("memory in all", "`sql_process_memory_bytes_max`", mib(limits.process_memory_bytes_max));
    row("levels of brackets", "", query_size::LEVELS_MAX.to_string());
    row("operators in one expression", "", query_size::OPERATORS_MAX.to_string());
    row("`select`s, joins", "", format!("{}, {}", query_size::SELECTS_MAX, query_size::JOINS_MAX));
    row(
        "steps, expressions, columns of a plan",
        "",
        format!("{}, {}, {}", query_size::STEPS_MAX, query_size::EXPRESSIONS_MAX, query_size::COLUMNS_MAX),
    );
    let functions: Vec<String> = REFUSED_FUNCTIONS.iter().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(page, "{}", SQL_LIMITS.replace("{functions}", &functions.join(", ")).trim_end());
    page
}

/// A table or view that can be asked, for whoever writes a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlTable {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub rows: &'static str,
    /// Its columns; none are listed of a table that holds what was sent, in its own nesting.
    pub columns: Vec<&'static str>,
}

/// Everything that can be asked.
pub fn sql_tables() -> Vec<SqlTable> {
    let flat = || COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>();
    let mut tables = vec![
        SqlTable { name: "contacts", rows: "an event that carries customerFeedback, flat", columns: flat() },
        SqlTable { name: "activity", rows: "any event, in the same columns", columns: flat() },
    ];
    tables.extend(DERIVED.iter().map(|view| SqlTable {
        name: view.name,
        rows: view.rows,
        columns: view.columns.iter().map(|(name, ..)| *name).collect(),
    }));
    tables.push(SqlTable { name: "events", rows: "any event, in XDM's own nesting", columns: Vec::new() });
    tables.push(SqlTable { name: "rejects", rows: "an event that was not stored", columns: REJECTS.to_vec() });
    tables
}

/// The columns of `rejects`.
const REJECTS: &[&str] = &[
    "reject_id",
    "received_at",
    "datastream",
    "request_id",
    "event_id",
    "event_index",
    "kind",
    "keyword",
    "pointer",
    "violation_count",
    "violations",
    "received_date",
];

/// Statements that the page shows; a test runs each.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "Contact requests by day and channel:",
        "select event_date, channel, sum(contact_requests) as requests\nfrom contacts\nwhere event_date >= '2026-11-01'\ngroup by event_date, channel\norder by event_date, channel",
    ),
    (
        "By days of a time zone:",
        "select cast(time at time zone 'America/New_York' as date) as day, count(*) as events\nfrom contacts\ngroup by day\norder by day",
    ),
    (
        "By weekday and hour, as people there see them; 0 is Sunday:",
        "select extract(dow from time at time zone 'Europe/Berlin') as weekday, extract(hour from time at time zone 'Europe/Berlin') as hour, sum(contact_requests) as requests\nfrom contacts\ngroup by weekday, hour\norder by weekday, hour",
    ),
    (
        "What became of chats, by the day they began:",
        "select event_date, outcome, count(*) as sessions, percentile_disc(0.5) within group (order by duration_seconds) as median_seconds\nfrom chat_sessions\nwhere began_at >= '2026-11-01'\ngroup by event_date, outcome\norder by event_date, outcome",
    ),
    (
        "How many chats can't be right, and why:",
        "select anomalies, count(*) as sessions\nfrom chat_sessions\ngroup by anomalies\norder by sessions desc",
    ),
    (
        "On which pages visitors first ask for contact, and after how long:",
        "select page, count(*) as visits, percentile_disc(0.5) within group (order by seconds_to_first_contact) as median_seconds\nfrom visits\nwhere first_contact_at is not null\ngroup by page\norder by visits desc",
    ),
    (
        "How long something took. Subtract the epochs: the epoch of a duration is cut to whole seconds.",
        "select visitor, extract(epoch from last_at) - extract(epoch from first_at) as seconds\nfrom visitors",
    ),
    (
        "An undeclared property, and how often each of its values came:",
        "select extra->'/loyalty'->>'tier' as tier, count(*) as events\nfrom events\nwhere json_contains(extra, '/loyalty')\ngroup by tier\norder by events desc",
    ),
    (
        "The same by a function, which gives a number where a number is wanted:",
        "select json_get_str(extra, '/loyalty', 'tier') as tier, avg(json_get_int(extra, '/loyalty', 'points')) as points\nfrom events\ngroup by tier",
    ),
    (
        "What the first violation of each reject says:",
        "select violations->0->>'keyword' as rule, violations->0->>'pointer' as place, count(*) as events\nfrom rejects\nwhere kind = 'invalid'\ngroup by rule, place\norder by events desc",
    ),
];

const SQL_TOP: &str = "\
<!-- Generated from crates/report/src/docs.rs and views/: UPDATE_DOCS=1 cargo test -p report -->
# SQL

```sh
frontdesk sql \"select time, channel, subject, page_url from contacts order by time desc limit 20\"
```

| name | rows |
|---|---|
| `contacts` | an event that carries `customerFeedback`, flat |
| `activity` | any event, in the same columns: what most metrics are computed over |
| `chat_sessions` | a chat session, with what became of it |
| `visits` | a visit, with how soon it led to a contact request |
| `requests` | an event with a contact request of a known visitor, and when he asked before |
| `visitors` | a visitor, with his first and last event and contact request |
| `events` | any event, in XDM's own nesting, plus `received_at`, `datastream`, `request_id` (empty where the sender named none, null in what was loaded from a file), `content_mac` (a keyed hash of the content), `extra` (undeclared properties, JSON), `derived`, `time_anomaly` (`ahead` or `behind` when the time is far from its receipt), `event_date` |
| `rejects` | an event that was not stored: `kind` (invalid, conflict, duplicate), `keyword` and `pointer` of its first violation, `violations` (JSON, values masked), `datastream`, `request_id` (as in `events`), `received_at`, `received_date` |

`describe events` lists the columns; nested fields are read as `customerFeedback.chatStart` or \
`customerFeedback['chatStart']`, maps as `identityMap['ECID'][1]['id']`. Names keep their case and need no \
quotes. Times are UTC.

Personal values (phone numbers, e-mail addresses, names) are sealed and can't be read by SQL; `sealed_bytes` is \
the length of what was sealed with a row. In a text that held one stands `***`, in `extra` `null`, and where values \
are compared (identities, whom a clicked link calls or writes to) a pseudonym: `k1:…`, the same for equal values.

`visitor(identityMap)`, `primary_identity(identityMap)` and `primary_namespace(identityMap)` are those columns of a \
row of `events`.

## Columns of `contacts` and `activity`

";

const SQL_DERIVED: &str = "
## What several events say together

The rules by which events make sessions and visits are those of [metrics](metrics.md). An engine that reads the tables by itself \
can have the same views: `select definition from information_schema.views where table_name = 'chat_sessions'` \
is SQL that takes no function of ours, over `activity`.

A condition on a session or a visit doesn't keep events from being read, since each is made of all events of its key: these \
views read every day there is. Past some millions of events a query may need more memory or time than one is given; \
reports don't, as they are answered from summaries.

";

const SQL_TIME: &str = "\
## Days and hours of a time zone

`time at time zone 'Europe/Berlin'` is the same instant with a zone, and `date_trunc`, `extract` and a cast to a date take its local \
time from there on, days of 23 and 25 hours included. What `date_trunc` gives is an instant again, shown in UTC. An instant is \
in one hour of the zone's clock alone, so that the hour which comes twice in autumn has the rows of both: \
`date_trunc('hour', …)` tells them apart, `extract(hour from …)` doesn't. A zone that doesn't exist is an error.

| to group by | write |
|---|---|
| day, as a date | `cast(time at time zone 'Europe/Berlin' as date)` |
| day, as the instant it begins | `date_trunc('day', time at time zone 'Europe/Berlin')` |
| hour of the day, 0 to 23 | `extract(hour from time at time zone 'Europe/Berlin')` |
| day of the week, 0 (Sunday) to 6 | `extract(dow from time at time zone 'Europe/Berlin')` |

Where clocks are set back at midnight (Havana), `date_trunc` makes two days of that one; the date doesn't. \
Bound the column `event_date` as well where a query asks for few days, a day more on each side: it is the UTC date.

";

const SQL_EXAMPLES: &str = "\
## Examples

";

const SQL_JSON: &str = "\
## JSON in a column

`extra` of `events` and `violations` of `rejects` hold JSON as text. `->` takes a member or an item of it and stays JSON, \
`->>` takes one as text; they can be chained. The functions take the whole path at once: \
`json_get_str`, `json_get_int`, `json_get_float`, `json_get_bool`, `json_get_json`, `json_get_array`, `json_as_text`, \
`json_length`, `json_object_keys`; `json_contains` asks whether there is something. What isn't there is null. Items count from 0.

The keys of `extra` are JSON pointers to where an undeclared property stood: `/loyalty` at the top of the event, \
`/customerFeedback/mood` within `customerFeedback`, with the property's own value behind it. So the first step is the pointer as one key, and \
the steps below it are plain names: `extra->'/loyalty'->>'tier'`. `violations` is a list of objects with `pointer`, `keyword`, `message` and `schema`.

## Values that look odd

In JSON, and in tables on a terminal, control characters and marks of the reading direction are written as escapes such as `\\u001b`; in \
JSON that means the same text. CSV has every value as it is, but for what a URL asks for (below). A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and what a \
visitor typed may begin so: import such columns as text.
";

const SQL_RULES: &str = "
## A query in a URL

`GET /v1/sql?q=…` is the same with the query in the URL, percent-encoded, for what only knows URLs: a spreadsheet's import, a BI tool, a bookmark. `format` is \
`json`, `ndjson`, `csv`, `parquet` or `table`, and comes before what `Accept` asks for. CSV is made for spreadsheets there: a text that one would take for a \
formula has an apostrophe before it, unless `raw=true`. Access and limits are those of `POST /v1/sql`; nobody on the way keeps an answer, and a page of another site can't have a query run.

    curl -G -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8080/v1/sql --data-urlencode 'q=select channel, count(*) as n from contacts group by 1' -d format=csv

A URL is written into logs and histories, by proxies too: no key and no value of a person belongs in it. A tool that can't send a header sends the key as the \
password of basic authentication.

## What is allowed

One statement that reads: `select`, `with`, `values`, `explain`, `show`, `describe`. Each sees the tables at one \
moment, including rows taken in within the last second.

A query runs in a process of its own that only reads the tables. Whatever a query does, it ends nothing but itself: past its time its process is \
killed, past its memory the system refuses it more, and the one who asked is told which limit it was. A client that hangs up ends its query. \
`sql_queries_max` queries run at once; the next one is told to come back. `/metrics` counts the processes and why they ended.

";

const SQL_LIMITS: &str = "
Past a limit a query fails and says which one; a result is never cut short. Nothing is written to disk.

Not available, because two small numbers make a result of any size: {functions}. \
`range` and `generate_series` can be used in the FROM clause.
";
