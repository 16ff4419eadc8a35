//! Settings of mails: the server that takes them, whom they are from, what is sent to whom, and what is watched.
//!
//! `mailings` and `alerts` are lists of tables. Here each is read as it is written; whether a view or a metric is one is said by
//! [`crate::mailing`], when all settings are known.

use ::mail::{MailAddress, RECIPIENTS_MAX, SmtpServer};
use toml::{Table, Value as Toml};

use super::nearest::nearest;
use super::value::Value;

/// Most mailings, and most alerts.
const LIST_MAX: usize = 50;
/// Longest name of one, in letters.
const NAME_LETTERS_MAX: usize = 64;

impl Value for Option<SmtpServer> {
    const FORM: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        SmtpServer::parse(text).map(Some).map_err(|error| error.to_string())
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, ToString::to_string)
    }
}

impl Value for Option<MailAddress> {
    const FORM: &'static str = "address";

    fn parse(text: &str) -> Result<Self, String> {
        MailAddress::parse(text).map(Some).map_err(|error| error.to_string())
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, MailAddress::text)
    }
}

/// Where people reach this server, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(pub(crate) String);

impl Value for Option<PublicUrl> {
    const FORM: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "expected where people open this server, such as https://desk.shop.example".to_owned();
        let url = reqwest::Url::parse(text).map_err(|_| expected())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain {
            return Err(expected());
        }
        Ok(Some(PublicUrl(url.as_str().trim_end_matches('/').to_owned())))
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, |PublicUrl(url)| url.clone())
    }
}

/// A view that is sent by mail, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MailingSettings {
    pub(crate) name: String,
    pub(crate) to: Vec<MailAddress>,
    /// A page with its query, or the name of a saved view.
    pub(crate) view: String,
    pub(crate) every: String,
    pub(crate) at: String,
    pub(crate) tz: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mailings(pub(crate) Vec<MailingSettings>);

impl Value for Mailings {
    const FORM: &'static str = "list of tables";

    fn parse(text: &str) -> Result<Self, String> {
        const KEYS: [&str; 6] = ["name", "to", "view", "every", "at", "tz"];
        let tables = tables(
            "mailings",
            text,
            "[{ name = \"weekly\", to = [\"jo@shop.example\"], view = \"/\", every = \"week\", at = \"08:00\" }]",
        )?;
        let one = |table: &Table| {
            let entry = Entry { list: "mailing", keys: &KEYS, table };
            let name = entry.name()?;
            entry.check_keys(&name)?;
            let text = |key: &str| entry.text(&name, key);
            Ok(MailingSettings {
                to: entry.recipients(&name)?,
                view: text("view")?.ok_or_else(|| entry.missing(&name, "view"))?,
                every: text("every")?.ok_or_else(|| entry.missing(&name, "every"))?,
                at: text("at")?.unwrap_or_else(|| "08:00".to_owned()),
                tz: text("tz")?,
                name,
            })
        };
        let mailings: Vec<MailingSettings> = tables.iter().map(one).collect::<Result<_, String>>()?;
        each_once("mailing", mailings.iter().map(|mailing| mailing.name.as_str()))?;
        Ok(Mailings(mailings))
    }

    fn show(&self) -> String {
        let table = |mailing: &MailingSettings| {
            let mut table = Table::new();
            let mut put = |key: &str, value: Toml| drop(table.insert(key.to_owned(), value));
            put("name", mailing.name.clone().into());
            put("to", texts(&mailing.to));
            put("view", mailing.view.clone().into());
            put("every", mailing.every.clone().into());
            put("at", mailing.at.clone().into());
            if let Some(tz) = &mailing.tz {
                put("tz", tz.clone().into());
            }
            table
        };
        shown(self.0.iter().map(table))
    }
}

/// An alert, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertSettings {
    pub(crate) name: String,
    pub(crate) to: Vec<MailAddress>,
    /// The words of [`report::ALERT_PARAMETERS`].
    pub(crate) words: Vec<(String, String)>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alerts(pub(crate) Vec<AlertSettings>);

impl Value for Alerts {
    const FORM: &'static str = "list of tables";

