//! `GET /subjects`, `GET /pages`, `GET /referrers` and `GET /devices`: the whole lists.

use std::sync::Arc;

use dashboard::{Context, Page};
use report::{Report, ReportName};

use super::drawn::{Drawn, Wanted, operation, show};
use crate::api::endpoint::Endpoint;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;

/// Rows of a list that names no `limit`; the page has a link to more.
const ROWS: &[(&str, &str)] = &[("limit", "100")];

pub(super) const SUBJECTS: Drawn = Drawn {
    page: Page::Subjects,
    reports: &[Wanted { absent: ROWS, ..Wanted::report(ReportName::Subjects) }],
    draw: |context: &Context<'_>, reports: &[Option<Report>]| {
        Some(dashboard::subjects(context, reports.first()?.as_ref()?))
    },
};

pub(super) const PAGES: Drawn = Drawn {
    page: Page::Pages,
    reports: &[Wanted { absent: ROWS, ..Wanted::report(ReportName::Pages) }],
    draw: |context: &Context<'_>, reports: &[Option<Report>]| {
        Some(dashboard::pages(context, reports.first()?.as_ref()?))
    },
};

pub(super) const REFERRERS: Drawn = Drawn {
    page: Page::Referrers,
    reports: &[Wanted { absent: ROWS, ..Wanted::report(ReportName::Referrers) }],
    draw: |context: &Context<'_>, reports: &[Option<Report>]| {
        Some(dashboard::referrers(context, reports.first()?.as_ref()?))
    },
};

pub(super) const DEVICES: Drawn = Drawn {
    page: Page::Devices,
    reports: &[Wanted { absent: ROWS, ..Wanted::report(ReportName::Devices) }],
    draw: |context: &Context<'_>, reports: &[Option<Report>]| {
        Some(dashboard::devices(context, reports.first()?.as_ref()?))
    },
};

pub(in crate::api) enum GetSubjectsPage {}

impl Endpoint for GetSubjectsPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: the numbers of each subject",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("subjectsPage"),
        ..RouteSpec::get("/subjects", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &SUBJECTS).await
    }
}

pub(in crate::api) enum GetPagesPage {}

impl Endpoint for GetPagesPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: the numbers of each page",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("pagesPage"),
        ..RouteSpec::get("/pages", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &PAGES).await
    }
}

pub(in crate::api) enum GetReferrersPage {}

impl Endpoint for GetReferrersPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: the numbers of each referrer",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("referrersPage"),
        ..RouteSpec::get("/referrers", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &REFERRERS).await
    }
}

pub(in crate::api) enum GetDevicesPage {}

impl Endpoint for GetDevicesPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: the numbers of each kind of device",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("devicesPage"),
        ..RouteSpec::get("/devices", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &DEVICES).await
    }
}
