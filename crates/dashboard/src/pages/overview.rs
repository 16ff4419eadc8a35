//! The headline numbers, and who asked for contact how, when, about what and where.

use maud::{Markup, html};
use report::{Contents, Metric, Report, ReportBucket, metric};

use crate::chart::{Caption, HeatMap, Hour};
use crate::demo::{self, DemoData};
use crate::format::number::count;
use crate::page::{Context, Told, page_again};
use crate::parts::empty::empty;
use crate::parts::series::requests;
use crate::parts::stat::{Stat, stats};
use crate::parts::values::Values;
use crate::reading::{Part, When, part, parts, total};
use crate::view::{FilterKind, Page};

/// After so many seconds a page is asked for again while made-up events are being loaded.
const AGAIN_S: u64 = 2;

/// What the page is drawn from: reports about the same span, with the same filter.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    /// `overview`.
    pub overview: &'a Report,
    /// `chat`.
    pub chat: &'a Report,
    /// `overview` by `weekday-hour`; `None` where the span is too long for it.
    pub hours: Option<&'a Report>,
    /// `subjects`; `None` where a filter makes it take long.
    pub subjects: Option<&'a Report>,
    /// `pages`, likewise.
    pub pages: Option<&'a Report>,
    /// `referrers`, likewise.
    pub referrers: Option<&'a Report>,
    /// `devices`.
    pub devices: &'a Report,
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
    /// Of [`pages`](Self::pages) and of [`devices`](Self::devices).
    pub const PAGES: Contents =
        Contents { totals: REQUESTS, series: &[], rows: &[&metric::CONTACT_REQUESTS, &metric::CONTACT_RATE] };
    /// Of [`referrers`](Self::referrers).
    pub const REFERRERS: Contents =
        Contents { totals: REQUESTS, series: &[], rows: &[&metric::VISITORS, &metric::CONTACT_REQUESTS] };
}

const REQUESTS: &[&Metric] = &[&metric::CONTACT_REQUESTS];
const CHAT_NUMBERS: &[&Metric] = &[&metric::INVITATION_ACCEPTANCE_RATE, &metric::CHAT_DURATION_SECONDS];

/// Filters with which referrers are counted from the events themselves, and that is for a page of its own.
pub const SLOW_FOR_REFERRERS: &[FilterKind] = &[FilterKind::Subject, FilterKind::Page];

/// Filters with which subjects and pages are.
pub const SLOW_FOR_PAGES: &[FilterKind] = &[FilterKind::Referrer];

/// The page.
pub fn overview(context: &Context<'_>, data: &Overview<'_>) -> String {
    let Overview { overview, chat, hours, subjects, pages, referrers, devices } = *data;
    let lists: Vec<&Report> = [subjects, pages, referrers].into_iter().flatten().collect();
    let told = Told::of(overview, &[&[chat, devices], lists.as_slice()].concat());
    let stat = |metric, label, report| Stat { metric, label, report };
    // What was loaded a moment ago isn't counted yet.
    let is_empty = is_empty(overview) && context.view.filters().is_empty();
    let is_filled = matches!(context.demo, Some(DemoData::Loaded { .. })) && context.view.get("since").is_none();
    let is_coming = context.demo.is_some_and(DemoData::is_loading) || is_empty && is_filled;
    let content = html! {
        (demo::state(context))
        @if is_empty {
            @if is_coming { section.card.first { h2 { "Nothing is counted yet" } p { "The page comes again by itself." } } } @else { (empty(context)) }
        } @else {
            (stats("stats", context.now, &[
                stat(&metric::CONTACT_REQUESTS, None, overview),
                stat(&metric::VISITORS, None, overview),
                stat(&metric::CONTACT_RATE, None, overview),
                stat(&metric::CHATS_STARTED, None, overview),
                stat(&metric::INVITATION_ACCEPTANCE_RATE, Some("Acceptance rate"), chat),
                stat(&metric::CHAT_DURATION_SECONDS, Some("Chat duration, median"), chat),
            ]))
            div.grid {
                div.whole { (requests(context, overview)) }
                @if let Some(hours) = hours { div.most { (heat(hours, context.now)) } }
                div.least {
                    (Values {
                        id: "channels", title: "Channels", one: "Channel", many: "Channels", report: overview,
                        kind: Some(FilterKind::Channel), columns: &[(&metric::CONTACT_REQUESTS, "Requests")], more: None,
                    }.draw(context))
                }
                div.half { (List { id: "subjects", title: "Top subjects", one: "Subject", many: "Subjects", kind: FilterKind::Subject, columns: HEADS_OF_REQUESTS, page: Page::Subjects, more: "All subjects" }.draw(context, subjects)) }
                div.half { (List { id: "pages", title: "Top pages", one: "Page", many: "Pages", kind: FilterKind::Page, columns: HEADS_OF_RATES, page: Page::Pages, more: "All pages" }.draw(context, pages)) }
                div.half { (List { id: "referrers", title: "Top referrers", one: "Referrer", many: "Referrers", kind: FilterKind::Referrer, columns: HEADS_OF_VISITORS, page: Page::Referrers, more: "All referrers" }.draw(context, referrers)) }
                div.half { (List { id: "devices", title: "Devices", one: "Device", many: "Devices", kind: FilterKind::Device, columns: HEADS_OF_RATES, page: Page::Devices, more: "All numbers of devices" }.draw(context, Some(devices))) }
            }
        }
    };
    page_again(context, Some(&told), is_coming.then_some(AGAIN_S), &content)
}

