//! What a view is of: a page and its query, in one spelling, and such that the page can be drawn.

use dashboard::Page;
use report::EventsRequest;
use state::views::QUERY_BYTES_MAX;
use url::form_urlencoded;

use super::listed::{page_of, view_of};
use crate::api::pages::all::drawn_of;
use crate::app::backend::Backend;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// A page with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) page: Page,
    /// As the page writes it, without `?`.
    pub(crate) query: String,
}

impl Place {
    /// Where it is.
    pub(crate) fn href(&self) -> String {
        match self.query.as_str() {
            "" => self.page.path().to_owned(),
            query => format!("{}?{query}", self.page.path()),
        }
    }
}

/// Reads what is to be kept.
///
/// # Errors
/// There is no such page, or it can't be drawn with this query; the problem says why.
pub(crate) fn place<B: Backend>(state: &AppState<B>, page: &str, query: &str) -> Result<Place, Problem> {
    let Some(page) = page_of(page) else {
        let paths: Vec<&str> = Page::ALL.into_iter().filter(|page| page.is_kept()).map(|page| page.path()).collect();
        return Err(Problem::new(Code::KeptInvalid, format!("page is one of {}", paths.join(", "))));
    };
    let query = query.trim().trim_start_matches('?');
    if query.len() > QUERY_BYTES_MAX {
        let bytes = query.len();
        return Err(Problem::new(
            Code::KeptInvalid,
            format!("the view's query has {bytes} bytes; at most {QUERY_BYTES_MAX} are kept: take some filters away"),
        ));
    }
    let view = view_of(page, query);
    let now = state.backend.now_micros();
    let wrong = |message: String| Problem::new(Code::KeptInvalid, message);
    match drawn_of(page) {
        Some(drawn) => drawn.check(state, &view, now).map_err(|error| wrong(error.to_string()))?,
        None => {
            let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            if parameters.iter().any(|(name, value)| name == "find" && !value.is_empty()) {
                return Err(wrong("a search isn't kept; save the page without it".to_owned()));
            }
            let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let pairs = pairs.filter(|(name, _)| *name != "before" && *name != "find");
            EventsRequest::parse(pairs, state.options.time_zone, now).map_err(|error| wrong(error.to_string()))?;
        }
    }
    Ok(Place { page, query: view.query(page) })
}
