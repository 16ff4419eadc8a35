//! What is asked: a report's name and its parameters, read once, for the HTTP interface and the
//! command line alike, so that both take the same words and say the same about wrong ones.

use chrono::DateTime;
use summary::{Filter, Query, Timeline};
use thiserror::Error;

use super::buckets::{Bucket, By, DivisionError};
use super::compared::Compare;
use super::contents::Contents;
use super::filter::{FilterError, WrittenFilter};
use super::name::ReportName;
use super::span::{Span, SpanError};
use super::words::{ParameterError, Words, listed, repeated};
use super::zone::{UnknownZone, Zone};
use crate::Period;

/// The span of a report that names none: today and the six days before.
pub(crate) const SINCE: &str = "7d";
/// Rows of a report that names no `limit`.
pub(super) const ROWS_DEFAULT: usize = 20;
/// Most rows that can be asked for.
pub(super) const ROWS_MAX: usize = 1_000;

/// The parameters in the order of the documentation, each with what it means.
pub const PARAMETERS: &[(&str, &str)] = &[
    (
        "since",
        "Begin: 7d, 24h, 12w, 6m or 1y (so many days, hours, weeks, months or years, the current one included), a date such as 2026-11-01, a month such as 2026-11, or a time such as 2026-11-01T09:00 or 2026-11-01T09:00:00Z; 7d when absent",
    ),
    (
        "until",
        "End: a date or a month, included, or a time; 7d ends where it would begin; the current day, week, month, year or hour when absent, as since is counted in",
    ),
    (
        "tz",
        "Time zone of days, hours and dates, a name of the IANA database such as Europe/Berlin; that of the setting time_zone when absent",
    ),
    (
        "by",
        "What the series is divided by: hour, day, week, month or weekday-hour (the hours of a week put together); what suits the period when absent",
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
    (
        "compare",
        "What to compare with: previous (the period before), year (the same dates a year earlier), weekdays (the same weekdays, the least whole weeks earlier), none, a period of its own such as 2026-10-01..2026-10-31 (two ends as since and until take them), or a date from which on as long a period is taken; previous when absent",
    ),
    ("limit", "Most rows, up to 1000; 20 when absent"),
    (
        "format",
        "How the report is written: json, csv, table or xlsx (a workbook), or drawn: html (a page with everything in it) or svg (its chart over time)",
    ),
];

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
    /// Aligned columns.
    Table,
    /// Comma-separated, with a heading.
    Csv,
    /// One JSON object.
    Json,
    /// A workbook for spreadsheets.
    Xlsx,
}

/// How a report is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawnForm {
    /// A page with everything in it.
    Html,
    /// Its chart over time.
    Svg,
}

/// How a report is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedForm {
    /// Written, by [`Report::write`](super::Report::write).
    Written(ReportForm),
    /// Drawn, which is for whoever draws reports.
    Drawn(DrawnForm),
}

impl AskedForm {
    /// Its name, which is also how names of such files end, but for tables.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

impl Words for AskedForm {
    const ALL: &'static [(&'static str, AskedForm)] = &[
        ("json", AskedForm::Written(ReportForm::Json)),
        ("csv", AskedForm::Written(ReportForm::Csv)),
        ("table", AskedForm::Written(ReportForm::Table)),
        ("xlsx", AskedForm::Written(ReportForm::Xlsx)),
        ("html", AskedForm::Drawn(DrawnForm::Html)),
        ("svg", AskedForm::Drawn(DrawnForm::Svg)),
    ];
}

/// A report that is asked for.
#[derive(Clone, Debug)]
pub struct ReportRequest {
    pub(super) name: ReportName,
    pub(super) contents: &'static Contents,
    pub(super) zone: Zone,
    pub(super) span: Span,
    pub(super) compare: Compare,
    pub(super) by: By,
    pub(super) written: WrittenFilter,
    pub(super) rows_max: usize,
    pub(super) now: i64,
    pub(super) current: Divided,
    pub(super) compared: Option<Divided>,
    /// Whether that one is cut to as much as is over of this one.
    pub(super) is_compared_cut: bool,
    filter: Filter,
    form: Option<AskedForm>,
}

/// A span and its parts.
#[derive(Clone, Debug)]
pub(super) struct Divided {
    pub(super) span: Span,
    pub(super) buckets: Vec<Bucket>,
    timeline: Timeline,
}

