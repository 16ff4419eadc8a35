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

    #[test]
    fn a_name_is_as_long_as_rfc_1123_has_it() {
        // 253 characters: what fits 255 octets with a length before each label and a root.
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(is_hostname(&longest));
        assert!(!is_hostname(&format!("{longest}a")));
        // RFC 1123, 2.1: a label may begin with a digit, and be of nothing else.
        for name in ["3com.example", "1.2.3.4", "0", "a-b--c", "A.Example"] {
            assert!(is_hostname(name), "{name}");
        }
        for name in ["a..", "..", "a.-b", "a.b-.c", "*.example", "a/b", "a:80", "[::1]", "a\n", "a\0", "ａ"] {
            assert!(!is_hostname(name), "{name}");
        }
    }
}
