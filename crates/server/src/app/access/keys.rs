//! The keys as a running server knows them.
//!
//! The key file is looked at once a second, and once more when a key comes that isn't
//! known: a new key works at once, a revoked one a second later at most. Requests without
//! a key never get here.
//!
//! Once keys were demanded they are until the server is started anew: that the file is
//! gone is more likely an accident than a wish to be open.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::digest::Digest;
use super::file::document::Entry;
use super::file::{KeyFile, KeyFileError, Stamp, used};
use super::key::Key;
use super::principal::Principal;
use super::refusal::Refused;
use super::scope::{Access, Scope};
use super::token::{self, LOCAL_ID, Token};

/// How often the key file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon it is looked at again because of a key that isn't known: a stranger's made-up
/// keys cost a look at the directory, and no more of them than this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);
/// How often the last uses are written, at most.
const USED_EVERY: Duration = Duration::from_secs(30);

/// The secret by which commands of this machine ask their server. It lives as long as the
/// server, in a file that only the server's user can read.
pub struct LocalKey(String);

impl LocalKey {
    /// A new one.
    ///
    /// # Errors
    /// The system's random source failed.
    pub fn new() -> Result<LocalKey, KeyFileError> {
        token::secret().map(LocalKey).map_err(|_| KeyFileError::Random)
    }

    /// As it is sent.
    pub fn token(&self) -> String {
        Token { scope: Scope::Admin, id: LOCAL_ID, secret: &self.0 }.text()
    }
}

/// The keys of one data directory; without one there are none. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Keys(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    file: KeyFile,
    local: Option<Digest>,
    current: RwLock<Arc<KeySet>>,
    /// Whether keys are demanded because there are some, or were.
    demanded: AtomicBool,
    opened: Instant,
    /// Milliseconds from the opening to the last look.
    looked_ms: AtomicU64,
    /// What stood there at that look.
    seen: Mutex<Seen>,
}

/// What is known of the file.
#[derive(Debug, Default)]
struct Seen {
    stamp: Option<Stamp>,
    /// What was said about it last.
    complaint: Option<String>,
}

/// The keys of one version of the file.
#[derive(Debug)]
enum KeySet {
    Keys(HashMap<String, Arc<Key>>),
    /// Nobody knows which there are.
    Unreadable,
}

impl Keys {
    /// Reads the keys of a data directory.
    ///
    /// # Errors
    /// The key file is there and can't be used.
    pub fn open(directory: &Path, local: Option<&LocalKey>) -> Result<Keys, KeyFileError> {
        let file = KeyFile::of(directory);
        let read = file.read()?;
        let last_uses = used::read(directory);
        let demanded = read.is_some();
        let (keys, stamp) = match read {
            Some((document, stamp)) => (known(document.keys, |id| last_uses.get(id).copied()), Some(stamp)),
            None => (HashMap::new(), None),
        };
        Ok(Keys(Some(Arc::new(Shared {
            file,
            local: local.map(|LocalKey(secret)| Digest::of(secret)),
            current: RwLock::new(Arc::new(KeySet::Keys(keys))),
            demanded: AtomicBool::new(demanded),
            opened: Instant::now(),
            looked_ms: AtomicU64::new(0),
            seen: Mutex::new(Seen { stamp, complaint: None }),
        }))))
    }

    /// Whether there are keys, or were. How many can be used makes no difference: who has
    /// revoked the last one didn't mean to open the server.
    pub fn demanded(&self) -> bool {
        let Some(shared) = &self.0 else { return false };
        shared.look(LOOK_EVERY);
        shared.demanded.load(Ordering::Relaxed)
    }

