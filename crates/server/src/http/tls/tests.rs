//! Which files are refused, in which words, and when a new pair is taken up.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};
use tempfile::TempDir;

use super::files::CertificateWarning;
use super::*;

/// 2026-11-23T00:00:00Z; certificates here are valid from the day before.
const NOW_S: i64 = 1_795_392_000;
const DAY: Duration = Duration::from_secs(86_400);

/// A certificate and its key in PEM.
fn pair(days: u32) -> (String, String) {
    with_key(days, KeyPair::generate().expect("a key"))
}

fn with_key(days: u32, key: KeyPair) -> (String, String) {
    let mut params = CertificateParams::new(["shop.test".to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2026, 11, 22);
    params.not_after = date_time_ymd(2026, 11, 22) + DAY * days;
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a directory"))
    }

    fn files(&self) -> TlsFiles {
        TlsFiles { certificates: self.path("cert.pem"), key: self.path("key.pem") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, certificates: &str, key: &str) {
        fs::write(self.path("cert.pem"), certificates).expect("written");
        fs::write(self.path("key.pem"), key).expect("written");
        chmod(&self.path("key.pem"), 0o600);
    }

    fn warnings(&self, now_s: i64) -> Vec<CertificateWarning> {
        let files = self.files();
        Pair::read(&files).load(&files, now_s).expect("it can be used").warnings
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
}

/// The configuration in use, as something that can be compared.
fn in_use(tls: &Tls) -> *const ServerConfig {
    Arc::as_ptr(&tls.current().serving)
}

#[test]
fn says_what_is_wrong_with_the_files() {
    let place = Place::new();
    let (certificate, key) = pair(90);
    let (_, other_key) = pair(90);
    let check = |certificates: &str, key: &str, parts: &[&str]| {
        place.write(certificates, key);
        let error = Tls::open(place.files(), NOW_S).expect_err(parts[0]).to_string();
        for part in parts {
            assert!(error.contains(part), "{error} lacks {part}");
        }
        assert!(!error.ends_with('.') && !error.contains('\n'), "{error}");
        for line in [certificates, key].into_iter().flat_map(str::lines).filter(|line| line.len() > 20) {
            assert!(!error.contains(line), "{error} repeats the file");
        }
    };
    check("", &key, &["no certificate is in", "cert.pem"]);
    check("hello\n", &key, &["no certificate is in"]);
    check(&key, &certificate, &["no certificate is in"]);
    check(&certificate, "", &["no private key is in", "key.pem", "encrypted"]);
    check(&certificate, &certificate, &["no private key is in"]);
    check(&certificate, &key.replace("PRIVATE", "ENCRYPTED PRIVATE"), &["no private key is in", "decrypted"]);
    check(&certificate, &other_key, &["doesn't belong", "key.pem", "cert.pem"]);
    check(&certificate[..certificate.len() / 2], &key, &["cert.pem", "broken PEM"]);
    check(&certificate, &key[..key.len() / 2], &["key.pem", "broken PEM"]);
    check(&certificate.replace("MII", "!!!"), &key, &["cert.pem", "broken PEM"]);
    check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, &["can't be read", "X.509"]);
    check(&certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &["can't be used"]);
    check(&" ".repeat(2 << 20), &key, &["cert.pem", "more than 1048576 bytes"]);

    place.write(&certificate, &key);
    fs::remove_file(place.path("key.pem")).expect("it is there");
    let error = Tls::open(place.files(), NOW_S).expect_err("no key").to_string();
    assert!(error.starts_with("cannot read ") && error.contains("key.pem"), "{error}");
    fs::remove_file(place.path("cert.pem")).expect("it is there");
    let error = Tls::open(place.files(), NOW_S).expect_err("nothing").to_string();
    assert!(error.starts_with("cannot read ") && error.contains("cert.pem"), "{error}");
}

#[test]
fn takes_the_usual_kinds_of_key() {
    let place = Place::new();
    for kind in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let (certificate, key) = with_key(90, KeyPair::generate_for(kind).expect("a key"));
        place.write(&certificate, &key);
        let tls = Tls::open(place.files(), NOW_S).expect("it can be used");
        assert_eq!(tls.ends_s(), NOW_S + 89 * 86_400, "{kind:?}");
    }
}

#[test]
fn what_is_doubtful_is_told() {
    let place = Place::new();
    let (certificate, key) = pair(90);
    place.write(&certificate, &key);
    let check = |now_s: i64, part: &str| {
        let told: Vec<String> = place.warnings(now_s).iter().map(ToString::to_string).collect();
        match part {
            "" => assert_eq!(told, Vec::<String>::new()),
            part => assert!(told.len() == 1 && told[0].contains(part), "{told:?} lacks {part}"),
        }
    };
    let ends_s = NOW_S + 89 * 86_400;
    check(NOW_S, "");
    check(ends_s, "");
    check(ends_s + 1, "ended at 2027-02-20T00:00:00+00:00");
    check(NOW_S - 86_400, "");
    check(NOW_S - 86_401, "begins at 2026-11-22T00:00:00+00:00");
    chmod(&place.path("key.pem"), 0o640);
    check(NOW_S, "mode 0640");
    chmod(&place.path("key.pem"), 0o604);
    check(NOW_S, "chmod go-rwx");
    chmod(&place.path("key.pem"), 0o400);
    check(NOW_S, "");
}

#[test]
fn a_new_pair_is_taken_up_and_a_broken_one_is_told_once() {
    let place = Place::new();
    let (certificate, key) = pair(90);
    place.write(&certificate, &key);
    let tls = Tls::open(place.files(), NOW_S).expect("it can be used");
    let first = in_use(&tls);
    assert!(matches!(tls.look(NOW_S), Look::Unchanged));
    // Times and links don't matter.
    place.write(&certificate, &key);
    assert!(matches!(tls.look(NOW_S), Look::Unchanged));

    let (newer, newer_key) = pair(200);
    place.write(&newer, &key);
    assert!(matches!(tls.look(NOW_S), Look::Broken(TlsError::Mismatch { .. })));
    assert!(matches!(tls.look(NOW_S), Look::Unchanged));
    assert_eq!(in_use(&tls), first);
    assert_eq!(tls.ends_s(), NOW_S + 89 * 86_400);

    place.write(&newer, &newer_key);
    assert!(matches!(tls.look(NOW_S), Look::Renewed));
    assert!(matches!(tls.look(NOW_S), Look::Unchanged));
    let second = in_use(&tls);
    assert_ne!(second, first);
    assert_eq!(tls.ends_s(), NOW_S + 199 * 86_400);

    fs::remove_file(place.path("cert.pem")).expect("it is there");
    assert!(matches!(tls.look(NOW_S), Look::Broken(TlsError::Unreadable { .. })));
    assert!(matches!(tls.look(NOW_S), Look::Unchanged));
    assert_eq!(in_use(&tls), second);
    // The pair that is in use comes back.
    place.write(&newer, &newer_key);
    assert!(matches!(tls.look(NOW_S), Look::Renewed));
}
