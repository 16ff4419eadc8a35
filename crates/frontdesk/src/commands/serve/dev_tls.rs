//! Certificates of one's own for development: a local authority (CA) that a person tells
//! the browser to trust once, and the server's certificate, made anew as needed.
//!
//! The authority's key stays beside it, readable by its owner only, so that other names
//! need no new trust. What a thief could do with it is bounded: the authority is
//! constrained to names that no public site has, to loopback and private addresses, and to
//! the names that were asked for when it was made. A name outside makes a new authority.
//! None of this is for production: nobody else trusts it, and nothing is revoked.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use server::{TlsFiles, Validity};

use crate::failure::Failure;

/// Below the data directory.
const DIRECTORY: &str = "dev-tls";
const CA: &str = "ca.pem";
const CA_KEY: &str = "ca.key";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";

/// Names that every certificate has.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Ends of names that are set aside for such use (RFC 2606, 6761, 6762, 8375, and
/// `internal` by ICANN): the authority may sign for anything below them.
const NAMES_SET_ASIDE: [&str; 6] = ["localhost", "test", "example", "internal", "local", "home.arpa"];

/// Loopback, private (RFC 1918), link-local and unique local (RFC 4193) addresses.
const NETS_SET_ASIDE: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fe80::/10",
    "fc00::/7",
];

const DAY_S: i64 = 86_400;
/// Two years: trusting is manual work.
const CA_DAYS: i64 = 730;
/// What browsers accept at most is 398 days.
const CERTIFICATE_DAYS: i64 = 397;
/// What ends sooner than this is made anew.
const RENEWAL_DAYS: i64 = 30;
/// How far another machine's clock may be behind.
const CLOCK_SLACK_S: i64 = 3_600;

/// What stands in front of the certificate, for people and for the next start.
const NAMES_LINE: &str = "Names: ";

/// The files, ready to be served with.
#[derive(Debug)]
pub(super) struct DevTls {
    /// The authority's certificate, to be trusted.
    pub(super) ca: PathBuf,
    /// What the server needs.
    pub(super) files: TlsFiles,
}

/// Finds or makes the authority and the certificate below the data directory, as of `now_s`
/// (seconds since 1970).
///
/// # Errors
/// The directory can't be written, or a name can't stand in a certificate.
pub(super) fn prepare(data: &Path, names: &[String], now_s: i64) -> Result<DevTls, Failure> {
    let place = Place { directory: data.join(DIRECTORY), now_s };
    fs::create_dir_all(&place.directory).map_err(|error| place.unwritable(&error))?;
    let mut wanted: Vec<String> = OWN_NAMES.map(str::to_owned).to_vec();
    wanted.extend(names.iter().filter(|name| !OWN_NAMES.contains(&name.as_str())).cloned());
    let wanted = Wanted::of(wanted)?;
    // Whether an authority may sign for a new name is found out by trying.
    let signature = match place.authority() {
        Some(authority) if place.has_certificate(&authority, &wanted) => Signature::Given,
        Some(authority) => place.sign(&authority, &wanted)?,
        None => Signature::Refused,
    };
    if signature == Signature::Refused {
        let authority = place.new_authority(&wanted)?;
        if place.sign(&authority, &wanted)? == Signature::Refused {
            let names = wanted.names.join(", ");
            return Err(Failure::usage(format_args!("no certificate can be made for {names}"))
                .help("set tls_names to plain DNS names and IP addresses"));
        }
    }
    let files = TlsFiles { certificates: place.path(CERTIFICATE), key: place.path(KEY) };
    Ok(DevTls { ca: place.path(CA), files })
}

/// The names that a certificate is to have.
struct Wanted {
    names: Vec<String>,
    params: CertificateParams,
}

impl Wanted {
    fn of(names: Vec<String>) -> Result<Wanted, Failure> {
        let params = CertificateParams::new(names.clone()).map_err(|_| {
            Failure::usage(format_args!("tls_names is `{}`", names.join(",")))
                .help("write DNS names and IP addresses, separated by commas")
        })?;
        Ok(Wanted { names, params })
    }

    /// As it stands in front of the certificate.
    fn line(&self) -> String {
        format!("{NAMES_LINE}{}\n", self.names.join(", "))
    }

    /// What an authority for these names may sign.
    fn constraints(&self) -> NameConstraints {
        let nets = NETS_SET_ASIDE.iter().map(|net| net.parse().expect("the table holds nets"));
        let nets = nets.map(GeneralSubtree::IpAddress);
        let names = NAMES_SET_ASIDE.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned()));
        let asked = self.names.iter().filter(|name| !OWN_NAMES.contains(&name.as_str()));
        let asked = asked.map(|name| match name.parse::<IpAddr>() {
            Ok(address) => {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
            }
            Err(_) => GeneralSubtree::DnsName(name.strip_prefix("*.").unwrap_or(name).to_owned()),
        });
        NameConstraints { permitted_subtrees: nets.chain(names).chain(asked).collect(), excluded_subtrees: Vec::new() }
    }
}

/// An authority that can sign.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    ends_s: i64,
}

