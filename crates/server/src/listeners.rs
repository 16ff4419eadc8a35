//! Where connections come in, and from where they can come.

use std::io;

use tokio::net::TcpListener;

use crate::access::{Demand, Guard};
use crate::host::{Reach, Via};
use crate::options::ServerOptions;
use crate::tls::Tls;

/// The sockets that one server listens on; at least one.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Speaks HTTP in clear.
    pub plain: Option<TcpListener>,
    /// Speaks HTTP over TLS.
    pub tls: Option<(TcpListener, Tls)>,
}

impl From<TcpListener> for Listeners {
    fn from(plain: TcpListener) -> Listeners {
        Listeners { plain: Some(plain), tls: None }
    }
}

/// One listener and what holds for all that comes through it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) via: Via,
}

impl Listeners {
    /// Why a server with these options, listening here, demands keys for everything but
    /// collecting; `None` when it is open to its own machine.
    ///
    /// # Errors
    /// What a listener that isn't bound gives.
    pub fn demand(&self, options: &ServerOptions) -> io::Result<Option<Demand>> {
        let listeners = self.plain.iter().chain(self.tls.iter().map(|(listener, _)| listener));
        let reaches = listeners.map(reach).collect::<io::Result<Vec<Reach>>>()?;
        Ok(Guard::new(reaches, options).demand())
    }

    /// # Errors
    /// `InvalidInput` when there is none, or what a listener that isn't bound gives.
    pub(crate) fn doors(self) -> io::Result<Vec<Door>> {
        let plain = self.plain.map(|listener| (listener, None));
        let tls = self.tls.map(|(listener, tls)| (listener, Some(tls)));
        let doors = plain.into_iter().chain(tls).map(|(listener, tls)| {
            let via = Via { reach: reach(&listener)?, is_tls: tls.is_some() };
            Ok(Door { listener, tls, via })
        });
        let doors: Vec<Door> = doors.collect::<io::Result<_>>()?;
        if doors.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no listener; give at least one"));
        }
        Ok(doors)
    }
}

fn reach(listener: &TcpListener) -> io::Result<Reach> {
    Ok(if listener.local_addr()?.ip().is_loopback() { Reach::Loopback } else { Reach::Network })
}
