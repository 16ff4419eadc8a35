//! Events of days that the index doesn't hold: are they in the table?
//!
//! Late events and a clock that was wrong lead here. A look reads the ids of whole days, so it
//! is not made for one event alone: all records that wait are read ahead, as far as one round
//! goes, and what is unsure in them is looked up at once.

use std::sync::Arc;
use std::time::Duration;

use journal::{Log, Sequence};
use table::{Store, StoreError};
use tokio::runtime::Handle;
use xdm::Verdict;

use super::context::DecodeContext;
use super::fault::guarded;
use crate::day::day_of;
use crate::request::head::HeadSink;
use crate::request::identity::{IdGenerator, Origin};
use crate::request::record::Record;
use crate::request::walk::{Bounds, walk};
use crate::rows::dedupe::Key;
use crate::rows::dedupe::look_up::LookUp;
use crate::rows::known;

/// Most bytes of records that one look reads ahead.
const AHEAD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Times that a look is tried, with a pause between.
const ATTEMPTS_MAX: u32 = 3;
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Where to look: what comes next in the log, and what the table has.
#[derive(Clone)]
pub(crate) struct LookAhead {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Store,
    pub(crate) runtime: Handle,
}

impl LookAhead {
    /// Looks up what is unsure in `record`, which has this sequence, and in those after it.
    #[cold]
    pub(crate) fn look_up(&self, context: &DecodeContext, sequence: u64, record: &Record<'_>) {
        let mut keys = Vec::new();
        gather(context, record, &mut keys);
        if let Ok(mut reader) = self.log.reader(Sequence(sequence)) {
            let mut bytes = 0;
            // A record that can't be read is dealt with when it is its turn.
            while let Ok(Some((_, ahead))) = reader.next() {
                bytes += ahead.len();
                if bytes > AHEAD_BYTES_MAX {
                    break;
                }
                if let Ok(record) = Record::decode(ahead) {
                    let _ = guarded(|| gather(context, &record, &mut keys));
                }
            }
        }
        let Some(look) = context.index().look_up(&keys) else { return };
        match self.read(context, &look) {
            Ok(()) => context.index().looked_up(look),
            Err(error) => {
                // Rather twice than not at all.
                tracing::error!(%error, "late events could not be looked up in the table; some may be stored twice");
                context.index().give_up(look);
            }
        }
    }

    fn read(&self, context: &DecodeContext, look: &LookUp) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            let mut remember = |key: Key| context.index().remember(key);
            let reading = known::look_up(&self.store, &context.scheme.keys, look, &mut remember);
            match self.runtime.block_on(reading) {
                Err(error) if attempt < ATTEMPTS_MAX => {
                    tracing::warn!(%error, attempt, "a look into the table failed and is tried again");
                    std::thread::sleep(RETRY_AFTER);
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Adds the unsure events of a record.
fn gather(context: &DecodeContext, record: &Record<'_>, keys: &mut Vec<Key>) {
    let policy = context.policies.of_record(record.datastream, record.profile);
    let mut checker = policy.checker().without_notices();
    let mut sink = HeadSink::new(&policy.plan);
    let mut id_generator = IdGenerator::default();
    let hashes = &context.scheme.keys;
    let Record { datastream, request_id, received_micros, .. } = *record;
    let _ = walk(
        &mut checker,
        record.framing,
        record.body,
        Bounds::admitted(record.event_bytes_max),
        &mut sink,
        |sink, _, event| {
            if event.verdict == Verdict::Valid {
                let id = match sink.id() {
                    // As it is in its row.
                    Some(id) => hashes.id(&context.scheme.shown(id)),
                    None => {
                        let index = event.index;
                        hashes.id(id_generator.generate(Origin::Event { datastream, request_id, index }))
                    }
                };
                let key = Key { id, content: 0, day: day_of(sink.time().unwrap_or(received_micros)) };
                if context.index().is_unsure(&key) {
                    keys.push(key);
                }
            }
            sink.clear();
            Ok(())
        },
    );
}
