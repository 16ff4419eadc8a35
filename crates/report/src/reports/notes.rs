//! What a report says beside its numbers.

use super::answer::{ReportRow, RowKind};
use super::compared::Compare;
use super::name::ReportName;
use super::request::ReportRequest;
use super::run::{Measured, date_of};
use super::span::Span;
use super::zone::HOUR_MICROS;

/// Dates that a note names; of more it says how many there are.
const DATES_MAX: usize = 3;

/// The notes, a sentence each.
pub(super) fn of(
    request: &ReportRequest,
    current: &Measured<'_>,
    compared: Option<&Measured<'_>>,
    rows: &[ReportRow],
) -> Vec<String> {
    let totals = &current.answer.answer.totals;
    let mut notes = Vec::new();
    if totals.events == 0 && !request.written.is_empty() {
        notes.push("No event of this period passes the filter: a value that nobody has counts nothing.".to_owned());
    }
    if request.is_compared_cut {
        let other = if request.compare.is_own() { "other" } else { "earlier" };
        notes.push(format!("The period isn't over: it is compared with as much of the {other} one, in whole hours."));
    }
    if request.compare != Compare::None && compared.is_none() {
        notes.push("There is nothing to compare with.".to_owned());
    }
    if compared.is_some_and(|compared| compared.answer.answer.totals.events == 0) && totals.events > 0 {
        notes.push("No event is known of the period that it is compared with.".to_owned());
    }
    notes.extend(compared.and_then(|compared| other_length(request, &compared.divided.span)));
    if request.name == ReportName::Quality && request.written.is_empty() {
        notes.push(
            "Accepted, rejected, duplicates and conflicts are counted by the time of receipt; the rest by the events' own time."
                .to_owned(),
        );
    }
    if request.asks_for_a_subject() {
        notes.push(
            "A subject is named by who asks for contact: of those who pass this filter nearly all asked, so contact rate and invitation acceptance rate say little here."
                .to_owned(),
        );
    }
    if rows.iter().any(|row| row.kind == RowKind::Other) {
        notes.push(
            "Values too many or too rare to have numbers of their own are together in the row `other`; a row may lack the days on which its value was among them."
                .to_owned(),
        );
    }
    let days = [Some(current), compared].into_iter().flatten().flat_map(|measured| &measured.answer.days_from_rows);
    let mut days: Vec<i32> = days.copied().collect();
    days.sort_unstable();
    days.dedup();
    notes.extend(read_days(&days));
    notes
}

/// Counts of spans that aren't as long say little about each other.
fn other_length(request: &ReportRequest, compared: &Span) -> Option<String> {
    if !matches!(request.compare, Compare::Own(_)) || request.is_compared_cut {
        return None;
    }
    let is_so_far = request.span.is_so_far(request.now);
    let until = if is_so_far { request.now } else { request.span.until };
    let (own, other) = ((until - request.span.since) / HOUR_MICROS, (compared.until - compared.since) / HOUR_MICROS);
    // Clocks that change make an hour more or less.
    ((own - other).abs() > 1).then(|| {
        let told = |hours: i64| match (hours + 1) / 24 {
            0..3 => format!("{hours} hours"),
            days => format!("{days} days"),
        };
        format!(
            "The period is {} long{}, and the one that it is compared with {}: compare shares, not counts.",
            told(own),
            if is_so_far { " so far" } else { "" },
            told(other)
        )
    })
}

fn read_days(days: &[i32]) -> Option<String> {
    let dates: Vec<String> = days.iter().filter_map(|day| Some(date_of(*day)?.to_string())).collect();
    match dates.as_slice() {
        [] => None,
        [one] => Some(format!("The events of {one} (UTC) were read, since its summary can't answer this.")),
        few if few.len() <= DATES_MAX => {
            Some(format!("The events of {} (UTC) were read, since their summaries can't answer this.", few.join(", ")))
        }
        many => Some(format!(
            "The events of {} days from {} to {} (UTC) were read, since their summaries can't answer this.",
            many.len(),
            many[0],
            many[many.len() - 1]
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_days_were_read() {
        let check = |days: &[i32], expect: Option<&str>| assert_eq!(read_days(days).as_deref(), expect);
        check(&[], None);
        check(&[20_779], Some("The events of 2026-11-22 (UTC) were read, since its summary can't answer this."));
        check(
            &[-1, 0],
            Some("The events of 1969-12-31, 1970-01-01 (UTC) were read, since their summaries can't answer this."),
        );
        check(
            &[0, 1, 2, 9],
            Some(
                "The events of 4 days from 1970-01-01 to 1970-01-10 (UTC) were read, since their summaries can't answer this.",
            ),
        );
    }
}
