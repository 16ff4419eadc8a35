//! A mail as HTML: tables, with their style beside them, and the dark theme for programs that know one.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Bar, Body, Chart, List, Number};

/// The style sheet's colours, as values: a test compares.
const BG: &str = "#f6f6f4";
const CARD: &str = "#ffffff";
const INK: &str = "#17191e";
const SOFT: &str = "#5b5f68";
const LINE: &str = "#e5e5e1";
const ACCENT: &str = "#2f4fc9";
const TINT: &str = "#e9edfb";
const SO_FAR: &str = "#a5b5ec";
const REST: &str = "#8d9199";
const COLOURS: [&str; 5] = ["#2a48cf", "#dc4a14", "#2f8760", "#c45fa8", "#2b3241"];
/// Our sign's.
const BRAND: &str = "#3457d5";

/// The dark theme: class, property, colour of the style sheet's dark part.
const DARK: &[(&str, &str, &str)] = &[
    ("bg", "background-color", "#101216"),
    ("card", "background-color", "#191c21"),
    ("ink", "color", "#eceded"),
    ("soft", "color", "#a3a7b0"),
    ("line", "border-color", "#2a2e36"),
    ("link", "color", "#93a9ff"),
    ("tint", "background-color", "#252d49"),
    ("c0", "background-color", "#5378fa"),
    ("c1", "background-color", "#f15a14"),
    ("c2", "background-color", "#49d392"),
    ("c3", "background-color", "#c26690"),
    ("c4", "background-color", "#dee6ec"),
    ("sofar", "background-color", "#33479a"),
    ("rest", "background-color", "#767b86"),
];

/// Width of a mail, in pixels.
const WIDTH: u32 = 600;
/// Height of the longest column, in pixels.
const COLUMN_HEIGHT: f64 = 112.0;
/// Columns that have their number above them.
const NUMBERED_MAX: usize = 10;
/// Columns that have their name below them.
const NAMED_MAX: usize = 8;
const FONT: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

/// The document.
pub(super) fn write(body: &Body) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (body.heading) }
                style { (PreEscaped(rules())) }
            }
            body.bg style=(format!("margin:0;padding:0;background-color:{BG};{FONT}")) {
                table.bg role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor=(BG) style=(format!("background-color:{BG}")) {
                    tr { td.gap align="center" style="padding:24px 12px" {
                        table role="presentation" width=(WIDTH) cellpadding="0" cellspacing="0" border="0" style=(format!("width:100%;max-width:{WIDTH}px;text-align:left")) {
                            tr { td style="padding:0 4px 16px" { (brand()) } }
                            tr { td.card.line.pad bgcolor=(CARD) style=(format!("background-color:{CARD};border:1px solid {LINE};border-radius:12px;padding:28px 28px 24px")) { (content(body)) } }
                            tr { td.soft style=(format!("padding:16px 4px 0;color:{SOFT};font-size:13px;line-height:1.5;{FONT}")) { (body.foot) } }
                        }
                    } }
                }
            }
        }
    };
    whole.into_string()
}

/// What isn't said beside an element: the dark theme, and narrow screens.
fn rules() -> String {
    let dark: String =
        DARK.iter().map(|(class, property, colour)| format!(".{class}{{{property}:{colour}!important}}")).collect();
    format!(
        ":root{{color-scheme:light dark;supported-color-schemes:light dark}}@media (prefers-color-scheme:dark){{{dark}}}@media (max-width:480px){{.pad{{padding:20px 16px 18px!important}}.gap{{padding:12px 6px!important}}.number{{font-size:21px!important}}}}"
    )
}

fn brand() -> Markup {
    html! {
        table role="presentation" cellpadding="0" cellspacing="0" border="0" { tr {
            td width="20" height="20" bgcolor=(BRAND) style=(format!("width:20px;height:20px;background-color:{BRAND};border-radius:5px;font-size:1px;line-height:1px")) { "\u{a0}" }
            td.ink style=(format!("padding-left:9px;color:{INK};font-size:15px;font-weight:650;{FONT}")) { "Frontdesk" }
        } }
    }
}

