//! Parameters of a statement: they take the place of `$1` in its tree, as constants.
//!
//! In the tree and not in the text, so that nothing in a value can become SQL; as constants and
//! not as the engine's own placeholders, because much of what takes a constant (a limit, a
//! width of time, a path) doesn't take one of those.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::sql::sqlparser::ast::{
    Array, CastKind, DataType as SqlType, ExactNumberInfo, Expr, LimitClause, Query, Statement, TimezoneInfo,
    UnaryOperator, Value,
};
use serde::{Deserialize, Serialize};

use super::instants;
use super::passes::{self, Pass};
use crate::QueryError;

/// What a parameter is, as far as its sender said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterType {
    /// The sender left it to us.
    Unknown,
    /// `bool`.
    Boolean,
    /// `int2`, `int4`, `int8`.
    Integer,
    /// `float4`, `float8`.
    Float,
    /// `numeric`.
    Decimal,
    /// `text` and its like.
    Text,
    /// `bytea`; its value is hexadecimal.
    Bytes,
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `timestamp`.
    Timestamp,
    /// `timestamptz`.
    Instant,
    /// `interval`.
    Interval,
}

/// The value of a parameter, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterValue {
    /// `null`.
    Null,
    /// One value.
    One(String),
    /// An array; `None` is a null in it.
    Many(Vec<Option<String>>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it is; of an array, what its elements are.
    pub kind: ParameterType,
    /// Its value.
    pub value: ParameterValue,
}

impl ParameterType {
    /// The type of a column that such a value would stand in.
    pub(crate) fn of(kind: &DataType) -> ParameterType {
        match kind {
            DataType::Boolean => ParameterType::Boolean,
            kind if kind.is_integer() => ParameterType::Integer,
            kind if kind.is_floating() => ParameterType::Float,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                ParameterType::Decimal
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ParameterType::Text,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => ParameterType::Bytes,
            DataType::Date32 | DataType::Date64 => ParameterType::Date,
            DataType::Time32(_) | DataType::Time64(_) => ParameterType::Time,
            DataType::Timestamp(_, None) => ParameterType::Timestamp,
            DataType::Timestamp(_, Some(_)) => ParameterType::Instant,
            DataType::Interval(_) | DataType::Duration(_) => ParameterType::Interval,
            DataType::Dictionary(_, values) => ParameterType::of(values),
            _ => ParameterType::Unknown,
        }
    }

    /// A value that a statement can be planned with before its parameters are known.
    fn stand_in(self) -> Option<DataType> {
        Some(match self {
            ParameterType::Unknown => return None,
            ParameterType::Boolean => DataType::Boolean,
            ParameterType::Integer => DataType::Int64,
            ParameterType::Float | ParameterType::Decimal => DataType::Float64,
            ParameterType::Text => DataType::Utf8,
            ParameterType::Bytes => DataType::Binary,
            ParameterType::Date => DataType::Date32,
            ParameterType::Time => DataType::Time64(TimeUnit::Microsecond),
            ParameterType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ParameterType::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ParameterType::Interval => DataType::Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano),
        })
    }
}

/// Puts constants in the places of all placeholders.
///
/// # Errors
/// There is no parameter for one, or a value isn't what its type says.
pub(crate) fn put(statement: &mut Statement, parameters: &[Parameter]) -> Result<(), QueryError> {
    replace(statement, &mut |number| match parameters.get(number - 1) {
        Some(parameter) => constant(parameter, number),
        None => {
            let count = parameters.len();
            let message = format!("there is no value for ${number}: {count} were given");
            Err(QueryError::Invalid { message })
        }
    })
}

/// Puts typed nulls in the places of those placeholders whose types are known; the others are
/// left for the engine to find out.
pub(crate) fn put_types(statement: &mut Statement, parameters: &[Parameter]) -> Result<(), QueryError> {
    replace(statement, &mut |number| {
        let kind = parameters.get(number - 1).map_or(ParameterType::Unknown, |parameter| parameter.kind);
        Ok(match kind.stand_in() {
            None => Expr::value(Value::Placeholder(format!("${number}"))),
            Some(_) => cast(Expr::value(Value::Null), kind),
        })
    })
}

