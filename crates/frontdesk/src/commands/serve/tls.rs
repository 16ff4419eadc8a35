//! Whether `serve` speaks TLS, with which certificate, and what it says about that.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use intake::{Clock, SystemClock};
use server::{Tls, TlsFiles};

use super::dev_tls;
use crate::data_dir;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::settings::value::Address;

/// Where `--dev-tls` listens when nothing else is said.
const DEV_LISTEN: &str = "127.0.0.1:8443";

/// TLS as the settings and the command line ask for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Where it listens.
    pub(super) listen: Address,
    certificate: Source,
}

/// Where the certificate comes from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// The operator.
    Files(TlsFiles),
    /// We make it.
    Development,
}

/// A certificate, ready to be served with.
pub(super) struct Ready {
    pub(super) tls: Tls,
    /// The authority that has to be trusted first; `None` for the operator's files.
    pub(super) ca: Option<PathBuf>,
}

impl Plan {
    /// The plan; `None` for HTTP in clear only.
    ///
    /// # Errors
    /// The settings contradict each other.
    pub(super) fn of(settings: &Settings, dev_tls: bool) -> Result<Option<Plan>, Failure> {
        let refused = |message: &str, help: &str| Err(Failure::usage(message).help(help));
        let files = match (settings.tls_cert_file.clone(), settings.tls_key_file.clone()) {
            (None, None) => None,
            (Some(certificates), Some(key)) => Some(TlsFiles { certificates, key }),
            (Some(_), None) => {
                return refused(
                    "tls_cert_file is set without tls_key_file",
                    "name the certificate's private key with --tls-key-file",
                );
            }
            (None, Some(_)) => {
                return refused(
                    "tls_key_file is set without tls_cert_file",
                    "name the certificate with --tls-cert-file",
                );
            }
        };
        match (files, settings.tls_listen.clone(), dev_tls) {
            (None, None, false) => Ok(None),
            (None, listen, true) => {
                let listen = listen.unwrap_or_else(|| Address(DEV_LISTEN.to_owned()));
                Ok(Some(Plan { listen, certificate: Source::Development }))
            }
            (Some(files), Some(listen), false) => Ok(Some(Plan { listen, certificate: Source::Files(files) })),
            (Some(_), _, true) => {
                refused("--dev-tls makes its own certificate, and tls_cert_file names one", "leave out one of the two")
            }
            (Some(_), None, false) => refused(
                "tls_cert_file is set without tls_listen",
                "say where to listen for TLS, such as --tls-listen 0.0.0.0:443",
            ),
            (None, Some(_), false) => refused(
                "tls_listen is set without a certificate",
                "name its files with --tls-cert-file and --tls-key-file; for development, serve --dev-tls makes one",
            ),
        }
    }

    /// Reads the certificate, or makes one in the data directory, which must be ours.
    ///
    /// # Errors
    /// The files can't be served with, or the directory can't be written.
    pub(super) fn open(self, settings: &Settings) -> Result<Ready, Failure> {
        let now_s = SystemClock.now_micros() / 1_000_000;
        let (files, ca) = match self.certificate {
            Source::Files(files) => (files, None),
            Source::Development => {
                let made = dev_tls::prepare(&settings.data, &settings.tls_names.0, now_s)?;
                (made.files, Some(made.ca))
            }
        };
        // The message says what to do.
        let tls = Tls::open(files, now_s).map_err(Failure::usage)?;
        Ok(Ready { tls, ca })
    }
}

/// How to make a machine trust the development authority.
pub(super) fn trust(ca: &Path, address: SocketAddr) -> String {
    let ca = data_dir::quoted(ca);
    let mut text = "\nIts certificate is of its own making. To trust it, on this machine only:\n\n".to_owned();
    for (system, command) in [
        (
            "Debian, Ubuntu",
            format!("sudo cp {ca} /usr/local/share/ca-certificates/frontdesk-dev.crt && sudo update-ca-certificates"),
        ),
        ("Chromium", format!("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n frontdesk-dev -i {ca}")),
        ("macOS", format!("security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {ca}")),
        ("curl", format!("curl --cacert {ca} https://localhost:{}/healthz", address.port())),
    ] {
        let _ = writeln!(text, "  {system:14}  {command}");
    }
    if address.port() != 443 {
        text += "\nAdobe's Web SDK asks port 443 only. To listen there without root, start with\n\
                 --tls-listen 127.0.0.1:443 after:\n\n  sudo sysctl net.ipv4.ip_unprivileged_port_start=443\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_contradict_are_refused() {
        let check = |listen: bool, certificate: bool, key: bool, dev_tls: bool, expect: Result<Option<&str>, &str>| {
            let settings = Settings {
                tls_listen: listen.then(|| Address("127.0.0.1:443".to_owned())),
                tls_cert_file: certificate.then(|| "c.pem".into()),
                tls_key_file: key.then(|| "k.pem".into()),
                ..Settings::default()
            };
            match (Plan::of(&settings, dev_tls), expect) {
                (Ok(plan), Ok(listen)) => {
                    assert_eq!(plan.as_ref().map(|plan| plan.listen.0.as_str()), listen, "{plan:?}");
                }
                (Err(failure), Err(part)) => assert!(failure.to_string().contains(part), "{failure}"),
                (got, _) => panic!("{got:?} instead of {expect:?}"),
            }
        };
        check(false, false, false, false, Ok(None));
        check(true, true, true, false, Ok(Some("127.0.0.1:443")));
        check(false, false, false, true, Ok(Some("127.0.0.1:8443")));
        check(true, false, false, true, Ok(Some("127.0.0.1:443")));
        check(true, false, false, false, Err("without a certificate"));
        check(false, true, true, false, Err("without tls_listen"));
        check(true, true, false, false, Err("--tls-key-file"));
        check(true, false, true, false, Err("--tls-cert-file"));
        check(false, true, true, true, Err("leave out one of the two"));
        check(true, true, true, true, Err("leave out one of the two"));
    }

    #[test]
    fn says_how_to_trust_and_what_the_sdk_needs() {
        let check = |port: u16, parts: &[&str], needs_443: bool| {
            let text = trust("/srv/my data/ca.pem".as_ref(), SocketAddr::from(([127, 0, 0, 1], port)));
            for part in parts {
                assert!(text.contains(part), "{text} lacks {part}");
            }
            assert_eq!(text.contains("ip_unprivileged_port_start"), needs_443, "{text}");
        };
        check(8443, &["-i '/srv/my data/ca.pem'\n", "--cacert '/srv/my data/ca.pem' https://localhost:8443/"], true);
        check(443, &["https://localhost:443/"], false);
    }
}
