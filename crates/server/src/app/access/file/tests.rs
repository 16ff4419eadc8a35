//! Making, listing and revoking; and files that are not what they were.

use std::os::unix::fs::PermissionsExt;

use super::*;

const NOW_S: i64 = 1_795_356_436;

fn new(name: &str) -> NewKey {
    NewKey { scope: Scope::Read, name: name.to_owned(), datastream: None, expires_s: None }
}

#[test]
fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    assert_eq!(file.list(NOW_S).expect("no file").len(), 0);
    let made = file.make(&new("grafana"), NOW_S).expect("made");
    let token = Token::parse(&made.token).expect("a key");
    assert_eq!((token.scope, token.id), (Scope::Read, made.id.as_str()));
    let text = fs::read_to_string(file.path()).expect("written");
    assert!(!text.contains(token.secret), "{text}");
    assert!(text.contains(&Digest::of(token.secret).hex()), "{text}");
    assert_eq!(fs::metadata(file.path()).expect("there").permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::read_dir(place.path()).expect("listed").count(), 1, "no draft is left");
    let listed = file.list(NOW_S).expect("readable");
    assert_eq!((listed[0].name.as_str(), listed[0].standing), ("grafana", Standing::Good));
    assert_eq!((listed[0].created.as_str(), &listed[0].used), ("2026-11-22T14:07:16Z", &None));
}

#[test]
fn a_key_ends_by_time_or_by_word() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    file.make(&NewKey { expires_s: Some(NOW_S + 60), ..new("short") }, NOW_S).expect("made");
    let made = file.make(&new("twin"), NOW_S).expect("made");
    file.make(&new("twin"), NOW_S).expect("made");
    let standing = |now_s| file.list(now_s).expect("readable").iter().map(|key| key.standing).collect::<Vec<_>>();
    assert_eq!(standing(NOW_S + 59), [Standing::Good; 3]);
    assert_eq!(standing(NOW_S + 60), [Standing::Expired, Standing::Good, Standing::Good]);
    assert!(matches!(file.revoke("twin", NOW_S), Err(KeyFileError::Ambiguous { count: 2, .. })));
    assert_eq!(file.revoke(&made.id, NOW_S).expect("revoked").1, "twin");
    assert!(matches!(file.revoke(&made.id, NOW_S), Err(KeyFileError::Unknown(_))));
    // Now only one is left with this name.
    assert_eq!(file.revoke("twin", NOW_S).expect("revoked").1, "twin");
    assert_eq!(standing(NOW_S), [Standing::Good, Standing::Revoked, Standing::Revoked]);
    let refusal = file.revoke(&made.token, NOW_S).expect_err("no id").to_string();
    assert!(!refusal.contains("fd_"), "{refusal}");
}

#[test]
fn names_are_plain() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    for name in ["", "a b", "a\u{1b}[2J", &"a".repeat(129)] {
        assert!(matches!(file.make(&new(name), NOW_S), Err(KeyFileError::Name)), "{name:?}");
    }
    let odd = NewKey { datastream: Some("a/b".to_owned()), ..new("a") };
    assert!(matches!(file.make(&odd, NOW_S), Err(KeyFileError::Name)));
}

#[test]
fn commands_at_the_same_time_keep_each_others_keys() {
    let place = tempfile::tempdir().expect("a directory");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let file = KeyFile::of(place.path());
            scope.spawn(move || {
                for number in 0..5 {
                    file.make(&new(&format!("{worker}-{number}")), NOW_S).expect("made");
                }
            });
        }
    });
    assert_eq!(KeyFile::of(place.path()).list(NOW_S).expect("readable").len(), 20);
}

#[test]
fn the_dead_make_room_and_the_living_do_not() {
    let entry = |number: usize, revoked: bool| Entry {
        id: format!("{number:08}"),
        name: "n".to_owned(),
        scope: "read".to_owned(),
        datastream: None,
        created: timestamp::seconds(NOW_S),
        expires: None,
        revoked: revoked.then(|| timestamp::seconds(NOW_S)),
        sha256: Digest::of("s").hex(),
        scram: None,
    };
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    let fill = |revoked: bool| {
        file.change(|document| {
            document.keys = (0..KEYS_MAX).map(|number| entry(number, revoked && number == 7)).collect();
            Ok(())
        })
        .expect("written");
    };
    fill(false);
    assert!(matches!(file.make(&new("more"), NOW_S), Err(KeyFileError::Full)));
    fill(true);
    file.make(&new("more"), NOW_S).expect("room");
    let listed = file.list(NOW_S).expect("readable");
    assert_eq!(listed.len(), KEYS_MAX);
    assert!(listed.iter().all(|key| key.id != "00000007"));
}

#[test]
fn a_file_with_anything_odd_gives_no_keys() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    file.make(&new("a"), NOW_S).expect("made");
    let good = fs::read_to_string(file.path()).expect("written");
    let check = |text: &str, expect: &str| {
        fs::write(file.path(), text).expect("written");
        let refusal = file.list(NOW_S).expect_err("refused").to_string();
        assert!(refusal.contains(expect) && refusal.contains("restore it"), "{refusal}");
        let refusal = file.make(&new("b"), NOW_S).err().map(|error| error.to_string());
        assert!(refusal.is_some_and(|refusal| refusal.contains(expect)), "a change would lose what stands there");
        assert_eq!(fs::read_to_string(file.path()).expect("there"), text);
    };
    check("", "line 1");
    check(&good[..good.len() / 2], "line ");
    check(&good.replace("\"read\"", "\"root\""), "the scope of key 1");
    check(&good.replace("\"name\": \"a\"", "\"name\": \"a\\u001b\""), "the name of key 1");
    check(&good.replace("\"sha256\": \"", "\"sha256\": \"0"), "the hash of key 1");
    check(&good.replace("\"version\": 1", "\"version\": 2"), "version 2");
    check(&good.replace("\"name\"", "\"nam\""), "line ");
    let entry = &good[good.find('[').expect("a list") + 1..good.rfind(']').expect("a list")];
    check(&good.replace(entry, &format!("{entry},{entry}")), "has the id of another");
    check(&" ".repeat(1 + KEY_FILE_BYTES_MAX as usize), "more than");
    fs::write(file.path(), b"\xff").expect("written");
    assert!(file.list(NOW_S).expect_err("refused").to_string().contains("no text"));
}

#[test]
fn a_file_that_others_reach_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    file.make(&new("a"), NOW_S).expect("made");
    for mode in [0o640, 0o604, 0o620, 0o666] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("chmod");
        let refusal = file.list(NOW_S).expect_err("refused").to_string();
        assert!(refusal.contains("chmod 600"), "{refusal}");
    }
}

#[test]
fn last_uses_are_read_back_and_damage_is_none() {
    let place = tempfile::tempdir().expect("a directory");
    let file = KeyFile::of(place.path());
    let made = file.make(&new("a"), NOW_S).expect("made");
    used::write(place.path(), &[(made.id.clone(), NOW_S)].into()).expect("written");
    assert_eq!(file.list(NOW_S).expect("readable")[0].used.as_deref(), Some("2026-11-22T14:07:16Z"));
    fs::write(place.path().join("keys-used.json"), "{").expect("written");
    assert_eq!(file.list(NOW_S).expect("readable")[0].used, None);
}
