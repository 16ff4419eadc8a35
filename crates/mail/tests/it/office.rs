//! The office over a clock that is moved by hand: when mails are made, what becomes of them, and alerts from begin to end.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::{Clock, ManualClock};
use async_trait::async_trait;
use mail::{
    AlertNews, Content, Due, Editor, Gate, MailAddress, MailCarrier, Mailing, Office, OfficeOptions, Schedule, Sent,
    Step, Trouble, TroubleKind, Watched,
};
use report::{AlertReading, AlertStanding};
use state::State;

/// What was sent: to whom, and the subject.
type Carried = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Default)]
struct Fake {
    /// What the server says to the next mails; then it takes them.
    says: Mutex<VecDeque<Sent>>,
    carried: Carried,
    /// Why mails can't be made.
    broken: Mutex<Option<String>>,
    standing: Mutex<Option<(AlertStanding, bool)>>,
}

#[async_trait]
impl MailCarrier for Fake {
    async fn carry(&self, _from: &MailAddress, to: &MailAddress, message: &[u8], gate: &dyn Gate) -> Sent {
        let text = String::from_utf8_lossy(message);
        let subject = text.split("Subject: ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
        self.carried.lock().unwrap().push((to.text(), subject.to_owned()));
        let says = self.says.lock().unwrap().pop_front().unwrap_or_else(|| Sent::Taken("250 OK".to_owned()));
        if !matches!(says, Sent::Later(_)) {
            assert!(gate.open().await, "it is marked before it is handed over");
            assert!(!gate.open().await, "it isn't handed over twice");
        }
        says
    }
}

#[async_trait]
impl Editor for Fake {
    async fn mailing(&self, name: &str, due: &Due) -> Result<Content, String> {
        match self.broken.lock().unwrap().clone() {
            Some(error) => Err(error),
            None => Ok(content(&format!("{name} {}", due.date))),
        }
    }

    async fn reading(&self, _name: &str) -> Result<AlertReading, String> {
        let (standing, is_over) = self.standing.lock().unwrap().ok_or("days are being counted")?;
        Ok(AlertReading {
            metric: "contact_requests".to_owned(),
            kind: "spike".to_owned(),
            since: String::new(),
            until: String::new(),
            tz: "UTC".to_owned(),
            value: 60,
            weeks: Vec::new(),
            usual: Some(20.0),
            standing,
            is_over,
            reason: String::new(),
        })
    }

    fn alert(&self, name: &str, _reading: &AlertReading, news: AlertNews) -> Content {
        content(&format!("{name} {}", if news == AlertNews::Begun { "begun" } else { "over" }))
    }
}

fn content(subject: &str) -> Content {
    Content { subject: subject.to_owned(), text: "text".to_owned(), html: "<p>html</p>".to_owned() }
}

struct Rig {
    data: tempfile::TempDir,
    clock: Arc<ManualClock>,
    fake: Arc<Fake>,
    to: Vec<&'static str>,
    office: Option<(Office, State)>,
}

fn micros(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
}

impl Rig {
    async fn at(now: &str) -> Rig {
        let clock = Arc::new(ManualClock::at(micros(now)));
        let mut rig = Rig {
            data: tempfile::tempdir().unwrap(),
            clock,
            fake: Arc::default(),
            to: vec!["jo@shop.example"],
            office: None,
        };
        *rig.fake.standing.lock().unwrap() = Some((AlertStanding::Quiet, false));
        rig.start().await;
        rig
    }

    /// Starts the office, after a stop or a crash.
    async fn start(&mut self) {
        if let Some((office, state)) = self.office.take() {
            drop(office);
            state.close().await;
        }
        let data: &Path = self.data.path();
        let state = State::open(data, self.clock.clone()).await.unwrap();
        let to = || self.to.iter().map(|to| MailAddress::parse(to).unwrap()).collect();
        let zone = "Europe/Berlin".parse().unwrap();
        let options = OfficeOptions {
            mailings: vec![Mailing {
                name: "daily".to_owned(),
                to: to(),
                schedule: Schedule::parse("day", "08:00", zone).unwrap(),
            }],
            alerts: vec![Watched { name: "flood".to_owned(), to: to() }],
            from: MailAddress::parse("desk@shop.example").unwrap(),
        };
        let office = Office::new(options, state.clone(), self.clock.clone(), self.fake.clone(), self.fake.clone());
        office.recover().await.unwrap();
        self.office = Some((office, state));
    }

