//! Every limit of the server, by name and unit, in one place.
//!
//! The defaults suit one machine with 2 GiB to spare. A limit that is passed gives the
//! sender a clear answer; which one is said at each field.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use report::Zone;
use state::State;
use thiserror::Error;

use super::access::keys::Keys;
use super::access::links::LinkKey;
use super::datastream::Datastream;
use super::name::is_name;
use super::schemas::{CollectedSchemas, SchemaReader};
use crate::http::accept::AcceptLimits;
use crate::http::body::BodyLimits;
use crate::http::connection::ConnectionLimits;

/// Limits and names of one server. Start from `ServerOptions::default()`:
///
/// ```
/// let options = server::ServerOptions { body_bytes_max: 1 << 20, ..Default::default() };
/// assert!(options.check().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Largest body as it is sent, before decompression; past it 413.
    pub body_bytes_max: usize,
    /// Largest body after decompression; past it 413.
    pub body_bytes_decompressed_max: usize,
    /// Bytes that are held for senders and readers: bodies that are being read, decompressed
    /// or waiting for their answer; past it 503 with `Retry-After`. Answers that wait for
    /// their reader may take half of it, past it reading is refused and violations are left
    /// out; what is kept for `tail` and test runs an eighth, past it the oldest goes.
    pub requests_in_flight_bytes_max: usize,
    /// Largest SQL text; past it 413.
    pub sql_bytes_max: usize,
    /// Time for a request's head, for an idle connection to send the next one, and for a
    /// reader to take something of an answer; past it the connection is closed.
    pub header_read_timeout: Duration,
    /// Time for a TLS handshake; past it the connection is closed.
    pub tls_handshake_timeout: Duration,
    /// How often the certificate files are looked at for new ones.
    pub tls_reload_every: Duration,
    /// Time for a whole body to arrive; past it 408.
    pub body_read_timeout: Duration,
    /// How much of a refused body is read and thrown away, so that the sender can finish
    /// and read the answer instead of meeting a reset connection.
    pub drain_bytes_max: usize,
    /// How long a refused body is thrown away before the connection is closed.
    pub drain_timeout: Duration,
    /// Open connections; the next one gets 503 and is closed.
    pub connections_max: usize,
    /// Requests at once on one HTTP/2 connection; the client must wait.
    pub http2_streams_max: u32,
    /// Buffer of one HTTP/1 connection and so the largest head; past it 431. A connection
    /// has one to read and one to write, which is what it may hold beside the budget.
    pub connection_buffer_bytes_max: usize,
    /// Rows of one SQL answer; past it 422.
    pub sql_rows_max: usize,
    /// Time of one SQL query; past it 422.
    pub sql_time_max: Duration,
    /// Time of one export; past it its answer is cut off.
    pub export_time_max: Duration,
    /// Memory of one SQL query as the engine counts it; past it 422.
    pub sql_memory_bytes_max: usize,
    /// Memory that the process of one SQL query takes for it; past it the process ends, and
    /// the query with 422.
    pub sql_process_memory_bytes_max: usize,
    /// Bytes of one SQL answer as it is sent; past it 422.
    pub sql_answer_bytes_max: usize,
    /// The time zone of reports that name none.
    pub time_zone: Zone,
    /// SQL queries at once, so that reading never starves taking in; past it 429.
    pub sql_queries_max: usize,
    /// Time for requests to finish after the signal to stop; then they are dropped.
    pub shutdown_timeout: Duration,
    /// Names besides loopback ones under which a server on loopback may be read (SQL,
    /// receipts, rejects): those of a proxy on the same machine. Any other gets 403. Since
    /// a proxy lets others in, a server with such names demands keys, as one on a network
    /// address does, which doesn't look at names.
    pub hosts_allowed: Vec<String>,
    /// Names in the server's own certificate, under which it may be read over loopback too.
    pub tls_names: Vec<String>,
    /// The API keys. None is known by default.
    pub keys: Keys,
    /// Streaming inlets by id, and the datastream that each one feeds. An inlet that is
    /// not named here feeds the datastream of its own id.
    pub inlets: BTreeMap<String, String>,
    /// Datastreams of the Edge Network API by id. Where none is named, any id is taken.
    pub datastreams: BTreeMap<String, Datastream>,
    /// Largest body of the Edge Network API; past it 413. The Web SDK sends up to 64 KiB
    /// as a beacon and more by other means. While its events are completed a body is held
    /// twice, and counts so against `requests_in_flight_bytes_max`.
    pub network_body_bytes_max: usize,
    /// What is collected, for the page `/schemas`: the schema of most datastreams first.
    pub schemas: CollectedSchemas,
    /// Reads the schemas anew when an administrator asks for it; without it that is answered with 503.
    pub schema_reader: Option<SchemaReader>,
    /// What people keep beside the events. Without it saved views, notes and links are answered with 503.
    pub state: Option<State>,
    /// Why there is none although there should be one, and how to mend it, for whoever may read.
    pub state_trouble: Option<String>,
    /// The key by which links are signed. Without it none are made or answered.
    pub link_key: Option<LinkKey>,
    /// Origins whose pages may show a shared view in a frame, such as `https://intranet.example`.
    pub embed_hosts: Vec<String>,
    /// How often the page of a shared link is drawn anew for those who look at it.
    pub shared_look_every: Duration,
    /// The Web SDK's file, for the page `/demo/sdk.html`.
    pub demo_alloy: Option<Bytes>,
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// Planning a small query takes some of it.
const SQL_PROCESS_BYTES_MIN: usize = 64 * MIB;
/// Soon enough after a renewal, and two small files to read.
const TLS_RELOAD_EVERY: Duration = Duration::from_secs(5);
/// A page is drawn from kept answers in milliseconds as long as nothing changes.
const SHARED_LOOK_EVERY: Duration = Duration::from_secs(10);

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            body_bytes_max: 16 * MIB,
            body_bytes_decompressed_max: 64 * MIB,
            requests_in_flight_bytes_max: 256 * MIB,
            sql_bytes_max: 64 * KIB,
            header_read_timeout: Duration::from_secs(30),
            tls_handshake_timeout: Duration::from_secs(10),
            tls_reload_every: TLS_RELOAD_EVERY,
            body_read_timeout: Duration::from_secs(30),
            drain_bytes_max: 64 * MIB,
            drain_timeout: Duration::from_secs(2),
            connections_max: 4_096,
            http2_streams_max: 128,
            connection_buffer_bytes_max: 64 * KIB,
            sql_rows_max: 100_000,
            sql_time_max: Duration::from_secs(30),
            export_time_max: Duration::from_secs(3_600),
            sql_memory_bytes_max: 256 * MIB,
            sql_process_memory_bytes_max: 512 * MIB,
            sql_answer_bytes_max: 64 * MIB,
            time_zone: Zone::UTC,
            sql_queries_max: 2,
            shutdown_timeout: Duration::from_secs(10),
            hosts_allowed: Vec::new(),
            tls_names: Vec::new(),
            keys: Keys::default(),
            inlets: BTreeMap::new(),
            datastreams: BTreeMap::new(),
            network_body_bytes_max: MIB,
            schemas: CollectedSchemas::default(),
            schema_reader: None,
            state: None,
            state_trouble: None,
            link_key: None,
            embed_hosts: Vec::new(),
            shared_look_every: SHARED_LOOK_EVERY,
            demo_alloy: None,
        }
    }
}

