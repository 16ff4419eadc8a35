//! Values of parameters, from the forms in which drivers send them to text.

use bytes::{Buf, Bytes};
use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use report::{Parameter, ParameterType, ParameterValue};

use crate::refusal::Refusal;

/// The form of a value that isn't text.
pub(crate) const BINARY: i16 = 1;

/// Elements of an array.
const ELEMENTS_MAX: usize = 10_000;

/// Types by their numbers in `pg_type`: scalars, and the arrays of them.
const TYPES: &[(u32, u32, Form)] = &[
    (16, 1000, Form::Boolean),
    (17, 1001, Form::Bytes),
    (18, 1002, Form::Text),
    (19, 1003, Form::Text),
    (20, 1016, Form::Integer),
    (21, 1005, Form::Integer),
    (23, 1007, Form::Integer),
    (25, 1009, Form::Text),
    (26, 1028, Form::Integer),
    (114, 199, Form::Text),
    (700, 1021, Form::Float),
    (701, 1022, Form::Float),
    (1042, 1014, Form::Text),
    (1043, 1015, Form::Text),
    (1082, 1182, Form::Date),
    (1083, 1183, Form::Time),
    (1114, 1115, Form::Timestamp),
    (1184, 1185, Form::Instant),
    (1186, 1187, Form::Interval),
    (1700, 1231, Form::Numeric),
    (2950, 2951, Form::Uuid),
    (3802, 3807, Form::JsonBinary),
];

/// How bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Boolean,
    Bytes,
    Integer,
    Float,
    Text,
    Date,
    Time,
    Timestamp,
    Instant,
    Interval,
    Numeric,
    Uuid,
    JsonBinary,
}

impl Form {
    fn kind(self) -> ParameterType {
        match self {
            Form::Boolean => ParameterType::Boolean,
            Form::Bytes => ParameterType::Bytes,
            Form::Integer => ParameterType::Integer,
            Form::Float => ParameterType::Float,
            Form::Text | Form::Uuid | Form::JsonBinary => ParameterType::Text,
            Form::Date => ParameterType::Date,
            Form::Time => ParameterType::Time,
            Form::Timestamp => ParameterType::Timestamp,
            Form::Instant => ParameterType::Instant,
            Form::Interval => ParameterType::Interval,
            Form::Numeric => ParameterType::Decimal,
        }
    }
}

/// The number of a parameter's type.
pub(crate) fn oid(kind: ParameterType) -> u32 {
    match kind {
        ParameterType::Unknown | ParameterType::Text => 25,
        ParameterType::Boolean => 16,
        ParameterType::Integer => 20,
        ParameterType::Float => 701,
        ParameterType::Decimal => 1700,
        ParameterType::Bytes => 17,
        ParameterType::Date => 1082,
        ParameterType::Time => 1083,
        ParameterType::Timestamp => 1114,
        ParameterType::Instant => 1184,
        ParameterType::Interval => 1186,
    }
}

/// What the sender said about a parameter's type.
pub(crate) fn kind(oid: u32) -> ParameterType {
    let known = TYPES.iter().find(|(scalar, ..)| *scalar == oid);
    known.map_or(ParameterType::Unknown, |(_, _, form)| form.kind())
}

/// Reads a value of the type with this number, 0 for one that wasn't said.
///
/// # Errors
/// The bytes aren't such a value, or there is no such type here.
pub(crate) fn parameter(number: usize, oid: u32, format: i16, value: Option<&Bytes>) -> Result<Parameter, Refusal> {
    let wrong = || Refusal::error("22P03", format!("the value of ${number} is not of the form that it was sent in"));
    let scalar = TYPES.iter().find(|(scalar, ..)| *scalar == oid).map(|(_, _, form)| *form);
    let array = TYPES.iter().find(|(_, array, _)| *array == oid).map(|(_, _, form)| *form);
    let kind = scalar.or(array).map_or(ParameterType::Unknown, Form::kind);
    let Some(value) = value else { return Ok(Parameter { kind, value: ParameterValue::Null }) };
    let value = match (format, scalar, array) {
        (BINARY, Some(form), _) => ParameterValue::One(binary(form, value).ok_or_else(wrong)?),
        (BINARY, None, Some(form)) => ParameterValue::Many(binary_array(form, value).ok_or_else(wrong)?),
        (BINARY, None, None) => {
            let message = format!("the value of ${number} is of a type ({oid}) that isn't read here; send it as text");
            return Err(Refusal::error("0A000", message));
        }
        (_, None, Some(form)) => {
            let elements = text_array(plain(value).ok_or_else(wrong)?).ok_or_else(wrong)?;
            ParameterValue::Many(
                elements.into_iter().map(|element| element.map(|text| from_text(form, text))).collect(),
            )
        }
        (_, form, _) => {
            let text = plain(value).ok_or_else(wrong)?.to_owned();
            ParameterValue::One(from_text(form.unwrap_or(Form::Text), text))
        }
    };
    Ok(Parameter { kind, value })
}

