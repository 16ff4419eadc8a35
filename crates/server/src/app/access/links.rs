//! Links that show one view to people without a key: `/share/TOKEN`.
//!
//! A token is an id, a secret of 256 random bits and a signature by a key of this server, in the letters of keys. The signature is
//! looked at first, so that made-up tokens cost a hash and no look-up; then the secret's hash is compared with that of the link.
//! Links are kept in the state file and mirrored here, as that file has one writer: whoever opens a link waits for no disk.
//!
//! A link is as good as the key that it was made with and no better: it ends with that key, with its date, or when it is
//! revoked. What has been shown of the rest of the server is nothing: it is one page with one query.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key as HmacKey, sign};
use state::shares::Share;

use super::digest::Digest;
use super::failures::Failures;
use super::token::{self, ID_CHARS, SECRET_CHARS};

/// What stands before a token in a path.
pub(crate) const PREFIX: &str = "/share/";
/// What stands behind it in the path of the page's stream.
const LIVE: &str = "/live";
/// Bytes of a signature that stand in a token.
const SIGNATURE_BYTES: usize = 16;
/// Letters of it: five bits each.
const SIGNATURE_CHARS: usize = (SIGNATURE_BYTES * 8).div_ceil(5);
/// Letters of a token.
const TOKEN_CHARS: usize = ID_CHARS + SECRET_CHARS + SIGNATURE_CHARS;
/// Tells these signatures from any others by the same key.
const SIGNED: &[u8] = b"frontdesk link v1\0";
const MICROS: i64 = 1_000_000;

/// What should be a token in a path of links; the router knows which paths these are.
pub(crate) fn token_of(path: &str) -> &str {
    let token = path.strip_prefix(PREFIX).unwrap_or_default();
    token.strip_suffix(LIVE).unwrap_or(token)
}

/// The key by which links are signed. `Debug` shows none of it.
#[derive(Clone)]
pub struct LinkKey(HmacKey);

impl LinkKey {
    /// From 32 bytes that are this server's alone and the same at each start.
    pub fn new(bytes: &[u8; 32]) -> LinkKey {
        LinkKey(HmacKey::new(HMAC_SHA256, bytes))
    }

    fn signature(&self, signed: &str) -> String {
        let tag = sign(&self.0, &[SIGNED, signed.as_bytes()].concat());
        token::letters(&tag.as_ref()[..SIGNATURE_BYTES], SIGNATURE_CHARS)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

/// The links of one server.
#[derive(Default)]
pub(crate) struct Links {
    key: Option<LinkKey>,
    /// By their ids.
    held: RwLock<HashMap<String, Arc<Link>>>,
    failures: Failures,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links(..)")
    }
}

/// A link.
#[derive(Debug)]
pub(crate) struct Link(pub(crate) Share);

/// How a link stands.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkNow {
    /// It is answered.
    Open,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// The key that it was made with isn't one any more.
    KeyGone,
}

/// Why a token lets nobody in.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkRefused {
    /// There is no such link.
    Unknown,
    /// There was one, and it is over.
    Over(LinkNow),
    /// There were too many tries with tokens that aren't any.
    TooMany {
        /// After so many seconds there can be more.
        wait_s: u64,
    },
}

/// A token that was just made.
pub(crate) struct NewToken {
    pub(crate) id: String,
    pub(crate) secret_hash: Digest,
    /// As it stands in the link; it is told once and kept nowhere.
    pub(crate) text: String,
}

impl Link {
    /// How it stands now; `holds` says whether the key of an id may still read.
    pub(crate) fn now(&self, holds: impl Fn(&str) -> bool, now_micros: i64) -> LinkNow {
        let Share { key_id, expires_at, revoked_at, .. } = &self.0;
        match key_id {
            _ if revoked_at.is_some() => LinkNow::Revoked,
            _ if now_micros >= *expires_at => LinkNow::Expired,
            Some(id) if !holds(id) => LinkNow::KeyGone,
            _ => LinkNow::Open,
        }
    }
}

impl Links {
    /// Without a key there are none.
    pub(crate) fn new(key: Option<LinkKey>) -> Links {
        Links { key, ..Links::default() }
    }

    /// Mirrors what the state file has.
    pub(crate) fn mirror(&self, shares: Vec<Share>) {
        let links = shares.into_iter().map(|share| (share.id.clone(), Arc::new(Link(share)))).collect();
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = links;
    }

    /// Closes a link at once, whatever becomes of the next mirroring.
    pub(crate) fn close(&self, id: &str) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// A token for a new link; `None` where links can't be signed.
    ///
    /// # Errors
    /// The system's random source failed.
    pub(crate) fn token(&self) -> Result<Option<NewToken>, getrandom::Error> {
        let Some(key) = &self.key else { return Ok(None) };
        let (id, secret) = (token::id()?, token::secret()?);
        let signed = format!("{id}{secret}");
        let signature = key.signature(&signed);
        Ok(Some(NewToken { id, secret_hash: Digest::of(&secret), text: format!("{signed}{signature}") }))
    }

    /// The link that a token opens; `holds` says whether the key of an id may still read.
    ///
    /// # Errors
    /// It opens none.
    pub(crate) fn open(
        &self,
        token: &str,
        holds: impl Fn(&str) -> bool,
        now_micros: i64,
    ) -> Result<Arc<Link>, LinkRefused> {
        let now_s = now_micros.div_euclid(MICROS);
        let Some(link) = self.find(token) else {
            return Err(match self.failures.count("links", now_s) {
                Ok(()) => LinkRefused::Unknown,
                Err(wait_s) => LinkRefused::TooMany { wait_s },
            });
        };
        match link.now(holds, now_micros) {
            LinkNow::Open => Ok(link),
            over => Err(LinkRefused::Over(over)),
        }
    }

