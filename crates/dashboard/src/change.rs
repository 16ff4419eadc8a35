//! How a number changed, in words that hold for 0, too.

use maud::{Markup, html};
use report::{MetricAnswer, MetricNumber, PartAnswer};

use crate::format::number;
use crate::reading::written;

/// A count below this one is too small for a share of it to say anything.
const SHARE_OF_MIN: u64 = 10;

/// How a number changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// There is nothing to compare with.
    Unknown,
    /// It is as it was.
    Same,
    /// From 0 or little to this, which is no share of it.
    FromLittle { from: String, to: String, is_more: bool },
    /// By a share of what it was.
    By(f64),
    /// A share by so many points of a hundred: by a percentage of a percentage, a reader adds the two.
    ByPoints(f64),
}

impl Change {
    /// Of a metric.
    pub(crate) fn of(answer: &MetricAnswer) -> Change {
        Change::between(answer.value, answer.previous, answer.change)
    }

    /// Of a row.
    pub(crate) fn of_part(part: &PartAnswer) -> Change {
        Change::between(part.value, part.previous, part.change)
    }

    fn between(value: Option<MetricNumber>, previous: Option<MetricNumber>, change: Option<f64>) -> Change {
        match (value, previous, change) {
            (_, _, Some(0.0)) => Change::Same,
            (Some(value), Some(previous), _) if is_little(previous) && value.size() != previous.size() => {
                let is_more = value.size() > previous.size();
                Change::FromLittle { from: written(previous), to: written(value), is_more }
            }
            (value, Some(previous), Some(change)) => {
                value.and_then(|value| value.points_since(previous)).map_or(Change::By(change), Change::ByPoints)
            }
            _ => Change::Unknown,
        }
    }

    /// In a cell of a table.
    pub(crate) fn brief(&self) -> String {
        match self {
            Change::Unknown => "–".to_owned(),
            Change::Same => "=".to_owned(),
            Change::FromLittle { from, .. } => format!("from {from}"),
            Change::By(share) => number::change(*share),
            Change::ByPoints(points) => number::points(*points),
        }
    }

    /// Whether it is more now; `None` where that can't be said, or would make much of nothing.
    fn is_more(&self) -> Option<bool> {
        match self {
            Change::Unknown | Change::Same => None,
            Change::FromLittle { is_more, .. } => Some(*is_more),
            Change::By(size) | Change::ByPoints(size) => {
                (!self.brief().starts_with(number::ABOUT)).then_some(*size > 0.0)
            }
        }
    }

    /// Under a number. It is neither good nor bad: more calls may be either.
    pub(crate) fn draw(&self, previous: Option<MetricNumber>) -> Markup {
        let from = previous.map(written).unwrap_or_default();
        html! {
            p.change {
                @match self {
                    Change::Unknown => {},
                    Change::Same => { "unchanged" },
                    Change::FromLittle { from, to, .. } => { "from " (from) " to " (to) },
                    Change::By(_) | Change::ByPoints(_) => {
                        b {
                            @if let Some(is_more) = self.is_more() {
                                span aria-hidden="true" { (if is_more { "▲" } else { "▼" }) } " "
                            }
                            (self.brief())
                        }
                        " from " (from)
                    },
                }
            }
        }
    }

    /// As part of a sentence: `rose 12 % to 340 from 300`.
    pub(crate) fn told(&self, value: MetricNumber, previous: Option<MetricNumber>, than: &str) -> String {
        let now = written(value);
        let verb = self.is_more().map(|is_more| if is_more { "rose" } else { "fell" });
        match (self, previous) {
            (Change::Same, _) => format!("stayed at {now}, as in {than}"),
            (Change::FromLittle { from, to, .. }, _) => {
                format!("{} from {from} in {than} to {to}", verb.unwrap_or("changed"))
            }
            (Change::By(_) | Change::ByPoints(_), Some(previous)) => match verb {
                Some(verb) => {
                    let by = self.brief();
                    // The verb has the sign.
                    let by = by.trim_start_matches(['+', number::MINUS]);
                    format!("{verb} {by} to {now} from {} in {than}", written(previous))
                }
                None => format!("hardly changed: {now}, after {} in {than}", written(previous)),
            },
            _ => format!("were {now}"),
        }
    }
}

