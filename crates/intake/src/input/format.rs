//! What is not JSON text, recognised by its first bytes: so that a wrong kind of file is refused by
//! its name, with the way out, instead of giving a reject for each of its line feeds.

use memchr::memchr;

/// Something that events are not read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is.
    pub name: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The HTTP coding that says so, for compressions that a request may have.
    pub coding: Option<&'static str>,
}

const CONVERT: &str = "convert it to UTF-8, such as with iconv -f UTF-16 -t UTF-8";
const UNPACK: &str = "unpack it first";
const EXPORT: &str = "export its rows as JSON, one object a line (DuckDB: copy … to 'events.ndjson')";
const JSON: &str = "write the events as JSON, one object a line";

const fn foreign(name: &'static str, remedy: &'static str) -> Foreign {
    Foreign { name, remedy, coding: None }
}

const fn coded(name: &'static str, coding: &'static str) -> Foreign {
    Foreign { name, remedy: "decompress it once more", coding: Some(coding) }
}

/// First bytes, longer ones before shorter ones that they begin with.
const MAGICS: &[(&[u8], Foreign)] = &[
    (b"\x1F\x8B", coded("gzip", "gzip")),
    (b"\x28\xB5\x2F\xFD", coded("zstd", "zstd")),
    (b"\x37\xA4\x30\xEC", foreign("a zstd dictionary", UNPACK)),
    (b"\xFF\xFE\x00\x00", foreign("UTF-32", "convert it to UTF-8, such as with iconv -f UTF-32 -t UTF-8")),
    (b"\x00\x00\xFE\xFF", foreign("UTF-32", "convert it to UTF-8, such as with iconv -f UTF-32 -t UTF-8")),
    (b"\xFF\xFE", foreign("UTF-16", CONVERT)),
    (b"\xFE\xFF", foreign("UTF-16", CONVERT)),
    (b"PK\x03\x04", foreign("a zip archive", "unpack it first, such as with unzip -p")),
    (b"PK\x05\x06", foreign("a zip archive", "unpack it first, such as with unzip -p")),
    (b"\xFD7zXZ\x00", foreign("xz", "decompress it first, such as with xz -dc")),
    (b"BZh", foreign("bzip2", "decompress it first, such as with bzip2 -dc")),
    (b"LZIP", foreign("lzip", "decompress it first, such as with lzip -dc")),
    (b"\x04\x22\x4D\x18", foreign("lz4", "decompress it first, such as with lz4 -dc")),
    (b"\xFF\x06\x00\x00sNaPpY", foreign("snappy", UNPACK)),
    (b"\x1F\x9D", foreign("compress (.Z)", "decompress it first, such as with gzip -dc")),
    (b"7z\xBC\xAF\x27\x1C", foreign("a 7z archive", UNPACK)),
    (b"Rar!\x1A\x07", foreign("a rar archive", UNPACK)),
    (b"PAR1", foreign("Parquet", EXPORT)),
    (b"PARE", foreign("encrypted Parquet", EXPORT)),
    (b"ORC", foreign("ORC", EXPORT)),
    (b"Obj\x01", foreign("Avro", EXPORT)),
    (b"ARROW1\x00\x00", foreign("Arrow", EXPORT)),
    (b"SQLite format 3\x00", foreign("an SQLite database", EXPORT)),
    (b"%PDF-", foreign("PDF", JSON)),
];

const UTF16: Foreign = foreign("UTF-16", CONVERT);
const TAR: Foreign = foreign("a tar archive", "unpack it first, such as with tar -xOf");
const CSV: Foreign = foreign("CSV", EXPORT);
const MARKUP: Foreign = foreign("HTML or XML", JSON);
/// Where a tar archive says that it is one.
const TAR_AT: usize = 257;

