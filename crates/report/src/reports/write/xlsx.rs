//! The report as a workbook for spreadsheets: a sheet with the headline numbers and the notes, one with the series,
//! one with the rows, and one for each list that stands beside it. Numbers, shares, lengths of time and dates are what they are, so that a spreadsheet computes
//! with them; texts are texts, whatever they begin with.

use std::io::{self, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::cells::{self, LENGTHS, LengthPart};
use crate::formula::is_formula;
use crate::reports::answer::{MetricNumber, PartAnswer, Report, ReportRow};
use crate::reports::named::Named;
use crate::visible::visible;

/// Letters of a cell: what Excel takes.
const CELL_LETTERS_MAX: usize = 32_767;
/// Widest column, in pixels.
const COLUMN_WIDTH_MAX: u32 = 500;
/// Letters of a sheet's name: what Excel takes.
const SHEET_NAME_LETTERS_MAX: usize = 31;
const DAY_SECONDS: f64 = 86_400.0;

pub(super) fn write(report: &Report, lists: &[Report], out: &mut impl Write) -> io::Result<()> {
    out.write_all(&workbook(report, lists).map_err(io::Error::other)?)
}

fn workbook(report: &Report, lists: &[Report]) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::default();
    let mut book = Workbook::new();
    headline(report, &looks, book.add_worksheet())?;
    if !report.series.is_empty() {
        let sheet = book.add_worksheet();
        let parts = report.series.iter().map(|bucket| (Name::Time(&bucket.at), &bucket.metrics)).collect();
        let head = format!("{} ({})", report.by, report.period.tz);
        parts_sheet(sheet, &looks, &format!("by {}", report.by), &head, parts)?;
    }
    for report in std::iter::once(report).chain(lists).filter(|report| !report.rows.is_empty()) {
        let Some(rows_by) = report.rows_by.as_deref() else { continue };
        let parts = report.rows.iter().map(|row| (Name::Row(row), &row.metrics)).collect();
        parts_sheet(book.add_worksheet(), &looks, &format!("by {rows_by}"), rows_by, parts)?;
    }
    book.save_to_buffer()
}

/// How cells look.
struct Looks {
    head: Format,
    text: Format,
    /// Keeps a text a text when somebody edits the cell, too.
    formula: Format,
    note: Format,
    count: Format,
    share: Format,
    change: Format,
    /// By which a share changed.
    points: Format,
    length: Format,
    day: Format,
    hour: Format,
}

impl Default for Looks {
    fn default() -> Looks {
        let number = |form: &str| Format::new().set_num_format(form);
        // Without it a date stands at the right of its column, and its head at the left.
        let time = |form: &str| Format::new().set_num_format(form).set_align(FormatAlign::Left);
        Looks {
            head: Format::new().set_bold(),
            text: Format::new(),
            formula: Format::new().set_quote_prefix(),
            note: Format::new().set_italic(),
            count: number("#,##0"),
            share: number("0.0%"),
            change: number("+0.0%;-0.0%;0.0%"),
            points: number("+0.0\" points\";-0.0\" points\";0.0\" points\""),
            length: number("[h]:mm:ss"),
            day: time("yyyy-mm-dd"),
            hour: time("yyyy-mm-dd hh:mm"),
        }
    }
}

