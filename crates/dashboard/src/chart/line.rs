//! Lines for what doesn't add up: shares, visitors, lengths of time. A gap is where nothing is known.

use maud::{Markup, html};

use super::figure::{Caption, Table, TableRow};
use super::many::{self, EACH_MAX, HEIGHT, LINKED_MAX, Values};
use super::notes;
use super::scale::{Scale, draw_names, draw_zero, middle, percent, short};
use crate::format::number::Unit;
use crate::format::time::Cell;

/// Most points that have a dot.
const DOTS_MAX: usize = 32;

/// A chart of lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// What its numbers count in.
    pub(crate) unit: Unit,
    /// The lines, the one that matters first.
    pub(crate) lines: Vec<Line>,
    /// The parts of the span.
    pub(crate) points: Vec<Point>,
    /// What the parts are called, in the head of the table.
    pub(crate) part: &'static str,
    /// Where a part has its numbers from when it is pointed at.
    pub(crate) pointed: Values,
}

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) name: String,
    /// The class of its colour.
    pub(crate) class: &'static str,
}

/// A part of the span.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Its name under the chart.
    pub(crate) short: String,
    /// Its name in full.
    pub(crate) long: String,
    /// Where its name in the table leads.
    pub(crate) href: Option<String>,
    /// The number of each line; none of a part that is still to come.
    pub(crate) values: Vec<Option<f64>>,
    /// Why it has none, where others come behind it.
    pub(crate) why_blank: Option<&'static str>,
    /// Where it stands in a calendar, if its chart has many parts.
    pub(crate) cell: Option<Cell>,
    /// Notes about it.
    pub(crate) notes: Vec<String>,
}

