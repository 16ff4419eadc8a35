//! `GET /v1/rejects`: rejected events, counted by kind and by the keyword of their first
//! violation. A fixed query; anything finer is asked through `/v1/sql`.

use std::sync::Arc;

use crate::edge::{Call, Edge, Outcome};
use crate::front::{Front, Question, TableForm};
use crate::sql;

/// `GET /v1/rejects`.
pub(crate) async fn get<F: Front>(edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    sql::run(&edge, Question::RejectCounts, TableForm::Json).await
}
