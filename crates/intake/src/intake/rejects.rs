//! Rejects that come back: their payload, opened, and sent again after a repair of the
//! schema or the settings.
//!
//! A retry is checked first and stores nothing while it still breaks rules, so trying
//! again and again adds no rows. The reject row goes only after the event is committed:
//! a crash in between leaves both, and the next retry finds a duplicate.

use std::collections::HashSet;

use bytes::Bytes;
use table::{DeleteWhere, FoundReject};
use xdm::Violation;

use super::Intake;
use super::outcome::RetryOutcome;
use crate::admit::answer::EventAnswer;
use crate::error::IntakeError;
use crate::request::body::{BodyError, Request, Source};
use crate::request::framing::Framing;

impl Intake {
    /// The event as it was sent. `None` when there is no such row, or it has no payload
    /// (a duplicate). Personal values are in clear: show it only to whoever may see them.
    pub async fn reject_payload(&self, reject_id: &str) -> Result<Option<Vec<u8>>, IntakeError> {
        self.settle().await?;
        let row = self.store().find_reject(reject_id).await?;
        row.and_then(|row| row.sealed).map(|sealed| self.open_payload(reject_id, &sealed)).transpose()
    }

    /// Sends rejected events again. One that is valid now is taken in and its reject row
    /// removed; the others stay as they are. Outcomes are in the order of the ids.
    pub async fn rejects_retry(&self, reject_ids: &[String]) -> Result<Vec<RetryOutcome>, IntakeError> {
        self.settle().await?;
        let mut outcomes = Vec::with_capacity(reject_ids.len());
        let mut accepted = HashSet::new();
        for reject_id in reject_ids {
            let outcome = match self.store().find_reject(reject_id).await? {
                Some(row) => self.retry(reject_id, row).await?,
                None => RetryOutcome::Unknown { reject_id: reject_id.clone() },
            };
            if matches!(outcome, RetryOutcome::Accepted { .. }) {
                accepted.insert(reject_id.clone());
            }
            outcomes.push(outcome);
        }
        if !accepted.is_empty() {
            // The events first; and a reject that is still fresh can't be deleted.
            self.flush().await?;
            self.store().rejects.delete_where(DeleteWhere { column: "reject_id".to_owned(), ids: accepted }).await?;
        }
        Ok(outcomes)
    }

    async fn retry(&self, reject_id: &str, row: FoundReject) -> Result<RetryOutcome, IntakeError> {
        let reject_id = reject_id.to_owned();
        let (Some(sealed), "invalid") = (row.sealed, row.kind.as_str()) else {
            return Ok(RetryOutcome::NotRetryable { reject_id, kind: row.kind });
        };
        let payload = self.open_payload(&reject_id, &sealed)?;
        let request = Request {
            datastream: row.datastream,
            // The same id each time, so that a retry cut short and done again collapses.
            request_id: Some(format!("retry-{reject_id}")),
            // A file's events aren't late, whenever they are tried again.
            source: if row.request_id.is_some() { Source::Sender } else { Source::File },
            framing: Framing::Single,
            body: Bytes::from(payload),
        };
        let checked = match self.check(&request) {
            Ok(answers) => answers,
            Err(error) => return Ok(RetryOutcome::Rejected { reject_id, violations: vec![unreadable(&error)] }),
        };
        let answers = match checked.iter().all(EventAnswer::is_accepted) {
            true => self.submit(request).await?,
            false => checked,
        };
        let outcome = answers.into_iter().next().ok_or(IntakeError::Closed)?;
        Ok(match outcome {
            EventAnswer::Accepted { id, .. } => RetryOutcome::Accepted { reject_id, id },
            EventAnswer::Rejected { violations, .. } => RetryOutcome::Rejected { reject_id, violations },
        })
    }

    fn open_payload(&self, reject_id: &str, sealed: &[u8]) -> Result<Vec<u8>, IntakeError> {
        let opened = self.context().scheme.rejects_sealer.open(reject_id.as_bytes(), sealed);
        opened.map_err(|source| IntakeError::Payload { reject_id: reject_id.to_owned(), source })
    }
}

/// A payload that still can't be read at all.
fn unreadable(error: &BodyError) -> Violation {
    Violation {
        pointer: String::new(),
        schema: String::new(),
        keyword: error.code().to_owned(),
        message: error.to_string(),
    }
}
