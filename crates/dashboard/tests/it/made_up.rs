//! Made-up reports, the same each time, of the shape of real ones.

use chrono::{DateTime, SecondsFormat};
use report::{
    Channel, ComparedPeriod, MetricAnswer, MetricNumber, Named, PartAnswer, Report, ReportBucket, ReportName,
    ReportPeriod, ReportRow, RowKind, SecondsAnswer, WrittenFilter,
};

/// Sat 28 Nov 2026, 12:40 UTC.
pub(crate) const NOW: i64 = 1_795_869_600_000_000;

/// A week that isn't over, by day.
pub(crate) fn days(name: ReportName) -> Report {
    let day = |day: u32| format!("2026-11-{day:02}T00:00:00Z");
    let series = (22..29u32).map(|number| {
        let weight = if number % 7 <= 1 { 4 } else { 9 };
        let requests = u64::from(number * 7 % 23 + 20) * weight;
        // Half of the last day has passed.
        let requests = if number == 28 { requests / 2 } else { requests };
        ReportBucket { at: day(number), metrics: part(requests, requests * 9 / 10 + 12) }
    });
    report(name, "day", series.collect(), 1_942, 1_731)
}

/// So many days or hours up to a moment ago, of a large shop: numbers without a pattern that compresses.
pub(crate) fn many(name: ReportName, by: &str, parts: i64) -> Report {
    let step = if by == "hour" { 3_600_000_000 } else { 86_400_000_000 };
    let begin = |place: i64| (NOW / step + 1 - parts + place) * step;
    let at = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = move || {
        // xorshift64
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let series = (0..parts).map(|place| {
        let requests = next() % 19_000 + 800;
        ReportBucket { at: at(begin(place)), metrics: part(requests, next() % 19_000 + 800) }
    });
    let mut report = report(name, by, series.collect(), 9_871_942, 9_641_731);
    (report.period.since, report.period.until) = (at(begin(0)), at(begin(parts)));
    report
}

/// The hours of a week.
pub(crate) fn hours() -> Report {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let bucket = |(day, name): (u64, &&str)| {
        let name = *name;
        (0..24u64)
            .map(move |hour| {
                let open = if (8..20).contains(&hour) { 14 - (hour.abs_diff(13)) * 2 } else { hour / 7 };
                let requests = if day > 4 { open / 3 } else { open + (day * 5 + hour * 3) % 4 };
                ReportBucket { at: format!("{name} {hour:02}:00"), metrics: part(requests, 0) }
            })
            .collect::<Vec<_>>()
    };
    let series = std::iter::zip(0.., &DAYS).flat_map(bucket).collect();
    report(ReportName::Overview, "weekday-hour", series, 1_942, 0)
}

/// A week without anything.
pub(crate) fn nothing(name: ReportName) -> Report {
    let mut report = days(name);
    let zero = |number: Option<MetricNumber>| match number {
        Some(MetricNumber::Count(_)) => Some(MetricNumber::Count(0)),
        _ => None,
    };
    for (_, answer) in &mut report.metrics.0 {
        (answer.value, answer.previous, answer.note) = (zero(answer.value), zero(answer.previous), None);
        answer.change = answer.value.map(|_| 0.0);
        answer.reason = answer.value.is_none().then(|| "there is nothing to divide by".to_owned());
    }
    for (_, part) in report.series.iter_mut().flat_map(|bucket| &mut bucket.metrics.0) {
        (part.value, part.previous) = (zero(part.value), zero(part.previous));
    }
    report.rows.clear();
    report.rows_left_out = 0;
    report
}

/// The same with these values as rows, and with what has none.
pub(crate) fn with_rows(mut report: Report, by: &str, values: &[&str]) -> Report {
    report.rows_by = Some(by.to_owned());
    let row = |place: usize, kind: RowKind, value: Option<&str>| {
        let requests = 640 / (place as u64 + 1) + 3;
        ReportRow {
            kind,
            value: value.map(str::to_owned),
            metrics: part(requests, requests + 7 - (place as u64 % 3) * 7),
        }
    };
    report.rows = values.iter().enumerate().map(|(place, value)| row(place, RowKind::Value, Some(value))).collect();
    report.rows.push(row(values.len() + 4, RowKind::None, None));
    report.rows.push(row(values.len() + 9, RowKind::Other, None));
    report
}

fn report(name: ReportName, by: &str, series: Vec<ReportBucket>, requests: u64, before: u64) -> Report {
    Report {
        report: name,
        period: ReportPeriod {
            since: "2026-11-22T00:00:00Z".to_owned(),
            until: "2026-11-29T00:00:00Z".to_owned(),
            tz: "UTC".to_owned(),
            so_far: true,
        },
        compared: (before > 0).then(|| ComparedPeriod {
            with: "previous".to_owned(),
            since: "2026-11-15T00:00:00Z".to_owned(),
            until: "2026-11-21T12:40:00Z".to_owned(),
            so_far: true,
        }),
        by: by.to_owned(),
        filter: WrittenFilter::default(),
        metrics: totals(requests, before),
        series,
        rows_by: Some("channel".to_owned()),
        rows: channels(requests, before),
        rows_left_out: 0,
        notes: vec!["The period isn't over: it is compared with as much of the earlier one.".to_owned()],
        annotations: Vec::new(),
    }
}

fn channels(requests: u64, before: u64) -> Vec<ReportRow> {
    const SHARES: [u64; 5] = [46, 24, 7, 17, 6];
    let row = |(channel, share): (Channel, u64)| ReportRow {
        kind: RowKind::Value,
        value: Some(channel.name().to_owned()),
        metrics: part(requests * share / 100, before * (share + 3) / 100),
    };
    std::iter::zip(Channel::ALL, SHARES).map(row).collect()
}

fn count(name: &str, value: u64, previous: u64) -> (String, MetricAnswer) {
    let change = (previous > 0).then(|| (value as f64 - previous as f64) / previous as f64);
    let change = change.or((value == 0).then_some(0.0));
    answer(name, MetricNumber::Count(value), MetricNumber::Count(previous), change, "count")
}

fn share(name: &str, value: f64, previous: f64) -> (String, MetricAnswer) {
    let change = Some((value - previous) / previous);
    answer(name, MetricNumber::Share(value), MetricNumber::Share(previous), change, "share")
}

fn seconds(name: &str, median: u32, previous: u32) -> (String, MetricAnswer) {
    let lengths = |median: u32| {
        MetricNumber::Seconds(SecondsAnswer {
            median,
            p90: median * 3,
            p95: median * 4,
            max: median * 31,
            count: u64::from(median) * 3,
        })
    };
    let change = Some((f64::from(median) - f64::from(previous)) / f64::from(previous));
    answer(name, lengths(median), lengths(previous), change, "seconds")
}

fn answer(
    name: &str,
    value: MetricNumber,
    previous: MetricNumber,
    change: Option<f64>,
    unit: &str,
) -> (String, MetricAnswer) {
    let answer = MetricAnswer {
        value: Some(value),
        previous: Some(previous),
        change,
        unit: unit.to_owned(),
        note: None,
        reason: None,
    };
    (name.to_owned(), answer)
}

fn totals(requests: u64, before: u64) -> Named<MetricAnswer> {
    let mut visitors = count("visitors", 48_211, 46_950);
    visitors.1.note = Some("estimated, ±0.9 % in 95 of 100 cases".to_owned());
    let mut open = count("chats_open", 3, 0);
    (open.1.previous, open.1.change) = (None, None);
    Named(vec![
        count("contact_requests", requests, before),
        visitors,
        count("contact_visitors", 1_611, 1_498),
        share("contact_rate", 0.033_4, 0.031_9),
        count("chats_offered", 2_480, 2_222),
        count("chats_declined", 702, 690),
        count("chats_started", 893, 851),
        count("chats_ended", 861, 820),
        share("invitation_acceptance_rate", 0.312, 0.337),
        share("invitation_decline_rate", 0.283, 0.311),
        count("invitations_ignored", 991, 850),
        count("unprompted_starts", 119, 127),
        seconds("chat_duration_seconds", 252, 239),
        open,
        count("chats_unended", 29, 31),
        count("click_to_call", 466, 420),
        count("click_to_text", 136, 140),
        count("click_to_email", 330, 310),
        count("click_to_direct_message", 117, 110),
        seconds("time_to_first_contact_seconds", 95, 101),
        share("repeat_contact_rate", 0.071, 0.08),
        count("accepted", 61_034, 58_112),
        count("rejected", 212, 0),
        count("duplicates", 48, 51),
        count("conflicts", 2, 2),
        count("late", 17, 9),
        count("anomalies", 48, 53),
        count("anomalies_counter", 4, 0),
        count("anomalies_time", 12, 30),
        count("anomalies_without_session", 0, 0),
        count("anomalies_end_without_start", 9, 8),
        count("anomalies_start_after_end", 1, 1),
        count("anomalies_declined_and_started", 5, 5),
        count("anomalies_two_starts", 0, 0),
    ])
}

fn part(requests: u64, before: u64) -> Named<PartAnswer> {
    let part = |name: &str, value: Option<MetricNumber>, previous: Option<MetricNumber>| {
        let size = |number: MetricNumber| match number {
            MetricNumber::Count(count) => count as f64,
            MetricNumber::Share(share) => share,
            MetricNumber::Seconds(seconds) => f64::from(seconds.median),
        };
        let change = value.zip(previous).filter(|(_, previous)| size(*previous) > 0.0);
        let change = change.map(|(value, previous)| (size(value) - size(previous)) / size(previous));
        (name.to_owned(), PartAnswer { value, previous, change, note: None })
    };
    let both = |name: &str, of: &dyn Fn(u64) -> u64| {
        part(name, Some(MetricNumber::Count(of(requests))), Some(MetricNumber::Count(of(before))))
    };
    let share = |requests: u64| 0.025 + (requests % 17) as f64 / 1_000.0;
    let lengths = |requests: u64| {
        let median = 180 + (requests % 90) as u32;
        MetricNumber::Seconds(SecondsAnswer { median, p90: median * 3, p95: median * 4, max: median * 9, count: 7 })
    };
    let chats = requests * 46 / 100;
    let (call, text, email) = (requests * 24 / 100, requests * 7 / 100, requests * 17 / 100);
    Named(vec![
        both("contact_requests", &|requests| requests),
        part("chats_started", Some(MetricNumber::Count(chats)), Some(MetricNumber::Count(before * 46 / 100))),
        part("click_to_call", Some(MetricNumber::Count(call)), None),
        part("click_to_text", Some(MetricNumber::Count(text)), None),
        part("click_to_email", Some(MetricNumber::Count(email)), None),
        part("click_to_direct_message", Some(MetricNumber::Count(requests - chats - call - text - email)), None),
        both("visitors", &|requests| requests * 28),
        both("contact_visitors", &|requests| requests * 8 / 10),
        part("contact_rate", Some(MetricNumber::Share(share(requests))), Some(MetricNumber::Share(share(before)))),
        both("chats_offered", &|requests| requests * 13 / 10),
        both("chats_declined", &|requests| requests * 3 / 10),
        part(
            "invitation_acceptance_rate",
            Some(MetricNumber::Share(share(requests) * 9.0)),
            Some(MetricNumber::Share(share(before) * 9.0)),
        ),
        part("chat_duration_seconds", Some(lengths(requests)), Some(lengths(before))),
        part("rejected", Some(MetricNumber::Count(requests / 9)), Some(MetricNumber::Count(0))),
        both("late", &|requests| requests % 5),
        both("anomalies", &|requests| requests % 7),
    ])
}

/// Subjects and pages as visitors and their sites write them.
pub(crate) const SUBJECTS: &[&str] = &[
    "Delivery",
    "Returns and refunds",
    "Opening an account",
    "Service Request",
    "Order status",
    "Warranty",
    "Appointment",
    "A subject that somebody has written out at such a length that no list of subjects could ever have foreseen it",
];
pub(crate) const PAGES: &[&str] = &[
    "https://shop.example/checkout",
    "https://shop.example/help/returns",
    "https://shop.example/",
    "https://shop.example/product/garden-chair-oak-with-cushion-and-a-very-long-name-in-the-address",
    "https://shop.example/account/orders",
    "https://shop.example/product/lamp",
    "https://shop.example/stores/berlin",
    "Start page",
];

pub(crate) const REFERRERS: &[&str] =
    &["search.example", "social.example", "account.shop.example", "com.example.mail", "magazine.example"];

/// Texts that want to be more than texts.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "'; drop table events; --",
    "\u{202e}gnp.exe\u{1b}[2J\u{0}",
    "=HYPERLINK(\"http://evil.example\")",
    "!not",
    "",
    "https://evil.example/?a=1&b=\"><svg/onload=alert(1)>#x",
    "data:text/html,<b>",
];
