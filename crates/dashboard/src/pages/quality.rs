//! What became of the events that were sent, and what can't be right in them.

use maud::{Markup, html};
use report::{Report, metric};

use crate::page::{Context, Told, page};
use crate::parts::anomalies::{ALL, anomalies};
use crate::parts::series::columns;
use crate::parts::stat::Stat;
use crate::parts::values::{REASON, Values};
use crate::view::Page;

/// What the page is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Quality<'a> {
    /// `quality`.
    pub quality: &'a Report,
}

/// The page.
pub fn quality(context: &Context<'_>, data: &Quality<'_>) -> String {
    let rejects = context.view.href_with(Page::Events, &[("show", "rejected")]);
    let rejects = (rejects, "The rejected events".to_owned());
    page(context, Some(&Told::of(data.quality, &[])), &content(context, data.quality, Some(rejects)))
}

/// What is on it, with where the rejected events are.
pub(crate) fn content(context: &Context<'_>, report: &Report, rejects: Option<(String, String)>) -> Markup {
    let stat = |metric| Stat { metric, label: None, report }.draw(context.now);
    html! {
        div.stats {
            (stat(&metric::ACCEPTED))
            (stat(&metric::REJECTED))
            (stat(&metric::DUPLICATES))
            (stat(&metric::CONFLICTS))
            (stat(&metric::LATE))
            (stat(&metric::ANOMALIES))
        }
        div.grid {
            div.half {
                (Values {
                    id: "reasons", title: "Rejected, by reason", one: REASON, many: "Rejected events", report,
                    kind: None, columns: &[(&metric::REJECTED, "Rejected")],
                    more: rejects,
                }.draw(context))
            }
            div.half { (anomalies(context, report, &ALL)) }
            @if context.shared.is_none() { div.whole {
                section.card.hint {
                    h2 { "Look at them, correct them, try again" }
                    p.says { "A rejected event is kept with what was wrong. After a schema was corrected it can be judged once more." }
                    pre tabindex="0" { code { "frontdesk rejects list\nfrontdesk rejects show ID\nfrontdesk rejects retry" } }
                }
            } }
            div.half { (columns(context, report, "late-events", "Late events over time", &metric::LATE)) }
            div.half { (columns(context, report, "anomalies-over-time", "Anomalies over time", &metric::ANOMALIES)) }
        }
    }
}
