//! XDM schemas compiled into a checker and decoder of events.
//!
//! ```text
//! schema/ ─────────► model/ ──────────────► compile/ ──────► check/
//! documents,         typed keywords,        composed into    one pass over the bytes of
//! Registry           each with its origin   a Plan           an event ──► Sink
//!                         │                                  (columns, or nothing)
//!                         └── Validator: any JSON by any schema, as a tree
//! ```
//!
//! A [`Registry`] holds schema documents; [`compile`] composes a class and its field
//! groups into a [`Plan`]; a [`Checker`] walks along the plan over an event's bytes,
//! reports every [`Violation`], and feeds a [`Sink`] with typed values on the way, without
//! a tree in between. Nothing is hard-coded per field. What a keyword of JSON Schema
//! means is in its own file of `keyword/`.
//!
//! This crate knows no async runtime, no Arrow and no HTTP, and reads no files but schemas.
#![deny(unsafe_code)]

mod check;
mod compile;
mod content;
mod edits;
mod examples;
mod format;
mod in_force;
mod keyword;
pub mod layout;
pub mod limits;
mod model;
mod names;
mod pattern;
mod personal;
mod plan;
mod plans;
mod profile;
mod scan;
mod schema;
mod sink;
mod source;
mod union;
mod validate;
mod violation;

use std::sync::{Arc, OnceLock};

pub use check::{Checker, value_end};
pub use compile::{Composition, compile};
pub use content::{CONTENT_SECRET_BYTES, ContentHash, WithContent};
pub use examples::{Example, Examples, Expectation};
pub use in_force::PlansRead;
pub use layout::{Layout, ListSlot, PersonalSlot, Scalar, Slot, Space, StructSlot};
pub use personal::{MASK, Redaction, Span, looks_personal, normal_form};
pub use plan::Plan;
pub use plans::Plans;
pub use profile::{IdRule, Profile, Spelling, Undeclared};
pub use schema::directory::{json_files, read_text};
pub use schema::document::read_json;
pub use schema::fault::{Fault, FaultCode, Faults, SchemaError, Severity};
pub use schema::registry::Registry;
pub use schema::spelling::platform_steps;
pub use sink::{NullSink, Sink};
pub use source::PlanSource;
pub use union::unite;
pub use validate::Validator;
pub use violation::{MASKED_CHARS_MAX, Notice, Verdict, Violation, mask, mask_key};

/// The plan of a contact event from a web page ([`Composition::contact_event`]), compiled
/// once per process.
pub fn standard_plan() -> Arc<Plan> {
    static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();
    let plan = PLAN.get_or_init(|| {
        let plan = compile(&Registry::bundled(), &Composition::contact_event());
        Arc::new(plan.expect("the bundled schemas compile; a test compiles them"))
    });
    Arc::clone(plan)
}
