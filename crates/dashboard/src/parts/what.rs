//! A metric's name, which opens to what it means.

use maud::{Markup, html};
use report::Metric;

/// A metric's name, and its definition behind it.
pub(crate) fn what(metric: &Metric, label: Option<&str>) -> Markup {
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
