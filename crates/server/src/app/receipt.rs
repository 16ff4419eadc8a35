//! What is known about one event, as it is sent: the one shape of a receipt, which the
//! server writes and commands read.

use serde::{Deserialize, Serialize};
use xdm::Violation;

/// What became of an event. A stored one can have rejected namesakes: later events with
/// the same id and other content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Receipt {
    /// Whether it is stored.
    pub status: ReceiptStatus,
    /// The event's id.
    pub id: String,
    /// The stored event.
    #[serde(flatten)]
    pub stored: Option<StoredEvent>,
    /// What was sent under this id and kept in `rejects`, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejects: Vec<RejectedEvent>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejects_more: u64,
}

/// Whether an event is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptStatus {
    /// It is in `events`.
    Stored,
    /// It is only in `rejects`.
    Rejected,
}

/// A stored event's times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct StoredEvent {
    /// The event's own time, RFC 3339 in UTC.
    pub time: String,
    /// When it was received, RFC 3339 in UTC.
    pub received_at: String,
    /// How often the same event came again.
    pub duplicates: u64,
}

/// One row of `rejects`, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RejectedEvent {
    /// The name of the row, for `frontdesk rejects show`.
    pub reject_id: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: String,
    /// When it was received, RFC 3339 in UTC.
    pub received_at: String,
    /// Every broken rule, values masked.
    pub violations: Vec<Violation>,
}

impl Receipt {
    /// The receipt of the event with this id; `None` when nothing is known of it.
    #[must_use]
    pub fn of(
        id: &str,
        stored: Option<StoredEvent>,
        rejects: Vec<RejectedEvent>,
        rejects_more: u64,
    ) -> Option<Receipt> {
        let status = match (&stored, rejects.is_empty()) {
            (Some(_), _) => ReceiptStatus::Stored,
            (None, false) => ReceiptStatus::Rejected,
            (None, true) => return None,
        };
        Some(Receipt { status, id: id.to_owned(), stored, rejects, rejects_more })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredEvent {
        StoredEvent { time: "t".to_owned(), received_at: "r".to_owned(), duplicates: 0 }
    }

    fn rejected() -> RejectedEvent {
        RejectedEvent {
            reject_id: "r-1".to_owned(),
            kind: "conflict".to_owned(),
            received_at: "c".to_owned(),
            violations: Vec::new(),
        }
    }

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let check = |stored: Option<StoredEvent>, rejects: Vec<RejectedEvent>, more: u64, expect: Option<&str>| {
            let receipt = Receipt::of("e", stored, rejects, more);
            let text = receipt.as_ref().map(|receipt| serde_json::to_string(receipt).expect("JSON"));
            assert_eq!(text.as_deref(), expect);
            let read = text.map(|text| serde_json::from_str::<Receipt>(&text).expect("a receipt"));
            assert_eq!(read, receipt);
        };
        let row = r#"{"reject_id":"r-1","kind":"conflict","received_at":"c","violations":[]}"#;
        check(
            Some(stored()),
            Vec::new(),
            0,
            Some(r#"{"status":"stored","id":"e","time":"t","received_at":"r","duplicates":0}"#),
        );
        let both = format!(
            r#"{{"status":"stored","id":"e","time":"t","received_at":"r","duplicates":0,"rejects":[{row}],"rejects_more":2}}"#
        );
        check(Some(stored()), vec![rejected()], 2, Some(&both));
        let only = format!(r#"{{"status":"rejected","id":"e","rejects":[{row}]}}"#);
        check(None, vec![rejected()], 0, Some(&only));
        check(None, Vec::new(), 0, None);
    }
}
