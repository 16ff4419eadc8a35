//! Sessions of people who have typed their key into the login page.
//!
//! A browser is given a random id instead of the key, in a cookie that no script reads. Sessions live in
//! memory alone: a restart ends them all. Each is as good as its key: when that is revoked or expires the session is
//! over at the next request. It reads, sends the forms that say so of themselves, and does nothing else.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::digest::Digest;
use super::failures::Failures;
use super::key::Key;
use super::token;

/// How long a session lasts, in seconds: a working day.
pub(crate) const SESSION_SECONDS_MAX: i64 = 12 * 60 * 60;
/// Sessions at once; the oldest makes room for the next one.
const SESSIONS_MAX: usize = 1_000;
/// A person's session.
#[derive(Debug)]
pub(crate) struct Session {
    /// What was typed in.
    pub(crate) key: Arc<Key>,
    /// Seconds since 1970 from which on it is over.
    ends_s: i64,
    is_signed_out: AtomicBool,
}

impl Session {
    /// Whether it goes on, its key aside.
    pub(crate) fn goes_on(&self, now_s: i64) -> bool {
        now_s < self.ends_s && !self.is_signed_out.load(Ordering::Relaxed)
    }
}

/// The sessions of one server.
#[derive(Default)]
pub(crate) struct Sessions {
    /// By the hash of their ids: ids are secrets.
    held: Mutex<HashMap<String, Arc<Session>>>,
    /// Logins that failed.
    failures: Failures,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl Sessions {
    /// Counts one more login that failed.
    ///
    /// # Errors
    /// There were too many; after so many seconds there can be more.
    pub(crate) fn failed(&self, now_s: i64) -> Result<(), u64> {
        self.failures.count("logins", now_s)
    }

    /// Begins one; its id, which is told this once.
    ///
    /// # Errors
    /// The system's random source failed.
    pub(crate) fn begin(&self, key: Arc<Key>, now_s: i64) -> Result<String, getrandom::Error> {
        let id = token::secret()?;
        let session = Session { key, ends_s: now_s + SESSION_SECONDS_MAX, is_signed_out: AtomicBool::new(false) };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.goes_on(now_s));
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.ends_s).map(|(id, _)| id.clone());
            oldest.and_then(|id| sessions.remove(&id)).inspect(|session| session.sign_out());
        }
        sessions.insert(Digest::of(&id).hex(), Arc::new(session));
        Ok(id)
    }

    /// The session of this id, if it goes on.
    pub(crate) fn find(&self, id: &str, now_s: i64) -> Option<Arc<Session>> {
        self.lock().get(&Digest::of(id).hex()).filter(|session| session.goes_on(now_s)).cloned()
    }

    /// Ends the session of this id, its streams included.
    pub(crate) fn end(&self, id: &str) {
        if let Some(session) = self.lock().remove(&Digest::of(id).hex()) {
            session.sign_out();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn sign_out(&self) {
        self.is_signed_out.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::access::scope::Scope;

    fn key() -> Arc<Key> {
        let names = ("abcdefgh".to_owned(), "n".to_owned());
        Arc::new(Key::new(names, Scope::Read, None, (None, false), Digest::of("s")))
    }

    #[test]
    fn a_session_lasts_until_its_end_or_a_sign_out() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.begin(key(), 0).expect("random"), sessions.begin(key(), 5).expect("random"));
        assert_ne!(one, other);
        assert!(sessions.find(&one, SESSION_SECONDS_MAX - 1).is_some());
        assert!(sessions.find(&one, SESSION_SECONDS_MAX).is_none());
        assert!(sessions.find("", 0).is_none() && sessions.find(&one[1..], 0).is_none());
        let held = sessions.find(&other, 6).expect("it goes on");
        sessions.end(&other);
        assert!(sessions.find(&other, 6).is_none() && !held.goes_on(6), "its streams end, too");
    }

    #[test]
    fn sessions_are_few_and_the_oldest_makes_room() {
        let sessions = Sessions::default();
        let first = sessions.begin(key(), 0).expect("random");
        let held = sessions.find(&first, 0).expect("there");
        for second in 1..=SESSIONS_MAX {
            sessions.begin(key(), second as i64).expect("random");
        }
        assert!(sessions.find(&first, 1).is_none() && !held.goes_on(1));
        assert_eq!(sessions.lock().len(), SESSIONS_MAX);
        // Those that are over make room before any other does.
        sessions.begin(key(), 2 * SESSION_SECONDS_MAX).expect("random");
        assert_eq!(sessions.lock().len(), 1);
    }
}
