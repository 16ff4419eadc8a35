//! The way to an SMTP server: one connection a mail, one recipient a mail.
//!
//! Only so many steps, each with a time of its own, and what it means if one fails: whether the mail was certainly not taken and may be
//! sent again, whether it never will be, or whether nobody can know. Replies are read by ourselves (`reply`): bounded, and nothing may
//! stand behind one, so that nobody on the way puts words in front of what TLS protects. From `lettre` come addresses, messages and TLS
//! with the system's authorities.

mod reply;
mod talk;

use std::fmt;

use async_trait::async_trait;
use lettre::transport::smtp::client::{Certificate, TlsParameters};

use crate::address::MailAddress;
use crate::server::{Security, SmtpServer};
use talk::Talk;

/// A password: shown nowhere.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Of this text.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password")
    }
}

/// Asked once for each mail, when all of it is on its way but the line that makes it the server's. Before, a mail is certainly not taken.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Whether the mail may become the server's.
    async fn open(&self) -> bool;
}

/// A gate that is always open.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn open(&self) -> bool {
        true
    }
}

/// A server and what is needed to be let in.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// The server.
    pub server: SmtpServer,
    /// The user's password; `None` where nobody logs in.
    pub password: Option<Password>,
    /// Authorities to trust beside the system's, PEM.
    pub authorities: Option<Vec<u8>>,
    /// The name by which we greet: that of this machine, as others know it.
    pub hello: String,
}

/// What became of a mail.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The server took it, and said this.
    Taken(String),
    /// It was certainly not taken; it may be later.
    Later(Trouble),
    /// The server refuses this mail, or its recipient, for good.
    Refused(Trouble),
    /// The line broke after the whole mail was handed over and before the server's answer: it was taken, or it wasn't.
    Unknown(Trouble),
}

/// What went wrong, and where. Shown without what the server said, which may repeat an address: that is in [`Trouble::said`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub step: Step,
    /// What.
    pub kind: TroubleKind,
    /// The server's own words, or the system's; for whoever asks, and not for the log.
    pub said: String,
}

/// The steps of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Finding the server, and connecting.
    Connect,
    /// Agreeing on TLS.
    Tls,
    /// The server's first words, and ours.
    Hello,
    /// Asking for TLS.
    StartTls,
    /// Logging in.
    Login,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Handing the mail over.
    Message,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// It took too long.
    TimedOut,
    /// The connection failed or was cut.
    Cut,
    /// The server said no, with this code.
    Said(u16),
    /// What came isn't SMTP, or more came than was asked for.
    Garbled,
    /// The server offers no TLS, and nothing is sent without it.
    NoTls,
    /// Its certificate isn't trusted, or not for this name.
    Certificate,
    /// The server offers no way of logging in that we know: PLAIN or LOGIN.
    NoLogin,
    /// We stopped before it was handed over.
    Stopped,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Step::Connect => "connecting",
            Step::Tls => "agreeing on TLS",
            Step::Hello => "greeting",
            Step::StartTls => "asking for TLS",
            Step::Login => "logging in",
            Step::Sender => "naming the sender",
            Step::Recipient => "naming the recipient",
            Step::Message => "handing the mail over",
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step;
        match self.kind {
            TroubleKind::TimedOut => write!(formatter, "{step} took too long"),
            TroubleKind::Cut => write!(formatter, "the connection failed while {step}"),
            TroubleKind::Said(code) => write!(formatter, "the server answered {code} to {step}"),
            TroubleKind::Garbled => write!(formatter, "the server's answer to {step} can't be read"),
            TroubleKind::NoTls => formatter.write_str("the server offers no STARTTLS, and nothing is sent without it"),
            TroubleKind::Certificate => formatter.write_str("the server's certificate isn't trusted"),
            TroubleKind::NoLogin => formatter.write_str("the server offers no login that is known here (PLAIN, LOGIN)"),
            TroubleKind::Stopped => formatter.write_str("sending was stopped before the mail was handed over"),
        }
    }
}

impl Trouble {
    /// Whether it would be the same for any other mail now.
    pub fn is_of_the_server(&self) -> bool {
        match self.step {
            Step::Connect | Step::Tls | Step::Hello | Step::StartTls | Step::Login => true,
            Step::Sender | Step::Recipient | Step::Message => self.kind == TroubleKind::TimedOut,
        }
    }
}

impl Smtp {
    /// Sends one mail to one recipient, if the gate opens.
    pub async fn send(&self, from: &MailAddress, to: &MailAddress, message: &[u8], gate: &dyn Gate) -> Sent {
        let mut talk = match self.begin().await {
            Ok(talk) => talk,
            Err(trouble) => return Sent::Later(trouble),
        };
        let sent = talk.hand_over(&from.mailbox().email, &to.mailbox().email, message, gate).await;
        talk.end().await;
        sent
    }

    /// Connects, and logs in.
    async fn begin(&self) -> Result<Talk, Trouble> {
        let tls = match self.server.security {
            Security::Loopback => None,
            Security::Tls | Security::StartTls => Some(self.tls().await?),
        };
        let mut talk = Talk::connect(&self.server.host, self.server.port).await?;
        match (self.server.security, tls) {
            (Security::Tls, Some(tls)) => {
                talk.encrypt(tls).await?;
                talk.greet(&self.hello).await?;
            }
            (Security::StartTls, Some(tls)) => {
                talk.greet(&self.hello).await?;
                talk.start_tls(tls).await?;
                talk.hello(&self.hello).await?;
            }
            _ => talk.greet(&self.hello).await?,
        }
        if let (Some(user), Some(Password(password))) = (&self.server.user, &self.password) {
            talk.log_in(user, password).await?;
        }
        Ok(talk)
    }

    /// Reads the authorities anew: they are renewed while a server runs.
    async fn tls(&self) -> Result<TlsParameters, Trouble> {
        let (host, authorities) = (self.server.host.clone(), self.authorities.clone());
        let built = tokio::task::spawn_blocking(move || {
            let mut builder = TlsParameters::builder(host);
            if let Some(pem) = authorities {
                builder = builder.add_root_certificate(Certificate::from_pem(&pem)?);
            }
            builder.build()
        });
        let unusable = |said: String| Trouble { step: Step::Tls, kind: TroubleKind::Certificate, said };
        built.await.map_err(|error| unusable(error.to_string()))?.map_err(|error| unusable(error.to_string()))
    }
}
