//! What people have saved, on the pages: the menu of views with the forms to save one and to share it.

use maud::{Markup, html};
use report::visible;

use crate::format::time;
use crate::page::{Context, Told};
use crate::text::field;
use crate::view::{Filter, FilterKind, Page, segment};

/// Views of a page that stand in its menu; the list of all has the rest.
const IN_MENU_MAX: usize = 12;
/// Days that a link can hold, each with its name; the first is chosen.
const DAYS: [(&str, &str); 4] = [("30", "30 days"), ("7", "7 days"), ("90", "90 days"), ("365", "A year")];

/// Where what was saved is listed, and the beginning of where it is changed.
pub(crate) const PLACE: &str = "/views";

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptView {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its page.
    pub page: Page,
    /// The page's query, without `?`.
    pub query: String,
    /// Who has saved it.
    pub made_by: Option<String>,
}

impl KeptView {
    /// Where it is.
    pub fn href(&self) -> String {
        match self.query.as_str() {
            "" => self.page.path().to_owned(),
            query => format!("{}?{query}", self.page.path()),
        }
    }

    /// The same by its name, whatever becomes of its query; `None` where browsers would take the name for a step in the path.
    pub(crate) fn named_href(&self) -> Option<String> {
        let is_step = matches!(self.name.as_str(), "." | "..");
        (!is_step).then(|| format!("{PLACE}/{}", segment(&self.name)))
    }
}

/// The menu.
pub(crate) fn views(context: &Context<'_>) -> Markup {
    let Some(kept) = context.kept.filter(|_| context.page.is_kept()) else { return Markup::default() };
    let query = context.view.query(context.page);
    let here: Vec<&KeptView> = kept.iter().filter(|view| view.page == context.page).collect();
    html! {
        details.pop.end {
            summary data-key="v" { "Views" }
            div.forms {
                nav.menu aria-label="Saved views" {
                    @for view in here.iter().take(IN_MENU_MAX) {
                        a href=(view.href()) aria-current=[(view.query == query).then_some("true")] { (visible(&view.name)) }
                    }
                    a href=(PLACE) { "All saved views and links" }
                }
                form action="/views/save" method="post" {
                    (place(context.page, &query))
                    label { "Save this view as" input type="text" name="name" maxlength="100" required autocomplete="off"; }
                    button { "Save" }
                }
                @if context.page.is_shareable() {
                    form.two action="/views/share" method="post" {
                        (place(context.page, &query))
                        label { "Share this view: what the link is for" input type="text" name="label" maxlength="100" required autocomplete="off"; }
                        label { "Holds for" select name="days" { @for (days, name) in DAYS { option value=(days) { (name) } } } }
                        button { "Make a link" }
                    }
                    p.aside { "Whoever has the link sees this page with this filter and nothing else, without a key." }
                }
            }
        }
    }
}

/// The notes of a page's span, with the form to add one.
pub(crate) fn notes(context: &Context<'_>, told: &Told) -> Markup {
    if context.kept.is_none() || !context.page.has_time_line() {
        return Markup::default();
    }
    let here = context.view.href(context.page);
    let last = time::days(&told.period.since, &told.period.until).map(|(_, last)| last);
    let day = if told.period.so_far { time::date(context.now) } else { last.unwrap_or_default() };
    let datastream = context.view.filters().iter().find(|filter| filter.kind == FilterKind::Datastream);
    let datastream = datastream.map(Filter::value).filter(|(is_out, _)| !is_out).map_or("", |(_, value)| value);
    html! {
        details.pop.end {
            summary data-key="n" { "Notes" @if !told.annotations.is_empty() { span.aside { ": " (told.annotations.len()) } } }
            div.forms {
                @if !told.annotations.is_empty() {
                    ul.noted { @for note in &told.annotations {
                        @let text = visible(&note.text);
                        li {
                            span { span.aside { (time::noted(&note.at)) } " " bdi { (text) } }
                            form action={ (PLACE) "/unnote" } method="post" {
                                input type="hidden" name="id" value=(note.id);
                                input type="hidden" name="to" value=(here);
                                button.quiet { "Delete" span.unseen { " " (text) } }
                            }
                        }
                    } }
                }
                form.two action={ (PLACE) "/note" } method="post" {
                    input type="hidden" name="to" value=(here);
                    label { "What happened" input type="text" name="text" maxlength="200" required autocomplete="off" placeholder="New shop opened"; }
                    label { "Day" input type="date" name="at" value=(day) required; }
                    label { "Datastream, if one" input type="text" name="datastream" maxlength="128" value=(field(datastream)) autocomplete="off" spellcheck="false"; }
                    button { "Add" }
                }
                p.aside { "It is shown in charts over time to everybody who sees these pages." }
            }
        }
    }
}

fn place(page: Page, query: &str) -> Markup {
    html! {
        input type="hidden" name="page" value=(page.path());
        input type="hidden" name="query" value=(query);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_found_by_its_name() {
        let check = |name: &str, expect: Option<&str>| {
            let view = KeptView { id: 1, name: name.to_owned(), page: Page::Chat, query: String::new(), made_by: None };
            assert_eq!(view.named_href().as_deref(), expect, "{name}");
        };
        check("Monday", Some("/views/Monday"));
        check("Käse & 1/2 <b>?", Some("/views/K%C3%A4se%20%26%201%2F2%20%3Cb%3E%3F"));
        check("..", None);
    }
}
