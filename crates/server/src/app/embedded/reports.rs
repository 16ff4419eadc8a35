//! Reports: from summaries in this process; what is counted by the time of receipt from the tables.

use async_trait::async_trait;
use report::{
    Fault, Period, Quality, QueryError, QueryLimits, QueryPool, ReceivedSource, Report, ReportRequest, SummaryError,
};

use super::{EmbeddedBackend, SETTLE_TIMEOUT, query_limits};
use crate::app::backend::{QueryFailure, Reports, SqlLimits};

impl Reports for EmbeddedBackend {
    async fn report(&self, request: &ReportRequest, limits: SqlLimits) -> Result<Report, QueryFailure> {
        let mut made = self.reports(std::slice::from_ref(request), limits).await?;
        made.pop().ok_or_else(|| QueryFailure::Internal("a report was expected".to_owned()))
    }

    async fn reports(&self, requests: &[ReportRequest], limits: SqlLimits) -> Result<Vec<Report>, QueryFailure> {
        // What is acknowledged is counted; a pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        let received = ReceivedEvents { queries: &self.queries, limits: query_limits(limits) };
        let made = Report::run_all(requests, &self.summaries, &received).await;
        made.map_err(|error| match error {
            SummaryError::Limit(message) => QueryFailure::Limit(message),
            SummaryError::NotYet(message) => QueryFailure::NotYet(message),
            SummaryError::Unavailable(message) => QueryFailure::Unavailable(message),
            SummaryError::Internal(message) => QueryFailure::Internal(message),
        })
    }
}

/// Counts received events by fixed queries, which people's queries can't hold up.
struct ReceivedEvents<'a> {
    queries: &'a QueryPool,
    limits: QueryLimits,
}

#[async_trait]
impl ReceivedSource for ReceivedEvents<'_> {
    async fn received(&self, period: &Period) -> Result<Quality, SummaryError> {
        let counted = self.queries.received(period, self.limits, &mut ()).await;
        counted.map_err(|error: QueryError| match error.fault() {
            Fault::Limit => SummaryError::Limit(error.to_string()),
            Fault::Transient => SummaryError::Unavailable(error.to_string()),
            Fault::Query | Fault::Server => SummaryError::Internal(error.to_string()),
        })
    }
}
