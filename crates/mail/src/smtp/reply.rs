//! A server's reply, read from bytes.

/// Longest reply, in bytes, all its lines together.
pub(super) const REPLY_BYTES_MAX: usize = 16 << 10;

/// A reply: its code, and its lines without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

/// What the bytes so far are.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// More is to come.
    Part,
    /// A reply, and how many bytes it has.
    Whole(Reply, usize),
    /// No reply.
    Garbled,
}

impl Reply {
    /// Reads what has come so far.
    pub(super) fn read(bytes: &[u8]) -> Read {
        let mut lines = Vec::new();
        let mut at = 0;
        let mut code = None;
        while let Some(end) = bytes[at..].iter().position(|byte| *byte == b'\n') {
            let line = bytes[at..at + end].strip_suffix(b"\r").unwrap_or(&bytes[at..at + end]);
            at += end + 1;
            let Some((digits, rest)) = line.split_at_checked(3) else { return Read::Garbled };
            let number = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            let Some(number) = number.and_then(|digits| digits.parse::<u16>().ok()) else { return Read::Garbled };
            if !(200..600).contains(&number) || *code.get_or_insert(number) != number {
                return Read::Garbled;
            }
            let (mark, text) = rest.split_first().map_or((b' ', rest), |(mark, text)| (*mark, text));
            lines.push(String::from_utf8_lossy(text).into_owned());
            match mark {
                b'-' => {}
                b' ' => return Read::Whole(Reply { code: number, lines }, at),
                _ => return Read::Garbled,
            }
        }
        if bytes.len() >= REPLY_BYTES_MAX { Read::Garbled } else { Read::Part }
    }

    /// What the server says in words, on one line, with nothing that steers.
    pub(super) fn said(&self) -> String {
        report::visible(&format!("{} {}", self.code, self.lines.join(" "))).into_owned()
    }

    /// The words behind a keyword of the reply to EHLO; `None` if it doesn't have it.
    pub(super) fn extension(&self, keyword: &str) -> Option<Vec<&str>> {
        // The first line is the server's name. Old servers write AUTH=PLAIN.
        self.lines.iter().skip(1).find_map(|line| {
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            words.next().filter(|word| word.eq_ignore_ascii_case(keyword))?;
            Some(words.collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_strictly() {
        let check = |bytes: &[u8], expect: Option<(u16, &[&str], usize)>| {
            let expect = match expect {
                Some((code, lines, length)) => {
                    Read::Whole(Reply { code, lines: lines.iter().map(|line| (*line).to_owned()).collect() }, length)
                }
                None => Read::Garbled,
            };
            assert_eq!(Reply::read(bytes), expect, "{}", String::from_utf8_lossy(bytes));
        };
        check(b"220 mail.example ready\r\n", Some((220, &["mail.example ready"], 24)));
        check(b"250-a\r\n250-AUTH PLAIN\r\n250 OK\r\nmore", Some((250, &["a", "AUTH PLAIN", "OK"], 31)));
        check(b"354\r\n", Some((354, &[""], 5)));
        for odd in [
            b"22\r\n".as_slice(),
            b"abc hello\r\n",
            b"250-a\r\n251 b\r\n",
            b"250_a\r\n",
            b"\r\n",
            b"999 x\r\n",
            b"100 x\r\n",
            "\u{665}\u{665} x\r\n".as_bytes(),
        ] {
            check(odd, None);
        }
        for part in [b"".as_slice(), b"250", b"250-a\r\n", b"250 a"] {
            assert_eq!(Reply::read(part), Read::Part);
        }
        check(&vec![b'2'; REPLY_BYTES_MAX], None);
        check(&b"250-x\r\n".repeat(REPLY_BYTES_MAX / 7 + 1), None);
    }

    #[test]
    fn extensions_are_found_however_they_are_written() {
        let reply = Reply {
            code: 250,
            lines: ["AUTH x", "starttls", "AUTH=LOGIN plain", "SIZE 100"].map(str::to_owned).to_vec(),
        };
        assert_eq!(reply.extension("STARTTLS"), Some(vec![]));
        assert_eq!(reply.extension("AUTH"), Some(vec!["LOGIN", "plain"]), "the server's name is no extension");
        assert_eq!(reply.extension("PIPELINING"), None);
    }
}
