//! `frontdesk schema test`: the examples beside schemas, each judged by its schema.
//!
//! The exit code is 1 if an example is not as its name says, and 2 if a schema has errors. An example without a schema is named and fails nothing: there is nothing that it
//! could break.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use report::visible;
use serde::Serialize;
use xdm::{Example, Examples, Expectation, Fault, Severity, Violation};

use crate::args::{ExamplesFormat, SchemaTestArgs};
use crate::failure::Failure;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A file can't be read, a schema can't be used, or (exit code 1, with nothing more to say)
/// an example is not as its name says.
pub(crate) fn run(args: &SchemaTestArgs) -> Result<(), Failure> {
    let examples = Examples::of(&args.dir).map_err(Failure::usage)?;
    let has_nothing = xdm::json_files(&args.dir).is_ok_and(|files| files.is_empty()) && examples.faults.is_empty();
    if has_nothing {
        return Err(super::no_schemas(&args.dir));
    }
    match args.format {
        ExamplesFormat::Human => human(&examples, &mut BufWriter::new(terminal::people()))?,
        ExamplesFormat::Json => json(&examples, &mut BufWriter::new(terminal::data()))?,
        ExamplesFormat::Junit => junit(&examples, &mut BufWriter::new(terminal::data()))?,
        ExamplesFormat::Github => github(&examples, &args.dir, &mut BufWriter::new(terminal::data()))?,
    }
    match errors(&examples).count() {
        0 if examples.judged.iter().all(Example::is_as_named) => Ok(()),
        0 => Err(Failure::answered_no()),
        count => {
            let errors = if count == 1 { "an error".to_owned() } else { format!("{count} errors") };
            Err(Failure::usage(format_args!("the schemas have {errors}; the rules in question checked nothing"))
                .help("docs/schemas.md says what a schema may say"))
        }
    }
}

fn errors(examples: &Examples) -> impl Iterator<Item = &Fault> {
    examples.faults.iter().filter(|fault| fault.severity() == Severity::Error)
}

fn warnings(examples: &Examples) -> impl Iterator<Item = &Fault> {
    examples.faults.iter().filter(|fault| fault.severity() == Severity::Warning)
}

/// What is wrong with an example that is not as its name says, a line each.
fn complaints(example: &Example) -> Vec<String> {
    match example.expectation {
        Expectation::Valid => example.violations.iter().map(ToString::to_string).collect(),
        Expectation::Invalid if example.is_valid() => {
            vec!["keeps its schema, and its name says that it doesn't; the schema permits too much".to_owned()]
        }
        Expectation::Invalid if !example.is_readable() => {
            let told = example.violations.iter();
            told.map(|told| format!("{told}; nothing of its schema was checked")).collect()
        }
        Expectation::Invalid => Vec::new(),
    }
}

const NO_SCHEMA: &str = "no schema of its name lies beside it";
const UNUSABLE: &str = "the schema of its name has errors, so that it was not checked";

fn human(examples: &Examples, out: &mut impl Write) -> io::Result<()> {
    for error in errors(examples) {
        writeln!(out, "{}", visible(&error.to_string()))?;
    }
    for warning in warnings(examples) {
        writeln!(out, "{}", visible(&format!("warning: {warning}")))?;
    }
    for example in &examples.judged {
        for complaint in complaints(example) {
            writeln!(out, "{}", visible(&format!("{}: {complaint}", example.path)))?;
        }
    }
    for orphan in &examples.orphans {
        writeln!(out, "{}", visible(&format!("{orphan}: note: {NO_SCHEMA}")))?;
    }
    for path in &examples.unjudged {
        writeln!(out, "{}", visible(&format!("{path}: note: {UNUSABLE}")))?;
    }
    let wrong = examples.judged.iter().filter(|example| !example.is_as_named()).count();
    let (checked, orphans) = (examples.judged.len(), examples.orphans.len());
    write!(out, "{checked} examples checked, {wrong} not as their names say, {orphans} without a schema")?;
    match warnings(examples).count() {
        0 => writeln!(out)?,
        warnings => writeln!(out, "; {warnings} warnings about the schemas")?,
    }
    out.flush()
}

#[derive(Serialize)]
struct Report<'e> {
    examples: Vec<Judged<'e>>,
    orphans: &'e [String],
    /// Examples whose schema can't be used.
    unjudged: &'e [String],
    /// What is wrong with the schemas, as it is told to people.
    errors: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Judged<'e> {
    example: &'e str,
    schema: &'e str,
    valid: bool,
    violations: &'e [Violation],
}

fn json(examples: &Examples, out: &mut impl Write) -> io::Result<()> {
    let judged = examples.judged.iter().map(|example| Judged {
        example: &example.path,
        schema: &example.schema,
        valid: example.is_valid(),
        violations: &example.violations,
    });
    let report = Report {
        examples: judged.collect(),
        orphans: &examples.orphans,
        unjudged: &examples.unjudged,
        errors: errors(examples).map(ToString::to_string).collect(),
        warnings: warnings(examples).map(ToString::to_string).collect(),
    };
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)?;
    out.flush()
}

