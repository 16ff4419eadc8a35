//! The settings, a row each.
//!
//! To add one: a field in [`Settings`](super::Settings) with its default, and a row here.

use super::Settings;
use super::value::Value;

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key in the file, in snake case; flag and variable follow from it.
    pub(crate) key: &'static str,
    /// What it means, one line, with the answer that a limit leads to.
    pub(crate) doc: &'static str,
    /// Shown in every command's help, not only in the documentation.
    pub(crate) common: bool,
    /// What its value looks like.
    pub(crate) form: fn() -> &'static str,
    /// Reads a value into the settings.
    pub(crate) set: fn(&mut Settings, &str) -> Result<(), String>,
    /// Shows the value in the settings.
    pub(crate) show: fn(&Settings) -> String,
}

impl Setting {
    /// `--commit-after`.
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }

    /// `FRONTDESK_COMMIT_AFTER`.
    pub(crate) fn variable(&self) -> String {
        format!("FRONTDESK_{}", self.key.to_ascii_uppercase())
    }
}

/// The form of the kind of value that `field` gives.
fn form_of<V: Value>(_: fn(&Settings) -> &V) -> &'static str {
    V::FORM
}

macro_rules! setting {
    ($field:ident, $common:expr, $doc:literal) => {
        Setting {
            key: stringify!($field),
            doc: $doc,
            common: $common,
            form: || form_of(|settings| &settings.$field),
            set: |settings, text| Value::parse(text).map(|value| settings.$field = value),
            show: |settings| settings.$field.show(),
        }
    };
}

/// Shown in every help text.
const COMMON: bool = true;
/// Shown in docs/settings.md and by `frontdesk settings`.
const RARE: bool = false;

