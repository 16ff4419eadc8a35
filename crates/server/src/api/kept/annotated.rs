//! Notes on the time line of reports: those within a report's span, and of its datastreams.

use chrono::{DateTime, TimeDelta};
use report::{Annotation, Report, ReportPeriod, WrittenFilter};
use state::notes::{self, Note};

use crate::app::state::AppState;
use crate::app::timestamp;

/// Days begin by another clock than UTC's within this.
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// Notes of one report: charts tell each of them several times.
const SHOWN_MAX: usize = 100;
/// Letters of a date, `2026-11-29`.
const DATE_LETTERS: usize = 10;

/// Puts the notes into reports about one span. Reports are whole without them: where they can't be read, the log says so.
pub(crate) async fn annotate<B>(state: &AppState<B>, reports: &mut [Report]) {
    let (Some(store), Some(span)) = (&state.options.state, reports.first().and_then(|report| span(&report.period)))
    else {
        return;
    };
    let found = notes::between(store, span.since.saturating_sub(DAY_MICROS), span.until.saturating_add(DAY_MICROS));
    let found = match found.await {
        Ok(found) => found,
        Err(error) => return tracing::warn!(%error, "notes can't be read"),
    };
    for report in reports {
        let of_report = found.iter().filter(|note| span.has(note) && is_of(&report.filter, note.datastream.as_deref()));
        let mut annotations: Vec<Annotation> =
            of_report.map(|note| Annotation { id: note.id, at: at(note), text: note.text.clone() }).collect();
        let left_out = annotations.len().saturating_sub(SHOWN_MAX);
        annotations.truncate(SHOWN_MAX);
        if left_out > 0 {
            report.notes.push(format!("{left_out} more notes of this period are in the list of all notes."));
        }
        report.annotations = annotations;
    }
}

/// When a note is about, as it is written.
pub(crate) fn at(note: &Note) -> String {
    note.day.clone().unwrap_or_else(|| timestamp::micros(note.at))
}

/// A span of time, and its first and last day by its own clock.
struct Span {
    since: i64,
    until: i64,
    first_day: String,
    last_day: String,
}

impl Span {
    fn has(&self, note: &Note) -> bool {
        match &note.day {
            Some(day) => (self.first_day.as_str()..=self.last_day.as_str()).contains(&day.as_str()),
            None => (self.since..self.until).contains(&note.at),
        }
    }
}

fn span(period: &ReportPeriod) -> Option<Span> {
    let since = DateTime::parse_from_rfc3339(&period.since).ok()?;
    let until = DateTime::parse_from_rfc3339(&period.until).ok()?;
    let last = until.checked_sub_signed(TimeDelta::microseconds(1))?;
    let day = |time: DateTime<chrono::FixedOffset>| time.to_rfc3339().get(..DATE_LETTERS).map(str::to_owned);
    Some(Span {
        since: since.timestamp_micros(),
        until: until.timestamp_micros(),
        first_day: day(since)?,
        last_day: day(last)?,
    })
}

/// Whether a report with this filter is about a note's datastream.
fn is_of(filter: &WrittenFilter, datastream: Option<&str>) -> bool {
    let Some(datastream) = datastream else { return true };
    let mut wanted = filter.datastream.iter().filter(|written| !written.starts_with('!')).peekable();
    let is_left_out = filter.datastream.iter().any(|written| written.strip_prefix('!') == Some(datastream));
    let is_wanted = wanted.peek().is_none() || wanted.any(|written| written == datastream);
    is_wanted && !is_left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(at: i64, day: Option<&str>) -> Note {
        let day = day.map(str::to_owned);
        Note { id: 1, at, day, text: "t".to_owned(), datastream: None, made_by: None, made_at: 0 }
    }

    #[test]
    fn notes_are_of_a_span_by_its_own_clock() {
        let period = ReportPeriod {
            since: "2026-11-28T00:00:00+01:00".to_owned(),
            until: "2026-11-30T00:00:00+01:00".to_owned(),
            tz: "Europe/Berlin".to_owned(),
            so_far: false,
        };
        let span = span(&period).expect("a span");
        let check = |note: &Note, expect: bool| assert_eq!(span.has(note), expect, "{note:?}");
        for (day, expect) in [("2026-11-27", false), ("2026-11-28", true), ("2026-11-29", true), ("2026-11-30", false)]
        {
            check(&note(0, Some(day)), expect);
        }
        check(&note(span.since, None), true);
        check(&note(span.since - 1, None), false);
        check(&note(span.until - 1, None), true);
        check(&note(span.until, None), false);
    }

    #[test]
    fn a_note_of_a_datastream_is_shown_where_that_is() {
        let check = |filter: &[&str], datastream: Option<&str>, expect: bool| {
            let filter = serde_json::json!({ "datastream": filter });
            let filter: WrittenFilter = serde_json::from_value(filter).expect("a filter");
            assert_eq!(is_of(&filter, datastream), expect, "{filter:?} {datastream:?}");
        };
        check(&[], Some("web"), true);
        check(&["web"], Some("web"), true);
        check(&["shop", "web"], Some("web"), true);
        check(&["shop"], Some("web"), false);
        check(&["!web"], Some("web"), false);
        check(&["!shop"], Some("web"), true);
        check(&["shop"], None, true);
        check(&[""], Some("web"), false);
    }
}
