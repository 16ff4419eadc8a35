//! What is sent by mail and watched for, as the settings have it: read once, at the start, so that a mistake is told then and not at
//! eight o'clock on a Monday.

mod editor;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ::mail::{Every, MailAddress, Mailing, OfficeOptions, Password, Schedule, Security, Smtp, Watched};
use dashboard::{AlertMail, Mail, MailedReport, MailedSpan, MailedView, ViewMail};
use report::{AlertReading, AlertRule, Report, ReportName, ReportRequest, RequestError, Zone};

use crate::failure::Failure;
use crate::settings::mail::{AlertSettings, MailingSettings};
use crate::settings::{SMTP_PASSWORD_VARIABLE, Settings};
pub(crate) use editor::{Desk, content, no_saved_view, saved_view, view_of};

/// Longest file with a password, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4 << 10;
/// Longest file with certificates of authorities, in bytes.
const AUTHORITIES_BYTES_MAX: u64 = 4 << 20;

/// What is sent and watched for.
#[derive(Clone, Debug)]
pub(crate) struct MailPlan {
    pub(crate) mailings: Vec<PlannedMailing>,
    pub(crate) alerts: Vec<PlannedAlert>,
    /// Where links lead, without a slash at the end.
    pub(crate) public_url: String,
}

/// A view that is sent.
#[derive(Clone, Debug)]
pub(crate) struct PlannedMailing {
    pub(crate) name: String,
    pub(crate) to: Vec<MailAddress>,
    pub(crate) schedule: Schedule,
    pub(crate) view: PlannedView,
}

/// Which view.
#[derive(Clone, Debug)]
pub(crate) enum PlannedView {
    /// As it is written in the settings.
    Written(MailedView),
    /// A saved view, by its name: looked up each time, since it may change.
    Saved(String),
}

/// An alert that is watched for.
#[derive(Clone, Debug)]
pub(crate) struct PlannedAlert {
    pub(crate) name: String,
    pub(crate) to: Vec<MailAddress>,
    pub(crate) rule: AlertRule,
}

impl MailPlan {
    /// Reads the settings; `now` is in microseconds since 1970.
    ///
    /// # Errors
    /// A view, a time, a zone or a metric that there isn't, with what to write instead.
    pub(crate) fn of(settings: &Settings, now: i64) -> Result<MailPlan, Failure> {
        let zone = settings.time_zone.0;
        let public_url = settings.public_url.as_ref().map(|url| url.0.clone());
        Ok(MailPlan {
            mailings: settings
                .mailings
                .0
                .iter()
                .map(|mailing| planned(mailing, zone, now))
                .collect::<Result<_, _>>()?,
            alerts: settings.alerts.0.iter().map(|alert| watched(alert, zone)).collect::<Result<_, _>>()?,
            public_url: public_url.unwrap_or_else(|| format!("http://{}", settings.listen.0)),
        })
    }

    /// Whether there is anything to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.mailings.is_empty() && self.alerts.is_empty()
    }

    /// The mailing of this name.
    pub(crate) fn mailing(&self, name: &str) -> Option<&PlannedMailing> {
        self.mailings.iter().find(|mailing| mailing.name == name)
    }

    /// The alert of this name.
    pub(crate) fn alert(&self, name: &str) -> Option<&PlannedAlert> {
        self.alerts.iter().find(|alert| alert.name == name)
    }

    /// The same for whoever sends.
    pub(crate) fn office(&self, from: MailAddress) -> OfficeOptions {
        let mailing = |mailing: &PlannedMailing| Mailing {
            name: mailing.name.clone(),
            to: mailing.to.clone(),
            schedule: mailing.schedule,
        };
        let alert = |alert: &PlannedAlert| Watched { name: alert.name.clone(), to: alert.to.clone() };
        OfficeOptions {
            mailings: self.mailings.iter().map(mailing).collect(),
            alerts: self.alerts.iter().map(alert).collect(),
            from,
        }
    }

    /// The mail about an alert.
    pub(crate) fn alert_mail(&self, alert: &PlannedAlert, reading: &AlertReading, over_since: Option<&str>) -> Mail {
        dashboard::alert_mail(&AlertMail {
            name: &alert.name,
            reading,
            filter: alert.rule.filter(),
            over_since,
            public_url: &self.public_url,
        })
    }

    /// The mail of a view; `None` if these aren't its reports.
    pub(crate) fn view_mail(
        &self,
        mailing: &PlannedMailing,
        view: &MailedView,
        reports: &[Report],
        now: i64,
    ) -> Option<Mail> {
        let title = match &mailing.view {
            PlannedView::Written(_) => None,
            PlannedView::Saved(name) => Some(name.as_str()),
        };
        let (public_url, name) = (self.public_url.as_str(), mailing.name.as_str());
        dashboard::view_mail(&ViewMail { view, title, reports, public_url, name, now })
    }
}

