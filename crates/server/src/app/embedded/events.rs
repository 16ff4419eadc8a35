//! Single events, from the tables.

use std::time::Duration;

use chrono::DateTime;
use report::{CollectedAnswer, CollectedRequest, EventDetails, EventList, EventsRequest};

use super::{EmbeddedBackend, SETTLE_TIMEOUT, failure, failure_of, query_limits};
use crate::app::backend::{Events, QueryFailure, SqlLimits};

impl Events for EmbeddedBackend {
    async fn events(&self, request: &EventsRequest, limits: SqlLimits) -> Result<EventList, QueryFailure> {
        // What is acknowledged is listed; a pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        self.queries.events(request, query_limits(limits)).await.map_err(failure)
    }

    async fn collected(
        &self,
        request: &CollectedRequest,
        limits: SqlLimits,
        wait: Duration,
    ) -> Result<Option<CollectedAnswer>, QueryFailure> {
        self.queries.collected(request, query_limits(limits), wait).await.map_err(|error| failure_of(&error))
    }

    async fn event(&self, id: &str, time: &str, limits: SqlLimits) -> Result<Option<EventDetails>, QueryFailure> {
        let time = DateTime::parse_from_rfc3339(time)
            .map_err(|_| QueryFailure::Internal("a receipt without a time".to_owned()))?;
        self.queries.event(id, time.timestamp_micros(), query_limits(limits)).await.map_err(failure)
    }
}
