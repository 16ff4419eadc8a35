//! Who a request comes from, as far as that was shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::digest::Digest;
use super::scope::{Access, Scope};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Principal {
    /// Nobody in particular: collecting, and what is public.
    Nobody,
    /// Somebody on this machine, of a server that is open to it.
    Open,
    /// A command of this machine that could read the data directory.
    Local,
    /// The holder of a key.
    Key(Arc<Key>),
}

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
        Key { id, name, scope, datastream, expires_s, is_revoked, digest, used_s: AtomicI64::new(0) }
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

impl Principal {
    /// Whether it may do this, datastreams aside.
    pub(crate) fn permits(&self, access: Access) -> bool {
        match self {
            Principal::Nobody => matches!(access, Access::Public | Access::Collect),
            Principal::Open | Principal::Local => true,
            Principal::Key(key) => key.scope.permits(access),
        }
    }

    /// The only datastream that it is for.
    pub(crate) fn datastream(&self) -> Option<&str> {
        match self {
            Principal::Key(key) => key.datastream.as_deref(),
            _ => None,
        }
    }

    /// Whether it has shown a key with which events may be sent.
    pub(crate) fn holds_collecting_key(&self) -> bool {
        match self {
            Principal::Nobody | Principal::Open => false,
            Principal::Local => true,
            Principal::Key(key) => key.scope.permits(Access::Collect),
        }
    }

    /// What it may do, by name. What is read can't be divided by datastream, so a key that
    /// is for one datastream reads nothing.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let access = |scope: &Scope| match scope {
            Scope::Collect => Access::Collect,
            Scope::Read => Access::Read,
            Scope::Desk => Access::Desk,
            Scope::Admin => Access::Admin,
        };
        let is_divided = |scope: &Scope| self.datastream().is_none() || *scope == Scope::Collect;
        Scope::ALL.into_iter().filter(|scope| self.permits(access(scope)) && is_divided(scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scope: Scope, datastream: Option<&str>) -> Principal {
        let names = ("abcdefgh".to_owned(), "n".to_owned());
        Principal::Key(Arc::new(Key::new(
            names,
            scope,
            datastream.map(str::to_owned),
            (Some(10), false),
            Digest::of("s"),
        )))
    }

    #[test]
    fn each_may_do_what_was_shown() {
        let check = |principal: &Principal, scopes: &[Scope], collects: bool| {
            assert_eq!(principal.scopes(), scopes, "{principal:?}");
            assert_eq!(principal.holds_collecting_key(), collects, "{principal:?}");
            assert!(principal.permits(Access::Public));
        };
        // Collecting takes no key, and to have shown one is another thing.
        check(&Principal::Nobody, &[Scope::Collect], false);
        check(&Principal::Open, &Scope::ALL, false);
        check(&Principal::Local, &Scope::ALL, true);
        check(&key(Scope::Collect, None), &[Scope::Collect], true);
        check(&key(Scope::Read, None), &[Scope::Read], false);
        check(&key(Scope::Desk, None), &[Scope::Desk], false);
        check(&key(Scope::Admin, None), &Scope::ALL, true);
        // What is read can't be divided by datastream.
        check(&key(Scope::Admin, Some("web")), &[Scope::Collect], true);
        check(&key(Scope::Read, Some("web")), &[], false);
    }

    #[test]
    fn a_key_ends_and_remembers_its_last_use() {
        let Principal::Key(key) = key(Scope::Read, None) else { panic!("a key") };
        assert!(!key.has_expired(9) && key.has_expired(10));
        for (now_s, expect) in [(5, 5), (3, 5), (7, 7)] {
            key.touch(now_s);
            assert_eq!(key.used_s(), expect, "at {now_s}");
        }
    }
}