    fn parse(text: &str) -> Result<Self, String> {
        let keys: Vec<&str> =
            ["name", "to"].into_iter().chain(report::ALERT_PARAMETERS.iter().map(|(name, _)| *name)).collect();
        let tables = tables(
            "alerts",
            text,
            "[{ name = \"quiet\", to = [\"jo@shop.example\"], metric = \"contact_requests\", kind = \"silence\", silence = \"2h\" }]",
        )?;
        let one = |table: &Table| {
            let entry = Entry { list: "alert", keys: &keys, table };
            let name = entry.name()?;
            entry.check_keys(&name)?;
            let mut words = Vec::new();
            for (key, value) in table.iter().filter(|(key, _)| !["name", "to"].contains(&key.as_str())) {
                let values = match value {
                    Toml::Array(values) => values.as_slice(),
                    value => std::slice::from_ref(value),
                };
                for value in values {
                    words.push((
                        key.clone(),
                        word(value).ok_or_else(|| {
                            format!("the alert `{name}` has another `{key}` than a text, a number or a list of texts")
                        })?,
                    ));
                }
            }
            Ok(AlertSettings { to: entry.recipients(&name)?, name, words })
        };
        let alerts: Vec<AlertSettings> = tables.iter().map(one).collect::<Result<_, String>>()?;
        each_once("alert", alerts.iter().map(|alert| alert.name.as_str()))?;
        Ok(Alerts(alerts))
    }

    fn show(&self) -> String {
        let table = |alert: &AlertSettings| {
            let mut table = Table::new();
            table.insert("name".to_owned(), alert.name.clone().into());
            table.insert("to".to_owned(), texts(&alert.to));
            for (key, value) in &alert.words {
                match table.get_mut(key) {
                    None => drop(table.insert(key.clone(), value.clone().into())),
                    Some(Toml::Array(values)) => values.push(value.clone().into()),
                    Some(first) => *first = Toml::Array(vec![first.clone(), value.clone().into()]),
                }
            }
            table
        };
        shown(self.0.iter().map(table))
    }
}

/// A table of a list.
struct Entry<'a> {
    list: &'static str,
    keys: &'a [&'a str],
    table: &'a Table,
}

impl Entry<'_> {
    fn name(&self) -> Result<String, String> {
        let list = self.list;
        let name = self.table.get("name").and_then(Toml::as_str).unwrap_or_default();
        let is_name = (1..=NAME_LETTERS_MAX).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        is_name.then(|| name.to_owned()).ok_or_else(|| {
            format!(
                "each {list} needs a name of 1 to {NAME_LETTERS_MAX} letters, digits and -_., such as name = \"weekly\""
            )
        })
    }

    fn check_keys(&self, name: &str) -> Result<(), String> {
        let Some(key) = self.table.keys().find(|key| !self.keys.contains(&key.as_str())) else { return Ok(()) };
        let help = match nearest(key, self.keys.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it may have {}", self.keys.join(", ")),
        };
        Err(format!("the {} `{name}` has `{key}`; {help}", self.list))
    }

    fn text(&self, name: &str, key: &str) -> Result<Option<String>, String> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Toml::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("the {} `{name}` has another `{key}` than a text", self.list)),
        }
    }

    fn missing(&self, name: &str, key: &str) -> String {
        format!("the {} `{name}` has no `{key}`; it may have {}", self.list, self.keys.join(", "))
    }

    /// A text, or a list of texts.
    fn recipients(&self, name: &str) -> Result<Vec<MailAddress>, String> {
        let list = self.list;
        let written = match self.table.get("to") {
            Some(Toml::Array(addresses)) => addresses.as_slice(),
            Some(address) => std::slice::from_ref(address),
            None => &[],
        };
        if !(1..=RECIPIENTS_MAX).contains(&written.len()) {
            let count = written.len();
            return Err(format!(
                "the {list} `{name}` has {count} addresses in `to`; write 1 to {RECIPIENTS_MAX}, and for more people the address of a list"
            ));
        }
        let address = |(place, written): (usize, &Toml)| {
            let text = written.as_str().ok_or("it isn't a text".to_owned());
            let address = text.and_then(|text| MailAddress::parse(text).map_err(|error| error.to_string()));
            address.map_err(|error| format!("address {} of the {list} `{name}` can't be used: {error}", place + 1))
        };
        written.iter().enumerate().map(address).collect()
    }
}

fn tables(key: &str, text: &str, example: &str) -> Result<Vec<Table>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let expected = || format!("expected a list of tables such as {example}");
    let line = format!("{key} = {text}");
    let table: Table = line.parse().map_err(|_| expected())?;
    let Some(Toml::Array(values)) = table.get(key) else { return Err(expected()) };
    if values.len() > LIST_MAX {
        return Err(format!("there are {} {key}, and {LIST_MAX} is the most", values.len()));
    }
    values.iter().map(|value| value.as_table().cloned().ok_or_else(expected)).collect()
}

fn each_once<'a>(list: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("two {list}s are named `{name}`; give each a name of its own"));
        }
    }
    Ok(())
}

