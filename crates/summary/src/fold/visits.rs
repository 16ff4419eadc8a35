//! Visits: from their beginning to the first contact request, and the chats in them that have no id.

use super::additions::Length;
use super::chat::{ChatEvent, Sessions, seconds};
use super::groups::{ByKey, Hashes, Key, Keyed};
use super::shard::Shard;
use super::sources::Sources;
use super::window::Window;
use crate::rows::{Mark, Mask, NO_TEXT, Place};
use crate::{VISIT_MICROS_MAX, VISIT_SILENCE_MICROS};

/// An event of a visitor.
#[derive(Clone, Copy)]
struct VisitEvent {
    key: Key,
    micros: i64,
    /// By the numbering of [`Names`](super::names::Names).
    place: u32,
    /// Of an event of a chat without an id, its place among these; else [`NO_CHAT`].
    chat: u32,
}

const NO_CHAT: u32 = u32::MAX;

impl Keyed for VisitEvent {
    fn key(&self) -> Key {
        self.key
    }

    fn micros(&self) -> i64 {
        self.micros
    }
}

/// Adds first contacts of visits, and chat sessions without an id, that begin in the day.
pub(crate) fn add(sessions: &mut Sessions<'_>, sources: &Sources<'_>, shard: Shard) {
    let (events, chats) = events(sessions.window, sources, shard);
    let mut chat = Vec::new();
    events.for_each(|events| {
        divide(events, |visit| {
            chat.clear();
            chat.extend(visit.iter().filter_map(|event| chats.get(event.chat as usize).copied()));
            sessions.add(&chat);
            add_first_contact(sessions, visit);
        });
    });
}

/// The events that matter to visits of the day, and a few others: those of the shard's visitors with a contact request
/// in the day or after it, or a chat without an id in the day. Also those among them that are of such a chat.
fn events(window: Window, sources: &Sources<'_>, shard: Shard) -> (ByKey<VisitEvent>, Vec<ChatEvent>) {
    let wanted = Wanted::new(window, sources, shard);
    let of_day = sources.of_day(window).map(|source| source.rows.len()).sum();
    let (mut events, mut chats) = (ByKey::of_about(of_day), Vec::new());
    for source in sources.iter() {
        let rows = source.rows;
        let mut marks = rows.marks().iter().filter(|mark| is_without_id(mark)).peekable();
        for (row, (visitor, micros)) in (0..).zip(rows.visitors().iter().zip(rows.micros())) {
            if !wanted.may_have(window, *visitor, *micros) || !shard.has(*visitor) {
                continue;
            }
            let place = source.place(row);
            let (key, place) = (Key::new(place.datastream, *visitor), place.number);
            while marks.next_if(|mark| mark.row < row).is_some() {}
            let chat = match marks.next_if(|mark| mark.row == row) {
                Some(mark) => {
                    chats.push(ChatEvent::new(key, *micros, place, mark));
                    chats.len() as u32 - 1
                }
                None => NO_CHAT,
            };
            events.push(VisitEvent { key, micros: *micros, place, chat });
        }
    }
    (events, chats)
}

/// Whether it is an event of a chat without an id.
fn is_without_id(mark: &Mark) -> bool {
    mark.session == 0 && mark.is_chat()
}

/// Which events of the three days matter.
struct Wanted {
    /// Visitors of whom something may begin in the day.
    all: Hashes,
    /// Those with a chat without an id in the day: their visits may have begun at any time of the day before.
    chat: Hashes,
    /// Those with an event in the last half hour of the day: only theirs are visits that go on.
    go_on: Hashes,
}

impl Wanted {
    fn new(window: Window, sources: &Sources<'_>, shard: Shard) -> Wanted {
        let marks = sources.of_day(window).map(|source| source.rows.marks().len()).sum();
        // Few are of the latter two, and more may be taken for these.
        let few = || Hashes::of_about(marks / 64);
        let mut wanted = Wanted { all: Hashes::of_about(marks), chat: few(), go_on: few() };
        for source in sources.of_day(window) {
            for (visitor, micros) in source.rows.visitors().iter().zip(source.rows.micros()) {
                if window.is_near_end(*micros) {
                    wanted.go_on.insert(*visitor);
                }
            }
        }
        for source in sources.iter().filter(|source| source.rows.span().is_some_and(|(_, last)| last >= window.start)) {
            for mark in source.rows.marks() {
                let row = mark.row as usize;
                let (visitor, micros) = (source.rows.visitors()[row], source.rows.micros()[row]);
                let is_of_day = window.has(micros);
                let goes_on = || window.precedes(micros) && wanted.go_on.may_have(visitor);
                if visitor == 0 || !shard.has(visitor) || !is_of_day && !goes_on() {
                    continue;
                }
                let is_chat = is_of_day && is_without_id(mark);
                if is_chat || source.place(mark.row).mask.requests() != 0 {
                    wanted.all.insert(visitor);
                }
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
        by_time && self.all.may_have(visitor) && visitor != 0 && window.sees(micros)
    }
}

/// Divides the events of one visitor, in order of time, into visits.
fn divide<'a>(events: &'a [VisitEvent], mut visit: impl FnMut(&'a [VisitEvent])) {
    for events in events.chunk_by(|one, next| next.micros - one.micros <= VISIT_SILENCE_MICROS) {
        let taken = events.partition_point(|event| event.micros - events[0].micros < VISIT_MICROS_MAX);
        visit(&events[..taken]);
    }
}

/// Dimensions of text by which the first of several contact requests at one time is told: page, subject, device,
/// referrer.
const FIRST_BY: [usize; 4] = [2, 1, 3, 4];

/// Adds how long after its beginning a visit of the day has its first contact request, if it has one.
fn add_first_contact(sessions: &mut Sessions<'_>, visit: &[VisitEvent]) {
    let Some(begun_at) = visit.first().map(|event| event.micros).filter(|at| sessions.window.has(*at)) else { return };
    let places = &sessions.names.places;
    let place = |event: &VisitEvent| places[event.place as usize];
    let mut contacts = visit.iter().filter(|event| place(event).mask.requests() != 0).peekable();
    let Some((contact_at, like)) = contacts.peek().map(|event| (event.micros, event.place)) else { return };
    let equally_early = contacts.take_while(|event| event.micros == contact_at).map(place);
    let Some(first) = equally_early.reduce(|one, other| earlier(sessions, one, other)) else { return };
    let spot = sessions.spot(begun_at, Place { mask: first.mask.only_requests(), ..first }, like);
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