/// The highest number of a placeholder, and those that a limit is: the engine doesn't say what
/// these are.
pub(crate) fn count(statement: &mut Statement) -> Result<(usize, Vec<usize>), QueryError> {
    let mut highest = 0;
    replace(statement, &mut |number| {
        highest = highest.max(number);
        Ok(Expr::value(Value::Placeholder(format!("${number}"))))
    })?;
    let mut limits = Limits(Vec::new());
    passes::make(statement, &mut limits)?;
    Ok((highest, limits.0))
}

struct Limits(Vec<usize>);

impl Pass for Limits {
    fn query(&mut self, query: &mut Query) {
        let parts = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                [limit.as_ref(), offset.as_ref().map(|offset| &offset.value)]
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => [Some(limit), Some(offset)],
            None => [None, None],
        };
        for part in parts.into_iter().flatten() {
            if let Expr::Value(value) = part
                && let Value::Placeholder(name) = &value.value
                && let Some(number) = number_of(name)
            {
                self.0.push(number);
            }
        }
    }
}

/// The number of `$1`.
fn number_of(name: &str) -> Option<usize> {
    let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
    number.filter(|number| (1..=super::PARAMETERS_MAX).contains(number))
}

/// Makes the constant for a parameter's number.
type Constants<'c> = &'c mut dyn FnMut(usize) -> Result<Expr, QueryError>;

fn replace(statement: &mut Statement, with: Constants<'_>) -> Result<(), QueryError> {
    struct Replace<'c>(Constants<'c>);
    impl Pass for Replace<'_> {
        fn after(&mut self, expression: &mut Expr) -> Result<(), QueryError> {
            let Expr::Value(value) = expression else { return Ok(()) };
            let Value::Placeholder(name) = &value.value else { return Ok(()) };
            let Some(number) = number_of(name) else {
                return Err(QueryError::Invalid {
                    message: format!("parameters are written $1, $2 …, and not {name}"),
                });
            };
            *expression = (self.0)(number)?;
            Ok(())
        }
    }
    passes::make(statement, &mut Replace(with))
}

fn constant(parameter: &Parameter, number: usize) -> Result<Expr, QueryError> {
    match &parameter.value {
        ParameterValue::Null => Ok(match parameter.kind {
            ParameterType::Unknown => Expr::value(Value::Null),
            kind => cast(Expr::value(Value::Null), kind),
        }),
        ParameterValue::One(text) => scalar(parameter.kind, text, number),
        ParameterValue::Many(texts) => {
            let elem = texts.iter().map(|text| match text {
                Some(text) => scalar(parameter.kind, text, number),
                None => Ok(Expr::value(Value::Null)),
            });
            Ok(Expr::Array(Array { elem: elem.collect::<Result<_, _>>()?, named: true }))
        }
    }
}

fn scalar(kind: ParameterType, text: &str, number: usize) -> Result<Expr, QueryError> {
    // The value itself is nobody else's business.
    let wrong = |what: &str| QueryError::Invalid { message: format!("the value of ${number} is not {what}") };
    let quoted = || Expr::value(Value::SingleQuotedString(text.to_owned()));
    Ok(match kind {
        ParameterType::Unknown | ParameterType::Text => quoted(),
        ParameterType::Boolean => match text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "on" => Expr::value(Value::Boolean(true)),
            "f" | "false" | "0" | "no" | "off" => Expr::value(Value::Boolean(false)),
            _ => return Err(wrong("true or false")),
        },
        ParameterType::Integer => {
            let value: i64 = text.trim().parse().map_err(|_| wrong("a whole number of 64 bits"))?;
            let digits = Expr::value(Value::Number(value.unsigned_abs().to_string(), false));
            match value < 0 {
                true => Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(digits) })),
                false => digits,
            }
        }
        ParameterType::Float | ParameterType::Decimal => {
            text.trim().parse::<f64>().map_err(|_| wrong("a number"))?;
            cast(quoted(), ParameterType::Float)
        }
        ParameterType::Bytes => {
            let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            match is_hex {
                true => Expr::value(Value::HexStringLiteral(text.to_owned())),
                false => return Err(wrong("hexadecimal")),
            }
        }
        ParameterType::Date | ParameterType::Instant => {
            let text = match (kind, instants::day_with_offset(text)) {
                (ParameterType::Date, Some((date, _))) => date.to_owned(),
                (_, Some((date, offset))) => format!("{date} 00:00:00{offset}"),
                (_, None) => text.to_owned(),
            };
            cast(Expr::value(Value::SingleQuotedString(text)), kind)
        }
        kind => cast(quoted(), kind),
    })
}