fn plain(bytes: &Bytes) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn from_text(form: Form, text: String) -> String {
    match form {
        Form::Bytes => text.strip_prefix("\\x").map_or_else(|| hex(text.as_bytes()), str::to_owned),
        _ => text,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn binary(form: Form, value: &Bytes) -> Option<String> {
    let mut value = value.clone();
    let text = match (form, value.len()) {
        (Form::Boolean, 1) => (value.get_u8() != 0).to_string(),
        (Form::Integer, 2) => value.get_i16().to_string(),
        (Form::Integer, 4) => value.get_i32().to_string(),
        (Form::Integer, 8) => value.get_i64().to_string(),
        (Form::Float, 4) => value.get_f32().to_string(),
        (Form::Float, 8) => value.get_f64().to_string(),
        (Form::Bytes, _) => hex(&value),
        (Form::Text, _) => plain(&value)?.to_owned(),
        (Form::JsonBinary, 1..) => (value.get_u8() == 1).then(|| plain(&value).map(str::to_owned))??,
        (Form::Date, 4) => date(value.get_i32())?.to_string(),
        (Form::Time, 8) => instant(value.get_i64())?.time().to_string(),
        (Form::Timestamp, 8) => instant(value.get_i64())?.to_string(),
        (Form::Instant, 8) => format!("{}Z", instant(value.get_i64())?.format("%Y-%m-%dT%H:%M:%S%.f")),
        (Form::Interval, 16) => {
            let (micros, days, months) = (value.get_i64(), value.get_i32(), value.get_i32());
            format!("{months} months {days} days {micros} microseconds")
        }
        (Form::Uuid, 16) => {
            let text = hex(&value);
            format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
        }
        (Form::Numeric, 8..) => numeric(value)?,
        _ => return None,
    };
    Some(text)
}

/// Days since 2000.
fn date(days: i32) -> Option<NaiveDate> {
    let begin = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let count = Days::new(u64::from(days.unsigned_abs()));
    if days < 0 { begin.checked_sub_days(count) } else { begin.checked_add_days(count) }
}

/// Microseconds since 2000.
fn instant(micros: i64) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(2000, 1, 1)?.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::microseconds(micros))
}

