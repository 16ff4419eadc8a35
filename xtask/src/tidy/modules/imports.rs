//! What a file imports, found in its text.
//!
//! This is no parser: words, `::` and braces are told apart, comments, strings and tests are
//! left out, and every path is followed as far as its words go.

use std::collections::BTreeMap;

/// A file, as far as imports are concerned.
#[derive(Debug, Default)]
pub(super) struct Source {
    words: Vec<Word>,
    /// Modules that are compiled for tests only.
    pub(super) test_modules: Vec<String>,
}

/// A module whose contents are used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) line: usize,
    pub(super) module: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    line: usize,
    text: String,
}

/// A path that was written, and the name that it is known by in the file.
struct Path {
    line: usize,
    names: Vec<String>,
    alias: Option<String>,
}

impl Source {
    pub(super) fn read(text: &str) -> Source {
        let mut source = Source::default();
        let words = words(text);
        let mut at = 0;
        while at < words.len() {
            if is_test(&words[at..]) {
                at = source.skip_test(&words, at + TEST.len());
            } else {
                source.words.push(words[at].clone());
                at += 1;
            }
        }
        source
    }

    /// Skips what stands behind `#[cfg(test)]`; the place behind it.
    fn skip_test(&mut self, words: &[Word], begin: usize) -> usize {
        let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
        if text(begin) == "mod" && text(begin + 2) == ";" {
            self.test_modules.push(text(begin + 1).to_owned());
        }
        let name = begin + usize::from(text(begin) == "pub");
        let is_field = text(name + 1) == ":";
        let mut depth = 0usize;
        for (at, word) in words.iter().enumerate().skip(begin) {
            match (word.text.as_str(), depth) {
                ("{" | "(" | "[", _) => depth += 1,
                // The last field, without a comma.
                ("}" | ")" | "]", 0) => return at,
                ("}", 1) => return at + 1 + usize::from(text(at + 1) == ";"),
                ("}" | ")" | "]", _) => depth -= 1,
                (";", 0) => return at + 1,
                (",", 0) if is_field => return at + 1,
                _ => {}
            }
        }
        words.len()
    }

    /// The modules that this one, `own`, imports something of.
    pub(super) fn imports(&self, own: &[String], is_module: impl Fn(&[String]) -> bool) -> Vec<Import> {
        let mut known = self.children(own);
        let uses = self.uses();
        // The modules themselves first, in whatever order they stand: what of them is used
        // stands elsewhere.
        for declared in &uses {
            let Some(names) = absolute(&declared.names, own, &known) else { continue };
            if module_length(&names, &is_module) == names.len() {
                let name = declared.alias.clone().or_else(|| names.last().cloned());
                known.extend(name.map(|name| (name, names)));
            }
        }
        let mut imports = Vec::new();
        for declared in &uses {
            let Some(names) = absolute(&declared.names, own, &known) else { continue };
            let length = module_length(&names, &is_module);
            if length < names.len() {
                imports.push(Import { line: declared.line, module: names[..length].to_vec() });
            }
        }
        for written in self.paths() {
            let Some(names) = absolute(&written.names, own, &known) else { continue };
            let length = module_length(&names, &is_module);
            if length < names.len() {
                imports.push(Import { line: written.line, module: names[..length].to_vec() });
            }
        }
        imports
    }

    fn children(&self, own: &[String]) -> BTreeMap<String, Vec<String>> {
        let declared = self.words.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";");
        declared.map(|three| (three[1].text.clone(), [own, &[three[1].text.clone()]].concat())).collect()
    }

    /// The paths of all `use` declarations, one for each name that they bring in.
    fn uses(&self) -> Vec<Path> {
        let mut found = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            if word.text == "use" && self.text(at + 1) != "<" {
                self.tree(at + 1, &[], &mut found);
            }
        }
        found
    }

    /// Reads a tree of names from this place on; the place behind it.
    fn tree(&self, mut at: usize, before: &[String], found: &mut Vec<Path>) -> usize {
        let mut names = before.to_vec();
        let line = self.words.get(at).map_or(0, |word| word.line);
        loop {
            match self.text(at) {
                "{" => {
                    at += 1;
                    while !matches!(self.text(at), "}" | "") {
                        let behind = self.tree(at, &names, found);
                        // What is no name (`r#type`) is passed over.
                        at = behind + usize::from(behind == at || self.text(behind) == ",");
                    }
                    return at + 1;
                }
                "::" => at += 1,
                "as" => {
                    let alias = Some(self.text(at + 1).to_owned());
                    found.push(Path { line, names, alias });
                    return at + 2;
                }
                // `a::{self}` names the module itself.
                "self" if !names.is_empty() => at += 1,
                text if is_name(text) || text == "*" => {
                    names.push(text.to_owned());
                    at += 1;
                }
                _ => {
                    found.push(Path { line, names, alias: None });
                    return at;
                }
            }
        }
    }

    /// The paths outside of `use` declarations.
    fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            if self.text(at) == "use" {
                at = self.tree(at + 1, &[], &mut Vec::new());
                continue;
            }
            let begins = is_name(self.text(at)) && self.text(at + 1) == "::";
            if !begins {
                at += 1;
                continue;
            }
            let line = self.words[at].line;
            let mut names = vec![self.text(at).to_owned()];
            while self.text(at + 1) == "::" && is_name(self.text(at + 2)) {
                names.push(self.text(at + 2).to_owned());
                at += 2;
            }
            found.push(Path { line, names, alias: None });
            at += 1;
            // What follows belongs to the same path: `a::<T>::b`.
            at += usize::from(self.text(at) == "::");
        }
        found
    }

    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }
}

