//! Cuts an array or a row of values into its values, a part of the text at a time.
//!
//! Only brackets and texts are looked at: where a value ends. What is between values must be
//! what JSON has there; if it isn't, the text can't be read on, since nobody knows where the
//! next event begins. Memory is bounded by whoever hands over the parts.

use super::shape::{Brackets, Shape};

/// Where a value lies in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// `[`.
    Array,
    /// A value, or the `]` of an empty array.
    FirstItem,
    /// A value; there was a comma.
    Item,
    /// A comma or `]`.
    Comma,
    /// Anything of an array's inside: a text that was read up to here is gone on with.
    Inside,
    /// White space only.
    End,
    /// A value or the end of the text.
    Value,
}

/// Something stands where it can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// Where, in the part.
    pub(crate) at: usize,
    /// What should stand there.
    pub(crate) expected: &'static str,
}

/// The state between parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Splitter {
    expect: Expect,
}

impl Splitter {
    /// At the start of a text of this shape; `None` for lines, which need none.
    pub(crate) fn new(shape: Shape) -> Option<Splitter> {
        match shape {
            Shape::Lines => None,
            Shape::Array => Some(Splitter { expect: Expect::Array }),
            Shape::Values => Some(Splitter { expect: Expect::Value }),
        }
    }

    /// Somewhere between values: a text that was read up to there is gone on with.
    pub(crate) fn resume(&mut self) {
        if self.expect != Expect::Value {
            self.expect = Expect::Inside;
        }
    }

    /// Behind a value.
    pub(crate) fn behind_value(&mut self) {
        if self.expect != Expect::Value {
            self.expect = Expect::Comma;
        }
    }

    /// Finds the values that end in this part, and how many bytes are done with: what follows
    /// begins the next part. `is_last` when the text ends with it.
    pub(crate) fn split(&mut self, part: &[u8], is_last: bool, spans: &mut Vec<Span>) -> Result<usize, Misplaced> {
        let mut at = 0;
        loop {
            at += part[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let Some(&byte) = part.get(at) else { return Ok(at) };
            let misplaced = |expected| Err(Misplaced { at, expected });
            match (self.expect, byte) {
                (Expect::Array, b'[') => self.step(Expect::FirstItem, &mut at),
                (Expect::Array, _) => return misplaced("[, the start of an array of events"),
                (Expect::FirstItem | Expect::Comma | Expect::Inside, b']') => self.step(Expect::End, &mut at),
                (Expect::Comma | Expect::Inside, b',') => self.step(Expect::Item, &mut at),
                (Expect::Comma, _) => return misplaced("a comma or ] after an event"),
                (Expect::End, _) => return misplaced("the end of the text"),
                (_, b',' | b']' | b'}' | b':') => {
                    return misplaced("an event");
                }
                (_, _) => {
                    let Some(length) = value_length(&part[at..], is_last) else { return Ok(at) };
                    let end = at + length;
                    // Parts are far below 4 GiB.
                    spans.push(Span { start: at as u32, end: end as u32 });
                    at = end;
                    self.behind_value();
                }
            }
        }
    }

    /// What is missing when the text ends after white space.
    pub(crate) fn missing_at_end(&self) -> Option<&'static str> {
        match self.expect {
            Expect::End | Expect::Value => None,
            // A text of white space alone holds no event.
            Expect::Array => None,
            Expect::FirstItem | Expect::Item => Some("an event"),
            Expect::Comma | Expect::Inside => Some("a comma or ] after an event"),
        }
    }

    fn step(&mut self, expect: Expect, at: &mut usize) {
        self.expect = expect;
        *at += 1;
    }
}

/// How long the value at the start is; `None` if it doesn't end here.
fn value_length(text: &[u8], is_last: bool) -> Option<usize> {
    match text.first()? {
        b'{' | b'[' => {
            let mut value = Brackets::default();
            text.iter().position(|byte| value.ends_with(*byte)).map(|at| at + 1)
        }
        b'"' => {
            let mut escaped = false;
            let end = text[1..].iter().position(|byte| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            });
            end.map(|at| at + 2)
        }
        // A number or a word: its end is seen by what follows, or is the text's.
        _ => {
            let ends =
                |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'"');
            text.iter().position(ends).or_else(|| is_last.then_some(text.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a text, cut into parts of each length.
    fn check(shape: Shape, text: &str, expect: Result<&[&str], (usize, &str)>) {
        for part_bytes in (16..=text.len().max(16)).rev() {
            let mut splitter = Splitter::new(shape).expect("not lines");
            let (mut found, mut from) = (Vec::new(), 0);
            let outcome = loop {
                let end = text.len().min(from + part_bytes);
                let part = &text.as_bytes()[from..end];
                let mut spans = Vec::new();
                let done = match splitter.split(part, end == text.len(), &mut spans) {
                    Ok(done) => done,
                    Err(Misplaced { at, expected }) => break Err((from + at, expected)),
                };
                found.extend(spans.iter().map(|span| &text[from + span.start as usize..from + span.end as usize]));
                from += done;
                if done == 0 {
                    break splitter.missing_at_end().map_or(Ok(()), |missing| Err((from, missing)));
                }
            };
            match expect {
                Ok(expect) => assert_eq!((outcome, found.as_slice()), (Ok(()), expect), "{text} by {part_bytes}"),
                Err(expect) => assert_eq!(outcome, Err(expect), "{text} by {part_bytes}"),
            }
        }
    }

    #[test]
    fn arrays_and_rows_of_values_are_cut_wherever_the_parts_end() {
        check(Shape::Array, "[{\"a\":\"]}\"},\n {} ]\n", Ok(&["{\"a\":\"]}\"}", "{}"]));
        check(Shape::Array, " [ ] ", Ok(&[]));
        check(Shape::Array, "[{},]", Err((4, "an event")));
        check(Shape::Array, "[,{}]", Err((1, "an event")));
        check(Shape::Array, "[{} {}]", Err((4, "a comma or ] after an event")));
        check(Shape::Array, "[{}] {}", Err((5, "the end of the text")));
        check(Shape::Array, "[{}", Err((3, "a comma or ] after an event")));
        check(Shape::Array, "[\"x\\\"]\", [1]]", Ok(&["\"x\\\"]\"", "[1]"]));
        check(Shape::Values, "{\n\"a\": 1\n}\n{}{}\r\n", Ok(&["{\n\"a\": 1\n}", "{}", "{}"]));
        check(Shape::Values, "{},{}", Err((2, "an event")));
        check(Shape::Values, "  ", Ok(&[]));
    }
}
