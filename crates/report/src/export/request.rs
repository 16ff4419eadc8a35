//! What is to be exported: read once, for the HTTP interface and the command line alike.

use serde::{Deserialize, Serialize};
use summary::Filter;
use thiserror::Error;

use super::statement;
use crate::Period;
use crate::lines::Texts;
use crate::reports::ParameterError;
use crate::reports::filter::{FilterError, WrittenFilter};
use crate::reports::request::SINCE;
use crate::reports::span::{Span, SpanError};
use crate::reports::words::Words;
use crate::{UnknownZone, Zone};

/// The parameters in the order of the documentation, each with what it means.
pub const EXPORT_PARAMETERS: &[(&str, &str)] = &[
    (
        "table",
        "What is exported: contacts (a row for each event with a contact request), activity (a row for each event) or events (the same as XDM has them, nested); contacts when absent",
    ),
    (
        "since",
        "Begin: 7d, 24h, 12w, 6m or 1y (so many days, hours, weeks, months or years, the current one included), a date such as 2026-11-01, a month such as 2026-11, or a time such as 2026-11-01T09:00 or 2026-11-01T09:00:00Z; 7d when absent",
    ),
    ("until", "End: a date or a month, included, or a time; with the current day when absent"),
    (
        "tz",
        "Time zone of the dates above, a name of the IANA database such as Europe/Berlin; that of the setting time_zone when absent. Exported times are in UTC",
    ),
    ("datastream", "Only events of this datastream; again for others; !NAME leaves one out"),
    ("channel", "Only requests by this channel: chat, call, text, email or direct_message; likewise"),
    ("subject", "Only events of this subject; likewise; empty for events without one"),
    ("page", "Only events of this page; likewise; empty for events without one"),
    ("device", "Only events of this kind of device: desktop, mobile, tablet, app, other or unknown; likewise"),
    (
        "referrer",
        "Only events whose page was reached from this host, such as search.example; likewise; (internal) for pages of the same host, (none) or empty for events without one",
    ),
    ("format", "How rows are written: csv, ndjson or parquet; csv when absent"),
    (
        "raw",
        "true for CSV with each text as it was sent; else one that a spreadsheet would take for a formula has an apostrophe before it",
    ),
];

/// The rows that are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportTable {
    /// The view `contacts`.
    #[default]
    Contacts,
    /// The view `activity`.
    Activity,
    /// The table `events`.
    Events,
}

impl ExportTable {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

impl Words for ExportTable {
    const ALL: &'static [(&'static str, ExportTable)] =
        &[("contacts", ExportTable::Contacts), ("activity", ExportTable::Activity), ("events", ExportTable::Events)];
}

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportForm {
    /// Comma-separated, with a heading.
    Csv,
    /// One JSON object a line.
    NdJson,
    /// A Parquet file, compressed with zstd.
    Parquet,
}

impl ExportForm {
    /// Its name, which is also how names of such files end.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

impl Words for ExportForm {
    const ALL: &'static [(&'static str, ExportForm)] =
        &[("csv", ExportForm::Csv), ("ndjson", ExportForm::NdJson), ("parquet", ExportForm::Parquet)];
}

impl Words for Texts {
    const ALL: &'static [(&'static str, Texts)] = &[("false", Texts::Harmless), ("true", Texts::AsSent)];
}

/// Rows that are asked for.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    table: ExportTable,
    period: Period,
    filter: Filter,
    form: Option<ExportForm>,
    texts: Texts,
}

/// Why rows can't be exported as asked; each message says what to write instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A filter on what the table doesn't have.
    #[error("events are exported whole and have no column {kind}; filter by it in contacts or activity")]
    NotInEvents {
        /// The parameter.
        kind: &'static str,
    },
    /// The time zone.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// The span of time.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

