//! A view by mail: which pages can be sent, what they are made from, and what is told of them.

use percent_encoding::percent_decode_str;
use report::{Metric, MetricAnswer, Report, ReportName, RowKind, metric};

use super::{Bar, Body, Chart, List, Mail, Number, Row};
use crate::change::Change;
use crate::file::filters;
use crate::format::number::{Unit, count};
use crate::format::time;
use crate::page::{Told, compared_span};
use crate::parts::named::{device, referrer};
use crate::parts::series::{CHANNEL_CLASSES, changed, channel};
use crate::parts::stat::estimates;
use crate::reading::{When, part, part_head, parts, total, unit, written};
use crate::text;
use crate::view::{Page, View};

/// Parts of a series that are drawn; of more there are the numbers above alone.
const PARTS_MAX: usize = 100;
/// Longest view as it is written, in bytes.
const VIEW_BYTES_MAX: usize = 4_000;
/// Parameters of a view.
const PARAMETERS_MAX: usize = 200;

/// A report that a mail is made from.
#[derive(Clone, Copy, Debug)]
pub struct MailedReport {
    /// Which one.
    pub name: ReportName,
    /// Parameters that are so whatever the view says.
    pub set: &'static [(&'static str, &'static str)],
}

const fn whole(name: ReportName) -> MailedReport {
    MailedReport { name, set: &[] }
}

const TOP: &[(&str, &str)] = &[("limit", "8")];
const OVERVIEW: &[MailedReport] = &[
    whole(ReportName::Overview),
    whole(ReportName::Chat),
    MailedReport { name: ReportName::Subjects, set: TOP },
    MailedReport { name: ReportName::Pages, set: TOP },
    MailedReport { name: ReportName::Referrers, set: TOP },
    MailedReport { name: ReportName::Devices, set: TOP },
];

/// The span of a view that names none: what is over, since a mail is read later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedSpan {
    /// The day before.
    Day,
    /// The seven days before.
    Week,
}

/// A view that is sent by mail: a page and its parameters, as in its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedView {
    page: Page,
    parameters: Vec<(String, String)>,
}

/// Why a text is no view that can be sent; the message says what to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailedViewError {
    /// No page, or one of single events.
    Page,
    /// Too long.
    TooLong,
}

impl std::fmt::Display for MailedViewError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            MailedViewError::Page => {
                "expected a page with its query, such as /?channel=chat, /chat, /subjects, /pages, /referrers, /devices or /quality, or the name of a saved view"
            }
            MailedViewError::TooLong => "expected a view of at most 4,000 bytes and 200 parameters",
        })
    }
}

impl std::error::Error for MailedViewError {}

impl MailedView {
    /// Reads `/chat?since=7d&channel=chat`: a page's address without the server. What its parameters mean is read when the reports are.
    ///
    /// # Errors
    /// [`MailedViewError`].
    pub fn parse(text: &str) -> Result<MailedView, MailedViewError> {
        if text.len() > VIEW_BYTES_MAX {
            return Err(MailedViewError::TooLong);
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let page = Page::ALL.into_iter().find(|page| page.path() == path).ok_or(MailedViewError::Page)?;
        if reports(page).is_empty() {
            return Err(MailedViewError::Page);
        }
        let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let parameters: Vec<(String, String)> =
            pairs.map(|(name, value)| (decoded(name), decoded(value))).take(PARAMETERS_MAX + 1).collect();
        if parameters.len() > PARAMETERS_MAX {
            return Err(MailedViewError::TooLong);
        }
        Ok(MailedView { page, parameters })
    }

    /// Whether it says which span it is about.
    pub fn names_a_span(&self) -> bool {
        self.parameters.iter().any(|(name, value)| matches!(name.as_str(), "since" | "until") && !value.is_empty())
    }

    /// What it is made from.
    pub fn reports(&self) -> &'static [MailedReport] {
        reports(self.page)
    }

    /// The parameters of one of its reports.
    pub fn parameters<'a>(&'a self, report: &MailedReport, span: MailedSpan) -> Vec<(&'a str, &'a str)> {
        let is_set = |name: &str| report.set.iter().any(|(set, _)| *set == name);
        // A form of a page writes the fields that were left empty, too.
        let is_left_out = |name: &str, value: &str| is_set(name) || (value.is_empty() && View::is_once(name));
        let written = self
            .parameters
            .iter()
            .filter(|(name, value)| !is_left_out(name, value))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut parameters: Vec<(&str, &str)> = written.chain(report.set.iter().copied()).collect();
        if !self.names_a_span() {
            let since = if span == MailedSpan::Day { "2d" } else { "8d" };
            parameters.extend([("since", since), ("until", "1d")]);
        }
        parameters
    }

    /// Where just these numbers are: with the dates in place of what is counted from today, and their zone.
    fn href(&self, report: &Report) -> String {
        let view = View::parse(self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let view = view.with("tz", Some(&report.period.tz));
        let days = time::days(&report.period.since, &report.period.until);
        let is_days = [&report.period.since, &report.period.until].iter().all(|at| is_midnight(at));
        match days.filter(|_| is_days) {
            Some((since, until)) => {
                let by = view.get("by").map(str::to_owned);
                view.during(&since, Some(&until)).with("by", by.as_deref())
            }
            None => view.with("since", Some(&report.period.since)).with("until", Some(&report.period.until)),
        }
        .href(self.page)
    }
}

