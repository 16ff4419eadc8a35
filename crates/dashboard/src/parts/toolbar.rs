//! What is chosen: period, comparison, time zone, filters. Links and plain forms, so that it works without
//! scripts and each choice is a URL.

use chrono::NaiveDate;
use maud::{Markup, html};
use report::{Channel, Device};

use super::named::{UNKNOWN_DEVICE, device, referrer};
use super::series::channel;
use super::words::ends;
use crate::format::time;
use crate::kept::{notes, views};
use crate::page::{Context, Told};
use crate::text;
use crate::view::{Filter, FilterKind, View};

/// Periods that are one click away: `since`, the name, and the name on a narrow screen.
pub(super) const PRESETS: [(&str, &str); 5] =
    [("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("1m", "This month")];
/// `compare`, and its name.
const COMPARISONS: [(&str, &str); 4] =
    [("previous", "Period before"), ("year", "Year before"), ("weekdays", "Same weekdays before"), ("none", "Nothing")];
/// What reports take for a `since` or `compare` that isn't written.
pub(super) const SINCE: &str = "7d";
pub(super) const COMPARE: &str = "previous";
/// Zones that are suggested, besides that of the page.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
];

/// The choices of a page.
pub(crate) fn toolbar(context: &Context<'_>, told: Option<&Told>) -> Markup {
    let view = context.view;
    let preset = view.get("until").is_none().then(|| view.get("since").unwrap_or(SINCE));
    let is_preset = PRESETS.iter().any(|(since, _)| Some(*since) == preset);
    html! {
        div.tools {
            nav.seg aria-label="Period" {
                @for (since, name) in PRESETS {
                    a href=(view.during(since, None).href(context.page)) aria-current=[(preset == Some(since)).then_some("true")] { (name) }
                }
            }
            @if told.is_some() {
                details.pop {
                    summary data-key="d" class=[(!is_preset).then_some("chosen")] { "Dates" }
                    (dates(context, told))
                }
            }
            @if context.page.is_compared() { details.pop {
                summary data-key="c" { "Compare" span.aside { ": " (comparison(view)) } }
                div.forms {
                    nav.menu aria-label="Compare with" {
                        @for (compare, name) in COMPARISONS {
                            a href=(view.with("compare", Some(compare)).href(context.page))
                                aria-current=[(view.get("compare").unwrap_or(COMPARE) == compare).then_some("true")] { (name) }
                        }
                    }
                    (own_comparison(context))
                }
            } }
            @if let Some(told) = told {
                details.pop {
                    summary data-key="z" { "Time zone" span.aside { ": " (told.period.tz) } }
                    (zones(context, Some(told)))
                }
            }
            details.pop {
                summary data-key="f" { "Filter" }
                (filters(context, told))
            }
            @if let Some(told) = told { (notes(context, told)) }
            (views(context))
        }
        (chips(context))
    }
}

/// The fields of what may be wrong, with what was written.
pub(crate) fn correction(context: &Context<'_>) -> Markup {
    html! { div.correct { (dates(context, None)) (zones(context, None)) } }
}

fn comparison(view: &View) -> String {
    let compare = view.get("compare").unwrap_or(COMPARE);
    COMPARISONS
        .iter()
        .find(|(known, _)| *known == compare)
        .map_or_else(|| ends(compare), |(_, name)| (*name).to_owned())
}

/// The dates of a period of one's own, with those that are shown now.
fn own_comparison(context: &Context<'_>) -> Markup {
    let written = context.view.get("compare").unwrap_or_default();
    let (since, until) = written.split_once("..").unwrap_or((written, ""));
    let date = |written: &str| written.parse::<NaiveDate>().map(|date| date.to_string()).unwrap_or_default();
    let fields = html! {
        label { "Or with days from" input type="date" name=(View::COMPARE_ENDS[0]) value=(date(since)) required; }
        label { "To (as many if empty)" input type="date" name=(View::COMPARE_ENDS[1]) value=(date(until)); }
    };
    form_of("pair", context, &["compare"], &fields, "Compare")
}

/// A form of this page that sets some parameters and keeps the rest.
fn form(context: &Context<'_>, set: &[&str], fields: &Markup, button: &str) -> Markup {
    form_of("", context, set, fields, button)
}

fn form_of(class: &str, context: &Context<'_>, set: &[&str], fields: &Markup, button: &str) -> Markup {
    let class = Some(class).filter(|class| !class.is_empty());
    html! {
        form class=[class] action=(context.page.path()) method="get" {
            @for (name, value) in context.view.hidden(set) { input type="hidden" name=(name) value=(value); }
            (fields)
            button { (button) }
        }
    }
}

fn dates(context: &Context<'_>, told: Option<&Told>) -> Markup {
    let days = told.and_then(|told| time::days(&told.period.since, &told.period.until));
    let fields = match &days {
        Some((since, until)) => html! {
            label { "First day" input type="date" name="since" value=(since) required; }
            label { "Last day" input type="date" name="until" value=(until); }
        },
        // What was written, to be corrected.
        None => html! {
            label { "Begin" input type="text" name="since" value=(text::field(context.view.get("since").unwrap_or(SINCE))) required; }
            label { "End" input type="text" name="until" value=(text::field(context.view.get("until").unwrap_or_default())); }
            p.aside { "A date such as 2026-11-01, a month such as 2026-11, or 7d for seven days." }
        },
    };
    form(context, &["since", "until", "by"], &fields, "Show")
}

fn zones(context: &Context<'_>, told: Option<&Told>) -> Markup {
    let zone = context.view.get("tz").or(told.map(|told| told.period.tz.as_str())).unwrap_or("UTC");
    let fields = html! {
        label { "Time zone" input type="text" name="tz" value=(text::field(zone)) list="zones" autocomplete="off" spellcheck="false"; }
        datalist id="zones" { @for zone in ZONES { option value=(zone) {} } }
        p.aside { "A name such as Europe/Berlin. Days begin and end by its clock." }
    };
    form(context, &["tz"], &fields, "Show")
}

fn filters(context: &Context<'_>, told: Option<&Told>) -> Markup {
    html! {
        div.forms {
            @for kind in FilterKind::ALL {
                @let fields = html! {
                    label {
                        (kind.label())
                        @match kind {
                            FilterKind::Channel => (choice(kind, &Channel::ALL.map(|channel| (channel.name(), channel.label())))),
                            FilterKind::Device => {
                                @let known = Device::ALL.iter().map(|device| (device.name(), device.label()));
                                (choice(kind, &known.chain([("", UNKNOWN_DEVICE)]).collect::<Vec<_>>()))
                            },
                            _ => (written(kind, told)),
                        }
                    }
                };
                (form(context, &["limit"], &fields, "Add"))
            }
            p.aside { "A ! before a value leaves it out." }
        }
    }
}

/// A field for values that are known beforehand, each to be had alone or to be left out.
fn choice(kind: FilterKind, values: &[(&str, &str)]) -> Markup {
    html! {
        select name=(kind.parameter()) {
            @for (value, label) in values { option value=(value) { (label) } }
            optgroup label="Leave out" {
                @for (value, label) in values { option value={ "!" (value) } { "Not " (label) } }
            }
        }
    }
}

/// A field for values that only events know, with those that the page lists.
fn written(kind: FilterKind, told: Option<&Told>) -> Markup {
    let offered = told.into_iter().flat_map(|told| &told.offered).find(|(known, _)| *known == kind);
    let id = offered.map(|_| format!("of-{}", kind.parameter()));
    html! {
        input type="text" name=(kind.parameter()) list=[&id] required spellcheck="false" autocomplete="off";
        @if let (Some((_, filters)), Some(id)) = (offered, &id) {
            datalist id=(id) { @for filter in filters { option value=(filter.written) {} } }
        }
    }
}

/// The filters as they are told to who can't change them.
pub(crate) fn filters_told(view: &View) -> Markup {
    if view.filters().is_empty() {
        return Markup::default();
    }
    html! {
        ul.chips aria-label="Filters" {
            @for filter in view.filters() {
                @let (is_out, value) = named(filter);
                li { span.chip { (filter.kind.label()) (if is_out { " is not " } else { ": " }) b { bdi { (value) } } } }
            }
        }
    }
}

/// The filters, each with a way to take it away.
fn chips(context: &Context<'_>) -> Markup {
    let filters = context.view.filters();
    if filters.is_empty() {
        return Markup::default();
    }
    html! {
        ul.chips aria-label="Filters" {
            @for (place, filter) in filters.iter().enumerate() {
                @let (is_out, value) = named(filter);
                li { a href=(context.view.without(Some(place)).href(context.page)) {
                    (filter.kind.label()) (if is_out { " is not " } else { ": " })
                    b { bdi { (value) } }
                    span.x aria-hidden="true" { "×" }
                    span.unseen { " – remove this filter" }
                } }
            }
            @if filters.len() > 1 { li { a.clear href=(context.view.without(None).href(context.page)) { "Remove all" } } }
        }
    }
}

pub(super) fn named(filter: &Filter) -> (bool, String) {
    let (is_out, value) = filter.value();
    let name = match filter.kind {
        FilterKind::Device => device(value),
        FilterKind::Referrer => referrer(value),
        _ if value.is_empty() => "none".to_owned(),
        FilterKind::Channel => channel(value).map_or_else(|| text::shown(value), |(_, label)| label.to_owned()),
        FilterKind::Page => text::page(value),
        FilterKind::Subject | FilterKind::Datastream => text::shown(value),
    };
    (is_out, name)
}
