//! Counts of what the edge did, and `/metrics` in Prometheus' text format.
//!
//! Written by hand: a few arrays of atomics and a page of text need no library. Labels
//! are routes and statuses from fixed tables, so that no sender can make new series.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};

use crate::edge::{Call, Edge, Outcome, content};
use crate::front::{Front, MetricKind, MetricSample, Readiness};
use crate::routes::{ROUTES, Route};

/// Statuses that have a series of their own; the last one stands for all others.
const STATUSES: [u16; 16] = [200, 204, 207, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500, 503, 0];

/// Upper bounds of the ack histogram, in seconds: a group commit takes a fraction of a
/// millisecond, a time-out thirty seconds.
const ACK_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 4.0, 16.0];

/// The edge's own counts.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    requests: [[AtomicU64; STATUSES.len()]; Route::COUNT],
    ack_counts: [AtomicU64; ACK_SECONDS.len() + 1],
    ack_nanos: AtomicU64,
    /// Connections open now.
    pub(crate) connections: AtomicU64,
    /// Connections refused since the start.
    pub(crate) connections_refused: AtomicU64,
    /// TLS handshakes that came to nothing since the start.
    pub(crate) tls_handshake_failures: AtomicU64,
    /// Last second of the certificate in use, since 1970; 0 without TLS.
    pub(crate) tls_certificate_ends_s: AtomicI64,
}

impl Meters {
    /// One more answer.
    pub(crate) fn count(&self, route: Route, status: StatusCode) {
        let column = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        self.requests[route as usize][column].fetch_add(1, Ordering::Relaxed);
    }

    /// One more durable acknowledgement, and how long its sender waited for it after the
    /// body had come.
    pub(crate) fn acked(&self, wait: Duration) {
        let seconds = wait.as_secs_f64();
        let bucket = ACK_SECONDS.partition_point(|bound| *bound < seconds);
        self.ack_counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.ack_nanos.fetch_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn write_requests(&self, page: &mut Page) {
        page.head("frontdesk_http_requests_total", MetricKind::Counter, "Requests answered, by route and status.");
        for route in ROUTES.iter().copied().chain([Route::Elsewhere]) {
            for (status, count) in STATUSES.iter().zip(&self.requests[route as usize]) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
                    page.line(format_args!(
                        "frontdesk_http_requests_total{{route=\"{}\",status=\"{status}\"}} {count}",
                        route.path()
                    ));
                }
            }
        }
    }

    fn write_acks(&self, page: &mut Page) {
        const NAME: &str = "frontdesk_ack_seconds";
        page.line(format_args!("# HELP {NAME} Time from the whole body to its durable acknowledgement."));
        page.line(format_args!("# TYPE {NAME} histogram"));
        let mut sum = 0;
        for (bound, count) in ACK_SECONDS.iter().zip(&self.ack_counts) {
            sum += count.load(Ordering::Relaxed);
            page.line(format_args!("{NAME}_bucket{{le=\"{bound}\"}} {sum}"));
        }
        sum += self.ack_counts[ACK_SECONDS.len()].load(Ordering::Relaxed);
        page.line(format_args!("{NAME}_bucket{{le=\"+Inf\"}} {sum}"));
        let seconds = self.ack_nanos.load(Ordering::Relaxed) as f64 / 1e9;
        page.line(format_args!("{NAME}_sum {seconds}"));
        page.line(format_args!("{NAME}_count {sum}"));
    }

    fn write_tls(&self, page: &mut Page) {
        let failures = self.tls_handshake_failures.load(Ordering::Relaxed) as f64;
        page.number(
            "frontdesk_tls_handshake_failures_total",
            MetricKind::Counter,
            "TLS handshakes that failed or took too long.",
            failures,
        );
        let ends_s = self.tls_certificate_ends_s.load(Ordering::Relaxed);
        if ends_s != 0 {
            page.number(
                "frontdesk_tls_certificate_ends_timestamp_seconds",
                MetricKind::Gauge,
                "When the certificate in use ends, in seconds since 1970.",
                ends_s as f64,
            );
        }
    }
}

