//! What becomes of links on what is sent to others: plain text. One place for it, behind whatever draws, so that nothing that is
//! drawn later can forget it.

/// The same markup with what was a link as plain text. It is markup of our own making: whatever came from outside has
/// its `<` escaped, so every `<` begins a tag, and every `>` that isn't in quotes ends one.
pub(crate) fn without_links(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    // Inside a drawing a piece of text would end the drawing.
    let mut drawings = 0usize;
    let mut rest = markup;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        let mut is_quoted = false;
        let end = tag.find(|letter| {
            is_quoted ^= letter == '"';
            letter == '>' && !is_quoted
        });
        let (tag, after) = end.map_or((tag, ""), |end| (&tag[..end], &tag[end + 1..]));
        let name = tag.split([' ', '>']).next().unwrap_or_default();
        let plain = if drawings > 0 { "g" } else { "span" };
        match name {
            "svg" => drawings += 1,
            "/svg" => drawings = drawings.saturating_sub(1),
            _ => {}
        }
        match name {
            "a" => out.push_str(&format!("<{plain}>")),
            "/a" => out.push_str(&format!("</{plain}>")),
            _ => {
                out.push('<');
                out.push_str(tag);
                out.push('>');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use maud::html;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_become_text() {
        let check = |markup: &str, expect: &str| assert_eq!(without_links(markup), expect);
        check("plain &lt;a&gt;", "plain &lt;a&gt;");
        check(r#"<p><a href="/x?a=b>c" class="d">one</a> <b>two</b></p>"#, "<p><span>one</span> <b>two</b></p>");
        check(
            r#"<svg x="1"><svg></svg><a href="/x"><rect></rect></a></svg><a href="/y">z</a>"#,
            r#"<svg x="1"><svg></svg><g><rect></rect></g></svg><span>z</span>"#,
        );
        check("<article><aside></aside></article>", "<article><aside></aside></article>");
    }

    /// The text of some markup.
    fn told(markup: &str) -> String {
        let text = |piece: &str| piece.split_once('>').map_or(String::new(), |(_, text)| text.to_owned());
        let (first, rest) = markup.split_once('<').unwrap_or((markup, ""));
        std::iter::once(first.to_owned()).chain(rest.split('<').map(text)).collect()
    }

    proptest! {
        #[test]
        fn no_text_brings_a_link_back(text in any::<String>(), address in any::<String>()) {
            let markup = html! {
                p title=(text) { (text) a href=(address) title=(text) { (text) } }
                svg { title { (text) } a href=(address) { rect class=(text) {} } }
                a href=(address) {}
            }
            .into_string();
            let plain = without_links(&markup);
            prop_assert!(!plain.contains("<a") && !plain.contains("</a"), "{}", plain);
            prop_assert_eq!(told(&plain), told(&markup));
        }
    }
}
