//! Answers in the streaming-ingestion API's shapes, with messages of our own.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};
use xdm::Violation;

use super::envelope::{MESSAGES_MAX, Unreadable};
use crate::http::problem::{Code, Problem};

/// The answer to one message that was taken.
pub(crate) struct OneReply<'a> {
    pub(crate) inlet: &'a str,
    pub(crate) transaction: &'a str,
    pub(crate) received_ms: i64,
    pub(crate) validation: Validation,
}

impl Serialize for OneReply<'_> {
    /// By hand, since the last key depends on how the caller spelled its parameter.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("inletId", self.inlet)?;
        map.serialize_entry("xactionId", self.transaction)?;
        map.serialize_entry("receivedTimeMs", &self.received_ms)?;
        map.serialize_entry(self.validation.key, &self.validation.outcome)?;
        map.end()
    }
}

/// The rules that a message breaks: those that are told, and how many more there are.
#[derive(Clone, Copy)]
pub(crate) struct Broken<'a> {
    pub(crate) violations: &'a [Violation],
    pub(crate) omitted: usize,
}

impl Broken<'_> {
    fn count(&self) -> usize {
        self.violations.len() + self.omitted
    }
}

/// Whether a message was validated before its answer.
pub(crate) struct Validation {
    key: &'static str,
    outcome: ValidationOutcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ValidationOutcome {
    Skipped { skipped: bool },
    Passed { status: &'static str },
}

impl Validation {
    pub(crate) fn skipped() -> Validation {
        Validation { key: "syncValidation", outcome: ValidationOutcome::Skipped { skipped: true } }
    }

    pub(crate) fn passed(key: &'static str) -> Validation {
        Validation { key, outcome: ValidationOutcome::Passed { status: "pass" } }
    }
}

/// The answer to a batch.
#[derive(Serialize)]
pub(crate) struct BatchReply<'a> {
    #[serde(rename = "inletId")]
    pub(crate) inlet: &'a str,
    #[serde(rename = "batchId")]
    pub(crate) batch: &'a str,
    #[serde(rename = "receivedTimeMs")]
    pub(crate) received_ms: i64,
    pub(crate) responses: Vec<MessageReply>,
}

/// The outcome of one message of a batch.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    xaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Value>,
}

impl MessageReply {
    pub(crate) fn taken(transaction: String) -> MessageReply {
        MessageReply { xaction_id: Some(transaction), ..MessageReply::default() }
    }

    pub(crate) fn refused(inlet: &str, why: Unreadable) -> MessageReply {
        MessageReply { status_code: Some(400), message: Some(sentence(inlet, why)), ..MessageReply::default() }
    }

    pub(crate) fn invalid(inlet: &str, transaction: String, broken: Broken<'_>) -> MessageReply {
        MessageReply {
            xaction_id: Some(transaction),
            status_code: Some(400),
            message: Some(broken_rules(inlet, broken.count())),
            report: Some(report(inlet, broken)),
        }
    }
}

/// The problem of an envelope without an event; nothing of it is kept.
pub(crate) fn unreadable(inlet: &str, why: Unreadable) -> Problem {
    let message = sentence(inlet, why);
    if why == Unreadable::TooManyMessages {
        return Problem::new(Code::BodyTooLarge, message);
    }
    Problem::new(Code::InvalidXdmMessage, message.clone()).member("report", json!({ "message": message }))
}

/// The problem of a message that breaks rules of the schema.
pub(crate) fn invalid(inlet: &str, transaction: &str, broken: Broken<'_>) -> Problem {
    Problem::of(Code::InvalidXdmMessage).member("xactionId", transaction.into()).member("report", report(inlet, broken))
}

/// `schemaLocation` and `pointerToViolation` are URI fragments, as its clients expect.
fn report(inlet: &str, broken: Broken<'_>) -> Value {
    let causes = broken.violations.iter();
    let causes: Vec<Value> = causes
        .map(|violation| {
            json!({
                "schemaLocation": violation.schema,
                "pointerToViolation": format!("#{}", violation.pointer),
                "causingExceptions": [],
                "keyword": violation.keyword,
                "message": violation.message,
            })
        })
        .collect();
    let whole = json!({
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": causes,
        "message": format!("{} broken", rules(broken.count())),
    });
    let mut report =
        json!({ "message": broken_rules(inlet, broken.count()), "cause": { "_streamingValidation": [whole] } });
    if broken.omitted > 0 {
        report["violationsOmitted"] = broken.omitted.into();
    }
    report
}

fn broken_rules(inlet: &str, count: usize) -> String {
    format!("inletId: [{inlet}] the message breaks {} of the schema; it is kept in rejects", rules(count))
}

fn rules(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}

fn sentence(inlet: &str, why: Unreadable) -> String {
    let what = match why {
        Unreadable::NotJson => "the message is not JSON; nothing of it was kept",
        Unreadable::NoEvent => "unknown xdm format: body.xdmEntity must be an object; nothing of it was kept",
        Unreadable::TooManyMessages => {
            return format!(
                "inletId: [{inlet}] the batch holds more than {MESSAGES_MAX} messages; send them in several batches"
            );
        }
        Unreadable::NoMessages => "the batch needs an array messages; nothing of it was kept",
    };
    format!("inletId: [{inlet}] {what}")
}
