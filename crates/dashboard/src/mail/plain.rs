//! A mail as plain text, for programs that show no HTML, and for whoever prefers it.

use std::fmt::Write as _;

use super::Body;

/// Letters of the names before numbers: as many as the longest has, within these; a longer one pushes its number.
const NAME_LETTERS: std::ops::RangeInclusive<usize> = 28..=56;
/// Letters of a number, with its change behind it.
const NUMBER_LETTERS: usize = 12;

/// The text.
pub(super) fn write(body: &Body) -> String {
    let mut text = String::new();
    let mut put = |line: &str| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    put(&body.heading);
    let so_far = if body.is_so_far { ", so far" } else { "" };
    put(&format!("{} {}{so_far}", body.span, body.tz));
    if let Some(compared) = &body.compared {
        put(&format!("compared with {compared}"));
    }
    body.filters.iter().for_each(|filter| put(filter));
    if let Some(lead) = &body.lead {
        put("");
        put(lead);
    }
    if !body.numbers.is_empty() {
        put("");
    }
    let width = width(body.numbers.iter().map(|number| &*number.label));
    for number in &body.numbers {
        let asides: String = number.asides.iter().map(|aside| format!(" ({aside})")).collect();
        put(&format!("{}{asides}", columns(width, &number.label, &number.value, &number.change)));
    }
    if let Some(chart) = &body.chart {
        put("");
        put(&chart.title);
        put(&chart.sentence);
        let width = self::width(chart.parts.iter().map(|part| &*part.long));
        for part in &chart.parts {
            put(&columns(width, &part.long, &part.value, if part.is_so_far { "so far" } else { "" }));
        }
    }
    for list in &body.lists {
        put("");
        put(&list.title);
        let width = self::width(list.rows.iter().map(|row| &*row.name));
        for row in &list.rows {
            put(&columns(width, &row.name, &row.value, &row.change));
        }
        if let Some(foot) = &list.foot {
            put(foot);
        }
    }
    if !body.link.is_empty() {
        put("");
        put(&format!("Open in Frontdesk: {}", body.link));
    }
    if !body.notes.is_empty() {
        put("");
    }
    body.notes.iter().for_each(|note| put(note));
    put("");
    // What stands below it is no part of what is told; programs show it apart.
    let _ = write!(text, "-- \n{}\n", body.foot);
    text
}

/// The letters that names get.
fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    let longest = names.map(|name| name.chars().count() + 1).max().unwrap_or(0);
    longest.clamp(*NAME_LETTERS.start(), *NAME_LETTERS.end())
}

fn columns(width: usize, name: &str, number: &str, change: &str) -> String {
    let pad = |text: &str, letters: usize| " ".repeat(letters.saturating_sub(text.chars().count()).max(1));
    format!("{name}{}{}{number}  {change}", pad(name, width), pad(number, NUMBER_LETTERS))
}
