//! Counting, batch after batch: what is held is a number for each column and value.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use futures::FutureExt;
use serde::de::IgnoredAny;

use super::statement::UNDECLARED;
use super::{
    Collected, CollectedColumn, FilledColumn, SMALL_NUMBER_MAX, ShownValues, UNDECLARED_TOLD_MAX, VALUES_TOLD_MAX,
};
use crate::{QueryError, QueryLimits, Session, views};

/// Places of undeclared properties that are counted; anybody can make up names.
const UNDECLARED_COUNTED_MAX: usize = 5_000;
/// Longest name of such a place, in bytes.
const UNDECLARED_BYTES_MAX: usize = 256;

/// Runs a statement and counts its rows.
///
/// # Errors
/// As [`Session::query`].
pub(crate) async fn fold(
    session: &Session,
    sql: &str,
    columns: &[CollectedColumn],
    limits: &QueryLimits,
) -> Result<Collected, QueryError> {
    let reading_failed = AtomicBool::new(false);
    let work = async {
        let snapshot = session.snapshot().await?;
        let mut rows = snapshot.start(sql, limits, &reading_failed).await?;
        let mut counts = Counts::of(columns);
        while let Some(batch) = rows.next().await {
            let counted = counts.add(&batch?);
            counted.map_err(|error| QueryError::Failed { message: error.to_string() })?;
        }
        Ok(counts.finish())
    };
    // A panic in the engine ends this query and nothing else.
    let stopped = |_| Err(QueryError::Failed { message: "the engine stopped while events were counted".to_owned() });
    match AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(stopped) {
        Err(error) if reading_failed.load(Ordering::Relaxed) => {
            Err(QueryError::Unreadable { message: error.to_string() })
        }
        outcome => outcome,
    }
}

/// What was counted so far.
struct Counts<'a> {
    events: u64,
    columns: HashMap<&'a str, ColumnCounts<'a>>,
    order: Vec<&'a str>,
    undeclared: BTreeMap<String, u64>,
    has_more_undeclared: bool,
}

/// The same of a column.
struct ColumnCounts<'a> {
    shown: &'a ShownValues,
    is_there: bool,
    filled: u64,
    /// By value; of listed texts by their place in the list.
    values: HashMap<i64, u64>,
    listed: HashMap<&'a str, i64>,
    others: u64,
}

