//! Views, notes and links: what is kept, what is refused, and that one waits for the other.

use state::notes::{self, NOTES_MAX, NewNote, NoteError};
use state::shares::{self, KEPT_MICROS, NewShare, SHARES_MAX, ShareError};
use state::views::{self, NewView, QUERY_BYTES_MAX, VIEWS_MAX, ViewError};
use state::{State, TextError};

use crate::{NOW, clock, open};

fn view<'a>(name: &'a str, query: &'a str) -> NewView<'a> {
    NewView { name, page: "/chat", query, made_by: Some("jo") }
}

#[tokio::test]
async fn views_are_saved_renamed_and_deleted() {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    let saved = views::save(&state, view(" Monday's ", "since=7d&subject=a%20b")).await.expect("saved");
    assert_eq!((saved.name.as_str(), saved.made_by.as_deref(), saved.made_at), ("Monday's", Some("jo"), NOW));
    assert_eq!(views::by_name(&state, "Monday's").await.expect("read").as_ref(), Some(&saved));
    assert_eq!(views::by_name(&state, "monday's").await.expect("read"), None);
    views::save(&state, view("a'; drop table views --", "")).await.expect("a name is no statement");
    assert_eq!(views::save(&state, view("Monday's", "")).await, Err(ViewError::NameTaken));
    assert_eq!(views::rename(&state, saved.id, "a'; drop table views --").await, Err(ViewError::NameTaken));
    assert_eq!(views::rename(&state, saved.id, "Monday's").await, Ok(()), "its own name isn't taken");
    assert_eq!(views::rename(&state, saved.id, "Tuesday").await, Ok(()));
    assert_eq!(views::rename(&state, 4_711, "Wednesday").await, Err(ViewError::Unknown));
    let names: Vec<String> = views::list(&state).await.expect("read").into_iter().map(|view| view.name).collect();
    assert_eq!(names, ["a'; drop table views --", "Tuesday"]);
    assert_eq!((views::delete(&state, saved.id).await, views::delete(&state, saved.id).await), (Ok(true), Ok(false)));
    let next = views::save(&state, view("next", "")).await.expect("saved");
    assert!(next.id > saved.id + 1, "no number comes twice");
}

#[tokio::test]
async fn what_is_too_much_is_refused_in_words() {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    let long = "q".repeat(QUERY_BYTES_MAX + 1);
    assert_eq!(
        views::save(&state, view("n", &long)).await,
        Err(ViewError::QueryTooLong { bytes: QUERY_BYTES_MAX + 1 })
    );
    assert!(views::save(&state, view("n", &long[1..])).await.is_ok());
    let name = "ä".repeat(100);
    assert!(views::save(&state, view(&name, "")).await.is_ok());
    let error = views::save(&state, view(&format!("{name}x"), "")).await.expect_err("too long");
    assert_eq!(error, ViewError::Name(TextError::TooLong { field: "the name", count: 101, max: 100 }));
    assert!(matches!(views::save(&state, view("a\u{7}", "")).await, Err(ViewError::Name(TextError::Control { .. }))));
    for number in 2..VIEWS_MAX {
        views::save(&state, view(&format!("view {number}"), "")).await.expect("saved");
    }
    assert_eq!(views::save(&state, view("one more", "")).await, Err(ViewError::TooMany));
    assert!(
        views::save(&state, view("one more", "")).await.is_err_and(|error| error.to_string().contains("delete one"))
    );
}

fn note(text: &str, at: i64) -> NewNote<'_> {
    NewNote { at, day: None, text, datastream: None, made_by: None }
}

#[tokio::test]
async fn notes_are_found_by_their_time() {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    let day = NewNote { day: Some("2026-11-29"), datastream: Some("web"), ..note("new shop opened", 50) };
    let kept = notes::add(&state, day).await.expect("kept");
    notes::add(&state, note("before", -5)).await.expect("kept");
    notes::add(&state, note("after", 60)).await.expect("kept");
    let texts = async |since, until| -> Vec<String> {
        notes::between(&state, since, until).await.expect("read").into_iter().map(|note| note.text).collect()
    };
    assert_eq!(texts(i64::MIN, i64::MAX).await, ["before", "new shop opened", "after"]);
    assert_eq!(texts(50, 60).await, ["new shop opened"]);
    assert_eq!(notes::list(&state).await.expect("read")[1], kept);
    assert_eq!((notes::delete(&state, kept.id).await, notes::delete(&state, kept.id).await), (Ok(true), Ok(false)));
    for wrong in ["", "\n", &"x".repeat(201), "a\u{0}b"] {
        assert!(matches!(notes::add(&state, note(wrong, 0)).await, Err(NoteError::Text(_))), "{wrong:?}");
    }
    for number in 2..NOTES_MAX {
        notes::add(&state, note("n", number as i64)).await.expect("kept");
    }
    assert_eq!(notes::add(&state, note("one more", 0)).await, Err(NoteError::TooMany));
}

fn link(id: &str, expires_at: i64) -> NewShare<'_> {
    let (label, page, query) = ("for the shop", "/", "since=30d");
    NewShare { id, secret_hash: [7; 32], label, page, query, made_by: None, key_id: Some("abcdefgh"), expires_at }
}

#[tokio::test]
async fn links_are_revoked_and_make_room_when_they_are_over() {
    let data = tempfile::tempdir().expect("a directory");
    let clock = clock();
    let state = State::open(data.path(), clock.clone()).await.expect("it opens");
    let made = shares::make(&state, link("first", NOW + 1)).await.expect("made");
    assert_eq!(shares::list(&state).await.expect("read"), [made]);
    assert!(shares::make(&state, link("first", NOW + 1)).await.is_err(), "an id is one link's");
    assert_eq!((shares::revoke(&state, "first").await, shares::revoke(&state, "first").await), (Ok(true), Ok(false)));
    assert_eq!(shares::list(&state).await.expect("read")[0].revoked_at, Some(NOW));
    for number in 1..SHARES_MAX {
        shares::make(&state, link(&format!("link {number}"), NOW + 1_000)).await.expect("made");
    }
    shares::make(&state, link("in its place", NOW + 1_000)).await.expect("the revoked one makes room");
    assert!(matches!(shares::make(&state, link("one more", NOW + 1_000)).await, Err(ShareError::TooMany)));
    let ids: Vec<String> = shares::list(&state).await.expect("read").into_iter().map(|share| share.id).collect();
    assert!(ids.len() == SHARES_MAX && !ids.contains(&"first".to_owned()));
    clock.set(NOW + 1_001 + KEPT_MICROS);
    shares::make(&state, link("much later", i64::MAX)).await.expect("made");
    assert_eq!(shares::list(&state).await.expect("read").len(), 1, "what was over for long is forgotten");
}

#[tokio::test]
async fn many_write_at_once_and_none_is_turned_away() {
    let data = tempfile::tempdir().expect("a directory");
    let state = open(data.path()).await;
    let saving = (0..64).map(|number| {
        let state = state.clone();
        tokio::spawn(async move {
            let name = format!("view {number}");
            views::save(&state, view(&name, "")).await.expect("saved");
            views::list(&state).await.expect("read").len()
        })
    });
    for task in saving.collect::<Vec<_>>() {
        assert!(task.await.expect("no panic") >= 1);
    }
    assert_eq!(views::list(&state).await.expect("read").len(), 64);
}