impl ServerOptions {
    /// Refuses limits that contradict each other or that no request could meet.
    pub fn check(self) -> Result<ServerOptions, OptionsError> {
        let at_least = |name, value: usize, min: usize| {
            if value < min { Err(OptionsError::TooSmall { name, value, min }) } else { Ok(()) }
        };
        at_least("body_bytes_max", self.body_bytes_max, 1)?;
        at_least("body_bytes_decompressed_max", self.body_bytes_decompressed_max, self.body_bytes_max)?;
        at_least("requests_in_flight_bytes_max", self.requests_in_flight_bytes_max, self.body_bytes_max)?;
        at_least("sql_bytes_max", self.sql_bytes_max, 1)?;
        at_least("connections_max", self.connections_max, 1)?;
        at_least("http2_streams_max", self.http2_streams_max as usize, 1)?;
        // hyper asserts this minimum.
        at_least("connection_buffer_bytes_max", self.connection_buffer_bytes_max, 8 * KIB)?;
        at_least("sql_rows_max", self.sql_rows_max, 1)?;
        at_least("sql_queries_max", self.sql_queries_max, 1)?;
        at_least("sql_process_memory_bytes_max", self.sql_process_memory_bytes_max, SQL_PROCESS_BYTES_MIN)?;
        at_least("sql_answer_bytes_max", self.sql_answer_bytes_max, 1)?;
        for (name, value) in [
            ("header_read_timeout", self.header_read_timeout),
            ("tls_handshake_timeout", self.tls_handshake_timeout),
            // tokio asserts that an interval is not zero.
            ("tls_reload_every", self.tls_reload_every),
            ("body_read_timeout", self.body_read_timeout),
            ("sql_time_max", self.sql_time_max),
            ("export_time_max", self.export_time_max),
            ("shared_look_every", self.shared_look_every),
        ] {
            if value.is_zero() {
                return Err(OptionsError::Zero { name });
            }
        }
        at_least("network_body_bytes_max", self.network_body_bytes_max, 1)?;
        if let Some(host) = self.embed_hosts.iter().find(|host| !is_origin(host)) {
            return Err(OptionsError::EmbedHost { host: host.clone() });
        }
        if let Some(name) = self.datastreams.keys().find(|name| !is_name(name)) {
            return Err(OptionsError::DatastreamName { datastream: name.clone() });
        }
        match self.inlets.iter().find(|(inlet, datastream)| !is_name(inlet) || !is_name(datastream)) {
            Some((inlet, _)) => Err(OptionsError::InletName { inlet: inlet.clone() }),
            None => Ok(self),
        }
    }

