//! All subjects, pages, referrers, devices: the whole list with the numbers of each.

use maud::{Markup, html};
use report::{Metric, Report, metric};

use crate::page::{Context, Told, page};
use crate::parts::stat::{Stat, stats};
use crate::parts::values::Values;
use crate::view::{FilterKind, Page};

/// What stands beside each subject. The first is drawn.
const OF_SUBJECTS: &[(&Metric, &str)] = &[
    (&metric::CONTACT_REQUESTS, "Requests"),
    (&metric::CONTACT_VISITORS, "Visitors who asked"),
    (&metric::CHATS_STARTED, "Chats"),
    (&metric::CHAT_DURATION_SECONDS, "Duration"),
    (&metric::CLICK_TO_CALL, "Calls"),
    (&metric::CLICK_TO_EMAIL, "E-mails"),
];
/// What stands beside each referrer: few ask on the page that they came to.
const OF_REFERRERS: &[(&Metric, &str)] = &[
    (&metric::VISITORS, "Visitors"),
    (&metric::CONTACT_REQUESTS, "Requests"),
    (&metric::CONTACT_RATE, "Contact rate"),
    (&metric::CHATS_STARTED, "Chats"),
    (&metric::INVITATION_ACCEPTANCE_RATE, "Acceptance"),
    (&metric::CHAT_DURATION_SECONDS, "Duration"),
];
/// What stands beside each page and device.
const OF_PAGES: &[(&Metric, &str)] = &[
    (&metric::CONTACT_REQUESTS, "Requests"),
    (&metric::VISITORS, "Visitors"),
    (&metric::CONTACT_RATE, "Contact rate"),
    (&metric::CHATS_STARTED, "Chats"),
    (&metric::INVITATION_ACCEPTANCE_RATE, "Acceptance"),
    (&metric::CHAT_DURATION_SECONDS, "Duration"),
];
/// Rows of the longer list; more can't be asked for.
pub(crate) const LIMIT_MAX: &str = "1000";

/// The page of subjects, from the report `subjects`.
pub fn subjects(context: &Context<'_>, report: &Report) -> String {
    let content = content(context, of_subjects(report, more(context, report, Page::Subjects)));
    page(context, Some(&Told::of(report, &[])), &content)
}

/// The page of pages, from the report `pages`.
pub fn pages(context: &Context<'_>, report: &Report) -> String {
    let content = content(context, of_pages(report, more(context, report, Page::Pages)));
    page(context, Some(&Told::of(report, &[])), &content)
}

/// The page of referrers, from the report `referrers`.
pub fn referrers(context: &Context<'_>, report: &Report) -> String {
    let content = content(context, of_referrers(report, more(context, report, Page::Referrers)));
    page(context, Some(&Told::of(report, &[])), &content)
}

/// The page of devices, from the report `devices`.
pub fn devices(context: &Context<'_>, report: &Report) -> String {
    let content = content(context, of_devices(report, more(context, report, Page::Devices)));
    page(context, Some(&Told::of(report, &[])), &content)
}

/// The list of subjects, with where the rest is.
pub(crate) fn of_subjects(report: &Report, more: Option<(String, String)>) -> Values<'_> {
    Values {
        id: "subjects",
        title: "All subjects",
        one: "Subject",
        many: "Subjects",
        report,
        kind: Some(FilterKind::Subject),
        columns: OF_SUBJECTS,
        more,
    }
}

/// The list of pages, likewise.
pub(crate) fn of_pages(report: &Report, more: Option<(String, String)>) -> Values<'_> {
    Values {
        id: "pages",
        title: "All pages",
        one: "Page",
        many: "Pages",
        report,
        kind: Some(FilterKind::Page),
        columns: OF_PAGES,
        more,
    }
}

/// The list of referrers, likewise.
pub(crate) fn of_referrers(report: &Report, more: Option<(String, String)>) -> Values<'_> {
    Values {
        id: "referrers",
        title: "All referrers",
        one: "Referrer",
        many: "Referrers",
        report,
        kind: Some(FilterKind::Referrer),
        columns: OF_REFERRERS,
        more,
    }
}

/// The list of kinds of devices, likewise.
pub(crate) fn of_devices(report: &Report, more: Option<(String, String)>) -> Values<'_> {
    Values {
        id: "devices",
        title: "Devices",
        one: "Device",
        many: "Devices",
        report,
        kind: Some(FilterKind::Device),
        columns: OF_PAGES,
        more,
    }
}

/// What is on such a page.
pub(crate) fn content(context: &Context<'_>, values: Values<'_>) -> Markup {
    let report = values.report;
    let stat = |metric| Stat { metric, label: None, report };
    html! {
        (stats("stats few", context.now, &[
            stat(&metric::CONTACT_REQUESTS),
            stat(&metric::VISITORS),
            stat(&metric::CONTACT_VISITORS),
            stat(&metric::CONTACT_RATE),
        ]))
        div.grid { div.whole { (values.draw(context)) } }
    }
}

fn more(context: &Context<'_>, report: &Report, page: Page) -> Option<(String, String)> {
    let is_longest = context.view.get("limit") == Some(LIMIT_MAX);
    let view = context.view.with("limit", Some(LIMIT_MAX));
    (report.rows_left_out > 0 && !is_longest)
        .then(|| (view.href(page), format!("Show up to {}", crate::format::number::count(1_000))))
}
