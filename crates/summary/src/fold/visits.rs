//! Visits: from their beginning to the first contact request, and the chats in them that have no id.

use super::additions::Length;
use super::chat::{ChatEvent, Sessions, seconds};
use super::groups::{Groups, Hashes, Keys};
use super::shard::Shard;
use super::sources::Sources;
use super::window::Window;
use crate::rows::{Mark, Mask, NO_TEXT, Place};
use crate::{VISIT_MICROS_MAX, VISIT_SILENCE_MICROS};

/// An event of a visitor.
#[derive(Clone, Copy)]
pub(crate) struct VisitEvent<'a> {
    micros: i64,
    /// By the numbering of [`Names`](super::names::Names).
    place: u32,
    mark: Option<&'a Mark>,
}

/// Adds first contacts of visits, and chat sessions without an id, that begin in the day.
pub(crate) fn add(sessions: &mut Sessions<'_>, events: &[(u32, VisitEvent<'_>)], keys: usize) {
    let mut chat = Vec::new();
    Groups::new(keys, events).for_each(|events| {
        if !events.is_sorted_by_key(|event| event.micros) {
            events.sort_unstable_by_key(|event| event.micros);
        }
        divide(events, |visit| {
            chat.clear();
            chat.extend(visit.iter().filter_map(VisitEvent::chat));
            sessions.add(&chat);
            add_first_contact(sessions, visit);
        });
    });
}

/// The events that matter to visits of the day: those of the shard's visitors with a contact request in the day or
/// after it, or a chat without an id in the day; each with the number of its key.
pub(crate) fn events<'a>(window: Window, sources: &Sources<'a>, shard: Shard) -> (Vec<(u32, VisitEvent<'a>)>, usize) {
    let wanted = Wanted::new(window, sources, shard);
    let places = &sources.names.places;
    let mut events = Vec::new();
    for source in &sources.sources {
        let rows = source.rows;
        let mut marks = rows.marks().iter().peekable();
        for (row, (visitor, micros)) in rows.visitors().iter().zip(rows.micros()).enumerate() {
            if !wanted.may_have(window, *visitor, *micros) {
                continue;
            }
            let row = row as u32;
            let place = source.place(row).0;
            let Some(number) = wanted.keys.number((places[place as usize].texts[0], *visitor)) else { continue };
            while marks.next_if(|mark| mark.row < row).is_some() {}
            let mark = marks.peek().copied().filter(|mark| mark.row == row);
            events.push((number, VisitEvent { micros: *micros, place, mark }));
        }
    }
    (events, wanted.keys.len())
}

/// Which events of the three days matter.
struct Wanted {
    keys: Keys,
    /// Visitors with a chat without an id in the day: their visits may have begun at any time of the day
    /// before.
    chat: Hashes,
    /// Visitors with an event in the last half hour of the day: only theirs are visits that go on.
    go_on: Hashes,
}

impl Wanted {
    fn new(window: Window, sources: &Sources<'_>, shard: Shard) -> Wanted {
        let mut wanted = Wanted { keys: Keys::new(), chat: Hashes::new(), go_on: Hashes::new() };
        for source in sources.of_day(window) {
            for (visitor, micros) in source.rows.visitors().iter().zip(source.rows.micros()) {
                if window.is_near_end(*micros) {
                    wanted.go_on.insert(*visitor);
                }
            }
        }
        for source in &sources.sources {
            for mark in source.rows.marks() {
                let row = mark.row as usize;
                let (visitor, micros) = (source.rows.visitors()[row], source.rows.micros()[row]);
                let place = &sources.names.places[source.place(mark.row).0 as usize];
                let is_contact = place.mask.requests() != 0;
                let is_chat = mark.session == 0 && mark.is_chat();
                let matters = match window.has(micros) {
                    true => is_contact || is_chat,
                    false => is_contact && window.precedes(micros) && wanted.go_on.may_have(visitor),
                };
                if visitor == 0 || !matters || !shard.has(visitor) {
                    continue;
                }
                wanted.keys.insert((place.texts[0], visitor));
                if is_chat {
                    wanted.chat.insert(visitor);
                }
            }
        }
        wanted
    }

    /// Whether an event may matter. Asked of each, so by the fewest visitors first.
    fn may_have(&self, window: Window, visitor: u64, micros: i64) -> bool {
        let by_time = if window.is_far_before(micros) {
            self.chat.may_have(visitor)
        } else if micros >= window.end() {
            self.go_on.may_have(visitor)
        } else {
            true
        };
        by_time && self.keys.may_have(visitor) && visitor != 0 && window.sees(micros)
    }
}

impl<'a> VisitEvent<'a> {
    /// As an event of a chat without an id.
    fn chat(&self) -> Option<ChatEvent<'a>> {
        let mark = self.mark.filter(|mark| mark.session == 0 && mark.is_chat())?;
        Some(ChatEvent { micros: self.micros, place: self.place, mark })
    }
}

/// Divides the events of one visitor, in order of time, into visits.
fn divide<'a, 'b>(events: &'b [VisitEvent<'a>], mut visit: impl FnMut(&'b [VisitEvent<'a>])) {
    for events in events.chunk_by(|one, next| next.micros - one.micros <= VISIT_SILENCE_MICROS) {
        let taken = events.partition_point(|event| event.micros - events[0].micros < VISIT_MICROS_MAX);
        visit(&events[..taken]);
    }
}

/// Dimensions of text by which the first of several contact requests at one time is told: page, subject, device,
/// referrer.
const FIRST_BY: [usize; 4] = [2, 1, 3, 4];

/// Adds how long after its beginning a visit of the day has its first contact request, if it has one.
fn add_first_contact(sessions: &mut Sessions<'_>, visit: &[VisitEvent<'_>]) {
    let Some(begun_at) = visit.first().map(|event| event.micros).filter(|at| sessions.window.has(*at)) else { return };
    let places = &sessions.names.places;
    let place = |event: &VisitEvent<'_>| places[event.place as usize];
    let mut contacts = visit.iter().filter(|event| place(event).mask.requests() != 0).peekable();
    let Some(contact_at) = contacts.peek().map(|event| event.micros) else { return };
    let equally_early = contacts.take_while(|event| event.micros == contact_at).map(place);
    let Some(first) = equally_early.reduce(|one, other| earlier(sessions, one, other)) else { return };
    let spot = sessions.spot(begun_at, Place { mask: first.mask.only_requests(), ..first });
    sessions.additions.add_length(Length::FirstContact, spot, seconds(begun_at, contact_at));
}

/// Of the places of two contact requests at one time that with the smaller page, then subject, device and
/// referrer, one without coming last; of those that have the same, the channels of both.
fn earlier(sessions: &Sessions<'_>, one: Place, other: Place) -> Place {
    let rank = |dimension: usize, place: &Place| {
        let text = place.texts[dimension];
        (text == NO_TEXT, sessions.names.texts(dimension).get(text))
    };
    let ranks = |place: &Place| FIRST_BY.map(|dimension| rank(dimension, place));
    match ranks(&one).cmp(&ranks(&other)) {
        std::cmp::Ordering::Less => one,
        std::cmp::Ordering::Equal => Place { mask: Mask(one.mask.0 | other.mask.0), ..one },
        std::cmp::Ordering::Greater => other,
    }
}
