//! How lengths of time are spread: bands from 0 to the median and on, and how long the longest is.

use maud::{Markup, html};

use super::figure::{Caption, Table, TableRow};
use super::scale::{Scale, percent};
use crate::format::number::Unit;

/// A spread of lengths of time.
#[derive(Clone, Debug)]
pub(crate) struct Distribution<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// Ascending; each is the end of a band. The last one may lie beyond the drawing.
    pub(crate) marks: Vec<Mark>,
}

/// Some share of all is no longer than this.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Its name.
    pub(crate) name: &'static str,
    /// In words.
    pub(crate) meaning: &'static str,
    /// The class of its band's colour.
    pub(crate) class: &'static str,
    /// Seconds.
    pub(crate) seconds: f64,
}

impl Distribution<'_> {
    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        // The longest is often far off; it may take half of the drawing and no more.
        let longest = self.marks.last().map_or(0.0, |mark| mark.seconds);
        let before = self.marks.iter().rev().nth(1).map_or(longest, |mark| mark.seconds);
        let scale = Scale::to(longest.min(before * 2.0).max(before), Unit::Seconds);
        let mut from = 0.0;
        let bands: Vec<(&Mark, f64, f64)> = self
            .marks
            .iter()
            .map(|mark| {
                let to = scale.length(mark.seconds);
                let band = (mark, from, to - from);
                from = to;
                band
            })
            .collect();
        let inside = html! {
            @for tick in scale.ticks() {
                @let x = percent(scale.length(tick));
                line class=(if tick == 0.0 { "zero" } else { "grid" }) x1=(x) x2=(x) y2="100%" {}
                text.name x=(x) y="100%" { (Unit::Seconds.write_short(tick)) }
            }
            @for (mark, from, length) in &bands {
                rect class=(mark.class) x=(percent(*from)) y="20%" width=(percent(*length)) height="60%" {
                    title { (mark.name) ": " (Unit::Seconds.write(mark.seconds)) }
                }
            }
        };
        let heads = html! {
            ul.marks {
                @for mark in &self.marks {
                    li {
                        span.what { svg.key aria-hidden="true" { rect class=(mark.class) width="100%" height="100%" {} } (mark.name) }
                        strong { (Unit::Seconds.write(mark.seconds)) }
                        span.aside { (mark.meaning) }
                    }
                }
            }
        };
        let row = |mark: &Mark| TableRow {
            name: format!("{} ({})", mark.name, mark.meaning),
            href: None,
            cells: vec![Unit::Seconds.write(mark.seconds), format!("{}\u{a0}s", mark.seconds)],
            is_hidden: false,
        };
        let table = Table {
            heads: ["Mark", "Length", "In seconds"].map(str::to_owned).to_vec(),
            rows: self.marks.iter().map(row).collect(),
        };
        self.caption.figure("band", &heads, &inside, &table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_follow_each_other_and_one_that_is_far_off_is_cut() {
        let mark = |name, seconds| Mark { name, meaning: "m", class: "s1", seconds };
        let draw = |longest| {
            let caption = Caption { id: "d", title: "Durations", sentence: String::new() };
            Distribution { caption, marks: vec![mark("median", 120.0), mark("p95", 240.0), mark("longest", longest)] }
                .draw()
                .into_string()
        };
        let text = draw(360.0);
        let band = r#"y="20%" width="33.33%" height="60%"><title>"#;
        for (x, title) in [("0%", "median"), ("33.33%", "p95"), ("66.67%", "longest")] {
            let found = text.contains(&format!(r#"<rect class="s1" x="{x}" {band}{title}"#));
            assert!(found, "{x} {title}: {text}");
        }
        assert!(draw(90_000.0).contains(r#"<rect class="s1" x="50%" y="20%" width="50%""#), "{}", draw(90_000.0));
    }
}
