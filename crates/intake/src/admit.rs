//! Admission: every event of a request is checked before a byte of it is stored.
//!
//! A check needs a checker, which predicts keys from the events before and is costly to
//! make; they live in a pool and go back to it warm. The sink keeps only the `_id`.

use std::sync::{Mutex, PoisonError};

use xdm::{Checker, ListSlot, PersonalSlot, Sink, Slot, Span, StructSlot, Verdict};

use crate::answer::{Answers, EventAnswer};
use crate::identity::{Minter, Origin};
use crate::options::Reading;
use crate::record::RequestId;
use crate::request::{BodyError, Bounds, Event, Layout, walk};
use crate::room::Room;

/// Most idle checkers that are kept; more than there are workers is waste.
const IDLE_MAX: usize = 64;
/// What an idle checker's buffer for an id may keep allocated.
const ID_BYTES_KEPT: usize = 4096;
/// What an answer takes besides its texts: twice, since the list doubles as it grows.
const ANSWER_BYTES: usize = 2 * size_of::<EventAnswer>();

/// What one check needs, kept warm between requests.
pub(crate) struct Desk {
    checker: Checker,
    reading: Reading,
    sink: IdSink,
    minter: Minter,
}

/// The desks that nobody uses at the moment.
pub(crate) struct Admission {
    bounds: Bounds,
    #[expect(clippy::vec_box, reason = "a desk is large, and is taken out and put back for each request")]
    idle: Mutex<Vec<Box<Desk>>>,
}

impl Admission {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Admission { bounds, idle: Mutex::default() }
    }

    /// Checks a body. An unreadable one gives an error, and none of its events counts.
    pub(crate) fn check(
        &self,
        layout: Layout,
        body: &[u8],
        reading: &Reading,
        datastream: &str,
        request_id: RequestId<'_>,
        room: Room,
    ) -> Result<Answers, BodyError> {
        let mut desk = self.take(reading);
        let outcome = desk.check(layout, body, self.bounds, datastream, request_id, room);
        self.give_back(desk);
        outcome
    }

    fn take(&self, reading: &Reading) -> Box<Desk> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The last one given back is the warmest; nearly always all read alike.
        let place = idle.iter().rposition(|desk| desk.reading.is(reading));
        let warm = place.map(|place| idle.swap_remove(place));
        drop(idle);
        warm.unwrap_or_else(|| {
            Box::new(Desk {
                checker: reading.checker(),
                reading: reading.clone(),
                sink: IdSink { slot: reading.plan.id_slot(), id: String::new(), present: false },
                minter: Minter::default(),
            })
        })
    }

    fn give_back(&self, mut desk: Box<Desk>) {
        desk.sink.id.clear();
        desk.sink.id.shrink_to(ID_BYTES_KEPT);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(desk);
        }
    }
}

impl Desk {
    fn check(
        &mut self,
        layout: Layout,
        body: &[u8],
        bounds: Bounds,
        datastream: &str,
        request_id: RequestId<'_>,
        room: Room,
    ) -> Result<Answers, BodyError> {
        let mut answers = Answers::within(room);
        let Desk { checker, sink, minter, .. } = self;
        sink.present = false;
        walk(checker, layout, body, bounds, sink, |sink, checker, event| {
            let id = match (sink.id(), event.verdict) {
                (Some(id), _) => Some(id.to_owned()),
                (None, Verdict::Invalid) => None,
                (None, Verdict::Valid) => {
                    let index = event.index;
                    Some(minter.mint(Origin::Event { datastream, request_id, index }).to_owned())
                }
            };
            sink.present = false;
            answer(&mut answers, checker, &event, id)
        })?;
        Ok(answers)
    }
}

/// Answers one event: that it was taken or rejected must be said, what is told of it
/// depends on the room there is.
fn answer(answers: &mut Answers, checker: &Checker, event: &Event<'_>, id: Option<String>) -> Result<(), BodyError> {
    if !answers.room.hold(ANSWER_BYTES + id.as_ref().map_or(0, String::len)) {
        return Err(BodyError::NoRoom);
    }
    match event.verdict {
        Verdict::Valid => {
            let (notices, left_out) = answers.room.tell_notices(checker.notices());
            let answer = EventAnswer::Accepted { id: id.unwrap_or_default(), notices };
            answers.push(answer, left_out + checker.notices_omitted());
        }
        Verdict::Invalid => {
            let all = checker.violations();
            let keyword = all.first().map_or("invalid", |violation| &violation.keyword);
            match answers.rejected.get_mut(keyword) {
                Some(count) => *count += 1,
                None => drop(answers.rejected.insert(keyword.to_owned(), 1)),
            }
            let (violations, left_out) = answers.room.tell_violations(all);
            answers.push(EventAnswer::Rejected { id, violations }, left_out + checker.violations_omitted());
        }
    }
    Ok(())
}

/// Keeps an event's `_id` and nothing else.
struct IdSink {
    slot: Slot,
    id: String,
    present: bool,
}

impl IdSink {
    fn id(&self) -> Option<&str> {
        self.present.then_some(self.id.as_str())
    }
}

impl Sink for IdSink {
    const KEEPS: bool = false;

    #[inline]
    fn text(&mut self, slot: Slot, value: &str) {
        if slot == self.slot {
            self.id.clear();
            self.id.push_str(value);
            self.present = true;
        }
    }
    #[inline]
    fn object(&mut self, _: StructSlot) {}
    #[inline]
    fn integer(&mut self, _: Slot, _: i64) {}
    #[inline]
    fn number(&mut self, _: Slot, _: f64) {}
    #[inline]
    fn boolean(&mut self, _: Slot, _: bool) {}
    #[inline]
    fn timestamp(&mut self, _: Slot, _: i64) {}
    #[inline]
    fn begin(&mut self, _: ListSlot) {}
    #[inline]
    fn item(&mut self, _: ListSlot) {}
    #[inline]
    fn end(&mut self, _: ListSlot) {}
    #[inline]
    fn extra(&mut self, _: &str, _: &str) {}
    #[inline]
    fn veiled(&mut self, _: Slot, _: &str, _: &[Span]) {}
    #[inline]
    fn personal(&mut self, _: Option<PersonalSlot>, _: &str, _: &str) {}
}
