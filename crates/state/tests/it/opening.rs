//! What is found at the start: nothing, a file, what a crash has left, and what isn't ours.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use state::views::{self, NewView};
use state::{OpenError, STATE_FILE, State, StateCopy};

use crate::{clock, open};

fn file(data: &Path) -> PathBuf {
    data.join(STATE_FILE)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").mode() & 0o7777
}

async fn save(state: &State, name: &str) {
    let new = NewView { name, page: "/", query: "since=30d", made_by: None };
    views::save(state, new).await.expect("saved");
}

async fn names(state: &State) -> Vec<String> {
    views::list(state).await.expect("read").into_iter().map(|view| view.name).collect()
}

/// What lies beside the file, and the file.
fn names_in(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("state")).expect("readable");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A directory whose file has many pages.
async fn filled() -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    for number in 0..60 {
        let query = format!("since=30d&subject={}", "a".repeat(1_500));
        let name = format!("view {number}");
        let new = NewView { name: &name, page: "/", query: &query, made_by: None };
        views::save(&state, new).await.expect("saved");
    }
    state.close().await;
    data
}

async fn refusal(data: &Path) -> OpenError {
    match State::open(data, clock()).await {
        Err(error) => error,
        Ok(state) => panic!("it opened, with {:?}", names(&state).await),
    }
}

#[tokio::test]
async fn what_was_saved_is_there_after_a_close_and_after_none() {
    let data = tempfile::tempdir().expect("a directory");
    let first = open(data.path()).await;
    save(&first, "one").await;
    // As after a kill: the log of changes is still beside the file.
    let copy = tempfile::tempdir().expect("a directory");
    fs::create_dir(copy.path().join("state")).expect("made");
    for entry in fs::read_dir(data.path().join("state")).expect("readable") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), copy.path().join("state").join(entry.file_name())).expect("copied");
    }
    assert!(copy.path().join(format!("{STATE_FILE}-wal")).exists());
    let killed = open(copy.path()).await;
    assert_eq!(names(&killed).await, ["one"]);
    first.close().await;
    assert_eq!(names_in(data.path()), ["frontdesk.sqlite", "frontdesk.sqlite.copy"], "one file is all of it");
    let again = open(data.path()).await;
    save(&again, "two").await;
    assert_eq!(names(&again).await, ["one", "two"]);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    save(&state, "one").await;
    for entry in fs::read_dir(data.path().join("state")).expect("readable") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(mode(&data.path().join("state")), 0o700);
    state.close().await;
    let open_to_others = [(data.path().join("state"), 0o755), (file(data.path()), 0o644)];
    for (path, mode) in &open_to_others {
        fs::set_permissions(path, fs::Permissions::from_mode(*mode)).expect("set");
    }
    let state = open(data.path()).await;
    assert_eq!(names(&state).await, ["one"]);
    assert_eq!((mode(&data.path().join("state")), mode(&file(data.path()))), (0o700, 0o600));
}

#[tokio::test]
async fn a_draft_that_a_crash_has_left_is_begun_anew() {
    let data = tempfile::tempdir().expect("a directory");
    fs::create_dir(data.path().join("state")).expect("made");
    for suffix in [".new", ".new-wal", ".new-journal"] {
        fs::write(data.path().join(format!("{STATE_FILE}{suffix}")), "half").expect("written");
    }
    let state = open(data.path()).await;
    save(&state, "one").await;
    state.close().await;
    assert_eq!(names_in(data.path()), ["frontdesk.sqlite", "frontdesk.sqlite.copy"]);
}

