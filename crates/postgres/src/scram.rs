//! Logging in without sending the key: SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side.
//!
//! What is kept of a key is what PostgreSQL keeps of a password: `SCRAM-SHA-256$<iterations>:<salt>$<stored
//! key>:<server key>`, in base 64. It proves that somebody knows the key, and lets nobody who reads it log in. `pgwire`'s
//! own wants the salted password, which does.
//!
//! Over TLS a login can be bound to the server's certificate (SCRAM-SHA-256-PLUS, RFC 5929): what the client has seen of it is
//! in what it signs, so that somebody between who shows a certificate of his own can pass nothing on. A client that could
//! bind and was told that it can't (`y`) is refused where it can: somebody has taken the offer away.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The name of the method, as a server offers it.
pub(crate) const METHOD: &str = "SCRAM-SHA-256";
/// The same bound to the server's certificate.
pub(crate) const METHOD_BOUND: &str = "SCRAM-SHA-256-PLUS";
/// How a client's first message begins that is bound: by this alone.
const BOUND_HEAD: &str = "p=tls-server-end-point,,";
/// Random bytes of our half of the nonce.
const NONCE_BYTES: usize = 18;
/// Longest nonce of a client.
const CLIENT_NONCE_BYTES_MAX: usize = 256;
const HASH_BYTES: usize = 32;

/// What is kept of a key.
pub(crate) struct Verifier {
    iterations: u32,
    salt: String,
    stored_key: [u8; HASH_BYTES],
    server_key: [u8; HASH_BYTES],
}

impl Verifier {
    /// Reads what is kept.
    pub(crate) fn parse(text: &str) -> Option<Verifier> {
        let (method, rest) = text.split_once('$')?;
        let (head, keys) = rest.split_once('$')?;
        let (iterations, salt) = head.split_once(':')?;
        let (stored, server) = keys.split_once(':')?;
        let key = |text: &str| BASE64.decode(text).ok()?.try_into().ok();
        let (stored_key, server_key) = (key(stored)?, key(server)?);
        let iterations = iterations.parse().ok()?;
        BASE64.decode(salt).ok()?;
        (method == METHOD).then(|| Verifier { iterations, salt: salt.to_owned(), stored_key, server_key })
    }
}

/// Why nobody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// This is not the protocol.
    Broken(&'static str),
    /// It isn't the key.
    Wrong,
    /// The client could have bound it and was told that it can't.
    Downgraded,
    /// It is bound to another certificate.
    OtherChannel,
    /// The system gives no random numbers.
    NoRandom,
}

/// What a login is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding<'a> {
    /// Nothing, and nothing was offered.
    NotOffered,
    /// Nothing, although it could have been.
    LeftOut,
    /// This certificate, by its hash.
    To(&'a [u8]),
}

/// A login that has begun.
pub(crate) struct Exchange {
    verifier: Verifier,
    /// What the client's first message says of channel binding, as its last one repeats it.
    binding: String,
    is_bound: bool,
    nonce: String,
    /// Both first messages, as both sides sign them.
    first_messages: String,
}

impl Exchange {
    /// Takes a client's first message; what it is answered.
    pub(crate) fn begin(
        verifier: Verifier,
        message: &[u8],
        binding: Binding<'_>,
    ) -> Result<(Exchange, String), Failed> {
        let mut random = [0; NONCE_BYTES];
        getrandom::fill(&mut random).map_err(|_| Failed::NoRandom)?;
        Exchange::begin_with(verifier, message, binding, &BASE64.encode(random))
    }

