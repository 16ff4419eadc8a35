//! `email`: an ASCII address as RFC 5321 has it without quoted local parts and address
//! literals, which is what JSON Schema validators agree on.

/// Longest label of a host name, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

pub(super) fn is_email(text: &str) -> bool {
    // Neither part may have another.
    let Some((local, domain)) = text.split_once('@') else { return false };
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom)) && domain.split('.').all(is_label)
}

fn is_atom(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= LABEL_BYTES_MAX
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_addresses() {
        let check = |text: &str, expect: bool| assert_eq!(is_email(text), expect, "{text}");
        check("jo@shop.example", true);
        check("a@b", true);
        check("a.b+c@x-y.example", true);
        check("x", false);
        check("", false);
        check("@x.example", false);
        check("a@", false);
        check("a..b@x.example", false);
        check(".a@x.example", false);
        check("a@x..example", false);
        check("a@-x.example", false);
        check("a@x.example-", false);
        check("a b@x.example", false);
        check("Jo <jo@x.example>", false);
        check("jörg@x.example", false);
        check("a@exämple.example", false);
        check("a@b@c.example", false);
        check(&format!("a@{}.example", "x".repeat(64)), false);
    }

    #[test]
    fn atoms_are_those_of_rfc_5321() {
        for character in "!#$%&'*+-/=?^_`{|}~".chars() {
            assert!(is_email(&format!("a{character}b@shop.example")), "{character}");
            assert!(is_email(&format!("{character}@shop.example")), "{character}");
            assert!(character == '-' || !is_email(&format!("a@sh{character}op.example")), "{character}");
        }
        for character in "()<>[]:;,\\\" \t\r\n\0\u{7f}é".chars() {
            assert!(!is_email(&format!("a{character}b@shop.example")), "{character:?}");
            assert!(!is_email(&format!("a@sh{character}op.example")), "{character:?}");
        }
        // Not told apart from an address with a name, and nothing that a form should send.
        for text in [
            "a@",
            "@",
            "a@.example",
            "a@example.",
            "a.@x.example",
            "a@[192.0.2.1]",
            "\"a b\"@x.example",
            "a@x.example ",
            " a@x.example",
            "mailto:a@x.example",
            "a@x@y.example",
            "a@x.example,b@x.example",
        ] {
            assert!(!is_email(text), "{text}");
        }
        for text in
            ["1@2.3", "a@1.example", "a@xn--bcher-kva.example", "A.B@C.D", &format!("a@{}.example", "x".repeat(63))]
        {
            assert!(is_email(text), "{text}");
        }
    }
}
