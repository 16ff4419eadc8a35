//! Bars: the values of a list, the greatest first, each with its numbers. The list is its own table.

use maud::{Markup, html};

use super::figure::Caption;
use super::scale::percent;

/// A list with bars.
#[derive(Clone, Debug)]
pub(crate) struct Bars<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// The heads of the columns, that of the values first.
    pub(crate) heads: Vec<Markup>,
    /// How many of the columns of numbers stay on a narrow screen, from the first on.
    pub(crate) narrow: usize,
    /// The bars.
    pub(crate) bars: Vec<Bar>,
    /// Where the rest is, and what that is called.
    pub(crate) more: Option<(String, String)>,
}

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// What it is of.
    pub(crate) name: String,
    /// Whether that is a value, and not our word for something.
    pub(crate) is_value: bool,
    /// Where it leads.
    pub(crate) href: Option<String>,
    /// Its length.
    pub(crate) length: f64,
    /// The class of its colour.
    pub(crate) class: &'static str,
    /// Its numbers, written.
    pub(crate) cells: Vec<String>,
}

impl Bars<'_> {
    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        let max = self.bars.iter().map(|bar| bar.length).fold(0.0, f64::max);
        let Caption { id, title, sentence } = &self.caption;
        let class = |place: usize| if place < self.narrow { "" } else { "wide" };
        html! {
            figure.card.list id=(id) {
                figcaption { h2 { (title) } p.says { (sentence) } }
                @if !self.bars.is_empty() {
                    table.bars {
                        thead { tr {
                            @for (place, head) in self.heads.iter().enumerate() {
                                th scope="col" class=[Some(class(place.saturating_sub(1))).filter(|class| !class.is_empty())] { (head) }
                            }
                        } }
                        tbody { @for bar in &self.bars { (bar.draw(max, &class)) } }
                    }
                }
                @if let Some((href, label)) = &self.more { p.more { a href=(href) { (label) } } }
            }
        }
    }
}

impl Bar {
    fn draw(&self, max: f64, class: &dyn Fn(usize) -> &'static str) -> Markup {
        let width = if max > 0.0 { (self.length / max).clamp(0.0, 1.0) * 100.0 } else { 0.0 };
        let name = html! { @if self.is_value { bdi { (self.name) } } @else { i { (self.name) } } };
        html! {
            tr {
                th scope="row" {
                    div.label {
                        svg.bar aria-hidden="true" { rect class=(self.class) width=(percent(width)) height="100%" {} }
                        @match &self.href {
                            Some(href) => a href=(href) title=(self.name) { (name) },
                            None => span title=(self.name) { (name) },
                        }
                    }
                }
                @for (place, cell) in self.cells.iter().enumerate() {
                    td class=[Some(class(place)).filter(|class| !class.is_empty())] { (cell) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share_of_the_longest() {
        let bar = |name: &str, length: f64, is_value| Bar {
            name: name.to_owned(),
            is_value,
            href: is_value.then(|| "/?subject=a".to_owned()),
            length,
            class: "s1",
            cells: vec![length.to_string(), "x".to_owned()],
        };
        let list = Bars {
            caption: Caption { id: "l", title: "Subjects", sentence: "Two.".to_owned() },
            heads: ["Subject", "Requests", "Change"].map(|head| html! { (head) }).to_vec(),
            narrow: 1,
            bars: vec![bar("<b>", 4.0, true), bar("None", 1.0, false)],
            more: Some(("/subjects".to_owned(), "All subjects".to_owned())),
        };
        let expect = concat!(
            r#"<figure class="card list" id="l"><figcaption><h2>Subjects</h2><p class="says">Two.</p></figcaption><table class="bars"><thead><tr>"#,
            r#"<th scope="col">Subject</th><th scope="col">Requests</th><th scope="col" class="wide">Change</th></tr></thead><tbody>"#,
            r#"<tr><th scope="row"><div class="label"><svg class="bar" aria-hidden="true"><rect class="s1" width="100%" height="100%"></rect></svg>"#,
            r#"<a href="/?subject=a" title="&lt;b&gt;"><bdi>&lt;b&gt;</bdi></a></div></th><td>4</td><td class="wide">x</td></tr>"#,
            r#"<tr><th scope="row"><div class="label"><svg class="bar" aria-hidden="true"><rect class="s1" width="25%" height="100%"></rect></svg>"#,
            r#"<span title="None"><i>None</i></span></div></th><td>1</td><td class="wide">x</td></tr></tbody></table>"#,
            r#"<p class="more"><a href="/subjects">All subjects</a></p></figure>"#,
        );
        assert_eq!(list.draw().into_string(), expect);
    }
}
