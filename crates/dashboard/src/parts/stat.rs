//! Headline numbers: what each is, how it changed, and how it went. One table behind them all has the numbers that their
//! lines are drawn from.

use maud::{Markup, html};
use report::{Metric, MetricNumber, Report};

use super::what::what;
use crate::change::Change;
use crate::chart::{Table, TableRow, spark};
use crate::format::number::Unit;
use crate::reading::{Part, When, part_head, parts, total, unit, written};

/// Parts of a span whose numbers stand in a table behind the lines: days of two months. Of more, the file of the page has
/// them: the table has six numbers of each, and a page is to stay light.
const TABLE_PARTS_MAX: usize = 62;

/// A headline number.
pub(crate) struct Stat<'a> {
    /// The metric.
    pub(crate) metric: &'static Metric,
    /// What it is called here; `None` for the metric's own name.
    pub(crate) label: Option<&'static str>,
    /// The report that has it.
    pub(crate) report: &'a Report,
}

/// The cards of headline numbers, and their table behind them. `class` is that of the row of cards, `now` in microseconds
/// since 1970.
pub(crate) fn stats(class: &str, now: i64, stats: &[Stat<'_>]) -> Markup {
    // Once for each report, since most stats are of the same one.
    let mut read: Vec<(&Report, Vec<Part<'_>>)> = Vec::new();
    for stat in stats {
        if !read.iter().any(|(report, _)| std::ptr::eq(*report, stat.report)) {
            read.push((stat.report, parts(stat.report, now)));
        }
    }
    let parts_of = |stat: &Stat<'_>| {
        let known = read.iter().find(|(report, _)| std::ptr::eq(*report, stat.report));
        known.map_or(&[] as &[Part<'_>], |(_, parts)| parts)
    };
    html! {
        div class=(class) { @for stat in stats { (stat.draw(parts_of(stat))) } }
        @if let Some(table) = table(stats, parts_of) { (table.behind("the lines above")) }
    }
}

/// The parts of the span with the numbers of each; `None` where there is no line.
fn table<'a>(stats: &[Stat<'_>], parts_of: impl Fn(&Stat<'_>) -> &'a [Part<'a>]) -> Option<Table> {
    let is_known = |stat: &&Stat<'_>| {
        let mut known = stat.report.series.iter().map(|bucket| crate::reading::part(&bucket.metrics, stat.metric));
        total(stat.report, stat.metric).is_some() && known.any(|value| value.is_some())
    };
    let shown: Vec<&Stat<'_>> = stats.iter().filter(is_known).collect();
    let first = *shown.first()?;
    let begun = parts_of(first).iter().enumerate().filter(|(_, part)| part.when.has_begun());
    let parts: Vec<(usize, &Part<'_>)> = begun.collect();
    if !(2..=TABLE_PARTS_MAX).contains(&parts.len()) {
        return None;
    }
    let cell = |stat: &&Stat<'_>, place: usize| {
        let bucket = stat.report.series.get(place)?;
        Some(unit(stat.metric).write(crate::reading::part(&bucket.metrics, stat.metric)?))
    };
    let rows = parts.iter().map(|(place, part)| {
        let name = part.name().long;
        let name = if part.when == When::SoFar { format!("{name}, so far") } else { name };
        let cells = shown.iter().map(|stat| cell(stat, *place).unwrap_or_else(|| "–".to_owned())).collect();
        TableRow { name, href: None, cells, is_hidden: false }
    });
    let labels = shown.iter().map(|stat| stat.label.unwrap_or(stat.metric.label).to_owned());
    let heads = std::iter::once(part_head(first.report).to_owned()).chain(labels).collect();
    Some(Table { heads, rows: rows.collect() })
}

impl Stat<'_> {
    /// The card.
    fn draw(&self, parts: &[Part<'_>]) -> Markup {
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
                (self.trend(parts))
            }
        }
    }

    fn trend(&self, parts: &[Part<'_>]) -> Markup {
        let unit = unit(self.metric);
        // A count of a part that isn't over would fall at the end whatever happens.
        let is_known = |when: When| when == When::Over || unit != Unit::Count;
        let shown: Vec<&Part<'_>> = parts.iter().filter(|part| part.when.has_begun()).collect();
        let value =
            |part: &&Part<'_>| crate::reading::part(&part.bucket.metrics, self.metric).filter(|_| is_known(part.when));
        let values: Vec<Option<f64>> = shown.iter().map(value).collect();
        spark(unit, &values, |place| shown.get(place).map_or_else(String::new, |part| part.name().short))
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
