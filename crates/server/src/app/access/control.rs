//! The one check that every request passes before its handler.
//!
//! A server that only its own machine reaches, for which no key was ever made, is open:
//! there the machine's users are the boundary, and [`Hosts`] and [`page`] keep the pages
//! in their browsers out. Everywhere else reading takes a key. Collecting never does,
//! because a page can't keep a secret, except where a datastream asks for one.
//!
//! Refused in every case, open or not, is a reading request that a page of another origin
//! sends: what a browser adds by itself (an address, a remembered password) is not a
//! reason to trust the page. The cookie of a person who has signed in counts where something
//! is read with GET, and for the forms that declare it, when the browser says that a page of this server sent
//! them.

use std::io;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::key::Key;
use super::keys::Keys;
use super::links::{Link, LinkNow, Links};
use super::principal::Principal;
use super::refusal::Refused;
use super::scope::Access;
use super::session::{Session, Sessions};
use super::{cookie, credential, links, page, refusal};
use crate::app::options::ServerOptions;
use crate::app::route::{Method, RouteSpec};
use crate::http::host::{Hosts, Reach, Via};
use crate::http::listeners::Listeners;
use crate::http::problem::{Code, Problem};

/// Headers that proxies add. A request with one of them doesn't come from this machine,
/// whatever its address says.
const PROXY_HEADERS: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

const MICROS: i64 = 1_000_000;

/// Why a server demands keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It listens where others than this machine can reach it.
    Network,
    /// Names of a proxy are allowed, which lets others in.
    Proxy,
    /// Keys were made.
    Keys,
}

impl Demand {
    /// Why a server with these options, listening there, demands keys for everything but
    /// collecting; `None` when it is open to its own machine.
    ///
    /// # Errors
    /// What a listener that isn't bound gives.
    pub fn of(listeners: &Listeners, options: &ServerOptions) -> io::Result<Option<Demand>> {
        Ok(AccessControl::new(listeners.reaches()?, options).demand())
    }
}

/// Lets requests in, or says why not.
#[derive(Debug)]
pub(crate) struct AccessControl {
    keys: Keys,
    /// People who have signed in.
    sessions: Sessions,
    /// Why keys are demanded whether or not there are any.
    exposed: Option<Demand>,
    /// Names under which a server on loopback may be read.
    hosts: Hosts,
    /// Links to one view each.
    links: Links,
    /// Whether no link is known because the file that they are in can't be used.
    is_without_links: bool,
}

impl AccessControl {
    /// For a server whose listeners are reached from there. One that others reach closes
    /// all: what is said on the network about this server holds on its loopback too.
    pub(crate) fn new(reaches: impl IntoIterator<Item = Reach>, options: &ServerOptions) -> AccessControl {
        let is_on_network = reaches.into_iter().any(|reach| reach == Reach::Network);
        let ServerOptions { keys, hosts_allowed, tls_names, .. } = options;
        let exposed = match (is_on_network, hosts_allowed.is_empty()) {
            (true, _) => Some(Demand::Network),
            (false, false) => Some(Demand::Proxy),
            (false, true) => None,
        };
        AccessControl {
            keys: keys.clone(),
            sessions: Sessions::default(),
            exposed,
            hosts: Hosts([&hosts_allowed[..], tls_names].concat()),
            links: Links::new(options.link_key.clone()),
            is_without_links: options.state_trouble.is_some(),
        }
    }

    /// Why keys are demanded now; `None`: the server is open to its machine.
    pub(crate) fn demand(&self) -> Option<Demand> {
        self.exposed.or_else(|| self.keys.demanded().then_some(Demand::Keys))
    }

    /// Who asks, if they may. `now_s` is only asked where a key is presented.
    pub(crate) fn admit(&self, route: &RouteSpec, head: &Parts, now_s: impl Fn() -> i64) -> Result<Principal, Problem> {
        let access = route.access;
        match access {
            Access::Public if route.method == Method::Post => {
                unless_elsewhere(head, &self.hosts)?;
                return Ok(Principal::Nobody);
            }
            Access::Public => return Ok(Principal::Nobody),
            // It is followed from other sites and shown within them. Whatever else the browser sends along counts
            // for nothing: the answer is the same for everybody who has the link.
            Access::Link => return self.linked(head, now_s()),
            // Nearly every request: no key, and none needed.
            Access::Collect if !credential::is_presented(&head.headers) => return Ok(Principal::Nobody),
            _ => {}
        }
        if access != Access::Collect && !route.content.is_fixed() {
            unless_elsewhere(head, &self.hosts)?;
        }
        let is_read = route.method == Method::Get && matches!(access, Access::Key | Access::Read);
        let is_form = route.takes_session && page::is_told_own(&head.headers);
        if (is_read || is_form)
            && let Some(session) = self.session(&head.headers, &now_s)
        {
            // Whoever has signed in may read; a form may take more.
            return match session.key.scope.permits(access) {
                true => Ok(Principal::Session(session)),
                false => Err(refusal::scope_missing(route)),
            };
        }
        let Some(token) = credential::of(&head.headers).map_err(|()| refusal::invalid(route))? else {
            return match access {
                Access::Collect => Ok(Principal::Nobody),
                _ if self.demand().is_none() && !came_by_proxy(&head.headers) => Ok(Principal::Open),
                _ => Err(refusal::missing(route)),
            };
        };
        let principal = self.keys.principal(&token, now_s()).map_err(|why| refusal::of(route, why))?;
        refusal::unless_permitted(route, &principal)?;
        Ok(principal)
    }

