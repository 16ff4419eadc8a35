//! Tables of `information_schema` as PostgreSQL has them, where the engine's have other columns or
//! none: `columns` with PostgreSQL's names of types, which tools choose their widgets by, and
//! those of keys and constraints, which are empty.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;

use super::catalog::Relations;
use crate::engine::{CATALOG, SCHEMA};

/// The table of all columns.
const COLUMNS: &str = "columns";

/// Tables of `information_schema` that the engine doesn't have, with their columns: there are no keys
/// and no constraints.
const EMPTY_TABLES: [(&str, &[&str]); 5] = [
    ("table_constraints", &CONSTRAINT),
    ("key_column_usage", &KEY_COLUMN),
    ("constraint_column_usage", &CONSTRAINT_COLUMN),
    ("referential_constraints", &REFERENCE),
    ("triggers", &["trigger_schema", "trigger_name", "event_object_schema", "event_object_table"]),
];

const CONSTRAINT: [&str; 8] = [
    "constraint_catalog",
    "constraint_schema",
    "constraint_name",
    "table_catalog",
    "table_schema",
    "table_name",
    "constraint_type",
    "is_deferrable",
];
const KEY_COLUMN: [&str; 9] = [
    "constraint_catalog",
    "constraint_schema",
    "constraint_name",
    "table_catalog",
    "table_schema",
    "table_name",
    "column_name",
    "ordinal_position",
    "position_in_unique_constraint",
];
const CONSTRAINT_COLUMN: [&str; 7] = [
    "table_catalog",
    "table_schema",
    "table_name",
    "column_name",
    "constraint_catalog",
    "constraint_schema",
    "constraint_name",
];
const REFERENCE: [&str; 7] = [
    "constraint_catalog",
    "constraint_schema",
    "constraint_name",
    "unique_constraint_schema",
    "unique_constraint_name",
    "update_rule",
    "delete_rule",
];

/// Whether a table of `information_schema` is one of these.
pub(super) fn is_ours(name: &str) -> bool {
    name == COLUMNS || EMPTY_TABLES.iter().any(|(known, _)| *known == name)
}

/// One of these tables over the views there are.
pub(super) fn table(name: &str, relations: &Relations) -> Result<Option<Arc<dyn TableProvider>>> {
    if name == COLUMNS {
        let batch = columns(relations)?;
        return Ok(Some(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?)));
    }
    let Some((_, columns)) = EMPTY_TABLES.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    let kind = |column: &str| if column.contains("position") { DataType::Int32 } else { DataType::Utf8 };
    let fields: Vec<Field> = columns.iter().map(|column| Field::new(*column, kind(column), true)).collect();
    Ok(Some(Arc::new(EmptyTable::new(Arc::new(Schema::new(fields))))))
}

fn columns(relations: &Relations) -> Result<RecordBatch> {
    let all: Vec<(&str, usize, Arc<Field>)> = relations
        .iter()
        .flat_map(|(table, schema)| {
            schema.fields().iter().enumerate().map(move |(place, field)| (*table, place, Arc::clone(field)))
        })
        .collect();
    let all = || all.iter().cloned();
    let same = |text: &'static str| -> ArrayRef { Arc::new(StringArray::from_iter_values(all().map(|_| text))) };
    let none = || -> ArrayRef { Arc::new(StringArray::new_null(all().count())) };
    let no_number = || -> ArrayRef { Arc::new(Int32Array::new_null(all().count())) };
    let kind = |which: fn((&'static str, &'static str)) -> &'static str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(all().map(|(_, _, field)| which(names_of(field.data_type())))))
    };
    let places = all().map(|(_, place, _)| i32::try_from(place + 1).unwrap_or(i32::MAX));
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("table_catalog", same(CATALOG), true),
        ("table_schema", same(SCHEMA), true),
        ("table_name", Arc::new(StringArray::from_iter_values(all().map(|(table, ..)| table))) as ArrayRef, true),
        ("column_name", Arc::new(StringArray::from_iter_values(all().map(|(_, _, field)| field.name().clone()))), true),
        ("ordinal_position", Arc::new(Int32Array::from_iter_values(places)), true),
        ("column_default", none(), true),
        ("is_nullable", same("YES"), true),
        ("data_type", kind(|(name, _)| name), true),
        ("character_maximum_length", no_number(), true),
        ("character_octet_length", no_number(), true),
        ("numeric_precision", no_number(), true),
        ("numeric_precision_radix", no_number(), true),
        ("numeric_scale", no_number(), true),
        ("datetime_precision", no_number(), true),
        ("domain_schema", none(), true),
        ("domain_name", none(), true),
        ("udt_catalog", same(CATALOG), true),
        ("udt_schema", same("pg_catalog"), true),
        ("udt_name", kind(|(_, name)| name), true),
        ("is_identity", same("NO"), true),
        ("identity_generation", none(), true),
        ("is_generated", same("NEVER"), true),
        ("generation_expression", none(), true),
        ("is_updatable", same("NO"), true),
    ])?)
}

/// What a column's type is called in SQL, and in `pg_type`.
fn names_of(kind: &DataType) -> (&'static str, &'static str) {
    match kind {
        DataType::Boolean => ("boolean", "bool"),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => ("smallint", "int2"),
        DataType::Int32 | DataType::UInt16 => ("integer", "int4"),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => ("bigint", "int8"),
        DataType::Float16 | DataType::Float32 => ("real", "float4"),
        DataType::Float64 => ("double precision", "float8"),
        DataType::Decimal128(..) => ("numeric", "numeric"),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => ("bytea", "bytea"),
        DataType::Date32 | DataType::Date64 => ("date", "date"),
        DataType::Time32(_) | DataType::Time64(_) => ("time without time zone", "time"),
        DataType::Timestamp(_, None) => ("timestamp without time zone", "timestamp"),
        DataType::Timestamp(_, Some(_)) => ("timestamp with time zone", "timestamptz"),
        DataType::Struct(_) | DataType::Map(..) | DataType::List(_) | DataType::LargeList(_) => ("json", "json"),
        DataType::Dictionary(_, values) => names_of(values),
        _ => ("text", "text"),
    }
}
