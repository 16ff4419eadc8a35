//! Runs `tests/slt/*.slt`: statements beside the rows (or the error) they must give.
//!
//! A file is made of blocks with blank lines between them: `tables NAME` chooses the
//! rows; `query`, the statement, `----` and the rows as CSV; `error`, the statement,
//! `----` and the whole message. `#` begins a comment. `{contact_rate}` in a statement stands for
//! the SQL of that metric.

use report::{METRICS, QueryLimits, QueryResult, Scope, Session};

use crate::fixture;

#[tokio::test]
async fn statements_give_their_rows() {
    let mut files: Vec<_> = std::fs::read_dir("tests/slt").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut blocks = 0;
    let mut failures = String::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        blocks += run(name, &text, &mut failures).await;
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(files.len() >= 5 && blocks >= 60, "{} files, {blocks} statements: some were not read", files.len());
}

async fn run(name: &str, text: &str, failures: &mut String) -> usize {
    let mut session = fixture::session("week");
    let mut blocks = 0;
    for block in text.split("\n\n") {
        let lines: Vec<&str> = block.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        let Some((directive, rest)) = lines.split_first() else { continue };
        if let Some(tables) = directive.strip_prefix("tables ") {
            assert!(rest.is_empty(), "{name}: a blank line is missing after {directive}");
            session = fixture::session(tables);
            continue;
        }
        let split =
            rest.iter().position(|line| *line == "----").unwrap_or_else(|| panic!("{name}: no ---- in\n{block}"));
        let (sql, expect) = (with_metrics(rest[..split].join("\n")), rest[split + 1..].join("\n"));
        let got = answer(&session, &sql).await;
        let got = match (*directive, got) {
            ("query", Ok(rows)) => rows,
            ("error", Err(message)) => message,
            ("query" | "error", Ok(other) | Err(other)) => format!("(not the {directive} expected) {other}"),
            (other, _) => panic!("{name}: unknown directive {other}"),
        };
        blocks += 1;
        if got != expect {
            failures.push_str(&format!("{name}: {sql}\n--- expected\n{expect}\n--- got\n{got}\n\n"));
        }
    }
    blocks
}

fn with_metrics(sql: String) -> String {
    METRICS.iter().fold(sql, |sql, metric| {
        let name = format!("{{{}}}", metric.name);
        if sql.contains(&name) { sql.replace(&name, &metric.measure.sql(Scope::AllChannels)) } else { sql }
    })
}

async fn answer(session: &Session, sql: &str) -> Result<String, String> {
    session.query(sql, QueryLimits::default()).await.map(|result| csv(&result)).map_err(|error| error.to_string())
}

fn csv(result: &QueryResult) -> String {
    let mut out = Vec::new();
    result.write_csv(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    out.lines().skip(1).collect::<Vec<_>>().join("\n")
}
