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
            (_, Some(_), Some(change)) => Change::By(change),
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
                    Change::By(share) => {
                        b { span aria-hidden="true" { (if *share < 0.0 { "▼" } else { "▲" }) } " " (number::change(*share)) }
                        " from " (from)
                    },
                }
            }
        }
    }

    /// As part of a sentence: `rose 12 % to 340 from 300`.
    pub(crate) fn told(&self, value: MetricNumber, previous: Option<MetricNumber>, than: &str) -> String {
        let now = written(value);
        match (self, previous) {
            (Change::Same, _) => format!("stayed at {now}, as in {than}"),
            (Change::FromLittle { from, to, is_more }, _) => {
                format!("{} from {from} in {than} to {to}", if *is_more { "rose" } else { "fell" })
            }
            (Change::By(share), Some(previous)) => {
                let verb = if *share < 0.0 { "fell" } else { "rose" };
                let by = number::change(share.abs());
                format!("{verb} {} to {now} from {} in {than}", by.trim_start_matches('+'), written(previous))
            }
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
    }
}
