//! Stored events judged anew, by a schema that isn't in force yet: how many of them would be
//! rejected now, and by which rules; and how many rejects would be accepted.
//!
//! It reads beside whoever works in the data directory and changes nothing: it takes no lock,
//! asks the journal nothing and makes no key. Rows come a batch at a time, and what is kept of
//! them is counts and a few examples, so memory doesn't grow with the table.
//!
//! A reject's payload is there as it was sent. An accepted event is put together from its
//! columns ([`rebuild`]) and judged by the same checker. What that can't give back is the
//! spelling of numbers, instants and names, the order of members, and `null` where a property
//! may be `null`; docs/schemas.md says which rules that touches.

mod rebuild;
mod tally;
mod tree;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use table::{Follower, StoredRows};
use thiserror::Error;
use xdm::{Checker, Plan, Profile, Spelling, Verdict, Violation};

use self::rebuild::Rebuilt;
use self::tally::Tally;
pub use self::tally::{Impact, ImpactCounts, ImpactExample, ImpactRule};
use crate::policy::{Policies, ValidationPolicy};
use crate::secrets::Secrets;

/// Which events are judged, and by what.
#[derive(Clone, Debug)]
pub struct ImpactOptions {
    /// The directory of the tables.
    pub tables: PathBuf,
    /// The key file, which must be there.
    pub key_file: PathBuf,
    /// By when events happened, and rejects were received: microseconds since 1970.
    pub span: Range<i64>,
    /// Only events of this datastream.
    pub datastream: Option<String>,
    /// How events are judged; their spelling isn't kept, so that either passes.
    pub policy: ValidationPolicy,
    /// Datastreams whose events are judged otherwise.
    pub policies: BTreeMap<String, ValidationPolicy>,
}