fn junit(examples: &Examples, out: &mut impl Write) -> io::Result<()> {
    let (judged, errors) = (examples.judged.len(), errors(examples).count());
    let skipped = examples.orphans.len() + examples.unjudged.len();
    let wrong = examples.judged.iter().filter(|example| !example.is_as_named()).count();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuite name=\"frontdesk schema test\" tests=\"{}\" failures=\"{wrong}\" errors=\"{errors}\" skipped=\"{skipped}\">",
        judged + errors + skipped
    )?;
    for example in &examples.judged {
        write!(out, "  <testcase classname=\"{}\" name=\"{}\"", xml(&example.schema), xml(&example.path))?;
        match example.is_as_named() {
            true => writeln!(out, "/>")?,
            false => {
                let complaints = complaints(example);
                let first = complaints.first().map(String::as_str).unwrap_or_default();
                writeln!(
                    out,
                    "><failure message=\"{}\">{}</failure></testcase>",
                    xml(first),
                    xml(&complaints.join("\n"))
                )?;
            }
        }
    }
    for error in self::errors(examples) {
        writeln!(
            out,
            "  <testcase name=\"{}\"><error message=\"{}\"/></testcase>",
            xml(&error.file),
            xml(&error.to_string())
        )?;
    }
    for orphan in &examples.orphans {
        writeln!(out, "  <testcase name=\"{}\"><skipped message=\"{NO_SCHEMA}\"/></testcase>", xml(orphan))?;
    }
    for path in &examples.unjudged {
        writeln!(out, "  <testcase name=\"{}\"><skipped message=\"{UNUSABLE}\"/></testcase>", xml(path))?;
    }
    writeln!(out, "</testsuite>")?;
    out.flush()
}

/// A text in XML; what XML 1.0 can't hold is a question mark.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

/// Workflow commands of GitHub Actions: an annotation for each complaint.
fn github(examples: &Examples, dir: &Path, out: &mut impl Write) -> io::Result<()> {
    let file = |path: &str| property(&dir.join(path).to_string_lossy());
    for example in &examples.judged {
        for complaint in complaints(example) {
            writeln!(out, "::error file={}::{}", file(&example.path), data(&complaint))?;
        }
    }
    for Fault { file, pointer, message, .. } in errors(examples) {
        writeln!(out, "::error file={}::{}", property(file), data(&placed(pointer, message)))?;
    }
    for Fault { file, pointer, message, .. } in warnings(examples) {
        writeln!(out, "::warning file={}::{}", property(file), data(&placed(pointer, message)))?;
    }
    for path in &examples.unjudged {
        writeln!(out, "::notice file={}::{UNUSABLE}", file(path))?;
    }
    for orphan in &examples.orphans {
        writeln!(out, "::notice file={}::{NO_SCHEMA}", file(orphan))?;
    }
    out.flush()
}

/// A message with its place in the file, which the file as a whole has none of.
fn placed(pointer: &str, message: &str) -> String {
    if pointer.is_empty() { message.to_owned() } else { format!("{pointer}: {message}") }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What each form says of a directory with an example of every kind.
    fn written(write: impl Fn(&Examples, &mut Vec<u8>) -> io::Result<()>) -> String {
        let dir = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
        file(
            "a.schema.json",
            r#"{"$id":"https://x.example/a","oops":1,"type":"object","properties":{"xdm:n<":{"type":"integer"}}}"#,
        );
        file("a.example.1.json", "{}");
        file("a.example.2.json", r#"{"xdm:n<":"1"}"#);
        file("a.invalid.1.json", r#"{"xdm:n<":"1"}"#);
        file("a.invalid.2.json", "{}");
        file("b.example.1.json", "{}");
        let examples = Examples::of(dir.path()).expect("usable");
        let mut out = Vec::new();
        write(&examples, &mut out).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn people_read_what_is_not_as_named() {
        let told = written(human);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("warning: ") && lines[0].contains("a.schema.json#/oops: "), "{told}");
        let lines = &lines[1..];
        assert!(lines[0].starts_with("a.example.2.json: /xdm:n<: the text \"9\" is not an integer"), "{told}");
        assert!(lines[1].starts_with("a.invalid.2.json: keeps its schema"), "{told}");
        assert!(lines[2].starts_with("b.example.1.json: note: no schema"), "{told}");
        assert_eq!(
            lines[3],
            "4 examples checked, 2 not as their names say, 1 without a schema; 1 warnings about the schemas"
        );
    }

    #[test]
    fn programs_read_every_example() {
        let told: serde_json::Value = serde_json::from_str(&written(json)).expect("JSON");
        let valid: Vec<_> =
            told["examples"].as_array().expect("a list").iter().map(|one| one["valid"] == true).collect();
        assert_eq!(valid, [true, false, false, true]);
        assert_eq!(told["examples"][1]["schema"], "https://x.example/a");
        assert_eq!(told["examples"][1]["violations"][0]["keyword"], "type");
        assert_eq!(told["orphans"][0], "b.example.1.json");
        assert!(told["warnings"][0].as_str().is_some_and(|told| told.contains("a.schema.json#/oops")), "{told}");

        let told = written(junit);
        assert!(told.contains("tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"1\""), "{told}");
        assert!(told.contains("<failure message=\"/xdm:n&lt;: the text &quot;9&quot;"), "{told}");

        let told = written(|examples, out| github(examples, Path::new("schemas,1"), out));
        assert!(told.starts_with("::error file=schemas%2C1/a.example.2.json::/xdm:n<: "), "{told}");
        assert!(told.contains("a.schema.json::/oops: "), "{told}");
        assert!(told.contains("::notice file=schemas%2C1/b.example.1.json::no schema"), "{told}");
    }
}
