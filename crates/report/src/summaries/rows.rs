//! Events as `summary` takes them, out of the columns of the table.
//!
//! The same rules as those of the views: the visitor by [`crate::visitor`], the page by its address
//! or its name, device and referrer by [`crate::surroundings`]. A column that a file doesn't have, or has with a type that can't be read as ours, is
//! null, as in the views.

use std::collections::HashMap;
use std::ops::Range;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use summary::{Counter, EventColumns, IntegerColumn, Keys, Rows, RowsBuilder, TextColumn};

use crate::visitor::{Identities, bits};

const TIME: &str = "timestamp";
pub(super) const RECEIVED_AT: &str = "received_at";
/// Null in what was loaded from a file.
const REQUEST_ID: &str = "request_id";
const DATASTREAM: &str = "datastream";
const TIME_ANOMALY: &str = "time_anomaly";
const IDENTITIES: &str = "identityMap";
const SESSION: &str = "customerFeedback.chatSessionID";
const SUBJECT: &str = "customerFeedback.subject";
const PAGE_URL: &str = "web.webPageDetails.URL";
const PAGE_NAME: &str = "web.webPageDetails.name";
const REFERRER_URL: &str = "web.webReferrer.URL";
const DEVICE_TYPE: &str = "device.type";
const ENVIRONMENT: &str = "environment.type";
const SCREEN_WIDTH: &str = "device.screenWidth";
const SCREEN_HEIGHT: &str = "device.screenHeight";
const VIEWPORT_WIDTH: &str = "environment.browserDetails.viewportWidth";

/// What is read of a data file.
pub(super) const COLUMNS: &[&str] = &[
    TIME,
    RECEIVED_AT,
    REQUEST_ID,
    DATASTREAM,
    TIME_ANOMALY,
    "identityMap.*.key",
    "identityMap.*.id",
    "identityMap.*.primary",
    SESSION,
    SUBJECT,
    PAGE_URL,
    PAGE_NAME,
    REFERRER_URL,
    DEVICE_TYPE,
    ENVIRONMENT,
    SCREEN_WIDTH,
    SCREEN_HEIGHT,
    VIEWPORT_WIDTH,
    Counter::ALL[0].field(),
    Counter::ALL[1].field(),
    Counter::ALL[2].field(),
    Counter::ALL[3].field(),
    Counter::ALL[4].field(),
    Counter::ALL[5].field(),
    Counter::ALL[6].field(),
    Counter::ALL[7].field(),
];

/// What is read to learn the days of a file's rows.
pub(super) const TIME_ONLY: &[&str] = &[TIME];

/// What is read to learn when a file's rows were received.
pub(super) const RECEIPT_ONLY: &[&str] = &[RECEIVED_AT];

/// When a batch's rows were received.
pub(super) fn received(batch: &RecordBatch) -> Option<TimestampMicrosecondArray> {
    instants(batch, RECEIVED_AT)
}

