//! What names a certificate to both ends of a connection: the channel binding `tls-server-end-point` of RFC 5929, section 4.1.
//!
//! It is the hash of the certificate by the function that its signature uses, or SHA-256 where that one is MD5 or SHA-1. A
//! signature that names no single function (Ed25519) has no such binding, and anything odd gives `None`, never a guess.

use aws_lc_rs::digest::{Algorithm, SHA224, SHA256, SHA384, SHA512, digest};

use super::validity::{Der, SEQUENCE};

const OBJECT: u8 = 0x06;
/// The explicit tag of the hash among the parameters of RSASSA-PSS.
const PSS_HASH: u8 = 0xA0;
/// RSASSA-PSS, 1.2.840.113549.1.1.10.
const PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";

/// Signatures by their object identifiers (RFC 8017, RFC 5758), and the function that the binding takes.
static SIGNATURES: [(&[u8], &Algorithm); 11] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", &SHA256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", &SHA256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", &SHA256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", &SHA384),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", &SHA512),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", &SHA224),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", &SHA256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", &SHA224),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", &SHA256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", &SHA384),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", &SHA512),
];
/// Functions by their object identifiers, for RSASSA-PSS.
static HASHES: [(&[u8], &Algorithm); 5] = [
    (b"\x2b\x0e\x03\x02\x1a", &SHA256),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", &SHA256),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x02", &SHA384),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x03", &SHA512),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x04", &SHA224),
];

/// The binding of a certificate in DER.
pub(super) fn of(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Der(Der(certificate).expect(SEQUENCE)?);
    let _signed = parts.expect(SEQUENCE)?;
    let mut signature = Der(parts.expect(SEQUENCE)?);
    let algorithm = match signature.expect(OBJECT)? {
        PSS => pss_hash(&mut signature)?,
        object => found(&SIGNATURES, object)?,
    };
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The function that the parameters name; SHA-1 where they don't (RFC 4055), which the binding takes SHA-256 for.
fn pss_hash(signature: &mut Der<'_>) -> Option<&'static Algorithm> {
    let mut parameters = Der(signature.expect(SEQUENCE)?);
    match parameters.next() {
        Some((PSS_HASH, hash)) => found(&HASHES, Der(Der(hash).expect(SEQUENCE)?).expect(OBJECT)?),
        _ => Some(&SHA256),
    }
}

fn found(table: &[(&[u8], &'static Algorithm)], object: &[u8]) -> Option<&'static Algorithm> {
    table.iter().find(|(known, _)| *known == object).map(|(_, algorithm)| *algorithm)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use super::*;

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let params = CertificateParams::new(["desk.test".to_owned()]).expect("a name");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn a_certificate_is_hashed_as_its_signature_hashes() {
        let check = |algorithm, expect: Option<&'static Algorithm>| {
            let certificate = certificate(algorithm);
            let expect = expect.map(|algorithm| digest(algorithm, &certificate).as_ref().to_vec());
            assert_eq!(of(&certificate), expect, "{algorithm:?}");
        };
        check(&rcgen::PKCS_ECDSA_P256_SHA256, Some(&SHA256));
        check(&rcgen::PKCS_ECDSA_P384_SHA384, Some(&SHA384));
        check(&rcgen::PKCS_ED25519, None);
    }

    /// A certificate of nothing but the name of its signature.
    fn signed_with(algorithm: &[u8]) -> Vec<u8> {
        let value = |tag: u8, content: &[u8]| [&[tag, content.len() as u8][..], content].concat();
        value(SEQUENCE, &[value(SEQUENCE, b""), value(SEQUENCE, algorithm)].concat())
    }

    #[test]
    fn each_signature_has_its_function_and_no_other_one_has() {
        let object = |object: &[u8]| [&[OBJECT, object.len() as u8][..], object].concat();
        let check = |algorithm: &[u8], expect: Option<&'static Algorithm>| {
            let certificate = signed_with(algorithm);
            let expect = expect.map(|algorithm| digest(algorithm, &certificate).as_ref().to_vec());
            assert_eq!(of(&certificate), expect, "{algorithm:?}");
        };
        let rsa = |last: u8| [&SIGNATURES[0].0[..8], &[last]].concat();
        for (last, expect) in [(4, &SHA256), (5, &SHA256), (11, &SHA256), (12, &SHA384), (13, &SHA512)] {
            check(&object(&rsa(last)), Some(expect));
        }
        check(&object(&rsa(99)), None);
        check(&object(b"\x2b\x65\x70"), None);
        check(b"", None);
        // RSASSA-PSS with SHA-384, with what is meant by default, and with nothing.
        let sha384 = object(HASHES[2].0);
        let value = |tag: u8, content: &[u8]| [&[tag, content.len() as u8][..], content].concat();
        let parameters = value(SEQUENCE, &value(PSS_HASH, &value(SEQUENCE, &sha384)));
        check(&[object(PSS), parameters].concat(), Some(&SHA384));
        check(&[object(PSS), value(SEQUENCE, b"")].concat(), Some(&SHA256));
        check(&object(PSS), None);
    }
}
