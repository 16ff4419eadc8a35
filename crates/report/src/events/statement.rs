//! The statements that list events and tell of one. Whatever a person wrote stands in them as a literal.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use summary::{Filter, Values};

use super::request::{EventsRequest, Listed, Place, is_any, is_any_channel};
use crate::Period;
use crate::metrics::{Measure, Relation, Scope, SessionCondition};
use crate::views::columns::column_of;

/// What is shown of a stored event.
pub(super) const STORED: &str = "time, id, visitor, session, channel, contact_requests, subject, page, event_type, datastream, received_at, derived, time_anomaly, anomaly, late";
/// What is shown of a rejected one.
const REJECTED: &str =
    "received_at, reject_id, kind, keyword, pointer, violation_count, event_id, datastream, request_id, violations";
/// The days that are looked at first: most lists are full with them.
const DAYS_FIRST: u64 = 1;

/// The list, with one row more than is shown, which tells that there are more.
pub(super) fn list(request: &EventsRequest) -> String {
    list_within(request, &request.period)
}

/// The same for the newest day of its span alone; `None` where that is all there is, or no help.
pub(super) fn newest(request: &EventsRequest) -> Option<String> {
    if request.find.is_some() || request.anomaly.is_some() || request.reason.is_some() {
        return None;
    }
    let end = request.before.as_ref().and_then(|place| place.time.parse::<DateTime<Utc>>().ok());
    let until = end.map_or(request.period.until(), |end| request.period.until().min(end + TimeDelta::microseconds(1)));
    let since = until.checked_sub_days(Days::new(DAYS_FIRST))?;
    (since > request.period.since())
        .then(|| Period::of_micros(since.timestamp_micros(), until.timestamp_micros()))
        .flatten()
        .map(|period| list_within(request, &period))
}

fn list_within(request: &EventsRequest, period: &Period) -> String {
    let (columns, relation, time, id) = match request.listed {
        Listed::Stored => (STORED, Relation::Activity, "time", "id"),
        Listed::Rejected => (REJECTED, Relation::Rejects, "received_at", "reject_id"),
    };
    let mut conditions = vec![relation.within(period)];
    match request.listed {
        Listed::Stored => stored(request, period, &mut conditions),
        Listed::Rejected => rejected(request, &mut conditions),
    }
    if let Some(Place { time: at, id: last }) = &request.before {
        let (at, last) = (literal(at), literal(last));
        conditions.push(format!("({time} < {at} or {time} = {at} and {id} < {last})"));
    }
    let limit = request.rows_max + 1;
    let (table, conditions) = (relation.name(), conditions.join(" and "));
    format!("select {columns} from {table} where {conditions} order by {time} desc, {id} desc limit {limit}")
}

/// The conditions of a filter, over `activity`.
pub(crate) fn filtered(filter: &Filter, conditions: &mut Vec<String>) {
    for (dimension, values) in filter.texts() {
        conditions.extend(among(column_of(dimension), values));
    }
    if is_any_channel(&filter.channel) {
        let names = |channels: &[summary::Channel]| channels.iter().map(|channel| channel.name().to_owned()).collect();
        let values = Values { any_of: names(&filter.channel.any_of), none_of: names(&filter.channel.none_of) };
        conditions.extend(among("channel", &values));
    }
}

fn stored(request: &EventsRequest, period: &Period, conditions: &mut Vec<String>) {
    filtered(&request.filter, conditions);
    if let Some(find) = &request.find {
        let find = literal(find);
        conditions.push(format!("(id = {find} or session = {find} or visitor = {find})"));
    }
    match request.anomaly.map(|metric| metric.measure) {
        Some(Measure::Rows(condition)) => {
            conditions.extend(condition.sql(Scope::AllChannels).map(|condition| format!("({condition})")));
        }
        Some(Measure::Sessions(SessionCondition::With(anomaly))) => {
            let within = Relation::ChatSessions.within(period);
            let name = literal(anomaly.name());
            conditions.push(format!(
                "session in (select session from chat_sessions where strpos(anomalies, {name}) > 0 and {within})"
            ));
        }
        _ => {}
    }
}

fn rejected(request: &EventsRequest, conditions: &mut Vec<String>) {
    conditions.extend(among("datastream", &request.filter.datastream));
    if let Some(reason) = &request.reason {
        // Rows of long ago have no rule.
        conditions.push(format!("kind = 'invalid' and coalesce(keyword, 'unknown') = {}", literal(reason)));
    }
    if let Some(find) = &request.find {
        let find = literal(find);
        conditions.push(format!("(event_id = {find} or reject_id = {find} or request_id = {find})"));
    }
}

