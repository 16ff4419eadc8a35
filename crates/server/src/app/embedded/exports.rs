//! Exports: rows of the tables, as a worker writes them.

use bytes::Bytes;
use futures::StreamExt;
use report::{ExportRequest, ExportStream};

use super::{EmbeddedBackend, SETTLE_TIMEOUT, failure, query_limits};
use crate::app::backend::{ExportRows, Exports, QueryFailure, SqlLimits};

impl Exports for EmbeddedBackend {
    async fn export(&self, request: &ExportRequest, limits: SqlLimits) -> Result<ExportRows, QueryFailure> {
        // What is acknowledged is exported; a pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.intake.settle()).await;
        let stream = self.queries.export(request, query_limits(limits)).await.map_err(failure)?;
        Ok(futures::stream::unfold(Some(stream), next).boxed())
    }
}

/// A failure is the last that comes.
async fn next(stream: Option<ExportStream>) -> Option<(Result<Bytes, QueryFailure>, Option<ExportStream>)> {
    let mut stream = stream?;
    match stream.next().await {
        Ok(part) => Some((Ok(Bytes::from(part?)), Some(stream))),
        Err(error) => Some((Err(failure(error)), None)),
    }
}
