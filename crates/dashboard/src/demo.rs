//! Made-up events, for whoever wants to see the pages before anything was sent: the button that loads them, how far that
//! is, and how they are left out again.

use maud::{Markup, html};

use crate::format::number::count;
use crate::page::Context;
use crate::text::sentence;
use crate::view::{Filter, FilterKind, Page, View};

/// Where the button's form is sent.
pub const DEMO_DATA_PATH: &str = "/demo-data";
/// The datastream of made-up events, and of the demo shop.
pub const DEMO_DATASTREAM: &str = "demo";

/// How it stands with made-up events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoData {
    /// There is no event, and the reader may load them.
    Offered {
        /// How many there would be.
        events: u64,
        /// Of how many days.
        days: u32,
        /// Why they weren't loaded when somebody last tried.
        failed: Option<String>,
    },
    /// They are being loaded.
    Loading {
        /// So many are.
        loaded: u64,
        /// Of so many.
        of: u64,
    },
    /// They are there.
    Loaded {
        /// Events that are counted.
        accepted: u64,
        /// Events that break rules on purpose.
        rejected: u64,
    },
    /// A part of them is there, and no more will come.
    Stopped {
        /// So many are.
        loaded: u64,
        /// Of so many.
        of: u64,
        /// Why.
        why: String,
    },
}

impl DemoData {
    /// Whether more of them come.
    pub(crate) fn is_loading(&self) -> bool {
        matches!(self, DemoData::Loading { .. })
    }
}

/// The button, where it may be pressed, and what it does.
pub(crate) fn offer(context: &Context<'_>) -> Markup {
    let Some(DemoData::Offered { events, days, failed }) = context.demo else { return by_command() };
    html! {
        h3 { "Or look at it with made-up events" }
        @if let Some(failed) = failed { p.refused role="alert" { "They weren't loaded: " (sentence(failed)) } }
        form.offer action=(DEMO_DATA_PATH) method="post" { button { "Load " (count(*events)) " made-up events" } }
        p {
            "A shop's visitors of the last " (days) " days, none of them real. They are in the datastream " code { (DEMO_DATASTREAM) }
            " and stay beside what you send: the filter “Datastream is not " (DEMO_DATASTREAM) "” leaves them out. To be rid of them, stop the server and delete its data directory before anything of your own is in it."
        }
    }
}

fn by_command() -> Markup {
    html! {
        h3 { "Or fill it with made-up events" }
        pre tabindex="0" { code { "frontdesk generate --events 10000 | frontdesk load --datastream " (DEMO_DATASTREAM) " -" } }
    }
}

/// How far they are, above the numbers.
pub(crate) fn state(context: &Context<'_>) -> Markup {
    let without = || {
        let is_not = Filter { kind: FilterKind::Datastream, written: format!("!{DEMO_DATASTREAM}") };
        View::default().filtered(is_not).href(Page::Overview)
    };
    let told = match context.demo {
        None | Some(DemoData::Offered { .. }) => return Markup::default(),
        Some(DemoData::Loading { loaded, of }) => {
            html! { b { "Made-up events are being loaded" } ": " (count(*loaded)) " of " (count(*of)) "." }
        }
        Some(DemoData::Loaded { accepted, rejected }) => html! {
            b { "These numbers are made up" } ": " (count(*accepted)) " events in the datastream " code { (DEMO_DATASTREAM) }
            @if *rejected > 0 { ", and " a href=(Page::Quality.path()) { (count(*rejected)) " that break rules on purpose" } }
            ". " a href=(without()) { "Show the numbers without them" } "."
        },
        Some(DemoData::Stopped { loaded, of, why }) => html! {
            b { "Made-up events: " (count(*loaded)) " of " (count(*of)) " were loaded" } ". " (sentence(why)) " "
            a href=(without()) { "Show the numbers without them" } "."
        },
    };
    html! { p.told role="status" { (told) } }
}
