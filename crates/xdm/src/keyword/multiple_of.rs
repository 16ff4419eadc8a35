//! `multipleOf`: numbers are so many times another.
//!
//! Decided on the decimal digits that a number is written with: 0.0075 is a multiple of
//! 0.0001, though their quotient as doubles is not an integer.

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::Number;
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct MultipleOf {
    step: Decimal,
    /// As the schema has it.
    written: Box<str>,
}

impl NumberAssertion for MultipleOf {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        let is_step = reader.number(value)? > 0.0;
        let written = value.to_string();
        match Decimal::of(&written).filter(|_| is_step) {
            Some(step) => Some(MultipleOf { step, written: written.into() }),
            None => reader.malformed("a \"multipleOf\" is greater than 0"),
        }
    }

    fn holds(&self, number: Number) -> bool {
        let value = number.as_f64();
        if !value.is_finite() {
            // Past the doubles only integers can be known. A step that divides 1 divides them, and another integer
            // may.
            let one = Decimal::from(1);
            return is_multiple(one, self.step) || is_multiple(self.step, one);
        }
        match number {
            // Before them only that it is nearer to 0 than any step.
            Number::Fraction(0.0) => false,
            Number::Integer(value) => is_multiple(Decimal::from(value), self.step),
            Number::Unsigned(value) => is_multiple(Decimal::from(value), self.step),
            // The shortest decimal that reads as this double.
            _ => Decimal::of(&format!("{value:e}")).is_some_and(|value| is_multiple(value, self.step)),
        }
    }

    fn message(&self) -> String {
        format!("the number is not a multiple of {}; send one that is", self.written)
    }
}

/// `digits × 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The decimal that a JSON text spells; `None` if it has very many digits.
    fn of(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Decimal { digits, exponent })
    }
}

impl<T: Into<i128>> From<T> for Decimal {
    fn from(digits: T) -> Decimal {
        Decimal { digits: digits.into(), exponent: 0 }
    }
}

/// Is a number so many times a step, which isn't 0?
fn is_multiple(value: Decimal, step: Decimal) -> bool {
    if value.digits == 0 {
        return true;
    }
    // value / step = value.digits × 10^shift / step.digits
    let mut shift = value.exponent - step.exponent;
    let (mut value, step) = (value.digits.unsigned_abs(), step.digits.unsigned_abs());
    while shift < 0 && value % 10 == 0 {
        (value, shift) = (value / 10, shift + 1);
    }
    if shift < 0 {
        return false;
    }
    // Powers of ten modulo the step, so that nothing overflows: a step fits 64 bits.
    let power = (0..shift).fold(1 % step, |power, _| power * 10 % step);
    (value % step) * power % step == 0
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed, message};

    #[test]
    fn decimals_are_divided_exactly() {
        let multiple = |step: &str, number: &str, holds: bool| {
            let expect: &[(&str, &str)] = if holds { &[] } else { &[("", "multipleOf")] };
            check(&format!(r#"{{"type":"number","multipleOf":{step}}}"#), number, expect);
        };
        multiple("2", "10", true);
        multiple("2", "7", false);
        multiple("1.5", "-4.5", true);
        multiple("1.5", "35", false);
        multiple("0.0001", "0.0075", true);
        multiple("0.0001", "0.00751", false);
        multiple("0.01", "0", true);
        multiple("1e-8", "12391239123", true);
        multiple("0.5", "1e308", true);
        multiple("0.123456789", "1e308", false);
        multiple("3", "9223372036854775807", false);
        multiple("7", "9223372036854775807", true);
        multiple("2", "18446744073709551615", false);
        check(r#"{"multipleOf":2}"#, "\"x\"", &[]);
        malformed(r#"{"multipleOf":0}"#, "/multipleOf");
        malformed(r#"{"multipleOf":"2"}"#, "/multipleOf");
    }

    #[test]
    fn a_step_is_the_number_that_the_schema_has() {
        let multiple = |step: &str, number: &str, holds: bool| {
            let expect: &[(&str, &str)] = if holds { &[] } else { &[("", "multipleOf")] };
            check(&format!(r#"{{"type":"number","multipleOf":{step}}}"#), number, expect);
        };
        for price in ["19.99", "4.35", "0.07", "1.1", "-0.01", "1e2", "100.00", "0.29e1"] {
            multiple("0.01", price, true);
        }
        for price in ["0.005", "19.999", "1e-3", "-0.011"] {
            multiple("0.01", price, false);
        }
        multiple("0.1", "0.3", true);
        multiple("1e1", "20", true);
        multiple("10.0", "25", false);
        multiple("2.5", "7.5", true);
        multiple("3", "-9223372036854775808", false);
        multiple("2", "-9223372036854775808", true);
        // Doubles don't tell these two apart.
        multiple("9007199254740993", "9007199254740993", true);
        multiple("9007199254740993", "9007199254740992", false);
        multiple("18446744073709551615", "18446744073709551615", true);
        multiple("18446744073709551615", "18446744073709551614", false);
        multiple("7", "1e22", false);
        multiple("7", "7e22", true);
        multiple("5e-324", "1", true);
        multiple("1e300", "3e301", true);
        multiple("1e300", "1", false);
        multiple("0.3", "-0.0", true);
        // Beyond the doubles, on both sides.
        multiple("0.5", "1e400", true);
        multiple("0.01", "-1e400", true);
        multiple("0.3", "1e400", false);
        multiple("5e-324", "1e-400", false);
        multiple("1", "-1e-400", false);
    }

    #[test]
    fn a_step_that_is_none_is_refused_and_one_that_is_missed_is_said() {
        for step in ["0.0", "-0.0", "-1", "-0.5", "null", "[2]", "true"] {
            malformed(&format!(r#"{{"multipleOf":{step}}}"#), "/multipleOf");
        }
        let told = message(r#"{"multipleOf":0.01}"#, "0.005");
        assert_eq!(told, "the number is not a multiple of 0.01; send one that is");
        let told = message(r#"{"multipleOf":9007199254740993}"#, "1");
        assert_eq!(told, "the number is not a multiple of 9007199254740993; send one that is");
    }
}
