//! The envelope around an event: read just far enough to find the event's bytes.
//!
//! Only the places of `body.xdmEntity` matter, so nothing is built of the rest, and the
//! event's own bytes go on as they were sent.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Why no event was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The message is not JSON.
    NotJson,
    /// It has no `body.xdmEntity` that is an object.
    NoEvent,
    /// The batch has no array `messages`.
    NoMessages,
    /// The batch has more than [`MESSAGES_MAX`].
    TooManyMessages,
}

/// Most messages of one batch: each costs memory, however short it is; past it 413.
pub(crate) const MESSAGES_MAX: usize = 100_000;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    body: Option<MessageBody<'a>>,
}

#[derive(Deserialize)]
struct MessageBody<'a> {
    #[serde(borrow, rename = "xdmEntity")]
    event: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Messages<'a> {
    #[serde(borrow)]
    messages: Option<Bounded<'a>>,
}

/// So many messages at most; those past the limit are only counted.
struct Bounded<'a> {
    messages: Vec<&'a RawValue>,
    past: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Bounded<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> serde::de::Visitor<'de> for List {
            type Value = Bounded<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of messages")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Bounded<'de>, A::Error> {
                let mut all = Bounded { messages: Vec::new(), past: 0 };
                while let Some(message) = list.next_element::<&RawValue>()? {
                    match all.messages.len() < MESSAGES_MAX {
                        true => all.messages.push(message),
                        false => all.past += 1,
                    }
                }
                Ok(all)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The bytes of the event in one message.
pub(crate) fn event_of(message: &[u8]) -> Result<&[u8], Unreadable> {
    let message: Message<'_> = serde_json::from_slice(message).map_err(|error| {
        // A wrong shape is JSON all the same.
        if error.is_data() { Unreadable::NoEvent } else { Unreadable::NotJson }
    })?;
    let event = message.body.and_then(|body| body.event).map(|event| event.get().as_bytes());
    event.filter(|event| event.starts_with(b"{")).ok_or(Unreadable::NoEvent)
}

/// A batch: per message its event, or why there is none.
pub(crate) struct Batch<'a> {
    pub(crate) messages: Vec<Result<&'a [u8], Unreadable>>,
}

impl<'a> Batch<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Batch<'a>, Unreadable> {
        let batch: Messages<'a> = serde_json::from_slice(body)
            .map_err(|error| if error.is_data() { Unreadable::NoMessages } else { Unreadable::NotJson })?;
        let Bounded { messages, past } = batch.messages.ok_or(Unreadable::NoMessages)?;
        if past > 0 {
            return Err(Unreadable::TooManyMessages);
        }
        Ok(Batch { messages: messages.iter().map(|message| event_of(message.get().as_bytes())).collect() })
    }

    /// The events that were found as one JSON array; `None` when there are none.
    pub(crate) fn array(&self) -> Option<Bytes> {
        let events = || self.messages.iter().flatten();
        let bytes = events().map(|event| event.len() + 1).sum::<usize>() + 1;
        let mut array = BytesMut::with_capacity(bytes);
        for event in events() {
            array.extend_from_slice(if array.is_empty() { b"[" } else { b"," });
            array.extend_from_slice(event);
        }
        if array.is_empty() {
            return None;
        }
        array.extend_from_slice(b"]");
        Some(array.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_event_or_says_why_not() {
        let check = |message: &str, expect: Result<&str, Unreadable>| {
            assert_eq!(event_of(message.as_bytes()), expect.map(str::as_bytes), "{message}");
        };
        check(r#"{"header":{},"body":{"xdmMeta":{},"xdmEntity": {"_id":"1"} }}"#, Ok(r#"{"_id":"1"}"#));
        check(r#"{"body":{"xdmEntity":{"s":"\ud800"}}}"#, Ok(r#"{"s":"\ud800"}"#));
        check(r#"{"body":{"xdmEntity":[1]}}"#, Err(Unreadable::NoEvent));
        check(r#"{"body":{"xdmEntity":null}}"#, Err(Unreadable::NoEvent));
        check(r#"{"body":{}}"#, Err(Unreadable::NoEvent));
        check(r#"{"body":7}"#, Err(Unreadable::NoEvent));
        check(r#"{"_id":"1"}"#, Err(Unreadable::NoEvent));
        check("[]", Err(Unreadable::NoEvent));
        check("7", Err(Unreadable::NoEvent));
        check("", Err(Unreadable::NotJson));
        check(r#"{"body":"#, Err(Unreadable::NotJson));
        assert_eq!(event_of(b"{\"body\":\xff}"), Err(Unreadable::NotJson));
    }

    #[test]
    fn a_batch_keeps_order_and_holes() {
        let batch = Batch::read(br#"{"messages":[{"body":{"xdmEntity":{"a":1}}},{},{"body":{"xdmEntity":{"b":2}}}]}"#)
            .unwrap_or(Batch { messages: Vec::new() });
        let expect: [Result<&[u8], _>; 3] = [Ok(br#"{"a":1}"#), Err(Unreadable::NoEvent), Ok(br#"{"b":2}"#)];
        assert_eq!(batch.messages, expect);
        assert_eq!(batch.array().as_deref(), Some(&br#"[{"a":1},{"b":2}]"#[..]));
        assert_eq!(Batch { messages: vec![Err(Unreadable::NoEvent)] }.array(), None);
        let check = |body: &str, expect| assert_eq!(Batch::read(body.as_bytes()).err(), Some(expect), "{body}");
        check(r#"{"message":[]}"#, Unreadable::NoMessages);
        check(r#"{"messages":{}}"#, Unreadable::NoMessages);
        check("[{}]", Unreadable::NoMessages);
        check("{", Unreadable::NotJson);
    }
}
