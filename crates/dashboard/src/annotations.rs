//! Notes of a report: which part of the time line each is about, and how the sentence tells them.

use report::{Report, visible};

use crate::format::time;
use crate::reading::Part;

/// Notes that the sentence of a chart tells.
const TOLD_MAX: usize = 3;
/// Letters of a date, `2026-11-29`.
const DATE_LETTERS: usize = 10;

/// The notes of each part of a report's series, as they are shown.
pub(crate) fn of_parts(report: &Report) -> Vec<Vec<String>> {
    let begins: Vec<&str> = report.series.iter().map(|bucket| bucket.at.as_str()).collect();
    let mut parts = vec![Vec::new(); begins.len()];
    for note in &report.annotations {
        if let Some(part) = place(&begins, &note.at).and_then(|place| parts.get_mut(place)) {
            part.push(visible(&note.text).into_owned());
        }
    }
    parts
}

/// The place of the part that a note is about: of a day, the first that begins on it, or the one that it lies in.
fn place(begins: &[&str], at: &str) -> Option<usize> {
    let last = |is_before: &dyn Fn(&str) -> bool| begins.iter().rposition(|begin| is_before(begin));
    if let Some(at) = time::micros(at) {
        return last(&|begin| time::micros(begin).is_some_and(|begin| begin <= at));
    }
    let day = at.get(..DATE_LETTERS)?;
    let date = |begin: &str| begin.get(..DATE_LETTERS).map(str::to_owned);
    let on_it = begins.iter().position(|begin| date(begin).as_deref() == Some(day));
    on_it.or_else(|| last(&|begin| date(begin).is_some_and(|date| date.as_str() < day)))
}

/// ` Notes: Sat 28 Nov 2026: new shop opened.` behind a chart's sentence; empty without notes.
pub(crate) fn sentence(parts: &[Part<'_>]) -> String {
    let all: Vec<String> =
        parts.iter().flat_map(|part| part.notes.iter().map(|note| format!("{}: {note}", part.name().long))).collect();
    if all.is_empty() {
        return String::new();
    }
    let more = match all.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!("; {more} more in the table"),
    };
    format!(" Notes: {}{more}.", all.iter().take(TOLD_MAX).cloned().collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_on_the_part_that_it_is_about() {
        let check = |begins: &[&str], at: &str, expect: Option<usize>| {
            assert_eq!(place(begins, at), expect, "{at}");
        };
        let days = ["2026-11-27T00:00:00+01:00", "2026-11-28T00:00:00+01:00", "2026-11-29T00:00:00+01:00"];
        check(&days, "2026-11-28", Some(1));
        check(&days, "2026-11-27T23:30:00Z", Some(1));
        check(&days, "2026-11-27T22:30:00Z", Some(0));
        check(&days, "2026-12-24", Some(2));
        check(&days, "2026-11-26", None);
        check(&days, "2026-11-26T22:59:59Z", None);
        let hours = ["2026-11-28T00:00:00Z", "2026-11-28T01:00:00Z", "2026-11-28T02:00:00Z"];
        check(&hours, "2026-11-28", Some(0));
        let weeks = ["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"];
        check(&weeks, "2026-11-22", Some(0));
        check(&["mon 00:00"], "2026-11-22", None);
        check(&[], "2026-11-22", None);
        check(&days, "odd", None);
    }
}
