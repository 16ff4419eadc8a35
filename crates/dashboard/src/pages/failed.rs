//! A page in place of the one that was asked for, which there isn't, or not now.

use maud::html;

use crate::page::{document, top};
use crate::text::sentence;
use crate::view::View;

/// What went wrong.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The status of the answer.
    pub status: u16,
    /// What is wrong, without a period.
    pub title: &'a str,
    /// What can be done.
    pub detail: &'a str,
    /// The path to try again, if that can help.
    pub again: Option<&'a str>,
    /// Seconds after which the browser tries by itself.
    pub again_s: Option<u64>,
    /// Whether the reader has signed in.
    pub is_signed_in: bool,
}

/// The page.
pub fn failed(failed: &Failed<'_>) -> String {
    let Failed { status, title, detail, again, again_s, is_signed_in } = *failed;
    let body = html! {
        (top(&View::default(), None, is_signed_in))
        main.width id="content" {
            section.card.wrong role="alert" {
                h1 { (title) }
                p { (sentence(detail)) }
                p.aside {
                    @if let Some(again) = again {
                        @if let Some(seconds) = again_s { "This page tries again in " (seconds) " s. Or " a href=(again) { "try now" } ". " }
                        @else { a href=(again) { "Try again" } ". " }
                    }
                    "Status " (status) "."
                }
            }
        }
    };
    document(title, again_s, &body)
}
