//! One record of the journal becomes rows: events that are new go into the batch's
//! blocks, everything else among its rejects.
//!
//! The same bytes give the same rows, whether it is the first time or a replay, so that
//! a commit that was cut short is completed by doing it again.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use table::{Block, Row};
use xdm::{Checker, ContentHash, Verdict, Violation, WithContent};

use super::batch::Batch;
use super::context::DecodeContext;
use super::look_ahead::LookAhead;
use crate::day::day_of;
use crate::hooks::Touched;
use crate::policy::ValidationPolicy;
use crate::request::body::Source;
use crate::request::identity::{IdGenerator, Origin};
use crate::request::record::{Record, RecordError};
use crate::request::time_anomaly::TimeAnomaly;
use crate::request::walk::{Bounds, Event, walk};
use crate::rows::dedupe::keys::legacy_hash;
use crate::rows::dedupe::{IdHash, Key, Seen};
use crate::rows::rejects::{BrokenRules, RejectOrigin, RejectReason, RejectRows};

/// Turns records into rows.
pub(crate) struct Decoder {
    context: Arc<DecodeContext>,
    /// One for each way in which records were judged.
    checkers: Vec<(ValidationPolicy, Checker)>,
    content: ContentHash,
    id_generator: IdGenerator,
    reject_id_generator: IdGenerator,
    /// `None` on the side, where nothing is looked up.
    pub(super) look_ahead: Option<LookAhead>,
    /// Empty blocks to be filled again.
    pub(crate) spare: Vec<Block>,
    /// Rejects of records up to this one are in their table already.
    pub(crate) rejects_mark: u64,
}

impl Decoder {
    pub(crate) fn new(context: Arc<DecodeContext>, look_ahead: Option<LookAhead>, rejects_mark: u64) -> Self {
        let layout = context.policies.default.plan.layout();
        Decoder {
            checkers: Vec::new(),
            content: context.scheme.keys.content(layout),
            id_generator: IdGenerator::default(),
            reject_id_generator: IdGenerator::default(),
            look_ahead,
            spare: Vec::new(),
            rejects_mark,
            context,
        }
    }

    /// An empty block.
    pub(crate) fn block(&mut self) -> Block {
        self.spare.pop().unwrap_or_else(|| self.context.scheme.block())
    }

    /// Adds the rows of one record to the batch.
    pub(crate) fn decode(&mut self, sequence: u64, bytes: &[u8], batch: &mut Batch) -> Result<(), RecordError> {
        let record = Record::decode(bytes)?;
        let Batch { full, open, rejects, admitted, duplicates, conflicts, .. } = batch;
        rejects.begin_record();
        let Decoder { context, checkers, content, id_generator, reject_id_generator, look_ahead, spare, rejects_mark } =
            self;
        let context = &**context;
        let checker = checker_of(checkers, context.policies.of_record(record.datastream, record.profile));
        let mut events = RecordDecoder {
            context,
            request_id: match record.source {
                Source::Sender => record.request_id.given().map(|id| context.scheme.shown(id)),
                // As a file's rows are that no server took.
                Source::File => None,
            },
            look_ahead: look_ahead.as_ref(),
            record,
            sequence,
            id_generator,
            reject_id_generator,
            rejects: (sequence > *rejects_mark).then_some(rejects),
            admitted,
            duplicates,
            conflicts,
        };
        let bounds = Bounds::admitted(record.event_bytes_max);
        let mut sinks = WithContent { content, sink: open };
        let read = walk(checker, record.framing, record.body, bounds, &mut sinks, |sinks, checker, event| {
            let open = &mut *sinks.sink;
            events.settle(open, sinks.content, checker, &event);
            if open.is_full() {
                let next = spare.pop().unwrap_or_else(|| context.scheme.block());
                full.push((std::mem::replace(open, next), OnceCell::new()));
            }
            Ok(())
        });
        if let Err(error) = read {
            // It could be read when it was admitted, by another version or schema. What
            // was acknowledged is kept: the whole body, as one reject.
            open.rollback();
            let _ = content.take();
            events.keep_body(error.code(), &error.to_string());
        }
        Ok(())
    }
}

fn checker_of(checkers: &mut Vec<(ValidationPolicy, Checker)>, policy: ValidationPolicy) -> &mut Checker {
    let place = checkers.iter().position(|(known, _)| known.is(&policy)).unwrap_or_else(|| {
        let checker = policy.checker().without_notices();
        checkers.push((policy, checker));
        checkers.len() - 1
    });
    &mut checkers[place].1
}

/// Decodes the events of one record.
struct RecordDecoder<'a> {
    context: &'a DecodeContext,
    look_ahead: Option<&'a LookAhead>,
    record: Record<'a>,
    /// As it stands in rows.
    request_id: Option<Cow<'a, str>>,
    sequence: u64,
    id_generator: &'a mut IdGenerator,
    reject_id_generator: &'a mut IdGenerator,
    /// `None` when this record's rejects are in their table already.
    rejects: Option<&'a mut RejectRows>,
    /// Of the batch: to be taken back if it is forgotten.
    admitted: &'a mut Vec<IdHash>,
    duplicates: &'a mut u64,
    conflicts: &'a mut u64,
}

