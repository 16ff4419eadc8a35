//! What a page shows, as it stands in its URL: the parameters of the reports behind it, in the same
//! words. Links and forms are made from it, so that whatever is on the screen can be sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in a query: RFC 3986's unreserved characters, and those that may stand there
/// and make it easier to read.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':').remove(b'!');

/// What stands for itself in a segment of a path. No dot: browsers take `..` for a step up.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b':');

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The headline numbers.
    Overview,
    /// Invitations and chats.
    Chat,
    /// All subjects.
    Subjects,
    /// All pages.
    Pages,
    /// All referrers.
    Referrers,
    /// All kinds of devices.
    Devices,
    /// What became of the events.
    Quality,
    /// Single events.
    Events,
    /// What is collected.
    Schemas,
    /// Queries of one's own.
    Sql,
}

impl Page {
    /// All of them, in the order of the navigation.
    pub const ALL: [Page; 10] = [
        Page::Overview,
        Page::Chat,
        Page::Subjects,
        Page::Pages,
        Page::Referrers,
        Page::Devices,
        Page::Quality,
        Page::Events,
        Page::Schemas,
        Page::Sql,
    ];

    /// Where it is.
    pub const fn path(self) -> &'static str {
        match self {
            Page::Overview => "/",
            Page::Chat => "/chat",
            Page::Subjects => "/subjects",
            Page::Pages => "/pages",
            Page::Referrers => "/referrers",
            Page::Devices => "/devices",
            Page::Quality => "/quality",
            Page::Events => "/events",
            Page::Schemas => "/schemas",
            Page::Sql => "/sql",
        }
    }

    /// Where its report is, as JSON and CSV.
    pub(crate) const fn report(self) -> Option<&'static str> {
        match self {
            Page::Overview => Some("/v1/reports/overview"),
            Page::Chat => Some("/v1/reports/chat"),
            Page::Subjects => Some("/v1/reports/subjects"),
            Page::Pages => Some("/v1/reports/pages"),
            Page::Referrers => Some("/v1/reports/referrers"),
            Page::Devices => Some("/v1/reports/devices"),
            Page::Quality => Some("/v1/reports/quality"),
            Page::Events | Page::Schemas | Page::Sql => None,
        }
    }

    /// Whether its numbers are compared with another period's.
    pub(crate) const fn is_compared(self) -> bool {
        !matches!(self, Page::Events | Page::Schemas | Page::Sql)
    }

    /// Whether it takes one of [`View::OWN`].
    fn takes(self, own: &str) -> bool {
        match self {
            Page::Events => own != "schema",
            Page::Schemas => own == "schema",
            _ => false,
        }
    }

    /// Whether a link may show it to people without a key: no page with single events or queries.
    pub const fn is_shareable(self) -> bool {
        match self {
            Page::Overview | Page::Chat | Page::Subjects | Page::Pages => true,
            Page::Referrers | Page::Devices | Page::Quality => true,
            Page::Events | Page::Schemas | Page::Sql => false,
        }
    }

    /// Whether views of it can be saved.
    pub const fn is_kept(self) -> bool {
        self.is_shareable() || matches!(self, Page::Events)
    }

    /// Whether it has charts over time, and so place for notes.
    pub(crate) const fn has_time_line(self) -> bool {
        matches!(self, Page::Overview | Page::Chat)
    }

    /// Its name.
    pub const fn label(self) -> &'static str {
        match self {
            Page::Overview => "Overview",
            Page::Chat => "Chat",
            Page::Subjects => "Subjects",
            Page::Pages => "Pages",
            Page::Referrers => "Referrers",
            Page::Devices => "Devices",
            Page::Quality => "Quality",
            Page::Events => "Events",
            Page::Schemas => "Schemas",
            Page::Sql => "SQL",
        }
    }
}

/// What a filter is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// The datastream.
    Datastream,
    /// The channel.
    Channel,
    /// The subject.
    Subject,
    /// The page.
    Page,
    /// The kind of device.
    Device,
    /// The host that the page was reached from.
    Referrer,
}

impl FilterKind {
    /// All of them.
    pub const ALL: [FilterKind; 6] = [
        FilterKind::Channel,
        FilterKind::Subject,
        FilterKind::Page,
        FilterKind::Referrer,
        FilterKind::Device,
        FilterKind::Datastream,
    ];

