//! From a directory to an open file, whatever state a crash or a person has left it in.
//!
//! A new file is made beside its place, closed, synced, and renamed: so a file in its place was whole once, and an empty or
//! foreign one is damage and no new beginning. What it is, its first bytes tell before SQLite may touch it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::copy;
use crate::error::{OpenError, StateError};
use crate::migrations::migrator;

/// The file within the data directory.
pub const STATE_FILE: &str = "state/frontdesk.sqlite";

/// What a new file is called until it is whole.
const DRAFT_SUFFIX: &str = ".new";
/// What SQLite puts beside a file.
const LOG_SUFFIX: &str = "-wal";
const BESIDE_SUFFIXES: [&str; 3] = [LOG_SUFFIX, "-shm", "-journal"];
/// How each SQLite file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The bytes that are looked at: the whole header.
const HEADER_BYTES: usize = 100;
/// Where the header has the number of the program that the file is of.
const APPLICATION_AT: std::ops::Range<usize> = 68..72;
/// Ours: the letters `FDsk`.
const APPLICATION: u32 = 0x4644_736b;
/// Bits of a mode that let others in.
const MODE_OTHERS: u32 = 0o077;
/// The mode of a file that is its owner's alone.
pub(crate) const MODE_OWN: u32 = 0o600;
/// How long a statement waits for another process, a backup for example.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// The path of the file, once it is there and of this version.
pub(crate) async fn prepare(data: &Path) -> Result<PathBuf, OpenError> {
    let path = data.join(STATE_FILE);
    let directory = path.parent().unwrap_or(data);
    make_directory(directory)?;
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path, directory).await?,
        Err(source) => return Err(OpenError::Io { action: "look at", path, source }),
        Ok(_) => {}
    }
    recognise(&path)?;
    close_to_others(&path)?;
    let mut connection = connect(&path, options(&path)).await?;
    let checked = check(&path, &mut connection).await;
    let migrated = match checked {
        Ok(()) => migrate(&path, &mut connection).await,
        failed => failed,
    };
    // The error that came first says more than one of closing.
    let closed = connection.close().await.map_err(|error| refused(&path, error));
    migrated.and(closed)?;
    // All of it is in the one file now, and that is whole. A copy is no condition for going on.
    if let Err(error) = copy::keep(&path) {
        tracing::warn!(path = %path.display(), %error, "the state file could not be copied");
    }
    Ok(path)
}

/// How the file is opened.
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // What was deleted is gone from the file.
        .pragma("secure_delete", "on")
        .pragma("trusted_schema", "off")
        // Statements aren't logged: their values could be.
        .disable_statement_logging()
}

/// Makes a new file in its place, all of it or nothing.
async fn make(path: &Path, directory: &Path) -> Result<(), OpenError> {
    let log = with_suffix(path, LOG_SUFFIX);
    if log.exists() {
        return Err(OpenError::LogAlone { path: log });
    }
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { action, path, source }
    };
    let draft = with_suffix(path, DRAFT_SUFFIX);
    // What a crash has left.
    for left in BESIDE_SUFFIXES.iter().map(|suffix| with_suffix(&draft, suffix)).chain([draft.clone()]) {
        match fs::remove_file(&left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &left)(error)),
            _ => {}
        }
    }
    // Closed to others from its first byte on; SQLite gives what it puts beside it the same mode.
    drop(File::options().write(true).create_new(true).mode(MODE_OWN).open(&draft).map_err(failed("create", &draft))?);
    let mut connection = connect(&draft, options(&draft)).await?;
    let made = async {
        let name = sqlx::query(sqlx::AssertSqlSafe(format!("pragma application_id = {APPLICATION}")));
        name.execute(&mut connection).await.map_err(|error| refused(&draft, error))?;
        migrate(&draft, &mut connection).await
    };
    let made = made.await;
    // The last connection takes the log into the file.
    let closed = connection.close().await.map_err(|error| refused(&draft, error));
    made.and(closed)?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(failed("sync", &draft))?;
    fs::rename(&draft, path).map_err(failed("put in place", path))?;
    File::open(directory).and_then(|file| file.sync_all()).map_err(failed("sync", directory))
}

/// Looks at the first bytes, before SQLite does: it would take an empty file for a new one.
fn recognise(path: &Path) -> Result<(), OpenError> {
    let damaged = |detail: &str| OpenError::Damaged { path: path.to_owned(), detail: detail.to_owned() };
    let failed = |source| OpenError::Io { action: "read", path: path.to_owned(), source };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let mut file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(failed)?;
    if header.is_empty() {
        return Err(damaged("it is empty"));
    }
    if header.len() < HEADER_BYTES {
        return Err(damaged("it was cut"));
    }
    if !header.starts_with(MAGIC) {
        return Err(damaged("it doesn't begin as a SQLite file"));
    }
    let application = header[APPLICATION_AT].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    match application {
        APPLICATION => Ok(()),
        _ => Err(OpenError::Foreign { path: path.to_owned() }),
    }
}

/// Has SQLite look through all pages. There are few.
async fn check(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: Result<Vec<String>, sqlx::Error> =
        sqlx::query_scalar("pragma quick_check(1)").fetch_all(connection).await;
    match found.map_err(|error| refused(path, error))?.as_slice() {
        [word] if word == "ok" => Ok(()),
        found => {
            let detail = found.first().map_or("nothing can be read", String::as_str).to_owned();
            Err(OpenError::Damaged { path: path.to_owned(), detail })
        }
    }
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), OpenError> {
    migrator().run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(step) => OpenError::Newer { path: path.to_owned(), step },
        MigrateError::VersionMismatch(step) | MigrateError::Dirty(step) => {
            OpenError::Differs { path: path.to_owned(), step }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => refused(path, error),
        other => OpenError::State { path: path.to_owned(), source: StateError::Other(other.to_string()) },
    })
}

async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection, OpenError> {
    options.connect().await.map_err(|error| refused(path, error))
}

fn refused(path: &Path, error: sqlx::Error) -> OpenError {
    let path = path.to_owned();
    let text = error.to_string();
    match StateError::from(error) {
        StateError::Damaged => OpenError::Damaged { path, detail: text },
        source => OpenError::State { path, source },
    }
}

fn make_directory(directory: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { action: "make", path: directory.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => {
            let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(above).and_then(|file| file.sync_all()).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => close_to_others(directory),
        Err(error) => Err(failed(error)),
    }
}

/// Takes away what lets others in, and says so.
fn close_to_others(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { action: "close to others", path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(failed)?.mode() & 0o7777;
    if mode & MODE_OTHERS == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & !MODE_OTHERS)).map_err(failed)?;
    tracing::warn!(path = %path.display(), "had mode {mode:04o}; it is closed to others now");
    Ok(())
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