impl Lines<'_> {
    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        let values = self.points.iter().flat_map(|point| point.values.iter().flatten().copied());
        let scale = Scale::to(values.fold(0.0, f64::max), self.unit);
        let all = self.points.len();
        let is_together = all > EACH_MAX;
        let inside = html! {
            (scale.draw())
            (draw_zero())
            svg viewBox={ "0 0 " (all.max(1)) " " (if is_together { HEIGHT } else { 100.0 }) } preserveAspectRatio="none" width="100%" height="100%" {
                @for (place, line) in self.lines.iter().enumerate().rev() {
                    path class={ "line " (line.class) } d=(if is_together { self.path_of_many(place, &scale) } else { self.path(place, &scale) }) {}
                }
            }
            @if self.pointed.are_drawn(all) {
                @for (place, point) in self.points.iter().enumerate().filter(|(_, point)| !point.values.is_empty()) {
                    (self.point(place, point, &scale))
                }
            } @else {
                @for (place, point) in self.points.iter().enumerate() { (notes::draw_mark(&point.notes, place, all)) }
                (many::draw_pointed(all))
            }
            (draw_names(self.points.iter().map(|point| point.short.as_str())))
        };
        self.caption.figure("tall", &self.legend(), &inside, &self.table())
    }

    /// From point to point, and begun anew after a gap.
    fn path(&self, line: usize, scale: &Scale) -> String {
        let mut path = String::new();
        let mut is_drawn = false;
        for (place, point) in self.points.iter().enumerate() {
            let Some(value) = point.values.get(line).copied().flatten() else {
                is_drawn = false;
                continue;
            };
            path.push(if is_drawn { 'L' } else { 'M' });
            path.push_str(&format!("{} {}", short(place as f64 + 0.5), short(scale.down(value))));
            is_drawn = true;
        }
        path
    }

    fn path_of_many(&self, line: usize, scale: &Scale) -> String {
        many::line(self.points.iter().map(|point| Some(scale.down(point.values.get(line).copied().flatten()?))))
    }

    fn point(&self, place: usize, point: &Point, scale: &Scale) -> Markup {
        let all = self.points.len();
        let slot = 100.0 / all.max(1) as f64;
        let x = percent(middle(place, all));
        // A dot alone between two gaps would else not be seen.
        let known = |place: Option<usize>| {
            place.and_then(|place| self.points.get(place)).is_some_and(|point| point.values.iter().any(Option::is_some))
        };
        let is_alone = !known(place.checked_sub(1)) && !known(Some(place + 1));
        html! {
            g.part {
                title { (self.told(point)) }
                rect.hit x=(percent(slot * place as f64)) width=(percent(slot)) height="100%" {}
                (notes::draw_mark(&point.notes, place, all))
                @for (line, value) in std::iter::zip(&self.lines, &point.values) {
                    @if let Some(value) = value.filter(|_| all <= EACH_MAX) {
                        @let y = percent(scale.down(value));
                        circle class={ "dot " (line.class) @if all > DOTS_MAX && !is_alone { " rare" } } cx=(x) cy=(y) r="3" {}
                    }
                }
                @if let Some(Some(value)) = point.values.first() {
                    text.tip x=(x) y=(percent(scale.down(*value))) { (self.unit.write(*value)) }
                }
            }
        }
    }

    fn told(&self, point: &Point) -> String {
        let mut told = point.long.clone();
        for (line, value) in std::iter::zip(&self.lines, &point.values) {
            told.push_str(&format!("\n{} {}", line.name, self.written(*value)));
        }
        notes::tell(&mut told, &point.notes);
        told
    }

    fn written(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.unit.write(value))
    }

    fn legend(&self) -> Markup {
        if self.lines.len() < 2 {
            return Markup::default();
        }
        html! {
            ul.legend {
                @for Line { name, class } in &self.lines {
                    li { svg.key aria-hidden="true" { line class={ "line " (class) } x2="100%" y1="50%" y2="50%" {} } (name) }
                }
            }
        }
    }

    fn table(&self) -> Table {
        let shown = || self.points.iter().filter(|point| !point.values.is_empty());
        if self.pointed.make_a_calendar(self.points.len()) && shown().all(|point| point.cell.is_some()) {
            let cell =
                |point: &Point| Some((point.cell.clone()?, self.written(point.values.first().copied().flatten())));
            return many::calendar(self.part, shown().filter_map(cell));
        }
        let has_notes = self.points.iter().any(|point| !point.notes.is_empty());
        let heads = std::iter::once(self.part.to_owned()).chain(self.lines.iter().map(|line| line.name.clone()));
        let heads = heads.chain(has_notes.then(|| notes::HEAD.to_owned()));
        let row = |point: &Point| {
            if point.values.is_empty() {
                let why = point.why_blank.filter(|_| !self.pointed.are_drawn(self.points.len()))?;
                return Some(many::row_of_nothing(&point.long, why));
            }
            Some(TableRow {
                name: point.long.clone(),
                href: point.href.clone().filter(|_| self.points.len() <= LINKED_MAX),
                cells: (point.values.iter().map(|value| self.written(*value)))
                    .chain(has_notes.then(|| notes::cell(&point.notes)))
                    .collect(),
                is_hidden: false,
            })
        };
        Table { heads: heads.collect(), rows: self.points.iter().filter_map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let point = |name: &str, value: Option<f64>| Point {
            short: name.to_owned(),
            long: name.to_owned(),
            href: None,
            values: vec![value],
            why_blank: None,
            cell: None,
            notes: Vec::new(),
        };
        let chart = Lines {
            caption: Caption { id: "r", title: "Rate", sentence: "A rate.".to_owned() },
            unit: Unit::Share,
            lines: vec![Line { name: "Rate".to_owned(), class: "s1" }],
            points: vec![point("Mon", Some(0.1)), point("Tue", Some(0.2)), point("Wed", None), point("Thu", Some(0.0))],
            part: "Day",
            pointed: Values::Told,
        };
        let scale = Scale::to(0.2, Unit::Share);
        assert_eq!(chart.path(0, &scale), "M0.5 50L1.5 0M3.5 100");
        let text = chart.draw().into_string();
        assert!(text.contains("<title>Wed\nRate –</title>"), "{text}");
        assert!(text.contains(r#"<circle class="dot s1" cx="87.5%" cy="100%" r="3"></circle>"#), "{text}");
        assert!(text.contains("<tr><th scope=\"row\">Tue</th><td>20.0\u{a0}%</td></tr>"), "{text}");
        assert_eq!(text.matches("<circle").count(), 3);
    }
}
