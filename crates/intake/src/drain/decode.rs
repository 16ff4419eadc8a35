//! One record of the journal becomes rows: events that are new go into the batch's
//! blocks, everything else into its quarantine.
//!
//! The same bytes give the same rows, whether it is the first time or a replay, so that
//! a commit that was cut short is completed by doing it again.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use table::{Block, Row};
use tokio::runtime::Handle;
use xdm::{Checker, ContentHash, Verdict, Violation, WithContent};

use crate::clock::day_of;
use crate::dedupe::{IdHash, Key, Seen, legacy_hash};
use crate::drain::batch::Batch;
use crate::drain::look_ahead::look_ahead;
use crate::drain::{Shared, Touched};
use crate::identity::{Minter, Origin};
use crate::options::Reading;
use crate::quarantine::{Broken, Quarantine, Reason, Source};
use crate::record::{Record, RecordError};
use crate::request::{Bounds, Event, walk};
use crate::time_anomaly::TimeAnomaly;

/// Turns records into rows.
pub(crate) struct Decoder {
    /// One for each way in which records were read.
    checkers: Vec<(Reading, Checker)>,
    content: ContentHash,
    minter: Minter,
    reject_minter: Minter,
    /// `None` on the side, where nothing is looked up.
    runtime: Option<Handle>,
    /// Empty blocks to be filled again.
    pub(crate) spare: Vec<Block>,
    /// Rejects of records up to this one are in their table already.
    pub(crate) rejects_mark: u64,
}

impl Decoder {
    pub(crate) fn new(shared: &Shared, runtime: Option<Handle>, rejects_mark: u64) -> Self {
        Decoder {
            checkers: Vec::new(),
            content: shared.stores.keys.content(shared.options.reading.plan.layout()),
            minter: Minter::default(),
            reject_minter: Minter::default(),
            runtime,
            spare: Vec::new(),
            rejects_mark,
        }
    }

    /// An empty block.
    pub(crate) fn block(&mut self, shared: &Shared) -> Block {
        self.spare.pop().unwrap_or_else(|| shared.stores.block())
    }

    /// Adds the rows of one record to the batch.
    pub(crate) fn decode(
        &mut self,
        shared: &Shared,
        sequence: u64,
        bytes: &[u8],
        batch: &mut Batch,
    ) -> Result<(), RecordError> {
        let record = Record::decode(bytes)?;
        let Batch { full, open, rejects, admitted, duplicates, conflicts, .. } = batch;
        rejects.begin_record();
        let set = shared.options.reading_of(record.datastream);
        let reading = Reading { plan: Arc::clone(&set.plan), profile: record.profile.unwrap_or(set.profile) };
        let Decoder { checkers, content, minter, reject_minter, runtime, spare, rejects_mark } = self;
        let checker = checker_of(checkers, reading);
        let mut desk = Desk {
            shared,
            request_id: record.request_id.given().map(|id| shared.stores.shown(id)),
            runtime: runtime.as_ref(),
            record,
            sequence,
            minter,
            reject_minter,
            rejects: (sequence > *rejects_mark).then_some(rejects),
            admitted,
            duplicates,
            conflicts,
        };
        let bounds = Bounds::admitted(record.event_bytes_max);
        let mut sinks = WithContent { content, sink: open };
        let read = walk(checker, record.layout, record.body, bounds, &mut sinks, |sinks, checker, event| {
            let open = &mut *sinks.sink;
            desk.settle(open, sinks.content, checker, &event);
            if open.is_full() {
                let next = spare.pop().unwrap_or_else(|| shared.stores.block());
                full.push((std::mem::replace(open, next), OnceCell::new()));
            }
            Ok(())
        });
        if let Err(error) = read {
            // It could be read when it was admitted, by another version or schema. What
            // was acknowledged is kept: the whole body, as one reject.
            open.rollback();
            let _ = content.take();
            desk.keep_body(error.code(), &error.to_string());
        }
        Ok(())
    }
}

fn checker_of(checkers: &mut Vec<(Reading, Checker)>, reading: Reading) -> &mut Checker {
    let place = checkers.iter().position(|(known, _)| known.is(&reading)).unwrap_or_else(|| {
        let checker = reading.checker().without_notices();
        checkers.push((reading, checker));
        checkers.len() - 1
    });
    &mut checkers[place].1
}

/// The events of one record.
struct Desk<'a> {
    shared: &'a Shared,
    runtime: Option<&'a Handle>,
    record: Record<'a>,
    /// As it stands in rows.
    request_id: Option<Cow<'a, str>>,
    sequence: u64,
    minter: &'a mut Minter,
    reject_minter: &'a mut Minter,
    /// `None` when this record's rejects are in their table already.
    rejects: Option<&'a mut Quarantine>,
    /// Of the batch: to be taken back if it is forgotten.
    admitted: &'a mut Vec<IdHash>,
    duplicates: &'a mut u64,
    conflicts: &'a mut u64,
}

