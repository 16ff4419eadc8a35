//! Where connections come in, and from where they can come.

use std::io;

use tokio::net::TcpListener;

use crate::host::Reach;
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
    pub(crate) reach: Reach,
}

impl Listeners {
    /// # Errors
    /// `InvalidInput` when there is none, or what a listener that isn't bound gives.
    pub(crate) fn doors(self) -> io::Result<Vec<Door>> {
        let plain = self.plain.map(|listener| (listener, None));
        let tls = self.tls.map(|(listener, tls)| (listener, Some(tls)));
        let doors = plain.into_iter().chain(tls).map(|(listener, tls)| {
            let is_loopback = listener.local_addr()?.ip().is_loopback();
            let reach = if is_loopback { Reach::Loopback } else { Reach::Network };
            Ok(Door { listener, tls, reach })
        });
        let doors: Vec<Door> = doors.collect::<io::Result<_>>()?;
        if doors.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no listener; give at least one"));
        }
        Ok(doors)
    }
}
