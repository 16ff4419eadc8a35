//! Taking a request in: room, check, append, answer, in this order.
//!
//! An answer is given when the request is durable (`fdatasync`), and not before. Past a
//! limit the sender is told so, before anything of the request is kept.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use journal::{AppendError, LogHealth};
use tokio::sync::oneshot;

use crate::admit::Arrival;
use crate::answer::{Answers, EventAnswer};
use crate::drain::{Ended, Shared};
use crate::error::SubmitError;
use crate::input::foreign_format;
use crate::intake::{Inner, Intake};
use crate::options::Reading;
use crate::record::{Record, RequestId};
use crate::request::{BodyError, Framing, Layout, Request};
use crate::room::Room;

/// Bodies above this are checked on a thread that may block: a check takes about half a
/// millisecond per MiB, and others wait on the caller's thread.
const CHECK_INLINE_BYTES_MAX: usize = 64 * 1024;
/// Longest name of a datastream and longest request id.
const NAME_BYTES_MAX: usize = 512;

impl Intake {
    /// Checks only; stores nothing. Takes about a microsecond an event.
    pub fn check(&self, request: &Request) -> Result<Vec<EventAnswer>, BodyError> {
        self.check_within(request, Room::default()).map(Answers::into_events)
    }

    /// As [`check`](Self::check), within the room that there is for the answer.
    pub fn check_within(&self, request: &Request, room: Room) -> Result<Answers, BodyError> {
        self.inner.bound(request)?;
        let made = self.inner.make_request_id();
        let request_id = request.request_id.as_deref().map_or(RequestId::Made(made), RequestId::Given);
        let reading = self.inner.shared.options.reading_of(&request.datastream);
        let received_micros = self.inner.shared.clock.now_micros();
        let arrival = Arrival { datastream: &request.datastream, request_id, received_micros };
        let (_, answers) = self.inner.judge(request.framing, &request.body, reading, arrival, room)?;
        Ok(answers)
    }

    /// 128 bits made of a request's id and this data directory's key: the same for the
    /// same request, so that a visitor who is new in it is one visitor when it is sent
    /// again, and not to be guessed by others.
    pub fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        self.inner.shared.stores.visitor_bits(datastream, request_id)
    }

    /// 128 bits made of a first-party device id and this data directory's key: always the
    /// same within an organisation, and not to be guessed by others.
    pub fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        self.inner.shared.stores.device_bits(org_id, device_id)
    }

    /// Checks, appends to the journal, and answers once that is durable (`fdatasync`):
    /// what is answered survives a power cut. A request of which every event is invalid
    /// is kept too. Dropping the future does not undo an append that has begun.
    pub async fn submit(&self, request: Request) -> Result<Vec<EventAnswer>, SubmitError> {
        self.submit_within(request, Room::default()).await.map(Answers::into_events)
    }

    /// As [`submit`](Self::submit), within the room that there is for the answer: what
    /// must be said and finds none is `Overloaded`, before anything is kept; what is told
    /// besides is left out.
    pub async fn submit_within(&self, request: Request, room: Room) -> Result<Answers, SubmitError> {
        let inner = &self.inner;
        inner.admits()?;
        inner.bound(&request)?;
        let made = inner.make_request_id();
        let Request { datastream, request_id, framing, body } = request;
        let (answers, head) = if body.len() <= CHECK_INLINE_BYTES_MAX {
            inner.prepare(framing, &body, &datastream, request_id.as_deref(), made, room)
        } else {
            let (inner, body) = (Arc::clone(inner), body.clone());
            let prepare = move || inner.prepare(framing, &body, &datastream, request_id.as_deref(), made, room);
            tokio::task::spawn_blocking(prepare).await.map_err(|_| SubmitError::Closed)?
        }
        .map_err(|error| inner.unreadable(error))?;
        inner.append(head, body).await?;
        inner.shared.tally.answered(&answers);
        Ok(answers)
    }
}

