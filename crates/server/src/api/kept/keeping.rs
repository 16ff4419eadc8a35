//! What is done with what people keep, for programs and for forms alike, and how what goes wrong is told.

use chrono::{DateTime, NaiveDate};
use state::notes::{self, NewNote, Note, NoteError};
use state::shares::{self, NewShare, Share, ShareError};
use state::views::{self, NewView, View, ViewError};
use state::{State, StateError};

use super::place::{Place, place};
use crate::app::access::links::PREFIX;
use crate::app::access::principal::Principal;
use crate::app::backend::Backend;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// Days that a link holds when nothing else is said.
pub(crate) const SHARE_DAYS: u32 = 30;
/// Days that one holds at most.
pub(crate) const SHARE_DAYS_MAX: u32 = 366;
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// Notes are about the time from here on, before 2200: what charts can show.
const NOTE_YEARS: std::ops::Range<i32> = 1970..2200;

/// The state file.
///
/// # Errors
/// This server has none.
pub(crate) fn store<B>(state: &AppState<B>) -> Result<&State, Problem> {
    state.options.state.as_ref().ok_or_else(|| match &state.options.state_trouble {
        Some(trouble) => Problem::new(Code::StateUnusable, trouble.clone()),
        None => Problem::unavailable("there is no state file"),
    })
}

/// Saves a view.
pub(crate) async fn save_view<B: Backend>(
    state: &AppState<B>,
    principal: &Principal,
    name: &str,
    (page, query): (&str, &str),
) -> Result<(View, Place), Problem> {
    let place = place(state, page, query)?;
    let made_by = principal.key().map(|key| key.name.as_str());
    let new = NewView { name, page: place.page.path(), query: &place.query, made_by };
    let saved = views::save(store(state)?, new).await.map_err(view_problem)?;
    Ok((saved, place))
}

/// Gives a view another name.
pub(crate) async fn rename_view<B>(state: &AppState<B>, id: i64, name: &str) -> Result<(), Problem> {
    views::rename(store(state)?, id, name).await.map_err(view_problem)
}

/// Deletes a view.
pub(crate) async fn delete_view<B>(state: &AppState<B>, id: i64) -> Result<(), Problem> {
    found(views::delete(store(state)?, id).await)
}

/// Keeps a note. `at` is a day or an instant.
pub(crate) async fn add_note<B>(
    state: &AppState<B>,
    principal: &Principal,
    at: &str,
    text: &str,
    datastream: Option<&str>,
) -> Result<Note, Problem> {
    let (at, day) = moment(at.trim())?;
    let made_by = principal.key().map(|key| key.name.as_str());
    let datastream = datastream.filter(|name| !name.trim().is_empty());
    let new = NewNote { at, day: day.as_deref(), text, datastream, made_by };
    notes::add(store(state)?, new).await.map_err(|error| match error {
        NoteError::Text(error) => Problem::new(Code::KeptInvalid, error.to_string()),
        NoteError::TooMany => Problem::new(Code::KeptFull, error.to_string()),
        NoteError::State(error) => failed(&error),
    })
}

/// Deletes a note.
pub(crate) async fn delete_note<B>(state: &AppState<B>, id: i64) -> Result<(), Problem> {
    found(notes::delete(store(state)?, id).await)
}

