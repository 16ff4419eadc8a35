//! The lowest layer: connections, bodies and answers, whatever they are about.
//!
//! It accepts connections over TCP and TLS, holds them to their time-outs and counts, reads
//! bodies within their limits, writes answers piece by piece, and knows how an error looks
//! on the wire ([`problem`]). What a request means and who may send it is decided above:
//! nothing here imports [`crate::app`] or [`crate::api`]; requests are handed on through
//! the trait [`application::Application`].

pub(crate) mod accept;
pub(crate) mod application;
pub(crate) mod body;
pub(crate) mod coding;
pub(crate) mod connection;
pub(crate) mod cors;
pub(crate) mod counted_answer;
pub(crate) mod counters;
pub(crate) mod descriptors;
pub(crate) mod host;
pub(crate) mod idle_timeout;
pub(crate) mod listeners;
pub(crate) mod over_limit;
pub(crate) mod problem;
pub(crate) mod response;
pub(crate) mod tls;
