//! A sparkline: how a number went, without an axis.

use maud::{Markup, html};

use crate::format::number::Unit;

/// Most points of a line: what is between is narrower than a pixel or two.
const POINTS_MAX: usize = 96;

/// A line over the values, filled below; from 0, since its height must not make much of little. The
/// sentence names the lowest and the highest, by what `name` says of their places. Nothing if fewer than two values are known.
pub(crate) fn spark(unit: Unit, values: &[Option<f64>], name: impl Fn(usize) -> String) -> Markup {
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).collect();
    let low = known.iter().min_by(|one, other| one.1.total_cmp(&other.1));
    // The first of equals.
    let high = known.iter().rev().max_by(|one, other| one.1.total_cmp(&other.1));
    let (Some(low), Some(high), true) = (low, high, known.len() > 1) else { return Markup::default() };
    let told = match low.1 == high.1 {
        true => format!("The same all the time: {}", unit.write(low.1)),
        false => format!("From {} ({}) to {} ({})", unit.write(low.1), name(low.0), unit.write(high.1), name(high.0)),
    };
    let max = if high.1 > 0.0 { high.1 } else { 1.0 };
    // Values between which there would be no pixel are one point, their mean.
    let step = values.len().div_ceil(POINTS_MAX).max(1);
    let mean = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let means: Vec<(usize, f64)> =
        values.chunks(step).enumerate().filter_map(|(place, values)| Some((place, mean(values)?))).collect();
    // Whole hundredths are less than half a pixel. From point to point: differences are shorter than places.
    let down = |mean: f64| (100.0 - mean / max * 100.0).round() as i64;
    let (first, begin) = means.first().map_or((0, 100), |(place, mean)| (*place, down(*mean)));
    let steps: Vec<String> = std::iter::zip(&means, means.iter().skip(1))
        .map(|(from, to)| format!("l{} {}", to.0 - from.0, down(to.1) - down(from.1)))
        .collect();
    let line = steps.concat();
    let width = values.len().div_ceil(step).max(2) - 1;
    html! {
        svg.spark role="img" aria-label=(told) viewBox={ "0 0 " (width) " 100" } preserveAspectRatio="none" {
            title { (told) }
            path.area d={ "M" (first) " 100V" (begin) (line) "V100Z" } {}
            path.line d={ "M" (first) " " (begin) (line) } {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_has_few_points() {
        let values: Vec<Option<f64>> = (0..400).map(|place| Some(f64::from(place % 5 * 10))).collect();
        let drawn = spark(Unit::Count, &values, |place| place.to_string()).into_string();
        assert!(drawn.contains(r#"aria-label="From 0 (0) to 40 (4)" viewBox="0 0 79 100""#), "{drawn}");
        // Means of five are 20 of 40.
        assert!(drawn.contains(r#"<path class="line" d="M0 50l1 0l1 0l"#), "{drawn}");
        assert_eq!(drawn.matches("l1 0").count(), 2 * 79, "{drawn}");
    }

    #[test]
    fn a_sparkline_says_where_it_goes() {
        let check = |values: &[Option<f64>], expect: &str| {
            let drawn = spark(Unit::Count, values, |place| format!("day {place}"));
            assert_eq!(drawn.into_string(), expect, "{values:?}");
        };
        check(&[], "");
        check(&[Some(3.0)], "");
        check(&[None, None], "");
        check(
            &[Some(1.0), None, Some(4.0), Some(2.0)],
            concat!(
                r#"<svg class="spark" role="img" aria-label="From 1 (day 0) to 4 (day 2)" viewBox="0 0 3 100" preserveAspectRatio="none">"#,
                r#"<title>From 1 (day 0) to 4 (day 2)</title><path class="area" d="M0 100V75l2 -75l1 50V100Z"></path><path class="line" d="M0 75l2 -75l1 50"></path></svg>"#
            ),
        );
        check(
            &[Some(0.0), Some(0.0)],
            concat!(
                r#"<svg class="spark" role="img" aria-label="The same all the time: 0" viewBox="0 0 1 100" preserveAspectRatio="none">"#,
                r#"<title>The same all the time: 0</title><path class="area" d="M0 100V100l1 0V100Z"></path><path class="line" d="M0 100l1 0"></path></svg>"#
            ),
        );
    }
}