    /// Whether one who was let in would be let in again.
    pub(crate) fn still_admits(&self, principal: &Principal, now_s: i64) -> bool {
        match principal {
            Principal::Nobody | Principal::Local => true,
            Principal::Open => self.demand().is_none(),
            Principal::Key(key) => self.keys.still_holds(key, now_s),
            // As it is held now: the one that was let in doesn't know that it was revoked since.
            Principal::Link(link) => {
                let held = self.links.held(&link.0.id);
                held.is_some_and(|link| self.link_now(&link, now_s.saturating_mul(MICROS)) == LinkNow::Open)
            }
            Principal::Session(session) => session.goes_on(now_s) && self.keys.still_holds(&session.key, now_s),
        }
    }

    /// Whoever has the link that a path holds.
    fn linked(&self, head: &Parts, now_s: i64) -> Result<Principal, Problem> {
        if self.is_without_links {
            return Err(Problem::of(Code::StateUnusable));
        }
        let token = links::token_of(head.uri.path());
        let holds = |id: &str| self.keys.id_reads(id, now_s);
        let link = self.links.open(token, holds, now_s.saturating_mul(MICROS));
        link.map(Principal::Link).map_err(refusal::of_link)
    }

    /// The session that a browser's cookie names, if it goes on and its key still holds.
    fn session(&self, headers: &HeaderMap, now_s: impl Fn() -> i64) -> Option<Arc<Session>> {
        cookie::ids(headers).find_map(|id| {
            let now_s = now_s();
            let session = self.sessions.find(id, now_s)?;
            if self.keys.still_holds(&session.key, now_s) {
                return Some(session);
            }
            self.sessions.end(id);
            None
        })
    }

    /// Begins a session for a key that may read; the id of the session. Tries that fail are counted, and a good key is
    /// never held up by those of others.
    pub(crate) fn sign_in(&self, typed: &str, now_s: i64) -> Result<String, NotSignedIn> {
        let key = self.reading_key(typed, now_s).map_err(|why| match self.sessions.failed(now_s) {
            Ok(()) => why,
            Err(wait_s) => NotSignedIn::TooMany { wait_s },
        })?;
        self.sessions.begin(key, now_s).map_err(|_| NotSignedIn::NoRandom)
    }

    fn reading_key(&self, typed: &str, now_s: i64) -> Result<Arc<Key>, NotSignedIn> {
        match self.keys.principal(typed, now_s) {
            Ok(Principal::Key(key)) if key.scope.permits(Access::Read) && key.datastream.is_none() => Ok(key),
            Ok(Principal::Key(_)) => Err(NotSignedIn::MayNotRead),
            Ok(_) => Err(NotSignedIn::Refused(Refused::Unknown)),
            Err(why) => Err(NotSignedIn::Refused(why)),
        }
    }

    /// Ends the sessions that a browser's cookies name.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) {
        cookie::ids(headers).for_each(|id| self.sessions.end(id));
    }

    /// How a link stands now.
    pub(crate) fn link_now(&self, link: &Link, now_micros: i64) -> LinkNow {
        link.now(|id| self.keys.id_reads(id, now_micros.div_euclid(MICROS)), now_micros)
    }

    /// The links, to be mirrored and listed.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// The keys, to be kept fresh.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }
}

/// Refuses what a page of another site has sent, or that names another server.
fn unless_elsewhere(head: &Parts, hosts: &Hosts) -> Result<(), Problem> {
    let via = head.extensions.get::<Via>().copied().unwrap_or_default();
    if page::is_foreign(head, via) {
        return Err(Problem::of(Code::OriginForeign));
    }
    if via.reach == Reach::Loopback && !hosts.admit(head) {
        return Err(Problem::of(Code::HostUnknown));
    }
    Ok(())
}

/// Why nobody was signed in.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSignedIn {
    /// What was typed is no key, or not any more.
    Refused(Refused),
    /// The key may do other things only.
    MayNotRead,
    /// There were too many tries.
    TooMany {
        /// After so many seconds there can be more.
        wait_s: u64,
    },
    /// The system's random source failed.
    NoRandom,
}

fn came_by_proxy(headers: &HeaderMap) -> bool {
    PROXY_HEADERS.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_demanded_wherever_others_could_ask() {
        let check = |reaches: &[Reach], hosts: &[&str], tls_names: &[&str], expect: Option<Demand>| {
            let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let options =
                ServerOptions { hosts_allowed: texts(hosts), tls_names: texts(tls_names), ..ServerOptions::default() };
            let access = AccessControl::new(reaches.iter().copied(), &options);
            assert_eq!(access.demand(), expect, "{reaches:?} {hosts:?} {tls_names:?}");
        };
        let (loopback, network) = (Reach::Loopback, Reach::Network);
        check(&[loopback], &[], &[], None);
        check(&[loopback, loopback], &[], &["desk.test"], None);
        check(&[loopback], &["desk.example"], &[], Some(Demand::Proxy));
        check(&[network], &[], &[], Some(Demand::Network));
        check(&[loopback, network], &["desk.example"], &[], Some(Demand::Network));
    }
}
