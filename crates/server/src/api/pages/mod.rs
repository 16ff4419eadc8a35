//! Pages for people: reports, drawn by `dashboard`. A page is a file here, which says what reports it
//! is drawn from, and a line of [`super::routes`].
//!
//! Their parameters are those of the reports behind them. What is wrong with them is said on the page, in the
//! words of the reports, beside the fields to correct it. They need no script and allow none.

mod chat;
mod drawn;
mod events;
mod lists;
mod login;
mod overview;
mod quality;
mod style;
pub(super) mod told;

pub(super) use chat::GetChatPage;
pub(super) use events::{GetEventPage, GetEventsPage};
pub(super) use lists::{GetPagesPage, GetSubjectsPage};
pub(super) use login::{PostLogin, PostLogout};
pub(super) use overview::GetOverviewPage;
pub(super) use quality::GetQualityPage;
pub(super) use style::GetStyle;

#[cfg(test)]
mod tests {
    use dashboard::Page;

    use super::*;
    use crate::api::endpoint::Endpoint;

    /// Links in pages lead to pages: no path is written twice.
    #[test]
    fn each_page_is_where_links_lead() {
        let paths = [
            (GetOverviewPage::SPEC, Page::Overview),
            (GetChatPage::SPEC, Page::Chat),
            (GetSubjectsPage::SPEC, Page::Subjects),
            (GetPagesPage::SPEC, Page::Pages),
            (GetQualityPage::SPEC, Page::Quality),
            (GetEventsPage::SPEC, Page::Events),
        ];
        assert!(paths.iter().all(|(spec, page)| spec.path == page.path()));
        assert_eq!(paths.len(), Page::ALL.len());
        assert!(GetStyle::SPEC.path.starts_with(dashboard::Style::FOLDER));
    }
}
