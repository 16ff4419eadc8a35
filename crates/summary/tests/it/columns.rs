//! Events as columns give the same rows as events one by one.

use std::ops::Range;

use proptest::prelude::*;
use summary::{
    Bits, EventColumns, HashKey, INTERNAL_REFERRER, IdentityColumn, IntegerColumn, Keep, Keys, RowsBuilder, TextColumn,
    cut, fold, page,
};

use crate::days::{FIRST_DAY, Owned, at, rows};
use crate::same::events;

/// Texts of a column, in the form in which a file has them.
#[derive(Default)]
struct Texts {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    valid: Vec<u8>,
}

/// Rows in front of the column's first one: a slice of a larger one.
const BEFORE: usize = 3;

fn bit(bits: &mut Vec<u8>, at: usize, is_set: bool) {
    bits.resize(at / 8 + 1, 0);
    bits[at / 8] |= u8::from(is_set) << (at % 8);
}

impl Texts {
    fn of<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Texts {
        let mut column = Texts { offsets: vec![0], ..Texts::default() };
        for (row, text) in texts.enumerate() {
            // Behind a null there may be anything.
            column.bytes.extend(text.unwrap_or("left").as_bytes());
            column.offsets.push(column.bytes.len() as i32);
            bit(&mut column.valid, row + BEFORE, text.is_some());
        }
        column
    }

    fn column(&self) -> TextColumn<'_> {
        TextColumn {
            offsets: &self.offsets,
            bytes: &self.bytes,
            keys: None,
            valid: Some(Bits::new(&self.valid, BEFORE)),
        }
    }
}

/// Texts of a column as a dictionary, with a place for each row.
struct Keyed {
    texts: Texts,
    places: Vec<i32>,
    valid: Vec<u8>,
}

impl Keyed {
    fn of<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Keyed {
        let mut entries: Vec<&str> = Vec::new();
        let mut keyed = Keyed { texts: Texts::default(), places: Vec::new(), valid: Vec::new() };
        for (row, text) in texts.enumerate() {
            bit(&mut keyed.valid, row + BEFORE, text.is_some());
            let place = text.map(|text| entries.iter().position(|entry| *entry == text));
            keyed.places.push(match (text, place.flatten()) {
                (_, Some(place)) => place as i32,
                // Of a null there may be any.
                (None, _) => -7,
                (Some(text), None) => {
                    entries.push(text);
                    entries.len() as i32 - 1
                }
            });
        }
        keyed.texts = Texts::of(entries.into_iter().map(Some));
        keyed
    }

    fn column(&self, dictionary: u64) -> TextColumn<'_> {
        TextColumn {
            offsets: &self.texts.offsets,
            bytes: &self.texts.bytes,
            keys: Some(Keys { places: &self.places, dictionary }),
            valid: Some(Bits::new(&self.valid, BEFORE)),
        }
    }
}

struct Integers {
    values: Vec<i64>,
    valid: Vec<u8>,
}

impl Integers {
    fn of(integers: impl Iterator<Item = Option<i64>>) -> Integers {
        let mut column = Integers { values: Vec::new(), valid: Vec::new() };
        for (row, value) in integers.enumerate() {
            column.values.push(value.unwrap_or(77));
            bit(&mut column.valid, row, value.is_some());
        }
        column
    }

    fn column(&self) -> IntegerColumn<'_> {
        IntegerColumn { values: &self.values, valid: Some(Bits::new(&self.valid, 0)) }
    }
}

/// What a referrer comes from.
fn referrer_url(event: &Owned) -> Option<&str> {
    event.referrer.as_deref().map(|referrer| match referrer {
        INTERNAL_REFERRER => "https://WWW.shop.example:443/from?x",
        "search.example" => "http://somebody@Search.example/?q=secret",
        other => other,
    })
}

/// With a page that has a host, if the referrer is to have the same.
fn on_its_host(event: Owned) -> Owned {
    match event.referrer.as_deref() {
        Some(INTERNAL_REFERRER) => Owned { page: Some("https://shop.example/a".to_owned()), ..event },
        _ => event,
    }
}

