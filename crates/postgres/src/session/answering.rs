//! What is answered to a statement: rows from a worker, or a word.

use std::sync::{Arc, OnceLock};

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::PortalSuspended;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, TransactionStatus};
use pgwire::messages::startup::ParameterStatus;
use report::{Parameter, ParameterType, ParameterValue, Purpose, QueryLimits, Statement, StatementAnswer};

use super::{Session, stopping};
use crate::budget::Room;
use crate::connection::Stop;
use crate::cursor::{Declared, Fetched};
use crate::prepared::{Portal, PortalState, Prepared};
use crate::refusal::Refusal;
use crate::rows::{Rows, text_description, text_row};
use crate::statement::Wish;
use crate::values;

/// The columns of `show all`.
const SHOWN: [&str; 3] = ["name", "setting", "description"];

impl Session<'_> {
    /// Answers a statement of a text: its columns, its rows, its tag.
    pub(super) async fn answer_simply(&mut self, text: &str, wish: &Wish) -> Result<(), Stop> {
        self.check_transaction(wish)?;
        match wish {
            Wish::Rows { tag } => {
                let (answer, room) = self.run(text, Vec::new(), Purpose::Rows).await?;
                let mut rows = Rows::new(answer, &[], Some(room)).map_err(Stop::Refused)?;
                self.connection.put(&rows.description())?;
                let sent = rows.send(self.connection, usize::MAX).await?;
                self.complete(&tag_of(tag, sent))
            }
            Wish::Show(name) => {
                self.connection.put(&shown_description(name.as_deref(), &[]).map_err(Stop::Refused)?)?;
                self.show(name.as_deref())
            }
            Wish::Declare(cursor) => self.declare(cursor, Vec::new(), Vec::new()),
            Wish::Fetch(fetched) => {
                if let Some(columns) = self.describe_fetch(fetched, &[]).await? {
                    self.connection.put(&columns)?;
                }
                self.fetch(fetched, &[]).await
            }
            wish => self.command(wish),
        }
    }

    pub(super) async fn describe_statement(&mut self, name: &str) -> Result<(), Stop> {
        let statement = self.store.statement(name).map_err(Stop::Refused)?;
        self.check_transaction(&statement.wish)?;
        let (types, columns) = match &statement.wish {
            Wish::Rows { .. } => {
                let answer = self.describe(&statement).await?;
                let found = answer.parameters().iter().enumerate();
                let types = found.map(|(place, kind)| match statement.types.get(place) {
                    None | Some(0) => values::oid(*kind),
                    Some(said) => *said,
                });
                let types = types.collect();
                (types, Some(Rows::new(answer, &[], None).map_err(Stop::Refused)?.description()))
            }
            Wish::Show(name) => (Vec::new(), Some(shown_description(name.as_deref(), &[]).map_err(Stop::Refused)?)),
            Wish::Fetch(fetched) => (Vec::new(), self.describe_fetch(fetched, &[]).await?),
            // Its parameters are those of the statement that it is for.
            Wish::Declare(cursor) => {
                let types = statement.types.clone();
                let wish = wish_for_rows(&cursor.query).map_err(Stop::Refused)?;
                let inner = Prepared { text: cursor.query.clone(), wish, types, found: OnceLock::new() };
                let answer = self.describe(&inner).await?;
                let said = |place: usize| inner.types.get(place).copied().filter(|said| *said != 0);
                let found = answer.parameters().iter().enumerate();
                (found.map(|(place, kind)| said(place).unwrap_or_else(|| values::oid(*kind))).collect(), None)
            }
            _ => (Vec::new(), None),
        };
        self.connection.put(&PgWireBackendMessage::ParameterDescription(ParameterDescription::new(types)))?;
        self.put_columns(columns)
    }

    /// A portal is described by running it: what nearly always comes next is the wish for its rows.
    pub(super) async fn describe_portal(&mut self, name: &str) -> Result<(), Stop> {
        let portal = self.store.portal(name).map_err(Stop::Refused)?;
        let (statement, formats) = (Arc::clone(&portal.statement), portal.formats.clone());
        self.check_transaction(&statement.wish)?;
        let columns = match &statement.wish {
            Wish::Rows { .. } => {
                self.open(name).await?;
                match &self.store.portal(name).map_err(Stop::Refused)?.state {
                    PortalState::Open(rows) => Some(rows.description()),
                    PortalState::Bound | PortalState::Done => None,
                }
            }
            Wish::Show(name) => Some(shown_description(name.as_deref(), &formats).map_err(Stop::Refused)?),
            Wish::Fetch(fetched) => self.describe_fetch(fetched, &formats).await?,
            _ => None,
        };
        self.put_columns(columns)
    }

    fn put_columns(&mut self, columns: Option<PgWireBackendMessage>) -> Result<(), Stop> {
        self.connection.put(&columns.unwrap_or(PgWireBackendMessage::NoData(NoData::new())))
    }

    pub(super) async fn execute(&mut self, name: &str, rows_max: usize) -> Result<(), Stop> {
        let statement = Arc::clone(&self.store.portal(name).map_err(Stop::Refused)?.statement);
        self.check_transaction(&statement.wish)?;
        // Its rows may have been found before the key was revoked.
        self.check_pass()?;
        match &statement.wish {
            Wish::Nothing => self.connection.put(&PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())),
            Wish::Rows { tag } => {
                self.open(name).await?;
                let portal = self.store.portal(name).map_err(Stop::Refused)?;
                let (sent, are_left) = match &mut portal.state {
                    PortalState::Open(rows) => (rows.send(self.connection, rows_max).await?, rows.are_left()),
                    PortalState::Bound | PortalState::Done => (0, false),
                };
                if are_left {
                    return self.connection.put(&PgWireBackendMessage::PortalSuspended(PortalSuspended::new()));
                }
                portal.state = PortalState::Done;
                self.complete(&tag_of(tag, sent))
            }
            Wish::Show(name) => self.show(name.as_deref()),
            Wish::Declare(cursor) => {
                let portal = self.store.portal(name).map_err(Stop::Refused)?;
                let parameters = portal.parameters.clone();
                self.declare(cursor, parameters, statement.types.clone())
            }
            Wish::Fetch(fetched) => {
                let formats = self.store.portal(name).map_err(Stop::Refused)?.formats.clone();
                self.fetch(fetched, &formats).await
            }
            wish => self.command(wish),
        }
    }

    /// Names a statement whose rows are fetched later.
    fn declare(&mut self, cursor: &Declared, parameters: Vec<Parameter>, types: Vec<u32>) -> Result<(), Stop> {
        if self.status != TransactionStatus::Transaction {
            let refusal = Refusal::error("25P01", "a cursor is declared in a transaction, and ends with it");
            return Err(Stop::Refused(refusal.hint("begin one first")));
        }
        let wish = wish_for_rows(&cursor.query).map_err(Stop::Refused)?;
        let formats = if cursor.is_binary { vec![values::BINARY] } else { Vec::new() };
        let bytes = cursor.query.len() + parameters.len() * size_of::<Parameter>();
        let statement = Arc::new(Prepared { text: cursor.query.clone(), wish, types, found: OnceLock::new() });
        let portal = Portal { statement, parameters, formats, state: PortalState::Bound, bytes };
        self.store.bind(cursor.name.clone(), portal).map_err(Stop::Refused)?;
        self.complete("DECLARE CURSOR")
    }

    /// The columns of a cursor's rows; none where rows are only left out.
    async fn describe_fetch(
        &mut self,
        fetched: &Fetched,
        formats: &[i16],
    ) -> Result<Option<PgWireBackendMessage>, Stop> {
        if fetched.is_move {
            return Ok(None);
        }
        self.open(&fetched.name).await?;
        let portal = self.store.portal(&fetched.name).map_err(Stop::Refused)?;
        match &mut portal.state {
            PortalState::Open(rows) => {
                if !formats.is_empty() {
                    rows.set_formats(formats).map_err(Stop::Refused)?;
                }
                Ok(Some(rows.description()))
            }
            PortalState::Bound | PortalState::Done => Ok(None),
        }
    }

    /// Sends the next rows of a cursor.
    async fn fetch(&mut self, fetched: &Fetched, formats: &[i16]) -> Result<(), Stop> {
        self.check_pass()?;
        self.open(&fetched.name).await?;
        let portal = self.store.portal(&fetched.name).map_err(Stop::Refused)?;
        let count = match &mut portal.state {
            PortalState::Open(rows) if fetched.is_move => rows.skip(fetched.rows_max),
            PortalState::Open(rows) => {
                if !formats.is_empty() {
                    rows.set_formats(formats).map_err(Stop::Refused)?;
                }
                rows.send(self.connection, fetched.rows_max).await?
            }
            PortalState::Bound | PortalState::Done => 0,
        };
        self.complete(&format!("{} {count}", if fetched.is_move { "MOVE" } else { "FETCH" }))
    }

    /// Runs a portal's statement, unless it was.
    async fn open(&mut self, name: &str) -> Result<(), Stop> {
        let portal = self.store.portal(name).map_err(Stop::Refused)?;
        if !matches!(portal.state, PortalState::Bound) {
            return Ok(());
        }
        let (statement, formats) = (Arc::clone(&portal.statement), portal.formats.clone());
        let parameters = portal.parameters.clone();
        let (answer, room) = self.run(&statement.text, parameters, Purpose::Rows).await?;
        let rows = Rows::new(answer, &formats, Some(room)).map_err(Stop::Refused)?;
        self.store.portal(name).map_err(Stop::Refused)?.state = PortalState::Open(rows);
        Ok(())
    }

    /// Finds out what a statement's columns and parameters are.
    pub(super) async fn describe(&mut self, statement: &Prepared) -> Result<StatementAnswer, Stop> {
        let unknown = |oid: &u32| Parameter { kind: values::kind(*oid), value: ParameterValue::Null };
        let parameters = statement.types.iter().map(unknown).collect();
        let (answer, _room) = self.run(&statement.text, parameters, Purpose::Description).await?;
        let found: Vec<ParameterType> = answer.parameters().to_vec();
        // Another description has found the same.
        let _ = statement.found.set(found);
        Ok(answer)
    }

    /// Has a worker run a statement, until it is done or nobody wants it any more.
    async fn run(
        &mut self,
        text: &str,
        parameters: Vec<Parameter>,
        purpose: Purpose,
    ) -> Result<(StatementAnswer, Room), Stop> {
        self.check_pass()?;
        self.connection.flush().await?;
        self.cancel.begin();
        let statement = Statement { text: text.to_owned(), parameters, purpose };
        let limits = self.limits();
        let mut room = self.budget.room();
        let options = self.options;
        let work = async {
            options.data.settle().await;
            options.queries.statement(&statement, limits, &mut room).await
        };
        let cancelled = || Refusal::error("57014", "the statement was cancelled, as its client asked");
        let outcome = tokio::select! {
            biased;
            _ = self.closing.wait_for(|closing| *closing) => Err(Stop::Refused(stopping())),
            () = self.cancel.asked() => Err(Stop::Refused(cancelled())),
            () = self.socket.hung_up() => Err(Stop::Gone),
            answer = work => answer.map_err(|error| Stop::Refused(Refusal::from(error))),
        };
        self.options.counters.ran(outcome.is_ok());
        Ok((outcome?, room))
    }

    fn check_pass(&self) -> Result<(), Stop> {
        match self.pass.holds() {
            true => Ok(()),
            false => Err(Stop::Refused(Refusal::fatal("28P01", "the key that was logged in with is no longer good"))),
        }
    }

    fn limits(&self) -> QueryLimits {
        let limits = self.options.limits;
        let time_max = self.variables.statement_timeout().map_or(limits.time_max, |time| time.min(limits.time_max));
        QueryLimits { time_max, ..limits }
    }

    fn check_transaction(&self, wish: &Wish) -> Result<(), Stop> {
        match self.status == TransactionStatus::Error && !wish.ends_failure() {
            true => {
                Err(Stop::Refused(Refusal::error("25P02", "a statement of this transaction has failed; roll it back")))
            }
            false => Ok(()),
        }
    }

    /// Does what needs no rows.
    fn command(&mut self, wish: &Wish) -> Result<(), Stop> {
        let tag = match wish {
            Wish::Nothing | Wish::Rows { .. } | Wish::Show(_) | Wish::Declare(_) | Wish::Fetch(_) => return Ok(()),
            Wish::CloseCursor(name) => {
                match name {
                    Some(name) => {
                        self.store.portal(name).map_err(Stop::Refused)?;
                        self.store.close_portal(name);
                    }
                    None => self.store.close_portals(),
                }
                "CLOSE CURSOR"
            }
            Wish::Set { name, value } => {
                self.variables.set(name, value.clone()).map_err(Stop::Refused)?;
                self.report_change(name)?;
                if value.is_some() { "SET" } else { "RESET" }
            }
            Wish::ResetAll => {
                self.variables.reset();
                self.report_change("application_name")?;
                "RESET"
            }
            Wish::Begin { tag } => {
                self.status = TransactionStatus::Transaction;
                tag
            }
            Wish::End { is_commit } => {
                let is_commit = *is_commit && self.status != TransactionStatus::Error;
                self.status = TransactionStatus::Idle;
                self.store.close_portals();
                if is_commit { "COMMIT" } else { "ROLLBACK" }
            }
            Wish::RollBackTo => {
                if self.status == TransactionStatus::Error {
                    self.status = TransactionStatus::Transaction;
                }
                "ROLLBACK"
            }
            Wish::Deallocate(Some(name)) => {
                self.store.close_statement(name);
                "DEALLOCATE"
            }
            Wish::Deallocate(None) => {
                self.store.close_statements();
                "DEALLOCATE ALL"
            }
            Wish::DiscardAll => {
                self.store.close_statements();
                self.variables.reset();
                self.report_change("application_name")?;
                "DISCARD ALL"
            }
            Wish::Done(tag) => tag,
        };
        self.complete(tag)
    }

    fn report_change(&mut self, name: &str) -> Result<(), Stop> {
        match self.variables.reported_change(name) {
            Some((name, value)) => {
                let status = ParameterStatus::new(name.to_owned(), value.replace('\0', "�"));
                self.connection.put(&PgWireBackendMessage::ParameterStatus(status))
            }
            None => Ok(()),
        }
    }

    /// The rows of `show`.
    fn show(&mut self, name: Option<&str>) -> Result<(), Stop> {
        match name {
            Some(name) => {
                let value = self.variables.show(name).map_err(Stop::Refused)?;
                self.connection.put(&text_row(&[value]))?;
            }
            None => {
                for (name, value) in self.variables.all() {
                    self.connection.put(&text_row(&[name, value, String::new()]))?;
                }
            }
        }
        self.complete("SHOW")
    }

    fn complete(&mut self, tag: &str) -> Result<(), Stop> {
        self.connection.put(&PgWireBackendMessage::CommandComplete(CommandComplete::new(tag.to_owned())))
    }
}

/// Only what has rows has a cursor.
fn wish_for_rows(query: &str) -> Result<Wish, Refusal> {
    match Wish::of(query)? {
        wish @ Wish::Rows { .. } => Ok(wish),
        _ => Err(Refusal::error("42601", "a cursor is for select, with or values")),
    }
}

fn shown_description(name: Option<&str>, formats: &[i16]) -> Result<PgWireBackendMessage, Refusal> {
    match name {
        Some(name) => text_description(&[&name.replace('\0', "�")], formats),
        None => text_description(&SHOWN, formats),
    }
}

/// The word alone, or with the number of rows where programs look for it.
fn tag_of(tag: &str, rows: usize) -> String {
    if tag == "SELECT" { format!("SELECT {rows}") } else { tag.to_owned() }
}