impl Inner {
    /// Is there room for one more request?
    fn admits(&self) -> Result<(), SubmitError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(SubmitError::Closed);
        }
        let Shared { options, tally, .. } = &*self.shared;
        match &self.progress.borrow().ended {
            None => {}
            Some(Ended::Closed) => return Err(SubmitError::Closed),
            // The journal could still take it, and nothing would ever come of it.
            Some(Ended::Stopped(_)) => return Err(SubmitError::Poisoned),
        }
        if tally.backlog_bytes() > options.backlog_bytes_max {
            return Err(SubmitError::Overloaded { retry_after: options.retry_after });
        }
        Ok(())
    }

    fn bound(&self, request: &Request) -> Result<(), BodyError> {
        let bytes_max = self.shared.options.body_bytes_max;
        if request.body.len() > bytes_max {
            return Err(BodyError::BodyTooLarge { bytes_max });
        }
        if let Some(foreign) = foreign_format(&request.body) {
            return Err(BodyError::Foreign(foreign));
        }
        let request_id = request.request_id.as_deref().unwrap_or_default();
        for (name, value) in [("datastream", request.datastream.as_str()), ("request id", request_id)] {
            if value.len() > NAME_BYTES_MAX {
                return Err(BodyError::NameTooLong { name, bytes_max: NAME_BYTES_MAX });
            }
        }
        Ok(())
    }

    /// Checks a body, and tells how it holds events.
    fn judge(
        &self,
        framing: Framing,
        body: &[u8],
        reading: &Reading,
        arrival: Arrival<'_>,
        room: Room,
    ) -> Result<(Layout, Answers), BodyError> {
        let layout = framing.resolve(body);
        let again = room.beside();
        let unread = match self.admission.check(layout, body, reading, arrival, room) {
            Ok(answers) => return Ok((layout, answers)),
            Err(error) => error,
        };
        match (&unread, layout.also_values(framing)) {
            (BodyError::Syntax { .. }, Some(values)) => {
                // If it can't be read so either, the first error is the one to mend.
                let answers = self.admission.check(values, body, reading, arrival, again).map_err(|_| unread)?;
                Ok((values, answers))
            }
            _ => Err(unread),
        }
    }

    fn prepare(
        &self,
        framing: Framing,
        body: &[u8],
        datastream: &str,
        request_id: Option<&str>,
        made: [u8; 16],
        room: Room,
    ) -> Result<(Answers, Vec<u8>), BodyError> {
        let request_id = request_id.map_or(RequestId::Made(made), RequestId::Given);
        let reading = self.shared.options.reading_of(datastream);
        let received_micros = self.shared.clock.now_micros();
        let arrival = Arrival { datastream, request_id, received_micros };
        let (layout, answers) = self.judge(framing, body, reading, arrival, room)?;
        let profile = Some(reading.profile);
        let event_bytes_max = self.shared.options.event_bytes_max;
        let record = Record { layout, profile, received_micros, datastream, request_id, event_bytes_max, body };
        Ok((answers, record.head()))
    }

    /// Returns once the record is durable.
    pub(crate) async fn append(&self, head: Vec<u8>, body: Bytes) -> Result<(), SubmitError> {
        let (done, durable) = oneshot::channel();
        let pending = Pending::count(&self.shared, (head.len() + body.len()) as u64);
        let tell = Box::new(move |outcome: Result<_, AppendError>| {
            // First the count: whoever hears of a refusal may look at it. The sender may
            // have gone: that is no reason to stop, and the record is kept.
            match outcome {
                Ok(_) => pending.keep(),
                Err(_) => drop(pending),
            }
            let _ = done.send(outcome.map(drop));
        });
        self.shared.log.append(head, body, tell).map_err(|error| self.refused(error))?;
        match durable.await {
            Ok(outcome) => outcome.map_err(|error| self.refused(error)),
            // The journal's thread died before it told.
            Err(_) => Err(self.refused(AppendError::Poisoned)),
        }
    }

    fn refused(&self, error: AppendError) -> SubmitError {
        let Shared { log, options, .. } = &*self.shared;
        match error {
            AppendError::Overloaded => SubmitError::Overloaded { retry_after: options.retry_after },
            AppendError::Full => SubmitError::DiskFull { retry_after: options.retry_after },
            AppendError::TooLarge => BodyError::BodyTooLarge { bytes_max: options.body_bytes_max }.into(),
            AppendError::Closed => SubmitError::Closed,
            AppendError::Poisoned => {
                if !self.poison_told.swap(true, Ordering::Relaxed) {
                    let cause = match log.status().health {
                        LogHealth::Poisoned { cause } => cause,
                        _ => "its thread ended".to_owned(),
                    };
                    tracing::error!(cause, "the journal takes no more until the disk is checked and this is restarted");
                }
                SubmitError::Poisoned
            }
        }
    }

    fn unreadable(&self, error: BodyError) -> SubmitError {
        match error {
            BodyError::NoRoom => SubmitError::Overloaded { retry_after: self.shared.options.retry_after },
            error => SubmitError::Body(error),
        }
    }

    fn make_request_id(&self) -> [u8; 16] {
        let count = self.request_count.fetch_add(1, Ordering::Relaxed);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.request_seed.to_le_bytes());
        id[8..].copy_from_slice(&count.to_le_bytes());
        id
    }
}

/// A record's bytes in the backlog, which end there unless the record is kept: also when
/// nobody hears of its refusal any more.
struct Pending {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Pending {
    /// Counts them, before the drain can see the record.
    fn count(shared: &Arc<Shared>, bytes: u64) -> Pending {
        shared.tally.admitted_bytes.fetch_add(bytes, Ordering::Release);
        Pending { shared: Arc::clone(shared), bytes }
    }

    /// The drain will count them out.
    fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.shared.tally.admitted_bytes.fetch_sub(self.bytes, Ordering::Release);
    }
}
