//! The same rules for who reads over another protocol than HTTP: there are no pages there, no hosts
//! and no routes, only a key or none.

use std::io;
use std::sync::Arc;

use intake::Clock;

use super::control::AccessControl;
use super::key::Key;
use super::principal::Principal;
use super::refusal::Refused;
use super::scope::Access;
use crate::app::options::ServerOptions;
use crate::http::listeners::Listeners;

/// Who may read. Clones share it.
#[derive(Clone)]
pub struct ReadAccess {
    access: Arc<AccessControl>,
    clock: Arc<dyn Clock>,
}

/// A key that somebody has to prove that he knows.
#[derive(Debug)]
pub struct ReadProof(Arc<Key>);

impl ReadProof {
    /// What he proves it by, as PostgreSQL keeps it of a password.
    pub fn verifier(&self) -> &str {
        self.0.verifier.as_deref().unwrap_or_default()
    }
}

/// The right to read of one who was let in.
#[derive(Debug)]
pub struct ReadPass(Principal);

impl ReadAccess {
    /// By the options and listeners of a server that is about to be started with them.
    ///
    /// # Errors
    /// What a listener that isn't bound gives.
    pub fn of(listeners: &Listeners, options: &ServerOptions, clock: Arc<dyn Clock>) -> io::Result<ReadAccess> {
        Ok(ReadAccess { access: Arc::new(AccessControl::new(listeners.reaches()?, options)), clock })
    }

    /// Whether a key is needed now.
    pub fn demands_key(&self) -> bool {
        self.access.demand().is_some()
    }

    /// Lets in whoever has a key that reads everything, or anybody where none is needed.
    ///
    /// # Errors
    /// Why not, for whoever asked.
    pub fn admit(&self, key: Option<&str>) -> Result<ReadPass, &'static str> {
        let Some(key) = key else {
            return match self.demands_key() {
                true => Err("a key is needed"),
                false => Ok(ReadPass(Principal::Open)),
            };
        };
        self.pass(self.access.keys().principal(key, self.now_s()))
    }

    /// What somebody who names a key by its id has to prove that he knows it with: the verifier of SCRAM-SHA-256. `None`
    /// where there is no such key, or it was made before such verifiers were kept.
    pub fn proof(&self, id: &str) -> Option<ReadProof> {
        let key = self.access.keys().named(id)?;
        key.verifier.is_some().then_some(ReadProof(key))
    }

    /// Lets in somebody who has proven that he knows a key.
    ///
    /// # Errors
    /// Why not, for whoever asked.
    pub fn admit_proven(&self, proof: &ReadProof) -> Result<ReadPass, &'static str> {
        self.pass(self.access.keys().proven(&proof.0, self.now_s()))
    }

    fn pass(&self, principal: Result<Principal, Refused>) -> Result<ReadPass, &'static str> {
        let principal = principal.map_err(|why| match why {
            Refused::Unknown => "this is no key of this server",
            Refused::Revoked => "this key was revoked",
            Refused::Expired => "this key has expired",
            Refused::Unreadable => "keys can't be read now; the server's log says why",
        })?;
        if !principal.permits(Access::Read) {
            return Err("this key may do other things only; one of scope read is needed");
        }
        match principal.datastream() {
            None => Ok(ReadPass(principal)),
            Some(_) => Err("this key is for one datastream, and what is read isn't divided by datastream"),
        }
    }

    /// Whether one who was let in would be let in again.
    pub fn still_admits(&self, pass: &ReadPass) -> bool {
        self.access.still_admits(&pass.0, self.now_s())
    }

    fn now_s(&self) -> i64 {
        self.clock.now_micros() / 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use intake::SystemClock;

    use super::*;
    use crate::app::access::file::{KeyFile, NewKey};
    use crate::app::access::keys::Keys;
    use crate::app::access::scope::Scope;

    fn access(place: &std::path::Path, is_reached_otherwise: bool) -> ReadAccess {
        let keys = Keys::open(place, None).expect("readable");
        let options = ServerOptions { keys, ..ServerOptions::default() };
        let listeners = Listeners { is_reached_otherwise, ..Listeners::default() };
        ReadAccess::of(&listeners, &options, Arc::new(SystemClock)).expect("no listener")
    }

    #[test]
    fn reading_takes_a_key_of_its_scope_where_others_can_ask() {
        let place = tempfile::tempdir().expect("a directory");
        assert!(access(place.path(), true).demands_key(), "the network reaches it");
        assert!(access(place.path(), true).admit(None).is_err());
        let open = access(place.path(), false);
        let pass = open.admit(None).expect("nobody else can ask");
        let make = |scope, datastream: Option<&str>| {
            let new =
                NewKey { scope, name: "n".to_owned(), datastream: datastream.map(str::to_owned), expires_s: None };
            KeyFile::of(place.path()).make(&new, 1_795_356_436).expect("made").token
        };
        let (read, collect, bound) =
            (make(Scope::Read, None), make(Scope::Collect, None), make(Scope::Read, Some("web")));
        let admin = make(Scope::Admin, None);
        let access = access(place.path(), false);
        let check = |key: &str, expect: Result<(), &str>| match (access.admit(Some(key)), expect) {
            (Ok(pass), Ok(())) => assert!(access.still_admits(&pass)),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (got, _) => panic!("{got:?} instead of {expect:?}"),
        };
        assert!(access.demands_key(), "there are keys");
        assert!(!access.still_admits(&pass), "who came in without one has to come again");
        check(&read, Ok(()));
        check(&admin, Ok(()));
        check(&collect, Err("other things"));
        check(&bound, Err("one datastream"));
        check("fd_read_nothing", Err("no key"));
        check("", Err("no key"));
    }
}