    fn office(&self) -> &Office {
        &self.office.as_ref().unwrap().0
    }

    /// Lets time pass, a turn each minute.
    async fn pass(&self, minutes: u64) {
        for _ in 0..minutes {
            self.clock.advance(Duration::from_secs(60));
            self.office().turn().await.unwrap();
        }
    }

    /// Goes to an instant at once, and does one turn there.
    async fn jump(&self, to: &str) {
        let ahead = micros(to) - self.clock.now_micros();
        self.clock.advance(Duration::from_micros(ahead.unsigned_abs()));
        self.office().turn().await.unwrap();
    }

    /// What was sent since the last look.
    fn sent(&self) -> Vec<String> {
        self.fake.carried.lock().unwrap().drain(..).map(|(_, subject)| subject).collect()
    }

    fn say(&self, says: &[Sent]) {
        self.fake.says.lock().unwrap().extend(says.iter().cloned());
    }
}

fn trouble(step: Step, kind: TroubleKind) -> Trouble {
    Trouble { step, kind, said: "550 <jo@shop.example> unknown".to_owned() }
}

#[tokio::test]
async fn a_mail_is_sent_once_a_day_and_not_for_the_time_before() {
    // 10:30 in Berlin: what was due at 8 isn't sent by a server that wasn't there.
    let mut rig = Rig::at("2026-11-22T09:30:00Z").await;
    rig.pass(3).await;
    assert_eq!(rig.sent(), [""; 0]);
    rig.jump("2026-11-23T06:59:59Z").await;
    assert_eq!(rig.sent(), [""; 0]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.pass(5).await;
    assert_eq!(rig.sent(), ["daily 2026-11-23"]);
    rig.start().await;
    rig.pass(5).await;
    assert_eq!(rig.sent(), [""; 0], "a restart sends it no second time");
    // A stop of days: the newest only.
    rig.clock.advance(Duration::from_secs(4 * 24 * 3_600));
    rig.start().await;
    rig.pass(2).await;
    assert_eq!(rig.sent(), ["daily 2026-11-27"]);
}

#[tokio::test]
async fn days_of_23_and_25_hours_have_one_mail() {
    let rig = Rig::at("2026-03-28T12:00:00Z").await;
    for (now, expect) in [
        ("2026-03-29T05:59:00Z", None),
        ("2026-03-29T06:00:00Z", Some("daily 2026-03-29")),
        ("2026-03-30T05:59:00Z", None),
        ("2026-03-30T06:00:00Z", Some("daily 2026-03-30")),
        ("2026-10-25T06:59:00Z", Some("daily 2026-10-24")),
        ("2026-10-25T07:00:00Z", Some("daily 2026-10-25")),
        ("2026-10-26T06:59:00Z", None),
        ("2026-10-26T07:00:00Z", Some("daily 2026-10-26")),
    ] {
        rig.jump(now).await;
        assert_eq!(rig.sent(), Vec::from_iter(expect), "{now}");
    }
}

#[tokio::test]
async fn a_clock_that_steps_sends_nothing_twice() {
    let rig = Rig::at("2026-11-22T09:30:00Z").await;
    rig.jump("2026-11-23T07:00:00Z").await;
    assert_eq!(rig.sent(), ["daily 2026-11-23"]);
    for step in ["2026-11-22T10:00:00Z", "2026-11-23T06:59:00Z", "2026-11-23T07:00:00Z"] {
        rig.clock.set(micros(step));
        rig.pass(2).await;
        assert_eq!(rig.sent(), [""; 0], "{step}");
    }
    // Years ahead and back: the next day is the next day.
    rig.clock.set(micros("2031-01-01T12:00:00Z"));
    rig.pass(1).await;
    assert_eq!(rig.sent(), ["daily 2031-01-01"]);
    rig.clock.set(micros("2026-11-24T06:59:00Z"));
    rig.pass(2).await;
    assert_eq!(rig.sent(), ["daily 2026-11-24"]);
}

#[tokio::test]
async fn a_server_that_first_saw_a_wrong_clock_sends_all_the_same() {
    let mut rig = Rig::at("2031-01-01T12:00:00Z").await;
    rig.clock.set(micros("2026-11-23T06:00:00Z"));
    rig.start().await;
    rig.jump("2026-11-23T07:00:00Z").await;
    assert_eq!(rig.sent(), ["daily 2026-11-23"]);
}

#[tokio::test]
async fn what_was_not_taken_is_tried_again_with_growing_pauses() {
    let mut rig = Rig::at("2026-11-23T06:00:00Z").await;
    let away = Sent::Later(trouble(Step::Connect, TroubleKind::Cut));
    rig.say(&[away.clone(), away.clone(), away.clone()]);
    rig.jump("2026-11-23T07:00:00Z").await;
    let remarks = rig.office().standing().remarks();
    assert_eq!(remarks, ["1 mail waits and is tried again: the connection failed while connecting"]);
    assert_eq!(rig.sent().len(), 1);
    // After 1, 2 and 4 minutes, over a restart too.
    let mut tries = Vec::new();
    for minute in 1..=12 {
        if minute == 2 {
            rig.start().await;
        }
        rig.pass(1).await;
        tries.extend(rig.sent().iter().map(|_| minute));
    }
    assert_eq!(tries, [1, 3, 7]);
    assert_eq!(rig.office().standing().remarks(), [""; 0]);
    assert_eq!(rig.office().standing().sent, 1);
}

#[tokio::test]
async fn a_clock_that_was_wrong_puts_no_mail_off_for_ever() {
    let rig = Rig::at("2026-11-23T06:00:00Z").await;
    rig.say(&[Sent::Later(trouble(Step::Connect, TroubleKind::Cut))]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.clock.set(micros("2026-11-22T07:30:00Z"));
    rig.pass(1).await;
    assert_eq!(rig.sent().len(), 2, "tried, and again");
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_is_told() {
    let rig = Rig::at("2026-11-23T06:00:00Z").await;
    rig.say(&[Sent::Refused(trouble(Step::Recipient, TroubleKind::Said(550)))]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.pass(120).await;
    assert_eq!(rig.sent().len(), 1);
    let remarks = rig.office().standing().remarks();
    assert_eq!(remarks, ["1 mail of the last 7 days not delivered, or not known to be"]);
    assert!(
        !format!("{:?}", rig.office().standing()).contains("jo@"),
        "no address, not in what the server said either"
    );
}

#[tokio::test]
async fn a_mail_is_given_up_after_a_day() {
    let rig = Rig::at("2026-11-23T06:00:00Z").await;
    rig.say(&vec![Sent::Later(trouble(Step::Recipient, TroubleKind::Said(450))); 40]);
    rig.jump("2026-11-23T07:00:00Z").await;
    // By hours, so that the next day's mail isn't due yet.
    for _ in 0..(22 * 6) {
        rig.clock.advance(Duration::from_secs(600));
        rig.office().turn().await.unwrap();
    }
    let tries = rig.sent().len();
    assert!((20..30).contains(&tries), "{tries}");
    for _ in 0..(8 * 6) {
        rig.clock.advance(Duration::from_secs(600));
        rig.office().turn().await.unwrap();
    }
    let first = rig.sent().iter().filter(|subject| *subject == "daily 2026-11-23").count();
    assert_eq!(tries + first, 30);
    assert_eq!(rig.office().standing().counts.undelivered, 1);
}

#[tokio::test]
async fn a_mail_of_which_nothing_is_known_is_not_sent_again() {
    let rig = Rig::at("2026-11-23T06:00:00Z").await;
    rig.say(&[Sent::Unknown(trouble(Step::Message, TroubleKind::Cut))]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.pass(90).await;
    assert_eq!(rig.sent().len(), 1);
    assert_eq!(rig.office().standing().counts.undelivered, 1);
}

#[tokio::test]
async fn each_recipient_has_a_mail_of_his_own() {
    let mut rig = Rig::at("2026-11-23T06:00:00Z").await;
    rig.to = vec!["jo@shop.example", "Al <al@shop.example>", "gone@shop.example"];
    rig.start().await;
    rig.say(&[
        Sent::Taken(String::new()),
        Sent::Later(trouble(Step::Recipient, TroubleKind::Said(450))),
        Sent::Refused(trouble(Step::Recipient, TroubleKind::Said(550))),
    ]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.pass(10).await;
    let mut carried: Vec<String> = rig.fake.carried.lock().unwrap().drain(..).map(|(to, _)| to).collect();
    carried.sort();
    assert_eq!(carried.len(), 4, "{carried:?}: one was tried twice");
    assert_eq!(rig.office().standing().sent, 2);
}

#[tokio::test]
async fn a_mail_that_cannot_be_made_is_tried_again() {
    let rig = Rig::at("2026-11-23T06:00:00Z").await;
    *rig.fake.broken.lock().unwrap() = Some("31 of 97 days are ready".to_owned());
    *rig.fake.standing.lock().unwrap() = None;
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.pass(2).await;
    assert_eq!(
        rig.office().standing().remarks(),
        [
            "the mail \"daily\" can't be made and is tried again: 31 of 97 days are ready",
            "the alert \"flood\" can't be read and is tried again: days are being counted"
        ]
    );
    *rig.fake.broken.lock().unwrap() = None;
    rig.pass(10).await;
    assert_eq!(rig.sent(), ["daily 2026-11-23"]);
}

#[tokio::test]
async fn an_alert_is_told_when_it_begins_and_when_it_is_over() {
    let mut rig = Rig::at("2026-11-23T12:00:00Z").await;
    let set = |rig: &Rig, standing, is_over| *rig.fake.standing.lock().unwrap() = Some((standing, is_over));
    set(&rig, AlertStanding::Unknown, false);
    rig.pass(20).await;
    set(&rig, AlertStanding::Quiet, true);
    rig.pass(20).await;
    assert_eq!(rig.sent(), [""; 0]);
    set(&rig, AlertStanding::Raised, false);
    rig.pass(60).await;
    assert_eq!(rig.sent(), ["flood begun"]);
    assert_eq!(rig.office().standing().raised(), 1);
    // Neither a restart nor what is between says it again.
    rig.start().await;
    rig.pass(20).await;
    set(&rig, AlertStanding::Quiet, false);
    rig.pass(20).await;
    set(&rig, AlertStanding::Unknown, false);
    rig.pass(20).await;
    set(&rig, AlertStanding::Raised, false);
    rig.pass(20).await;
    assert_eq!(rig.sent(), [""; 0]);
    set(&rig, AlertStanding::Quiet, true);
    rig.pass(60).await;
    assert_eq!(rig.sent(), ["flood over"]);
    assert!(rig.office().standing().alerts.alerts["flood"].raised_at.is_none());
    set(&rig, AlertStanding::Raised, false);
    rig.pass(10).await;
    assert_eq!(rig.sent(), ["flood begun"]);
}

#[tokio::test]
async fn an_alarm_of_which_nothing_is_known_is_sent_again() {
    let rig = Rig::at("2026-11-23T12:00:00Z").await;
    *rig.fake.standing.lock().unwrap() = Some((AlertStanding::Raised, false));
    rig.say(&[Sent::Unknown(trouble(Step::Message, TroubleKind::Cut))]);
    rig.pass(10).await;
    assert_eq!(rig.sent(), ["flood begun", "flood begun"]);
}

/// A crash between the mark and the server's answer.
#[tokio::test]
async fn what_a_crash_interrupts_is_settled() {
    let mut rig = Rig::at("2026-11-23T06:00:00Z").await;
    let interrupted = |state: State| async move {
        let due = state::mailings::due(&state, i64::MAX, 10).await.unwrap();
        for delivery in &due {
            assert!(state::mailings::attempt(&state, delivery).await.unwrap());
            assert!(state::mailings::hand_over(&state, delivery).await.unwrap());
            assert!(!state::mailings::attempt(&state, delivery).await.unwrap(), "it isn't begun twice");
        }
        due.len()
    };
    let away = Sent::Later(trouble(Step::Connect, TroubleKind::Cut));
    *rig.fake.standing.lock().unwrap() = Some((AlertStanding::Raised, false));
    // Who doesn't answer isn't asked once for each mail.
    rig.say(&[away]);
    rig.jump("2026-11-23T07:00:00Z").await;
    rig.clock.advance(Duration::from_secs(90));
    rig.sent();
    let state = rig.office.as_ref().unwrap().1.clone();
    assert_eq!(interrupted(state).await, 2);
    rig.start().await;
    rig.pass(5).await;
    assert_eq!(rig.sent(), ["flood begun"], "the mail of a view isn't sent twice, the alarm is");
    assert_eq!(rig.office().standing().counts.undelivered, 1);
}