/// Why stored events can't be judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImpactError {
    /// The key file can't be used.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
    /// The tables can't be read.
    #[error(transparent)]
    Store(#[from] table::StoreError),
    /// A table has columns that this version doesn't know how to read.
    #[error("table {table} has no column {column:?} of the type that it should have; start the version that wrote it")]
    Column {
        /// The table's name.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// Judges the stored events of a span. `judged` is told how many were, now and then.
///
/// # Errors
/// The key or the tables can't be read.
pub async fn impact(options: &ImpactOptions, judged: &mut (dyn FnMut(u64) + Send)) -> Result<Impact, ImpactError> {
    let secrets = Secrets::load(&options.key_file)?;
    let policies = Policies { default: options.policy.clone(), by_datastream: options.policies.clone() };
    let mut judge = Judge { policies, checkers: Vec::new(), only: options.datastream.as_deref() };
    let mut tally = Tally::default();
    let mut rows = Follower::events(&options.tables.join("events"))?.stored_rows(options.span.clone()).await?;
    let sealer = secrets.events_sealer();
    while let Some(batch) = next(&mut rows).await? {
        judge.events(&batch, &mut tally, &|id, sealed| sealer.open(id, sealed).ok())?;
        judged(batch.num_rows() as u64);
    }
    let mut rows = Follower::rejects(&options.tables.join("rejects"))?.stored_rows(options.span.clone()).await?;
    let sealer = secrets.rejects_sealer();
    while let Some(batch) = next(&mut rows).await? {
        judge.rejects(&batch, &mut tally, &|id, sealed| sealer.open(id, sealed).ok())?;
        judged(batch.num_rows() as u64);
    }
    Ok(tally.conclude())
}

async fn next(rows: &mut StoredRows) -> Result<Option<RecordBatch>, ImpactError> {
    Ok(rows.next().await.transpose()?)
}

/// Opens a sealed value; `None` where it doesn't open.
type Open<'a> = &'a dyn Fn(&[u8], &[u8]) -> Option<Vec<u8>>;

struct Judge<'a> {
    policies: Policies,
    /// One for each way in which events are judged.
    checkers: Vec<(Arc<Plan>, Profile, Checker)>,
    only: Option<&'a str>,
}

impl Judge<'_> {
    fn events(&mut self, batch: &RecordBatch, tally: &mut Tally, open: Open<'_>) -> Result<(), ImpactError> {
        const TABLE: &str = "events";
        let ids = texts(batch, TABLE, "_id")?;
        let datastreams = texts(batch, TABLE, "datastream")?;
        let sealed = bytes(batch, TABLE, "sealed")?;
        let rebuild = Rebuilt::of(batch);
        for row in 0..batch.num_rows() {
            if self.is_left_out(datastreams.value(row)) {
                continue;
            }
            let id = value(ids, row).unwrap_or_default();
            let opened = match (sealed.is_valid(row)).then(|| open(id.as_bytes(), sealed.value(row))) {
                None => None,
                Some(Some(opened)) => Some(opened),
                // Sealed with another key: nobody can say what it was.
                Some(None) => {
                    tally.event_not_judged();
                    continue;
                }
            };
            let Some(event) = rebuild.event(row, opened.as_deref()) else {
                tally.event_not_judged();
                continue;
            };
            match self.judge(datastreams.value(row), event.as_bytes()) {
                (Verdict::Valid, _) => tally.event(id, &[]),
                // Longer than it was sent, since numbers and instants are spelled anew.
                (Verdict::Invalid, broken) if is_too_long(broken) => tally.event_not_judged(),
                (Verdict::Invalid, broken) => tally.event(id, broken),
            }
        }
        Ok(())
    }

    fn rejects(&mut self, batch: &RecordBatch, tally: &mut Tally, open: Open<'_>) -> Result<(), ImpactError> {
        const TABLE: &str = "rejects";
        let ids = texts(batch, TABLE, "reject_id")?;
        let kinds = texts(batch, TABLE, "kind")?;
        let datastreams = texts(batch, TABLE, "datastream")?;
        let sealed = bytes(batch, TABLE, "sealed")?;
        for row in 0..batch.num_rows() {
            // Others were valid and known; a schema changes nothing about that.
            if self.is_left_out(datastreams.value(row)) || kinds.value(row) != "invalid" {
                continue;
            }
            let payload = sealed.is_valid(row).then(|| open(ids.value(row).as_bytes(), sealed.value(row))).flatten();
            match payload {
                Some(payload) => {
                    let (verdict, _) = self.judge(datastreams.value(row), &payload);
                    tally.reject(verdict == Verdict::Valid);
                }
                None => tally.reject_not_judged(),
            }
        }
        Ok(())
    }

    fn is_left_out(&self, datastream: &str) -> bool {
        self.only.is_some_and(|only| only != datastream)
    }

    fn judge(&mut self, datastream: &str, event: &[u8]) -> (Verdict, &[Violation]) {
        let ValidationPolicy { plan, profile } = self.policies.of(datastream);
        let profile = Profile { spelling: Spelling::Either, ..*profile };
        let known = |(of, with, _): &(Arc<Plan>, Profile, Checker)| Arc::ptr_eq(of, plan) && *with == profile;
        let place = self.checkers.iter().position(known).unwrap_or_else(|| {
            let checker = Checker::new(Arc::clone(plan), profile).without_notices();
            self.checkers.push((Arc::clone(plan), profile, checker));
            self.checkers.len() - 1
        });
        let checker = &mut self.checkers[place].2;
        let verdict = checker.judge(event);
        (verdict, checker.violations())
    }
}

fn is_too_long(broken: &[Violation]) -> bool {
    matches!(broken, [only] if only.keyword == "limit" && only.pointer.is_empty())
}

fn texts<'b>(
    batch: &'b RecordBatch,
    table: &'static str,
    column: &'static str,
) -> Result<&'b StringArray, ImpactError> {
    let found = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    found.ok_or(ImpactError::Column { table, column })
}

fn bytes<'b>(
    batch: &'b RecordBatch,
    table: &'static str,
    column: &'static str,
) -> Result<&'b BinaryArray, ImpactError> {
    let found = batch.column_by_name(column).filter(|column| *column.data_type() == DataType::Binary);
    found.map(|column| column.as_binary::<i32>()).ok_or(ImpactError::Column { table, column })
}

fn value(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}
