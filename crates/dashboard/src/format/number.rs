//! Numbers: `1,234`, `12.3 %`, `4 min 12 s`.

/// Between a number and its unit: they never part at the end of a line.
const SPACE: char = '\u{a0}';
/// As wide as a plus, which a hyphen isn't.
pub(crate) const MINUS: char = '\u{2212}';

/// What a number counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things.
    Count,
    /// Of 1; written in percent.
    Share,
    /// Whole seconds.
    Seconds,
    /// Nothing that is known: numbers as they are.
    Unknown,
}

impl Unit {
    /// A number of this unit.
    pub(crate) fn write(self, number: f64) -> String {
        match self {
            Unit::Count => count(number.max(0.0).round() as u64),
            Unit::Share => share(number),
            Unit::Seconds => seconds(number.max(0.0).round() as u64),
            Unit::Unknown => decimal(number),
        }
    }

    /// The same beside an axis, where there is little room.
    pub(crate) fn write_short(self, number: f64) -> String {
        match self {
            Unit::Count => short_count(number),
            Unit::Share => {
                let percent = number * 100.0;
                let digits = usize::from((percent - percent.round()).abs() > 1e-9);
                format!("{percent:.digits$}{SPACE}%")
            }
            Unit::Seconds => short_seconds(number.max(0.0).round() as u64),
            Unit::Unknown if number < 1e4 => decimal(number),
            Unit::Unknown => short_count(number),
        }
    }
}

/// With a comma between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// In percent with one digit behind the point; of very small ones that they are small.
pub(crate) fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.05 {
        return format!("<{SPACE}0.1{SPACE}%");
    }
    format!("{percent:.1}{SPACE}%")
}

/// With four digits that say something, behind the point at most six of them.
fn decimal(number: f64) -> String {
    let number = number.max(0.0);
    let digits = if number > 0.0 { (3.0 - number.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 };
    let written = format!("{number:.digits$}");
    match written.split_once('.') {
        Some((whole, rest)) => match rest.trim_end_matches('0') {
            "" => count(whole.parse().unwrap_or_default()),
            rest => format!("{}.{rest}", count(whole.parse().unwrap_or_default())),
        },
        None => count(number.round() as u64),
    }
}

/// The two greatest parts of a length of time.
pub(crate) fn seconds(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}{SPACE}s"),
        (0, _) if rest == 0 => format!("{minutes}{SPACE}min"),
        (0, _) => format!("{minutes}{SPACE}min{SPACE}{rest}{SPACE}s"),
        _ if minutes == 0 => format!("{}{SPACE}h", count(hours)),
        _ => format!("{}{SPACE}h{SPACE}{minutes}{SPACE}min", count(hours)),
    }
}

/// By how much something changed, as a share of what it was: with its sign, and fewer digits the
/// greater it is.
pub(crate) fn change(change: f64) -> String {
    signed(change * 100.0, "%")
}

/// By how many points of a hundred a share changed.
pub(crate) fn points(points: f64) -> String {
    signed(points, "points")
}

/// Before what is too little to be told as more or as less.
pub(crate) const ABOUT: char = '±';

fn signed(number: f64, unit: &str) -> String {
    let size = number.abs();
    let written = if size < 10.0 { format!("{size:.1}") } else { count(size.round() as u64) };
    let sign = match () {
        () if written == "0.0" => ABOUT,
        () if number < 0.0 => MINUS,
        () => '+',
    };
    format!("{sign}{written}{SPACE}{unit}")
}

fn short_count(number: f64) -> String {
    const STEPS: [(f64, &str); 3] = [(1e9, "G"), (1e6, "M"), (1e4, "k")];
    for (from, letter) in STEPS {
        if number >= from {
            let scaled = number / if letter == "k" { 1e3 } else { from };
            let digits = usize::from((scaled - scaled.round()).abs() > 0.049);
            return format!("{scaled:.digits$}{letter}");
        }
    }
    count(number.max(0.0).round() as u64)
}

fn short_seconds(seconds: u64) -> String {
    match seconds {
        0 => "0".to_owned(),
        1..=59 => format!("{seconds}{SPACE}s"),
        60..=3_599 if seconds.is_multiple_of(60) => format!("{}{SPACE}min", seconds / 60),
        60..=3_599 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ if seconds.is_multiple_of(3_600) => format!("{}{SPACE}h", count(seconds / 3_600)),
        _ => format!("{}:{:02}{SPACE}h", count(seconds / 3_600), seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With plain spaces and hyphens, to be read in a test.
    fn plain(text: &str) -> String {
        text.replace(SPACE, " ").replace(MINUS, "-")
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let check = |unit: Unit, number: f64, expect: &str, short: &str| {
            assert_eq!(plain(&unit.write(number)), expect, "{unit:?} {number}");
            assert_eq!(plain(&unit.write_short(number)), short, "{unit:?} {number}");
        };
        check(Unit::Count, 0.0, "0", "0");
        check(Unit::Count, 999.0, "999", "999");
        check(Unit::Count, 1_234.0, "1,234", "1,234");
        check(Unit::Count, 12_500.0, "12,500", "12.5k");
        check(Unit::Count, 1_234_567.0, "1,234,567", "1.2M");
        check(Unit::Count, 20_000_000.0, "20,000,000", "20M");
        check(Unit::Share, 0.0, "0.0 %", "0 %");
        check(Unit::Share, 0.1234, "12.3 %", "12.3 %");
        check(Unit::Share, 0.000_1, "< 0.1 %", "0.0 %");
        check(Unit::Share, 1.5, "150.0 %", "150 %");
        check(Unit::Seconds, 0.0, "0 s", "0");
        check(Unit::Seconds, 59.0, "59 s", "59 s");
        check(Unit::Seconds, 240.0, "4 min", "4 min");
        check(Unit::Seconds, 252.0, "4 min 12 s", "4:12");
        check(Unit::Seconds, 3_600.0, "1 h", "1 h");
        check(Unit::Seconds, 5_400.0, "1 h 30 min", "1:30 h");
        check(Unit::Count, f64::NAN, "0", "0");
        check(Unit::Unknown, 0.0, "0", "0");
        check(Unit::Unknown, 0.543_21, "0.5432", "0.5432");
        check(Unit::Unknown, 0.1 + 0.2, "0.3", "0.3");
        check(Unit::Unknown, 0.000_000_01, "0", "0");
        check(Unit::Unknown, 7.0, "7", "7");
        check(Unit::Unknown, 1_234.7, "1,235", "1,235");
        check(Unit::Unknown, 123.46, "123.5", "123.5");
        check(Unit::Unknown, 12_345.6, "12,346", "12.3k");
    }

    #[test]
    fn changes_have_a_sign() {
        let check = |number: f64, expect: &str| assert_eq!(plain(&change(number)), expect, "{number}");
        check(0.0, "±0.0 %");
        check(-0.000_1, "±0.0 %");
        check(0.034, "+3.4 %");
        check(-0.12, "-12 %");
        check(24.5, "+2,450 %");
        let check = |number: f64, expect: &str| assert_eq!(plain(&points(number)), expect, "{number}");
        check(0.04, "±0.0 points");
        check(-1.38, "-1.4 points");
        check(12.5, "+13 points");
    }
}
