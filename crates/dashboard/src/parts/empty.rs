//! Nothing yet: how to send the first event.

use chrono::{DateTime, SecondsFormat};
use maud::{Markup, html};

use crate::demo::{DemoData, offer};
use crate::page::Context;

/// What stands where the numbers would be.
pub(crate) fn empty(context: &Context<'_>) -> Markup {
    if context.shared.is_some() {
        return html! { section.card.first { h2 { "Nothing was received in this period" } } };
    }
    let is_new = matches!(context.demo, Some(DemoData::Offered { .. }));
    let now =
        DateTime::from_timestamp_micros(context.now).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
    html! {
        section.card.first {
            @if is_new {
                h2 { "Nothing was received yet" }
                p { "This page shows an event as soon as it is stored." }
            } @else {
                h2 { "Nothing was received in this period" }
                p { "Choose another one above. If nothing was ever sent, begin here: this page shows an event as soon as it is stored." }
            }
            h3 { "Send an event" }
            pre tabindex="0" { code {
                "curl " (context.origin) "/v1/events -d '{\"_id\":\"first-1\",\"timestamp\":\"" (now) "\",\"customerFeedback\":{\"chatOffered\":1,\"chatStart\":1,\"chatSessionID\":\"C1\",\"subject\":\"Delivery\"}}'"
            } }
            (offer(context))
            h3 { "Or click" }
            p { "The " a href="/demo/" { "demo shop" } " sends what you click. " a href="/api" { "The interface" } " lists every way in." }
        }
    }
}
