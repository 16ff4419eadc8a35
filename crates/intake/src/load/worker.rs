//! One worker of a bulk load: fill a chunk, decode it into blocks, wait for its turn,
//! encode what is new into this worker's own files.
//!
//! Nothing here allocates per event once the buffers have grown; an invalid event does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use memchr::memchr;
use table::{Block, NewFile, Row};
use xdm::{Checker, ContentHash, Verdict, Violation, WithContent};

use super::error::LoadError;
use super::job::{Job, Progress};
use super::ordered::{Abandoned, ChunkSequencer, InOrder};
use super::reject::{Broken, Decoded, Reject};
use crate::day::day_of;
use crate::error::IntakeError;
use crate::input::chunks::{Chunk, Chunks};
use crate::input::error::{InputError, unreadable};
use crate::input::split::Span;
use crate::request::body::Source;
use crate::request::identity::{IdGenerator, Origin};
use crate::request::time_anomaly::TimeAnomaly;
use crate::rows::dates::{Dates, LOAD_DATES_MAX};
use crate::rows::dedupe::keys::legacy_hash;
use crate::rows::dedupe::{Key, Seen};
use crate::rows::files::{DatedFiles, FilesError};

/// What workers share.
pub(crate) struct WorkerContext<'a> {
    pub(crate) job: &'a Job<'a>,
    pub(crate) chunks: &'a Mutex<Chunks>,
    pub(crate) sequencer: &'a ChunkSequencer,
    pub(crate) progress: &'a dyn Progress,
    /// Chunks that may still be begun; for tests that stop half-way.
    pub(crate) allowance: &'a AtomicU64,
}