fn content(body: &Body) -> Markup {
    html! {
        h1.ink style=(format!("margin:0;color:{INK};font-size:22px;font-weight:650;line-height:1.25;{FONT}")) { (body.heading) }
        p.soft style=(format!("margin:6px 0 0;color:{SOFT};font-size:14px;line-height:1.5;{FONT}")) {
            span.ink style=(format!("color:{INK};font-weight:600")) { (body.span) } " " (body.tz)
            @if body.is_so_far {
                " " span.tint.link style=(format!("background-color:{TINT};color:{ACCENT};border-radius:99px;padding:1px 8px;font-size:12px;font-weight:600;white-space:nowrap")) { "so far" }
            }
            @if let Some(compared) = &body.compared { br; "compared with " (compared) }
        }
        @for filter in &body.filters { (line(filter)) }
        @if let Some(lead) = &body.lead {
            p.ink style=(format!("margin:16px 0 0;color:{INK};font-size:16px;line-height:1.5;{FONT}")) { (lead) }
        }
        (numbers(&body.numbers))
        @if let Some(chart) = &body.chart { (self::chart(chart)) }
        @for list in &body.lists { (self::list(list)) }
        @if !body.link.is_empty() {
            p style="margin:26px 0 0" {
                a.button href=(body.link) style=(format!("display:inline-block;background-color:{ACCENT};color:#ffffff;text-decoration:none;font-size:15px;font-weight:600;border-radius:8px;padding:10px 18px;{FONT}")) { "Open in Frontdesk" }
            }
        }
        @for note in &body.notes { (line(note)) }
    }
}

fn line(text: &str) -> Markup {
    html! { p.soft style=(format!("margin:10px 0 0;color:{SOFT};font-size:13px;line-height:1.5;{FONT}")) { (text) } }
}

/// Two beside each other, on a phone too.
fn numbers(numbers: &[Number]) -> Markup {
    html! {
        @if !numbers.is_empty() {
            table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:18px" {
                @for pair in numbers.chunks(2) {
                    tr {
                        @for number in pair {
                            td.line width="50%" valign="top" style=(format!("border-top:1px solid {LINE};padding:12px 10px 12px 0")) {
                                div.soft style=(format!("color:{SOFT};font-size:13px;line-height:1.4;{FONT}")) { (number.label) }
                                div.ink.number style=(format!("color:{INK};font-size:25px;font-weight:650;line-height:1.3;{FONT}")) { (number.value) }
                                @if !number.change.is_empty() {
                                    div.ink style=(format!("color:{INK};font-size:13px;line-height:1.4;{FONT}")) { (number.change) }
                                }
                                @for aside in &number.asides {
                                    div.soft style=(format!("color:{SOFT};font-size:12px;line-height:1.4;{FONT}")) { (aside) }
                                }
                            }
                        }
                        @if pair.len() == 1 { td.line width="50%" style=(format!("border-top:1px solid {LINE}")) {} }
                    }
                }
            }
        }
    }
}

fn heading(title: &str) -> Markup {
    html! { h2.ink style=(format!("margin:26px 0 0;color:{INK};font-size:15px;font-weight:620;line-height:1.4;{FONT}")) { (title) } }
}

