//! The PostgreSQL port byte by byte: what is read, what is refused, who gets in, and that no bytes
//! end more than their own connection. The drivers themselves are in `e2e/postgres`.

mod any_messages;
pub(crate) mod client;

use std::time::Duration;

use client::{Client, Reply, hello, port, text};

use crate::server_process::{ServerProcess, TestDir, event};

const HEAVY: &str = "select sum(a.value * b.value) from range(100000000) as a, range(100000000) as b";

fn serve(dir: &TestDir, args: &[&str]) -> ServerProcess {
    dir.serve(&[&["--postgres-listen", "127.0.0.1:0"][..], args].concat())
}

#[test]
fn it_reads_and_changes_nothing() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    let mut client = Client::log_in(port(&server), None);
    assert_eq!(client.query("select id from contacts; show server_version"), ["id", "a", "server_version", "15.0"]);
    for (statement, code) in [
        ("drop table events", "25006"),
        ("insert into events select * from events", "25006"),
        ("copy (select 1) to '/tmp/frontdesk-test'", "25006"),
        ("create external table x stored as csv location '/etc/passwd'", "25006"),
        ("select * from '/etc/passwd'", "42P01"),
        ("select * into x from events", "25006"),
        ("explain analyze delete from events", "25006"),
        ("select 1; drop table events", "25006"),
        ("selec", "25006"),
        ("select 'open", "42601"),
        ("select nope from contacts", "42703"),
        ("set time zone 'Europe/Berlin'", "22023"),
        ("select repeat('x', 1000000000)", "0A000"),
    ] {
        let replies = client.ask(b'Q', &text(statement));
        assert!(replies.iter().any(|reply| reply.is_error(code)), "{statement}: {replies:?}");
    }
    assert!(!std::path::Path::new("/tmp/frontdesk-test").exists());
    assert_eq!(client.query("select count(*) as n from events"), ["n", "1"]);
    let log = dir.log();
    assert!(!log.contains("passwd") && !log.contains("nope"), "texts are nobody's business: {log}");
    assert!(server.stop("TERM").success());
}

#[test]
fn prepared_statements_take_values_and_come_in_parts() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    for id in ["a", "b", "c"] {
        assert_eq!(server.post("/v1/events", event(id)).0, 200);
    }
    let mut client = Client::log_in(port(&server), None);
    // One value, an integer of 4 bytes in binary; the answer in binary.
    let parse = [
        &text("s")[..],
        &text("select id, chat_start from contacts where chat_start >= $1 order by id"),
        &[0, 1, 0, 0, 0, 23],
    ]
    .concat();
    let bind = [&text("p")[..], &text("s"), &[0, 1, 0, 1, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 1, 0, 1]].concat();
    client.send(b'Q', &text("begin"));
    assert_eq!(client.until_ready().last(), Some(&Reply(b'Z', b"T".to_vec())));
    client.send(b'P', &parse);
    client.send(b'D', &[&b"S"[..], &text("s")].concat());
    client.send(b'B', &bind);
    client.send(b'D', &[&b"P"[..], &text("p")].concat());
    client.send(b'E', &[&text("p")[..], &[0, 0, 0, 2]].concat());
    let replies = client.ask(b'S', b"");
    assert_eq!(kinds(&replies), "1tT2TDDsZ", "{replies:?}");
    assert_eq!(replies[1].1, [0, 1, 0, 0, 0, 23]);
    assert_eq!(replies[5].1, [&[0, 2, 0, 0, 0, 1, b'a', 0, 0, 0, 8][..], &1_i64.to_be_bytes()].concat());
    client.send(b'E', &[&text("p")[..], &[0, 0, 0, 0]].concat());
    let replies = client.ask(b'S', b"");
    assert_eq!(kinds(&replies), "DCZ", "{replies:?}");
    // An error is told once, and what came behind it is left out.
    client.send(b'P', &[&text("")[..], &text("select nope from contacts"), &[0, 0]].concat());
    client.send(b'B', &[0, 0, 0, 0, 0, 0, 0, 0]);
    client.send(b'E', &[0, 0, 0, 0, 0]);
    client.send(b'E', &[0, 0, 0, 0, 0]);
    let replies = client.ask(b'S', b"");
    assert_eq!(kinds(&replies), "12EZ", "{replies:?}");
    assert_eq!(replies[3].1, b"E");
    assert!(client.ask(b'Q', &text("select 1"))[0].is_error("25P02"));
    assert_eq!(kinds(&client.ask(b'Q', &text("rollback"))), "CZ");
    assert_eq!(client.query("select 1 as one"), ["one", "1"]);
}

