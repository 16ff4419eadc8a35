//! `email`: an ASCII address as RFC 5321 has it without quoted local parts and address
//! literals, which is what JSON Schema validators agree on.

/// Longest label of a host name, in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
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
}
