//! Where settings come from, who wins, and what is said about mistakes.

use std::path::{Path, PathBuf};

use super::{Effective, File, Origin, Sources};
use crate::failure::Failure;

fn resolve(
    flags: &[(&'static str, &str)],
    variables: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Effective, Failure> {
    let directory = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        std::fs::write(directory.path().join("frontdesk.toml"), text).unwrap();
    }
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Effective::resolve(&Sources {
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
        variable: &variable,
        config: None,
        working_directory: directory.path(),
    })
}

fn origin(effective: &Effective, key: &str) -> Origin {
    effective.origins.iter().find(|(setting, _)| setting.key == key).map(|(_, origin)| origin.clone()).unwrap()
}

#[test]
fn flag_wins_over_variable_over_file_over_default() {
    let file = Some("commit_after = '4s'");
    let variable = [("FRONTDESK_COMMIT_AFTER", "3s")];
    let flag = [("commit_after", "2s")];
    let check = |effective: Result<Effective, Failure>, seconds: u64, from: &str| {
        let effective = effective.unwrap();
        assert_eq!(effective.settings.commit_after.as_secs(), seconds);
        let shown = origin(&effective, "commit_after").to_string();
        assert!(shown.ends_with(from), "{shown}");
    };
    check(resolve(&[], &[], None), 5, "default");
    check(resolve(&[], &[], file), 4, "frontdesk.toml");
    check(resolve(&[], &variable, file), 3, "environment");
    check(resolve(&flag, &variable, file), 2, "flag");
}

#[test]
fn says_what_is_wrong_and_what_to_do() {
    let check = |outcome: Result<Effective, Failure>, parts: &[&str]| {
        let text = outcome.err().unwrap().to_string();
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    };
    check(
        resolve(&[], &[], Some("comit_after = '4s'")),
        &["unknown setting `comit_after`", "did you mean `commit_after`?"],
    );
    check(resolve(&[], &[], Some("zzz = 1")), &["unknown setting `zzz`", "frontdesk settings"]);
    check(resolve(&[], &[], Some("a = 1\nb = [")), &["line 2", "not TOML"]);
    check(resolve(&[], &[], Some("listen = [1]")), &["listen", "not a plain value"]);
    check(resolve(&[("listen", "8080")], &[], None), &["--listen is `8080`", "127.0.0.1:8080"]);
    check(resolve(&[], &[("FRONTDESK_PROFILE", "strict")], None), &["FRONTDESK_PROFILE", "spec or aep-strict"]);
    check(
        resolve(&[], &[], Some("time_zone = 'Europe/Berln'")),
        &["time_zone in", "is `Europe/Berln`", "did you mean Europe/Berlin"],
    );
    check(resolve(&[], &[], Some("commit_bytes = '64MB'")), &["commit_bytes in", "64MiB"]);
    check(resolve(&[], &[("FRONTDESK_CONFIG", "/no/such/file")], None), &["/no/such/file"]);
}

#[test]
fn reads_numbers_texts_and_the_table_of_inlets() {
    let text = "dedupe_days = 7\ncommit_bytes = 1024\n[inlets]\na = 'b'\nc = 'd'\n";
    let effective = resolve(&[], &[], Some(text)).unwrap();
    assert_eq!(effective.settings.dedupe_days, 7);
    assert_eq!(effective.settings.commit_bytes.0, 1024);
    assert_eq!(effective.settings.inlets.len(), 2);
    assert!(matches!(origin(&effective, "dedupe_days"), Origin::File(_)));
}

#[test]
fn the_documented_example_is_valid() {
    let page = super::docs::markdown();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = File::parse(PathBuf::from("frontdesk.toml"), example).unwrap();
    assert_eq!(file.values["inlets"], "storefront=web");
    assert!(Path::new(&file.values["data"]).is_absolute());
}