    /// Whose key this is.
    pub(crate) fn principal(&self, text: &str, now_s: i64) -> Result<Principal, Refused> {
        let (Some(shared), Some(token)) = (&self.0, Token::parse(text)) else { return Err(Refused::Unknown) };
        let digest = Digest::of(token.secret);
        if token.id == LOCAL_ID {
            let is_local = token.scope == Scope::Admin && shared.local.is_some_and(|local| local.is(&digest));
            return if is_local { Ok(Principal::Local) } else { Err(Refused::Unknown) };
        }
        shared.look(LOOK_EVERY);
        let key = match shared.find(&token, &digest) {
            Err(Refused::Unknown) => {
                shared.look(LOOK_AGAIN_AFTER);
                shared.find(&token, &digest)?
            }
            found => found?,
        };
        usable(key, now_s)
    }

    /// The key of this id, for somebody who will prove that he knows it.
    pub(crate) fn named(&self, id: &str) -> Option<Arc<Key>> {
        let shared = self.0.as_ref().filter(|_| token::is_id(id))?;
        let find = || match &*shared.key_set() {
            KeySet::Unreadable => None,
            KeySet::Keys(keys) => keys.get(id).cloned(),
        };
        shared.look(LOOK_EVERY);
        find().or_else(|| {
            shared.look(LOOK_AGAIN_AFTER);
            find()
        })
    }

    /// Whose key this is, of which somebody has proven that he knows it.
    pub(crate) fn proven(&self, key: &Arc<Key>, now_s: i64) -> Result<Principal, Refused> {
        let Some(now) = self.named(&key.id).filter(|now| now.digest.is(&key.digest)) else {
            return Err(Refused::Unknown);
        };
        usable(now, now_s)
    }

    /// Whether a key that was good is so still.
    pub(crate) fn still_holds(&self, key: &Key, now_s: i64) -> bool {
        let Some(shared) = &self.0 else { return false };
        shared.look(LOOK_EVERY);
        match &*shared.key_set() {
            KeySet::Unreadable => false,
            KeySet::Keys(keys) => keys.get(&key.id).is_some_and(|now| {
                now.digest.is(&key.digest) && !now.is_revoked && !now.has_expired(now_s) && now.scope == key.scope
            }),
        }
    }

    /// Whether the key of this id may read everything now.
    pub(crate) fn id_reads(&self, id: &str, now_s: i64) -> bool {
        let Some(shared) = &self.0 else { return false };
        shared.look(LOOK_EVERY);
        match &*shared.key_set() {
            KeySet::Unreadable => false,
            KeySet::Keys(keys) => keys.get(id).is_some_and(|key| {
                let holds = !key.is_revoked && !key.has_expired(now_s);
                holds && key.scope.permits(Access::Read) && key.datastream.is_none()
            }),
        }
    }

    /// Looks at the file and writes down the last uses, for ever.
    pub(crate) async fn keep_fresh(&self) -> Infallible {
        let Some(shared) = &self.0 else { return std::future::pending().await };
        let mut written = shared.used();
        let mut since = USED_EVERY;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            shared.look(LOOK_EVERY / 2);
            since += LOOK_EVERY;
            let used = shared.used();
            if since >= USED_EVERY && used != written {
                let shared = Arc::clone(shared);
                let copy = used.clone();
                // It waits for the disk.
                drop(tokio::task::spawn_blocking(move || shared.write_used(&copy)).await);
                (written, since) = (used, Duration::ZERO);
            }
        }
    }

    /// Writes down the last uses, at the end.
    pub(crate) fn close(&self) {
        if let Some(shared) = &self.0 {
            let used = shared.used();
            if !used.is_empty() && used != used::read(shared.file.directory()) {
                shared.write_used(&used);
            }
        }
    }
}

impl Shared {
    fn key_set(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, token: &Token<'_>, digest: &Digest) -> Result<Arc<Key>, Refused> {
        match &*self.key_set() {
            KeySet::Unreadable => Err(Refused::Unreadable),
            KeySet::Keys(keys) => {
                let key = keys.get(token.id).filter(|key| key.digest.is(digest) && key.scope == token.scope);
                key.cloned().ok_or(Refused::Unknown)
            }
        }
    }

