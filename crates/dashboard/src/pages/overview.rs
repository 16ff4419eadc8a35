//! The headline numbers, and who asked for contact how, when, about what and where.

use maud::html;
use report::{Contents, Metric, Report, metric};

use crate::chart::{Caption, HeatMap};
use crate::format::number::count;
use crate::page::{Context, Told, page};
use crate::parts::empty::empty;
use crate::parts::series::requests;
use crate::parts::stat::Stat;
use crate::parts::values::Values;
use crate::reading::{part, total};
use crate::view::{FilterKind, Page};

/// What the page is drawn from: reports about the same span, with the same filter.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    /// `overview`.
    pub overview: &'a Report,
    /// `chat`.
    pub chat: &'a Report,
    /// `overview` by `weekday-hour`; `None` where the span is too long for it.
    pub hours: Option<&'a Report>,
    /// `subjects`.
    pub subjects: &'a Report,
    /// `pages`.
    pub pages: &'a Report,
}

impl Overview<'_> {
    /// The numbers of [`overview`](Self::overview) that are drawn; those of the others likewise.
    pub const OVERVIEW: Contents = Contents {
        totals: &[
            &metric::CONTACT_REQUESTS,
            &metric::VISITORS,
            &metric::CONTACT_RATE,
            &metric::CHATS_STARTED,
            // Whether there is anything to draw.
            &metric::CHATS_OFFERED,
            &metric::ANOMALIES,
        ],
        series: &[
            &metric::CONTACT_REQUESTS,
            &metric::CHATS_STARTED,
            &metric::CLICK_TO_CALL,
            &metric::CLICK_TO_TEXT,
            &metric::CLICK_TO_EMAIL,
            &metric::CLICK_TO_DIRECT_MESSAGE,
            &metric::VISITORS,
            &metric::CONTACT_RATE,
        ],
        rows: REQUESTS,
    };
    /// Of [`chat`](Self::chat).
    pub const CHAT: Contents = Contents { totals: CHAT_NUMBERS, series: CHAT_NUMBERS, rows: &[] };
    /// Of [`hours`](Self::hours).
    pub const HOURS: Contents = Contents { totals: REQUESTS, series: REQUESTS, rows: &[] };
    /// Of [`subjects`](Self::subjects).
    pub const SUBJECTS: Contents = Contents { totals: REQUESTS, series: &[], rows: REQUESTS };
    /// Of [`pages`](Self::pages).
    pub const PAGES: Contents =
        Contents { totals: REQUESTS, series: &[], rows: &[&metric::CONTACT_REQUESTS, &metric::CONTACT_RATE] };
}

const REQUESTS: &[&Metric] = &[&metric::CONTACT_REQUESTS];
const CHAT_NUMBERS: &[&Metric] = &[&metric::INVITATION_ACCEPTANCE_RATE, &metric::CHAT_DURATION_SECONDS];

/// The page.
pub fn overview(context: &Context<'_>, data: &Overview<'_>) -> String {
    let Overview { overview, chat, hours, subjects, pages } = *data;
    let told = Told::of(overview, &[chat, subjects, pages]);
    let stat = |metric, label, report| Stat { metric, label, report }.draw(context.now);
    let more = |page: Page, label: &str| Some((context.view.href(page), label.to_owned()));
    let content = html! {
        @if is_empty(overview) && context.view.filters().is_empty() {
            (empty(context))
        } @else {
            div.stats {
                (stat(&metric::CONTACT_REQUESTS, None, overview))
                (stat(&metric::VISITORS, None, overview))
                (stat(&metric::CONTACT_RATE, None, overview))
                (stat(&metric::CHATS_STARTED, None, overview))
                (stat(&metric::INVITATION_ACCEPTANCE_RATE, Some("Acceptance rate"), chat))
                (stat(&metric::CHAT_DURATION_SECONDS, Some("Chat duration, median"), chat))
            }
            div.grid {
                div.whole { (requests(context, overview)) }
                @if let Some(hours) = hours { div.most { (heat(hours)) } }
                div.least {
                    (Values {
                        id: "channels", title: "Channels", one: "Channel", many: "Channels", report: overview,
                        kind: Some(FilterKind::Channel), columns: &[(&metric::CONTACT_REQUESTS, "Requests")], more: None,
                    }.draw(context))
                }
                div.half {
                    (Values {
                        id: "subjects", title: "Top subjects", one: "Subject", many: "Subjects", report: subjects,
                        kind: Some(FilterKind::Subject), columns: &[(&metric::CONTACT_REQUESTS, "Requests")],
                        more: more(Page::Subjects, "All subjects"),
                    }.draw(context))
                }
                div.half {
                    (Values {
                        id: "pages", title: "Top pages", one: "Page", many: "Pages", report: pages,
                        kind: Some(FilterKind::Page), columns: &[(&metric::CONTACT_REQUESTS, "Requests"), (&metric::CONTACT_RATE, "Rate")],
                        more: more(Page::Pages, "All pages"),
                    }.draw(context))
                }
            }
        }
    };
    page(context, Some(&told), &content)
}

/// Whether there is nothing in the span, and nothing in the one before.
fn is_empty(report: &Report) -> bool {
    const SIGNS: [&Metric; 4] =
        [&metric::VISITORS, &metric::CONTACT_REQUESTS, &metric::CHATS_OFFERED, &metric::ANOMALIES];
    SIGNS.iter().filter_map(|metric| total(report, metric)).all(|answer| {
        let is_nothing = |number: report::MetricNumber| number.size() == 0.0;
        answer.value.is_none_or(is_nothing) && answer.previous.is_none_or(is_nothing)
    })
}

/// When people ask, from a report by hour of the week.
pub(crate) fn heat(report: &Report) -> maud::Markup {
    let hours: Vec<f64> =
        report.series.iter().map(|bucket| part(&bucket.metrics, &metric::CONTACT_REQUESTS).unwrap_or(0.0)).collect();
    let most =
        hours.iter().enumerate().rev().max_by(|one, other| one.1.total_cmp(other.1)).filter(|(_, most)| **most > 0.0);
    let sentence = match most {
        Some((hour, most)) => format!("The most: {} with {}.", HeatMap::name_of(hour), count(*most as u64)),
        None => "No contact requests in this period.".to_owned(),
    };
    HeatMap { caption: Caption { id: "hours", title: "When people ask", sentence }, hours }.draw()
}
