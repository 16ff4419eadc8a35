//! `serve` over TLS: with a certificate of its own making, and with the operator's.

use std::net::{SocketAddr, TcpListener};

use reqwest::{Certificate, Client, StatusCode};
use tokio::runtime::Builder;

use crate::mistakes;
use crate::server_process::{PATIENCE, ServerProcess, TestDir, event, rows};

/// The port that the welcome names for TLS.
fn port(server: &ServerProcess) -> u16 {
    let rest = server.welcome.split("https://127.0.0.1:").nth(1).expect("the welcome names the address");
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Asks over TLS as one who trusts only this authority; no answer where it isn't trusted.
fn ask(server: &ServerProcess, ca: &[u8], name: &str, body: &str) -> Option<StatusCode> {
    let port = port(server);
    let client = Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .tls_built_in_root_certs(false)
        .add_root_certificate(Certificate::from_pem(ca).unwrap())
        .resolve(name, SocketAddr::from(([127, 0, 0, 1], port)))
        .build()
        .unwrap();
    let request = client.post(format!("https://{name}:{port}/v1/events")).body(body.to_owned());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async { request.send().await });
    answer.ok().map(|answer| answer.status())
}

#[test]
fn a_certificate_of_its_own_is_made_once_and_trusted_once() {
    let dir = TestDir::new();
    let serve = |args: &[&str]| dir.serve(&[&["--dev-tls", "--tls-listen", "127.0.0.1:0"][..], args].concat());
    let read = |name: &str| std::fs::read(dir.path("frontdesk-data/dev-tls").join(name)).unwrap();

    let server = serve(&[]);
    for part in ["update-ca-certificates", "certutil -d sql:$HOME/.pki/nssdb -A -t C,, ", "port 443"] {
        assert!(server.welcome.contains(part), "{} lacks {part}", server.welcome);
    }
    let (ca, certificate) = (read("ca.pem"), read("cert.pem"));
    assert_eq!(ask(&server, &ca, "localhost", &event("a")), Some(StatusCode::OK));
    assert_eq!(ask(&server, &ca, "127.0.0.1", &event("b")), Some(StatusCode::OK));
    assert_eq!(ask(&server, &ca, "desk.test", &event("c")), None);
    assert_eq!(server.get("/healthz").0, StatusCode::OK);
    let stored = dir.ok(&["sql", "select \"_id\" from events order by 1", "--format", "csv"]);
    assert_eq!(rows(&stored), ["a", "b"]);
    assert!(server.stop("TERM").success());

    let again = serve(&[]);
    assert_eq!((read("ca.pem"), read("cert.pem")), (ca.clone(), certificate.clone()));
    assert_eq!(ask(&again, &ca, "localhost", &event("a")), Some(StatusCode::OK));
    assert!(again.stop("TERM").success());

    let renamed = serve(&["--tls-names", "desk.test"]);
    assert_eq!(read("ca.pem"), ca);
    assert_ne!(read("cert.pem"), certificate);
    assert_eq!(ask(&renamed, &ca, "desk.test", &event("c")), Some(StatusCode::OK));
    assert!(renamed.stop("TERM").success());
    assert!(!dir.log().contains("PRIVATE"), "{}", dir.log());
}

#[test]
fn the_operators_certificate_is_served_and_mistakes_are_told() {
    let dir = TestDir::new();
    drop(dir.serve(&["--dev-tls", "--tls-listen", "127.0.0.1:0"]));
    let made = dir.path("frontdesk-data/dev-tls");
    let ca = std::fs::read(made.join("ca.pem")).unwrap();
    for name in ["cert.pem", "key.pem"] {
        std::fs::copy(made.join(name), dir.path(name)).unwrap();
    }
    dir.write("frontdesk.toml", "tls_cert_file = 'cert.pem'\ntls_key_file = 'key.pem'\ntls_listen = '127.0.0.1:0'\n");
    let server = dir.serve(&[]);
    assert!(!server.welcome.contains("certutil"), "{}", server.welcome);
    assert_eq!(ask(&server, &ca, "localhost", &event("a")), Some(StatusCode::OK));
    assert!(server.stop("TERM").success());

    let check = |args: &[&str], code: i32, parts: &[&str]| {
        let args = [&["serve", "--listen", "127.0.0.1:0"][..], args].concat();
        mistakes::check(&dir, &args, code, parts);
    };
    check(&["--dev-tls"], 2, &["--dev-tls", "help: leave out one of the two"]);
    check(&["--tls-key-file", "absent.pem"], 2, &["cannot read absent.pem", "PEM file"]);
    check(&["--tls-key-file", "cert.pem"], 2, &["no private key is in cert.pem"]);
    dir.write("other.pem", std::fs::read(made.join("ca.key")).unwrap());
    check(&["--tls-key-file", "other.pem"], 2, &["the key in other.pem doesn't belong"]);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    check(&["--tls-listen", &taken], 3, &["cannot listen on", &taken, "--tls-listen 127.0.0.1:0"]);
    dir.write("frontdesk.toml", "tls_listen = '127.0.0.1:0'\n");
    check(&[], 2, &["tls_listen is set without a certificate", "--dev-tls"]);
}
