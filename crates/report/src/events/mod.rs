//! Single events: lists of them, and what is known of one.
//!
//! Numbers come from summaries; what stands behind a number is looked up here, in the tables, by statements of our
//! own. A list is read page by page, each from a place in it, so that events that come meanwhile move nothing.

mod direct;
mod request;
mod statement;

use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use direct::LinePlan;
pub use request::{EVENTS_PARAMETERS, EventsRequest, Listed};
pub(crate) use statement::filtered;

use crate::worker::pool::QueryPool;
use crate::{Form, QueryError, QueryLimits};

/// Longest event that is shown, in bytes; of a longer one the beginning.
const SHOWN_BYTES_MAX: usize = 64 << 10;
/// Columns of `events` that aren't the sender's.
const OWN: [&str; 8] =
    ["received_at", "datastream", "request_id", "content_mac", "derived", "time_anomaly", "event_date", "sealed_bytes"];

/// A stored event, in the columns that are computed with. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventLine {
    /// When it happened, by the sender's clock.
    pub time: String,
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub visitor: Option<String>,
    /// The chat it is of.
    pub session: Option<String>,
    /// The channel.
    pub channel: Option<String>,
    /// Contact requests in it.
    pub contact_requests: Option<i64>,
    /// What the visitor wants help with.
    pub subject: Option<String>,
    /// On which page.
    pub page: Option<String>,
    /// Its type.
    pub event_type: Option<String>,
    /// The datastream it came in by.
    pub datastream: Option<String>,
    /// When it was received.
    pub received_at: String,
    /// The count that was concluded from the clicked link.
    pub derived: Option<String>,
    /// `ahead` or `behind`, where the time is far from the receipt.
    pub time_anomaly: Option<String>,
    /// Whether a counter can't be right.
    pub anomaly: Option<bool>,
    /// Whether it was received long after its day.
    pub late: Option<bool>,
}

/// A rejected event. What was sent is sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RejectLine {
    /// When it was received, RFC 3339 in UTC.
    pub received_at: String,
    /// The name of the row.
    pub reject_id: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: String,
    /// The rule of the first violation.
    pub keyword: Option<String>,
    /// Where that is, as a JSON pointer.
    pub pointer: Option<String>,
    /// How many violations there are.
    pub violation_count: Option<i64>,
    /// The event's id, if it could be read.
    pub event_id: Option<String>,
    /// The datastream it came in by.
    pub datastream: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// All violations as JSON, values masked.
    pub violations: Option<String>,
}

impl RejectLine {
    /// What the first violation says, values masked.
    pub fn message(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Told {
            message: String,
        }
        let told: Vec<Told> = serde_json::from_str(self.violations.as_deref()?).ok()?;
        Some(told.into_iter().next()?.message)
    }
}

/// A page of a list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventList {
    /// Stored events, if these were asked for.
    pub stored: Vec<EventLine>,
    /// Rejected ones, likewise.
    pub rejected: Vec<RejectLine>,
    /// The place behind the last row, where there are older ones.
    pub before: Option<String>,
}

/// What the tables know of a stored event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventDetails {
    /// In the columns that are computed with.
    pub line: EventLine,
    /// What was sent and is declared, as JSON with a line for each member; personal values are left out.
    pub sent: String,
    /// What was sent and no schema declares, likewise; empty for nothing.
    pub undeclared: String,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Bytes of personal values that are sealed.
    pub sealed_bytes: u64,
    /// Whether `sent` is only the beginning.
    pub is_cut: bool,
}

