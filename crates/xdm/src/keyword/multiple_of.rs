//! `multipleOf`: numbers are so many times another.
//!
//! Decided on the decimal digits that a number is written with: 0.0075 is a multiple of
//! 0.0001, though their quotient as doubles is not an integer.

use serde_json::Value;

use super::NumberAssertion;
use crate::check::number::Number;
use crate::model::Reader;

#[derive(Clone, Debug)]
pub(crate) struct MultipleOf(f64);

impl NumberAssertion for MultipleOf {
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self> {
        match reader.number(value)? {
            step if step > 0.0 => Some(MultipleOf(step)),
            _ => reader.malformed("a \"multipleOf\" is greater than 0"),
        }
    }

    fn holds(&self, number: Number) -> bool {
        let value = number.as_f64();
        if !value.is_finite() {
            // Past the doubles only integers can be known, and hardly any step doesn't divide them.
            return self.0.fract() == 0.0;
        }
        match number {
            Number::Integer(value) => is_multiple(Decimal { digits: i128::from(value), exponent: 0 }, self.0),
            Number::Unsigned(value) => is_multiple(Decimal { digits: i128::from(value), exponent: 0 }, self.0),
            _ => Decimal::of(value).is_some_and(|value| is_multiple(value, self.0)),
        }
    }

    fn message(&self) -> String {
        format!("the number is not a multiple of {}; send one that is", self.0)
    }
}

/// `digits × 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal that reads as this double.
    fn of(value: f64) -> Option<Decimal> {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Decimal { digits, exponent })
    }
}

fn is_multiple(value: Decimal, step: f64) -> bool {
    let Some(step) = Decimal::of(step) else { return false };
    if value.digits == 0 {
        return true;
    }
    // value / step = value.digits × 10^shift / step.digits
    let mut shift = value.exponent - step.exponent;
    let (mut value, step) = (value.digits, step.digits);
    while shift < 0 && value % 10 == 0 {
        (value, shift) = (value / 10, shift + 1);
    }
    if shift < 0 {
        return false;
    }
    // Powers of ten modulo the step, so that nothing overflows: a step has 17 digits at most.
    let power = (0..shift).fold(1 % step, |power, _| power * 10 % step);
    (value % step) * power % step == 0
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, malformed};

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
}
