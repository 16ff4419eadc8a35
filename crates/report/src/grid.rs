//! An aligned table of text for terminals.
//!
//! Widths are display columns, not bytes or characters, since visitors write in every
//! script. When a width is given, the widest columns give way first.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::visible::visible;

/// Between two columns.
const GAP: usize = 2;
/// No column is narrowed below this; if they still don't fit, the terminal wraps.
const COLUMN_WIDTH_MIN: usize = 6;
/// No column is wider when the table has to fit a width.
const COLUMN_WIDTH_MAX: usize = 120;

/// Rows in the making.
pub(crate) struct Grid {
    headings: Vec<String>,
    right: Vec<bool>,
    /// The number of a terminal's style for each column that has one.
    styles: Vec<Option<&'static str>>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// Columns as (heading, aligned to the right).
    pub(crate) fn new<'a>(columns: impl Iterator<Item = (&'a str, bool)>) -> Grid {
        let (headings, right): (Vec<String>, Vec<bool>) =
            columns.map(|(heading, right)| (visible(heading).into_owned(), right)).unzip();
        Grid { styles: vec![None; headings.len()], headings, right, rows: Vec::new() }
    }

    /// Gives a column's cells a terminal's style, by its number: `2` is faint, `36` cyan.
    pub(crate) fn style(&mut self, column: usize, style: &'static str) {
        if let Some(place) = self.styles.get_mut(column) {
            *place = Some(style);
        }
    }

    /// Adds a row; null cells are blank.
    pub(crate) fn push<'a>(&mut self, cells: impl Iterator<Item = Option<Cow<'a, str>>>) {
        self.rows.push(cells.map(|cell| visible(&cell.unwrap_or_default()).into_owned()).collect());
    }

    /// Headings, a rule, the rows.
    pub(crate) fn write(&self, out: &mut impl Write, width_max: Option<usize>) -> io::Result<()> {
        let widths = self.widths(width_max);
        let plain = vec![None; self.styles.len()];
        self.write_row(out, &self.headings, &widths, &plain)?;
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        self.write_row(out, &rules, &widths, &plain)?;
        self.rows.iter().try_for_each(|row| self.write_row(out, row, &widths, &self.styles))
    }

    fn widths(&self, width_max: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| width_of(heading).max(1)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(width_of(cell));
            }
        }
        if let Some(width_max) = width_max {
            let gaps = GAP * widths.len().saturating_sub(1);
            fit(&mut widths, width_max.saturating_sub(gaps));
        }
        widths
    }

    fn write_row(
        &self,
        out: &mut impl Write,
        cells: &[String],
        widths: &[usize],
        styles: &[Option<&str>],
    ) -> io::Result<()> {
        let mut line = String::new();
        for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if at > 0 {
                line.push_str("  ");
            }
            let cell = cut(cell, *width);
            let padding = width.saturating_sub(width_of(&cell));
            let cell = match styles[at] {
                Some(style) if !cell.is_empty() => Cow::Owned(format!("\u{1b}[{style}m{cell}\u{1b}[0m")),
                _ => cell,
            };
            if self.right[at] {
                line.extend(std::iter::repeat_n(' ', padding));
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', padding));
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// Narrows the widest columns, all to one width, until the sum fits.
fn fit(widths: &mut [usize], total_max: usize) {
    widths.iter_mut().for_each(|width| *width = (*width).min(COLUMN_WIDTH_MAX));
    let mut cap = COLUMN_WIDTH_MAX;
    while cap > COLUMN_WIDTH_MIN && widths.iter().sum::<usize>() > total_max {
        cap -= 1;
        widths.iter_mut().for_each(|width| *width = (*width).min(cap));
    }
}

/// Terminals disagree about joined emoji; letter by letter is what most of them do.
fn width_of(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

fn cut(cell: &str, width_max: usize) -> Cow<'_, str> {
    if width_of(cell) <= width_max {
        return Cow::Borrowed(cell);
    }
    let mut out = String::new();
    let mut width = 1;
    for letter in cell.chars() {
        width += letter.width().unwrap_or(0);
        if width > width_max {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(rows: &[[Option<&str>; 2]], width_max: Option<usize>, expect: &str) {
        let mut table = Grid::new([("name", false), ("n", true)].into_iter());
        for row in rows {
            table.push(row.iter().map(|cell| cell.map(Cow::Borrowed)));
        }
        let mut out = Vec::new();
        table.write(&mut out, width_max).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn aligns() {
        check(&[], None, "name  n\n----  -\n");
        check(&[[Some("a"), Some("100")], [None, None]], None, "name    n\n----  ---\na     100\n\n");
        check(&[[Some("日本"), Some("1")], [Some("abc"), Some("2")]], None, "name  n\n----  -\n日本  1\nabc   2\n");
    }

    #[test]
    fn cuts_the_widest() {
        check(&[[Some("a long text"), Some("12")]], Some(12), "name       n\n--------  --\na long …  12\n");
        check(&[[Some("日本日本日本日本"), Some("12")]], Some(12), "name       n\n--------  --\n日本日…   12\n");
    }

    #[test]
    fn styles_take_no_room() {
        let mut table = Grid::new([("name", false), ("n", true)].into_iter());
        table.style(0, "36");
        table.push([Some(Cow::Borrowed("ab")), Some(Cow::Borrowed("1"))].into_iter());
        table.push([None, Some(Cow::Borrowed("2"))].into_iter());
        let mut out = Vec::new();
        table.write(&mut out, None).unwrap();
        let expect = "name  n\n----  -\n\u{1b}[36mab\u{1b}[0m    1\n      2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn never_steers_the_terminal() {
        check(
            &[[Some("a\u{1b}[31mb\n\u{202e}"), Some("1")]],
            None,
            "name                      n\n------------------------  -\na\\u001b[31mb\\u000a\\u202e  1\n",
        );
    }

    proptest! {
        #[test]
        fn lines_stay_within_the_width(cells in proptest::collection::vec(".{0,60}", 0..6), width in 20usize..100) {
            let mut table = Grid::new([("name", false), ("n", true)].into_iter());
            for cell in &cells {
                table.push([Some(Cow::Borrowed(cell.as_str())), Some(Cow::Borrowed("7"))].into_iter());
            }
            let mut out = Vec::new();
            table.write(&mut out, Some(width)).unwrap();
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(out.lines().count(), cells.len() + 2);
            for line in out.lines() {
                prop_assert!(line.chars().all(|letter| !letter.is_control()));
                prop_assert!(width_of(line) <= width);
            }
        }
    }
}
