//! Charts of many parts, which a page must not grow heavy with: what is drawn of them is one path a series, a part says
//! its values where the table has them, and the table is laid out as a calendar.
//!
//! Each number that a page holds takes two to four bytes of its thirty thousand, compressed, and an element around it as many
//! again. So the numbers of a part stand once, and the script moves one mark to where is pointed.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::figure::{Table, TableRow};
use crate::format::time::Cell;

/// Most parts of a span that a page draws: the days of a year, the hours of 20 days. What has more of them is to be divided
/// in another way; files have all.
pub const PAGE_PARTS_MAX: usize = 500;
/// Most parts that are drawn one by one: the days of a month.
pub(super) const EACH_MAX: usize = 31;
/// Most parts that have their values with them on a page: the days of two months.
const POINTED_MAX: usize = 62;
/// Most parts whose names in the table lead to them: the days of three months.
pub(super) const LINKED_MAX: usize = 100;
/// Most parts whose table has a row and all numbers for each: the hours of a week, and not the days of a year.
pub(crate) const LISTED_MAX: usize = 200;
/// Units of a path's height: steps of a pixel or two.
pub(super) const HEIGHT: f64 = 200.0;

/// Where a part has its values from when it is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// From the part itself: so in files, which run no script and may be of any weight.
    Drawn,
    /// From the table, where there are many parts.
    Told,
}

impl Values {
    /// Whether each of so many parts has its own.
    pub(super) fn are_drawn(self, parts: usize) -> bool {
        self == Values::Drawn || parts <= POINTED_MAX
    }

    /// Whether the table of so many parts is a calendar.
    pub(super) fn make_a_calendar(self, parts: usize) -> bool {
        self == Values::Told && parts > LISTED_MAX
    }
}

/// The one part that is moved by the script, of so many.
pub(super) fn draw_pointed(parts: usize) -> Markup {
    // Where the table has each part.
    let by = if parts > LISTED_MAX { "td:not(:empty)" } else { "tbody tr" };
    html! { g.part data-of=(parts) data-by=(by) { title {} rect.hit height="100%" {} text.tip {} } }
}

/// The row of a part without numbers: there to be told by the script, which counts rows.
pub(super) fn row_of_nothing(name: &str, why: &str) -> TableRow {
    TableRow { name: format!("{name}: {why}"), href: None, cells: vec![String::new()], is_hidden: true }
}

/// What is so many percent down, in units of a path's height.
pub(super) fn units(down: f64) -> i64 {
    (down / 100.0 * HEIGHT).round() as i64
}

/// The outline of columns from the bottom to these heights, `place` after `place`; nothing where there is none.
pub(super) fn steps(tops: impl Iterator<Item = (usize, i64)>) -> String {
    let bottom = HEIGHT as i64;
    let mut path = String::new();
    let mut at = None;
    for (place, top) in tops.filter(|(_, top)| *top < bottom) {
        path.push_str(&match at {
            Some(before) if before + 1 == place => "h.3".to_owned(),
            Some(_) | None => format!("M{place}.15 {bottom}"),
        });
        path.push_str(&format!("V{top}h.7V{bottom}"));
        at = Some(place);
    }
    path
}

/// A part of one column, between two heights.
pub(super) fn block(place: usize, top: i64, bottom: i64) -> String {
    format!("M{place}.15 {bottom}V{top}h.7V{bottom}")
}

/// A line from middle to middle, begun anew after a gap; a point alone is a dot, by the round ends of lines.
pub(super) fn line(downs: impl Iterator<Item = Option<f64>>) -> String {
    let mut path = String::new();
    let mut before: Option<i64> = None;
    let mut is_alone = false;
    for (place, down) in downs.enumerate() {
        let at = down.map(units);
        match (before, at) {
            (Some(before), Some(at)) => path.push_str(&format!("l1 {}", at - before)),
            (None, Some(at)) => path.push_str(&format!("M{place}.5 {at}")),
            (Some(_), None) if is_alone => path.push_str("h0"),
            (_, None) => {}
        }
        is_alone = before.is_none() && at.is_some();
        before = at;
    }
    if is_alone {
        path.push_str("h0");
    }
    path
}

/// A number for each part as a calendar: days with their hours, months with their days, years with their weeks.
pub(super) fn calendar(head: &str, parts: impl Iterator<Item = (Cell, String)>) -> Table {
    let parts: Vec<(Cell, String)> = parts.collect();
    let columns: BTreeMap<u32, &str> = parts.iter().map(|(cell, _)| (cell.place, cell.column.as_str())).collect();
    let mut rows: Vec<TableRow> = Vec::new();
    let mut last = None;
    for (cell, value) in &parts {
        // An hour that comes twice, as clocks are put back, begins a second row of its day.
        let goes_on =
            last.is_some_and(|place| place < cell.place) && rows.last().is_some_and(|row| row.name == cell.row);
        if !goes_on {
            rows.push(TableRow {
                name: cell.row.clone(),
                href: None,
                cells: vec![String::new(); columns.len()],
                is_hidden: false,
            });
        }
        if let Some(row) = rows.last_mut() {
            row.cells[columns.range(..cell.place).count()].clone_from(value);
        }
        last = Some(cell.place);
    }
    let heads = std::iter::once(head.to_owned()).chain(columns.values().map(|column| (*column).to_owned()));
    Table { heads: heads.collect(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_one_outline() {
        let check = |tops: &[(usize, i64)], expect: &str| assert_eq!(steps(tops.iter().copied()), expect, "{tops:?}");
        check(&[], "");
        check(&[(0, 200)], "");
        check(&[(0, 50), (1, 0)], "M0.15 200V50h.7V200h.3V0h.7V200");
        check(&[(0, 50), (1, 200), (2, 7)], "M0.15 200V50h.7V200M2.15 200V7h.7V200");
    }

    #[test]
    fn lines_have_gaps_and_points_alone_are_seen() {
        let check = |downs: &[Option<f64>], expect: &str| assert_eq!(line(downs.iter().copied()), expect, "{downs:?}");
        check(&[], "");
        check(&[Some(100.0), Some(50.0), Some(50.0)], "M0.5 200l1 -100l1 0");
        check(&[Some(100.0), None, Some(0.0), Some(0.5), None, None], "M0.5 200h0M2.5 0l1 1");
        check(&[None, Some(10.0)], "M1.5 20h0");
    }

    #[test]
    fn a_calendar_has_its_parts_in_their_order() {
        let part = |row: &str, place: u32, value: &str| {
            (Cell { row: row.to_owned(), place, column: format!("{place:02}:00") }, value.to_owned())
        };
        let parts = [
            part("Sat", 22, "1"),
            part("Sat", 23, "2"),
            part("Sun", 2, "3"),
            part("Sun", 2, "4"),
            part("Sun", 23, "5"),
        ];
        let Table { heads, rows } = calendar("Hour", parts.into_iter());
        assert_eq!(heads, ["Hour", "02:00", "22:00", "23:00"]);
        let shown: Vec<(&str, Vec<&str>)> =
            rows.iter().map(|row| (row.name.as_str(), row.cells.iter().map(String::as_str).collect())).collect();
        let expect = [("Sat", vec!["", "1", "2"]), ("Sun", vec!["3", "", ""]), ("Sun", vec!["4", "", "5"])];
        assert_eq!(shown, expect);
    }
}
