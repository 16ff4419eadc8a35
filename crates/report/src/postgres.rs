//! Statements as programs for PostgreSQL write them.
//!
//! They run in the same workers, over the same views and within the same limits as every other
//! query; what differs is the dialect they are read in, the catalog that such programs ask what
//! there is (`pg_catalog`), the parameters that come beside the text, and the form of the answer:
//! rows of Arrow, in columns of few, plain types. The protocol is the crate `postgres`'s.
//!
//! Two readings of a text: one that leaves what it means alone, and one, by
//! `datafusion-pg-catalog`, which puts nulls in the place of what the engine can't do. The second
//! one is for statements over the catalog only, so that no number of ours is ever made up.

pub(crate) mod answer;
mod arrays;
pub(crate) mod catalog;
mod columns;
mod functions;
pub(crate) mod headings;
mod information;
mod instants;
mod names;
mod parameters;
mod passes;
mod patterns;
mod reading;
mod replaced;
mod templates;

use std::collections::HashMap;

use datafusion::arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use crate::QueryResult;

pub use answer::StatementAnswer;
pub use parameters::{Parameter, ParameterType, ParameterValue};

/// Most parameters of a statement.
pub const PARAMETERS_MAX: usize = 1_000;

/// One statement with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// One statement of SQL, with `$1`, `$2` … where parameters stand.
    pub text: String,
    /// The parameters, the first one first; at most [`PARAMETERS_MAX`].
    pub parameters: Vec<Parameter>,
    /// What is wanted of it.
    pub purpose: Purpose,
}

/// What is wanted of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Its rows.
    Rows,
    /// What its columns and parameters are. Values of parameters are not looked at.
    Description,
}

impl Statement {
    /// The types of so many parameters, some of which are limits: what the sender said, else what
    /// was found.
    pub(crate) fn types(
        &self,
        (count, limits): &(usize, Vec<usize>),
        found: &HashMap<String, Option<DataType>>,
    ) -> Vec<ParameterType> {
        let kind = |number: usize| {
            let said = self.parameters.get(number - 1).map_or(ParameterType::Unknown, |parameter| parameter.kind);
            let found = || found.get(&format!("${number}")).and_then(Option::as_ref);
            match said {
                ParameterType::Unknown if limits.contains(&number) => ParameterType::Integer,
                ParameterType::Unknown => found().map_or(ParameterType::Unknown, ParameterType::of),
                said => said,
            }
        };
        (1..=*count).map(kind).collect()
    }

    /// Whether there is a value that could be a number or a text: `'10' < '9'`, and `10 > 9`; or a date or an instant, which
    /// take the offset behind a day for different things.
    pub(crate) fn has_doubtful_values(&self) -> bool {
        self.parameters.iter().any(|parameter| match (&parameter.kind, &parameter.value) {
            (ParameterType::Unknown, ParameterValue::One(text)) => {
                text.trim().parse::<f64>().is_ok() || instants::day_with_offset(text).is_some()
            }
            _ => false,
        })
    }

    /// Takes over what was found out about types.
    pub(crate) fn take_types(&mut self, described: &QueryResult) {
        let types = described.schema().metadata().get(answer::PARAMETERS);
        let types: Vec<ParameterType> = types.and_then(|types| serde_json::from_str(types).ok()).unwrap_or_default();
        for (parameter, kind) in self.parameters.iter_mut().zip(types) {
            parameter.kind = kind;
        }
    }

    pub(crate) fn let_unknown_be_text(&mut self) {
        self.parameters.resize(PARAMETERS_MAX, Parameter { kind: ParameterType::Unknown, value: ParameterValue::Null });
        for parameter in &mut self.parameters {
            if parameter.kind == ParameterType::Unknown {
                parameter.kind = ParameterType::Text;
            }
        }
    }
}
