//! Answers that are kept: who asks again, or for another page of the same numbers, waits for nothing.
//!
//! An answer depends on the query, on the summaries of its days and, where chats are open, on the present. A
//! summary depends on the events of its day and of those beside it, which its fingerprint names. So the key is
//! the query and the fingerprints of its days: after any change of these events it is another one, and nothing
//! has to be thrown away for an answer to be right. What isn't asked for any more goes when there is no room.

use std::ops::Range;
use std::sync::Arc;

use summary::{Lasting, Query};
use xxhash_rust::xxh3::Xxh3;

use super::cache::Cache;
use crate::SummaryAnswer;

/// What an answer is the answer to.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// With 0 for the present.
    query: Query,
    /// Stands for what the days' summaries were made of.
    days: u128,
}

impl Asked {
    /// A query about days, each with the fingerprint of what its summary is made of.
    pub(super) fn new(query: &Query, days: impl Iterator<Item = (i32, u128)>) -> Arc<Asked> {
        let mut bytes = Vec::new();
        for (day, fingerprint) in days {
            bytes.extend(day.to_le_bytes());
            bytes.extend(fingerprint.to_le_bytes());
        }
        let mut hasher = Xxh3::new();
        hasher.update(&bytes);
        Arc::new(Asked { query: Query { now: 0, ..query.clone() }, days: hasher.digest128() })
    }
}

/// Answers, each with the presents at which it is one.
pub(super) struct KnownAnswers(Cache<Arc<Asked>, (Range<i64>, Arc<SummaryAnswer>)>);

impl KnownAnswers {
    pub(super) fn new(bytes_max: usize) -> KnownAnswers {
        KnownAnswers(Cache::new(bytes_max))
    }

    /// The answer, if it is the one at this present.
    pub(super) fn get(&mut self, asked: &Arc<Asked>, now: i64) -> Option<Arc<SummaryAnswer>> {
        let (presents, answer) = self.0.get(asked)?;
        presents.contains(&now).then_some(answer)
    }

    pub(super) fn insert(
        &mut self,
        asked: Arc<Asked>,
        lasting: Lasting,
        days_from_rows: Vec<i32>,
    ) -> Arc<SummaryAnswer> {
        let Lasting { answer, presents } = lasting;
        let bytes = asked.query.bytes() + answer.bytes() + days_from_rows.len() * size_of::<i32>();
        let answer = Arc::new(SummaryAnswer { answer, days_from_rows });
        self.0.insert(asked, (presents, Arc::clone(&answer)), bytes);
        answer
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

#[cfg(test)]
mod tests {
    use summary::{Answer, Filter, Timeline, Values, Wanted};

    use super::*;

    #[test]
    fn an_answer_is_known_by_query_days_and_present() {
        let query = |subject: &str, now: i64| Query {
            since: 0,
            until: 10,
            now,
            filter: Filter {
                subject: Values { any_of: vec![subject.to_owned()], none_of: Vec::new() },
                ..Filter::default()
            },
            timeline: Timeline::default(),
            by: None,
            wanted: Wanted::ALL,
        };
        let days = |fingerprints: &[u128]| (7..).zip(fingerprints.to_vec());
        let mut known = KnownAnswers::new(1 << 20);
        let lasting = Lasting { answer: Answer::default(), presents: 100..200 };
        let bytes = {
            known.insert(Asked::new(&query("a", 150), days(&[1, 2])), lasting, vec![8]);
            known.bytes()
        };
        assert!(bytes >= size_of::<Query>() + size_of::<Answer>(), "{bytes}");
        let mut check = |query: &Query, of: &[u128], is_known: bool| {
            let found = known.get(&Asked::new(query, days(of)), query.now);
            assert_eq!(
                found.map(|answer| answer.days_from_rows.clone()),
                is_known.then(|| vec![8]),
                "{query:?} {of:?}"
            );
        };
        check(&query("a", 100), &[1, 2], true);
        check(&query("a", 199), &[1, 2], true);
        check(&query("a", 200), &[1, 2], false);
        check(&query("a", 99), &[1, 2], false);
        check(&query("b", 150), &[1, 2], false);
        check(&query("a", 150), &[1, 3], false);
        check(&query("a", 150), &[1], false);
        check(&query("a", 150), &[1, 2, 2], false);
        check(&Query { by: Some(summary::Dimension::Page), ..query("a", 150) }, &[1, 2], false);
        check(&Query { wanted: Wanted::SUMS, ..query("a", 150) }, &[1, 2], false);
        check(&Query { until: 11, ..query("a", 150) }, &[1, 2], false);
    }
}
