//! `docs/metrics.md`: the formula and the SQL beside each number, and the rules behind them.

use std::fmt::Write as _;

use summary::{
    REPEAT_MICROS, ROWS_PER_ANSWER_MAX, SESSION_MICROS_MAX, TABLET_SIDE_MAX, TABLET_SIDE_MIN, TEXT_CHARS_MAX,
    VALUES_PER_DAY_MAX, VISIT_MICROS_MAX, VISIT_SILENCE_MICROS, VISITOR_DAYS_PER_ESTIMATE_MAX,
    VISITOR_DAYS_PER_NUMBER_MAX, VISITOR_DAYS_PER_RECURRING_BUCKET_MAX, VISITORS_PER_DAY_MAX,
};

use crate::alerts::{ALERT_METRICS, CHANCE_MAX, DAY_GRACE_MINUTES, HOUR_GRACE_MINUTES, WEEKS, WEEKS_MIN};
use crate::contacts::grouped;
use crate::metrics::statement::Statement;
use crate::metrics::{CONTACTS, COUNTER_MAX, Channel, METRICS, Measure, Metric, QUALITY, Scope, Unit};

/// `docs/metrics.md`: the formula and the SQL beside each number.
pub fn metrics_markdown() -> String {
    let mut page = with_limits(TOP);
    let of_all = METRICS.iter().copied().filter(|metric| metric.is_of_all());
    table(&mut page, of_all.map(|metric| (sql(metric, Scope::AllChannels), *metric)));
    page.push_str(CHANNELS);
    page.push_str("| channel | its counter |\n|---|---|\n");
    for channel in Channel::ALL {
        let _ = writeln!(page, "| {} (`{}`) | `{}` |", channel.label(), channel.name(), channel.requests().column());
    }
    page.push('\n');
    let of_each = METRICS.iter().filter_map(|metric| Some((sql(metric, Scope::AnyChannel), metric.on_a_channel()?)));
    table(&mut page, of_each);
    page.push_str(QUALITY_TOP);
    let statement = |metric| format!("`{}`", Statement::of(metric, |_| "{period}".to_owned()));
    table(&mut page, QUALITY.iter().copied().map(|metric| (statement(metric), *metric)));
    page.push_str(&with_limits(RULES));
    page.push_str(&alerts());
    let contacts: Vec<String> = CONTACTS.iter().map(|metric| format!("`{}`", metric.name)).collect();
    page.push_str(&END.replace("{contacts}", &contacts.join(", ")));
    page
}

/// The expression and the rows that it is computed over.
fn sql(metric: &Metric, scope: Scope) -> String {
    match metric.measure {
        Measure::Total(_) => "the sum of the metrics below it".to_owned(),
        measure => format!("`{}` from `{}`", measure.sql(scope), metric.relation.name()),
    }
}

/// A line for each metric and its SQL.
fn table(page: &mut String, metrics: impl Iterator<Item = (String, Metric)>) {
    page.push_str("| metric | formula | SQL | unit | to know |\n|---|---|---|---|---|\n");
    for (sql, metric) in metrics {
        let unit = match metric.unit {
            Unit::Count => "count",
            Unit::Visitors => "distinct visitors",
            Unit::Share => "share, 0 to 1",
            Unit::Seconds => "seconds",
        };
        let Metric { name, label, formula, note, .. } = metric;
        let _ = writeln!(page, "| {label} (`{name}`) | {formula} | {sql} | {unit} | {note} |");
    }
    page.push('\n');
}

/// What raises an alert.
fn alerts() -> String {
    let names: Vec<String> = ALERT_METRICS.iter().map(|metric| format!("`{}`", metric.name)).collect();
    [
        ("{metrics}", names.join(", ")),
        ("{weeks}", WEEKS.to_string()),
        ("{weeks_min}", WEEKS_MIN.to_string()),
        ("{rarely}", grouped(&format!("{:.0}", 1.0 / CHANCE_MAX))),
        ("{hour_grace}", HOUR_GRACE_MINUTES.to_string()),
        ("{day_grace}", DAY_GRACE_MINUTES.to_string()),
    ]
    .into_iter()
    .fold(ALERTS.to_owned(), |text, (placeholder, value)| text.replace(placeholder, &value))
}

