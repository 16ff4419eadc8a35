//! What the port needs from whoever runs it, and its limits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use report::{QueryLimits, QueryPool};
use rustls::ServerConfig;

use crate::counters::PortCounters;

/// Who may read.
pub trait Access: Send + Sync + 'static {
    /// Whether a key is needed now. Where it isn't, everybody who can connect may read.
    fn demands_key(&self) -> bool;

    /// Lets somebody in: with the key that was sent, or without one where none is needed.
    ///
    /// # Errors
    /// The key isn't one, or may do other things only.
    fn admit(&self, key: Option<&str>) -> Result<Box<dyn Pass>, Denied>;

    /// What somebody who logs in under this name can prove that he knows a key by, without sending it.
    fn proof(&self, user: &str) -> Option<Box<dyn Proof>>;
}

/// A key that somebody has to prove that he knows.
pub trait Proof: Send + Sync {
    /// The verifier of SCRAM-SHA-256 as PostgreSQL keeps it of a password.
    fn verifier(&self) -> &str;

    /// Lets him in, after he has.
    ///
    /// # Errors
    /// The key isn't one any more, or may do other things only.
    fn admit(&self) -> Result<Box<dyn Pass>, Denied>;
}

/// The right to read, for one connection.
pub trait Pass: Send + Sync {
    /// Whether it still holds: keys are revoked and expire.
    fn holds(&self) -> bool;
}

/// Why somebody isn't let in, in words for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(pub String);

/// What a connection over TLS is greeted with.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// The certificate, and how it is used.
    pub config: Arc<ServerConfig>,
    /// Its channel binding `tls-server-end-point` (RFC 5929), where there is one.
    pub end_point: Option<Arc<[u8]>>,
}

/// The server's certificate as it is now.
pub trait TlsSource: Send + Sync + 'static {
    /// What the next connection is greeted with; its protocols include `postgresql`.
    fn current(&self) -> Greeting;
}

/// What is read.
#[async_trait]
pub trait Data: Send + Sync + 'static {
    /// Waits until what was acknowledged can be read, and not for long.
    async fn settle(&self);
}

/// Everything that a port is made of.
#[derive(Clone)]
pub struct PortOptions {
    /// Who may read.
    pub access: Arc<dyn Access>,
    /// TLS, if it is offered.
    pub tls: Option<Arc<dyn TlsSource>>,
    /// What is read.
    pub data: Arc<dyn Data>,
    /// Who runs the statements.
    pub queries: QueryPool,
    /// The limits of a statement.
    pub limits: QueryLimits,
    /// Connections at once that are logged in; the next one is told that there are too many.
    pub connections_max: usize,
    /// Bytes of all answers at once, from the first byte of one to its last row.
    pub answers_bytes_max: usize,
    /// From the connection's first byte to the end of the login.
    pub login_timeout: Duration,
    /// Between two messages; then the connection is closed.
    pub idle_timeout: Duration,
    /// Between two messages while an answer is half read, which takes room from all others.
    pub portal_timeout: Duration,
    /// For a client that takes nothing of what it asked for, or sends half a message.
    pub stall_timeout: Duration,
    /// For connections to end when the server stops.
    pub shutdown_timeout: Duration,
    /// What has happened.
    pub counters: Arc<PortCounters>,
}
