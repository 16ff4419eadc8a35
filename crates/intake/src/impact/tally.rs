//! What judging came to: counts, and for each rule a few examples.

use std::collections::HashMap;

use xdm::Violation;

/// Most rules that are told apart. An event names rules, and could name very many.
const RULES_MAX: usize = 1_000;
/// Events that are shown for each rule.
const EXAMPLES_MAX: usize = 3;

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Accepted events: `changed` would be rejected.
    pub events: ImpactCounts,
    /// Rejected events: `changed` would be accepted.
    pub rejects: ImpactCounts,
    /// The rules that accepted events would break, the most frequent first.
    pub rules: Vec<ImpactRule>,
    /// Events that break rules beside those that are listed, where there are very many.
    pub other_rules: u64,
}

/// How many were judged, and how that went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImpactCounts {
    /// Judged.
    pub judged: u64,
    /// Judged otherwise than when they came.
    pub changed: u64,
    /// Sealed with another key, without a payload, or longer than an event may be once they are
    /// put together again.
    pub not_judged: u64,
}

/// A rule that accepted events would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImpactRule {
    /// The rule: `$id` of the schema, `#`, and a JSON pointer to the keyword in it.
    pub schema: String,
    /// Its keyword.
    pub keyword: String,
    /// Events that would break it.
    pub events: u64,
    /// Some of them.
    pub examples: Vec<ImpactExample>,
}

/// An event that would break a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImpactExample {
    /// The event's id, as the table has it.
    pub id: String,
    /// Where in the event, in the platform's spelling.
    pub pointer: String,
    /// What is wrong there, with the value masked.
    pub message: String,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    events: ImpactCounts,
    rejects: ImpactCounts,
    rules: HashMap<(String, String), Rule>,
    other_rules: u64,
}

#[derive(Debug, Default)]
struct Rule {
    events: u64,
    /// The number of the event that was counted last: it may break a rule in many places.
    last: u64,
    examples: Vec<ImpactExample>,
}

impl Tally {
    /// An event was judged; it breaks these rules now.
    pub(super) fn event(&mut self, id: &str, broken: &[Violation]) {
        self.events.judged += 1;
        if broken.is_empty() {
            return;
        }
        self.events.changed += 1;
        let this = self.events.judged;
        let mut has_others = false;
        for violation in broken {
            let key = (violation.schema.clone(), violation.keyword.clone());
            if self.rules.len() >= RULES_MAX && !self.rules.contains_key(&key) {
                has_others = true;
                continue;
            }
            let rule = self.rules.entry(key).or_default();
            if rule.last == this {
                continue;
            }
            rule.last = this;
            rule.events += 1;
            if rule.examples.len() < EXAMPLES_MAX {
                let Violation { pointer, message, .. } = violation;
                rule.examples.push(ImpactExample {
                    id: id.to_owned(),
                    pointer: pointer.clone(),
                    message: message.clone(),
                });
            }
        }
        self.other_rules += u64::from(has_others);
    }

    pub(super) fn event_not_judged(&mut self) {
        self.events.not_judged += 1;
    }

    pub(super) fn reject(&mut self, is_accepted: bool) {
        self.rejects.judged += 1;
        self.rejects.changed += u64::from(is_accepted);
    }

    pub(super) fn reject_not_judged(&mut self) {
        self.rejects.not_judged += 1;
    }

    pub(super) fn conclude(self) -> Impact {
        let rules = self.rules.into_iter().map(|((schema, keyword), Rule { events, mut examples, .. })| {
            examples.sort_by(|a, b| a.id.cmp(&b.id));
            ImpactRule { schema, keyword, events, examples }
        });
        let mut rules: Vec<_> = rules.collect();
        rules.sort_by(|a, b| {
            b.events.cmp(&a.events).then_with(|| (&a.schema, &a.keyword).cmp(&(&b.schema, &b.keyword)))
        });
        Impact { events: self.events, rejects: self.rejects, rules, other_rules: self.other_rules }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(schema: &str, keyword: &str) -> Violation {
        let (schema, keyword) = (schema.to_owned(), keyword.to_owned());
        Violation { pointer: "/a".to_owned(), schema, keyword, message: "m".to_owned() }
    }

    #[test]
    fn an_event_counts_once_for_each_rule_and_rules_are_bounded() {
        let mut tally = Tally::default();
        for id in ["e-1", "e-2", "e-3", "e-4"] {
            tally.event(id, &[violation("x#/a", "enum"), violation("x#/a", "enum"), violation("x#/b", "type")]);
        }
        tally.event("e-5", &[]);
        tally.event_not_judged();
        tally.event("e-6", &[violation("x#/b", "type")]);
        for number in 0..=RULES_MAX {
            tally.event("e-7", &[violation(&format!("y#/{number}"), "enum")]);
        }
        let Impact { events, rules, other_rules, .. } = tally.conclude();
        let rows = RULES_MAX as u64 + 1;
        assert_eq!(events, ImpactCounts { judged: 6 + rows, changed: 5 + rows, not_judged: 1 });
        assert_eq!((rules.len(), other_rules), (RULES_MAX, 3));
        let first = &rules[0];
        assert_eq!((first.schema.as_str(), first.keyword.as_str(), first.events), ("x#/b", "type", 5));
        assert_eq!(first.examples.len(), EXAMPLES_MAX);
    }
}