fn word(value: &Toml) -> Option<String> {
    match value {
        Toml::String(text) => Some(text.clone()),
        Toml::Integer(number) => Some(number.to_string()),
        Toml::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(addresses: &[MailAddress]) -> Toml {
    Toml::Array(addresses.iter().map(|address| address.text().into()).collect())
}

fn shown(tables: impl Iterator<Item = Table>) -> String {
    let tables: Vec<Toml> = tables.map(Toml::Table).collect();
    if tables.is_empty() { String::new() } else { Toml::Array(tables).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<V: Value>(text: &str, expect: Result<&str, &str>) {
        match (V::parse(text), expect) {
            (Ok(found), Ok(shown)) => {
                assert_eq!(found.show(), shown, "{text}");
                assert_eq!(V::parse(shown).map(|again| again.show()), Ok(shown.to_owned()), "{text}");
            }
            (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
            (found, _) => panic!("{text}: {:?}", found.map(|found| found.show())),
        }
    }

    #[test]
    fn urls_are_plain() {
        check::<Option<PublicUrl>>("https://desk.shop.example/", Ok("https://desk.shop.example"));
        check::<Option<PublicUrl>>("http://127.0.0.1:8080/desk/", Ok("http://127.0.0.1:8080/desk"));
        for text in [
            "",
            "desk.shop.example",
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example/?x",
            "https://a.example/#x",
            "javascript:alert(1)",
        ] {
            check::<Option<PublicUrl>>(text, Err("such as https://desk.shop.example"));
        }
        check::<Option<SmtpServer>>("smtps://u:p@mail.example", Err("FRONTDESK_SMTP_PASSWORD"));
        check::<Option<MailAddress>>("a@b.example\nBcc: x", Err("control character"));
    }

    #[test]
    fn mailings_are_read_and_shown() {
        check::<Mailings>("", Ok(""));
        check::<Mailings>(
            r#"[{ name = "weekly", to = "jo@shop.example", view = "/?channel=chat", every = "week", tz = "Europe/Berlin" }]"#,
            Ok(
                r#"[{ at = "08:00", every = "week", name = "weekly", to = ["jo@shop.example"], tz = "Europe/Berlin", view = "/?channel=chat" }]"#,
            ),
        );
        let with = |more: &str| {
            format!("[{{ name = \"w\", to = [\"jo@shop.example\"], view = \"/\", every = \"day\"{more} }}]")
        };
        check::<Mailings>("weekly", Err("expected a list of tables such as [{ name"));
        check::<Mailings>("[7]", Err("expected a list of tables"));
        check::<Mailings>("[{ name = \"a b\" }]", Err("needs a name"));
        check::<Mailings>(&with(", att = \"08:00\""), Err("did you mean `at`?"));
        check::<Mailings>(&with(", at = 8"), Err("another `at` than a text"));
        check::<Mailings>("[{ name = \"w\", to = [], view = \"/\", every = \"day\" }]", Err("has 0 addresses"));
        check::<Mailings>(
            "[{ name = \"w\", to = [\"jo\"], view = \"/\", every = \"day\" }]",
            Err("address 1 of the mailing `w` can't be used"),
        );
        check::<Mailings>("[{ name = \"w\", to = \"jo@shop.example\", every = \"day\" }]", Err("has no `view`"));
        let many = vec!["\"jo@shop.example\""; 2_000].join(",");
        check::<Mailings>(
            &format!("[{{ name = \"w\", to = [{many}], view = \"/\", every = \"day\" }}]"),
            Err("has 2000 addresses in `to`; write 1 to 20"),
        );
        let one = with("");
        let one = one.trim_matches(['[', ']']);
        check::<Mailings>(&format!("[{one}, {one}]"), Err("two mailings are named `w`"));
        check::<Mailings>(&format!("[{}]", vec![one; 51].join(",")), Err("there are 51 mailings, and 50 is the most"));
    }

    #[test]
    fn alerts_are_read_and_shown() {
        check::<Alerts>(
            r#"[{ name = "s", to = "jo@shop.example", metric = "contact_requests", kind = "spike", factor = 3, subject = ["a", "b"] }]"#,
            Ok(
                r#"[{ factor = "3", kind = "spike", metric = "contact_requests", name = "s", subject = ["a", "b"], to = ["jo@shop.example"] }]"#,
            ),
        );
        check::<Alerts>("[{ name = \"s\", to = \"jo@shop.example\", metrik = \"x\" }]", Err("did you mean `metric`?"));
        check::<Alerts>("[{ name = \"s\", to = \"jo@shop.example\", metric = true }]", Err("another `metric`"));
    }
}
