//! An event once more, for people who watch events arrive: what kind it is, and its text
//! with the personal values masked.
//!
//! This is no part of taking in. It runs only while somebody looks, and costs another
//! check.

use std::ops::Range;

use xdm::{ListSlot, PersonalSlot, Sink, Slot, StructSlot, Verdict};

use crate::derive::{Derivation, LINK};
use crate::intake::Intake;
use crate::request::{Request, walk};

/// What stands in place of a personal value.
const MASK: &str = "\"***\"";

/// One event, described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// Its `eventType`.
    pub event_type: Option<String>,
    /// Its `timestamp`, microseconds since 1970-01-01T00:00:00Z.
    pub time_micros: Option<i64>,
    /// The count that is concluded from the clicked link, if any.
    pub derived: Option<&'static str>,
    /// The event as it was sent, personal values masked. `None` when it is invalid: then
    /// it can't be told for certain what is personal in it.
    pub masked: Option<String>,
}

impl Intake {
    /// Describes each event of a body, in order. A body that can't be read gives nothing
    /// from the place on where it can't.
    pub fn describe(&self, request: &Request) -> Vec<Described> {
        let shared = self.shared();
        let reading = shared.options.reading_of(&request.datastream);
        let (plan, mut checker) = (&reading.plan, reading.checker());
        let layout = request.framing.resolve(&request.body);
        let mut sink = Watcher {
            event_type_slot: plan.layout().column("eventType"),
            link_slot: plan.layout().column(LINK),
            time_slot: plan.timestamp_slot(),
            seen: Seen::default(),
        };
        let mut all = Vec::new();
        for layout in [Some(layout), layout.also_values(request.framing)].into_iter().flatten() {
            // What could be read is described; the caller has the answer to the rest.
            let walked =
                walk(&mut checker, layout, &request.body, shared.options.bounds(), &mut sink, |sink, _, event| {
                    let seen = std::mem::take(&mut sink.seen);
                    all.push(seen.describe(event.bytes, event.verdict, &shared.stores.derivation));
                    Ok(())
                });
            if walked.is_ok() || !all.is_empty() {
                break;
            }
        }
        all
    }
}

#[derive(Default)]
struct Seen {
    event_type: Option<String>,
    link: Option<String>,
    time_micros: Option<i64>,
    counts: Vec<Slot>,
    /// Addresses of personal values in the body.
    personal: Vec<Range<usize>>,
}

impl Seen {
    fn describe(self, event: &[u8], verdict: Verdict, derivation: &Derivation) -> Described {
        let Seen { event_type, link, time_micros, counts, personal } = self;
        let is_valid = verdict == Verdict::Valid;
        let derived = derivation.conclude(link.as_deref(), |slot| counts.contains(&slot));
        Described {
            event_type,
            time_micros,
            derived: derived.filter(|_| is_valid).map(|(name, _)| name),
            masked: if is_valid { masked(event, personal) } else { None },
        }
    }
}

/// The event's text with these places masked. `None` if a place lies elsewhere, since then
/// a personal value would stay.
fn masked(event: &[u8], mut personal: Vec<Range<usize>>) -> Option<String> {
    let base = event.as_ptr() as usize;
    personal.sort_by_key(|place| place.start);
    let mut out = Vec::with_capacity(event.len());
    let mut at = 0;
    for place in personal {
        let (start, end) = (place.start.checked_sub(base)?, place.end.checked_sub(base)?);
        out.extend_from_slice(event.get(at..start)?);
        out.extend_from_slice(MASK.as_bytes());
        event.get(start..end)?;
        at = end;
    }
    out.extend_from_slice(event.get(at..)?);
    String::from_utf8(out).ok()
}

/// Notes what is to be told of an event.
struct Watcher {
    event_type_slot: Option<Slot>,
    link_slot: Option<Slot>,
    time_slot: Slot,
    seen: Seen,
}

impl Sink for Watcher {
    fn text(&mut self, slot: Slot, value: &str) {
        if Some(slot) == self.event_type_slot {
            self.seen.event_type = Some(value.to_owned());
        } else if Some(slot) == self.link_slot {
            self.seen.link = Some(value.to_owned());
        }
    }

    fn integer(&mut self, slot: Slot, _: i64) {
        self.seen.counts.push(slot);
    }

    fn timestamp(&mut self, slot: Slot, micros: i64) {
        if slot == self.time_slot {
            self.seen.time_micros = Some(micros);
        }
    }

    fn personal(&mut self, _: Option<PersonalSlot>, _: &str, raw: &str) {
        let start = raw.as_ptr() as usize;
        self.seen.personal.push(start..start + raw.len());
    }

    fn object(&mut self, _: StructSlot) {}
    fn number(&mut self, _: Slot, _: f64) {}
    fn boolean(&mut self, _: Slot, _: bool) {}
    fn begin(&mut self, _: ListSlot) {}
    fn item(&mut self, _: ListSlot) {}
    fn end(&mut self, _: ListSlot) {}
    fn extra(&mut self, _: &str, _: &str) {}
}
