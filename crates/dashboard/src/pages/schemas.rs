//! What is collected: every property of the events, what it means, how often it arrives and with which values; and what
//! arrives that no schema declares.

use maud::{Markup, html};
use report::{Collected, CollectedColumn, ReportPeriod, SMALL_NUMBER_MAX, ShownValues, UNDECLARED_TOLD_MAX};
use schemas::{Outline, OutlineProperty, Scalar};

use crate::format::number::{Unit, count};
use crate::format::time;
use crate::page::{Context, Told, page_again};
use crate::text;
use crate::view::Page;

/// After so many seconds a page without numbers is asked for again.
const AGAIN_S: u64 = 2;
/// Deepest step to the right of a property inside others.
const STEPS_MAX: usize = 6;

/// The events of some datastreams, as a schema has them.
#[derive(Clone, Debug)]
pub struct CollectedSchema {
    /// Its properties.
    pub outline: Outline,
    /// The datastreams that are judged by it; empty for all that have no other.
    pub datastreams: Vec<String>,
}

impl CollectedSchema {
    /// What has to be counted for the page, and which values it may show: true and false, small whole numbers, and
    /// texts that the schema names.
    pub fn columns(&self) -> Vec<CollectedColumn> {
        let mut columns = Vec::new();
        asked(&self.outline.properties, &mut columns);
        columns
    }
}

