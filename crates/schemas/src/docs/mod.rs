//! Schemas as documents: in the published form, as the same document without its defects,
//! and as a site with search.

mod adobe;
mod html;
mod model;
mod plain;

use crate::corpus::Corpus;

/// One file of the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its path below the output directory, with slashes.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// How documents are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Markdown, with all that is inherited and every type linked.
    Plain,
    /// Markdown as Adobe publishes it, byte for byte.
    Adobe,
    /// Pages for a browser, with search.
    Html,
}

/// Writes the documents of all schemas of a directory.
pub fn pages(corpus: &Corpus, layout: Layout) -> Vec<Page> {
    let docs = || corpus.schemas().iter().map(|schema| model::doc(corpus, schema)).collect::<Vec<_>>();
    match layout {
        Layout::Adobe => adobe::pages(corpus),
        Layout::Html => html::site(&docs()),
        Layout::Plain => {
            let docs = docs();
            docs.iter().map(plain::page).chain([plain::index(&docs)]).collect()
        }
    }
}

/// The directory of a path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The way from a directory to a file, both below one root.
fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|step| !step.is_empty()).collect();
    let to: Vec<&str> = to.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    up.chain(to[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}