    fn find(&self, token: &str) -> Option<Arc<Link>> {
        if token.len() != TOKEN_CHARS || !token::is_plain(token) {
            return None;
        }
        let (signed, signature) = token.split_at(ID_CHARS + SECRET_CHARS);
        let expected = self.key.as_ref()?.signature(signed);
        verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).ok()?;
        let (id, secret) = signed.split_at(ID_CHARS);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let link = held.get(id)?;
        Digest::from_bytes(link.0.secret_hash).is(&Digest::of(secret)).then(|| Arc::clone(link))
    }

    /// The link of this id as it is now.
    pub(crate) fn held(&self, id: &str) -> Option<Arc<Link>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(id).map(Arc::clone)
    }

    /// All links as they were mirrored last.
    pub(crate) fn all(&self) -> Vec<Arc<Link>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let mut links: Vec<Arc<Link>> = held.values().cloned().collect();
        links.sort_by(|one, other| (other.0.made_at, &one.0.id).cmp(&(one.0.made_at, &other.0.id)));
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_356_436_000_000;

    /// No key holds.
    fn no_key(_: &str) -> bool {
        false
    }

    fn share(token: &NewToken) -> Share {
        Share {
            id: token.id.clone(),
            secret_hash: token.secret_hash.bytes(),
            label: "l".to_owned(),
            page: "/".to_owned(),
            query: String::new(),
            made_by: None,
            key_id: None,
            made_at: NOW,
            expires_at: NOW + 10,
            revoked_at: None,
        }
    }

    fn links(key: u8) -> Links {
        Links::new(Some(LinkKey::new(&[key; 32])))
    }

    fn made(links: &Links) -> NewToken {
        links.token().expect("random").expect("a key")
    }

    #[test]
    fn a_token_opens_its_link_and_no_other_spelling_does() {
        let links = links(1);
        let (one, other) = (made(&links), made(&links));
        links.mirror(vec![share(&one), share(&other)]);
        assert_eq!(links.open(&one.text, no_key, NOW).expect("open").0.id, one.id);
        let mut wrong = vec![
            String::new(),
            one.text[1..].to_owned(),
            one.text[..TOKEN_CHARS - 1].to_owned(),
            format!("{}0", one.text),
            one.text.to_uppercase(),
            format!("{}{}", &one.id, &other.text[ID_CHARS..]),
            format!("{}%", &one.text[..TOKEN_CHARS - 1]),
            "é".repeat(TOKEN_CHARS / 2),
        ];
        // Each letter counts.
        for place in 0..TOKEN_CHARS {
            let letter = if &one.text[place..=place] == "0" { "1" } else { "0" };
            wrong.push(format!("{}{letter}{}", &one.text[..place], &one.text[place + 1..]));
        }
        for token in wrong {
            assert!(links.find(&token).is_none(), "{token}");
        }
    }

    #[test]
    fn another_servers_key_opens_nothing() {
        let (one, other) = (links(1), links(2));
        let token = made(&one);
        other.mirror(vec![share(&token)]);
        assert_eq!(other.open(&token.text, no_key, NOW).expect_err("refused"), LinkRefused::Unknown);
        let keyless = Links::default();
        keyless.mirror(vec![share(&token)]);
        assert!(keyless.find(&token.text).is_none() && keyless.token().expect("none").is_none());
    }

    #[test]
    fn a_signed_token_opens_no_link_of_another_secret() {
        let links = links(1);
        let (token, other) = (made(&links), made(&links));
        // As when a state file of another time is put in place.
        links.mirror(vec![Share { secret_hash: other.secret_hash.bytes(), ..share(&token) }]);
        assert_eq!(links.open(&token.text, no_key, NOW).expect_err("refused"), LinkRefused::Unknown);
    }

    #[test]
    fn a_token_is_in_the_paths_of_a_page_and_its_stream() {
        for (path, expect) in
            [("/share/abc", "abc"), ("/share/abc/live", "abc"), ("/share/", ""), ("/live", ""), ("/x/abc", "")]
        {
            assert_eq!(token_of(path), expect, "{path}");
        }
    }

    #[test]
    fn a_link_ends_and_is_told_to_be_over_only_to_who_had_it() {
        let links = links(1);
        let token = made(&links);
        let check = |change: &dyn Fn(&mut Share), now: i64, expect: Option<LinkNow>| {
            let mut share = share(&token);
            change(&mut share);
            links.mirror(vec![share]);
            assert_eq!(links.open(&token.text, no_key, now).err(), expect.map(LinkRefused::Over));
        };
        check(&|_| (), NOW + 9, None);
        check(&|_| (), NOW + 10, Some(LinkNow::Expired));
        check(&|share| share.revoked_at = Some(NOW), NOW, Some(LinkNow::Revoked));
        // There are no keys, so none of this id.
        check(&|share| share.key_id = Some("abcdefgh".to_owned()), NOW, Some(LinkNow::KeyGone));
        links.mirror(vec![share(&token)]);
        links.close(&token.id);
        assert_eq!(links.open(&token.text, no_key, NOW).expect_err("refused"), LinkRefused::Unknown);
    }

    #[test]
    fn wrong_tokens_are_limited_and_good_ones_are_not() {
        let links = links(1);
        let token = made(&links);
        links.mirror(vec![share(&token)]);
        let tries = (0..100).map(|_| links.open("x", no_key, NOW).expect_err("refused"));
        let limited = tries.filter(|refused| matches!(refused, LinkRefused::TooMany { .. })).count();
        assert_eq!(limited, 40);
        assert!(links.open(&token.text, no_key, NOW).is_ok());
    }
}
