//! The way to a server: what it takes, what it refuses, and what isn't known.

use mail::{
    Content, Gate, MailAddress, MailId, OpenGate, Password, Security, Sent, Smtp, SmtpServer as At, Step, TroubleKind,
    message,
};

use crate::smtp_server::{Answer, Script, SmtpServer, certificate};

fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).unwrap()
}

fn at(server: &SmtpServer, security: Security) -> Smtp {
    let server = At { host: "localhost".to_owned(), port: server.address.port(), user: None, security };
    Smtp { server, password: None, authorities: None, hello: "desk.shop.example".to_owned() }
}

async fn send(smtp: &Smtp) -> Sent {
    let (from, to) = (address("Frontdesk <desk@shop.example>"), address("jo@shop.example"));
    let content = Content { subject: "a".to_owned(), text: "one\n.\ntwo".to_owned(), html: "<p>one</p>".to_owned() };
    let id = MailId { kind: "mailing", name: "weekly", period: "2026-11-22" };
    let message = message(&content, &from, &to, &id, 1_795_361_400_000_000).unwrap();
    smtp.send(&from, &to, &message, &OpenGate).await
}

/// Sends to a server on loopback, in clear.
async fn sent(script: Script) -> (Sent, SmtpServer) {
    let server = SmtpServer::start(script).await;
    let sent = send(&at(&server, Security::Loopback)).await;
    (sent, server)
}

