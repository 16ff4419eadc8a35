//! What became of the events that were sent, and what can't be right in them.

use maud::{Markup, html};
use report::{RejectLine, Report, RowKind, metric};

use crate::format::number::{Unit, count};
use crate::format::time;
use crate::page::{Context, NewestEvent, Standing, Told, page};
use crate::parts::anomalies::{ALL, anomalies};
use crate::parts::series::columns;
use crate::parts::stat::{Stat, stats};
use crate::parts::values::{REASON, Values};
use crate::text::{self, sentence};
use crate::view::{Page, event_href};

/// Reasons that have an example: more than there are rules in most schemas.
const EXAMPLES_MAX: usize = 20;

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
    let Standing { newest, last_commit, waiting, uncommitted, set_aside, journal_bytes, free_bytes, remarks, .. } =
        standing;
    html! {
        section.card.after id="now" {
            h2 { "Now" }
            dl.pairs {
                @match newest {
                    NewestEvent::At(time, received_at) => { dt { "Newest event" } dd { (since(time)) span.aside { ", received " (since(received_at)) } } },
                    NewestEvent::None => { dt { "Newest event" } dd { "none" } },
                    NewestEvent::Unknown => {},
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
    let stat = |metric| Stat { metric, label: None, report };
    html! {
        (stats("stats", context.now, &[
            stat(&metric::ACCEPTED),
            stat(&metric::REJECTED),
            stat(&metric::DUPLICATES),
            stat(&metric::CONFLICTS),
            stat(&metric::LATE),
            stat(&metric::ANOMALIES),
        ]))
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
            @if context.shared.is_none() { div.whole { (again(context, report)) } }
            div.half { (columns(context, report, "late-events", "Late events over time", &metric::LATE)) }
            div.half { (columns(context, report, "anomalies-over-time", "Anomalies over time", &metric::ANOMALIES)) }
        }
    }
}

/// An event of each reason, and how it is tried again.
fn again(context: &Context<'_>, report: &Report) -> Markup {
    let rejected = context.standing.map_or(&[][..], |standing| &standing.rejected);
    let reasons = report.rows.iter().filter(|row| row.kind == RowKind::Value).filter_map(|row| row.value.as_deref());
    let examples: Vec<(&str, &RejectLine)> =
        reasons.filter_map(|reason| Some((reason, example(rejected, reason)?))).take(EXAMPLES_MAX).collect();
    html! {
        section.card.hint id="again" {
            h2 { "Look at them, correct them, try again" }
            p.says { "A rejected event is kept, sealed, with what was wrong. When a schema or a setting was corrected it can be judged once more, on the server's machine and while no server runs: it is taken in if it is valid now, and stays as it is if not." }
            @if !examples.is_empty() {
                ul.examples { @for (reason, line) in examples { li {
                    p {
                        @let href = context.view.href_with(Page::Events, &[("show", "rejected"), ("reason", reason)]);
                        b { a href=(href) { (text::shown(reason)) } }
                        @if let Some(pointer) = line.pointer.as_deref().filter(|pointer| !pointer.is_empty()) { " " code { (text::shown(pointer)) } }
                        @if let Some(message) = line.message() { " " (sentence(&text::shown(&message))) }
                        span.aside {
                            " Received " (time::second(&line.received_at)) " UTC"
                            @if let Some(id) = &line.event_id { ", " a href=(event_href(id)) { "this event" } }
                        }
                    }
                    pre tabindex="0" { code { "frontdesk rejects retry " (text::shown(&line.reject_id)) } }
                } } }
                p.says { "All of them:" }
            }
            pre tabindex="0" { code { "frontdesk rejects list\nfrontdesk rejects retry --all" } }
        }
    }
}

/// The newest event whose first violation is of this rule.
fn example<'a>(rejected: &'a [RejectLine], reason: &str) -> Option<&'a RejectLine> {
    let is_of = |line: &&RejectLine| line.kind == "invalid" && line.keyword.as_deref().unwrap_or("unknown") == reason;
    rejected.iter().find(is_of)
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
    fn each_reason_has_its_newest_example() {
        let line = |id: &str, kind: &str, keyword: Option<&str>| RejectLine {
            reject_id: id.to_owned(),
            kind: kind.to_owned(),
            keyword: keyword.map(str::to_owned),
            ..RejectLine::default()
        };
        let rejected = [
            line("conflict", "conflict", Some("type")),
            line("newest", "invalid", Some("type")),
            line("older", "invalid", Some("type")),
            line("old", "invalid", None),
        ];
        let check = |reason: &str, expect: Option<&str>| {
            assert_eq!(example(&rejected, reason).map(|line| line.reject_id.as_str()), expect, "{reason}");
        };
        check("type", Some("newest"));
        check("unknown", Some("old"));
        check("required", None);
    }

    #[test]
    fn the_server_says_how_it_stands() {
        let standing = Standing {
            newest: NewestEvent::At("2026-11-28T12:39:00Z".to_owned(), "2026-11-28T12:39:58Z".to_owned()),
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
        let newest = |newest| now(&Standing { newest, ..Standing::default() }, 0).into_string();
        assert!(newest(NewestEvent::None).contains("<dd>none</dd>"));
        // What wasn't found in time isn't said to be missing.
        assert!(!newest(NewestEvent::Unknown).contains("Newest event"));
    }
}
