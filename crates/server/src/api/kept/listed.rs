//! Kept views as pages show them, and how a kept page and query are read again.

use dashboard::{KeptView, Page, View};
use state::views;
use url::form_urlencoded;

use crate::app::state::AppState;

/// Parameters of the page of events that a view of it keeps. A search isn't kept: it can name a person.
const OF_EVENTS: [&str; 3] = ["show", "reason", "anomaly"];

/// The page of a path, if views of it can be saved.
pub(crate) fn page_of(path: &str) -> Option<Page> {
    Page::ALL.into_iter().find(|page| page.path() == path && page.is_kept())
}

/// The query of a kept view as a page reads it.
pub(crate) fn view_of(page: Page, query: &str) -> View {
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let own: &[&'static str] = if page == Page::Events { &OF_EVENTS } else { &[] };
    View::parse_with(own, parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Saved views as pages show them; `None` where there can be none, or where they can't be read, which the log says.
pub(crate) async fn kept_views<B>(state: &AppState<B>) -> Option<Vec<KeptView>> {
    match views::list(state.options.state.as_ref()?).await {
        Ok(list) => Some(list.into_iter().filter_map(kept_view).collect()),
        Err(error) => {
            tracing::warn!(%error, "saved views can't be read");
            None
        }
    }
}

/// A kept view as pages show it; `None` of a page that isn't there any more.
pub(crate) fn kept_view(view: views::View) -> Option<KeptView> {
    let views::View { id, name, page, query, made_by, .. } = view;
    Some(KeptView { id, name, page: page_of(&page)?, query, made_by })
}