fn with_limits(text: &str) -> String {
    let minutes = |micros: i64| micros / 60_000_000;
    let (visit, session) = (minutes(VISIT_MICROS_MAX), minutes(SESSION_MICROS_MAX));
    [
        ("{counter_max}", grouped(&COUNTER_MAX.to_string())),
        ("{silence}", minutes(VISIT_SILENCE_MICROS).to_string()),
        ("{visit}", format!("{}:{:02}", visit / 60, visit % 60)),
        ("{session}", (session / 60).to_string()),
        ("{repeat_min}", minutes(*REPEAT_MICROS.start()).to_string()),
        ("{repeat_max}", (minutes(*REPEAT_MICROS.end()) / (24 * 60)).to_string()),
        ("{visitors_max}", grouped(&VISITORS_PER_DAY_MAX.to_string())),
        ("{visitor_days_max}", grouped(&VISITOR_DAYS_PER_NUMBER_MAX.to_string())),
        ("{visitor_bucket_max}", grouped(&VISITOR_DAYS_PER_RECURRING_BUCKET_MAX.to_string())),
        ("{visitor_estimate_max}", grouped(&VISITOR_DAYS_PER_ESTIMATE_MAX.to_string())),
        ("{values_max}", grouped(&VALUES_PER_DAY_MAX.to_string())),
        ("{tablet_min}", TABLET_SIDE_MIN.to_string()),
        ("{tablet_max}", grouped(&TABLET_SIDE_MAX.to_string())),
        ("{text_chars_max}", grouped(&TEXT_CHARS_MAX.to_string())),
        ("{rows_max}", grouped(&ROWS_PER_ANSWER_MAX.to_string())),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, &value))
}

const TOP: &str = "\
<!-- Generated from crates/report/src/metrics/ and docs/: UPDATE_DOCS=1 cargo test -p report -->
# Metrics

What each number of the reports means, and the SQL that computes it from the rows. Reports are answered from summaries of \
days and not by that SQL; tests compare the two, so either can be checked by the other. Put `select` before an expression and \
`from` with the name beside it behind; `where event_date >= '2026-11-01'` makes a period, `group by event_date` days.

A counter of an event (`chatStart`, `clickToCall`, …) is a flag and a count at once. Sums leave out anomalies: a \
counter below 0 or above {counter_max}. An event counts at its own time, whenever it came.

## Of a period, or of a part of it

";

const CHANNELS: &str = "\
Where a share has nothing to divide by, or a length nobody to measure, the number is null and the report says why.

## By channel

A channel's row has these metrics, with its own counter for `{counter}`, and the metrics above that are its own: those of chats in the \
row of chat, the clicks in theirs.

";

const QUALITY_TOP: &str = "\
## What became of the events

Counted by the time of receipt, not by the event's own time: `{period}` is a condition such as \
`received_at >= '2026-11-01'`.

";

const RULES: &str = "\
## Chat sessions

Acceptance, durations and the like need the events of one chat side by side. `chat_sessions` in SQL has a row for each; reports \
use the same rules.

* An **event of a chat** has a counter above 0 among `chatOffered`, `chatDeclined`, `chatStart`, `chatEnd`.
* With a `chatSessionID`: a session is made of the events of a chat with that id in that datastream. An id that comes again {session} hours \
or more after its event before stands for a new session. Events {session} hours or more after a session's first one, which begin none, belong \
to none: a chat that long is a mistake.
* Without an id but with a visitor: the events of a chat in one visit make one session.
* With neither, an event belongs to no session. Its counters are summed, and it is counted (`anomalies_without_session`).
* A session belongs to the instant of its first event, also when it passes midnight or the end of the period.
* Its subject, page, device, referrer and visitor are the first that an event names; of equal times the smallest text.
* Offered, declined and started are the first events with that counter; ended is the first end at or after the start. The duration is ended − started.

So an end without a start, and a start without an end, have no duration. They are counted by themselves and never as 0. \
An event that comes late changes the sessions of its day, and the numbers with it.

## Visits

A visit is made of all events of a visitor in a datastream; more than {silence} minutes of silence end it. What comes {visit} hours or more after its \
first event belongs to no visit. Time to first contact is told of visits, and belongs to the instant that the visit began; subject, page, device, referrer and \
channel are those of the contact request.

## Repeat contact

A visitor asks again if a contact request comes {repeat_min} minutes to {repeat_max} days after his one before, by any channel and datastream that the \
report's filters let pass; sooner is the same conversation. Times are rounded down to the minute. The one before may lie before the period.

## Distinct visitors

A visitor is counted once, however often he comes: the visitors of two days are not the sum of each. Reports know exactly who came as long as a day \
has no more than {visitors_max} visitors, with any filter, zone and period, up to {visitor_days_max} visitors of all days of a number together. Beyond that \
they look at those whose keyed hash is smallest, {visitor_estimate_max} of all days together at most ({visitor_bucket_max} for an hour of the week), which are a random sample, and the number is an estimate: its `error` \
says within which share of the number the true one lies in 95 of 100 cases. The fewer pass a filter, the fewer of them are in the sample, and the larger is the \
error: of a day with very many visitors all of them are known within 1.5 %, a tenth of them (those of a page, say) within 5 %, and a hundredth \
within 15 %. A part of a series is estimated from its own days, so it says the same as if it were asked for alone. SQL always counts exactly.

## Devices and referrers

The **device** is what the event itself says, the first of these that applies:

