//! All settings, typed once: from flags, the environment, a file, or their defaults.
//!
//! Each setting is one row of [`table::SETTINGS`]: its name, what it means, how it is
//! read and shown. Flags, `FRONTDESK_…` variables, keys of the file, `frontdesk
//! settings` and `docs/settings.md` all come from that table. Limits themselves belong
//! to the crates that keep them, and so do their defaults.

pub(crate) mod datastreams;
#[cfg(test)]
mod docs;
pub(crate) mod mail;
pub(crate) mod nearest;
pub(crate) mod table;
pub(crate) mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::Failure;
use ::mail::{MailAddress, SmtpServer};

use crate::log::LogFormat;
use datastreams::Datastreams;
use mail::{Alerts, Mailings, PublicUrl};
use nearest::nearest;
use table::{SETTINGS, Setting};
use value::{Address, Bytes, Names, Origins, Paths, TimeZone, Word};

/// The file that is read when `--config` names none.
pub(crate) const CONFIG_FILE: &str = "frontdesk.toml";

/// Names the file as `--config` does.
pub(crate) const CONFIG_VARIABLE: &str = "FRONTDESK_CONFIG";

/// Holds the API key of commands that ask a server by its address; no setting either.
pub(crate) const API_KEY_VARIABLE: &str = "FRONTDESK_API_KEY";

/// Holds the password of the user in `smtp_url`; no setting either, since those are shown.
pub(crate) const SMTP_PASSWORD_VARIABLE: &str = "FRONTDESK_SMTP_PASSWORD";

/// Letters of a wrong value that are repeated.
const REPEATED_LETTERS_MAX: usize = 300;

/// Every setting's value. [`table::SETTINGS`] says what each one means.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: Address,
    pub(crate) tls_listen: Option<Address>,
    pub(crate) tls_cert_file: Option<PathBuf>,
    pub(crate) tls_key_file: Option<PathBuf>,
    pub(crate) tls_names: Names,
    pub(crate) postgres_listen: Option<Address>,
    pub(crate) postgres_connections_max: u64,
    pub(crate) hosts_allowed: Names,
    pub(crate) embed_hosts: Origins,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) profile: ProfileName,
    pub(crate) schema: Option<String>,
    pub(crate) schema_files: Paths,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) inlets: BTreeMap<String, String>,
    pub(crate) datastreams: Datastreams,
    pub(crate) link_rules: BTreeMap<String, String>,
    pub(crate) demo_alloy_file: Option<PathBuf>,
    pub(crate) commit_after: Duration,
    pub(crate) commit_bytes: Bytes,
    pub(crate) drain_every: Duration,
    pub(crate) dedupe_days: u64,
    pub(crate) event_ahead_max: Duration,
    pub(crate) event_behind_max: Duration,
    pub(crate) upkeep_every: Duration,
    pub(crate) segment_bytes: Bytes,
    pub(crate) queue_bytes_max: Bytes,
    pub(crate) quarantine_bytes_max: Bytes,
    pub(crate) backlog_bytes_max: Bytes,
    pub(crate) disk_free_bytes_min: Bytes,
    pub(crate) retry_after: Duration,
    pub(crate) event_bytes_max: Bytes,
    pub(crate) events_per_request_max: u64,
    pub(crate) body_bytes_max: Bytes,
    pub(crate) body_bytes_decompressed_max: Bytes,
    pub(crate) network_body_bytes_max: Bytes,
    pub(crate) requests_in_flight_bytes_max: Bytes,
    pub(crate) connections_max: u64,
    pub(crate) header_read_timeout: Duration,
    pub(crate) tls_handshake_timeout: Duration,
    pub(crate) body_read_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) time_zone: TimeZone,
    pub(crate) sql_rows_max: u64,
    pub(crate) sql_time_max: Duration,
    pub(crate) export_time_max: Duration,
    pub(crate) sql_memory_bytes_max: Bytes,
    pub(crate) sql_process_memory_bytes_max: Bytes,
    pub(crate) sql_answer_bytes_max: Bytes,
    pub(crate) sql_queries_max: u64,
    pub(crate) smtp_url: Option<SmtpServer>,
    pub(crate) smtp_password_file: Option<PathBuf>,
    pub(crate) smtp_ca_file: Option<PathBuf>,
    pub(crate) mail_from: Option<MailAddress>,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) mailings: Mailings,
    pub(crate) alerts: Alerts,
}