fn is_midnight(rfc3339: &str) -> bool {
    time::local(rfc3339).is_some_and(|time| time.time() == chrono::NaiveTime::MIN)
}

fn reports(page: Page) -> &'static [MailedReport] {
    match page {
        Page::Overview => OVERVIEW,
        Page::Chat => const { &[whole(ReportName::Chat)] },
        Page::Subjects => const { &[whole(ReportName::Subjects)] },
        Page::Pages => const { &[whole(ReportName::Pages)] },
        Page::Referrers => const { &[whole(ReportName::Referrers)] },
        Page::Devices => const { &[whole(ReportName::Devices)] },
        Page::Quality => const { &[whole(ReportName::Quality)] },
        Page::Events | Page::Schemas | Page::Sql => &[],
    }
}

/// A view to be sent.
#[derive(Clone, Copy, Debug)]
pub struct ViewMail<'a> {
    /// The view.
    pub view: &'a MailedView,
    /// What it is called: the name of a saved view; `None` for the page's.
    pub title: Option<&'a str>,
    /// Its reports, in the order of [`MailedView::reports`].
    pub reports: &'a [Report],
    /// Where Frontdesk is asked, such as `https://desk.shop.example`, without a slash at the end.
    pub public_url: &'a str,
    /// The mailing's name in the settings.
    pub name: &'a str,
    /// The present, in microseconds since 1970.
    pub now: i64,
}

/// The mail; `None` if these aren't its reports.
pub fn view_mail(mail: &ViewMail<'_>) -> Option<Mail> {
    let page = mail.view.page;
    let first = mail.reports.first()?;
    if mail.reports.len() != mail.view.reports().len() {
        return None;
    }
    let told = Told::of(first, &mail.reports[1..].iter().collect::<Vec<_>>());
    let heading = mail.title.map_or_else(|| page.label().to_owned(), text::shown);
    let (metrics, drawn) = contents(page);
    let numbers = metrics.iter().filter_map(|(metric, label)| number(mail.reports, metric, label));
    let mut body = Body {
        heading: heading.clone(),
        span: time::span(&told.period.since, &told.period.until),
        tz: told.period.tz.clone(),
        is_so_far: told.period.so_far,
        compared: told.compared.as_ref().map(compared_span),
        filters: filters(first).map(|(kind, values)| format!("Only {kind}: {values}")).collect(),
        numbers: numbers.collect(),
        chart: drawn.and_then(|metric| chart(first, metric, mail.now)),
        lists: mail.reports.iter().filter_map(list).collect(),
        notes: told.notes,
        link: format!("{}{}", mail.public_url, mail.view.href(first)),
        foot: format!(
            "Sent by Frontdesk as the mailing “{}” of its settings; whoever keeps them can end it.",
            text::shown(mail.name)
        ),
        ..Body::default()
    };
    body.notes.truncate(8);
    let subject =
        subject(first, metrics.first().map_or(&metric::CONTACT_REQUESTS, |(metric, _)| metric), &heading, &body);
    Some(body.mail(subject))
}

/// `1,942 contact requests (+12 %) – Overview, 22 – 28 Nov 2026`
fn subject(report: &Report, metric: &Metric, heading: &str, body: &Body) -> String {
    let so_far = if body.is_so_far { " so far" } else { "" };
    let Some(answer) = total(report, metric) else { return format!("{heading}, {}{so_far}", body.span) };
    let label = metric.label;
    let (first, rest) = label.split_at(label.chars().next().map_or(0, char::len_utf8));
    let value = answer.value.map_or_else(|| "–".to_owned(), written);
    let change = match Change::of(answer) {
        Change::Unknown => String::new(),
        change @ (Change::By(_) | Change::ByPoints(_) | Change::FromLittle { .. }) => format!(" ({})", change.brief()),
        Change::Same => " (unchanged)".to_owned(),
    };
    format!("{value} {}{rest}{so_far}{change} – {heading}, {}", first.to_lowercase(), body.span)
}

