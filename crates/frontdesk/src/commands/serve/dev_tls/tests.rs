//! What is made, what is kept, and what makes it anew.

use server::Tls;

use super::*;

/// 2026-11-23T00:00:00Z.
const NOW_S: i64 = 1_795_392_000;

/// All four files.
fn state(data: &Path) -> [Vec<u8>; 4] {
    [CA, CA_KEY, CERTIFICATE, KEY].map(|name| fs::read(data.join(DIRECTORY).join(name)).unwrap())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Prepares, and says whether the authority and the certificate were kept.
fn again(data: &Path, wanted: &[&str], now_s: i64) -> (bool, bool) {
    let before = state(data);
    let made = prepare(data, &names(wanted), now_s).unwrap();
    Tls::open(made.files, now_s).unwrap();
    let after = state(data);
    (before[..2] == after[..2], before[2..] == after[2..])
}

#[test]
fn what_is_made_can_be_served_with_and_is_dated() {
    let data = tempfile::tempdir().unwrap();
    let made = prepare(data.path(), &names(&["desk.test", "localhost"]), NOW_S).unwrap();
    Tls::open(made.files.clone(), NOW_S).unwrap();
    let text = fs::read_to_string(&made.files.certificates).unwrap();
    assert!(text.starts_with("Names: localhost, 127.0.0.1, ::1, desk.test\n-----BEGIN CERT"), "{text}");
    let dates = |path: &Path| Validity::of(&CertificateDer::from_pem_file(path).unwrap()).unwrap();
    assert_eq!(dates(&made.ca), Validity { begins_s: NOW_S - 3_600, ends_s: NOW_S + 730 * DAY_S });
    let Validity { begins_s, ends_s } = dates(&made.files.certificates);
    assert_eq!(ends_s - begins_s, 397 * DAY_S);
    let mode = |name: &str| fs::metadata(data.path().join(DIRECTORY).join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([CA_KEY, KEY].map(mode), [0o600; 2]);
    assert_eq!(fs::read_dir(data.path().join(DIRECTORY)).unwrap().count(), 4);
}

#[test]
fn what_is_good_is_kept_and_the_rest_made_anew() {
    const KEPT: bool = true;
    const NEW: bool = false;
    let check = |wanted: &[&str], days: i64, expect: (bool, bool)| {
        let data = tempfile::tempdir().unwrap();
        prepare(data.path(), &names(&["desk.test"]), NOW_S).unwrap();
        let now_s = NOW_S + days * DAY_S;
        assert_eq!(again(data.path(), wanted, now_s), expect, "{wanted:?} after {days} days");
        assert_eq!(again(data.path(), wanted, now_s), (KEPT, KEPT), "{wanted:?} after {days} days, again");
    };
    check(&["desk.test"], 0, (KEPT, KEPT));
    check(&["desk.test"], 366, (KEPT, KEPT));
    check(&["desk.test"], 367, (KEPT, NEW));
    check(&["desk.test"], 699, (KEPT, NEW));
    check(&["desk.test"], 700, (NEW, NEW));
    // The clock was wrong at first.
    check(&["desk.test"], -1, (NEW, NEW));
    // Other names below those set aside need no new trust.
    check(&[], 0, (KEPT, NEW));
    check(&["desk.test", "*.shop.test", "192.168.7.7", "fd00::7"], 0, (KEPT, NEW));
    // A public one does.
    check(&["desk.test", "shop.example.com"], 0, (NEW, NEW));
    check(&["desk.test", "203.0.113.7"], 0, (NEW, NEW));
}

#[test]
fn damage_is_mended() {
    let data = tempfile::tempdir().unwrap();
    prepare(data.path(), &[], NOW_S).unwrap();
    let other = tempfile::tempdir().unwrap();
    prepare(other.path(), &[], NOW_S).unwrap();
    let path = |data: &Path, name: &str| data.join(DIRECTORY).join(name);
    for (name, expect) in [(CA, false), (CA_KEY, false), (CERTIFICATE, true), (KEY, true)] {
        let check = |what: &str| {
            let ca = fs::read(path(data.path(), CA)).unwrap_or_default();
            let made = prepare(data.path(), &[], NOW_S).unwrap();
            Tls::open(made.files, NOW_S).unwrap();
            assert_eq!(fs::read(made.ca).unwrap() == ca, expect, "{name} {what}");
        };
        fs::write(path(data.path(), name), "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
        check("cut");
        fs::remove_file(path(data.path(), name)).unwrap();
        check("missing");
        fs::copy(path(other.path(), name), path(data.path(), name)).unwrap();
        check("of another authority");
    }
}

#[test]
fn names_that_cannot_stand_in_a_certificate_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let text = prepare(data.path(), &names(&["sh\u{f6}p.test"]), NOW_S).unwrap_err().to_string();
    assert!(text.contains("tls_names is `localhost,127.0.0.1,::1,sh\u{f6}p.test`"), "{text}");
}