/// The days of a batch's rows, ascending.
pub(super) fn days(batch: &RecordBatch) -> Vec<i32> {
    let times = instants(batch, TIME);
    let times = times.iter().flat_map(|times| times.iter().flatten());
    let mut days: Vec<i32> = times.map(|micros| table::Partition::of_micros(micros).0).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// The column by which a batch of fresh rows is known again.
pub(super) fn mark_of(batch: &RecordBatch) -> Option<&ArrayRef> {
    batch.column_by_name(TIME)
}

/// Makes rows of the batches of one source.
pub(super) struct BatchRows {
    builder: RowsBuilder,
    dictionaries: Dictionaries,
}

impl BatchRows {
    pub(super) fn new(builder: RowsBuilder) -> BatchRows {
        BatchRows { builder, dictionaries: Dictionaries::default() }
    }

    /// Adds a batch's events within `span`, in microseconds. An event without a time belongs to no day and
    /// isn't among them.
    pub(super) fn push(&mut self, batch: &RecordBatch, span: &Range<i64>) {
        let Some(times) = instants(batch, TIME) else { return };
        let received = by_request(batch);
        let mut text = |path| Texts::of(batch, path, &mut self.dictionaries);
        let [datastreams, sessions, subjects] = [DATASTREAM, SESSION, SUBJECT].map(&mut text);
        let [page_urls, page_names, referrer_urls] = [PAGE_URL, PAGE_NAME, REFERRER_URL].map(&mut text);
        let [device_types, environments] = [DEVICE_TYPE, ENVIRONMENT].map(text);
        let integer = |path| Integers::of(batch, path);
        let [screen_widths, screen_heights, viewport_widths] =
            [SCREEN_WIDTH, SCREEN_HEIGHT, VIEWPORT_WIDTH].map(integer);
        let counters = Counter::ALL.map(|counter| integer(counter.field()));
        let anomalies = leaf(batch, TIME_ANOMALY);
        let maps = leaf(batch, IDENTITIES);
        let map: Option<&MapArray> = maps.as_ref().and_then(|(column, _)| column.as_map_opt());
        let identities = map.and_then(|map| Some((map, Identities::of(map).ok()?)));
        self.builder.push_columns(
            &EventColumns {
                times: IntegerColumn { values: times.values(), valid: bits(times.nulls()) },
                received: received.as_ref().map(|at| IntegerColumn { values: at.values(), valid: bits(at.nulls()) }),
                datastreams: datastreams.as_ref().map(Texts::column),
                identities: identities.as_ref().map(|(map, identities)| identities.columns(map)),
                sessions: sessions.as_ref().map(Texts::column),
                subjects: subjects.as_ref().map(Texts::column),
                page_urls: page_urls.as_ref().map(Texts::column),
                page_names: page_names.as_ref().map(Texts::column),
                referrer_urls: referrer_urls.as_ref().map(Texts::column),
                device_types: device_types.as_ref().map(Texts::column),
                environments: environments.as_ref().map(Texts::column),
                screen_widths: screen_widths.as_ref().map(Integers::column),
                screen_heights: screen_heights.as_ref().map(Integers::column),
                viewport_widths: viewport_widths.as_ref().map(Integers::column),
                counters: counters.each_ref().map(|column| column.as_ref().map(Integers::column)),
                time_anomalies: anomalies.as_ref().map(|(_, nulls)| bits(nulls.as_ref())),
            },
            span,
        );
    }

    /// Events so far.
    pub(super) fn len(&self) -> usize {
        self.builder.len()
    }

    /// The memory that they take so far, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        self.builder.bytes()
    }

    pub(super) fn finish(self) -> Rows {
        self.builder.finish()
    }
}

/// When events were received by a request: whether one is late is told by nothing else.
fn by_request(batch: &RecordBatch) -> Option<TimestampMicrosecondArray> {
    let (_, values, nulls) = instants(batch, RECEIVED_AT)?.into_parts();
    let (requests, _) = leaf(batch, REQUEST_ID)?;
    let nulls = NullBuffer::union(nulls.as_ref(), requests.logical_nulls().as_ref());
    TimestampMicrosecondArray::try_new(values, nulls).ok()
}

/// A column of texts, and where it or a column around it is null.
struct Texts {
    texts: StringArray,
    /// The text's place for each row, and the number of the dictionary.
    keys: Option<(ScalarBuffer<i32>, u64)>,
    nulls: Option<NullBuffer>,
}

impl Texts {
    fn of(batch: &RecordBatch, path: &'static str, dictionaries: &mut Dictionaries) -> Option<Texts> {
        let (column, nulls) = leaf(batch, path).filter(has_any)?;
        if let Some(keyed) = column.as_dictionary_opt::<Int32Type>()
            && let Some(texts) = keyed.values().as_string_opt::<i32>().filter(|texts| texts.null_count() == 0)
        {
            let number = dictionaries.number(path, texts);
            return Some(Texts { texts: texts.clone(), keys: Some((keyed.keys().values().clone(), number)), nulls });
        }
        // A reader may hand out views or other dictionaries; for what is of the type the cast is free.
        let texts = cast(&column, &DataType::Utf8).ok()?.as_string_opt::<i32>()?.clone();
        Some(Texts { texts, keys: None, nulls })
    }

    fn column(&self) -> TextColumn<'_> {
        TextColumn {
            offsets: self.texts.value_offsets(),
            bytes: self.texts.value_data(),
            keys: self.keys.as_ref().map(|(places, dictionary)| Keys { places, dictionary: *dictionary }),
            valid: bits(self.nulls.as_ref()),
        }
    }
}

/// The dictionaries of one source's columns, numbered.
#[derive(Default)]
struct Dictionaries {
    /// By column: while a dictionary is held here, no other can lie where it does.
    last: HashMap<&'static str, (StringArray, u64)>,
    count: u64,
}

