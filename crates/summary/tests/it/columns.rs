//! Events as columns give the same rows as events one by one.

use std::ops::Range;

use proptest::prelude::*;
use summary::{
    Bits, Bounds, EventColumns, FlagColumn, FlagValues, HashKey, INTERNAL_REFERRER, IdentityColumn, IntegerColumn,
    Keep, KeyNumbers, Keys, ListColumn, Present, RowsBuilder, Shard, TextColumn, Texts, cut, fold, page,
};

use crate::days::{FIRST_DAY, MINUTE, Owned, at, rows};
use crate::same::events;

/// How the values of columns are at hand.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Each at its row, as in Arrow.
    Spread,
    /// Likewise, texts as numbers into a dictionary with this number.
    Keyed(u64),
    /// Only those of the rows that have one, as in a block.
    Packed,
    /// Likewise, texts as numbers.
    PackedKeyed(u64),
}

/// Rows in front of the column's first one: a slice of a larger one.
const BEFORE: usize = 3;

fn bit(bits: &mut Vec<u8>, at: usize, is_set: bool) {
    bits.resize(at / 8 + 1, 0);
    bits[at / 8] |= u8::from(is_set) << (at % 8);
}

/// Which rows have a value.
#[derive(Default)]
struct Rows {
    bits: Vec<u8>,
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Rows {
    fn of(has: impl Iterator<Item = bool>) -> Rows {
        let mut rows = Rows::default();
        let mut count = 0;
        for (row, has) in has.enumerate() {
            bit(&mut rows.bits, row + BEFORE, has);
            if row % 64 == 0 {
                rows.words.push(0);
                rows.before.push(count);
            }
            rows.words[row / 64] |= u64::from(has) << (row % 64);
            count += u32::from(has);
        }
        rows
    }

    fn present(&self, form: Form) -> Present<'_> {
        match form {
            Form::Spread | Form::Keyed(_) => Present::Marked(Bits::new(&self.bits, BEFORE)),
            Form::Packed | Form::PackedKeyed(_) => Present::Packed { words: &self.words, before: &self.before },
        }
    }
}

/// Texts of a column, in each form.
struct TextValues {
    form: Form,
    rows: Rows,
    offsets: Vec<i32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    int32: Vec<i32>,
    uint16: Vec<u16>,
}

/// Bytes in front of a packed text.
const LENGTH: usize = 4;

impl TextValues {
    fn of<'a>(form: Form, texts: impl Iterator<Item = Option<&'a str>>) -> TextValues {
        let rows: Vec<Option<&str>> = texts.collect();
        let (mut int32, mut uint16) = (Vec::new(), Vec::new());
        let values: Vec<&str> = match form {
            // Behind a null there may be anything.
            Form::Spread => rows.iter().map(|text| text.unwrap_or("left")).collect(),
            Form::Packed => rows.iter().copied().flatten().collect(),
            Form::Keyed(_) | Form::PackedKeyed(_) => {
                let mut entries: Vec<&str> = Vec::new();
                for text in &rows {
                    let Some(text) = text else {
                        int32.push(-7);
                        continue;
                    };
                    let at = entries.iter().position(|entry| entry == text).unwrap_or_else(|| {
                        entries.push(text);
                        entries.len() - 1
                    });
                    int32.push(at as i32);
                    uint16.push(at as u16);
                }
                entries
            }
        };
        let is_prefixed = matches!(form, Form::Packed | Form::PackedKeyed(_));
        let (mut bytes, mut offsets, mut ends) = (Vec::new(), vec![0], Vec::new());
        for value in values {
            bytes.extend_from_slice(if is_prefixed { b"len:" } else { b"" });
            bytes.extend_from_slice(value.as_bytes());
            offsets.push(bytes.len() as i32);
            ends.push(bytes.len() as u32);
        }
        let rows = Rows::of(rows.iter().map(Option::is_some));
        TextValues { form, rows, offsets, ends, bytes, int32, uint16 }
    }

    fn column(&self) -> TextColumn<'_> {
        let (bounds, skipped) = match self.form {
            Form::Spread | Form::Keyed(_) => (Bounds::Offsets(&self.offsets), 0),
            Form::Packed | Form::PackedKeyed(_) => (Bounds::Ends(&self.ends), LENGTH),
        };
        let keys = match self.form {
            Form::Spread | Form::Packed => None,
            Form::Keyed(dictionary) => Some(Keys { numbers: KeyNumbers::Int32(&self.int32), dictionary }),
            Form::PackedKeyed(dictionary) => Some(Keys { numbers: KeyNumbers::UInt16(&self.uint16), dictionary }),
        };
        let texts = Texts { bounds, skipped, bytes: &self.bytes };
        TextColumn { texts, keys, present: self.rows.present(self.form) }
    }
}

