//! Before the form: the login, and what a link from another site leads to. Neither holds a number or a name of
//! anything that was taken in.

use maud::{Markup, html};

use crate::page::{brand, document};
use crate::text::sentence;

/// What the login page shows.
#[derive(Clone, Copy, Debug)]
pub struct LoginForm<'a> {
    /// Where it leads afterwards: a path of this server.
    pub to: &'a str,
    /// What was wrong with the last try, as a sentence.
    pub refused: Option<&'a str>,
    /// Whether what is typed in crosses the network in clear, as far as the server can tell.
    pub is_in_clear: bool,
}

/// The page with the field for a key.
pub fn login(form: &LoginForm<'_>) -> String {
    let content = html! {
        h1 { "Sign in" }
        @if let Some(refused) = form.refused { p.refused role="alert" { (report::visible(refused)) } }
        form action="/login" method="post" {
            input type="hidden" name="to" value=(form.to);
            label {
                "API key"
                input type="password" name="key" required autocomplete="current-password" autocapitalize="off" spellcheck="false" autofocus
                    placeholder="fd_read_…";
            }
            button { "Sign in" }
        }
        p.aside { "A key with the scope " code { "read" } " is needed. On the server's machine this makes one:" }
        pre tabindex="0" { code { "frontdesk key new --scope read --name NAME" } }
        @if form.is_in_clear {
            p.aside { "If the address above begins with " code { "http:" } ", the key crosses the network in clear: better use " code { "https:" } "." }
        }
    };
    outside("Sign in", &content)
}

/// What a person sees who has followed a link from another site, a mail for example: the way on, which is this
/// server's own. `target` is a path with its query.
pub fn followed_link(target: &str) -> String {
    let content = html! {
        h1 { "Open this page?" }
        p { "A link from another site or a mail led here. So that no site can have a page made behind your back, you open it yourself." }
        p { a.button href=(target) { "Open this page" } }
        p.aside.address { bdi { (report::visible(target)) } }
    };
    outside("Open this page", &content)
}

/// What whoever has a link sees where its page isn't shown: why, and nothing that leads further.
pub fn link_failed(title: &str, detail: &str) -> String {
    outside(title, &html! { h1 { (title) } p { (sentence(detail)) } })
}

fn outside(title: &str, content: &Markup) -> String {
    let body = html! {
        main.door id="content" {
            p.brand { (brand()) }
            section.card { (content) }
        }
    };
    document(title, None, &body)
}