impl Default for Settings {
    fn default() -> Settings {
        let data = PathBuf::from("./frontdesk-data");
        let intake = intake::IntakeOptions::new(&data);
        let server = server::ServerOptions::default();
        let bytes = |count: usize| Bytes(count as u64);
        Settings {
            data,
            listen: Address("127.0.0.1:8080".to_owned()),
            tls_listen: None,
            tls_cert_file: None,
            tls_key_file: None,
            tls_names: Names::default(),
            postgres_listen: None,
            postgres_connections_max: 64,
            hosts_allowed: Names::default(),
            embed_hosts: Origins::default(),
            key_file: None,
            profile: ProfileName::Spec,
            schema: None,
            schema_files: Paths::default(),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            inlets: server.inlets,
            datastreams: Datastreams::default(),
            link_rules: intake.link_rules,
            demo_alloy_file: None,
            commit_after: intake.commit_after,
            commit_bytes: Bytes(intake.commit_bytes),
            drain_every: intake.drain_every,
            dedupe_days: u64::from(intake.dedupe_days),
            event_ahead_max: intake.event_ahead_max,
            event_behind_max: intake.event_behind_max,
            upkeep_every: Duration::from_secs(5 * 60),
            segment_bytes: Bytes(intake.segment_bytes),
            queue_bytes_max: bytes(intake.queue_bytes_max),
            quarantine_bytes_max: Bytes(intake.quarantine_bytes_max),
            backlog_bytes_max: Bytes(intake.backlog_bytes_max),
            disk_free_bytes_min: Bytes(intake.disk_free_bytes_min),
            retry_after: intake.retry_after,
            event_bytes_max: bytes(intake.event_bytes_max),
            events_per_request_max: intake.events_per_request_max as u64,
            body_bytes_max: bytes(server.body_bytes_max),
            body_bytes_decompressed_max: bytes(server.body_bytes_decompressed_max),
            network_body_bytes_max: bytes(server.network_body_bytes_max),
            requests_in_flight_bytes_max: bytes(server.requests_in_flight_bytes_max),
            connections_max: server.connections_max as u64,
            header_read_timeout: server.header_read_timeout,
            tls_handshake_timeout: server.tls_handshake_timeout,
            body_read_timeout: server.body_read_timeout,
            shutdown_timeout: server.shutdown_timeout,
            time_zone: TimeZone(server.time_zone),
            sql_rows_max: server.sql_rows_max as u64,
            sql_time_max: server.sql_time_max,
            export_time_max: server.export_time_max,
            sql_memory_bytes_max: bytes(server.sql_memory_bytes_max),
            sql_process_memory_bytes_max: bytes(server.sql_process_memory_bytes_max),
            sql_answer_bytes_max: bytes(server.sql_answer_bytes_max),
            sql_queries_max: server.sql_queries_max as u64,
            smtp_url: None,
            smtp_password_file: None,
            smtp_ca_file: None,
            mail_from: None,
            public_url: None,
            mailings: Mailings::default(),
            alerts: Alerts::default(),
        }
    }
}

/// How strictly events are read, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileName {
    /// As the schema says.
    Spec,
    /// Undeclared properties are violations.
    AepStrict,
}

impl Word for ProfileName {
    const WORDS: &'static str = "spec|aep-strict";
    const ALL: &'static [(&'static str, Self)] = &[("spec", Self::Spec), ("aep-strict", Self::AepStrict)];
}

impl ProfileName {
    /// The profile that events are checked with.
    pub(crate) fn profile(self) -> xdm::Profile {
        match self {
            ProfileName::Spec => xdm::Profile::spec(),
            ProfileName::AepStrict => xdm::Profile::aep_strict(),
        }
    }
}

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// This file.
    File(PathBuf),
    /// Its environment variable.
    Variable,
    /// Its flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Variable => f.write_str("environment"),
            Origin::Flag => f.write_str("flag"),
        }
    }
}

/// Where settings may come from.
pub(crate) struct Sources<'a> {
    /// Flags that were given: name and value.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// Looks a variable up.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The file named by `--config`.
    pub(crate) config: Option<PathBuf>,
    /// Where `frontdesk.toml` is looked for.
    pub(crate) working_directory: &'a Path,
}

