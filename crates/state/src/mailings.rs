//! Mails: which were made of which period, and what became of each for each recipient.
//!
//! A mail is first kept whole and sent afterwards, so that no restart loses it; there is one of a kind, a name and a period, so
//! that none is made twice. A delivery is marked before it is handed over and after, so that a crash in between is seen.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use crate::error::StateError;
use crate::state::{State, within};

/// Most recipients of a mail.
pub const RECIPIENTS_MAX: usize = 20;

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// A view, on its day.
    Mailing,
    /// Something unusual has begun.
    AlertBegun,
    /// It is over.
    AlertOver,
}

impl MailKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            MailKind::Mailing => "mailing",
            MailKind::AlertBegun => "alert_begun",
            MailKind::AlertOver => "alert_over",
        }
    }

    fn of(name: &str) -> MailKind {
        match name {
            "alert_begun" => MailKind::AlertBegun,
            "alert_over" => MailKind::AlertOver,
            _ => MailKind::Mailing,
        }
    }
}

/// A mail to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// What it is.
    pub kind: MailKind,
    /// Of which mailing or alert.
    pub name: &'a str,
    /// Of which period.
    pub period: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its plain part.
    pub text: &'a str,
    /// Its HTML part.
    pub html: &'a str,
    /// To whom, at most [`RECIPIENTS_MAX`].
    pub recipients: &'a [String],
}

/// A mail for one recipient, to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    mail: i64,
    /// To whom.
    pub recipient: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What it is.
    pub kind: MailKind,
    /// Of which mailing or alert.
    pub name: String,
    /// Of which period.
    pub period: String,
    /// Its subject.
    pub subject: String,
    /// Its plain part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A server took it.
    Sent,
    /// A server refused it for good.
    Refused,
    /// It was tried too often.
    GivenUp,
    /// It was taken, or it wasn't.
    Unknown,
    /// It is tried again at this instant, in microseconds since 1970.
    Again(i64),
}

/// How many deliveries there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not sent yet.
    pub waiting: u64,
    /// Of these, tried in vain.
    pub retried: u64,
    /// Refused, given up or unknown since the instant that was asked for.
    pub undelivered: u64,
}

/// When a mailing was seen first, in microseconds since 1970; of one that wasn't, now. An instant that is yet to come was told by a
/// clock that was wrong, and is now as well.
///
/// # Errors
/// The file failed.
pub async fn first_seen(state: &State, name: &str) -> Result<i64, StateError> {
    let now = state.now_micros();
    within(async {
        let mut write = state.transaction().await?;
        let seen = seen(&mut write, "mailing", name, now).await?;
        if seen > now {
            sqlx::query("update mailings set first_seen_at = ? where kind = 'mailing' and name = ?")
                .bind(now)
                .bind(name)
                .execute(&mut *write)
                .await?;
        }
        write.commit().await?;
        Ok(seen.min(now))
    })
    .await
}

/// Whether there is a mail of this period.
///
/// # Errors
/// The file failed.
pub async fn has_mail(state: &State, kind: MailKind, name: &str, period: &str) -> Result<bool, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let found: Option<i64> = sqlx::query_scalar("select id from mails where kind = ? and name = ? and period = ?")
            .bind(kind.name())
            .bind(name)
            .bind(period)
            .fetch_optional(&mut *reader)
            .await?;
        Ok(found.is_some())
    })
    .await
}

/// Keeps a mail to be sent; whether there was none of its period yet. It is durable when this returns.
///
/// # Errors
/// The file failed.
pub async fn put(state: &State, new: NewMail<'_>) -> Result<bool, StateError> {
    let now = state.now_micros();
    within(async {
        let mut write = state.transaction().await?;
        let is_new = insert(&mut write, new, now).await?;
        write.commit().await?;
        Ok(is_new)
    })
    .await
}

/// Since when an alert is raised, in microseconds since 1970; `None` while it isn't.
///
/// # Errors
/// The file failed.
pub async fn raised_at(state: &State, name: &str) -> Result<Option<i64>, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let raised: Option<Option<i64>> =
            sqlx::query_scalar("select raised_at from mailings where kind = 'alert' and name = ?")
                .bind(name)
                .fetch_optional(&mut *reader)
                .await?;
        Ok(raised.flatten())
    })
    .await
}

