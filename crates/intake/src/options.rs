//! What the caller decides before an intake is opened. Every limit has a name with a
//! unit and an answer that follows from reaching it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::{Random, SystemRandom};
use journal::{Log, OpenError, Recovery};
use table::Root;
use xdm::Profile;

use crate::dir_lock::DataDirLock;
use crate::hooks::{ReloadHook, StepHook, TouchHook};
use crate::policy::{Policies, ValidationPolicy};
use crate::request::time_anomaly::TimeBounds;
use crate::request::walk::Bounds;
use crate::rows::links::{LinkRules, default_link_rules};

const MIB: usize = 1024 * 1024;

/// Opens another log than the segment files of the data directory; its argument is the
/// smallest sequence that the next record may have.
#[derive(Clone)]
pub struct OpenLog(pub(crate) Arc<dyn Fn(u64) -> OpenedLog + Send + Sync>);

/// A log, and what opening it found.
type OpenedLog = Result<(Arc<dyn Log>, Recovery), OpenError>;

impl OpenLog {
    /// `open` is called once for each opening of the intake, and may block.
    pub fn new(open: impl Fn(u64) -> OpenedLog + Send + Sync + 'static) -> OpenLog {
        OpenLog(Arc::new(open))
    }
}

impl fmt::Debug for OpenLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenLog(..)")
    }
}

/// Settings of one intake. Build them with [`IntakeOptions::new`] and change fields.
#[derive(Clone)]
pub struct IntakeOptions {
    /// The data directory: `journal/` and the key file lie in it, `tables/` too unless
    /// `tables` says otherwise. Created when missing.
    pub data: PathBuf,
    /// The right to work there, where the caller has taken it; without it opening takes it.
    /// It serves one intake or load after another: who holds it keeps them apart.
    pub lock: Option<Arc<DataDirLock>>,
    /// Where the tables live.
    pub tables: Root,
    /// The key file; `vault.key` in the data directory.
    pub key_file: PathBuf,
    /// How events are judged.
    pub policy: ValidationPolicy,
    /// Datastreams whose events are judged otherwise. All plans share one layout
    /// ([`xdm::unite`]), since all events are in one table.
    pub policies: BTreeMap<String, ValidationPolicy>,
    /// Which clicked links count as contact requests when their sender doesn't say so.
    pub link_rules: LinkRules,

    /// Longest body of a request, decompressed (64 MiB). Above it: `BodyTooLarge`.
    pub body_bytes_max: usize,
    /// Longest event (1 MiB, and never more). A longer one is rejected, and its neighbours
    /// are not.
    pub event_bytes_max: usize,
    /// Most events in a request (100,000). Above it: `TooManyEvents`.
    pub events_per_request_max: usize,

    /// Size of a journal segment (16 MiB). Besides the segments that wait for a commit,
    /// one is written to and one is prepared: their pages are memory, too.
    pub segment_bytes: u64,
    /// Records that wait for their fsync (64 MiB). Above it: `Overloaded`.
    pub queue_bytes_max: usize,
    /// Free space that the journal leaves on its disk (256 MiB). Below it: `DiskFull`.
    pub disk_free_bytes_min: u64,
    /// Journal that is durable and not yet drained (4 GiB). Above it: `Overloaded`.
    pub backlog_bytes_max: u64,
    /// Records that can't become rows, set aside (1 GiB). Above it the drain stops, and
    /// requests are refused.
    pub quarantine_bytes_max: u64,
    /// What a sender that meets a full queue or disk is asked to wait (1 s).
    pub retry_after: Duration,

    /// Longest time from drained to committed (5 s).
    pub commit_after: Duration,
    /// Most bytes of events that are drained and not committed (64 MiB).
    pub commit_bytes: u64,
    /// How often an idle pipeline looks for records to drain (100 ms). Somebody who waits
    /// to see them makes it look at once.
    pub drain_every: Duration,
    /// How many days back, by event date, the ids of events are held in memory (30; at most
    /// 200). Those of other days are looked up in the table, which takes longer.
    pub dedupe_days: u32,
    /// How long after its receipt an event's time may lie (24 h). Beyond: accepted, marked.
    pub event_ahead_max: Duration,
    /// How long before its receipt an event's time may lie (24 h). Beyond: accepted, marked.
    pub event_behind_max: Duration,

    /// Makes names that must not collide: of requests without an id, and of data files.
    pub random: Arc<dyn Random>,
    /// Opens another log than the segment files in `journal/`; for tests.
    #[doc(hidden)]
    pub log: Option<OpenLog>,
    /// Called at each step of draining; for tests that stop the pipeline there.
    #[doc(hidden)]
    pub step_hook: Option<StepHook>,
    /// Called at each step of a reload of schemas; for tests that break it off there.
    #[doc(hidden)]
    pub reload_hook: Option<ReloadHook>,
    /// Called where the drain touches events and rows; for tests that make it panic there.
    #[doc(hidden)]
    pub touch_hook: Option<TouchHook>,
}

impl IntakeOptions {
    /// The defaults named at each field, for a data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        IntakeOptions {
            tables: Root::Dir(data.join("tables")),
            key_file: data.join("vault.key"),
            data,
            lock: None,
            policy: ValidationPolicy { plan: xdm::standard_plan(), profile: Profile::spec() },
            policies: BTreeMap::new(),
            link_rules: default_link_rules(),
            body_bytes_max: 64 * MIB,
            event_bytes_max: xdm::limits::EVENT_BYTES_MAX,
            events_per_request_max: 100_000,
            segment_bytes: 16 * MIB as u64,
            queue_bytes_max: 64 * MIB,
            disk_free_bytes_min: 256 * MIB as u64,
            backlog_bytes_max: 4096 * MIB as u64,
            quarantine_bytes_max: 1024 * MIB as u64,
            retry_after: Duration::from_secs(1),
            commit_after: Duration::from_secs(5),
            commit_bytes: 64 * MIB as u64,
            drain_every: Duration::from_millis(100),
            dedupe_days: 30,
            event_ahead_max: Duration::from_secs(24 * 60 * 60),
            event_behind_max: Duration::from_secs(24 * 60 * 60),
            random: Arc::new(SystemRandom),
            log: None,
            step_hook: None,
            reload_hook: None,
            touch_hook: None,
        }
    }

    pub(crate) fn judged_by(&self) -> Policies {
        Policies { default: self.policy.clone(), by_datastream: self.policies.clone() }
    }

    pub(crate) fn time_bounds(&self) -> TimeBounds {
        TimeBounds { ahead_max: self.event_ahead_max, behind_max: self.event_behind_max }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { events_max: self.events_per_request_max, event_bytes_max: self.event_bytes_max }
    }
}
