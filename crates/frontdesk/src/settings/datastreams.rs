//! The datastreams of the Edge Network API: a table in the file for each.
//!
//! ```toml
//! [datastreams.web]
//! org_id = "FRONTDESK@AdobeOrg"
//! fpid_cookie = "deviceId"
//! origins = ["https://www.shop.example"]
//! schema = "https://ns.shop.example/schemas/contact"
//! profile = "aep-strict"
//! ```
//!
//! In a flag or a variable the same is written on one line:
//! `{ web = { origins = ["https://www.shop.example"] } }`.

use std::collections::BTreeMap;

use toml::{Table, Value as Toml};

use crate::failure::Failure;

use super::ProfileName;
use super::value::{Value, Word};

/// One datastream as it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DatastreamSettings {
    /// `None`: the page's own where its cookies tell it, else Frontdesk's.
    pub(crate) org_id: Option<String>,
    /// The cookie with the site's own device ids; `None`: no cookie is looked at.
    pub(crate) fpid_cookie: Option<String>,
    /// Empty: any.
    pub(crate) origins: Vec<String>,
    /// The `$id` of a schema; `None`: as the setting `schema` says.
    pub(crate) schema: Option<String>,
    /// `None`: as the setting `profile` says.
    pub(crate) profile: Option<ProfileName>,
    /// Events are refused.
    pub(crate) disabled: bool,
    /// Events are taken with a key only.
    pub(crate) key_required: bool,
}

/// Datastreams by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Datastreams(pub(crate) BTreeMap<String, DatastreamSettings>);

impl Datastreams {
    /// Whether events may go to this datastream: the rule of every way in, for files.
    ///
    /// # Errors
    /// Datastreams are set, and it is none of them or disabled.
    pub(crate) fn takes(&self, id: &str) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let enabled = self.0.iter().filter(|(_, set)| !set.disabled).map(|(id, _)| id.as_str());
        let help = format!("name one with --datastream: {}", enabled.collect::<Vec<_>>().join(", "));
        match self.0.get(id) {
            None => Err(Failure::usage(format_args!("the settings have no datastream `{id}`")).help(help)),
            Some(set) if set.disabled => {
                Err(Failure::usage(format_args!("the datastream `{id}` is disabled in the settings")).help(help))
            }
            Some(_) => Ok(()),
        }
    }
}

const KEYS: &str = "org_id (text), fpid_cookie (a cookie's name), origins (a list of origins), schema (the $id of a schema), profile (spec or aep-strict), disabled and key_required (true or false)";

impl Value for Datastreams {
    const FORM: &'static str = "table of tables";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Datastreams::default());
        }
        let line = format!("datastreams = {text}");
        let table: Table = line.parse().map_err(|_| {
            "expected a table such as { web = { origins = [\"https://www.shop.example\"] } }".to_owned()
        })?;
        let Some(Toml::Table(datastreams)) = table.get("datastreams") else {
            return Err("expected a table of datastreams".to_owned());
        };
        datastreams
            .iter()
            .map(|(id, value)| Ok((id.clone(), one(id, value)?)))
            .collect::<Result<_, _>>()
            .map(Datastreams)
    }

    fn show(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let table: Table =
            self.0.iter().map(|(id, datastream)| (id.clone(), Toml::Table(datastream.table()))).collect();
        Toml::Table(table).to_string()
    }
}

