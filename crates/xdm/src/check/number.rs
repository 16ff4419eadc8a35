//! Numbers: the usual integer by direct arithmetic, the rest exactly.
//!
//! JSON Schema asks whether a number *is* an integer, not how it is written: `1.0` and
//! `1e3` are. Integers are kept exactly up to 64 bits, also beyond 2^53.

use std::cmp::Ordering;
use std::fmt;

use super::cursor::{Cursor, Stop};

/// A number as it was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// An integer that fits 64 bits.
    Integer(i64),
    /// A larger one that fits 64 bits without a sign: identifiers and hashes are such.
    Unsigned(u64),
    /// An integer that doesn't either, as the nearest double (may be infinite).
    Huge(f64),
    /// Not an integer.
    Fraction(f64),
}

impl Number {
    /// The number that a JSON text spells.
    pub(super) fn of(text: &str) -> Number {
        classify(text)
    }

    /// The number, if it is an integer that fits 64 bits with or without a sign.
    fn as_i128(self) -> Option<i128> {
        match self {
            Number::Integer(value) => Some(value.into()),
            Number::Unsigned(value) => Some(value.into()),
            Number::Huge(_) | Number::Fraction(_) => None,
        }
    }

    #[inline]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Number::Integer(value) => value as f64,
            Number::Unsigned(value) => value as f64,
            Number::Huge(value) | Number::Fraction(value) => value,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(value) => value.fmt(f),
            Number::Unsigned(value) => value.fmt(f),
            Number::Huge(value) | Number::Fraction(value) => value.fmt(f),
        }
    }
}

/// A bound on numbers, compared exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    double: f64,
    /// The bound as it is, where doubles don't tell it from its neighbours.
    exact: Option<Number>,
}

/// Integers nearer to zero than this are doubles, each other than its neighbours.
const DOUBLE_EXACT: f64 = 9_007_199_254_740_992.0;
/// Digits of which any make an integer that is a double.
const DECIMAL_DIGITS_MAX: usize = 15;

impl Bound {
    /// The bound that a JSON text spells.
    pub(crate) fn of(text: &str) -> Bound {
        let number = classify(text);
        let double = number.as_f64();
        Bound { double, exact: (double.abs() >= DOUBLE_EXACT).then_some(number) }
    }

    /// How a number compares with it; there is no number that doesn't.
    #[inline]
    pub(crate) fn compare(self, number: Number) -> Option<Ordering> {
        match self.exact {
            None => number.as_f64().partial_cmp(&self.double),
            Some(bound) => self.compare_exactly(number, bound),
        }
    }

    #[cold]
    fn compare_exactly(self, number: Number, bound: Number) -> Option<Ordering> {
        match (number, bound) {
            // What fits no 64 bits lies beyond all that does, also where the nearest doubles are equal.
            (Number::Huge(number), Number::Integer(_) | Number::Unsigned(_)) => number.partial_cmp(&0.0),
            (Number::Integer(_) | Number::Unsigned(_), Number::Huge(bound)) => 0f64.partial_cmp(&bound),
            _ => match number.as_i128().zip(bound.as_i128()) {
                Some((number, bound)) => Some(number.cmp(&bound)),
                None => number.as_f64().partial_cmp(&self.double),
            },
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact {
            Some(bound) => bound.fmt(f),
            None => self.double.fmt(f),
        }
    }
}

impl Cursor<'_> {
    /// Reads a number; the cursor is at a minus or digit.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, Stop> {
        let rest = self.rest();
        let negative = rest.first() == Some(&b'-');
        let digits = &rest[usize::from(negative)..];
        let mut value = 0i64;
        let mut len = 0;
        while let Some(digit @ 0..=9) = digits.get(len).map(|b| b.wrapping_sub(b'0')) {
            if len == 18 {
                return self.long_number();
            }
            value = value * 10 + i64::from(digit);
            len += 1;
        }
        if len == 0 || (len > 1 && digits[0] == b'0') {
            return self.long_number();
        }
        match digits.get(len) {
            Some(b'.') => self.decimal(negative, value, len),
            Some(b'e' | b'E') => self.long_number(),
            _ => {
                self.advance(len + usize::from(negative));
                Ok(Number::Integer(if negative { -value } else { value }))
            }
        }
    }

    /// A number with a point behind its first `len` digits, whose value is `whole`. With so few digits both they and
    /// the power of ten are doubles, and the quotient of two doubles is the one nearest to it.
    fn decimal(&mut self, negative: bool, whole: i64, len: usize) -> Result<Number, Stop> {
        let fraction = &self.rest()[usize::from(negative) + len + 1..];
        let (mut value, mut scale, mut places) = (whole, 1i64, 0);
        while let Some(digit @ 0..=9) = fraction.get(places).map(|b| b.wrapping_sub(b'0')) {
            if len + places >= DECIMAL_DIGITS_MAX {
                return self.long_number();
            }
            value = value * 10 + i64::from(digit);
            scale *= 10;
            places += 1;
        }
        if places == 0 || matches!(fraction.get(places), Some(b'e' | b'E')) {
            return self.long_number();
        }
        self.advance(usize::from(negative) + len + 1 + places);
        let value = if negative { -value } else { value };
        Ok(match value % scale {
            0 => Number::Integer(value / scale),
            _ => Number::Fraction(value as f64 / scale as f64),
        })
    }

    #[cold]
    fn long_number(&mut self) -> Result<Number, Stop> {
        let start = self.at();
        self.skip_number()?;
        Ok(classify(self.since(start)))
    }

    /// Skips a number, checking its syntax; the cursor is at a minus or digit.
    pub(super) fn skip_number(&mut self) -> Result<(), Stop> {
        if self.peek() == b'-' {
            self.advance(1);
        }
        match self.peek() {
            b'0' => self.advance(1),
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.syntax("a number has no digits")),
        }
        if self.peek().is_ascii_digit() {
            return Err(self.syntax("a number begins with a zero"));
        }
        if self.peek() == b'.' {
            self.advance(1);
            if !self.peek().is_ascii_digit() {
                return Err(self.syntax("a number has no digits after its point"));
            }
            self.digits();
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.advance(1);
            if matches!(self.peek(), b'+' | b'-') {
                self.advance(1);
            }
            if !self.peek().is_ascii_digit() {
                return Err(self.syntax("a number has no digits in its exponent"));
            }
            self.digits();
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.advance(1);
        }
    }
}

