//! Reading a table's log before anything relies on it: is it whole, and how far has
//! each application come?
//!
//! A log is a run of entries `N.json` and, now and then, a checkpoint that sums up all
//! entries to its version. Readers take the newest checkpoint and the entries after it.
//! An empty entry among those is rows lost without a word, a torn one makes the table
//! unreadable; both happen when a writer that doesn't sync meets a power cut.
//!
//! Only the *newest* entry may be set aside (its rows are still in the journal, or
//! whoever wrote it was never told that it was safe). Anything older was read by
//! others and built upon: the table is refused, and a person decides.

use std::collections::{BTreeMap, HashMap};
use std::path::Path as DiskPath;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::error::{StoreError, at};
use crate::place::{LOG_DIR, Place};

/// Highest version per application id.
pub(crate) type Watermarks = HashMap<String, i64>;

/// A newest log entry that was set aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repaired {
    /// The table's name.
    pub table: &'static str,
    /// The version that is no more; the table is at the one before.
    pub version: u64,
    /// What was found.
    pub what: String,
    /// Name of the damaged entry now, in the table's log directory.
    pub kept_as: String,
}

/// What the log holds.
#[derive(Debug, Default)]
pub(crate) struct LogScan {
    /// False when there is no table here yet.
    pub(crate) exists: bool,
    pub(crate) watermarks: Watermarks,
    pub(crate) repaired: Option<Repaired>,
}

/// Checks every entry that readers rely on, sets a damaged newest one aside, and
/// gathers the watermarks.
pub(crate) async fn scan_log(place: &Place, table: &'static str) -> Result<LogScan, StoreError> {
    let mut listing = list(place, table).await?;
    let mut repaired = None;
    if let Some(newest) = listing.entries.last().copied()
        && let Err(what) = newest_entry(place, table, newest).await?
    {
        let refused = listing.checkpoint.as_ref().is_some_and(|(version, _)| *version >= newest);
        let (Some(dir), false) = (&place.dir, refused) else {
            return Err(StoreError::Damaged { table, version: newest, what });
        };
        let kept_as = set_aside(place, dir, newest).map_err(at(table, "setting a damaged log entry aside"))?;
        tracing::warn!(table, version = newest, what, kept_as, "set a damaged log entry aside");
        repaired = Some(Repaired { table, version: newest, what, kept_as });
        listing.entries.pop();
    }
    let exists = !listing.entries.is_empty() || listing.checkpoint.is_some();
    Ok(LogScan { exists, watermarks: gather(place, table, &listing).await?, repaired })
}

/// The watermarks of a log that is in use, from its start.
pub(crate) async fn watermarks(place: &Place, table: &'static str) -> Result<Watermarks, StoreError> {
    gather(place, table, &list(place, table).await?).await
}

/// Reads the checkpoint and each entry after it, which are thereby checked.
async fn gather(place: &Place, table: &'static str, listing: &Listing) -> Result<Watermarks, StoreError> {
    let (mut watermarks, after) = match &listing.checkpoint {
        Some((version, parts)) => (checkpoint_watermarks(place, table, parts).await?, version + 1),
        None => (Watermarks::new(), 0),
    };
    let end = listing.entries.last().map_or(after, |newest| newest + 1);
    for version in after..end {
        entry_watermarks(place, table, version, &mut watermarks).await?;
    }
    Ok(watermarks)
}

/// Adds what one entry says.
pub(crate) async fn entry_watermarks(
    place: &Place,
    table: &'static str,
    version: u64,
    watermarks: &mut Watermarks,
) -> Result<(), StoreError> {
    let actions =
        read_entry(place, table, version).await?.map_err(|what| StoreError::Damaged { table, version, what })?;
    for txn in actions.iter().filter_map(|action| action.get("txn")) {
        if let (Some(app), Some(version)) = (txn["appId"].as_str(), txn["version"].as_i64()) {
            watermarks.insert(app.to_owned(), version);
        }
    }
    Ok(())
}

struct Listing {
    /// Versions with an entry, ascending.
    entries: Vec<u64>,
    /// The newest whole checkpoint and the files it consists of.
    checkpoint: Option<(u64, Vec<Path>)>,
}

async fn list(place: &Place, table: &'static str) -> Result<Listing, StoreError> {
    let objects: Vec<_> =
        place.store().list(Some(&Path::from(LOG_DIR))).try_collect().await.map_err(at(table, "listing the log"))?;
    let mut entries = Vec::new();
    let mut checkpoints: BTreeMap<u64, (usize, Vec<Path>)> = BTreeMap::new();
    for object in objects {
        let Some(name) = object.location.filename() else { continue };
        let mut words = name.split('.');
        let Some(version) = words.next().filter(|word| word.len() == 20).and_then(|word| word.parse().ok()) else {
            continue;
        };
        let parts = match words.collect::<Vec<_>>()[..] {
            ["json"] => {
                entries.push(version);
                continue;
            }
            ["checkpoint", "parquet"] => Some(1),
            ["checkpoint", _, of, "parquet"] => of.parse().ok(),
            _ => None,
        };
        if let Some(parts) = parts {
            let checkpoint = checkpoints.entry(version).or_insert((parts, Vec::new()));
            checkpoint.1.push(object.location);
        }
    }
    entries.sort_unstable();
    let whole = checkpoints.into_iter().rev().find(|(_, (parts, files))| files.len() == *parts);
    Ok(Listing { entries, checkpoint: whole.map(|(version, (_, files))| (version, files)) })
}

