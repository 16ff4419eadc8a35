//! A JSON number as its value, whatever way it is written.

/// Digits that certainly fit 64 bits.
const DIGITS_PLAIN_MAX: usize = 18;

/// The value of a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decimal {
    /// An integer that is not large.
    Integer(i64),
    /// digits × 10^scale, without zeros at either end of the digits.
    Other { negative: bool, digits: String, scale: i64 },
}

/// Reads a number; `None` if it isn't one as JSON has it.
pub(super) fn read(text: &str) -> Option<Decimal> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if rest.len() <= DIGITS_PLAIN_MAX && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        let well_formed = rest.len() == 1 || !rest.starts_with('0');
        let value = rest.parse::<i64>().ok().filter(|_| well_formed)?;
        return Some(Decimal::Integer(if negative { -value } else { value }));
    }
    odd(negative, rest)
}

#[cold]
fn odd(negative: bool, text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let exponent = match exponent {
        Some(exponent) => {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if unsigned.is_empty() || !all_digits(unsigned) {
                return None;
            }
            // Beyond 64 bits all exponents are alike, as they are to every reader.
            let magnitude = unsigned.parse::<i64>().unwrap_or(i64::MAX / 2);
            if exponent.starts_with('-') { -magnitude } else { magnitude }
        }
        None => 0,
    };
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some(Decimal::Integer(0));
    }
    let scale = exponent.saturating_sub(fraction.len() as i64).saturating_add((digits.len() - kept.len()) as i64);
    Some(plain(negative, kept, scale))
}

fn plain(negative: bool, digits: &str, scale: i64) -> Decimal {
    let zeros = usize::try_from(scale).ok().filter(|zeros| digits.len().saturating_add(*zeros) <= DIGITS_PLAIN_MAX);
    let value = zeros.and_then(|zeros| {
        let power = 10i64.checked_pow(u32::try_from(zeros).ok()?)?;
        digits.parse::<i64>().ok()?.checked_mul(power)
    });
    match value {
        Some(value) => Decimal::Integer(if negative { -value } else { value }),
        None => Decimal::Other { negative, digits: digits.to_owned(), scale },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_is_the_same_however_it_is_written() {
        let check = |left: &str, right: &str| {
            let (a, b) = (read(left), read(right));
            assert!(a.is_some(), "{left}");
            assert_eq!(a, b, "{left} {right}");
        };
        check("1", "1.0");
        check("100", "1e2");
        check("100", "1.00E+2");
        check("12", "1200e-2");
        check("0", "-0.0e9");
        check("-5", "-0.5e1");
        check("0.25", "25e-2");
        check("1000000000000000000000", "1e21");
        check("999999999999999999", "999999999999999999.0");
        check("9999999999999999999", "9.999999999999999999e18");
        check("1e400", "10e399");
        check("0.1", "0.1000000000000000000000000");
    }

    #[test]
    fn other_values_differ() {
        let values =
            ["0", "1", "-1", "10", "0.1", "1e21", "1e22", "-1e21", "9007199254740993", "9007199254740992", "1e-400"];
        for (at, left) in values.iter().enumerate() {
            for right in &values[at + 1..] {
                assert_ne!(read(left), read(right), "{left} {right}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "0x1", "00", "--1", "1.e3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
