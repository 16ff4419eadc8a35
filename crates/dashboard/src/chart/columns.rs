//! Columns for what adds up: one for each part of a span, divided among some series, with a line for what
//! was before.

use maud::{Markup, html};

use super::figure::{Caption, Table, TableRow};
use super::many::{self, EACH_MAX, HEIGHT, LINKED_MAX, Values};
use super::notes;
use super::scale::{Scale, draw_names, draw_zero, middle, percent, short};
use crate::format::number::Unit;
use crate::format::time::Cell;

/// The share of its place that a column fills.
const WIDTH: f64 = 0.7;
/// How far down the lowest column ends, in percent: of one that is lower nothing would be seen beside its edges.
const FOOT: f64 = 99.0;

/// A chart of columns.
#[derive(Clone, Debug)]
pub(crate) struct Columns<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// What its numbers count in.
    pub(crate) unit: Unit,
    /// What each column is divided into, from the bottom up.
    pub(crate) series: Vec<Series>,
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// What the parts are called, in the head of the table.
    pub(crate) part: &'static str,
    /// What the line is called, if there is one.
    pub(crate) before: Option<&'static str>,
    /// Where a column has its numbers from when it is pointed at.
    pub(crate) pointed: Values,
}

/// What part of each column is of.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its name.
    pub(crate) name: String,
    /// The class of its colour.
    pub(crate) class: &'static str,
    /// Where its name in the legend leads.
    pub(crate) href: Option<String>,
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name under the chart.
    pub(crate) short: String,
    /// Its name in full.
    pub(crate) long: String,
    /// Where its name in the table leads.
    pub(crate) href: Option<String>,
    /// The number of each series; none of a part that is still to come.
    pub(crate) values: Vec<f64>,
    /// Why it has no number, where others come behind it.
    pub(crate) why_blank: Option<&'static str>,
    /// What was before.
    pub(crate) before: Option<f64>,
    /// Where it stands in a calendar, if its chart has many columns.
    pub(crate) cell: Option<Cell>,
    /// Whether more may come.
    pub(crate) is_so_far: bool,
    /// Notes about it.
    pub(crate) notes: Vec<String>,
}

impl Column {
    /// All series together.
    pub(crate) fn sum(&self) -> f64 {
        self.values.iter().sum()
    }
}

