//! The report as aligned tables: the headline numbers, the series, the rows, the notes.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Look;
use super::cells::{self, LENGTHS, LengthPart, UNKNOWN};
use super::drawn::{bar, curve};
use crate::grid::Grid;
use crate::reports::answer::{MetricAnswer, MetricNumber, PartAnswer, Report};
use crate::reports::named::Named;
use crate::visible::visible;

/// Letters of a bar and of a curve.
const BAR_LETTERS_MAX: usize = 20;
const CURVE_LETTERS_MAX: usize = 31;
/// Letters of a name for which room is kept beside the numbers, and between two columns.
const NAME_LETTERS_MAX: usize = 30;
const GAP: usize = 2;
/// Styles of a terminal: what is drawn, and what is of less weight.
const DRAWN: &str = "36";
const FAINT: &str = "2";
const STRONG: &str = "1";

pub(super) fn write(report: &Report, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", styled(&title(report), STRONG, look))?;
    for line in subtitles(report) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    headline(report, look, out)?;
    if !report.series.is_empty() {
        writeln!(out)?;
        let parts = report.series.iter().map(|bucket| (cells::at(&bucket.at, &report.by), &bucket.metrics));
        parts_table(&report.by, parts.collect(), look, out)?;
    }
    if let Some(rows_by) = report.rows_by.as_deref().filter(|_| !report.rows.is_empty()) {
        writeln!(out)?;
        let parts =
            report.rows.iter().map(|row| (Cow::Borrowed(cells::value(report.rows_by.as_deref(), row)), &row.metrics));
        parts_table(rows_by, parts.collect(), look, out)?;
        if report.rows_left_out > 0 {
            writeln!(out, "{} more rows; limit={} shows more", report.rows_left_out, report.rows.len() * 2)?;
        }
    }
    if !report.notes.is_empty() {
        writeln!(out)?;
    }
    report.notes.iter().try_for_each(|note| writeln!(out, "{}", visible(note)))
}

fn title(report: &Report) -> String {
    let period = &report.period;
    let so_far = if period.so_far { ", so far" } else { "" };
    let title = format!("{} from {} to {} ({}){so_far}", report.report.name(), period.since, period.until, period.tz);
    visible(&title).into_owned()
}

fn subtitles(report: &Report) -> Vec<String> {
    let compared = report.compared.as_ref();
    let compared = compared.map(|span| {
        let so_far = if span.so_far { ", as much of it" } else { "" };
        format!("compared with {} to {} ({}){so_far}", span.since, span.until, span.with)
    });
    let kinds = report.filter.lists();
    let written: Vec<String> =
        kinds.iter().flat_map(|(kind, values)| values.iter().map(move |value| format!("{kind}={value}"))).collect();
    let only = (!written.is_empty()).then(|| format!("only {}", written.join(", ")));
    compared.into_iter().chain(only).map(|line| visible(&line).into_owned()).collect()
}

/// A line for each metric; of lengths of time one for each of their numbers.
fn headline(report: &Report, look: Look, out: &mut impl Write) -> io::Result<()> {
    let is_compared = report.compared.is_some();
    let is_drawn = matches!(look, Look::Terminal { .. });
    let mut columns = vec![("metric", false), ("value", true)];
    if is_compared {
        columns.extend([("before", true), ("change", true)]);
    }
    if is_drawn {
        columns.push(("over time", false));
    }
    let has_remarks = report.metrics.iter().any(|(_, answer)| answer.reason.is_some() || answer.note.is_some());
    let remarks = has_remarks.then_some(("note", false));
    let mut grid = Grid::new(columns.iter().copied().chain(remarks));
    if has_colour(look) {
        let place = |heading: &str| columns.iter().position(|(known, _)| *known == heading).unwrap_or(usize::MAX);
        grid.style(place("before"), FAINT);
        grid.style(place("over time"), DRAWN);
        grid.style(columns.len(), FAINT);
    }
    for (name, answer) in report.metrics.iter() {
        for (place, line) in lines(name, answer).into_iter().enumerate() {
            let mut cells = vec![line.label, line.value];
            if is_compared {
                cells.extend([line.previous, if place == 0 { cells::change(answer) } else { String::new() }]);
            }
            if is_drawn {
                cells.push(if place == 0 { over_time(report, name) } else { String::new() });
            }
            let remark = answer.reason.as_deref().or(answer.note.as_deref()).filter(|_| place == 0);
            if has_remarks {
                cells.push(remark.unwrap_or_default().to_owned());
            }
            grid.push(cells.into_iter().map(|cell| Some(Cow::Owned(cell))));
        }
    }
    grid.write(out, width_max(look))
}

