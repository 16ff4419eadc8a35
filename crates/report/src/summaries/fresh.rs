//! Batches of fresh rows, known again.
//!
//! Whoever drains shows all fresh rows anew each time, and marks tell each showing from the one before. A
//! batch itself stays the same until its rows are in a file, and what was made of it holds as long.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};

use super::moment::{Loose, Source};
use super::rows::{days, mark_of};

/// The batches of the last moment.
#[derive(Default)]
pub(super) struct KnownFresh {
    batches: Vec<Known>,
    last: u64,
}

struct Known {
    /// Held, so that no other column has its place in memory.
    mark: Option<ArrayRef>,
    number: u64,
    days: Arc<[i32]>,
}

impl KnownFresh {
    /// These batches, each under the number that it has as long as it is shown.
    pub(super) fn know(&mut self, batches: impl IntoIterator<Item = RecordBatch>) -> Vec<Loose> {
        let mut known = Vec::new();
        let mut loose = Vec::new();
        for batch in batches {
            let mark = mark_of(&batch).cloned();
            let is_it =
                |known: &&Known| matches!((&known.mark, &mark), (Some(one), Some(other)) if Arc::ptr_eq(one, other));
            let (number, days) = match self.batches.iter().find(is_it) {
                Some(known) => (known.number, Arc::clone(&known.days)),
                None => {
                    self.last += 1;
                    (self.last, days(&batch).into())
                }
            };
            known.push(Known { mark, number, days: Arc::clone(&days) });
            loose.push(Loose { source: Source::Fresh(number, batch), days });
        }
        self.batches = known;
        loose
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::TimestampMicrosecondArray;

    use super::*;

    fn batch(micros: i64) -> RecordBatch {
        let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"));
        RecordBatch::try_from_iter([("timestamp", times)]).unwrap()
    }

    #[test]
    fn a_batch_has_its_number_as_long_as_it_is_shown() {
        let mut fresh = KnownFresh::default();
        let (one, two) = (batch(0), batch(86_400_000_000));
        let mut numbers = |batches: &[&RecordBatch]| -> Vec<(u64, Vec<i32>)> {
            let loose = fresh.know(batches.iter().map(|batch| (*batch).clone()));
            let number = |source: &Source| if let Source::Fresh(number, _) = source { *number } else { 0 };
            loose.iter().map(|loose| (number(&loose.source), loose.days.to_vec())).collect()
        };
        assert_eq!(numbers(&[&one]), [(1, vec![0])]);
        assert_eq!(numbers(&[&one, &two]), [(1, vec![0]), (2, vec![1])]);
        assert_eq!(numbers(&[&two, &batch(0)]), [(2, vec![1]), (3, vec![0])], "equal rows are another batch");
        assert_eq!(numbers(&[&one]), [(4, vec![0])], "it was gone");
    }
}