/// Why a report can't be made as asked; each message says what to write instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// No such report.
    #[error("there is no report {written:?}; write {}", listed(&ReportName::ALL.map(ReportName::name)))]
    UnknownReport {
        /// What was written.
        written: String,
    },
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The time zone.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// The span of time.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// The span to compare with.
    #[error("compare can't be read: {0}")]
    Compare(SpanError),
    /// A filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The series.
    #[error(transparent)]
    Division(#[from] DivisionError),
}

impl ReportRequest {
    /// Reads a report's name and its parameters, as pairs of name and value. `zone` is that of a
    /// request that names none, `now` the present in microseconds since 1970.
    ///
    /// # Errors
    /// [`RequestError`]: the first thing that is wrong, and what to write instead.
    pub fn parse<'a>(
        name: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        zone: Zone,
        now: i64,
    ) -> Result<ReportRequest, RequestError> {
        let name = ReportName::of(name).ok_or_else(|| RequestError::UnknownReport { written: repeated(name) })?;
        let mut written = WrittenParameters::default();
        for (parameter, value) in parameters {
            written.take(parameter, value)?;
        }
        let WrittenParameters { since, until, tz, by, compare, limit, format, filter } = written;
        let zone = tz.map_or(Ok(zone), |tz| tz.parse())?;
        let span = Span::parse(since.unwrap_or(SINCE), until, &zone, now)?;
        let by = by.map(|by| Words::read("by", by)).transpose()?.unwrap_or_else(|| By::suiting(&span));
        let compare = compare.map(|compare| Compare::parse(compare, &zone, now)).transpose()?.unwrap_or_default();
        let compared = span.compared(compare, &zone, now);
        let is_compared_cut = compared.is_some_and(|compared| compared.is_cut);
        let compared = compared.map(|compared| Divided::of(compared.span, by, &zone)).transpose()?;
        Ok(ReportRequest {
            name,
            contents: name.contents(),
            span,
            compare,
            by,
            rows_max: limit.map_or(Ok(ROWS_DEFAULT), rows_max)?,
            now,
            current: Divided::of(span, by, &zone)?,
            compared,
            is_compared_cut,
            zone,
            filter: filter.read()?,
            written: filter,
            form: format.map(|format| Words::read("format", format)).transpose()?,
        })
    }

    /// The same with these numbers only: what nobody looks at isn't looked for.
    #[must_use]
    pub fn with(self, contents: &'static Contents) -> ReportRequest {
        ReportRequest { contents, ..self }
    }

    /// What stands beside the overview where it is one file to take along: the lists of the same span and filter. None for
    /// other reports, and none that a filter makes take long: these are to be asked for by themselves.
    pub fn lists(&self) -> Vec<ReportRequest> {
        let Filter { subject, page, referrer, .. } = &self.filter;
        let is_all = |values: &[&summary::Values]| values.iter().all(|values| **values == summary::Values::default());
        let (has_pages, has_referrers) = (is_all(&[referrer]), is_all(&[subject, page]));
        let names = [
            (ReportName::Subjects, has_pages),
            (ReportName::Pages, has_pages),
            (ReportName::Referrers, has_referrers),
            (ReportName::Devices, true),
        ];
        let wanted = names.into_iter().filter(|(_, is_quick)| *is_quick && self.name == ReportName::Overview);
        wanted.map(|(name, _)| ReportRequest { name, contents: name.contents(), ..self.clone() }).collect()
    }

    /// The span, as the tables are asked for it.
    pub(crate) fn period(&self) -> Period {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Period::of(at(self.span.since), at(self.span.until))
    }

    /// The zone of its days.
    pub(crate) fn zone(&self) -> Zone {
        self.zone
    }

    /// What is let through.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Most rows.
    pub(crate) fn rows_max(&self) -> usize {
        self.rows_max
    }

    /// Which report it is.
    pub fn name(&self) -> ReportName {
        self.name
    }

    /// How it is to be written, if that is said.
    pub fn form(&self) -> Option<AskedForm> {
        self.form
    }

    /// What its series is divided by, as the parameter has it.
    pub fn divided_by(&self) -> &'static str {
        self.by.word()
    }

    /// Parts of its series.
    pub fn parts(&self) -> usize {
        self.current.buckets.len()
    }

    /// What is asked of the summaries: about the span, then about the one that it is compared with.
    pub(super) fn queries(&self) -> Vec<Query> {
        let by = self.name.dimension();
        let wanted = self.contents.wanted(by);
        // Where nothing is told by parts of the period there are none to add up.
        let timeline = |divided: &Divided| match self.contents.series {
            [] => Timeline::default(),
            _ => divided.timeline.clone(),
        };
        let query = |divided: &Divided| Query {
            since: divided.span.since,
            until: divided.span.until,
            now: self.now,
            filter: self.filter.clone(),
            timeline: timeline(divided),
            by,
            wanted,
        };
        std::iter::once(&self.current).chain(&self.compared).map(query).collect()
    }

    /// Whether only events that have a subject pass.
    pub(super) fn asks_for_a_subject(&self) -> bool {
        let subject = &self.filter.subject;
        subject.none_of.iter().any(String::is_empty)
            || (!subject.any_of.is_empty() && !subject.any_of.iter().any(String::is_empty))
    }

    /// Whether a channel's requests count.
    pub(super) fn counts(&self, channel: summary::Channel) -> bool {
        let channels = &self.filter.channel;
        (channels.any_of.is_empty() || channels.any_of.contains(&channel)) && !channels.none_of.contains(&channel)
    }
}

