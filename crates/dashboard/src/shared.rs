//! A page that a link shows to people without a key: this page alone, with its filter, and nothing that leads elsewhere.

use maud::{Markup, PreEscaped, html};
use report::visible;

use crate::asset::SCRIPT;
use crate::format::time;
use crate::links::without_links;
use crate::page::{Context, Told, brand, document, notes, when};
use crate::parts::toolbar::filters_told;

/// The link that a page is shown by.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// What it is for.
    pub label: &'a str,
    /// From which on it is over, in microseconds since 1970.
    pub until: i64,
}

/// How it is kept up to date: by a stream of its own, which knows this page alone. A span that is over isn't.
fn live(told: Option<&Told>) -> Option<&'static str> {
    told.is_some_and(|told| told.period.so_far).then_some("shared")
}

/// The page.
pub(crate) fn shared_page(context: &Context<'_>, shared: &Shared<'_>, told: Option<&Told>, content: &Markup) -> String {
    let title = context.page.label();
    let label = visible(shared.label);
    let body = html! {
        header.top { div.width { span.brand { (brand()) } } }
        main.width id="content" data-live=[live(told)] {
            div.heading {
                h1 { (title) }
                @if let Some(told) = told { (when(told, &time::span(&told.period.since, &told.period.until))) }
            }
            (filters_told(context.view))
            (PreEscaped(without_links(&content.0)))
            @if let Some(told) = told { (notes(&told.notes)) }
        }
        footer.width {
            span.aside { bdi { (label) } " · shared until " (time::day(shared.until)) " · made by Frontdesk" }
        }
        p.unseen id="said" aria-live="polite" {}
        script src=(SCRIPT.path()) defer {}
    };
    document(&format!("{title} · {label}"), None, &body)
}