    /// The parameter's name.
    pub const fn parameter(self) -> &'static str {
        match self {
            FilterKind::Datastream => "datastream",
            FilterKind::Channel => "channel",
            FilterKind::Subject => "subject",
            FilterKind::Page => "page",
            FilterKind::Device => "device",
            FilterKind::Referrer => "referrer",
        }
    }

    /// Its name in prose.
    pub const fn label(self) -> &'static str {
        match self {
            FilterKind::Datastream => "Datastream",
            FilterKind::Channel => "Channel",
            FilterKind::Subject => "Subject",
            FilterKind::Page => "Page",
            FilterKind::Device => "Device",
            FilterKind::Referrer => "Referrer",
        }
    }

    fn named(name: &str) -> Option<FilterKind> {
        FilterKind::ALL.into_iter().find(|kind| kind.parameter() == name)
    }
}

/// A filter as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What it is on.
    pub kind: FilterKind,
    /// With a `!` before what is left out; empty for events without a value.
    pub written: String,
}

impl Filter {
    /// The filter that lets through events with this value.
    pub(crate) fn of(kind: FilterKind, value: &str) -> Filter {
        let escape = if value.starts_with(['!', '\\']) { "\\" } else { "" };
        Filter { kind, written: format!("{escape}{value}") }
    }

    /// Whether it leaves a value out, and that value.
    pub(crate) fn value(&self) -> (bool, &str) {
        let (is_out, value) = self.written.strip_prefix('!').map_or((false, &*self.written), |value| (true, value));
        (is_out, value.strip_prefix('\\').filter(|value| value.starts_with(['!', '\\'])).unwrap_or(value))
    }
}

