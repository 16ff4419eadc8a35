//! An event once more, for people who watch events arrive: what kind it is, and its text
//! with the personal values masked.
//!
//! This is no part of taking in. It runs only while somebody looks, and costs another
//! check.

use std::ops::Range;

use xdm::{ListSlot, MASK, PersonalSlot, Sink, Slot, Span, StructSlot, Verdict};

use super::Admit;
use crate::request::body::Request;
use crate::request::walk::walk;
use crate::rows::derive::{Derivation, LINK};

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
    /// what is personal in it isn't certain.
    pub masked: Option<String>,
}

impl Admit {
    /// Describes each event of a body, in order. A body that can't be read gives nothing
    /// from the place on where it can't.
    pub(crate) fn describe(&self, request: &Request, derivation: &Derivation) -> Vec<Described> {
        let policies = self.policies();
        let policy = policies.of(&request.datastream);
        let (plan, mut checker) = (&policy.plan, policy.checker());
        let framing = request.framing.resolve(&request.body);
        let mut sink = DescribeSink {
            event_type_slot: plan.layout().column("eventType"),
            link_slot: plan.layout().column(LINK),
            time_slot: plan.timestamp_slot(),
            seen: Seen::default(),
        };
        let mut all = Vec::new();
        for framing in [Some(framing), framing.also_values(request.framing)].into_iter().flatten() {
            // What could be read is described; the caller has the answer to the rest.
            let walked =
                walk(&mut checker, framing, &request.body, self.checkers.bounds(), &mut sink, |sink, _, event| {
                    let seen = std::mem::take(&mut sink.seen);
                    all.push(seen.describe(event.bytes, event.verdict, derivation));
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
    /// The text that is reported next as personal, with its personal parts masked.
    redacted: Option<String>,
    personal: Vec<PersonalText>,
}

/// A personal value in the body.
struct PersonalText {
    /// Addresses of its bytes.
    at: Range<usize>,
    /// What is shown instead.
    shown: String,
}

impl Seen {
    fn describe(self, event: &[u8], verdict: Verdict, derivation: &Derivation) -> Described {
        let Seen { event_type, link, time_micros, counts, personal, .. } = self;
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
fn masked(event: &[u8], mut personal: Vec<PersonalText>) -> Option<String> {
    let base = event.as_ptr() as usize;
    personal.sort_by_key(|place| place.at.start);
    let mut out = Vec::with_capacity(event.len());
    let mut at = 0;
    for place in personal {
        let (start, end) = (place.at.start.checked_sub(base)?, place.at.end.checked_sub(base)?);
        event.get(start..end)?;
        if start < at {
            // Part of a value that is masked already.
            continue;
        }
        let before = event.get(at..start)?;
        let (before, key) = before.split_at(key_at(before).unwrap_or(before.len()));
        out.extend_from_slice(before);
        out.extend_from_slice(&masked_key(key));
        out.extend_from_slice(place.shown.as_bytes());
        at = end;
    }
    out.extend_from_slice(event.get(at..)?);
    String::from_utf8(out).ok()
}

/// Where the property's name begins that ends this text, with the colon behind it.
fn key_at(text: &[u8]) -> Option<usize> {
    let name = text.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let inner = name.strip_suffix(b"\"")?;
    let is_open =
        |at: usize| inner[at] == b'"' && inner[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
    (0..inner.len()).rev().find(|at| is_open(*at))
}

/// A property's name as it was sent, unless it is personal itself.
fn masked_key(sent: &[u8]) -> Vec<u8> {
    let end = sent.iter().rposition(|byte| *byte == b'"').map_or(0, |quote| quote + 1);
    let Ok(name) = serde_json::from_slice::<String>(&sent[..end]) else { return sent.to_vec() };
    let shown = xdm::mask_key(&name);
    if shown == name {
        return sent.to_vec();
    }
    let mut key = serde_json::to_vec(&shown).unwrap_or_default();
    key.extend_from_slice(&sent[end..]);
    key
}

/// Notes what describes an event.
struct DescribeSink {
    event_type_slot: Option<Slot>,
    link_slot: Option<Slot>,
    time_slot: Slot,
    seen: Seen,
}

impl Sink for DescribeSink {
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

    fn redacted(&mut self, slot: Slot, text: &str, parts: &[Span]) {
        let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
        for part in parts {
            shown.push_str(&text[at..part.start]);
            shown.push_str(MASK);
            at = part.end;
        }
        shown.push_str(&text[at..]);
        self.text(slot, &shown);
        self.seen.redacted = Some(shown);
    }

    fn personal(&mut self, _: Option<PersonalSlot>, _: &str, raw: &str) {
        let start = raw.as_ptr() as usize;
        let shown = self.seen.redacted.take().unwrap_or_else(|| MASK.to_owned());
        let shown = serde_json::to_string(&shown).unwrap_or_else(|_| "null".to_owned());
        self.seen.personal.push(PersonalText { at: start..start + raw.len(), shown });
    }

    fn object(&mut self, _: StructSlot) {}
    fn number(&mut self, _: Slot, _: f64) {}
    fn boolean(&mut self, _: Slot, _: bool) {}
    fn begin(&mut self, _: ListSlot) {}
    fn item(&mut self, _: ListSlot) {}
    fn end(&mut self, _: ListSlot) {}
    fn extra(&mut self, _: &str, _: &str) {}
}