    /// What holds for connections.
    pub(crate) fn accept_limits(&self) -> AcceptLimits {
        AcceptLimits {
            connections_max: self.connections_max,
            tls_handshake_timeout: self.tls_handshake_timeout,
            tls_reload_every: self.tls_reload_every,
            connection: ConnectionLimits {
                idle_timeout: self.header_read_timeout,
                http2_streams_max: self.http2_streams_max,
                buffer_bytes_max: self.connection_buffer_bytes_max,
            },
        }
    }

    /// What holds for bodies.
    pub(crate) fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            bytes_max: self.body_bytes_max,
            decompressed_bytes_max: self.body_bytes_decompressed_max,
            read_timeout: self.body_read_timeout,
            drain_bytes_max: self.drain_bytes_max,
            drain_timeout: self.drain_timeout,
        }
    }
}

/// Whether this is a scheme with a host and perhaps a port: what a policy can name without meaning more.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    host.is_some_and(|host| !host.is_empty() && is_plain(host))
}

/// Limits that can't be served with.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OptionsError {
    /// A limit is below what another one or the protocol needs.
    #[error("{name} is {value}; set it to at least {min}")]
    TooSmall {
        /// Field of [`ServerOptions`].
        name: &'static str,
        /// What was set.
        value: usize,
        /// What it must be at least.
        min: usize,
    },
    /// A time-out of nothing would refuse everything.
    #[error("{name} is zero; set it to at least a millisecond")]
    Zero {
        /// Field of [`ServerOptions`].
        name: &'static str,
    },
    /// A host that may embed isn't an origin.
    #[error(
        "`{host}` in embed_hosts is no origin such as https://intranet.example; leave out the path, and name each host"
    )]
    EmbedHost {
        /// What was set.
        host: String,
    },
    /// A datastream has a name with other than letters, digits and `-_.:`.
    #[error(
        "the datastream `{datastream}` has a name that is not 1 to 128 letters, digits, `-`, `_`, `.` or `:`; rename it"
    )]
    DatastreamName {
        /// The datastream's id.
        datastream: String,
    },
    /// An inlet or its datastream has a name with other than letters, digits and `-_.:`.
    #[error(
        "the inlet `{inlet}` or its datastream has a name that is not 1 to 128 letters, digits, `-`, `_`, `.` or `:`; rename it"
    )]
    InletName {
        /// The inlet's id.
        inlet: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_limits_that_contradict() {
        let check = |change: fn(&mut ServerOptions), expect: Option<&str>| {
            let mut options = ServerOptions::default();
            change(&mut options);
            let message = options.check().err().map(|e| e.to_string());
            match expect {
                None => assert_eq!(message, None),
                Some(part) => assert!(message.as_deref().is_some_and(|m| m.contains(part)), "{message:?}"),
            }
        };
        check(|_| {}, None);
        check(|o| o.body_bytes_max = 0, Some("body_bytes_max is 0"));
        check(|o| o.body_bytes_decompressed_max = 1, Some("body_bytes_decompressed_max"));
        check(|o| o.requests_in_flight_bytes_max = 1, Some("requests_in_flight_bytes_max"));
        check(|o| o.connection_buffer_bytes_max = 100, Some("at least 8192"));
        check(|o| o.body_read_timeout = Duration::ZERO, Some("body_read_timeout is zero"));
        check(|o| o.tls_handshake_timeout = Duration::ZERO, Some("tls_handshake_timeout is zero"));
        check(|o| o.tls_reload_every = Duration::ZERO, Some("tls_reload_every is zero"));
        check(|o| o.embed_hosts = vec!["https://intranet.example:8443".to_owned()], None);
        for wrong in ["intranet.example", "https://", "https://a.example/x", "https://a.example; script-src *", "*"] {
            let options = ServerOptions { embed_hosts: vec![wrong.to_owned()], ..ServerOptions::default() };
            assert_eq!(options.check().err(), Some(OptionsError::EmbedHost { host: wrong.to_owned() }));
        }
        check(|o| drop(o.inlets.insert("a b".into(), "c".into())), Some("`a b`"));
    }
}