/// The settings in force, and where each came from (in the order of the table).
pub(crate) struct Effective {
    /// The values.
    pub(crate) settings: Settings,
    /// Their origins.
    pub(crate) origins: Vec<(&'static Setting, Origin)>,
}

impl Effective {
    /// Reads all sources: flags win over the environment, that over the file, that
    /// over the defaults.
    ///
    /// # Errors
    /// An unknown key, a value that can't be read, or a file that can't.
    pub(crate) fn resolve(sources: &Sources<'_>) -> Result<Effective, Failure> {
        let file = File::find(sources)?;
        let mut settings = Settings::default();
        let mut origins = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let flag = sources.flags.iter().find(|(key, _)| *key == setting.key).map(|(_, text)| text.clone());
            let variable = || (sources.variable)(&setting.variable()).map(|text| (text, Origin::Variable));
            let in_file = || {
                let file = file.as_ref()?;
                Some((file.values.get(setting.key)?.clone(), Origin::File(file.path.clone())))
            };
            let found = flag.map(|text| (text, Origin::Flag)).or_else(variable).or_else(in_file);
            let Some((text, origin)) = found else {
                origins.push((setting, Origin::Default));
                continue;
            };
            (setting.set)(&mut settings, text.trim())
                .map_err(|expected| refused(setting, &origin, &text, &expected))?;
            origins.push((setting, origin));
        }
        Ok(Effective { settings, origins })
    }
}

fn refused(setting: &Setting, origin: &Origin, text: &str, expected: &str) -> Failure {
    let place = match origin {
        Origin::Flag => setting.flag(),
        Origin::Variable => setting.variable(),
        Origin::File(path) => format!("{} in {}", setting.key, path.display()),
        Origin::Default => setting.key.to_owned(),
    };
    let text = repeated(text);
    Failure::usage(format_args!("{place} is `{text}`")).help(expected)
}

/// A wrong value as far as it is repeated: not what may be a password in a URL, and not all of a list.
fn repeated(text: &str) -> String {
    let hidden = match text.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://…@{host}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    };
    match hidden.char_indices().nth(REPEATED_LETTERS_MAX) {
        None => hidden,
        Some((end, _)) => format!("{}…", &hidden[..end]),
    }
}

/// A file of settings, read and with all its keys known.
struct File {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl File {
    /// The file that `--config` or its variable names, else `frontdesk.toml` where the
    /// command runs, if it is there.
    fn find(sources: &Sources<'_>) -> Result<Option<File>, Failure> {
        let named = sources.config.clone().or_else(|| (sources.variable)(CONFIG_VARIABLE).map(PathBuf::from));
        let path = match named {
            Some(path) => path,
            None if sources.working_directory.join(CONFIG_FILE).is_file() => {
                sources.working_directory.join(CONFIG_FILE)
            }
            None => return Ok(None),
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format_args!("cannot read the settings in {}: {error}", path.display()))
                .help("name a TOML file that this user may read, or leave --config out")
        })?;
        File::parse(path, &text).map(Some)
    }

    fn parse(path: PathBuf, text: &str) -> Result<File, Failure> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            Failure::usage(format_args!("{} line {line} is not TOML: {}", path.display(), error.message()))
                .help("write one setting a line, such as: listen = \"127.0.0.1:8080\"")
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table {
            if !SETTINGS.iter().any(|setting| setting.key == key) {
                return Err(unknown(&path, &key));
            }
            values.insert(key.clone(), plain(&value).ok_or_else(|| shapeless(&path, &key))?);
        }
        Ok(File { path, values })
    }
}

fn unknown(path: &Path, key: &str) -> Failure {
    let failure = Failure::usage(format_args!("{} has the unknown setting `{key}`", path.display()));
    match nearest(key, SETTINGS.iter().map(|setting| setting.key)) {
        Some(near) => failure.help(format_args!("did you mean `{near}`?")),
        None => failure.help("`frontdesk settings` lists all settings"),
    }
}

fn shapeless(path: &Path, key: &str) -> Failure {
    Failure::usage(format_args!("{key} in {} is not a plain value", path.display()))
        .help("write text in quotes, a number, a list of texts, or a table where the setting takes one")
}

/// A TOML value as the text that a flag would hold.
fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        // A table of tables has its own grammar.
        toml::Value::Table(inner) if inner.values().any(toml::Value::is_table) => Some(value.to_string()),
        toml::Value::Table(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
            Some(pairs.collect::<Option<Vec<_>>>()?.join(","))
        }
        // So has a list of tables.
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => Some(value.to_string()),
        toml::Value::Array(texts) => {
            let texts = texts.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>()?;
            Some(texts.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