/// Raises an alert, or ends it (by the kind of its mail), and keeps the mail that says so: both or neither. Whether that was a change.
///
/// # Errors
/// The file failed.
pub async fn turn(state: &State, new: NewMail<'_>) -> Result<bool, StateError> {
    let now = state.now_micros();
    let raised_at = (new.kind == MailKind::AlertBegun).then_some(now);
    within(async {
        let mut write = state.transaction().await?;
        seen(&mut write, "alert", new.name, now).await?;
        let changed = sqlx::query(
            "update mailings set raised_at = ? where kind = 'alert' and name = ? and (raised_at is null) = (? is not null)",
        )
        .bind(raised_at)
        .bind(new.name)
        .bind(raised_at)
        .execute(&mut *write)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        insert(&mut write, new, now).await?;
        write.commit().await?;
        Ok(true)
    })
    .await
}

/// Deliveries that are to be tried now, the longest due first. One whose instant lies further ahead than `pause_max` (microseconds) was
/// put off by a clock that was wrong.
///
/// # Errors
/// The file failed.
pub async fn due(state: &State, pause_max: i64, limit: u32) -> Result<Vec<Delivery>, StateError> {
    let now = state.now_micros();
    within(async {
        let mut reader = state.reader().await?;
        let rows = sqlx::query(
            "select mail, recipient, attempts, kind, name, period, subject, text, html \
             from deliveries join mails on mails.id = deliveries.mail \
             where state = 'waiting' and (next_at <= ? or next_at > ?) order by next_at, mail, recipient limit ?",
        )
        .bind(now)
        .bind(now.saturating_add(pause_max))
        .bind(limit)
        .fetch_all(&mut *reader)
        .await?;
        Ok(rows.iter().map(delivery).collect::<Result<_, sqlx::Error>>()?)
    })
    .await
}

/// Counts an attempt; whether the delivery was waiting. It is durable when this returns.
///
/// # Errors
/// The file failed.
pub async fn attempt(state: &State, delivery: &Delivery) -> Result<bool, StateError> {
    const COUNT: &str =
        "update deliveries set attempts = attempts + 1 where mail = ? and recipient = ? and state = 'waiting'";
    change(state, COUNT, delivery).await
}

/// Marks a delivery as being handed over: from now on a crash leaves unknown what became of it. Whether it was waiting. It is durable
/// when this returns.
///
/// # Errors
/// The file failed.
pub async fn hand_over(state: &State, delivery: &Delivery) -> Result<bool, StateError> {
    const MARK: &str = "update deliveries set state = 'sending' where mail = ? and recipient = ? and state = 'waiting'";
    change(state, MARK, delivery).await
}

async fn change(state: &State, statement: &'static str, delivery: &Delivery) -> Result<bool, StateError> {
    within(async {
        let mut write = state.transaction().await?;
        let changed = sqlx::query(statement).bind(delivery.mail).bind(&delivery.recipient).execute(&mut *write).await?;
        write.commit().await?;
        Ok(changed.rows_affected() > 0)
    })
    .await
}

/// Keeps what became of a delivery. When nobody is left to send a mail to, what it said is deleted.
///
/// # Errors
/// The file failed.
pub async fn finish(state: &State, delivery: &Delivery, outcome: Outcome) -> Result<(), StateError> {
    let now = state.now_micros();
    let (word, next_at) = match outcome {
        Outcome::Sent => ("sent", None),
        Outcome::Refused => ("refused", None),
        Outcome::GivenUp => ("given_up", None),
        Outcome::Unknown => ("unknown", None),
        Outcome::Again(at) => ("waiting", Some(at)),
    };
    within(async {
        let mut write = state.transaction().await?;
        sqlx::query(
            "update deliveries set state = ?, next_at = coalesce(?, next_at), done_at = ? where mail = ? and recipient = ?",
        )
        .bind(word)
        .bind(next_at)
        .bind(next_at.is_none().then_some(now))
        .bind(delivery.mail)
        .bind(&delivery.recipient)
        .execute(&mut *write)
        .await?;
        empty(&mut write).await?;
        write.commit().await?;
        Ok(())
    })
    .await
}

