//! The list of all routes: a new one is a file of its own and a line here.
//!
//! The router, the OpenAPI document, the index page, the labels of metrics and the access
//! check follow from what each route declares.

use super::edge_network::calls::{Acquire, Collect, CollectV2, Interact, InteractV2, SetConsent};
use super::endpoint::Endpoint;
use super::kept::{
    DeleteAnnotation, DeleteShare, DeleteView, GetAnnotations, GetShares, GetViews, PostAnnotation, PostShare, PostView,
};
use super::pages::{
    GetAsset, GetChatPage, GetDevicesPage, GetEventPage, GetEventsPage, GetLiveStream, GetOverviewPage, GetPagesPage,
    GetQualityPage, GetReferrersPage, GetSavedPage, GetSavedView, GetSchemasPage, GetShare, GetShareLive, GetSqlPage,
    GetSubjectsPage, PostDemoData, PostLogin, PostLogout, PostSaved,
};
use super::streaming_ingestion::{batch::PostMessages, message::PostMessage};
use super::{
    alerts::GetAlerts,
    demo::GetDemo,
    events::PostEvents,
    export::GetExport,
    index::GetIndex,
    key::GetKey,
    live::GetLive,
    metrics::GetMetrics,
    openapi_json::GetOpenApi,
    problem_page::GetProblem,
    ready::GetReady,
    receipt::GetReceipt,
    rejects::GetRejects,
    reload_schemas::PostReload,
    report::GetReport,
    report_contacts::GetReportContacts,
    sql::{GetSql, PostSql},
    tag::GetTag,
    tail::GetTail,
    test_run::GetTestRun,
};
use crate::app::backend::Backend;
use crate::app::route::RouteSpec;

/// What is done with each route in turn.
pub(super) trait Visitor<B: Backend> {
    fn visit<E: Endpoint>(&mut self);
}

macro_rules! routes {
    ($($endpoint:ty,)*) => {
        /// All routes that are served, in the order in which they are documented.
        pub static ROUTES: &[&RouteSpec] = &[$(<$endpoint>::SPEC),*];

        /// Visits all of them in that order.
        pub(super) fn visit_all<B: Backend>(visitor: &mut impl Visitor<B>) {
            $(visitor.visit::<$endpoint>();)*
        }
    };
}

routes! {
    PostEvents,
    GetReceipt,
    PostMessage,
    PostMessages,
    Interact,
    Collect,
    Acquire,
    SetConsent,
    InteractV2,
    CollectV2,
    GetSql,
    PostSql,
    GetRejects,
    GetAlerts,
    GetReportContacts,
    GetReport,
    GetExport,
    GetViews,
    PostView,
    DeleteView,
    GetAnnotations,
    PostAnnotation,
    DeleteAnnotation,
    GetShares,
    PostShare,
    DeleteShare,
    PostReload,
    GetOverviewPage,
    GetChatPage,
    GetSubjectsPage,
    GetPagesPage,
    GetReferrersPage,
    GetDevicesPage,
    GetQualityPage,
    GetEventsPage,
    GetEventPage,
    GetSchemasPage,
    GetSqlPage,
    GetSavedPage,
    GetSavedView,
    PostSaved,
    PostDemoData,
    GetShare,
    GetShareLive,
    GetLiveStream,
    GetAsset,
    PostLogin,
    PostLogout,
    GetTestRun,
    GetTail,
    GetKey,
    GetTag,
    GetDemo,
    GetLive,
    GetReady,
    GetMetrics,
    GetOpenApi,
    GetProblem,
    GetIndex,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::openapi;
    use crate::app::access::scope::Access;
    use crate::app::route::{FoundBy, Method, Pages};

    /// What the router takes for granted of a declaration.
    #[test]
    fn declarations_hold_together() {
        for (place, spec) in ROUTES.iter().enumerate() {
            let path = spec.path;
            let same = ROUTES[..place].iter().filter(|other| other.path == path);
            let is_alike = |other: &&&RouteSpec| other.access == spec.access && other.method != spec.method;
            assert!(
                same.clone().all(|other| is_alike(&other)),
                "{path}: other methods are held to the first one's access"
            );
            let has_ending = matches!(spec.found_by, FoundBy::Ending(_) | FoundBy::PathOrEnding(_));
            assert!(!has_ending || spec.method == Method::Post, "{path}: what is found by its ending takes POST");
            assert!(spec.pages != Pages::WithCookies || matches!(spec.found_by, FoundBy::Ending(_)), "{path}");
            assert!(spec.pages != Pages::Anonymous || !has_ending, "{path}");
            let is_read = matches!(spec.access, Access::Read | Access::Desk | Access::Admin);
            // What is kept was done, and has to be said.
            let is_kept = ["/v1/views", "/v1/annotations", "/v1/shares", "/views/", "/demo-data", "/v1/schemas/reload"]
                .iter()
                .any(|kept| path.starts_with(kept));
            let is_done = is_kept && spec.method != Method::Get;
            assert!(
                is_done != spec.content.is_refusable() || !is_read || path == "/metrics",
                "{path}: name its content"
            );
        }
    }

    #[test]
    fn each_call_of_the_web_sdk_is_found_by_one_ending() {
        let found = |path: &str| -> Vec<&str> {
            ROUTES.iter().filter(|spec| spec.is_ending_of(path)).map(|spec| spec.path).collect()
        };
        for spec in ROUTES.iter().filter(|spec| spec.path.starts_with("/{base}")) {
            assert_eq!(found(&spec.path.replace("{base}", "ee")), [spec.path]);
            assert_eq!(found(&spec.path.replace("{base}", "any/irl1")), [spec.path]);
        }
        for path in ["/ee/v2/identity/acquire", "/ee/v1/interact/more", "/v1/interactive", "/ee/v3/collect"] {
            assert_eq!(found(path), [""; 0], "{path}");
        }
    }

    #[test]
    fn nothing_in_the_openapi_document_hides_something_else() {
        let document: Value = serde_json::from_str(&openapi::document(ROUTES)).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let operations: usize = paths.values().map(|path| path.as_object().expect("a path").len()).sum();
        assert_eq!(operations, ROUTES.len());
        let mut schemas = openapi::parts::shared_schemas();
        for (spec, (name, schema)) in
            ROUTES.iter().flat_map(|spec| (spec.openapi)().schemas.into_iter().map(move |schema| (spec, schema)))
        {
            let other = schemas.insert(name.to_owned(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "{} declares another schema {name}", spec.path);
        }
    }

    #[test]
    fn no_two_routes_are_one() {
        let mut ids: Vec<&str> = ROUTES.iter().map(|spec| (spec.openapi)().id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ROUTES.len(), "{ids:?}");
        for (place, spec) in ROUTES.iter().enumerate() {
            let is_same = |other: &&RouteSpec| (other.path, other.method) == (spec.path, spec.method);
            assert!(!ROUTES[..place].iter().any(is_same), "{} is declared twice", spec.path);
            assert!(!spec.summary.is_empty() && !(spec.openapi)().id.is_empty(), "{} isn't documented", spec.path);
        }
    }
}