/// All settings, in the order of the documentation.
pub(crate) static SETTINGS: &[Setting] = &[
    setting!(data, COMMON, "Directory of the journal, the tables and the key"),
    setting!(
        listen,
        COMMON,
        "Address that `serve` listens on; port 0 takes a free one. Any but a loopback one demands keys (docs/keys.md)"
    ),
    setting!(
        tls_listen,
        RARE,
        "Address that `serve` listens on for TLS; none when unset. Any but a loopback one demands keys (docs/keys.md)"
    ),
    setting!(tls_cert_file, RARE, "Certificate chain for TLS, PEM, the server's own first; read again when it changes"),
    setting!(tls_key_file, RARE, "The certificate's private key, PEM; read again when it changes"),
    setting!(tls_names, RARE, "Names and addresses in the certificate of `serve --dev-tls`, besides localhost"),
    setting!(
        postgres_listen,
        RARE,
        "Address that `serve` listens on for the PostgreSQL protocol (docs/postgres.md); none when unset. Any but a loopback one demands keys, and TLS for them"
    ),
    setting!(postgres_connections_max, RARE, "Open connections of the PostgreSQL protocol; the next one is refused"),
    setting!(
        hosts_allowed,
        RARE,
        "Names of a proxy on this machine, under which a server on loopback may be read too; others get 403. Demands keys (docs/keys.md)"
    ),
    setting!(
        embed_hosts,
        RARE,
        "Origins whose pages may show a shared link in a frame, such as https://intranet.example; none when empty"
    ),
    setting!(log, COMMON, "What is logged: error, warn, info, debug, trace, or a filter such as info,intake=debug"),
    setting!(log_format, COMMON, "How log lines are written"),
    setting!(profile, RARE, "How strictly events are read: spec keeps undeclared properties, aep-strict rejects them"),
    setting!(schema, RARE, "The $id of the schema that judges events; Frontdesk's own when unset"),
    setting!(schema_files, RARE, "Files and directories with schemas, JSON, beside those that come with Frontdesk"),
    setting!(key_file, RARE, "The key that seals personal values; vault.key in the data directory when unset"),
    setting!(
        inlets,
        RARE,
        "Streaming inlets and the datastream that each one feeds; an inlet not named feeds its own id"
    ),
    setting!(
        datastreams,
        RARE,
        "Datastreams of the Web SDK by id, each with org_id, fpid_cookie, origins, schema, profile, disabled, key_required; when none is set, any id is taken"
    ),
    setting!(
        link_rules,
        RARE,
        "Clicked links that count as contact requests: a scheme with its colon or a host, perhaps with a path and a parameter, and the count or `none`; replaces the whole list"
    ),
    setting!(demo_alloy_file, RARE, "The Web SDK's file, alloy.min.js, for the page /demo/sdk.html"),
    setting!(commit_after, RARE, "Longest time until stored events are committed to the tables"),
    setting!(commit_bytes, RARE, "Most bytes of events that wait for a commit"),
    setting!(drain_every, RARE, "How often an idle pipeline looks for new events; a query makes it look at once"),
    setting!(
        dedupe_days,
        RARE,
        "How many days back, by event date, ids are held in memory; older events are looked up in the table"
    ),
    setting!(
        event_ahead_max,
        RARE,
        "How long after its receipt an event's time may lie; beyond, it is accepted, noticed, and marked in time_anomaly"
    ),
    setting!(
        event_behind_max,
        RARE,
        "How long before its receipt an event's time may lie; beyond, it is accepted, noticed, and marked in time_anomaly"
    ),
    setting!(upkeep_every, RARE, "How often the server merges small files of the tables; 0s leaves it to others"),
    setting!(segment_bytes, RARE, "Size of one journal file"),
    setting!(queue_bytes_max, RARE, "Requests that wait for the disk; above it 503"),
    setting!(
        quarantine_bytes_max,
        RARE,
        "Acknowledged requests that can't be stored and are set aside (`journal/quarantine`); above it 503"
    ),
    setting!(backlog_bytes_max, RARE, "Journal that is not yet in the tables; above it 503"),
    setting!(disk_free_bytes_min, RARE, "Free space that is left on the disk; below it 503"),
    setting!(retry_after, RARE, "What a sender is asked to wait after a 503"),
    setting!(event_bytes_max, RARE, "Longest event, 1MiB at most; a longer one is rejected, its neighbours are not"),
    setting!(events_per_request_max, RARE, "Most events in one request; above it 413"),
    setting!(body_bytes_max, RARE, "Longest request body as sent; above it 413"),
    setting!(body_bytes_decompressed_max, RARE, "Longest request body after decompression; above it 413"),
    setting!(network_body_bytes_max, RARE, "Longest body of the Web SDK's interface; above it 413"),
    setting!(
        requests_in_flight_bytes_max,
        RARE,
        "Bodies in memory at once, above it 503; half of it for answers on their way, an eighth for tail and test runs, and as much as half again for the PostgreSQL port"
    ),
    setting!(connections_max, RARE, "Open connections; the next one gets 503"),
    setting!(
        header_read_timeout,
        RARE,
        "Time for a request's head, for an idle connection, and for a reader that takes nothing; then it is closed"
    ),
    setting!(tls_handshake_timeout, RARE, "Time for a TLS handshake; then the connection is closed"),
    setting!(body_read_timeout, RARE, "Time for a whole body to arrive; then 408"),
    setting!(shutdown_timeout, RARE, "Time for requests to finish after the signal to stop"),
    setting!(
        time_zone,
        RARE,
        "Time zone of dates, days and hours in reports that name none: a name of the IANA database such as Europe/Berlin"
    ),
    setting!(sql_rows_max, RARE, "Most rows of one SQL answer; above it an error"),
    setting!(sql_time_max, RARE, "Longest time of one SQL query; then an error"),
    setting!(export_time_max, RARE, "Longest time of one export; then it is cut off"),
    setting!(sql_memory_bytes_max, RARE, "Most memory of one SQL query's joins, sorts and groups; above it an error"),
    setting!(
        sql_process_memory_bytes_max,
        RARE,
        "Most memory that the process of one SQL query takes in all; above it the process ends, and the query with an error"
    ),
    setting!(sql_answer_bytes_max, RARE, "Longest SQL answer; above it an error"),
    setting!(sql_queries_max, RARE, "SQL queries at once, each in a process of its own; the next one gets 429"),
    setting!(
        smtp_url,
        RARE,
        "SMTP server that takes mails, such as smtps://user@mail.example:465, or smtp://mail.example:587 with STARTTLS, without which nothing is sent but to loopback (docs/mail.md); no mails when unset"
    ),
    setting!(
        smtp_password_file,
        RARE,
        "File with the password of the user in smtp_url; the variable FRONTDESK_SMTP_PASSWORD when unset"
    ),
    setting!(
        smtp_ca_file,
        RARE,
        "Certificates of authorities, PEM, that the SMTP server's may be signed by, besides those of the system"
    ),
    setting!(mail_from, RARE, "Address that mails are from, such as Frontdesk <desk@shop.example>"),
    setting!(
        public_url,
        RARE,
        "Where people open this server, such as https://desk.shop.example: links in mails lead there"
    ),
    setting!(
        mailings,
        RARE,
        "Views that are sent by mail, a table each: name, to (addresses), view (a page with its query, or a saved view's name), every (day or week), at (08:00 when absent), tz (docs/mail.md)"
    ),
    setting!(
        alerts,
        RARE,
        "Alerts that are sent by mail, a table each: name, to (addresses), metric, kind (spike, drop or silence), every, factor, silence, tz, datastream, channel, subject, page (docs/mail.md)"
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        let defaults = Settings::default();
        for setting in SETTINGS {
            assert!(setting.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", setting.key);
            assert!(!setting.doc.ends_with('.') && setting.doc.len() > 10, "{}", setting.key);
            assert_eq!(SETTINGS.iter().filter(|other| other.key == setting.key).count(), 1, "{}", setting.key);
            let shown = (setting.show)(&defaults);
            // What is unset by default is not something that can be written.
            let unset = [
                "key_file",
                "demo_alloy_file",
                "tls_listen",
                "tls_cert_file",
                "tls_key_file",
                "postgres_listen",
                "smtp_url",
                "smtp_password_file",
                "smtp_ca_file",
                "mail_from",
                "public_url",
            ];
            if !unset.contains(&setting.key) {
                let mut settings = Settings::default();
                assert_eq!((setting.set)(&mut settings, &shown), Ok(()), "{}", setting.key);
                assert_eq!((setting.show)(&settings), shown, "{}", setting.key);
            }
        }
    }
}