| what the event has | device |
|---|---|
| `environment.type` is `application` | `app` |
| `device.type` is `desktop` or `computers` | `desktop` |
| `device.type` is `mobile`, or `tablet` | the same |
| any other `device.type` (a television, a console, a reader …) | `other` |
| `environment.type` is there and not `browser` (a thing, a widget …) | `other` |
| `device.screenWidth` and `device.screenHeight`, in CSS pixels: the shorter is less than {tablet_min} | `mobile` |
| the shorter is {tablet_min} to {tablet_max}, and the screen is higher than wide | `tablet` |
| any other screen | `desktop` |
| `environment.browserDetails.viewportWidth`, the window's width in CSS pixels, is less than {tablet_min} | `mobile` |
| any other window | `desktop` |
| none of these | `unknown`; null in SQL |

The Web SDK sends the screen, and no kind; the tag sends the window alone, which doesn't tell a tablet from a desktop. A tablet that tells its screen as it is held, on its side, is taken for a desktop; \
Apple's always tell it upright. The `User-Agent` header isn't looked at: it isn't stored.

The **referrer** is the host of `web.webReferrer.URL`: in lower case, without user, port, a dot at its end or `www.` at its beginning. Nothing else of the address is \
in any report, since paths and parameters can tell who somebody is. `(internal)` is the host of the event's own page (`web.webPageDetails.URL`), written the same way; other \
hosts of a site, such as `account.shop.example`, stand by themselves. `(none)` (null in SQL) is an event without an address, or with one that has no host: the page was typed or \
bookmarked, or the browser kept it back. Apps have addresses, too: `android-app://com.example.mail` is `com.example.mail`.

The referrer is that of the page that the event is on, not of the visit: who comes from a search engine, looks at a second page and asks there asks with `(internal)`. So the report \
`referrers` is in the order of visitors. To learn where those who ask came from, take the first event of their visit in SQL.

Both are read from columns that all stored events have, so events of before are told apart as well. They are not read from `extra`: a schema of \
one's own that lacks these fields has no devices and no referrers.

Summaries keep devices beside subjects and pages, and referrers by themselves, since all pairs of page and referrer would be too many. So a \
report that is filtered by a referrer and tells pages or subjects apart (or the other way round) is made from the events, as its note says, and takes longer.

## Pages, subjects, and the rest

The page is the address up to its first `?` or `#`, or the page's name where there is no address. \
Reports tell pages and subjects apart by their first {text_chars_max} characters, SQL by all of them. Of each day the {values_max} most frequent \
pages, subjects, referrers and datastreams have numbers of their own, and a report has up to {rows_max} rows; the others are counted together. A \
filter by a rare value is answered from the rows all the same.

A subject is named by who asks for contact, seldom by who looks at a page or is invited to a chat. So of the visitors of a subject \
nearly all asked, and of its invitations nearly all were accepted: both rates would be near 1 for every subject and say nothing. The report \
`subjects` therefore has neither of them by subject, nor visitors and invitations, but counts of requests and who made them, chats, \
durations and clicks; its totals, of all events, have the rates. A report with a filter by subject keeps them and says so. The SQL beside the \
metrics gives them by subject all the same.

## Time zones

Days, hours and weekdays are those of the zone that a report is asked for; without one, of the zone in the settings, or UTC. \
The day that clocks are set forward has 23 hours and the one that they are set back 25; of the two hours that are both called 2 each \
counts as an hour of its own, and by hours of the weekday as the same one. Only whether an event is late goes by UTC days. In SQL: [days and hours of a time zone](sql.md#days-and-hours-of-a-time-zone).

";

const ALERTS: &str = "\
## Alerts

An alert compares what is over with the same hours of the {weeks} weeks before, by the clock of its time zone. Three kinds:

* **spike**: the last whole hour (or day) has at least `factor` times the usual number,
* **drop**: it has at most the usual number divided by `factor`,
* **silence**: there is nothing in the hour that isn't over and in the `silence` hours before it.

The usual number is the mean of the weeks before. A week is known if anything at all came on that day; fewer than {weeks_min} known weeks raise \
nothing, so a new house is quiet for its first weeks. Two things more must hold, so that neither chance nor an uneven business raises an alert:

* the number is greater (or smaller) than in each of these weeks; for a silence, none of them was silent in the same hours, so closing time is no silence;
* chance alone would do this less than once in {rarely} times: of all events of these hours together, as many (or as few) fall on the last one if they come as \
often as before, by the binomial distribution with probability 1 ÷ (known weeks + 1). From 0 to 5, or from 10 to nothing, is chance; from 0 to 6, or from 11 to nothing, isn't.

An hour is judged {hour_grace} minutes after its end, a day {day_grace} minutes after, and again with what comes late as long as it is the last one. A spike or a drop is over when an hour \
(or day) is within the factor again, a silence when something comes. Alerts are about counts that are whole when the hour is: {metrics}.

";

const END: &str = "\
## `report contacts`

The first of the reports, by UTC days and channels, is computed by SQL and stays as it is. It knows no other time zone, whatever the settings say: whoever adds \
up its days relies on them, and `overview --tz` has the days of any zone. Its numbers: {contacts}. Its `anomalies` are those of counters alone (`anomalies_counter`).

## Never shown

Missed chats, abandonment in the queue, waiting time and speed of answer, handle time, satisfaction and the use of \
agents can't be computed from these events. Whether a click became a call isn't known either.
";