/// By the simple protocol and by both descriptions of the extended one.
#[test]
fn columns_are_called_as_postgresql_calls_them() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    assert_eq!(server.post("/v1/events", event("a")).0, 200);
    let mut client = Client::log_in(port(&server), None);
    let sql = "select sum(chat_start), sum(chat_end)::int, count(*) as n, 1 from contacts";
    let expect = ["sum", "sum", "n", "?column?"];
    assert_eq!(client.query(sql)[..expect.len()], expect);
    client.send(b'P', &[&text("s")[..], &text(sql), &[0, 0]].concat());
    client.send(b'D', &[&b"S"[..], &text("s")].concat());
    client.send(b'B', &[&text("p")[..], &text("s"), &[0, 0, 0, 0, 0, 0]].concat());
    client.send(b'D', &[&b"P"[..], &text("p")].concat());
    client.send(b'E', &[&text("p")[..], &[0, 0, 0, 0]].concat());
    let replies = client.ask(b'S', b"");
    assert_eq!(kinds(&replies), "1tT2TDCZ", "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.0 == b'T') {
        assert_eq!(client::columns(&reply.1), expect);
    }
    assert_eq!(
        client.query("begin; declare c cursor for select max(chat_start) from contacts; fetch 1 from c")[0],
        "max"
    );
}

fn kinds(replies: &[Reply]) -> String {
    replies.iter().map(|reply| char::from(reply.0)).collect()
}

