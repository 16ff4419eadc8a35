//! Messages over a stream: whole ones of bounded length in, buffered ones out.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use pgwire::messages::PgWireBackendMessage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::message::Broken;
use crate::refusal::Refusal;
use crate::stream::Stream;

/// Longest message of a client that is logged in: a statement, or the values for one.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// So much is written at once.
const WRITE_BYTES: usize = 64 << 10;
const READ_BYTES: usize = 8 << 10;
/// What a client still sends is read for so long, and so much of it, before a refused connection
/// closes.
const LAST_WORDS_TIME: Duration = Duration::from_millis(500);
const LAST_WORDS_BYTES_MAX: usize = 8 << 20;
/// A kind and a length.
const HEAD_BYTES: usize = 5;

/// Why something isn't done to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The client is gone, or wants to be.
    Gone,
    /// The client is told this; the connection ends if it says so.
    Refused(Refusal),
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Stop {
        Stop::Gone
    }
}

impl From<Broken> for Stop {
    fn from(Broken(what): Broken) -> Stop {
        Stop::Refused(Refusal::fatal("08P01", format!("this is not the PostgreSQL protocol: {what}")))
    }
}

/// A stream of messages.
pub(crate) struct Connection {
    stream: Stream,
    incoming: BytesMut,
    outgoing: BytesMut,
    stall_timeout: Duration,
}

impl Connection {
    pub(crate) fn new(stream: Stream, stall_timeout: Duration) -> Connection {
        Connection { stream, incoming: BytesMut::new(), outgoing: BytesMut::new(), stall_timeout }
    }

    /// The next message: its kind and what it holds. The wait for its first byte is the caller's to
    /// limit.
    pub(crate) async fn message(&mut self, bytes_max: usize) -> Result<(u8, Bytes), Stop> {
        while self.incoming.is_empty() {
            self.read().await?;
        }
        let stall_timeout = self.stall_timeout;
        let rest = async {
            while self.incoming.len() < HEAD_BYTES {
                self.read().await?;
            }
            let length = i32::from_be_bytes([self.incoming[1], self.incoming[2], self.incoming[3], self.incoming[4]]);
            let length = usize::try_from(length).ok().filter(|length| *length >= 4);
            let length = length.ok_or(Broken("a message of a length that can't be"))?;
            if length > bytes_max {
                let message = format!("a message of {length} bytes is longer than {bytes_max}, the most that is taken");
                return Err(Stop::Refused(Refusal::fatal("54000", message)));
            }
            while self.incoming.len() < 1 + length {
                self.read().await?;
            }
            let mut message = self.incoming.split_to(1 + length).freeze();
            let kind = message.get_u8();
            message.advance(4);
            Ok((kind, message))
        };
        let stalled = || Stop::Refused(Refusal::fatal("08P01", "a message was begun and not finished in time"));
        timeout(stall_timeout, rest).await.unwrap_or_else(|_| Err(stalled()))
    }

    /// The next bytes of a first message, which has no kind.
    pub(crate) async fn first_bytes(&mut self, count: usize) -> Result<Bytes, Stop> {
        while self.incoming.len() < count {
            self.read().await?;
        }
        Ok(self.incoming.split_to(count).freeze())
    }

    /// Whether nothing was read that isn't used.
    pub(crate) fn has_read_all(&self) -> bool {
        self.incoming.is_empty()
    }

    async fn read(&mut self) -> Result<(), Stop> {
        self.incoming.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.incoming).await? {
            0 => Err(Stop::Gone),
            _ => Ok(()),
        }
    }

    /// Adds a message to those that are on their way.
    pub(crate) fn put(&mut self, message: &PgWireBackendMessage) -> Result<(), Stop> {
        // Lengths of 2 GiB fail, and no answer is as long.
        message.encode(&mut self.outgoing).map_err(|_| Stop::Gone)
    }

    /// Sends what is on its way, if that is much.
    pub(crate) async fn flush_if_large(&mut self) -> Result<(), Stop> {
        if self.outgoing.len() < WRITE_BYTES { Ok(()) } else { self.flush().await }
    }

    /// Sends what is on its way.
    pub(crate) async fn flush(&mut self) -> Result<(), Stop> {
        while !self.outgoing.is_empty() {
            match timeout(self.stall_timeout, self.stream.write_buf(&mut self.outgoing)).await {
                Ok(Ok(written)) if written > 0 => {}
                Ok(Err(error)) => return Err(error.into()),
                // Nobody takes it.
                Ok(Ok(_)) | Err(_) => return Err(Stop::Gone),
            }
        }
        let flushed = timeout(self.stall_timeout, self.stream.flush()).await;
        flushed.map_err(|_| Stop::Gone)?.map_err(Stop::from)
    }

    /// Says why the connection ends, if it still can.
    pub(crate) async fn refuse(&mut self, refusal: &Refusal) {
        if self.put(&refusal.message()).is_ok() && self.flush().await.is_ok() {
            // TLS says goodbye.
            let _ = timeout(self.stall_timeout, self.stream.shutdown()).await;
            // What is unread when a socket closes takes the last words with it.
            let _ = timeout(LAST_WORDS_TIME, self.discard()).await;
        }
    }

    async fn discard(&mut self) {
        let mut left = LAST_WORDS_BYTES_MAX;
        while left > 0 {
            self.incoming.clear();
            if self.read().await.is_err() {
                return;
            }
            left = left.saturating_sub(self.incoming.len());
        }
    }
}
