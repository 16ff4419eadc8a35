//! All subjects, and all pages: the whole list with the numbers of each.

use maud::html;
use report::Report;

use crate::page::{Context, Told, page};
use crate::parts::stat::Stat;
use crate::parts::values::Values;
use crate::view::{FilterKind, Page};

/// What stands beside each value. The first is drawn.
const COLUMNS: &[(&str, &str)] = &[
    ("contact_requests", "Requests"),
    ("visitors", "Visitors"),
    ("contact_rate", "Contact rate"),
    ("chats_started", "Chats"),
    ("invitation_acceptance_rate", "Acceptance"),
    ("chat_duration_seconds", "Duration"),
];
/// Rows of the longer list; more can't be asked for.
const LIMIT_MAX: &str = "1000";

/// The page of subjects, from the report `subjects`.
pub fn subjects(context: &Context<'_>, report: &Report) -> String {
    let values = Values {
        id: "subjects",
        title: "All subjects",
        one: "Subject",
        many: "Subjects",
        report,
        kind: Some(FilterKind::Subject),
        columns: COLUMNS,
        more: more(context, report, Page::Subjects),
    };
    list(context, report, values)
}

/// The page of pages, from the report `pages`.
pub fn pages(context: &Context<'_>, report: &Report) -> String {
    let values = Values {
        id: "pages",
        title: "All pages",
        one: "Page",
        many: "Pages",
        report,
        kind: Some(FilterKind::Page),
        columns: COLUMNS,
        more: more(context, report, Page::Pages),
    };
    list(context, report, values)
}

fn list(context: &Context<'_>, report: &Report, values: Values<'_>) -> String {
    let stat = |name| Stat { name, label: None, report }.draw(context.now);
    let content = html! {
        div.stats.few {
            (stat("contact_requests"))
            (stat("visitors"))
            (stat("contact_visitors"))
            (stat("contact_rate"))
        }
        div.grid { div.whole { (values.draw(context)) } }
    };
    page(context, Some(&Told::of(report, &[])), &content)
}

fn more(context: &Context<'_>, report: &Report, page: Page) -> Option<(String, String)> {
    let is_longest = context.view.get("limit") == Some(LIMIT_MAX);
    let view = context.view.with("limit", Some(LIMIT_MAX));
    (report.rows_left_out > 0 && !is_longest)
        .then(|| (view.href(page), format!("Show up to {}", crate::format::number::count(1_000))))
}
