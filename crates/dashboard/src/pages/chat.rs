//! What became of invitations to chat and of chats.

use maud::{Markup, html};
use report::{MetricNumber, Report, SecondsAnswer};

use crate::chart::{Caption, Distribution, Funnel, Mark, Segment, Stage};
use crate::format::number::{Unit, count};
use crate::page::{Context, Told, page};
use crate::parts::anomalies::{OF_CHATS, anomalies};
use crate::parts::series::{LineOf, changed, columns, lines};
use crate::parts::stat::Stat;
use crate::reading::{compared_line, counted, lengths, part, part_before, total, written};

/// What the page is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    /// `chat`.
    pub chat: &'a Report,
}

/// The page.
pub fn chat(context: &Context<'_>, data: &Chat<'_>) -> String {
    let report = data.chat;
    let stat = |name, label| Stat { name, label, report }.draw(context.now);
    let content = html! {
        div.stats {
            (stat("chats_offered", None))
            (stat("invitation_acceptance_rate", Some("Acceptance rate")))
            (stat("invitation_decline_rate", Some("Decline rate")))
            (stat("chats_started", None))
            (stat("chat_duration_seconds", Some("Chat duration, median")))
            (stat("chats_open", None))
        }
        div.grid {
            div.most { (funnel(report)) }
            div.least { (durations(report)) }
            div.whole { (columns(context, report, "started", "Chats started over time", "chats_started")) }
            div.half { (acceptance(context, report)) }
            div.half { (duration_over_time(context, report)) }
            div.whole { (anomalies(report, &OF_CHATS)) }
        }
    };
    page(context, Some(&Told::of(report, &[])), &content)
}

fn funnel(report: &Report) -> Markup {
    let number = |name| counted(report, name) as f64;
    let (offered, declined, ignored) =
        (number("chats_offered"), number("chats_declined"), number("invitations_ignored"));
    let (started, unprompted) = (number("chats_started"), number("unprompted_starts"));
    let after_offer = (started - unprompted).max(0.0);
    let ended = lengths(report, "chat_duration_seconds").map_or(0.0, |lengths| lengths.count as f64);
    let segment = |name, class, number| Segment { name, class, number };
    let rate = total(report, "invitation_acceptance_rate").and_then(|answer| answer.value);
    let sentence = match rate {
        Some(rate) => format!(
            "Of the chats with an invitation {} were accepted. {} invitations were declined and {} ignored; {} chats began without one.",
            written(rate),
            count(declined as u64),
            count(ignored as u64),
            count(unprompted as u64)
        ),
        None => "Nobody was invited to a chat in this period.".to_owned(),
    };
    let caption = Caption { id: "funnel", title: "From invitation to end", sentence };
    if offered == 0.0 && started == 0.0 {
        return caption.without_drawing();
    }
    let stages = vec![
        Stage {
            name: "Offered",
            number: offered,
            segments: vec![
                segment("Started", "s1", after_offer.min(offered)),
                segment("Declined", "s2", declined),
                segment("Ignored", "rest", ignored),
            ],
        },
        Stage {
            name: "Started",
            number: started,
            segments: vec![segment("After an offer", "s1", after_offer), segment("Unprompted", "s3", unprompted)],
        },
        Stage {
            name: "Ended",
            number: ended,
            segments: vec![
                segment("Ended", "s1", ended),
                segment("Open now", "s3", number("chats_open")),
                segment("Never ended", "rest", number("chats_unended")),
            ],
        },
    ];
    Funnel { caption, stages }.draw()
}

fn durations(report: &Report) -> Markup {
    let write = |seconds: u32| Unit::Seconds.write(f64::from(seconds));
    let caption = |sentence| Caption { id: "durations", title: "How long chats take", sentence };
    let Some(SecondsAnswer { median, p90, p95, max, count: measured }) = lengths(report, "chat_duration_seconds")
    else {
        return caption("No chat has both a start and an end in this period.".to_owned()).without_drawing();
    };
    let sentence = format!(
        "Half of {} chats took {} or less, 90 of 100 took {} or less, the longest {}.",
        count(measured),
        write(median),
        write(p90),
        write(max)
    );
    let mark = |name, meaning, class, seconds| Mark { name, meaning, class, seconds: f64::from(seconds) };
    let marks = vec![
        mark("Median", "half are no longer", "d1", median),
        mark("p90", "90 of 100 are no longer", "d2", p90),
        mark("p95", "95 of 100 are no longer", "d3", p95),
        mark("Longest", "all are no longer", "d4", max),
    ];
    Distribution { caption: caption(sentence), marks }.draw()
}

fn acceptance(context: &Context<'_>, report: &Report) -> Markup {
    const NAME: &str = "invitation_acceptance_rate";
    let mut drawn =
        vec![LineOf { name: "Acceptance rate", class: "s1", value: |bucket, name| part(&bucket.metrics, name) }];
    if let Some(before) = compared_line(report) {
        drawn.push(LineOf { name: before, class: "before", value: |bucket, name| part_before(&bucket.metrics, name) });
    }
    let sentence = match total(report, NAME).and_then(|answer| answer.value) {
        Some(_) => format!("{}.", changed(report, NAME)),
        None => "Nobody was invited to a chat in this period.".to_owned(),
    };
    lines(context, report, ("acceptance", "Acceptance over time"), NAME, &drawn, sentence)
}

fn duration_over_time(context: &Context<'_>, report: &Report) -> Markup {
    const NAME: &str = "chat_duration_seconds";
    let drawn = [
        LineOf { name: "Median", class: "s1", value: |bucket, name| part(&bucket.metrics, name) },
        LineOf { name: "p90", class: "s2", value: p90 },
    ];
    let sentence = match total(report, NAME).and_then(|answer| answer.value) {
        Some(_) => format!("{}, as the median.", changed(report, NAME)),
        None => "No chat has both a start and an end in this period.".to_owned(),
    };
    lines(context, report, ("lengths", "Duration over time"), NAME, &drawn, sentence)
}

fn p90(bucket: &report::ReportBucket, name: &str) -> Option<f64> {
    match bucket.metrics.get(name)?.value? {
        MetricNumber::Seconds(seconds) if seconds.count > 0 => Some(f64::from(seconds.p90)),
        _ => None,
    }
}
