//! Summaries as bytes, for a file of their own.
//!
//! `FDDS`, a byte for the version, the checksum of what follows (XXH3, 8 bytes), the length of the
//! columns in bytes (8), then the columns, compressed by zstd. Integers are little-endian. Summaries of one day
//! share bucket and visitors, which stand once.

use std::sync::Arc;

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::columns::{Reader, Writer};
use super::{Cells, DaySummaries, DaySummary, Lengths, Measure, OTHER, Sample, Sums, Trails, Unended};
use crate::Dimensions;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::fold::{Bucket, day_start};
use crate::rows::{Mask, NO_TEXT, Place, Texts};
use crate::{DECODED_BYTES_MAX, VISITORS_PER_DAY_MAX};

const MAGIC: &[u8; 4] = b"FDDS";
const VERSION: u8 = 5;
const CHECKSUM: std::ops::Range<usize> = 5..13;
const LENGTH: std::ops::Range<usize> = 13..21;
const HEADER_BYTES: usize = LENGTH.end;
/// Level 11 takes 2.6 times as long, and makes them 1.3 % smaller.
const ZSTD_LEVEL: i32 = 6;

/// Why bytes are no summary. Fold the day again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Of another version.
    #[error("the summary has version {0}, and this program reads version {VERSION}")]
    Version(u8),
    /// Not as they were written.
    #[error("the summary is damaged")]
    Damaged,
    /// Larger than [`DECODED_BYTES_MAX`].
    #[error("the summary takes {0} bytes, and at most {DECODED_BYTES_MAX} are read")]
    TooLarge(u64),
}

impl DaySummary {
    /// As bytes that [`decode`](Self::decode) reads.
    pub fn encode(&self) -> Vec<u8> {
        packed(&columns([self]))
    }

    /// The summary that was encoded. Takes any bytes, and allocates at most 16 times
    /// [`DECODED_BYTES_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<DaySummary, DecodeError> {
        let [summary] = read(&unpacked(bytes)?, [Dimensions::ALL]).ok_or(DecodeError::Damaged)?;
        Ok(summary)
    }
}

impl DaySummaries {
    /// As bytes that [`decode`](Self::decode) reads.
    pub fn encode(&self) -> Vec<u8> {
        packed(&columns([&self.by_page, &self.by_referrer]))
    }

    /// The summaries that were encoded. Takes any bytes, and allocates at most 16 times
    /// [`DECODED_BYTES_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<DaySummaries, DecodeError> {
        let [by_page, by_referrer] =
            read(&unpacked(bytes)?, [Dimensions::BY_PAGE, Dimensions::BY_REFERRER]).ok_or(DecodeError::Damaged)?;
        Ok(DaySummaries { by_page: Arc::new(by_page), by_referrer: Arc::new(by_referrer) })
    }
}

fn packed(columns: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + columns.len() / 2);
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&(columns.len() as u64).to_le_bytes());
    // Compressing into memory fails only where memory can't be had, which ends a program anyway. Bytes
    // that lack their end are found damaged.
    bytes.extend(zstd::bulk::compress(columns, ZSTD_LEVEL).unwrap_or_default());
    let checksum = xxh3_64(&bytes[CHECKSUM.end..]);
    bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    if bytes.len() < HEADER_BYTES || !bytes.starts_with(MAGIC) {
        return Err(DecodeError::Damaged);
    }
    if bytes[MAGIC.len()] != VERSION {
        return Err(DecodeError::Version(bytes[MAGIC.len()]));
    }
    if number_at(bytes, CHECKSUM) != xxh3_64(&bytes[CHECKSUM.end..]) {
        return Err(DecodeError::Damaged);
    }
    let length = number_at(bytes, LENGTH);
    let too_large = DecodeError::TooLarge(length);
    let length = usize::try_from(length).map_err(|_| too_large)?;
    if length > DECODED_BYTES_MAX {
        return Err(too_large);
    }
    zstd::bulk::decompress(&bytes[HEADER_BYTES..], length).map_err(|_| DecodeError::Damaged)
}

