//! What is on disk when a journal is opened, and whether it can be trusted.
//!
//! * The **last** segment may end in a torn group: records that were written but never
//!   acknowledged. Reading stops at the first frame that is not whole. The torn bytes
//!   stay, unread: the next record starts a new segment whose header says where this
//!   one ends. That way no key ever seals two records under one sequence.
//! * **Anything else** is damage and is refused, with the place and what to do: a
//!   segment that ends before its successor begins, a bad header, a missing file, a
//!   wrong key. So is a broken frame in the last segment when an intact frame behind it
//!   proves that it had been durable; a power cut does not do that.
//!   The last group itself has no such witness: decay there looks like a torn write.
//! * What was read from the last segment is **written again and synced**. After a
//!   failed sync, or a killed process, the page cache can hold records that the disk
//!   does not; were they followed by new ones, a later power cut would leave a hole.
//!
//! Nothing is written before everything was checked.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use crate::catalog::Entry;
use crate::cursor::{Cursor, Found};
use crate::disk::{Disk, DiskFile};
use crate::error::{Damage, OpenError};
use crate::frame::{self, FrameHeader};
use crate::master_key::MasterKey;
use crate::release;
use crate::seal::KeyWrap;
use crate::segment::{self, Named, Segment};
use crate::sequence::Sequence;
use crate::writer::Active;

/// Bytes read at once when a file is checked or written again.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// What opening a log found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segment files.
    pub segments: usize,
    /// Durable records in them.
    pub records: u64,
    /// The last durable record; 0 when none was ever kept.
    pub last: Sequence,
    /// What the next record will be.
    pub next: Sequence,
    /// Bytes of a torn group behind the last record. They were never acknowledged.
    pub torn_bytes: u64,
    /// Bytes by which the last segment's file is shorter than it was made. Somebody cut it,
    /// and records that were acknowledged may have gone with them.
    pub cut_bytes: u64,
}

/// A checked journal, ready to be written to.
pub(crate) struct Recovered {
    pub(crate) entries: Vec<Entry>,
    pub(crate) active: Option<Active>,
    pub(crate) recovery: Recovery,
}

/// What the directory lists.
#[derive(Default)]
struct Listing {
    live: Vec<u64>,
    /// Still named `.seg`, but older than a released one: the release was cut short.
    half_released: Vec<u64>,
    released: Vec<u64>,
    spare: bool,
}

/// One segment with its file.
struct Opened {
    segment: Segment,
    file: Arc<dyn DiskFile>,
    file_bytes: u64,
}

/// Where a segment's readable records end.
struct Extent {
    last: u64,
    end: u64,
    fault: &'static str,
}

pub(crate) fn recover(disk: &dyn Disk, wrap: &KeyWrap, first_sequence_min: u64) -> Result<Recovered, OpenError> {
    let listing = list(disk)?;
    let mut opened = Vec::with_capacity(listing.live.len());
    for &first in &listing.live {
        opened.push(open_segment(disk, wrap, first)?);
    }
    let mut entries = Vec::with_capacity(opened.len());
    for pair in opened.windows(2) {
        let extent = check_inner(&pair[0], &pair[1].segment)?;
        entries.push((extent.last, extent.end));
    }
    let newest = opened.last().map(check_last).transpose()?;

    clean_up(disk, &listing)?;
    if let (Some(newest), Some((extent, _))) = (opened.last(), &newest) {
        write_again(newest, extent.end)?;
    }
    Ok(assemble(opened, entries, newest, first_sequence_min))
}

/// Whether records were ever kept in `dir`. Changes nothing.
pub fn exists(dir: &Path) -> bool {
    segment_names(dir).next().is_some()
}

/// Whether `key` is the one that the journal in `dir` was written with, by the header of a
/// segment. `None` when there is none that could tell. Changes nothing.
pub fn key_opens(dir: &Path, key: &MasterKey) -> Option<bool> {
    let wrap = KeyWrap::new(key);
    segment_names(dir).find_map(|(name, first)| {
        let mut header = Vec::new();
        File::open(dir.join(name)).ok()?.take(segment::HEADER_BYTES).read_to_end(&mut header).ok()?;
        match Segment::decode(first, &header, &wrap) {
            Ok(_) => Some(true),
            Err(OpenError::WrongKey { .. }) => Some(false),
            // A damaged header says nothing about the key; opening the journal names it.
            Err(_) => None,
        }
    })
}

