//! What a client is told when it doesn't get what it asked for: a code that programs know, and
//! a sentence for people.

use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};
use report::{Fault, QueryError};

/// An answer that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) ends_connection: bool,
    /// The SQLSTATE.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Refusal {
    /// The connection goes on.
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { ends_connection: false, code, message: message.into(), hint: None }
    }

    /// The connection ends.
    pub(crate) fn fatal(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { ends_connection: true, ..Refusal::error(code, message) }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Refusal {
        Refusal { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn message(&self) -> PgWireBackendMessage {
        let severity = if self.ends_connection { "FATAL" } else { "ERROR" };
        PgWireBackendMessage::ErrorResponse(ErrorResponse::new(self.fields(severity)))
    }

    /// What a client is told although it gets what it asked for.
    pub(crate) fn warning(&self) -> PgWireBackendMessage {
        PgWireBackendMessage::NoticeResponse(NoticeResponse::new(self.fields("WARNING")))
    }

    fn fields(&self, severity: &str) -> Vec<(u8, String)> {
        // A zero would end the field, and what follows would be read as another one.
        let text = |text: &str| text.replace('\0', "�");
        let mut fields = vec![
            (b'S', severity.to_owned()),
            (b'V', severity.to_owned()),
            (b'C', self.code.to_owned()),
            (b'M', text(&self.message)),
        ];
        fields.extend(self.hint.as_deref().map(|hint| (b'H', text(hint))));
        fields
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Refusal {
        let code = match error.code() {
            "sql-refused" => "25006",
            "sql-function-refused" => "0A000",
            "sql-syntax" => "42601",
            "sql-unknown-column" => "42703",
            "sql-unknown-table" => "42P01",
            "sql-invalid" => "42000",
            "sql-timed-out" => "57014",
            "sql-too-deep" | "sql-too-large" => "54001",
            "sql-too-long" | "sql-too-many-rows" | "sql-answer-too-long" => "54000",
            "sql-out-of-memory" | "sql-process-memory" => "53200",
            "sql-no-room" | "sql-busy" | "sql-no-worker" => "53000",
            "sql-closing" => "57P01",
            "sql-failed" => "22000",
            _ => "58000",
        };
        if error.fault() == Fault::Server {
            // It names what the operator has, and nothing that was asked.
            tracing::error!(%error, "a statement could not be run");
            return Refusal::error(code, "the tables can't be read now; the server's log says why");
        }
        Refusal::error(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_queries_have_codes_that_programs_know() {
        let check = |error: QueryError, code: &str, part: &str| {
            let refusal = Refusal::from(error);
            assert_eq!(refusal.code, code, "{refusal:?}");
            assert!(refusal.message.contains(part) && !refusal.ends_connection, "{refusal:?}");
        };
        check(QueryError::Refused { what: "DROP TABLE".to_owned() }, "25006", "DROP TABLE is not allowed");
        check(QueryError::Busy, "53000", "too many queries");
        check(QueryError::Tables { message: "/secret/path".to_owned() }, "58000", "the server's log");
    }

    #[test]
    fn no_text_begins_another_field() {
        let fields = Refusal::error("42601", "a\0MFATAL").fields("ERROR");
        assert!(fields.iter().all(|(_, text)| !text.contains('\0')), "{fields:?}");
    }
}
