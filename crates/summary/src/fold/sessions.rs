//! Chat sessions that have an id.

use super::chat::{ChatEvent, Sessions};
use super::groups::{ByKey, Hashes};
use super::shard::Shard;
use super::sources::{Source, Sources};
use super::window::Window;
use crate::SESSION_MICROS_MAX;
use crate::rows::Mark;

/// Adds the shard's sessions with an id that begin in the day.
pub(crate) fn add(sessions: &mut Sessions<'_>, sources: &Sources<'_>, shard: Shard) {
    events(sessions.window, sources, shard).for_each(|events| {
        divide(events, |session| sessions.add(session));
    });
}

/// The events of the shard's chats with an id that has one in the day, and of a few others.
fn events(window: Window, sources: &Sources<'_>, shard: Shard) -> ByKey<ChatEvent> {
    let marks = sources.of_day(window).map(|source| source.rows.marks().len()).sum();
    let mut of_day = Hashes::of_about(marks);
    let mut events = ByKey::of_about(marks);
    for source in sources.of_day(window) {
        for mark in chat(source, |session| shard.has(session)) {
            let event = ChatEvent::of_session(source, mark);
            if window.has(event.micros) {
                of_day.insert(mark.session);
                events.push(event);
            }
        }
    }
    for source in sources.of_others(window) {
        for mark in chat(source, |session| of_day.may_have(session) && shard.has(session)) {
            let event = ChatEvent::of_session(source, mark);
            if window.sees(event.micros) && !window.has(event.micros) {
                events.push(event);
            }
        }
    }
    events
}

/// The marks of a source's chats with an id that `is_wanted`.
fn chat<'a>(source: &Source<'a>, is_wanted: impl Fn(u64) -> bool) -> impl Iterator<Item = &'a Mark> {
    let with_id = source.rows.marks().iter().filter(move |mark| mark.session != 0 && is_wanted(mark.session));
    with_id.filter(|mark| mark.is_chat())
}

/// Divides the events of one id, in order of time, into sessions. One begins with an event that has none
/// less than 24 hours before it, and takes those less than 24 hours after it; what comes then, and
/// begins none, belongs to none.
fn divide<'a>(events: &'a [ChatEvent], mut session: impl FnMut(&'a [ChatEvent])) {
    for of_id in events.chunk_by(|one, next| next.micros - one.micros < SESSION_MICROS_MAX) {
        let taken = of_id.partition_point(|event| event.micros - of_id[0].micros < SESSION_MICROS_MAX);
        session(&of_id[..taken]);
    }
}
