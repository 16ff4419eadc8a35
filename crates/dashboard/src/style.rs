//! The one style sheet, under a name that changes with it, so that browsers may keep it for ever.

use std::sync::LazyLock;

/// The style sheet as it is written.
pub(crate) const SOURCE: &str = include_str!("style.css");

/// The style sheet of all pages.
pub static STYLE: LazyLock<Style> = LazyLock::new(|| Style::of(SOURCE));

/// A style sheet.
#[derive(Debug)]
pub struct Style {
    name: String,
    text: String,
}

impl Style {
    /// Below which path style sheets are.
    pub const FOLDER: &'static str = "/style/";

    fn of(source: &str) -> Style {
        let text = without_comments(source);
        Style { name: format!("{:016x}.css", hash(text.as_bytes())), text }
    }

    /// Its name: another text has another one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn path(&self) -> String {
        format!("{}{}", Style::FOLDER, self.name)
    }

    /// The sheet itself.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The same without comments and the white space at the beginning of lines. No string in the sheet holds
/// either.
pub(crate) fn without_comments(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// FNV-1a. It tells versions of our own sheet apart and guards nothing.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_sheet_has_another_name() {
        let (one, other) = (Style::of("a {\n  b: c;\n}"), Style::of("a {\n  b: d;\n}"));
        assert_ne!(one.name(), other.name());
        assert_eq!(one.text(), "a {\nb: c;\n}");
        assert_eq!(Style::of("/* x\n */a{} /* y */\n\nb{}").text(), "a{}\nb{}");
        assert_eq!(one.path(), format!("/style/{}", one.name()));
    }
}
