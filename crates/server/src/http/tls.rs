//! TLS on a listener: one certificate for all names, exchanged without a restart.
//!
//! The files are looked at every few seconds, by content: a renewal may keep lengths, and
//! links that are switched keep times. A new pair serves the connections that come after
//! it; a broken one is logged once and the old one stays. Client certificates are not
//! asked for, and nothing is accepted before a handshake is complete (no early data).

mod end_point;
mod files;
#[cfg(test)]
mod tests;
mod validity;

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use files::{Loaded, Pair};
pub use files::{TlsError, TlsFiles};
pub use validity::Validity;

/// What is spoken inside, the preferred one first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A certificate and its key, ready to serve. Clones share them.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    files: TlsFiles,
    current: RwLock<Current>,
    /// What the files were like when they were last looked at, good or broken.
    seen: AtomicU64,
    /// Last second of the certificate in use; 0 if it can't be told.
    ends_s: AtomicI64,
}

/// What new connections are served with.
#[derive(Clone, Debug)]
struct Current {
    serving: Arc<ServerConfig>,
    /// Speaks HTTP/1.1 only, for an answer that is written by hand.
    refusing: Arc<ServerConfig>,
    end_point: Option<Arc<[u8]>>,
}

/// What a listener of another protocol greets with.
#[derive(Clone, Debug)]
pub struct TlsSpeaking {
    /// Names that protocol alone.
    pub config: ServerConfig,
    /// The channel binding `tls-server-end-point` of its certificate (RFC 5929), where there is one.
    pub end_point: Option<Arc<[u8]>>,
}

/// What a look at the files has found.
#[must_use]
#[derive(Debug)]
pub(crate) enum Look {
    /// Nothing new.
    Unchanged,
    /// A new pair is in use.
    Renewed,
    /// A new pair can't be used; the old one stays.
    Broken(TlsError),
}

impl Tls {
    /// Reads a certificate and its key; `now_s` (seconds since 1970) tells whether the
    /// certificate has ended, which is logged as a warning.
    ///
    /// # Errors
    /// Clients could not be served with these files.
    pub fn open(files: TlsFiles, now_s: i64) -> Result<Tls, TlsError> {
        let pair = Pair::read(&files);
        let seen = AtomicU64::new(pair.fingerprint());
        let (current, ends_s) = Current::of(pair.load(&files, now_s)?);
        Ok(Tls(Arc::new(Shared { files, current: RwLock::new(current), seen, ends_s: AtomicI64::new(ends_s) })))
    }

    /// The certificate in use, for a listener that speaks another protocol inside.
    pub fn speaking(&self, protocol: &[u8]) -> TlsSpeaking {
        let Current { serving, end_point, .. } = self.current();
        let mut config = (*serving).clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsSpeaking { config, end_point }
    }

    /// Greets a client that will be served.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current().serving).accept(stream).await
    }

    /// Greets a client that will be told that there is no room.
    pub(crate) async fn accept_to_refuse(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current().refusing).accept(stream).await
    }

    /// Last second of the certificate in use, since 1970; 0 if it can't be told.
    pub(crate) fn ends_s(&self) -> i64 {
        self.0.ends_s.load(Ordering::Relaxed)
    }

    /// Looks at the files for ever. `now_s` is asked at each look.
    pub(crate) async fn keep_fresh(&self, every: Duration, now_s: impl Fn() -> i64) -> Infallible {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let (tls, now_s) = (self.clone(), now_s());
            // A network disk may take its time.
            match tokio::task::spawn_blocking(move || tls.look(now_s)).await {
                Ok(Look::Unchanged) => {}
                Ok(Look::Renewed) => tracing::info!("new connections are served with the new certificate"),
                Ok(Look::Broken(error)) => {
                    tracing::warn!(%error, "the new certificate can't be used; the old one stays");
                }
                Err(error) => tracing::error!(%error, "the certificate files could not be looked at"),
            }
        }
    }

    /// Looks at the files once and takes up a new pair that can be used.
    pub(crate) fn look(&self, now_s: i64) -> Look {
        let shared = &self.0;
        let pair = Pair::read(&shared.files);
        let fingerprint = pair.fingerprint();
        if shared.seen.swap(fingerprint, Ordering::Relaxed) == fingerprint {
            return Look::Unchanged;
        }
        match pair.load(&shared.files, now_s) {
            Ok(loaded) => {
                let (current, ends_s) = Current::of(loaded);
                *shared.current.write().unwrap_or_else(PoisonError::into_inner) = current;
                shared.ends_s.store(ends_s, Ordering::Relaxed);
                Look::Renewed
            }
            Err(error) => Look::Broken(error),
        }
    }

    fn current(&self) -> Current {
        // A whole value is put there in one step, so a panic can't leave half of one.
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Current {
    /// Tells what is doubtful about a pair and makes it the one in use.
    fn of(loaded: Loaded) -> (Current, i64) {
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        let with = |protocols: &[&[u8]]| {
            let mut config = loaded.config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        };
        let current =
            Current { serving: with(&ALPN), refusing: with(&ALPN[1..]), end_point: loaded.end_point.map(Arc::from) };
        (current, loaded.validity.map_or(0, |validity| validity.ends_s))
    }
}
