//! XDM schemas compiled into a checker and decoder of events.
//!
//! ```text
//! schemas (draft-06 JSON)  ── compose, resolve, flatten ──►  Plan  ──►  Checker
//!                                                             │           │ one pass over the bytes
//!                                                          Layout       Sink (columns, or nothing)
//! ```
//!
//! A [`Registry`] holds schema documents; [`compile`] composes a class and its field
//! groups into a [`Plan`]; a [`Checker`] walks along the plan over an event's bytes,
//! tells every [`Violation`], and feeds a [`Sink`] with typed values on the way, without
//! a tree in between. Nothing is hard-coded per field.
//!
//! This crate knows no async runtime, no Arrow, no HTTP and no disk.
#![deny(unsafe_code)]

mod check;
mod compile;
mod content;
mod format;
pub mod layout;
pub mod limits;
mod names;
mod pattern;
mod personal;
mod plan;
mod profile;
mod scan;
mod schema;
mod sink;
mod union;
mod violation;

use std::sync::{Arc, OnceLock};

pub use check::{Checker, value_end};
pub use compile::{Composition, compile};
pub use content::{CONTENT_SECRET_BYTES, ContentHash, WithContent};
pub use layout::{Layout, ListSlot, PersonalSlot, Scalar, Slot, Space, StructSlot};
pub use personal::{MASK, Span, Veil, looks_personal, normal_form};
pub use plan::Plan;
pub use profile::{IdRule, Profile, Spelling, Undeclared};
pub use schema::SchemaError;
pub use schema::registry::Registry;
pub use sink::{NullSink, Sink};
pub use union::unite;
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