fn is_little(previous: MetricNumber) -> bool {
    match previous {
        MetricNumber::Count(count) => count < SHARE_OF_MIN,
        other => other.size() == 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use report::SecondsAnswer;

    use super::*;

    #[test]
    fn changes_are_never_infinite() {
        let count = |number| Some(MetricNumber::Count(number));
        let check = |value, previous, change, brief: &str, told: &str, drawn: &str| {
            let got = Change::between(value, previous, change);
            let number = value.unwrap_or(MetricNumber::Count(0));
            assert_eq!(got.brief().replace('\u{a0}', " "), brief);
            assert_eq!(got.told(number, previous, "the period before").replace('\u{a0}', " "), told);
            assert_eq!(
                got.draw(previous).into_string().replace('\u{a0}', " "),
                format!("<p class=\"change\">{drawn}</p>")
            );
        };
        check(count(3), count(0), None, "from 0", "rose from 0 in the period before to 3", "from 0 to 3");
        check(count(259), count(1), Some(258.0), "from 1", "rose from 1 in the period before to 259", "from 1 to 259");
        check(count(1), count(9), Some(-0.9), "from 9", "fell from 9 in the period before to 1", "from 9 to 1");
        check(count(0), count(0), Some(0.0), "=", "stayed at 0, as in the period before", "unchanged");
        check(count(3), None, None, "–", "were 3", "");
        check(None, count(3), None, "–", "were 0", "");
        let up = r#"<b><span aria-hidden="true">▲</span> +50 %</b> from 20"#;
        check(count(30), count(20), Some(0.5), "+50 %", "rose 50 % to 30 from 20 in the period before", up);
        let down = r#"<b><span aria-hidden="true">▼</span> −50 %</b> from 20"#;
        check(count(10), count(20), Some(-0.5), "−50 %", "fell 50 % to 10 from 20 in the period before", down);
        let little = "hardly changed: 2,720, after 2,719 in the period before";
        check(count(2_720), count(2_719), Some(0.000_368), "±0.0 %", little, "<b>±0.0 %</b> from 2,719");
    }

    #[test]
    fn shares_change_by_points() {
        let check = |value: f64, previous: f64, expect: &str| {
            let (now, before) = (MetricNumber::Share(value), Some(MetricNumber::Share(previous)));
            let got = Change::between(Some(now), before, Some((value - previous) / previous));
            let told = got.told(now, before, "the period before");
            assert_eq!(format!("{} | {told}", got.brief()).replace('\u{a0}', " "), expect);
        };
        check(0.55, 0.5, "+5.0 points | rose 5.0 points to 55.0 % from 50.0 % in the period before");
        check(0.66, 0.673, "−1.3 points | fell 1.3 points to 66.0 % from 67.3 % in the period before");
        check(0.500_1, 0.5, "±0.0 points | hardly changed: 50.0 %, after 50.0 % in the period before");
        check(0.5, 0.5, "= | stayed at 50.0 %, as in the period before");
    }

    fn number() -> impl Strategy<Value = MetricNumber> {
        let lengths = |median| SecondsAnswer { median, p90: median, p95: median, max: median, count: 1 };
        prop_oneof![
            (0..3_000_u64).prop_map(MetricNumber::Count),
            any::<u64>().prop_map(MetricNumber::Count),
            (0.0..=1.0_f64).prop_map(MetricNumber::Share),
            any::<u32>().prop_map(move |median| MetricNumber::Seconds(lengths(median))),
        ]
    }

    /// Two that hardly differ.
    fn near() -> impl Strategy<Value = (MetricNumber, MetricNumber)> {
        let shares = (0.1..0.9_f64, -0.001..0.001_f64).prop_map(|(share, more)| (share, share + more));
        prop_oneof![
            (100..50_000_u64, 0..30_u64)
                .prop_map(|(now, more)| (MetricNumber::Count(now), MetricNumber::Count(now + more))),
            shares.prop_map(|(now, before)| (MetricNumber::Share(now), MetricNumber::Share(before))),
        ]
    }

    proptest! {
        /// Whatever the numbers are, the words agree with them, and none of them is infinite.
        #[test]
        fn words_agree_with_the_numbers((now, before) in prop_oneof![(number(), number()), near()]) {
            let (value, previous) = (now.size(), before.size());
            let change = match (value == 0.0, previous == 0.0) {
                (true, true) => Some(0.0),
                (_, true) => None,
                _ => Some((value - previous) / previous),
            };
            let got = Change::between(Some(now), Some(before), change);
            let told = got.told(now, Some(before), "the period before");
            for text in [&told, &got.brief(), &got.draw(Some(before)).into_string()] {
                prop_assert!(!text.contains("inf") && !text.contains("NaN"), "{}", text);
            }
            prop_assert!(!told.starts_with("rose") || value > previous, "{}", told);
            prop_assert!(!told.starts_with("fell") || value < previous, "{}", told);
            prop_assert!(!told.starts_with("stayed") || value == previous, "{}", told);
            // Nothing rises by nothing.
            prop_assert!(!told.contains(number::ABOUT) && !told.contains(" 0.0 %"), "{}", told);
        }
    }
}