impl QueryPool {
    /// A page of a list.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn events(&self, request: &EventsRequest, limits: QueryLimits) -> Result<EventList, QueryError> {
        // A failure to read is told by the query, which looks for damage.
        if let Some(list) = self.newest(request).await {
            return Ok(list);
        }
        if let Some(newest) = statement::newest(request) {
            let list = self.page(request, &newest, limits).await?;
            if list.before.is_some() {
                return Ok(list);
            }
        }
        self.page(request, &statement::list(request), limits).await
    }

    async fn page(&self, request: &EventsRequest, sql: &str, limits: QueryLimits) -> Result<EventList, QueryError> {
        let answer = self.sql(sql, Form::Json, limits, &mut ()).await?;
        Ok(match request.listed() {
            Listed::Stored => EventList::of(request, rows(&answer)?),
            Listed::Rejected => EventList::of_rejected(request, rows(&answer)?),
        })
    }

    /// What the tables know of a stored event; `time` is its own, in microseconds since 1970.
    ///
    /// # Errors
    /// As [`QueryPool::sql`].
    pub async fn event(&self, id: &str, time: i64, limits: QueryLimits) -> Result<Option<EventDetails>, QueryError> {
        if let Some(details) = self.details(id, time).await {
            return Ok(Some(details));
        }
        let day = chrono::DateTime::from_timestamp_micros(time).unwrap_or_default().date_naive();
        let row = self.sql(&statement::row(id, day), Form::Json, limits, &mut ()).await?;
        let line = self.sql(&statement::line(id, day), Form::Json, limits, &mut ()).await?;
        let (mut rows, mut lines) = (rows::<Map<String, Value>>(&row)?, rows::<EventLine>(&line)?);
        Ok(lines.pop().zip(rows.pop()).map(|(line, row)| EventDetails::of(line, row)))
    }
}

impl EventList {
    /// A page of rejected events, likewise.
    fn of_rejected(request: &EventsRequest, mut rejected: Vec<RejectLine>) -> EventList {
        let is_more = rejected.len() > request.rows_max;
        rejected.truncate(request.rows_max);
        let last = rejected.last().filter(|_| is_more);
        let before = last.map(|line| request::behind(&line.received_at, &line.reject_id));
        EventList { stored: Vec::new(), rejected, before }
    }

    /// A page of stored events, of one more than is shown where there are more.
    fn of(request: &EventsRequest, mut stored: Vec<EventLine>) -> EventList {
        let is_more = stored.len() > request.rows_max;
        stored.truncate(request.rows_max);
        let last = stored.last().filter(|_| is_more);
        let before = last.map(|line| request::behind(&line.time, &line.id));
        EventList { stored, rejected: Vec::new(), before }
    }
}

impl EventDetails {
    fn of(line: EventLine, mut row: Map<String, Value>) -> EventDetails {
        let mut own: Map<String, Value> = OWN.iter().filter_map(|name| row.remove_entry(*name)).collect();
        let undeclared = match row.remove("extra") {
            Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            Some(value) => value,
            None => Value::Null,
        };
        let mut sent = Value::Object(row);
        drop_nulls(&mut sent);
        let mut sent = serde_json::to_string_pretty(&sent).unwrap_or_default();
        let is_cut = sent.len() > SHOWN_BYTES_MAX;
        sent.truncate(sent.floor_char_boundary(SHOWN_BYTES_MAX));
        let mut undeclared = match undeclared.is_null() {
            true => String::new(),
            false => serde_json::to_string_pretty(&undeclared).unwrap_or_default(),
        };
        undeclared.truncate(undeclared.floor_char_boundary(SHOWN_BYTES_MAX));
        EventDetails {
            line,
            sent,
            undeclared,
            request_id: own.remove("request_id").and_then(|id| id.as_str().map(str::to_owned)),
            sealed_bytes: own.remove("sealed_bytes").and_then(|bytes| bytes.as_u64()).unwrap_or(0),
            is_cut,
        }
    }
}

/// What wasn't sent has no value, at any depth.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| {
                drop_nulls(member);
                !member.is_null() && member.as_object().is_none_or(|members| !members.is_empty())
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn rows<T: for<'a> Deserialize<'a>>(answer: &[u8]) -> Result<Vec<T>, QueryError> {
    serde_json::from_slice(answer)
        .map_err(|error| QueryError::Failed { message: format!("a worker's answer can't be read: {error}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_shown_without_what_was_not_sent() {
        let row = json!({
            "_id": "a", "web": { "webPageDetails": { "URL": "u", "name": null }, "webReferrer": { "URL": null } },
            "extra": "{\"x\":1}", "received_at": "r", "request_id": "q", "sealed_bytes": 34, "content_mac": "m", "derived": null,
        });
        let Value::Object(row) = row else { panic!("an object") };
        let details = EventDetails::of(EventLine::default(), row);
        let compact = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(compact(&details.sent), r#"{"_id":"a","web":{"webPageDetails":{"URL":"u"}}}"#);
        assert_eq!(compact(&details.undeclared), r#"{"x":1}"#);
        assert_eq!((details.request_id.as_deref(), details.sealed_bytes, details.is_cut), (Some("q"), 34, false));
    }
}
