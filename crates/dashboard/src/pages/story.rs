//! What is known of one event: what came of it, what it counts as, and what was sent.

use maud::{Markup, html};
use report::{EventDetails, EventLine};

use super::events::what;
use crate::format::number::count;
use crate::format::time;
use crate::page::{document, top};
use crate::text::{self, sentence};
use crate::view::{Filter, FilterKind, Page, View};

/// One event.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    /// Its id.
    pub id: &'a str,
    /// The stored event, if there is one.
    pub stored: Option<StoryTimes<'a>>,
    /// What the tables know of it.
    pub details: Option<&'a EventDetails>,
    /// What was sent under this id and rejected, the oldest first.
    pub rejects: Vec<StoryReject<'a>>,
    /// How many more of these there are.
    pub rejects_more: u64,
    /// Whether the reader has signed in.
    pub is_signed_in: bool,
}

/// When a stored event happened and came in, RFC 3339.
#[derive(Clone, Copy, Debug)]
pub struct StoryTimes<'a> {
    /// By the sender's clock.
    pub time: &'a str,
    /// By ours.
    pub received_at: &'a str,
    /// How often it came again.
    pub duplicates: u64,
}

/// Something that was rejected.
#[derive(Clone, Debug)]
pub struct StoryReject<'a> {
    /// The name of its row.
    pub reject_id: &'a str,
    /// `invalid`, `conflict` or `duplicate`.
    pub kind: &'a str,
    /// When it was received, RFC 3339.
    pub received_at: &'a str,
    /// Where, which rule, and what is wrong, values masked.
    pub violations: Vec<[&'a str; 3]>,
}

/// The page.
pub fn story(story: &Story<'_>) -> String {
    let view = View::default();
    let body = html! {
        (top(&view, Some(Page::Events), story.is_signed_in))
        main.width id="content" {
            div.heading { h1 { "Event" } p.when { bdi { b { (text::shown(story.id)) } } } }
            div.grid.story {
                div.half {
                    (verdict(story))
                    @if let Some(details) = story.details { (counts_as(&details.line)) }
                    @if !story.rejects.is_empty() { (rejects(story)) }
                }
                div.half { @match story.details { Some(details) => (sent(details)), None => (sealed(story)) } }
            }
        }
        footer.width {
            a href=(view.href(Page::Events)) { "All events" }
            a href=(crate::view::receipt_href(story.id)) { "This event as JSON" }
        }
    };
    document("Event", None, &body)
}

fn verdict(story: &Story<'_>) -> Markup {
    html! {
        section.card id="verdict" {
            @match &story.stored {
                Some(StoryTimes { time, received_at, duplicates }) => {
                    h2 { span.verdict.good { "Accepted" } }
                    dl {
                        dt { "Happened" } dd { (time::second(time)) " UTC" span.aside { " by the sender's clock" } }
                        dt { "Received" } dd { (time::second(received_at)) " UTC" @if let Some(later) = later(time, received_at) { span.aside { ", " (later) } } }
                        dt { "Came again" } dd { @match duplicates { 0 => "never", 1 => "once, and wasn't counted again", times => { (count(*times)) " times, and wasn't counted again" } } }
                        @if let Some(line) = story.details.map(|details| &details.line) {
                            dt { "Datastream" } dd { bdi { (text::shown(line.datastream.as_deref().unwrap_or("–"))) } }
                        }
                        @if let Some(request) = story.details.and_then(|details| details.request_id.as_deref()).filter(|id| !id.is_empty()) { dt { "Request" } dd { code { (text::shown(request)) } } }
                    }
                }
                None => {
                    h2 { span.verdict.bad { "Rejected" } }
                    p.says { "Nothing under this id is in the tables of events; what was sent is kept, sealed." }
                }
            }
        }
    }
}

/// How long after its time an event was received, where that says something.
fn later(time: &str, received_at: &str) -> Option<String> {
    let micros = time::micros(received_at)? - time::micros(time)?;
    let seconds = crate::format::number::Unit::Seconds.write((micros.unsigned_abs() / 1_000_000) as f64);
    match micros {
        1_000_000.. => Some(format!("{seconds} later")),
        ..=-1_000_000 => Some(format!("{seconds} earlier")),
        _ => Some("at once".to_owned()),
    }
}