impl Columns<'_> {
    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        let inside = self.inside(self.pointed);
        self.caption.figure("tall", &self.legend(), &inside, &self.table())
    }

    /// The drawing alone.
    pub(super) fn inside(&self, pointed: Values) -> Markup {
        let heights = self.columns.iter().flat_map(|column| [column.sum(), column.before.unwrap_or(0.0)]);
        let scale = Scale::to(heights.fold(0.0, f64::max), self.unit);
        html! {
            (scale.draw())
            @if self.is_together() { (self.stacks(&scale)) }
            @if pointed.are_drawn(self.columns.len()) {
                @for (place, column) in self.columns.iter().enumerate().filter(|(_, column)| !column.values.is_empty()) {
                    (self.column(place, column, &scale))
                }
            } @else {
                @for (place, column) in self.columns.iter().enumerate() {
                    (notes::draw_mark(&column.notes, place, self.columns.len()))
                }
            }
            (draw_zero())
            (self.line(&scale))
            @if !pointed.are_drawn(self.columns.len()) { (many::draw_pointed(self.columns.len())) }
            (draw_names(self.columns.iter().map(|column| column.short.as_str())))
        }
    }

    /// Whether there are so many columns that they are drawn as one path a series.
    fn is_together(&self) -> bool {
        self.columns.len() > EACH_MAX
    }

    /// All columns, a path for each series: from the bottom to the sum up to it, the whole sums behind all others. One
    /// that isn't over is half transparent, so its series must not lie over each other.
    fn stacks(&self, scale: &Scale) -> Markup {
        let top = |column: &Column, series: usize| {
            let sum: f64 = column.values.iter().take(series).sum();
            if sum > 0.0 { many::units(scale.down(sum).min(FOOT)) } else { HEIGHT as i64 }
        };
        let (so_far, over): (Vec<_>, Vec<_>) =
            self.columns.iter().enumerate().partition(|(_, column)| column.is_so_far);
        html! {
            svg viewBox={ "0 0 " (self.columns.len()) " " (HEIGHT) } preserveAspectRatio="none" width="100%" height="100%" {
                @for (series, Series { class, .. }) in self.series.iter().enumerate().map(|(place, series)| (place + 1, series)).rev() {
                    @let path = many::steps(over.iter().map(|(place, column)| (*place, top(column, series))));
                    @if !path.is_empty() { path class=(class) d=(path) {} }
                    @for (place, column) in &so_far {
                        @let (top, bottom) = (top(column, series), top(column, series - 1));
                        @if top < bottom { path class={ (class) " sofar" } d=(many::block(*place, top, bottom)) {} }
                    }
                }
            }
        }
    }

    fn column(&self, place: usize, column: &Column, scale: &Scale) -> Markup {
        let slot = 100.0 / self.columns.len().max(1) as f64;
        let x = percent(slot * (place as f64 + (1.0 - WIDTH) / 2.0));
        let width = percent(slot * WIDTH);
        let (mut sum, mut top) = (0.0, 100.0);
        let foot = if scale.down(column.sum()) > FOOT { FOOT } else { top };
        let stacked: Vec<(&'static str, String, String)> = std::iter::zip(&self.series, &column.values)
            .filter(|(_, value)| **value > 0.0 && !self.is_together())
            .map(|(series, value)| {
                // From sum to sum, so that what is rounded doesn't add up.
                sum += value;
                let above = scale.down(sum).min(foot);
                let height = std::mem::replace(&mut top, above) - above;
                (series.class, percent(above), percent(height))
            })
            .collect();
        html! {
            g class=(if column.is_so_far { "part sofar" } else { "part" }) {
                title { (self.told(column)) }
                rect.hit x=(percent(slot * place as f64)) width=(percent(slot)) height="100%" {}
                (notes::draw_mark(&column.notes, place, self.columns.len()))
                @for (class, y, height) in &stacked { rect class=(class) x=(x) y=(y) width=(width) height=(height) {} }
                text.tip x=(percent(middle(place, self.columns.len()))) y=(percent(scale.down(column.sum()))) {
                    (self.unit.write(column.sum()))
                }
            }
        }
    }

    /// What a column says when it is pointed at.
    fn told(&self, column: &Column) -> String {
        let mut told = format!("{}: {}", column.long, self.unit.write(column.sum()));
        if column.is_so_far {
            told.push_str(" so far");
        }
        if self.series.len() > 1 {
            let parts = std::iter::zip(&self.series, &column.values).filter(|(_, value)| **value > 0.0);
            for (series, value) in parts {
                told.push_str(&format!("\n{} {}", series.name, self.unit.write(*value)));
            }
        }
        if let (Some(name), Some(before)) = (self.before, column.before) {
            told.push_str(&format!("\n{name} {}", self.unit.write(before)));
        }
        notes::tell(&mut told, &column.notes);
        told
    }

    fn line(&self, scale: &Scale) -> Markup {
        if self.before.is_none() {
            return Markup::default();
        }
        if self.is_together() {
            let path = many::line(self.columns.iter().map(|column| Some(scale.down(column.before?))));
            return html! {
                svg viewBox={ "0 0 " (self.columns.len()) " " (HEIGHT) } preserveAspectRatio="none" width="100%" height="100%" {
                    path.halo d=(path) {}
                    path.before d=(path) {}
                }
            };
        }
        let points = self.columns.iter().enumerate().filter_map(|(place, column)| Some((place, column.before?)));
        let points: Vec<String> = points
            .map(|(place, value)| format!("{} {}", short(place as f64 + 0.5), short(scale.down(value))))
            .collect();
        html! {
            svg viewBox={ "0 0 " (self.columns.len().max(1)) " 100" } preserveAspectRatio="none" width="100%" height="100%" {
                @let points = points.join(" ");
                polyline.halo points=(points) {}
                polyline.before points=(points) {}
            }
        }
    }

    fn legend(&self) -> Markup {
        if self.series.len() < 2 && self.before.is_none() {
            return Markup::default();
        }
        html! {
            ul.legend {
                @for Series { name, class, href } in &self.series {
                    li {
                        svg.key aria-hidden="true" { rect class=(class) width="100%" height="100%" {} }
                        @match href { Some(href) => a href=(href) { (name) }, None => (name) }
                    }
                }
                @if let Some(before) = self.before {
                    li { svg.key aria-hidden="true" { line.before x2="100%" y1="50%" y2="50%" {} } (before) }
                }
            }
        }
    }

    fn table(&self) -> Table {
        let shown = || self.columns.iter().filter(|column| !column.values.is_empty());
        if self.pointed.make_a_calendar(self.columns.len()) && shown().all(|column| column.cell.is_some()) {
            let cell = |column: &Column| Some((column.cell.clone()?, self.unit.write(column.sum())));
            return many::calendar(self.part, shown().filter_map(cell));
        }
        let mut heads = vec![self.part.to_owned()];
        let is_divided = self.series.len() > 1;
        if is_divided {
            heads.push("All".to_owned());
        }
        heads.extend(self.series.iter().map(|series| series.name.clone()));
        heads.extend(self.before.map(str::to_owned));
        let has_notes = self.columns.iter().any(|column| !column.notes.is_empty());
        heads.extend(has_notes.then(|| notes::HEAD.to_owned()));
        let row = |column: &Column| {
            if column.values.is_empty() {
                let why = column.why_blank.filter(|_| !self.pointed.are_drawn(self.columns.len()))?;
                return Some(many::row_of_nothing(&column.long, why));
            }
            let sum = is_divided.then(|| column.sum());
            let mut cells: Vec<String> =
                sum.iter().chain(&column.values).map(|value| self.unit.write(*value)).collect();
            if self.before.is_some() {
                cells.push(column.before.map_or_else(|| "–".to_owned(), |before| self.unit.write(before)));
            }
            cells.extend(has_notes.then(|| notes::cell(&column.notes)));
            let so_far = if column.is_so_far { ", so far" } else { "" };
            let href = column.href.clone().filter(|_| self.columns.len() <= LINKED_MAX);
            Some(TableRow { name: format!("{}{so_far}", column.long), href, cells, is_hidden: false })
        };
        Table { heads, rows: self.columns.iter().filter_map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[f64], before: Option<f64>, is_so_far: bool) -> Column {
        let text = name.to_owned();
        Column {
            short: text.clone(),
            long: text,
            href: None,
            values: values.to_vec(),
            why_blank: None,
            before,
            cell: None,
            is_so_far,
            notes: Vec::new(),
        }
    }

    #[test]
    fn columns_are_stacked_from_0_with_a_line_for_what_was_before() {
        let series = |name: &str, class| Series { name: name.to_owned(), class, href: None };
        let chart = Columns {
            caption: Caption { id: "c", title: "Requests", sentence: "Two days.".to_owned() },
            unit: Unit::Count,
            series: vec![series("Chat", "s1"), series("Call", "s2")],
            columns: vec![column("Mon", &[3.0, 1.0], Some(2.0), false), column("Tue", &[0.0, 2.0], None, true)],
            part: "Day",
            before: Some("Before"),
            pointed: Values::Told,
        };
        let expect = concat!(
            r#"<figure class="card" id="c"><figcaption><h2>Requests</h2><p class="says" id="c-says">Two days.</p></figcaption>"#,
            r#"<ul class="legend"><li><svg class="key" aria-hidden="true"><rect class="s1" width="100%" height="100%"></rect></svg>Chat</li>"#,
            r#"<li><svg class="key" aria-hidden="true"><rect class="s2" width="100%" height="100%"></rect></svg>Call</li>"#,
            r#"<li><svg class="key" aria-hidden="true"><line class="before" x2="100%" y1="50%" y2="50%"></line></svg>Before</li></ul>"#,
            r#"<svg class="plot tall" role="img" aria-labelledby="c-name c-says"><title id="c-name">Requests</title>"#,
            r#"<text class="tick" x="-8" y="100%">0</text>"#,
            r#"<line class="grid" x2="100%" y1="75%" y2="75%"></line><text class="tick" x="-8" y="75%">1</text>"#,
            r#"<line class="grid" x2="100%" y1="50%" y2="50%"></line><text class="tick" x="-8" y="50%">2</text>"#,
            r#"<line class="grid" x2="100%" y1="25%" y2="25%"></line><text class="tick" x="-8" y="25%">3</text>"#,
            r#"<line class="grid" x2="100%" y1="0%" y2="0%"></line><text class="tick" x="-8" y="0%">4</text>"#,
            "<g class=\"part\"><title>Mon: 4\nChat 3\nCall 1\nBefore 2</title>",
            r#"<rect class="hit" x="0%" width="50%" height="100%"></rect><rect class="s1" x="7.5%" y="25%" width="35%" height="75%"></rect>"#,
            r#"<rect class="s2" x="7.5%" y="0%" width="35%" height="25%"></rect><text class="tip" x="25%" y="0%">4</text></g>"#,
            "<g class=\"part sofar\"><title>Tue: 2 so far\nCall 2</title>",
            r#"<rect class="hit" x="50%" width="50%" height="100%"></rect><rect class="s2" x="57.5%" y="50%" width="35%" height="50%"></rect>"#,
            r#"<text class="tip" x="75%" y="50%">2</text></g><line class="zero" x2="100%" y1="100%" y2="100%"></line>"#,
            r#"<svg viewBox="0 0 2 100" preserveAspectRatio="none" width="100%" height="100%"><polyline class="halo" points="0.5 50"></polyline><polyline class="before" points="0.5 50"></polyline></svg>"#,
            r#"<text class="name" x="25%" y="100%">Mon</text><text class="name" x="75%" y="100%">Tue</text></svg>"#,
            r#"<details class="numbers"><summary>Show numbers<span class="aside"> of Requests</span></summary>"#,
            r#"<div class="scroll" tabindex="0" role="region" aria-label="Numbers: Requests"><table><thead><tr><th scope="col">Day</th><th scope="col">All</th>"#,
            r#"<th scope="col">Chat</th><th scope="col">Call</th><th scope="col">Before</th></tr></thead><tbody>"#,
            r#"<tr><th scope="row">Mon</th><td>4</td><td>3</td><td>1</td><td>2</td></tr>"#,
            r#"<tr><th scope="row">Tue, so far</th><td>2</td><td>0</td><td>2</td><td>–</td></tr></tbody></table></div></details></figure>"#,
        );
        assert_eq!(chart.draw().into_string(), expect);
    }

    /// Of one series.
    fn chart(columns: Vec<Column>) -> Columns<'static> {
        Columns {
            caption: Caption { id: "c", title: "T", sentence: String::new() },
            unit: Unit::Count,
            series: vec![Series { name: "N".to_owned(), class: "s1", href: None }],
            columns,
            part: "Day",
            before: None,
            pointed: Values::Told,
        }
    }

    #[test]
    fn little_beside_much_is_seen() {
        let columns = |little: f64| vec![column("a", &[10_000.0], None, false), column("b", &[little], None, false)];
        let check = |little: f64, expect: Option<&str>| {
            let text = chart(columns(little)).draw().into_string();
            let drawn = text.split(r#"<rect class="s1" x="57.5%" "#).nth(1).and_then(|rest| rest.split('>').next());
            assert_eq!(drawn, expect, "{little}");
        };
        check(1.0, Some(r#"y="99%" width="35%" height="1%""#));
        check(200.0, Some(r#"y="98%" width="35%" height="2%""#));
        check(0.0, None);
    }

    #[test]
    fn nothing_and_the_odd_are_drawn() {
        for columns in [vec![], vec![column("a", &[0.0], None, false)], vec![column("a", &[f64::NAN], None, false)]] {
            let text = chart(columns).draw().into_string();
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
}