fn entry_path(version: u64) -> Path {
    Path::from_iter([LOG_DIR, &format!("{version:020}.json")])
}

/// The actions of an entry, or what is wrong with it.
async fn read_entry(
    place: &Place,
    table: &'static str,
    version: u64,
) -> Result<Result<Vec<Value>, String>, StoreError> {
    let bytes = match place.store().get(&entry_path(version)).await {
        Err(object_store::Error::NotFound { .. }) => return Ok(Err("the file is missing".to_owned())),
        got => got.map_err(at(table, "reading the log"))?,
    };
    let bytes = bytes.bytes().await.map_err(at(table, "reading the log"))?;
    Ok(parse_entry(&bytes))
}

fn parse_entry(bytes: &[u8]) -> Result<Vec<Value>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let actions: Vec<Value> = serde_json::Deserializer::from_slice(bytes)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the file is torn at line {}", error.line()))?;
    match actions.iter().all(|action| action.as_object().is_some_and(|fields| fields.len() == 1)) {
        true if !actions.is_empty() => Ok(actions),
        true => Err("the file is blank".to_owned()),
        false => Err("a line is no action".to_owned()),
    }
}

/// The newest entry is also asked for its data files: a writer that didn't sync its log
/// didn't sync those either.
async fn newest_entry(place: &Place, table: &'static str, version: u64) -> Result<Result<(), String>, StoreError> {
    let actions = match read_entry(place, table, version).await? {
        Ok(actions) if place.dir.is_some() => actions,
        other => return Ok(other.map(drop)),
    };
    let store = place.store();
    for add in actions.iter().filter_map(|action| action.get("add")) {
        let (Some(path), Some(size)) = (add["path"].as_str(), add["size"].as_u64()) else {
            return Ok(Err("an added file has no path or size".to_owned()));
        };
        // Absolute addresses (shallow clones) are other people's files.
        let Ok(path) = Path::from_url_path(path) else { continue };
        match store.head(&path).await {
            Ok(meta) if meta.size == size => {}
            Ok(meta) => return Ok(Err(format!("data file {path} has {} of its {size} bytes", meta.size))),
            Err(object_store::Error::NotFound { .. }) => return Ok(Err(format!("data file {path} is missing"))),
            Err(error) => return Err(at(table, "checking the newest data files")(error)),
        }
    }
    Ok(Ok(()))
}

/// Moves an entry to a name that readers pass over.
fn set_aside(place: &Place, table_dir: &DiskPath, version: u64) -> std::io::Result<String> {
    let dir = table_dir.join(LOG_DIR);
    let free = |name: &String| !dir.join(name).exists();
    let first = format!(".damaged-{version:020}.json");
    let kept_as = std::iter::once(first)
        .chain((2..u32::MAX).map(|n| format!(".damaged-{version:020}-{n}.json")))
        .find(free)
        .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AlreadyExists))?;
    place.disk.rename(&dir.join(format!("{version:020}.json")), &dir.join(&kept_as))?;
    place.disk.sync_dir(&dir)?;
    Ok(kept_as)
}

/// Reads column `txn` of a checkpoint.
async fn checkpoint_watermarks(place: &Place, table: &'static str, parts: &[Path]) -> Result<Watermarks, StoreError> {
    const DOING: &str = "reading a checkpoint";
    let mut watermarks = Watermarks::new();
    for part in parts {
        let bytes = place.store().get(part).await.map_err(at(table, DOING))?.bytes().await.map_err(at(table, DOING))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(at(table, DOING))?;
        let mask = ProjectionMask::columns(reader.parquet_schema(), ["txn.appId", "txn.version"]);
        for batch in reader.with_projection(mask).build().map_err(at(table, DOING))? {
            let batch = batch.map_err(at(table, DOING))?;
            let Some(txn) = batch.column_by_name("txn").and_then(|column| column.as_struct_opt()) else { continue };
            let (Some(apps), Some(versions)) = (txn.column_by_name("appId"), txn.column_by_name("version")) else {
                continue;
            };
            let (Some(apps), Some(versions)) = (apps.as_string_opt::<i32>(), versions.as_primitive_opt::<Int64Type>())
            else {
                continue;
            };
            let rows = (0..txn.len()).filter(|&row| txn.is_valid(row) && apps.is_valid(row) && versions.is_valid(row));
            watermarks.extend(rows.map(|row| (apps.value(row).to_owned(), versions.value(row))));
        }
    }
    Ok(watermarks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_cut_at_any_byte_is_not_taken_for_whole() {
        let entry = br#"{"commitInfo":{"operation":"WRITE"}}
{"add":{"path":"a","size":1}}"#;
        assert_eq!(parse_entry(entry).map(|actions| actions.len()), Ok(2));
        let first_line = entry.iter().position(|&byte| byte == b'\n').unwrap();
        for cut in 0..entry.len() {
            // A cut right after a line leaves a shorter, whole entry. Only a writer that
            // says how much it wrote could tell; Delta's format doesn't.
            let looks_whole = cut == first_line || cut == first_line + 1;
            assert_eq!(parse_entry(&entry[..cut]).is_ok(), looks_whole, "cut at {cut}");
        }
        for (bytes, why) in [
            (&b""[..], "the file is empty"),
            (b"\n", "the file is blank"),
            (b"\0\0\0\0", "the file is torn at line 1"),
            (b"{\"txn\":1}\n{\"a", "the file is torn at line 2"),
            (b"17", "a line is no action"),
        ] {
            assert_eq!(parse_entry(bytes), Err(why.to_owned()));
        }
    }
}
