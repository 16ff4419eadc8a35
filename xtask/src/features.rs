//! Whether the tests' dependencies switch on features that the program's don't.
//!
//! Cargo gives a crate the features that all who are built together ask for. If a crate
//! that only tests use asks for one more, everything above it is compiled twice, once for
//! `cargo run` and once for the tests: minutes of DataFusion, and nothing tells why. The
//! remedy is to name the feature in the workspace's `Cargo.toml` too.

use std::collections::{BTreeMap, BTreeSet};

use crate::steps::cargo;

/// Feature lists of each crate: one for the program, perhaps another for build scripts.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Compares the program's crates with those of program and tests.
pub(crate) fn run() -> Result<(), String> {
    let drifted = drifted(&tree("normal,build")?, &tree("normal,build,dev")?);
    for (name, features) in &drifted {
        println!("   {name} has other features in tests: {features}");
    }
    match drifted.len() {
        0 => Ok(()),
        count => Err(format!(
            "the features of {count} crates differ between program and tests\nhelp: switch them on in the workspace's Cargo.toml, in a crate that `crates/workspace-hack` names"
        )),
    }
}

fn tree(edges: &str) -> Result<Features, String> {
    let args = ["tree", "--workspace", "--edges", edges, "--prefix", "none", "--format", "{p}|{f}"];
    let output = cargo(&args).output().map_err(|error| format!("`cargo tree` cannot run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(tree: &str) -> Features {
    let mut crates = Features::new();
    for line in tree.lines() {
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        if let Some((name, features)) = line.split_once('|') {
            crates.entry(name.to_owned()).or_default().insert(features.to_owned());
        }
    }
    crates
}

/// Crates of the program that come with a feature list of their own in tests.
fn drifted(program: &Features, with_tests: &Features) -> Vec<(String, String)> {
    let mut drifted = Vec::new();
    for (name, features) in with_tests {
        let Some(known) = program.get(name) else { continue };
        drifted.extend(features.difference(known).map(|features| (name.clone(), features.clone())));
    }
    drifted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_crate_of_both_with_other_features_drifts() {
        let program = parse("serde v1.0.0|derive,std\nserde v1.0.0|derive,std (*)\nurl v2.0.0|\n");
        let check = |with_tests: &str, expect: &[(&str, &str)]| {
            let found = drifted(&program, &parse(with_tests));
            assert!(
                found.iter().map(|(name, features)| (&**name, &**features)).eq(expect.iter().copied()),
                "{found:?}"
            );
        };
        check("serde v1.0.0|derive,std\nurl v2.0.0|\nproptest v1.0.0|std\n", &[]);
        check("serde v1.0.0|alloc,derive,std (*)\n", &[("serde v1.0.0", "alloc,derive,std")]);
        check("serde v1.0.0|derive,std\nserde v1.0.0|rc\n", &[("serde v1.0.0", "rc")]);
        check("serde v2.0.0|rc\n", &[]);
    }
}
