//! What a client sends, cut out of the bytes of a message.
//!
//! Every length and count in a message is the client's claim. Whatever it claims, reading ends
//! at the message's end, and with an error if something is missing there or left.

use bytes::{Buf, Bytes};

/// A message of a client that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Query(String),
    Parse {
        name: String,
        text: String,
        types: Vec<u32>,
    },
    Bind(Bind),
    Describe(Named),
    Execute {
        portal: String,
        rows_max: usize,
    },
    Close(Named),
    Flush,
    Sync,
    Terminate,
    /// Of a copy that was never begun: left out, as PostgreSQL does.
    Copy,
}

/// Values for a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bind {
    pub(crate) portal: String,
    pub(crate) statement: String,
    pub(crate) formats: Vec<i16>,
    pub(crate) values: Vec<Option<Bytes>>,
    pub(crate) result_formats: Vec<i16>,
}

/// Something that was prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Statement(String),
    Portal(String),
}

/// What is wrong with a message: for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl Message {
    /// Reads a message of this kind.
    pub(crate) fn read(kind: u8, body: Bytes) -> Result<Message, Broken> {
        let mut body = Body(body);
        let message = match kind {
            b'Q' => Message::Query(body.text()?),
            b'P' => Message::Parse { name: body.text()?, text: body.text()?, types: body.list(Body::oid)? },
            b'B' => Message::Bind(Bind {
                portal: body.text()?,
                statement: body.text()?,
                formats: body.list(Body::short)?,
                values: body.list(Body::value)?,
                result_formats: body.list(Body::short)?,
            }),
            b'D' => Message::Describe(body.named()?),
            b'E' => Message::Execute { portal: body.text()?, rows_max: body.rows_max()? },
            b'C' => Message::Close(body.named()?),
            b'H' => Message::Flush,
            b'S' => Message::Sync,
            b'X' => Message::Terminate,
            b'd' | b'c' | b'f' => {
                body.0.clear();
                Message::Copy
            }
            _ => return Err(Broken("a message of an unknown kind")),
        };
        match body.0.is_empty() {
            true => Ok(message),
            false => Err(Broken("a message that is longer than what it holds")),
        }
    }
}

/// The password of a login.
pub(crate) fn password(kind: u8, body: Bytes) -> Result<String, Broken> {
    match kind {
        b'p' => Body(body).text(),
        _ => Err(Broken("a password was expected")),
    }
}

/// How a login without the key begins: the method that was chosen, and its first message.
pub(crate) fn method(kind: u8, body: Bytes) -> Result<(String, Bytes), Broken> {
    if kind != b'p' {
        return Err(Broken("a login was expected"));
    }
    let mut body = Body(body);
    let (name, first) = (body.text()?, body.value()?);
    match first.filter(|_| body.0.is_empty()) {
        Some(first) => Ok((name, first)),
        None => Err(Broken("a login without its first message")),
    }
}

/// How it goes on.
pub(crate) fn response(kind: u8, body: Bytes) -> Result<Bytes, Broken> {
    match kind {
        b'p' => Ok(body),
        _ => Err(Broken("the rest of a login was expected")),
    }
}

/// The parameters of a first message, in pairs.
pub(crate) fn pairs(body: Bytes) -> Result<Vec<(String, String)>, Broken> {
    let mut body = Body(body);
    let mut pairs = Vec::new();
    loop {
        let name = body.text()?;
        if name.is_empty() {
            return Ok(pairs);
        }
        pairs.push((name, body.text()?));
    }
}

const SHORT: Broken = Broken("a message that is shorter than it says");

struct Body(Bytes);

impl Body {
    fn take(&mut self, count: usize) -> Result<Bytes, Broken> {
        if self.0.len() < count { Err(SHORT) } else { Ok(self.0.split_to(count)) }
    }

    fn short(&mut self) -> Result<i16, Broken> {
        Ok(self.take(2)?.get_i16())
    }

    fn number(&mut self) -> Result<i32, Broken> {
        Ok(self.take(4)?.get_i32())
    }

    fn oid(&mut self) -> Result<u32, Broken> {
        Ok(self.take(4)?.get_u32())
    }

    fn text(&mut self) -> Result<String, Broken> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(SHORT)?;
        let text = self.0.split_to(end);
        self.0.advance(1);
        String::from_utf8(text.into()).map_err(|_| Broken("text that is not UTF-8"))
    }

    fn value(&mut self) -> Result<Option<Bytes>, Broken> {
        match self.number()? {
            -1 => Ok(None),
            length => self.take(usize::try_from(length).map_err(|_| SHORT)?).map(Some),
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Body) -> Result<T, Broken>) -> Result<Vec<T>, Broken> {
        let count = self.short()? as u16;
        // Grown as items come: the count is only a claim.
        (0..count).map(|_| item(self)).collect()
    }

    fn named(&mut self) -> Result<Named, Broken> {
        let kind = self.take(1)?.get_u8();
        let name = self.text()?;
        match kind {
            b'S' => Ok(Named::Statement(name)),
            b'P' => Ok(Named::Portal(name)),
            _ => Err(Broken("neither a statement nor a portal")),
        }
    }

    /// 0 means all.
    fn rows_max(&mut self) -> Result<usize, Broken> {
        Ok(usize::try_from(self.number()?).ok().filter(|max| *max > 0).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIND: &[u8] = b"p\0s\0\x00\x01\x00\x01\x00\x02\x00\x00\x00\x02ab\xff\xff\xff\xff\x00\x00";

    #[test]
    fn messages_are_read() {
        let check = |kind: u8, body: &'static [u8], expect: Message| {
            assert_eq!(Message::read(kind, Bytes::from_static(body)), Ok(expect));
        };
        check(b'Q', b"select 1\0", Message::Query("select 1".to_owned()));
        let bind = Bind {
            portal: "p".to_owned(),
            statement: "s".to_owned(),
            formats: vec![1],
            values: vec![Some(Bytes::from_static(b"ab")), None],
            result_formats: Vec::new(),
        };
        check(b'B', BIND, Message::Bind(bind));
        check(
            b'P',
            b"\0select $1\0\x00\x01\x00\x00\x00\x17",
            Message::Parse { name: String::new(), text: "select $1".to_owned(), types: vec![23] },
        );
        check(b'E', b"\0\x00\x00\x00\x00", Message::Execute { portal: String::new(), rows_max: usize::MAX });
        check(b'D', b"Sx\0", Message::Describe(Named::Statement("x".to_owned())));
        check(b'S', b"", Message::Sync);
        check(b'd', b"rows", Message::Copy);
    }

    #[test]
    fn no_cut_or_lying_message_does_more_than_fail() {
        for cut in 0..BIND.len() {
            assert!(Message::read(b'B', Bytes::copy_from_slice(&BIND[..cut])).is_err(), "cut at {cut}");
        }
        for kind in 0..=u8::MAX {
            for body in [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\0\0\xff\xff\x7f\xff\xff\xff", b"S\xff\0"] {
                let _ = Message::read(kind, Bytes::copy_from_slice(body));
            }
        }
        assert!(Message::read(b'Q', Bytes::from_static(b"select 1\0x")).is_err());
        assert!(Message::read(b'Q', Bytes::from_static(b"\xff\0")).is_err());
        assert!(pairs(Bytes::from_static(b"user\0")).is_err());
        assert!(pairs(Bytes::from_static(b"user\0x\0")).is_err());
        let read = pairs(Bytes::from_static(b"user\0x\0\0"));
        assert_eq!(read, Ok(vec![("user".to_owned(), "x".to_owned())]));
    }
}