/// The segments in a directory, in no order; none where it can't be read.
fn segment_names(dir: &Path) -> impl Iterator<Item = (String, u64)> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| match segment::parse_name(&name) {
        Named::Live(first) => Some((name, first)),
        _ => None,
    })
}

fn list(disk: &dyn Disk) -> Result<Listing, OpenError> {
    let names = disk.list().map_err(|source| failed("list", ".", source))?;
    let mut listing = Listing::default();
    for name in &names {
        match segment::parse_name(name) {
            Named::Live(first) => listing.live.push(first),
            Named::Released(first) => listing.released.push(first),
            Named::Spare => listing.spare = true,
            Named::NotOurs => {}
        }
    }
    listing.live.sort_unstable();
    // Segments are released oldest first, so what is older than a released one was
    // released with it, even when its renaming did not survive.
    if let Some(&newest_released) = listing.released.iter().max() {
        let kept = listing.live.partition_point(|&first| first <= newest_released);
        listing.half_released = listing.live.drain(..kept).collect();
    }
    Ok(listing)
}

fn open_segment(disk: &dyn Disk, wrap: &KeyWrap, first: u64) -> Result<Opened, OpenError> {
    let name = segment::live_name(first);
    let file = disk.open(&name).map_err(|source| failed("open", &name, source))?;
    let file_bytes = file.len().map_err(|source| failed("measure", &name, source))?;
    let mut header = [0; segment::HEADER_BYTES as usize];
    let read = file.read_at(0, &mut header).map_err(|source| failed("read", &name, source))?;
    let segment = Segment::decode(first, &header[..read], wrap)?;
    Ok(Opened { segment, file, file_bytes })
}

/// Reads records up to `through`, or up to the first fault.
fn scan(opened: &Opened, through: u64) -> Result<Extent, OpenError> {
    let Opened { segment, file, file_bytes } = opened;
    let mut cursor = Cursor::new(Arc::clone(file), *file_bytes);
    let mut next = segment.first;
    let mut fault = "the segment ends here";
    while next <= through {
        match cursor.next(&segment.key, next) {
            Ok(Found::Record(_)) => next += 1,
            Ok(Found::End) => break,
            Ok(Found::Fault(what)) => {
                fault = what;
                break;
            }
            Err(source) => return Err(failed("read", &segment.name, source)),
        }
    }
    let last = if next == segment.first { segment.previous_last } else { next - 1 };
    Ok(Extent { last, end: cursor.offset(), fault })
}

/// A segment with a successor must hold everything up to where that begins.
fn check_inner(opened: &Opened, successor: &Segment) -> Result<Extent, OpenError> {
    let through = successor.previous_last;
    let segment = &opened.segment;
    let extent = scan(opened, through)?;
    if extent.last == through {
        return Ok(extent);
    }
    Err(OpenError::Damaged(Damage {
        file: segment.name.clone(),
        offset: extent.end,
        what: format!(
            "{} (record {}, and {} follows only after record {through})",
            extent.fault,
            segment.first.max(extent.last + 1),
            successor.name
        ),
        remedy: "restore this file, or the one that is missing after it, from a copy".to_owned(),
    }))
}

/// The last segment may end in a torn group. Returns its size in bytes too.
fn check_last(opened: &Opened) -> Result<(Extent, u64), OpenError> {
    let segment = &opened.segment;
    let extent = scan(opened, u64::MAX)?;
    let tail = read_tail(opened, extent.end).map_err(|source| failed("read", &segment.name, source))?;
    let broken = segment.first.max(extent.last + 1);
    if let Some(durable) = find_witness(&tail, broken) {
        return Err(OpenError::Damaged(Damage {
            file: segment.name.clone(),
            offset: extent.end,
            what: format!("{} (record {broken} of {durable} that were durable)", extent.fault),
            remedy: format!(
                "restore the file from a copy, or truncate it to {} bytes to go on without record {broken} and later ones",
                extent.end
            ),
        }));
    }
    Ok((extent, tail.len() as u64))
}

/// The bytes from `offset` to the last one that is not zero.
fn read_tail(opened: &Opened, offset: u64) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES.min(opened.file_bytes.saturating_sub(offset)) as usize];
    let (mut at, mut used) = (offset, 0);
    while at < opened.file_bytes {
        let read = opened.file.read_at(at, &mut chunk)?;
        if read == 0 {
            break;
        }
        if let Some(last) = chunk[..read].iter().rposition(|&byte| byte != 0) {
            let start = (at - offset) as usize;
            tail.resize(start, 0);
            tail.extend_from_slice(&chunk[..read]);
            used = start + last + 1;
        }
        at += read as u64;
    }
    tail.truncate(used);
    Ok(tail)
}