impl Dictionaries {
    /// The dictionary's number: that of the column's last batch, if it is the same one.
    fn number(&mut self, path: &'static str, texts: &StringArray) -> u64 {
        if let Some((last, number)) = self.last.get(path)
            && last.offsets().ptr_eq(texts.offsets())
            && last.values().ptr_eq(texts.values())
        {
            return *number;
        }
        self.count += 1;
        self.last.insert(path, (texts.clone(), self.count));
        self.count
    }
}

/// A column of integers, and where it or a column around it is null.
struct Integers {
    integers: Int64Array,
    nulls: Option<NullBuffer>,
}

impl Integers {
    fn of(batch: &RecordBatch, path: &str) -> Option<Integers> {
        let (column, nulls) = leaf(batch, path).filter(has_any)?;
        let integers = cast(&column, &DataType::Int64).ok()?.as_primitive_opt::<Int64Type>()?.clone();
        Some(Integers { integers, nulls })
    }

    fn column(&self) -> IntegerColumn<'_> {
        IntegerColumn { values: self.integers.values(), valid: bits(self.nulls.as_ref()) }
    }
}

/// A column by its dotted path, and where it or a column around it is null.
fn leaf(batch: &RecordBatch, path: &str) -> Option<(ArrayRef, Option<NullBuffer>)> {
    let mut names = path.split('.');
    let mut column = batch.column_by_name(names.next()?)?;
    let mut nulls = column.logical_nulls();
    for name in names {
        column = column.as_struct_opt()?.column_by_name(name)?;
        nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
    }
    Some((column.clone(), nulls))
}

/// Whether a column has a value in any row: one without is as good as none.
fn has_any((column, nulls): &(ArrayRef, Option<NullBuffer>)) -> bool {
    nulls.as_ref().is_none_or(|nulls| nulls.null_count() < column.len())
}

fn instants(batch: &RecordBatch, path: &str) -> Option<TimestampMicrosecondArray> {
    let (column, nulls) = leaf(batch, path)?;
    let column = cast(&column, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))).ok()?;
    let (_, values, _) = column.as_primitive_opt::<TimestampMicrosecondType>()?.clone().into_parts();
    TimestampMicrosecondArray::try_new(values, nulls).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::DictionaryArray;
    use summary::{Bucket, HashKey, Part, Shard};

    use super::*;

    const EVERYTHING: Range<i64> = i64::MIN..i64::MAX;

    fn batch(subjects: ArrayRef) -> RecordBatch {
        let times = TimestampMicrosecondArray::from(vec![1; subjects.len()]).with_timezone("UTC");
        let feedback = datafusion::arrow::array::StructArray::try_from(vec![("subject", subjects)]).unwrap();
        let columns: [(&str, ArrayRef); 2] = [(TIME, Arc::new(times)), ("customerFeedback", Arc::new(feedback))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn summaries(batches: &[RecordBatch]) -> Vec<u8> {
        let mut rows = BatchRows::new(RowsBuilder::new(&HashKey::new([7; 16])));
        batches.iter().for_each(|batch| rows.push(batch, &EVERYTHING));
        Part::new(0, Bucket::Hour, &[&rows.finish()], Shard::WHOLE).summaries().encode()
    }

    #[test]
    fn dictionaries_of_row_groups_are_told_apart() {
        let groups = [["billing", "delivery"], ["delivery", "returns"]];
        let dictionaries = groups.map(|texts| Arc::new(StringArray::from_iter_values(texts)));
        // Two batches of the first row group, one of the second.
        let places: [(usize, [Option<i32>; 3]); 3] =
            [(0, [Some(0), None, Some(1)]), (0, [Some(1), Some(1), None]), (1, [Some(1), Some(0), Some(0)])];
        let keyed = places.map(|(group, places)| {
            let texts: ArrayRef = dictionaries[group].clone();
            batch(Arc::new(DictionaryArray::<Int32Type>::try_new(places.to_vec().into(), texts).unwrap()))
        });
        let plain = places.map(|(group, places)| {
            let texts = places.iter().map(|place| place.map(|place| groups[group][place as usize]));
            batch(Arc::new(texts.collect::<StringArray>()))
        });
        assert_eq!(summaries(&keyed), summaries(&plain));
        assert_ne!(summaries(&keyed), summaries(&keyed[..2]));
    }
}