/// An empty value stands for events without one.
fn among(column: &str, values: &Values) -> Option<String> {
    let list = |values: &[String]| values.iter().map(|value| literal(value)).collect::<Vec<_>>().join(", ");
    if !is_any(values) {
        return None;
    }
    let value = format!("coalesce({column}, '')");
    let within = (!values.any_of.is_empty()).then(|| format!("{value} in ({})", list(&values.any_of)));
    let without = (!values.none_of.is_empty()).then(|| format!("{value} not in ({})", list(&values.none_of)));
    Some(within.into_iter().chain(without).collect::<Vec<_>>().join(" and "))
}

/// One event of that day as its table has it.
pub(super) fn row(id: &str, day: NaiveDate) -> String {
    format!("select * from events where _id = {} and event_date = '{day}' limit 1", literal(id))
}

/// The same event in the columns that are computed with.
pub(super) fn line(id: &str, day: NaiveDate) -> String {
    format!("select {STORED} from activity where id = {} and event_date = '{day}' limit 1", literal(id))
}

/// A text of SQL: a quote in it is doubled, and nothing else means anything.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    /// 2026-11-22T14:07:16Z
    const NOW: i64 = 1_795_356_436_000_000;

    fn request(parameters: &[(&str, &str)]) -> EventsRequest {
        EventsRequest::parse(parameters.iter().copied(), Zone::UTC, NOW).expect("it can be read")
    }

    #[test]
    fn what_a_person_writes_stays_a_text() {
        let check = |parameters: &[(&str, &str)], expect: &str| {
            let sql = list(&request(parameters));
            assert!(sql.contains(expect), "{parameters:?}: {sql}");
        };
        check(
            &[],
            "from activity where time >= '2026-11-16T00:00:00Z' and time < '2026-11-23T00:00:00Z' and event_date >= '2026-11-16' and event_date <= '2026-11-22' order by time desc, id desc limit 51",
        );
        check(&[("find", "x' or '1'='1")], "(id = 'x'' or ''1''=''1' or session = 'x'' or ''1''=''1' or visitor = ");
        check(
            &[("subject", "a'b"), ("subject", "!")],
            "coalesce(subject, '') in ('a''b') and coalesce(subject, '') not in ('')",
        );
        check(
            &[("channel", "!chat"), ("limit", "7")],
            "coalesce(channel, '') not in ('chat') order by time desc, id desc limit 8",
        );
        check(&[("anomaly", "late")], "and (late) order");
        check(
            &[("anomaly", "anomalies_two_starts")],
            "strpos(anomalies, 'two_starts') > 0 and began_at >= '2026-11-16",
        );
        check(
            &[("before", "2026-11-22T14:00:00.5Z~a'b")],
            "(time < '2026-11-22T14:00:00.500Z' or time = '2026-11-22T14:00:00.500Z' and id < 'a''b')",
        );
        check(
            &[("show", "rejected"), ("reason", "type")],
            "kind = 'invalid' and coalesce(keyword, 'unknown') = 'type' order by received_at desc, reject_id desc",
        );
        assert!(row("a'", NaiveDate::MIN).contains("_id = 'a''' and"));
    }

    #[test]
    fn the_newest_day_is_looked_at_first() {
        let newest = |parameters: &[(&str, &str)]| super::newest(&request(parameters));
        assert!(
            newest(&[])
                .is_some_and(|sql| sql.contains("time >= '2026-11-22T00:00:00Z' and time < '2026-11-23T00:00:00Z'"))
        );
        let behind = newest(&[("before", "2026-11-20T14:00:00Z~a")]).expect("a day");
        assert!(
            behind.contains("time >= '2026-11-19T14:00:00.000001Z' and time < '2026-11-20T14:00:00.000001Z'"),
            "{behind}"
        );
        assert_eq!(newest(&[("since", "1d")]), None);
        assert_eq!(newest(&[("find", "a")]), None);
    }

    #[test]
    fn wrong_words_are_told_with_the_right_ones() {
        let check = |parameters: &[(&str, &str)], expect: &str| {
            let error = EventsRequest::parse(parameters.iter().copied(), Zone::UTC, NOW).expect_err("it is wrong");
            assert!(error.to_string().starts_with(expect), "{parameters:?}: {error}");
        };
        check(&[("show", "all")], "show is \"all\"; write stored or rejected");
        check(&[("anomaly", "odd")], "anomaly is \"odd\"; write anomalies_counter, ");
        check(&[("anomaly", "visitors")], "anomaly is \"visitors\"; write ");
        check(&[("before", "yesterday")], "before is \"yesterday\"; write what the link");
        check(&[("find", "a"), ("find", "b")], "find is given twice; write it once");
        check(&[("sinc", "7d")], "there is no parameter \"sinc\"; did you mean since?");
        check(&[("find", &"x".repeat(1_025))], "find is \"xxxxxxxxxx");
    }
}
