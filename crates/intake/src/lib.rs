//! The pipeline and its promises, between whoever receives events and the tables.
//!
//! ```text
//! admit: check ─► append to the log + fdatasync ─► answer
//!                        │
//!                        ▼ drain, one thread; also the replay after a crash
//!                    decode ─► known? ─► shown to queries ─► commit ─► release from the log
//!
//! load: chunks of a file ─► decode, known?, encode ─► commit     (no log)
//! ```
//!
//! The promises: an answer is given only when the request survives a power cut; an
//! answered event is in the tables exactly once, or in `rejects` with the reason; the
//! log is released only after both tables hold it, durably. Nothing personal is
//! written in clear.
//!
//! Folders import downwards only: `load`, `impact` → `intake` → `opening` → `admit`, `drain` → `rows` →
//! `request` → `input`. `admit` and `drain` don't know each other: between them is the log, and
//! what `counters` and `progress` say. This crate knows neither HTTP nor the files of the tables,
//! one file of it knows which kind of log it has, and it asks the [`Clock`] that it is given.
#![forbid(unsafe_code)]

mod admit;
mod counters;
mod data_dir;
mod day;
mod dir_lock;
mod drain;
mod error;
mod hooks;
mod impact;
mod input;
mod intake;
mod load;
mod opening;
mod options;
mod policy;
mod progress;
mod request;
mod rows;
mod secrets;
mod watch;

pub use admit::answer::{Answers, EventAnswer};
pub use admit::answer_budget::{AnswerBudget, DETAIL_BYTES_MAX};
pub use admit::budget::{Budget, Claim};
pub use admit::describe::Described;
pub use admit::error::SubmitError;
pub use ambient::{Clock, Random, SystemClock, SystemRandom};
pub use counters::Counters;
pub use data_dir::make_data_dir;
pub use dir_lock::{DataDirLock, DirClaim, DirHolder};
pub use drain::quarantine::{QuarantineError, QuarantineReason, QuarantinedRecord, quarantine_list};
pub use error::IntakeError;
pub use hooks::{DrainStep, ReloadHook, ReloadStep, StepHook, TouchHook, Touched};
pub use impact::{Impact, ImpactCounts, ImpactError, ImpactExample, ImpactOptions, ImpactRule, impact};
pub use input::{
    Batch, EventPosition, EventReader, Foreign, Gzip, InputError, LoadInput, Shape, foreign_format, unreadable,
};
pub use intake::Intake;
pub use intake::open::Opened;
pub use intake::outcome::{Receipt, RetryOutcome};
pub use intake::quarantine::Replayed;
pub use intake::reload::Reloaded;
/// How the log is, in [`Counters`].
pub use journal::{LogHealth, LogStatus};
pub use load::error::LoadError;
pub use load::{LoadOptions, LoadSummary, NoProgress, Progress, load};
pub use options::IntakeOptions;
#[doc(hidden)]
pub use options::OpenLog;
pub use policy::ValidationPolicy;
pub use request::body::{BodyError, Request, Source};
pub use request::framing::Framing;
pub use request::record::RecordError;
pub use rows::links::{LinkRuleError, LinkRules, default_link_rules};
/// A row of a receipt.
pub use table::RejectedRow;
#[doc(hidden)]
pub use watch::{FileWatcher, Watcher};
/// What an answer is made of.
pub use xdm::{Notice, Violation};
