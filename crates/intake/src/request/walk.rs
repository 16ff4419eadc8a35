//! A body, event by event.
//!
//! The split builds no trees and copies nothing. A body of lines is cut at its line
//! feeds; an array is walked by the checker itself, which reports how many bytes each
//! event took, so that every byte is looked at once. Admission and draining walk a
//! body with the same function and therefore see the same events.

use memchr::memchr;
use xdm::{Checker, Sink, Verdict};

use super::body::BodyError;
use super::framing::ResolvedFraming;
use crate::input::shape::without_mark;

/// How much a body may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) events_max: usize,
    pub(crate) event_bytes_max: usize,
}

impl Bounds {
    /// For bodies that were admitted: what is durable is never refused later, and an event
    /// that was rejected for its length is rejected again.
    pub(crate) fn admitted(event_bytes_max: usize) -> Bounds {
        Bounds { events_max: usize::MAX, event_bytes_max }
    }
}

/// One event of a body, checked.
pub(crate) struct Event<'a> {
    /// Position in the body, from 0.
    pub(crate) index: usize,
    /// The event as sent, without white space around it.
    pub(crate) bytes: &'a [u8],
    pub(crate) verdict: Verdict,
}

/// Checks each event of `body` into `sink` and hands it to `each`, which keeps or
/// forgets what the sink received. Returns the number of events.
///
/// On an error the events before it were handed over already: the caller forgets them.
pub(crate) fn walk<S: Sink>(
    checker: &mut Checker,
    framing: ResolvedFraming,
    body: &[u8],
    bounds: Bounds,
    sink: &mut S,
    mut each: impl FnMut(&mut S, &Checker, Event<'_>) -> Result<(), BodyError>,
) -> Result<usize, BodyError> {
    let body = without_mark(body);
    match framing {
        ResolvedFraming::Lines => {
            let mut walk = Lines { bounds, count: 0 };
            walk.run(checker, body, sink, &mut each)
        }
        ResolvedFraming::Single => {
            let whole = utf8(body)?;
            let text = whole.trim_ascii();
            if text.is_empty() {
                return Err(BodyError::Empty);
            }
            bounds.admit(0)?;
            // With its white space, so that the places in messages are the body's.
            let verdict = checker.check(whole, sink);
            let verdict = bounds.judge_length(checker, verdict, text.len());
            if let Some(message) = syntax(checker, verdict) {
                return Err(BodyError::Syntax { offset: 0, message: format!("the body is {message}") });
            }
            each(sink, checker, Event { index: 0, bytes: text.as_bytes(), verdict })?;
            Ok(1)
        }
        ResolvedFraming::Array => array(checker, body, bounds, sink, &mut each),
        ResolvedFraming::Values => values(checker, body, bounds, sink, &mut each),
    }
}

/// Walks values in a row: the checker reads one and says where it ends.
fn values<S: Sink>(
    checker: &mut Checker,
    body: &[u8],
    bounds: Bounds,
    sink: &mut S,
    each: &mut impl FnMut(&mut S, &Checker, Event<'_>) -> Result<(), BodyError>,
) -> Result<usize, BodyError> {
    let text = utf8(body)?;
    let mut at = skip_space(body, 0);
    let mut count = 0;
    while at < body.len() {
        at = value(checker, text, at, count, bounds, sink, each)?;
        count += 1;
    }
    if count == 0 { Err(BodyError::Empty) } else { Ok(count) }
}

/// Checks the value that begins there and hands it over; gives the place of what follows it.
fn value<S: Sink>(
    checker: &mut Checker,
    text: &str,
    at: usize,
    index: usize,
    bounds: Bounds,
    sink: &mut S,
    each: &mut impl FnMut(&mut S, &Checker, Event<'_>) -> Result<(), BodyError>,
) -> Result<usize, BodyError> {
    bounds.admit(index)?;
    let (verdict, length) = checker.check_prefix(&text[at..], sink);
    let Some(length) = length else { return Err(unreadable(checker, verdict, index, at)) };
    let bytes = text.as_bytes()[at..at + length].trim_ascii();
    let verdict = bounds.judge_length(checker, verdict, bytes.len());
    each(sink, checker, Event { index, bytes, verdict })?;
    Ok(skip_space(text.as_bytes(), at + length))
}

/// The error for an event whose end is unknown.
fn unreadable(checker: &Checker, verdict: Verdict, index: usize, offset: usize) -> BodyError {
    let what = syntax(checker, verdict).unwrap_or_else(|| "not JSON".to_owned());
    BodyError::Syntax { offset, message: format!("event {index}, from byte {offset} of the body, is {what}") }
}

impl Bounds {
    fn admit(&self, index: usize) -> Result<(), BodyError> {
        if index >= self.events_max {
            return Err(BodyError::TooManyEvents { events_max: self.events_max });
        }
        Ok(())
    }

    /// An event that is too long is rejected for that alone; its neighbours are not.
    fn judge_length(&self, checker: &mut Checker, verdict: Verdict, bytes: usize) -> Verdict {
        if bytes > self.event_bytes_max { checker.reject_length(self.event_bytes_max) } else { verdict }
    }
}

struct Lines {
    bounds: Bounds,
    count: usize,
}

impl Lines {
    fn run<S: Sink>(
        &mut self,
        checker: &mut Checker,
        body: &[u8],
        sink: &mut S,
        each: &mut impl FnMut(&mut S, &Checker, Event<'_>) -> Result<(), BodyError>,
    ) -> Result<usize, BodyError> {
        // Validated once as a whole; only a body with a bad byte is checked line by line.
        let text = simdutf8::basic::from_utf8(body).ok();
        let mut at = 0;
        while at < body.len() {
            let end = memchr(b'\n', &body[at..]).map_or(body.len(), |length| at + length);
            let line = body[at..end].trim_ascii();
            if !line.is_empty() {
                self.bounds.admit(self.count)?;
                let verdict = match text {
                    Some(text) => checker.check(&text[at..end], sink),
                    None => checker.check_bytes(line, sink),
                };
                let verdict = self.bounds.judge_length(checker, verdict, line.len());
                each(sink, checker, Event { index: self.count, bytes: line, verdict })?;
                self.count += 1;
            }
            at = end + 1;
        }
        if self.count == 0 { Err(BodyError::Empty) } else { Ok(self.count) }
    }
}

/// Walks `[ event , event … ]`: the checker reads one value and says where it ends.
fn array<S: Sink>(
    checker: &mut Checker,
    body: &[u8],
    bounds: Bounds,
    sink: &mut S,
    each: &mut impl FnMut(&mut S, &Checker, Event<'_>) -> Result<(), BodyError>,
) -> Result<usize, BodyError> {
    let text = utf8(body)?;
    let expected = |offset, what: &str| BodyError::Syntax {
        offset,
        message: format!("the body is not JSON at byte {offset}: expected {what}"),
    };
    let mut at = skip_space(body, 0);
    if at == body.len() {
        return Err(BodyError::Empty);
    }
    if body[at] != b'[' {
        return Err(expected(at, "[, the start of an array of events"));
    }
    at = skip_space(body, at + 1);
    if body.get(at) == Some(&b']') {
        at = skip_space(body, at + 1);
        return Err(if at == body.len() { BodyError::Empty } else { expected(at, "the end of the body") });
    }
    let mut count = 0;
    loop {
        at = value(checker, text, at, count, bounds, sink, each)?;
        count += 1;
        match body.get(at) {
            Some(b',') => at = skip_space(body, at + 1),
            Some(b']') => break,
            _ => return Err(expected(at, "a comma or ] after an event")),
        }
    }
    at = skip_space(body, at + 1);
    if at == body.len() { Ok(count) } else { Err(expected(at, "the end of the body")) }
}

/// The message when an event could not be read to its end.
fn syntax(checker: &Checker, verdict: Verdict) -> Option<String> {
    if verdict == Verdict::Valid {
        return None;
    }
    let violation = checker.violations().iter().find(|violation| violation.keyword == "syntax")?;
    Some(violation.message.clone())
}

fn utf8(body: &[u8]) -> Result<&str, BodyError> {
    simdutf8::compat::from_utf8(body).map_err(|error| BodyError::NotUtf8 { offset: error.valid_up_to() })
}

fn skip_space(body: &[u8], from: usize) -> usize {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    body[from..].iter().position(|byte| !blank(byte)).map_or(body.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The events of a body, or why it has none.
    fn events(framing: ResolvedFraming, body: &[u8]) -> Result<Vec<(Vec<u8>, Verdict)>, BodyError> {
        let mut checker = Checker::new(xdm::standard_plan(), xdm::Profile::spec());
        let mut events = Vec::new();
        let count =
            walk(&mut checker, framing, body, Bounds::admitted(usize::MAX), &mut xdm::NullSink, |_, _, event| {
                assert_eq!(event.index, events.len());
                events.push((event.bytes.to_vec(), event.verdict));
                Ok(())
            })?;
        assert_eq!(count, events.len());
        Ok(events)
    }

    fn a_value() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("{}".to_owned()),
            Just("{\"_id\":\"a\",\"timestamp\":\"2026-11-20T12:00:00Z\"}".to_owned()),
            Just("{ \"x\" : [ 1 , { \"y]},[\" : \"\\\"\" } ] }".to_owned()),
            Just("[1,[2]]".to_owned()),
            Just("null".to_owned()),
            "[{}\\[\\]\":,a1 \\\\]{0,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn arrays_are_split_as_a_parser_splits_them(
            values in proptest::collection::vec(a_value(), 0..5),
            glue in "[ \n\t]{0,3}",
        ) {
            let body = format!("{glue}[{glue}{}{glue}]{glue}", values.join(&format!("{glue},{glue}")));
            let parsed: Result<Vec<Box<serde_json::value::RawValue>>, _> = serde_json::from_str(&body);
            match (events(ResolvedFraming::Array, body.as_bytes()), parsed) {
                (Ok(events), Ok(parsed)) => {
                    let parsed: Vec<&[u8]> = parsed.iter().map(|raw| raw.get().as_bytes()).collect();
                    let events: Vec<&[u8]> = events.iter().map(|(bytes, _)| bytes.as_slice()).collect();
                    prop_assert_eq!(events, parsed);
                }
                (Err(BodyError::Empty), Ok(parsed)) => prop_assert!(parsed.is_empty()),
                (Err(BodyError::Syntax { .. }), Err(_)) => {}
                (ours, parsed) => prop_assert!(false, "{body:?}: {ours:?} {parsed:?}"),
            }
        }

        #[test]
        fn any_bytes_are_events_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for framing in [ResolvedFraming::Single, ResolvedFraming::Array, ResolvedFraming::Lines, ResolvedFraming::Values] {
                // Twice, since a replay must see what the admission saw.
                prop_assert_eq!(events(framing, &bytes), events(framing, &bytes));
            }
            if let Ok(lines) = events(ResolvedFraming::Lines, &bytes) {
                let expect = without_mark(&bytes).split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
                prop_assert_eq!(lines.len(), expect);
            }
        }
    }
}
