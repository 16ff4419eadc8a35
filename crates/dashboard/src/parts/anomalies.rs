//! What can't be right, by kind: shown beside the numbers that it is in, and never hidden.

use maud::{Markup, html};
use report::Report;

use super::what::what;
use crate::change::Change;
use crate::format::number::count;
use crate::reading::{compared, counted, total, written};

/// The kinds, as metrics.
pub(crate) const ALL: [&str; 8] = [
    "anomalies_counter",
    "anomalies_time",
    "late",
    "anomalies_without_session",
    "anomalies_end_without_start",
    "anomalies_start_after_end",
    "anomalies_declined_and_started",
    "anomalies_two_starts",
];

/// Those of chats.
pub(crate) const OF_CHATS: [&str; 5] = [ALL[3], ALL[4], ALL[5], ALL[6], ALL[7]];

/// A table of kinds.
pub(crate) fn anomalies(report: &Report, names: &[&'static str]) -> Markup {
    let all: u64 = names.iter().map(|name| counted(report, name)).sum();
    let is_compared = compared(report).is_some();
    html! {
        section.card id="anomalies" {
            h2 { "What can't be right" }
            p.says {
                @match all {
                    0 => "Nothing: the events of this period agree with each other.",
                    1 => "One case. It is counted as the definitions say, and shown here.",
                    _ => { (count(all)) " cases. They are counted as the definitions say, and shown here." },
                }
            }
            table.plain {
                thead { tr { th scope="col" { "Kind" } th scope="col" { "Cases" } @if is_compared { th scope="col" { "Change" } } } }
                tbody {
                    @for name in names {
                        @if let Some(answer) = total(report, name) {
                            tr class=[answer.value.filter(|value| crate::reading::size(*value) == 0.0).map(|_| "zero")] {
                                th scope="row" { (what(name, None)) }
                                td { (answer.value.map_or_else(|| "–".to_owned(), written)) }
                                @if is_compared { td { (Change::of(answer).brief()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
