//! Every page, drawn from made-up reports.

use dashboard::{
    Chat, CollectedSchema, Context, Counted, DemoData, Events, Failed, KeptNote, KeptShare, KeptView, LoginForm,
    Outline, Overview, Page, Quality, SLOW_FOR_PAGES, SLOW_FOR_REFERRERS, Saved, Schemas, Shared, SharedNow, Sql,
    SqlOutcome, SqlRows, Standing, Story, StoryReject, StoryTimes, View, Wrong,
};
use report::{
    Annotation, Collected, Device, EventDetails, EventLine, EventList, EventsRequest, FilledColumn, INTERNAL_REFERRER,
    RejectLine, Report, ReportName, ReportPeriod, ShownValues, Zone,
};
use schemas::Corpus;
use xdm::Composition;

use crate::made_up::{self, NOW};

/// A page as it is for these parameters.
pub(crate) fn with_context(page: Page, parameters: &[(&str, &str)], draw: impl Fn(&Context<'_>) -> String) -> String {
    let view = View::parse(parameters.iter().copied());
    draw(&Context {
        page,
        view: &view,
        now: NOW,
        origin: "http://127.0.0.1:8080",
        is_signed_in: false,
        kept: Some(&[kept(page, "Monday's numbers"), kept(page, "The shop & the rest")]),
        standing: None,
        demo: None,
        shared: None,
        is_file: false,
    })
}

/// The same as whoever has a link sees it.
pub(crate) fn with_link(
    page: Page,
    parameters: &[(&str, &str)],
    label: &str,
    draw: impl Fn(&Context<'_>) -> String,
) -> String {
    let view = View::parse(parameters.iter().copied());
    let shared = Some(Shared { label, until: NOW + 30 * 86_400_000_000 });
    draw(&Context {
        page,
        view: &view,
        now: NOW,
        origin: "",
        is_signed_in: false,
        kept: None,
        standing: None,
        demo: None,
        shared,
        is_file: false,
    })
}

fn kept(page: Page, name: &str) -> KeptView {
    KeptView { id: 1, name: name.to_owned(), page, query: "since=7d".to_owned(), made_by: Some("jo".to_owned()) }
}

/// What was saved, with these names.
fn saved(names: &[&str]) -> String {
    let views: Vec<KeptView> = names.iter().map(|name| kept(Page::Chat, name)).collect();
    let standing = [SharedNow::Open, SharedNow::Expired, SharedNow::Revoked, SharedNow::KeyGone];
    let share = |(now, name): (SharedNow, &&str)| KeptShare {
        id: "abcdefgh".to_owned(),
        label: (*name).to_owned(),
        page: Page::Overview,
        query: "since=30d&channel=chat".to_owned(),
        made_by: None,
        until: NOW + 30 * 86_400_000_000,
        now,
    };
    let shares: Vec<KeptShare> = std::iter::zip(standing, names).map(share).collect();
    let note = |name: &&str| KeptNote {
        id: 7,
        at: "2026-11-25".to_owned(),
        text: (*name).to_owned(),
        datastream: Some((*name).to_owned()),
        made_by: Some((*name).to_owned()),
    };
    let notes: Vec<KeptNote> = names.iter().map(note).collect();
    dashboard::saved(&Saved { views: &views, shares: &shares, notes: &notes, is_signed_in: true })
}

/// A character in a text of JSON.
fn escaped(letter: char) -> String {
    match letter {
        '"' | '\\' => format!("\\{letter}"),
        letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    }
}

/// Rejected events whose id, place and message are these texts.
fn rejected(texts: &[&str]) -> Vec<RejectLine> {
    let line = |(reason, text): (&str, &&str)| RejectLine {
        received_at: "2026-11-28T11:59:01Z".to_owned(),
        reject_id: "0190a1b2-0000-4000-8000-00000000abcd".to_owned(),
        kind: "invalid".to_owned(),
        keyword: Some(reason.to_owned()),
        pointer: Some(format!("/{text}")),
        event_id: Some((*text).to_owned()),
        violations: Some(format!("[{{\"message\":\"{}\"}}]", text.chars().map(escaped).collect::<String>())),
        ..RejectLine::default()
    };
    std::iter::zip(["required", "format", "maximum", "type"], texts).map(line).collect()
}

/// The pages by name, with these subjects and pages in their lists.
pub(crate) fn all(subjects: &[&str], pages: &[&str], parameters: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let noted = subjects.first().copied().unwrap_or_default();
    let report = |name| {
        let text = noted.to_owned();
        Report { annotations: vec![Annotation { id: 1, at: "2026-11-25".to_owned(), text }], ..made_up::days(name) }
    };
    let (names, label) = (subjects.to_vec(), noted);
    let rows = made_up::with_rows;
    let events_of = subjects.to_vec();
    let (events, story) = (events(subjects, pages, parameters), story(subjects));
    let subjects = rows(report(ReportName::Subjects), "subject", subjects);
    let referrers: Vec<&str> = [&[INTERNAL_REFERRER], made_up::REFERRERS, pages].concat();
    let referrers =
        rows(report(ReportName::Referrers), "referrer", &referrers[..made_up::REFERRERS.len().max(pages.len())]);
    let devices = rows(report(ReportName::Devices), "device", &Device::ALL.map(Device::name));
    let pages = rows(report(ReportName::Pages), "page", pages);
    let quality = rows(report(ReportName::Quality), "reason", &["required", "format", "maximum", "type"]);
    vec![
        ("overview", overview(&report(ReportName::Overview), [&subjects, &pages, &referrers, &devices], parameters)),
        (
            "chat",
            with_context(Page::Chat, parameters, |context| {
                dashboard::chat(context, &Chat { chat: &report(ReportName::Chat) })
            }),
        ),
        ("subjects", with_context(Page::Subjects, parameters, |context| dashboard::subjects(context, &subjects))),
        ("pages", with_context(Page::Pages, parameters, |context| dashboard::pages(context, &pages))),
        ("referrers", with_context(Page::Referrers, parameters, |context| dashboard::referrers(context, &referrers))),
        ("devices", with_context(Page::Devices, parameters, |context| dashboard::devices(context, &devices))),
        (
            "quality",
            with_context(Page::Quality, parameters, |context| {
                let standing = Standing { rejected: rejected(&names), ..Standing::default() };
                let context = Context { standing: Some(&standing), ..*context };
                dashboard::quality(&context, &Quality { quality: &quality })
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
        ("saved", saved(&names)),
        (
            "shared",
            with_link(Page::Chat, parameters, label, |context| {
                dashboard::chat(context, &Chat { chat: &report(ReportName::Chat) })
            }),
        ),
        ("link-failed", dashboard::link_failed("This link is over", "ask whoever has sent it for a new one")),
        ("empty", empty(parameters, None)),
        (
            "offered",
            empty(parameters, Some(&DemoData::Offered { events: 20_000, days: 30, failed: Some(label.to_owned()) })),
        ),
        ("loading", empty(parameters, Some(&DemoData::Loading { loaded: 4_000, of: 20_000 }))),
        ("loaded", empty(parameters, Some(&DemoData::Loaded { accepted: 19_900, rejected: 100 }))),
        ("stopped", empty(parameters, Some(&DemoData::Stopped { loaded: 4_000, of: 20_000, why: label.to_owned() }))),
        ("schemas", schemas(&events_of, parameters)),
        ("counting", counting(parameters)),
        ("sql", sql(&events_of)),
        ("events", events),
        ("story", story),
        (
            "login",
            dashboard::login(&LoginForm {
                to: "/chat?a=\"b\"",
                refused: Some("This key was revoked."),
                is_in_clear: true,
            }),
        ),
        ("link", dashboard::followed_link("/chat?since=7d")),
        (
            "failed",
            dashboard::failed(&Failed {
                status: 503,
                title: "The server failed",
                detail: "wait <a bit>",
                again: Some("/chat"),
                again_s: Some(5),
                is_signed_in: true,
            }),
        ),
    ]
}

fn overview(overview: &Report, lists: [&Report; 4], parameters: &[(&str, &str)]) -> String {
    overview_beside(overview, &made_up::days(ReportName::Chat), lists, parameters)
}

/// Pages with charts over time, of so many days or hours.
pub(crate) fn of_many(by: &str, parts: i64) -> [(&'static str, String); 3] {
    let many = |name| made_up::many(name, by, parts);
    let list = |name, by, values: &[&str]| made_up::with_rows(many(name), by, values);
    let subjects = list(ReportName::Subjects, "subject", made_up::SUBJECTS);
    let pages = list(ReportName::Pages, "page", made_up::PAGES);
    let referrers = list(ReportName::Referrers, "referrer", made_up::REFERRERS);
    let devices = list(ReportName::Devices, "device", &Device::ALL.map(Device::name));
    let quality = list(ReportName::Quality, "reason", &["required", "format", "maximum", "type"]);
    let (requests, chats) = (many(ReportName::Overview), many(ReportName::Chat));
    let parameters = [("since", "2026-01-01"), ("tz", "Europe/Berlin"), ("by", by)];
    [
        ("overview", overview_beside(&requests, &chats, [&subjects, &pages, &referrers, &devices], &parameters)),
        ("chat", with_context(Page::Chat, &parameters, |context| dashboard::chat(context, &Chat { chat: &chats }))),
        (
            "quality",
            with_context(Page::Quality, &parameters, |context| {
                let standing = Standing { rejected: rejected(made_up::SUBJECTS), ..Standing::default() };
                let context = Context { standing: Some(&standing), ..*context };
                dashboard::quality(&context, &Quality { quality: &quality })
            }),
        ),
    ]
}

fn overview_beside(overview: &Report, chat: &Report, lists: [&Report; 4], parameters: &[(&str, &str)]) -> String {
    with_context(Page::Overview, parameters, |context| {
        let hours = made_up::hours();
        let [subjects, pages, referrers, devices] = lists;
        // As the server asks for them.
        let unless = |kinds, report| (!context.view.is_filtered_by(kinds)).then_some(report);
        let data = Overview {
            overview,
            chat,
            hours: Some(&hours),
            subjects: unless(SLOW_FOR_PAGES, subjects),
            pages: unless(SLOW_FOR_PAGES, pages),
            referrers: unless(SLOW_FOR_REFERRERS, referrers),
            devices,
        };
        dashboard::overview(context, &data)
    })
}

fn empty(parameters: &[(&str, &str)], demo: Option<&DemoData>) -> String {
    with_context(Page::Overview, parameters, |context| {
        let nothing = made_up::nothing;
        let [subjects, pages, referrers] =
            [ReportName::Subjects, ReportName::Pages, ReportName::Referrers].map(nothing);
        let [overview, chat, devices] = [ReportName::Overview, ReportName::Chat, ReportName::Devices].map(nothing);
        let data = Overview {
            overview: &overview,
            chat: &chat,
            hours: None,
            subjects: Some(&subjects),
            pages: Some(&pages),
            referrers: Some(&referrers),
            devices: &devices,
        };
        dashboard::overview(&Context { demo, ..*context }, &data)
    })
}

fn lines(subjects: &[&str], pages: &[&str]) -> Vec<EventLine> {
    let line = |(place, (subject, page)): (usize, (&&str, &&str))| EventLine {
        time: format!("2026-11-28T12:{:02}:07.5Z", 59 - place % 60),
        id: format!("{subject}-{place}"),
        visitor: Some(format!("{:016x}", place * 7_919 + 400_000)),
        session: (place % 3 == 0).then(|| format!("C{}", 1_000 + place)),
        channel: Some(["chat", "call", "text", "email", "direct_message"][place % 5].to_owned()),
        contact_requests: Some(1),
        subject: Some((*subject).to_owned()),
        page: Some((*page).to_owned()),
        event_type: Some("web.webInteraction.linkClicks".to_owned()),
        datastream: Some("web".to_owned()),
        received_at: "2026-11-28T12:40:08Z".to_owned(),
        derived: (place % 5 == 1).then(|| "clickToCall".to_owned()),
        late: Some(place == 2),
        ..EventLine::default()
    };
    std::iter::zip(subjects, pages.iter().cycle()).enumerate().map(line).collect()
}

fn events(subjects: &[&str], pages: &[&str], parameters: &[(&str, &str)]) -> String {
    // A span that can't be read has no list.
    let request = EventsRequest::parse([("since", "7d"), ("find", subjects[0])], Zone::UTC, NOW).unwrap();
    let list = EventList {
        stored: lines(subjects, pages),
        before: Some("2026-11-28T12:00:00Z~a".to_owned()),
        ..EventList::default()
    };
    with_context(Page::Events, parameters, |context| {
        dashboard::events(context, &Events { request: &request, list: &list, is_event: true })
    })
}

fn story(texts: &[&str]) -> String {
    let details = EventDetails {
        line: lines(texts, texts).remove(1),
        sent: format!("{{\n  \"subject\": {:?}\n}}", texts[1]),
        undeclared: "{\n  \"loyalty\": \"gold\"\n}".to_owned(),
        sealed_bytes: 34,
        request_id: Some(texts[0].to_owned()),
        is_cut: false,
    };
    let reject = StoryReject {
        reject_id: "0190a1b2-0000-4000-8000-00000000abcd",
        kind: "invalid",
        received_at: "2026-11-28T12:40:08Z",
        violations: vec![["/customerFeedback/chatStart", "type", texts[0]]],
    };
    dashboard::story(&Story {
        id: texts[0],
        stored: Some(StoryTimes { time: "2026-11-28T12:40:07Z", received_at: "2026-11-28T12:40:08Z", duplicates: 1 }),
        details: Some(&details),
        rejects: vec![reject],
        rejects_more: 3,
        is_signed_in: true,
    })
}

/// The schema of the contact event, whole, and one more.
fn collected() -> Vec<CollectedSchema> {
    let plan = xdm::standard_plan();
    let outline = ::schemas::outline(&Corpus::bundled(), &Composition::contact_event(), plan.layout()).unwrap();
    let other = Outline { id: "https://shop.example/schemas/contact".to_owned(), ..outline.clone() };
    vec![
        CollectedSchema { outline, datastreams: Vec::new() },
        CollectedSchema { outline: other, datastreams: vec!["web".to_owned(), "app".to_owned()] },
    ]
}

fn period() -> ReportPeriod {
    made_up::days(ReportName::Overview).period
}

fn schemas(texts: &[&str], parameters: &[(&str, &str)]) -> String {
    let schemas = collected();
    let columns = std::iter::zip(0u64.., schemas[0].columns()).map(|(place, column)| {
        let filled = if place % 3 == 0 { 0 } else { 1_942 - place % 1_900 };
        let shown = match &column.values {
            ShownValues::None => Vec::new(),
            ShownValues::Flags => vec!["true".to_owned(), "false".to_owned()],
            ShownValues::Small => vec!["1".to_owned(), "0".to_owned()],
            ShownValues::Listed(texts) => texts.iter().take(3).cloned().collect(),
        };
        let values = std::iter::zip(shown, [filled / 2, filled / 4, filled / 8]).filter(|_| filled > 0).collect();
        FilledColumn { path: column.path, filled, values, others: filled / 16 }
    });
    let collected =
        Collected { events: 1_942, columns: columns.collect(), has_more_undeclared: true, ..Collected::default() };
    let undeclared: Vec<(String, u64)> = texts.iter().map(|text| (format!("/{text}"), 97)).collect();
    let counted = Counted::Known {
        collected: &collected,
        undeclared: &undeclared,
        since: Some("2026-11-26T00:00:00Z"),
        older: None,
    };
    with_context(Page::Schemas, parameters, |context| {
        dashboard::schemas(context, &Schemas { schemas: &schemas, shown: 0, period: period(), counted })
    })
}

fn counting(parameters: &[(&str, &str)]) -> String {
    let schemas = collected();
    with_context(Page::Schemas, parameters, |context| {
        let counted = Counted::NotYet;
        dashboard::schemas(context, &Schemas { schemas: &schemas[..1], shown: 0, period: period(), counted })
    })
}

fn sql(texts: &[&str]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let csv: String =
        texts.iter().enumerate().map(|(place, text)| format!("{},{}\n", quoted(text), place * 7 % 31)).collect();
    let rows = SqlRows::read(&format!("subject,requests\n{csv}"), 0);
    let query = format!("select subject, count(*) as requests\nfrom contacts -- {}", texts[0]);
    dashboard::sql(&Sql {
        query: &query,
        outcome: SqlOutcome::Rows(&rows),
        tables: &report::sql_tables(),
        is_signed_in: false,
    })
}
