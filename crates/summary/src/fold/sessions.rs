//! Chat sessions that have an id.

use super::chat::{ChatEvent, Sessions};
use super::groups::{Groups, Keys};
use super::shard::Shard;
use super::sources::{Source, Sources};
use super::window::Window;
use crate::SESSION_MICROS_MAX;
use crate::rows::Place;

/// Adds the sessions with an id that begin in the day.
pub(crate) fn add(sessions: &mut Sessions<'_>, chat: &[(u32, ChatEvent<'_>)], keys: usize) {
    Groups::new(keys, chat).for_each(|events| {
        events.sort_unstable_by_key(|event| event.micros);
        divide(events, |session| sessions.add(session));
    });
}

/// The events of the shard's chats with an id that has one in the day, each with the number of its key.
pub(crate) fn events<'a>(window: Window, sources: &Sources<'a>, shard: Shard) -> (Vec<(u32, ChatEvent<'a>)>, usize) {
    let places = &sources.names.places;
    let mut keys = Keys::new();
    for source in sources.of_day(window) {
        let of_day = chat(source, places, |session| shard.has(session)).filter(|(_, event)| window.has(event.micros));
        of_day.for_each(|(datastream, event)| keys.insert((datastream, event.mark.session)));
    }
    let mut numbered = Vec::new();
    for source in &sources.sources {
        for (datastream, event) in chat(source, places, |session| keys.may_have(session)) {
            if window.sees(event.micros)
                && let Some(number) = keys.number((datastream, event.mark.session))
            {
                numbered.push((number, event));
            }
        }
    }
    (numbered, keys.len())
}

/// The events of a source's chats with an id that `is_wanted`, each with its datastream.
fn chat<'a>(
    source: &Source<'a>,
    places: &[Place],
    is_wanted: impl Fn(u64) -> bool,
) -> impl Iterator<Item = (u32, ChatEvent<'a>)> {
    let with_id = source.rows.marks().iter().filter(move |mark| mark.session != 0 && is_wanted(mark.session));
    with_id.filter(|mark| mark.is_chat()).map(move |mark| {
        let place = source.place(mark.row).0;
        let micros = source.rows.micros()[mark.row as usize];
        (places[place as usize].texts[0], ChatEvent { micros, place, mark })
    })
}

/// Divides the events of one id, in order of time, into sessions. One begins with an event that has none
/// less than 24 hours before it, and takes those less than 24 hours after it; what comes then, and
/// begins none, belongs to none.
fn divide<'a, 'b>(events: &'b [ChatEvent<'a>], mut session: impl FnMut(&'b [ChatEvent<'a>])) {
    let mut start = 0;
    for next in 1..=events.len() {
        let is_over = events.get(next).is_none_or(|event| event.micros - events[next - 1].micros >= SESSION_MICROS_MAX);
        if is_over {
            let of_id = &events[start..next];
            let taken = of_id.partition_point(|event| event.micros - of_id[0].micros < SESSION_MICROS_MAX);
            session(&of_id[..taken]);
            start = next;
        }
    }
}
