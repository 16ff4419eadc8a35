//! `GET /metrics`: numbers for Prometheus.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::{HeaderValue, StatusCode};

use super::endpoint::Endpoint;
use super::openapi::parts;
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, MetricKind, Readiness};
use crate::app::call::{Call, Outcome};
use crate::app::exposition::Page;
use crate::app::meters;
use crate::app::operation::Operation;
use crate::app::route::RouteSpec;
use crate::app::state::AppState;
use crate::http::response;

pub(super) enum GetMetrics {}

impl Endpoint for GetMetrics {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Numbers for Prometheus",
        openapi: || Operation { id: "getMetrics", success: parts::success_text(), ..Operation::default() },
        ..RouteSpec::get("/metrics", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, _call: Call) -> Outcome {
        state.recorder.forget_old();
        let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        Ok(response::content(StatusCode::OK, media_type, page(&state).into_text()))
    }
}

fn page<B: Backend>(state: &AppState<B>) -> Page {
    let health = state.backend.health();
    let mut page = Page::default();
    let ready = f64::from(u8::from(health.readiness == Readiness::Ready));
    page.number("frontdesk_ready", MetricKind::Gauge, "1 when events can be taken in.", ready);
    state.meters.write_requests(&mut page);
    state.meters.write_acks(&mut page);
    let held = state.budget.used() as f64;
    page.number("frontdesk_http_bodies_held_bytes", MetricKind::Gauge, "Bytes held now for senders and readers.", held);
    let answers = state.answers.used() as f64;
    let help = "Bytes of them that are answers waiting for their reader.";
    page.number("frontdesk_http_answers_held_bytes", MetricKind::Gauge, help, answers);
    let open = state.connections.open() as f64;
    page.number("frontdesk_http_connections", MetricKind::Gauge, "Connections open now.", open);
    let refused = state.connections.refused.load(Ordering::Relaxed) as f64;
    let help = "Connections over the limit.";
    page.number("frontdesk_http_connections_refused_total", MetricKind::Counter, help, refused);
    meters::write_tls(&state.connections, &mut page);
    for sample in &health.samples {
        page.sample(sample);
    }
    page
}
