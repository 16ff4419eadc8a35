//! `json-pointer` after RFC 6901: steps that begin with a slash, in which a tilde is
//! `~0` and a slash `~1`.

pub(super) fn is_json_pointer(text: &str) -> bool {
    let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_pointers() {
        for pointer in ["", "/", "/a~0b~1", "//", "/é", "/foo/0"] {
            assert!(is_json_pointer(pointer), "{pointer}");
        }
        for text in ["a", "#/a", "/~", "/~2", "/a~", "/~~0"] {
            assert!(!is_json_pointer(text), "{text}");
        }
    }
}