pub(crate) struct Worker<'a> {
    context: WorkerContext<'a>,
    checker: Checker,
    content: ContentHash,
    id_generator: IdGenerator,
    files: DatedFiles<'a>,
    blocks: Vec<Block>,
    /// Blocks in use for this chunk.
    used: usize,
    decoded: Vec<Decoded>,
    keys: Vec<Key>,
    broken: Vec<Broken>,
    /// Rows of `decoded` that are not new.
    known: Vec<(u32, Seen)>,
    rows: Vec<u32>,
    lines: u32,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(context: WorkerContext<'a>) -> Self {
        Worker {
            checker: context.job.policies.of(context.job.datastream).checker().without_notices(),
            content: context.job.scheme.keys.content(context.job.policies.default.plan.layout()),
            id_generator: IdGenerator::default(),
            files: DatedFiles::new(
                &context.job.store.events,
                context.job.scheme,
                Dates::first(LOAD_DATES_MAX),
                context.job.threads,
            )
            .watched_by(context.job.watcher),
            blocks: Vec::new(),
            used: 0,
            decoded: Vec::new(),
            keys: Vec::new(),
            broken: Vec::new(),
            known: Vec::new(),
            rows: Vec::new(),
            lines: 0,
            context,
        }
    }

    /// Works until the input's chunks are used up. Its files are durable, and in no commit.
    pub(crate) fn run(mut self) -> Result<Vec<NewFile>, LoadError> {
        let mut chunk = Chunk::new();
        loop {
            let filled = self.context.chunks.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut chunk);
            let filled = filled.map_err(|source| LoadError::Input { name: self.context.job.name.clone(), source })?;
            if !filled {
                return self.files.finish().map_err(files_error);
            }
            let left = self.context.allowance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            left.map_err(|_| LoadError::Stopped)?;
            self.decode(&chunk).map_err(|source| LoadError::Input { name: self.context.job.name.clone(), source })?;
            self.blocks[..self.used].iter_mut().for_each(Block::protect);
            self.pass(&chunk)?;
            self.encode().map_err(files_error)?;
            let events = (self.decoded.len() + self.broken.len()) as u64;
            self.context.progress.read(chunk.source_bytes, events);
        }
    }

    /// Events into blocks, each checked and hashed.
    fn decode(&mut self, chunk: &Chunk) -> Result<(), InputError> {
        self.blocks[..self.used].iter_mut().for_each(Block::clear);
        self.used = 0;
        self.decoded.clear();
        self.broken.clear();
        self.lines = 0;
        let bytes = chunk.bytes();
        let text = simdutf8::basic::from_utf8(bytes).ok();
        if let Some(spans) = chunk.spans() {
            return self.decode_values(chunk, spans, text);
        }
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            let start = at + (bytes[at..end].len() - bytes[at..end].trim_ascii_start().len());
            let stop = start + bytes[start..end].trim_ascii_end().len();
            if chunk.overlong && end == bytes.len() {
                self.too_long(start, stop);
            } else if start < stop {
                self.event(chunk, start, stop, text);
            }
            self.lines += 1;
            at = end + 1;
        }
        Ok(())
    }

    /// As for lines, but one that can't be read makes all behind it doubtful: where it ends
    /// is known from its brackets only.
    fn decode_values(&mut self, chunk: &Chunk, spans: &[Span], text: Option<&str>) -> Result<(), InputError> {
        for (number, span) in spans.iter().enumerate() {
            let (start, end) = (span.start as usize, span.end as usize);
            if chunk.overlong && number + 1 == spans.len() {
                self.too_long(start, end);
            } else {
                self.event(chunk, start, end, text);
                if let Some(broken) = self.broken.last().filter(|broken| broken.line == self.lines)
                    && let Some(message) = unreadable(&broken.violations)
                {
                    return Err(InputError::Event { offset: chunk.offset + start as u64, message });
                }
            }
            self.lines += 1;
        }
        Ok(())
    }

    #[inline]
    fn event(&mut self, chunk: &Chunk, start: usize, stop: usize, text: Option<&str>) {
        let event = &chunk.bytes()[start..stop];
        let at = self.block();
        let block = &mut self.blocks[at];
        let mut sinks = WithContent { content: &mut self.content, sink: &mut *block };
        let verdict = match text {
            Some(text) => self.checker.check(&text[start..stop], &mut sinks),
            None => self.checker.check_bytes(event, &mut sinks),
        };
        let content = self.content.take();
        let (line, start, end) = (self.lines, start as u32, stop as u32);
        if verdict == Verdict::Invalid {
            let id = block.current_id().map(str::to_owned);
            block.rollback();
            let violations = self.checker.violations().to_vec();
            let omitted = self.checker.violations_omitted();
            self.broken.push(Broken { line, start, end, id, violations, omitted });
            return;
        }
        let job = self.context.job;
        let minted_id = match block.current_id() {
            Some(_) => None,
            None => {
                let offset = chunk.offset + u64::from(start);
                let file = job.fingerprint.unwrap_or_else(|| job.scheme.keys.text_mac(content).cast_unsigned());
                Some(self.id_generator.generate(Origin::Line { file, offset }))
            }
        };
        let keys = &job.scheme.keys;
        let id = keys.id(minted_id.or(block.current_id()).unwrap_or_default());
        let time = block.current_timestamp();
        let key = Key { id, content: keys.mac(id, content), day: day_of(time.unwrap_or(job.received_micros)) };
        self.decoded.push(Decoded { key, line, start, end });
        let derived = job.scheme.derivation.apply(block);
        block.commit(Row {
            minted_id,
            received_micros: job.received_micros,
            datastream: job.datastream,
            request_id: None,
            content_mac: key.content,
            derived,
            time_anomaly: job.times.judge(Source::File, time, job.received_micros).map(TimeAnomaly::as_str),
        });
    }

    /// A block with room.
    fn block(&mut self) -> usize {
        let full = self.used == 0 || self.blocks[self.used - 1].is_full();
        if full {
            if self.used == self.blocks.len() {
                self.blocks.push(self.context.job.scheme.block());
            }
            self.used += 1;
        }
        self.used - 1
    }

    fn too_long(&mut self, start: usize, stop: usize) {
        let bytes_max = xdm::limits::EVENT_BYTES_MAX;
        let violation = Violation {
            pointer: String::new(),
            schema: String::new(),
            keyword: "limit".to_owned(),
            message: format!("the line is longer than {bytes_max} bytes; send less in one event"),
        };
        // Kept as far as events go; the file has the rest.
        let stop = stop.min(start + bytes_max);
        self.broken.push(Broken {
            line: self.lines,
            start: start as u32,
            end: stop as u32,
            id: None,
            violations: vec![violation],
            omitted: 0,
        });
    }

    /// In the chunk's turn: which events are new, and the rejects, in the file's order.
    fn pass(&mut self, chunk: &Chunk) -> Result<(), LoadError> {
        self.keys.clear();
        self.keys.extend(self.decoded.iter().map(|decoded| decoded.key));
        let Worker { context, decoded, keys, broken, known, id_generator, content, lines, .. } = self;
        known.clear();
        let passed = context.sequencer.pass(chunk.number, |state: &mut InOrder| {
            context.job.look_up(&mut state.dedupe, keys)?;
            let legacy = |row: usize| {
                let Decoded { key, start, end, .. } = &decoded[row];
                context.job.scheme.keys.legacy_mac(key.id, legacy_hash(&chunk.bytes()[*start as usize..*end as usize]))
            };
            state.dedupe.admit_all(keys, legacy, |row, seen| {
                if seen != Seen::New {
                    known.push((row as u32, seen));
                }
            });
            state.rejects.begin_record();
            let summary = &mut state.summary;
            summary.read += (decoded.len() + broken.len()) as u64;
            summary.accepted += (decoded.len() - known.len()) as u64;
            summary.bytes += chunk.bytes().len() as u64;
            let mut rejects: Vec<Reject<'_>> = Vec::with_capacity(broken.len() + known.len());
            rejects.extend(broken.iter().map(Reject::Broken));
            rejects.extend(known.iter().map(|(row, seen)| Reject::Known(&decoded[*row as usize], *row, *seen)));
            rejects.sort_by_key(Reject::line);
            for reject in &rejects {
                reject.count(state);
                // These are in their table since a run that ended before the events' commit.
                if chunk.offset + u64::from(reject.start()) >= context.job.rejects_mark {
                    reject.keep(state, context.job, chunk, id_generator, content, &self.blocks[..self.used]);
                }
            }
            state.lines += u64::from(*lines);
            Ok::<_, LoadError>(state.overflow(context.job.reject_bytes_max))
        });
        // The worker that failed reports why.
        match passed.map_err(|Abandoned| LoadError::Stopped)?? {
            Some(rejects) => Ok(context.sequencer.write(rejects, &context.job.store.rejects)?),
            None => Ok(()),
        }
    }

    /// New events into this worker's files.
    fn encode(&mut self) -> Result<(), FilesError> {
        let mut first = 0u32;
        let mut known = self.known.iter().map(|(row, _)| *row).peekable();
        for block in &self.blocks[..self.used] {
            let end = first + block.rows() as u32;
            if known.peek().is_none_or(|row| *row >= end) {
                self.files.push(block)?;
            } else {
                self.rows.clear();
                for row in first..end {
                    match known.next_if_eq(&row) {
                        Some(_) => {}
                        None => self.rows.push(row - first),
                    }
                }
                self.files.push_rows(block, &mut self.rows)?;
            }
            first = end;
        }
        Ok(())
    }
}

fn files_error(error: FilesError) -> LoadError {
    match error {
        FilesError::Store(error) => LoadError::Store(error),
        FilesError::Encode(error) => LoadError::Encode(error),
        FilesError::Thread(source) => LoadError::Open(IntakeError::Threads(source)),
    }
}
