//! What can't be right, by kind: shown beside the numbers that it is in, and never hidden.

use maud::{Markup, html};
use report::{Metric, Report, metric};

use super::what::what;
use crate::change::Change;
use crate::format::number::count;
use crate::page::Context;
use crate::reading::{compared, counted, total, written};
use crate::view::Page;

/// The kinds, as metrics.
pub(crate) const ALL: [&Metric; 8] = [
    &metric::ANOMALIES_COUNTER,
    &metric::ANOMALIES_TIME,
    &metric::LATE,
    &metric::ANOMALIES_WITHOUT_SESSION,
    &metric::ANOMALIES_END_WITHOUT_START,
    &metric::ANOMALIES_START_AFTER_END,
    &metric::ANOMALIES_DECLINED_AND_STARTED,
    &metric::ANOMALIES_TWO_STARTS,
];

/// Those of chats.
pub(crate) const OF_CHATS: [&Metric; 5] = [ALL[3], ALL[4], ALL[5], ALL[6], ALL[7]];

/// A table of kinds.
pub(crate) fn anomalies(context: &Context<'_>, report: &Report, metrics: &[&'static Metric]) -> Markup {
    let all: u64 = metrics.iter().map(|metric| counted(report, metric)).sum();
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
                    @for metric in metrics {
                        @if let Some(answer) = total(report, metric) {
                            tr class=[answer.value.filter(|value| value.size() == 0.0).map(|_| "zero")] {
                                th scope="row" { (what(metric, None)) }
                                td {
                                    @let cases = answer.value.map_or_else(|| "–".to_owned(), written);
                                    @if context.shared.is_none() && answer.value.is_some_and(|value| value.size() > 0.0) {
                                        a href=(context.view.href_with(Page::Events, &[("anomaly", metric.name)])) { (cases) span.unseen { " – show the events" } }
                                    } @else { (cases) }
                                }
                                @if is_compared { td { (Change::of(answer).brief()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
