//! What a data directory holds beside the journal: the key, the two tables, and the
//! index of known events. The pipeline and the bulk load open it in the same way.
//!
//! One process works on a data directory at a time: the index of known events lives in
//! memory, and two of them would let the same event in twice.

use std::borrow::Cow;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use table::{Block, FileDays, Partition, Root, Seal, Shape, Store, StoreOptions, StoredId};
use vault::{Key as VaultKey, Pseudonyms, Sealer};

use crate::clock::{Clock, day_of};
use crate::dedupe::{AHEAD_DAYS, Dedupe, Key, Keys, LookUp};
use crate::derive::Derivation;
use crate::directory::make_data_dir;
use crate::error::IntakeError;
use crate::keycheck;
use crate::options::IntakeOptions;

/// Whoever holds its lock works on the data directory.
const LOCK_FILE: &str = "intake.lock";

/// Purposes of keys. Changing one makes what was sealed for it unreadable.
pub(crate) const PURPOSE_JOURNAL: &str = "journal";
pub(crate) const PURPOSE_EVENTS: &str = "events";
pub(crate) const PURPOSE_REJECTS: &str = "rejects";
const PURPOSE_VISITOR: &str = "visitor";
const PURPOSE_DEVICE: &str = "device";
const PURPOSE_QUARANTINE: &str = "quarantine";
const PURPOSE_PERSON: &str = "person";

/// The vault as the table wants it.
struct EventSeal {
    sealer: Sealer,
    pseudonyms: Pseudonyms,
}

impl Seal for EventSeal {
    fn seal(&self, context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        self.sealer.seal(context, plain, out);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        self.pseudonyms.append(value, out);
    }
}

/// The opened stores of one data directory.
pub(crate) struct Stores {
    pub(crate) store: Store,
    pub(crate) shape: Arc<Shape>,
    pub(crate) rejects_sealer: Sealer,
    pub(crate) keys: Keys,
    pub(crate) derivation: Derivation,
    seal: Arc<dyn Seal>,
    key: VaultKey,
    lock: Mutex<Option<File>>,
}

/// What opening found and mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Opened {
    /// Records of the journal that were not in the tables yet and are now visible.
    pub replayed_records: u64,
    /// Events that the index of known events holds.
    pub known_events: u64,
    /// What was mended, a sentence each.
    pub repairs: Vec<String>,
    /// What is missing or can't be read, and is served without, a sentence each.
    pub damage: Vec<String>,
}

impl Stores {
    pub(crate) async fn open(options: &IntakeOptions, clock: &Arc<dyn Clock>) -> Result<(Stores, Opened), IntakeError> {
        let data = options.data.as_path();
        let failed = |action| move |source: io::Error| IntakeError::Io { action, path: data.to_owned(), source };
        make_data_dir(data).map_err(failed("create"))?;
        let lock = lock(data)?;
        let key = open_key(options)?;
        let layout = options.reading.plan.layout();
        if let Some((datastream, _)) = options.readings.iter().find(|(_, r)| !Arc::ptr_eq(r.plan.layout(), layout)) {
            return Err(IntakeError::Layout(datastream.clone()));
        }
        let shape = Arc::new(Shape::new(Arc::clone(layout))?);
        let millis = {
            let clock = Arc::clone(clock);
            Arc::new(move || clock.now_micros().div_euclid(1000))
        };
        let keys = Keys::new(&key);
        let key_hash = {
            let keys = keys.clone();
            Some(Arc::new(move |id: &str, hash| keys.legacy_mac(keys.id(id), hash)) as table::KeyHash)
        };
        let store = StoreOptions::new(options.tables.clone(), shape.arrow_schema(), millis);
        let store = Store::open(StoreOptions { key_hash, ..store }).await?;
        let repairs = store.opened.repaired.iter().map(|mended| {
            format!(
                "table {}: version {} was damaged ({}) and is set aside as {}; its rows come again from the journal, or by loading their file again",
                mended.table, mended.version, mended.what, mended.kept_as
            )
        });
        let repairs = repairs.collect();
        let damage = store.damaged().iter().map(ToString::to_string).collect();
        let opened = Opened { repairs, damage, ..Opened::default() };
        let stores = Stores {
            store,
            shape,
            rejects_sealer: Sealer::new(&key, PURPOSE_REJECTS),
            keys,
            derivation: Derivation::new(&options.link_rules, layout)?,
            seal: Arc::new(EventSeal {
                sealer: Sealer::new(&key, PURPOSE_EVENTS),
                pseudonyms: Pseudonyms::new(&key, PURPOSE_PERSON),
            }),
            key,
            lock: Mutex::new(Some(lock)),
        };
        Ok((stores, opened))
    }

    /// An empty block for events of these stores.
    pub(crate) fn block(&self) -> Block {
        Block::new(Arc::clone(&self.shape), Arc::clone(&self.seal))
    }

