//! What admission says of each event.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use xdm::{Notice, Violation};

use super::answer_budget::AnswerBudget;

/// The answers to one request, in the order of its events, and their part of the
/// budget until they are dropped.
#[derive(Debug, Default)]
pub struct Answers {
    events: Vec<EventAnswer>,
    /// What is left out of an event's answer, past the limits: by its index, in order.
    omitted: Vec<(usize, usize)>,
    /// How many events were rejected, by the keyword of their first violation.
    pub(crate) rejected: BTreeMap<String, u64>,
    pub(crate) budget: AnswerBudget,
}

impl Answers {
    /// Answers of which nothing is left out and that are counted nowhere.
    pub fn of(events: Vec<EventAnswer>) -> Answers {
        Answers { events, ..Answers::default() }
    }

    /// None yet, within the budget that there is for them.
    pub(crate) fn within(budget: AnswerBudget) -> Answers {
        Answers { budget, ..Answers::default() }
    }

    /// The answers alone.
    pub fn into_events(self) -> Vec<EventAnswer> {
        self.events
    }

    /// How many violations (of a rejected event) or notices (of an accepted one) there are
    /// besides those in the answer to this event.
    pub fn omitted_of(&self, index: usize) -> usize {
        let place = self.omitted.binary_search_by_key(&index, |(index, _)| *index);
        place.map_or(0, |place| self.omitted[place].1)
    }

    /// Adds the next event's answer and how much it leaves out.
    pub fn push(&mut self, answer: EventAnswer, omitted: usize) {
        if omitted > 0 {
            self.omitted.push((self.events.len(), omitted));
        }
        self.events.push(answer);
    }
}

impl Deref for Answers {
    type Target = [EventAnswer];
    fn deref(&self) -> &[EventAnswer] {
        &self.events
    }
}

impl DerefMut for Answers {
    fn deref_mut(&mut self) -> &mut [EventAnswer] {
        &mut self.events
    }
}

/// The outcome of one event at admission, in the order of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAnswer {
    /// It keeps all rules.
    Accepted {
        /// Its own `_id`, or the one made for it.
        id: String,
        /// Worth knowing, and no reason to reject it; within the limits of an answer.
        notices: Vec<Notice>,
    },
    /// It breaks at least one rule. It is kept in `rejects`.
    Rejected {
        /// Its `_id`, if one could be read.
        id: Option<String>,
        /// The broken rules, within the limits of an answer.
        violations: Vec<Violation>,
    },
}

impl EventAnswer {
    /// True when the event was accepted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, EventAnswer::Accepted { .. })
    }
}
