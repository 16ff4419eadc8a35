//! A heat map: the hours of a week, the darker the more.

use maud::{Markup, html};

use super::figure::{Caption, Table, TableRow};
use super::scale::percent;
use crate::format::number::Unit;

/// The days, as rows.
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Hours of a day, as columns.
const HOURS: usize = 24;
/// Shades above that of 0.
const SHADES: f64 = 5.0;

/// A heat map of the hours of a week.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap<'a> {
    /// What stands around it.
    pub(crate) caption: Caption<'a>,
    /// Each hour from Monday's first on; what is missing is 0.
    pub(crate) hours: Vec<Hour>,
}

/// An hour of the week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hour {
    /// Its number.
    Counted(f64),
    /// None yet: it is still to come.
    ToCome,
    /// None: it isn't in the period.
    Outside,
}

impl Hour {
    /// What is said of it.
    fn told(self) -> String {
        match self {
            Hour::Counted(number) => Unit::Count.write(number),
            Hour::ToCome => "no data yet".to_owned(),
            Hour::Outside => "not in this period".to_owned(),
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Hour::Counted(number) => Some(number),
            Hour::ToCome | Hour::Outside => None,
        }
    }
}

impl HeatMap<'_> {
    /// What an hour of the week is called.
    pub(crate) fn name_of(hour: usize) -> String {
        format!("{} {:02}:00–{:02}:00", DAYS[hour / HOURS % DAYS.len()], hour % HOURS, hour % HOURS + 1)
    }

    /// The figure.
    pub(crate) fn draw(&self) -> Markup {
        let (width, height) = (100.0 / HOURS as f64, 100.0 / DAYS.len() as f64);
        let max = self.hours.iter().filter_map(|hour| hour.number()).fold(0.0, f64::max);
        let places = |all: usize, step: f64| (0..all).map(|place| percent(place as f64 * step)).collect::<Vec<_>>();
        let (lefts, tops) = (places(HOURS, width), places(DAYS.len(), height));
        let (wide, high) = (percent(width), percent(height));
        let inside = html! {
            @for (day, name) in DAYS.iter().enumerate() {
                text.tick x="-8" y=(percent((day as f64 + 0.5) * height)) { (name[..3]) }
                @for (hour, left) in lefts.iter().enumerate() {
                    @let of = self.at(day, hour);
                    rect class=(of.number().map_or("none", |number| shade(number, max))) x=(left) y=(tops[day]) width=(wide) height=(high) {
                        title { (HeatMap::name_of(day * HOURS + hour)) ": " (of.told()) }
                    }
                }
            }
            @for hour in (0..HOURS).step_by(3) {
                text class=(if hour.is_multiple_of(6) { "name" } else { "name wide" }) x=(percent((hour as f64 + 0.5) * width)) y="100%" {
                    (format!("{hour:02}"))
                }
            }
        };
        self.caption.figure("heat", &self.legend(max), &inside, &self.table())
    }

    fn at(&self, day: usize, hour: usize) -> Hour {
        self.hours.get(day * HOURS + hour).copied().unwrap_or(Hour::Counted(0.0))
    }

    fn legend(&self, max: f64) -> Markup {
        let has = |kind: Hour| self.hours.contains(&kind);
        let key = |class: &str, what: &str| {
            html! { span { svg.key aria-hidden="true" { rect class=(class) width="100%" height="100%" {} } (what) } }
        };
        html! {
            p.legend {
                @if max > 0.0 {
                    span {
                        "0"
                        svg.ramp aria-hidden="true" {
                            @for (place, class) in ["h0", "h1", "h2", "h3", "h4", "h5"].into_iter().enumerate() {
                                rect class=(class) x=(percent(place as f64 * 100.0 / 6.0)) width=(percent(100.0 / 6.0)) height="100%" {}
                            }
                        }
                        (Unit::Count.write(max)) " an hour"
                    }
                } @else if self.hours.iter().any(|hour| hour.number().is_some()) {
                    (key("h0", "0"))
                }
                @match (has(Hour::ToCome), has(Hour::Outside)) {
                    (true, false) => (key("none", "no data yet")),
                    (true, true) => (key("none", "no data yet, or not in this period")),
                    (false, true) => (key("none", "not in this period")),
                    (false, false) => {},
                }
            }
        }
    }

    fn table(&self) -> Table {
        let hours = (0..HOURS).map(|hour| format!("{hour:02}"));
        let row = |(day, name): (usize, &&str)| TableRow {
            name: (*name).to_owned(),
            href: None,
            cells: (0..HOURS).map(|hour| self.at(day, hour).told()).collect(),
            is_hidden: false,
        };
        Table {
            heads: std::iter::once("Day".to_owned()).chain(hours).collect(),
            rows: DAYS.iter().enumerate().map(row).collect(),
        }
    }
}

/// The class of a value: 0 is told from little.
fn shade(value: f64, max: f64) -> &'static str {
    const CLASSES: [&str; 6] = ["h0", "h1", "h2", "h3", "h4", "h5"];
    if value <= 0.0 || max <= 0.0 {
        return CLASSES[0];
    }
    CLASSES[((value / max * SHADES).ceil() as usize).clamp(1, CLASSES.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_tell_nothing_from_little() {
        let check = |value: f64, max: f64, expect: &str| assert_eq!(shade(value, max), expect, "{value} of {max}");
        check(0.0, 10.0, "h0");
        check(0.1, 10.0, "h1");
        check(2.1, 10.0, "h2");
        check(10.0, 10.0, "h5");
        check(0.0, 0.0, "h0");
        check(11.0, 10.0, "h5");
    }

    #[test]
    fn every_hour_has_a_cell_and_a_number() {
        let mut hours = vec![Hour::Counted(0.0); 168];
        hours[26] = Hour::Counted(7.0);
        (hours[100], hours[101]) = (Hour::ToCome, Hour::Outside);
        let caption = Caption { id: "h", title: "Hours", sentence: "Busy.".to_owned() };
        let text = HeatMap { caption, hours }.draw().into_string();
        assert!(text.contains(
            r#"<rect class="h5" x="8.33%" y="14.29%" width="4.17%" height="14.29%"><title>Tuesday 02:00–03:00: 7</title></rect>"#
        ));
        assert_eq!((text.matches("<rect class=\"h0\"").count(), text.matches("<td>0</td>").count()), (166, 165));
        // What isn't known is told from 0.
        for told in ["Friday 04:00–05:00: no data yet</title>", "Friday 05:00–06:00: not in this period</title>"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(text.contains("<td>no data yet</td><td>not in this period</td>"), "{text}");
        assert!(text.contains("</svg>no data yet, or not in this period</span></p>"), "{text}");
        assert_eq!(text.matches(r#"<rect class="none" x"#).count(), 2);
        // Nothing is no scale.
        let caption = Caption { id: "h", title: "Hours", sentence: "Quiet.".to_owned() };
        let text = HeatMap { caption, hours: vec![Hour::Counted(0.0); 168] }.draw().into_string();
        assert!(text.contains("</svg>0</span></p>") && !text.contains("an hour"), "{text}");
        assert_eq!(HeatMap::name_of(167), "Sunday 23:00–24:00");
    }
}
