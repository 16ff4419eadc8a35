//! The style sheet and the scripts, under names that change with them, so that browsers may keep them for ever.

use std::sync::LazyLock;

/// The style sheet as it is written.
pub(crate) const STYLE_SOURCE: &str = include_str!("style.css");

/// The style sheet of all pages.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::of(&without_comments(STYLE_SOURCE), "css"));
/// The script of all pages: they are whole without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::of(&without_whole_lines(include_str!("script.js")), "js"));

/// The script of the page of queries, which needs the one of all pages.
pub static QUERIES_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::of(&without_whole_lines(include_str!("queries.js")), "js"));

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    name: String,
    text: String,
}

impl Asset {
    /// Below which path they are.
    pub const FOLDER: &'static str = "/assets/";

    fn of(text: &str, ending: &str) -> Asset {
        Asset { name: format!("{:016x}.{ending}", hash(text.as_bytes())), text: text.to_owned() }
    }

    /// Its name: another text has another one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn path(&self) -> String {
        format!("{}{}", Asset::FOLDER, self.name)
    }

    /// The file itself.
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

/// The same without the lines that are comments, the white space around lines, and line ends behind what ends nothing.
/// No text in the script goes over several lines.
fn without_whole_lines(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    for line in source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if !text.is_empty() && !text.ends_with(['{', '(', '[', ',', ';']) {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}

/// FNV-1a. It tells versions of our own sheet apart and guards nothing.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_has_another_name() {
        let (one, other) = (Asset::of("a", "css"), Asset::of("b", "css"));
        assert_ne!(one.name(), other.name());
        assert_eq!(one.path(), format!("/assets/{}", one.name()));
        assert_eq!(without_comments("/* x\n */a{} /* y */\n\nb{\n  c: d;\n}"), "a{}\nb{\nc: d;\n}");
        assert_eq!(without_whole_lines("// x\n  a(\"//b\", {\n\n b: 1,\n})\nc;\n"), "a(\"//b\", {b: 1,})\nc;");
    }
}