/// What is written in a page's URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Parameters that have one value, in the order of [`View::ONCE`]; as often as they were written.
    once: Vec<(&'static str, String)>,
    filters: Vec<Filter>,
    /// Parameters of the one page that takes them.
    own: Vec<(&'static str, String)>,
    /// What no report takes, for the message about it.
    unknown: Vec<(String, String)>,
}

impl View {
    const ONCE: [&'static str; 6] = ["since", "until", "tz", "by", "compare", "limit"];

    /// Those that one page alone takes.
    const OWN: [&'static str; 5] = ["find", "show", "reason", "anomaly", "schema"];

    /// The two ends of a period to compare with, as a form has them: together they are the parameter `compare`.
    pub(crate) const COMPARE_ENDS: [&'static str; 2] = ["compare_since", "compare_until"];

    /// Whether a parameter has one value, so that an empty one says nothing.
    pub(crate) fn is_once(name: &str) -> bool {
        View::ONCE.contains(&name)
    }

    /// Reads the parameters of a URL. Nothing is refused here: a report's own word on them is shown.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> View {
        View::parse_with(&[], parameters)
    }

    /// The same for a page that takes these, too.
    pub fn parse_with<'a>(own: &[&'static str], parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> View {
        let mut view = View::default();
        let mut ends = [""; 2];
        for (name, value) in parameters {
            if let Some(end) = View::COMPARE_ENDS.iter().position(|end| *end == name) {
                ends[end] = value;
                continue;
            }
            if let Some(name) = own.iter().find(|own| **own == name) {
                if !value.is_empty() {
                    view.own.push((name, value.to_owned()));
                }
                continue;
            }
            match (View::ONCE.into_iter().find(|once| *once == name), FilterKind::named(name)) {
                // A form sends the fields that were left empty, too.
                (Some(_), _) if value.is_empty() => {}
                (Some(name), _) => view.once.push((name, value.to_owned())),
                (None, Some(kind)) => view.filters.push(Filter { kind, written: value.to_owned() }),
                (None, None) => view.unknown.push((name.to_owned(), value.to_owned())),
            }
        }
        match ends {
            ["", ""] => {}
            [since, ""] => view.once.push(("compare", since.to_owned())),
            [since, until] => view.once.push(("compare", format!("{since}..{until}"))),
        }
        view
    }

    /// The parameters for the reports of the page, with what they don't take.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.known().chain(self.unknown.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        let once = self.once.iter().map(|(name, value)| (*name, value.as_str()));
        once.chain(self.filters.iter().map(|filter| (filter.kind.parameter(), filter.written.as_str())))
    }

    /// What a parameter is, the first time it is written.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.once.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The filters, in their order.
    pub(crate) fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Whether there is a filter of one of these kinds.
    pub fn is_filtered_by(&self, kinds: &[FilterKind]) -> bool {
        self.filters.iter().any(|filter| kinds.contains(&filter.kind))
    }

    /// The same with a parameter set, or without it.
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> View {
        let mut view = self.clone();
        view.unknown.clear();
        view.once.retain(|(known, _)| *known != name);
        if let (Some(name), Some(value)) = (View::ONCE.into_iter().find(|once| *once == name), value) {
            view.once.push((name, value.to_owned()));
        }
        view.own.retain(|(known, _)| *known != name);
        if let (Some(name), Some(value)) = (View::OWN.into_iter().find(|own| *own == name), value) {
            view.own.push((name, value.to_owned()));
        }
        let order = |name: &str| View::ONCE.iter().position(|once| *once == name);
        view.once.sort_by_key(|(name, _)| order(name));
        view
    }

    /// The same for another span, divided as suits it.
    pub(crate) fn during(&self, since: &str, until: Option<&str>) -> View {
        self.with("since", Some(since)).with("until", until).with("by", None)
    }

    /// The same with a filter, or, if it has it, as it is.
    pub(crate) fn filtered(&self, filter: Filter) -> View {
        let mut view = self.with("limit", None);
        if !view.filters.contains(&filter) {
            view.filters.push(filter);
        }
        view
    }

    /// The same without one of the filters, or without all.
    pub(crate) fn without(&self, place: Option<usize>) -> View {
        let mut view = self.with("limit", None);
        match place {
            Some(place) if place < view.filters.len() => drop(view.filters.remove(place)),
            Some(_) => {}
            None => view.filters.clear(),
        }
        view
    }

    /// The hidden fields of a form that sets these parameters.
    pub(crate) fn hidden(&self, set: &[&str]) -> Vec<(&str, &str)> {
        let own = self.own.iter().map(|(name, value)| (*name, value.as_str()));
        self.known().chain(own).filter(|(name, _)| !set.contains(name)).collect()
    }

    /// The URL of a page with this view.
    pub(crate) fn href(&self, page: Page) -> String {
        self.href_with(page, &[])
    }

    /// What stands behind the `?` of a page with this view; empty for nothing.
    pub fn query(&self, page: Page) -> String {
        self.href(page).split_once('?').map_or_else(String::new, |(_, query)| query.to_owned())
    }

    /// The URL of a page in the navigation: what this view is of stays, where the page knows of it.
    pub(crate) fn href_in_navigation(&self, page: Page) -> String {
        if page == Page::Sql { page.path().to_owned() } else { self.href(page) }
    }

    /// The same with more. What one page alone takes stands in no other's URL.
    pub(crate) fn href_with(&self, page: Page, more: &[(&str, &str)]) -> String {
        let own = self.own.iter().filter(|(name, _)| page.takes(name)).map(|(name, value)| (*name, value.as_str()));
        let all: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        self.href_of(page.path(), &all)
    }

    /// The URL of something else that takes the same parameters, and more.
    pub(crate) fn href_of(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut href = path.to_owned();
        for (name, value) in self.known().chain(more.iter().copied()) {
            href.push(if href.len() == path.len() { '?' } else { '&' });
            href.push_str(name);
            href.push('=');
            href.extend(utf8_percent_encode(value, QUERY));
        }
        href
    }
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Where an event's story is.
pub(crate) fn event_href(id: &str) -> String {
    format!("/events/{}", segment(id))
}

/// The same for programs.
pub(crate) fn receipt_href(id: &str) -> String {
    format!("/v1/events/{}", segment(id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn view(parameters: &[(&str, &str)]) -> View {
        View::parse(parameters.iter().copied())
    }

    #[test]
    fn a_view_is_in_its_url() {
        let check = |parameters: &[(&str, &str)], expect: &str| {
            assert_eq!(view(parameters).href(Page::Chat), expect, "{parameters:?}");
        };
        check(&[], "/chat");
        check(
            &[("since", "7d"), ("subject", "Bills & <more>"), ("subject", "")],
            "/chat?since=7d&subject=Bills%20%26%20%3Cmore%3E&subject=",
        );
        // What a form leaves empty is not written, and neither is what no report takes.
        check(
            &[("since", "7d"), ("until", ""), ("tz", "Europe/Berlin"), ("x", "y")],
            "/chat?since=7d&tz=Europe/Berlin",
        );
        // The two ends of a form are one parameter.
        check(
            &[("compare_since", "2026-10-01"), ("compare_until", "2026-10-31"), ("since", "7d")],
            "/chat?since=7d&compare=2026-10-01..2026-10-31",
        );
        check(&[("compare_since", "2026-10-01"), ("compare_until", "")], "/chat?compare=2026-10-01");
        check(
            &[("page", "https://shop.example/a b?\"'\u{202e}")],
            "/chat?page=https://shop.example/a%20b%3F%22%27%E2%80%AE",
        );
    }

    #[test]
    fn reports_are_told_what_they_do_not_take() {
        let view = view(&[("sinc", "7d"), ("since", "1d"), ("since", "2d")]);
        let parameters: Vec<(&str, &str)> = view.parameters().collect();
        assert_eq!(parameters, [("since", "1d"), ("since", "2d"), ("sinc", "7d")]);
    }

    #[test]
    fn filters_are_put_and_taken_away() {
        let start = view(&[("since", "7d"), ("limit", "1000")]);
        let odd = start.filtered(Filter::of(FilterKind::Subject, "!odd"));
        assert_eq!(odd.href(Page::Subjects), "/subjects?since=7d&subject=%5C!odd");
        assert_eq!(odd.filters()[0].value(), (false, "!odd"));
        assert_eq!(odd.filtered(Filter::of(FilterKind::Subject, "!odd")), odd, "it is there already");
        let two = odd.filtered(Filter { kind: FilterKind::Channel, written: "!chat".to_owned() });
        assert_eq!(two.filters()[1].value(), (true, "chat"));
        assert_eq!(two.without(Some(0)).href(Page::Overview), "/?since=7d&channel=!chat");
        assert_eq!(two.without(None).href(Page::Overview), "/?since=7d");
        assert_eq!(two.without(Some(7)).filters().len(), 2);
        assert_eq!(two.hidden(&["since", "channel"]), [("subject", "\\!odd")]);
    }

    #[test]
    fn a_span_is_set_as_a_whole() {
        let start = view(&[("tz", "UTC"), ("by", "hour"), ("until", "2026-11-02"), ("since", "2026-11-01")]);
        assert_eq!(start.during("7d", None).href(Page::Overview), "/?since=7d&tz=UTC");
        assert_eq!(
            start.during("2026-11", Some("2026-12")).href(Page::Overview),
            "/?since=2026-11&until=2026-12&tz=UTC"
        );
    }

    /// Names that a URL of a page may have, and some others.
    fn name() -> impl Strategy<Value = &'static str> {
        let filters = FilterKind::ALL.map(FilterKind::parameter);
        proptest::sample::select([&View::ONCE[..], &filters, &["find", "x"]].concat())
    }

    proptest! {
        /// Whatever is written: the page that a link leads to has the same parameters, and its link is the same again.
        #[test]
        fn links_keep_what_was_written(written in proptest::collection::vec((name(), any::<String>()), 0..8)) {
            let known: Vec<(&str, &str)> = written
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .filter(|(name, _)| !["find", "x"].contains(name))
                .collect();
            let first = View::parse(known.iter().copied());
            let href = first.href(Page::Chat);
            prop_assert!(href.is_ascii() && !href.contains(['"', '<', ' ', '#']), "{}", href);
            let query = first.query(Page::Chat);
            let pairs: Vec<(String, String)> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| {
                    let value = percent_encoding::percent_decode_str(value).decode_utf8().unwrap();
                    (name.to_owned(), value.into_owned())
                })
                .collect();
            let again = View::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            prop_assert_eq!(&again, &first);
            prop_assert_eq!(again.href(Page::Chat), href);
        }

        /// A value that was counted is what its filter lets through, whatever it begins with.
        #[test]
        fn a_filter_of_a_value_is_for_that_value(value in "[!\\\\]{0,3}.*") {
            let filter = Filter::of(FilterKind::Subject, &value);
            prop_assert_eq!(filter.value(), (false, value.as_str()));
        }
    }
}