#[tokio::test]
async fn damage_is_refused_and_nothing_is_changed() {
    let whole = filled().await;
    let bytes = fs::read(file(whole.path())).expect("readable");
    let middle = bytes.len() / 2;
    let with = |place: usize, value: &[u8]| {
        let mut changed = bytes.clone();
        changed[place..place + value.len()].copy_from_slice(value);
        changed
    };
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("empty", Vec::new(), "it is empty"),
        ("cut in its header", bytes[..60].to_vec(), "it was cut"),
        ("cut in the middle", bytes[..middle].to_vec(), "is damaged"),
        ("text", b"views: none\n".repeat(100), "doesn't begin as a SQLite file"),
        ("a page overwritten", with(4_096, &[0xa5; 4_096]), "is damaged"),
        ("zeros", vec![0; bytes.len()], "doesn't begin as a SQLite file"),
        ("another program's", with(68, b"Gpkg"), "isn't one of Frontdesk's"),
    ];
    for (name, content, expect) in cases {
        fs::write(file(whole.path()), &content).expect("written");
        let error = refusal(whole.path()).await.to_string();
        assert!(error.contains(expect) && error.contains("frontdesk.sqlite"), "{name}: {error}");
        assert!(error.contains("move it away"), "{name}: it says how to go on: {error}");
        assert_eq!(fs::read(file(whole.path())).expect("readable"), content, "{name} was changed");
    }
    fs::write(file(whole.path()), &bytes).expect("written");
    assert_eq!(names(&open(whole.path()).await).await.len(), 60);
}

#[tokio::test]
async fn a_copy_of_what_was_whole_last_lies_beside_it_and_can_take_its_place() {
    let data = tempfile::tempdir().expect("a directory");
    assert_eq!(StateCopy::of(data.path()), None);
    let state = open(data.path()).await;
    save(&state, "one").await;
    state.close().await;
    let state = open(data.path()).await;
    save(&state, "two").await;
    let StateCopy { path, .. } = StateCopy::of(data.path()).expect("a copy of the start");
    let at_start = fs::read(&path).expect("readable");
    state.copy().await.expect("copied");
    save(&state, "three").await;
    assert_eq!(mode(&path), 0o600);
    state.close().await;
    let of_the_day = fs::read(&path).expect("readable");

    // Damage costs no copy.
    let damaged = b"views: none\n".repeat(100);
    fs::write(file(data.path()), &damaged).expect("written");
    refusal(data.path()).await;
    assert_eq!(fs::read(&path).expect("readable"), of_the_day);
    for (copy, expect) in [(at_start, &["one"][..]), (of_the_day, &["one", "two"])] {
        fs::write(file(data.path()), copy).expect("written");
        let state = open(data.path()).await;
        assert_eq!(names(&state).await, expect);
        state.close().await;
        assert_eq!(names_in(data.path()), ["frontdesk.sqlite", "frontdesk.sqlite.copy"]);
    }
}

#[tokio::test]
async fn a_log_without_its_file_is_no_new_beginning() {
    let data = filled().await;
    fs::remove_file(file(data.path())).expect("removed");
    fs::write(data.path().join(format!("{STATE_FILE}-wal")), "changes").expect("written");
    assert!(matches!(refusal(data.path()).await, OpenError::LogAlone { .. }));
    assert!(!file(data.path()).exists());
}

#[tokio::test]
async fn a_newer_file_and_one_of_another_history_are_refused() {
    let check = async |statement: &'static str, expect: &str| {
        let data = filled().await;
        change(data.path(), statement).await;
        let before = fs::read(file(data.path())).expect("readable");
        let error = refusal(data.path()).await.to_string();
        assert!(error.contains(expect), "{error}");
        assert_eq!(fs::read(file(data.path())).expect("readable"), before, "it was changed");
    };
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (9000, 'later', true, x'00', 1)";
    check(newer, "newer version of Frontdesk (its step 9000").await;
    check("update _sqlx_migrations set checksum = x'00' where version = 1", "its step 1 differs").await;
}

#[tokio::test]
async fn what_is_in_the_way_is_told() {
    let data = tempfile::tempdir().expect("a directory");
    fs::write(data.path().join("state"), "a file").expect("written");
    assert!(refusal(data.path()).await.to_string().contains("cannot"));
    let data = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(file(data.path())).expect("made");
    assert!(matches!(refusal(data.path()).await, OpenError::Foreign { .. }));
}

/// Changes the file as another program would.
async fn change(data: &Path, statement: &'static str) {
    use sqlx::Connection;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    let options = SqliteConnectOptions::new().filename(file(data));
    let mut connection = SqliteConnection::connect_with(&options).await.expect("opened");
    sqlx::query(statement).execute(&mut connection).await.expect("done");
    connection.close().await.expect("closed");
}
