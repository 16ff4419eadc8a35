//! The mail about an alert: what is unusual, what is usual, and where to look.

use report::{AlertReading, AlertStanding, METRICS, Metric, WrittenFilter};

use super::{Body, List, Mail, Number, Row};
use crate::format::number::{Unit, count};
use crate::format::time;
use crate::text;
use crate::view::{Filter, FilterKind, Page, View};

/// News of an alert.
#[derive(Clone, Copy, Debug)]
pub struct AlertMail<'a> {
    /// Its name in the settings.
    pub name: &'a str,
    /// Its numbers.
    pub reading: &'a AlertReading,
    /// Which events it counts.
    pub filter: &'a WrittenFilter,
    /// Since when it was raised, RFC 3339, if it is over; `None` if it has begun.
    pub over_since: Option<&'a str>,
    /// Where Frontdesk is asked, without a slash at the end.
    pub public_url: &'a str,
}

/// The mail.
pub fn alert_mail(mail: &AlertMail<'_>) -> Mail {
    let reading = mail.reading;
    let metric = METRICS.iter().find(|metric| metric.name == reading.metric).copied();
    let label = metric.map_or(reading.metric.as_str(), |metric: &Metric| metric.label);
    let span = time::span(&reading.since, &reading.until);
    let usual = reading.usual.map(usually);
    let lead = lead(mail, label, usual.as_deref());
    let heading = match (mail.over_since, reading.kind.as_str()) {
        (Some(_), kind) => format!("Over: {} of {}", kind, lowercase(label)),
        (None, "spike") => format!("Spike: far more {}", lowercase(label)),
        (None, "drop") => format!("Drop: far fewer {}", lowercase(label)),
        (None, _) => format!("Silence: no {}", lowercase(label)),
    };
    let number = |label: &str, value: String, change: String| Number {
        label: label.to_owned(),
        value,
        change,
        asides: Vec::new(),
    };
    let mut numbers = vec![number(label, count(reading.value), String::new())];
    if let Some(usual) = usual {
        numbers.push(number(
            &format!("Usual {}, the mean of the weeks before", reading.same_span()),
            usual,
            String::new(),
        ));
    }
    let rows = reading.weeks.iter().map(|week| Row {
        name: named(&week.since),
        value: count(week.value),
        change: String::new(),
        size: week.value as f64,
        colour: 0,
    });
    let this = Row {
        name: format!("{} (this)", named(&reading.since)),
        value: count(reading.value),
        change: String::new(),
        size: reading.value as f64,
        colour: 1,
    };
    let lists = vec![List {
        title: "The same hours of the weeks before".to_owned(),
        rows: std::iter::once(this).chain(rows).collect(),
        foot: None,
    }];
    let body = Body {
        heading: heading.clone(),
        lead: Some(lead),
        span,
        tz: reading.tz.clone(),
        filters: filter_lines(mail.filter),
        numbers,
        lists,
        link: format!("{}{}", mail.public_url, href(mail)),
        foot: format!(
            "Sent by Frontdesk as the alert “{}” of its settings, once when it begins and once when it is over; whoever keeps them can end it.",
            text::shown(mail.name)
        ),
        ..Body::default()
    };
    let subject = match mail.over_since {
        None => format!("{heading}: {} – {}", count(reading.value), text::shown(mail.name)),
        Some(_) => format!("{heading} – {}", text::shown(mail.name)),
    };
    body.mail(subject)
}

fn lead(mail: &AlertMail<'_>, label: &str, usual: Option<&str>) -> String {
    let AlertReading { value, kind, since, until, .. } = mail.reading;
    let (label, value) = (lowercase(label), count(*value));
    // A silence names its hours itself.
    let same = if kind == "silence" && mail.over_since.is_none() {
        String::new()
    } else {
        format!(" {}", mail.reading.same_span())
    };
    let usual = usual.map(|usual| format!(", and usually {usual}{same}")).unwrap_or_default();
    match (mail.over_since, kind.as_str()) {
        (Some(begun), _) => {
            format!("What had begun on {} is over: {value} {label}{usual}.", time::second(begun))
        }
        (None, kind) if mail.reading.standing != AlertStanding::Raised => {
            let what = if kind == "silence" { "silent" } else { "unusual" };
            format!("A preview: nothing is {what} now. There were {value} {label}{usual}.")
        }
        (None, "silence") => {
            format!("No {label} came since {}{usual} between then and {}.", time::second(since), time::second(until))
        }
        (None, _) => {
            format!("There were {value} {label}{usual}. Chance alone would do this less than once in 10,000 times.")
        }
    }
}

/// Where the numbers are: the day of what was looked at, with the alert's filters.
fn href(mail: &AlertMail<'_>) -> String {
    let day = time::days(&mail.reading.since, &mail.reading.until);
    let mut view = View::default().with("tz", Some(&mail.reading.tz));
    if let Some((since, until)) = day {
        view = view.during(&since, Some(&until));
    }
    let lists = [
        (FilterKind::Datastream, &mail.filter.datastream),
        (FilterKind::Channel, &mail.filter.channel),
        (FilterKind::Subject, &mail.filter.subject),
        (FilterKind::Page, &mail.filter.page),
        (FilterKind::Device, &mail.filter.device),
        (FilterKind::Referrer, &mail.filter.referrer),
    ];
    for (kind, values) in lists {
        for written in values {
            view = view.filtered(Filter { kind, written: written.clone() });
        }
    }
    view.href(Page::Overview)
}

fn filter_lines(filter: &WrittenFilter) -> Vec<String> {
    let lists = filter.lists();
    let shown = |value: &String| if value.is_empty() { "none".to_owned() } else { text::shown(value) };
    let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
    lists
        .map(|(kind, values)| format!("Only {kind}: {}", values.iter().map(shown).collect::<Vec<_>>().join(", ")))
        .collect()
}

/// `Sat 21 Nov 2026, 14:00`
fn named(rfc3339: &str) -> String {
    time::local(rfc3339).map_or_else(|| rfc3339.to_owned(), |time| time.format("%a %-d %b %Y, %H:%M").to_string())
}

/// A mean: whole where that says enough.
fn usually(usual: f64) -> String {
    if usual >= 10.0 || usual.fract() == 0.0 { Unit::Count.write(usual) } else { format!("{usual:.1}") }
}

fn lowercase(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}
