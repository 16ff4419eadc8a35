//! The upper layer: what the server answers to, one file a route.
//!
//! A route is a type that implements [`endpoint::Endpoint`]: its declaration, its handler,
//! and its part of the OpenAPI document stand together, and [`routes`] lists it. What
//! several routes need stands in [`crate::app`].

mod alerts;
mod demo;
mod edge_network;
mod endpoint;
mod events;
mod export;
mod index;
pub(crate) mod kept;
mod key;
mod live;
mod metrics;
pub(crate) mod openapi;
mod openapi_json;
mod pages;
mod problem_page;
mod ready;
mod receipt;
mod rejects;
mod reload_schemas;
mod report;
mod report_contacts;
pub(crate) mod router;
pub(crate) mod routes;
mod rows;
mod run;
mod sql;
mod streaming_ingestion;
mod tag;
mod tail;
mod test_run;
