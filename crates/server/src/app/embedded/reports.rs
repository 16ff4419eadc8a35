//! Reports: from summaries in this process; what is counted by the time of receipt from the tables.

use std::ops::Range;

use async_trait::async_trait;
use futures::future::try_join_all;
use report::{
    Fault, Period, Quality, QueryError, QueryLimits, QueryPool, ReceivedSource, Report, ReportRequest, Summaries,
    SummaryError,
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
        let received =
            ReceivedEvents { queries: &self.queries, summaries: &self.summaries, limits: query_limits(limits) };
        let made = Report::run_all(requests, &self.summaries, &received).await;
        made.map_err(|error| match error {
            SummaryError::Limit(message) => QueryFailure::Limit(message),
            SummaryError::NotYet(message) => QueryFailure::NotYet(message),
            SummaryError::Unavailable(message) => QueryFailure::Unavailable(message),
            SummaryError::Internal(message) => QueryFailure::Internal(message),
        })
    }
}

/// Counts received events: those that were stored by their files, the others by fixed queries, which people's queries
/// can't hold up.
struct ReceivedEvents<'a> {
    queries: &'a QueryPool,
    summaries: &'a Summaries,
    limits: QueryLimits,
}

#[async_trait]
impl ReceivedSource for ReceivedEvents<'_> {
    async fn received(&self, periods: &[Period]) -> Result<Vec<Quality>, SummaryError> {
        let micros = |period: &Period| period.since().timestamp_micros()..period.until().timestamp_micros();
        let spans: Vec<Range<i64>> = periods.iter().map(micros).collect();
        let rejected = try_join_all(periods.iter().map(|period| self.rejected(period)));
        let (accepted, rejected) = futures::try_join!(self.summaries.received(&spans), rejected)?;
        let each = std::iter::zip(accepted, rejected);
        Ok(each.map(|(accepted, rejected)| Quality { accepted, ..rejected }).collect())
    }
}

impl ReceivedEvents<'_> {
    async fn rejected(&self, period: &Period) -> Result<Quality, SummaryError> {
        let counted = self.queries.rejected(period, self.limits, &mut ()).await;
        counted.map_err(|error: QueryError| match error.fault() {
            Fault::Limit => SummaryError::Limit(error.to_string()),
            Fault::Transient => SummaryError::Unavailable(error.to_string()),
            Fault::Query | Fault::Server => SummaryError::Internal(error.to_string()),
        })
    }
}
