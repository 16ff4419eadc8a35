//! Events as `summary` takes them, out of the columns of the table.
//!
//! The same rules as those of the views: the visitor by [`crate::visitor`], the page by its address
//! or its name, device and referrer by [`crate::surroundings`].

use std::collections::HashMap;
use std::ops::Range;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int32Type, TimeUnit, TimestampMicrosecondType};
use summary::RowsBuilder;

use super::fields::{
    COUNTERS, Fields, IDENTITIES, IdentityMap, IntegerValues, Integers, RECEIVED_AT, REQUEST_ID, Rows, SIZES, TEXTS,
    TIME, TIME_ANOMALY, TextValues, Texts,
};
use crate::visitor::Identities;

/// What is read of a data file.
pub(super) const COLUMNS: &[&str] = &[
    TIME,
    RECEIVED_AT,
    REQUEST_ID,
    TIME_ANOMALY,
    "identityMap.*.key",
    "identityMap.*.id",
    "identityMap.*.primary",
    TEXTS[0],
    TEXTS[1],
    TEXTS[2],
    TEXTS[3],
    TEXTS[4],
    TEXTS[5],
    TEXTS[6],
    TEXTS[7],
    SIZES[0],
    SIZES[1],
    SIZES[2],
    COUNTERS[0],
    COUNTERS[1],
    COUNTERS[2],
    COUNTERS[3],
    COUNTERS[4],
    COUNTERS[5],
    COUNTERS[6],
    COUNTERS[7],
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
        if let Some(fields) = fields(batch, &mut self.dictionaries) {
            self.builder.push_columns(&fields.columns(), span);
        }
    }

    /// Events so far.
    pub(super) fn len(&self) -> usize {
        self.builder.len()
    }

    /// The memory that they take so far, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        self.builder.bytes()
    }

    pub(super) fn finish(self) -> summary::Rows {
        self.builder.finish()
    }
}

/// The fields of a batch; `None` without times.
fn fields(batch: &RecordBatch, dictionaries: &mut Dictionaries) -> Option<Fields<'static>> {
    let (times, received) = (instants(batch, TIME)?, instants(batch, RECEIVED_AT));
    let rows = |path| leaf(batch, path).map(|(_, nulls)| Rows::Array(nulls));
    let integers = |path| {
        let (column, nulls) = leaf(batch, path).filter(has_any)?;
        Integers::of_array(&column, nulls)
    };
    let maps = leaf(batch, IDENTITIES);
    let map: Option<&MapArray> = maps.as_ref().and_then(|(column, _)| column.as_map_opt());
    Some(Fields {
        rows: batch.num_rows(),
        times: of_instants(times),
        received: received.map(of_instants),
        requests: rows(REQUEST_ID),
        time_anomalies: rows(TIME_ANOMALY),
        identities: map.and_then(|map| Some(IdentityMap::Array(map.clone(), Identities::of(map).ok()?))),
        texts: TEXTS.map(|path| texts(batch, path, dictionaries)),
        sizes: SIZES.map(integers),
        counters: COUNTERS.map(integers),
    })
}

fn of_instants(instants: TimestampMicrosecondArray) -> Integers<'static> {
    let (_, values, nulls) = instants.into_parts();
    Integers { values: IntegerValues::Array(values), rows: Rows::Array(nulls) }
}

fn texts(batch: &RecordBatch, path: &'static str, dictionaries: &mut Dictionaries) -> Option<Texts<'static>> {
    let (column, nulls) = leaf(batch, path).filter(has_any)?;
    if let Some(keyed) = column.as_dictionary_opt::<Int32Type>()
        && let Some(texts) = keyed.values().as_string_opt::<i32>().filter(|texts| texts.null_count() == 0)
    {
        let number = dictionaries.number(path, texts);
        let values = TextValues::KeyedArray(texts.clone(), keyed.keys().values().clone(), number);
        return Some(Texts { values, rows: Rows::Array(nulls) });
    }
    Texts::of_array(&column, nulls)
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