/// What stands before everything that is compiled for tests only.
const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn is_test(words: &[Word]) -> bool {
    words.len() > TEST.len() && words.iter().zip(TEST).all(|(word, expect)| word.text == expect)
}

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}

/// A path from the crate's root; `None` when it leads out of the crate.
fn absolute(names: &[String], own: &[String], known: &BTreeMap<String, Vec<String>>) -> Option<Vec<String>> {
    let (first, rest) = names.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([own, rest].concat()),
        "super" => {
            let ups = names.iter().take_while(|name| *name == "super").count();
            let parent = &own[..own.len().checked_sub(ups)?];
            Some([parent, &names[ups..]].concat())
        }
        name => Some([known.get(name)?, rest].concat()),
    }
}

/// How many of the names are modules.
fn module_length(names: &[String], is_module: impl Fn(&[String]) -> bool) -> usize {
    (0..=names.len()).rev().find(|length| is_module(&names[..*length])).unwrap_or(0)
}

/// Words, `::` and single characters, without comments, strings and space.
fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = &text[at..];
        let length = match bytes[at] {
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b'"' => string_length(rest),
            b'r' if is_raw_string(rest) => raw_string_length(rest),
            b'\'' => character_length(rest),
            b':' if rest.starts_with("::") => {
                found.push(Word { line, text: "::".to_owned() });
                2
            }
            byte if byte.is_ascii_whitespace() => 1,
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                found.push(Word { line, text: rest[..length].to_owned() });
                length
            }
            _ => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                found.push(Word { line, text: rest[..length].to_owned() });
                length
            }
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

fn string_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_raw_string(rest: &str) -> bool {
    rest[1..].trim_start_matches('#').starts_with('"')
}

fn raw_string_length(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = hashes + 2;
    rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len())
}

/// A character, or only the quote of a lifetime.
fn character_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[2..].find('\'').map_or(1, |end| if end == 0 { 4 } else { end + 3 }),
        Some((at, c)) if rest[at + c.len_utf8()..].starts_with('\'') => at + c.len_utf8() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let modules = ["", "a", "a::b", "a::b::c", "d"].map(split);
        let own = split("a::b");
        let imports = Source::read(text).imports(&own, |module| modules.iter().any(|known| known == module));
        let found: Vec<String> =
            imports.iter().map(|import| format!("{}:{}", import.line, import.module.join("::"))).collect();
        assert_eq!(found, expect, "{text}");
    }

    fn split(path: &str) -> Vec<String> {
        path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn declarations_are_followed() {
        check("use crate::d::D;", &["1:d"]);
        check("\nuse crate::{a::A, d::{D, e}, X};", &["2:a", "2:d", "2:d", "2:"]);
        check("use super::A; use super::super::d::D;", &["1:a", "1:d"]);
        check("use self::c::C; pub(crate) use crate::a::b::c::{self, E as F};", &["1:a::b::c", "1:a::b::c"]);
        check("use std::io; use d::D; use serde::Serialize as crate_;", &[]);
        check("use crate::d::*;", &["1:d"]);
        check("use d::D;\nuse crate::d;", &["1:d"]);
        check("use std::{r#type, a}; use crate::d::D;", &["1:d"]);
    }

    #[test]
    fn a_module_that_is_only_named_is_used_where_its_items_are() {
        check("use crate::d;", &[]);
        check("use crate::d;\nfn f() -> d::D { d::e::<u8>() }", &["2:d", "2:d"]);
        check("use crate::a::b::c as other;\nfn f() { other::g() }", &["2:a::b::c"]);
        check("mod c;\nfn f() { c::g() }", &["2:a::b::c"]);
        check("mod c;\nuse c::C;", &["2:a::b::c"]);
        check("fn f() { crate::a::b::c::C::new(); Self::g(); Vec::<u8>::new() }", &["1:a::b::c"]);
    }

    #[test]
    fn comments_strings_and_tests_import_nothing() {
        check("//! [`crate::d::D`]\n/* crate::d::D */ // use crate::d::D;", &[]);
        check(r##"const A: &str = "use crate::d::D; \" crate::d::D"; const B: &str = r#"crate::d::"D""#;"##, &[]);
        check("fn f<'a>(x: &'a str) -> char { '\"' } use crate::d::D;", &["1:d"]);
        check("const Q: char = '\\''; const N: u8 = b'\\n'; use crate::d::D;", &["1:d"]);
        check("#[cfg(test)]\nmod tests {\n    use crate::d::D;\n    fn f() { { } }\n}\nuse crate::a::A;", &["6:a"]);
        check("#[cfg(test)]\nuse crate::d::{D};\nuse crate::a::A;", &["3:a"]);
        check("struct S {\n    #[cfg(test)]\n    d: crate::d::D,\n    a: crate::a::A,\n}", &["4:a"]);
        check("struct S {\n    #[cfg(test)]\n    pub d: [crate::d::D; 2]\n}\nuse crate::a::A;", &["5:a"]);
        check("#[cfg(test)]\n#[rustfmt::skip]\nfn f(d: [crate::d::D; 3]) {}\nuse crate::a::A;", &["4:a"]);
        assert_eq!(Source::read("#[cfg(test)]\nmod tests;\nmod other;").test_modules, ["tests"]);
    }
}
