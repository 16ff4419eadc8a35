//! A funnel: stages side by side, each divided into what became of it, and what went on to the next.

use maud::{Markup, html};

use super::figure::{Caption, Table, TableRow};
use super::scale::{percent, short};
use crate::format::number::Unit;

/// How broad a stage is, in percent; between them is shown what goes on. The style sheet puts the heads of
/// three stages above them.
const WIDTH: f64 = 24.0;

/// A funnel.
#[derive(Clone, Debug)]
pub(crate) struct Funnel<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// The stages, in order.
    pub(crate) stages: Vec<Stage>,
}

/// A stage.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: f64,
    /// What it is divided into, from the bottom up. The lowest part is what the stage before and the
    /// next one have in common.
    pub(crate) segments: Vec<Segment>,
}

/// A part of a stage.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Its name.
    pub(crate) name: &'static str,
    /// The class of its colour.
    pub(crate) class: &'static str,
    /// Its number.
    pub(crate) number: f64,
}

impl Stage {
    fn sum(&self) -> f64 {
        self.segments.iter().map(|segment| segment.number).sum()
    }

    fn first(&self) -> f64 {
        self.segments.first().map_or(0.0, |segment| segment.number)
    }
}

impl Funnel<'_> {
    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        let max = self.stages.iter().map(Stage::sum).fold(0.0, f64::max).max(1.0);
        let slot = (100.0 - WIDTH) / self.stages.len().saturating_sub(1).max(1) as f64;
        let height = |number: f64| number.max(0.0) / max * 100.0;
        let inside = html! {
            svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" {
                @for (place, pair) in self.stages.windows(2).enumerate() {
                    @let (left, right) = (slot * place as f64 + WIDTH, slot * (place + 1) as f64);
                    @let (from, to) = (100.0 - height(pair[0].first()), 100.0 - height(pair[1].first()));
                    path.flow d={ "M" (short(left)) " 100V" (short(from)) "L" (short(right)) " " (short(to)) "V100Z" } {}
                }
            }
            line.zero x2="100%" y1="100%" y2="100%" {}
            @for (place, stage) in self.stages.iter().enumerate() {
                @let mut top = 100.0;
                @for segment in &stage.segments {
                    @let of = height(segment.number);
                    @let () = top -= of;
                    @if of > 0.0 {
                        rect class=(segment.class) x=(percent(slot * place as f64)) y=(percent(top)) width=(percent(WIDTH)) height=(percent(of)) {
                            title { (segment.name) ": " (Unit::Count.write(segment.number)) }
                        }
                    }
                }
            }
        };
        self.caption.figure("funnel", &self.heads(), &inside, &self.table())
    }

    /// The stages with their numbers, above the drawing.
    fn heads(&self) -> Markup {
        html! {
            ol.stages {
                @for stage in &self.stages {
                    li {
                        span.what { (stage.name) }
                        strong { (Unit::Count.write(stage.number)) }
                        ul {
                            @for Segment { name, class, number } in &stage.segments {
                                li {
                                    svg.key aria-hidden="true" { rect class=(class) width="100%" height="100%" {} }
                                    span { (name) " " b { (Unit::Count.write(*number)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn table(&self) -> Table {
        let mut rows = Vec::new();
        for stage in &self.stages {
            rows.push(TableRow {
                name: stage.name.to_owned(),
                href: None,
                cells: vec![Unit::Count.write(stage.number), "100.0\u{a0}%".to_owned()],
                is_hidden: false,
            });
            let of = |segment: &Segment| match stage.number > 0.0 {
                true => Unit::Share.write(segment.number / stage.number),
                false => "–".to_owned(),
            };
            rows.extend(stage.segments.iter().map(|segment| TableRow {
                name: format!("{}: {}", stage.name, segment.name.to_lowercase()),
                href: None,
                cells: vec![Unit::Count.write(segment.number), of(segment)],
                is_hidden: false,
            }));
        }
        Table { heads: ["Stage", "Number", "Of the stage"].map(str::to_owned).to_vec(), rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_divided_and_what_goes_on_is_drawn_between_them() {
        let segment = |name, class, number| Segment { name, class, number };
        let funnel = Funnel {
            caption: Caption { id: "f", title: "Funnel", sentence: "Half.".to_owned() },
            stages: vec![
                Stage {
                    name: "Offered",
                    number: 10.0,
                    segments: vec![segment("Accepted", "s1", 5.0), segment("Declined", "s2", 5.0)],
                },
                Stage { name: "Started", number: 5.0, segments: vec![segment("After an offer", "s1", 5.0)] },
            ],
        };
        let text = funnel.draw().into_string();
        assert!(text.contains(r#"<path class="flow" d="M24 100V50L76 50V100Z"></path>"#), "{text}");
        assert!(
            text.contains(
                r#"<rect class="s2" x="0%" y="0%" width="24%" height="50%"><title>Declined: 5</title></rect>"#
            )
        );
        assert!(
            text.contains("<tr><th scope=\"row\">Offered: declined</th><td>5</td><td>50.0\u{a0}%</td></tr>"),
            "{text}"
        );
    }
}
