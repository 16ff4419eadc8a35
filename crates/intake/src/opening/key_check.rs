//! Is the key the one that this data directory was sealed with?
//!
//! `vault.check` holds a value derived from the key, from which nobody gets back to it.
//! It is compared before anything else is touched: records sealed under a second key
//! would lie beside those of the first, and no key would open both.
//!
//! A directory of a version that wrote no check is tested by what is sealed in it, a
//! journal segment or a value of a table, and gets its check then. The same test decides
//! when the check itself is damaged.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::log;
use crate::data_dir::sync_dir;
use crate::error::IntakeError;
use crate::options::IntakeOptions;
use crate::secrets::Secrets;
use table::Root;

const CHECK_FILE: &str = "vault.check";
const PURPOSE_CHECK: &str = "check";
/// Bytes of the derived value that are kept.
const CHECK_BYTES: usize = 16;
/// Sealed values of a table that are tried.
const SAMPLES_MAX: usize = 8;

/// What the sealed values say about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// Something sealed opens with it.
    Opens,
    /// Something is sealed, and it doesn't open.
    Fails,
    /// Nothing is sealed yet.
    None,
}

/// Refuses a key that this directory wasn't sealed with; nothing was written then.
pub(crate) fn check(options: &IntakeOptions, secrets: &Secrets) -> Result<(), IntakeError> {
    let path = options.data.join(CHECK_FILE);
    let failed = |action| {
        let path = path.clone();
        move |source: io::Error| IntakeError::Io { action, path, source }
    };
    let expect = value(secrets);
    let found = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Some(String::new()),
        Err(error) => return Err(failed("read")(error)),
    };
    if found.as_deref() == Some(expect.as_str()) {
        return Ok(());
    }
    match (evidence(options, secrets), found.is_some()) {
        (Evidence::Fails, _) | (Evidence::None, true) => Err(IntakeError::KeyOther(options.key_file.clone())),
        (Evidence::Opens, _) | (Evidence::None, false) => write(&options.data, &path, &expect).map_err(failed("write")),
    }
}

fn value(secrets: &Secrets) -> String {
    let derived = secrets.key().derive(PURPOSE_CHECK);
    let hex: String = derived[..CHECK_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}\n")
}

fn write(data: &Path, path: &Path, text: &str) -> io::Result<()> {
    let draft = data.join(format!("{CHECK_FILE}.tmp"));
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_dir(data)
}

fn evidence(options: &IntakeOptions, secrets: &Secrets) -> Evidence {
    if let Some(opens) = log::opens_with(options, &secrets.journal_key()) {
        return if opens { Evidence::Opens } else { Evidence::Fails };
    }
    let Root::Dir(tables) = &options.tables else { return Evidence::None };
    let mut found = Evidence::None;
    for (table, sealer) in [("events", secrets.events_sealer()), ("rejects", secrets.rejects_sealer())] {
        for (id, sealed) in table::sealed_samples(tables, table, SAMPLES_MAX) {
            // An event without an id of its own is sealed under none.
            let opens = [id.as_bytes(), b""].iter().any(|context| sealer.open(context, &sealed).is_ok());
            if opens {
                return Evidence::Opens;
            }
            found = Evidence::Fails;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use journal::Log as _;

    use super::*;

    fn options_with_key(dir: &Path) -> (IntakeOptions, Secrets) {
        let options = IntakeOptions::new(dir);
        let key = Secrets::load_or_create(&options.key_file).expect("made");
        (options, key)
    }

    fn replace_key(options: &IntakeOptions) -> Secrets {
        fs::write(&options.key_file, [9; 32]).expect("written");
        fs::set_permissions(&options.key_file, fs::Permissions::from_mode(0o600)).expect("chmod");
        Secrets::load_or_create(&options.key_file).expect("read")
    }

    #[test]
    fn another_key_is_refused_and_the_check_stays() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (options, key) = options_with_key(dir.path());
        check(&options, &key).expect("a new directory");
        let written = fs::read(dir.path().join(CHECK_FILE)).expect("written");
        check(&options, &key).expect("the same key");
        let other = replace_key(&options);
        let refusal = check(&options, &other).expect_err("another key").to_string();
        assert!(refusal.contains("vault.key"), "{refusal}");
        assert_eq!(fs::read(dir.path().join(CHECK_FILE)).expect("still there"), written);
    }

    #[test]
    fn a_directory_without_a_check_is_tested_by_its_journal() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (options, key) = options_with_key(dir.path());
        let master = key.journal_key();
        let journal_options = journal::Options {
            segment_bytes: 1 << 16,
            disk_free_bytes_min: 0,
            ..journal::Options::new(dir.path().join("journal"), master)
        };
        let (journal, _) = journal::Journal::open(journal_options).expect("opened");
        let (done, outcome) = std::sync::mpsc::channel();
        let tell = Box::new(move |outcome| done.send(outcome).expect("heard"));
        journal.append(b"made up".to_vec(), bytes::Bytes::new(), tell).expect("queued");
        outcome.recv().expect("answered").expect("durable");
        journal.close();

        let other = Secrets::load_or_create(&dir.path().join("other.key")).expect("made");
        assert!(matches!(check(&options, &other), Err(IntakeError::KeyOther(_))));
        assert!(!dir.path().join(CHECK_FILE).exists(), "nothing is written for a key that doesn't open");
        check(&options, &key).expect("the right key");
        // A damaged check doesn't shut the right key out.
        fs::write(dir.path().join(CHECK_FILE), b"\xFF\xFE").expect("written");
        check(&options, &key).expect("the right key");
        assert_eq!(fs::read_to_string(dir.path().join(CHECK_FILE)).expect("repaired"), value(&key));
    }
}