/// Columns without any but these.
fn bare(times: IntegerColumn<'_>) -> EventColumns<'_> {
    EventColumns {
        times,
        received: None,
        datastreams: None,
        identities: None,
        sessions: None,
        subjects: None,
        page_urls: None,
        page_names: None,
        referrer_urls: None,
        device_types: None,
        environments: None,
        screen_widths: None,
        screen_heights: None,
        viewport_widths: None,
        counters: [None; 8],
        time_anomalies: None,
    }
}

/// Adds events as columns; with a number of the dictionaries, those of texts as dictionaries.
fn push(builder: &mut RowsBuilder, events: &[Owned], span: &Range<i64>, dictionary: Option<u64>) {
    let texts =
        |get: fn(&Owned) -> Option<&str>| (Texts::of(events.iter().map(get)), Keyed::of(events.iter().map(get)));
    let visitors = texts(|event| event.visitor.as_deref());
    let (datastreams, sessions) = (texts(|event| Some(&event.datastream)), texts(|event| event.session.as_deref()));
    let (subjects, pages) = (texts(|event| event.subject.as_deref()), texts(|event| event.page.as_deref()));
    let (devices, referrers) = (texts(|event| event.device.as_deref()), texts(referrer_url));
    let times = Integers::of(events.iter().map(|event| Some(event.micros)));
    let received = Integers::of(events.iter().map(|event| Some(event.received_micros)));
    let counters: [Integers; 8] = std::array::from_fn(|at| Integers::of(events.iter().map(|event| event.counters[at])));
    let mut odd = Vec::new();
    events.iter().enumerate().for_each(|(row, event)| bit(&mut odd, row, event.is_time_off));
    // One namespace with one identity an event.
    let namespaces = Texts::of(events.iter().map(|_| Some("ecid")));
    let each: Vec<i32> = (0..=events.len() as i32).collect();
    let identities = IdentityColumn {
        entries: &each,
        valid: None,
        namespaces: namespaces.column(),
        identities: &each,
        valid_lists: None,
        valid_identities: None,
        ids: visitors.0.column(),
        primary: None,
    };
    fn column(texts: &(Texts, Keyed), dictionary: Option<u64>) -> Option<TextColumn<'_>> {
        Some(dictionary.map_or_else(|| texts.0.column(), |dictionary| texts.1.column(dictionary)))
    }
    let column = |texts| column(texts, dictionary);
    let columns = EventColumns {
        received: Some(received.column()),
        datastreams: column(&datastreams),
        identities: Some(identities),
        sessions: column(&sessions),
        subjects: column(&subjects),
        page_urls: column(&pages),
        referrer_urls: column(&referrers),
        device_types: column(&devices),
        counters: counters.each_ref().map(|column| Some(column.column())),
        time_anomalies: Some(Some(Bits::new(&odd, 0))),
        ..bare(times.column())
    };
    builder.push_columns(&columns, span);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn columns_give_the_same_rows(
        first in events(), second in events(), from in 0..4i64, days in 0..3i64, dictionaries in prop::option::of(0..2u64),
    ) {
        let span = at(from, 0)..at(from + days, 0);
        let mut builder = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
        let mut one_by_one: Vec<Owned> = Vec::new();
        for (number, events) in [first, second].into_iter().enumerate() {
            let events: Vec<Owned> = events.into_iter().map(on_its_host).collect();
            // Twice, so that the same dictionaries come again.
            let dictionary = dictionaries.map(|first| first + number as u64);
            push(&mut builder, &events, &span, dictionary);
            push(&mut builder, &events, &span, dictionary);
            let of_span: Vec<Owned> = events.into_iter().filter(|event| span.contains(&event.micros)).collect();
            one_by_one.extend(of_span.iter().cloned().chain(of_span.iter().cloned()));
        }
        let of_columns = builder.finish();
        prop_assert_eq!(of_columns.len(), one_by_one.len());
        for day in 0..5 {
            let fold = |rows| fold(FIRST_DAY + day, &[rows], &Keep::default()).encode();
            prop_assert_eq!(fold(&of_columns), fold(&rows(&one_by_one)));
        }
    }
}

