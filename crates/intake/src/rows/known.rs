//! The index of known events, filled from the tables: at the start, and later for days that
//! it doesn't hold.

use table::{FileDays, Partition, Store, StoreError, StoredId};

use super::dedupe::keys::Keys;
use super::dedupe::look_up::LookUp;
use super::dedupe::{AHEAD_DAYS, Dedupe, Key};
use crate::day::day_of;

/// How much the index is to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexBounds {
    /// How many days back.
    pub(crate) days: u32,
    /// Room for so many events from the start.
    pub(crate) room: usize,
    /// Events of other days.
    pub(crate) outside_max: usize,
}

/// The index, from what the table holds: the days around now and before the newest event, so
/// that a clock that is wrong for once costs no more than time.
pub(crate) async fn known_events(
    store: &Store,
    keys: &Keys,
    now_micros: i64,
    bounds: IndexBounds,
) -> Result<Dedupe, StoreError> {
    let today = day_of(now_micros);
    let days = store.events.days();
    let newest = days.range(..=Partition(today)).next_back().map_or(today, |(day, _)| day.0);
    let window = Dedupe::new(bounds.days, newest, 0, 0).window();
    let held = |day: i32| (*window.start()..=today.saturating_add(AHEAD_DAYS)).contains(&day);
    let rows: u64 = days.iter().filter(|(day, _)| held(day.0)).map(|(_, rows)| rows).sum();
    let rows = usize::try_from(rows).unwrap_or(0);
    let mut index = Dedupe::new(bounds.days, today, rows.saturating_add(bounds.room), bounds.outside_max);
    for (day, rows) in days.iter().filter(|(day, _)| !held(day.0)) {
        index.miss(day.0, *rows);
    }
    let mut remember = |stored: StoredId<'_>| match held(stored.day.0) {
        true => index.remember(key_of(keys, &stored)),
        // In a file of no day.
        false => index.miss(stored.day.0, 1),
    };
    // Rows of other days that lie in files of no day have to be known of.
    let wanted = |days: FileDays| match days {
        FileDays::Of(day) => held(day.0),
        FileDays::Among(..) | FileDays::Any => true,
    };
    store.events.scan_ids(&wanted, &mut remember).await?;
    Ok(index)
}

/// Adds the rows of `rejects` to the index, so that an invalid event that is sent again is
/// known too. Their ids are ours and no event has one.
pub(crate) async fn remember_rejects(
    store: &Store,
    keys: &Keys,
    index: &mut Dedupe,
    dedupe_days: u32,
    now_micros: i64,
) -> Result<(), StoreError> {
    let today = day_of(now_micros);
    let newest = store.rejects.days().range(..=Partition(today)).next_back().map_or(today, |(day, _)| day.0);
    let since = newest.saturating_sub(i32::try_from(dedupe_days).unwrap_or(i32::MAX));
    let mut remember = |stored: StoredId<'_>| {
        index.remember(Key { content: 0, ..key_of(keys, &stored) });
    };
    let wanted = |days: FileDays| match days {
        FileDays::Of(day) | FileDays::Among(_, day) => day.0 >= since,
        FileDays::Any => true,
    };
    store.rejects.scan_ids(&wanted, &mut remember).await.map(drop)
}

/// Reads what must be known of events that the index is unsure of.
pub(crate) async fn look_up(
    store: &Store,
    keys: &Keys,
    look: &LookUp,
    remember: &mut (dyn FnMut(Key) + Send),
) -> Result<(), StoreError> {
    let mut note = |stored: StoredId<'_>| {
        let key = key_of(keys, &stored);
        if look.keeps(&key) {
            remember(key);
        }
    };
    let wanted = |days: FileDays| match days {
        FileDays::Of(day) => look.reads(day.0..=day.0),
        FileDays::Among(first, last) => look.reads(first.0..=last.0),
        FileDays::Any => true,
    };
    store.events.scan_ids(&wanted, &mut note).await.map(drop)
}

/// A row as the index sees it. Where nothing is known of its content, all others differ.
fn key_of(keys: &Keys, stored: &StoredId<'_>) -> Key {
    let id = keys.id(stored.id);
    let legacy = || stored.legacy_hash.map(|hash| keys.legacy_mac(id, hash));
    Key { id, content: stored.content_mac.or_else(legacy).unwrap_or(0), day: stored.day.0 }
}
