//! What a kept view is of, in words: its query is for browsers.

use percent_encoding::percent_decode_str;

use super::toolbar::{COMPARE, PRESETS, SINCE, named};
use crate::text::shown;
use crate::view::{FilterKind, Page, View};

/// `30 days · Europe/Berlin · subject Delivery date or Warranty · channel not Chat`
pub(crate) fn in_words(page: Page, query: &str) -> String {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let view = View::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let own =
        |name: &str| pairs.iter().find(|(known, value)| page == Page::Events && known == name && !value.is_empty());
    let mut words = vec![span(&view)];
    words.extend(view.get("tz").map(shown));
    words.extend(view.get("by").map(|by| format!("by {}", shown(by))));
    match view.get("compare") {
        Some("year") => words.push("compared with the year before".to_owned()),
        Some("weekdays") => words.push("compared with the same weekdays before".to_owned()),
        Some("none") => words.push("not compared".to_owned()),
        Some(other) if other != COMPARE => words.push(format!("compared with {}", ends(other))),
        _ => {}
    }
    words.extend(own("show").map(|(_, show)| format!("{} events", shown(show))));
    words.extend(own("reason").map(|(_, reason)| format!("reason {}", shown(reason))));
    words.extend(own("anomaly").map(|(_, kind)| format!("odd: {}", shown(kind))));
    words.extend(FilterKind::ALL.into_iter().flat_map(|kind| filters(&view, kind)));
    words.join(" · ")
}

/// `2026-10-01 to 2026-10-31`
pub(crate) fn ends(span: &str) -> String {
    shown(&span.replacen("..", " to ", 1))
}

/// The filters of a kind: what may be, and what may not.
fn filters(view: &View, kind: FilterKind) -> impl Iterator<Item = String> {
    let values = |wanted: bool| -> Vec<String> {
        let of_kind = view.filters().iter().filter(|filter| filter.kind == kind).map(named);
        of_kind.filter(|(is_out, _)| *is_out == wanted).map(|(_, value)| value).collect()
    };
    let (one_of, none_of) = (values(false), values(true));
    let label = kind.label().to_lowercase();
    let told = |not: &str, values: Vec<String>, or: &str| {
        (!values.is_empty()).then(|| format!("{label}{not} {}", values.join(or)))
    };
    told("", one_of, " or ").into_iter().chain(told(" not", none_of, " nor "))
}

fn span(view: &View) -> String {
    let (since, until) = (view.get("since").unwrap_or(SINCE), view.get("until"));
    match (PRESETS.iter().find(|(known, _)| *known == since), until) {
        (Some((_, name)), None) => name.to_lowercase(),
        (None, None) => format!("since {}", shown(since)),
        (_, Some(until)) => format!("{} to {}", shown(since), shown(until)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_view_is_told_in_words() {
        let check = |page: Page, query: &str, expect: &str| assert_eq!(in_words(page, query), expect, "{query}");
        check(Page::Overview, "", "7 days");
        check(
            Page::Overview,
            "since=30d&tz=Europe/Berlin&subject=Delivery%20date&subject=Warranty&channel=!chat&device=",
            "30 days · Europe/Berlin · channel not Chat · subject Delivery date or Warranty · device Unknown",
        );
        check(
            Page::Chat,
            "since=2026-11&until=2026-12&compare=year&by=week",
            "2026-11 to 2026-12 · by week · compared with the year before",
        );
        check(Page::Chat, "compare=weekdays", "7 days · compared with the same weekdays before");
        check(Page::Chat, "compare=2026-10-01..2026-10-31", "7 days · compared with 2026-10-01 to 2026-10-31");
        check(Page::Events, "show=rejected&reason=type", "7 days · rejected events · reason type");
        check(Page::Chat, "show=rejected&since=1m&compare=none&x=%ff\u{202e}", "this month · not compared");
        check(
            Page::Pages,
            "page=https%3A%2F%2Fshop.example%2Fa%26b&subject=a%E2%80%AEb",
            "7 days · subject a\\u202eb · page shop.example/a&b",
        );
    }

    proptest! {
        /// A query comes from whoever saved it: its words steer no reader, and nothing in it ends the page.
        #[test]
        fn any_query_is_told(query in any::<String>(), encoded in "((since|compare|subject|page|tz)=(%[0-9a-fA-F]{2}|[a-z.!]){0,6}&?){0,4}") {
            for query in [query, encoded] {
                for page in [Page::Overview, Page::Events] {
                    let told = in_words(page, &query);
                    prop_assert!(!told.is_empty() && !told.contains(char::is_control), "{:?}", told);
                }
            }
        }
    }
}
