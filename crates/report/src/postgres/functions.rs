//! Functions that programs for PostgreSQL call before they show anything, with the only answers
//! that there are here: nothing has a description, everything is visible, nothing recovers.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{Array, BooleanArray, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility, create_udf,
};

use crate::engine::CATALOG;

/// What is told about the server's version: programs look for the word and the number, and ask
/// for what that version has.
pub(crate) const VERSION: &str = concat!("PostgreSQL 15.0 (Frontdesk ", env!("CARGO_PKG_VERSION"), ")");

/// Settings that are asked for by `current_setting`.
const SETTINGS: &[(&str, &str)] = &[
    ("server_version", "15.0"),
    ("server_version_num", "150000"),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("search_path", "public"),
    ("timezone", "UTC"),
    ("datestyle", "ISO, MDY"),
    ("standard_conforming_strings", "on"),
    ("default_transaction_read_only", "on"),
    ("transaction_read_only", "on"),
    ("is_superuser", "off"),
    ("max_index_keys", "32"),
];

/// A function whose answer is the same for all arguments.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    signature: Signature,
    answer: ScalarValue,
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.answer.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.answer.clone()))
    }

    /// What an argument is, or whether it can be computed at all, makes no difference.
    fn simplify(&self, _: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(self.answer.clone(), None)))
    }
}

fn constant(name: &'static str, answer: ScalarValue) -> ScalarUDF {
    let signature = Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Stable);
    ScalarUDF::new_from_impl(Constant { name, signature, answer })
}

/// All of them.
pub(crate) fn all() -> Vec<ScalarUDF> {
    let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
    let no_text = || ScalarValue::Utf8(None);
    let truth = |truth: bool| ScalarValue::Boolean(Some(truth));
    let mut functions = vec![constant("version", text(VERSION)), current_setting()];
    for name in STAND_INS.iter().filter(|name| **name != "pg_database_size") {
        functions.push(constant(name, no_text()));
    }
    for name in ["inet_server_addr", "inet_client_addr", "set_config"] {
        functions.push(constant(name, no_text()));
    }
    for name in VISIBLE {
        functions.push(constant(name, truth(true)));
    }
    for name in PRIVILEGES {
        functions
            .push(ScalarUDF::new_from_impl(Privilege { name, signature: Signature::variadic_any(Volatility::Stable) }));
    }
    functions.push(ScalarUDF::new_from_impl(Format { signature: Signature::variadic_any(Volatility::Stable) }));
    functions.push(constant("session_user", text(CATALOG)));
    functions.push(constant("pg_get_userbyid", text(CATALOG)));
    functions.push(constant("pg_postmaster_start_time", ScalarValue::TimestampMicrosecond(None, Some("UTC".into()))));
    for name in ["pg_is_in_recovery", "pg_is_other_temp_schema", "pg_advisory_unlock", "row_security_active"] {
        functions.push(constant(name, truth(false)));
    }
    functions.push(constant("pg_my_temp_schema", ScalarValue::Int32(Some(0))));
    functions.push(constant("pg_advisory_unlock_all", no_text()));
    functions.push(constant("pg_database_size", ScalarValue::Int64(None)));
    functions
}

/// Functions that have no answer here. A null would be a wrong one where our own rows are asked for.
pub(crate) const STAND_INS: [&str; 16] = [
    "obj_description",
    "col_description",
    "shobj_description",
    "pg_get_viewdef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_functiondef",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_serial_sequence",
    "pg_tablespace_location",
    "pg_size_pretty",
    "json_build_object",
    "pg_database_size",
];

/// Those of them that compute something from a value.
pub(crate) const COMPUTING: [&str; 2] = ["pg_size_pretty", "json_build_object"];

/// Functions that are true of everything there is.
const VISIBLE: [&str; 11] = [
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_has_role",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_statistics_obj_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_type_is_visible",
];

/// Functions that tell whether somebody may do something.
const PRIVILEGES: [&str; 8] = [
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_table_privilege",
    "has_tablespace_privilege",
];

/// Everybody may read, and nobody anything else.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Privilege {
    name: &'static str,
    signature: Signature,
}

impl ScalarUDFImpl for Privilege {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        const READING: [&str; 5] = ["select", "usage", "connect", "execute", "references"];
        let rows = arguments.number_rows;
        let wishes = match arguments.args.last() {
            Some(wishes) => cast(wishes.to_array(rows)?.as_ref(), &DataType::Utf8)?,
            None => Arc::new(StringArray::new_null(rows)),
        };
        let may = wishes.as_string::<i32>().iter().map(|wishes| {
            // Of several, one that may be done is enough.
            wishes.map(|wishes| {
                wishes.split(',').any(|wish| READING.contains(&wish.trim().to_ascii_lowercase().as_str()))
            })
        });
        Ok(ColumnarValue::Array(Arc::new(may.collect::<BooleanArray>())))
    }
}

/// `format('%s.%I', …)`: texts put together, as they are, as names or as literals.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Format {
    signature: Signature,
}

impl ScalarUDFImpl for Format {
    fn name(&self) -> &str {
        "format"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let texts = arguments.args.iter().map(|argument| cast(argument.to_array(rows)?.as_ref(), &DataType::Utf8));
        let texts = texts.map(|text| text.map_err(DataFusionError::from)).collect::<Result<Vec<_>>>()?;
        let cell = |column: usize, row: usize| {
            let column = texts.get(column)?.as_string::<i32>();
            column.is_valid(row).then(|| column.value(row))
        };
        let formatted = (0..rows).map(|row| cell(0, row).map(|form| formatted(form, |place| cell(place + 1, row))));
        Ok(ColumnarValue::Array(Arc::new(formatted.collect::<StringArray>())))
    }
}

/// A value is used once, so what comes out is no longer than what went in, quotes aside.
fn formatted<'a>(form: &str, value: impl Fn(usize) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(form.len());
    let (mut letters, mut place) = (form.chars(), 0);
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let Some(kind) = letters.next() else { break };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = value(place);
        place += 1;
        let is_plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
                && !text.starts_with(|first: char| first.is_ascii_digit())
        };
        match (kind, value) {
            ('L', None) => out.push_str("NULL"),
            (_, None) => {}
            ('I', Some(text)) if !is_plain(text) => {
                out.push('"');
                out.push_str(&text.replace('"', "\"\""));
                out.push('"');
            }
            ('L', Some(text)) => {
                out.push('\'');
                out.push_str(&text.replace('\'', "''"));
                out.push('\'');
            }
            (_, Some(text)) => out.push_str(text),
        }
    }
    out
}

fn current_setting() -> ScalarUDF {
    let look_up = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let names = arrays[0].as_string::<i32>().iter();
        let values = names.map(|name| {
            let name = name?.to_ascii_lowercase();
            SETTINGS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        });
        Ok(ColumnarValue::Array(Arc::new(values.collect::<StringArray>())))
    };
    create_udf("current_setting", vec![DataType::Utf8], DataType::Utf8, Volatility::Stable, Arc::new(look_up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_together() {
        let check = |form: &str, values: &[Option<&str>], expect: &str| {
            assert_eq!(formatted(form, |place| values.get(place).copied().flatten()), expect, "{form}");
        };
        check("%I.%I", &[Some("public"), Some("My \"x\"")], "public.\"My \"\"x\"\"\"");
        check("%s is 100%%", &[Some("it")], "it is 100%");
        check("%L %L", &[Some("it's"), None], "'it''s' NULL");
        check("%s%", &[], "");
    }
}
