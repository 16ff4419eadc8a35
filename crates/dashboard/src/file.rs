//! A report as one file to send: a page with its style inside, or its chart over time as a picture. Nothing in it leads
//! anywhere or asks for anything, whoever opens it and wherever.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use report::{Metric, Report, ReportName, metric};

use crate::asset::STYLE;
use crate::format::time;
use crate::links::without_links;
use crate::page::{Context, Told, notes, when};
use crate::pages::{chat, list, overview, quality};
use crate::parts::series::{columns_chart, requests, requests_chart};
use crate::parts::stat::{Stat, stats};
use crate::parts::values::Values;
use crate::text;
use crate::view::{FilterKind, Page, View};

/// What the page may load or run: its own style, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as a page, with the lists that stand beside it ([`ReportRequest::lists`](report::ReportRequest::lists)). `now` is
/// the present, in microseconds since 1970.
pub fn report_page(report: &Report, lists: &[Report], now: i64) -> String {
    let view = View::default();
    let context = context(report, &view, now);
    let told = Told::of(report, &lists.iter().collect::<Vec<_>>());
    let span = time::span(&told.period.since, &told.period.until);
    let title = title(report.report);
    let content = without_links(&content(&context, report, lists).into_string());
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (span) " · Frontdesk" }
                style { (PreEscaped(STYLE.text())) }
            }
            body {
                main.width {
                    div.heading {
                        h1 { (title) }
                        (when(&told, &span))
                    }
                    @for (kind, values) in filters(report) {
                        p.says { "Only " (kind) ": " (values) }
                    }
                    (PreEscaped(content))
                    (notes(&told.notes))
                    p.says { "Made by Frontdesk." }
                }
            }
        }
    };
    whole.into_string()
}

/// The report's chart over time, as SVG.
pub fn report_picture(report: &Report, now: i64) -> String {
    let view = View::default();
    let context = context(report, &view, now);
    let columns = |id, title, metric| columns_chart(&context, report, id, title, metric);
    let chart = match report.report {
        ReportName::Overview | ReportName::Channels => requests_chart(&context, report),
        ReportName::Chat => columns("started", "Chats started over time", &metric::CHATS_STARTED),
        ReportName::Subjects | ReportName::Pages | ReportName::Referrers | ReportName::Devices => {
            columns("requests", "Contact requests over time", &metric::CONTACT_REQUESTS)
        }
        ReportName::Quality => columns("accepted", "Accepted events over time", &metric::ACCEPTED),
    };
    let filters: String = filters(report).map(|(kind, values)| format!(" · only {kind}: {values}")).collect();
    let span = time::span(&report.period.since, &report.period.until);
    // XML has no way to write the last two letters.
    let filters = filters.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    chart.alone(&format!("{span} · {}{filters} · Frontdesk", report.period.tz))
}

fn context<'a>(report: &Report, view: &'a View, now: i64) -> Context<'a> {
    let page = match report.report {
        ReportName::Overview | ReportName::Channels => Page::Overview,
        ReportName::Chat => Page::Chat,
        ReportName::Subjects => Page::Subjects,
        ReportName::Pages => Page::Pages,
        ReportName::Referrers => Page::Referrers,
        ReportName::Devices => Page::Devices,
        ReportName::Quality => Page::Quality,
    };
    Context {
        page,
        view,
        now,
        origin: "",
        is_signed_in: false,
        kept: None,
        standing: None,
        demo: None,
        shared: None,
        is_file: true,
    }
}

fn title(name: ReportName) -> &'static str {
    match name {
        ReportName::Overview => "Contact requests",
        ReportName::Channels => "Channels",
        ReportName::Chat => "Chat",
        ReportName::Subjects => "Subjects",
        ReportName::Pages => "Pages",
        ReportName::Referrers => "Referrers",
        ReportName::Devices => "Devices",
        ReportName::Quality => "Quality of the data",
    }
}

/// Which events it is about, in words.
pub(crate) fn filters(report: &Report) -> impl Iterator<Item = (&'static str, String)> {
    let kinds = report.filter.lists();
    let written = |value: &String| match value.as_str() {
        "" => "none".to_owned(),
        "!" => "not none".to_owned(),
        value => match value.strip_prefix('!') {
            Some(value) => format!("not {}", text::shown(value)),
            None => text::shown(value),
        },
    };
    let shown = move |(kind, values): (&'static str, &Vec<String>)| {
        (kind, values.iter().map(written).collect::<Vec<_>>().join(", "))
    };
    kinds.into_iter().filter(|(_, values)| !values.is_empty()).map(shown)
}

fn content(context: &Context<'_>, report: &Report, lists: &[Report]) -> Markup {
    match report.report {
        ReportName::Overview | ReportName::Channels => of_channels(context, report, lists),
        ReportName::Chat => chat::content(context, report),
        ReportName::Subjects => list::content(context, list::of_subjects(report, None)),
        ReportName::Pages => list::content(context, list::of_pages(report, None)),
        ReportName::Referrers => list::content(context, list::of_referrers(report, None)),
        ReportName::Devices => list::content(context, list::of_devices(report, None)),
        ReportName::Quality => quality::content(context, report, None),
    }
}

fn of_channels(context: &Context<'_>, report: &Report, lists: &[Report]) -> Markup {
    let stat = |metric| Stat { metric, label: None, report };
    html! {
        (stats("stats few", context.now, &[
            stat(&metric::CONTACT_REQUESTS),
            stat(&metric::VISITORS),
            stat(&metric::CONTACT_RATE),
            stat(&metric::CHATS_STARTED),
        ]))
        div.grid {
            div.whole {
                @if report.by == "weekday-hour" { (overview::heat(report, context.now)) } @else { (requests(context, report)) }
            }
            div.whole {
                (Values {
                    id: "channels", title: "Channels", one: "Channel", many: "Channels", report,
                    kind: Some(FilterKind::Channel), columns: &[(&metric::CONTACT_REQUESTS, "Requests")], more: None,
                }.draw(context))
            }
            @for list in lists { @if let Some(values) = beside(list) { div.half { (values.draw(context)) } } }
        }
    }
}

/// A list that stands beside the overview.
fn beside(report: &Report) -> Option<Values<'_>> {
    const REQUESTS: (&Metric, &str) = (&metric::CONTACT_REQUESTS, "Requests");
    const RATE: (&Metric, &str) = (&metric::CONTACT_RATE, "Rate");
    const VISITORS: (&Metric, &str) = (&metric::VISITORS, "Visitors");
    type Columns = &'static [(&'static Metric, &'static str)];
    let (id, title, one, kind, columns): (_, _, _, _, Columns) = match report.report {
        ReportName::Subjects => ("subjects", "Subjects", "Subject", FilterKind::Subject, const { &[REQUESTS] }),
        ReportName::Pages => ("pages", "Pages", "Page", FilterKind::Page, const { &[REQUESTS, RATE] }),
        ReportName::Referrers => {
            ("referrers", "Referrers", "Referrer", FilterKind::Referrer, const { &[VISITORS, REQUESTS] })
        }
        ReportName::Devices => ("devices", "Devices", "Device", FilterKind::Device, const { &[REQUESTS, RATE] }),
        ReportName::Overview | ReportName::Channels | ReportName::Chat | ReportName::Quality => return None,
    };
    Some(Values { id, title, one, many: title, report, kind: Some(kind), columns, more: None })
}
