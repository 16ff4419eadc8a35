//! The PostgreSQL port beside the HTTP server: the same keys, certificate, queries and limits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::postgres::{Access, Data, Denied, Greeting, Pass, PortCounters, PortOptions, Proof, TlsSource};
use intake::{Intake, SystemClock};
use report::{QueryLimits, QueryPool};
use server::{Listeners, MetricKind, MetricSample, ReadAccess, ReadPass, ReadProof, ServerOptions, Tls, TlsSpeaking};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bind;
use crate::failure::Failure;
use crate::settings::Settings;

/// What PostgreSQL's clients name their protocol in a TLS handshake.
const PROTOCOL: &[u8] = b"postgresql";
/// A statement first waits so long for what is acknowledged to be readable, as over HTTP.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);
/// From the first byte to the end of the login.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Tools keep connections for later; one that is asked nothing for so long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// A client that has read half of an answer reads on within so long.
const PORTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// For a client that takes nothing of an answer, or sends half a message.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The port, bound and not served yet.
pub(super) struct Port {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

/// What the port shares with the rest of the server.
pub(super) struct Parts {
    pub(super) queries: QueryPool,
    pub(super) intake: Intake,
    pub(super) tls: Option<Tls>,
}

impl Port {
    /// Takes the port, if there shall be one.
    ///
    /// # Errors
    /// It can't be listened on.
    pub(super) async fn bind(settings: &Settings) -> Result<Option<Port>, Failure> {
        let Some(listen) = &settings.postgres_listen else { return Ok(None) };
        let (listener, address) = bind("--postgres-listen", &listen.0).await?;
        Ok(Some(Port { listener, address }))
    }

    /// Whether others than this machine can reach it.
    pub(super) fn is_on_network(&self) -> bool {
        !self.address.ip().is_loopback()
    }

    /// Serves it until `stopped` says so, in the background.
    ///
    /// # Errors
    /// A listener isn't bound.
    pub(super) fn start(
        self,
        parts: Parts,
        listeners: &Listeners,
        options: &ServerOptions,
        settings: &Settings,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<(Arc<PortCounters>, JoinHandle<()>), Failure> {
        let access = ReadAccess::of(listeners, options, Arc::new(SystemClock))
            .map_err(|error| Failure::unavailable(format_args!("cannot listen: {error}")))?;
        if self.is_on_network() && parts.tls.is_none() {
            tracing::warn!(
                "the PostgreSQL port is on the network without TLS: nobody can log in; name a certificate with tls_cert_file, tls_key_file and tls_listen"
            );
        }
        let counters = Arc::<PortCounters>::default();
        let options = PortOptions {
            access: Arc::new(Keys(access)),
            tls: parts.tls.map(|tls| Arc::new(Certificate(tls)) as Arc<dyn TlsSource>),
            data: Arc::new(Pipeline(parts.intake)),
            queries: parts.queries,
            limits: QueryLimits {
                rows_max: options.sql_rows_max,
                time_max: options.sql_time_max,
                memory_bytes_max: options.sql_memory_bytes_max,
                process_memory_bytes_max: options.sql_process_memory_bytes_max,
                answer_bytes_max: options.sql_answer_bytes_max,
                ..QueryLimits::default()
            },
            connections_max: usize::try_from(settings.postgres_connections_max).unwrap_or(usize::MAX),
            // As much as the answers over HTTP have.
            answers_bytes_max: options.requests_in_flight_bytes_max / 2,
            login_timeout: LOGIN_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            portal_timeout: PORTAL_TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            shutdown_timeout: options.shutdown_timeout,
            counters: Arc::clone(&counters),
        };
        tracing::info!(address = %self.address, "the PostgreSQL port is open");
        let served = tokio::spawn(async move {
            let stop = async {
                // An error means that the server has ended.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = ::postgres::serve(self.listener, options, stop).await {
                tracing::error!(%error, "the PostgreSQL port is closed");
            }
        });
        Ok((counters, served))
    }
}

/// The port's numbers for `/metrics`.
pub(super) fn samples(counters: &PortCounters) -> Vec<MetricSample> {
    let counts = counters.counts();
    let one = |name, kind, help, value: u64| MetricSample { name, kind, help, values: vec![(None, value as f64)] };
    let counter = |name, help, value| one(name, MetricKind::Counter, help, value);
    vec![
        one(
            "frontdesk_postgres_connections_open",
            MetricKind::Gauge,
            "Open connections of the PostgreSQL port.",
            counts.open,
        ),
        counter("frontdesk_postgres_connections_total", "Connections to the PostgreSQL port.", counts.opened),
        counter(
            "frontdesk_postgres_connections_refused_total",
            "Connections to the PostgreSQL port that were one too many.",
            counts.refused,
        ),
        counter(
            "frontdesk_postgres_logins_refused_total",
            "Logins to the PostgreSQL port that were refused.",
            counts.logins_refused,
        ),
        counter(
            "frontdesk_postgres_statements_total",
            "Statements of the PostgreSQL port that workers ran.",
            counts.statements,
        ),
        counter(
            "frontdesk_postgres_statement_failures_total",
            "Those of them that gave an error or were cancelled.",
            counts.failures,
        ),
    ]
}

struct Keys(ReadAccess);

impl Access for Keys {
    fn demands_key(&self) -> bool {
        self.0.demands_key()
    }

    fn admit(&self, key: Option<&str>) -> Result<Box<dyn Pass>, Denied> {
        let pass = self.0.admit(key).map_err(|why| Denied(why.to_owned()))?;
        Ok(Box::new(Holder { access: self.0.clone(), pass }))
    }

    fn proof(&self, user: &str) -> Option<Box<dyn Proof>> {
        let proof = self.0.proof(user)?;
        Some(Box::new(Named { access: self.0.clone(), proof }))
    }
}

/// Who names a key.
struct Named {
    access: ReadAccess,
    proof: ReadProof,
}

impl Proof for Named {
    fn verifier(&self) -> &str {
        self.proof.verifier()
    }

    fn admit(&self) -> Result<Box<dyn Pass>, Denied> {
        let pass = self.access.admit_proven(&self.proof).map_err(|why| Denied(why.to_owned()))?;
        Ok(Box::new(Holder { access: self.access.clone(), pass }))
    }
}

/// Who was let in.
struct Holder {
    access: ReadAccess,
    pass: ReadPass,
}

impl Pass for Holder {
    fn holds(&self) -> bool {
        self.access.still_admits(&self.pass)
    }
}

struct Certificate(Tls);

impl TlsSource for Certificate {
    fn current(&self) -> Greeting {
        let TlsSpeaking { config, end_point } = self.0.speaking(PROTOCOL);
        Greeting { config: Arc::new(config), end_point }
    }
}

struct Pipeline(Intake);

#[async_trait::async_trait]
impl Data for Pipeline {
    async fn settle(&self) {
        // A pipeline that stopped still has tables to read.
        let _ = tokio::time::timeout(SETTLE_TIMEOUT, self.0.settle()).await;
    }
}
