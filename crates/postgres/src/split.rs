//! A text cut into its statements and words, without parsing it: whatever a text is, it is walked
//! once, and no deeper than one level.
//!
//! Where this and a parser disagree the worker has the last word: what gets there as one
//! statement and is none, or is another one, is refused there.

/// The statements of a text, without those that are empty.
pub(crate) fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut begins, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes[at] == b';' {
            found.push(&text[begins..at]);
            begins = at + 1;
            at += 1;
        } else {
            at = behind(text, at);
        }
    }
    found.push(&text[begins..]);
    found.into_iter().map(str::trim).filter(|statement| words(statement).next().is_some()).collect()
}

/// The words of a statement in capitals, and its other characters, each by itself; comments and
/// space left out. Quoted texts and names come with their quotes.
pub(crate) fn words(statement: &str) -> impl Iterator<Item = String> + '_ {
    pieces(statement).map(|piece| match is_quote(piece) {
        true => piece.to_owned(),
        false => piece.to_ascii_uppercase(),
    })
}

/// The same as they are written.
pub(crate) fn pieces(statement: &str) -> impl Iterator<Item = &str> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let begin = at;
            let byte = *statement.as_bytes().get(begin)?;
            at = behind(statement, begin);
            let piece = &statement[begin..at];
            let is_comment = piece.starts_with("--") || piece.starts_with("/*");
            if !byte.is_ascii_whitespace() && !is_comment {
                return Some(piece);
            }
        }
    })
}

/// A value as it is meant, without its quotes.
pub(crate) fn unquoted(piece: &str) -> String {
    let inner = |quote: char| piece.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (inner('\''), inner('"')) {
        (Some(inner), _) => inner.replace("''", "'"),
        (_, Some(inner)) => inner.replace("\"\"", "\""),
        _ => piece.to_owned(),
    }
}

fn is_quote(piece: &str) -> bool {
    piece.starts_with(['\'', '"', '$'])
}

/// Where the piece ends that begins here; always further on.
fn behind(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    let ends_at = |length: usize| at + length.clamp(1, rest.len());
    match bytes[0] {
        b'\'' => ends_at(quoted(bytes, b'\'', false)),
        b'"' => ends_at(quoted(bytes, b'"', false)),
        b'-' if bytes.get(1) == Some(&b'-') => ends_at(rest.find('\n').unwrap_or(rest.len())),
        b'/' if bytes.get(1) == Some(&b'*') => ends_at(comment(bytes)),
        b'$' => ends_at(dollars(rest)),
        b'e' | b'E' if bytes.get(1) == Some(&b'\'') => ends_at(1 + quoted(&bytes[1..], b'\'', true)),
        byte if is_of_word(byte) => ends_at(bytes.iter().position(|byte| !is_of_word(*byte)).unwrap_or(bytes.len())),
        _ => ends_at(rest.chars().next().map_or(1, char::len_utf8)),
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn quoted(bytes: &[u8], quote: u8, has_escapes: bool) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        if has_escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Comments stand in comments.
fn comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (b'*', Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// `$tag$…$tag$`, or a parameter.
fn dollars(text: &str) -> usize {
    let digits = text.bytes().skip(1).take_while(u8::is_ascii_digit).count();
    let Some(tag) = text[1..].find('$').map(|end| &text[..end + 2]) else { return digits + 1 };
    let name = &tag[1..tag.len() - 1];
    if digits > 0 || !name.bytes().all(is_of_word) {
        return digits + 1;
    }
    text[tag.len()..].find(tag).map_or(text.len(), |end| end + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_statements_end() {
        let check = |text: &str, expect: &[&str]| assert_eq!(statements(text), expect, "{text}");
        check("select 1; select 2;", &["select 1", "select 2"]);
        check(" ;; -- nothing\n ; /* ; */ ", &[]);
        check("select ';', \";\", 'it''s;' ; x", &["select ';', \";\", 'it''s;'", "x"]);
        check("select e'\\';' ; x", &["select e'\\';'", "x"]);
        check("select $$;$$; select $a$;$$;$a$; $1;", &["select $$;$$", "select $a$;$$;$a$", "$1"]);
        check("select 1 -- ; \n + 2; x", &["select 1 -- ; \n + 2", "x"]);
        check("/* ; /* ; */ ; */ select 1; é", &["/* ; /* ; */ ; */ select 1", "é"]);
        check("select 'open; x", &["select 'open; x"]);
        check("select $1; select $2", &["select $1", "select $2"]);
    }

    #[test]
    fn words_are_told_from_what_is_quoted() {
        let check = |text: &str, expect: &[&str]| assert_eq!(words(text).collect::<Vec<_>>(), expect, "{text}");
        check("/* a */ set \"x y\" = 'b c' -- d", &["SET", "\"x y\"", "=", "'b c'"]);
        check("(select 1)", &["(", "SELECT", "1", ")"]);
        check("select a.b, $1, é", &["SELECT", "A", ".", "B", ",", "$1", ",", "é"]);
        assert_eq!(unquoted("'it''s'"), "it's");
        assert_eq!(unquoted("plain"), "plain");
    }

    #[test]
    fn any_text_is_walked_to_its_end() {
        for text in
            ["'", "\"", "$", "$$", "$a", "$a$", "e'", "e'\\", "/*", "/*/", "--", "-", "/", "é$é$", "*/", "$1$", "$$é"]
        {
            for text in [text.to_owned(), format!("{text};{text}"), text.repeat(3)] {
                let _ = statements(&text);
                let _ = words(&text).count();
            }
        }
    }
}
