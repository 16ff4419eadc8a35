//! A visitor's choice: taken from `set-consent` or out of an event, and given to the SDK to
//! keep.

use intake::Framing;

use super::consent::{Choice, Consent};
use super::cookies::Purpose;
use super::merge::{self, Added};
use super::reply::Reply;
use super::{Reading, Telling, Visit, notice};
use crate::edge::Edge;
use crate::events::submit;
use crate::front::Front;
use crate::problem::{Code, Problem};
use crate::recorder::TestRun;

impl Visit<'_> {
    pub(super) async fn set_consent<F: Front>(
        &self,
        edge: &Edge<F>,
        reading: &Reading<'_>,
        doubt: Option<&str>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let choices = reading.envelope.consent;
        let choices = choices.ok_or_else(|| Problem::new(Code::ValueMissing, "the body has no `consent`"))?;
        let choice = Choice::of(choices)?;
        // The choice itself is an event, so that it can be shown later who chose what when.
        let time = self.received_at(edge);
        let record = format!(r#"{{"timestamp":"{time}","eventType":"{}"}}"#, choice.event_type());
        let ecid = reading.visitor.as_ref().map(|visitor| &visitor.ecid);
        let added = Added { context: reading.envelope.context.as_deref(), ecid, timestamp: None };
        let event = merge::complete(&record, added).text;
        let request = self.request(Framing::Single, event.into_bytes());
        let run = TestRun::of_headers(&self.head.headers);
        let submitted = |request| async move {
            let mut answers = submit(edge, request).await?;
            notice::add_doubt(&mut answers, doubt);
            Ok(answers)
        };
        drop(edge.recorder.around(&edge.front, &run, request, submitted).await?);
        self.introduce(edge, reply, reading, Telling::Always);
        if let Choice::Made(consent) = choice {
            reading.orgs.all().for_each(|org| reply.keep_consent(org, consent));
        }
        Ok(())
    }

    /// The visitor's choice in the page's cookies.
    pub(super) fn choice_kept(&self, reading: &Reading<'_>) -> Option<Consent> {
        let values = |org| reading.jar.values(Purpose::Consent, org);
        reading.orgs.all().flat_map(values).find_map(Consent::from_cookie)
    }

    /// Has a choice kept that came inside an event, as the SDK expects it.
    pub(super) fn keep_said(&self, reading: &Reading<'_>, said: Option<Consent>, reply: &mut Reply) {
        let is_new = reading.visitor.is_some() && said != self.choice_kept(reading);
        let Some(consent) = said.filter(|_| is_new) else { return };
        reading.orgs.all().for_each(|org| reply.keep_consent(org, consent));
    }
}