impl ExportRequest {
    /// Reads parameters, as pairs of name and value. `zone` is that of a request that names none,
    /// `now` the present in microseconds since 1970.
    ///
    /// # Errors
    /// [`ExportError`]: the first thing that is wrong, and what to write instead.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        zone: Zone,
        now: i64,
    ) -> Result<ExportRequest, ExportError> {
        let mut once: [Option<&str>; ONCE.len()] = [None; ONCE.len()];
        let mut written = WrittenFilter::default();
        for (parameter, value) in parameters {
            if let Some(list) = written.list(parameter) {
                list.push(value.to_owned());
                continue;
            }
            let place = ONCE
                .iter()
                .position(|known| *known == parameter)
                .ok_or_else(|| ParameterError::unknown(parameter, EXPORT_PARAMETERS))?;
            if once[place].replace(value).is_some() {
                return Err(ParameterError::Twice { parameter: ONCE[place] }.into());
            }
        }
        let [table, since, until, tz, format, raw] = once;
        let table: ExportTable = table.map(|table| Words::read("table", table)).transpose()?.unwrap_or_default();
        let zone = tz.map_or(Ok(zone), |tz| tz.parse())?;
        let Span { since, until, .. } = Span::parse(since.unwrap_or(SINCE), until, &zone, now)?;
        let mut lacking = written.lists().into_iter().filter(|(kind, _)| *kind != "datastream");
        if table == ExportTable::Events
            && let Some((kind, _)) = lacking.find(|(_, values)| !values.is_empty())
        {
            return Err(ExportError::NotInEvents { kind });
        }
        Ok(ExportRequest {
            table,
            period: Period::of_micros(since, until).ok_or_else(|| SpanError::Unreadable { text: since.to_string() })?,
            filter: written.read()?,
            form: format.map(|format| Words::read("format", format)).transpose()?,
            texts: raw.map(|raw| Words::read("raw", raw)).transpose()?.unwrap_or_default(),
        })
    }

    /// The same in this form, if none was asked for.
    #[must_use]
    pub fn or_as(mut self, form: ExportForm) -> ExportRequest {
        self.form = self.form.or(Some(form));
        self
    }

    /// How it is written.
    pub fn form(&self) -> ExportForm {
        self.form.unwrap_or(ExportForm::Csv)
    }

    /// Which rows.
    pub fn table(&self) -> ExportTable {
        self.table
    }

    /// How texts stand in CSV.
    pub(crate) fn texts(&self) -> Texts {
        self.texts
    }

    /// The statement whose rows are exported.
    pub(crate) fn sql(&self) -> String {
        statement::sql(self.table, &self.period, &self.filter)
    }
}

/// The parameters that have one value.
const ONCE: [&str; 6] = ["table", "since", "until", "tz", "format", "raw"];

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T15:30:00Z
    const NOW: i64 = 1_795_361_400_000_000;

    fn parse(parameters: &[(&str, &str)]) -> Result<ExportRequest, ExportError> {
        ExportRequest::parse(parameters.iter().copied(), Zone::UTC, NOW)
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let request = parse(&[]).unwrap();
        assert_eq!(
            (request.table(), request.form(), request.texts()),
            (ExportTable::Contacts, ExportForm::Csv, Texts::Harmless)
        );
        let form = |parameters: &[(&str, &str)]| parse(parameters).unwrap().or_as(ExportForm::NdJson).form();
        assert_eq!((form(&[]), form(&[("format", "parquet")])), (ExportForm::NdJson, ExportForm::Parquet));
    }

    #[test]
    fn every_mistake_says_what_to_write() {
        let check = |parameters: &[(&str, &str)], expect: &str| {
            assert_eq!(parse(parameters).unwrap_err().to_string(), expect);
        };
        check(&[("sinc", "7d")], "there is no parameter \"sinc\"; did you mean since?");
        check(
            &[("x", "")],
            "there is no parameter \"x\"; write table, since, until, tz, datastream, channel, subject, page, device, referrer, format or raw",
        );
        check(&[("raw", "true"), ("raw", "true")], "raw is given twice; write it once");
        check(&[("raw", "yes")], "raw is \"yes\"; write false or true");
        check(&[("format", "xlsx")], "format is \"xlsx\"; write csv, ndjson or parquet");
        check(&[("table", "rejects")], "table is \"rejects\"; write contacts, activity or events");
        check(
            &[("channel", "phone")],
            "there is no channel \"phone\"; write chat, call, text, email or direct_message",
        );
        check(
            &[("table", "events"), ("subject", "x")],
            "events are exported whole and have no column subject; filter by it in contacts or activity",
        );
        for (since, until) in [("2026-11-02", "2026-11-01"), ("1926-01-01", "2026-01-01"), ("soon", "7d")] {
            assert!(matches!(parse(&[("since", since), ("until", until)]), Err(ExportError::Span(_))), "{since}");
        }
        assert!(matches!(parse(&[("tz", "Europe/Atlantis")]), Err(ExportError::Zone(_))));
    }
}
