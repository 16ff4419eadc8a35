//! What is added up in the cells of a day.

use crate::{Anomalies, Counter, Numbers, Sessions};

/// A number that is added up; each stands for a field of [`Numbers`].
///
/// The order is that of the stored form: a change of it needs a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Events,
    Counter(Counter),
    CounterAnomaly,
    TimeAnomaly,
    Late,
    WithoutSession,
    EndWithoutStart,
    StartAfterEnd,
    DeclinedAndStarted,
    TwoStarts,
    Sessions,
    Offered,
    Accepted,
    Ignored,
    Unprompted,
    Started,
    Ended,
}

impl Measure {
    pub(crate) const ALL: [Measure; 24] = [
        Measure::Events,
        Measure::Counter(Counter::ChatOffered),
        Measure::Counter(Counter::ChatDeclined),
        Measure::Counter(Counter::ChatStart),
        Measure::Counter(Counter::ChatEnd),
        Measure::Counter(Counter::ClickToCall),
        Measure::Counter(Counter::ClickToText),
        Measure::Counter(Counter::ClickToEmail),
        Measure::Counter(Counter::ClickToDirectMessage),
        Measure::CounterAnomaly,
        Measure::TimeAnomaly,
        Measure::Late,
        Measure::WithoutSession,
        Measure::EndWithoutStart,
        Measure::StartAfterEnd,
        Measure::DeclinedAndStarted,
        Measure::TwoStarts,
        Measure::Sessions,
        Measure::Offered,
        Measure::Accepted,
        Measure::Ignored,
        Measure::Unprompted,
        Measure::Started,
        Measure::Ended,
    ];

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) fn index(self) -> usize {
        match self {
            Measure::Events => 0,
            Measure::Counter(counter) => 1 + counter as usize,
            Measure::CounterAnomaly => 9,
            Measure::TimeAnomaly => 10,
            Measure::Late => 11,
            Measure::WithoutSession => 12,
            Measure::EndWithoutStart => 13,
            Measure::StartAfterEnd => 14,
            Measure::DeclinedAndStarted => 15,
            Measure::TwoStarts => 16,
            Measure::Sessions => 17,
            Measure::Offered => 18,
            Measure::Accepted => 19,
            Measure::Ignored => 20,
            Measure::Unprompted => 21,
            Measure::Started => 22,
            Measure::Ended => 23,
        }
    }

    /// Its field.
    pub(crate) fn of(self, numbers: &mut Numbers) -> &mut u64 {
        let Numbers { events, counters, anomalies, sessions, .. } = numbers;
        let Anomalies { counter, time, late, without_session, end_without_start, .. } = anomalies;
        let Sessions { all, offered, accepted, ignored, unprompted, started, ended, .. } = sessions;
        match self {
            Measure::Events => events,
            Measure::Counter(counter) => &mut counters[counter as usize],
            Measure::CounterAnomaly => counter,
            Measure::TimeAnomaly => time,
            Measure::Late => late,
            Measure::WithoutSession => without_session,
            Measure::EndWithoutStart => end_without_start,
            Measure::StartAfterEnd => &mut anomalies.start_after_end,
            Measure::DeclinedAndStarted => &mut anomalies.declined_and_started,
            Measure::TwoStarts => &mut anomalies.two_starts,
            Measure::Sessions => all,
            Measure::Offered => offered,
            Measure::Accepted => accepted,
            Measure::Ignored => ignored,
            Measure::Unprompted => unprompted,
            Measure::Started => started,
            Measure::Ended => ended,
        }
    }
}
