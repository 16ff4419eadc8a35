//! The events of a call that are kept: completed, put into one array, and submitted.
//!
//! An event that came with a refusal of its own is left out; the others keep their places
//! in what the answer says of them.

use std::cell::OnceCell;

use intake::{Claim, Framing};

use super::consent::Consent;
use super::edge_call::{EdgeBody, EdgeCall};
use super::envelope::Sent;
use super::merge::{self, Added};
use super::raw::property;
use super::reply::Reply;
use super::{notice, tcf};
use crate::app::backend::Ingest;
use crate::app::recorder::test_run::TestRun;
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::problem::{Code, Problem};

/// Room in an event for the visitor and a time.
const ADDED_BYTES: usize = 200;

/// The events of a call that are to be kept.
#[derive(Default)]
pub(super) struct Kept {
    /// As one JSON array; empty when there are none.
    array: String,
    /// Their places in the request.
    places: Vec<usize>,
    /// Places of those that were given a time.
    dated: Vec<usize>,
    /// Places of events that came with a refusal and are not kept.
    refused: Vec<usize>,
    /// What consent strings in the events said.
    pub(super) said: Option<Consent>,
}

impl Kept {
    fn add(&mut self, place: usize, event: &Sent<'_>, added: Added<'_>) {
        let strings = event.consent_strings().or_else(|| property(added.context?, "consentStrings"));
        let said = strings.and_then(tcf::consent_of_event);
        if self.said != Some(Consent::Out) {
            self.said = said.or(self.said);
        }
        if said == Some(Consent::Out) {
            self.refused.push(place);
            return;
        }
        let completed = merge::complete(event.xdm, added);
        self.array.push(if self.places.is_empty() { '[' } else { ',' });
        self.array.push_str(&completed.text);
        self.places.push(place);
        if completed.is_dated {
            self.dated.push(place);
        }
    }

    fn close(&mut self) {
        if !self.places.is_empty() {
            self.array.push(']');
        }
    }
}

impl EdgeCall<'_> {
    /// The events as one array, each with the request's context and the visitor, without
    /// those that came with a refusal.
    pub(super) fn complete<B: Ingest>(
        &self,
        state: &AppState<B>,
        body: &EdgeBody<'_>,
        claim: &mut Claim,
        reply: &mut Reply,
    ) -> Result<Kept, Problem> {
        let events = body.envelope.events.as_ref().ok_or_else(|| {
            Problem::new(Code::ValueMissing, "the body has no `events`; send {\"events\":[{\"xdm\":{…}}]}")
        })?;
        let mut kept = Kept::default();
        if self.choice_kept(body) == Some(Consent::Out) {
            reply.warn_of_refusal();
            return Ok(kept);
        }
        if events.is_empty() {
            return Ok(kept);
        }
        // The context is in each event: few bytes can become many.
        let context = body.envelope.context.as_deref();
        let added_bytes = context.map_or(0, str::len) + ADDED_BYTES;
        let bytes = events.iter().fold(2usize, |sum, event| sum.saturating_add(event.xdm.len() + added_bytes));
        if bytes > state.options.body_bytes_decompressed_max {
            let detail =
                "the request's xdm in each of its events is over the limit; send fewer events, or a shorter xdm";
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        if !claim.grow_to(bytes.saturating_mul(2)) {
            return Err(Problem::overloaded());
        }
        kept.array.reserve(bytes);
        let time = OnceCell::new();
        let timestamp = || time.get_or_init(|| self.received_at(state)).clone();
        let caller = self.caller();
        for (place, event) in events.iter().enumerate() {
            let ecid = caller.visitor_of(state, event, body.visitor.as_ref());
            let timestamp: Option<&dyn Fn() -> String> = if event.is_bare { None } else { Some(&timestamp) };
            kept.add(place, event, Added { context, ecid: ecid.as_ref(), timestamp });
        }
        kept.close();
        reply.warn_of_refused(&kept.refused);
        reply.warn_of_dated(&kept.dated);
        Ok(kept)
    }

    pub(super) async fn take_in<B: Ingest>(
        &self,
        state: &AppState<B>,
        body: &EdgeBody<'_>,
        kept: Kept,
        mismatch: Option<&str>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let Kept { array, places, dated, .. } = kept;
        if places.is_empty() {
            return Ok(());
        }
        let request = self.request(Framing::Array, array.into_bytes());
        let sent = body.envelope.events.as_deref().unwrap_or_default();
        let runs = TestRun::of(&self.head.headers, places.iter().map(|place| sent.get(*place)?.test_id()));
        let submitted = |request| async {
            let mut answers = submit(state, request).await?;
            notice::add_doubt(&mut answers, mismatch);
            notice::add_dated(&mut answers, &places, &dated);
            Ok(answers)
        };
        let answers = state.recorder.record(&state.backend, &runs, request, submitted).await?;
        reply.warn_of(&answers, &places);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSES: &str = r#""consentStrings":[{"consentStandard":"IAB TCF","consentStandardVersion":"2.0","consentStringValue":"CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA","gdprApplies":true}]"#;
    const AGREES: &str = r#""consentStrings":[{"consentStandard":"IAB TCF","gdprApplies":false}]"#;

    fn kept(context: Option<&str>, events: &[&str]) -> Kept {
        let time = || "2026-11-22T14:07:16.000Z".to_owned();
        let mut kept = Kept::default();
        for (place, xdm) in events.iter().enumerate() {
            let event = Sent { xdm, is_bare: false, data: None };
            kept.add(place, &event, Added { context, ecid: None, timestamp: Some(&time) });
        }
        kept.close();
        kept
    }

    #[test]
    fn events_keep_their_places_beside_those_that_were_refused() {
        let refusing = format!("{{{REFUSES}}}");
        let found = kept(None, &[r#"{"timestamp":"t","n":0}"#, &refusing, r#"{"n":2}"#]);
        assert_eq!(found.array, r#"[{"timestamp":"t","n":0},{"n":2,"timestamp":"2026-11-22T14:07:16.000Z"}]"#);
        assert_eq!((found.places, found.dated, found.refused), (vec![0, 2], vec![2], vec![1]));
        assert_eq!(found.said, Some(Consent::Out));
        assert_eq!(kept(None, &[&refusing]).array, "", "nothing is left to be submitted");
    }

    #[test]
    fn a_refusal_counts_whatever_is_said_beside_it() {
        let (refusing, agreeing) = (format!("{{{REFUSES}}}"), format!("{{{AGREES}}}"));
        let check = |context: Option<&str>, events: &[&str], expect: Option<Consent>| {
            assert_eq!(kept(context, events).said, expect, "{events:?}");
        };
        check(None, &["{}"], None);
        check(None, &[&agreeing, "{}"], Some(Consent::In));
        check(None, &[&refusing, &agreeing], Some(Consent::Out));
        check(None, &[&agreeing, &refusing], Some(Consent::Out));
        check(Some(&refusing), &["{}"], Some(Consent::Out));
        // The event is right where both say something.
        check(Some(&refusing), &[&agreeing], Some(Consent::In));
    }
}
