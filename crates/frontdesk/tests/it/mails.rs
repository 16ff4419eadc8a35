//! Mails from the outside: what is refused at the start, previews, a mail to a server on loopback, alerts; and that nothing personal or
//! secret is in any of it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value;

use crate::mistakes::check;
use crate::server_process::{PATIENCE, TestDir, event};

/// An SMTP server in clear that takes each mail, or answers `refusal` to its recipient.
fn smtp(refusal: Option<&'static str>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut out) = stream else { return };
            let mut lines = BufReader::new(out.try_clone().unwrap()).lines();
            let _ = out.write_all(b"220 test\r\n");
            while let Some(Ok(line)) = lines.next() {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "RCPT" => refusal.unwrap_or("250 OK"),
                    "QUIT" => "221 bye",
                    "DATA" => "354 go",
                    _ => "250 OK",
                };
                let _ = out.write_all(format!("{answer}\r\n").as_bytes());
                if answer == "354 go" {
                    let mail: Vec<String> =
                        lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                    let _ = out.write_all(b"250 queued as 4711\r\n");
                    let _ = send.send(mail.join("\n"));
                }
            }
        }
    });
    (port, receive)
}

fn settings(dir: &TestDir, port: u16, more: &str) {
    dir.write(
        "frontdesk.toml",
        format!(
            "smtp_url = \"smtp://127.0.0.1:{port}\"\nmail_from = \"Frontdesk <desk@shop.example>\"\npublic_url = \"https://desk.shop.example\"\n\
             [[mailings]]\nname = \"daily\"\nto = [\"jo@shop.example\"]\nview = \"/?since=2026-11-15&until=2026-11-21\"\nevery = \"day\"\n\
             [[alerts]]\nname = \"quiet\"\nto = \"al@shop.example\"\nmetric = \"contact_requests\"\nkind = \"silence\"\n{more}"
        ),
    );
}