/// A line of the headline.
struct Line {
    label: String,
    value: String,
    previous: String,
}

fn lines(name: &str, answer: &MetricAnswer) -> Vec<Line> {
    let label = cells::label(name);
    let is_lengths = answer.unit == "seconds";
    if !is_lengths || (answer.value.is_none() && answer.previous.is_none()) {
        let (value, previous) = (cells::number(answer.value), cells::number(answer.previous));
        return vec![Line { label: label.to_owned(), value, previous }];
    }
    let part = |number: Option<MetricNumber>, part: LengthPart| match number {
        Some(MetricNumber::Seconds(lengths)) => cells::seconds(part(&lengths)),
        _ => UNKNOWN.to_owned(),
    };
    let line = |(part_name, of): (&str, LengthPart)| Line {
        label: format!("{label}, {part_name}"),
        value: part(answer.value, of),
        previous: part(answer.previous, of),
    };
    LENGTHS.into_iter().map(line).collect()
}

/// The metric's curve, if the series has it.
fn over_time(report: &Report, name: &str) -> String {
    let values: Vec<Option<f64>> = report
        .series
        .iter()
        .map_while(|bucket| Some(bucket.metrics.get(name)?.value.map(MetricNumber::size)))
        .collect();
    curve(&values, CURVE_LETTERS_MAX)
}

/// A line for each part, with its numbers; on a terminal the first number as a bar, and no more
/// numbers than there is room for: a date that is cut says nothing.
fn parts_table(
    first: &str,
    parts: Vec<(Cow<'_, str>, &Named<PartAnswer>)>,
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let Some((_, metrics)) = parts.first() else { return Ok(()) };
    let is_drawn = matches!(look, Look::Terminal { .. });
    let headings: Vec<&str> = metrics.iter().map(|(name, _)| cells::heading(name)).collect();
    let rows: Vec<Vec<String>> =
        parts.iter().map(|(_, metrics)| metrics.iter().map(|(_, part)| cells::number(part.value)).collect()).collect();
    let shown = match look {
        Look::Plain => headings.len(),
        Look::Terminal { width, .. } => {
            let name = parts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(NAME_LETTERS_MAX);
            fitting(&headings, &rows, width.saturating_sub(name + GAP + BAR_LETTERS_MAX))
        }
    };
    let columns = headings[..shown].iter().map(|heading| (*heading, true));
    let bar_column = is_drawn.then_some(("", false));
    let mut grid = Grid::new([(first, false)].into_iter().chain(bar_column).chain(columns));
    if has_colour(look) {
        grid.style(1, DRAWN);
    }
    let size = |metrics: &Named<PartAnswer>| {
        metrics.0.first().and_then(|(_, part)| part.value).map_or(0.0, MetricNumber::size)
    };
    let greatest = parts.iter().map(|(_, metrics)| size(metrics)).fold(0.0, f64::max);
    for ((name, metrics), numbers) in parts.iter().zip(&rows) {
        let bar = is_drawn.then(|| Some(Cow::Owned(bar(size(metrics), greatest, BAR_LETTERS_MAX))));
        let numbers = numbers[..shown].iter().map(|number| Some(Cow::Borrowed(number.as_str())));
        grid.push([Some(name.clone())].into_iter().chain(bar).chain(numbers));
    }
    grid.write(out, width_max(look))?;
    if shown < headings.len() {
        writeln!(out, "{} more numbers in a wider terminal, or with --format csv", headings.len() - shown)?;
    }
    Ok(())
}

/// How many columns find room in so many letters; one at least.
fn fitting(headings: &[&str], rows: &[Vec<String>], letters: usize) -> usize {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].chars().count()]).max().unwrap_or(0) + GAP
    };
    let widths = (0..headings.len()).scan(0, |sum, column| {
        *sum += width(column);
        Some(*sum)
    });
    widths.take_while(|sum| *sum <= letters).count().max(1).min(headings.len())
}

fn has_colour(look: Look) -> bool {
    matches!(look, Look::Terminal { has_colour: true, .. })
}

fn width_max(look: Look) -> Option<usize> {
    match look {
        Look::Plain => None,
        Look::Terminal { width, .. } => Some(width),
    }
}

fn styled(text: &str, style: &str, look: Look) -> String {
    if has_colour(look) { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
}
