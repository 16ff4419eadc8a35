//! `frontdesk schema`: the columns of the table `events`, nested ones by their path.

mod compose;
mod convert;
mod diff;
mod docs;
mod export;
mod findings;
mod impact;
mod infer;
mod lint;
mod reload;
mod revision;
mod test;

use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Fields, TimeUnit};
use report::visible;
use schemas::Corpus;
use table::Shape;
use xdm::{Fault, FaultCode};

use crate::args::SchemaCommand;
use crate::failure::{Exit, Failure, warn};
use crate::policies::ValidationPolicies;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A schema can't be used, or standard output can't be written.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let plan = ValidationPolicies::of(settings)?.told().default.plan;
    let shape = Shape::new(Arc::clone(plan.layout())).map_err(|error| Failure::new(Exit::Damaged, error))?;
    let mut columns = Vec::new();
    collect(shape.arrow_schema().fields(), "", &mut columns);
    let width = columns.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    let mut out = BufWriter::new(terminal::people());
    for (path, kind) in &columns {
        writeln!(out, "{path:width$}  {kind}")?;
    }
    out.flush()?;
    Ok(())
}

/// Runs one of the commands that work with schemas, `impact` with what is stored and `reload` with the server, too.
///
/// # Errors
/// As the command says.
pub(crate) fn run_action(action: &SchemaCommand, settings: &Settings) -> Result<(), Failure> {
    match action {
        SchemaCommand::Test(args) => test::run(args),
        SchemaCommand::Docs(args) => docs::run(args),
        SchemaCommand::Lint(args) => lint::run(args),
        SchemaCommand::Diff(args) => diff::run(args),
        SchemaCommand::Impact(args) => impact::run(args, settings),
        SchemaCommand::Compose(args) => compose::run(args),
        SchemaCommand::Export(args) => export::run(args),
        SchemaCommand::Convert(args) => convert::run(args),
        SchemaCommand::Infer(args) => infer::run(args, settings),
        SchemaCommand::Reload(args) => crate::block_on(reload::run(args, settings)),
    }
}

/// The schemas of a directory; what is wrong with them is told as warnings.
fn corpus(dir: &Path) -> Result<Corpus, Failure> {
    let corpus = read(dir)?;
    tell(corpus.errors());
    tell_skipped(&corpus);
    Ok(corpus)
}

/// The schemas of a directory, which has some.
fn read(dir: &Path) -> Result<Corpus, Failure> {
    let corpus = Corpus::read(dir).map_err(Failure::usage)?;
    // What is wrong with a file that is none is told as such.
    match corpus.schemas().is_empty() && corpus.errors().next().is_none() {
        true => {
            tell_skipped(&corpus);
            Err(no_schemas(dir))
        }
        false => Ok(corpus),
    }
}

/// A directory that was meant to have schemas, and has none.
fn no_schemas(dir: &Path) -> Failure {
    Failure::usage(format_args!("{}: no schema is in this directory", dir.display()))
        .help("a schema is a .json file with an \"$id\"; name the directory that has them")
}

fn tell<'f>(faults: impl Iterator<Item = &'f Fault>) {
    faults.for_each(|fault| warn(visible(&fault.to_string())));
}

/// Files that were passed over: links, and what is no file.
fn tell_skipped(corpus: &Corpus) {
    tell(corpus.faults().iter().filter(|fault| fault.code == FaultCode::Skipped));
}

/// The schemas of a directory, or those that come with Frontdesk.
pub(super) fn corpus_or_bundled(dir: Option<&Path>) -> Result<Corpus, Failure> {
    dir.map_or_else(|| Ok(Corpus::bundled()), corpus)
}

/// Writes a document into a file, or to standard output.
fn write_out(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    match file {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure::unavailable(format_args!("cannot write {}: {error}", path.display()))),
        None => Ok(terminal::data().write_all(text.as_bytes())?),
    }
}

/// JSON as it is written into files: two blanks a level, and a line feed at the end.
fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// What a command ends with whose schemas have errors: it did what could be done without the
/// rules in question.
fn outcome(corpus: &Corpus) -> Result<(), Failure> {
    outcome_of(corpus.errors().count())
}

/// The same of so many errors.
fn outcome_of(errors: usize) -> Result<(), Failure> {
    match errors {
        0 => Ok(()),
        count => Err(Failure::usage(format_args!("the schemas have {}", counted(count, "error")))
            .help("docs/schemas.md says what a schema may say")),
    }
}

/// `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Appends each leaf as its path and type: `a.b` a field, `a[]` a list's items, `a{}` a
/// map's values.
fn collect(fields: &Fields, prefix: &str, columns: &mut Vec<(String, &'static str)>) {
    for field in fields {
        leaf(&format!("{prefix}{}", field.name()), field.data_type(), columns);
    }
}

fn leaf(path: &str, kind: &DataType, columns: &mut Vec<(String, &'static str)>) {
    match kind {
        DataType::Struct(fields) => collect(fields, &format!("{path}."), columns),
        DataType::List(item) => leaf(&format!("{path}[]"), item.data_type(), columns),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => leaf(&format!("{path}{{}}"), pair[1].data_type(), columns),
            _ => columns.push((path.to_owned(), "map")),
        },
        other => columns.push((path.to_owned(), name(other))),
    }
}

fn name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "text",
        DataType::Int32 | DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Timestamp(TimeUnit::Microsecond, _) => "timestamp (UTC)",
        DataType::Date32 => "date (UTC)",
        DataType::Binary => "bytes",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn names_nested_columns_by_path() {
        let text = Field::new("id", DataType::Utf8, true);
        let item = Field::new("element", DataType::Struct(vec![text].into()), true);
        let list = Field::new("list", DataType::List(Arc::new(item)), true);
        let count = Field::new("chatStart", DataType::Int64, true);
        let feedback = Field::new("customerFeedback", DataType::Struct(vec![count].into()), true);
        let mut columns = Vec::new();
        collect(&vec![list, feedback].into(), "", &mut columns);
        let expect = [("list[].id".to_owned(), "text"), ("customerFeedback.chatStart".to_owned(), "integer")];
        assert_eq!(columns, expect);
    }
}
