//! Statements that were prepared and values that were bound to them, of one connection.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use report::{Parameter, ParameterType};

use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::statement::Wish;

/// Prepared statements of a connection, and bytes of their names, texts and types.
const STATEMENTS_MAX: usize = 1_000;
const STATEMENT_BYTES_MAX: usize = 4 << 20;
/// Portals of a connection, and bytes of their names and of the values bound to them.
const PORTALS_MAX: usize = 100;
const PORTAL_BYTES_MAX: usize = 4 << 20;
/// Longest name of either.
const NAME_BYTES_MAX: usize = 1_024;

/// A prepared statement.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) text: String,
    pub(crate) wish: Wish,
    /// Types of parameters by their numbers; 0 for one that wasn't said.
    pub(crate) types: Vec<u32>,
    /// The types as they were found, once they were asked for.
    pub(crate) found: OnceLock<Vec<ParameterType>>,
}

/// A statement with its values.
pub(crate) struct Portal {
    pub(crate) statement: Arc<Prepared>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) formats: Vec<i16>,
    pub(crate) state: PortalState,
    /// Bytes of the values and forms.
    pub(crate) bytes: usize,
}

/// How far a portal is.
pub(crate) enum PortalState {
    /// Nothing was run.
    Bound,
    /// There are rows.
    Open(Rows),
    /// All of it was sent.
    Done,
}

/// All of one connection.
#[derive(Default)]
pub(crate) struct Store {
    statements: HashMap<String, Arc<Prepared>>,
    portals: HashMap<String, Portal>,
}

impl Store {
    /// # Errors
    /// The name is taken, or there is no room.
    pub(crate) fn prepare(&mut self, name: String, statement: Prepared) -> Result<(), Refusal> {
        check_name(&name)?;
        if name.is_empty() {
            self.statements.remove("");
        } else if self.statements.contains_key(&name) {
            return Err(Refusal::error("42P05", "a prepared statement of this name is there already"));
        }
        let bytes: usize = self.statements.iter().map(|(name, statement)| name.len() + statement.bytes()).sum();
        let more = name.len() + statement.bytes();
        if self.statements.len() >= STATEMENTS_MAX || bytes + more > STATEMENT_BYTES_MAX {
            let message = format!(
                "a connection has at most {STATEMENTS_MAX} prepared statements of {STATEMENT_BYTES_MAX} bytes in all"
            );
            return Err(Refusal::error("53400", message).hint("close some, or deallocate all"));
        }
        self.statements.insert(name, Arc::new(statement));
        Ok(())
    }

    /// # Errors
    /// There is none.
    pub(crate) fn statement(&self, name: &str) -> Result<Arc<Prepared>, Refusal> {
        let unknown = || Refusal::error("26000", "there is no prepared statement of this name");
        self.statements.get(name).cloned().ok_or_else(unknown)
    }

    pub(crate) fn close_statement(&mut self, name: &str) {
        self.statements.remove(name);
    }

    pub(crate) fn close_statements(&mut self) {
        self.statements.clear();
    }

    /// # Errors
    /// The name is taken, or there is no room.
    pub(crate) fn bind(&mut self, name: String, portal: Portal) -> Result<(), Refusal> {
        check_name(&name)?;
        if name.is_empty() {
            self.portals.remove("");
        } else if self.portals.contains_key(&name) {
            return Err(Refusal::error("42P03", "a portal of this name is there already"));
        }
        let bytes: usize = self.portals.iter().map(|(name, portal)| name.len() + portal.bytes).sum();
        if self.portals.len() >= PORTALS_MAX || bytes + name.len() + portal.bytes > PORTAL_BYTES_MAX {
            let message = format!(
                "a connection has at most {PORTALS_MAX} portals with values of {PORTAL_BYTES_MAX} bytes in all"
            );
            return Err(Refusal::error("53400", message).hint("close some, or end the transaction"));
        }
        self.portals.insert(name, portal);
        Ok(())
    }

    /// # Errors
    /// There is none.
    pub(crate) fn portal(&mut self, name: &str) -> Result<&mut Portal, Refusal> {
        self.portals.get_mut(name).ok_or_else(|| Refusal::error("34000", "there is no portal of this name"))
    }

    pub(crate) fn close_portal(&mut self, name: &str) {
        self.portals.remove(name);
    }

    /// Whether there are rows that wait for their client.
    pub(crate) fn has_open_portal(&self) -> bool {
        self.portals.values().any(|portal| matches!(portal.state, PortalState::Open(_)))
    }

    pub(crate) fn close_portals(&mut self) {
        self.portals.clear();
    }
}

impl Prepared {
    /// What it takes, about.
    fn bytes(&self) -> usize {
        self.text.len() + self.types.len() * size_of::<u32>()
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    match name.len() <= NAME_BYTES_MAX {
        true => Ok(()),
        false => Err(Refusal::error("42622", format!("a name has at most {NAME_BYTES_MAX} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(bytes: usize) -> Prepared {
        Prepared { text: "x".repeat(bytes), wish: Wish::Nothing, types: Vec::new(), found: OnceLock::new() }
    }

    fn portal() -> Portal {
        let statement = Arc::new(prepared(1));
        Portal { statement, parameters: Vec::new(), formats: Vec::new(), state: PortalState::Bound, bytes: 0 }
    }

    #[test]
    fn a_connection_keeps_so_much() {
        let mut store = Store::default();
        for place in 0..STATEMENTS_MAX {
            store.prepare(format!("s{place}"), prepared(1)).expect("room");
        }
        assert_eq!(store.prepare("more".to_owned(), prepared(1)).expect_err("no room").code, "53400");
        assert_eq!(store.prepare("s0".to_owned(), prepared(1)).expect_err("taken").code, "42P05");
        store.close_statement("s0");
        assert_eq!(store.prepare("s0".to_owned(), prepared(STATEMENT_BYTES_MAX)).expect_err("no room").code, "53400");
        store.prepare(String::new(), prepared(1)).expect("room");
        store.prepare(String::new(), prepared(1)).expect("the unnamed one is replaced");
        let name = "n".repeat(NAME_BYTES_MAX);
        let mut store = Store::default();
        assert_eq!(store.prepare(format!("{name}n"), prepared(1)).expect_err("too long").code, "42622");
        assert_eq!(store.bind(format!("{name}n"), portal()).expect_err("too long").code, "42622");
        assert_eq!(store.prepare(name.clone(), prepared(STATEMENT_BYTES_MAX)).expect_err("names count").code, "53400");
        store.prepare(name.clone(), prepared(1)).expect("room");
        store.bind(name, portal()).expect("room");
        assert_eq!(store.statement("nobody").expect_err("unknown").code, "26000");
        assert_eq!(store.portal("nobody").err().map(|refusal| refusal.code), Some("34000"));
    }
}
