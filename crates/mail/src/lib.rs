//! Mails: when they are due, what they are made of, and the way to an SMTP server.
//!
//! * [`MailAddress`], [`SmtpServer`], [`Schedule`] are what settings say, read strictly.
//! * [`message`] puts a mail together, [`Smtp`] hands it to a server, and says whether it was taken for certain.
//! * [`Office`] does it in time: it asks an [`Editor`] for what is due, keeps it in the state file, and sends it from there. A mail of a
//!   view is sent at most once; whatever fails is tried again with growing pauses, and told.
//!
//! What a mail shows is the editor's: nothing here knows a number. Addresses and what servers say reach no log.
#![forbid(unsafe_code)]

mod address;
mod message;
mod office;
mod schedule;
mod server;
mod smtp;

pub use address::{AddressError, MailAddress};
pub use message::{Content, MESSAGE_BYTES_MAX, MailId, MessageError, message};
pub use office::{
    AlertNews, AlertStatus, AlertsStatus, Editor, MailCarrier, Mailing, Office, OfficeOptions, Standing, Watched,
};
pub use schedule::{Due, Every, Schedule, ScheduleError};
pub use server::{Security, SmtpServer, SmtpServerError};
pub use smtp::{Gate, OpenGate, Password, Sent, Smtp, Step, Trouble, TroubleKind};
pub use state::mailings::RECIPIENTS_MAX;
