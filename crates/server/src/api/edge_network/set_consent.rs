//! A visitor's choice: taken from `set-consent` or out of an event, and given to the SDK to
//! keep.

use intake::Framing;

use super::choice::Choice;
use super::consent::Consent;
use super::cookies::Purpose;
use super::edge_call::{EdgeBody, EdgeCall, VisitorInAnswer};
use super::merge::{self, Added};
use super::notice;
use super::reply::Reply;
use crate::app::backend::Ingest;
use crate::app::recorder::test_run::TestRun;
use crate::app::state::AppState;
use crate::app::submit::submit;
use crate::http::problem::{Code, Problem};

impl EdgeCall<'_> {
    pub(super) async fn set_consent<B: Ingest>(
        &self,
        state: &AppState<B>,
        body: &EdgeBody<'_>,
        mismatch: Option<&str>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let choices = body.envelope.consent;
        let choices = choices.ok_or_else(|| Problem::new(Code::ValueMissing, "the body has no `consent`"))?;
        let choice = Choice::of(choices)?;
        // The choice itself is an event, so that it can be shown later who chose what when.
        let time = self.received_at(state);
        let record = format!(r#"{{"timestamp":"{time}","eventType":"{}"}}"#, choice.event_type());
        let ecid = body.visitor.as_ref().map(|visitor| &visitor.ecid);
        let added = Added { context: body.envelope.context.as_deref(), ecid, timestamp: None };
        let event = merge::complete(&record, added).text;
        let request = self.request(Framing::Single, event.into_bytes());
        let run = TestRun::of_headers(&self.head.headers);
        let submitted = |request| async move {
            let mut answers = submit(state, request).await?;
            notice::add_doubt(&mut answers, mismatch);
            Ok(answers)
        };
        drop(state.recorder.record(&state.backend, &run, request, submitted).await?);
        self.introduce(state, reply, body, VisitorInAnswer::Always);
        if let Choice::Made(consent) = choice {
            body.orgs.all().for_each(|org| reply.keep_consent(org, consent));
        }
        Ok(())
    }

    /// The visitor's choice in the page's cookies.
    pub(super) fn choice_kept(&self, body: &EdgeBody<'_>) -> Option<Consent> {
        let values = |org| body.cookies.values(Purpose::Consent, org);
        body.orgs.all().flat_map(values).find_map(Consent::from_cookie)
    }

    /// Has a choice kept that came inside an event, as the SDK expects it.
    pub(super) fn keep_said(&self, body: &EdgeBody<'_>, said: Option<Consent>, reply: &mut Reply) {
        let is_new = body.visitor.is_some() && said != self.choice_kept(body);
        let Some(consent) = said.filter(|_| is_new) else { return };
        body.orgs.all().for_each(|org| reply.keep_consent(org, consent));
    }
}
