//! The frame of every page: head, navigation, choices, foot.

use maud::{DOCTYPE, Markup, html};
use report::{Annotation, ComparedPeriod, RejectLine, Report, ReportPeriod, RowKind};

use crate::asset::{SCRIPT, STYLE};
use crate::chart::Values;
use crate::demo::DemoData;
use crate::format::time;
use crate::kept::KeptView;
use crate::pages::list::LIMIT_MAX;
use crate::parts::toolbar::toolbar;
use crate::shared::{Shared, shared_page};
use crate::text;
use crate::view::{Filter, FilterKind, Page, View};

/// A drop of our colour, as an address that is no request.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%233457d5'/%3E%3Cpath d='M4 5h8v5H8l-3 2v-2H4z' fill='%23fff'/%3E%3C/svg%3E";

/// Where and when a page is shown.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Which page.
    pub page: Page,
    /// What its URL says.
    pub view: &'a View,
    /// The present, in microseconds since 1970.
    pub now: i64,
    /// Where this server is asked, such as `http://127.0.0.1:8080`, for lines to copy.
    pub origin: &'a str,
    /// Whether the reader has signed in, and so can sign out.
    pub is_signed_in: bool,
    /// What people have saved; `None` where nothing can be.
    pub kept: Option<&'a [KeptView]>,
    /// How the server stands now, where the page says so.
    pub standing: Option<&'a Standing>,
    /// How it stands with made-up events, where that is to be told.
    pub demo: Option<&'a DemoData>,
    /// The link that shows the page to somebody without a key; what leads elsewhere isn't drawn.
    pub shared: Option<Shared<'a>>,
    /// Whether it is a file to send, which has no script.
    pub is_file: bool,
}

impl Context<'_> {
    /// Where the parts of its charts have their numbers from when they are pointed at.
    pub(crate) fn pointed(&self) -> Values {
        if self.is_file { Values::Drawn } else { Values::Told }
    }
}

/// What is known of the newest event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewestEvent {
    /// Nothing: it wasn't found in time.
    #[default]
    Unknown,
    /// There is none.
    None,
    /// When it happened, and when it was received, RFC 3339.
    At(String, String),
}

/// How a server stands, for the page of quality. What isn't known is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest event.
    pub newest: NewestEvent,
    /// When rows were last committed to the tables, in microseconds since 1970.
    pub last_commit: Option<i64>,
    /// Requests that are durable and not yet drained into rows.
    pub waiting: Option<u64>,
    /// Requests whose rows are not yet committed.
    pub uncommitted: Option<u64>,
    /// Acknowledged requests that can't be stored and are set aside.
    pub set_aside: Option<u64>,
    /// Bytes of the journal.
    pub journal_bytes: Option<u64>,
    /// Bytes that are free where the data directory is.
    pub free_bytes: Option<u64>,
    /// What doesn't work, a sentence each.
    pub remarks: Vec<String>,
    /// The newest events that were rejected in the page's period: examples of the reasons.
    pub rejected: Vec<RejectLine>,
}

/// The span that a page is about, and the one that it is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) period: ReportPeriod,
    pub(crate) compared: Option<ComparedPeriod>,
    pub(crate) notes: Vec<String>,
    /// What was noted on the time line.
    pub(crate) annotations: Vec<Annotation>,
    /// What the fields of filters offer: the values that the page lists.
    pub(crate) offered: Vec<(FilterKind, Vec<Filter>)>,
}

/// Values that a field offers at most.
const OFFERED_MAX: usize = 50;

impl Told {
    /// Of a page without reports.
    pub(crate) fn of_period(period: ReportPeriod) -> Told {
        Told { period, compared: None, notes: Vec::new(), annotations: Vec::new(), offered: Vec::new() }
    }

