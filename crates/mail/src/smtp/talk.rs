//! One connection: what is sent, in order, and what each reply means.

use std::error::Error as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use lettre::Address;
#[expect(deprecated, reason = "the only way to lettre's TLS that doesn't read replies, too")]
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::TlsParameters;
use tokio::time::timeout;

use super::reply::{REPLY_BYTES_MAX, Read, Reply};
use super::{Gate, Sent, Step, Trouble, TroubleKind};

/// To find the server and connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// For each reply: servers let strangers wait on purpose.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);
/// For the reply to a whole mail, which is searched for viruses meanwhile.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(300);
/// To say goodbye, which nothing hangs on.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection.
pub(super) struct Talk {
    #[expect(deprecated, reason = "see above")]
    stream: AsyncNetworkStream,
    /// The reply to the last EHLO.
    offers: Option<Reply>,
}

impl Talk {
    pub(super) async fn connect(host: &str, port: u16) -> Result<Talk, Trouble> {
        #[expect(deprecated, reason = "see above")]
        let connecting = AsyncNetworkStream::connect_tokio1((host, port), Some(CONNECT_TIMEOUT), None, None);
        // A name that has no address may take longer.
        let connected = timeout(CONNECT_TIMEOUT * 2, connecting).await;
        let stream = connected.map_err(|_| slow(Step::Connect))?.map_err(|error| {
            let kind = if error.is_timeout() { TroubleKind::TimedOut } else { TroubleKind::Cut };
            Trouble { step: Step::Connect, kind, said: innermost(&error) }
        })?;
        Ok(Talk { stream, offers: None })
    }

    /// Agrees on TLS.
    pub(super) async fn encrypt(&mut self, tls: TlsParameters) -> Result<(), Trouble> {
        let agreed = timeout(REPLY_TIMEOUT, self.stream.upgrade_tls(tls)).await.map_err(|_| slow(Step::Tls))?;
        agreed.map_err(|error| {
            let said = innermost(&error);
            let is_certificate = said.contains("certificate");
            let kind = if is_certificate { TroubleKind::Certificate } else { TroubleKind::Cut };
            Trouble { step: Step::Tls, kind, said }
        })
    }

    /// Waits for the server's first words, and says hello.
    pub(super) async fn greet(&mut self, hello: &str) -> Result<(), Trouble> {
        self.reply(Step::Hello, REPLY_TIMEOUT, 220).await?;
        self.hello(hello).await
    }

    pub(super) async fn hello(&mut self, hello: &str) -> Result<(), Trouble> {
        self.offers = Some(self.command(Step::Hello, &format!("EHLO {hello}"), 250).await?);
        Ok(())
    }

    /// Asks for TLS, and agrees on it.
    pub(super) async fn start_tls(&mut self, tls: TlsParameters) -> Result<(), Trouble> {
        // What was offered in clear is worth nothing afterwards.
        if self.offers.take().is_none_or(|offers| offers.extension("STARTTLS").is_none()) {
            return Err(Trouble { step: Step::StartTls, kind: TroubleKind::NoTls, said: String::new() });
        }
        self.command(Step::StartTls, "STARTTLS", 220).await?;
        self.encrypt(tls).await
    }

    /// Logs in. Called over TLS or on loopback only.
    pub(super) async fn log_in(&mut self, user: &str, password: &str) -> Result<(), Trouble> {
        let ways = self.offers.as_ref().and_then(|offers| offers.extension("AUTH")).unwrap_or_default();
        let has = |way: &str| ways.iter().any(|known| known.eq_ignore_ascii_case(way));
        let (has_plain, has_login) = (has("PLAIN"), has("LOGIN"));
        match (has_plain, has_login) {
            (true, _) => {
                let line = STANDARD.encode(format!("\0{user}\0{password}"));
                self.command(Step::Login, &format!("AUTH PLAIN {line}"), 235).await?;
            }
            (false, true) => {
                self.command(Step::Login, "AUTH LOGIN", 334).await?;
                self.command(Step::Login, &STANDARD.encode(user), 334).await?;
                self.command(Step::Login, &STANDARD.encode(password), 235).await?;
            }
            (false, false) => {
                return Err(Trouble { step: Step::Login, kind: TroubleKind::NoLogin, said: String::new() });
            }
        }
        Ok(())
    }

