//! Compaction: many small files of a day become a few large ones.
//!
//! Each commit of the drain adds a small file, and both queries and commits get slower
//! with the number of files. Compaction reads and rewrites outside of any lock and
//! takes the `writing` lock only to swap, so the drain hardly notices it; files that
//! somebody else changed meanwhile are left for the next run.

use std::collections::BTreeMap;

use deltalake::kernel::LogicalFileView;
use deltalake::protocol::DeltaOperation;
use futures::future::BoxFuture;

use crate::dataset::Dataset;
use crate::days::Partition;
use crate::error::StoreError;
use crate::rewrite::Change;

/// What is worth merging.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompactPolicy {
    /// Files from this size on are left alone, bytes.
    pub small_bytes: u64,
    /// A merged file gets about this size, bytes.
    pub target_bytes: u64,
    /// Fewer small files of one day than this are not worth it; at least 2.
    pub files_min: usize,
}

impl Default for CompactPolicy {
    /// 8 files or more under 32 MiB each, merged to 128 MiB.
    fn default() -> CompactPolicy {
        CompactPolicy { small_bytes: 32 << 20, target_bytes: 128 << 20, files_min: 8 }
    }
}

/// What a compaction did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Compacted {
    /// Files merged.
    pub files_before: u64,
    /// Files they became.
    pub files_after: u64,
    /// Bytes read.
    pub bytes_before: u64,
    /// Bytes written.
    pub bytes_after: u64,
    /// Groups of files left for next time, because somebody else changed them meanwhile.
    pub groups_skipped: u64,
}

impl Dataset {
    /// Merges small files, day by day. Rows and their content stay the same.
    ///
    /// Files that can't be read are left as they are.
    pub fn compact(&self, policy: CompactPolicy) -> BoxFuture<'_, Result<Compacted, StoreError>> {
        Box::pin(async move {
            let inner = &self.inner;
            let _maintaining = inner.maintaining.lock().await;
            let mut compacted = Compacted::default();
            for (partition, old) in self.plan(policy) {
                let new = match self.merge(&old, partition, None).await {
                    Ok(merged) => merged.files,
                    // The damaged file is known now, and the next run leaves it alone.
                    Err(_) if self.find_damage_in(&old).await => {
                        compacted.groups_skipped += 1;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let (files_after, bytes_after) = (new.len() as u64, new.iter().map(|file| file.bytes()).sum::<u64>());
                let target_size = i64::try_from(policy.target_bytes).unwrap_or(i64::MAX);
                let operation = DeltaOperation::Optimize { predicate: None, target_size };
                if inner.replace(operation, Change::Layout, &old, new).await?.is_none() {
                    compacted.groups_skipped += 1;
                    continue;
                }
                compacted.files_before += old.len() as u64;
                compacted.files_after += files_after;
                compacted.bytes_before += old.iter().map(|file| file.size().unsigned_abs()).sum::<u64>();
                compacted.bytes_after += bytes_after;
            }
            Ok(compacted)
        })
    }
}

impl Dataset {
    /// Groups of files to merge, each of one day and in the order of their making.
    fn plan(&self, policy: CompactPolicy) -> Vec<(Option<Partition>, Vec<LogicalFileView>)> {
        let mut days: BTreeMap<Option<Partition>, Vec<LogicalFileView>> = BTreeMap::new();
        for file in self.inner.snapshot().files() {
            // A file with a deletion vector holds rows that are not in the table.
            let small = file.size().unsigned_abs() < policy.small_bytes
                && file.deletion_vector_descriptor().is_none()
                && !self.is_damaged(&file.path());
            if let (true, Some(day)) = (small, self.inner.place_of(&file)) {
                days.entry(day).or_default().push(file);
            }
        }
        let mut groups = Vec::new();
        for (day, mut files) in days {
            files.sort_by_key(LogicalFileView::modification_time);
            groups.extend(split(files, policy).into_iter().map(|group| (day, group)));
        }
        groups
    }
}

/// Cuts a day's small files into groups of about the target size.
fn split(files: Vec<LogicalFileView>, policy: CompactPolicy) -> Vec<Vec<LogicalFileView>> {
    if files.len() < policy.files_min.max(2) {
        return Vec::new();
    }
    let mut groups: Vec<Vec<LogicalFileView>> = Vec::new();
    let mut bytes = u64::MAX;
    for file in files {
        bytes = bytes.saturating_add(file.size().unsigned_abs());
        match groups.last_mut() {
            Some(group) if bytes <= policy.target_bytes => group.push(file),
            _ => {
                bytes = file.size().unsigned_abs();
                groups.push(vec![file]);
            }
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
