//! The first bytes of a connection: whether it is over TLS, and what it is for.
//!
//! A request for TLS is answered before another byte is read: what came behind it in clear would
//! else be taken for a part of what is said inside (CVE-2021-23222). A handshake that fails ends
//! the connection; nothing goes on in clear after it.

use std::sync::Arc;

use bytes::Buf;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;

use crate::connection::{Connection, Stop};
use crate::message::{self, Broken};
use crate::port::{Greeting, PortOptions};
use crate::refusal::Refusal;
use crate::stream::SharedSocket;

/// Longest first message, as PostgreSQL has it.
const FIRST_BYTES_MAX: usize = 10_000;
/// A length and a code.
const FIRST_HEAD_BYTES: usize = 8;
/// Most requests for encryption before the first message: one for TLS, one for GSSAPI.
const REQUESTS_MAX: usize = 2;

const TLS_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// The first byte of a TLS handshake: since version 17 clients may begin with it.
const HANDSHAKE: u8 = 0x16;

/// What comes first in clear.
enum Beginning {
    Message(First),
    /// A request for TLS, which was granted.
    Tls,
}

/// What a connection is for.
#[derive(Debug)]
pub(crate) enum First {
    /// To log in, with these parameters.
    Startup(Startup),
    /// To stop a statement of another one.
    Cancel { number: i32, secret: i32 },
}

/// A first message.
#[derive(Debug)]
pub(crate) struct Startup {
    /// Minor version of the protocol; the major one is 3.
    pub(crate) minor: u16,
    pub(crate) parameters: Vec<(String, String)>,
}

/// What a connection is over.
#[derive(Clone, Debug)]
pub(crate) enum Channel {
    /// Nothing that keeps others from reading it.
    Clear,
    /// TLS, with what names the server's certificate where anything does.
    Tls(Option<Arc<[u8]>>),
}

/// Greets a client. What it is over comes with its connection.
pub(crate) async fn greet(socket: SharedSocket, options: &PortOptions) -> Result<(Connection, Channel, First), Stop> {
    let stall_timeout = options.stall_timeout;
    let tls = options.tls.as_ref().map(|tls| tls.current());
    let mut first = [0];
    let begins_with_tls = socket.0.peek(&mut first).await? == 1 && first[0] == HANDSHAKE;
    let mut connection = Connection::new(Either::Left(socket.clone()), stall_timeout);
    let beginning = match begins_with_tls && tls.is_some() {
        true => Ok(Beginning::Tls),
        false => beginning(&mut connection, Some((&socket, tls.is_some()))).await,
    };
    let mut channel = Channel::Clear;
    let first = match (beginning, tls) {
        (Ok(Beginning::Message(first)), _) => return Ok((connection, Channel::Clear, first)),
        (Ok(Beginning::Tls), Some(Greeting { config, end_point })) => {
            channel = Channel::Tls(end_point);
            // Nothing was read beyond the request.
            let stream = TlsAcceptor::from(config).accept(socket).await.inspect_err(|error| {
                tracing::debug!(%error, "a TLS handshake failed");
            })?;
            connection = Connection::new(Either::Right(Box::new(stream)), stall_timeout);
            beginning_over_tls(&mut connection).await
        }
        (Ok(Beginning::Tls), None) => Err(Stop::Gone),
        (Err(end), _) => Err(end),
    };
    match first {
        Ok(first) => Ok((connection, channel, first)),
        Err(Stop::Refused(refusal)) => {
            connection.refuse(&refusal).await;
            Err(Stop::Gone)
        }
        Err(end) => Err(end),
    }
}

async fn beginning_over_tls(connection: &mut Connection) -> Result<First, Stop> {
    match beginning(connection, None).await? {
        Beginning::Message(first) => Ok(first),
        Beginning::Tls => Err(Broken("a request for TLS over TLS").into()),
    }
}

/// Reads the first message, and answers the requests for encryption before it. With `in_clear`
/// (the socket, and whether there is TLS) it ends where TLS begins.
async fn beginning(connection: &mut Connection, in_clear: Option<(&SharedSocket, bool)>) -> Result<Beginning, Stop> {
    for _ in 0..=REQUESTS_MAX {
        let mut head = connection.first_bytes(FIRST_HEAD_BYTES).await?;
        let (length, code) = (head.get_u32() as usize, head.get_u32());
        match (length, code, in_clear) {
            (FIRST_HEAD_BYTES, TLS_REQUEST, Some((socket, has_tls))) => {
                let answer = if has_tls { b"S" } else { b"N" };
                socket.clone().write_all(answer).await?;
                if has_tls {
                    if !connection.has_read_all() {
                        return Err(Broken("bytes in clear behind a request for TLS").into());
                    }
                    return Ok(Beginning::Tls);
                }
            }
            (FIRST_HEAD_BYTES, GSS_REQUEST, Some((socket, _))) => socket.clone().write_all(b"N").await?,
            (16, CANCEL_REQUEST, _) => {
                let mut pair = connection.first_bytes(8).await?;
                let first = First::Cancel { number: pair.get_i32(), secret: pair.get_i32() };
                return Ok(Beginning::Message(first));
            }
            (_, code, _) if code >> 16 == 3 && (FIRST_HEAD_BYTES..=FIRST_BYTES_MAX).contains(&length) => {
                let body = connection.first_bytes(length - FIRST_HEAD_BYTES).await?;
                let parameters = message::pairs(body)?;
                let first = First::Startup(Startup { minor: (code & 0xffff) as u16, parameters });
                return Ok(Beginning::Message(first));
            }
            (_, code, _) if (1..=2).contains(&(code >> 16)) && length <= FIRST_BYTES_MAX => {
                return Err(Stop::Refused(Refusal::fatal("0A000", "version 3 of the protocol is spoken here")));
            }
            _ => return Err(Broken("it doesn't begin with its version").into()),
        }
    }
    Err(Broken("too many requests for encryption").into())
}