#[test]
fn a_statement_is_stopped_when_its_client_says_so_or_is_gone() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    let mut client = Client::log_in(port(&server), None);
    client.send(b'Q', &text(HEAVY));
    let (number, secret) = client.key;
    // A wrong secret stops nothing; the right one does, as soon as the statement runs.
    Client::cancel(port(&server), number, secret ^ 1);
    std::thread::sleep(Duration::from_millis(300));
    Client::cancel(port(&server), number, secret);
    assert!(client.until_ready()[0].is_error("57014"));
    assert_eq!(client.query("select 1 as one"), ["one", "1"]);
    client.send(b'Q', &text("set statement_timeout = 200"));
    client.until_ready();
    assert!(client.ask(b'Q', &text(HEAVY))[0].is_error("57014"));
    let unwanted = || {
        let metrics = server.get("/metrics").1;
        let line =
            metrics.lines().find(|line| line.contains("ended_total") && line.contains("unwanted")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let before = unwanted();
    let mut gone = Client::log_in(port(&server), None);
    gone.send(b'Q', &text(HEAVY));
    std::thread::sleep(Duration::from_millis(300));
    drop(gone);
    for _ in 0..600 {
        if unwanted() > before {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the worker of a client that is gone goes on");
}

#[test]
fn a_key_lets_in_and_its_end_ends_the_connection() {
    let dir = TestDir::new();
    let key = |scope: &str| dir.ok(&["key", "new", "--scope", scope, "--name", scope]).trim().to_owned();
    let (read, collect) = (key("read"), key("collect"));
    let server = serve(&dir, &[]);
    let refused = |key: &str| Client::try_log_in(Client::connect(port(&server)), Some(key)).err().unwrap();
    assert!(refused("").is_error("28P01"));
    assert!(refused(&collect).is_error("28P01"));
    assert!(refused(&read.to_uppercase()).is_error("28P01"));
    let mut client = Client::log_in(port(&server), Some(&read));
    assert_eq!(client.query("select 1 as one"), ["one", "1"]);
    dir.ok(&["key", "revoke", "read"]);
    for _ in 0..600 {
        let replies = client.ask(b'Q', &text("select 1"));
        if replies[0].is_error("28P01") {
            assert_eq!(replies.len(), 1, "and it is over: {replies:?}");
            let metrics = server.get_with("/metrics", Some(&key("admin"))).1;
            assert!(metrics.contains("frontdesk_postgres_logins_refused_total 3"), "{metrics}");
            assert!(!dir.log().contains(read.rsplit('_').next().unwrap()));
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("a revoked key is good for ever");
}

#[test]
fn keys_cross_a_network_over_tls_only() {
    let dir = TestDir::new();
    let server = dir.serve(&["--postgres-listen", "0.0.0.0:0", "--dev-tls", "--tls-listen", "127.0.0.1:0"]);
    // Others can reach this port, so the whole server demands keys.
    assert_eq!(server.get("/v1/rejects").0, 401);
    let key = dir.ok(&["key", "new", "--scope", "read", "--name", "r"]).trim().to_owned();
    let in_clear = Client::try_log_in(Client::connect(port(&server)), Some(&key)).err().unwrap();
    assert!(in_clear.is_error("28000"), "{in_clear:?}");
    let ca = std::fs::read(dir.path("frontdesk-data/dev-tls/ca.pem")).unwrap();
    let mut client = Client::try_log_in(Client::connect_over_tls(port(&server), &ca), Some(&key)).unwrap();
    assert_eq!(client.query("select 1 as one"), ["one", "1"]);
    // Bytes in clear behind the request for TLS are not taken for what is said inside.
    let stuffed = [&[0, 0, 0, 8, 4, 210, 22, 47][..], &hello()].concat();
    let mut stuffed = Client::connect(port(&server)).sent(&stuffed);
    let heard = stuffed.rest();
    assert!(!heard.windows(5).any(|bytes| bytes == [b'R', 0, 0, 0, 8]), "{heard:?}");
}

#[test]
fn no_bytes_end_more_than_their_own_connection() {
    let dir = TestDir::new();
    let server = serve(&dir, &["--postgres-connections-max", "4"]);
    let endless = [&b"Q"[..], &i32::MAX.to_be_bytes()].concat();
    let bind = [&b"B"[..], &20_i32.to_be_bytes(), &[0, 0, 0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6]]
        .concat();
    for bytes in [
        &b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        &[0; 64],
        &[0xff; 64],
        &[0, 0, 0, 4],
        &[0, 0, 0, 9, 0, 2, 0, 0, 0],
        &[0, 0, 0, 12, 0, 3, 0, 0, b'u', b's', b'e', b'r'],
        &[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5],
    ] {
        let _ = Client::connect(port(&server)).sent(bytes).finished();
    }
    for bytes in [&endless[..], &bind, &[b'?', 0, 0, 0, 4], &[b'Q', 0, 0, 0, 0], &[b'Q', 0, 0, 0, 5, 0xff]] {
        let mut client = Client::log_in(port(&server), None);
        client.raw(bytes);
        let heard = client.finished();
        assert!(heard.first() == Some(&b'E'), "{bytes:?}: {heard:?}");
    }
    let open: Vec<Client> = (0..4).map(|_| Client::log_in(port(&server), None)).collect();
    let refused = Client::try_log_in(Client::connect(port(&server)), None).err().unwrap();
    assert!(refused.is_error("53300"), "{refused:?}");
    drop(open);
    for _ in 0..600 {
        if Client::try_log_in(Client::connect(port(&server)), None).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no place comes back");
}

#[test]
fn silent_strangers_take_nobodys_place() {
    let dir = TestDir::new();
    let server = serve(&dir, &["--postgres-connections-max", "4"]);
    let silent: Vec<Client> = (0..150).map(|_| Client::connect(port(&server))).collect();
    let open: Vec<Client> = (0..4).map(|_| Client::log_in(port(&server), None)).collect();
    // psql asks for TLS first, and understands no other answer before that one.
    let asked = [&[0, 0, 0, 8, 4, 210, 22, 47][..], &hello()].concat();
    let heard = Client::connect(port(&server)).sent(&asked).rest();
    assert_eq!(heard.first(), Some(&b'N'), "{heard:?}");
    assert!(heard.windows(7).any(|bytes| bytes == b"\0C53300"), "{heard:?}");
    drop((silent, open));
}

#[test]
fn answers_are_not_kept_until_a_sync() {
    let dir = TestDir::new();
    let server = serve(&dir, &[]);
    let mut client = Client::log_in(port(&server), None);
    client.send(b'P', &[&text("")[..], &text("show all"), &[0, 0]].concat());
    client.send(b'B', &[0; 8]);
    for _ in 0..300 {
        client.send(b'E', &[0; 5]);
    }
    assert_eq!(client.reply().map(|reply| reply.0), Some(b'1'));
    client.ask(b'S', b"");
}

/// Takes the first of many rows.
fn open_portal(client: &mut Client) {
    client.ask(b'Q', &text("begin"));
    client.send(b'P', &[&text("")[..], &text("select * from range(100000)"), &[0, 0]].concat());
    client.send(b'B', &[0; 8]);
    client.send(b'E', &[0, 0, 0, 0, 1]);
    let replies = client.ask(b'S', b"");
    assert_eq!(kinds(&replies), "12DsZ", "{replies:?}");
}

#[test]
fn an_open_portal_ends_with_its_key_and_with_its_time() {
    let dir = TestDir::new();
    let key = dir.ok(&["key", "new", "--scope", "read", "--name", "r"]).trim().to_owned();
    let server = serve(&dir, &[]);
    let mut client = Client::log_in(port(&server), Some(&key));
    let mut idle = Client::log_in(port(&server), Some(&key));
    idle.query("set idle_in_transaction_session_timeout = 200");
    open_portal(&mut idle);
    assert!(idle.until_ready().first().is_some_and(|reply| reply.is_error("25P03")));
    open_portal(&mut client);
    dir.ok(&["key", "revoke", "r"]);
    for _ in 0..600 {
        client.send(b'E', &[0, 0, 0, 0, 1]);
        if client.ask(b'S', b"")[0].is_error("28P01") {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("rows of a revoked key go on");
}