impl PlannedMailing {
    /// The parameters of each report of a view, with the zone of the mailing where the view names none.
    pub(crate) fn parameters<'a>(&self, view: &'a MailedView) -> Vec<(ReportName, Vec<(&'a str, &'a str)>)> {
        let span = if self.schedule.every == Every::Day { MailedSpan::Day } else { MailedSpan::Week };
        let zone = self.schedule.zone.name();
        let of = |report: &MailedReport| {
            let mut parameters = view.parameters(report, span);
            if parameters.iter().all(|(name, _)| *name != "tz") {
                parameters.push(("tz", zone));
            }
            (report.name, parameters)
        };
        view.reports().iter().map(of).collect()
    }

    /// The reports of a view.
    ///
    /// # Errors
    /// A parameter that no report takes.
    pub(crate) fn requests(&self, view: &MailedView, now: i64) -> Result<Vec<ReportRequest>, RequestError> {
        let parse = |(name, parameters): (ReportName, Vec<(&str, &str)>)| {
            ReportRequest::parse(name.name(), parameters, self.schedule.zone, now)
        };
        self.parameters(view).into_iter().map(parse).collect()
    }
}

fn planned(written: &MailingSettings, zone: Zone, now: i64) -> Result<PlannedMailing, Failure> {
    let name = &written.name;
    let wrong = |what: &str, text: &str, help: String| {
        Failure::usage(format_args!("the mailing `{name}` has {what} `{text}`")).help(help)
    };
    let tz = |tz: &String| tz.parse().map_err(|error: report::UnknownZone| wrong("tz", tz, error.to_string()));
    let zone = written.tz.as_ref().map_or(Ok(zone), tz)?;
    let schedule = Schedule::parse(&written.every, &written.at, zone)
        .map_err(|error| wrong("every and at", &format!("{} {}", written.every, written.at), error.to_string()))?;
    let view = if written.view.starts_with('/') {
        let view = MailedView::parse(&written.view).map_err(|error| wrong("view", &written.view, error.to_string()))?;
        PlannedView::Written(view)
    } else if written.view.is_empty() {
        return Err(wrong("view", "", dashboard::MailedViewError::Page.to_string()));
    } else {
        PlannedView::Saved(written.view.clone())
    };
    let mailing = PlannedMailing { name: name.clone(), to: written.to.clone(), schedule, view };
    if let PlannedView::Written(view) = &mailing.view {
        mailing.requests(view, now).map_err(|error| wrong("view", &written.view, error.to_string()))?;
    }
    Ok(mailing)
}

fn watched(written: &AlertSettings, zone: Zone) -> Result<PlannedAlert, Failure> {
    let words = written.words.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let rule = AlertRule::parse(words, zone)
        .map_err(|error| Failure::usage(format_args!("the alert `{}` can't be watched for: {error}", written.name)))?;
    Ok(PlannedAlert { name: written.name.clone(), to: written.to.clone(), rule })
}

/// The way to the SMTP server and whom mails are from.
///
/// # Errors
/// Something isn't set, or a file can't be read.
pub(crate) fn carrier(settings: &Settings) -> Result<(Smtp, MailAddress), Failure> {
    const HOW: &str = "set smtp_url, mail_from and public_url (docs/mail.md), or take mailings and alerts out";
    let missing = |key: &str| Failure::usage(format_args!("mails can't be sent: {key} isn't set")).help(HOW);
    let server = settings.smtp_url.clone().ok_or_else(|| missing("smtp_url"))?;
    let from = settings.mail_from.clone().ok_or_else(|| missing("mail_from"))?;
    let public_url = settings.public_url.as_ref().ok_or_else(|| missing("public_url"))?;
    let password = password(settings)?;
    if server.user.is_some() && password.is_none() {
        return Err(Failure::usage("smtp_url names a user, and there is no password").help(format_args!(
            "write it into a file and name that with smtp_password_file, or set {SMTP_PASSWORD_VARIABLE}"
        )));
    }
    let authorities = settings.smtp_ca_file.as_deref();
    let authorities = authorities.map(|path| read("smtp_ca_file", path, AUTHORITIES_BYTES_MAX)).transpose()?;
    let host = reqwest::Url::parse(&public_url.0).ok().and_then(|url| url.domain().map(str::to_owned));
    let hello = match server.security {
        Security::Loopback => "localhost".to_owned(),
        Security::Tls | Security::StartTls => host.unwrap_or_else(|| from.domain().to_owned()),
    };
    Ok((Smtp { server, password, authorities, hello }, from))
}

