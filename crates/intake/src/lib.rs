//! The pipeline and its promises, between whoever receives events and the tables.
//!
//! ```text
//! submit ─► check ─► journal append + fdatasync ─► answer
//!                        │
//!                        ▼ drain, one thread; also the replay after a crash
//!                    decode ─► known? ─► shown to queries ─► commit ─► journal release
//!
//! load ─► chunks of a file ─► decode, known?, encode ─► commit     (no journal)
//! ```
//!
//! The promises: an answer is given only when the request survives a power cut; an
//! answered event is in the tables exactly once, or in `rejects` with the reason; the
//! journal is released only after both tables hold it, durably. Nothing personal is
//! written in clear.
//!
//! This crate knows neither HTTP nor the files of the tables, and tells the time only
//! by the [`Clock`] it is given.
#![forbid(unsafe_code)]

mod admit;
mod answer;
mod aside;
mod budget;
mod clock;
mod dedupe;
mod derive;
mod describe;
mod directory;
mod drain;
mod error;
mod files;
mod head;
mod identity;
mod input;
mod intake;
mod keycheck;
mod links;
mod load;
mod log;
mod mark;
mod options;
mod quarantine;
mod receipt;
mod record;
mod rejects;
mod replay;
mod request;
mod room;
mod stores;
mod submit;
mod tally;
mod time_anomaly;

pub use answer::{Answers, EventAnswer, Receipt, RetryOutcome};
pub use aside::{AsideError, AsideReason, AsideRecord, quarantine_list};
pub use budget::{Budget, Claim};
pub use clock::{Clock, SystemClock};
pub use describe::Described;
pub use directory::make_data_dir;
#[doc(hidden)]
pub use drain::{Probe, Step, Touched, Tripwire};
pub use error::{IntakeError, LoadError, SubmitError};
pub use input::{Batch, EventReader, Foreign, Gzip, InputError, LoadInput, Place, Shape, foreign_format, unreadable};
pub use intake::Intake;
/// How the log is, in [`Counters`].
pub use journal::{LogHealth, LogStatus};
pub use links::{LinkRuleError, LinkRules, default_link_rules};
pub use load::{LoadOptions, LoadSummary, NoProgress, Progress, load};
#[doc(hidden)]
pub use options::OpenLog;
pub use options::{IntakeOptions, Reading};
pub use record::RecordError;
pub use replay::Replayed;
pub use request::{BodyError, Framing, Request};
pub use room::{Room, TOLD_BYTES_MAX};
pub use stores::Opened;
/// A row of a receipt.
pub use table::RejectedRow;
pub use tally::Counters;
/// What an answer is made of.
pub use xdm::{Notice, Violation};