fn columns<const N: usize>(summaries: [&DaySummary; N]) -> Vec<u8> {
    let mut to = Writer::default();
    to.count(N);
    let Some(first) = summaries.first() else { return to.bytes };
    to.signed(first.day.into());
    to.bytes.push(Bucket::ALL.iter().position(|bucket| *bucket == first.bucket).unwrap_or(0) as u8);
    to.bytes.push(first.sample.threshold.is_some().into());
    to.number(first.sample.threshold.unwrap_or_default());
    to.count(first.sample.hashes.len());
    to.planes(&first.sample.hashes);
    summaries.into_iter().for_each(|summary| summary.write(&mut to));
    to.bytes
}

impl DaySummary {
    /// What it doesn't share with others of its day.
    fn write(&self, to: &mut Writer) {
        to.bytes.push(self.dimensions.bits());
        self.values.iter().for_each(|values| write_texts(to, values));
        write_places(to, &self.places);
        to.count(self.cells.buckets.len());
        self.cells.buckets.iter().for_each(|bucket| to.number((*bucket).into()));
        to.numbers(&self.cells.places);
        for sums in &self.cells.sums {
            to.count(sums.cells.len());
            to.steps(&sums.cells);
            to.numbers(&sums.values);
        }
        self.durations.write(to);
        self.first_contacts.write(to);
        to.count(self.unended.len());
        to.steps(&self.unended.each().map(|(cell, _)| cell).collect::<Vec<_>>());
        self.unended.each().for_each(|(_, last_at)| to.signed(last_at - day_start(self.day)));
        self.write_trails(to);
    }

    fn write_trails(&self, to: &mut Writer) {
        let trails = self.sample.trails(self.bucket.minutes() as u16);
        to.count(trails.cells.len());
        to.steps(&trails.ends);
        // Bucket and place apart: each has few values, the cell's number has many. Most of a visitor's events are in
        // one bucket, so of all but his first one stands the step.
        let cells = || trails.cells.iter().map(|cell| *cell as usize);
        let mut steps = Vec::with_capacity(trails.cells.len());
        for of_visitor in of_visitors(&trails.ends) {
            let mut last = (0, 0);
            for cell in &trails.cells[of_visitor] {
                let next = (u32::from(self.cells.buckets[*cell as usize]), self.cells.places[*cell as usize]);
                let bucket_step = next.0 - last.0;
                steps.push((bucket_step, next.1 - if bucket_step == 0 { last.1 } else { 0 }));
                last = next;
            }
        }
        steps.iter().for_each(|(bucket_step, _)| to.number((*bucket_step).into()));
        steps.iter().for_each(|(_, place_step)| to.number((*place_step).into()));
        for (cell, minute) in cells().zip(&trails.minutes) {
            if self.places[self.cells.places[cell] as usize].mask.requests() != 0 {
                to.bytes.push(*minute);
            }
        }
    }
}

/// The places of each visitor's entries, by where they end.
fn of_visitors(ends: &[u32]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends).map(|(start, end)| start as usize..*end as usize)
}

