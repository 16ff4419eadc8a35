//! The tools: what each takes, and how it is answered. A tool is a variant, its schema and an arm of [`answer`].

use std::sync::Arc;

use chrono::Utc;
use report::{AskedForm, Look, PARAMETERS, ReportForm, ReportName, ReportRequest};
use rmcp::model::{JsonObject, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Access;
use crate::args::RowFormat;
use crate::failure::Failure;
use crate::settings::Settings;

/// Longest answer, in bytes: an assistant reads all of it.
pub(super) const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A tool that is called, with its arguments.
#[derive(Debug)]
pub(super) enum Tool {
    Sql { query: String },
    Report(ReportAsked),
    Describe { what: What },
    Event { id: String },
}

/// What is described.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    /// Tables, columns and what SQL may do.
    Tables,
    /// Each number with its formula.
    Metrics,
}

/// A report's name and parameters, read by the report itself.
#[derive(Debug)]
pub(super) struct ReportAsked {
    name: String,
    parameters: Vec<(String, String)>,
}

impl Tool {
    /// Reads a call; `None` if there is no such tool, an error for arguments that it doesn't take.
    pub(super) fn read(name: &str, arguments: JsonObject) -> Option<Result<Tool, String>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sql {
            query: String,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Describe {
            what: What,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Event {
            id: String,
        }
        let wrong = |error: serde_json::Error| format!("the arguments can't be read: {error}");
        let value = |arguments| Value::Object(arguments);
        Some(match name {
            "sql" => serde_json::from_value(value(arguments)).map(|Sql { query }| Tool::Sql { query }).map_err(wrong),
            "describe" => {
                serde_json::from_value(value(arguments)).map(|Describe { what }| Tool::Describe { what }).map_err(wrong)
            }
            "event" => serde_json::from_value(value(arguments)).map(|Event { id }| Tool::Event { id }).map_err(wrong),
            "report" => ReportAsked::read(arguments).map(Tool::Report),
            _ => return None,
        })
    }
}

impl ReportAsked {
    fn read(arguments: JsonObject) -> Result<ReportAsked, String> {
        let mut asked = ReportAsked { name: String::new(), parameters: Vec::new() };
        for (parameter, value) in arguments {
            match (parameter.as_str(), value) {
                (_, Value::Null) => {}
                ("name", Value::String(name)) => asked.name = name,
                (_, Value::Array(values)) => {
                    for value in values {
                        asked.parameters.push((parameter.clone(), single(&parameter, value)?));
                    }
                }
                (_, value) => {
                    let value = single(&parameter, value)?;
                    asked.parameters.push((parameter, value));
                }
            }
        }
        Ok(asked)
    }
}

fn single(parameter: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("{} takes a text or a list of texts", parameter.chars().take(40).collect::<String>())),
    }
}

/// What `tools/list` says.
pub(super) fn list() -> Vec<rmcp::model::Tool> {
    let reports: Vec<&str> = ReportName::ALL.map(ReportName::name).to_vec();
    let about: Vec<String> = ReportName::ALL.iter().map(|name| format!("{}: {}", name.name(), name.about())).collect();
    let mut of_report = serde_json::Map::new();
    of_report.insert("name".to_owned(), json!({ "enum": reports, "description": about.join("; ") }));
    for (name, about) in PARAMETERS {
        let schema = match *name {
            filter if report::FILTERS.contains(&filter) => {
                json!({ "type": "array", "items": { "type": "string" }, "description": about })
            }
            "limit" => json!({ "type": "integer", "minimum": 0, "maximum": 1000, "description": about }),
            "format" => {
                json!({ "enum": ["table", "csv", "json"], "description": "How the report is written; table when absent" })
            }
            _ => json!({ "type": "string", "description": about }),
        };
        of_report.insert((*name).to_owned(), schema);
    }
    let text = |about: &str| json!({ "type": "string", "description": about });
    vec![
        tool(
            "describe",
            "What can be asked: the tables with their columns and what SQL may do, or the metrics with their formulas and what to know before quoting them. Read it before writing SQL.",
            &["what"],
            json!({ "what": { "enum": ["tables", "metrics"] } }),
        ),
        tool(
            "report",
            "Numbers of a span of time, compared with the one before, over time and by value: contact requests, visitors, rates, chats and their lengths, quality of the data.",
            &["name"],
            Value::Object(of_report),
        ),
        tool(
            "sql",
            "One read-only SQL statement over events, activity, contacts, rejects and the views beside them; the rows as CSV with a heading. Name event_date in the where clause: only those days are read.",
            &["query"],
            json!({ "query": text("A select, with, values, explain, show or describe statement") }),
        ),
        tool(
            "event",
            "What became of one event: stored, rejected and why, or unknown. Personal values aren't shown.",
            &["id"],
            json!({ "id": text("The event's _id, or the id in the answer to its request") }),
        ),
    ]
}

