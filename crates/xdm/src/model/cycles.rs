//! References that lead back to where they began without a value in between
//! (`a` is a `b`, and `b` is an `a`), and rules that are nested too deep to be followed.
//!
//! A schema that refers to itself below a property is no such cycle: each step takes a
//! part of the value, and values end.

use std::collections::HashSet;

use super::{Applies, Body, Model, SchemaId};
use crate::limits::IN_PLACE_DEPTH_MAX;
use crate::schema::fault::{Fault, FaultCode};

/// Most steps of a cycle that a fault names.
const STEPS_TOLD_MAX: usize = 8;

/// What is known of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way that is being followed.
    Open,
    Done,
}

/// Finds all cycles and all rules that are nested too deep, reports each once, and takes away
/// the rules of a schema on it, so that the model can be followed to its ends.
pub(super) fn break_up(model: &mut Model) -> Vec<Fault> {
    let marks = vec![Mark::New; model.schemas.len()];
    let mut search =
        Search { model, marks, way: Vec::new(), finished: Vec::new(), faults: Vec::new(), endless: HashSet::new() };
    for id in 0..search.model.schemas.len() {
        search.follow(SchemaId::try_from(id).unwrap_or(SchemaId::MAX));
    }
    search.measure();
    let Search { faults, endless, .. } = search;
    for id in endless {
        model.schemas[id as usize].body = Body::Rules(Box::default());
    }
    faults
}

/// A schema on the way, and the schemas in place below it that are still to be followed.
struct Step {
    id: SchemaId,
    rest: Vec<SchemaId>,
}

struct Search<'m> {
    model: &'m Model,
    marks: Vec<Mark>,
    /// From the first schema to this one. Not on the stack of the program, which schemas may be
    /// nested deeper than.
    way: Vec<Step>,
    /// Schemas in the order in which all below them was followed.
    finished: Vec<SchemaId>,
    faults: Vec<Fault>,
    /// Schemas whose rules are taken away.
    endless: HashSet<SchemaId>,
}

