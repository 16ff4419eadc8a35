//! A metric's name, which opens to what it means.

use maud::{Markup, html};

use crate::reading::metric;

/// A metric's name, and its definition behind it.
pub(crate) fn what(name: &str, label: Option<&str>) -> Markup {
    let Some(metric) = metric(name) else { return html! { (label.unwrap_or(name)) } };
    html! {
        details.what {
            summary { (label.unwrap_or(metric.label)) }
            div {
                p { (metric.formula) }
                @if !metric.note.is_empty() { p.aside { (metric.note) } }
                p.aside { "In reports and SQL: " code { (metric.name) } }
            }
        }
    }
}
