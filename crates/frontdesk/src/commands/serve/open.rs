//! What is said at the start about who may ask this server, and for what.

use std::io::{self, Write};
use std::net::SocketAddr;

use server::{Demand, Listeners, ServerOptions};

use crate::failure::Failure;
use crate::settings::Settings;

/// To whom a server is open.
#[derive(Debug, Default)]
pub(super) struct AccessNotice {
    /// Why keys are demanded; `None` when they are not.
    demand: Option<Demand>,
    /// Keys cross a network in clear.
    is_in_clear: bool,
    /// A datastream for a first event, where `default` is none.
    datastream: Option<String>,
}

impl AccessNotice {
    /// # Errors
    /// A listener has no address.
    pub(super) fn of(
        listeners: &Listeners,
        options: &ServerOptions,
        settings: &Settings,
    ) -> Result<AccessNotice, Failure> {
        let unbound = |error: io::Error| Failure::unavailable(format_args!("cannot listen: {error}"));
        let plain = listeners.plain.as_ref().map(tokio::net::TcpListener::local_addr).transpose().map_err(unbound)?;
        let datastreams = &settings.datastreams.0;
        let is_open = |id: &str| datastreams.get(id).is_some_and(|set| !set.disabled && !set.key_required);
        let datastream = (!datastreams.is_empty() && !is_open("default"))
            .then(|| datastreams.keys().find(|id| is_open(id)).cloned())
            .flatten();
        Ok(AccessNotice {
            demand: Demand::of(listeners, options).map_err(unbound)?,
            is_in_clear: plain.is_some_and(|address| !address.ip().is_loopback()),
            datastream,
        })
    }

    fn reason(demand: Demand) -> &'static str {
        match demand {
            Demand::Network => "others than this machine can reach it",
            Demand::Proxy => "hosts_allowed names a proxy's hosts",
            Demand::Keys => "there are keys",
        }
    }

    /// Where the first event is sent.
    pub(super) fn events_url(&self, address: SocketAddr) -> String {
        let query = self.datastream.as_ref().map_or_else(String::new, |name| format!("?datastream={name}"));
        format!("http://{address}/v1/events{query}")
    }

    /// For the person who started it.
    pub(super) fn tell(&self, out: &mut dyn Write, frontdesk: &str, at: &str) -> io::Result<()> {
        let Some(demand) = self.demand else {
            return writeln!(
                out,
                "It is open to everybody on this machine, and to nobody else; `{frontdesk} key new` makes it demand keys."
            );
        };
        writeln!(out, "Everything but collecting takes a key, since {}. Make one:", AccessNotice::reason(demand))?;
        writeln!(out, "\n  {frontdesk} key new --scope read --name NAME{at}")?;
        if self.is_in_clear {
            writeln!(out, "\nWithout TLS, keys and events cross the network in clear: docs/tls.md.")?;
        }
        Ok(())
    }

    /// For the log.
    pub(super) fn log(&self) {
        match self.demand {
            None => tracing::info!("open to this machine: no key is demanded"),
            Some(demand) => tracing::info!(
                reason = AccessNotice::reason(demand),
                "keys are demanded for everything but collecting; make one with: frontdesk key new --scope read --name NAME"
            ),
        }
        if self.demand.is_some() && self.is_in_clear {
            tracing::warn!("listening on the network without TLS: keys and events cross it in clear");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_may_ask_and_how_to_make_a_key() {
        let check = |notice: &AccessNotice, parts: &[&str]| {
            let mut out = Vec::new();
            notice.tell(&mut out, "frontdesk", " --data /srv").unwrap();
            let text = String::from_utf8(out).unwrap();
            for part in parts {
                assert!(text.contains(part), "{part:?} is not in {text:?}");
            }
            assert_eq!(text.contains("in clear"), notice.is_in_clear, "{text}");
        };
        check(&AccessNotice::default(), &["open to everybody on this machine", "`frontdesk key new`"]);
        let make = "\n  frontdesk key new --scope read --name NAME --data /srv\n";
        let with = |demand, is_in_clear| AccessNotice { demand: Some(demand), is_in_clear, datastream: None };
        check(&with(Demand::Network, true), &["takes a key, since others than this machine can reach it", make]);
        check(&with(Demand::Proxy, false), &["hosts_allowed", make]);
        check(&with(Demand::Keys, false), &["there are keys", make]);
    }

    #[test]
    fn a_first_event_goes_where_it_is_taken() {
        let address = "127.0.0.1:80".parse().unwrap();
        let check = |datastream: Option<&str>, expect: &str| {
            let notice = AccessNotice { datastream: datastream.map(str::to_owned), ..AccessNotice::default() };
            assert_eq!(notice.events_url(address), expect);
        };
        check(None, "http://127.0.0.1:80/v1/events");
        check(Some("web"), "http://127.0.0.1:80/v1/events?datastream=web");
    }
}
