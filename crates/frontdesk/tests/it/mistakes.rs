//! What goes wrong on the user's side: a clear message, a fix, a code for scripts.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::server_process::{TestDir, ended, event};

/// Runs a command that must fail, and looks for parts of what it says.
pub(crate) fn check(dir: &TestDir, args: &[&str], code: i32, parts: &[&str]) {
    let outcome = dir.run(args);
    assert_eq!(outcome.code, code, "{args:?}: {outcome:?}");
    assert!(outcome.err.starts_with("error: "), "{args:?}: {outcome:?}");
    for part in parts {
        assert!(outcome.err.contains(part), "{args:?} lacks `{part}`: {outcome:?}");
    }
    assert_eq!(outcome.err.matches("error: ").count(), 1, "{args:?}: {outcome:?}");
}

#[test]
fn input_that_is_not_there() {
    let dir = TestDir::new();
    std::fs::create_dir(dir.path("directory")).unwrap();
    for command in ["load", "check"] {
        check(&dir, &[command, "absent.ndjson"], 2, &["cannot read absent.ndjson", "help: "]);
        check(&dir, &[command, "directory"], 2, &["directory", "help: "]);
    }
    dir.write("cut.gz", [0x1F, 0x8B, 0x08, 0x00, 0x00]);
    check(&dir, &["check", "cut.gz"], 2, &["cannot read cut.gz", "help: the compressed file is damaged"]);
}

#[test]
fn a_data_directory_that_cannot_be_one() {
    let dir = TestDir::new();
    dir.write("file", "x");
    check(&dir, &["sql", "select 1", "--data", "file"], 3, &["cannot use the data directory file", "help: ", "--data"]);
    check(&dir, &["serve", "--data", "file/below"], 3, &["cannot use the data directory", "--data"]);
    // Not even root can make directories there.
    check(
        &dir,
        &["serve", "--data", "/proc/frontdesk"],
        3,
        &["cannot use the data directory /proc/frontdesk", "help: "],
    );
}

#[test]
fn a_port_that_is_taken() {
    let dir = TestDir::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    check(&dir, &["serve", "--listen", &address], 3, &["cannot listen on", &address, "--listen 127.0.0.1:0"]);
    check(&dir, &["serve", "--listen", "192.0.2.1:80"], 3, &["cannot listen on 192.0.2.1:80", "help: "]);
}

#[test]
fn settings_that_cannot_be_read() {
    let dir = TestDir::new();
    dir.write("frontdesk.toml", "lissten = '127.0.0.1:0'\n");
    check(&dir, &["serve"], 2, &["unknown setting `lissten`", "help: did you mean `listen`?"]);
    dir.write("frontdesk.toml", "body_bytes_max = '1GiB'\n");
    check(&dir, &["serve"], 2, &["body_bytes", "help: "]);
    dir.write("frontdesk.toml", "");
    check(&dir, &["serve", "--config", "absent.toml"], 2, &["cannot read the settings in absent.toml"]);
    check(&dir, &["serve", "--commit-after", "5"], 2, &["--commit-after is `5`", "100ms"]);
    check(&dir, &["report", "contacts", "--since", "yesterday"], 2, &["yesterday", "7d"]);
}

#[test]
fn a_key_file_that_must_not_be_used() {
    let dir = TestDir::new();
    dir.write("events.ndjson", event("a"));
    dir.ok(&["load", "events.ndjson"]);
    let key = dir.path("frontdesk-data/vault.key");
    let set_mode = |mode| std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
    let bytes = std::fs::read(&key).unwrap();
    set_mode(0o644);
    check(&dir, &["sql", "select 1"], 4, &["vault.key", "mode 0644", "chmod 600"]);
    set_mode(0o600);
    std::fs::write(&key, "short").unwrap();
    check(&dir, &["serve", "--listen", "127.0.0.1:0"], 4, &["vault.key", "5 bytes instead of 32", "backup"]);
    std::fs::remove_file(&key).unwrap();
    check(&dir, &["sql", "select 1"], 4, &["vault.key is missing", "backup"]);
    std::fs::write(&key, bytes).unwrap();
    set_mode(0o600);
    dir.ok(&["sql", "select 1"]);
}

#[test]
fn queries_and_ids_that_lead_nowhere() {
    let dir = TestDir::new();
    let check_both = || {
        check(&dir, &["sql", "select chat_strt from contacts"], 2, &["chat_strt", "chat_start"]);
        check(&dir, &["sql", "drop table events"], 2, &[]);
        check(&dir, &["event", "nobody"], 1, &["no event with this id", "help: "]);
        check(&dir, &["rejects", "show", "x' or 1=1"], 1, &["no rejected event", "help: "]);
    };
    check_both();
    let server = dir.serve(&[]);
    check_both();
    assert!(server.stop("TERM").success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = TestDir::new();
    let mut command = dir.command(&["generate", "--events", "200000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    assert!(ended(&mut child).success());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(err, "");
}