/// After a start: what was being handed over when the process ended. A mail of a view is unknown and not sent again; one of an alert is, since
/// two are better than none. How many there were.
///
/// # Errors
/// The file failed.
pub async fn recover(state: &State) -> Result<u64, StateError> {
    let now = state.now_micros();
    within(async {
        let mut write = state.transaction().await?;
        let changed = sqlx::query(
            "update deliveries set \
             state = case when (select kind from mails where id = mail) = 'mailing' then 'unknown' else 'waiting' end, \
             next_at = ?, done_at = ? where state = 'sending'",
        )
        .bind(now)
        .bind(now)
        .execute(&mut *write)
        .await?;
        empty(&mut write).await?;
        write.commit().await?;
        Ok(changed.rows_affected())
    })
    .await
}

/// How many deliveries there are, and how many failed since an instant.
///
/// # Errors
/// The file failed.
pub async fn counts(state: &State, since: i64) -> Result<Counts, StateError> {
    within(async {
        let mut reader = state.reader().await?;
        let row = sqlx::query(
            "select coalesce(sum(state in ('waiting', 'sending')), 0), \
             coalesce(sum(state = 'waiting' and attempts > 0), 0), \
             coalesce(sum(state in ('refused', 'given_up', 'unknown') and done_at >= ?), 0) \
             from deliveries where state in ('waiting', 'sending', 'refused', 'given_up', 'unknown')",
        )
        .bind(since)
        .fetch_one(&mut *reader)
        .await?;
        let count = |place: usize| -> Result<u64, sqlx::Error> { Ok(row.try_get::<i64, _>(place)?.unsigned_abs()) };
        Ok(Counts { waiting: count(0)?, retried: count(1)?, undelivered: count(2)? })
    })
    .await
}

/// Forgets mails that were made before an instant and are done.
///
/// # Errors
/// The file failed.
pub async fn forget(state: &State, before: i64) -> Result<u64, StateError> {
    within(async {
        let mut write = state.transaction().await?;
        let changed = sqlx::query(
            "delete from mails where made_at < ? and not exists \
             (select 1 from deliveries where mail = mails.id and state in ('waiting', 'sending'))",
        )
        .bind(before)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(changed.rows_affected())
    })
    .await
}

/// When it was seen first.
async fn seen(write: &mut Transaction<'static, Sqlite>, kind: &str, name: &str, now: i64) -> Result<i64, sqlx::Error> {
    sqlx::query("insert into mailings (kind, name, first_seen_at) values (?, ?, ?) on conflict do nothing")
        .bind(kind)
        .bind(name)
        .bind(now)
        .execute(&mut **write)
        .await?;
    sqlx::query_scalar("select first_seen_at from mailings where kind = ? and name = ?")
        .bind(kind)
        .bind(name)
        .fetch_one(&mut **write)
        .await
}

async fn insert(write: &mut Transaction<'static, Sqlite>, new: NewMail<'_>, now: i64) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into mails (kind, name, period, subject, text, html, made_at) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
    )
    .bind(new.kind.name())
    .bind(new.name)
    .bind(new.period)
    .bind(new.subject)
    .bind(new.text)
    .bind(new.html)
    .bind(now)
    .execute(&mut **write)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for recipient in new.recipients.iter().take(RECIPIENTS_MAX) {
        sqlx::query(
            "insert into deliveries (mail, recipient, state, attempts, next_at) values (?, ?, 'waiting', 0, ?) on conflict do nothing",
        )
        .bind(inserted.last_insert_rowid())
        .bind(recipient)
        .bind(now)
        .execute(&mut **write)
        .await?;
    }
    Ok(true)
}

/// What a mail said isn't kept for longer than it takes to send it.
async fn empty(write: &mut Transaction<'static, Sqlite>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update mails set text = '', html = '' where html <> '' and not exists \
         (select 1 from deliveries where mail = mails.id and state in ('waiting', 'sending'))",
    )
    .execute(&mut **write)
    .await?;
    Ok(())
}

fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
    let kind: String = row.try_get(3)?;
    Ok(Delivery {
        mail: row.try_get(0)?,
        recipient: row.try_get(1)?,
        attempts: u32::try_from(row.try_get::<i64, _>(2)?).unwrap_or(u32::MAX),
        kind: MailKind::of(&kind),
        name: row.try_get(4)?,
        period: row.try_get(5)?,
        subject: row.try_get(6)?,
        text: row.try_get(7)?,
        html: row.try_get(8)?,
    })
}
