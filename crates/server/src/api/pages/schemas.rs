//! `GET /schemas`: what is collected, how often it arrives, and what arrives undeclared.
//!
//! What is told of schemas is what is in force; what arrived is counted by a worker, which may take longer than
//! somebody wants to wait for a page. So the page comes with those that were counted before then, or without any, and is
//! asked for again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::http::StatusCode;
use dashboard::{CollectedSchema, Context, Counted, Page, Schemas, View, Wrong};
use report::{CollectedAnswer, CollectedRequest};

use super::drawn::{html, is_signed_in, operation};
use super::told::unreadable_query;
use crate::api::endpoint::Endpoint;
use crate::api::openapi::parts;
use crate::api::{index, rows};
use crate::app::access::scope::Access;
use crate::app::backend::{Backend, QueryFailure};
use crate::app::call::{Call, Outcome};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;

/// How long a page waits for its numbers.
const WAIT_MAX: Duration = Duration::from_millis(60);
/// What the page takes besides the parameters of reports.
const SCHEMA: &str = "schema";

pub(in crate::api) enum GetSchemasPage {}

impl Endpoint for GetSchemasPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: what is collected, how often it arrives, and what arrives undeclared",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || {
            let mut operation = operation("schemasPage");
            let refused = ["by", "compare", "limit"];
            operation.parameters.retain(|parameter| !refused.iter().any(|name| parameter["name"] == *name));
            operation.parameters.push(parts::in_query(
                SCHEMA,
                "The $id of the schema that is shown; when absent that of the datastream that is filtered by, or the first.",
            ));
            operation
        },
        ..RouteSpec::get("/schemas", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, principal, .. } = call;
        let Query(parameters): Query<Vec<(String, String)>> =
            Query::try_from_uri(&head.uri).map_err(|_| unreadable_query())?;
        let pairs = || parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let view = View::parse_with(&[SCHEMA], pairs());
        let (now, origin) = (state.backend.now_micros(), index::origin(&head));
        let is_signed_in = is_signed_in(&principal);
        let context = Context {
            page: Page::Schemas,
            view: &view,
            now,
            origin: &origin,
            is_signed_in,
            kept: None,
            standing: None,
            demo: None,
            shared: None,
            is_file: false,
        };
        let wrong =
            |message: &str| html(&state, StatusCode::BAD_REQUEST, dashboard::wrong(&context, Wrong::Asked, message));
        let all = &*state.options.schemas.get();
        let shown = match shown(all, pairs()) {
            Ok(shown) => shown,
            Err(message) => return wrong(&message),
        };
        let columns = all.get(shown).map(CollectedSchema::columns).unwrap_or_default();
        let rest = pairs().filter(|(name, _)| *name != SCHEMA);
        let request = match CollectedRequest::parse(rest, columns, state.options.time_zone, now) {
            Ok(request) => request,
            Err(error) => return wrong(&error.to_string()),
        };
        let found = state.backend.collected(&request, rows::limits(&state), WAIT_MAX).await;
        let undeclared: Vec<(String, u64)> = match &found {
            Ok(Some(CollectedAnswer { collected, .. })) => {
                collected.undeclared.iter().map(|(at, count)| (masked(at), *count)).collect()
            }
            _ => Vec::new(),
        };
        let clock = |micros: Option<i64>| micros.map(|micros| request.clock(micros));
        let [since, older] = match &found {
            Ok(Some(answer)) => [clock(answer.collected.since_micros), clock(answer.older_micros)],
            _ => [None, None],
        };
        let counted = match &found {
            Ok(Some(CollectedAnswer { collected, .. })) => {
                Counted::Known { collected, undeclared: &undeclared, since: since.as_deref(), older: older.as_deref() }
            }
            Ok(None) => Counted::NotYet,
            Err(QueryFailure::Limit(message) | QueryFailure::Invalid(message)) => Counted::Failed(message),
            Err(failure) => return Err(rows::problem(failure.clone())),
        };
        let page = Schemas { schemas: all, shown, period: request.report_period(), counted };
        html(&state, StatusCode::OK, dashboard::schemas(&context, &page))
    }
}

/// Which schema is shown: the one that is asked for, else that of the one datastream that is.
fn shown<'a>(
    all: &[CollectedSchema],
    pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<usize, String> {
    let mut asked = pairs.clone().filter(|(name, value)| *name == SCHEMA && !value.is_empty());
    if let Some((_, id)) = asked.next() {
        let known = || all.iter().map(|schema| schema.outline.id.as_str()).collect::<Vec<_>>().join(", ");
        if asked.next().is_some() {
            return Err("schema is given twice; write it once".to_owned());
        }
        return all
            .iter()
            .position(|schema| schema.outline.id == id)
            .ok_or_else(|| format!("there is no schema {id:?} in use; write one of these: {}", known()));
    }
    let mut datastreams = pairs.filter(|(name, _)| *name == "datastream").map(|(_, value)| value);
    let one = datastreams.next().filter(|_| datastreams.next().is_none());
    let of_one = one.and_then(|one| all.iter().position(|schema| schema.datastreams.iter().any(|id| id == one)));
    let of_most = || all.iter().position(|schema| schema.datastreams.is_empty());
    Ok(of_one.or_else(of_most).unwrap_or(0))
}

/// A place whose names can't be somebody's address or number.
fn masked(pointer: &str) -> String {
    pointer.split('/').map(xdm::mask_key).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_personal_are_masked() {
        assert_eq!(masked("/loyalty/*/tier"), "/loyalty/*/tier");
        let told = masked("/people/jo@shop.example/14085550100");
        assert!(!told.contains("jo@") && !told.contains("4085550100"), "{told}");
    }

    #[test]
    fn the_schema_of_the_datastream_is_shown() {
        let schema = |id: &str, datastreams: &[&str]| CollectedSchema {
            outline: schemas_outline(id),
            datastreams: datastreams.iter().map(|id| (*id).to_owned()).collect(),
        };
        let all = [schema("own", &[]), schema("shop", &["web", "app"])];
        let check =
            |pairs: &[(&str, &str)], expect: Result<usize, &str>| match (shown(&all, pairs.iter().copied()), expect) {
                (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{pairs:?}"),
                (Err(message), Err(expect)) => assert!(message.contains(expect), "{message}"),
                (found, expect) => panic!("{pairs:?}: {found:?}, not {expect:?}"),
            };
        check(&[], Ok(0));
        check(&[("schema", "shop")], Ok(1));
        check(&[("schema", "")], Ok(0));
        check(&[("datastream", "app")], Ok(1));
        check(&[("datastream", "other")], Ok(0));
        check(&[("datastream", "app"), ("datastream", "other")], Ok(0));
        check(&[("schema", "none")], Err("there is no schema \"none\" in use; write one of these: own, shop"));
        check(&[("schema", "own"), ("schema", "shop")], Err("schema is given twice"));
    }

    fn schemas_outline(id: &str) -> dashboard::Outline {
        dashboard::Outline { id: id.to_owned(), ..Default::default() }
    }
}
