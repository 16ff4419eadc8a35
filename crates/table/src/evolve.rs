//! When the schema has grown since the table was made.
//!
//! A table takes new columns and new fields inside structs (old rows read as null
//! there) and keeps those that the schema has dropped. It never changes the type of a
//! column: files already written would be read as something else.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::CastOptions;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::common::nested_struct::cast_column;
use datafusion::error::DataFusionError;

use crate::error::StoreError;

/// The table's schema with what `wanted` adds; `None` when it adds nothing.
pub(crate) fn widen(table: &'static str, found: &Schema, wanted: &Schema) -> Result<Option<Schema>, StoreError> {
    let mut widening = Widening { table, grew: false };
    let fields = widening.fields("", found.fields(), wanted.fields())?;
    Ok(widening.grew.then(|| Schema::new_with_metadata(fields, found.metadata().clone())))
}

struct Widening {
    table: &'static str,
    grew: bool,
}

impl Widening {
    fn fields(&mut self, path: &str, found: &Fields, wanted: &Fields) -> Result<Fields, StoreError> {
        let mut fields: Vec<FieldRef> = found.iter().cloned().collect();
        for want in wanted {
            match fields.iter_mut().find(|field| field.name() == want.name()) {
                Some(field) => *field = self.field(path, field, want)?,
                None => {
                    self.grew = true;
                    fields.push(Arc::new(want.as_ref().clone().with_nullable(true)));
                }
            }
        }
        Ok(fields.into())
    }

    fn field(&mut self, path: &str, found: &FieldRef, wanted: &FieldRef) -> Result<FieldRef, StoreError> {
        let path = if path.is_empty() { wanted.name().clone() } else { format!("{path}.{}", wanted.name()) };
        let data_type = self.data_type(&path, found.data_type(), wanted.data_type())?;
        Ok(Arc::new(Field::clone(found).with_data_type(data_type)))
    }

    fn data_type(&mut self, path: &str, found: &DataType, wanted: &DataType) -> Result<DataType, StoreError> {
        match (found, wanted) {
            (DataType::Struct(a), DataType::Struct(b)) => Ok(DataType::Struct(self.fields(path, a, b)?)),
            // The names of a list's and a map's inner fields say nothing.
            (DataType::List(a), DataType::List(b)) => Ok(DataType::List(self.inner(path, a, b)?)),
            (DataType::Map(a, sorted), DataType::Map(b, _)) => match (a.data_type(), b.data_type()) {
                (DataType::Struct(a_entry), DataType::Struct(b_entry)) if a_entry.len() == 2 && b_entry.len() == 2 => {
                    let entry =
                        [self.inner(path, &a_entry[0], &b_entry[0])?, self.inner(path, &a_entry[1], &b_entry[1])?];
                    let entry = DataType::Struct(Fields::from(entry.to_vec()));
                    Ok(DataType::Map(Arc::new(Field::clone(a).with_data_type(entry)), *sorted))
                }
                _ => Err(self.mismatch(path, found, wanted)),
            },
            (a, b) if a == b => Ok(a.clone()),
            _ => Err(self.mismatch(path, found, wanted)),
        }
    }

    fn inner(&mut self, path: &str, found: &FieldRef, wanted: &FieldRef) -> Result<FieldRef, StoreError> {
        let data_type = self.data_type(path, found.data_type(), wanted.data_type())?;
        Ok(Arc::new(Field::clone(found).with_data_type(data_type)))
    }

    fn mismatch(&self, path: &str, found: &DataType, wanted: &DataType) -> StoreError {
        StoreError::Schema {
            table: self.table,
            column: path.to_owned(),
            found: found.to_string(),
            wanted: wanted.to_string(),
        }
    }
}

/// The rows in the columns of `schema`: by name, absent ones null, structs adjusted
/// inside. Costs nothing when the columns are already those.
pub(crate) fn fit(table: &'static str, batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, StoreError> {
    if batch.schema_ref() == schema {
        return Ok(batch);
    }
    let rows = batch.num_rows();
    let columns = schema.fields().iter().map(|field| fit_column(&batch, field)).collect::<Result<Vec<_>, _>>();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    columns
        .and_then(|columns| Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?))
        .map_err(|source| StoreError::Rows { table, source: Box::new(source) })
}

fn fit_column(batch: &RecordBatch, field: &Field) -> Result<ArrayRef, DataFusionError> {
    match batch.column_by_name(field.name()) {
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
        Some(column) => cast_column(column, field.data_type(), &CastOptions { safe: false, ..CastOptions::default() }),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StringArray, StructArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> Schema {
        Schema::new(
            fields.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true)).collect::<Vec<_>>(),
        )
    }

    fn object(fields: &[(&str, DataType)]) -> DataType {
        DataType::Struct(schema(fields).fields)
    }

    fn list(inner: &str, item: DataType) -> DataType {
        DataType::List(Arc::new(Field::new(inner, item, true)))
    }

    const TEXT: DataType = DataType::Utf8;
    const WHOLE: DataType = DataType::Int64;

    fn check(found: &[(&str, DataType)], wanted: &[(&str, DataType)], expect: Result<Option<Schema>, &str>) {
        match (widen("events", &schema(found), &schema(wanted)), expect) {
            (Ok(seen), Ok(expect)) => assert_eq!(seen, expect),
            (Err(StoreError::Schema { column, .. }), Err(expect)) => assert_eq!(column, expect),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_grows_and_never_changes_a_type() {
        check(&[("a", TEXT)], &[("a", TEXT)], Ok(None));
        check(&[("a", TEXT), ("gone", WHOLE)], &[("a", TEXT)], Ok(None));
        check(&[("a", TEXT)], &[("b", WHOLE), ("a", TEXT)], Ok(Some(schema(&[("a", TEXT), ("b", WHOLE)]))));
        check(
            &[("o", object(&[("a", TEXT)]))],
            &[("o", object(&[("a", TEXT), ("b", WHOLE)]))],
            Ok(Some(schema(&[("o", object(&[("a", TEXT), ("b", WHOLE)]))]))),
        );
        check(
            &[("l", list("element", object(&[("a", TEXT)])))],
            &[("l", list("item", object(&[("a", TEXT), ("b", WHOLE)])))],
            Ok(Some(schema(&[("l", list("element", object(&[("a", TEXT), ("b", WHOLE)])))]))),
        );
        check(&[("a", TEXT)], &[("a", WHOLE)], Err("a"));
        check(&[("o", object(&[("a", TEXT)]))], &[("o", object(&[("a", WHOLE)]))], Err("o.a"));
    }

    #[test]
    fn rows_are_fitted_by_name() {
        let inside = StructArray::from(vec![(
            Arc::new(Field::new("a", TEXT, true)),
            Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef,
        )]);
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
            ("o", Arc::new(inside) as ArrayRef),
        ])
        .unwrap();
        let wide = Arc::new(schema(&[("o", object(&[("b", WHOLE), ("a", TEXT)])), ("new", TEXT), ("n", WHOLE)]));
        let fitted = fit("events", batch, &wide).unwrap();
        assert_eq!(fitted.schema(), wide);
        assert_eq!(fitted.column(1).null_count(), 2);
        assert_eq!(fitted.column(2).as_primitive::<Int64Type>().values(), &[1, 2]);
        let object = fitted.column(0).as_struct();
        assert_eq!(object.column(0).null_count(), 2);
        assert_eq!(object.column(1).as_string::<i32>().value(1), "y");
    }
}
