//! Content codings: gzip and zstd bodies become plain ones, within limits.
//!
//! A few kilobytes can decompress to gigabytes, so the output is counted while it grows:
//! against the limit of one body and against the budget of all. A zstd frame may also ask
//! for a large window; RFC 9659 allows 8 MB for HTTP, and that is what is granted.

use std::io::{ErrorKind, Read};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use intake::Claim;

use super::problem::{Code, Problem};

/// zstd windows up to 2^23 = 8 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// The output grows by this much at least, so that a claim is a few steps.
const GROWTH_BYTES_MIN: usize = 64 << 10;
/// Bodies up to this are decompressed in place: a thread switch would cost more. Low,
/// since even this little can decompress to many megabytes.
pub(crate) const INLINE_BYTES_MAX: usize = 4 << 10;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// What `Content-Encoding` says. Two codings on one body are refused: nobody sends
    /// them, and each one multiplies what a bomb can do.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Coding, Problem> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let coding = match (values.next(), values.next()) {
            (None, _) => Some(Coding::Identity),
            (Some(value), None) => Coding::named(value.as_bytes().trim_ascii()),
            (Some(_), Some(_)) => None,
        };
        coding.ok_or_else(|| {
            // RFC 9110 section 15.5.16: the answer says which codings are read.
            Problem::of(Code::CodingUnsupported).header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))
        })
    }

    fn named(name: &[u8]) -> Option<Coding> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if name.is_empty() || is("identity") => Some(Coding::Identity),
            () if is("gzip") || is("x-gzip") => Some(Coding::Gzip),
            () if is("zstd") => Some(Coding::Zstd),
            () => None,
        }
    }

    /// The plain bytes of `body`, at most `bytes_max` of them, with `claim` grown to what
    /// is held. Both codings may consist of several members or frames in a row.
    pub(crate) fn decode(self, body: Bytes, bytes_max: usize, claim: &mut Claim) -> Result<Bytes, Problem> {
        let held = body.len();
        match self {
            Coding::Identity => Ok(body),
            Coding::Gzip => grow(intake::Gzip::new(&body[..]), held, bytes_max, claim),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(&body[..])
                    .map_err(|error| Problem::internal(format!("no zstd decoder: {error}")))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG_MAX)
                    .map_err(|error| Problem::internal(format!("zstd window limit refused: {error}")))?;
                grow(decoder, held, bytes_max, claim)
            }
        }
    }
}

/// Reads all of `source`; `held` bytes of `claim` are its compressed form.
fn grow(mut source: impl Read, held: usize, bytes_max: usize, claim: &mut Claim) -> Result<Bytes, Problem> {
    let mut plain = Vec::new();
    let mut filled = 0;
    loop {
        if filled == plain.len() {
            // One byte past the limit is room to see that it is passed.
            let room = (plain.len() * 2).max(held * 4).max(GROWTH_BYTES_MIN).min(bytes_max.saturating_add(1));
            if !claim.grow_to(held.saturating_add(room)) {
                return Err(Problem::overloaded());
            }
            plain.resize(room, 0);
        }
        match source.read(&mut plain[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Problem::of(Code::CodingBroken)),
        }
        if filled > bytes_max {
            return Err(Problem::new(
                Code::BodyTooLarge,
                format!("the body is more than {bytes_max} bytes when decompressed; split it"),
            ));
        }
    }
    plain.truncate(filled);
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use intake::Budget;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    fn zstd_of(plain: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(plain, 1).expect("a Vec takes all")
    }

    fn decode(coding: Coding, body: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, Code> {
        let budget = Budget::new(1 << 20);
        let mut claim = budget.claim(body.len()).expect("fits");
        coding
            .decode(body.into(), bytes_max, &mut claim)
            .map(|bytes| bytes.to_vec())
            .map_err(|problem| problem.document()["code"].as_str().map(code_named).expect("a code"))
    }

    fn code_named(name: &str) -> Code {
        *Code::ALL.iter().find(|code| code.name() == name).expect("a known code")
    }

    #[test]
    fn reads_both_codings_whole_or_not_at_all() {
        let plain = b"{\"a\":1}\n".repeat(5_000);
        for (coding, packed) in [(Coding::Gzip, gzip(&plain)), (Coding::Zstd, zstd_of(&plain))] {
            let twice = [packed.clone(), packed.clone()].concat();
            assert_eq!(decode(coding, packed.clone(), 1 << 18).as_deref(), Ok(&plain[..]));
            assert_eq!(decode(coding, twice, 1 << 18).map(|b| b.len()), Ok(80_000), "members in a row");
            assert_eq!(decode(coding, packed.clone(), 40_000).map(|b| b.len()), Ok(40_000), "exactly the limit");
            assert_eq!(decode(coding, packed.clone(), 39_999), Err(Code::BodyTooLarge));
            assert_eq!(decode(coding, packed[..packed.len() - 3].to_vec(), 1 << 18), Err(Code::CodingBroken));
            assert_eq!(decode(coding, b"not compressed".to_vec(), 1 << 18), Err(Code::CodingBroken));
            let followed = [&packed[..], b"something"].concat();
            assert_eq!(decode(coding, followed, 1 << 18), Err(Code::CodingBroken));
        }
    }

    #[test]
    fn padding_behind_gzip_is_passed_over() {
        let padded = [gzip(b"{}"), vec![0; 512]].concat();
        assert_eq!(decode(Coding::Gzip, padded, 1 << 18).as_deref(), Ok(&b"{}"[..]));
    }

    #[test]
    fn a_bomb_meets_the_limit_or_the_budget_first() {
        let zeros = vec![0; 16 << 20];
        for (coding, packed) in [(Coding::Gzip, gzip(&zeros)), (Coding::Zstd, zstd_of(&zeros))] {
            assert_eq!(decode(coding, packed.clone(), 200_000), Err(Code::BodyTooLarge));
            assert_eq!(decode(coding, packed, 1 << 30), Err(Code::Overloaded), "the budget here is 1 MiB");
        }
    }

    #[test]
    fn knows_names_of_codings() {
        let check = |values: &[&str], expect: Option<Coding>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_str(value).expect("a header"));
            }
            assert_eq!(Coding::of(&headers).ok(), expect, "{values:?}");
        };
        check(&[], Some(Coding::Identity));
        check(&[""], Some(Coding::Identity));
        check(&["identity"], Some(Coding::Identity));
        check(&[" GZip "], Some(Coding::Gzip));
        check(&["x-gzip"], Some(Coding::Gzip));
        check(&["zstd"], Some(Coding::Zstd));
        check(&["br"], None);
        check(&["gzip, zstd"], None);
        check(&["gzip", "gzip"], None);
    }
}