fn one(id: &str, value: &Toml) -> Result<DatastreamSettings, String> {
    let wrong = |key: &str| format!("datastream `{id}` has `{key}`; it may have {KEYS}");
    let Toml::Table(members) = value else {
        return Err(format!("datastream `{id}` is not a table; it may have {KEYS}"));
    };
    let mut datastream = DatastreamSettings::default();
    for (key, value) in members {
        match (key.as_str(), value) {
            ("org_id", Toml::String(org_id)) if is_org_id(org_id) => datastream.org_id = Some(org_id.clone()),
            ("org_id", _) => {
                return Err(format!(
                    "datastream `{id}` has another `org_id` than such as 5BFE…@AdobeOrg, letters, digits and one @"
                ));
            }
            ("fpid_cookie", Toml::String(name)) if is_cookie_name(name) => {
                datastream.fpid_cookie = Some(name.clone());
            }
            ("fpid_cookie", _) => {
                return Err(format!(
                    "datastream `{id}` has another `fpid_cookie` than a cookie's name; use 1 to 128 letters, digits and -_."
                ));
            }
            ("origins", Toml::Array(origins)) => {
                let texts =
                    origins.iter().map(|origin| origin.as_str().filter(|origin| is_origin(origin)).map(str::to_owned));
                datastream.origins = texts.collect::<Option<_>>().ok_or_else(|| {
                    format!("datastream `{id}` has an origin that is not such as https://www.shop.example or https://*.shop.example; leave out the path")
                })?;
            }
            ("schema", Toml::String(id)) if !id.is_empty() => datastream.schema = Some(id.clone()),
            ("profile", Toml::String(name)) => datastream.profile = Some(ProfileName::parse(name)?),
            ("disabled", Toml::Boolean(disabled)) => datastream.disabled = *disabled,
            ("key_required", Toml::Boolean(required)) => datastream.key_required = *required,
            _ => return Err(wrong(key)),
        }
    }
    Ok(datastream)
}

impl DatastreamSettings {
    fn table(&self) -> Table {
        let mut table = Table::new();
        if let Some(org_id) = &self.org_id {
            table.insert("org_id".to_owned(), org_id.clone().into());
        }
        if let Some(name) = &self.fpid_cookie {
            table.insert("fpid_cookie".to_owned(), name.clone().into());
        }
        if !self.origins.is_empty() {
            table.insert("origins".to_owned(), self.origins.clone().into());
        }
        if let Some(schema) = &self.schema {
            table.insert("schema".to_owned(), schema.clone().into());
        }
        if let Some((word, _)) = ProfileName::ALL.iter().find(|(_, profile)| Some(*profile) == self.profile) {
            table.insert("profile".to_owned(), (*word).into());
        }
        if self.disabled {
            table.insert("disabled".to_owned(), true.into());
        }
        if self.key_required {
            table.insert("key_required".to_owned(), true.into());
        }
        table
    }
}

/// It becomes a part of cookies' names.
fn is_org_id(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    text.split_once('@').is_some_and(|(id, org)| is_part(id) && is_part(org))
}

fn is_cookie_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.trim_end_matches('/');
    matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_shows_and_says_what_is_wrong() {
        let check = |text: &str, expect: Result<&str, &str>| match (Datastreams::parse(text), expect) {
            (Ok(found), Ok(shown)) => {
                assert_eq!(found.show(), shown, "{text}");
                assert_eq!(Datastreams::parse(shown), Ok(found), "{text}");
            }
            (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
            (found, _) => panic!("{text}: {found:?}"),
        };
        check("", Ok(""));
        check("{ web = {} }", Ok("{ web = {} }"));
        check(
            r#"{ web = { org_id = "A1@AdobeOrg", origins = ["https://www.shop.example", "https://*.shop.example:8443"], schema = "urn:x", profile = "aep-strict", disabled = true, key_required = true } }"#,
            Ok(
                r#"{ web = { disabled = true, key_required = true, org_id = "A1@AdobeOrg", origins = ["https://www.shop.example", "https://*.shop.example:8443"], profile = "aep-strict", schema = "urn:x" } }"#,
            ),
        );
        check("web", Err("such as"));
        check("7", Err("table of datastreams"));
        check("{ web = 7 }", Err("not a table"));
        check("{ web = { orgid = \"A@B\" } }", Err("`orgid`; it may have org_id"));
        check(r#"{ web = { fpid_cookie = "myFPID" } }"#, Ok(r#"{ web = { fpid_cookie = "myFPID" } }"#));
        check("{ web = { fpid_cookie = \"a=b\" } }", Err("a cookie's name"));
        check("{ web = { org_id = \"A\" } }", Err("one @"));
        check("{ web = { org_id = \"A;B@C\" } }", Err("one @"));
        check("{ web = { origins = [\"www.shop.example\"] } }", Err("leave out the path"));
        check("{ web = { origins = [\"https://www.shop.example/x\"] } }", Err("leave out the path"));
        check("{ web = { profile = \"strict\" } }", Err("spec or aep-strict"));
    }
}
