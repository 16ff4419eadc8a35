//! What stands around every drawing.

use maud::{Markup, html};

/// What a figure is called, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct Caption<'a> {
    /// Its id on the page.
    pub(crate) id: &'a str,
    /// Its name.
    pub(crate) title: &'a str,
    /// What is to be seen, as one would tell it.
    pub(crate) sentence: String,
}

/// The numbers of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// The heads of the columns, that of the names first.
    pub(crate) heads: Vec<String>,
    /// The rows.
    pub(crate) rows: Vec<TableRow>,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableRow {
    /// What it is the numbers of.
    pub(crate) name: String,
    /// Where that leads.
    pub(crate) href: Option<String>,
    /// The numbers, written.
    pub(crate) cells: Vec<String>,
    /// Whether it is there for the script alone.
    pub(crate) is_hidden: bool,
}

impl Caption<'_> {
    /// A figure with a drawing. `class` is the drawing's, `inside` is SVG.
    pub(crate) fn figure(&self, class: &str, legend: &Markup, inside: &Markup, table: &Table) -> Markup {
        let Caption { id, title, sentence } = self;
        html! {
            figure.card id=(id) {
                figcaption {
                    h2 { (title) }
                    p.says id={ (id) "-says" } { (sentence) }
                }
                (legend)
                svg class={ "plot " (class) } role="img" aria-labelledby={ (id) "-name " (id) "-says" } {
                    title id={ (id) "-name" } { (title) }
                    (inside)
                }
                (table.behind(title))
            }
        }
    }

    /// A figure that has nothing to draw.
    pub(crate) fn without_drawing(&self) -> Markup {
        html! {
            figure.card.blank id=(self.id) {
                figcaption { h2 { (self.title) } p.says { (self.sentence) } }
            }
        }
    }
}

impl Table {
    /// Behind the figure of that name, to be opened.
    pub(crate) fn behind(&self, title: &str) -> Markup {
        html! {
            details.numbers {
                summary { "Show numbers" span.aside { " of " (title) } }
                div.scroll tabindex="0" role="region" aria-label={ "Numbers: " (title) } { (self.draw()) }
            }
        }
    }

    fn draw(&self) -> Markup {
        html! {
            table {
                thead { tr { @for head in &self.heads { th scope="col" { (head) } } } }
                tbody {
                    @for TableRow { name, href, cells, is_hidden } in &self.rows {
                        tr hidden[*is_hidden] {
                            th scope="row" {
                                @match href { Some(href) => a href=(href) { (name) }, None => (name) }
                            }
                            @for cell in cells { td { (cell) } }
                        }
                    }
                }
            }
        }
    }
}