#[test]
fn the_visitor_is_a_device_else_the_primary_identity_else_the_first() {
    // (namespace, [(id, primary)]) of one event.
    type Entries<'a> = &'a [(&'a str, &'a [(Option<&'a str>, bool)])];
    let check = |entries: Entries<'_>, expect: Option<&str>| {
        let namespaces = Texts::of(entries.iter().map(|(namespace, _)| Some(*namespace)));
        let items: Vec<(Option<&str>, bool)> = entries.iter().flat_map(|(_, items)| items.iter().copied()).collect();
        let ids = Texts::of(items.iter().map(|item| item.0));
        let mut primary = Vec::new();
        items.iter().enumerate().for_each(|(at, item)| bit(&mut primary, at, item.1));
        let mut ends = vec![0];
        entries.iter().for_each(|(_, items)| ends.push(ends.last().unwrap() + items.len() as i32));
        let column = IdentityColumn {
            entries: &[0, entries.len() as i32],
            valid: None,
            namespaces: namespaces.column(),
            identities: &ends,
            valid_lists: None,
            valid_identities: None,
            ids: ids.column(),
            primary: Some(Bits::new(&primary, 0)),
        };
        assert_eq!(column.visitor(0), expect.map(str::as_bytes), "{entries:?}");
        assert_eq!(column.visitor(1), None, "there is no such row");
    };
    check(&[], None);
    check(&[("Email", &[(Some("a"), false)]), ("ecid", &[(Some("d"), false)])], Some("d"));
    check(&[("Email", &[(Some("a"), false), (Some("b"), true)]), ("4", &[(None, true), (Some(""), true)])], Some("b"));
    check(&[("Email", &[(Some("a"), false)]), ("Phone", &[(Some("p"), false)])], Some("a"));
    check(&[("Email", &[])], None);
}

#[test]
fn slices_that_do_not_fit_together_are_null() {
    let texts =
        TextColumn { offsets: &[0, 9, -1, 3], bytes: b"abc\xff", keys: None, valid: Some(Bits::new(&[0b111], 0)) };
    let keys = |places| Some(Keys { places, dictionary: 0 });
    let times = [at(0, 0); 4];
    let columns = EventColumns {
        received: Some(IntegerColumn { values: &[], valid: None }),
        datastreams: Some(texts),
        sessions: Some(TextColumn { offsets: &[0, 4, 4, 4, 4], ..texts }),
        subjects: Some(TextColumn { offsets: &[3, 4, 4, 4, 4], ..texts }),
        page_urls: Some(TextColumn { offsets: &[], ..texts }),
        page_names: Some(TextColumn { keys: keys(&[0, 1, 2]), ..texts }),
        referrer_urls: Some(TextColumn { keys: keys(&[-1, 3, i32::MAX]), valid: None, ..texts }),
        device_types: Some(TextColumn { offsets: &[], keys: keys(&[0, 1, 2, 3]), ..texts }),
        environments: Some(TextColumn { offsets: &[0, 4, 4, 4, 4], ..texts }),
        screen_widths: Some(IntegerColumn { values: &[], valid: None }),
        screen_heights: Some(IntegerColumn { values: &[1], valid: None }),
        viewport_widths: Some(IntegerColumn { values: &[], valid: None }),
        time_anomalies: Some(None),
        ..bare(IntegerColumn { values: &times, valid: None })
    };
    let mut builder = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
    builder.push_columns(&columns, &(i64::MIN..i64::MAX));
    assert_eq!(builder.finish().len(), 4);
}

#[test]
fn texts_count_as_far_as_they_do_one_by_one() {
    let long = "é".repeat(2_000);
    let times = [at(0, 0)];
    for (url, name) in [("https://shop.example/a?b#c", "n"), ("#x", "n"), ("", ""), (long.as_str(), "n"), ("?a", "")] {
        let (urls, names) = (Texts::of([Some(url)].into_iter()), Texts::of([Some(name)].into_iter()));
        let columns = EventColumns {
            page_urls: Some(urls.column()),
            page_names: Some(names.column()),
            ..bare(IntegerColumn { values: &times, valid: None })
        };
        let mut builder = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
        builder.push_columns(&columns, &(i64::MIN..i64::MAX));
        let expected = Owned {
            micros: at(0, 0),
            received_micros: i64::MIN,
            page: page(Some(url), Some(name)).map(|page| cut(page).to_owned()),
            ..Owned::default()
        };
        let fold = |rows| fold(FIRST_DAY, &[rows], &Keep::default()).encode();
        assert_eq!(fold(&builder.finish()), fold(&rows(&[expected])), "{url:.40}");
    }
}
