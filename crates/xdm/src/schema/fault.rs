//! What is wrong with a schema document, and where: the file (or the `$id` of a document
//! without one) and a JSON pointer.
//!
//! An error keeps a schema from being used. A warning doesn't: the schema means what it
//! says, and probably not what its author wanted.

use std::fmt;

use thiserror::Error;

/// Whether a schema can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can't.
    Error,
    /// It can.
    Warning,
}

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// The file can't be read.
    Unreadable,
    /// The text is not JSON.
    NotJson,
    /// The document has no `$id`.
    NoId,
    /// Two different documents with one `$id`.
    DuplicateId,
    /// A name that comes twice in one JSON object; the last one counts.
    DuplicateKey,
    /// A `$ref` that leads nowhere.
    Unresolved,
    /// References that lead back to where they began, without a value in between.
    Cycle,
    /// A keyword with a value that it can't have, or rules that contradict each other.
    Malformed,
    /// A keyword that can't be compiled.
    Unsupported,
    /// A keyword that nobody knows.
    UnknownKeyword,
    /// A keyword beside a `$ref`, where draft-06 ignores it.
    IgnoredKeyword,
    /// The schema is too large or too deep.
    Limit,
    /// A link, or something else that is no file, in a directory of schemas.
    Skipped,
    /// How many faults there are besides those that are reported.
    Omitted,
}

impl FaultCode {
    /// A stable name: `duplicateKey`.
    pub fn name(self) -> &'static str {
        match self {
            FaultCode::Unreadable => "unreadable",
            FaultCode::NotJson => "notJson",
            FaultCode::NoId => "noId",
            FaultCode::DuplicateId => "duplicateId",
            FaultCode::DuplicateKey => "duplicateKey",
            FaultCode::Unresolved => "unresolved",
            FaultCode::Cycle => "cycle",
            FaultCode::Malformed => "malformed",
            FaultCode::Unsupported => "unsupported",
            FaultCode::UnknownKeyword => "unknownKeyword",
            FaultCode::IgnoredKeyword => "ignoredKeyword",
            FaultCode::Limit => "limit",
            FaultCode::Skipped => "skipped",
            FaultCode::Omitted => "omitted",
        }
    }

    /// How grave it is.
    pub fn severity(self) -> Severity {
        match self {
            FaultCode::DuplicateKey
            | FaultCode::UnknownKeyword
            | FaultCode::IgnoredKeyword
            | FaultCode::Skipped
            | FaultCode::Omitted => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// One thing that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What sort of fault it is.
    pub code: FaultCode,
    /// The file, or the `$id` of a document that was not read from one.
    pub file: String,
    /// A JSON pointer into it; empty for the document itself.
    pub pointer: String,
    /// What is wrong and how to fix it.
    pub message: String,
}

impl Fault {
    /// How grave it is.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { file, pointer, message, .. } = self;
        match pointer.is_empty() {
            true => write!(f, "{file}: {message}"),
            false => write!(f, "{file}#{pointer}: {message}"),
        }
    }
}

/// All that keeps schemas from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// Why schemas can't be used.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// They have faults.
    #[error("{0}")]
    Faults(Faults),
    /// Files of theirs have faults, and without what these would have said something else is wrong.
    #[error("{faults}\n{cause}")]
    Files {
        /// What is wrong with the files.
        faults: Faults,
        /// What is wrong beside them.
        cause: Box<SchemaError>,
    },
    /// Two schemas of one table disagree about a field.
    #[error(
        "schema {schema}: the field {path}: {problem}; rename the field in one of them, since both are columns of one table"
    )]
    Conflict {
        /// The schema that came second.
        schema: String,
        /// The field, dotted, in platform spelling.
        path: String,
        /// How they disagree.
        problem: String,
    },
    /// Personal values would be undeclared properties, which are kept in clear.
    #[error(
        "schema {schema} doesn't declare {path}, whose values are personal and would be kept in clear; compose it from the ExperienceEvent class and the field group Contact Request Details"
    )]
    UndeclaredPersonal {
        /// The schema.
        schema: String,
        /// What it should declare, dotted, in platform spelling.
        path: String,
    },
    /// No document has this `$id`.
    #[error("no schema has the $id {id}; {}", nearest.as_ref().map_or_else(|| "load the file that has it".to_owned(), |near| format!("did you mean {near}?")))]
    UnknownSchema {
        /// The `$id`.
        id: String,
        /// The known one that is most like it.
        nearest: Option<String>,
    },
    /// The schemas of one table have too many fields together.
    #[error("{0}")]
    TooLarge(String),
}

impl SchemaError {
    /// What it says, one fault a line; a line may have line feeds in the names that it tells.
    pub fn lines(&self) -> Vec<String> {
        match self {
            SchemaError::Faults(Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
            SchemaError::Files { faults: Faults(faults), cause } => {
                faults.iter().map(ToString::to_string).chain(cause.lines()).collect()
            }
            other => vec![other.to_string()],
        }
    }
}

impl From<Fault> for SchemaError {
    fn from(fault: Fault) -> Self {
        SchemaError::Faults(Faults(vec![fault]))
    }
}
