//! Mails: one of a period, what becomes of each delivery, and what is forgotten.

use state::State;
use state::mailings::{self, Counts, MailKind, NewMail, Outcome};

use crate::{NOW, clock};

const HOUR: i64 = 3_600_000_000;

fn mail<'a>(kind: MailKind, period: &'a str, recipients: &'a [String]) -> NewMail<'a> {
    NewMail { kind, name: "weekly", period, subject: "s", text: "the text", html: "<p>the text</p>", recipients }
}

fn recipients(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("jo{number}@shop.example")).collect()
}

#[tokio::test]
async fn there_is_one_mail_of_a_period() {
    let data = tempfile::tempdir().expect("a directory");
    let clock = clock();
    let state = State::open(data.path(), clock.clone()).await.expect("it opens");
    let two = recipients(2);
    let put = async |period: &str| mailings::put(&state, mail(MailKind::Mailing, period, &two)).await.expect("kept");
    assert_eq!((put("2026-11-23").await, put("2026-11-23").await, put("2026-11-24").await), (true, false, true));
    assert!(mailings::has_mail(&state, MailKind::Mailing, "weekly", "2026-11-23").await.expect("read"));
    assert!(!mailings::has_mail(&state, MailKind::AlertBegun, "weekly", "2026-11-23").await.expect("read"));
    let due = mailings::due(&state, HOUR, 10).await.expect("read");
    assert_eq!(due.len(), 4);
    assert_eq!((due[0].recipient.as_str(), due[0].text.as_str()), ("jo0@shop.example", "the text"));
    let counts = async || mailings::counts(&state, NOW).await.expect("read");
    assert_eq!(counts().await, Counts { waiting: 4, retried: 0, undelivered: 0 });
    for (delivery, outcome) in
        due.iter().zip([Outcome::Sent, Outcome::Refused, Outcome::Again(NOW + HOUR), Outcome::Sent])
    {
        assert!(mailings::attempt(&state, delivery).await.expect("counted"));
        mailings::finish(&state, delivery, outcome).await.expect("kept");
    }
    assert_eq!(counts().await, Counts { waiting: 1, retried: 1, undelivered: 1 });
    assert!(mailings::due(&state, HOUR, 10).await.expect("read").is_empty());
    // A clock that goes back further than any pause is long.
    clock.set(NOW - 2 * HOUR);
    assert_eq!(mailings::due(&state, HOUR, 10).await.expect("read").len(), 1);
    clock.set(NOW + HOUR);
    let [last] = mailings::due(&state, HOUR, 10).await.expect("read").try_into().expect("one");
    assert_eq!((last.attempts, last.text.as_str()), (1, "the text"));
    mailings::finish(&state, &last, Outcome::GivenUp).await.expect("kept");
    // What was done is remembered; what the mails said isn't.
    assert!(!put("2026-11-23").await);
    state.close().await;
    let bytes = std::fs::read(data.path().join(state::STATE_FILE)).expect("readable");
    assert!(!bytes.windows(8).any(|window| window == b"the text"), "it is deleted, from the file too");
    let state = State::open(data.path(), clock).await.expect("it opens");
    assert_eq!(mailings::forget(&state, NOW).await.expect("forgotten"), 0);
    assert_eq!(mailings::forget(&state, NOW + 1).await.expect("forgotten"), 2);
    assert_eq!(mailings::counts(&state, 0).await.expect("read"), Counts::default(), "deliveries go with their mail");
}

#[tokio::test]
async fn an_alert_is_raised_and_ended_once_with_its_mail() {
    let data = tempfile::tempdir().expect("a directory");
    let state = crate::open(data.path()).await;
    let one = recipients(1);
    let turn = async |kind, period| mailings::turn(&state, mail(kind, period, &one)).await.expect("kept");
    assert!(!turn(MailKind::AlertOver, "1").await, "what hasn't begun doesn't end");
    assert_eq!(mailings::raised_at(&state, "weekly").await.expect("read"), None);
    assert_eq!((turn(MailKind::AlertBegun, "2").await, turn(MailKind::AlertBegun, "3").await), (true, false));
    assert_eq!(mailings::raised_at(&state, "weekly").await.expect("read"), Some(NOW));
    assert_eq!((turn(MailKind::AlertOver, "4").await, turn(MailKind::AlertOver, "5").await), (true, false));
    assert_eq!(mailings::raised_at(&state, "weekly").await.expect("read"), None);
    assert_eq!(mailings::due(&state, HOUR, 10).await.expect("read").len(), 2);
}

#[tokio::test]
async fn a_mailing_is_known_from_when_it_was_seen_first() {
    let data = tempfile::tempdir().expect("a directory");
    let clock = clock();
    let state = State::open(data.path(), clock.clone()).await.expect("it opens");
    let seen = async || mailings::first_seen(&state, "weekly").await.expect("read");
    assert_eq!(seen().await, NOW);
    clock.set(NOW + HOUR);
    assert_eq!(seen().await, NOW);
    // That clock was wrong.
    clock.set(NOW - HOUR);
    assert_eq!(seen().await, NOW - HOUR);
    clock.set(NOW + HOUR);
    assert_eq!(seen().await, NOW - HOUR);
}
