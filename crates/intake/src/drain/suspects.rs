//! Records one of which can't become rows, read in ever smaller batches until it stands
//! alone.

/// Records up to this one are read in small batches, since one of them is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspects {
    pub(super) until: u64,
    /// Most records of a batch meanwhile.
    pub(super) records_max: u64,
}

impl Suspects {
    /// A batch of so many records, up to `last`, failed; `before` are those suspected already.
    pub(super) fn of_failed(before: Option<Suspects>, records: u64, last: u64) -> Suspects {
        let until = before.map_or(last, |suspects| suspects.until.max(last));
        Suspects { until, records_max: (records / 2).max(1) }
    }

    /// Records up to this one are committed: less to suspect, and more of it at once.
    pub(super) fn after_commit(self, committed: u64) -> Option<Suspects> {
        let records_max = self.records_max.saturating_mul(2);
        (self.until > committed).then_some(Suspects { records_max, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_halved_until_one_record_is_left_and_grow_again_behind_it() {
        let first = Suspects::of_failed(None, 9, 20);
        assert_eq!(first, Suspects { until: 20, records_max: 4 });
        // The first half fails too; the second half stays suspected.
        let second = Suspects::of_failed(Some(first), 4, 15);
        assert_eq!(second, Suspects { until: 20, records_max: 2 });
        let third = Suspects::of_failed(Some(second), 2, 13);
        assert_eq!(third, Suspects { until: 20, records_max: 1 });
        assert_eq!(Suspects::of_failed(Some(third), 1, 12).records_max, 1, "never none");
        assert_eq!(third.after_commit(13), Some(Suspects { until: 20, records_max: 2 }));
        assert_eq!(third.after_commit(20), None);
    }
}