type Shown = &'static [(&'static Metric, Option<&'static str>)];

/// The headline numbers of a page, and which metric is drawn over time.
fn contents(page: Page) -> (Shown, Option<&'static Metric>) {
    const ACCEPTANCE: (&Metric, Option<&str>) = (&metric::INVITATION_ACCEPTANCE_RATE, Some("Acceptance rate"));
    const DURATION: (&Metric, Option<&str>) = (&metric::CHAT_DURATION_SECONDS, Some("Chat duration, median"));
    const OF_LISTS: Shown = &[
        (&metric::CONTACT_REQUESTS, None),
        (&metric::VISITORS, None),
        (&metric::CONTACT_VISITORS, None),
        (&metric::CONTACT_RATE, None),
    ];
    match page {
        Page::Chat => (
            const {
                &[
                    (&metric::CHATS_STARTED, None),
                    (&metric::CHATS_OFFERED, None),
                    ACCEPTANCE,
                    (&metric::INVITATION_DECLINE_RATE, Some("Decline rate")),
                    DURATION,
                    (&metric::CHATS_UNENDED, None),
                ]
            },
            Some(&metric::CHATS_STARTED),
        ),
        Page::Subjects | Page::Pages | Page::Referrers | Page::Devices => (OF_LISTS, Some(&metric::CONTACT_REQUESTS)),
        Page::Quality => (
            const {
                &[
                    (&metric::ACCEPTED, None),
                    (&metric::REJECTED, None),
                    (&metric::DUPLICATES, None),
                    (&metric::CONFLICTS, None),
                    (&metric::LATE, None),
                    (&metric::ANOMALIES, None),
                ]
            },
            Some(&metric::ANOMALIES),
        ),
        Page::Overview | Page::Events | Page::Schemas | Page::Sql => (
            const {
                &[
                    (&metric::CONTACT_REQUESTS, None),
                    (&metric::VISITORS, None),
                    (&metric::CONTACT_RATE, None),
                    (&metric::CHATS_STARTED, None),
                    ACCEPTANCE,
                    DURATION,
                ]
            },
            Some(&metric::CONTACT_REQUESTS),
        ),
    }
}

/// A headline number, of the first report that has it.
fn number(reports: &[Report], metric: &Metric, label: &Option<&str>) -> Option<Number> {
    let answer = reports.iter().find_map(|report| total(report, metric))?;
    let mut asides: Vec<String> = estimates(answer.note.as_deref()).map(str::to_owned).collect();
    if answer.value.is_none() {
        asides.extend(answer.reason.clone());
    }
    if let Some(report::MetricNumber::Seconds(lengths)) = answer.value {
        asides.insert(0, format!("90 of 100 within {}", Unit::Seconds.write(f64::from(lengths.p90))));
    }
    Some(Number {
        label: label.unwrap_or(metric.label).to_owned(),
        value: answer.value.map_or_else(|| "–".to_owned(), written),
        change: told(answer),
        asides,
    })
}

/// How a number changed: `+12 % from 1,734`, `from 0 to 3`.
fn told(answer: &MetricAnswer) -> String {
    match Change::of(answer) {
        Change::Unknown => String::new(),
        Change::Same => "unchanged".to_owned(),
        Change::FromLittle { from, to, .. } => format!("from {from} to {to}"),
        by @ (Change::By(_) | Change::ByPoints(_)) => match answer.previous {
            Some(previous) => format!("{} from {}", by.brief(), written(previous)),
            None => by.brief(),
        },
    }
}

fn chart(report: &Report, metric: &'static Metric, now: i64) -> Option<Chart> {
    let unit = unit(metric);
    let parts = parts(report, now);
    if parts.len() < 2 || parts.len() > PARTS_MAX {
        return None;
    }
    let bar = |place: &crate::reading::Part<'_>| {
        let size = part(&place.bucket.metrics, metric).unwrap_or(0.0);
        let name = place.name();
        Bar { short: name.short, long: name.long, value: unit.write(size), size, is_so_far: place.when == When::SoFar }
    };
    let bars: Vec<Bar> = parts.iter().filter(|part| part.when.has_begun()).map(bar).collect();
    let most = bars.iter().rev().max_by(|one, other| one.size.total_cmp(&other.size)).filter(|most| most.size > 0.0);
    let most = most.map(|most| format!("; the most: {} with {}", most.long, most.value)).unwrap_or_default();
    Some(Chart {
        title: format!("{} by {}", metric.label, part_head(report).to_lowercase()),
        sentence: format!("{}{most}.", changed(report, metric)),
        parts: bars,
    })
}

