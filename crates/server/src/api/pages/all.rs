//! The pages that are drawn from reports, by their path.

use dashboard::Page;

use super::drawn::Drawn;
use super::{chat, lists, overview, quality};

/// How a page is drawn; `None` if it isn't drawn from reports.
pub(in crate::api) fn drawn_of(page: Page) -> Option<&'static Drawn> {
    const ALL: &[&Drawn] = &[
        &overview::PAGE,
        &chat::PAGE,
        &lists::SUBJECTS,
        &lists::PAGES,
        &lists::REFERRERS,
        &lists::DEVICES,
        &quality::PAGE,
    ];
    ALL.iter().find(|drawn| drawn.page == page).copied()
}
