//! Schemas as documents: the registry that holds them, how `$ref` and `allOf` merge into
//! one set of rules per place, and how property names are spelled on the platform.

pub(crate) mod bundled;
pub(crate) mod merge;
pub(crate) mod registry;
pub(crate) mod spelling;

use thiserror::Error;

/// Why a schema can't be used.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    NotJson(String),
    /// The document has no `$id`.
    #[error("the schema has no \"$id\"; add one, so that others can refer to it")]
    NoId,
    /// Two different documents with one `$id`.
    #[error("two different schemas have the $id {id}; keep one")]
    DuplicateId {
        /// The `$id`.
        id: String,
    },
    /// A `$ref` leads nowhere.
    #[error("{location}: nothing is known under {reference}; load the schema that has it")]
    Unresolved {
        /// Where the reference stands.
        location: String,
        /// What it refers to.
        reference: String,
    },
    /// A keyword that isn't compiled.
    #[error("{location}: the keyword {keyword} is not supported; {fix}")]
    Unsupported {
        /// Where it stands.
        location: String,
        /// The keyword.
        keyword: String,
        /// What to do instead.
        fix: &'static str,
    },
    /// A keyword with a value that it can't have.
    #[error("{location}: {problem}")]
    Malformed {
        /// Where it stands.
        location: String,
        /// What is wrong with it.
        problem: String,
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
    /// The composed schema is too large or too deep.
    #[error("{location}: {problem}")]
    Limit {
        /// Where the limit was passed.
        location: String,
        /// Which limit.
        problem: String,
    },
}
