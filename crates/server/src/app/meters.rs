//! Counts of what the server did.
//!
//! A few arrays of atomics need no library. Labels are the declared routes and statuses
//! from a fixed table, so that no sender can make new series.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use super::backend::MetricKind;
use super::exposition::Page;
use super::route::{ELSEWHERE, Route, RouteSpec};
use crate::http::counters::ConnectionCounters;

/// Statuses that have a series of their own; the last one stands for all others.
const STATUSES: [u16; 16] = [200, 204, 207, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 500, 503, 0];

/// Upper bounds of the ack histogram, in seconds: a group commit takes a fraction of a
/// millisecond, a time-out thirty seconds.
const ACK_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 4.0, 16.0];

/// One server's own counts.
#[derive(Debug)]
pub(crate) struct Meters {
    /// By route, the last one being [`ELSEWHERE`].
    requests: Vec<(&'static RouteSpec, [AtomicU64; STATUSES.len()])>,
    ack_counts: [AtomicU64; ACK_SECONDS.len() + 1],
    ack_nanos: AtomicU64,
}

impl Meters {
    /// For a server with these routes.
    pub(crate) fn of(routes: &[&'static RouteSpec]) -> Meters {
        let all = routes.iter().copied().chain([&ELSEWHERE]);
        Meters {
            requests: all.map(|spec| (spec, Default::default())).collect(),
            ack_counts: Default::default(),
            ack_nanos: AtomicU64::new(0),
        }
    }

    /// A route's place among the counts; what isn't served counts as [`ELSEWHERE`].
    pub(crate) fn number_of(&self, spec: &RouteSpec) -> usize {
        let is_it = |(known, _): &(&RouteSpec, _)| (known.path, known.method) == (spec.path, spec.method);
        self.requests.iter().position(is_it).unwrap_or(self.requests.len() - 1)
    }

    /// One more answer.
    pub(crate) fn count(&self, route: Route, status: StatusCode) {
        let column = STATUSES.iter().position(|known| *known == status.as_u16()).unwrap_or(STATUSES.len() - 1);
        let (_, counts) = &self.requests[route.number];
        counts[column].fetch_add(1, Ordering::Relaxed);
    }

    /// One more durable acknowledgement, and how long its sender waited for it after the
    /// body had come.
    pub(crate) fn acked(&self, wait: Duration) {
        let seconds = wait.as_secs_f64();
        let bucket = ACK_SECONDS.partition_point(|bound| *bound < seconds);
        self.ack_counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.ack_nanos.fetch_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Requests by route and status.
    pub(crate) fn write_requests(&self, page: &mut Page) {
        page.head("frontdesk_http_requests_total", MetricKind::Counter, "Requests answered, by route and status.");
        for (place, (spec, _)) in self.requests.iter().enumerate() {
            let of_path = |(other, _): &&(&RouteSpec, _)| other.path == spec.path;
            // A path is one series, whatever its methods.
            if self.requests[..place].iter().any(|other| of_path(&other)) {
                continue;
            }
            for (column, status) in STATUSES.iter().enumerate() {
                let counts = self.requests.iter().filter(of_path).map(|(_, counts)| &counts[column]);
                let count: u64 = counts.map(|count| count.load(Ordering::Relaxed)).sum();
                if count > 0 {
                    let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
                    page.line(format_args!(
                        "frontdesk_http_requests_total{{route=\"{}\",status=\"{status}\"}} {count}",
                        spec.path
                    ));
                }
            }
        }
    }

    /// How long acknowledgements took.
    pub(crate) fn write_acks(&self, page: &mut Page) {
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
}

/// Numbers of TLS.
pub(crate) fn write_tls(counters: &ConnectionCounters, page: &mut Page) {
    let failures = counters.tls_handshake_failures.load(Ordering::Relaxed) as f64;
    page.number(
        "frontdesk_tls_handshake_failures_total",
        MetricKind::Counter,
        "TLS handshakes that failed or took too long.",
        failures,
    );
    let ends_s = counters.tls_certificate_ends_s.load(Ordering::Relaxed);
    if ends_s != 0 {
        page.number(
            "frontdesk_tls_certificate_ends_timestamp_seconds",
            MetricKind::Gauge,
            "When the certificate in use ends, in seconds since 1970.",
            ends_s as f64,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::access::scope::Access;

    #[test]
    fn the_histogram_is_cumulative() {
        let meters = Meters::of(&[]);
        for micros in [100, 500, 501, 3_000, 60_000_000] {
            meters.acked(Duration::from_micros(micros));
        }
        let mut page = Page::default();
        meters.write_acks(&mut page);
        let text = page.into_text();
        for line in [
            "frontdesk_ack_seconds_bucket{le=\"0.0005\"} 2",
            "frontdesk_ack_seconds_bucket{le=\"0.001\"} 3",
            "frontdesk_ack_seconds_bucket{le=\"0.004\"} 4",
            "frontdesk_ack_seconds_bucket{le=\"16\"} 4",
            "frontdesk_ack_seconds_bucket{le=\"+Inf\"} 5",
            "frontdesk_ack_seconds_count 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{}", text);
        }
    }

    #[test]
    fn unknown_statuses_share_a_series() {
        static SQL: RouteSpec = RouteSpec::post("/v1/sql", Access::Read);
        static UNKNOWN: RouteSpec = RouteSpec::get("/v1/sql", Access::Read);
        static VIEWS: RouteSpec = RouteSpec::get("/v1/views", Access::Read);
        static SAVE: RouteSpec = RouteSpec::post("/v1/views", Access::Read);
        let meters = Meters::of(&[&SQL, &VIEWS, &SAVE]);
        let count = |spec, status| meters.count(Route { spec, number: meters.number_of(spec) }, status);
        count(&SQL, StatusCode::OK);
        count(&VIEWS, StatusCode::OK);
        count(&SAVE, StatusCode::OK);
        count(&ELSEWHERE, StatusCode::IM_A_TEAPOT);
        count(&UNKNOWN, StatusCode::OK);
        let mut page = Page::default();
        meters.write_requests(&mut page);
        let text = page.into_text();
        for line in [
            "{route=\"/v1/sql\",status=\"200\"} 1\n",
            "{route=\"/v1/views\",status=\"200\"} 2\n",
            "{route=\"(elsewhere)\",status=\"other\"} 1\n",
            "{route=\"(elsewhere)\",status=\"200\"} 1\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
