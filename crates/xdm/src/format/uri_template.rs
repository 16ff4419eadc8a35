//! `uri-template` after RFC 6570: literal text, and expressions in braces.

/// Most characters of a value that a variable may be cut to.
const PREFIX_DIGITS_MAX: usize = 4;

pub(super) fn is_uri_template(text: &str) -> bool {
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once('{') {
        let Some((expression, after)) = behind.split_once('}') else { return false };
        if !is_literal(literal) || !is_expression(expression) {
            return false;
        }
        rest = after;
    }
    is_literal(rest)
}

fn is_literal(text: &str) -> bool {
    let is_excluded = |c: char| c.is_control() || " \"<>\\^`{|}".contains(c);
    !text.contains(is_excluded) && text.split('%').skip(1).all(is_escaped)
}

fn is_expression(text: &str) -> bool {
    let variables = text.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(text);
    variables.split(',').all(is_variable)
}

fn is_variable(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_part = |part: &str| !part.is_empty() && part.split('%').skip(1).all(is_escaped);
        let is_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'%');
        name.bytes().all(is_char) && name.split('.').all(is_part)
    };
    match text.split_once(':') {
        Some((name, digits)) => {
            let is_length = (1..=PREFIX_DIGITS_MAX).contains(&digits.len()) && !digits.starts_with('0');
            is_name(name) && is_length && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => is_name(text.strip_suffix('*').unwrap_or(text)),
    }
}

/// Does a text behind a percent sign begin with two hexadecimal digits?
fn is_escaped(rest: &str) -> bool {
    rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_templates() {
        for template in ["", "/a/{b}", "{+b}", "{?a,b*}", "{v:10}", "{a.b}", "{%41}", "a%41b", "a'b", "é"] {
            assert!(is_uri_template(template), "{template}");
        }
        for text in
            ["{", "a}", "{}", "{a,,b}", "{v:0}", "{v:10000}", "{v:01}", "a b", "{a..b}", "{a=b}", "{,+a}", "a<b", "%4"]
        {
            assert!(!is_uri_template(text), "{text}");
        }
    }

    #[test]
    fn the_forms_of_rfc_6570() {
        // 3.2: an example of each expression.
        for template in [
            "{count}",
            "{count*}",
            "{/count}",
            "{/count*}",
            "{;count}",
            "{;count*}",
            "{?count}",
            "{&count*}",
            "{var:3}",
            "{keys*}",
            "{x,hello,y}",
            "{+path:6}here",
            "O{+empty}X",
            "{#x,hello,y}",
            "X{.var:3}",
            "{/var:1,var}",
            "{;v,empty,who}",
            "{?x,y,empty}",
            "?fixed=yes{&x}",
            "{_a.b_1}",
            "{a%20b}",
            "{v:9999}",
            "http://h/{+a}{#b}",
            "[a]",
            "%41",
            "\u{e000}",
        ] {
            assert!(is_uri_template(template), "{template}");
        }
        // 2.2: these operators are kept for later; 2.3, 2.4: what a variable may be.
        for text in [
            "{=a}", "{,a}", "{!a}", "{@a}", "{|a}", "{$a}", "{a-b}", "{a b}", "{é}", "{a*:3}", "{a:3*}", "{a**}",
            "{a:}", "{a:x}", "{a:-1}", "{.}", "{+}", "{a,}", "{,}", "{a.}", "{.a.}", "{%4}", "{%}", "{{a}}", "{a}}",
            "}{", "a{b", "a\u{1}", "a\u{85}", "a\\b", "a\"b", "a^b", "a`b", "a|b", "%g1",
        ] {
            assert!(!is_uri_template(text), "{text}");
        }
    }
}