/// What the page is drawn from.
#[derive(Clone, Debug)]
pub struct Schemas<'a> {
    /// The schemas there are.
    pub schemas: &'a [CollectedSchema],
    /// Which of them is shown.
    pub shown: usize,
    /// The span that is counted over.
    pub period: ReportPeriod,
    /// What was counted.
    pub counted: Counted<'a>,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub enum Counted<'a> {
    /// It is being counted.
    NotYet,
    /// It can't be: why.
    Failed(&'a str),
    /// How columns are filled, what is undeclared by name, and when the counted part begins, if it is a part.
    Known {
        /// How columns are filled.
        collected: &'a Collected,
        /// Names that may be shown, with their events.
        undeclared: &'a [(String, u64)],
        /// The first instant that was looked at, RFC 3339, where not the whole period was.
        since: Option<&'a str>,
        /// When it was counted, RFC 3339, where it is being counted anew.
        older: Option<&'a str>,
    },
}

/// The page.
pub fn schemas(context: &Context<'_>, data: &Schemas<'_>) -> String {
    let told = Told::of_period(data.period.clone());
    let is_counting = matches!(data.counted, Counted::NotYet | Counted::Known { older: Some(_), .. });
    let again_s = is_counting.then_some(AGAIN_S);
    let content = html! {
        @if let Some(schema) = data.schemas.get(data.shown) {
            (heading(context, data, schema))
            @let single = schema.outline.properties.iter().filter(|property| property.children.is_empty());
            (table("event", "Every event", "Properties of the event itself.", &single.collect::<Vec<_>>(), data))
            @for property in schema.outline.properties.iter().filter(|property| !property.children.is_empty()) {
                (group(property, data))
            }
            (undeclared(data))
            (rule())
        } @else {
            section.card.first { h2 { "No schema is in use" } p { "This server judges no events." } }
        }
    };
    page_again(context, Some(&told), again_s, &content)
}

fn heading(context: &Context<'_>, data: &Schemas<'_>, schema: &CollectedSchema) -> Markup {
    html! {
        section.card.collected {
            @if data.schemas.len() > 1 {
                nav.seg aria-label="Schemas" {
                    @for (place, other) in data.schemas.iter().enumerate() {
                        @let href = context.view.with("schema", Some(&other.outline.id)).href(Page::Schemas);
                        a href=(href) aria-current=[(place == data.shown).then_some("true")] { (name(other)) }
                    }
                }
            }
            h2 { (text::shown(&schema.outline.title)) }
            p.says {
                code { (text::shown(&schema.outline.id)) } ". "
                @if schema.datastreams.is_empty() { "It judges the events of every datastream that has no schema of its own. " }
                @else { "It judges the events of " (schema.datastreams.iter().map(|id| text::shown(id)).collect::<Vec<_>>().join(", ")) ". " }
                @if schema.outline.is_cut { "It has more properties than are shown here. " }
            }
            p.says role="status" { (counted(data)) }
        }
    }
}

fn name(schema: &CollectedSchema) -> String {
    match schema.datastreams.as_slice() {
        [] => "All others".to_owned(),
        [one] => text::shown(one),
        [first, rest @ ..] => format!("{} and {} more", text::shown(first), rest.len()),
    }
}

fn counted(data: &Schemas<'_>) -> String {
    let mut told = counted_so(data);
    if let Counted::Known { older: Some(older), .. } = data.counted {
        told.push_str(&format!(" That was counted at {}; it is being counted anew.", time::second(older)));
    }
    told
}

fn counted_so(data: &Schemas<'_>) -> String {
    match data.counted {
        Counted::NotYet => {
            format!("How often each is filled is being counted; the page comes again in {AGAIN_S} seconds.")
        }
        Counted::Failed(message) => format!("How often each is filled can't be told now: {}", text::sentence(message)),
        Counted::Known { collected, since, .. } => match (collected.events, since) {
            (0, _) => "Nothing was received in this period, with these filters.".to_owned(),
            (1, _) => "Of one event in this period.".to_owned(),
            (events, None) => format!("Filled is the share of the {} events of this period.", count(events)),
            (events, Some(since)) => format!(
                "Filled is the share of the newest {} events of this period, those since {}.",
                count(events),
                time::second(since)
            ),
        },
    }
}

/// An object of the event, with all that is inside it.
fn group(property: &OutlineProperty, data: &Schemas<'_>) -> Markup {
    let mut rows = Vec::new();
    property.children.iter().for_each(|child| rows.push(child));
    let title = if property.title.is_empty() { &property.platform } else { &property.title };
    let filled = filled(property, data);
    // What never arrives is there to be found, and not in the way.
    let is_open = filled != Some(0);
    html! {
        details.card.collected open[is_open] id=(id(&property.platform)) {
            summary {
                h2 { (text::shown(title)) " " (names(property)) }
                span.filled { (share(filled, data)) }
                p.says { (report::visible(&property.description)) " " (marks(property)) }
            }
            (fields(&rows, data))
        }
    }
}

fn table(id: &str, title: &str, says: &str, rows: &[&OutlineProperty], data: &Schemas<'_>) -> Markup {
    if rows.is_empty() {
        return Markup::default();
    }
    html! { section.card.collected id=(id) { h2 { (title) } p.says { (says) } (fields(rows, data)) } }
}

fn fields(rows: &[&OutlineProperty], data: &Schemas<'_>) -> Markup {
    html! {
        div.rows { table.lines.fields {
            thead { tr {
                th scope="col" { "Property" } th scope="col" { "Filled" } th scope="col" { "Commonest values" } th.wide scope="col" { "Holds" }
                th.wide scope="col" { "In SQL" }
            } }
            tbody { @for row in rows { (field(row, 0, data)) } }
        } }
    }
}

fn field(property: &OutlineProperty, step: usize, data: &Schemas<'_>) -> Markup {
    let title = if property.title.is_empty() { &property.platform } else { &property.title };
    html! {
        tr {
            th scope="row" class={ "in" (step.min(STEPS_MAX)) } {
                b { (text::shown(title)) } " " (names(property)) " " (marks(property))
                @if !property.description.is_empty() { div.aside { (report::visible(&property.description)) } }
            }
            td.filled { (share(filled(property, data), data)) }
            td { (values(property, data)) }
            td.wide { (property.kind) }
            td.wide { @match &property.column { Some(column) => { code { (breakable(&sql(column))) } @if let Some(flat) = report::flat_column(column) { br; span.aside { "in " code { "contacts" } ": " } code { (flat) } } }, None => span.aside { (columnless(property)) } } }
        }
        @for child in &property.children { (field(child, step + 1, data)) }
    }
}

/// Its name as the schema and as the platform has it.
fn names(property: &OutlineProperty) -> Markup {
    html! {
        code { (text::shown(&property.name)) }
        @if property.name != property.platform { " " code { (text::shown(&property.platform)) } }
    }
}

fn marks(property: &OutlineProperty) -> Markup {
    html! {
        @if property.is_required { span.mark { "required" } " " }
        @if property.personal.is_some() { span.mark.sealed { "personal, sealed" } }
    }
}

fn columnless(property: &OutlineProperty) -> &'static str {
    match property {
        _ if property.personal.is_some() => "sealed",
        _ if property.is_repeated => "inside its list",
        _ => "none",
    }
}

fn filled(property: &OutlineProperty, data: &Schemas<'_>) -> Option<u64> {
    let Counted::Known { collected, .. } = data.counted else { return None };
    Some(collected.column(property.column.as_deref()?)?.filled)
}

fn share(filled: Option<u64>, data: &Schemas<'_>) -> Markup {
    let Counted::Known { collected: Collected { events: events @ 1.., .. }, .. } = data.counted else {
        return html! { span.aside { "–" } };
    };
    let Some(filled) = filled else { return html! { span.aside { "–" } } };
    if filled == 0 {
        return html! { span.aside { "never" } };
    }
    let share = filled as f64 / *events as f64;
    // All but a few is not all.
    let told = if filled < *events && share > 0.9995 { "> 99.9\u{a0}%".to_owned() } else { Unit::Share.write(share) };
    html! {
        (told)
        svg.fill viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect.h0 width="100" height="4" {}
            rect.s1 width=(format!("{:.1}", share * 100.0)) height="4" {}
        }
    }
}

