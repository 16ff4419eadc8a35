//! A headline number: what it is, how it changed, and how it went.

use maud::{Markup, html};
use report::{Metric, MetricNumber, Report};

use super::what::what;
use crate::change::Change;
use crate::chart::spark;
use crate::format::number::Unit;
use crate::reading::{When, parts, total, unit, written};

/// A headline number.
pub(crate) struct Stat<'a> {
    /// The metric.
    pub(crate) metric: &'static Metric,
    /// What it is called here; `None` for the metric's own name.
    pub(crate) label: Option<&'static str>,
    /// The report that has it.
    pub(crate) report: &'a Report,
}

impl Stat<'_> {
    /// The card. `now` is in microseconds since 1970.
    pub(crate) fn draw(&self, now: i64) -> Markup {
        let Stat { metric, label, report } = self;
        let Some(answer) = total(report, metric) else { return Markup::default() };
        html! {
            section.card.stat {
                (what(metric, *label))
                p class=(if unit(metric) == Unit::Seconds { "number length" } else { "number" }) { (answer.value.map_or_else(|| "–".to_owned(), written)) }
                @match (answer.value, &answer.reason) {
                    (None, Some(reason)) => p.change { (reason) },
                    _ => (Change::of(answer).draw(answer.previous)),
                }
                @if let Some(MetricNumber::Seconds(lengths)) = answer.value {
                    p.aside { "90 of 100 within " (Unit::Seconds.write(f64::from(lengths.p90))) }
                }
                @for note in estimates(answer.note.as_deref()) { p.aside { (note) } }
                (self.trend(now))
            }
        }
    }

    fn trend(&self, now: i64) -> Markup {
        let unit = unit(self.metric);
        // A count of a part that isn't over would fall at the end whatever happens.
        let is_known = |when: When| when == When::Over || unit != Unit::Count;
        let known: Vec<(String, Option<f64>)> = parts(self.report, now)
            .into_iter()
            .filter(|part| part.when != When::ToCome)
            .map(|part| {
                let value = crate::reading::part(&part.bucket.metrics, self.metric);
                (part.name.short, value.filter(|_| is_known(part.when)))
            })
            .collect();
        spark(unit, &known)
    }
}

/// What a note says beside the change, which is said already.
pub(crate) fn estimates(note: Option<&str>) -> impl Iterator<Item = &str> {
    note.into_iter().flat_map(|note| note.split("; ")).filter(|note| !note.starts_with("from 0 to "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_so_and_a_change_is_not_said_twice() {
        let notes: Vec<&str> = estimates(Some("estimated, ±1.2 %; from 0 to 3")).collect();
        assert_eq!(notes, ["estimated, ±1.2 %"]);
        assert_eq!(estimates(None).count(), 0);
    }
}
