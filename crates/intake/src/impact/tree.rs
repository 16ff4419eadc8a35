//! A JSON value that is put together from parts which come by their JSON pointers.
//!
//! A part that isn't touched stays the text that it was. One that something else is put into is
//! taken apart first, one level at a time.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Longest list that a pointer may ask for: an event holds no longer one (1 MiB, two bytes an item).
const ITEMS_MAX: usize = 1 << 19;

/// A value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// JSON text.
    Raw(String),
    Object(Vec<(String, Tree)>),
    List(Vec<Tree>),
    /// Made for a pointer that could lead into a list or an object: a list unless a name follows that is
    /// no number.
    Either(Vec<Tree>),
}

impl Tree {
    pub(super) fn text(value: &str) -> Tree {
        let mut out = String::with_capacity(value.len() + 2);
        write_text(value, &mut out);
        Tree::Raw(out)
    }

    pub(super) fn null() -> Tree {
        Tree::Raw("null".to_owned())
    }

    /// Puts a JSON text at a pointer, in place of what is there. Objects and lists on the way are
    /// made where they are missing: a list where the next step is an item that could be the next one.
    /// `None` if the pointer leads through something that is neither, or beyond a list.
    pub(super) fn put(&mut self, pointer: &str, raw: &str) -> Option<()> {
        let mut place = self;
        let mut steps = pointer.strip_prefix('/')?.split('/').peekable();
        while let Some(step) = steps.next() {
            let step = unescaped(step);
            let next = steps.peek();
            let new = || match next {
                None => Tree::null(),
                Some(&"0") => Tree::Either(Vec::new()),
                Some(_) => Tree::Object(Vec::new()),
            };
            place.open()?;
            place.decide(&step);
            place = match place {
                Tree::Object(members) => {
                    let at = members.iter().position(|(name, _)| *name == step).unwrap_or_else(|| {
                        members.push((step, new()));
                        members.len() - 1
                    });
                    &mut members[at].1
                }
                Tree::List(items) | Tree::Either(items) => {
                    let at: usize = step.parse().ok().filter(|at| *at < ITEMS_MAX)?;
                    while items.len() <= at {
                        items.push(if items.len() == at { new() } else { Tree::null() });
                    }
                    // An item that has no column is null until its parts come.
                    if next.is_some() && items[at] == Tree::null() {
                        items[at] = new();
                    }
                    &mut items[at]
                }
                Tree::Raw(_) => return None,
            };
        }
        *place = Tree::Raw(raw.to_owned());
        Some(())
    }

    /// An object after all, if the next name can't be an item's.
    fn decide(&mut self, step: &str) {
        if let Tree::Either(items) = self
            && step.parse::<usize>().is_err()
        {
            let members = std::mem::take(items).into_iter().enumerate();
            *self = Tree::Object(members.map(|(at, item)| (at.to_string(), item)).collect());
        }
    }

    /// Takes a text that is an object or a list apart.
    fn open(&mut self) -> Option<()> {
        let Tree::Raw(raw) = self else { return Some(()) };
        let part = |raw: &RawValue| Tree::Raw(raw.get().to_owned());
        *self = match raw.trim_start().as_bytes().first()? {
            b'{' => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
                Tree::Object(members.into_iter().map(|(name, raw)| (name, part(raw))).collect())
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
                Tree::List(items.into_iter().map(part).collect())
            }
            _ => return None,
        };
        Some(())
    }

    pub(super) fn write(&self, out: &mut String) {
        match self {
            Tree::Raw(raw) => out.push_str(raw),
            Tree::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Tree::List(items) | Tree::Either(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }
}

fn write_text(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[(&str, &str)], expect: Option<&str>) {
        let mut tree = Tree::Object(vec![("a".to_owned(), Tree::List(vec![Tree::null()]))]);
        let put = parts.iter().try_for_each(|(pointer, raw)| tree.put(pointer, raw));
        let mut out = String::new();
        tree.write(&mut out);
        assert_eq!(put.map(|()| out).as_deref(), expect, "{parts:?}");
    }

    #[test]
    fn parts_find_their_places() {
        check(&[("/b", "1.0")], Some(r#"{"a":[null],"b":1.0}"#));
        check(&[("/a/0/x", "1"), ("/a/1", "2")], Some(r#"{"a":[{"x":1},2]}"#));
        check(&[("/b~1c/x~0y", "1"), ("/b~1c/\"", "2")], Some(r#"{"a":[null],"b/c":{"x~y":1,"\"":2}}"#));
        check(&[("/b/0/c", "1"), ("/b/x", "2")], Some(r#"{"a":[null],"b":{"0":{"c":1},"x":2}}"#));
        check(&[("/b/0/c", "1"), ("/b/1/c", "2")], Some(r#"{"a":[null],"b":[{"c":1},{"c":2}]}"#));
        check(
            &[("/b", r#"{"k":null,"l":[1, null]}"#), ("/b/k", "\"x\""), ("/b/l/1", "2")],
            Some(r#"{"a":[null],"b":{"k":"x","l":[1,2]}}"#),
        );
    }

    #[test]
    fn a_pointer_that_leads_nowhere_is_told() {
        check(&[("/a/x", "1")], None);
        check(&[("/a/99999999999", "1")], None);
        check(&[("/b", "1"), ("/b/c", "2")], None);
        check(&[("b", "1")], None);
    }
}