    /// Of reports about the same span: the first one's, with the notes of all.
    pub(crate) fn of(first: &Report, others: &[&Report]) -> Told {
        let mut notes: Vec<String> = Vec::new();
        for note in std::iter::once(first).chain(others.iter().copied()).flat_map(|report| &report.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        let annotations = first.annotations.clone();
        let offered = std::iter::once(first).chain(others.iter().copied()).filter_map(offered).collect();
        Told { period: first.period.clone(), compared: first.compared.clone(), notes, annotations, offered }
    }
}

/// What a report lists that can be filtered by; of channels and devices there is a choice of all anyway.
fn offered(report: &Report) -> Option<(FilterKind, Vec<Filter>)> {
    const KINDS: [FilterKind; 3] = [FilterKind::Subject, FilterKind::Page, FilterKind::Referrer];
    let rows_by = report.rows_by.as_deref()?;
    let kind = KINDS.into_iter().find(|kind| kind.parameter() == rows_by)?;
    let values = report.rows.iter().filter(|row| row.kind == RowKind::Value).filter_map(|row| row.value.as_deref());
    // What steers a reader isn't put into a field, and is no longer the value when it is made visible.
    let plain = values.filter(|value| text::is_linked(value) && text::field(value) == *value);
    Some((kind, plain.take(OFFERED_MAX).map(|value| Filter::of(kind, value)).collect()))
}

/// A whole page.
pub(crate) fn page(context: &Context<'_>, told: Option<&Told>, content: &Markup) -> String {
    page_again(context, told, None, content)
}

/// The same, which the browser asks for again after so many seconds.
pub(crate) fn page_again(context: &Context<'_>, told: Option<&Told>, again_s: Option<u64>, content: &Markup) -> String {
    let span = told.map(|told| time::span(&told.period.since, &told.period.until));
    if let Some(shared) = &context.shared {
        return shared_page(context, shared, told, content);
    }
    let title = context.page.label();
    let whole_title = match &span {
        Some(span) => format!("{title} · {span}"),
        None => title.to_owned(),
    };
    let body = html! {
        (top(&context.view.with("limit", None), Some(context.page), context.is_signed_in))
        main.width id="content" data-live=[live(context, told)] {
            div.heading {
                h1 { (title) }
                @if let (Some(told), Some(span)) = (told, &span) { (when(told, span)) }
            }
            (toolbar(context, told))
            (content)
            @if let Some(told) = told { (notes(&told.notes)) }
        }
        footer.width {
            a href="/api" { "Interface" } a href="/v1/rejects" { "Rejected events" } a href="/metrics" { "Metrics" }
            a href="/readyz" { "Ready?" }
            // What can't be shown is no file either.
            @if let Some(report) = context.page.report().filter(|_| told.is_some()) {
                // All rows, and not only those that are shown.
                @let view = context.view.with("limit", Some(LIMIT_MAX));
                a href=(view.href_of(report, &[("format", "csv")])) { "This page as CSV" }
                a href=(view.href_of(report, &[("format", "xlsx")])) { "as a workbook" }
                a href=(view.href_of(report, &[("format", "html")])) { "as one file to send" }
                a href=(view.href_of(report, &[])) { "as JSON" }
            }
            span.aside.keys-hint { "Keys: " kbd { "?" } }
        }
        p.unseen id="said" aria-live="polite" {}
        (keys())
        script src=(SCRIPT.path()) defer {}
    };
    document(&whole_title, again_s, &body)
}

/// How a page is kept up to date: a span that is over isn't.
fn live(context: &Context<'_>, told: Option<&Told>) -> Option<&'static str> {
    let is_now = told.is_some_and(|told| told.period.so_far);
    match context.page {
        Page::Schemas => None,
        Page::Events => is_now.then_some("note"),
        _ => is_now.then_some("whole"),
    }
}

/// What the keys do, shown by `?`.
pub(crate) fn keys() -> Markup {
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { "Keys" }
            dl {
                @for (place, page) in (1..).zip(Page::ALL) { dt { kbd { (place % 10) } } dd { (page.label()) } }
                dt { kbd { "d" } } dd { "Dates" }
                dt { kbd { "c" } } dd { "Compare" }
                dt { kbd { "z" } } dd { "Time zone" }
                dt { kbd { "f" } } dd { "Filter" }
                dt { kbd { "n" } } dd { "Notes" }
                dt { kbd { "v" } } dd { "Saved views" }
                dt { kbd { "/" } } dd { "Search, where there is one" }
                dt { kbd { "←" } " " kbd { "→" } } dd { "In a chart: its values" }
                dt { kbd { "?" } } dd { "This list" }
            }
            label.check { input type="checkbox" id="keys-on" checked; "Use these keys" }
            form method="dialog" { button { "Close" } }
        }
    }
}

/// The document around a body. `again_s` has the browser ask for it again after so many seconds.
pub(crate) fn document(title: &str, again_s: Option<u64>, body: &Markup) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(seconds) = again_s { meta http-equiv="refresh" content=(seconds); }
                title { (title) " · Frontdesk" }
                link rel="stylesheet" href=(STYLE.path());
                link rel="icon" href=(ICON);
            }
            body { (body) }
        }
    };
    whole.into_string()
}

/// The head of a page with the way to all pages. `current` is the one that is shown.
pub(crate) fn top(view: &View, current: Option<Page>, is_signed_in: bool) -> Markup {
    html! {
        a.skip href="#content" { "Skip to the content" }
        header.top {
            div.width {
                a.brand href=(view.href(Page::Overview)) { (brand()) }
                nav aria-label="Pages" {
                    @for page in Page::ALL {
                        a href=(view.href_in_navigation(page)) aria-current=[(Some(page) == current).then_some("page")] { (page.label()) }
                    }
                }
                @if is_signed_in { form.leave action="/logout" method="post" { button.quiet { "Sign out" } } }
            }
        }
    }
}

/// Our sign and name.
pub(crate) fn brand() -> Markup {
    html! {
        svg viewBox="0 0 16 16" aria-hidden="true" { rect width="16" height="16" rx="4" {} path d="M4 5h8v5H8l-3 2v-2H4z" {} }
        "Frontdesk"
    }
}

pub(crate) fn when(told: &Told, span: &str) -> Markup {
    let Told { period, compared, .. } = told;
    html! {
        p.when {
            b { (span) } " " (period.tz)
            @if period.so_far { " " span.sofar-mark { "so far" } }
            @if let Some(compared) = compared { span.aside { "compared with " (compared_span(compared)) } }
        }
    }
}

/// The span that is compared with. One that is cut says so here, since whoever has named it expects all of it.
pub(crate) fn compared_span(compared: &ComparedPeriod) -> String {
    let span = time::span(&compared.since, &compared.until);
    if compared.so_far { format!("{span}, up to the same point") } else { span }
}

pub(crate) fn notes(notes: &[String]) -> Markup {
    if notes.is_empty() {
        return Markup::default();
    }
    html! {
        section.notes aria-label="Notes" { ul { @for note in notes { li { (note) } } } }
    }
}