/// Looks in a broken tail for an intact frame which says that the record `broken` was
/// durable when it was written. Returns the highest sequence that is proven so.
fn find_witness(tail: &[u8], broken: u64) -> Option<u64> {
    let sequence_max = broken + (tail.len() / frame::OVERHEAD_BYTES) as u64;
    tail.windows(frame::HEADER_BYTES)
        .enumerate()
        .filter_map(|(at, bytes)| {
            let header = FrameHeader::parse(bytes.try_into().expect("a window of that size"));
            let plausible =
                header.durable >= broken && header.sequence > header.durable && header.sequence <= sequence_max;
            let frame = plausible.then(|| tail[at..].get(..header.frame_bytes() as usize))??;
            header.matches(frame).then_some(header.durable)
        })
        .max()
}

fn clean_up(disk: &dyn Disk, listing: &Listing) -> Result<(), OpenError> {
    let sync_dir = || disk.sync_dir().map_err(|source| failed("sync", ".", source));
    for &first in &listing.half_released {
        let name = segment::live_name(first);
        disk.rename(&name, &segment::released_name(first)).map_err(|source| failed("rename", &name, source))?;
    }
    // Also for names that a killed process left in the cache only.
    sync_dir()?;
    for &first in listing.released.iter().chain(&listing.half_released) {
        let name = segment::released_name(first);
        release::destroy(disk, &name).map_err(|source| failed("delete", &name, source))?;
    }
    if listing.spare {
        disk.remove(segment::SPARE_NAME).map_err(|source| failed("delete", segment::SPARE_NAME, source))?;
    }
    sync_dir()
}

/// Writes what was read once more, byte for byte, and syncs it.
fn write_again(opened: &Opened, end: u64) -> Result<(), OpenError> {
    let rewrite = || -> io::Result<()> {
        let mut chunk = vec![0; CHUNK_BYTES.min(end - segment::HEADER_BYTES) as usize];
        let mut at = segment::HEADER_BYTES;
        while at < end {
            let count = chunk.len().min((end - at) as usize);
            if opened.file.read_at(at, &mut chunk[..count])? < count {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            opened.file.write_at(at, &chunk[..count])?;
            at += count as u64;
        }
        opened.file.sync_data()
    };
    rewrite().map_err(|source| failed("rewrite", &opened.segment.name, source))
}

fn assemble(
    opened: Vec<Opened>,
    extents: Vec<(u64, u64)>,
    newest: Option<(Extent, u64)>,
    first_sequence_min: u64,
) -> Recovered {
    let mut recovery = Recovery { next: Sequence(first_sequence_min.max(1)), ..Recovery::default() };
    let mut entries = Vec::with_capacity(opened.len());
    let mut active = None;
    let torn_bytes = newest.as_ref().map_or(0, |(_, torn_bytes)| *torn_bytes);
    let cut_bytes = opened.last().map_or(0, |last| last.segment.made_bytes.saturating_sub(last.file_bytes));
    let extents = extents.into_iter().chain(newest.map(|(extent, _)| (extent.last, extent.end)));
    let newest_index = opened.len().wrapping_sub(1);
    for (index, (opened, (last, end))) in opened.into_iter().zip(extents).enumerate() {
        let segment = Arc::new(opened.segment);
        recovery.records += (last + 1).saturating_sub(segment.first);
        recovery.last = Sequence(last);
        if index == newest_index {
            let next = segment.first.max(last + 1);
            let jumps = recovery.next.0 > next;
            recovery.next.0 = recovery.next.0.max(next);
            // A torn or cut tail or a jump ends the segment: see the top of this file.
            if torn_bytes == 0 && cut_bytes == 0 && !jumps {
                let (segment, file) = (Arc::clone(&segment), opened.file);
                active = Some(Active { segment, file, offset: end, capacity: opened.file_bytes });
            } else if last < segment.first {
                // Without a record in it, its name may be needed again, for its successor.
                continue;
            }
        }
        entries.push(Entry { segment, last, end, file_bytes: opened.file_bytes });
    }
    recovery.segments = entries.len();
    recovery.torn_bytes = torn_bytes;
    recovery.cut_bytes = cut_bytes;
    Recovered { entries, active, recovery }
}

fn failed(action: &'static str, file: &str, source: io::Error) -> OpenError {
    OpenError::Io { action, file: file.to_owned(), source }
}