const HEADS_OF_REQUESTS: &[(&Metric, &str)] = &[(&metric::CONTACT_REQUESTS, "Requests")];
const HEADS_OF_RATES: &[(&Metric, &str)] = &[(&metric::CONTACT_REQUESTS, "Requests"), (&metric::CONTACT_RATE, "Rate")];
const HEADS_OF_VISITORS: &[(&Metric, &str)] =
    &[(&metric::VISITORS, "Visitors"), (&metric::CONTACT_REQUESTS, "Requests")];

/// A list whose rest is on a page of its own.
struct List {
    id: &'static str,
    title: &'static str,
    one: &'static str,
    many: &'static str,
    kind: FilterKind,
    columns: &'static [(&'static Metric, &'static str)],
    page: Page,
    more: &'static str,
}

impl List {
    fn draw(self, context: &Context<'_>, report: Option<&Report>) -> Markup {
        let List { id, title, one, many, kind, columns, page, more } = self;
        let href = context.view.href(page);
        match report {
            Some(report) => {
                let more = Some((href, more.to_owned()));
                Values { id, title, one, many, report, kind: Some(kind), columns, more }.draw(context)
            }
            None => html! {
                figure.card.blank id=(id) {
                    figcaption {
                        h2 { (title) }
                        p.says {
                            // Whoever has a link can't go and look.
                            @if context.shared.is_some() { "They aren't counted with this filter." }
                            @else { "With this filter they are counted from the events themselves, which takes longer." }
                        }
                    }
                    @if context.shared.is_none() { p.more { a href=(href) { "Show " (many.to_lowercase()) } } }
                }
            },
        }
    }
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

/// When people ask, from a report by hour of the week. `now` is the present, in microseconds since 1970.
pub(crate) fn heat(report: &Report, now: i64) -> Markup {
    let number = |bucket: &ReportBucket| part(&bucket.metrics, &metric::CONTACT_REQUESTS).unwrap_or(0.0);
    let numbers: Vec<f64> = report.series.iter().map(number).collect();
    let most =
        numbers.iter().enumerate().rev().max_by(|one, other| one.1.total_cmp(other.1)).filter(|(_, most)| **most > 0.0);
    let hour = |(part, number): (Part<'_>, &f64)| match part.when {
        // Events of later than now are counted, too.
        _ if *number > 0.0 => Hour::Counted(*number),
        When::Over | When::SoFar => Hour::Counted(*number),
        When::ToCome => Hour::ToCome,
        When::Outside => Hour::Outside,
    };
    let hours = std::iter::zip(parts(report, now), &numbers).map(hour).collect();
    let sentence = match most {
        Some((hour, most)) => format!("The most: {} with {}.", HeatMap::name_of(hour), count(*most as u64)),
        None => "No contact requests in this period.".to_owned(),
    };
    HeatMap { caption: Caption { id: "hours", title: "When people ask", sentence }, hours }.draw()
}
