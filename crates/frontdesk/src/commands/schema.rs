//! `frontdesk schema`: the columns of the table `events`, nested ones by their path.

pub(crate) mod test;

use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow::datatypes::{DataType, Fields, TimeUnit};
use table::Shape;

use crate::failure::{Exit, Failure};
use crate::policies::ValidationPolicies;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A schema can't be used, or standard output can't be written.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let plan = ValidationPolicies::of(settings)?.default.plan;
    let shape = Shape::new(Arc::clone(plan.layout())).map_err(|error| Failure::new(Exit::Damaged, error))?;
    let mut columns = Vec::new();
    collect(shape.arrow_schema().fields(), "", &mut columns);
    let width = columns.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    let mut out = BufWriter::new(terminal::people());
    for (path, kind) in &columns {
        writeln!(out, "{path:width$}  {kind}")?;
    }
    out.flush()?;
    Ok(())
}

/// Appends each leaf as its path and type: `a.b` a field, `a[]` a list's items, `a{}` a
/// map's values.
fn collect(fields: &Fields, prefix: &str, columns: &mut Vec<(String, &'static str)>) {
    for field in fields {
        leaf(&format!("{prefix}{}", field.name()), field.data_type(), columns);
    }
}

fn leaf(path: &str, kind: &DataType, columns: &mut Vec<(String, &'static str)>) {
    match kind {
        DataType::Struct(fields) => collect(fields, &format!("{path}."), columns),
        DataType::List(item) => leaf(&format!("{path}[]"), item.data_type(), columns),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => leaf(&format!("{path}{{}}"), pair[1].data_type(), columns),
            _ => columns.push((path.to_owned(), "map")),
        },
        other => columns.push((path.to_owned(), name(other))),
    }
}

fn name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "text",
        DataType::Int32 | DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "boolean",
        DataType::Timestamp(TimeUnit::Microsecond, _) => "timestamp (UTC)",
        DataType::Date32 => "date (UTC)",
        DataType::Binary => "bytes",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;

    #[test]
    fn names_nested_columns_by_path() {
        let text = Field::new("id", DataType::Utf8, true);
        let item = Field::new("element", DataType::Struct(vec![text].into()), true);
        let list = Field::new("list", DataType::List(Arc::new(item)), true);
        let count = Field::new("chatStart", DataType::Int64, true);
        let feedback = Field::new("customerFeedback", DataType::Struct(vec![count].into()), true);
        let mut columns = Vec::new();
        collect(&vec![list, feedback].into(), "", &mut columns);
        let expect = [("list[].id".to_owned(), "text"), ("customerFeedback.chatStart".to_owned(), "integer")];
        assert_eq!(columns, expect);
    }
}
