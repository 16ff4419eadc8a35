//! One event as those who watch are told of it.

use intake::EventAnswer;
use serde::Serialize;
use serde_json::value::RawValue;
use xdm::Violation;

use crate::app::backend::DescribedEvent;

/// Longest event that is shown; of a longer one its length is told.
const SHOWN_BYTES_MAX: usize = 64 << 10;

/// One event as it is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedEvent<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    datastream: &'a str,
    received_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_id: Option<&'a str>,
    derived: Vec<&'static str>,
    violations: &'a [Violation],
    #[serde(skip_serializing_if = "is_zero")]
    violations_omitted: usize,
    notices: &'a [xdm::Notice],
    #[serde(skip_serializing_if = "is_zero")]
    notices_omitted: usize,
    /// The event as it was taken in, personal values masked; left out when it is invalid,
    /// since then it can't be told what is personal in it, and when it is too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    /// The length of an event that is too long to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_bytes: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What is known of an event before its answer.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) datastream: &'a str,
    pub(super) received_at: &'a str,
    pub(super) test_id: Option<&'a str>,
    pub(super) event: &'a DescribedEvent,
}

impl<'a> RecordedEvent<'a> {
    /// `omitted` is the number of violations or notices that the answer leaves out.
    pub(super) fn of(arrival: Arrival<'a>, answer: &'a EventAnswer, omitted: usize) -> RecordedEvent<'a> {
        let Arrival { datastream, received_at, test_id, event } = arrival;
        let (verdict, id, violations, notices) = match answer {
            EventAnswer::Accepted { id, notices } => ("accepted", Some(id.as_str()), &[][..], notices.as_slice()),
            EventAnswer::Rejected { id, violations } => ("rejected", id.as_deref(), violations.as_slice(), &[][..]),
        };
        let is_accepted = answer.is_accepted();
        let shown = event.masked.as_deref().map(|event| (event.get().len(), event));
        let too_long = shown.filter(|(bytes, _)| *bytes > SHOWN_BYTES_MAX);
        RecordedEvent {
            verdict,
            id,
            datastream,
            received_at,
            time: event.time.as_deref(),
            event_type: event.event_type.as_deref(),
            test_id,
            derived: event.derived.into_iter().collect(),
            violations,
            violations_omitted: if is_accepted { 0 } else { omitted },
            notices,
            notices_omitted: if is_accepted { omitted } else { 0 },
            event: shown.filter(|_| too_long.is_none()).map(|(_, event)| event),
            event_bytes: too_long.map(|(bytes, _)| bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_too_long_is_told_by_its_length() {
        let check = |bytes: usize, expect: &str| {
            let text = format!("\"{}\"", "x".repeat(bytes - 2));
            let event = DescribedEvent { masked: RawValue::from_string(text).ok(), ..DescribedEvent::default() };
            let arrival = Arrival { datastream: "web", received_at: "now", test_id: None, event: &event };
            let answer = EventAnswer::Accepted { id: "e".to_owned(), notices: Vec::new() };
            let told = serde_json::to_string(&RecordedEvent::of(arrival, &answer, 2)).expect("JSON");
            assert!(told.ends_with(expect), "{told:.300}");
        };
        check(3, r#","derived":[],"violations":[],"notices":[],"noticesOmitted":2,"event":"x"}"#);
        check(SHOWN_BYTES_MAX + 1, r#","notices":[],"noticesOmitted":2,"eventBytes":65537}"#);
    }

    #[test]
    fn a_rejected_event_counts_the_violations_that_are_left_out() {
        let event = DescribedEvent::default();
        let arrival = Arrival { datastream: "web", received_at: "now", test_id: Some("t"), event: &event };
        let answer = EventAnswer::Rejected { id: None, violations: Vec::new() };
        let told = serde_json::to_string(&RecordedEvent::of(arrival, &answer, 3)).expect("JSON");
        let expect = r#"{"verdict":"rejected","datastream":"web","receivedAt":"now","testId":"t","derived":[],"violations":[],"violationsOmitted":3,"notices":[]}"#;
        assert_eq!(told, expect);
    }
}
