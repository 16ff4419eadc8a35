//! One finding about a schema: what lint and diff tell, and how it is written for programs.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It breaks something.
    Error,
    /// It is probably not what its author wants.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Level {
    /// Its name: `error`, `warning`, `note`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// A stable name of the rule: `required-undeclared`.
    pub rule: &'static str,
    /// How grave it is.
    pub level: Level,
    /// The file, below its directory.
    pub file: String,
    /// A JSON pointer into it.
    pub pointer: String,
    /// What is wrong and what to do.
    pub message: String,
    /// A value that one side accepts and the other doesn't, checked before it was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// A value that shows a difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// `$id` of the schema that it is judged by.
    pub schema: String,
    /// The side that accepts it: `old` or `new`.
    pub accepted_by: &'static str,
    /// The value.
    pub value: Value,
}

impl fmt::Display for Finding {
    /// One line: `file#pointer: error[rule]: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { rule, level, file, pointer, message, proof } = self;
        let sign = if pointer.is_empty() { "" } else { "#" };
        write!(f, "{file}{sign}{pointer}: {}[{rule}]: {message}", level.name())?;
        if let Some(Proof { accepted_by, value, .. }) = proof {
            write!(f, "; only the {accepted_by} schema accepts {value}")?;
        }
        Ok(())
    }
}

/// Findings as a SARIF 2.1.0 log, which code hosts show beside the lines of a change.
pub fn sarif(tool: &str, findings: &[Finding]) -> Value {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let result = |finding: &Finding| {
        json!({
            "ruleId": finding.rule,
            "level": finding.level.name(),
            "message": { "text": match &finding.proof {
                Some(proof) => format!("{}; only the {} schema accepts {}", finding.message, proof.accepted_by, proof.value),
                None => finding.message.clone(),
            } },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": finding.file } },
                "logicalLocations": [{ "fullyQualifiedName": finding.pointer }],
            }],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": tool,
                "rules": rules.iter().map(|rule| json!({ "id": rule })).collect::<Vec<_>>(),
            } },
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}
