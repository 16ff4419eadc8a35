//! `like` with another escape than the backslash, which is the only one that the engine knows.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Value, ValueWithSpan};

use crate::QueryError;

/// Writes a pattern of constant texts with backslashes, and takes its escape away. Another pattern
/// is left as it is: the engine refuses it.
///
/// # Errors
/// The pattern ends where an escaped character is missing.
pub(super) fn with_backslashes(pattern: &mut Expr, escape_char: &mut Option<ValueWithSpan>) -> Result<(), QueryError> {
    let Some(escape) = escape_char.as_ref().and_then(escape_of) else { return Ok(()) };
    if !has_texts_only(pattern) {
        return Ok(());
    }
    let mut is_escaped = false;
    rewrite(pattern, escape, &mut is_escaped);
    if is_escaped {
        let message = format!("a pattern of LIKE ends with its escape character {escape}: write it twice");
        return Err(QueryError::Invalid { message });
    }
    *escape_char = None;
    Ok(())
}

/// Another escape than the one that the engine knows.
fn escape_of(escape: &ValueWithSpan) -> Option<char> {
    let Value::SingleQuotedString(text) = &escape.value else { return None };
    let mut letters = text.chars();
    letters.next().filter(|letter| *letter != '\\' && letters.next().is_none())
}

/// Whether a pattern is texts put together, so that its escapes can be told.
fn has_texts_only(pattern: &Expr) -> bool {
    match pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_), .. }) => true,
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
            has_texts_only(left) && has_texts_only(right)
        }
        Expr::Cast { expr, .. } | Expr::Nested(expr) => has_texts_only(expr),
        _ => false,
    }
}

/// An escape may be the last of one text, and what it escapes the first of the next.
fn rewrite(pattern: &mut Expr, escape: char, is_escaped: &mut bool) {
    match pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            let mut out = String::with_capacity(text.len());
            for letter in text.chars() {
                let was_escaped = std::mem::take(is_escaped);
                match letter {
                    letter if letter == escape && !was_escaped => *is_escaped = true,
                    '\\' => out.push_str("\\\\"),
                    '%' | '_' if was_escaped => {
                        out.push('\\');
                        out.push(letter);
                    }
                    letter => out.push(letter),
                }
            }
            *text = out;
        }
        Expr::BinaryOp { left, right, .. } => {
            rewrite(left, escape, is_escaped);
            rewrite(right, escape, is_escaped);
        }
        Expr::Cast { expr, .. } | Expr::Nested(expr) => rewrite(expr, escape, is_escaped),
        _ => {}
    }
}
