//! A small SMTP server on loopback that records what it is told, and misbehaves as it is asked to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What is answered to a command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// These lines.
    Say(&'static str),
    /// Nothing, with the connection open.
    Hang,
    /// The connection is closed.
    Cut,
}

/// How a server behaves.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Extensions of EHLO.
    pub(crate) offers: Vec<&'static str>,
    /// What is answered to commands that begin so, in place of what is usual. `greeting` and `.` are commands here.
    pub(crate) answers: Vec<(&'static str, Answer)>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte.
    pub(crate) is_implicit: bool,
}

/// What a server was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Each command, with `tls:` before it when it came encrypted.
    pub(crate) commands: Vec<String>,
    /// Each mail that was handed over, as it came.
    pub(crate) mails: Vec<String>,
}

pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<Told>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl SmtpServer {
    pub(crate) async fn start(script: Script) -> SmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::<Mutex<Told>>::default();
        let shared = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Box::new(stream), script.clone(), Arc::clone(&shared)));
            }
        });
        SmtpServer { address, told }
    }

    pub(crate) fn told(&self) -> Told {
        self.told.lock().unwrap().clone()
    }
}

/// A certificate for this name, and the server that has it.
pub(crate) fn certificate(name: &str) -> (Vec<u8>, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    (made.cert.pem().into_bytes(), Arc::new(config))
}

async fn serve(stream: Box<dyn Stream>, script: Script, told: Arc<Mutex<Told>>) {
    let mut stream = stream;
    let mut is_tls = false;
    if script.is_implicit {
        let acceptor = TlsAcceptor::from(script.tls.clone().unwrap());
        let Ok(encrypted) = acceptor.accept(stream).await else { return };
        (stream, is_tls) = (Box::new(encrypted), true);
    }
    let mut stream = BufReader::new(stream);
    if !answer(&mut stream, &script, "greeting", "220 test ready").await {
        return;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let command = line.trim_end().to_owned();
        told.lock().unwrap().commands.push(format!("{}{command}", if is_tls { "tls:" } else { "" }));
        let usual = match command.split(' ').next().unwrap_or_default() {
            "EHLO" => {
                let lines: String = script.offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
                format!("250-test\r\n{lines}250 OK")
            }
            "STARTTLS" => "220 go ahead".to_owned(),
            "AUTH" if command == "AUTH LOGIN" => "334 VXNlcm5hbWU6".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            "DATA" => "354 end with a dot".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 OK".to_owned(),
        };
        if !answer(&mut stream, &script, &command, &usual).await || command == "QUIT" {
            return;
        }
        let has_own_answer = script.answers.iter().any(|(begin, _)| command.starts_with(begin));
        match command.as_str() {
            "STARTTLS" if !has_own_answer => {
                let acceptor = TlsAcceptor::from(script.tls.clone().unwrap());
                let Ok(encrypted) = acceptor.accept(stream.into_inner()).await else { return };
                is_tls = true;
                let encrypted: Box<dyn Stream> = Box::new(encrypted);
                stream = BufReader::new(encrypted);
            }
            "AUTH LOGIN" if !has_own_answer => {
                for (usual, begin) in [("334 UGFzc3dvcmQ6", "user"), ("235 welcome", "password")] {
                    line.clear();
                    let _ = stream.read_line(&mut line).await;
                    told.lock().unwrap().commands.push(line.trim_end().to_owned());
                    answer(&mut stream, &script, begin, usual).await;
                }
            }
            "DATA" if !has_own_answer => {
                let mut mail = String::new();
                loop {
                    line.clear();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        return;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail += line.strip_prefix('.').unwrap_or(&line);
                }
                told.lock().unwrap().mails.push(mail);
                if !answer(&mut stream, &script, ".", "250 queued as 4711").await {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// Whether the talk goes on.
async fn answer(stream: &mut BufReader<Box<dyn Stream>>, script: &Script, command: &str, usual: &str) -> bool {
    let own = script.answers.iter().find(|(begin, _)| command.starts_with(begin)).map(|(_, answer)| *answer);
    let text = match own {
        None => usual,
        Some(Answer::Say(text)) => text,
        Some(Answer::Cut) => return false,
        Some(Answer::Hang) => {
            // Nothing else happens now: the next timer is the client's.
            tokio::time::pause();
            std::future::pending::<()>().await;
            return false;
        }
    };
    let stream = stream.get_mut();
    let written = async {
        stream.write_all(text.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        stream.flush().await
    };
    written.await.is_ok()
}
