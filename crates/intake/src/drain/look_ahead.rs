//! Events of days that the index doesn't hold: are they in the table?
//!
//! Late events and a clock that was wrong lead here. A look reads the ids of whole days, so it
//! is not made for one event alone: all records that wait are read ahead, as far as one round
//! goes, and what is unsure in them is looked up at once.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use journal::Sequence;
use tokio::runtime::Handle;
use xdm::Verdict;

use super::Shared;
use super::isolate::guarded;
use crate::clock::day_of;
use crate::dedupe::{Key, LookUp};
use crate::error::IntakeError;
use crate::head::HeadSink;
use crate::identity::{Minter, Origin};
use crate::options::Reading;
use crate::record::Record;
use crate::request::{Bounds, walk};

/// Most bytes of records that one look reads ahead.
const AHEAD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Times that a look is tried, with a pause between.
const ATTEMPTS_MAX: u32 = 3;
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Looks up what is unsure in `record`, which has this sequence, and in those after it.
#[cold]
pub(super) fn look_ahead(shared: &Shared, runtime: &Handle, sequence: u64, record: &Record<'_>) {
    let mut keys = Vec::new();
    gather(shared, record, &mut keys);
    if let Ok(mut reader) = shared.log.reader(Sequence(sequence)) {
        let mut bytes = 0;
        // A record that can't be read is dealt with when it is its turn.
        while let Ok(Some((_, ahead))) = reader.next() {
            bytes += ahead.len();
            if bytes > AHEAD_BYTES_MAX {
                break;
            }
            if let Ok(record) = Record::decode(ahead) {
                let _ = guarded(|| gather(shared, &record, &mut keys));
            }
        }
    }
    let index = || shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(look) = index().look_up(&keys) else { return };
    match read(shared, runtime, &look) {
        Ok(()) => index().looked_up(look),
        Err(error) => {
            // Rather twice than not at all.
            tracing::error!(%error, "late events could not be looked up in the table; some may be stored twice");
            index().give_up(look);
        }
    }
}

fn read(shared: &Shared, runtime: &Handle, look: &LookUp) -> Result<(), IntakeError> {
    let mut attempt = 1;
    loop {
        let mut remember = |key: Key| shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner).remember(key);
        match runtime.block_on(shared.stores.look_up(look, &mut remember)) {
            Err(error) if attempt < ATTEMPTS_MAX => {
                tracing::warn!(%error, attempt, "a look into the table failed and is tried again");
                std::thread::sleep(RETRY_AFTER);
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Adds the unsure events of a record.
fn gather(shared: &Shared, record: &Record<'_>, keys: &mut Vec<Key>) {
    let set = shared.options.reading_of(record.datastream);
    let reading = Reading { plan: Arc::clone(&set.plan), profile: record.profile.unwrap_or(set.profile) };
    let mut checker = reading.checker().without_notices();
    let mut sink = HeadSink::new(&reading.plan);
    let mut minter = Minter::default();
    let Record { datastream, request_id, received_micros, .. } = *record;
    let _ = walk(
        &mut checker,
        record.layout,
        record.body,
        Bounds::admitted(record.event_bytes_max),
        &mut sink,
        |sink, _, event| {
            if event.verdict == Verdict::Valid {
                let id = match sink.id() {
                    // As it stands in its row.
                    Some(id) => shared.stores.keys.id(&shared.stores.shown(id)),
                    None => {
                        let index = event.index;
                        shared.stores.keys.id(minter.mint(Origin::Event { datastream, request_id, index }))
                    }
                };
                let key = Key { id, content: 0, day: day_of(sink.time().unwrap_or(received_micros)) };
                if shared.dedupe.lock().unwrap_or_else(PoisonError::into_inner).is_unsure(&key) {
                    keys.push(key);
                }
            }
            sink.clear();
            Ok(())
        },
    );
}