fn kind(sent: &Sent) -> (&'static str, Option<(Step, TroubleKind)>) {
    match sent {
        Sent::Taken(_) => ("taken", None),
        Sent::Later(trouble) => ("later", Some((trouble.step, trouble.kind))),
        Sent::Refused(trouble) => ("refused", Some((trouble.step, trouble.kind))),
        Sent::Unknown(trouble) => ("unknown", Some((trouble.step, trouble.kind))),
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_made() {
    let (sent, server) = sent(Script::default()).await;
    assert_eq!(sent, Sent::Taken("250 queued as 4711".to_owned()));
    let told = server.told();
    assert_eq!(
        told.commands,
        ["EHLO desk.shop.example", "MAIL FROM:<desk@shop.example>", "RCPT TO:<jo@shop.example>", "DATA", "QUIT"]
            [..told.commands.len()]
    );
    let [mail] = told.mails.as_slice() else { panic!("{:?}", told.mails) };
    assert!(mail.contains("\r\none\r\n.\r\ntwo") && mail.ends_with("--\r\n"), "{mail}");
}

#[tokio::test]
async fn each_failure_says_what_it_means() {
    use Answer::{Cut, Say};
    let check = async |command: &'static str, answer: Answer, expect: &str, step: Step, trouble: TroubleKind| {
        let (sent, server) = sent(Script { answers: vec![(command, answer)], ..Script::default() }).await;
        assert_eq!(kind(&sent), (expect, Some((step, trouble))), "{command} {answer:?}");
        assert!(server.told().mails.is_empty() || command == ".", "{command}");
    };
    use TroubleKind::{Cut as Broken, Garbled, Said};
    check("greeting", Say("421 too busy"), "later", Step::Hello, Said(421)).await;
    check("greeting", Say("554 go away"), "later", Step::Hello, Said(554)).await;
    check("greeting", Cut, "later", Step::Hello, Broken).await;
    check("greeting", Say("HTTP/1.1 400 Bad Request"), "later", Step::Hello, Garbled).await;
    check("EHLO", Say("502 what"), "later", Step::Hello, Said(502)).await;
    // Whose mails it takes can be mended in its settings, or ours.
    check("MAIL", Say("550 not from you"), "later", Step::Sender, Said(550)).await;
    check("RCPT", Say("550 <jo@shop.example>: no such user"), "refused", Step::Recipient, Said(550)).await;
    check("RCPT", Say("450 grey"), "later", Step::Recipient, Said(450)).await;
    check("RCPT", Cut, "later", Step::Recipient, Broken).await;
    check("DATA", Say("451 not now"), "later", Step::Message, Said(451)).await;
    check(".", Say("552 too large"), "refused", Step::Message, Said(552)).await;
    check(".", Say("451 try again"), "later", Step::Message, Said(451)).await;
    // It was handed over: nobody knows.
    check(".", Cut, "unknown", Step::Message, Broken).await;
    check(".", Say("250 OK\r\n250 twice"), "unknown", Step::Message, Garbled).await;
    // More than was asked for.
    check("EHLO", Say("250 OK\r\n250 OK"), "later", Step::Hello, Garbled).await;
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    for (command, expect, step) in [("greeting", "later", Step::Hello), ("RCPT", "later", Step::Recipient)] {
        let (sent, _) = sent(Script { answers: vec![(command, Answer::Hang)], ..Script::default() }).await;
        tokio::time::resume();
        assert_eq!(kind(&sent), (expect, Some((step, TroubleKind::TimedOut))), "{command}");
    }
    let (sent, _) = sent(Script { answers: vec![(".", Answer::Hang)], ..Script::default() }).await;
    assert_eq!(kind(&sent), ("unknown", Some((Step::Message, TroubleKind::TimedOut))));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let server = At { host: "127.0.0.1".to_owned(), port, user: None, security: Security::Loopback };
    let smtp = Smtp { server, password: None, authorities: None, hello: "localhost".to_owned() };
    assert_eq!(kind(&send(&smtp).await), ("later", Some((Step::Connect, TroubleKind::Cut))));
}

#[tokio::test]
async fn nothing_is_sent_without_tls() {
    let server = SmtpServer::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let mut smtp = at(&server, Security::StartTls);
    smtp.server.user = Some("desk".to_owned());
    smtp.password = Some(Password::new("secret"));
    assert_eq!(kind(&send(&smtp).await), ("later", Some((Step::StartTls, TroubleKind::NoTls))));
    assert_eq!(server.told().commands[0], "EHLO desk.shop.example");
    assert!(!format!("{:?}", server.told()).contains("AUTH"), "{:?}", server.told());
}

#[tokio::test]
async fn over_tls_a_user_logs_in() {
    let (pem, tls) = certificate("localhost");
    for (security, is_implicit) in [(Security::Tls, true), (Security::StartTls, false)] {
        for (offer, login) in [
            ("AUTH LOGIN PLAIN", vec!["tls:AUTH PLAIN AGRlc2tAc2hvcC5leGFtcGxlAHNlY3JldA=="]),
            ("AUTH LOGIN", vec!["tls:AUTH LOGIN", "ZGVza0BzaG9wLmV4YW1wbGU=", "c2VjcmV0"]),
        ] {
            let script =
                Script { offers: vec!["STARTTLS", offer], tls: Some(tls.clone()), is_implicit, ..Script::default() };
            let server = SmtpServer::start(script).await;
            let mut smtp = at(&server, security);
            smtp.server.user = Some("desk@shop.example".to_owned());
            smtp.password = Some(Password::new("secret"));
            smtp.authorities = Some(pem.clone());
            assert_eq!(kind(&send(&smtp).await), ("taken", None), "{security:?} {offer}");
            let told = server.told();
            let place = told.commands.iter().position(|command| *command == login[0]).unwrap();
            assert_eq!(told.commands[place..place + login.len()], login);
            let clear: Vec<&String> =
                told.commands[..place].iter().filter(|command| !command.starts_with("tls:")).collect();
            assert_eq!(clear.len(), if is_implicit { 0 } else { 2 }, "EHLO and STARTTLS at most: {clear:?}");
            assert!(!format!("{smtp:?}").contains("secret"));
        }
    }
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_this_name() {
    let (own, tls) = certificate("localhost");
    let (other_name, tls_of_other_name) = certificate("mail.example");
    for (security, is_implicit) in [(Security::Tls, true), (Security::StartTls, false)] {
        for (tls, authorities) in [(&tls, None), (&tls, Some(&other_name)), (&tls_of_other_name, Some(&other_name))] {
            let script = Script { offers: vec!["STARTTLS"], tls: Some(tls.clone()), is_implicit, ..Script::default() };
            let server = SmtpServer::start(script).await;
            let mut smtp = at(&server, security);
            smtp.authorities = authorities.cloned();
            let sent = send(&smtp).await;
            assert_eq!(kind(&sent), ("later", Some((Step::Tls, TroubleKind::Certificate))), "{sent:?}");
            assert!(server.told().mails.is_empty());
        }
    }
    let script = Script { tls: Some(tls.clone()), is_implicit: true, ..Script::default() };
    let server = SmtpServer::start(script).await;
    let mut smtp = at(&server, Security::Tls);
    smtp.authorities = Some(own);
    assert_eq!(kind(&send(&smtp).await), ("taken", None));
}

/// Whoever is on the way puts replies behind the one to STARTTLS, to have them read as if TLS protected them.
#[tokio::test]
async fn nothing_in_clear_is_read_after_starttls() {
    let (pem, tls) = certificate("localhost");
    let script = Script {
        offers: vec!["STARTTLS"],
        answers: vec![("STARTTLS", Answer::Say("220 go ahead\r\n250-evil\r\n250 AUTH LOGIN"))],
        tls: Some(tls),
        ..Script::default()
    };
    let server = SmtpServer::start(script).await;
    let mut smtp = at(&server, Security::StartTls);
    smtp.authorities = Some(pem);
    assert_eq!(kind(&send(&smtp).await), ("later", Some((Step::StartTls, TroubleKind::Garbled))));
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let (pem, tls) = certificate("localhost");
    let script = Script {
        offers: vec!["AUTH PLAIN"],
        answers: vec![("AUTH", Answer::Say("535 5.7.8 authentication failed"))],
        tls: Some(tls),
        is_implicit: true,
    };
    let server = SmtpServer::start(script).await;
    let mut smtp = at(&server, Security::Tls);
    smtp.server.user = Some("desk".to_owned());
    smtp.password = Some(Password::new("secret"));
    smtp.authorities = Some(pem);
    let sent = send(&smtp).await;
    assert_eq!(kind(&sent), ("later", Some((Step::Login, TroubleKind::Said(535)))));
    assert!(!format!("{sent:?}").contains("secret"));
    let Sent::Later(trouble) = sent else { panic!("{sent:?}") };
    assert_eq!(trouble.to_string(), "the server answered 535 to logging in");
}

#[tokio::test]
async fn a_reply_without_end_is_left() {
    let long: &'static str = Box::leak("250-x\r\n".repeat(10_000).into_boxed_str());
    let (sent, _) = sent(Script { answers: vec![("EHLO", Answer::Say(long))], ..Script::default() }).await;
    assert_eq!(kind(&sent), ("later", Some((Step::Hello, TroubleKind::Garbled))));
    let line: &'static str = Box::leak("2".repeat(100_000).into_boxed_str());
    let (sent, _) = sent_again(line).await;
    assert_eq!(kind(&sent), ("later", Some((Step::Hello, TroubleKind::Garbled))));
}

async fn sent_again(line: &'static str) -> (Sent, SmtpServer) {
    sent(Script { answers: vec![("EHLO", Answer::Say(line))], ..Script::default() }).await
}

/// Who stops in time has sent nothing.
#[tokio::test]
async fn a_shut_gate_keeps_the_mail() {
    struct Shut;
    #[async_trait::async_trait]
    impl Gate for Shut {
        async fn open(&self) -> bool {
            false
        }
    }
    let server = SmtpServer::start(Script::default()).await;
    let (from, to) = (address("desk@shop.example"), address("jo@shop.example"));
    let sent = at(&server, Security::Loopback).send(&from, &to, b"a\r\n\r\nb\r\n", &Shut).await;
    assert_eq!(kind(&sent), ("later", Some((Step::Message, TroubleKind::Stopped))));
    assert!(server.told().mails.is_empty());
}