impl Desk<'_> {
    /// Keeps the event that the block has received, or sends it to quarantine.
    fn settle(&mut self, block: &mut Block, content: &mut ContentHash, checker: &Checker, event: &Event<'_>) {
        if let Some(tripwire) = &self.shared.options.tripwire {
            tripwire(Touched::Event(event.bytes));
        }
        let said = content.take();
        if event.verdict == Verdict::Invalid {
            let broken = Broken { told: checker.violations(), omitted: checker.violations_omitted() };
            self.invalid(block.current_id(), content, broken, event);
            block.rollback();
            return;
        }
        let Record { datastream, request_id, received_micros, .. } = self.record;
        let minted = match block.current_id() {
            Some(_) => None,
            None => Some(self.minter.mint(Origin::Event { datastream, request_id, index: event.index }).to_owned()),
        };
        let id = minted.as_deref().or(block.current_id()).unwrap_or_default();
        let time = block.current_timestamp();
        let keys = &self.shared.stores.keys;
        let hash = keys.id(id);
        let key = Key { id: hash, content: keys.mac(hash, said), day: day_of(time.unwrap_or(received_micros)) };
        let (reason, counter, of_batch) = match self.admit(key, event.bytes) {
            Seen::New => {
                self.admitted.push(key.id);
                let derived = self.shared.stores.derivation.apply(block);
                let anomaly = self.shared.options.time_bounds().judge(time, received_micros);
                block.commit(Row {
                    minted_id: minted.as_deref(),
                    received_micros,
                    datastream,
                    request_id: self.request_id.as_deref(),
                    content_mac: key.content,
                    derived,
                    time_anomaly: anomaly.map(TimeAnomaly::as_str),
                });
                return;
            }
            Seen::Duplicate => (Reason::Duplicate, &self.shared.tally.duplicates, &mut *self.duplicates),
            Seen::Conflict => (Reason::Conflict, &self.shared.tally.conflicts, &mut *self.conflicts),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        *of_batch += 1;
        self.reject(event.index, Some(id), reason, event.bytes);
        block.rollback();
    }

    /// Asks the index, and before it the table where the index doesn't know.
    fn admit(&self, key: Key, event: &[u8]) -> Seen {
        let Shared { dedupe, stores, .. } = self.shared;
        let mut index = dedupe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = self.runtime
            && index.is_unsure(&key)
        {
            drop(index);
            look_ahead(self.shared, runtime, self.sequence, &self.record);
            index = dedupe.lock().unwrap_or_else(PoisonError::into_inner);
        }
        index.admit(key, || stores.keys.legacy_mac(key.id, legacy_hash(event)))
    }

    /// An invalid event of a request that came before with the same id and content is a
    /// duplicate, as a valid one is.
    fn invalid(&mut self, id: Option<&str>, content: &ContentHash, broken: Broken<'_>, event: &Event<'_>) {
        let Record { datastream, request_id, received_micros, .. } = self.record;
        let Some(request_id) = request_id.given() else {
            return self.reject(event.index, id, Reason::Invalid(broken), event.bytes);
        };
        let Shared { dedupe, stores, tally, .. } = self.shared;
        let origin = |content| Origin::RejectEvent { datastream, request_id, index: event.index, content };
        // The row that an early version would have made.
        let early = stores.keys.id(self.reject_minter.mint(origin(legacy_hash(event.bytes))));
        let origin = origin(stores.keys.text_mac(content.of_text(event.bytes)));
        let row = stores.keys.id(self.reject_minter.mint(origin));
        let key = Key { id: row, content: 0, day: day_of(received_micros) };
        let seen = {
            let mut index = dedupe.lock().unwrap_or_else(PoisonError::into_inner);
            if index.day(early).is_some() { Seen::Duplicate } else { index.admit(key, || 0) }
        };
        if seen == Seen::Duplicate {
            *self.duplicates += 1;
            tally.duplicates.fetch_add(1, Ordering::Relaxed);
            return self.reject(event.index, id, Reason::Duplicate, event.bytes);
        }
        self.admitted.push(key.id);
        self.reject_as(origin, event.index, id, Reason::Invalid(broken), event.bytes);
    }

    fn reject(&mut self, index: usize, event_id: Option<&str>, reason: Reason<'_>, payload: &[u8]) {
        let origin = Origin::Reject { sequence: self.sequence, index, datastream: self.record.datastream };
        self.reject_as(origin, index, event_id, reason, payload);
    }

    fn reject_as(
        &mut self,
        origin: Origin<'_>,
        index: usize,
        event_id: Option<&str>,
        reason: Reason<'_>,
        payload: &[u8],
    ) {
        let Some(rejects) = &mut self.rejects else { return };
        let Record { datastream, received_micros, .. } = self.record;
        let reject_id = self.reject_minter.mint(origin);
        let request_id = self.request_id.as_deref();
        let index = index as u64;
        let source = Source { reject_id, received_micros, datastream, request_id, event_id, index };
        rejects.push(source, reason, payload, &self.shared.stores.rejects_sealer);
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
        self.reject(usize::MAX, None, Reason::Unreadable(Broken { told: &[violation], omitted: 0 }), body);
    }
}