/// What a row of a sheet is of.
enum Name<'a> {
    Time(&'a str),
    Row(&'a ReportRow),
}

fn headline(report: &Report, looks: &Looks, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    name(sheet, report.report.name())?;
    let mut row = 0;
    let mut line = |label: &str, value: &str| {
        text(sheet, row, 0, label, &looks.head, looks)?;
        at(sheet, row, 1, value, looks)?;
        row += 1;
        Ok::<(), XlsxError>(())
    };
    line("Report", report.report.name())?;
    line("From", &report.period.since)?;
    line(if report.period.so_far { "To (so far)" } else { "To" }, &report.period.until)?;
    line("Time zone", &report.period.tz)?;
    if let Some(compared) = &report.compared {
        line(&format!("Compared with ({}) from", compared.with), &compared.since)?;
        line(if compared.so_far { "to (as much of it)" } else { "to" }, &compared.until)?;
    }
    let kinds = report.filter.lists();
    for (kind, value) in kinds.into_iter().flat_map(|(kind, values)| values.iter().map(move |value| (kind, value))) {
        line(&format!("Only {kind}"), &cells::filtered(kind, value))?;
    }
    row += 1;
    for (column, head) in (0..).zip(["metric", "value", "before", "change", "note"]) {
        text(sheet, row, column, head, &looks.head, looks)?;
    }
    row += 1;
    for (name, answer) in report.metrics.iter() {
        let label = cells::label(name);
        let remark = answer.reason.as_deref().or(answer.note.as_deref()).unwrap_or_default();
        let is_lengths = answer.unit == "seconds";
        let parts: Vec<(String, Option<LengthPart>)> = match is_lengths {
            true => LENGTHS.iter().map(|(part, of)| (format!("{label}, {part}"), Some(*of))).collect(),
            false => vec![(label.to_owned(), None)],
        };
        for (place, (label, part)) in parts.iter().enumerate() {
            text(sheet, row, 0, label, &looks.text, looks)?;
            number(sheet, row, 1, answer.value, *part, looks)?;
            number(sheet, row, 2, answer.previous, *part, looks)?;
            if let Some(change) = answer.change.filter(|change| place == 0 && change.is_finite()) {
                let points = answer.value.zip(answer.previous).and_then(|(value, before)| value.points_since(before));
                let (change, look) = points.map_or((change, &looks.change), |points| (points, &looks.points));
                sheet.write_number_with_format(row, 3, change, look)?;
            }
            if place == 0 && !remark.is_empty() {
                text(sheet, row, 4, remark, &looks.note, looks)?;
            }
            row += 1;
        }
    }
    row += 1;
    for note in &report.notes {
        text(sheet, row, 0, note, &looks.note, looks)?;
        row += 1;
    }
    sheet.set_column_width(0, 34)?;
    sheet.set_column_width(1, 18)?;
    sheet.set_column_width(2, 14)?;
    Ok(())
}

fn parts_sheet(
    sheet: &mut Worksheet,
    looks: &Looks,
    title: &str,
    first: &str,
    parts: Vec<(Name<'_>, &Named<PartAnswer>)>,
) -> Result<(), XlsxError> {
    name(sheet, title)?;
    let Some((_, metrics)) = parts.first() else { return Ok(()) };
    // Every metric, with a column for each of its numbers.
    let columns: Vec<(&str, Option<(&str, LengthPart)>)> = metrics
        .iter()
        .flat_map(|(name, _)| match name.ends_with("_seconds") {
            true => LENGTHS.iter().map(|part| (name, Some(*part))).collect(),
            false => vec![(name, None)],
        })
        .collect();
    text(sheet, 0, 0, first, &looks.head, looks)?;
    for (column, (name, part)) in (1..).zip(&columns) {
        let head = match part {
            Some((part, _)) => format!("{}, {part}", cells::label(name)),
            None => cells::label(name).to_owned(),
        };
        text(sheet, 0, column, &head, &looks.head, looks)?;
    }
    for (row, (of, metrics)) in (1..).zip(&parts) {
        match of {
            Name::Time(time) => at(sheet, row, 0, time, looks)?,
            Name::Row(value) => text(sheet, row, 0, cells::value(Some(first), value), &looks.text, looks)?,
        }
        for (column, (name, part)) in (1..).zip(&columns) {
            let value = metrics.get(name).and_then(|part| part.value);
            number(sheet, row, column, value, part.map(|(_, of)| of), looks)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.set_autofit_max_width(COLUMN_WIDTH_MAX).autofit();
    Ok(())
}

/// A sheet's name, without what Excel doesn't take there.
fn name(sheet: &mut Worksheet, name: &str) -> Result<(), XlsxError> {
    let name: String =
        name.chars().filter(|letter| !"[]:*?/\\'".contains(*letter)).take(SHEET_NAME_LETTERS_MAX).collect();
    sheet.set_name(name)?;
    Ok(())
}

fn text(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
    looks: &Looks,
) -> Result<(), XlsxError> {
    // XML has no way to write the last two.
    let shown = visible(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    let shown: String = shown.chars().take(CELL_LETTERS_MAX).collect();
    let format = if is_formula(text) { &looks.formula } else { format };
    sheet.write_string_with_format(row, column, shown, format)?;
    Ok(())
}

fn number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    number: Option<MetricNumber>,
    part: Option<LengthPart>,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let (number, format) = match (number, part) {
        (Some(MetricNumber::Count(count)), None) => (count as f64, &looks.count),
        (Some(MetricNumber::Share(share)), None) if share.is_finite() => (share, &looks.share),
        (Some(MetricNumber::Seconds(lengths)), Some(part)) if lengths.count > 0 => {
            (f64::from(part(&lengths)) / DAY_SECONDS, &looks.length)
        }
        // What can't be known is an empty cell: a text in its place would spoil sums.
        _ => return Ok(()),
    };
    sheet.write_number_with_format(row, column, number, format)?;
    Ok(())
}

/// A time by the clocks of its zone, since spreadsheets know none; what is no time is text.
fn at(sheet: &mut Worksheet, row: u32, column: u16, time: &str, looks: &Looks) -> Result<(), XlsxError> {
    let Some((date, hours, minutes)) = clock(time) else { return text(sheet, row, column, time, &looks.text, looks) };
    let (Ok(time), format) =
        (date.and_hms(hours, minutes, 0), if hours == 0 && minutes == 0 { &looks.day } else { &looks.hour })
    else {
        return text(sheet, row, column, time, &looks.text, looks);
    };
    sheet.write_datetime_with_format(row, column, &time, format)?;
    Ok(())
}

/// `2026-11-16T09:00…` as a date, hours and minutes.
fn clock(time: &str) -> Option<(ExcelDateTime, u16, u8)> {
    let (date, time) = time.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let (hours, minutes) = time.get(..5)?.split_once(':')?;
    let date = ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some((date, hours.parse().ok()?, minutes.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(subject: &str) -> Report {
        let lengths = json!({ "median": 60, "p90": 90, "p95": 95, "max": 3600, "count": 4 });
        let report = json!({
            "report": "subjects",
            "period": { "since": "2026-11-16T00:00:00+01:00", "until": "2026-11-23T00:00:00+01:00", "tz": "Europe/Berlin", "so_far": false },
            "compared": { "with": "previous", "since": "2026-11-09T00:00:00+01:00", "until": "2026-11-16T00:00:00+01:00" },
            "by": "hour", "filter": { "subject": [subject] },
            "metrics": {
                "contact_requests": { "value": 1234, "previous": 1000, "change": 0.234, "unit": "count" },
                "contact_rate": { "value": null, "previous": null, "change": null, "unit": "share", "reason": "nobody came" },
                "chat_duration_seconds": { "value": lengths, "previous": null, "change": null, "unit": "seconds" },
            },
            "series": [{ "at": "2026-11-16T09:00:00+01:00", "metrics": { "contact_requests": { "value": 7 }, "chat_duration_seconds": { "value": lengths } } }],
            "rows_by": "subject",
            "rows": [{ "kind": "value", "value": subject, "metrics": { "contact_requests": { "value": 7 } } }],
            "rows_left_out": 0, "notes": ["=a note"],
        });
        serde_json::from_value(report).unwrap()
    }

    /// A list beside it.
    fn list(by: &str, value: &str) -> Report {
        let mut list = report(value);
        list.rows_by = Some(by.to_owned());
        list
    }

    /// The parts of a workbook, a ZIP file whose entries are stored or deflated: by the directory at its end.
    fn parts(file: &[u8]) -> String {
        let two = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
        let four = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let end = file.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").unwrap();
        let (entries, mut at) = (two(end + 10), four(end + 16));
        let mut out = String::new();
        for _ in 0..entries {
            let head = four(at + 42);
            let begin = head + 30 + two(head + 26) + two(head + 28);
            let bytes = &file[begin..begin + four(at + 20)];
            let text = match two(at + 10) {
                0 => bytes.to_vec(),
                8 => inflated(bytes),
                method => panic!("method {method}"),
            };
            out += &String::from_utf8(text).unwrap();
            at += 46 + two(at + 28) + two(at + 30) + two(at + 32);
        }
        out
    }

    fn inflated(bytes: &[u8]) -> Vec<u8> {
        use std::io::Read;
        let mut out = Vec::new();
        flate2::read::DeflateDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn numbers_and_dates_are_what_they_are() {
        let parts = parts(
            &workbook(
                &report("Billing"),
                &[list("device", "tablet"), list("channel", "direct_message"), list("referrer", "search.example")],
            )
            .unwrap(),
        );
        // 2026-11-16 09:00 is day 46342.375; a minute is 1/1440 of a day.
        for cell in ["<v>1234</v>", "<v>0.234</v>", "<v>46342</v>", "<v>46342.375</v>", "<v>0.000694"] {
            assert!(parts.contains(cell), "{cell}: {parts}");
        }
        for text in [
            "Billing",
            "nobody came",
            "Europe/Berlin",
            "name=\"by hour\"",
            "name=\"by subject\"",
            "name=\"by device\"",
            ">Tablet<",
            "name=\"by channel\"",
            ">Direct message<",
            "name=\"by referrer\"",
            "search.example",
            "formatCode=\"[h]:mm:ss\"",
        ] {
            assert!(parts.contains(text), "{text}: {parts}");
        }
    }

    #[test]
    fn no_text_is_a_formula_whatever_it_is() {
        for subject in [
            "=HYPERLINK(\"http://x.example\")",
            "+1",
            "-1",
            "@SUM(1)",
            "\u{fffe}\u{ffff}\u{0}\u{1b}[31m\u{202e}",
            &"x".repeat(40_000),
        ] {
            let parts = parts(&workbook(&report(subject), &[]).unwrap());
            assert!(!parts.contains("<f>") && !parts.contains("<hyperlink"), "{subject}");
            assert!(parts.contains("quotePrefix=\"1\""), "the note is one");
            assert!(!parts.contains(['\u{fffe}', '\u{ffff}', '\u{0}', '\u{1b}', '\u{202e}']), "{subject}");
        }
    }
}
