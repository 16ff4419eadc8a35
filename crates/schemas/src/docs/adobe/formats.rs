//! Which examples the published documents show: they look at addresses loosely.

use serde_json::Value;
use xdm::Violation;

use crate::corpus::Corpus;

/// Would the example be shown? It keeps its schema, but for addresses that are none by the
/// letter of RFC 3986.
pub(super) fn are_kept(corpus: &Corpus, example: &Value, told: &[Violation]) -> bool {
    told.iter().all(|told| {
        let text = example.pointer(&told.pointer).and_then(Value::as_str);
        let format = format_of(corpus, &told.schema).filter(|_| told.keyword == "format");
        match (format, text) {
            (Some("uri"), Some(text)) => has_scheme(text) && !text.contains(char::is_whitespace),
            (Some("uri-reference"), Some(text)) => {
                !text.contains(char::is_whitespace) && text.matches('#').count() < 2 && !text.starts_with('\\')
            }
            _ => false,
        }
    })
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || ('+'..='.').contains(&c))
    })
}

/// The format that a rule asks for.
fn format_of<'c>(corpus: &'c Corpus, rule: &str) -> Option<&'c str> {
    let (id, pointer) = rule.split_once('#')?;
    corpus.document(id)?.1.pointer(pointer)?.as_str()
}
