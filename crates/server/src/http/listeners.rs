//! Where connections come in, and from where they can come.

use std::io;

use tokio::net::TcpListener;

use super::host::{Reach, Via};
use super::tls::Tls;

/// The sockets that one server listens on; at least one.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Speaks HTTP in clear.
    pub plain: Option<TcpListener>,
    /// Speaks HTTP over TLS.
    pub tls: Option<(TcpListener, Tls)>,
    /// Whether the same data are read over another protocol where others than this machine can
    /// reach it.
    pub is_reached_otherwise: bool,
}

impl From<TcpListener> for Listeners {
    fn from(plain: TcpListener) -> Listeners {
        Listeners { plain: Some(plain), ..Listeners::default() }
    }
}

/// One socket, and what holds for all connections that come through it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) via: Via,
}

impl Listeners {
    /// From where each of them is reached.
    ///
    /// # Errors
    /// What a socket that isn't bound gives.
    pub(crate) fn reaches(&self) -> io::Result<Vec<Reach>> {
        let otherwise = self.is_reached_otherwise.then_some(Ok(Reach::Network));
        self.plain.iter().chain(self.tls.iter().map(|(socket, _)| socket)).map(reach).chain(otherwise).collect()
    }

    /// All of them, the plain one first.
    ///
    /// # Errors
    /// `InvalidInput` when there is none, or what a socket that isn't bound gives.
    pub(crate) fn all(self) -> io::Result<Vec<Listener>> {
        let plain = self.plain.map(|socket| (socket, None));
        let tls = self.tls.map(|(socket, tls)| (socket, Some(tls)));
        let all = plain.into_iter().chain(tls).map(|(socket, tls)| {
            let via = Via { reach: reach(&socket)?, is_tls: tls.is_some() };
            Ok(Listener { socket, tls, via })
        });
        let all: Vec<Listener> = all.collect::<io::Result<_>>()?;
        if all.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no listener; give at least one"));
        }
        Ok(all)
    }
}

fn reach(socket: &TcpListener) -> io::Result<Reach> {
    Ok(if socket.local_addr()?.ip().is_loopback() { Reach::Loopback } else { Reach::Network })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_reached_from_where_it_is_bound() {
        let check = async |address: &str, expect: Reach| {
            let socket = TcpListener::bind(address).await.expect("a free port");
            let all = Listeners::from(socket).all().expect("bound");
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].via, Via { reach: expect, is_tls: false }, "{address}");
        };
        check("127.0.0.1:0", Reach::Loopback).await;
        check("127.9.9.9:0", Reach::Loopback).await;
        check("0.0.0.0:0", Reach::Network).await;
        let none = Listeners::default().all().expect_err("nothing to listen on");
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }
}
