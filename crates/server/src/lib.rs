//! The HTTP server: the only crate that knows HTTP and wire JSON.
//!
//! It admits a request (limits, codings, query), hands the bytes to the pipeline behind
//! [`Backend`], and turns the outcome into an answer. It decides nothing about events: what
//! is valid, stored or a duplicate is `intake`'s word, what a query may do is `report`'s.
//!
//! Three layers, each of which imports only those below it:
//! * `http`: connections, bodies, TLS, problem documents; whatever they are about.
//! * `app`: one server's state, who may do what, the backend, counts, what a route declares.
//! * `api`: the routes, one file each, with their declarations.
//!
//! Three habits hold everywhere here:
//! * **Refuse before memory grows.** Every body is counted against one budget of bytes
//!   while it arrives; past it the sender gets 503 with `Retry-After`, never an ack and
//!   a drop. See [`ServerOptions`] for every limit.
//! * **Every error is a problem document** (RFC 9457) with a stable `code` and the fix.
//!   What the log says is a second message. Neither holds a value that was sent.
//! * **A client that hangs up undoes nothing.** Its handler is dropped with the
//!   connection, which is safe because [`Ingest::submit`] promises that an append that
//!   has begun is finished; so handlers need no task of their own.
//!
//! Errors that the HTTP parser itself finds (a broken request line, headers over the
//! limit) are answered by hyper with 400 or 431 and no body, and the connection closes.

mod api;
mod app;
mod http;
mod serve;

pub use api::routes::ROUTES;
pub use app::access::control::Demand;
pub use app::access::file::{KEY_FILE, KeyFile, KeyFileError, Listed, Made, NewKey, Standing};
pub use app::access::keys::{Keys, LocalKey};
pub use app::access::links::LinkKey;
pub use app::access::reading::{ReadAccess, ReadPass, ReadProof};
pub use app::access::scope::{Access, Scope};
pub use app::alerts::{Alert, Alerts};
pub use app::backend::{
    Backend, BackendError, DescribedEvent, Events, ExportRows, Exports, Health, HealthReport, Ingest,
    MemoryReservation, MetricKind, MetricSample, Queries, QueryFailure, Readiness, Receipts, Reports, SqlLimits,
    TableForm, TableQuery,
};
pub use app::datastream::{Datastream, ORG_ID};
pub use app::embedded::EmbeddedBackend;
pub use app::options::{OptionsError, ServerOptions};
pub use app::receipt::{Receipt, ReceiptStatus, RejectedEvent, StoredEvent};
pub use app::route::{Method, RouteSpec};
pub use app::schemas::{
    CollectedSchemas, ColumnsChanged, SchemaReader, SchemaWarning, SchemasChanged, SchemasRead, SchemasRefused,
};
pub use app::unavailable::UnavailableReason;
pub use http::descriptors::{DESCRIPTORS_RESERVED, connections_that_fit, raise_descriptor_limit};
pub use http::listeners::Listeners;
pub use http::tls::{Tls, TlsError, TlsFiles, TlsSpeaking, Validity};
pub use serve::{openapi_document, serve, serve_embedded};
