//! `hostname` after RFC 1123: labels of letters, digits and hyphens, joined by dots.

/// Longest label, and longest name, in bytes.
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 253;

pub(super) fn is_hostname(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_names_of_hosts() {
        for name in ["shop.example", "a", "h0st", "xn--4gbwdl.xn--wgbh1c", &"a".repeat(63)] {
            assert!(is_hostname(name), "{name}");
        }
        for name in ["", ".", "a..b", ".a", "a.", "-a", "a-", "a_b", "é", "a b", &"a".repeat(64), &"a.".repeat(200)] {
            assert!(!is_hostname(name), "{name}");
        }
    }
}
