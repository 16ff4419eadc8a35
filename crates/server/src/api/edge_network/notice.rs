//! What these calls add to what is said of an event: beside the notices of the checker, so that
//! people who watch events arrive see it where they look.

use intake::EventAnswer;
use xdm::Notice;

/// The code of a notice on an event that had no time.
const DATED: &str = "timestampOfReceipt";
/// The code of a notice on a page whose SDK may not find its cookies.
const DOUBT: &str = "orgMismatch";

/// Tells of each event that was given a time. `places` has for each answer the event's
/// place in the request; `dated` is in the same order.
pub(crate) fn add_dated(answers: &mut [EventAnswer], places: &[usize], dated: &[usize]) {
    let mut dated = dated.iter().peekable();
    for (answer, place) in answers.iter_mut().zip(places) {
        if dated.next_if_eq(&place).is_some() {
            add(answer, "/timestamp", DATED, "the event has no timestamp; the time of receipt was taken");
        }
    }
}

/// Tells of a doubt about the page's organisation, once for the request.
pub(crate) fn add_doubt(answers: &mut [EventAnswer], mismatch: Option<&str>) {
    if let (Some(mismatch), Some(first)) = (mismatch, answers.iter_mut().find(|answer| answer.is_accepted())) {
        add(first, "", DOUBT, mismatch);
    }
}

fn add(answer: &mut EventAnswer, pointer: &str, code: &str, message: &str) {
    // A rejected event has violations, and those come first.
    if let EventAnswer::Accepted { notices, .. } = answer {
        notices.push(Notice { pointer: pointer.to_owned(), code: code.to_owned(), message: message.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_find_their_events() {
        let accepted = || EventAnswer::Accepted { id: "e".to_owned(), notices: Vec::new() };
        let rejected = EventAnswer::Rejected { id: None, violations: Vec::new() };
        let mut answers = [rejected, accepted(), accepted(), accepted()];
        add_dated(&mut answers, &[0, 2, 3, 5], &[0, 3, 5]);
        add_doubt(&mut answers, Some("mismatch"));
        let codes = |answer: &EventAnswer| match answer {
            EventAnswer::Accepted { notices, .. } => notices.iter().map(|notice| notice.code.clone()).collect(),
            EventAnswer::Rejected { .. } => vec!["rejected".to_owned()],
        };
        let found: Vec<Vec<String>> = answers.iter().map(codes).collect();
        assert_eq!(found, [vec!["rejected"], vec![DOUBT], vec![DATED], vec![DATED]]);
    }
}