fn cast(value: Expr, kind: ParameterType) -> Expr {
    let data_type = match kind {
        ParameterType::Unknown | ParameterType::Text => SqlType::Text,
        ParameterType::Boolean => SqlType::Boolean,
        ParameterType::Integer => SqlType::BigInt(None),
        ParameterType::Float | ParameterType::Decimal => SqlType::Double(ExactNumberInfo::None),
        ParameterType::Bytes => SqlType::Bytea,
        ParameterType::Date => SqlType::Date,
        ParameterType::Time => SqlType::Time(None, TimezoneInfo::None),
        ParameterType::Timestamp => SqlType::Timestamp(None, TimezoneInfo::None),
        ParameterType::Instant => SqlType::Timestamp(None, TimezoneInfo::Tz),
        ParameterType::Interval => SqlType::Interval { fields: None, precision: None },
    };
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(value), data_type, array: false, format: None }
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn check(sql: &str, parameters: &[(ParameterType, &str)], expect: Result<&str, &str>) {
        let mut statement = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0);
        let parameters: Vec<Parameter> = parameters
            .iter()
            .map(|(kind, text)| Parameter { kind: *kind, value: ParameterValue::One((*text).to_owned()) })
            .collect();
        match (put(&mut statement, &parameters), expect) {
            (Ok(()), Ok(expect)) => assert_eq!(statement.to_string(), expect),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (got, _) => panic!("{sql}: {got:?}"),
        }
    }

    #[test]
    fn values_become_constants_and_never_sql() {
        use ParameterType::{Boolean, Bytes, Date, Float, Integer, Text, Unknown};
        check("select $1", &[(Integer, "5")], Ok("SELECT 5"));
        check("select 1 - $1", &[(Integer, "-5")], Ok("SELECT 1 - (-5)"));
        check("select $1", &[(Integer, "-9223372036854775808")], Ok("SELECT (-9223372036854775808)"));
        check("select $1 limit $2", &[(Unknown, "a' or 'b"), (Integer, "3")], Ok("SELECT 'a'' or ''b' LIMIT 3"));
        check("select $1", &[(Text, "'; drop table x --")], Ok("SELECT '''; drop table x --'"));
        check("select $2, $1", &[(Boolean, "t"), (Date, "2026-11-20")], Ok("SELECT CAST('2026-11-20' AS DATE), true"));
        check("select $1", &[(Date, "2026-11-20 +01")], Ok("SELECT CAST('2026-11-20' AS DATE)"));
        let instant = "SELECT CAST('2026-11-20 00:00:00+01:00' AS TIMESTAMPTZ)";
        check("select $1", &[(ParameterType::Instant, "2026-11-20 +01")], Ok(instant));
        check("select $1", &[(Float, "NaN")], Ok("SELECT CAST('NaN' AS DOUBLE)"));
        check("select $1", &[(Bytes, "00ff")], Ok("SELECT X'00ff'"));
        check("select $1", &[(Integer, "1 or true")], Err("$1 is not a whole number"));
        check("select $1", &[(Bytes, "'")], Err("$1 is not hexadecimal"));
        check("select $3", &[(Integer, "1")], Err("no value for $3"));
        check("select $0", &[(Integer, "1")], Err("written $1, $2"));
        check("select $x", &[(Integer, "1")], Err("written $1, $2"));
        check("select $99999999999999999999", &[], Err("written $1, $2"));
    }
}
