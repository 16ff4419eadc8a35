//! `GET /`: the headline numbers.

use std::sync::Arc;

use dashboard::{Context, Overview, Page, SLOW_FOR_PAGES, SLOW_FOR_REFERRERS};
use report::{Report, ReportName};

use super::drawn::{Drawn, Wanted, operation, show};
use crate::api::endpoint::Endpoint;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;

/// Subjects, pages, referrers and devices are the first of their lists.
const TOP: &[(&str, &str)] = &[("limit", "8")];
/// The hours of a week, with nothing beside them.
const HOURS: &[(&str, &str)] = &[("by", "weekday-hour"), ("compare", "none")];

pub(super) const PAGE: Drawn = Drawn {
    page: Page::Overview,
    reports: &[
        Wanted { shown: Some(&Overview::OVERVIEW), ..Wanted::report(ReportName::Overview) },
        Wanted { shown: Some(&Overview::CHAT), ..Wanted::report(ReportName::Chat) },
        Wanted {
            set: TOP,
            shown: Some(&Overview::SUBJECTS),
            not_with: SLOW_FOR_PAGES,
            ..Wanted::report(ReportName::Subjects)
        },
        Wanted {
            set: TOP,
            shown: Some(&Overview::PAGES),
            not_with: SLOW_FOR_PAGES,
            ..Wanted::report(ReportName::Pages)
        },
        Wanted {
            set: TOP,
            shown: Some(&Overview::REFERRERS),
            not_with: SLOW_FOR_REFERRERS,
            ..Wanted::report(ReportName::Referrers)
        },
        Wanted { set: TOP, shown: Some(&Overview::PAGES), ..Wanted::report(ReportName::Devices) },
        Wanted { set: HOURS, shown: Some(&Overview::HOURS), is_needed: false, ..Wanted::report(ReportName::Overview) },
    ],
    draw,
};

pub(in crate::api) enum GetOverviewPage {}

impl Endpoint for GetOverviewPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: the headline numbers",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("overviewPage"),
        ..RouteSpec::get("/", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &PAGE).await
    }
}

fn draw(context: &Context<'_>, reports: &[Option<Report>]) -> Option<String> {
    let [overview, chat, subjects, pages, referrers, devices, hours] = reports else { return None };
    let data = Overview {
        overview: overview.as_ref()?,
        chat: chat.as_ref()?,
        hours: hours.as_ref(),
        subjects: subjects.as_ref(),
        pages: pages.as_ref(),
        referrers: referrers.as_ref(),
        devices: devices.as_ref()?,
    };
    Some(dashboard::overview(context, &data))
}
