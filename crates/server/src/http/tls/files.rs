//! A certificate chain and its key, from PEM files to what rustls serves with.
//!
//! Whether a pair can be used is found out here, before a client meets it. What is only
//! doubtful (it has ended, others can read the key) is a [`CertificateWarning`]: it is told, and the
//! pair is used, since a site that can't be reached at all is worse. No error text holds
//! a byte of either file.

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::DateTime;
use rustls::crypto::aws_lc_rs;
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

use super::end_point;
use super::validity::Validity;

/// Longest PEM file that is read; a chain and a key take a hundredth of it.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's own certificate first, then those between it and a root.
    pub certificates: PathBuf,
    /// PEM: the first certificate's private key (PKCS#8, PKCS#1 or SEC1), not encrypted.
    pub key: PathBuf,
}

/// Why a certificate and its key can't be served with.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file is missing or can't be read.
    #[error("cannot read {}: {source}; name a PEM file that this user may read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has no end that we would wait for.
    #[error("{} has more than {PEM_BYTES_MAX} bytes; name the PEM file itself", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// A PEM section is cut or not Base64.
    #[error("{} has a broken PEM section; copy the whole file again", path.display())]
    BrokenPem {
        /// Which file.
        path: PathBuf,
    },
    /// No `CERTIFICATE` section.
    #[error("no certificate is in {}; it needs a PEM section `CERTIFICATE`, the server's own first", path.display())]
    NoCertificate {
        /// The file of certificates.
        path: PathBuf,
    },
    /// The first certificate is not one that TLS can use.
    #[error("the first certificate in {} can't be read; it must be an X.509 version 3 certificate", path.display())]
    BadCertificate {
        /// The file of certificates.
        path: PathBuf,
    },
    /// No section with a private key.
    #[error("no private key is in {}; it needs a PEM section `PRIVATE KEY`, and an encrypted one must be decrypted first", path.display())]
    NoKey {
        /// The key file.
        path: PathBuf,
    },
    /// A key of a kind that isn't served with.
    #[error("the key in {} can't be used; make an ECDSA P-256, P-384, Ed25519 or RSA (2048 bits or more) key", path.display())]
    BadKey {
        /// The key file.
        path: PathBuf,
    },
    /// The two don't belong together.
    #[error("the key in {} doesn't belong to the first certificate in {}; name the pair that was made together", key.display(), certificates.display())]
    Mismatch {
        /// The file of certificates.
        certificates: PathBuf,
        /// The key file.
        key: PathBuf,
    },
}

/// What is doubtful about a pair that is used nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateWarning {
    /// Its time is over.
    Ended { certificates: PathBuf, ends_s: i64 },
    /// Its time has not come.
    NotBegun { certificates: PathBuf, begins_s: i64 },
    /// Others than its owner can read the key.
    KeyExposed { key: PathBuf, mode: u32 },
}

impl fmt::Display for CertificateWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default().to_rfc3339();
        match self {
            CertificateWarning::Ended { certificates, ends_s } => {
                let ended = date(*ends_s);
                write!(f, "the certificate in {} ended at {ended}; clients refuse it", certificates.display())
            }
            CertificateWarning::NotBegun { certificates, begins_s } => {
                let begins = date(*begins_s);
                write!(f, "the certificate in {} begins at {begins}; clients refuse it", certificates.display())
            }
            CertificateWarning::KeyExposed { key, mode } => {
                let key = key.display();
                write!(f, "others can read the private key {key} (mode {mode:04o}); run: chmod go-rwx {key}")
            }
        }
    }
}

/// Both files as they are now.
pub(crate) struct Pair {
    certificates: io::Result<Vec<u8>>,
    key: io::Result<Vec<u8>>,
    key_mode: Option<u32>,
}

/// A pair that can be served with.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: ServerConfig,
    pub(crate) validity: Option<Validity>,
    /// What names the certificate to both ends, if anything does.
    pub(crate) end_point: Option<Vec<u8>>,
    pub(crate) warnings: Vec<CertificateWarning>,
}

impl Pair {
    /// Reads both files, whatever comes of it.
    pub(crate) fn read(files: &TlsFiles) -> Pair {
        let key_mode = std::fs::metadata(&files.key).map(|metadata| metadata.permissions().mode() & 0o777);
        Pair { certificates: read(&files.certificates), key: read(&files.key), key_mode: key_mode.ok() }
    }

    /// Tells one state of the files from the next. It is not kept from anyone who could
    /// make a collision: they could as well write the files.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for file in [&self.certificates, &self.key] {
            file.as_ref().map_err(io::Error::kind).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Makes the pair ready to be served with, as of `now_s` (seconds since 1970).
    ///
    /// # Errors
    /// Clients could not be served with it.
    pub(crate) fn load(self, files: &TlsFiles, now_s: i64) -> Result<Loaded, TlsError> {
        let chain = certificates(self.certificates, &files.certificates)?;
        let key = private_key(self.key, &files.key)?;
        let (validity, end_point) = (Validity::of(&chain[0]), end_point::of(&chain[0]));
        let mut warnings = Vec::new();
        if let Some(Validity { begins_s, ends_s }) = validity {
            let certificates = files.certificates.clone();
            if now_s > ends_s {
                warnings.push(CertificateWarning::Ended { certificates, ends_s });
            } else if now_s < begins_s {
                warnings.push(CertificateWarning::NotBegun { certificates, begins_s });
            }
        }
        if let Some(mode) = self.key_mode.filter(|mode| mode & 0o077 != 0) {
            warnings.push(CertificateWarning::KeyExposed { key: files.key.clone(), mode });
        }
        Ok(Loaded { config: config(chain, key, files)?, validity, end_point, warnings })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(PEM_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole(bytes: io::Result<Vec<u8>>, path: &Path) -> Result<Vec<u8>, TlsError> {
    let path = path.to_owned();
    match bytes {
        Err(source) => Err(TlsError::Unreadable { path, source }),
        Ok(bytes) if bytes.len() as u64 > PEM_BYTES_MAX => Err(TlsError::TooLong { path }),
        Ok(bytes) => Ok(bytes),
    }
}

/// The chain: never empty, and its first certificate is one that TLS can use.
fn certificates(bytes: io::Result<Vec<u8>>, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = whole(bytes, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    // What exactly is wrong stays unsaid here and below: the text would hold bytes of the
    // file, and somebody may have put the key there.
    let chain = chain.map_err(|_| TlsError::BrokenPem { path: path.to_owned() })?;
    match chain.first().map(ParsedCertificate::try_from) {
        None => Err(TlsError::NoCertificate { path: path.to_owned() }),
        Some(Err(_)) => Err(TlsError::BadCertificate { path: path.to_owned() }),
        Some(Ok(_)) => Ok(chain),
    }
}

fn private_key(bytes: io::Result<Vec<u8>>, path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    use rustls_pki_types::pem::Error;
    PrivateKeyDer::from_pem_slice(&whole(bytes, path)?).map_err(|error| match error {
        Error::NoItemsFound => TlsError::NoKey { path: path.to_owned() },
        _ => TlsError::BrokenPem { path: path.to_owned() },
    })
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    files: &TlsFiles,
) -> Result<ServerConfig, TlsError> {
    // Other crates bring a second provider into the process, so none is the default.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { certificates: files.certificates.clone(), key: files.key.clone() }
        }
        _ => TlsError::BadKey { path: files.key.clone() },
    })?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has suites for both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    // Tickets spare a returning client the certificate, and us a table of sessions.
    config.ticketer = aws_lc_rs::Ticketer::new().expect("the system gives random bytes");
    Ok(config)
}
