//! Lists of values: channels, subjects, pages, reasons.

use maud::{Markup, html};
use report::{Metric, MetricNumber, Report, ReportRow, RowKind};

use super::named::{device, referrer};
use super::series::channel;
use super::what::what;
use crate::change::Change;
use crate::chart::{Bar, Bars, Caption};
use crate::format::number::{Unit, count};
use crate::page::Context;
use crate::reading::{part, written};
use crate::text;
use crate::view::{Filter, FilterKind, Page};

/// A list of a report's rows.
pub(crate) struct Values<'a> {
    /// Its id on the page.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) title: &'static str,
    /// What a value is called, and several.
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
    /// The report.
    pub(crate) report: &'a Report,
    /// What a click on a value filters by.
    pub(crate) kind: Option<FilterKind>,
    /// The columns of numbers: metric and head. The first is drawn.
    pub(crate) columns: &'static [(&'static Metric, &'static str)],
    /// Where the rest is, and what that is called.
    pub(crate) more: Option<(String, String)>,
}

/// What a row of rejected events is called.
pub(crate) const REASON: &str = "Reason";
/// Columns of numbers that stay on a narrow screen.
const NARROW: usize = 2;

impl Values<'_> {
    /// The figure.
    pub(crate) fn draw(self, context: &Context<'_>) -> Markup {
        let drawn = self.columns.first().map(|(metric, _)| *metric);
        let has_change = self.report.compared.is_some();
        // A value that was asked for is there with nothing; of the others it says nothing.
        let rows = self.report.rows.iter().filter(|row| length(row, drawn) > 0.0);
        let host = self.host();
        let named = |row| self.named(row, host);
        let bars: Vec<Bar> = rows.map(|row| self.bar(context, row, named(row), drawn, has_change)).collect();
        let mut heads = vec![html! { (self.one) }];
        heads.extend(self.columns.iter().map(|(metric, head)| what(metric, Some(head))));
        if has_change {
            heads.insert(2.min(heads.len()), html! { "Change" });
        }
        let caption = Caption { id: self.id, title: self.title, sentence: self.sentence(&bars, host) };
        let more = self.more.filter(|_| context.shared.is_none());
        Bars { caption, heads, narrow: NARROW, bars, more }.draw()
    }

    /// The host of all pages of the list, which then says nothing beside each of them.
    fn host(&self) -> Option<&str> {
        if self.kind != Some(FilterKind::Page) {
            return None;
        }
        let values = self.report.rows.iter().filter(|row| row.kind == RowKind::Value);
        text::common_host(values.map(|row| row.value.as_deref().unwrap_or_default()))
    }

    fn sentence(&self, bars: &[Bar], host: Option<&str>) -> String {
        let Some(first) = bars.first() else { return format!("No {} in this period.", self.many.to_lowercase()) };
        let all: f64 = bars.iter().map(|bar| bar.length).sum();
        // A visitor may be in several rows, so that they are no parts of a whole.
        let is_sum = self.columns.first().is_some_and(|(metric, _)| metric.unit == report::Unit::Count);
        let of = if is_sum && self.report.rows_left_out == 0 && all > 0.0 {
            format!(", {} of all", Unit::Share.write(first.length / all))
        } else {
            String::new()
        };
        let left_out = match self.report.rows_left_out {
            0 => String::new(),
            more => format!(" {} more are left out.", count(more)),
        };
        let on = host.map(|host| format!(" All are on {}.", text::shown(host))).unwrap_or_default();
        let most = bars.iter().rev().max_by(|one, other| one.length.total_cmp(&other.length)).unwrap_or(first);
        format!("The most: {} with {}{of}.{left_out}{on}", most.name, count(most.length as u64))
    }

    fn bar(
        &self,
        context: &Context<'_>,
        row: &ReportRow,
        (name, class): (String, &'static str),
        drawn: Option<&Metric>,
        has_change: bool,
    ) -> Bar {
        let href = self.filter(context, row).or_else(|| {
            let reason = row.value.as_deref().filter(|_| row.kind == RowKind::Value && self.one == REASON)?;
            Some(context.view.href_with(Page::Events, &[("show", "rejected"), ("reason", reason)]))
        });
        let cell = |metric: &Metric| row.metrics.get(metric.name).and_then(|part| part.value);
        let mut cells: Vec<String> =
            self.columns.iter().map(|(metric, _)| cell(metric).map_or_else(dash, shown)).collect();
        if has_change {
            let change = drawn.and_then(|drawn| row.metrics.get(drawn.name)).map_or(Change::Unknown, Change::of_part);
            cells.insert(1.min(cells.len()), change.brief());
        }
        Bar { name, is_value: row.kind == RowKind::Value, href, length: length(row, drawn), class, cells }
    }

    /// Where the numbers of a row's value alone are.
    fn filter(&self, context: &Context<'_>, row: &ReportRow) -> Option<String> {
        self.kind.and_then(|kind| {
            let value = match (row.kind, &row.value) {
                (RowKind::Value, Some(value)) if text::is_linked(value) => Filter::of(kind, value),
                (RowKind::None, _) => Filter { kind, written: String::new() },
                _ => return None,
            };
            Some(context.view.filtered(value).href(Page::Overview))
        })
    }

    /// What a row is called, and the class of its colour.
    fn named(&self, row: &ReportRow, host: Option<&str>) -> (String, &'static str) {
        match (row.kind, row.value.as_deref(), self.kind) {
            (RowKind::None, _, Some(FilterKind::Device)) => (device(""), "rest"),
            (RowKind::None, _, Some(FilterKind::Referrer)) => (referrer(""), "rest"),
            (RowKind::None, ..) => (format!("No {}", self.one.to_lowercase()), "rest"),
            (RowKind::Other, ..) => (format!("Other {}", self.many.to_lowercase()), "rest"),
            (RowKind::Value, Some(value), Some(FilterKind::Channel)) => {
                channel(value).map_or_else(|| (text::shown(value), "s1"), |(class, label)| (label.to_owned(), class))
            }
            (RowKind::Value, Some(value), Some(FilterKind::Page)) => match host {
                Some(host) => (text::path(value, host), "s1"),
                None => (text::page(value), "s1"),
            },
            (RowKind::Value, Some(value), Some(FilterKind::Device)) => (device(value), "s1"),
            (RowKind::Value, Some(value), Some(FilterKind::Referrer)) => (referrer(value), "s1"),
            (RowKind::Value, value, _) => (text::shown(value.unwrap_or_default()), "s1"),
        }
    }
}

/// The number that is drawn.
fn length(row: &ReportRow, drawn: Option<&Metric>) -> f64 {
    drawn.and_then(|drawn| part(&row.metrics, drawn)).unwrap_or(0.0)
}

fn dash() -> String {
    "–".to_owned()
}

fn shown(number: MetricNumber) -> String {
    match number {
        MetricNumber::Seconds(seconds) if seconds.count == 0 => dash(),
        number => written(number),
    }
}