fn values(property: &OutlineProperty, data: &Schemas<'_>) -> Markup {
    let Counted::Known { collected, .. } = data.counted else { return Markup::default() };
    let column = property.column.as_deref().and_then(|column| collected.column(column));
    let Some(column) = column.filter(|column| !column.values.is_empty() || column.others > 0) else {
        return Markup::default();
    };
    let of = |events: u64| Unit::Share.write(events as f64 / column.filled.max(1) as f64);
    html! {
        ul.values {
            @for (value, events) in &column.values { li { bdi { (breakable(&text::shown(value))) } " " span.aside { (of(*events)) } } }
            @if column.others > 0 { li { i { "others" } " " span.aside { (of(column.others)) } } }
        }
    }
}

fn undeclared(data: &Schemas<'_>) -> Markup {
    let Counted::Known { collected, undeclared, .. } = data.counted else { return Markup::default() };
    html! {
        section.card.collected id="undeclared" {
            h2 { "What no schema declares" }
            @if undeclared.is_empty() && !collected.has_more_undeclared {
                p.says { "Nothing undeclared arrived in this period." }
            } @else {
                p.says { "It is kept unchecked, as JSON in the column " code { "extra" } ". These lines draft a field group that gives it rules and columns, from events in files:" }
                pre tabindex="0" { code { "frontdesk schema infer events.ndjson" } }
                div.rows { table.lines.fields {
                    thead { tr { th scope="col" { "Where" } th scope="col" { "In events" } } }
                    tbody { @for (place, events) in undeclared { tr {
                        th scope="row" { code { (text::shown(place)) } } td.filled { (share(Some(*events), data)) }
                    } } }
                } }
                @if collected.has_more_undeclared { p.aside.after { "There is more than the commonest " (UNDECLARED_TOLD_MAX) ", or names that can't be shown." } }
            }
        }
    }
}

fn rule() -> Markup {
    html! {
        section.notes aria-label="Notes" { ul {
            li { "Values are shown of properties that are true or false, of whole numbers from 0 to " (count(SMALL_NUMBER_MAX.unsigned_abs()))
                ", and of texts that the schema names; everything else counts as others. A text that anybody can write, what is personal and what stands for a person is counted and never shown here." }
            li { "What lies inside a list or a map may be there more than once in an event; the list is counted and not its parts. Personal values are sealed and have no column, so how often they are filled can't be told; what holds them is counted." }
            li { "A datastream's schema may declare what others don't: their events count here too, unless a filter leaves them out." }
        } }
    }
}

/// The columns that are asked about.
fn asked(properties: &[OutlineProperty], columns: &mut Vec<CollectedColumn>) {
    for property in properties {
        if let Some(path) = &property.column {
            let values = match property.scalar {
                _ if property.personal.is_some() => ShownValues::None,
                Some(Scalar::Boolean) => ShownValues::Flags,
                Some(Scalar::Integer) => ShownValues::Small,
                Some(Scalar::Text) if !property.values.is_empty() => ShownValues::Listed(property.values.clone()),
                _ => ShownValues::None,
            };
            columns.push(CollectedColumn { path: path.clone(), values });
        }
        asked(&property.children, columns);
    }
}

/// A path, or what is written like one, whose lines end behind dots.
fn breakable(path: &str) -> Markup {
    html! { @for (place, step) in path.split('.').enumerate() { @if place > 0 { "." wbr; } (step) } }
}

/// A column as a statement names it.
fn sql(path: &str) -> String {
    let is_plain = |step: &str| step.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if path.split('.').all(is_plain) {
        return path.to_owned();
    }
    let mut steps = path.split('.');
    let first = format!("\"{}\"", steps.next().unwrap_or_default().replace('"', "\"\""));
    steps.fold(first, |sql, step| format!("{sql}['{}']", step.replace('\'', "''")))
}

/// An id of the page.
fn id(platform: &str) -> String {
    let plain: String =
        platform.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    format!("of-{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_schema_names_may_be_shown() {
        let text = |values: &[&str], personal: Option<&str>| OutlineProperty {
            column: Some("a".to_owned()),
            scalar: Some(Scalar::Text),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            personal: personal.map(str::to_owned),
            ..OutlineProperty::default()
        };
        let check = |property: OutlineProperty, expect: ShownValues| {
            let mut columns = Vec::new();
            asked(&[property], &mut columns);
            assert_eq!(columns, [CollectedColumn { path: "a".to_owned(), values: expect }]);
        };
        check(text(&[], None), ShownValues::None);
        check(text(&["x"], Some("name")), ShownValues::None);
        check(text(&["x"], None), ShownValues::Listed(vec!["x".to_owned()]));
        check(OutlineProperty { scalar: Some(Scalar::Number), ..text(&[], None) }, ShownValues::None);
    }

    #[test]
    fn columns_are_written_as_statements_name_them() {
        assert_eq!(sql("environment._dc.language"), "environment._dc.language");
        assert_eq!(sql("_shop.o'b.\"x"), "\"_shop\"['o''b']['\"x']");
    }
}