impl Search<'_> {
    /// Follows a schema to all ends.
    fn follow(&mut self, id: SchemaId) {
        if self.marks[id as usize] == Mark::New {
            self.enter(id);
        }
        while let Some(step) = self.way.last_mut() {
            match step.rest.pop() {
                Some(child) => match self.marks[child as usize] {
                    Mark::Done => {}
                    Mark::Open => self.cycle(child),
                    Mark::New => self.enter(child),
                },
                None => {
                    self.marks[step.id as usize] = Mark::Done;
                    self.finished.push(step.id);
                    self.way.pop();
                }
            }
        }
    }

    fn enter(&mut self, id: SchemaId) {
        self.marks[id as usize] = Mark::Open;
        let mut rest = self.in_place(id);
        rest.reverse();
        self.way.push(Step { id, rest });
    }

    fn in_place(&self, id: SchemaId) -> Vec<SchemaId> {
        let mut below = Vec::new();
        for rule in self.model.rules(id) {
            rule.subschemas(&mut |child, applies| {
                if applies == Applies::InPlace {
                    below.push(child);
                }
            });
        }
        below
    }

    /// Each cycle has a reference back to a schema on the way. Without the rules of those there
    /// is no cycle left.
    fn cycle(&mut self, id: SchemaId) {
        if !self.endless.insert(id) {
            return;
        }
        let begin = self.way.iter().position(|step| step.id == id).unwrap_or(0);
        let ring = &self.way[begin..];
        let mut way: Vec<String> = ring.iter().take(STEPS_TOLD_MAX).map(|step| self.model.location(step.id)).collect();
        if ring.len() > STEPS_TOLD_MAX {
            way.push("…".to_owned());
        }
        way.push(self.model.location(id));
        let message = format!("the schema refers to itself: {}; take one of these references out", way.join(" → "));
        let (file, pointer) = self.model.place(id);
        self.faults.push(Fault { code: FaultCode::Cycle, file, pointer, message });
    }

    /// Measures how deep rules go, those below first, and takes away what passes the limit.
    fn measure(&mut self) {
        let mut depths = vec![0; self.model.schemas.len()];
        for id in std::mem::take(&mut self.finished) {
            if self.endless.contains(&id) {
                continue;
            }
            let below = self.in_place(id).into_iter().map(|child| depths[child as usize]).max().unwrap_or(0);
            if below >= IN_PLACE_DEPTH_MAX {
                self.too_deep(id);
            } else {
                depths[id as usize] = below + 1;
            }
        }
    }

    fn too_deep(&mut self, id: SchemaId) {
        let (file, pointer) = self.model.place(id);
        let message = format!("rules for one value are nested deeper than {IN_PLACE_DEPTH_MAX}; flatten them");
        self.faults.push(Fault { code: FaultCode::Limit, file, pointer, message });
        self.endless.insert(id);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extent, build};
    use crate::schema::fault::FaultCode;
    use crate::schema::registry::Registry;

    fn check(schema: &str, expect: &[(FaultCode, &str)]) {
        let mut registry = Registry::new();
        registry.add_retrieved("https://x.example/a", schema).expect("a document");
        let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Whole);
        let told: Vec<(FaultCode, &str)> = faults.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
        assert_eq!(told, expect, "{schema}");
    }

    #[test]
    fn only_references_without_a_value_in_between_are_cycles() {
        check(r##"{"$ref":"#"}"##, &[(FaultCode::Cycle, "")]);
        check(
            r##"{"definitions":{"a":{"allOf":[{"$ref":"#/definitions/b"}]},"b":{"not":{"$ref":"#/definitions/a"}}},
                "anyOf":[{"$ref":"#/definitions/a"}]}"##,
            &[(FaultCode::Cycle, "/definitions/a")],
        );
        check(r##"{"properties":{"a":{"$ref":"#"}},"items":{"$ref":"#"}}"##, &[]);
        check(
            r##"{"definitions":{"a":{"type":"string"}},"allOf":[{"$ref":"#/definitions/a"},{"$ref":"#/definitions/a"}]}"##,
            &[],
        );
    }

    #[test]
    fn rules_are_followed_to_a_depth() {
        let chain = |length: usize| {
            let links = (0..length).map(|at| format!(r##""d{at}":{{"$ref":"#/definitions/d{}"}}"##, at + 1));
            let links: Vec<String> = links.collect();
            format!(r##"{{"definitions":{{{},"d{length}":{{}}}},"$ref":"#/definitions/d0"}}"##, links.join(","))
        };
        check(&chain(20), &[]);
        let mut registry = Registry::new();
        registry.add_retrieved("https://x.example/a", &chain(2000)).expect("a document");
        let (_, _, faults) = build(&registry, &[registry.root(0)], Extent::Whole);
        assert!(faults.iter().all(|fault| fault.code == FaultCode::Limit) && !faults.is_empty());
    }

    /// Checked on a thread whose stack is as small as any that events are checked on.
    fn on_a_small_stack(schema: String, value: String, expect: fn(&[String]) -> bool) {
        let check = move || {
            let mut registry = Registry::new();
            registry.add_retrieved("https://x.example/a", &schema).expect("a document");
            let told = crate::Validator::of(&registry).check("https://x.example/a", &value).expect("a schema");
            let told: Vec<String> = told.into_iter().map(|told| told.keyword).collect();
            assert!(expect(&told), "{told:?}");
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(check).expect("a thread").join().expect("it ends");
    }

    #[test]
    fn long_chains_and_rings_end() {
        let links = |length: usize, last: &str, order: &dyn Fn(usize) -> usize| {
            let link = |at: usize| format!(r##""d{at:06}":{{"$ref":"#/definitions/d{:06}"}}"##, order(at));
            let links: Vec<String> = (0..length).map(link).collect();
            format!(r##"{{"definitions":{{{},{last}}},"$ref":"#/definitions/d000000"}}"##, links.join(","))
        };
        on_a_small_stack(links(50_000, r#""d050000":{"type":"null"}"#, &|at| at + 1), "1".to_owned(), |_| true);
        on_a_small_stack(links(50_000, r#""x":{}"#, &|at| (at + 1) % 50_000), "1".to_owned(), |_| true);
        on_a_small_stack(links(50_000, r#""x":{}"#, &|at| (at + 49_999) % 50_000), "1".to_owned(), |_| true);
        let nested = format!(
            r##"{{"definitions":{{"w":{}{{"items":{{"$ref":"#"}}}}{}}},"$ref":"#/definitions/w"}}"##,
            r#"{"allOf":["#.repeat(50),
            "]}".repeat(50)
        );
        let value = format!("{}{}", "[".repeat(64), "]".repeat(64));
        on_a_small_stack(nested, value, |told| told == ["limit"]);
    }

    #[test]
    fn rules_that_lead_to_one_schema_on_many_ways_are_checked_once() {
        let diamonds = |keyword: &str, last: &str| {
            let link = |at: usize| {
                format!(
                    r##""d{at}":{{"{keyword}":[{{"$ref":"#/definitions/d{0}"}},{{"$ref":"#/definitions/d{0}"}}]}}"##,
                    at + 1
                )
            };
            let links: Vec<String> = (0..40).map(link).collect();
            format!(r##"{{"definitions":{{{},"d40":{last}}},"$ref":"#/definitions/d0"}}"##, links.join(","))
        };
        let text = r#"{"type":"string"}"#;
        on_a_small_stack(diamonds("allOf", text), "1".to_owned(), |told| told == ["type"]);
        on_a_small_stack(diamonds("anyOf", text), "1".to_owned(), |told| told == ["anyOf"]);
        on_a_small_stack(diamonds("oneOf", text), "1".to_owned(), |told| told == ["oneOf"]);
        let tree = r##"{"anyOf":[{"type":"integer"},{"properties":{"a":{"$ref":"#"}},"required":["b"]},{"properties":{"a":{"$ref":"#"}},"required":["c"]}]}"##;
        let value = format!("{}1{}", r#"{"a":"#.repeat(63), "}".repeat(63));
        on_a_small_stack(tree.to_owned(), value, |told| told == ["anyOf"]);
    }
}
