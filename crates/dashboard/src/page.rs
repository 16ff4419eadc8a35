//! The frame of every page: head, navigation, choices, foot.

use maud::{DOCTYPE, Markup, html};
use report::{ComparedPeriod, Report, ReportPeriod};

use crate::format::time;
use crate::parts::toolbar::toolbar;
use crate::style::STYLE;
use crate::view::{Page, View};

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
}

/// The span that a page is about, and the one that it is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) period: ReportPeriod,
    pub(crate) compared: Option<ComparedPeriod>,
    pub(crate) notes: Vec<String>,
}

impl Told {
    /// Of reports about the same span: the first one's, with the notes of all.
    pub(crate) fn of(first: &Report, others: &[&Report]) -> Told {
        let mut notes: Vec<String> = Vec::new();
        for note in std::iter::once(first).chain(others.iter().copied()).flat_map(|report| &report.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        Told { period: first.period.clone(), compared: first.compared.clone(), notes }
    }
}

/// A whole page.
pub(crate) fn page(context: &Context<'_>, told: Option<&Told>, content: &Markup) -> String {
    let span = told.map(|told| time::span(&told.period.since, &told.period.until));
    let title = context.page.label();
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) @if let Some(span) = &span { " · " (span) } " · Frontdesk" }
                link rel="stylesheet" href=(STYLE.path());
                link rel="icon" href=(ICON);
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header.top {
                    div.width {
                        a.brand href=(context.view.href(Page::Overview)) {
                            svg viewBox="0 0 16 16" aria-hidden="true" { rect width="16" height="16" rx="4" {} path d="M4 5h8v5H8l-3 2v-2H4z" {} }
                            "Frontdesk"
                        }
                        nav aria-label="Pages" {
                            @for page in Page::ALL {
                                a href=(context.view.with("limit", None).href(page)) aria-current=[(page == context.page).then_some("page")] { (page.label()) }
                            }
                        }
                    }
                }
                main.width id="content" {
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
                    a href=(context.view.href_of(context.page.report(), &[("format", "csv")])) { "This page as CSV" }
                    a href=(context.view.href_of(context.page.report(), &[])) { "as JSON" }
                }
            }
        }
    };
    whole.into_string()
}

fn when(told: &Told, span: &str) -> Markup {
    let Told { period, compared, .. } = told;
    html! {
        p.when {
            b { (span) } " " (period.tz)
            @if period.so_far { " " span.sofar-mark { "so far" } }
            @if let Some(compared) = compared {
                span.aside { "compared with " (time::span(&compared.since, &compared.until)) }
            }
        }
    }
}

fn notes(notes: &[String]) -> Markup {
    if notes.is_empty() {
        return Markup::default();
    }
    html! {
        section.notes aria-label="Notes" { ul { @for note in notes { li { (note) } } } }
    }
}
