//! The server alone, over a backend that accepts each body as one event and stores nothing.
//!
//! Against `bare` it shows what the server itself costs; against Frontdesk, what checking
//! and the journal cost. Usage as `bare`.

use intake::{AnswerBudget, Answers, BodyError, EventAnswer, Request, SubmitError};
use report::{EventDetails, EventList, EventsRequest, ExportRequest, Report, ReportRequest};
use server::{
    BackendError, DescribedEvent, Events, ExportRows, Exports, Health, HealthReport, Ingest, MemoryReservation,
    Queries, QueryFailure, Readiness, Receipt, Receipts, Reports, ServerOptions, SqlLimits, TableForm, TableQuery,
};

struct Nothing;

impl Ingest for Nothing {
    fn check(&self, request: &Request, _: AnswerBudget) -> Result<Answers, BodyError> {
        // By length, since looking for line ends would cost more than the server does: the
        // benchmark's events are about 1 KB.
        let events = 0..(request.body.len() / 1_024).max(1);
        let answer =
            |_| EventAnswer::Accepted { id: "0d6bd9c4-5d3c-4f0e-9a53-0e2a8a3b9a11".to_owned(), notices: Vec::new() };
        Ok(Answers::of(events.map(answer).collect()))
    }

    async fn submit(&self, request: Request, budget: AnswerBudget) -> Result<Answers, SubmitError> {
        Ok(self.check(&request, budget)?)
    }

    fn describe(&self, _: &Request) -> Vec<DescribedEvent> {
        Vec::new()
    }

    fn visitor_bits(&self, _: &str, _: &str) -> [u8; 16] {
        [0; 16]
    }

    fn device_bits(&self, _: &str, _: &str) -> [u8; 16] {
        [0; 16]
    }

    fn now_micros(&self) -> i64 {
        0
    }
}

impl Receipts for Nothing {
    async fn receipt(&self, _id: &str) -> Result<Option<Receipt>, BackendError> {
        Ok(None)
    }
}

impl Queries for Nothing {
    async fn query(
        &self,
        _query: TableQuery<'_>,
        _form: TableForm,
        _limits: SqlLimits,
        _reservation: &mut dyn MemoryReservation,
    ) -> Result<Vec<u8>, QueryFailure> {
        Ok(Vec::new())
    }
}

impl Reports for Nothing {
    async fn report(&self, _request: &ReportRequest, _limits: SqlLimits) -> Result<Report, QueryFailure> {
        Err(QueryFailure::Unavailable("there are no tables".to_owned()))
    }
}

impl Exports for Nothing {
    async fn export(&self, _request: &ExportRequest, _limits: SqlLimits) -> Result<ExportRows, QueryFailure> {
        Err(QueryFailure::Unavailable("there are no tables".to_owned()))
    }
}

impl Events for Nothing {
    async fn events(&self, _request: &EventsRequest, _limits: SqlLimits) -> Result<EventList, QueryFailure> {
        Err(QueryFailure::Unavailable("there are no tables".to_owned()))
    }

    async fn collected(
        &self,
        _: &report::CollectedRequest,
        _: SqlLimits,
        _: std::time::Duration,
    ) -> Result<Option<report::CollectedAnswer>, QueryFailure> {
        Ok(None)
    }

    async fn event(&self, _id: &str, _time: &str, _limits: SqlLimits) -> Result<Option<EventDetails>, QueryFailure> {
        Err(QueryFailure::Unavailable("there are no tables".to_owned()))
    }
}

impl Health for Nothing {
    fn events_received(&self) -> u64 {
        0
    }

    fn has_events(&self) -> bool {
        false
    }

    fn health(&self) -> HealthReport {
        HealthReport { readiness: Readiness::Ready, trouble: None, remarks: Vec::new(), samples: Vec::new() }
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8082".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    server::serve(listener, Nothing, ServerOptions::default(), std::future::pending()).await
}
