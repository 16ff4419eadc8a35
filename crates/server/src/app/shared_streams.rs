//! Streams that tell shared pages that their numbers have changed: how many there are at once, and what each link's page
//! was like when somebody last looked.
//!
//! The page of a link is drawn once in a while for all of its streams together, so many who look cost what one does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Streams at once.
const STREAMS_MAX: usize = 64;
/// Of one link: whoever has one can't take the places of all.
const STREAMS_OF_LINK_MAX: usize = 16;

/// The streams of one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedStreams(Arc<Mutex<HashMap<String, Watched>>>);

/// A link that somebody watches.
#[derive(Debug, Default)]
struct Watched {
    streams: usize,
    seen: Option<(Instant, u64)>,
}

/// A stream's place; it is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: SharedStreams,
    id: String,
}

impl SharedStreams {
    /// A place for a stream of this link; `None` where there are too many.
    pub(crate) fn place(&self, id: &str) -> Option<Place> {
        let mut held = self.held();
        let all: usize = held.values().map(|watched| watched.streams).sum();
        let of_link = held.get(id).map_or(0, |watched| watched.streams);
        if all >= STREAMS_MAX || of_link >= STREAMS_OF_LINK_MAX {
            return None;
        }
        held.entry(id.to_owned()).or_default().streams += 1;
        Some(Place { streams: self.clone(), id: id.to_owned() })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What the link's page was like, if a stream has looked within this time.
    pub(crate) fn seen(&self, within: Duration) -> Option<u64> {
        let held = self.streams.held();
        let (at, mark) = held.get(&self.id)?.seen?;
        (at.elapsed() < within).then_some(mark)
    }

    /// Keeps what it is like now for the other streams.
    pub(crate) fn keep(&self, mark: u64) {
        if let Some(watched) = self.streams.held().get_mut(&self.id) {
            watched.seen = Some((Instant::now(), mark));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.streams.held();
        if let Some(watched) = held.get_mut(&self.id) {
            watched.streams -= 1;
            if watched.streams == 0 {
                held.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_a_link_and_for_all_and_are_given_back() {
        let streams = SharedStreams::default();
        let take = |id: &str, count: usize| -> Vec<Place> { (0..count).map_while(|_| streams.place(id)).collect() };
        let one = take("one", 100);
        assert_eq!(one.len(), STREAMS_OF_LINK_MAX);
        let others: Vec<Vec<Place>> = (0..9).map(|number| take(&format!("other{number}"), 100)).collect();
        assert_eq!(others.iter().map(Vec::len).sum::<usize>(), STREAMS_MAX - STREAMS_OF_LINK_MAX);
        drop(one);
        assert_eq!(take("one", 1).len(), 1);
        drop(others);
        assert!(streams.held().is_empty());
    }

    #[test]
    fn streams_of_a_link_share_what_one_has_seen() {
        let streams = SharedStreams::default();
        let [one, two, other] = ["a", "a", "b"].map(|id| streams.place(id).expect("room"));
        one.keep(7);
        assert_eq!(
            (two.seen(Duration::MAX), other.seen(Duration::MAX), two.seen(Duration::ZERO)),
            (Some(7), None, None)
        );
    }
}
