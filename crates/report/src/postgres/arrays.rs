//! `= any(array[…])` and `<> all(array[…])` as lists: the engine's search in an array takes a null
//! in it for nothing, where the answer is null.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, BinaryOperator, CastKind, DataType, Expr, Statement, Value};

use super::passes::{self, Pass};
use crate::QueryError;

/// Rewrites all of them whose elements are written down.
///
/// # Errors
/// The text of an array isn't one.
pub(super) fn as_lists(statement: &mut Statement) -> Result<(), QueryError> {
    passes::make(statement, &mut AsLists)
}

struct AsLists;

impl Pass for AsLists {
    fn after(&mut self, expression: &mut Expr) -> Result<(), QueryError> {
        let (left, right, negated) = match expression {
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => (left, right, false),
            Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => (left, right, true),
            _ => return Ok(()),
        };
        match elements(right)? {
            Some(list) if list.is_empty() => *expression = Expr::value(Value::Boolean(negated)),
            Some(list) => *expression = Expr::InList { expr: left.clone(), list, negated },
            None => {}
        }
        Ok(())
    }
}

/// The elements of an array, if they are written down.
fn elements(array: &Expr) -> Result<Option<Vec<Expr>>, QueryError> {
    Ok(match array {
        Expr::Array(array) => Some(array.elem.clone()),
        Expr::Nested(array) => elements(array)?,
        Expr::Cast { expr, data_type: DataType::Array(element), .. } => {
            let kind = match element {
                ArrayElemTypeDef::AngleBracket(kind)
                | ArrayElemTypeDef::SquareBracket(kind, _)
                | ArrayElemTypeDef::Parenthesis(kind) => kind,
                ArrayElemTypeDef::None => return Ok(None),
            };
            let cast = |element| Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(element),
                data_type: (**kind).clone(),
                array: false,
                format: None,
            };
            elements(expr)?.map(|elements| elements.into_iter().map(cast).collect())
        }
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => {
                let wrong = || {
                    QueryError::Invalid {
                    message: "the text of an array is written '{a,b}', with quotes around an element that has a comma, a brace or a blank".to_owned(),
                }
                };
                Some(written(text).ok_or_else(wrong)?)
            }
            _ => None,
        },
        _ => None,
    })
}

/// The elements of `{a,"b c",null}`.
fn written(text: &str) -> Option<Vec<Expr>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    if inner.trim().is_empty() {
        return Some(elements);
    }
    let mut letters = inner.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_ascii_whitespace()).is_some() {}
        let mut element = String::new();
        let is_quoted = letters.next_if_eq(&'"').is_some();
        if is_quoted {
            loop {
                match letters.next()? {
                    '"' => break,
                    '\\' => element.push(letters.next()?),
                    letter => element.push(letter),
                }
            }
            while letters.next_if(|letter| letter.is_ascii_whitespace()).is_some() {}
        } else {
            while let Some(letter) = letters.next_if(|letter| *letter != ',') {
                match letter {
                    '\\' => element.push(letters.next()?),
                    '{' | '}' | '"' => return None,
                    letter => element.push(letter),
                }
            }
            element.truncate(element.trim_end().len());
        }
        let value = match element.as_str() {
            "" if !is_quoted => return None,
            text if !is_quoted && text.eq_ignore_ascii_case("null") => Value::Null,
            _ => Value::SingleQuotedString(element),
        };
        elements.push(Expr::value(value));
        match letters.next() {
            None => return Some(elements),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_arrays_are_read() {
        let check = |text: &str, expect: Option<&str>| {
            let read = written(text).map(|list| list.iter().map(Expr::to_string).collect::<Vec<_>>().join(" "));
            assert_eq!(read.as_deref(), expect, "{text}");
        };
        check("{a, b ,NULL}", Some("'a' 'b' NULL"));
        check(r#"{"a,b","null","x\"y", c\,d}"#, Some(r#"'a,b' 'null' 'x"y' 'c,d'"#));
        check(" { } ", Some(""));
        for text in ["", "a", "{a,}", "{{a}}", r#"{"a}"#, r#"{"a"b}"#, "{a", r"{a\"] {
            check(text, None);
        }
    }
}