/// Makes a link for so many days; with it the path that opens it, which is told this once.
pub(crate) async fn share<B: Backend>(
    state: &AppState<B>,
    principal: &Principal,
    label: &str,
    (page, query): (&str, &str),
    days: u32,
) -> Result<(Share, String), Problem> {
    let place = place(state, page, query)?;
    if !place.page.is_shareable() {
        return Err(Problem::new(
            Code::KeptInvalid,
            "a page of single events isn't shared by a link; share one with numbers",
        ));
    }
    if !(1..=SHARE_DAYS_MAX).contains(&days) {
        return Err(Problem::new(Code::KeptInvalid, format!("days is a number from 1 to {SHARE_DAYS_MAX}")));
    }
    let store = store(state)?;
    let made = state.access.links().token().map_err(|_| Problem::internal("the system's random source failed"))?;
    let Some(token) = made else { return Err(Problem::unavailable("links can't be signed: there is no key for it")) };
    let key = principal.key();
    let new = NewShare {
        id: &token.id,
        secret_hash: token.secret_hash.bytes(),
        label,
        page: place.page.path(),
        query: &place.query,
        made_by: key.map(|key| key.name.as_str()),
        key_id: key.map(|key| key.id.as_str()),
        expires_at: state.backend.now_micros().saturating_add(i64::from(days) * DAY_MICROS),
    };
    let share = shares::make(store, new).await.map_err(|error| match error {
        ShareError::TooMany => Problem::new(Code::KeptFull, error.to_string()),
        ShareError::State(error) => failed(&error),
        other => Problem::new(Code::KeptInvalid, other.to_string()),
    })?;
    mirror(state).await?;
    Ok((share, format!("{PREFIX}{}", token.text)))
}

/// Revokes a link. It is closed when this returns, and stays so.
pub(crate) async fn revoke<B>(state: &AppState<B>, id: &str) -> Result<(), Problem> {
    let revoked = shares::revoke(store(state)?, id).await;
    if revoked == Ok(true) {
        state.access.links().close(id);
    }
    // Whatever became of it, what is answered from here on is what the file says.
    mirror(state).await?;
    found(revoked)
}

/// Has the links of the file answered, and no others.
pub(crate) async fn mirror<B>(state: &AppState<B>) -> Result<(), Problem> {
    let _turn = state.mirroring.lock().await;
    state.access.links().mirror(shares::list(store(state)?).await.map_err(|error| failed(&error))?);
    Ok(())
}

fn found(done: Result<bool, StateError>) -> Result<(), Problem> {
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::of(Code::KeptUnknown)),
        Err(error) => Err(failed(&error)),
    }
}

fn view_problem(error: ViewError) -> Problem {
    match error {
        ViewError::NameTaken => Problem::new(Code::NameTaken, error.to_string()),
        ViewError::TooMany => Problem::new(Code::KeptFull, error.to_string()),
        ViewError::Unknown => Problem::of(Code::KeptUnknown),
        ViewError::State(error) => failed(&error),
        other => Problem::new(Code::KeptInvalid, other.to_string()),
    }
}

/// The state file failed: whoever asks may come back, and the log says why.
pub(crate) fn failed(error: &StateError) -> Problem {
    Problem::unavailable(error.to_string())
}

/// When a note is about: microseconds since 1970, and the day if it is one.
fn moment(written: &str) -> Result<(i64, Option<String>), Problem> {
    use chrono::Datelike;
    let is_near = |year: i32| NOTE_YEARS.contains(&year);
    if let Ok(day) = written.parse::<NaiveDate>()
        && is_near(day.year())
    {
        let begin = day.and_time(chrono::NaiveTime::MIN).and_utc();
        return Ok((begin.timestamp_micros(), Some(day.to_string())));
    }
    match DateTime::parse_from_rfc3339(written) {
        Ok(time) if is_near(time.year()) => Ok((time.timestamp_micros(), None)),
        _ => Err(Problem::new(
            Code::KeptInvalid,
            "at is a day such as 2026-11-29, or a time with its offset such as 2026-11-29T09:30:00Z, from 1970 on",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_about_a_day_or_an_instant() {
        let check = |written: &str, expect: Option<(i64, Option<&str>)>| {
            let found = moment(written).ok();
            let found = found.as_ref().map(|(at, day)| (*at, day.as_deref()));
            assert_eq!(found, expect, "{written}");
        };
        check("1970-01-02", Some((DAY_MICROS, Some("1970-01-02"))));
        check("1970-01-01T00:00:01Z", Some((1_000_000, None)));
        check("1970-01-01T01:00:00+01:00", Some((0, None)));
        for wrong in ["", "today", "2026-02-30", "2026-11-29T09:30", "9999-01-01", "-0001-01-01", "1969-12-31"] {
            check(wrong, None);
        }
    }
}
