//! Axes: from 0 to a round number, with lines at round numbers.

use maud::{Markup, html};

use crate::format::number::Unit;

/// Lines of an axis above 0, about.
const TICKS: f64 = 4.0;

/// An axis from 0 upwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    unit: Unit,
    step: f64,
    steps: u32,
}

impl Scale {
    /// Up to the first round number that isn't less than `max`.
    pub(super) fn to(max: f64, unit: Unit) -> Scale {
        let max = if max.is_finite() && max > 0.0 { max } else { least(unit) };
        let step = round_step(max / TICKS, unit);
        // Sums of shares end a little beside what they should.
        let steps = (max / step - 1e-9).ceil().max(1.0);
        Scale { unit, step, steps: steps as u32 }
    }

    pub(super) fn max(&self) -> f64 {
        self.step * f64::from(self.steps)
    }

    /// How far down a value lies, in percent of the height: to a tenth, which is a fifth of a pixel, and saves a digit of
    /// each of a page's many heights.
    pub(super) fn down(&self, value: f64) -> f64 {
        100.0 - (self.length(value) * 10.0).round() / 10.0
    }

    /// How long a value is, in percent.
    pub(super) fn length(&self, value: f64) -> f64 {
        let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
        (value / self.max() * 100.0).min(100.0)
    }

    /// Each round number.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        (0..=self.steps).map(|step| f64::from(step) * self.step)
    }

    /// Lines across, with their numbers at the left; that of 0 is [drawn by itself](draw_zero).
    pub(super) fn draw(&self) -> Markup {
        html! {
            @for tick in self.ticks() {
                @let y = percent(self.down(tick));
                @if tick != 0.0 { line.grid x2="100%" y1=(y) y2=(y) {} }
                text class="tick" x="-8" y=(y) { (self.unit.write_short(tick)) }
            }
        }
    }
}

/// The line of 0, over what stands on it.
pub(super) fn draw_zero() -> Markup {
    html! { line.zero x2="100%" y1="100%" y2="100%" {} }
}

/// The end of an axis for nothing but zeros.
fn least(unit: Unit) -> f64 {
    match unit {
        Unit::Count | Unit::Unknown => 4.0,
        Unit::Share => 0.1,
        Unit::Seconds => 60.0,
    }
}

/// The first round number that isn't less.
fn round_step(least: f64, unit: Unit) -> f64 {
    const SECONDS: [f64; 17] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0,
        21_600.0, 43_200.0,
    ];
    if unit == Unit::Seconds
        && let Some(step) = SECONDS.into_iter().find(|step| *step >= least)
    {
        return step;
    }
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= least * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    if unit == Unit::Count { step.max(1.0) } else { step }
}

/// A coordinate in percent, with two digits at most.
pub(super) fn percent(number: f64) -> String {
    format!("{}%", short(number))
}

/// A number with two digits behind the point at most.
pub(super) fn short(number: f64) -> String {
    // A page has some thousand of them, and whole numbers are written several times as fast.
    let hundredths = (number * 100.0).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    match rest {
        0 => format!("{sign}{whole}"),
        tenths if tenths.is_multiple_of(10) => format!("{sign}{whole}.{}", tenths / 10),
        _ => format!("{sign}{whole}.{rest:02}"),
    }
}

/// Names under the parts of a chart, as many as there is room for; some only on wide screens. Of the hours of several days
/// those where a day begins.
pub(super) fn draw_names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Markup {
    const WIDE: usize = 8;
    const HOURS: usize = 48;
    let all = names.len();
    let names: Vec<(usize, &str)> = names.enumerate().collect();
    let begins_day = |name: &str| !name.contains(':') || name.ends_with(" 00:00");
    let days: Vec<(usize, &str)> = names.iter().copied().filter(|(_, name)| begins_day(name)).collect();
    let named = if all > HOURS && days.len() > 1 { days } else { names };
    let step = named.len().div_ceil(WIDE).max(1);
    let has_room = named.len() <= 4;
    html! {
        @for (count, (place, name)) in named.into_iter().step_by(step).enumerate() {
            text class=(if has_room || count % 2 == 0 { "name" } else { "name wide" }) x=(percent(middle(place, all))) y="100%" { (name) }
        }
    }
}