/// The rows of a report that has some.
fn list(report: &Report) -> Option<List> {
    let (title, one, many, metric) = match (report.report, report.rows_by.as_deref()?) {
        (ReportName::Overview | ReportName::Channels, _) => {
            ("Channels", "channel", "channels", &metric::CONTACT_REQUESTS)
        }
        (ReportName::Subjects, _) => ("Subjects", "subject", "subjects", &metric::CONTACT_REQUESTS),
        (ReportName::Pages, _) => ("Pages", "page", "pages", &metric::CONTACT_REQUESTS),
        (ReportName::Referrers, _) => ("Referrers, by visitors", "referrer", "referrers", &metric::VISITORS),
        (ReportName::Devices, _) => ("Devices", "device", "devices", &metric::CONTACT_REQUESTS),
        (ReportName::Quality, _) => ("Rejected, by reason", "reason", "reasons", &metric::REJECTED),
        (ReportName::Chat, _) => return None,
    };
    let values = report.rows.iter().filter(|row| row.kind == RowKind::Value);
    let host = text::common_host(values.map(|row| row.value.as_deref().unwrap_or_default())).filter(|_| one == "page");
    let by_channel = title == "Channels";
    let is_compared = report.compared.is_some();
    let row = |row: &report::ReportRow| {
        let size = part(&row.metrics, metric).unwrap_or(0.0);
        let value = row.value.as_deref().unwrap_or_default();
        let (name, colour) = match row.kind {
            RowKind::None if one == "device" => (device(""), usize::MAX),
            RowKind::None if one == "referrer" => (referrer(""), usize::MAX),
            RowKind::None => (format!("No {one}"), usize::MAX),
            RowKind::Other => (format!("Other {many}"), usize::MAX),
            RowKind::Value if by_channel => match channel(value) {
                Some((class, label)) => {
                    let place = CHANNEL_CLASSES.iter().position(|known| *known == class);
                    (label.to_owned(), place.unwrap_or(0))
                }
                None => (text::shown(value), 0),
            },
            RowKind::Value if one == "page" => {
                (host.map_or_else(|| text::page(value), |host| text::path(value, host)), 0)
            }
            RowKind::Value if one == "device" => (device(value), 0),
            RowKind::Value if one == "referrer" => (referrer(value), 0),
            RowKind::Value => (text::shown(value), 0),
        };
        let change = row.metrics.get(metric.name).map_or(Change::Unknown, Change::of_part);
        let change = if is_compared { change.brief() } else { String::new() };
        Row { name, value: Unit::Count.write(size), change, size, colour }
    };
    let rows: Vec<Row> = report.rows.iter().map(row).filter(|row| row.size > 0.0).collect();
    let foot = match (rows.is_empty(), report.rows_left_out) {
        (true, _) => Some(format!("No {many} in this period.")),
        (false, 0) => None,
        (false, more) => Some(format!("{} more {many} are in Frontdesk.", count(more))),
    };
    let title = host.map_or_else(|| title.to_owned(), |host| format!("{title} of {}", text::shown(host)));
    Some(List { title, rows, foot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_a_page_with_numbers() {
        let check = |text: &str, expect: Result<(Page, &[(&str, &str)]), MailedViewError>| {
            let got = MailedView::parse(text);
            let expect = expect.map(|(page, parameters)| MailedView {
                page,
                parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            });
            assert_eq!(got, expect, "{text}");
        };
        check("/", Ok((Page::Overview, &[])));
        check(
            "/chat?since=7d&subject=a+b%26c&subject=",
            Ok((Page::Chat, &[("since", "7d"), ("subject", "a b&c"), ("subject", "")])),
        );
        for text in ["", "chat", "/chats", "/events", "/sql?sql=select", "https://x.example/chat", "/chat#x"] {
            check(text, Err(MailedViewError::Page));
        }
        check(&format!("/?subject={}", "a".repeat(4_000)), Err(MailedViewError::TooLong));
        check(&format!("/?{}", "page=a&".repeat(201)), Err(MailedViewError::TooLong));
    }

    #[test]
    fn a_view_without_a_span_is_of_what_is_over() {
        let view = MailedView::parse("/?channel=chat&limit=3").unwrap();
        let [overview, _, subjects, ..] = view.reports() else { panic!("{:?}", view.reports()) };
        assert_eq!(
            view.parameters(overview, MailedSpan::Day),
            [("channel", "chat"), ("limit", "3"), ("since", "2d"), ("until", "1d")]
        );
        assert_eq!(
            view.parameters(subjects, MailedSpan::Week),
            [("channel", "chat"), ("limit", "8"), ("since", "8d"), ("until", "1d")]
        );
        let view = MailedView::parse("/chat?since=30d").unwrap();
        assert_eq!(view.parameters(&view.reports()[0], MailedSpan::Day), [("since", "30d")]);
    }
}
