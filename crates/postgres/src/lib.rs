//! The PostgreSQL protocol, for tools that read over it: psql, drivers, Metabase, Grafana.
//!
//! It owns connections, from the first byte to the last: TLS, the login with a key, messages,
//! prepared statements and portals, cancelling, rows in text and binary. What a statement says is
//! not its business: those that ask for rows go to the workers of `report`, which let through
//! what reads; `set`, `show`, `begin` and the like are answered here; everything else is refused
//! by its first word already, before anybody plans it.
//!
//! Messages are cut out of the stream by our own code (`message`), since a cut or lying message
//! must end a connection and not a thread; what is sent is written with `pgwire` and `arrow-pg`.
//! `pgwire`'s own server is not used: it goes on without TLS when the certificate fails, takes
//! messages of a gigabyte from strangers, and reads on in clear behind a request for TLS.
//!
//! No text of a statement, no value and no key is logged.

mod budget;
mod cancel;
mod connection;
mod counters;
mod cursor;
mod listen;
mod login;
mod message;
mod negotiate;
mod port;
mod prepared;
mod refusal;
mod rows;
mod scram;
mod session;
mod split;
mod statement;
mod strangers;
mod stream;
mod values;
mod variables;

pub use counters::{PortCounters, PortCounts};
pub use listen::serve;
pub use port::{Access, Data, Denied, Greeting, Pass, PortOptions, Proof, TlsSource};