fn chart(chart: &Chart) -> Markup {
    let most = chart.parts.iter().map(|part| part.size).fold(0.0, f64::max);
    let count = chart.parts.len();
    let gap = if count <= 40 { 2 } else { 0 };
    // What isn't nothing is seen.
    let height =
        |bar: &Bar| if bar.size > 0.0 && most > 0.0 { (bar.size / most * COLUMN_HEIGHT).round().max(2.0) } else { 0.0 };
    html! {
        (heading(&chart.title))
        (line(&chart.sentence))
        @if most > 0.0 {
            table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:12px;table-layout:fixed" {
                tr {
                    @for part in &chart.parts {
                        td valign="bottom" align="center" height=(COLUMN_HEIGHT + 20.0) title={ (part.long) ": " (part.value) } style=(format!("padding:0 {gap}px;vertical-align:bottom;font-size:1px;line-height:1px")) {
                            @if count <= NUMBERED_MAX {
                                div.soft style=(format!("color:{SOFT};font-size:11px;line-height:16px;{FONT}")) { (part.value) }
                            }
                            div class=(if part.is_so_far { "sofar" } else { "c0" }) style=(format!("background-color:{};height:{}px;border-radius:3px 3px 0 0", if part.is_so_far { SO_FAR } else { COLOURS[0] }, height(part))) {}
                        }
                    }
                }
            }
            (names(chart))
        }
    }
}

/// The names below columns: of each, or of the first and the last.
fn names(chart: &Chart) -> Markup {
    let style =
        |align: &str| format!("color:{SOFT};font-size:11px;line-height:1.4;padding-top:4px;text-align:{align};{FONT}");
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style=(format!("table-layout:fixed;border-top:1px solid {REST}")) { tr {
            @if chart.parts.len() <= NAMED_MAX {
                @for part in &chart.parts { td.soft style=(style("center")) { (part.short) } }
            } @else {
                @if let (Some(first), Some(last)) = (chart.parts.first(), chart.parts.last()) {
                    td.soft style=(style("left")) { (first.short) }
                    td.soft style=(style("right")) { (last.short) }
                }
            }
        } }
    }
}

fn list(list: &List) -> Markup {
    let most = list.rows.iter().map(|row| row.size).fold(0.0, f64::max);
    let has_change = list.rows.iter().any(|row| !row.change.is_empty());
    let percent = |size: f64| if size > 0.0 && most > 0.0 { (size / most * 100.0).round().max(1.0) } else { 0.0 };
    html! {
        (heading(&list.title))
        @if !list.rows.is_empty() {
            table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:6px" {
                @for row in &list.rows {
                    tr {
                        td.ink style=(format!("color:{INK};font-size:14px;line-height:1.4;padding:8px 8px 3px 0;word-break:break-word;{FONT}")) { (row.name) }
                        td.ink align="right" valign="bottom" style=(format!("color:{INK};font-size:14px;font-weight:600;line-height:1.4;padding:8px 0 3px 8px;white-space:nowrap;{FONT}")) { (row.value) }
                        @if has_change { td.soft align="right" valign="bottom" width="84" style=(format!("color:{SOFT};font-size:13px;line-height:1.4;padding:8px 0 3px 8px;white-space:nowrap;{FONT}")) { (row.change) } }
                    }
                    tr { td colspan=(if has_change { 3 } else { 2 }) style="font-size:1px;line-height:1px" {
                        div class=(match row.colour { colour if colour < COLOURS.len() => format!("c{colour}"), _ => "rest".to_owned() }) style=(format!("background-color:{};height:4px;width:{}%;border-radius:2px", COLOURS.get(row.colour).copied().unwrap_or(REST), percent(row.size))) {}
                    } }
                }
            }
        }
        @if let Some(foot) = &list.foot { (line(foot)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::STYLE_SOURCE;

    #[test]
    fn colours_are_those_of_the_pages() {
        let (light, rest) = STYLE_SOURCE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let dark = rest.split_once("* { box-sizing").unwrap().0;
        for colour in [BG, CARD, INK, SOFT, LINE, ACCENT, TINT, SO_FAR, REST].iter().chain(&COLOURS) {
            assert!(light.contains(&format!(": {colour};")), "{colour}");
        }
        for (class, _, colour) in DARK {
            assert!(dark.contains(&format!(": {colour};")), "{class} {colour}");
        }
        assert!(STYLE_SOURCE.contains(BRAND));
    }
}
