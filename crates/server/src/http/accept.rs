//! Accepting connections on every listener, and stopping in order.
//!
//! A connection over TLS has its slot from its first byte on, and its handshake a time
//! limit. Each connection is one task that ends by itself, or by the signal to stop: first
//! it finishes the request it has begun, and when the time for that is over it is dropped.
//! What was appended by then stays appended.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::future::join_all;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use intake::Budget;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::application::Application;
use super::connection::{self, ConnectionLimits, Phase, Shared, Stream};
use super::counters::ConnectionCounters;
use super::host::Via;
use super::idle_timeout::Streams;
use super::listeners::Listener;
use super::over_limit::Refusals;
use super::tls::Tls;

/// A pause after a failed accept: out of file descriptors, trying at once again would
/// only burn the processor that closes connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a failed accept is not logged again.
const ACCEPT_LOGGED_EVERY: Duration = Duration::from_secs(10);

/// The limits of all connections together, and of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptLimits {
    /// Open connections; the next one gets 503 and is closed.
    pub(crate) connections_max: usize,
    /// Time for a TLS handshake.
    pub(crate) tls_handshake_timeout: Duration,
    /// How often the certificate files are looked at.
    pub(crate) tls_reload_every: Duration,
    pub(crate) connection: ConnectionLimits,
}

/// Accepts connections and has their requests answered, until it is closed.
pub(crate) struct Acceptor<A> {
    application: A,
    limits: AcceptLimits,
    counters: Arc<ConnectionCounters>,
    shared: Shared,
    /// HTTP over TCP, and over TLS.
    over_tcp: Arc<Builder<TokioExecutor>>,
    over_tls: Arc<Builder<TokioExecutor>>,
    refusals: Refusals,
    phase: watch::Sender<Phase>,
    watcher: watch::Receiver<Phase>,
}

/// A server that accepts nothing more, while its connections finish.
pub(crate) struct Closing {
    counters: Arc<ConnectionCounters>,
    phase: watch::Sender<Phase>,
}

impl<A: Application> Acceptor<A> {
    /// `answers` is the budget that the bytes of answers count in.
    pub(crate) fn new(
        application: A,
        limits: AcceptLimits,
        answers: Budget,
        counters: Arc<ConnectionCounters>,
    ) -> Acceptor<A> {
        let (phase, watcher) = watch::channel(Phase::Serving);
        let idle_timeout = limits.connection.idle_timeout;
        Acceptor {
            application,
            counters,
            shared: Shared { idle_timeout, answers, streams: Arc::<Streams>::default() },
            over_tcp: Arc::new(connection::builder(&limits.connection, connection::Hangups::Watched)),
            over_tls: Arc::new(connection::builder(&limits.connection, connection::Hangups::LeftToHyper)),
            refusals: Refusals::beside(limits.connections_max),
            limits,
            phase,
            watcher,
        }
    }

    /// Accepts on all of these for ever, and keeps their certificates fresh.
    pub(crate) async fn accept(&self, listeners: Vec<Listener>) {
        join_all(listeners.into_iter().map(|listener| self.accept_on(listener))).await;
    }

    /// Accepts nothing more, and has each connection finish what it has begun.
    pub(crate) fn close(self) -> Closing {
        self.phase.send_replace(Phase::Draining);
        Closing { counters: self.counters, phase: self.phase }
    }

    async fn accept_on(&self, listener: Listener) -> Infallible {
        let accepting = self.accept_connections(&listener);
        match &listener.tls {
            None => accepting.await,
            Some(tls) => tokio::select! {
                never = accepting => never,
                never = self.keep_fresh(tls) => never,
            },
        }
    }

    async fn keep_fresh(&self, tls: &Tls) -> Infallible {
        let now_s = || {
            // Asked at each look, so that the metric follows a renewal.
            self.counters.tls_certificate_ends_s.store(tls.ends_s(), Ordering::Relaxed);
            self.application.now_s()
        };
        tls.keep_fresh(self.limits.tls_reload_every, now_s).await
    }

    async fn accept_connections(&self, listener: &Listener) -> Infallible {
        let mut logged: Option<Instant> = None;
        loop {
            let stream = match listener.socket.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if logged.is_none_or(|at| at.elapsed() >= ACCEPT_LOGGED_EVERY) {
                        logged = Some(Instant::now());
                        tracing::warn!(%error, "a connection could not be accepted; it is tried again");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Some(slot) = Slot::of(&self.counters, self.limits.connections_max) else {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                self.refusals.refuse(stream, listener.tls.as_ref());
                continue;
            };
            if stream.set_nodelay(true).is_err() {
                // The peer is gone already.
                continue;
            }
            match &listener.tls {
                None => {
                    let connection = self.connection(listener.via, slot, &self.over_tcp);
                    drop(tokio::spawn(connection.serve(Either::Left(stream))));
                }
                Some(tls) => {
                    let connection = self.connection(listener.via, slot, &self.over_tls);
                    let timeout = self.limits.tls_handshake_timeout;
                    drop(tokio::spawn(connection.serve_tls(stream, tls.clone(), timeout)));
                }
            }
        }
    }

    fn connection(&self, via: Via, slot: Slot, builder: &Arc<Builder<TokioExecutor>>) -> Connection<A> {
        Connection {
            via,
            slot,
            builder: Arc::clone(builder),
            application: self.application.clone(),
            shared: self.shared.clone(),
            watcher: self.watcher.clone(),
        }
    }
}

impl Closing {
    /// Waits until all connections have finished; after `timeout` they are dropped.
    pub(crate) async fn finish(self, timeout: Duration) {
        let Closing { counters, phase } = self;
        if tokio::time::timeout(timeout, phase.closed()).await.is_err() {
            let connections = counters.open();
            tracing::warn!(connections, "requests did not finish in time and were dropped");
            phase.send_replace(Phase::Ending);
            phase.closed().await;
        }
    }
}

/// A connection's slot: counted out when its task ends, however that happens.
struct Slot(Arc<ConnectionCounters>);

impl Slot {
    /// One of so many, if it is free.
    fn of(counters: &Arc<ConnectionCounters>, connections_max: usize) -> Option<Slot> {
        counters.try_open(connections_max as u64).then(|| Slot(Arc::clone(counters)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// One connection that has a slot.
struct Connection<A> {
    via: Via,
    slot: Slot,
    builder: Arc<Builder<TokioExecutor>>,
    application: A,
    shared: Shared,
    watcher: watch::Receiver<Phase>,
}

impl<A: Application> Connection<A> {
    async fn serve_tls(mut self, stream: TcpStream, tls: Tls, timeout: Duration) {
        if let Some(stream) = self.shake_hands(stream, &tls, timeout).await {
            self.serve(Either::Right(stream)).await;
        }
    }

    /// Waits for the handshake; `None` if it fails.
    async fn shake_hands(
        &mut self,
        stream: TcpStream,
        tls: &Tls,
        timeout: Duration,
    ) -> Option<Box<TlsStream<TcpStream>>> {
        let shaken = tokio::select! {
            biased;
            shaken = tokio::time::timeout(timeout, tls.accept(stream)) => shaken,
            // No request has begun that would have to be finished.
            _ = self.watcher.wait_for(|phase| *phase != Phase::Serving) => return None,
        };
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => Some(Box::new(stream)),
            Err(error) => {
                self.slot.0.tls_handshake_failures.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        }
    }

    async fn serve(self, stream: Stream) {
        let Connection { via, slot, builder, application, shared, watcher } = self;
        connection::serve(stream, via, &builder, application, watcher, shared).await;
        drop(slot);
    }
}
