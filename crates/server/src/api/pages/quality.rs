//! `GET /quality`: what became of the events that were sent.

use std::sync::Arc;

use dashboard::{Context, Page, Quality};
use report::{Report, ReportName};

use super::drawn::{Drawn, Wanted, operation, show};
use crate::api::endpoint::Endpoint;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;

pub(super) const PAGE: Drawn = Drawn { page: Page::Quality, reports: &[Wanted::report(ReportName::Quality)], draw };

pub(in crate::api) enum GetQualityPage {}

impl Endpoint for GetQualityPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: what became of the events that were sent",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("qualityPage"),
        ..RouteSpec::get("/quality", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &PAGE).await
    }
}

fn draw(context: &Context<'_>, reports: &[Option<Report>]) -> Option<String> {
    Some(dashboard::quality(context, &Quality { quality: reports.first()?.as_ref()? }))
}
