//! One client that is logged in: its messages, one after the other, and what becomes of them.
//!
//! An error in a prepared statement's messages is told once, and what follows is left out up to
//! the next `Sync`, as the protocol has it: those messages were sent before the error was known.

mod answering;

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{BindComplete, CloseComplete, ParseComplete};
use pgwire::messages::response::{EmptyQueryResponse, ReadyForQuery, TransactionStatus};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::connection::{Connection, MESSAGE_BYTES_MAX, Stop};
use crate::message::{Bind, Message, Named};
use crate::port::{Pass, PortOptions};
use crate::prepared::{Portal, PortalState, Prepared, Store};
use crate::refusal::Refusal;
use crate::rows::formats_of;
use crate::split;
use crate::statement::Wish;
use crate::stream::SharedSocket;
use crate::values;
use crate::variables::Variables;

/// Statements in one text.
const STATEMENTS_MAX: usize = 100;

/// A client that is logged in.
pub(crate) struct Session<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) socket: SharedSocket,
    pub(crate) options: &'a PortOptions,
    pub(crate) budget: Budget,
    pub(crate) pass: Box<dyn Pass>,
    pub(crate) variables: Variables,
    pub(crate) cancel: Cancel,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) store: Store,
    pub(crate) status: TransactionStatus,
    /// After an error, up to the next `Sync`.
    pub(crate) is_skipping: bool,
}

