//! What people have saved: views, links, notes, each with the forms to change it; and a link that was just made.

use maud::{Markup, html};
use report::visible;

use crate::asset::SCRIPT;
use crate::format::number::count;
use crate::format::time;
use crate::kept::{KeptView, PLACE};
use crate::page::{document, keys, top};
use crate::parts::words::in_words;
use crate::view::{Page, View};

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'a> {
    /// Saved views, by name.
    pub views: &'a [KeptView],
    /// Links, the latest first.
    pub shares: &'a [KeptShare],
    /// Notes, the latest first.
    pub notes: &'a [KeptNote],
    /// Whether the reader has signed in.
    pub is_signed_in: bool,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptShare {
    /// The part of it that names it.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// Its page.
    pub page: Page,
    /// The page's query, without `?`.
    pub query: String,
    /// Who has made it.
    pub made_by: Option<String>,
    /// From which on it is over, in microseconds since 1970.
    pub until: i64,
    /// How it stands.
    pub now: SharedNow,
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedNow {
    /// It is answered.
    Open,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// The key that it was made with isn't one any more.
    KeyGone,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptNote {
    /// Its number.
    pub id: i64,
    /// When: `2026-11-29`, or an instant as RFC 3339.
    pub at: String,
    /// What happened.
    pub text: String,
    /// The only datastream that it is about.
    pub datastream: Option<String>,
    /// Who has written it.
    pub made_by: Option<String>,
}

/// The list.
pub fn saved(data: &Saved<'_>) -> String {
    let content = html! {
        div.heading { h1 { "Saved" } }
        (views(data.views))
        (shares(data.shares))
        (notes(data.notes))
    };
    whole("Saved", data.is_signed_in, &content)
}

/// A link that was just made; it is told this once.
pub fn shared_now(url: &str, share: &KeptShare, is_signed_in: bool) -> String {
    let content = html! {
        div.heading { h1 { "The link is made" } }
        section.card.made {
            label { "Copy it now: it is kept nowhere and shown this once." input type="text" readonly value=(url) autofocus; }
            p { "It shows " a href=(href(share)) { (share.page.label()) } " (" (in_words(share.page, &share.query)) ") to whoever has it, until " (time::day(share.until)) ", as long as the key holds that it was made with. It can be revoked under " a href=(PLACE) { "Saved" } "." }
        }
    };
    whole("The link is made", is_signed_in, &content)
}

fn whole(title: &str, is_signed_in: bool, content: &Markup) -> String {
    let body = html! {
        (top(&View::default(), None, is_signed_in))
        main.width id="content" { (content) }
        footer.width { a href="/api" { "Interface" } span.aside.keys-hint { "Keys: " kbd { "?" } } }
        (keys())
        script src=(SCRIPT.path()) defer {}
    };
    document(title, None, &body)
}

fn views(views: &[KeptView]) -> Markup {
    html! {
        section.card.saved {
            h2 { "Views" }
            @if views.is_empty() { p.says { "None yet. A page's menu “Views” saves what it shows." } } @else {
                ul.kept { @for view in views {
                    @let name = visible(&view.name);
                    li {
                        div {
                            p { a href=(view.named_href().unwrap_or_else(|| view.href())) { bdi { (name) } } }
                            (about(view.page, &view.query, view.made_by.as_deref()))
                        }
                        div.acts {
                            details.change {
                                summary.quiet { "Rename" span.unseen { " " (name) } }
                                form action="/views/rename" method="post" {
                                    input type="hidden" name="id" value=(view.id);
                                    input type="text" name="name" value=(crate::text::field(&view.name)) maxlength="100" required aria-label={ "New name of " (name) } autocomplete="off";
                                    button { "Save" }
                                }
                            }
                            (act("delete", &view.id.to_string(), "Delete", &name))
                        }
                    }
                } }
            }
        }
    }
}

fn shares(shares: &[KeptShare]) -> Markup {
    let open = shares.iter().filter(|share| share.now == SharedNow::Open).count();
    html! {
        section.card.saved {
            h2 { "Shared links" }
            p.says {
                @if shares.is_empty() { "None. A page's menu “Views” makes one." } @else {
                    (count(open as u64)) " of " (count(shares.len() as u64)) " can be opened. A link shows one page with its filter to whoever has it; it ends with its date, with its key, or here."
                }
            }
            @if !shares.is_empty() {
                ul.kept { @for share in shares {
                    @let label = visible(&share.label);
                    li {
                        div {
                            p {
                                bdi { b { (label) } } " "
                                @match share.now {
                                    SharedNow::Open => span.mark { "until " (time::day(share.until)) },
                                    SharedNow::Expired => span.mark.sealed { "expired on " (time::day(share.until)) },
                                    SharedNow::Revoked => span.mark.sealed { "revoked" },
                                    SharedNow::KeyGone => span.mark.sealed { "its key is gone" },
                                }
                            }
                            p.aside { "Shows " a href=(href(share)) { (share.page.label()) } ": " (in_words(share.page, &share.query)) (by(share.made_by.as_deref())) }
                        }
                        @if share.now == SharedNow::Open { div.acts { (act("revoke", &share.id, "Revoke", &label)) } }
                    }
                } }
            }
        }
    }
}

fn notes(notes: &[KeptNote]) -> Markup {
    html! {
        section.card.saved {
            h2 { "Notes" }
            @if notes.is_empty() { p.says { "None yet. A page with a time line takes them in its menu “Notes”." } } @else {
                ul.kept { @for note in notes {
                    @let text = visible(&note.text);
                    li {
                        div {
                            p { bdi { (text) } }
                            p.aside {
                                (time::noted(&note.at))
                                @if let Some(datastream) = &note.datastream { " · datastream " bdi { (visible(datastream)) } }
                                (by(note.made_by.as_deref()))
                            }
                        }
                        div.acts { (act("unnote", &note.id.to_string(), "Delete", &text)) }
                    }
                } }
            }
        }
    }
}

/// What a view is of, and whose.
fn about(page: Page, query: &str, made_by: Option<&str>) -> Markup {
    html! { p.aside { (page.label()) ": " (in_words(page, query)) (by(made_by)) } }
}

/// A button that does something with one of the list.
fn act(action: &str, id: &str, button: &str, what: &str) -> Markup {
    html! {
        form action={ (PLACE) "/" (action) } method="post" {
            input type="hidden" name="id" value=(id);
            button.quiet { (button) span.unseen { " " (what) } }
        }
    }
}

fn href(share: &KeptShare) -> String {
    let KeptShare { page, query, .. } = share;
    if query.is_empty() { page.path().to_owned() } else { format!("{}?{query}", page.path()) }
}

fn by(name: Option<&str>) -> Markup {
    html! { @if let Some(name) = name { " · by " bdi { (visible(name)) } } }
}
