//! `frontdesk key`: making, listing and revoking API keys.
//!
//! The key file is changed in place, whether or not a server runs: it notices by itself.
//! Only the key goes to standard output, so that a script can keep it; what is to be known
//! about it goes to standard error.

mod expiry;

use std::io::{self, Write};

use chrono::Utc;
use serde_json::json;
use server::{KeyFile, KeyFileError, Listed, NewKey, Scope, Standing};

use crate::args::{KeyCommand, KeyFormat, ScopeName};
use crate::data_dir;
use crate::failure::{Exit, Failure};
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A name or a time can't be one, or the key file can't be used.
pub(crate) fn run(command: &KeyCommand, settings: &Settings) -> Result<(), Failure> {
    let file = KeyFile::of(&settings.data);
    let now = Utc::now();
    match command {
        KeyCommand::New { scope, name, datastream, expires } => {
            let scope = scope_of(*scope);
            if datastream.is_some() && !matches!(scope, Scope::Collect | Scope::Read) {
                return Err(Failure::usage(format_args!("a key with the scope {scope} can't be for one datastream"))
                    .help("leave out --datastream, or make a key with --scope collect"));
            }
            let expires_s = expires.as_deref().map(|text| expiry::read(text, now)).transpose()?;
            let new = NewKey { scope, name: name.clone(), datastream: datastream.clone(), expires_s };
            data_dir::make(&settings.data)?;
            let made = file.make(&new, now.timestamp())?;
            writeln!(terminal::people(), "{}", made.token)?;
            Ok(explain(&mut terminal::errors(), &new, &made.id)?)
        }
        KeyCommand::List { format } => {
            let keys = file.list(now.timestamp())?;
            match format {
                KeyFormat::Table => table(&mut terminal::people(), &keys),
                KeyFormat::Json => {
                    writeln!(terminal::data(), "{:#}", keys.iter().map(object).collect::<serde_json::Value>())
                }
            }?;
            Ok(())
        }
        KeyCommand::Revoke { which } => {
            for which in which {
                let (id, name) = file.revoke(which, now.timestamp())?;
                writeln!(terminal::people(), "revoked {id} ({name})")?;
            }
            Ok(())
        }
    }
}

fn scope_of(name: ScopeName) -> Scope {
    match name {
        ScopeName::Collect => Scope::Collect,
        ScopeName::Read => Scope::Read,
        ScopeName::Desk => Scope::Desk,
        ScopeName::Admin => Scope::Admin,
    }
}

fn explain(err: &mut dyn Write, new: &NewKey, id: &str) -> io::Result<()> {
    writeln!(err, "This is the key {id} ({}); it is shown this once, and only its hash is kept.", new.name)?;
    writeln!(err, "Send it as `Authorization: Bearer KEY`, or as the password of basic authentication.")?;
    writeln!(err, "From now on the server demands keys for everything but collecting: docs/keys.md.")?;
    if new.scope == Scope::Read && new.datastream.is_some() {
        writeln!(err, "It reads nothing yet: what is read isn't divided by datastream, so a key for one is refused.")?;
    }
    Ok(())
}

fn standing(key: &Listed) -> &'static str {
    match key.standing {
        Standing::Good => "good",
        Standing::Expired => "expired",
        Standing::Revoked => "revoked",
    }
}

fn object(key: &Listed) -> serde_json::Value {
    json!({
        "id": key.id,
        "scope": key.scope.name(),
        "name": key.name,
        "datastream": key.datastream,
        "created": key.created,
        "expires": key.expires,
        "last_used": key.used,
        "state": standing(key),
    })
}

const HEADING: [&str; 8] = ["id", "scope", "name", "datastream", "created", "expires", "last used", "state"];

/// Aligned columns. Every value is plain: reading the file has checked that.
fn table(out: &mut dyn Write, keys: &[Listed]) -> io::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows: Vec<[String; 8]> = std::iter::once(HEADING.map(str::to_owned))
        .chain(keys.iter().map(|key| {
            let (scope, state) = (key.scope.name().to_owned(), standing(key).to_owned());
            let used = key.used.clone().unwrap_or_else(|| "never".to_owned());
            let expires = key.expires.clone().unwrap_or_else(|| "never".to_owned());
            let (id, name, created) = (key.id.clone(), key.name.clone(), key.created.clone());
            [id, scope, name, text(&key.datastream), created, expires, used, state]
        }))
        .collect();
    let widths =
        std::array::from_fn::<usize, 8, _>(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Failure {
        let exit = match &error {
            KeyFileError::Name | KeyFileError::Ambiguous { .. } | KeyFileError::Full => Exit::Usage,
            KeyFileError::Unknown(_) => Exit::No,
            KeyFileError::Damaged { .. } | KeyFileError::Mode { .. } => Exit::Damaged,
            _ => Exit::Unavailable,
        };
        Failure::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let key = |name: &str, used: Option<&str>| Listed {
            id: "abcdefgh".to_owned(),
            name: name.to_owned(),
            scope: Scope::Read,
            datastream: None,
            created: "2026-11-22T14:07:16Z".to_owned(),
            expires: None,
            used: used.map(str::to_owned),
            standing: Standing::Good,
        };
        let mut out = Vec::new();
        table(&mut out, &[key("grafana", None), key("a", Some("2026-11-23T14:07:16Z"))]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "id        scope  name     datastream  created               expires  last used             state\n\
             abcdefgh  read   grafana  -           2026-11-22T14:07:16Z  never    never                 good\n\
             abcdefgh  read   a        -           2026-11-22T14:07:16Z  never    2026-11-23T14:07:16Z  good\n"
        );
    }
}
