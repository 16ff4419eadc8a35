//! Mails made from made-up reports.

use dashboard::{AlertMail, Mail, MailedView, ViewMail, alert_mail, view_mail};
use report::{AlertReading, AlertStanding, AlertWeek, Report, ReportName, WrittenFilter};

use crate::made_up::{self, NOW};

pub(crate) fn reports(view: &MailedView, subjects: &[&str], pages: &[&str]) -> Vec<Report> {
    let made = |name: ReportName| match name {
        ReportName::Subjects => made_up::with_rows(made_up::days(name), "subject", subjects),
        ReportName::Pages => made_up::with_rows(made_up::days(name), "page", pages),
        ReportName::Referrers => made_up::with_rows(made_up::days(name), "referrer", made_up::REFERRERS),
        ReportName::Devices => made_up::with_rows(made_up::days(name), "device", &["desktop", "mobile", "tablet"]),
        ReportName::Quality => made_up::with_rows(made_up::days(name), "reason", subjects),
        name => made_up::days(name),
    };
    view.reports().iter().map(|report| made(report.name)).collect()
}

pub(crate) fn mailed(view: &str, title: Option<&str>, subjects: &[&str], pages: &[&str]) -> Mail {
    let view = MailedView::parse(view).unwrap();
    let reports = reports(&view, subjects, pages);
    let (public_url, name) = ("https://desk.shop.example", "weekly");
    view_mail(&ViewMail { view: &view, title, reports: &reports, public_url, name, now: NOW }).unwrap()
}

pub(crate) fn reading(kind: &str, value: u64, weeks: &[u64]) -> AlertReading {
    let days = ["2026-11-21", "2026-11-14", "2026-11-07", "2026-10-31"];
    let week = |(day, value): (&&str, &u64)| AlertWeek { since: format!("{day}T14:00:00+01:00"), value: *value };
    AlertReading {
        metric: "contact_requests".to_owned(),
        kind: kind.to_owned(),
        since: "2026-11-28T14:00:00+01:00".to_owned(),
        until: "2026-11-28T15:00:00+01:00".to_owned(),
        tz: "Europe/Berlin".to_owned(),
        value,
        weeks: days.iter().zip(weeks).map(week).collect(),
        usual: Some(weeks.iter().sum::<u64>() as f64 / weeks.len() as f64),
        standing: AlertStanding::Raised,
        is_over: false,
        reason: String::new(),
    }
}

pub(crate) fn alert(kind: &str, value: u64, filter: &WrittenFilter, over_since: Option<&str>) -> Mail {
    let reading = reading(kind, value, &[22, 18, 25, 20]);
    let public_url = "https://desk.shop.example";
    alert_mail(&AlertMail { name: "flood", reading: &reading, filter, over_since, public_url })
}