#[test]
fn mistakes_are_told_at_the_start() {
    let dir = TestDir::new();
    let refused = |text: &str, parts: &[&str]| {
        dir.write("frontdesk.toml", text);
        check(&dir, &["serve", "--listen", "127.0.0.1:0"], 2, parts);
    };
    let mailing = "[[mailings]]\nname = \"w\"\nto = [\"jo@shop.example\"]\nevery = \"day\"\nview = ";
    let whole =
        "smtp_url = \"smtp://127.0.0.1:1\"\nmail_from = \"desk@shop.example\"\npublic_url = \"https://d.example\"\n";
    refused(&format!("{mailing}\"/\""), &["smtp_url isn't set", "docs/mail.md"]);
    refused(
        &format!("{whole}{mailing}\"/?sinc=7d\""),
        &["the mailing `w` has view `/?sinc=7d`", "did you mean since?"],
    );
    refused(&format!("{whole}{mailing}\"Mondays\""), &["the mailing `w`: there is no saved view"]);
    refused(
        &format!(
            "{whole}[[alerts]]\nname = \"a\"\nto = \"jo@shop.example\"\nmetric = \"contact_request\"\nkind = \"spike\""
        ),
        &["did you mean contact_requests?"],
    );
    refused(
        &format!(
            "{whole}[[mailings]]\nname = \"w\"\nto = [\"jo@shop.example\\nBcc: x@evil.example\"]\nevery = \"day\"\nview = \"/\""
        ),
        &["control character"],
    );
    // A password isn't repeated, whatever is wrong about it.
    for url in ["smtps://desk:hunter2@mail.example", "smtpx://desk:hunter2@mail.example"] {
        let outcome = dir.run(&["settings", "--smtp-url", url]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(!outcome.err.contains("hunter2") && outcome.err.contains("mail.example"), "{outcome:?}");
    }
    refused("smtp_url = \"smtps://desk:hunter2@mail.example\"", &["FRONTDESK_SMTP_PASSWORD"]);
    check(&dir, &["mail", "preview", "x"], 2, &["smtp_url"]);
}

#[test]
fn a_mail_is_looked_at_and_tried() {
    let dir = TestDir::new();
    let (port, mails) = smtp(None);
    settings(&dir, port, "");
    dir.write("events.ndjson", dir.ok(&["generate", "--events", "2000", "--seed", "5", "--until", "2026-11-22"]));
    dir.run(&["load", "events.ndjson"]);
    let html = dir.ok(&["mail", "preview", "daily"]);
    let text = dir.ok(&["mail", "preview", "daily", "--text"]);
    let report: Value = serde_json::from_str(&dir.ok(&[
        "report",
        "overview",
        "--since",
        "2026-11-15",
        "--until",
        "2026-11-21",
        "--format",
        "json",
    ]))
    .unwrap();
    let requests = report["metrics"]["contact_requests"]["value"].as_u64().unwrap().to_string();
    assert!(requests.len() == 3 && html.contains(&format!(">{requests}</div>")) && text.contains(&requests), "{text}");
    assert!(text.contains("https://desk.shop.example/?since=2026-11-15&until=2026-11-21&tz=UTC"), "{text}");
    // Beside a server it is the same, and is sent as it is shown.
    let server = dir.serve(&[]);
    assert_eq!(dir.ok(&["mail", "preview", "daily"]), html);
    let said = dir.ok(&["mail", "test", "daily"]);
    assert!(said.contains("jo@shop.example: taken; the server said: 250 queued as 4711"), "{said}");
    let mail = mails.recv_timeout(PATIENCE).unwrap();
    assert!(mail.contains("To: jo@shop.example") && mail.contains("Content-Type: multipart/alternative"), "{mail}");
    check(&dir, &["mail", "preview", "weekly"], 2, &["no mailing and no alert `weekly`", "there are: daily, quiet"]);
    assert!(dir.ok(&["mail", "list"]).contains("mailing daily: next "));
    assert!(!dir.log().contains("@shop.example"), "{}", dir.log());
    drop(server);
    assert!(mails.try_recv().is_err(), "what is sent by itself isn't due yet");
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let dir = TestDir::new();
    let (port, _mails) = smtp(Some("550 5.1.1 <jo@shop.example>: no such user"));
    settings(&dir, port, "");
    let outcome = dir.run(&["mail", "test", "daily"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.out.contains("the server answered 550 to naming the recipient (550 5.1.1"), "{outcome:?}");
}

#[test]
fn alerts_stand_as_the_server_has_read_them() {
    let dir = TestDir::new();
    let (port, _mails) = smtp(None);
    settings(&dir, port, "");
    let alone = dir.ok(&["alerts"]);
    assert!(alone.contains("quiet: not known yet; of 0 of the 4 weeks before it is known what is usual"), "{alone}");
    let server = dir.serve(&[]);
    let (status, _) = server.post("/v1/events", event("a"));
    assert!(status.is_success());
    let mut alerts = Value::Null;
    for _ in 0..PATIENCE.as_millis() / 50 {
        alerts = serde_json::from_str(&server.get("/v1/alerts").1).unwrap();
        if alerts["alerts"][0]["name"] == "quiet" {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(50));
    }
    let alert = &alerts["alerts"][0];
    assert_eq!(
        (&alert["standing"], &alert["raised_since"], &alert["kind"]),
        (&"unknown".into(), &Value::Null, &"silence".into()),
        "{alerts}"
    );
    let asked: Value = serde_json::from_str(&dir.ok(&["alerts", "--format", "json"])).unwrap();
    assert_eq!(asked["alerts"][0]["reason"], alert["reason"]);
    let metrics = server.get("/metrics").1;
    assert!(
        metrics.contains("\nfrontdesk_mails_waiting 0\n") && metrics.contains("\nfrontdesk_alerts_raised 0\n"),
        "{metrics}"
    );
    assert!(!alerts.to_string().contains('@'), "{alerts}");
}