/// Decides exactly whether the text is an integer.
fn classify(text: &str) -> Number {
    // Rust reads every JSON number; the fallback is never used.
    let double = text.parse::<f64>().unwrap_or(f64::NAN);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Number::Integer(0);
    }
    let negative_exponent = exponent.starts_with('-');
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i64>() else {
        return if negative_exponent { Number::Fraction(double) } else { Number::Huge(double) };
    };
    // value = digits × 10^scale
    let trailing_zeros = digits.len() - digits.trim_end_matches('0').len();
    let scale = exponent.saturating_sub(fraction.len() as i64);
    if scale < 0 && scale.unsigned_abs() > trailing_zeros as u64 {
        return Number::Fraction(double);
    }
    let exact = if scale < 0 {
        digits[..digits.len() - scale.unsigned_abs() as usize].parse::<i128>().ok()
    } else {
        let power = u32::try_from(scale).ok().and_then(|scale| 10i128.checked_pow(scale));
        digits.parse::<i128>().ok().zip(power).and_then(|(digits, power)| digits.checked_mul(power))
    };
    let signed = exact.map(|value| if negative { -value } else { value });
    let Some(value) = signed else { return Number::Huge(double) };
    let unsigned = || u64::try_from(value).ok().map(Number::Unsigned);
    i64::try_from(value).ok().map(Number::Integer).or_else(unsigned).unwrap_or(Number::Huge(double))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Number {
        let mut cursor = Cursor::new(text, false);
        let number = cursor.number().expect("a number");
        assert_eq!(cursor.at(), text.len(), "{text}");
        number
    }

    proptest! {
        #[test]
        fn the_short_ways_say_what_the_exact_one_says(
            text in "-?(0|[1-9][0-9]{0,3}|[1-9][0-9]{0,19})(\\.(0{1,9}|[0-9]{1,4}|[0-9]{1,20}))?([eE][+-]?[0-9]{1,2})?",
        ) {
            prop_assert_eq!(read(&text), classify(&text));
            let mut cursor = Cursor::new(&text, false);
            prop_assert_eq!(cursor.skip_number(), Ok(()));
            prop_assert_eq!(cursor.at(), text.len());
        }
    }

    #[test]
    fn decimals_are_the_nearest_doubles() {
        for text in [
            "3.1",
            "37.3308953",
            "-121.8939894",
            "0.1",
            "0.3",
            "999999999999.999",
            "1234567890123456.5",
            "9.99999999999999",
            "-0.000001",
        ] {
            assert_eq!(read(text), Number::Fraction(text.parse().expect("a double")), "{text}");
        }
        assert_eq!(read("-12.000"), Number::Integer(-12));
        assert_eq!(read("123456789012345.0"), Number::Integer(123_456_789_012_345));
    }

    #[test]
    fn tells_integers_exactly() {
        let check = |text: &str, expect: Number| {
            assert_eq!(read(text), expect, "{text}");
        };
        check("0", Number::Integer(0));
        check("-0", Number::Integer(0));
        check("-0.0", Number::Integer(0));
        check("42", Number::Integer(42));
        check("-7", Number::Integer(-7));
        check("1.0", Number::Integer(1));
        check("1e3", Number::Integer(1000));
        check("1200e-2", Number::Integer(12));
        check("1201e-2", Number::Fraction(12.01));
        check("0.5", Number::Fraction(0.5));
        check("1.5e1", Number::Integer(15));
        check("9007199254740993", Number::Integer(9_007_199_254_740_993));
        check("9007199254740993.0", Number::Integer(9_007_199_254_740_993));
        check("9223372036854775807", Number::Integer(i64::MAX));
        check("-9223372036854775808", Number::Integer(i64::MIN));
        check("9223372036854775808", Number::Unsigned(1 << 63));
        check("18446744073709551615", Number::Unsigned(u64::MAX));
        check("18446744073709551616", Number::Huge(18_446_744_073_709_551_616.0));
        check("1e+21", Number::Huge(1e21));
        check("1e400", Number::Huge(f64::INFINITY));
        check("1e-400", Number::Fraction(0.0));
        check("1e99999999999999999999", Number::Huge(f64::INFINITY));
        check("0e99999999999999999999", Number::Integer(0));
    }

    #[test]
    fn every_bound_agrees_with_the_order_of_numbers() {
        // Rising, and none equal to its neighbour; the first two and the last two fit no 64 bits.
        let rising = [
            "-1e300",
            "-18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775807",
            "-9007199254740993",
            "-9007199254740992",
            "-1.5",
            "-1",
            "-0.5",
            "-5e-324",
            "0",
            "5e-324",
            "0.1",
            "1",
            "4503599627370496.5",
            "9007199254740991",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551614",
            "18446744073709551615",
            "18446744073709551616",
            "1.7976931348623157e308",
        ];
        for (at, bound) in rising.iter().enumerate() {
            for (of, number) in rising.iter().enumerate() {
                let compared = Bound::of(bound).compare(Number::of(number));
                assert_eq!(compared, Some(of.cmp(&at)), "{number} against the bound {bound}");
            }
            assert_eq!(Bound::of(bound).compare(Number::of("1e400")), Some(Ordering::Greater), "{bound}");
            assert_eq!(Bound::of(bound).compare(Number::of("-1e400")), Some(Ordering::Less), "{bound}");
        }
    }

    #[test]
    fn bounds_are_said_as_they_are() {
        let check = |text: &str, expect: &str| assert_eq!(Bound::of(text).to_string(), expect);
        check("0", "0");
        check("-0.0", "0");
        check("1e2", "100");
        check("1.50", "1.5");
        check("9007199254740993", "9007199254740993");
        check("18446744073709551615", "18446744073709551615");
        check("-9223372036854775808", "-9223372036854775808");
    }

    #[test]
    fn long_texts_of_numbers_take_no_long_time() {
        let zeros = "0".repeat(100_000);
        assert_eq!(Number::of(&format!("1{zeros}e-100000")), Number::Integer(1));
        assert_eq!(Number::of(&format!("0.{zeros}1e100001")), Number::Integer(1));
        assert_eq!(Number::of(&format!("1{zeros}")), Number::Huge(f64::INFINITY));
        assert_eq!(Number::of(&format!("0.{zeros}1")), Number::Fraction(0.0));
        assert_eq!(Number::of("1e9223372036854775808"), Number::Huge(f64::INFINITY));
        assert_eq!(Number::of("1.5e-9223372036854775809"), Number::Fraction(0.0));
        assert_eq!(Number::of("-1e-99999999999999999999"), Number::Fraction(-0.0));
    }

    #[test]
    fn exponents_do_not_overflow() {
        // The least exponent of 64 bits, from which the places behind the point are taken.
        assert_eq!(Number::of("1.5e-9223372036854775808"), Number::Fraction(0.0));
        assert_eq!(Number::of("1.5e9223372036854775807"), Number::Huge(f64::INFINITY));
        // Modulo 2 to the 128th both are 0.
        assert_eq!(Number::of("1e128"), Number::Huge(1e128));
        assert!(matches!(Number::of("42535295865117307932921825928971026432e3"), Number::Huge(_)));
    }

    #[test]
    fn refuses_what_json_refuses() {
        for text in ["-", "01", "1.", "1.e3", "1e", "1e+", "-a", "00", "-01", "-00", "1e-", "1.5e", "--1", "-.5", "1.a"]
        {
            assert!(Cursor::new(text, false).number().is_err(), "{text}");
            assert!(Cursor::new(text, false).skip_number().is_err(), "{text}");
        }
    }
}