impl Divided {
    fn of(span: Span, by: By, zone: &Zone) -> Result<Divided, DivisionError> {
        let (timeline, buckets) = by.divide(&span, zone)?;
        Ok(Divided { span, buckets, timeline })
    }
}

/// Each parameter as it was written.
#[derive(Default)]
struct WrittenParameters<'a> {
    since: Option<&'a str>,
    until: Option<&'a str>,
    tz: Option<&'a str>,
    by: Option<&'a str>,
    compare: Option<&'a str>,
    limit: Option<&'a str>,
    format: Option<&'a str>,
    filter: WrittenFilter,
}

impl<'a> WrittenParameters<'a> {
    fn take(&mut self, parameter: &str, value: &'a str) -> Result<(), RequestError> {
        match self.filter.list(parameter) {
            Some(values) => values.push(value.to_owned()),
            None => self.take_once(parameter, value)?,
        }
        Ok(())
    }

    fn take_once(&mut self, parameter: &str, value: &'a str) -> Result<(), RequestError> {
        let once = |parameter: &'static str, place: &mut Option<&'a str>| match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(ParameterError::Twice { parameter }.into()),
        };
        match parameter {
            "since" => once("since", &mut self.since),
            "until" => once("until", &mut self.until),
            "tz" => once("tz", &mut self.tz),
            "by" => once("by", &mut self.by),
            "compare" => once("compare", &mut self.compare),
            "limit" => once("limit", &mut self.limit),
            "format" => once("format", &mut self.format),
            unknown => Err(ParameterError::unknown(unknown, PARAMETERS).into()),
        }
    }
}

fn rows_max(written: &str) -> Result<usize, ParameterError> {
    let number = written.parse().ok().filter(|number| (0..=ROWS_MAX).contains(number));
    number.ok_or_else(|| ParameterError::word("limit", written, format!("a number up to {ROWS_MAX}")))
}

#[cfg(test)]
mod tests {
    use summary::{Channel, Dimension, Want, Wanted};

    use super::*;
    use crate::metric;

    /// 2026-11-22T15:30:00Z
    const NOW: i64 = 1_795_361_400_000_000;

    fn parse(name: &str, parameters: &[(&str, &str)]) -> Result<ReportRequest, RequestError> {
        ReportRequest::parse(name, parameters.iter().copied(), Zone::UTC, NOW)
    }

    #[test]
    fn the_overview_has_lists_beside_it() {
        let check = |name: &str, parameters: &[(&str, &str)], expect: &[ReportName]| {
            let lists = parse(name, parameters).unwrap().lists();
            assert_eq!(lists.iter().map(ReportRequest::name).collect::<Vec<_>>(), expect, "{name} {parameters:?}");
            for list in &lists {
                assert_eq!(list.queries()[0].by, list.name.dimension());
                assert!(std::ptr::eq(list.contents, list.name.contents()));
            }
        };
        use ReportName::{Devices, Pages, Referrers, Subjects};
        check("overview", &[("channel", "chat"), ("limit", "3")], &[Subjects, Pages, Referrers, Devices]);
        check("overview", &[("page", "!a")], &[Subjects, Pages, Devices]);
        check("overview", &[("subject", "")], &[Subjects, Pages, Devices]);
        check("overview", &[("referrer", "search.example")], &[Referrers, Devices]);
        check("overview", &[("referrer", "search.example"), ("subject", "a")], &[Devices]);
        check("channels", &[], &[]);
        check("pages", &[], &[]);
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let request = parse("pages", &[]).unwrap();
        assert_eq!(
            (request.by, request.compare, request.rows_max, request.form),
            (By::Day, Compare::Previous, 20, None)
        );
        let queries = request.queries();
        let spans: Vec<[String; 2]> =
            queries.iter().map(|query| [query.since, query.until].map(|at| Zone::UTC.write(at))).collect();
        assert_eq!(
            spans,
            [["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"], ["2026-11-09T00:00:00Z", "2026-11-15T15:00:00Z"]]
        );
        assert!(queries.iter().all(|query| query.timeline.buckets == 7 && query.by == Some(Dimension::Page)));
        assert_eq!((request.divided_by(), request.parts()), ("day", 7));
    }

