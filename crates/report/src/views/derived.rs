//! Views of what several events say together: `chat_sessions`, `visits`, `requests`, `visitors`.
//!
//! Each is a statement over `activity` or `contacts` in a file of its own, in SQL that other engines take too
//! (window functions, no functions of ours), and a table of its columns, from which `docs/sql.md` is
//! made. The lengths of time in them are those by which summaries are made, and stand in the
//! statements as `{placeholders}`.
//!
//! A window sees all events of its key, so a condition on a view's own columns keeps none from
//! being read.

mod columns;

use summary::{Channel, Counter, REPEAT_MICROS, SESSION_MICROS_MAX, VISIT_MICROS_MAX, VISIT_SILENCE_MICROS};

use self::columns::{CHAT_SESSIONS, REQUESTS, VISITORS, VISITS};
use crate::metrics::{SessionAnomaly, shows_chat};

/// A view over the flat ones.
pub(crate) struct DerivedView {
    pub(crate) name: &'static str,
    /// What one of its rows is, for the documentation.
    pub(crate) rows: &'static str,
    /// Name, SQL type and meaning of each column, in their order.
    pub(crate) columns: &'static [(&'static str, &'static str, &'static str)],
    /// The view that it is computed over.
    pub(crate) over: &'static str,
    /// The statement, with placeholders.
    template: &'static str,
}

/// In the order in which they are shown.
pub(crate) const DERIVED: [DerivedView; 4] = [
    DerivedView {
        name: "chat_sessions",
        rows: "a chat session: what became of one chat, from its first event to its last",
        columns: CHAT_SESSIONS,
        over: "activity",
        template: include_str!("derived/chat_sessions.sql"),
    },
    DerivedView {
        name: "visits",
        rows: "a visit: the events of a visitor until he is silent for 30 minutes",
        columns: VISITS,
        over: "activity",
        template: include_str!("derived/visits.sql"),
    },
    DerivedView {
        name: "requests",
        rows: "an event with a contact request of a known visitor, and his one before",
        columns: REQUESTS,
        over: "contacts",
        template: include_str!("derived/requests.sql"),
    },
    DerivedView {
        name: "visitors",
        rows: "a visitor, from his first event to his last",
        columns: VISITORS,
        over: "activity",
        template: include_str!("derived/visitors.sql"),
    },
];

impl DerivedView {
    /// The statement behind it.
    pub(crate) fn sql(&self) -> String {
        let requests = Channel::ALL.map(|channel| channel.requests().column());
        let each = |form: &dyn Fn(&str) -> String, columns: &[&str]| {
            columns.iter().map(|column| form(column)).collect::<Vec<_>>().join(",\n  ")
        };
        let every: Vec<&str> = Counter::ALL.iter().map(|counter| counter.column()).collect();
        let [end_without_start, start_after_end, declined_and_started, two_starts] =
            SessionAnomaly::ALL.map(|anomaly| anomaly.name().to_owned());
        [
            ("{shows_chat}", shows_chat()),
            ("{session_hours}", minutes(SESSION_MICROS_MAX / 60)),
            ("{visit_minutes}", minutes(VISIT_MICROS_MAX)),
            ("{silence_minutes}", minutes(VISIT_SILENCE_MICROS)),
            ("{repeat_minutes_min}", minutes(*REPEAT_MICROS.start())),
            ("{repeat_minutes_max}", minutes(*REPEAT_MICROS.end())),
            ("{end_without_start}", end_without_start),
            ("{start_after_end}", start_after_end),
            ("{declined_and_started}", declined_and_started),
            ("{two_starts}", two_starts),
            ("{requests}", requests.join(", ")),
            (
                "{first_requests}",
                each(&|column| format!("max(case when place = 1 then {column} end) as {column}"), &requests),
            ),
            ("{sums}", each(&|column| format!("coalesce(sum({column}), 0) as {column}"), &every)),
            ("{channels}", channels(|column| format!("{column} > 0"))),
            ("{channels_of_all}", channels(|column| format!("max({column}) > 0"))),
        ]
        .into_iter()
        .fold(self.template.trim_end().to_owned(), |sql, (placeholder, text)| sql.replace(placeholder, &text))
    }
}

fn minutes(micros: i64) -> String {
    (micros / 60_000_000).to_string()
}

/// The names of the channels of whose contact requests a condition holds, with commas between.
fn channels(condition: impl Fn(&str) -> String) -> String {
    let cases = Channel::ALL
        .map(|channel| format!("case when {} then '{}' end", condition(channel.requests().column()), channel.name()));
    format!("nullif(concat_ws(',', {}), '')", cases.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left() {
        for view in &DERIVED {
            let sql = view.sql();
            assert!(!sql.contains(['{', '}']), "{}: {sql}", view.name);
            assert!(sql.contains(&format!("from {}", view.over)), "{}", view.name);
        }
    }

    #[test]
    fn lengths_are_those_of_summaries() {
        let sql: Vec<String> = DERIVED.iter().map(DerivedView::sql).collect();
        for (view, part) in [
            (0, "time >= before + interval '24' hour"),
            (0, "time > before + interval '30' minute"),
            (0, "time < key_at + interval '1410' minute"),
            (1, "time > before + interval '30' minute"),
            (1, "time < began_at + interval '1410' minute"),
            (2, "interval '30' minute"),
            (2, "interval '10080' minute"),
        ] {
            assert!(sql[view].contains(part), "{part}: {}", sql[view]);
        }
    }
}
