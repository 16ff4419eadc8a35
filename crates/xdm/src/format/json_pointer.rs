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

    #[test]
    fn the_examples_of_rfc_6901() {
        for pointer in
            ["/foo", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n", "/a~01", "/\0", "/é😀"]
        {
            assert!(is_json_pointer(pointer), "{pointer}");
        }
        // 6: the form with a hash sign is that of a URI; 3: a tilde is never alone.
        for text in ["#", "#/foo", "foo/bar", " /foo", "0", "/~a", "/a/~", "/~~", "/~1~", "0#", "~0"] {
            assert!(!is_json_pointer(text), "{text}");
        }
    }
}