/// `GET /metrics`.
pub(crate) async fn get<F: Front>(edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    edge.recorder.forget_old();
    let vitals = edge.front.vitals();
    let mut page = Page::default();
    let ready = f64::from(u8::from(vitals.readiness == Readiness::Ready));
    page.number("frontdesk_ready", MetricKind::Gauge, "1 when events can be taken in.", ready);
    edge.meters.write_requests(&mut page);
    edge.meters.write_acks(&mut page);
    let held = edge.budget.used() as f64;
    page.number("frontdesk_http_bodies_held_bytes", MetricKind::Gauge, "Bytes held now for senders and readers.", held);
    let answers = edge.answers.used() as f64;
    let help = "Bytes of them that are answers waiting for their reader.";
    page.number("frontdesk_http_answers_held_bytes", MetricKind::Gauge, help, answers);
    let open = edge.meters.connections.load(Ordering::Relaxed) as f64;
    page.number("frontdesk_http_connections", MetricKind::Gauge, "Connections open now.", open);
    let refused = edge.meters.connections_refused.load(Ordering::Relaxed) as f64;
    page.number(
        "frontdesk_http_connections_refused_total",
        MetricKind::Counter,
        "Connections over the limit.",
        refused,
    );
    edge.meters.write_tls(&mut page);
    for sample in &vitals.samples {
        page.sample(sample);
    }
    Ok(content(StatusCode::OK, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"), page.0))
}

/// Text in the exposition format.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes all");
    }

    fn head(&mut self, name: &str, kind: MetricKind, help: &str) {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn number(&mut self, name: &str, kind: MetricKind, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(format_args!("{name} {value}"));
    }

    fn sample(&mut self, sample: &MetricSample) {
        self.head(sample.name, sample.kind, sample.help);
        for (label, value) in &sample.values {
            match label {
                None => self.line(format_args!("{} {value}", sample.name)),
                Some((label, text)) => {
                    let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
                    self.line(format_args!("{}{{{label}=\"{text}\"}} {value}", sample.name));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_is_cumulative() {
        let meters = Meters::default();
        for micros in [100, 500, 501, 3_000, 60_000_000] {
            meters.acked(Duration::from_micros(micros));
        }
        let mut page = Page::default();
        meters.write_acks(&mut page);
        for line in [
            "frontdesk_ack_seconds_bucket{le=\"0.0005\"} 2",
            "frontdesk_ack_seconds_bucket{le=\"0.001\"} 3",
            "frontdesk_ack_seconds_bucket{le=\"0.004\"} 4",
            "frontdesk_ack_seconds_bucket{le=\"16\"} 4",
            "frontdesk_ack_seconds_bucket{le=\"+Inf\"} 5",
            "frontdesk_ack_seconds_count 5",
        ] {
            assert!(page.0.lines().any(|l| l == line), "{line} is missing in\n{}", page.0);
        }
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample(&MetricSample {
            name: "x_total",
            kind: MetricKind::Counter,
            help: "X.",
            values: vec![(Some(("keyword", "a\"b\\c\nd".to_owned())), 2.0), (None, 0.5)],
        });
        assert_eq!(
            page.0,
            "# HELP x_total X.\n# TYPE x_total counter\nx_total{keyword=\"a\\\"b\\\\c\\nd\"} 2\nx_total 0.5\n"
        );
    }

    #[test]
    fn unknown_statuses_share_a_series() {
        let meters = Meters::default();
        meters.count(Route::Sql, StatusCode::OK);
        meters.count(Route::Elsewhere, StatusCode::IM_A_TEAPOT);
        let mut page = Page::default();
        meters.write_requests(&mut page);
        assert!(page.0.contains("{route=\"/v1/sql\",status=\"200\"} 1\n"), "{}", page.0);
        assert!(page.0.contains("{route=\"(elsewhere)\",status=\"other\"} 1\n"), "{}", page.0);
    }
}
