//! References that lead back to where they began without a value in between
//! (`a` is a `b`, and `b` is an `a`), and rules that are nested too deep to be followed.
//!
//! A schema that refers to itself below a property is no such cycle: each step takes a
//! part of the value, and values end.

use super::{Applies, Body, Model, SchemaId};
use crate::limits::IN_PLACE_DEPTH_MAX;
use crate::schema::fault::{Fault, FaultCode};

/// What is known of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way that is being followed.
    Open,
    Done,
}

/// Finds all cycles, reports each once, and takes away the rules of a schema on it, so that
/// the model can be followed to its ends.
pub(super) fn break_up(model: &mut Model) -> Vec<Fault> {
    let (faults, endless) = find(model);
    for id in endless {
        model.schemas[id as usize].body = Body::Rules(Box::default());
    }
    faults
}

fn find(model: &Model) -> (Vec<Fault>, Vec<SchemaId>) {
    let (marks, depths) = (vec![Mark::New; model.schemas.len()], vec![0; model.schemas.len()]);
    let mut search = Search { model, marks, depths, way: Vec::new(), faults: Vec::new(), endless: Vec::new() };
    for id in 0..model.schemas.len() {
        search.follow(SchemaId::try_from(id).unwrap_or(SchemaId::MAX));
    }
    (search.faults, search.endless)
}

struct Search<'m> {
    model: &'m Model,
    marks: Vec<Mark>,
    /// Rules in place below a schema that is done, itself included.
    depths: Vec<usize>,
    /// From the first schema to this one.
    way: Vec<SchemaId>,
    faults: Vec<Fault>,
    /// Schemas whose rules are taken away.
    endless: Vec<SchemaId>,
}

impl Search<'_> {
    /// Follows a schema; gives how deep its rules go.
    fn follow(&mut self, id: SchemaId) -> usize {
        match self.marks[id as usize] {
            Mark::Done => return self.depths[id as usize],
            Mark::Open => {
                self.cycle(id);
                return 0;
            }
            Mark::New => {}
        }
        if self.way.len() > IN_PLACE_DEPTH_MAX {
            return 0;
        }
        self.marks[id as usize] = Mark::Open;
        self.way.push(id);
        let mut next = Vec::new();
        for rule in self.model.rules(id) {
            rule.subschemas(&mut |child, applies| {
                if applies == Applies::InPlace {
                    next.push(child);
                }
            });
        }
        let depth = 1 + next.into_iter().map(|child| self.follow(child)).max().unwrap_or(0);
        self.way.pop();
        self.marks[id as usize] = Mark::Done;
        self.depths[id as usize] = depth;
        if depth == IN_PLACE_DEPTH_MAX + 1 {
            self.too_deep(id);
        }
        depth
    }

    fn cycle(&mut self, id: SchemaId) {
        let begin = self.way.iter().position(|known| *known == id).unwrap_or(0);
        let way = self.way[begin..].iter().chain([&id]).map(|step| self.model.location(*step));
        let way: Vec<String> = way.collect();
        let message = format!("the schema refers to itself: {}; take one of these references out", way.join(" → "));
        let (file, pointer) = self.model.place(id);
        self.faults.push(Fault { code: FaultCode::Cycle, file, pointer, message });
        self.endless.push(id);
    }

    fn too_deep(&mut self, id: SchemaId) {
        let (file, pointer) = self.model.place(id);
        let message = format!("rules for one value are nested deeper than {IN_PLACE_DEPTH_MAX}; flatten them");
        self.faults.push(Fault { code: FaultCode::Limit, file, pointer, message });
        self.endless.push(id);
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
}