impl RecordDecoder<'_> {
    /// Keeps the event that the block has received, or makes a reject of it.
    fn settle(&mut self, block: &mut Block, content: &mut ContentHash, checker: &Checker, event: &Event<'_>) {
        self.context.touch(Touched::Event(event.bytes));
        let said = content.take();
        if event.verdict == Verdict::Invalid {
            let broken = BrokenRules { listed: checker.violations(), omitted: checker.violations_omitted() };
            self.invalid(block.current_id(), content, broken, event);
            block.rollback();
            return;
        }
        let Record { datastream, request_id, source, received_micros, .. } = self.record;
        let minted = match block.current_id() {
            Some(_) => None,
            None => Some(
                self.id_generator.generate(Origin::Event { datastream, request_id, index: event.index }).to_owned(),
            ),
        };
        let id = minted.as_deref().or(block.current_id()).unwrap_or_default();
        let time = block.current_timestamp();
        let keys = &self.context.scheme.keys;
        let hash = keys.id(id);
        let key = Key { id: hash, content: keys.mac(hash, said), day: day_of(time.unwrap_or(received_micros)) };
        let (reason, counter, of_batch) = match self.admit(key, event.bytes) {
            Seen::New => {
                self.admitted.push(key.id);
                let derived = self.context.scheme.derivation.apply(block);
                let anomaly = self.context.times.judge(source, time, received_micros);
                block.commit(Row {
                    minted_id: minted.as_deref(),
                    received_micros,
                    datastream,
                    request_id: self.request_id.as_deref().or(unnamed(source)),
                    content_mac: key.content,
                    derived,
                    time_anomaly: anomaly.map(TimeAnomaly::as_str),
                });
                return;
            }
            Seen::Duplicate => (RejectReason::Duplicate, &self.context.tally.duplicates, &mut *self.duplicates),
            Seen::Conflict => (RejectReason::Conflict, &self.context.tally.conflicts, &mut *self.conflicts),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        *of_batch += 1;
        self.reject(event.index, Some(id), reason, event.bytes);
        block.rollback();
    }

    /// Asks the index, and before it the table where the index doesn't know.
    fn admit(&self, key: Key, event: &[u8]) -> Seen {
        let mut index = self.context.index();
        if let Some(look_ahead) = self.look_ahead
            && index.is_unsure(&key)
        {
            drop(index);
            look_ahead.look_up(self.context, self.sequence, &self.record);
            index = self.context.index();
        }
        index.admit(key, || self.context.scheme.keys.legacy_mac(key.id, legacy_hash(event)))
    }

    /// An invalid event of a request that came before with the same id and content is a
    /// duplicate, as a valid one is.
    fn invalid(&mut self, id: Option<&str>, content: &ContentHash, broken: BrokenRules<'_>, event: &Event<'_>) {
        let Record { datastream, request_id, received_micros, .. } = self.record;
        let Some(request_id) = request_id.given() else {
            return self.reject(event.index, id, RejectReason::Invalid(broken), event.bytes);
        };
        let DecodeContext { scheme, tally, .. } = self.context;
        let origin = |content| Origin::RejectEvent { datastream, request_id, index: event.index, content };
        // The row that an early version would have made.
        let early = scheme.keys.id(self.reject_id_generator.generate(origin(legacy_hash(event.bytes))));
        let origin = origin(scheme.keys.text_mac(content.of_text(event.bytes)));
        let row = scheme.keys.id(self.reject_id_generator.generate(origin));
        let key = Key { id: row, content: 0, day: day_of(received_micros) };
        let seen = {
            let mut index = self.context.index();
            if index.day(early).is_some() { Seen::Duplicate } else { index.admit(key, || 0) }
        };
        if seen == Seen::Duplicate {
            *self.duplicates += 1;
            tally.duplicates.fetch_add(1, Ordering::Relaxed);
            return self.reject(event.index, id, RejectReason::Duplicate, event.bytes);
        }
        self.admitted.push(key.id);
        self.reject_as(origin, event.index, id, RejectReason::Invalid(broken), event.bytes);
    }

    fn reject(&mut self, index: usize, event_id: Option<&str>, reason: RejectReason<'_>, payload: &[u8]) {
        let origin = Origin::Reject { sequence: self.sequence, index, datastream: self.record.datastream };
        self.reject_as(origin, index, event_id, reason, payload);
    }

    fn reject_as(
        &mut self,
        origin: Origin<'_>,
        index: usize,
        event_id: Option<&str>,
        reason: RejectReason<'_>,
        payload: &[u8],
    ) {
        let Some(rejects) = &mut self.rejects else { return };
        let Record { datastream, source, received_micros, .. } = self.record;
        let reject_id = self.reject_id_generator.generate(origin);
        let request_id = self.request_id.as_deref().or(unnamed(source));
        let index = index as u64;
        let source = RejectOrigin { reject_id, received_micros, datastream, request_id, event_id, index };
        rejects.push(source, reason, payload, &self.context.scheme.rejects_sealer);
    }

    fn keep_body(&mut self, keyword: &str, message: &str) {
        let violation = Violation {
            pointer: String::new(),
            schema: String::new(),
            keyword: keyword.to_owned(),
            message: message.to_owned(),
        };
        let body = self.record.body;
        // Beyond every event's index, so that the row's id is its own.
        self.reject(usize::MAX, None, RejectReason::Unreadable(BrokenRules { listed: &[violation], omitted: 0 }), body);
    }
}

/// What stands for the name of a request that has none. Whether an event came by a request at all decides whether it can
/// be late, now and when it is tried again after it was rejected.
fn unnamed(source: Source) -> Option<&'static str> {
    (source == Source::Sender).then_some("")
}
