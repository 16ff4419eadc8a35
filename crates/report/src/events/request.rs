//! Which events are listed, from the words of a URL. Period, time zone and filters are those of reports.

use summary::{Channels, Filter, Values};

use crate::metrics::{METRICS, Measure, Metric};
use crate::reports::{ParameterError, ReportName, ReportPeriod, ReportRequest, RequestError};
use crate::{Period, Zone};

/// Events on one page of the list.
const ROWS_DEFAULT: usize = 50;
/// Longest text that is searched for, in bytes: longer ids are refused on their way in.
const FIND_BYTES_MAX: usize = 1_024;
/// Between the time and the id of a place in the list; no time holds it.
const PLACE_SEPARATOR: char = '~';
/// What the list takes besides the parameters of reports, each with its meaning.
pub const EVENTS_PARAMETERS: &[(&str, &str)] = &[
    ("find", "Only events with this id, session or visitor"),
    ("show", "stored (when absent) or rejected"),
    ("reason", "Of rejected events: only those whose first violation is of this rule"),
    ("anomaly", "Only events of this kind of anomaly, named as the metric is: anomalies_counter, late …"),
    ("before", "Only what stands behind this place in the list, as the link to older events has it"),
];

/// Which table is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// `activity`, by the events' own time.
    Stored,
    /// `rejects`, by the time of receipt.
    Rejected,
}

/// A place in a list: after it the older ones follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) time: String,
    pub(super) id: String,
}

/// A page of the list that is asked for.
#[derive(Clone, Debug)]
pub struct EventsRequest {
    pub(super) period: Period,
    pub(super) zone: Zone,
    pub(super) filter: Filter,
    pub(super) listed: Listed,
    pub(super) find: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) anomaly: Option<&'static Metric>,
    pub(super) before: Option<Place>,
    pub(super) rows_max: usize,
}

impl EventsRequest {
    /// Reads the parameters of the list; `zone` is that of a URL that names none, `now` the present in microseconds
    /// since 1970.
    ///
    /// # Errors
    /// [`RequestError`]: the first thing that is wrong, and what to write instead.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        zone: Zone,
        now: i64,
    ) -> Result<EventsRequest, RequestError> {
        let mut own: [Option<&str>; 5] = [None; 5];
        let mut rest = Vec::new();
        let mut has_limit = false;
        for (name, value) in parameters {
            match EVENTS_PARAMETERS.iter().position(|(known, _)| *known == name) {
                Some(place) if own[place].is_some() => {
                    return Err(ParameterError::Twice { parameter: EVENTS_PARAMETERS[place].0 }.into());
                }
                // A form sends the fields that were left empty, too.
                Some(place) => own[place] = Some(value).filter(|value| !value.is_empty()),
                None => {
                    has_limit |= name == "limit";
                    rest.push((name, value));
                }
            }
        }
        let [find, show, reason, anomaly, before] = own;
        let report = ReportRequest::parse(ReportName::Overview.name(), rest, zone, now)?;
        Ok(EventsRequest {
            period: report.period(),
            zone: report.zone(),
            filter: report.filter().clone(),
            listed: show.map_or(Ok(Listed::Stored), listed)?,
            find: find.map(|find| bounded("find", find)).transpose()?,
            reason: reason.map(|reason| bounded("reason", reason)).transpose()?,
            anomaly: anomaly.map(kind).transpose()?,
            before: before.map(place).transpose()?,
            rows_max: if has_limit { report.rows_max().max(1) } else { ROWS_DEFAULT },
        })
    }

    /// The span that is listed.
    pub fn period(&self) -> &Period {
        &self.period
    }

    /// The zone of its days.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The same as reports tell it.
    pub fn report_period(&self, now: i64) -> ReportPeriod {
        let (since, until) = (self.period.since().timestamp_micros(), self.period.until().timestamp_micros());
        ReportPeriod {
            since: self.zone.write(since),
            until: self.zone.write(until),
            tz: self.zone.name().to_owned(),
            so_far: (since..until).contains(&now),
        }
    }

    /// What the zone's clock showed at a time that is written in RFC 3339, in the same form.
    pub fn clock(&self, time: &str) -> String {
        chrono::DateTime::parse_from_rfc3339(time)
            .map_or_else(|_| time.to_owned(), |time| self.zone.write(time.timestamp_micros()))
    }

    /// Which table is listed.
    pub fn listed(&self) -> Listed {
        self.listed
    }

    /// The id that is searched for.
    pub fn find(&self) -> Option<&str> {
        self.find.as_deref()
    }

    /// The rule that rejected events broke.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The anomaly that is shown.
    pub fn anomaly(&self) -> Option<&'static Metric> {
        self.anomaly
    }

    /// Whether it is not the first page of the list.
    pub fn is_continued(&self) -> bool {
        self.before.is_some()
    }
}

/// The place behind a row, as `before` takes it.
pub(super) fn behind(time: &str, id: &str) -> String {
    format!("{time}{PLACE_SEPARATOR}{id}")
}

/// Whether anything is let through or left out.
pub(super) fn is_any(values: &Values) -> bool {
    !values.any_of.is_empty() || !values.none_of.is_empty()
}

/// The same of channels.
pub(super) fn is_any_channel(channels: &Channels) -> bool {
    !channels.any_of.is_empty() || !channels.none_of.is_empty()
}

fn listed(written: &str) -> Result<Listed, ParameterError> {
    match written {
        "stored" => Ok(Listed::Stored),
        "rejected" => Ok(Listed::Rejected),
        _ => Err(ParameterError::word("show", written, "stored or rejected")),
    }
}

/// The metrics that count events or sessions that can't be right.
fn kind(written: &str) -> Result<&'static Metric, ParameterError> {
    let kinds = || METRICS.iter().filter(|metric| is_kind(metric));
    let found = kinds().find(|metric| metric.name == written);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = kinds().map(|metric| metric.name).collect();
        ParameterError::word("anomaly", written, names.join(", "))
    })
}

fn is_kind(metric: &Metric) -> bool {
    let is_anomaly = metric.name.starts_with("anomalies_") || metric.name == "late";
    is_anomaly && matches!(metric.measure, Measure::Rows(_) | Measure::Sessions(_))
}

fn place(written: &str) -> Result<Place, ParameterError> {
    let wrong = || ParameterError::word("before", written, "what the link to older events has");
    let (time, id) = written.split_once(PLACE_SEPARATOR).ok_or_else(wrong)?;
    let time = chrono::DateTime::parse_from_rfc3339(time).map_err(|_| wrong())?.to_utc();
    Ok(Place { time: crate::period::iso(time), id: bounded("before", id)? })
}

fn bounded(parameter: &'static str, written: &str) -> Result<String, ParameterError> {
    match written.len() <= FIND_BYTES_MAX {
        true => Ok(written.to_owned()),
        false => Err(ParameterError::word(parameter, written, "a text of at most 1,024 bytes")),
    }
}
