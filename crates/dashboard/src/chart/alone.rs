//! A chart as a file of its own: SVG with its title, its sentence and its legend written in it. Colours are those of
//! the light theme, as plain values: programs that aren't browsers know no variables, and paper is white.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::columns::{Columns, Series};
use super::many::Values;
use crate::asset;

/// The picture's size, in pixels.
const WIDTH: u32 = 960;
const HEIGHT: u32 = 480;
/// Where the plot lies in it.
const LEFT: u32 = 64;
const TOP: u32 = 132;
const PLOT_WIDTH: u32 = 872;
const PLOT_HEIGHT: u32 = 280;
/// Letters of a line of the sentence, and its lines.
const LINE_LETTERS_MAX: usize = 125;
const LINES_MAX: usize = 2;
/// Width of a letter of the legend, in pixels, roughly.
const LETTER_WIDTH: u32 = 7;

/// What the charts' rules don't say.
const RULES: &str = "svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif}\
.paper{fill:var(--card)}.heading{font-size:18px;font-weight:650;fill:var(--ink)}\
.told,.legend-name,.foot{font-size:13px;fill:var(--soft)}.tip{display:none}";

impl Columns<'_> {
    /// The file. `foot` says whose numbers they are, and of when.
    pub(crate) fn alone(&self, foot: &str) -> String {
        let picture = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby="title says" {
                title id="title" { (self.caption.title) }
                desc id="says" { (self.caption.sentence) }
                style { (PreEscaped(rules())) }
                rect.paper width="100%" height="100%" {}
                text.heading x="24" y="40" { (self.caption.title) }
                @for (place, line) in (0u32..).zip(lines(&self.caption.sentence)) {
                    text.told x="24" y=(64 + 18 * place) { (line) }
                }
                (self.keys())
                g.plot {
                    svg x=(LEFT) y=(TOP) width=(PLOT_WIDTH) height=(PLOT_HEIGHT) overflow="visible" { (self.inside(Values::Drawn)) }
                }
                text.foot x="24" y=(HEIGHT - 16) { (foot) }
            }
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", picture.into_string())
    }

    fn keys(&self) -> Markup {
        if self.series.len() < 2 && self.before.is_none() {
            return Markup::default();
        }
        let width = |name: &str| 34 + LETTER_WIDTH * u32::try_from(name.chars().count()).unwrap_or(0);
        let mut x = 24;
        let mut place = |name: &str| {
            let at = x;
            x += width(name);
            at
        };
        let y = TOP - 26;
        html! {
            @for Series { name, class, .. } in &self.series {
                @let x = place(name);
                rect class=(class) x=(x) y=(y - 10) width="11" height="11" {}
                text.legend-name x=(x + 17) y=(y) { (name) }
            }
            @if let Some(name) = self.before {
                @let x = place(name);
                line.before x1=(x) x2=(x + 13) y1=(y - 4) y2=(y - 4) {}
                text.legend-name x=(x + 19) y=(y) { (name) }
            }
        }
    }
}

/// The charts' rules of the style sheet, with values instead of variables.
fn rules() -> String {
    let source = asset::STYLE_SOURCE;
    let between = |from: &str, to: &str| {
        let rest = source.split_once(from).map_or("", |(_, rest)| rest);
        rest.split_once(to).map_or(rest, |(text, _)| text)
    };
    let variables: BTreeMap<&str, &str> = between(":root {", "}")
        .split(';')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let mut rules = String::new();
    let charts = asset::without_comments(between("/* Charts. */", "/* Tables. */"));
    let mut rest = format!("{charts}\n{RULES}");
    while let Some((before, variable)) = rest.split_once("var(") {
        rules.push_str(before);
        let (name, after) = variable.split_once(')').unwrap_or((variable, ""));
        rules.push_str(variables.get(name).copied().unwrap_or("currentColor"));
        rest = after.to_owned();
    }
    rules + &rest
}

/// The sentence in lines; what finds no room ends in `…`.
fn lines(sentence: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > LINE_LETTERS_MAX {
            if lines.len() == LINES_MAX {
                if let Some(last) = lines.last_mut() {
                    last.push('…');
                }
                break;
            }
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_values_only() {
        let rules = rules();
        assert!(rules.contains(".s1 { fill: #2a48cf }") && rules.contains(".tip{display:none}"), "{rules}");
        for not in ["var(", "currentColor", "</", "<", "url(", "/*"] {
            assert!(!rules.contains(not), "{not}: {rules}");
        }
    }

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(lines("One."), ["One."]);
        let long = lines(&"word ".repeat(100));
        assert!(long.len() == LINES_MAX && long[1].ends_with("word…"), "{long:?}");
        assert!(long.iter().all(|line| line.chars().count() <= LINE_LETTERS_MAX + 1));
        assert_eq!(lines("").len(), 1);
    }
}
