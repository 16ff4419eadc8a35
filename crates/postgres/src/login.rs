//! Logging in: a key as the password. Under the key's id it isn't sent at all but proven (`scram`); under any other name,
//! and of keys that nothing to prove them by is kept of, it is sent.
//!
//! A key in clear goes over TLS, or stays on the machine. Everything that was sent in a first
//! message is a stranger's: it is not logged, and only what is known is kept.

use std::net::IpAddr;

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::{Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey};

use crate::cancel::Cancel;
use crate::connection::{Connection, Stop};
use crate::counters::Slot;
use crate::message;
use crate::negotiate::{Channel, Startup};
use crate::port::{Denied, Pass, PortOptions};
use crate::refusal::Refusal;
use crate::scram::{self, Binding, Exchange, Failed, Verifier};
use crate::variables::Variables;

/// Longest message with a password; a key is a twentieth of it.
const PASSWORD_BYTES_MAX: usize = 2_048;

/// Lets a client in, if there is a place for it.
pub(crate) async fn log_in(
    connection: &mut Connection,
    (channel, listens_on): (&Channel, IpAddr),
    startup: &Startup,
    cancel: &Cancel,
    options: &PortOptions,
) -> Result<(Box<dyn Pass>, Variables, Slot), Stop> {
    let unknown: Vec<String> =
        startup.parameters.iter().map(|(name, _)| name).filter(|name| name.starts_with("_pq_.")).cloned().collect();
    if startup.minor > 0 || !unknown.is_empty() {
        let negotiated = NegotiateProtocolVersion::new(0, unknown);
        connection.put(&PgWireBackendMessage::NegotiateProtocolVersion(negotiated))?;
    }
    let value =
        |name: &str| startup.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if value("replication").is_some_and(|value| !["false", "off", "no", "0"].contains(&value)) {
        return refused("0A000", "there is no replication here");
    }
    if value("user").is_none_or(str::is_empty) {
        return refused("28000", "no user was named; any name will do");
    }
    let pass = if options.access.demands_key() {
        if matches!(channel, Channel::Clear) && !listens_on.is_loopback() {
            let refusal = Refusal::fatal("28000", "a key is taken over TLS only: it would cross the network in clear");
            let hint = match options.tls {
                Some(_) => "connect with sslmode=require",
                None => {
                    "give the server a certificate (tls_cert_file, tls_key_file, tls_listen), and connect with sslmode=require"
                }
            };
            return Err(Stop::Refused(refusal.hint(hint)));
        }
        match value("user").and_then(|user| options.access.proof(user)) {
            Some(proof) => {
                prove(connection, channel, proof.verifier()).await?;
                proof.admit()
            }
            None => {
                connection.put(&PgWireBackendMessage::Authentication(Authentication::CleartextPassword))?;
                connection.flush().await?;
                let (kind, body) = connection.message(PASSWORD_BYTES_MAX).await?;
                let password = message::password(kind, body)?;
                options.access.admit(Some(&password))
            }
        }
    } else {
        options.access.admit(None)
    };
    let pass = pass.map_err(|Denied(message)| {
        let hint = "send an API key as the password, under any name; make one with: frontdesk key new --scope read --name NAME";
        Stop::Refused(Refusal::fatal("28P01", message).hint(hint))
    })?;
    let slot = Slot::of(&options.counters, options.connections_max).ok_or_else(|| {
        let message = "there are too many connections; close some, or raise postgres_connections_max";
        Stop::Refused(Refusal::fatal("53300", message))
    })?;
    let (variables, warning) = Variables::begin(&startup.parameters);
    connection.put(&PgWireBackendMessage::Authentication(Authentication::Ok))?;
    for (name, value) in variables.reported() {
        connection.put(&PgWireBackendMessage::ParameterStatus(ParameterStatus::new(name.to_owned(), value)))?;
    }
    if let Some(warning) = warning {
        connection.put(&warning.warning())?;
    }
    let key = BackendKeyData::new(cancel.number, SecretKey::I32(cancel.secret));
    connection.put(&PgWireBackendMessage::BackendKeyData(key))?;
    connection.put(&PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(TransactionStatus::Idle)))?;
    connection.flush().await?;
    Ok((pass, variables, slot))
}

/// Has a client prove that it knows a key, which it doesn't send.
async fn prove(connection: &mut Connection, channel: &Channel, verifier: &str) -> Result<(), Stop> {
    let verifier = Verifier::parse(verifier);
    let verifier =
        verifier.ok_or_else(|| Stop::Refused(Refusal::fatal("28P01", "this key can't be logged in with")))?;
    let end_point = match channel {
        Channel::Tls(Some(end_point)) => Some(&**end_point),
        Channel::Tls(None) | Channel::Clear => None,
    };
    // The better one first.
    let methods = end_point.map(|_| scram::METHOD_BOUND).into_iter().chain([scram::METHOD]).map(str::to_owned);
    connection.put(&PgWireBackendMessage::Authentication(Authentication::SASL(methods.collect())))?;
    connection.flush().await?;
    let (kind, body) = connection.message(PASSWORD_BYTES_MAX).await?;
    let (method, first) = message::method(kind, body)?;
    let binding = match (method.as_str(), end_point) {
        (scram::METHOD, None) => Binding::NotOffered,
        (scram::METHOD, Some(_)) => Binding::LeftOut,
        (scram::METHOD_BOUND, Some(end_point)) => Binding::To(end_point),
        _ => return refused("28000", "this way of logging in isn't offered"),
    };
    let (exchange, answer) = Exchange::begin(verifier, &first, binding).map_err(failed)?;
    connection.put(&PgWireBackendMessage::Authentication(Authentication::SASLContinue(answer.into())))?;
    connection.flush().await?;
    let (kind, body) = connection.message(PASSWORD_BYTES_MAX).await?;
    let answer = exchange.finish(&message::response(kind, body)?).map_err(failed)?;
    connection.put(&PgWireBackendMessage::Authentication(Authentication::SASLFinal(answer.into())))
}

fn failed(failed: Failed) -> Stop {
    Stop::Refused(match failed {
        Failed::Broken(what) => Refusal::fatal("08P01", format!("this is not SCRAM-SHA-256: {what}")),
        Failed::Downgraded => {
            Refusal::fatal("28000", "somebody between has hidden that this server binds the login to its certificate")
                .hint("SCRAM-SHA-256-PLUS was offered, and the client was told that it isn't; look who stands between")
        }
        Failed::OtherChannel => Refusal::fatal("28000", "the login is bound to another certificate than this server's")
            .hint("somebody between ends TLS with a certificate of his own; connect to this server itself"),
        Failed::NoRandom => Refusal::fatal("58000", "the system gives no random numbers"),
        Failed::Wrong => Refusal::fatal("28P01", "the password is not the key that has this id")
            .hint("send the whole key, fd_…, as the password under its id; frontdesk key list shows the ids"),
    })
}

fn refused<T>(code: &'static str, message: &str) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal::fatal(code, message)))
}