    #[test]
    fn what_nobody_looks_at_is_not_asked_for() {
        const SHOWN: Contents = Contents {
            totals: &[&metric::CONTACT_REQUESTS],
            series: &[],
            rows: &[&metric::CONTACT_REQUESTS, &metric::VISITORS],
        };
        let wanted = |name: &str| {
            let [query] =
                parse(name, &[("compare", "none"), ("by", "hour")]).unwrap().with(&SHOWN).queries().try_into().unwrap();
            assert_eq!(query.timeline, Timeline::default());
            query.wanted
        };
        let visitors = Want { visitors: true, ..Want::SUMS };
        assert_eq!(wanted("pages"), Wanted { rows: visitors, ..Wanted::SUMS });
        // Its rows are those of channels.
        assert_eq!(wanted("overview"), Wanted { totals: visitors, ..Wanted::SUMS });
    }

    #[test]
    fn everything_can_be_said() {
        let request = parse(
            "chat",
            &[
                ("since", "2026-10"),
                ("until", "2026-10"),
                ("tz", "Europe/Berlin"),
                ("by", "week"),
                ("channel", "chat"),
                ("channel", "!call"),
                ("subject", ""),
                ("compare", "none"),
                ("limit", "0"),
                ("format", "csv"),
            ],
        );
        let request = request.unwrap();
        assert_eq!(
            (request.form, request.rows_max, request.compared.is_none()),
            (Some(AskedForm::Written(ReportForm::Csv)), 0, true)
        );
        let queries = request.queries();
        let [query] = queries.as_slice() else { panic!("nothing to compare with: {queries:?}") };
        assert_eq!(request.zone.write(query.since), "2026-10-01T00:00:00+02:00");
        assert_eq!((query.by, query.timeline.buckets), (None, 5));
        assert_eq!(query.filter.subject.any_of, [""]);
        assert!(request.counts(Channel::Chat) && !request.counts(Channel::Call) && !request.counts(Channel::Text));
    }

    #[test]
    fn every_mistake_says_what_to_write() {
        let check = |name: &str, parameters: &[(&str, &str)], expect: &str| {
            assert_eq!(parse(name, parameters).unwrap_err().to_string(), expect);
        };
        let reports = "write overview, chat, channels, subjects, pages, referrers, devices or quality";
        check("chats", &[], &format!("there is no report \"chats\"; {reports}"));
        check("", &[], &format!("there is no report \"\"; {reports}"));
        check("chat", &[("sinc", "7d")], "there is no parameter \"sinc\"; did you mean since?");
        check(
            "chat",
            &[("x", "")],
            "there is no parameter \"x\"; write since, until, tz, by, datastream, channel, subject, page, device, referrer, compare, limit or format",
        );
        check("chat", &[("since", "1d"), ("since", "2d")], "since is given twice; write it once");
        check("chat", &[("by", "year")], "by is \"year\"; write hour, day, week, month or weekday-hour");
        check(
            "chat",
            &[("compare", "")],
            "compare is \"\"; write previous, year, weekdays, none, or dates such as 2026-10-01..2026-10-31",
        );
        check("chat", &[("format", "xml")], "format is \"xml\"; write json, csv, table, xlsx, html or svg");
        for limit in ["-1", "many", "1001", ""] {
            check("chat", &[("limit", limit)], &format!("limit is {limit:?}; write a number up to 1000"));
        }
        let starts = |parameters: &[(&str, &str)], expect: &str| {
            let error = parse("overview", parameters).unwrap_err().to_string();
            assert!(error.starts_with(expect), "{error}");
        };
        starts(&[("tz", "Europe/Berln")], "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin");
        starts(&[("since", "yesterday")], "can't read \"yesterday\" as a time; write 7d");
        starts(&[("since", "2026-11-02"), ("until", "2026-11-01")], "the period ends before it begins");
        starts(&[("since", "1920"), ("until", "2019")], "the period is 36525 days long");
        starts(&[("since", "1y"), ("by", "hour")], "by=hour divides this period into more than 2400 parts");
        starts(&[("channel", "phone")], "there is no channel \"phone\"; write chat, call");
    }
}
