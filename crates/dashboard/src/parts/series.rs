//! How a metric went over time, as columns or lines, with the sentence that says so.

use maud::Markup;
use report::{Channel, Metric, MetricNumber, Report, metric};

use crate::annotations;
use crate::change::Change;
use crate::chart::{Caption, Column, Columns, LISTED_MAX, Line, Lines, Point, Series};
use crate::format::time::{self, Cell, PartName};
use crate::page::Context;
use crate::reading::{Part, When, compared, compared_line, part, part_before, part_head, parts, total, unit};
use crate::view::{Filter, FilterKind};

/// The classes of the channels' colours, in their order.
pub(crate) const CHANNEL_CLASSES: [&str; 5] = ["s1", "s2", "s3", "s4", "s5"];

/// The metric of a channel's requests.
fn requests_by(channel: Channel) -> &'static Metric {
    match channel {
        Channel::Chat => &metric::CHATS_STARTED,
        Channel::Call => &metric::CLICK_TO_CALL,
        Channel::Text => &metric::CLICK_TO_TEXT,
        Channel::Email => &metric::CLICK_TO_EMAIL,
        Channel::DirectMessage => &metric::CLICK_TO_DIRECT_MESSAGE,
    }
}

/// The class of a channel's colour, and its name.
pub(crate) fn channel(name: &str) -> Option<(&'static str, &'static str)> {
    let place = Channel::ALL.iter().position(|channel| channel.name() == name)?;
    Some((CHANNEL_CLASSES[place], Channel::ALL[place].label()))
}

/// Contact requests over time, by channel.
pub(crate) fn requests(context: &Context<'_>, report: &Report) -> Markup {
    requests_chart(context, report).draw()
}

/// The chart of them.
pub(crate) fn requests_chart(context: &Context<'_>, report: &Report) -> Columns<'static> {
    let parts = parts(report, context.now);
    let channels: Vec<(Channel, &'static str)> = std::iter::zip(Channel::ALL, CHANNEL_CLASSES).collect();
    let series = channels.iter().map(|(channel, class)| {
        let filter = Filter::of(FilterKind::Channel, channel.name());
        let href = context.view.filtered(filter).href(context.page);
        Series { name: channel.label().to_owned(), class, href: Some(href) }
    });
    let values = |part: &Part<'_>| {
        channels
            .iter()
            .map(|(channel, _)| self::part(&part.bucket.metrics, requests_by(*channel)).unwrap_or(0.0))
            .collect()
    };
    let columns: Vec<Column> =
        parts.iter().map(|part| column(context, report, part, values(part), &metric::CONTACT_REQUESTS)).collect();
    let caption = Caption {
        id: "requests",
        title: "Contact requests over time",
        sentence: sentence(report, &metric::CONTACT_REQUESTS, &columns)
            + blank(&parts)
            + &annotations::sentence(&parts),
    };
    let before = compared_line(report).filter(|_| columns.iter().any(|column| column.before.is_some()));
    Columns {
        caption,
        unit: unit(&metric::CONTACT_REQUESTS),
        series: series.collect(),
        columns,
        part: part_head(report),
        before,
        pointed: context.pointed(),
    }
}

/// A metric over time in columns of one colour.
pub(crate) fn columns(
    context: &Context<'_>,
    report: &Report,
    id: &'static str,
    title: &'static str,
    metric: &'static Metric,
) -> Markup {
    columns_chart(context, report, id, title, metric).draw()
}

/// The chart of it.
pub(crate) fn columns_chart(
    context: &Context<'_>,
    report: &Report,
    id: &'static str,
    title: &'static str,
    metric: &'static Metric,
) -> Columns<'static> {
    let parts = parts(report, context.now);
    let columns: Vec<Column> = parts
        .iter()
        .map(|part| {
            column(context, report, part, vec![self::part(&part.bucket.metrics, metric).unwrap_or(0.0)], metric)
        })
        .collect();
    let caption = Caption {
        id,
        title,
        sentence: sentence(report, metric, &columns) + blank(&parts) + &annotations::sentence(&parts),
    };
    let label = metric.label;
    let before = compared_line(report).filter(|_| columns.iter().any(|column| column.before.is_some()));
    let series = vec![Series { name: label.to_owned(), class: "s1", href: None }];
    Columns {
        caption,
        unit: unit(metric),
        series,
        columns,
        part: part_head(report),
        before,
        pointed: context.pointed(),
    }
}

