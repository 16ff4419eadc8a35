//! As much of a client as sends and receives messages.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::server_process::{PATIENCE, ServerProcess};

trait Bytes: Read + Write + Send {}
impl<T: Read + Write + Send> Bytes for T {}

/// A connection.
pub(crate) struct Client {
    stream: Box<dyn Bytes>,
    /// The socket below it.
    socket: TcpStream,
    /// What statements are cancelled with.
    pub(crate) key: (i32, i32),
}

/// A message of the server: its kind and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply(pub(crate) u8, pub(crate) Vec<u8>);

impl Reply {
    pub(crate) fn is_error(&self, code: &str) -> bool {
        let field = [&b"\0C"[..], code.as_bytes(), b"\0"].concat();
        self.0 == b'E' && self.1.windows(field.len()).any(|bytes| bytes == field)
    }
}

/// The port that the welcome names.
pub(crate) fn port(server: &ServerProcess) -> u16 {
    let rest = server.welcome.split("postgresql://frontdesk@").nth(1).expect("the welcome names the address");
    let rest = rest.split(':').nth(1).unwrap();
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// A text as it stands in a message.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// The first message.
pub(crate) fn hello() -> Vec<u8> {
    let body = b"\0\x03\0\0user\0frontdesk\0\0";
    [&(body.len() as i32 + 4).to_be_bytes()[..], body].concat()
}

/// Names of columns, out of a description of rows.
pub(crate) fn columns(body: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = &body[2..];
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        names.push(String::from_utf8(rest[..end].to_vec()).unwrap());
        rest = &rest[end + 1 + 18..];
    }
    names
}

impl Client {
    pub(crate) fn connect(port: u16) -> Client {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream: Box::new(socket.try_clone().unwrap()), socket, key: (0, 0) }
    }

    pub(crate) fn connect_over_tls(port: u16, ca: &[u8]) -> Client {
        let mut client = Client::connect(port);
        client.raw(&[0, 0, 0, 8, 4, 210, 22, 47]);
        let mut answer = [0];
        client.stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"S");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        client.stream = Box::new(StreamOwned::new(tls, client.socket.try_clone().unwrap()));
        client
    }

    pub(crate) fn log_in(port: u16, key: Option<&str>) -> Client {
        Client::try_log_in(Client::connect(port), key).unwrap()
    }

    /// Logs in; the refusal, if there is one.
    pub(crate) fn try_log_in(mut client: Client, key: Option<&str>) -> Result<Client, Reply> {
        client.raw(&hello());
        loop {
            let reply = client.reply().expect("an answer");
            match reply.0 {
                b'E' => return Err(reply),
                b'R' if reply.1 == [0, 0, 0, 3] => client.send(b'p', &text(key.expect("no key is at hand"))),
                b'K' => {
                    let number = |at: usize| i32::from_be_bytes(reply.1[at..at + 4].try_into().unwrap());
                    client.key = (number(0), number(4));
                }
                b'Z' => return Ok(client),
                _ => {}
            }
        }
    }

    pub(crate) fn cancel(port: u16, number: i32, secret: i32) {
        let bytes = [&[0, 0, 0, 16, 4, 210, 22, 46][..], &number.to_be_bytes(), &secret.to_be_bytes()].concat();
        assert!(Client::connect(port).sent(&bytes).rest().is_empty(), "nobody is told whether it was right");
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        // It may be closed already.
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    pub(crate) fn sent(mut self, bytes: &[u8]) -> Client {
        self.raw(bytes);
        self
    }

    pub(crate) fn send(&mut self, kind: u8, body: &[u8]) {
        self.raw(&[&[kind][..], &(body.len() as i32 + 4).to_be_bytes(), body].concat());
    }

    /// Sends a message; the replies up to the end of its work, or of the connection.
    pub(crate) fn ask(&mut self, kind: u8, body: &[u8]) -> Vec<Reply> {
        self.send(kind, body);
        self.until_ready()
    }

    pub(crate) fn until_ready(&mut self) -> Vec<Reply> {
        let mut replies = Vec::new();
        while let Some(reply) = self.reply() {
            let is_ready = reply.0 == b'Z';
            replies.push(reply);
            if is_ready {
                break;
            }
        }
        replies
    }

    /// Names of columns and cells, as they come.
    pub(crate) fn query(&mut self, sql: &str) -> Vec<String> {
        let mut found = Vec::new();
        for Reply(kind, body) in self.ask(b'Q', &text(sql)) {
            let mut rest = body.get(2..).unwrap_or_default();
            match kind {
                b'T' => found.extend(columns(&body)),
                b'D' => {
                    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
                        // A null has no length.
                        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
                        found.push(String::from_utf8(behind[..length].to_vec()).unwrap());
                        rest = &behind[length..];
                    }
                }
                b'E' => panic!("{sql}: {}", String::from_utf8_lossy(&body)),
                _ => {}
            }
        }
        found
    }

    /// The next message; `None` at the end.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).ok()?;
        let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length - 4).unwrap()];
        self.stream.read_exact(&mut body).ok()?;
        Some(Reply(head[0], body))
    }

    /// What comes until the server closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        // A reset is an end too.
        let _ = self.stream.read_to_end(&mut heard);
        heard
    }

    /// The same after this end has nothing more to say.
    pub(crate) fn finished(&mut self) -> Vec<u8> {
        let _ = self.socket.shutdown(Shutdown::Write);
        self.rest()
    }
}