fn tool(name: &'static str, about: &'static str, required: &[&str], properties: Value) -> rmcp::model::Tool {
    let schema =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let schema = schema.as_object().cloned().unwrap_or_default();
    let only_reads = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false);
    rmcp::model::Tool::new(name, about, Arc::new(schema)).with_annotations(only_reads)
}

/// Answers a call.
///
/// # Errors
/// What the command of the same name would say.
pub(super) async fn answer(tool: &Tool, access: &Access, settings: &Settings) -> Result<String, Failure> {
    let text = match tool {
        Tool::Sql { query } => String::from_utf8_lossy(&access.sql(query, RowFormat::Csv).await?).into_owned(),
        Tool::Describe { what: What::Tables } => report::sql_markdown(),
        Tool::Describe { what: What::Metrics } => report::metrics_markdown(),
        Tool::Event { id } => match access.receipt(id).await? {
            Some(receipt) => serde_json::to_string_pretty(&receipt).map_err(Failure::unavailable)?,
            None => "no event with this id was taken in".to_owned(),
        },
        Tool::Report(asked) => {
            let zone = settings.time_zone.0;
            let pairs: Vec<(&str, &str)> =
                asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let now = Utc::now().timestamp_micros();
            let request =
                ReportRequest::parse(&asked.name, pairs.iter().copied(), zone, now).map_err(Failure::usage)?;
            let form = match request.form() {
                None => ReportForm::Table,
                Some(AskedForm::Written(form)) if form != ReportForm::Xlsx => form,
                Some(_) => return Err(Failure::usage("an answer is text; write format as table, csv or json")),
            };
            // How it is written is ours to do.
            let pairs: Vec<(&str, &str)> = pairs.into_iter().filter(|(name, _)| *name != "format").collect();
            let report = access.report(&request, &pairs, zone).await?;
            let mut out = Vec::new();
            report.write(form, Look::Plain, &mut out)?;
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    Ok(cut(text))
}

/// The text up to the limit, with a word on what isn't there. Whole lines, where there are any.
fn cut(mut text: String) -> String {
    if text.len() <= ANSWER_BYTES_MAX {
        return text;
    }
    let all = text.len();
    let end = (0..=ANSWER_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = text[..end].rfind('\n').map_or(end, |line| line + 1);
    text.truncate(end);
    text + &format!("\n[cut here: {end} of {all} bytes; ask for less, with limit, group by or fewer columns]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_at_a_line() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("a line é\n".repeat(10_000));
        assert!(long.len() < ANSWER_BYTES_MAX + 200, "{}", long.len());
        assert!(long.contains("é\n\n[cut here: 65530 of 100000 bytes"), "{}", &long[65_000..]);
        let single = cut("é".repeat(50_000));
        assert!(single.starts_with('é') && single.contains("[cut here: 65536 of 100000 bytes"));
    }

    #[test]
    fn arguments_are_read_or_refused() {
        let read = |name: &str, arguments: Value| {
            Tool::read(name, arguments.as_object().cloned().unwrap()).map(|read| read.map(|tool| format!("{tool:?}")))
        };
        assert!(read("drop", json!({})).is_none());
        assert_eq!(read("sql", json!({ "query": "select 1" })), Some(Ok(r#"Sql { query: "select 1" }"#.to_owned())));
        for (name, arguments, expect) in [
            ("sql", json!({}), "missing field `query`"),
            ("sql", json!({ "query": "x", "file": "y" }), "unknown field `file`"),
            ("describe", json!({ "what": "files" }), "unknown variant `files`"),
            ("event", json!({ "id": 7 }), "invalid type"),
            ("report", json!({ "name": "chat", "since": {} }), "since takes a text or a list of texts"),
        ] {
            let told = read(name, arguments).unwrap().unwrap_err();
            assert!(told.contains(expect), "{name}: {told}");
        }
        let report = read("report", json!({ "name": "chat", "limit": 5, "subject": ["a", "!b"], "tz": null }));
        let expect = r#"Report(ReportAsked { name: "chat", parameters: [("limit", "5"), ("subject", "a"), ("subject", "!b")] })"#;
        assert_eq!(report, Some(Ok(expect.to_owned())));
    }
}
