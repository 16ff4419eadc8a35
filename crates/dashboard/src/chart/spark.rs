//! A sparkline: how a number went, without an axis.

use maud::{Markup, html};

use super::scale::short;
use crate::format::number::Unit;

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
    let points: Vec<String> =
        known.iter().map(|(place, value)| format!("{} {}", place, short(100.0 - value / max * 100.0))).collect();
    let line = points.join("L");
    let (first, last) = (known[0].0, known[known.len() - 1].0);
    html! {
        svg.spark role="img" aria-label=(told) viewBox={ "0 0 " (values.len().max(2) - 1) " 100" } preserveAspectRatio="none" {
            title { (told) }
            path.area d={ "M" (first) " 100L" (line) "L" (last) " 100Z" } {}
            path.line d={ "M" (line) } {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                r#"<title>From 1 (day 0) to 4 (day 2)</title><path class="area" d="M0 100L0 75L2 0L3 50L3 100Z"></path><path class="line" d="M0 75L2 0L3 50"></path></svg>"#
            ),
        );
        check(
            &[Some(0.0), Some(0.0)],
            concat!(
                r#"<svg class="spark" role="img" aria-label="The same all the time: 0" viewBox="0 0 1 100" preserveAspectRatio="none">"#,
                r#"<title>The same all the time: 0</title><path class="area" d="M0 100L0 100L1 100L1 100Z"></path><path class="line" d="M0 100L1 100"></path></svg>"#
            ),
        );
    }
}
