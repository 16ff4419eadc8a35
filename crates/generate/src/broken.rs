//! Breaks a demo event, each time in another way that real senders know.
//!
//! Every way makes the event invalid under the default profile, so that the number of
//! invalid events of a run is exact. It works on the parsed event: slow, and only
//! for the few that are to be invalid.

use serde_json::{Map, Value, json};

use super::random::Random;

/// How an event is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No `timestamp`.
    TimestampMissing,
    /// `timestamp` without a zone.
    TimestampWithoutZone,
    /// A counter as text.
    CounterAsText,
    /// A counter that is not whole.
    CounterNotWhole,
    /// An `environment.type` that does not exist.
    UnknownEnvironment,
    /// An `authenticatedState` that does not exist.
    UnknownLoginState,
    /// A reply address without an at sign.
    BadAddress,
    /// A calling code with a plus.
    BadCallingCode,
    /// `web` is a text.
    PageAsText,
    /// Two things at once, so that every violation must be reported.
    Twice,
    /// An array where an event should be.
    NotAnEvent,
    /// The line ends in the middle.
    CutLine,
}

/// All ways, for taking turns.
pub(crate) const FAULTS: &[Fault] = &[
    Fault::TimestampMissing,
    Fault::TimestampWithoutZone,
    Fault::CounterAsText,
    Fault::CounterNotWhole,
    Fault::UnknownEnvironment,
    Fault::UnknownLoginState,
    Fault::BadAddress,
    Fault::BadCallingCode,
    Fault::PageAsText,
    Fault::Twice,
    Fault::NotAnEvent,
    Fault::CutLine,
];

/// Breaks the event. [`Fault::CutLine`] leaves it as it is: see [`cut`].
pub(crate) fn apply(event: &mut Value, fault: Fault) {
    match fault {
        Fault::TimestampMissing => {
            event.as_object_mut().map(|event| event.shift_remove("timestamp"));
        }
        Fault::TimestampWithoutZone => event["timestamp"] = json!("2026-11-22 09:30:00"),
        Fault::CounterAsText => feedback(event)["chatStart"] = json!("1"),
        Fault::CounterNotWhole => feedback(event)["clickToCall"] = json!(1.5),
        Fault::UnknownEnvironment => event["environment"]["type"] = json!("desktop"),
        Fault::UnknownLoginState => event["identityMap"]["ECID"][0]["authenticatedState"] = json!("known"),
        Fault::BadAddress => feedback(event)["replyToEmailAddress"] = json!({"address": "jo at shop.example"}),
        Fault::BadCallingCode => {
            feedback(event)["callBackNumber"] = json!({"countryCode": "+1", "number": "1-408-555-0100"});
        }
        Fault::PageAsText => event["web"] = json!("/contact"),
        Fault::Twice => {
            apply(event, Fault::CounterAsText);
            apply(event, Fault::UnknownEnvironment);
        }
        Fault::NotAnEvent => *event = json!(["chatStart", 1]),
        Fault::CutLine => {}
    }
}

/// Cuts the line somewhere in its second half, as a full disk or a killed sender does.
pub(crate) fn cut(line: &mut Vec<u8>, random: &mut Random) {
    let half = line.len() / 2;
    line.truncate(half + random.below(half as u32 - 2) as usize);
}

fn feedback(event: &mut Value) -> &mut Value {
    let slot = &mut event["customerFeedback"];
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot
}
