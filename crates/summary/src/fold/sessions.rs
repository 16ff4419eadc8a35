//! Chat sessions that have an id.

use super::chat::{ChatEvent, Sessions};
use super::groups::{Groups, Keys};
use super::shard::Shard;
use super::sources::Sources;
use super::window::Window;
use crate::SESSION_MICROS_MAX;
use crate::rows::Mark;

/// Adds the sessions with an id that begin in the day.
pub(crate) fn add(sessions: &mut Sessions<'_>, chat: &[(u32, ChatEvent<'_>)], keys: usize) {
    Groups::new(keys, chat).for_each(|events| {
        events.sort_unstable_by_key(|event| event.micros);
        divide(events, |session| sessions.add(session));
    });
}

/// The events of the shard's chats with an id that has one in the day, each with the number of its key.
pub(crate) fn events<'a>(window: Window, sources: &Sources<'a>, shard: Shard) -> (Vec<(u32, ChatEvent<'a>)>, usize) {
    let mut keys = Keys::new();
    for (datastream, event) in chat(sources).filter(|(_, event)| window.has(event.micros)) {
        if shard.has(event.mark.session) {
            keys.insert((datastream, event.mark.session));
        }
    }
    let seen = chat(sources).filter(|(_, event)| window.sees(event.micros) && keys.may_have(event.mark.session));
    let numbered = seen
        .filter_map(|(datastream, event)| keys.number((datastream, event.mark.session)).map(|number| (number, event)));
    (numbered.collect(), keys.len())
}

fn chat<'a>(sources: &Sources<'a>) -> impl Iterator<Item = (u32, ChatEvent<'a>)> {
    let places = &sources.names.places;
    let marks = sources.sources.iter().flat_map(|source| source.rows.marks().iter().map(move |mark| (source, mark)));
    let with_id = marks.filter(|(_, mark): &(_, &Mark)| mark.session != 0 && mark.is_chat());
    with_id.map(move |(source, mark)| {
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