impl Session<'_> {
    /// Serves it to its end.
    pub(crate) async fn serve(&mut self) -> Stop {
        loop {
            let (time, idle) = self.patience();
            let connection = &mut *self.connection;
            let received = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closing| *closing) => Err(Stop::Refused(stopping())),
                received = timeout(time, connection.message(MESSAGE_BYTES_MAX)) => {
                    received.unwrap_or_else(|_| Err(Stop::Refused(idle)))
                }
            };
            let taken = match received {
                Ok((kind, body)) => match Message::read(kind, body) {
                    Ok(message) => self.take(message).await,
                    Err(broken) => Err(broken.into()),
                },
                Err(stop) => Err(stop),
            };
            let sent = match taken {
                Ok(()) => self.connection.flush_if_large().await,
                stop => stop,
            };
            if let Err(stop) = sent {
                return stop;
            }
        }
    }

    /// How long the next message is waited for, and what is told after that.
    fn patience(&self) -> (Duration, Refusal) {
        let idle = || Refusal::fatal("57P05", "nothing was asked for a long time; connect again");
        let (options, asked) = (self.options, self.variables.idle_in_transaction_session_timeout());
        let most = if self.store.has_open_portal() { options.portal_timeout } else { options.idle_timeout };
        let asked = asked.filter(|_| self.status != TransactionStatus::Idle);
        let time = asked.map_or(most, |asked| asked.min(most));
        match time < options.idle_timeout {
            true => (time, Refusal::fatal("25P03", "a transaction or an answer was left half done for too long")),
            false => (time, idle()),
        }
    }

    /// An error ends the connection.
    async fn take(&mut self, message: Message) -> Result<(), Stop> {
        match message {
            Message::Terminate => Err(Stop::Gone),
            Message::Copy => Ok(()),
            Message::Flush => self.connection.flush().await,
            Message::Sync => {
                self.is_skipping = false;
                self.ready().await
            }
            _ if self.is_skipping => Ok(()),
            Message::Query(text) => {
                if let Err(stop) = self.simple(&text).await {
                    self.tell(stop)?;
                }
                self.ready().await
            }
            prepared => {
                if let Err(stop) = self.prepared(prepared).await {
                    self.tell(stop)?;
                    self.is_skipping = true;
                }
                Ok(())
            }
        }
    }

    /// Tells a client what it doesn't get, if it goes on after that.
    fn tell(&mut self, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::Refused(refusal) if !refusal.ends_connection => {
                if self.status == TransactionStatus::Transaction {
                    self.status = TransactionStatus::Error;
                }
                self.connection.put(&refusal.message())
            }
            stop => Err(stop),
        }
    }

    async fn ready(&mut self) -> Result<(), Stop> {
        if self.status == TransactionStatus::Idle {
            self.store.close_portals();
        }
        self.connection.put(&PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(self.status)))?;
        self.connection.flush().await
    }

    async fn simple(&mut self, text: &str) -> Result<(), Stop> {
        let statements = split::statements(text);
        if statements.is_empty() {
            return self.connection.put(&PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new()));
        }
        if statements.len() > STATEMENTS_MAX {
            let message = format!("a text has at most {STATEMENTS_MAX} statements; send them one after the other");
            return Err(Stop::Refused(Refusal::error("54000", message)));
        }
        for statement in statements {
            let wish = Wish::of(statement).map_err(Stop::Refused)?;
            self.answer_simply(statement, &wish).await?;
        }
        Ok(())
    }

    async fn prepared(&mut self, message: Message) -> Result<(), Stop> {
        match message {
            Message::Parse { name, text, types } => {
                self.parse(name, &text, types).map_err(Stop::Refused)?;
                self.connection.put(&PgWireBackendMessage::ParseComplete(ParseComplete::new()))
            }
            Message::Bind(bind) => {
                self.bind(bind).await?;
                self.connection.put(&PgWireBackendMessage::BindComplete(BindComplete::new()))
            }
            Message::Describe(Named::Statement(name)) => self.describe_statement(&name).await,
            Message::Describe(Named::Portal(name)) => self.describe_portal(&name).await,
            Message::Execute { portal, rows_max } => self.execute(&portal, rows_max).await,
            Message::Close(named) => {
                match named {
                    Named::Statement(name) => self.store.close_statement(&name),
                    Named::Portal(name) => self.store.close_portal(&name),
                }
                self.connection.put(&PgWireBackendMessage::CloseComplete(CloseComplete::new()))
            }
            // The others were taken before.
            _ => Ok(()),
        }
    }

    fn parse(&mut self, name: String, text: &str, types: Vec<u32>) -> Result<(), Refusal> {
        let statements = split::statements(text);
        let statement = match statements[..] {
            [] => "",
            [statement] => statement,
            _ => return Err(Refusal::error("42601", "a prepared statement is one statement")),
        };
        if types.len() > report::PARAMETERS_MAX {
            return Err(too_many_parameters());
        }
        let wish = Wish::of(statement)?;
        let prepared = Prepared { text: statement.to_owned(), wish, types, found: OnceLock::new() };
        self.store.prepare(name, prepared)
    }

    async fn bind(&mut self, bind: Bind) -> Result<(), Stop> {
        let statement = self.store.statement(&bind.statement).map_err(Stop::Refused)?;
        if bind.values.len() > report::PARAMETERS_MAX {
            return Err(Stop::Refused(too_many_parameters()));
        }
        let formats = formats_of(&bind.formats, bind.values.len()).map_err(Stop::Refused)?;
        let said = |place: usize| statement.types.get(place).copied().unwrap_or(0);
        // Bytes of a type that nobody named are of the type that was, or would have been, found.
        let is_unsaid = |(place, format): (usize, &i16)| *format == values::BINARY && said(place) == 0;
        if formats.iter().enumerate().any(is_unsaid) && statement.found.get().is_none() {
            self.describe(&statement).await?;
        }
        let found = statement.found.get().map_or(&[][..], Vec::as_slice);
        let parameters = bind.values.iter().zip(&formats).enumerate().map(|(place, (value, format))| {
            let oid = match (said(place), found.get(place)) {
                (0, Some(kind)) => values::oid(*kind),
                (oid, _) => oid,
            };
            values::parameter(place + 1, oid, *format, value.as_ref())
        });
        let parameters = parameters.collect::<Result<Vec<_>, _>>().map_err(Stop::Refused)?;
        let values: usize = bind.values.iter().flatten().map(bytes::Bytes::len).sum();
        let bytes =
            values + bind.values.len() * size_of::<report::Parameter>() + bind.result_formats.len() * size_of::<i16>();
        let portal = Portal { statement, parameters, formats: bind.result_formats, state: PortalState::Bound, bytes };
        self.store.bind(bind.portal, portal).map_err(Stop::Refused)
    }
}

pub(crate) fn stopping() -> Refusal {
    Refusal::fatal("57P01", "the server is stopping")
}

fn too_many_parameters() -> Refusal {
    Refusal::error("54000", format!("a statement has at most {} parameters", report::PARAMETERS_MAX))
}