fn password(settings: &Settings) -> Result<Option<Password>, Failure> {
    let text = match &settings.smtp_password_file {
        Some(path) => {
            let bytes = read("smtp_password_file", path, PASSWORD_BYTES_MAX)?;
            let text = String::from_utf8(bytes);
            Some(text.map_err(|_| Failure::usage("the file that smtp_password_file names isn't text in UTF-8"))?)
        }
        None => std::env::var(SMTP_PASSWORD_VARIABLE).ok(),
    };
    let Some(text) = text else { return Ok(None) };
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains(char::is_control) {
        return Err(Failure::usage("the password for smtp_url is empty or has control characters")
            .help("write it alone, on one line"));
    }
    Ok(Some(Password::new(password)))
}

fn read(key: &str, path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    file.map_err(|error| {
        Failure::usage(format_args!("{key}: cannot read {}: {error}", path.display()))
            .help("name a file that this user may read")
    })?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::usage(format_args!("{key}: {} is longer than {bytes_max} bytes", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::value::Value;

    /// 2026-11-22T15:30:00Z
    const NOW: i64 = 1_795_361_400_000_000;

    fn plan(mailings: &str, alerts: &str) -> Result<MailPlan, String> {
        let settings = Settings {
            mailings: Value::parse(mailings).unwrap(),
            alerts: Value::parse(alerts).unwrap(),
            ..Settings::default()
        };
        MailPlan::of(&settings, NOW).map_err(|failure| failure.to_string())
    }

    #[test]
    fn mistakes_are_told_at_the_start() {
        let mailing = |more: &str| format!("[{{ name = \"w\", to = \"jo@shop.example\", {more} }}]");
        let check = |more: &str, parts: &[&str]| {
            let told = plan(&mailing(more), "").unwrap_err();
            for part in parts {
                assert!(told.contains(part), "{more}: {told}");
            }
        };
        check("view = \"/\", every = \"month\"", &["the mailing `w` has", "every = \"day\" or \"week\""]);
        check("view = \"/\", every = \"day\", at = \"8\"", &["at = \"08:00\""]);
        check("view = \"/\", every = \"day\", tz = \"Europe/Berln\"", &["did you mean Europe/Berlin"]);
        check("view = \"/events\", every = \"day\"", &["has view `/events`", "/quality, or the name of a saved view"]);
        check("view = \"/?sinc=7d\", every = \"day\"", &["has view `/?sinc=7d`", "did you mean since?"]);
        check("view = \"/?since=100y\", every = \"day\"", &["ten years"]);
        check("view = \"/?channel=phone\", every = \"day\"", &["there is no channel"]);
        let told = plan("", "[{ name = \"s\", to = \"jo@shop.example\", metric = \"contacts\", kind = \"spike\" }]")
            .unwrap_err();
        assert!(told.contains("the alert `s` can't be watched for: there is no alert on \"contacts\""), "{told}");
        let told =
            plan("", "[{ name = \"s\", to = \"jo@shop.example\", metric = \"late\", kind = \"spike\" }]").unwrap_err();
        assert!(told.contains("write contact_requests"), "{told}");
    }

    #[test]
    fn what_is_missing_is_told_and_no_password_is() {
        let with = |set: fn(&mut Settings)| {
            let mut settings = Settings {
                smtp_url: Value::parse("smtps://desk@mail.example").unwrap(),
                mail_from: Value::parse("desk@shop.example").unwrap(),
                public_url: Value::parse("https://desk.shop.example").unwrap(),
                ..Settings::default()
            };
            set(&mut settings);
            carrier(&settings).err().map(|failure| failure.to_string()).unwrap_or_default()
        };
        assert!(with(|settings| settings.smtp_url = None).contains("smtp_url isn't set"));
        assert!(with(|settings| settings.mail_from = None).contains("mail_from isn't set"));
        assert!(with(|settings| settings.public_url = None).contains("public_url isn't set"));
        assert!(with(|settings| settings.smtp_password_file = Some("/no/such/file".into())).contains("/no/such/file"));
        assert!(with(|settings| settings.smtp_password_file = Some("/dev/null".into())).contains("is empty"));
    }
}
