//! `GET /v1/rejects`: rejected events, counted by kind and by the keyword of their first
//! violation. A fixed query; anything finer is asked through `/v1/sql`.

use std::sync::Arc;

use crate::edge::{Call, Edge, Outcome};
use crate::front::{Front, TableForm};
use crate::sql;

const BY_KIND_AND_KEYWORD: &str = "\
select kind, keyword, count(*) as events, min(received_at) as first_received_at, max(received_at) as last_received_at
from rejects group by kind, keyword order by events desc, kind, keyword";

/// `GET /v1/rejects`.
pub(crate) async fn get<F: Front>(edge: Arc<Edge<F>>, _call: Call) -> Outcome {
    sql::run(&edge, BY_KIND_AND_KEYWORD, TableForm::Json).await
}