fn counts_as(line: &EventLine) -> Markup {
    let by = |kind: FilterKind, value: &str| View::default().filtered(Filter::of(kind, value)).href(Page::Events);
    let find = |id: &str| View::default().with("find", Some(id)).href(Page::Events);
    let linked = |value: Option<&str>, href: &dyn Fn(&str) -> String| {
        let Some(value) = value else { return html! { span.aside { "none" } } };
        html! { @if text::is_linked(value) { a href=(href(value)) { bdi { (text::shown(value)) } } } @else { bdi { (text::shown(value)) } } }
    };
    html! {
        section.card id="counts" {
            h2 { "What it counts as" }
            dl {
                dt { "Kind" } dd { (what(line)) }
                dt { "Subject" } dd { (linked(line.subject.as_deref(), &|value| by(FilterKind::Subject, value))) }
                dt { "Page" } dd { (linked(line.page.as_deref(), &|value| by(FilterKind::Page, value))) }
                dt { "Session" } dd { (linked(line.session.as_deref(), &find)) }
                dt { "Visitor" } dd { (linked(line.visitor.as_deref(), &find)) }
                @if let Some(derived) = &line.derived { dt { "Derived" } dd { code { (text::shown(derived)) } span.aside { " was not sent but concluded from the clicked link" } } }
                @if let Some(odd) = &line.time_anomaly { dt { "Its time" } dd { "is far " (text::shown(odd)) span.aside { "; the event counts at its own time" } } }
                @if line.anomaly == Some(true) { dt { "A counter" } dd { "is below 0 or above 1,000" span.aside { "; it is left out of every sum" } } }
                @if line.late == Some(true) { dt { "Late" } dd { "an hour or more after the end of its day" } }
            }
        }
    }
}

fn sent(details: &EventDetails) -> Markup {
    html! {
        section.card id="sent" {
            h2 { "What was sent" }
            p.says {
                @match details.sealed_bytes {
                    0 => "As it is kept. There was no personal value in it.",
                    _ => "As it is kept. Personal values are sealed and left out; in a text that held one stands ***.",
                }
            }
            pre tabindex="0" { code { (text::lines(&details.sent)) } }
            @if details.is_cut { p.aside { "This is only the beginning; " code { "frontdesk sql" } " shows all of it." } }
            @if !details.undeclared.is_empty() {
                h3 { "What no schema declares" }
                pre tabindex="0" { code { (text::lines(&details.undeclared)) } }
            }
        }
    }
}

/// What is in the way of showing an event.
fn sealed(story: &Story<'_>) -> Markup {
    html! {
        section.card id="sent" {
            h2 { "What was sent" }
            @match &story.stored {
                Some(_) => p.says { "The row can't be read just now: it was stored this moment, or its file is damaged (" a href="/readyz" { "Ready?" } " says so)." },
                None => {
                    p.says { "It is sealed whole, since in an event that breaks the rules nobody can tell what is personal. On the server's machine, while no server runs:" }
                    @if let Some(reject) = story.rejects.first() { pre tabindex="0" { code { "frontdesk rejects show --reveal " (text::shown(reject.reject_id)) } } }
                }
            }
        }
    }
}

fn rejects(story: &Story<'_>) -> Markup {
    html! {
        section.card id="rejects" {
            h2 { @match story.stored { Some(_) => "Rejected under the same id", None => "Why" } }
            @for reject in &story.rejects {
                div.reject {
                    p { b { @match reject.kind { "invalid" => "Breaks the rules", "conflict" => "Same id, other content", "duplicate" => "The same once more", other => { (text::shown(other)) } } }
                        span.aside { " " (time::second(reject.received_at)) " UTC" } }
                    @if !reject.violations.is_empty() {
                        ul.violations { @for [pointer, rule, message] in &reject.violations {
                            li { code { (if pointer.is_empty() { "/".to_owned() } else { text::shown(pointer) }) } " " (sentence(message)) " " span.aside { "Rule: " code { (text::shown(rule)) } } }
                        } }
                    }
                    @if reject.kind == "invalid" { pre tabindex="0" { code { "frontdesk rejects retry " (text::shown(reject.reject_id)) } } }
                }
            }
            @if story.rejects_more > 0 { p.aside { (count(story.rejects_more)) " more are not listed." } }
        }
    }
}
