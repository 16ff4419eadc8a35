//! Every page, drawn from made-up reports.

use dashboard::{Chat, Context, Overview, Page, Quality, View, Wrong};
use report::{Report, ReportName};

use crate::made_up::{self, NOW};

/// A page as it is for these parameters.
pub(crate) fn with_context(page: Page, parameters: &[(&str, &str)], draw: impl Fn(&Context<'_>) -> String) -> String {
    let view = View::parse(parameters.iter().copied());
    draw(&Context { page, view: &view, now: NOW, origin: "http://127.0.0.1:8080", is_signed_in: false })
}

/// The pages by name, with these subjects and pages in their lists.
pub(crate) fn all(subjects: &[&str], pages: &[&str], parameters: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let report = made_up::days;
    let rows = made_up::with_rows;
    let subjects = rows(report(ReportName::Subjects), "subject", subjects);
    let pages = rows(report(ReportName::Pages), "page", pages);
    let quality = rows(report(ReportName::Quality), "reason", &["required", "format", "maximum", "type"]);
    vec![
        ("overview", overview(&report(ReportName::Overview), &subjects, &pages, parameters)),
        (
            "chat",
            with_context(Page::Chat, parameters, |context| {
                dashboard::chat(context, &Chat { chat: &report(ReportName::Chat) })
            }),
        ),
        ("subjects", with_context(Page::Subjects, parameters, |context| dashboard::subjects(context, &subjects))),
        ("pages", with_context(Page::Pages, parameters, |context| dashboard::pages(context, &pages))),
        (
            "quality",
            with_context(Page::Quality, parameters, |context| {
                dashboard::quality(context, &Quality { quality: &quality })
            }),
        ),
        (
            "wrong",
            with_context(Page::Overview, parameters, |context| {
                dashboard::wrong(
                    context,
                    Wrong::Asked,
                    "there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin?",
                )
            }),
        ),
        ("empty", empty(parameters)),
    ]
}

fn overview(overview: &Report, subjects: &Report, pages: &Report, parameters: &[(&str, &str)]) -> String {
    with_context(Page::Overview, parameters, |context| {
        let chat = made_up::days(ReportName::Chat);
        let hours = made_up::hours();
        dashboard::overview(context, &Overview { overview, chat: &chat, hours: Some(&hours), subjects, pages })
    })
}

fn empty(parameters: &[(&str, &str)]) -> String {
    with_context(Page::Overview, parameters, |context| {
        let [overview, chat, subjects, pages] =
            [ReportName::Overview, ReportName::Chat, ReportName::Subjects, ReportName::Pages].map(made_up::nothing);
        let data = Overview { overview: &overview, chat: &chat, hours: None, subjects: &subjects, pages: &pages };
        dashboard::overview(context, &data)
    })
}
