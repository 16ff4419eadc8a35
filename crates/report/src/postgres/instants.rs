//! Constant times as PostgreSQL takes them: without seconds, and with a zone of hours only.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Value, ValueWithSpan};

/// Writes the text of a constant timestamp in full.
pub(super) fn write_in_full(expression: &mut Expr) {
    let value = match expression {
        Expr::TypedString(typed) if is_timestamp(&typed.data_type) => &mut typed.value,
        Expr::Cast { expr, data_type, .. } if is_timestamp(data_type) => match &mut **expr {
            Expr::Value(value) => value,
            _ => return,
        },
        _ => return,
    };
    if let ValueWithSpan { value: Value::SingleQuotedString(text), .. } = value
        && let Some(full) = in_full(text)
    {
        *text = full;
    }
}

fn is_timestamp(kind: &DataType) -> bool {
    matches!(kind, DataType::Timestamp(..) | DataType::TimestampNtz(..))
        || matches!(kind, DataType::Custom(name, _) if name.to_string().eq_ignore_ascii_case("timestamptz"))
}

/// `2026-11-22 10:00+02` as `2026-11-22 10:00:00+02:00`; `None` for what has another form.
fn in_full(text: &str) -> Option<String> {
    const DATE_BYTES: usize = 10;
    let text = text.trim();
    let (date, rest) = (text.get(..DATE_BYTES)?, text.get(DATE_BYTES..)?);
    let time = rest.strip_prefix([' ', 'T', 't'])?;
    let (time, zone) = time.split_at(time.find(['+', '-', 'Z', 'z', ' ']).unwrap_or(time.len()));
    let is_digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = time.split_once(':')?;
    let seconds = match minutes.split_once(':') {
        Some(_) => "",
        None if is_digits(minutes, 2) && is_digits(hours, 2) => ":00",
        None => return None,
    };
    let digits = zone.get(1..).unwrap_or_default();
    let zone = match zone.bytes().next() {
        Some(b'+' | b'-') if is_digits(digits, 2) => format!("{zone}:00"),
        Some(b'+' | b'-') if is_digits(digits, 4) => format!("{}:{}", &zone[..3], &zone[3..]),
        _ => zone.to_owned(),
    };
    Some(format!("{date} {time}{seconds}{zone}"))
}

/// The two parts of a date with an offset, `2026-11-22 +01`, as JDBC writes a day: a date is the first alone, and an instant
/// begins the day by the second. The offset is in full. `None` for what has another form.
pub(super) fn day_with_offset(text: &str) -> Option<(&str, String)> {
    const DATE_BYTES: usize = 10;
    let text = text.trim();
    let (date, offset) = (text.get(..DATE_BYTES)?, text.get(DATE_BYTES..)?.trim_start());
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let (sign, digits) = offset.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let is_offset = ["+", "-"].contains(&sign) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_date || !is_offset {
        return None;
    }
    match digits.len() {
        2 => Some((date, format!("{sign}{digits}:00"))),
        4 => Some((date, format!("{sign}{}:{}", &digits[..2], &digits[2..]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_may_have_an_offset() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let found = day_with_offset(text);
            assert_eq!(found.as_ref().map(|(date, offset)| (*date, offset.as_str())), expect, "{text}");
        };
        check("2026-11-22 +01", Some(("2026-11-22", "+01:00")));
        check("2026-11-22 -0330", Some(("2026-11-22", "-03:30")));
        check("2026-11-22+05:30", Some(("2026-11-22", "+05:30")));
        for text in [
            "",
            "2026-11-22",
            "2026-11-22 01",
            "2026-11-22 +1",
            "2026-11-22 10:00:00+01",
            "12345678901 +01",
            "2026-11-2é +01",
            "+49 170 1234567",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn times_are_written_in_full() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(in_full(text).as_deref(), expect, "{text}");
        check("2026-11-22 10:00", Some("2026-11-22 10:00:00"));
        check("2026-11-22T10:00+02", Some("2026-11-22 10:00:00+02:00"));
        check("2026-11-22 10:00:01.5-0530", Some("2026-11-22 10:00:01.5-05:30"));
        check("2026-11-22 10:00 Europe/Berlin", Some("2026-11-22 10:00:00 Europe/Berlin"));
        check("2026-11-22 10:00:00Z", Some("2026-11-22 10:00:00Z"));
        for text in ["", "2026-11-22", "2026-11-22 10", "now", "2026-11-2é 10:00", "2026-11-22 1:0"] {
            check(text, None);
        }
    }
}