fn number_at(bytes: &[u8], range: std::ops::Range<usize>) -> u64 {
    bytes[range].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn write_texts(to: &mut Writer, texts: &Texts) {
    to.count(texts.len());
    texts.iter().for_each(|text| to.count(text.len()));
    texts.iter().for_each(|text| to.bytes.extend_from_slice(text.as_bytes()));
}

fn write_places(to: &mut Writer, places: &[Place]) {
    to.count(places.len());
    for dimension in 0..TEXT_DIMENSIONS {
        places.iter().for_each(|place| to.number(place.texts[dimension].wrapping_add(1).into()));
    }
    places.iter().for_each(|place| to.bytes.push(place.mask.0));
}

/// What summaries of one day share.
struct Shared {
    day: i32,
    bucket: Bucket,
    threshold: Option<u64>,
    hashes: Arc<[u64]>,
}

/// The summaries, as many as there are and of these dimensions, or of fewer.
fn read<const N: usize>(bytes: &[u8], dimensions: [Dimensions; N]) -> Option<[DaySummary; N]> {
    let mut from = Reader::new(bytes);
    if from.count()? != N {
        return None;
    }
    let day = from.signed()?.try_into().ok()?;
    let bucket = *Bucket::ALL.get(usize::from(from.byte()?))?;
    let is_part = from.byte()? != 0;
    let threshold = Some(from.number()?).filter(|_| is_part);
    if threshold == Some(0) {
        return None;
    }
    let count = from.count().filter(|count| *count <= VISITORS_PER_DAY_MAX)?;
    let shared = Shared { day, bucket, threshold, hashes: from.planes(count)?.into() };
    let mut summaries = Vec::with_capacity(N);
    for kept in dimensions {
        let summary = read_summary(&mut from, &shared)?;
        // The one of pages must be that of pages, or a question is answered by one that doesn't know them.
        if N > 1 && summary.dimensions != kept {
            return None;
        }
        summaries.push(summary);
    }
    from.is_at_end().then_some(())?;
    summaries.try_into().ok()
}

fn read_summary(from: &mut Reader<'_>, shared: &Shared) -> Option<DaySummary> {
    let Shared { day, bucket, .. } = *shared;
    let dimensions = Dimensions::of_bits(from.byte()?)?;
    let mut values: [Texts; TEXT_DIMENSIONS] = Default::default();
    for (at, values) in values.iter_mut().enumerate() {
        *values = read_texts(from).filter(|texts| dimensions.has(at) || texts.len() == 0)?;
    }
    let places = read_places(from, dimensions, &values)?;
    let cells = read_cells(from, bucket, places.len())?;
    // In the order in which they stand.
    let (durations, first_contacts) =
        (Lengths::read(from, cells.places.len())?, Lengths::read(from, cells.places.len())?);
    let unended = read_unended(from, &cells, day_start(day))?;
    let (sample, trails) = read_trails(from, shared, &places, &cells)?;
    let summary = DaySummary {
        day,
        bucket,
        dimensions,
        has_other: std::array::from_fn(|at| places.iter().any(|place| place.texts[at] == OTHER)),
        values: Arc::new(values),
        durations,
        first_contacts,
        unended,
        sample,
        places: places.into(),
        requests: Arc::default(),
        cells,
        condensed: None,
    };
    Some(summary.finished(trails))
}

fn read_texts(from: &mut Reader<'_>) -> Option<Texts> {
    let count = from.count()?;
    let lengths = from.numbers(count)?;
    let mut texts = Texts::default();
    for length in lengths {
        let text = std::str::from_utf8(from.take(length as usize)?).ok()?;
        // They are ascending, so that they can be searched, and none is empty.
        if text <= texts.get(texts.len() as u32) {
            return None;
        }
        texts.push(text);
    }
    texts.shrink();
    Some(texts)
}

fn read_places(from: &mut Reader<'_>, dimensions: Dimensions, values: &[Texts; TEXT_DIMENSIONS]) -> Option<Vec<Place>> {
    let count = from.count()?;
    let mut places = vec![Place { texts: [0; TEXT_DIMENSIONS], mask: Mask::default() }; count];
    for (dimension, values) in values.iter().enumerate() {
        for place in &mut places {
            let text = from.small()?.wrapping_sub(1);
            if text != OTHER && text as usize > values.len() || text != NO_TEXT && !dimensions.has(dimension) {
                return None;
            }
            place.texts[dimension] = text;
        }
    }
    for place in &mut places {
        place.mask = Mask(from.byte().filter(|mask| mask >> Mask::BITS == 0)?);
    }
    Some(places)
}

fn read_cells(from: &mut Reader<'_>, bucket: Bucket, places: usize) -> Option<Cells> {
    let count = from.count()?;
    let mut cells = Cells::default();
    for _ in 0..count {
        cells.buckets.push(from.small().filter(|at| *at < bucket.per_day())? as u16);
    }
    cells.places = from.numbers(count)?;
    let keys = || cells.buckets.iter().zip(&cells.places);
    if cells.places.iter().any(|place| *place as usize >= places) || !keys().is_sorted_by(|one, next| one < next) {
        return None;
    }
    for _ in Measure::ALL {
        let count = from.count()?;
        let of_measure = read_cell_column(from, count, &cells)?;
        let sums = Sums::new(of_measure, from.numbers(count)?);
        cells.sums.push(sums);
    }
    Some(cells)
}

/// Ascending numbers of cells.
fn read_cell_column(from: &mut Reader<'_>, count: usize, cells: &Cells) -> Option<Vec<u32>> {
    let column = from.steps(count)?;
    column.last().is_none_or(|last| (*last as usize) < cells.places.len()).then_some(column)
}

fn read_unended(from: &mut Reader<'_>, cells: &Cells, day_start: i64) -> Option<Unended> {
    let count = from.count()?;
    let cells = read_cell_column(from, count, cells)?;
    let sessions = cells.into_iter().map(|cell| Some((cell, day_start.checked_add(from.signed()?)?)));
    Some(Unended::new(sessions.collect::<Option<_>>()?))
}

fn read_trails(from: &mut Reader<'_>, shared: &Shared, places: &[Place], cells: &Cells) -> Option<(Sample, Trails)> {
    let Shared { bucket, threshold, .. } = *shared;
    let entries = from.count()?;
    let ends = from.steps(shared.hashes.len())?;
    if ends.last().copied().unwrap_or(0) as usize != entries {
        return None;
    }
    let cell_ids = CellIds::new(bucket, places.len(), cells);
    let bucket_steps = from.numbers(entries)?;
    let mut of_entries = Vec::with_capacity(entries);
    for of_visitor in of_visitors(&ends) {
        let mut last = (0u32, 0u32);
        for bucket_step in &bucket_steps[of_visitor] {
            let place_step = from.small()?;
            let place = if *bucket_step == 0 { last.1.checked_add(place_step)? } else { place_step };
            last = (last.0.checked_add(*bucket_step)?, place);
            of_entries.push(cell_ids.find(last.0, last.1)?);
        }
    }
    let mut trails = Trails { ends, cells: of_entries, ..Trails::default() };
    let is_request = |cell: u32| places[cells.places[cell as usize] as usize].mask.requests() != 0;
    let request_from = |cell: u32| is_request(cell).then(|| bucket.first_minute(cells.buckets[cell as usize]));
    for cell in &trails.cells {
        let minute = if is_request(*cell) { from.byte()? } else { 0 };
        if u32::from(minute) >= bucket.minutes() {
            return None;
        }
        trails.minutes.push(minute);
    }
    let sample = Sample::new((threshold, Arc::clone(&shared.hashes)), cells.places.len(), request_from, &trails);
    Some((sample, trails))
}

/// Bytes that it may take to find cells without searching.
const CELL_IDS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Finds cells by bucket and place.
struct CellIds<'a> {
    cells: &'a Cells,
    /// Where the cells of each bucket begin, and where the last ones end.
    starts: Vec<usize>,
    /// By bucket and place; empty where that would take too much memory.
    ids: Vec<u32>,
    places: usize,
}

