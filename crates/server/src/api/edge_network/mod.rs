//! The Edge Network API, as Adobe's Web SDK speaks it: the SDK works against this
//! server unchanged.
//!
//! ```text
//! POST /{base}[/{hint}]/v1/interact             events in, handles out
//! POST /{base}[/{hint}]/v1/collect              events in, 204 (also for beacons)
//! POST /{base}[/{hint}]/v1/identity/acquire     the visitor's id
//! POST /{base}[/{hint}]/v1/privacy/set-consent  the visitor's choice
//! POST /{base}[/{hint}]/v2/{interact,collect}   the same for servers
//! ```
//!
//! What this owns is the conversation: cookies, identity, consent, the shapes of answers,
//! and which answer makes the SDK try again. Events are completed with the request's
//! context and the visitor, and handed to the pipeline; whether they are valid is its
//! word. Three rules keep a site's data safe:
//!
//! * A sender that does nothing wrong never gets a 4xx or a 500, which the SDK takes as
//!   final. An invalid event is answered with `handle` and a warning, and kept in
//!   `rejects`; a failure of ours is a 503 with `Retry-After`, which it repeats.
//! * The answer, even a beacon's 204 that nobody reads, comes after the event is durable.
//! * A request that is sent again gives the same events: their ids come from the
//!   request's id, and so does a new visitor's ECID.
//!
//! A body that is no JSON is kept too, as one reject; only its sender is told that
//! nothing could be made of it.

mod answer;
pub(super) mod calls;
mod choice;
mod consent;
mod cookies;
mod edge_call;
mod envelope;
mod identity;
mod kept;
mod merge;
mod notice;
mod org;
mod raw;
mod reply;
mod set_consent;
mod target;
mod tcf;
mod visitor;
