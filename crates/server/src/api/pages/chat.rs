//! `GET /chat`: what became of invitations to chat and of chats.

use std::sync::Arc;

use dashboard::{Chat, Context, Page};
use report::{Report, ReportName};

use super::drawn::{Drawn, Wanted, operation, show};
use crate::api::endpoint::Endpoint;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;

pub(super) const PAGE: Drawn = Drawn { page: Page::Chat, reports: &[Wanted::report(ReportName::Chat)], draw };

pub(in crate::api) enum GetChatPage {}

impl Endpoint for GetChatPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: what became of invitations to chat and of chats",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || operation("chatPage"),
        ..RouteSpec::get("/chat", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        show(&state, call, &PAGE).await
    }
}

fn draw(context: &Context<'_>, reports: &[Option<Report>]) -> Option<String> {
    Some(dashboard::chat(context, &Chat { chat: reports.first()?.as_ref()? }))
}