impl CellIds<'_> {
    fn new(bucket: Bucket, places: usize, cells: &Cells) -> CellIds<'_> {
        let start = |bucket: u32| cells.buckets.partition_point(|at| u32::from(*at) < bucket);
        let starts = (0..=bucket.per_day()).map(start).collect();
        let count = places.saturating_mul(bucket.per_day() as usize);
        let mut ids = Vec::new();
        if count <= CELL_IDS_BYTES_MAX / size_of::<u32>() {
            ids.resize(count, u32::MAX);
            for ((id, bucket), place) in (0..).zip(&cells.buckets).zip(&cells.places) {
                ids[usize::from(*bucket) * places + *place as usize] = id;
            }
        }
        CellIds { cells, starts, ids, places }
    }

    fn find(&self, bucket: u32, place: u32) -> Option<u32> {
        let (bucket, place_at) = (bucket as usize, place as usize);
        let start = *self.starts.get(bucket)?;
        let end = *self.starts.get(bucket + 1)?;
        if self.ids.is_empty() {
            return Some((start + self.cells.places[start..end].binary_search(&place).ok()?) as u32);
        }
        if place_at >= self.places {
            return None;
        }
        self.ids.get(bucket * self.places + place_at).copied().filter(|id| *id != u32::MAX)
    }
}