/// Where the middle of a part is, in percent.
pub(super) fn middle(place: usize, all: usize) -> f64 {
    (place as f64 + 0.5) / all.max(1) as f64 * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round_and_begin_at_0() {
        let check = |max: f64, unit: Unit, expect: &[f64]| {
            let ticks: Vec<f64> = Scale::to(max, unit).ticks().map(|tick| (tick * 1e6).round() / 1e6).collect();
            assert_eq!(ticks, expect, "{max} {unit:?}");
        };
        check(61.0, Unit::Count, &[0.0, 20.0, 40.0, 60.0, 80.0]);
        check(60.0, Unit::Count, &[0.0, 20.0, 40.0, 60.0]);
        check(3.0, Unit::Count, &[0.0, 1.0, 2.0, 3.0]);
        check(1.0, Unit::Count, &[0.0, 1.0]);
        check(0.0, Unit::Count, &[0.0, 1.0, 2.0, 3.0, 4.0]);
        check(f64::NAN, Unit::Count, &[0.0, 1.0, 2.0, 3.0, 4.0]);
        check(1_234_567.0, Unit::Count, &[0.0, 500_000.0, 1_000_000.0, 1_500_000.0]);
        check(0.3, Unit::Share, &[0.0, 0.1, 0.2, 0.3]);
        check(0.9, Unit::Unknown, &[0.0, 0.5, 1.0]);
        check(0.17, Unit::Share, &[0.0, 0.05, 0.1, 0.15, 0.2]);
        check(500.0, Unit::Seconds, &[0.0, 300.0, 600.0]);
        check(200_000.0, Unit::Seconds, &[0.0, 50_000.0, 100_000.0, 150_000.0, 200_000.0]);
    }

    #[test]
    fn names_are_few_and_of_hours_those_of_days() {
        let check = |names: &[String], expect: &[&str]| {
            let drawn = draw_names(names.iter().map(String::as_str)).into_string();
            let shown: Vec<&str> =
                drawn.split("y=\"100%\">").skip(1).filter_map(|rest| rest.split('<').next()).collect();
            assert_eq!(shown, expect);
        };
        let hours = |first: i32, count: i32| -> Vec<String> {
            let name = |hour: i32| match hour % 24 {
                0 => format!("day {}", hour / 24),
                hour => format!("{hour:02}:00"),
            };
            (first..first + count).map(name).collect()
        };
        check(&hours(15, 168), &["day 1", "day 2", "day 3", "day 4", "day 5", "day 6", "day 7"]);
        check(&hours(0, 20 * 24), &["day 0", "day 3", "day 6", "day 9", "day 12", "day 15", "day 18"]);
        check(&hours(0, 24), &["day 0", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]);
        let week: Vec<String> = (0..168).map(|hour| format!("d{} {:02}:00", hour / 24, hour % 24)).collect();
        check(&week[..], &["d0 00:00", "d1 00:00", "d2 00:00", "d3 00:00", "d4 00:00", "d5 00:00", "d6 00:00"]);
        check(&hours(0, 3), &["day 0", "01:00", "02:00"]);
    }

    #[test]
    fn values_lie_within() {
        let scale = Scale::to(50.0, Unit::Count);
        assert_eq!(
            [0.0, 25.0, 70.0, -3.0, f64::NAN].map(|value| percent(scale.down(value))),
            ["100%", "58.3%", "0%", "100%", "100%"]
        );
        let written = [-0.001, 1.0, 33.333_3, 0.05, 99.5, -0.25, 100.0 / 7.0].map(short);
        assert_eq!(written, ["0", "1", "33.33", "0.05", "99.5", "-0.25", "14.29"]);
    }
}
