//! Findings about schemas, for people and for programs.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use report::visible;
use schemas::{Finding, Level, sarif};
use serde_json::json;

use super::counted;
use crate::args::{Deny, FindingsFormat};
use crate::failure::Failure;
use crate::terminal;

/// Writes findings; the files in them are below `dir`.
///
/// # Errors
/// Standard output can't be written, or (exit code 1, with nothing more to say) there are
/// findings that are denied.
pub(super) fn tell(
    tool: &str,
    findings: &[Finding],
    dir: &Path,
    format: FindingsFormat,
    deny: Deny,
) -> Result<(), Failure> {
    match format {
        FindingsFormat::Human => human(findings, &mut BufWriter::new(terminal::people()))?,
        FindingsFormat::Json => {
            let all = json!({ "findings": findings });
            writeln!(terminal::data(), "{all}")?;
        }
        FindingsFormat::Sarif => writeln!(terminal::data(), "{:#}", sarif(tool, findings))?,
        FindingsFormat::Github => github(findings, dir, &mut BufWriter::new(terminal::data()))?,
    }
    let worst = match deny {
        Deny::Error => Some(Level::Error),
        Deny::Warning => Some(Level::Warning),
        Deny::Note => Some(Level::Note),
        Deny::Never => None,
    };
    let is_denied = worst.is_some_and(|worst| findings.iter().any(|finding| finding.level <= worst));
    if is_denied { Err(Failure::answered_no()) } else { Ok(()) }
}

fn human(findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    for finding in findings {
        writeln!(out, "{}", visible(&finding.to_string()))?;
    }
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (counted(count(Level::Error), "error"), counted(count(Level::Warning), "warning"));
    writeln!(out, "{errors}, {warnings}, {}", counted(count(Level::Note), "note"))?;
    out.flush()
}

fn github(findings: &[Finding], dir: &Path, out: &mut impl Write) -> io::Result<()> {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    for Finding { rule, level, file, pointer, message, proof } in findings {
        let kind = match level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let file = property(&dir.join(file).to_string_lossy());
        let shown =
            proof.as_ref().map(|proof| format!("; only the {} schema accepts {}", proof.accepted_by, proof.value));
        let text = data(&format!("{pointer}: {message}{}", shown.unwrap_or_default()));
        writeln!(out, "::{kind} file={file},title={rule}::{text}")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_cannot_be_forged() {
        let finding = Finding {
            rule: "a",
            level: Level::Note,
            file: "b,c\n.json".to_owned(),
            pointer: "/d".to_owned(),
            message: "e\n::error::f%".to_owned(),
            proof: None,
        };
        let mut out = Vec::new();
        github(&[finding], Path::new("x"), &mut out).expect("written");
        let out = String::from_utf8(out).expect("UTF-8");
        assert_eq!(out, "::notice file=x/b%2Cc%0A.json,title=a::/d: e%0A::error::f%25\n");
    }
}