    /// Takes a new version of the file over, if the last look is so long ago.
    fn look(&self, after: Duration) {
        let now_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        let is_due = |last: u64| (now_ms >= last.saturating_add(after_ms)).then_some(now_ms);
        if self.looked_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok() {
            self.take_over();
        }
    }

    fn take_over(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // One that couldn't be read is tried again: the reason may have passed.
        if seen.complaint.is_none() && self.file.stamp().is_ok_and(|stamp| stamp == seen.stamp) {
            return;
        }
        let (keys, stamp, complaint) = match self.file.read() {
            Ok(Some((document, stamp))) => {
                let before = self.key_set();
                let used = |id: &str| match &*before {
                    KeySet::Keys(keys) => keys.get(id).map(|key| key.used_s()),
                    KeySet::Unreadable => None,
                };
                self.demanded.store(true, Ordering::Relaxed);
                (KeySet::Keys(known(document.keys, used)), Some(stamp), None)
            }
            Ok(None) => (KeySet::Keys(HashMap::new()), None, None),
            Err(error) => {
                self.demanded.store(true, Ordering::Relaxed);
                (KeySet::Unreadable, None, Some(error.to_string()))
            }
        };
        match &complaint {
            Some(error) if complaint != seen.complaint => {
                tracing::error!(error, "no key is taken until the key file can be read");
            }
            Some(_) => {}
            None if stamp.is_some() => tracing::info!("the keys have changed; keys are demanded"),
            None => tracing::warn!("the key file is gone; keys are demanded until the server is started anew"),
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        *seen = Seen { stamp, complaint };
    }

    fn used(&self) -> std::collections::BTreeMap<String, i64> {
        match &*self.key_set() {
            KeySet::Unreadable => Default::default(),
            KeySet::Keys(keys) => {
                keys.values().filter(|key| key.used_s() > 0).map(|key| (key.id.clone(), key.used_s())).collect()
            }
        }
    }

    fn write_used(&self, last_uses: &used::Used) {
        if let Err(error) = used::write(self.file.directory(), last_uses) {
            tracing::warn!(%error, "when keys were last used could not be written down");
        }
    }
}

/// A key as its holder, if it may be used.
fn usable(key: Arc<Key>, now_s: i64) -> Result<Principal, Refused> {
    if key.is_revoked {
        return Err(Refused::Revoked);
    }
    if key.has_expired(now_s) {
        return Err(Refused::Expired);
    }
    key.touch(now_s);
    Ok(Principal::Key(key))
}

fn known(entries: Vec<Entry>, used_s: impl Fn(&str) -> Option<i64>) -> HashMap<String, Arc<Key>> {
    let keys = entries.into_iter().filter_map(Entry::key);
    keys.map(|key| {
        key.touch(used_s(&key.id).unwrap_or(0));
        (key.id.clone(), Arc::new(key))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::access::file::{KEY_FILE, Listed, NewKey};

    const NOW_S: i64 = 1_795_356_436;

    fn new(scope: Scope) -> NewKey {
        NewKey { scope, name: "n".to_owned(), datastream: None, expires_s: Some(NOW_S + 60) }
    }

    fn refused(keys: &Keys, token: &str, now_s: i64) -> Option<Refused> {
        keys.principal(token, now_s).err()
    }

    /// Looks without waiting for the time to do so.
    fn look(keys: &Keys) {
        keys.0.as_ref().expect("a directory").take_over();
    }

    #[test]
    fn a_key_works_from_its_making_to_its_end() {
        let place = tempfile::tempdir().expect("a directory");
        let file = KeyFile::of(place.path());
        let keys = Keys::open(place.path(), None).expect("none yet");
        assert!(!keys.demanded());
        let made = file.make(&new(Scope::Read), NOW_S).expect("made");
        look(&keys);
        assert!(keys.demanded());
        let Ok(Principal::Key(key)) = keys.principal(&made.token, NOW_S) else { panic!("it is good") };
        assert_eq!((key.id.as_str(), key.used_s()), (made.id.as_str(), NOW_S));
        assert!(keys.still_holds(&key, NOW_S + 59) && !keys.still_holds(&key, NOW_S + 60));
        assert_eq!(refused(&keys, &made.token, NOW_S + 60), Some(Refused::Expired));
        // The scope is a part of what is shown, and the secret is compared whole.
        assert_eq!(refused(&keys, &made.token.replace("_read_", "_admin_"), NOW_S), Some(Refused::Unknown));
        let (front, last) = made.token.split_at(made.token.len() - 1);
        let other = format!("{front}{}", if last == "0" { "g" } else { "0" });
        assert_eq!(refused(&keys, &other, NOW_S), Some(Refused::Unknown));
        file.revoke(&made.id, NOW_S).expect("revoked");
        look(&keys);
        assert_eq!(refused(&keys, &made.token, NOW_S), Some(Refused::Revoked));
        assert!(!keys.still_holds(&key, NOW_S));
        assert!(keys.demanded(), "no key is left, and the server stays closed");
    }

    #[test]
    fn damage_closes_and_a_file_that_is_gone_opens_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let made = KeyFile::of(place.path()).make(&new(Scope::Admin), NOW_S).expect("made");
        let keys = Keys::open(place.path(), None).expect("readable");
        let path = place.path().join(KEY_FILE);
        let good = fs::read(&path).expect("there");
        fs::write(&path, "{").expect("written");
        look(&keys);
        assert!(keys.demanded());
        assert_eq!(refused(&keys, &made.token, NOW_S), Some(Refused::Unreadable));
        fs::write(&path, &good).expect("written");
        look(&keys);
        assert_eq!(refused(&keys, &made.token, NOW_S), None);
        fs::remove_file(&path).expect("removed");
        look(&keys);
        assert!(keys.demanded());
        assert_eq!(refused(&keys, &made.token, NOW_S), Some(Refused::Unknown));
        assert!(Keys::open(place.path(), None).is_ok_and(|keys| !keys.demanded()), "a new start begins anew");
        fs::write(&path, "{").expect("written");
        assert!(Keys::open(place.path(), None).is_err());
    }

    #[test]
    fn this_machines_commands_have_a_key_of_their_own() {
        let place = tempfile::tempdir().expect("a directory");
        let local = LocalKey::new().expect("random");
        let keys = Keys::open(place.path(), Some(&local)).expect("none");
        assert!(matches!(keys.principal(&local.token(), NOW_S), Ok(Principal::Local)));
        assert!(!keys.demanded(), "it is no reason to demand keys");
        let other = LocalKey::new().expect("random").token();
        assert_eq!(refused(&keys, &other, NOW_S), Some(Refused::Unknown));
        assert_eq!(refused(&keys, &local.token().replace("admin", "read"), NOW_S), Some(Refused::Unknown));
        let without = Keys::open(place.path(), None).expect("none");
        assert_eq!(refused(&without, &local.token(), NOW_S), Some(Refused::Unknown));
        assert_eq!(refused(&Keys::default(), &local.token(), NOW_S), Some(Refused::Unknown));
    }

    #[test]
    fn last_uses_outlive_a_change_and_a_restart() {
        let place = tempfile::tempdir().expect("a directory");
        let file = KeyFile::of(place.path());
        let made = file.make(&new(Scope::Read), NOW_S).expect("made");
        let keys = Keys::open(place.path(), None).expect("readable");
        assert!(keys.principal(&made.token, NOW_S + 5).is_ok());
        file.make(&new(Scope::Collect), NOW_S).expect("made");
        look(&keys);
        keys.close();
        let used = |listed: Vec<Listed>| listed.into_iter().map(|key| key.used).collect::<Vec<_>>();
        let expect = [Some("2026-11-22T14:07:21Z".to_owned()), None];
        assert_eq!(used(file.list(NOW_S).expect("readable")), expect);
        Keys::open(place.path(), None).expect("readable").close();
        assert_eq!(used(file.list(NOW_S).expect("readable")), expect);
    }
}