fn column(context: &Context<'_>, report: &Report, part: &Part<'_>, values: Vec<f64>, compared: &Metric) -> Column {
    let name = part.name();
    Column {
        href: href(context, &name),
        short: name.short,
        long: name.long,
        values: if part.when.has_begun() { values } else { Vec::new() },
        why_blank: part.why_blank(),
        before: part_before(&part.bucket.metrics, compared),
        cell: cell(report, part),
        is_so_far: part.when == When::SoFar,
        notes: part.notes.clone(),
    }
}

fn href(context: &Context<'_>, name: &PartName) -> Option<String> {
    let (since, until) = name.span.as_ref()?;
    Some(context.view.during(since, Some(until)).href(context.page))
}

/// Where a part stands in a calendar, if its report has so many that their numbers are told as one.
fn cell(report: &Report, part: &Part<'_>) -> Option<Cell> {
    if report.series.len() > LISTED_MAX { time::cell(&report.by, &part.bucket.at) } else { None }
}

/// A line.
pub(crate) struct LineOf {
    /// Its name.
    pub(crate) name: &'static str,
    /// The class of its colour.
    pub(crate) class: &'static str,
    /// Its number of a part.
    pub(crate) value: fn(&report::ReportBucket, &Metric) -> Option<f64>,
}

/// A metric over time as lines.
pub(crate) fn lines(
    context: &Context<'_>,
    report: &Report,
    (id, title): (&'static str, &'static str),
    metric: &'static Metric,
    lines: &[LineOf],
    sentence: String,
) -> Markup {
    let point = |part: Part<'_>| {
        let name = part.name();
        let values: Vec<Option<f64>> = lines.iter().map(|line| (line.value)(part.bucket, metric)).collect();
        // An hour of the week may have a number of the period before alone.
        let is_known = part.when.has_begun() || part.why_blank().is_some() && values.iter().any(Option::is_some);
        Point {
            href: href(context, &name),
            cell: cell(report, &part),
            why_blank: part.why_blank(),
            values: if is_known { values } else { Vec::new() },
            short: name.short,
            long: match part.when {
                When::SoFar => format!("{}, so far", name.long),
                When::Over | When::ToCome | When::Outside => name.long,
            },
            notes: part.notes,
        }
    };
    let parts = parts(report, context.now);
    let sentence = sentence + blank(&parts) + &annotations::sentence(&parts);
    let points = parts.into_iter().map(point).collect();
    let named = lines.iter().map(|line| Line { name: line.name.to_owned(), class: line.class });
    let caption = Caption { id, title, sentence };
    Lines {
        caption,
        unit: unit(metric),
        lines: named.collect(),
        points,
        part: part_head(report),
        pointed: context.pointed(),
    }
    .draw()
}

/// What blank parts mean, where others come behind them.
fn blank(parts: &[Part<'_>]) -> &'static str {
    let has = |when: When| parts.iter().any(|part| part.when == when && part.why_blank().is_some());
    match (has(When::ToCome), has(When::Outside)) {
        (false, false) => "",
        (true, false) => " Blank: no data yet.",
        (true, true) => " Blank: no data yet, or not in this period.",
        (false, true) => " Blank: not in this period.",
    }
}

/// `Contact requests rose 12 % to 340 from 300 in the period before; the most on Tue 24 Nov 2026 with 61.`
fn sentence(report: &Report, metric: &Metric, columns: &[Column]) -> String {
    let unit = unit(metric);
    let most =
        columns.iter().rev().max_by(|one, other| one.sum().total_cmp(&other.sum())).filter(|most| most.sum() > 0.0);
    let most = most.map(|most| format!("; the most: {} with {}", most.long, unit.write(most.sum())));
    format!("{}{}.", changed(report, metric), most.unwrap_or_default())
}

/// `Contact requests rose 12 % to 340 from 300 in the period before`
pub(crate) fn changed(report: &Report, metric: &Metric) -> String {
    let label = metric.label;
    let Some(answer) = total(report, metric) else { return label.to_owned() };
    let value = answer.value.unwrap_or(MetricNumber::Count(0));
    let told = Change::of(answer).told(value, answer.previous, compared(report).unwrap_or("the period before"));
    match told.strip_prefix("were ") {
        Some(number) if report.period.so_far => format!("{label} so far: {number}"),
        Some(number) => format!("{label}: {number}"),
        None if report.period.so_far => format!("So far {} {told}", lowercase(label)),
        None => format!("{label} {told}"),
    }
}

/// With a small first letter.
fn lowercase(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}
