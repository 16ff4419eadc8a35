//! Single events, newest first: what stands behind the numbers.

use maud::{Markup, html};
use report::{Channel, EventLine, EventList, EventsRequest, Listed, RejectLine};

use crate::format::number::count;
use crate::format::time;
use crate::page::{Context, Told, page};
use crate::parts::series::channel;
use crate::text;
use crate::view::{Filter, FilterKind, Page, View, event_href};

/// Names of the event types that nearly all events are of.
const KINDS: [(&str, &str); 2] =
    [("web.webpagedetails.pageViews", "Page view"), ("web.webinteraction.linkClicks", "Link click")];

/// What happened to a chat, by the ending of its event's type: many senders name it so.
const CHATS: [(&str, &str); 4] = [
    ("chatOffered", "Chat offered"),
    ("chatDeclined", "Chat declined"),
    ("chatStart", "Chat started"),
    ("chatEnd", "Chat ended"),
];

/// What the page is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    /// What was asked for.
    pub request: &'a EventsRequest,
    /// What there is.
    pub list: &'a EventList,
    /// Whether what is searched for is an event's id.
    pub is_event: bool,
}

/// The page.
pub fn events(context: &Context<'_>, data: &Events<'_>) -> String {
    let Events { request, list, is_event } = *data;
    let told = Told::of_period(request.report_period(context.now));
    let shown = list.stored.len() + list.rejected.len();
    let content = html! {
        section.card.events {
            div.find {
                nav.seg aria-label="Which events" {
                    @for (listed, show, name) in [(Listed::Stored, None, "Stored"), (Listed::Rejected, Some("rejected"), "Rejected")] {
                        a href=(only(context.view, show).href(Page::Events)) aria-current=[(request.listed() == listed).then_some("true")] { (name) }
                    }
                }
                (search(context, request))
            }
            @if let (true, Some(find)) = (is_event, request.find()) {
                p.found { "There is an event with this id: " a href=(event_href(find)) { bdi { (text::shown(find)) } } "." }
            }
            h2 { (heading(request, shown)) }
            p { a id="fresh" href=(context.view.href(Page::Events)) hidden {} }
            @if let Some(metric) = request.anomaly() { p.says { (metric.label) ": " (metric.formula) ". " (metric.note) } }
            @match request.listed() {
                Listed::Stored => @if !list.stored.is_empty() { (stored(context, request, &list.stored)) },
                Listed::Rejected => @if !list.rejected.is_empty() { (rejected(request, &list.rejected)) },
            }
            @if shown == 0 { p.says { (nothing(request)) } }
            nav.more aria-label="Parts of the list" {
                @if request.is_continued() { a href=(context.view.href(Page::Events)) { "Newest" } " " }
                @if let Some(before) = &list.before {
                    a href=(context.view.href_with(Page::Events, &[("before", before)])) rel="next" { "Older events" }
                }
            }
        }
    };
    page(context, Some(&told), &content)
}

fn heading(request: &EventsRequest, shown: usize) -> String {
    let what = match request.listed() {
        Listed::Stored => "events",
        Listed::Rejected => "rejected events",
    };
    match (shown, request.is_continued()) {
        (0, _) => format!("No {what} here"),
        (1, _) => format!("One {}", what.trim_end_matches('s')),
        (_, true) => format!("{} older {what}", count(shown as u64)),
        (_, false) => format!("The {} newest {what}", count(shown as u64)),
    }
}

fn nothing(request: &EventsRequest) -> &'static str {
    match (request.find().is_some(), request.is_continued()) {
        (true, _) => "Nothing in this period has this id, session or visitor. A longer period may have it.",
        (false, true) => "That was all.",
        (false, false) => "Nothing in this period, with these filters.",
    }
}

/// The same view of the other table, without what that doesn't have.
fn only(view: &View, show: Option<&str>) -> View {
    view.with("show", show).with("anomaly", None).with("reason", None).with("limit", None)
}

fn search(context: &Context<'_>, request: &EventsRequest) -> Markup {
    html! {
        form.search action=(Page::Events.path()) method="get" role="search" {
            @for (name, value) in context.view.hidden(&["find", "limit"]) { input type="hidden" name=(name) value=(value); }
            input type="search" name="find" data-key="/" aria-label="Event id, session or visitor" placeholder="Event id, session or visitor"
                value=(text::field(request.find().unwrap_or_default())) spellcheck="false" autocapitalize="off" autocomplete="off";
            button { "Find" }
        }
    }
}

