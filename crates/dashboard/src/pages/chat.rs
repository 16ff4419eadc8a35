//! What became of invitations to chat and of chats.

use maud::{Markup, html};
use report::{Metric, MetricNumber, Report, SecondsAnswer, metric};

use crate::chart::{Caption, Distribution, Funnel, Mark, Segment, Stage};
use crate::format::number::{Unit, count};
use crate::page::{Context, Told, page};
use crate::parts::anomalies::{OF_CHATS, anomalies};
use crate::parts::series::{LineOf, changed, columns, lines};
use crate::parts::stat::{Stat, stats};
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
    page(context, Some(&Told::of(report, &[])), &content(context, report))
}

/// What is on it.
pub(crate) fn content(context: &Context<'_>, report: &Report) -> Markup {
    let stat = |metric, label| Stat { metric, label, report };
    html! {
        (stats("stats", context.now, &[
            stat(&metric::CHATS_OFFERED, None),
            stat(&metric::INVITATION_ACCEPTANCE_RATE, Some("Acceptance rate")),
            stat(&metric::INVITATION_DECLINE_RATE, Some("Decline rate")),
            stat(&metric::CHATS_STARTED, None),
            stat(&metric::CHAT_DURATION_SECONDS, Some("Chat duration, median")),
            stat(&metric::CHATS_OPEN, None),
        ]))
        div.grid {
            div.most { (funnel(report)) }
            div.least { (durations(report)) }
            div.whole { (columns(context, report, "started", "Chats started over time", &metric::CHATS_STARTED)) }
            div.half { (acceptance(context, report)) }
            div.half { (duration_over_time(context, report)) }
            div.whole { (anomalies(context, report, &OF_CHATS)) }
        }
    }
}

fn funnel(report: &Report) -> Markup {
    let number = |metric| counted(report, metric) as f64;
    let (offered, declined, ignored) =
        (number(&metric::CHATS_OFFERED), number(&metric::CHATS_DECLINED), number(&metric::INVITATIONS_IGNORED));
    let (started, unprompted) = (number(&metric::CHATS_STARTED), number(&metric::UNPROMPTED_STARTS));
    let after_offer = (started - unprompted).max(0.0);
    let ended = lengths(report, &metric::CHAT_DURATION_SECONDS).map_or(0.0, |lengths| lengths.count as f64);
    let segment = |name, class, number| Segment { name, class, number };
    let rate = total(report, &metric::INVITATION_ACCEPTANCE_RATE).and_then(|answer| answer.value);
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
                segment("Open now", "s3", number(&metric::CHATS_OPEN)),
                segment("Never ended", "rest", number(&metric::CHATS_UNENDED)),
            ],
        },
    ];
    Funnel { caption, stages }.draw()
}

fn durations(report: &Report) -> Markup {
    let write = |seconds: u32| Unit::Seconds.write(f64::from(seconds));
    let caption = |sentence| Caption { id: "durations", title: "How long chats take", sentence };
    let Some(SecondsAnswer { median, p90, p95, max, count: measured }) =
        lengths(report, &metric::CHAT_DURATION_SECONDS)
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
    const METRIC: &Metric = &metric::INVITATION_ACCEPTANCE_RATE;
    let mut drawn =
        vec![LineOf { name: "Acceptance rate", class: "s1", value: |bucket, metric| part(&bucket.metrics, metric) }];
    if let Some(before) = compared_line(report) {
        drawn.push(LineOf {
            name: before,
            class: "before",
            value: |bucket, metric| part_before(&bucket.metrics, metric),
        });
    }
    let sentence = match total(report, METRIC).and_then(|answer| answer.value) {
        Some(_) => format!("{}.", changed(report, METRIC)),
        None => "Nobody was invited to a chat in this period.".to_owned(),
    };
    lines(context, report, ("acceptance", "Acceptance over time"), METRIC, &drawn, sentence)
}

fn duration_over_time(context: &Context<'_>, report: &Report) -> Markup {
    const METRIC: &Metric = &metric::CHAT_DURATION_SECONDS;
    let drawn = [
        LineOf { name: "Median", class: "s1", value: |bucket, metric| part(&bucket.metrics, metric) },
        LineOf { name: "p90", class: "s2", value: p90 },
    ];
    let sentence = match total(report, METRIC).and_then(|answer| answer.value) {
        Some(_) => format!("{}, as the median.", changed(report, METRIC)),
        None => "No chat has both a start and an end in this period.".to_owned(),
    };
    lines(context, report, ("lengths", "Duration over time"), METRIC, &drawn, sentence)
}

fn p90(bucket: &report::ReportBucket, metric: &Metric) -> Option<f64> {
    match bucket.metrics.get(metric.name)?.value? {
        MetricNumber::Seconds(seconds) if seconds.count > 0 => Some(f64::from(seconds.p90)),
        _ => None,
    }
}
