//! What a plan was compiled of, so that the same plan can be compiled again: by another process,
//! after the files have changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::compile::{Composition, compile};
use crate::plan::Plan;
use crate::schema::fault::SchemaError;
use crate::schema::pointer;
use crate::schema::registry::Registry;

/// The composition and all documents that it refers to.
#[derive(Clone, Debug)]
pub struct PlanSource {
    /// The class and its field groups.
    pub composition: Composition,
    /// The documents, each with its URI, by URI.
    pub documents: Vec<(String, Arc<Value>)>,
}

impl PlanSource {
    /// Compiles the plan again, alone.
    ///
    /// # Errors
    /// As [`compile`]: another version of this crate may refuse what one accepted.
    pub fn compile(&self) -> Result<Plan, SchemaError> {
        let mut registry = Registry::new();
        for (uri, document) in &self.documents {
            registry.add_retrieved(uri, &document.to_string())?;
        }
        compile(&registry, &self.composition)
    }

    pub(crate) fn of(registry: &Registry, composition: &Composition) -> PlanSource {
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = Vec::new();
        let roots = std::iter::once(&composition.class).chain(&composition.groups);
        let found = roots.filter_map(|id| registry.find(id)).map(|site| site.document);
        found.for_each(|document| reach(document, &mut reached, &mut open));
        while let Some(document) = open.pop() {
            let root = &registry.documents()[document].root;
            references(root, &mut String::new(), &mut |reference, at| {
                if let Some(site) = registry.resolve(reference, document, at) {
                    reach(site.document, &mut reached, &mut open);
                }
            });
        }
        let mut documents: Vec<_> = reached
            .into_iter()
            .map(|document| &registry.documents()[document])
            .map(|document| (document.id.clone(), Arc::clone(&document.root)))
            .collect();
        documents.sort_by(|a, b| a.0.cmp(&b.0));
        PlanSource { composition: composition.clone(), documents }
    }
}

fn reach(document: usize, reached: &mut BTreeSet<usize>, open: &mut Vec<usize>) {
    if reached.insert(document) {
        open.push(document);
    }
}

/// Every `$ref` with the pointer to the object that has it. One that is no reference (an example's,
/// say) costs a document more, and nothing else. As deep as JSON is read.
fn references(value: &Value, at: &mut String, found: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found(reference, at);
            }
            for (name, value) in members {
                let length = at.len();
                at.push('/');
                at.push_str(&pointer::escape(name));
                references(value, at, found);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let length = at.len();
                at.push('/');
                at.push_str(&index.to_string());
                references(value, at, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checker, Profile};

    #[test]
    fn a_plan_is_compiled_again_from_what_it_was_compiled_of() {
        let mut registry = Registry::bundled();
        registry.add(r#"{"$id":"https://x.example/unused","type":"object"}"#).expect("a schema");
        let base = r#"{"$id":"https://x.example/dir/base","definitions":{"tier":{"type":"string","enum":["gold"]}}}"#;
        registry.add(base).expect("a schema");
        let group = r##"{"$id":"https://x.example/dir/group","type":"object",
            "properties":{"xdm:tier":{"$ref":"base#/definitions/tier"}}}"##;
        registry.add(group).expect("a schema");
        let mut composition = Composition::contact_event();
        composition.groups.push("https://x.example/dir/group".to_owned());
        let plan = compile(&registry, &composition).expect("compiles");
        let source = plan.source();
        let has = |id: &str| source.documents.iter().any(|(known, _)| known == id);
        assert!(has("https://x.example/dir/base") && !has("https://x.example/unused"));
        let again = source.compile().expect("compiles");
        assert_eq!(again.layout().to_string(), plan.layout().to_string());
        let judge = |plan: Plan, tier: &str| {
            let event = format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","tier":"{tier}"}}"#);
            let mut checker = Checker::new(Arc::new(plan), Profile::spec());
            let _ = checker.judge(event.as_bytes());
            checker.violations().to_vec()
        };
        assert!(judge(source.compile().expect("compiles"), "gold").is_empty());
        let told = judge(again, "tin");
        assert!(!told.is_empty());
        assert_eq!(told, judge(plan, "tin"));
    }
}