fn stored(context: &Context<'_>, request: &EventsRequest, lines: &[EventLine]) -> Markup {
    html! {
        div.rows { table.lines {
            thead { tr {
                th scope="col" { "Time" } th scope="col" { "Event" } th.wide scope="col" { "Subject" } th.wide scope="col" { "Page" }
                th.wide scope="col" { "Session" } th.wide scope="col" { "Visitor" }
            } }
            tbody { @for line in lines { tr {
                th scope="row" { a href=(event_href(&line.id)) { (clock(request, &line.time)) } }
                td { (what(line)) }
                td.wide { (value(context, FilterKind::Subject, line.subject.as_deref())) }
                td.wide { (value(context, FilterKind::Page, line.page.as_deref())) }
                td.wide { (found(context, line.session.as_deref())) }
                td.wide { (found(context, line.visitor.as_deref())) }
            } } }
        } }
    }
}

fn rejected(request: &EventsRequest, lines: &[RejectLine]) -> Markup {
    html! {
        div.rows { table.lines {
            thead { tr {
                th scope="col" { "Received" } th scope="col" { "Why" } th scope="col" { "Where" } th.wide scope="col" { "Event" }
                th.wide scope="col" { "Datastream" } th.wide scope="col" { "Row" }
            } }
            tbody { @for line in lines { tr {
                th scope="row" { @match &line.event_id {
                    Some(id) => a href=(event_href(id)) { (clock(request, &line.received_at)) },
                    None => (clock(request, &line.received_at)),
                } }
                td { (line.keyword.as_deref().map_or_else(|| line.kind.clone(), text::shown))
                    @if let Some(more @ 2..) = line.violation_count { span.aside { " and " (more - 1) " more" } } }
                td { @if let Some(pointer) = &line.pointer { code { (text::shown(pointer)) } } }
                td.wide { @match &line.event_id { Some(id) => bdi { (text::shown(id)) }, None => span.aside { "no id" } } }
                td.wide { (text::shown(line.datastream.as_deref().unwrap_or_default())) }
                td.wide { code { (text::shown(&line.reject_id)) } }
            } } }
        } }
        p.aside.after { "What was sent is sealed. On the server's machine " code { "frontdesk rejects show ROW" } " tells all of it; "
            code { "frontdesk rejects retry ROW" } " judges it once more." }
    }
}

/// What happened to a chat, where the event's type says it.
fn chat(kind: &str) -> Option<&'static str> {
    CHATS.iter().find(|(ending, _)| kind.ends_with(ending)).map(|(_, name)| *name)
}

/// What kind of event it is, and what is odd about it.
pub(crate) fn what(line: &EventLine) -> Markup {
    let kind = line.event_type.as_deref();
    let of_chat = kind.filter(|_| line.channel.as_deref() == Some(Channel::Chat.name())).and_then(chat);
    let name = match (line.channel.as_deref(), kind) {
        _ if of_chat.is_some() => of_chat.unwrap_or_default().to_owned(),
        (Some(name), _) => channel(name).map_or_else(|| text::shown(name), |(_, label)| label.to_owned()),
        (None, Some(kind)) => KINDS
            .iter()
            .find(|(known, _)| *known == kind)
            .map_or_else(|| text::shown(kind), |(_, name)| (*name).to_owned()),
        (None, None) => "Event".to_owned(),
    };
    html! {
        b { (name) }
        @if let Some(requests @ 1..) = line.contact_requests { span.aside { " " (requests) (if requests == 1 { " request" } else { " requests" }) } }
        @for mark in marks(line) { " " span.mark { (mark) } }
    }
}

fn marks(line: &EventLine) -> impl Iterator<Item = &'static str> {
    [
        (line.derived.is_some(), "derived"),
        (line.anomaly == Some(true), "counter"),
        (line.time_anomaly.is_some(), "time"),
        (line.late == Some(true), "late"),
    ]
    .into_iter()
    .filter_map(|(is_so, mark)| is_so.then_some(mark))
}

fn value(context: &Context<'_>, kind: FilterKind, value: Option<&str>) -> Markup {
    let Some(value) = value else { return html! { span.aside { "–" } } };
    let name = if kind == FilterKind::Page { text::page(value) } else { text::shown(value) };
    html! {
        @if text::is_linked(value) {
            a href=(context.view.filtered(Filter::of(kind, value)).href(Page::Events)) { bdi { (name) } }
        } @else { bdi { (name) } }
    }
}

fn found(context: &Context<'_>, id: Option<&str>) -> Markup {
    let Some(id) = id else { return html! { span.aside { "–" } } };
    let view = context.view.with("find", Some(id)).with("anomaly", None).with("limit", None);
    html! { @if text::is_linked(id) { a href=(view.href(Page::Events)) { bdi { (text::shown(id)) } } } @else { bdi { (text::shown(id)) } } }
}

fn clock(request: &EventsRequest, utc: &str) -> String {
    time::second(&request.clock(utc))
}
