//! A page that can't be shown as it was asked for, with the way to correct it.

use maud::{Markup, html};
use report::Zone;

use crate::page::{Context, page};
use crate::parts::toolbar::correction;
use crate::text::sentence;
use crate::view::{Page, View};

/// Why there are no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// What was asked can't be; it can be corrected.
    Asked,
    /// There is no answer now; the same may be asked later.
    NotNow,
}

/// The page with a message, which is a sentence without a capital and a period.
pub fn wrong(context: &Context<'_>, why: Wrong, message: &str) -> String {
    let content = html! {
        section.card.wrong role="alert" {
            h2 { @match why { Wrong::Asked => "This can't be shown", Wrong::NotNow => "No numbers now" } }
            p { (told(context, message)) }
            @match why {
                Wrong::Asked => {
                    (correction(context))
                    p.aside { "Or " a href=(View::default().href(Page::Overview)) { "begin anew" } "." }
                },
                Wrong::NotNow => p.aside { "Nothing is lost. " a href=(context.view.href(context.page)) { "Try again" } "." },
            }
        }
    };
    page(context, None, &content)
}

/// The message as a sentence. Of a time zone that isn't known, those that may have been meant lead to the same page with them.
fn told(context: &Context<'_>, message: &str) -> Markup {
    let unknown = context.view.get("tz").and_then(|tz| tz.parse::<Zone>().err());
    let near = unknown.as_ref().map_or(&[][..], |unknown| unknown.near());
    let begin = message.strip_suffix(&format!("{}?", near.join(" or "))).filter(|_| !near.is_empty());
    let Some(begin) = begin else { return html! { (sentence(message)) } };
    // The last letter is that of the question, which follows.
    let begin = sentence(begin);
    html! {
        (begin.trim_end_matches('.'))
        @for (place, name) in near.iter().enumerate() {
            @if place > 0 { " or " }
            a href=(context.view.with("tz", Some(name)).href(context.page)) { (name) }
        }
        "?"
    }
}
