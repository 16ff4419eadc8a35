//! What became of the events that were sent, and what can't be right in them.

use maud::{Markup, html};
use report::{Report, metric};

use crate::format::number::{Unit, count};
use crate::format::time;
use crate::page::{Context, Standing, Told, page};
use crate::parts::anomalies::{ALL, anomalies};
use crate::parts::series::columns;
use crate::parts::stat::Stat;
use crate::parts::values::{REASON, Values};
use crate::text::sentence;
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

/// How the server stands at this moment, whatever the period is.
fn now(standing: &Standing, now: i64) -> Markup {
    let ago =
        |micros: i64| format!("{} ago", Unit::Seconds.write((now.saturating_sub(micros).max(0) / 1_000_000) as f64));
    let since = |rfc3339: &str| time::micros(rfc3339).map(ago).unwrap_or_default();
    let requests = |number: u64| match number {
        0 => "nothing".to_owned(),
        1 => "one request".to_owned(),
        number => format!("{} requests", count(number)),
    };
    let Standing { newest, last_commit, waiting, uncommitted, set_aside, journal_bytes, free_bytes, remarks } =
        standing;
    html! {
        section.card.after id="now" {
            h2 { "Now" }
            dl.pairs {
                @match newest {
                    Some((time, received_at)) => { dt { "Newest event" } dd { (since(time)) span.aside { ", received " (since(received_at)) } } },
                    None => { dt { "Newest event" } dd { "none" } },
                }
                @if let Some(waiting) = waiting { dt { "Waiting in the journal" } dd { (requests(*waiting)) span.aside { ", durable and not yet rows" } } }
                @if let Some(uncommitted) = uncommitted { dt { "Not yet in the tables" } dd { (requests(*uncommitted)) @if let Some(at) = last_commit { span.aside { ", last commit " (ago(*at)) } } } }
                @if let Some(bytes) = journal_bytes { dt { "Journal" } dd { (size(*bytes)) } }
                @if let Some(bytes) = free_bytes { dt { "Free on the disk" } dd { (size(*bytes)) } }
                @if let Some(number @ 1..) = set_aside { dt { "Set aside" } dd { (requests(*number)) span.aside { ": " code { "frontdesk quarantine list" } } } }
            }
            @for remark in remarks { p.says { (sentence(remark)) } }
        }
    }
}

/// `1.4 GB`
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && size < 99.5);
    format!("{size:.digits$}\u{a0}{}", UNITS[unit])
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
        @if let Some(standing) = context.standing { (now(standing, context.now)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let check = |bytes: u64, expect: &str| assert_eq!(size(bytes).replace('\u{a0}', " "), expect);
        check(0, "0 bytes");
        check(999, "999 bytes");
        check(1_000, "1.0 kB");
        check(99_499, "99.5 kB");
        check(123_456_789, "123 MB");
        check(999_600_000, "1.0 GB");
        check(u64::MAX, "18446744 TB");
    }

    #[test]
    fn the_server_says_how_it_stands() {
        let standing = Standing {
            newest: Some(("2026-11-28T12:39:00Z".to_owned(), "2026-11-28T12:39:58Z".to_owned())),
            last_commit: Some(1_795_869_597_000_000),
            waiting: Some(0),
            uncommitted: Some(1),
            set_aside: Some(2),
            free_bytes: Some(1_400_000_000),
            remarks: vec!["a <file> can't be read".to_owned()],
            ..Standing::default()
        };
        let text = now(&standing, 1_795_869_600_000_000).into_string().replace('\u{a0}', " ");
        for expect in [
            "<dd>1 min ago<span class=\"aside\">, received 2 s ago</span></dd>",
            "<dd>nothing<",
            "<dd>one request<span class=\"aside\">, last commit 3 s ago</span></dd>",
            "<dd>1.4 GB</dd>",
            "<dd>2 requests<",
            "A &lt;file&gt; can't be read.",
        ] {
            assert!(text.contains(expect), "{expect}: {text}");
        }
        assert!(!text.contains("Journal<"), "{text}");
        assert!(now(&Standing::default(), 0).into_string().contains("<dd>none</dd>"));
    }
}