    fn begin_with(
        verifier: Verifier,
        message: &[u8],
        binding: Binding<'_>,
        ours: &str,
    ) -> Result<(Exchange, String), Failed> {
        let text = std::str::from_utf8(message).map_err(|_| Failed::Broken("a login that is not text"))?;
        // What is said of channel binding, and no other name to log in under.
        let head_bytes = if text.starts_with(BOUND_HEAD) { BOUND_HEAD.len() } else { 3 };
        let (head, bare) = text.split_at_checked(head_bytes).ok_or(Failed::Broken("a login that is cut"))?;
        let bound_to: &[u8] = match (head, binding) {
            (BOUND_HEAD, Binding::To(end_point)) => end_point,
            ("n,,", Binding::NotOffered | Binding::LeftOut) | ("y,,", Binding::NotOffered) => b"",
            ("y,,", Binding::LeftOut) => return Err(Failed::Downgraded),
            (head, _) if head.starts_with('p') => return Err(Failed::Broken("channel binding that isn't offered")),
            ("n,," | "y,,", Binding::To(_)) => return Err(Failed::Broken("a bound login that isn't bound")),
            _ => return Err(Failed::Broken("a login for somebody else")),
        };
        let mut attributes = bare.split(',');
        // The name is that of the first message of the connection; here it is mostly empty.
        let has_name = attributes.next().is_some_and(|name| name.starts_with("n="));
        let theirs = attributes.next().and_then(|nonce| nonce.strip_prefix("r="));
        let is_nonce = |nonce: &&str| {
            (1..=CLIENT_NONCE_BYTES_MAX).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let Some(theirs) = theirs.filter(is_nonce).filter(|_| has_name) else {
            return Err(Failed::Broken("a login without a name or a nonce"));
        };
        let nonce = format!("{theirs}{ours}");
        let answer = format!("r={nonce},s={},i={}", verifier.salt, verifier.iterations);
        let first_messages = format!("{bare},{answer}");
        let binding = BASE64.encode([head.as_bytes(), bound_to].concat());
        Ok((Exchange { verifier, binding, is_bound: !bound_to.is_empty(), nonce, first_messages }, answer))
    }

    /// Takes a client's last message; what it is answered if it has shown that it knows the key.
    pub(crate) fn finish(self, message: &[u8]) -> Result<String, Failed> {
        let text = std::str::from_utf8(message).map_err(|_| Failed::Broken("a proof that is not text"))?;
        let (rest, proof) = text.rsplit_once(",p=").ok_or(Failed::Broken("a login without a proof"))?;
        let expected = format!("c={},r={}", self.binding, self.nonce);
        if rest != expected {
            if self.is_bound && rest.ends_with(&format!(",r={}", self.nonce)) {
                return Err(Failed::OtherChannel);
            }
            return Err(Failed::Broken("a proof of another login"));
        }
        let proof: [u8; HASH_BYTES] =
            BASE64.decode(proof).ok().and_then(|proof| proof.try_into().ok()).ok_or(Failed::Broken("a cut proof"))?;
        let signed = format!("{},{rest}", self.first_messages);
        let signature = sign(&self.verifier.stored_key, signed.as_bytes());
        let mut client_key = [0; HASH_BYTES];
        for (key, (proof, signature)) in client_key.iter_mut().zip(proof.iter().zip(signature.as_ref())) {
            *key = proof ^ signature;
        }
        let stored = digest(&SHA256, &client_key);
        verify_slices_are_equal(stored.as_ref(), &self.verifier.stored_key).map_err(|_| Failed::Wrong)?;
        Ok(format!("v={}", BASE64.encode(sign(&self.verifier.server_key, signed.as_bytes()))))
    }
}

fn sign(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 7677, section 3: the password is "pencil".
    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const OURS: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const LAST: &str =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn verifier() -> Verifier {
        let mut salted = [0; HASH_BYTES];
        let iterations = std::num::NonZeroU32::new(4_096).expect("not zero");
        let salt = BASE64.decode(SALT).expect("base 64");
        aws_lc_rs::pbkdf2::derive(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, b"pencil", &mut salted);
        let stored = digest(&SHA256, sign(&salted, b"Client Key").as_ref());
        let text = format!(
            "SCRAM-SHA-256$4096:{SALT}${}:{}",
            BASE64.encode(stored),
            BASE64.encode(sign(&salted, b"Server Key"))
        );
        Verifier::parse(&text).expect("a verifier")
    }

    #[test]
    fn the_example_of_the_standard_logs_in() {
        let (exchange, answer) = Exchange::begin_with(verifier(), FIRST, Binding::NotOffered, OURS).expect("begun");
        assert_eq!(answer, format!("r=rOprNGfwEbeRWgbNEkqO{OURS},s={SALT},i=4096"));
        assert_eq!(exchange.finish(LAST.as_bytes()).as_deref(), Ok("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    }

    #[test]
    fn anything_else_does_not() {
        let check = |last: &str, expect: Failed| {
            let (exchange, _) = Exchange::begin_with(verifier(), FIRST, Binding::NotOffered, OURS).expect("begun");
            assert_eq!(exchange.finish(last.as_bytes()), Err(expect), "{last}");
        };
        check(&LAST.replace("p=dHz", "p=dHy"), Failed::Wrong);
        check(&LAST.replace("p=dHz", "p="), Failed::Broken("a cut proof"));
        check(&LAST.replace("c=biws", "c=eSws"), Failed::Broken("a proof of another login"));
        check(&LAST.replace("rOpr", "rOpq"), Failed::Broken("a proof of another login"));
        check("", Failed::Broken("a login without a proof"));
        for first in
            ["", "n,", "p=tls-server-end-point,,n=,r=x", "n,a=root,n=,r=x", "n,,r=x", "n,,n=,r=", "n,,m=x,n=,r=x"]
        {
            assert!(Exchange::begin_with(verifier(), first.as_bytes(), Binding::NotOffered, OURS).is_err(), "{first}");
        }
        let long = format!("n,,n=,r={}", "x".repeat(CLIENT_NONCE_BYTES_MAX + 1));
        assert!(Exchange::begin_with(verifier(), long.as_bytes(), Binding::NotOffered, OURS).is_err());
        assert!(Exchange::begin_with(verifier(), b"\xff", Binding::NotOffered, OURS).is_err());
    }

    /// What a client sends last that has seen a certificate with this binding.
    fn last(first: &str, answer: &str, head: &str, seen: &[u8]) -> String {
        let mut salted = [0; HASH_BYTES];
        let iterations = std::num::NonZeroU32::new(4_096).expect("not zero");
        let salt = BASE64.decode(SALT).expect("base 64");
        aws_lc_rs::pbkdf2::derive(aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, b"pencil", &mut salted);
        let client_key = sign(&salted, b"Client Key");
        let nonce = answer.strip_prefix("r=").and_then(|rest| rest.split(',').next()).expect("a nonce");
        let rest = format!("c={},r={nonce}", BASE64.encode([head.as_bytes(), seen].concat()));
        let bare = first.strip_prefix(head).expect("its head");
        let signature =
            sign(digest(&SHA256, client_key.as_ref()).as_ref(), format!("{bare},{answer},{rest}").as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, other)| key ^ other).collect();
        format!("{rest},p={}", BASE64.encode(proof))
    }

    #[test]
    fn a_login_is_bound_to_the_certificate_that_the_client_has_seen() {
        let check = |head: &str, binding: Binding<'_>, seen: &[u8], expect: Result<(), Failed>| {
            let first = format!("{head}n=user,r=abc");
            let finished = Exchange::begin_with(verifier(), first.as_bytes(), binding, OURS)
                .and_then(|(exchange, answer)| exchange.finish(last(&first, &answer, head, seen).as_bytes()).map(drop));
            assert_eq!(finished, expect, "{head} {binding:?} {seen:?}");
        };
        let ours = Binding::To(b"our certificate");
        check(BOUND_HEAD, ours, b"our certificate", Ok(()));
        check("n,,", Binding::LeftOut, b"", Ok(()));
        check("n,,", Binding::NotOffered, b"", Ok(()));
        check("y,,", Binding::NotOffered, b"", Ok(()));
        // Somebody between ends TLS himself, or takes the offer away.
        check(BOUND_HEAD, ours, b"another certificate", Err(Failed::OtherChannel));
        check(BOUND_HEAD, ours, b"", Err(Failed::OtherChannel));
        check("y,,", Binding::LeftOut, b"", Err(Failed::Downgraded));
        check("n,,", ours, b"", Err(Failed::Broken("a bound login that isn't bound")));
        check("y,,", ours, b"", Err(Failed::Broken("a bound login that isn't bound")));
        check(BOUND_HEAD, Binding::LeftOut, b"x", Err(Failed::Broken("channel binding that isn't offered")));
        check("p=tls-unique,,", ours, b"x", Err(Failed::Broken("channel binding that isn't offered")));
    }

    #[test]
    fn what_is_kept_is_read_whole_or_not() {
        for text in
            ["", "SCRAM-SHA-256$4096:x$y", "SCRAM-SHA-1$4096:AA==$AA==:AA==", "SCRAM-SHA-256$4096:AA==$AA==:AA=="]
        {
            assert!(Verifier::parse(text).is_none(), "{text}");
        }
    }
}
