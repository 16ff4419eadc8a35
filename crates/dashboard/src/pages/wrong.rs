//! A page that can't be shown as it was asked for, with the way to correct it.

use maud::html;

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
            p { (sentence(message)) }
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
