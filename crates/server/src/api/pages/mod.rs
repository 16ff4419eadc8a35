//! Pages for people: reports, drawn by `dashboard`. A page is a file here, which says what reports it
//! is drawn from, and a line of [`super::routes`].
//!
//! Their parameters are those of the reports behind them. What is wrong with them is said on the page, in the
//! words of the reports, beside the fields to correct it. They are whole without a script; one of our own keeps them
//! up to date.

mod assets;
mod chat;
mod demo_data;
mod drawn;
mod events;
mod kept;
mod lists;
mod live;
mod login;
mod overview;
mod quality;
mod schemas;
mod share;
mod share_live;
mod sql;
mod standing;
mod stream;

pub(super) mod all;
pub(super) mod told;

pub(super) use assets::GetAsset;
pub(super) use chat::GetChatPage;
pub(super) use demo_data::PostDemoData;
pub(super) use events::{GetEventPage, GetEventsPage};
pub(super) use kept::{GetSavedPage, GetSavedView, PostSaved};
pub(super) use lists::{GetDevicesPage, GetPagesPage, GetReferrersPage, GetSubjectsPage};
pub(super) use live::GetLiveStream;
pub(super) use login::{PostLogin, PostLogout};
pub(super) use overview::GetOverviewPage;
pub(super) use quality::GetQualityPage;
pub(super) use schemas::GetSchemasPage;
pub(super) use share::GetShare;
pub(super) use share_live::GetShareLive;
pub(super) use sql::GetSqlPage;

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
            (GetReferrersPage::SPEC, Page::Referrers),
            (GetDevicesPage::SPEC, Page::Devices),
            (GetQualityPage::SPEC, Page::Quality),
            (GetEventsPage::SPEC, Page::Events),
            (GetSchemasPage::SPEC, Page::Schemas),
            (GetSqlPage::SPEC, Page::Sql),
        ];
        assert!(paths.iter().all(|(spec, page)| spec.path == page.path()));
        assert_eq!(paths.len(), Page::ALL.len());
        // What can be shared is drawn from reports alone.
        for page in Page::ALL {
            assert_eq!(all::drawn_of(page).is_some(), page.is_shareable(), "{page:?}");
        }
        assert!(GetAsset::SPEC.path.starts_with(dashboard::Asset::FOLDER));
    }
}