    /// Names sender and recipient, and hands the mail over.
    pub(super) async fn hand_over(&mut self, from: &Address, to: &Address, message: &[u8], gate: &dyn Gate) -> Sent {
        if let Err(trouble) = self.command(Step::Sender, &format!("MAIL FROM:<{from}>"), 250).await {
            // Whose mails a server takes is a matter of settings, which can be mended.
            return Sent::Later(trouble);
        }
        let named = match self.command(Step::Recipient, &format!("RCPT TO:<{to}>"), 250).await {
            // 251: it forwards the mail.
            Err(Trouble { kind: TroubleKind::Said(251), .. }) => Ok(()),
            other => other.map(|_| ()),
        };
        let begun = match named {
            Ok(()) => self.command(Step::Message, "DATA", 354).await,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = begun {
            return refused_or_later(trouble);
        }
        // Until the line with the dot is on its way, a server must not take the mail.
        if let Err(trouble) = self.write(Step::Message, &stuffed(message)).await {
            return Sent::Later(trouble);
        }
        if !gate.open().await {
            return Sent::Later(Trouble { step: Step::Message, kind: TroubleKind::Stopped, said: String::new() });
        }
        if let Err(trouble) = self.write(Step::Message, b".\r\n").await {
            return Sent::Unknown(trouble);
        }
        match self.reply(Step::Message, MESSAGE_TIMEOUT, 250).await {
            Ok(reply) => Sent::Taken(reply.said()),
            Err(trouble) => match trouble.kind {
                TroubleKind::Said(_) => refused_or_later(trouble),
                _ => Sent::Unknown(trouble),
            },
        }
    }

    /// Says goodbye; what comes of it changes nothing.
    pub(super) async fn end(mut self) {
        let _ = timeout(QUIT_TIMEOUT, async {
            self.stream.write_all(b"QUIT\r\n").await?;
            self.stream.flush().await?;
            self.stream.close().await
        })
        .await;
    }

    async fn command(&mut self, step: Step, line: &str, expect: u16) -> Result<Reply, Trouble> {
        self.write(step, format!("{line}\r\n").as_bytes()).await?;
        self.reply(step, REPLY_TIMEOUT, expect).await
    }

    async fn write(&mut self, step: Step, bytes: &[u8]) -> Result<(), Trouble> {
        let written = timeout(REPLY_TIMEOUT, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| slow(step))?.map_err(|error| cut(step, &error))
    }

    /// The next reply, with nothing behind it.
    async fn reply(&mut self, step: Step, time: Duration, expect: u16) -> Result<Reply, Trouble> {
        let mut bytes = Vec::new();
        let whole = timeout(time, async {
            loop {
                let mut part = [0; 1024];
                let count = self.stream.read(&mut part).await.map_err(|error| cut(step, &error))?;
                if count == 0 {
                    return Err(Trouble {
                        step,
                        kind: TroubleKind::Cut,
                        said: "the server ended the connection".to_owned(),
                    });
                }
                bytes.extend_from_slice(&part[..count]);
                match Reply::read(&bytes) {
                    Read::Part if bytes.len() < REPLY_BYTES_MAX => {}
                    Read::Whole(reply, length) if length == bytes.len() => return Ok(reply),
                    Read::Part | Read::Whole(..) | Read::Garbled => {
                        return Err(Trouble { step, kind: TroubleKind::Garbled, said: String::new() });
                    }
                }
            }
        });
        let reply = whole.await.map_err(|_| slow(step))??;
        if reply.code == expect {
            return Ok(reply);
        }
        Err(Trouble { step, kind: TroubleKind::Said(reply.code), said: reply.said() })
    }
}

/// What a reply says about this mail and its recipient.
fn refused_or_later(trouble: Trouble) -> Sent {
    match trouble.kind {
        TroubleKind::Said(500..=599) => Sent::Refused(trouble),
        _ => Sent::Later(trouble),
    }
}

fn slow(step: Step) -> Trouble {
    Trouble { step, kind: TroubleKind::TimedOut, said: String::new() }
}

fn cut(step: Step, error: &std::io::Error) -> Trouble {
    Trouble { step, kind: TroubleKind::Cut, said: error.to_string() }
}

/// The outer errors repeat what is known; the innermost one says why.
fn innermost(error: &lettre::transport::smtp::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    let mut source = error.source();
    while let Some(inner) = source {
        cause = inner;
        source = inner.source();
    }
    report::visible(&cause.to_string()).into_owned()
}

/// The mail with CRLF at the end of each line, at the end of all too, and a dot before each line that begins with one.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    // A lone CR or LF would be the end of a line to some servers and not to others.
    let lines = message.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.flat_map(|line| line.split(|byte| *byte == b'\r')).peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_ends_the_mail_but_the_last() {
        let check =
            |message: &str, expect: &str| assert_eq!(String::from_utf8(stuffed(message.as_bytes())).unwrap(), expect);
        check("a\r\nb\r\n", "a\r\nb\r\n");
        check("a", "a\r\n");
        check(".\r\n..a\r\n", "..\r\n...a\r\n");
        check("a\n.\nb\r.\rc", "a\r\n..\r\nb\r\n..\r\nc\r\n");
        check("a\r\n\r\nb", "a\r\n\r\nb\r\n");
        check("", "");
    }
}
