//! Queries of one's own: an editor, what came of it as a table, and as a chart where it is one.

use maud::{Markup, html};
use report::{EXAMPLES, SqlTable};

use crate::asset::{QUERIES_SCRIPT, SCRIPT};
use crate::chart::{Caption, Column, Columns, Series, Values};
use crate::format::number::{Unit, count};
use crate::page::{document, keys, top};
use crate::parts::csv::SqlRows;
use crate::text::{self, sentence};
use crate::view::{Page, View};

/// Most columns of a chart; what has more rows is no simple chart.
const CHART_ROWS_MAX: usize = 60;
/// What is greater is no amount but an id, such as a visitor's of 38 digits: the whole numbers that a chart tells apart.
const AMOUNT_MAX: f64 = 9_007_199_254_740_992.0;
/// Letters of a name under a column.
const NAME_LETTERS_MAX: usize = 14;

/// What is shown of a query.
#[derive(Clone, Copy, Debug)]
pub struct Sql<'a> {
    /// As it was written; empty before the first.
    pub query: &'a str,
    /// What came of it.
    pub outcome: SqlOutcome<'a>,
    /// What can be asked.
    pub tables: &'a [SqlTable],
    /// Whether the reader has signed in.
    pub is_signed_in: bool,
}

/// What came of a query.
#[derive(Clone, Copy, Debug)]
pub enum SqlOutcome<'a> {
    /// Nothing was asked.
    Nothing,
    /// Rows.
    Rows(&'a SqlRows),
    /// It can't be run; the message says how to correct it.
    Wrong(&'a str),
}

/// The page.
pub fn sql(data: &Sql<'_>) -> String {
    let view = View::default();
    let body = html! {
        (top(&view, Some(Page::Sql), data.is_signed_in))
        main.width id="content" {
            div.heading { h1 { "SQL" } p.when { "Read-only. Personal values are sealed and can't be read." } }
            section.card.editor {
                form action=(Page::Sql.path()) method="get" {
                    label { "Query"
                        textarea id="q" name="q" rows=(rows(data.query)) required spellcheck="false" autocapitalize="off" autocomplete="off" data-key="/" { "\n" (text::lines(data.query)) }
                    }
                    p id="hints" aria-live="polite" {}
                    div.row { button { "Run" } span.aside.wide { kbd { "Ctrl" } " " kbd { "Enter" } " runs it, " kbd { "Ctrl" } " " kbd { "Space" } " takes the first word that is offered." } }
                }
            }
            @match data.outcome {
                SqlOutcome::Nothing => (examples()),
                SqlOutcome::Wrong(message) => section.card.wrong role="alert" { h2 { "This can't be run" } p { (sentence(message)) } },
                SqlOutcome::Rows(rows) => (result(data.query, rows)),
            }
            section.card hidden id="past" { h2 { "Asked before" } p.says { "Kept in this browser alone." } ul.queries id="history" {} }
            (tables(data.tables))
        }
        footer.width { a href="/api" { "Interface" } span.aside.keys-hint { "Keys: " kbd { "?" } } }
        p.unseen id="said" aria-live="polite" {}
        (keys())
        script src=(SCRIPT.path()) defer {}
        script src=(QUERIES_SCRIPT.path()) defer {}
    };
    document("SQL", None, &body)
}

fn rows(query: &str) -> usize {
    query.lines().count().clamp(4, 16)
}

fn href(query: &str, more: &[(&str, &str)]) -> String {
    let all: Vec<(&str, &str)> = std::iter::once(("q", query)).chain(more.iter().copied()).collect();
    View::default().href_of(Page::Sql.path(), &all)
}

fn result(query: &str, rows: &SqlRows) -> Markup {
    let (from, to) = (rows.from(), rows.from() + rows.shown().len());
    let numbers: Vec<bool> = (0..rows.heads().len()).map(|place| is_of_numbers(rows, place)).collect();
    let class = |place: usize| numbers.get(place).copied().unwrap_or(false).then_some("count");
    html! {
        @if let Some(chart) = chart(rows) { (chart) }
        section.card id="result" {
            h2 { @match rows.total() { 0 => "No rows", 1 => "One row", total => { (count(total as u64)) " rows" } } }
            @if rows.total() > rows.shown().len() && !rows.shown().is_empty() { p.says { "Rows " (count(from as u64 + 1)) " to " (count(to as u64)) "." } }
            div.rows tabindex="0" role="region" aria-label="Result" { table.lines {
                thead { tr { @for (place, head) in rows.heads().iter().enumerate() { th scope="col" class=[class(place)] { (text::shown(head)) } } } }
                tbody { @for row in rows.shown() { tr { @for (place, cell) in row.iter().enumerate() { td class=[class(place)] { (text::shown(cell)) } } } } }
            } }
            nav.more aria-label="Parts of the result" {
                @if from > 0 { a href=(href(query, &[("from", &from.saturating_sub(SqlRows::SHOWN).to_string())])) { "Rows before" } }
                @if to < rows.total() { a href=(href(query, &[("from", &to.to_string())])) { "More rows" } }
                a href=(href(query, &[("format", "csv")])) { "Save as CSV" }
                a href=(href(query, &[("format", "parquet")])) { "Save as Parquet" }
            }
        }
    }
}

/// Whether a column has nothing but numbers, and some: their digits stand below each other. The first column names its row.
fn is_of_numbers(rows: &SqlRows, place: usize) -> bool {
    let cells = || rows.shown().iter().filter_map(|row| row.get(place)).filter(|cell| !cell.is_empty());
    place > 0 && cells().next().is_some() && cells().all(|cell| cell.parse::<f64>().is_ok_and(f64::is_finite))
}

/// As much of a name as there is room for under a column.
fn short_name(name: &str) -> String {
    if name.chars().count() <= NAME_LETTERS_MAX {
        return name.to_owned();
    }
    name.chars().take(NAME_LETTERS_MAX - 1).chain(['…']).collect()
}

/// A number for each of some rows, in the first column that has numbers.
fn chart(rows: &SqlRows) -> Option<Markup> {
    let lines = rows.shown();
    if rows.total() != lines.len() || !(2..=CHART_ROWS_MAX).contains(&lines.len()) || rows.heads().len() < 2 {
        return None;
    }
    let number = |cell: &String| cell.parse::<f64>().ok().filter(|number| (0.0..=AMOUNT_MAX).contains(number));
    let place =
        (1..rows.heads().len()).find(|place| lines.iter().all(|row| row.get(*place).and_then(number).is_some()))?;
    let columns: Vec<Column> = lines
        .iter()
        .map(|row| {
            let name = row.first().filter(|name| !name.is_empty());
            let name = name.map_or_else(|| "(none)".to_owned(), |name| text::shown(name));
            let values = row.get(place).and_then(number).into_iter().collect();
            Column {
                short: short_name(&name),
                long: name,
                href: None,
                values,
                why_blank: None,
                before: None,
                cell: None,
                is_so_far: false,
                notes: Vec::new(),
            }
        })
        .collect();
    let head = text::shown(&rows.heads()[place]);
    let most = columns.iter().rev().max_by(|one, other| one.values[0].total_cmp(&other.values[0]))?;
    let is_whole = columns.iter().all(|column| column.values[0].fract() == 0.0);
    let unit = if is_whole { Unit::Count } else { Unit::Unknown };
    let says = format!("The most: {} with {}.", most.long, unit.write(most.values[0]));
    let caption = Caption { id: "chart", title: &head, sentence: says };
    let series = vec![Series { name: head.clone(), class: "s1", href: None }];
    Some(Columns { caption, unit, series, columns, part: "Row", before: None, pointed: Values::Told }.draw())
}

fn examples() -> Markup {
    html! {
        section.card { h2 { "To begin with" }
            ul.queries { @for (title, query) in EXAMPLES { li { a href=(href(query, &[])) { (title.trim_end_matches(':')) } } } }
        }
    }
}

fn tables(tables: &[SqlTable]) -> Markup {
    html! {
        section.card.tables { h2 { "What can be asked" }
            @for table in tables {
                details {
                    summary { code data-word { (table.name) } " " span.aside { "a row is " (table.rows) } }
                    @if table.columns.is_empty() { p.aside { code { "describe " (table.name) } " lists its columns." } }
                    @else { p { @for column in &table.columns { code data-word { (column) } " " } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_tells_amounts_as_they_are() {
        let check = |csv: &str, expect: Option<&str>| {
            let chart = chart(&SqlRows::read(csv, 0)).map(Markup::into_string);
            let says = chart.as_deref().and_then(|chart| chart.split("class=\"says\" id=\"chart-says\">").nth(1));
            assert_eq!(says.and_then(|rest| rest.split('<').next()), expect, "{csv}");
            chart
        };
        check("channel,n\nchat,15276\ncall,3\n", Some("The most: chat with 15,276."));
        check("anomalies,n\n,26102\nend_without_start,136\n", Some("The most: (none) with 26,102."));
        check("channel,rate\nchat,0.543\ncall,0.04\n", Some("The most: chat with 0.543."));
        // The number of a visitor is none of visitors.
        let visitors =
            "time,visitor\na,36799080739713200034932385713893640856\nb,60218731691381856346834182223334445556\n";
        check(visitors, None);
        let beside = visitors.replace("visitor", "visitor,n").replace("856\n", "856,1\n").replace("556\n", "556,2\n");
        check(&beside, Some("The most: b with 2."));
        let long = check("time,n\n2026-11-28T16:54:57.181Z,1\nb,2\n", Some("The most: b with 2.")).unwrap();
        assert!(long.contains(">2026-11-28T16…</text>") && long.contains(">2026-11-28T16:54:57.181Z</th>"), "{long}");
    }
}