struct Integers {
    form: Form,
    rows: Rows,
    values: Vec<i64>,
}

impl Integers {
    fn of(form: Form, integers: impl Iterator<Item = Option<i64>>) -> Integers {
        let integers: Vec<Option<i64>> = integers.collect();
        let values = match form {
            Form::Spread | Form::Keyed(_) => integers.iter().map(|value| value.unwrap_or(77)).collect(),
            Form::Packed | Form::PackedKeyed(_) => integers.iter().copied().flatten().collect(),
        };
        Integers { form, rows: Rows::of(integers.iter().map(Option::is_some)), values }
    }

    fn column(&self) -> IntegerColumn<'_> {
        IntegerColumn { values: &self.values, present: self.rows.present(self.form) }
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

/// Whether a request brought the event.
fn is_by_request(event: &Owned) -> bool {
    event.micros / MINUTE % 3 > 0
}

/// When an event was received that no request brought means nothing.
fn as_received(event: Owned) -> Owned {
    if is_by_request(&event) { event } else { Owned { received_micros: i64::MIN, ..event } }
}

/// Columns without any but these.
fn bare(rows: usize, times: IntegerColumn<'_>) -> EventColumns<'_> {
    EventColumns {
        rows,
        times,
        received: None,
        requests: None,
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

/// Adds events as columns.
fn push(builder: &mut RowsBuilder, events: &[Owned], span: &Range<i64>, form: Form) {
    let texts = |get: fn(&Owned) -> Option<&str>| TextValues::of(form, events.iter().map(get));
    let visitors = texts(|event| event.visitor.as_deref());
    let (datastreams, sessions) = (texts(|event| Some(&event.datastream)), texts(|event| event.session.as_deref()));
    let (subjects, pages) = (texts(|event| event.subject.as_deref()), texts(|event| event.page.as_deref()));
    let (devices, referrers) = (texts(|event| event.device.as_deref()), texts(referrer_url));
    let integers = |get: &dyn Fn(&Owned) -> Option<i64>| Integers::of(form, events.iter().map(get));
    let times = integers(&|event| Some(event.micros));
    let received = integers(&|event| Some(event.received_micros));
    let counters: [Integers; 8] = std::array::from_fn(|at| integers(&|event| event.counters[at]));
    let odd = Rows::of(events.iter().map(|event| event.is_time_off));
    let requests = Rows::of(events.iter().map(is_by_request));
    // One namespace with one identity an event.
    let namespaces = texts(|_| Some("ecid"));
    let each: Vec<i32> = (0..=events.len() as i32).collect();
    let ends: Vec<u32> = (1..=events.len() as u32).collect();
    let identities = IdentityColumn {
        entries: ListColumn { bounds: Bounds::Offsets(&each), present: Present::All },
        namespaces: namespaces.column(),
        identities: ListColumn { bounds: Bounds::Ends(&ends), present: Present::All },
        present: Present::All,
        ids: visitors.column(),
        primary: None,
    };
    let columns = EventColumns {
        received: Some(received.column()),
        requests: Some(requests.present(form)),
        datastreams: Some(datastreams.column()),
        identities: Some(identities),
        sessions: Some(sessions.column()),
        subjects: Some(subjects.column()),
        page_urls: Some(pages.column()),
        referrer_urls: Some(referrers.column()),
        device_types: Some(devices.column()),
        counters: counters.each_ref().map(|column| Some(column.column())),
        time_anomalies: Some(odd.present(form)),
        ..bare(events.len(), times.column())
    };
    builder.push_columns(&columns, span);
}

fn forms(first: u64) -> impl Strategy<Value = [Form; 2]> {
    // The second events have dictionaries of their own.
    let of = |number| {
        prop_oneof![Just(Form::Spread), Just(Form::Keyed(number)), Just(Form::Packed), Just(Form::PackedKeyed(number))]
    };
    [of(first), of(first + 1)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn columns_give_the_same_rows(
        first in events(), second in events(), from in 0..4i64, days in 0..3i64, forms in (0..2u64).prop_flat_map(forms),
    ) {
        let span = at(from, 0)..at(from + days, 0);
        let mut builder = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
        let mut one_by_one: Vec<Owned> = Vec::new();
        for (events, form) in [first, second].into_iter().zip(forms) {
            let events: Vec<Owned> = events.into_iter().map(on_its_host).collect();
            // Twice, so that the same dictionaries come again.
            push(&mut builder, &events, &span, form);
            push(&mut builder, &events, &span, form);
            let of_span: Vec<Owned> = events.into_iter().filter(|event| span.contains(&event.micros)).collect();
            let of_span: Vec<Owned> = of_span.into_iter().map(as_received).collect();
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

/// Some thousand events, a third of them with a counter.
fn many() -> Vec<Owned> {
    let event = |number: i64| {
        let mut counters = [None; 8];
        if number % 3 == 0 {
            counters[number as usize % 8] = Some(1 + number % 5);
        }
        Owned {
            micros: at(1, number * MINUTE / 3),
            received_micros: at(1, number * MINUTE / 2),
            datastream: "web".to_owned(),
            visitor: (number % 7 > 0).then(|| format!("v{}", number % 300)),
            session: (number % 6 == 0).then(|| format!("s{}", number / 12)),
            page: Some(format!("https://shop.example/{}", number % 40)),
            subject: (number % 9 == 0).then(|| "returns".to_owned()),
            counters,
            is_time_off: number % 11 == 0,
            ..Owned::default()
        }
    };
    (0..2_500).map(event).collect()
}

const FORMS: [Form; 4] = [Form::Spread, Form::Keyed(1), Form::Packed, Form::PackedKeyed(1)];

#[test]
fn no_event_is_lost_between_steps() {
    let events = many();
    let expected: Vec<Owned> = events.iter().cloned().map(as_received).collect();
    // All of them, and some in the middle.
    for span in [at(0, 0)..at(9, 0), at(1, 100 * MINUTE)..at(1, 700 * MINUTE)] {
        let expected = rows(expected.iter().filter(|event| span.contains(&event.micros)));
        for form in FORMS {
            let mut builder = RowsBuilder::new(&HashKey::new(*b"a key of 16 byte"));
            push(&mut builder, &events, &span, form);
            let of_columns = builder.finish();
            assert_eq!(of_columns.len(), expected.len(), "{form:?}");
            let fold = |rows| fold(FIRST_DAY + 1, &[rows], &Keep::default()).encode();
            assert!(fold(&of_columns) == fold(&expected), "{form:?}");
        }
    }
}

#[test]
fn a_shard_takes_the_same_of_columns_as_one_by_one() {
    let (events, key) = (many(), HashKey::new(*b"a key of 16 byte"));
    for shard in Shard::all(4) {
        let mut one_by_one = RowsBuilder::of_shard(&key, shard);
        events.iter().for_each(|event| one_by_one.push(&event.event()));
        assert!((300..1_500).contains(&one_by_one.len()), "{}", one_by_one.len());
        for form in FORMS {
            let mut of_columns = RowsBuilder::of_shard(&key, shard);
            push(&mut of_columns, &events, &(at(0, 0)..at(9, 0)), form);
            assert_eq!(of_columns.len(), one_by_one.len(), "{form:?}");
        }
    }
}

#[test]
fn an_identity_that_is_null_is_none() {
    let ids = TextValues::of(Form::Spread, [Some("left"), Some("anna")].into_iter());
    let namespaces = TextValues::of(Form::Spread, [Some("Email")].into_iter());
    let column = |present| IdentityColumn {
        entries: ListColumn { bounds: Bounds::Ends(&[1]), present: Present::All },
        namespaces: namespaces.column(),
        identities: ListColumn { bounds: Bounds::Ends(&[2]), present: Present::All },
        present,
        ids: ids.column(),
        primary: None,
    };
    assert_eq!(column(Present::All).visitor(0), Some(&b"left"[..]));
    assert_eq!(column(Present::Marked(Bits::new(&[0b10], 0))).visitor(0), Some(&b"anna"[..]));
    assert_eq!(column(Present::Packed { words: &[0], before: &[0] }).visitor(0), None);
}

#[test]
fn the_visitor_is_a_device_else_the_primary_identity_else_the_first() {
    // (namespace, [(id, primary)]) of one event.
    type Entries<'a> = &'a [(&'a str, &'a [(Option<&'a str>, bool)])];
    let check = |entries: Entries<'_>, expect: Option<&str>| {
        let items: Vec<(Option<&str>, bool)> = entries.iter().flat_map(|(_, items)| items.iter().copied()).collect();
        let mut marks = Vec::new();
        items.iter().enumerate().for_each(|(at, item)| bit(&mut marks, at, item.1));
        let bytes: Vec<bool> = items.iter().filter(|item| item.1).map(|item| item.1).collect();
        let marked = Rows::of(items.iter().map(|item| item.1));
        let mut ends = vec![0];
        entries.iter().for_each(|(_, items)| ends.push(ends.last().unwrap() + items.len() as u32));
        let offsets: Vec<i32> = ends.iter().map(|end| *end as i32).collect();
        for form in [Form::Spread, Form::Packed, Form::PackedKeyed(1)] {
            let namespaces = TextValues::of(form, entries.iter().map(|(namespace, _)| Some(*namespace)));
            let ids = TextValues::of(form, items.iter().map(|item| item.0));
            let is_packed = !matches!(form, Form::Spread);
            let column = IdentityColumn {
                entries: ListColumn { bounds: Bounds::Ends(&[entries.len() as u32]), present: Present::All },
                namespaces: namespaces.column(),
                identities: ListColumn {
                    bounds: if is_packed { Bounds::Ends(&ends[1..]) } else { Bounds::Offsets(&offsets) },
                    present: Present::All,
                },
                present: Present::All,
                ids: ids.column(),
                primary: Some(match is_packed {
                    true => FlagColumn { values: FlagValues::Bytes(&bytes), present: marked.present(form) },
                    false => FlagColumn { values: FlagValues::Bits(Bits::new(&marks, 0)), present: Present::All },
                }),
            };
            assert_eq!(column.visitor(0), expect.map(str::as_bytes), "{entries:?}");
            assert_eq!(column.visitor(1), None, "there is no such row");
        }
    };
    check(&[], None);
    check(&[("Email", &[(Some("a"), false)]), ("ecid", &[(Some("d"), false)])], Some("d"));
    check(&[("Email", &[(Some("a"), false), (Some("b"), true)]), ("4", &[(None, true), (Some(""), true)])], Some("b"));
    check(&[("Email", &[(Some("a"), false)]), ("Phone", &[(Some("p"), false)])], Some("a"));
    check(&[("Email", &[])], None);
}

#[test]
fn slices_that_do_not_fit_together_are_null() {
    let of = |bounds| TextColumn {
        texts: Texts { bounds, skipped: 0, bytes: b"abc\xff" },
        keys: None,
        present: Present::Marked(Bits::new(&[0b111], 0)),
    };
    let texts = of(Bounds::Offsets(&[0, 9, -1, 3]));
    let keys = |numbers| Some(Keys { numbers: KeyNumbers::Int32(numbers), dictionary: 0 });
    let integers = |values| IntegerColumn { values, present: Present::All };
    let times = [at(0, 0); 4];
    let columns = EventColumns {
        received: Some(integers(&[])),
        requests: Some(Present::Packed { words: &[], before: &[] }),
        datastreams: Some(texts),
        sessions: Some(of(Bounds::Offsets(&[0, 4, 4, 4, 4]))),
        subjects: Some(of(Bounds::Offsets(&[3, 4, 4, 4, 4]))),
        page_urls: Some(of(Bounds::Offsets(&[]))),
        page_names: Some(TextColumn { keys: keys(&[0, 1, 2]), ..texts }),
        referrer_urls: Some(TextColumn { keys: keys(&[-1, 3, i32::MAX]), present: Present::All, ..texts }),
        device_types: Some(TextColumn { keys: keys(&[0, 1, 2, 3]), ..of(Bounds::Ends(&[])) }),
        environments: Some(TextColumn {
            texts: Texts { skipped: 9, ..texts.texts },
            present: Present::Packed { words: &[7], before: &[] },
            ..of(Bounds::Ends(&[2, 1, 9]))
        }),
        screen_widths: Some(integers(&[])),
        screen_heights: Some(integers(&[1])),
        viewport_widths: Some(IntegerColumn { values: &[], present: Present::Packed { words: &[7], before: &[9] } }),
        time_anomalies: Some(Present::All),
        ..bare(4, integers(&times))
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
        let text = |text| TextValues::of(Form::Spread, [Some(text)].into_iter());
        let (urls, names) = (text(url), text(name));
        let columns = EventColumns {
            page_urls: Some(urls.column()),
            page_names: Some(names.column()),
            ..bare(1, IntegerColumn { values: &times, present: Present::All })
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