    /// An identifier as it stands in rows: a pseudonym if it is an address or a number.
    pub(crate) fn shown<'t>(&self, id: &'t str) -> Cow<'t, str> {
        if !xdm::looks_personal(id) {
            return Cow::Borrowed(id);
        }
        let mut pseudonym = Vec::new();
        self.seal.pseudonym(xdm::normal_form(id).as_bytes(), &mut pseudonym);
        Cow::Owned(String::from_utf8(pseudonym).unwrap_or_default())
    }

    /// Gives the data directory up, although these stores may still be read.
    pub(crate) fn unlock(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(crate) fn visitor_bits(&self, datastream: &str, request_id: &str) -> [u8; 16] {
        let derived = self.key.derive(&format!("{PURPOSE_VISITOR}\0{datastream}\0{request_id}"));
        std::array::from_fn(|place| derived[place])
    }

    pub(crate) fn device_bits(&self, org_id: &str, device_id: &str) -> [u8; 16] {
        let derived = self.key.derive(&format!("{PURPOSE_DEVICE}\0{org_id}\0{device_id}"));
        std::array::from_fn(|place| derived[place])
    }

    pub(crate) fn quarantine_sealer(&self) -> Sealer {
        Sealer::new(&self.key, PURPOSE_QUARANTINE)
    }

    pub(crate) fn journal_key(&self) -> journal::MasterKey {
        journal::MasterKey::new(self.key.derive(PURPOSE_JOURNAL))
    }

    /// The index of known events, from what the table holds: the days around now and before
    /// the newest event, so that a clock that is wrong for once costs no more than time.
    pub(crate) async fn known_events(
        &self,
        dedupe_days: u32,
        now_micros: i64,
        room: usize,
        outside_max: usize,
    ) -> Result<Dedupe, IntakeError> {
        let today = day_of(now_micros);
        let days = self.store.events.days();
        let newest = days.range(..=Partition(today)).next_back().map_or(today, |(day, _)| day.0);
        let window = Dedupe::new(dedupe_days, newest, 0, 0).window();
        let held = |day: i32| (*window.start()..=today.saturating_add(AHEAD_DAYS)).contains(&day);
        let rows: u64 = days.iter().filter(|(day, _)| held(day.0)).map(|(_, rows)| rows).sum();
        let rows = usize::try_from(rows).unwrap_or(0);
        let mut index = Dedupe::new(dedupe_days, today, rows.saturating_add(room), outside_max);
        for (day, rows) in days.iter().filter(|(day, _)| !held(day.0)) {
            index.miss(day.0, *rows);
        }
        let mut remember = |stored: StoredId<'_>| match held(stored.day.0) {
            true => index.remember(self.key_of(&stored)),
            // In a file of no day.
            false => index.miss(stored.day.0, 1),
        };
        // Rows of other days that lie in files of no day have to be known of.
        let wanted = |days: FileDays| match days {
            FileDays::Of(day) => held(day.0),
            FileDays::Among(..) | FileDays::Any => true,
        };
        self.store.events.scan_ids(&wanted, &mut remember).await?;
        Ok(index)
    }

    /// Adds the rows of `rejects` to the index, so that an invalid event that is sent again
    /// is known too. Their ids are ours and no event has one.
    pub(crate) async fn remember_rejects(
        &self,
        index: &mut Dedupe,
        dedupe_days: u32,
        now_micros: i64,
    ) -> Result<(), IntakeError> {
        let today = day_of(now_micros);
        let newest = self.store.rejects.days().range(..=Partition(today)).next_back().map_or(today, |(day, _)| day.0);
        let since = newest.saturating_sub(i32::try_from(dedupe_days).unwrap_or(i32::MAX));
        let mut remember = |stored: StoredId<'_>| {
            index.remember(Key { content: 0, ..self.key_of(&stored) });
        };
        let wanted = |days: FileDays| match days {
            FileDays::Of(day) | FileDays::Among(_, day) => day.0 >= since,
            FileDays::Any => true,
        };
        self.store.rejects.scan_ids(&wanted, &mut remember).await?;
        Ok(())
    }

    /// Reads what must be known of events that the index is unsure of.
    pub(crate) async fn look_up(
        &self,
        look: &LookUp,
        remember: &mut (dyn FnMut(Key) + Send),
    ) -> Result<(), IntakeError> {
        let mut note = |stored: StoredId<'_>| {
            let key = self.key_of(&stored);
            if look.keeps(&key) {
                remember(key);
            }
        };
        let wanted = |days: FileDays| match days {
            FileDays::Of(day) => look.reads(day.0..=day.0),
            FileDays::Among(first, last) => look.reads(first.0..=last.0),
            FileDays::Any => true,
        };
        self.store.events.scan_ids(&wanted, &mut note).await?;
        Ok(())
    }

    /// A row as the index sees it. Where nothing is known of its content, all others differ.
    fn key_of(&self, stored: &StoredId<'_>) -> Key {
        let id = self.keys.id(stored.id);
        let legacy = || stored.legacy_hash.map(|hash| self.keys.legacy_mac(id, hash));
        Key { id, content: stored.content_mac.or_else(legacy).unwrap_or(0), day: stored.day.0 }
    }
}

/// Takes the data directory for the life of the returned file.
fn lock(data: &Path) -> Result<File, IntakeError> {
    let path = data.join(LOCK_FILE);
    let failed = |action| {
        let path = path.clone();
        move |source: io::Error| IntakeError::Io { action, path, source }
    };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed("create"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(IntakeError::InUse(data.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed("lock")(error)),
    }
}

/// Reads the key. One is made only where nothing can have been sealed before.
fn open_key(options: &IntakeOptions) -> Result<VaultKey, IntakeError> {
    let used = |name: &str| fs::read_dir(options.data.join(name)).is_ok_and(|mut dir| dir.next().is_some());
    let local_tables = match &options.tables {
        Root::Dir(dir) => fs::read_dir(dir).is_ok_and(|mut dir| dir.next().is_some()),
        Root::Url { .. } | Root::Store { .. } => false,
    };
    if !options.key_file.exists() && (used("journal") || local_tables) {
        return Err(IntakeError::KeyMissing(options.key_file.clone()));
    }
    let key = VaultKey::load_or_create(&options.key_file)?;
    keycheck::check(options, &key)?;
    Ok(key)
}
