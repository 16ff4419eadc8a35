//! Who a request comes from, as far as that was shown.

use std::sync::Arc;

use super::key::Key;
use super::links::Link;
use super::scope::{Access, Scope};
use super::session::Session;

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
    /// A person who has signed in with a key, and reads.
    Session(Arc<Session>),
    /// Whoever has a link to one view.
    Link(Arc<Link>),
}

impl Principal {
    /// Whether it may do this, datastreams aside.
    pub(crate) fn permits(&self, access: Access) -> bool {
        match self {
            Principal::Nobody => matches!(access, Access::Public | Access::Collect),
            Principal::Link(_) => matches!(access, Access::Public | Access::Link),
            Principal::Open | Principal::Local => access != Access::Link,
            Principal::Key(key) => key.scope.permits(access),
            Principal::Session(session) => {
                matches!(access, Access::Public | Access::Key | Access::Read) && session.key.scope.permits(access)
            }
        }
    }

    /// Whether it may do everything: as [`permits`](Principal::permits), and by the forms that take it, where a person has
    /// signed in.
    pub(crate) fn administers(&self) -> bool {
        match self {
            Principal::Nobody | Principal::Link(_) => false,
            Principal::Open | Principal::Local => true,
            Principal::Key(_) | Principal::Session(_) => {
                self.key().is_some_and(|key| key.scope.permits(Access::Admin) && key.datastream.is_none())
            }
        }
    }

    /// The key that it has shown, or has signed in with.
    pub(crate) fn key(&self) -> Option<&Key> {
        match self {
            Principal::Key(key) => Some(key),
            Principal::Session(session) => Some(&session.key),
            Principal::Nobody | Principal::Open | Principal::Local | Principal::Link(_) => None,
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
            Principal::Nobody | Principal::Open | Principal::Session(_) | Principal::Link(_) => false,
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
    use crate::app::access::digest::Digest;

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
}