/// What the bytes at the start of a text are, if they are no JSON. `None` for everything that
/// may be: what is wrong in it is reported event by event.
pub fn foreign_format(head: &[u8]) -> Option<Foreign> {
    // Nearly always.
    let first = *head.first()?;
    if matches!(first, b'{' | b'[') && head.get(1) != Some(&0) {
        return None;
    }
    if let Some((_, format)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*format);
    }
    if head.get(TAR_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Some(TAR);
    }
    let opens = |byte: u8| matches!(byte, b'{' | b'[' | b' ' | b'\n' | b'\r' | b'\t');
    match (first, head.get(1)) {
        (0, Some(byte)) if opens(*byte) => return Some(UTF16),
        (byte, Some(0)) if opens(byte) => return Some(UTF16),
        (b'<', _) => return Some(MARKUP),
        _ => {}
    }
    is_csv(head).then_some(CSV)
}

/// A heading and a row: two lines of which neither looks like an object, the first with
/// separators and without what JSON has around them.
fn is_csv(head: &[u8]) -> bool {
    let Some(end) = memchr(b'\n', head) else { return false };
    let heading = head[..end].trim_ascii();
    let row = head[end..].trim_ascii_start();
    let plain = |line: &[u8]| !line.iter().any(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | 0..=8));
    let separated = heading.iter().any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|'));
    let opens = |line: &[u8]| matches!(line.first(), Some(b'{' | b'['));
    separated && plain(heading) && !row.is_empty() && !opens(row) && std::str::from_utf8(heading).is_ok()
}

/// Whether a zstd frame needs a dictionary that nobody here has.
pub(crate) fn needs_dictionary(frame: &[u8]) -> bool {
    /// Where the frame's description lies, and its bits for the dictionary's number.
    const DESCRIPTOR_AT: usize = 4;
    const DICTIONARY_BITS: u8 = 0b11;
    frame.get(DESCRIPTOR_AT).is_some_and(|descriptor| descriptor & DICTIONARY_BITS != 0)
}

/// The refusal of such a frame.
pub(crate) const ZSTD_DICTIONARY: Foreign =
    foreign("zstd that was compressed with a dictionary", "decompress it first, such as with zstd -dc -D DICTIONARY");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_and_json_is_none() {
        let check = |head: &[u8], expect: Option<&str>| {
            assert_eq!(foreign_format(head).map(|format| format.name), expect, "{:?}", head.escape_ascii().to_string());
        };
        for json in [
            &b""[..],
            b"{}",
            b"[{}]",
            b" \n{}",
            b"{\"a\":\"x,y\"}\nz",
            b"null\n{}",
            b"oops\n{}",
            b"oops, broken\n{\"a\":1}\n",
            b"\"a\": 1,\n\"b\": 2",
            b"\xEF\xBB\xBF{}",
            b"a,b",
            b"17,18",
        ] {
            check(json, None);
        }
        check(b"\x1F\x8B\x08\x00", Some("gzip"));
        check(b"\xFF\xFE{\x00", Some("UTF-16"));
        check(b"\xFF\xFE\x00\x00{\x00\x00\x00", Some("UTF-32"));
        check(b"{\x00\"\x00", Some("UTF-16"));
        check(b"\x00{\x00\"", Some("UTF-16"));
        check(b"PK\x03\x04\x14\x00", Some("a zip archive"));
        check(b"\xFD7zXZ\x00\x00", Some("xz"));
        check(b"BZh91AY", Some("bzip2"));
        check(b"PAR1\x15", Some("Parquet"));
        check(b"ORC\x08", Some("ORC"));
        check(b"Obj\x01\x04", Some("Avro"));
        check(b"_id,timestamp\na,2026-11-20T10:00:00Z\n", Some("CSV"));
        check(b"\"_id\";\"timestamp\"\r\n\"a\";\"b\"\r\n", Some("CSV"));
        check(b"<?xml version=\"1.0\"?>", Some("HTML or XML"));
        let mut tar = vec![b'e'; 257];
        tar.extend_from_slice(b"ustar\x0000");
        check(&tar, Some("a tar archive"));
        assert!(needs_dictionary(b"\x28\xB5\x2F\xFD\x03") && !needs_dictionary(b"\x28\xB5\x2F\xFD\x24"));
    }
}