impl Authority {
    /// Its certificate's form. The name follows from the key, so that it need not be read
    /// back, and two authorities on one machine are told apart.
    fn params(key: &KeyPair) -> CertificateParams {
        let mut params = CertificateParams::default();
        let tail: String = params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Frontdesk, for development only");
        params.distinguished_name.push(DnType::CommonName, format!("Frontdesk development CA {tail}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    /// Whether a browser that trusts this authority takes the certificate, now and until
    /// it is time to renew it.
    fn vouches_for(&self, certificate: &CertificateDer<'_>, now_s: i64) -> bool {
        let mut roots = RootCertStore::empty();
        let (Ok(()), Ok(parsed)) = (roots.add(self.certificate.clone()), ParsedCertificate::try_from(certificate))
        else {
            return false;
        };
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
        [now_s, now_s + RENEWAL_DAYS * DAY_S].into_iter().all(|at_s| {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(at_s.unsigned_abs()));
            verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], at, algorithms).is_ok()
        })
    }
}

/// What came of asking an authority.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signature {
    /// The certificate is there.
    Given,
    /// The authority may not sign for one of the names; nothing was written.
    Refused,
}

/// The directory, at one time.
struct Place {
    directory: PathBuf,
    now_s: i64,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn unwritable(&self, error: &io::Error) -> Failure {
        Failure::unavailable(format_args!("cannot write certificates to {}: {error}", self.directory.display()))
            .help("give this user the right to write there, or name another directory with --data")
    }

    /// The authority that is there, if it can sign and will for some time. Anything else,
    /// such as a file that is cut, is the same as none.
    fn authority(&self) -> Option<Authority> {
        let certificate = CertificateDer::from_pem_file(self.path(CA)).ok()?;
        let key = self.key(CA_KEY)?;
        let Validity { begins_s, ends_s } = Validity::of(&certificate)?;
        let is_timely = begins_s <= self.now_s && self.now_s + RENEWAL_DAYS * DAY_S < ends_s;
        let is_its_key = has_key(&certificate, &key);
        let issuer = Issuer::new(Authority::params(&key), key);
        (is_timely && is_its_key).then_some(Authority { issuer, certificate, ends_s })
    }

    fn new_authority(&self, wanted: &Wanted) -> Result<Authority, Failure> {
        let key = KeyPair::generate().map_err(unmade)?;
        let ends_s = self.now_s + CA_DAYS * DAY_S;
        let mut params = Authority::params(&key);
        params.name_constraints = Some(wanted.constraints());
        self.date(&mut params, ends_s);
        let certificate = params.self_signed(&key).map_err(unmade)?;
        self.write(CA_KEY, &key.serialize_pem(), 0o600)?;
        self.write(CA, &certificate.pem(), 0o644)?;
        Ok(Authority { issuer: Issuer::new(params, key), certificate: certificate.der().clone(), ends_s })
    }

    /// Whether the certificate that is there has these names, its key, and some time left.
    fn has_certificate(&self, authority: &Authority, wanted: &Wanted) -> bool {
        let path = self.path(CERTIFICATE);
        let Ok(certificate) = CertificateDer::from_pem_file(&path) else { return false };
        let has_names = fs::read_to_string(path).is_ok_and(|text| text.starts_with(&wanted.line()));
        let has_its_key = self.key(KEY).is_some_and(|key| has_key(&certificate, &key));
        has_names && has_its_key && authority.vouches_for(&certificate, self.now_s)
    }

    /// Makes a certificate, if the authority may sign for these names.
    fn sign(&self, authority: &Authority, wanted: &Wanted) -> Result<Signature, Failure> {
        let key = KeyPair::generate().map_err(unmade)?;
        let mut params = wanted.params.clone();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Frontdesk, for development only");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.date(&mut params, (self.now_s + CERTIFICATE_DAYS * DAY_S - CLOCK_SLACK_S).min(authority.ends_s));
        let certificate: Certificate = params.signed_by(&key, &authority.issuer).map_err(unmade)?;
        if !authority.vouches_for(certificate.der(), self.now_s) {
            return Ok(Signature::Refused);
        }
        // A start that is cut between the two finds a key that doesn't fit, and signs again.
        self.write(KEY, &key.serialize_pem(), 0o600)?;
        self.write(CERTIFICATE, &(wanted.line() + &certificate.pem()), 0o644)?;
        Ok(Signature::Given)
    }

    fn date(&self, params: &mut CertificateParams, ends_s: i64) {
        let at = |seconds: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.unsigned_abs());
        params.not_before = at(self.now_s - CLOCK_SLACK_S);
        params.not_after = at(ends_s);
    }

    fn key(&self, name: &str) -> Option<KeyPair> {
        KeyPair::from_pem(&fs::read_to_string(self.path(name)).ok()?).ok()
    }

    /// Puts a whole file there in one step.
    fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), Failure> {
        let new = self.path(&format!(".{name}.new"));
        let writing = || {
            let mut file = File::options().write(true).create(true).truncate(true).mode(mode).open(&new)?;
            // One that was left behind keeps its mode when it is opened again.
            file.set_permissions(PermissionsExt::from_mode(mode))?;
            file.write_all(text.as_bytes())?;
            fs::rename(&new, self.path(name))
        };
        writing().map_err(|error| self.unwritable(&error))
    }
}

fn has_key(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| parsed.subject_public_key_info().as_ref() == key.subject_public_key_info())
}

fn unmade(error: rcgen::Error) -> Failure {
    Failure::unavailable(format_args!("cannot make a certificate: {error}"))
        .help("name files of your own with --tls-cert-file and --tls-key-file")
}

#[cfg(test)]
mod tests;