impl<'a> Counts<'a> {
    fn of(columns: &'a [CollectedColumn]) -> Counts<'a> {
        let counts = |column: &'a CollectedColumn| {
            let listed = match &column.values {
                ShownValues::Listed(texts) => texts.iter().map(String::as_str).zip(0..).collect(),
                _ => HashMap::new(),
            };
            let (shown, values) = (&column.values, HashMap::new());
            (column.path.as_str(), ColumnCounts { shown, is_there: false, filled: 0, values, listed, others: 0 })
        };
        Counts {
            events: 0,
            columns: columns.iter().map(counts).collect(),
            order: columns.iter().map(|column| column.path.as_str()).collect(),
            undeclared: BTreeMap::new(),
            has_more_undeclared: false,
        }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.events += batch.num_rows() as u64;
        let schema = batch.schema();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let name = field.name().strip_prefix(views::SENT).unwrap_or(field.name());
            if name == UNDECLARED {
                self.undeclared(array)?;
            } else {
                self.column(name, array, None)?;
            }
        }
        Ok(())
    }

    /// A column and those inside it; `around` says in which rows there is something around it.
    fn column(&mut self, path: &str, array: &ArrayRef, around: Option<&NullBuffer>) -> Result<(), ArrowError> {
        let nulls = NullBuffer::union(around, array.logical_nulls().as_ref());
        if let Some(counts) = self.columns.get_mut(path) {
            counts.is_there = true;
            counts.add(array, nulls.as_ref())?;
        }
        if let Some(inside) = array.as_struct_opt() {
            for (field, array) in inside.fields().iter().zip(inside.columns()) {
                self.column(&format!("{path}.{}", field.name()), array, nulls.as_ref())?;
            }
        }
        Ok(())
    }

    /// A row has one JSON object of pointers and values, or nothing.
    fn undeclared(&mut self, array: &ArrayRef) -> Result<(), ArrowError> {
        let texts = cast(array, &DataType::Utf8)?;
        for text in texts.as_string::<i32>().iter().flatten() {
            let Ok(members) = serde_json::from_str::<BTreeMap<Cow<'_, str>, IgnoredAny>>(text) else {
                self.has_more_undeclared = true;
                continue;
            };
            let mut places: Vec<String> = members.keys().map(|pointer| without_places(pointer)).collect();
            places.sort_unstable();
            places.dedup();
            for place in places {
                if let Some(count) = self.undeclared.get_mut(&place) {
                    *count += 1;
                } else if self.undeclared.len() < UNDECLARED_COUNTED_MAX && place.len() <= UNDECLARED_BYTES_MAX {
                    self.undeclared.insert(place, 1);
                } else {
                    self.has_more_undeclared = true;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Collected {
        let columns = self.order.iter().filter_map(|path| {
            let counts = self.columns.remove(path).filter(|counts| counts.is_there)?;
            Some(counts.finish(path))
        });
        let columns = columns.collect();
        let mut undeclared: Vec<(String, u64)> = self.undeclared.into_iter().collect();
        undeclared.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
        let has_more_undeclared = self.has_more_undeclared || undeclared.len() > UNDECLARED_TOLD_MAX;
        undeclared.truncate(UNDECLARED_TOLD_MAX);
        Collected { events: self.events, columns, undeclared, has_more_undeclared, since_micros: None }
    }
}

impl ColumnCounts<'_> {
    fn add(&mut self, array: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<(), ArrowError> {
        let filled = (array.len() - nulls.map_or(0, NullBuffer::null_count)) as u64;
        self.filled += filled;
        if filled == 0 || *self.shown == ShownValues::None {
            return Ok(());
        }
        let is_valid = |row: &usize| nulls.is_none_or(|nulls| nulls.is_valid(*row));
        let rows = (0..array.len()).filter(is_valid);
        match self.shown {
            ShownValues::None => {}
            ShownValues::Flags => {
                let flags = cast(array, &DataType::Boolean)?;
                let flags = flags.as_boolean();
                rows.for_each(|row| self.count(Some(i64::from(flags.value(row)))));
            }
            ShownValues::Small => {
                let numbers = cast(array, &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>();
                let small = |number: i64| (0..=SMALL_NUMBER_MAX).contains(&number).then_some(number);
                rows.for_each(|row| self.count(small(numbers.value(row))));
            }
            ShownValues::Listed(_) => {
                let texts = cast(array, &DataType::Utf8)?;
                let texts = texts.as_string::<i32>();
                rows.for_each(|row| self.count(self.listed.get(texts.value(row)).copied()));
            }
        }
        Ok(())
    }

    fn count(&mut self, value: Option<i64>) {
        match value {
            Some(value) => *self.values.entry(value).or_default() += 1,
            None => self.others += 1,
        }
    }

    fn finish(self, path: &str) -> FilledColumn {
        let mut values: Vec<(i64, u64)> = self.values.into_iter().collect();
        values.sort_by(|(one, first), (other, second)| second.cmp(first).then_with(|| one.cmp(other)));
        let left_out: u64 = values.iter().skip(VALUES_TOLD_MAX).map(|(_, count)| count).sum();
        values.truncate(VALUES_TOLD_MAX);
        let name = |value: i64| match self.shown {
            ShownValues::Flags => (value == 1).to_string(),
            ShownValues::Listed(texts) => {
                usize::try_from(value).ok().and_then(|at| texts.get(at).cloned()).unwrap_or_default()
            }
            ShownValues::Small | ShownValues::None => value.to_string(),
        };
        let values = values.into_iter().map(|(value, count)| (name(value), count)).collect();
        FilledColumn { path: path.to_owned(), filled: self.filled, values, others: self.others + left_out }
    }
}

/// A pointer with `*` for places in lists.
fn without_places(pointer: &str) -> String {
    let is_place = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    let steps = pointer.split('/').map(|step| if is_place(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{BooleanArray, Int64Array, StringArray, StructArray};
    use datafusion::arrow::datatypes::{Field, Fields, Schema};

    use super::*;

    #[test]
    fn what_is_there_is_counted_and_only_what_may_be_told_is_told() {
        let inside: Fields = vec![
            Field::new("kind", DataType::Utf8, true),
            Field::new("times", DataType::Int64, true),
            Field::new("flag", DataType::Boolean, true),
            Field::new("free", DataType::Utf8, true),
        ]
        .into();
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("a"), Some("secret"), Some("a"), Some("hidden"), None])),
            Arc::new(Int64Array::from(vec![Some(1), Some(-5), Some(1_001), Some(1), Some(0)])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), Some(true)])),
            Arc::new(StringArray::from(vec![Some("jo"), Some("jo"), None, Some("jo"), Some("jo")])),
        ];
        // What lies in the fourth row isn't there: nothing is around it.
        let nulls = NullBuffer::from(vec![true, true, true, false, true]);
        let group: ArrayRef = Arc::new(StructArray::new(inside.clone(), arrays, Some(nulls)));
        let extra: ArrayRef = Arc::new(StringArray::from(vec![
            Some(r#"{"/x":1,"/y/0/z":"v"}"#),
            Some(r#"{"/y/1/z":2,"/y/7/z":3}"#),
            None,
            Some("broken"),
            None,
        ]));
        let name = |root: &str| format!("{}{root}", views::SENT);
        let schema = Schema::new(vec![
            Field::new(name("group"), DataType::Struct(inside), true),
            Field::new(name(UNDECLARED), DataType::Utf8, true),
        ]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![group, extra]).expect("a batch");
        let column = |path: &str, values| CollectedColumn { path: path.to_owned(), values };
        let columns = [
            column("group", ShownValues::None),
            column("group.kind", ShownValues::Listed(vec!["b".to_owned(), "a".to_owned()])),
            column("group.times", ShownValues::Small),
            column("group.flag", ShownValues::Flags),
            column("group.free", ShownValues::None),
            column("nowhere", ShownValues::Flags),
        ];
        let mut counts = Counts::of(&columns);
        counts.add(&batch).expect("counted");
        counts.add(&batch).expect("counted");
        let collected = counts.finish();
        assert_eq!((collected.events, collected.columns.len(), collected.has_more_undeclared), (10, 5, true));
        let check = |path: &str, filled: u64, values: &[(&str, u64)], others: u64| {
            let column = collected.column(path).unwrap_or_else(|| panic!("{path}"));
            let told: Vec<(&str, u64)> = column.values.iter().map(|(value, count)| (value.as_str(), *count)).collect();
            assert_eq!((column.filled, told.as_slice(), column.others), (filled, values, others), "{path}");
        };
        check("group", 8, &[], 0);
        check("group.kind", 6, &[("a", 4)], 2);
        check("group.times", 8, &[("0", 2), ("1", 2)], 4);
        check("group.flag", 6, &[("true", 4), ("false", 2)], 0);
        check("group.free", 6, &[], 0);
        assert_eq!(collected.undeclared, [("/y/*/z".to_owned(), 4), ("/x".to_owned(), 2)]);
        let told = serde_json::to_string(&collected).expect("JSON");
        assert!(!told.contains("secret") && !told.contains("hidden") && !told.contains("jo\""), "{told}");
    }
}
