//! An API key, as a running server knows it.

use std::sync::atomic::{AtomicI64, Ordering};

use super::digest::Digest;
use super::scope::Scope;

/// A key, as the server knows it.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    /// The only datastream that it is for.
    pub(crate) datastream: Option<String>,
    /// Seconds since 1970 from which on it is nothing any more.
    pub(crate) expires_s: Option<i64>,
    pub(crate) is_revoked: bool,
    pub(crate) digest: Digest,
    /// What proves it to PostgreSQL's clients.
    pub(crate) verifier: Option<String>,
    /// When it was last used, in seconds since 1970; 0: never.
    used_s: AtomicI64,
}

impl Key {
    pub(crate) fn new(
        (id, name): (String, String),
        scope: Scope,
        datastream: Option<String>,
        (expires_s, is_revoked): (Option<i64>, bool),
        digest: Digest,
    ) -> Key {
        let (verifier, used_s) = (None, AtomicI64::new(0));
        Key { id, name, scope, datastream, expires_s, is_revoked, digest, verifier, used_s }
    }

    pub(crate) fn with_verifier(self, verifier: Option<String>) -> Key {
        Key { verifier, ..self }
    }

    pub(crate) fn has_expired(&self, now_s: i64) -> bool {
        self.expires_s.is_some_and(|end| now_s >= end)
    }

    /// Remembers that it was used; a second's uses are one.
    pub(crate) fn touch(&self, now_s: i64) {
        if self.used_s.load(Ordering::Relaxed) < now_s {
            self.used_s.store(now_s, Ordering::Relaxed);
        }
    }

    pub(crate) fn used_s(&self) -> i64 {
        self.used_s.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_and_remembers_its_last_use() {
        let names = ("abcdefgh".to_owned(), "n".to_owned());
        let key = Key::new(names, Scope::Read, None, (Some(10), false), Digest::of("s"));
        assert!(!key.has_expired(9) && key.has_expired(10));
        for (now_s, expect) in [(5, 5), (3, 5), (7, 7)] {
            key.touch(now_s);
            assert_eq!(key.used_s(), expect, "at {now_s}");
        }
    }
}
