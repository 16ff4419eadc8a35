//! What stands in the key file, read strictly: a file with anything odd in it gives no
//! keys at all, because which part of it to believe would be a guess.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::app::access::digest::Digest;
use crate::app::access::key::Key;
use crate::app::access::scope::Scope;
use crate::app::access::token::is_id;
use crate::app::access::verifier::is_verifier;
use crate::app::name::is_name;

/// The version that is written. A reader refuses others.
const VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    version: u32,
    pub(crate) keys: Vec<Entry>,
}

/// One key.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datastream: Option<String>,
    pub(crate) created: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<String>,
    /// Of the secret.
    pub(crate) sha256: String,
    /// What proves the key to PostgreSQL's clients; keys that were made before there was one have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scram: Option<String>,
}

/// Whether a key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be used.
    Good,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Default for Document {
    fn default() -> Document {
        Document { version: VERSION, keys: Vec::new() }
    }
}

impl Document {
    /// # Errors
    /// What is wrong with it, without a value out of it.
    pub(crate) fn parse(text: &str) -> Result<Document, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let place = |error: serde_json::Error| {
            format!("line {}, column {} is not what is written there", error.line(), error.column())
        };
        let Versioned { version } = serde_json::from_str(text).map_err(place)?;
        if version != VERSION {
            return Err(format!("it has version {version}, and this program reads version {VERSION}"));
        }
        let document: Document = serde_json::from_str(text).map_err(place)?;
        for (index, entry) in document.keys.iter().enumerate() {
            entry.check().map_err(|what| format!("the {what} of key {} can't be one", index + 1))?;
            if document.keys[..index].iter().any(|other| other.id == entry.id) {
                return Err(format!("key {} has the id of another", index + 1));
            }
        }
        Ok(document)
    }

    pub(crate) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain structures have only string keys");
        text.push('\n');
        text
    }

    /// Keeps at most so many, by forgetting keys that are of no use any more, the oldest
    /// first.
    pub(super) fn forget_dead(&mut self, keys_max: usize, now_s: i64) {
        let mut surplus = self.keys.len().saturating_sub(keys_max);
        self.keys.retain(|key| {
            let goes = surplus > 0 && key.standing(now_s) != Standing::Good;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

impl Entry {
    fn check(&self) -> Result<(), &'static str> {
        let is_time = |text: &str| DateTime::parse_from_rfc3339(text).is_ok();
        let is_times = |text: &Option<String>| text.as_deref().is_none_or(is_time);
        let checks = [
            (is_id(&self.id), "id"),
            (is_name(&self.name), "name"),
            (Scope::named(&self.scope).is_some(), "scope"),
            (self.datastream.as_deref().is_none_or(is_name), "datastream"),
            (is_time(&self.created), "time of making"),
            (is_times(&self.expires), "end"),
            (is_times(&self.revoked), "time of revoking"),
            (Digest::from_hex(&self.sha256).is_some(), "hash"),
            (self.scram.as_deref().is_none_or(is_verifier), "verifier"),
        ];
        checks.iter().find(|(is_good, _)| !is_good).map_or(Ok(()), |(_, what)| Err(what))
    }

    fn expires_s(&self) -> Option<i64> {
        let end = DateTime::parse_from_rfc3339(self.expires.as_deref()?);
        // One that can't be read would be checked by now; never is the wrong guess.
        Some(end.map_or(0, |end| end.timestamp()))
    }

    pub(super) fn standing(&self, now_s: i64) -> Standing {
        if self.revoked.is_some() {
            Standing::Revoked
        } else if self.expires_s().is_some_and(|end| now_s >= end) {
            Standing::Expired
        } else {
            Standing::Good
        }
    }

    /// As the server knows it; `None` where the entry wasn't checked.
    pub(crate) fn key(self) -> Option<Key> {
        let scope = Scope::named(&self.scope)?;
        let digest = Digest::from_hex(&self.sha256)?;
        let times = (self.expires_s(), self.revoked.is_some());
        Some(Key::new((self.id, self.name), scope, self.datastream, times, digest).with_verifier(self.scram))
    }
}
