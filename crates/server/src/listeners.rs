//! Where connections come in, and what a request may know of the way it came.

use std::io;

use axum::extract::Request;
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

/// Whether a request came over TLS; in the extensions of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Secure(pub(crate) bool);

/// One listener and what holds for all that comes through it.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) way: Way,
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) secure: Secure,
    pub(crate) reach: Reach,
}

impl Way {
    /// Tells the request.
    pub(crate) fn mark<B>(self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        extensions.insert(self.secure);
        extensions.insert(self.reach);
    }
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
            let way = Way { secure: Secure(tls.is_some()), reach };
            Ok(Door { listener, tls, way })
        });
        let doors: Vec<Door> = doors.collect::<io::Result<_>>()?;
        if doors.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no listener; give at least one"));
        }
        Ok(doors)
    }
}
