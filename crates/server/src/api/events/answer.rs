//! The answer to a body of events, written straight into a buffer.
//!
//! This is on the path of every event, so nothing is built only to be serialised: a
//! thousand accepted events are a thousand short appends.

use intake::{Answers, EventAnswer};
use serde::Serialize;

/// Room for one accepted event with a UUID.
const ACCEPTED_BYTES: usize = 72;
/// Room for what stands around the list.
const FRAME_BYTES: usize = 64;

/// How much of the list the sender wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Listing {
    /// One entry per event.
    #[default]
    Full,
    /// None when all were accepted without a notice; otherwise as [`Listing::Full`].
    Summary,
}

/// The outcome of one body in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) accepted: usize,
    pub(crate) rejected: usize,
    noticed: bool,
}

impl Tally {
    pub(crate) fn of(answers: &[EventAnswer]) -> Tally {
        let mut tally = Tally { accepted: 0, rejected: 0, noticed: false };
        for answer in answers {
            match answer {
                EventAnswer::Accepted { notices, .. } => {
                    tally.accepted += 1;
                    tally.noticed |= !notices.is_empty();
                }
                EventAnswer::Rejected { .. } => tally.rejected += 1,
            }
        }
        tally
    }
}

/// The members `accepted`, `rejected` and `events`, without braces around them.
pub(crate) fn members(answers: &Answers, tally: Tally, listing: Listing) -> Vec<u8> {
    let mut out = Vec::with_capacity(FRAME_BYTES + answers.len() * ACCEPTED_BYTES);
    write_members(&mut out, answers, tally, listing);
    out
}

/// The same as an object.
pub(crate) fn object(answers: &Answers, tally: Tally, listing: Listing) -> Vec<u8> {
    let mut out = Vec::with_capacity(FRAME_BYTES + answers.len() * ACCEPTED_BYTES);
    out.push(b'{');
    write_members(&mut out, answers, tally, listing);
    out.push(b'}');
    out
}

fn write_members(out: &mut Vec<u8>, answers: &Answers, tally: Tally, listing: Listing) {
    out.extend_from_slice(b"\"accepted\":");
    json(out, &tally.accepted);
    out.extend_from_slice(b",\"rejected\":");
    json(out, &tally.rejected);
    if listing == Listing::Summary && tally.rejected == 0 && !tally.noticed {
        return;
    }
    out.extend_from_slice(b",\"events\":[");
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        event(out, answer, answers.omitted_of(index));
    }
    out.push(b']');
}

/// `omitted` is the number of violations or notices that the answer leaves out.
fn event(out: &mut Vec<u8>, answer: &EventAnswer, omitted: usize) {
    match answer {
        EventAnswer::Accepted { id, notices } => {
            out.extend_from_slice(b"{\"status\":\"accepted\",\"id\":");
            json(out, id);
            if !notices.is_empty() {
                out.extend_from_slice(b",\"notices\":");
                json(out, notices);
            }
            if omitted > 0 {
                out.extend_from_slice(b",\"noticesOmitted\":");
                json(out, &omitted);
            }
        }
        EventAnswer::Rejected { id, violations } => {
            out.extend_from_slice(b"{\"status\":\"rejected\"");
            if let Some(id) = id {
                out.extend_from_slice(b",\"id\":");
                json(out, id);
            }
            out.extend_from_slice(b",\"violations\":");
            json(out, violations);
            if omitted > 0 {
                out.extend_from_slice(b",\"violationsOmitted\":");
                json(out, &omitted);
            }
        }
    }
    out.push(b'}');
}

fn json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out, value).expect("a Vec takes all, and these types are plain");
}

#[cfg(test)]
mod tests {
    use xdm::{Notice, Violation};

    use super::*;

    fn accepted(id: &str) -> EventAnswer {
        EventAnswer::Accepted { id: id.to_owned(), notices: Vec::new() }
    }

    fn check(answers: &[EventAnswer], listing: Listing, expect: &str) {
        let answers = Answers::of(answers.to_vec());
        let body = object(&answers, Tally::of(&answers), listing);
        assert_eq!(String::from_utf8(body).as_deref(), Ok(expect));
    }

    #[test]
    fn what_is_left_out_is_said() {
        let mut answers = Answers::default();
        answers.push(accepted("a"), 3);
        answers.push(accepted("b"), 0);
        answers.push(EventAnswer::Rejected { id: None, violations: Vec::new() }, 7);
        let body = object(&answers, Tally::of(&answers), Listing::Summary);
        let expect = concat!(
            r#"{"accepted":2,"rejected":1,"events":[{"status":"accepted","id":"a","noticesOmitted":3},"#,
            r#"{"status":"accepted","id":"b"},{"status":"rejected","violations":[],"violationsOmitted":7}]}"#
        );
        assert_eq!(String::from_utf8(body).as_deref(), Ok(expect));
    }

    #[test]
    fn writes_every_shape() {
        let noticed = EventAnswer::Accepted {
            id: "n".to_owned(),
            notices: vec![Notice { pointer: "/x".into(), code: "c".into(), message: "m".into() }],
        };
        let rejected = |id: Option<&str>| EventAnswer::Rejected {
            id: id.map(str::to_owned),
            violations: vec![Violation {
                pointer: "/a\"b".into(),
                schema: "s#/x".into(),
                keyword: "type".into(),
                message: "m".into(),
            }],
        };
        let violations = r#""violations":[{"pointer":"/a\"b","schema":"s#/x","keyword":"type","message":"m"}]"#;
        check(&[], Listing::Full, r#"{"accepted":0,"rejected":0,"events":[]}"#);
        check(
            &[accepted("a\n")],
            Listing::Full,
            r#"{"accepted":1,"rejected":0,"events":[{"status":"accepted","id":"a\n"}]}"#,
        );
        check(&[accepted("a"), accepted("b")], Listing::Summary, r#"{"accepted":2,"rejected":0}"#);
        check(
            &[accepted("a"), noticed],
            Listing::Summary,
            r#"{"accepted":2,"rejected":0,"events":[{"status":"accepted","id":"a"},{"status":"accepted","id":"n","notices":[{"pointer":"/x","code":"c","message":"m"}]}]}"#,
        );
        check(
            &[rejected(None), rejected(Some("r"))],
            Listing::Summary,
            &format!(
                r#"{{"accepted":0,"rejected":2,"events":[{{"status":"rejected",{violations}}},{{"status":"rejected","id":"r",{violations}}}]}}"#
            ),
        );
    }
}
