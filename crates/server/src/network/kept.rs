//! The events of a call that are kept: completed, put into one array, and submitted.
//!
//! An event that came with a refusal of its own is left out; the others keep their places
//! in what the answer says of them.

use std::cell::OnceCell;

use intake::Framing;

use super::consent::Consent;
use super::envelope::Sent;
use super::merge::{self, Added};
use super::raw::property;
use super::reply::Reply;
use super::{Reading, Visit, notice, tcf};
use crate::budget::Claim;
use crate::edge::Edge;
use crate::events::submit;
use crate::front::Front;
use crate::problem::{Code, Problem};
use crate::recorder::TestRun;

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

impl Visit<'_> {
    /// The events as one array, each with the request's context and the visitor, without
    /// those that came with a refusal.
    pub(super) fn complete<F: Front>(
        &self,
        edge: &Edge<F>,
        reading: &Reading<'_>,
        room: &mut Claim,
        reply: &mut Reply,
    ) -> Result<Kept, Problem> {
        let events = reading.envelope.events.as_ref().ok_or_else(|| {
            Problem::new(Code::ValueMissing, "the body has no `events`; send {\"events\":[{\"xdm\":{…}}]}")
        })?;
        let mut kept = Kept::default();
        if self.choice_kept(reading) == Some(Consent::Out) {
            reply.warn_of_refusal();
            return Ok(kept);
        }
        if events.is_empty() {
            return Ok(kept);
        }
        // The context is in each event: few bytes can become many.
        let context = reading.envelope.context.as_deref();
        let added_bytes = context.map_or(0, str::len) + ADDED_BYTES;
        let bytes = events.iter().fold(2usize, |sum, event| sum.saturating_add(event.xdm.len() + added_bytes));
        if bytes > edge.options.body_bytes_decompressed_max {
            let detail =
                "the request's xdm in each of its events is over the limit; send fewer events, or a shorter xdm";
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        if !room.grow_to(bytes.saturating_mul(2)) {
            return Err(crate::health::held(crate::front::Held::Overloaded));
        }
        kept.array.reserve(bytes);
        let time = OnceCell::new();
        let timestamp = || time.get_or_init(|| self.received_at(edge)).clone();
        let caller = self.caller();
        for (place, event) in events.iter().enumerate() {
            let ecid = caller.visitor_of(edge, event, reading.visitor.as_ref());
            let timestamp: Option<&dyn Fn() -> String> = if event.is_bare { None } else { Some(&timestamp) };
            kept.add(place, event, Added { context, ecid: ecid.as_ref(), timestamp });
        }
        kept.close();
        reply.warn_of_refused(&kept.refused);
        reply.warn_of_dated(&kept.dated);
        Ok(kept)
    }

    pub(super) async fn take_in<F: Front>(
        &self,
        edge: &Edge<F>,
        reading: &Reading<'_>,
        kept: Kept,
        doubt: Option<&str>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let Kept { array, places, dated, .. } = kept;
        if places.is_empty() {
            return Ok(());
        }
        let request = self.request(Framing::Array, array.into_bytes());
        let sent = reading.envelope.events.as_deref().unwrap_or_default();
        let runs = TestRun::of(&self.head.headers, places.iter().map(|place| sent.get(*place)?.test_id()));
        let submitted = |request| async {
            let mut answers = submit(edge, request).await?;
            notice::add_doubt(&mut answers, doubt);
            notice::add_dated(&mut answers, &places, &dated);
            Ok(answers)
        };
        let answers = edge.recorder.around(&edge.front, &runs, request, submitted).await?;
        reply.warn_of(&answers, &places);
        Ok(())
    }
}