/// Groups of four decimal digits, the first one of this weight.
fn numeric(mut value: Bytes) -> Option<String> {
    const NEGATIVE: u16 = 0x4000;
    const DIGITS_MAX: usize = 1_000;
    let (groups, weight) = (usize::from(value.get_u16()), i64::from(value.get_i16()));
    let (sign, scale) = (value.get_u16(), usize::from(value.get_u16()));
    match sign {
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        0 | NEGATIVE => {}
        _ => return None,
    }
    if value.len() != 2 * groups || groups * 4 > DIGITS_MAX || scale > DIGITS_MAX || weight.unsigned_abs() > 250 {
        return None;
    }
    let groups: Vec<u16> = (0..groups).map(|_| value.get_u16()).collect();
    if groups.iter().any(|group| *group > 9_999) {
        return None;
    }
    let group = |place: i64| usize::try_from(place).ok().and_then(|place| groups.get(place)).copied().unwrap_or(0);
    let whole: String =
        (0..=weight.max(0)).map(|place| format!("{:04}", if weight < 0 { 0 } else { group(place) })).collect();
    let behind = scale.div_ceil(4) as i64;
    let mut fraction: String = (1..=behind).map(|place| format!("{:04}", group(weight + place))).collect();
    fraction.truncate(scale);
    let whole = whole.trim_start_matches('0');
    let sign = if sign == NEGATIVE { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// One dimension, or none.
fn binary_array(form: Form, value: &Bytes) -> Option<Vec<Option<String>>> {
    let mut value = value.clone();
    let head = |value: &mut Bytes| (value.len() >= 4).then(|| value.get_i32());
    let (dimensions, _flags, _oid) = (head(&mut value)?, head(&mut value)?, head(&mut value)?);
    if dimensions == 0 {
        return Some(Vec::new());
    }
    let (count, _first) = (head(&mut value)?, head(&mut value)?);
    let count = usize::try_from(count).ok().filter(|count| *count <= ELEMENTS_MAX && dimensions == 1)?;
    let mut elements = Vec::new();
    for _ in 0..count {
        elements.push(match head(&mut value)? {
            -1 => None,
            length => {
                let length = usize::try_from(length).ok().filter(|length| *length <= value.len())?;
                Some(binary(form, &value.split_to(length))?)
            }
        });
    }
    value.is_empty().then_some(elements)
}

/// `{a,"b c",NULL}`.
fn text_array(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    if inner.trim().is_empty() {
        return Some(elements);
    }
    let mut letters = inner.chars();
    let (mut element, mut was_quoted, mut is_quoted) = (String::new(), false, false);
    loop {
        match letters.next() {
            Some('\\') => element.push(letters.next()?),
            Some('"') => (is_quoted, was_quoted) = (!is_quoted, true),
            Some('{' | '}') if !is_quoted => return None,
            Some(letter) if is_quoted || letter != ',' => element.push(letter),
            end => {
                if is_quoted || elements.len() == ELEMENTS_MAX {
                    return None;
                }
                let element = std::mem::take(&mut element);
                let is_null = !std::mem::take(&mut was_quoted) && element.trim().eq_ignore_ascii_case("null");
                elements.push((!is_null).then_some(element));
                if end.is_none() {
                    return Some(elements);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(oid: u32, format: i16, value: &[u8], expect: Option<(ParameterType, &str)>) {
        let read = parameter(1, oid, format, Some(&Bytes::copy_from_slice(value))).ok();
        let read = read.map(|read| match read.value {
            ParameterValue::One(text) => (read.kind, text),
            ParameterValue::Many(texts) => (read.kind, format!("{texts:?}")),
            ParameterValue::Null => (read.kind, "null".to_owned()),
        });
        assert_eq!(read, expect.map(|(kind, text)| (kind, text.to_owned())), "{oid} {value:?}");
    }

    #[test]
    fn values_are_read_in_both_forms() {
        use ParameterType::{Boolean, Bytes, Date, Decimal, Float, Instant, Integer, Text, Timestamp, Unknown};
        check(0, 0, b"chat", Some((Unknown, "chat")));
        check(21, 1, &[0xff, 0xfb], Some((Integer, "-5")));
        check(23, 0, b"7", Some((Integer, "7")));
        check(20, 1, &i64::MIN.to_be_bytes(), Some((Integer, "-9223372036854775808")));
        check(16, 1, &[1], Some((Boolean, "true")));
        check(701, 1, &1.5_f64.to_be_bytes(), Some((Float, "1.5")));
        check(17, 1, &[0, 255], Some((Bytes, "00ff")));
        check(17, 0, b"\\x00ff", Some((Bytes, "00ff")));
        check(1082, 1, &9_820_i32.to_be_bytes(), Some((Date, "2026-11-20")));
        check(1114, 1, &0_i64.to_be_bytes(), Some((Timestamp, "2000-01-01 00:00:00")));
        check(1184, 1, &1_500_000_i64.to_be_bytes(), Some((Instant, "2000-01-01T00:00:01.500Z")));
        check(3802, 1, b"\x01{}", Some((Text, "{}")));
        check(1700, 1, &[0, 2, 0, 0, 0x40, 0, 0, 2, 0, 12, 0x13, 0x88], Some((Decimal, "-12.50")));
        check(1700, 1, &[0, 1, 0xff, 0xff, 0, 0, 0, 3, 0x01, 0x2c], Some((Decimal, "0.030")));
        check(1700, 1, &[0, 1, 0, 1, 0, 0, 0, 0, 0, 3], Some((Decimal, "30000")));
        let array = [
            &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1][..],
            &[0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255],
        ]
        .concat();
        check(1007, 1, &array, Some((Integer, "[Some(\"7\"), None]")));
        check(
            1009,
            0,
            b"{a,\"b, \\\"c\",NULL,\"null\"}",
            Some((Text, "[Some(\"a\"), Some(\"b, \\\"c\"), None, Some(\"null\")]")),
        );
        check(1009, 0, b"{}", Some((Text, "[]")));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for oid in TYPES.iter().flat_map(|(scalar, array, _)| [*scalar, *array]) {
            for length in 0..40 {
                for byte in [0, 1, 0x7f, 0xff] {
                    let _ = parameter(1, oid, BINARY, Some(&Bytes::from(vec![byte; length])));
                }
            }
        }
        check(21, 1, &[1], None);
        check(1082, 1, &i32::MAX.to_be_bytes(), None);
        check(1114, 1, &i64::MIN.to_be_bytes(), None);
        check(0, 1, b"x", None);
        check(600, 1, b"x", None);
        check(0, 0, b"\xff", None);
        check(1009, 0, b"{a,{b}}", None);
        check(1009, 0, b"{\"a}", None);
        check(1009, 0, b"a", None);
    }
}
