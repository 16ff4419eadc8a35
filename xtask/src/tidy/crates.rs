//! Which crate may depend on which: the firewalls of ARCHITECTURE.md.
//!
//! Read from each `Cargo.toml`'s `[dependencies]`; tests may use what they like.

use std::fs;
use std::path::Path;

use super::Finding;

/// Our crates and those of ours that each may name. `frontdesk` may name all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("workspace-hack", &[]),
    ("ambient", &[]),
    ("generate", &[]),
    ("xdm", &[]),
    ("schemas", &["xdm"]),
    ("journal", &["ambient"]),
    ("keys", &[]),
    ("vault", &["keys"]),
    ("columns", &["xdm", "workspace-hack"]),
    ("table", &["ambient", "columns", "xdm", "workspace-hack"]),
    ("summary", &[]),
    ("test-query", &["workspace-hack"]),
    ("report", &["ambient", "summary", "table", "workspace-hack"]),
    ("dashboard", &["report", "schemas", "workspace-hack"]),
    ("state", &["ambient", "workspace-hack"]),
    ("postgres", &["report", "workspace-hack"]),
    ("mail", &["ambient", "report", "state", "workspace-hack"]),
    ("intake", &["ambient", "xdm", "journal", "keys", "table", "vault", "workspace-hack"]),
    ("server", &["dashboard", "generate", "intake", "report", "state", "xdm", "workspace-hack"]),
    (
        "frontdesk",
        &[
            "dashboard",
            "generate",
            "schemas",
            "xdm",
            "table",
            "report",
            "intake",
            "mail",
            "postgres",
            "server",
            "state",
            "workspace-hack",
        ],
    ),
    ("xtask", &[]),
];

/// Foreign crates that only some of ours may name.
const FENCED: &[(&str, &[&str])] = &[
    ("deltalake", &["table", "workspace-hack"]),
    ("parquet", &["columns", "table", "workspace-hack"]),
    ("datafusion", &["table", "report", "test-query", "workspace-hack"]),
    ("rust_xlsxwriter", &["report", "workspace-hack"]),
    ("lettre", &["mail", "workspace-hack"]),
    ("rmcp", &["frontdesk", "workspace-hack"]),
    ("sqlx", &["state", "workspace-hack"]),
    ("axum", &["server", "workspace-hack"]),
    ("hyper", &["server", "workspace-hack"]),
];

/// Crates that name no async runtime, no Arrow and no HTTP.
const PLAIN: &[&str] = &["ambient", "schemas", "xdm", "journal", "vault", "summary"];
const NOT_PLAIN: &[&str] = &["tokio", "futures", "arrow", "datafusion", "object_store", "reqwest"];

/// Checks every `Cargo.toml` of the workspace.
pub(crate) fn check(root: &Path, findings: &mut Vec<Finding>) -> Result<(), String> {
    let crates = root.join("crates");
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", crates.display());
    let mut manifests = vec![root.join("xtask/Cargo.toml")];
    for entry in fs::read_dir(&crates).map_err(unreadable)? {
        manifests.push(entry.map_err(unreadable)?.path().join("Cargo.toml"));
    }
    manifests.sort();
    for manifest in manifests {
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        let name = manifest.strip_prefix(root).unwrap_or(&manifest);
        for (line, what) in broken(&text) {
            findings.push(Finding::new(name, line, what));
        }
    }
    Ok(())
}

/// The rules that a manifest breaks, by line.
fn broken(manifest: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut section = "";
    let mut package = "";
    let mut lints = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        match section {
            "[package]" if key == "name" => package = value.trim().trim_matches('"'),
            "[lints]" if key == "workspace" => lints = true,
            "[dependencies]" => {
                let dependency = key.split('.').next().unwrap_or(key);
                found.extend(refusal(package, dependency).map(|what| (index + 1, what)));
            }
            _ => {}
        }
    }
    if !lints {
        found.push((1, "does not take the workspace's lints ([lints] workspace = true)".to_owned()));
    }
    if !ALLOWED.iter().any(|(name, _)| *name == package) {
        found.push((1, format!("the crate `{package}` is not in the plan; add it to xtask/src/tidy/crates.rs")));
    }
    found
}

fn refusal(package: &str, dependency: &str) -> Option<String> {
    let allowed = ALLOWED.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, allowed)| allowed);
    let is_ours = ALLOWED.iter().any(|(name, _)| *name == dependency);
    if is_ours && !allowed.contains(&dependency) {
        return Some(format!("`{package}` must not depend on `{dependency}`"));
    }
    if let Some((_, users)) = FENCED.iter().find(|(name, _)| *name == dependency)
        && !users.contains(&package)
    {
        return Some(format!("only {} may depend on `{dependency}`", users.join(" and ")));
    }
    if PLAIN.contains(&package) && NOT_PLAIN.contains(&dependency) {
        return Some(format!("`{package}` must not know `{dependency}`"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firewalls_hold() {
        let check = |package: &str, dependency: &str, expect: bool| {
            assert_eq!(refusal(package, dependency).is_some(), expect, "{package} -> {dependency}");
        };
        check("server", "intake", false);
        check("server", "axum", false);
        check("intake", "axum", true);
        check("intake", "server", true);
        check("report", "vault", true);
        check("report", "keys", true);
        check("keys", "vault", true);
        check("report", "table", false);
        check("intake", "parquet", true);
        check("table", "parquet", false);
        check("intake", "datafusion", true);
        check("report", "datafusion", false);
        check("xdm", "tokio", true);
        check("journal", "xdm", true);
        check("frontdesk", "server", false);
        check("server", "state", false);
        check("server", "sqlx", true);
        check("state", "sqlx", false);
        check("dashboard", "state", true);
    }

    #[test]
    fn manifests_are_read() {
        let text = "[package]\nname = \"xdm\"\n[lints]\nworkspace = true\n[dependencies]\ntokio.workspace = true\nserde = \"1\"\n";
        let found = broken(text);
        assert_eq!(found, [(6, "`xdm` must not know `tokio`".to_owned())]);
        assert_eq!(broken("[package]\nname = \"nobody\"\n").len(), 2);
    }
}
