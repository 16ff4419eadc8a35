//! The plans of several schemas whose events lie in one table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::compile::{Composition, compile};
use crate::edits::distance;
use crate::plan::Plan;
use crate::schema::fault::{Fault, Faults, SchemaError};
use crate::schema::registry::Registry;
use crate::union::unite;

/// The name of the schema that comes with Frontdesk, in messages.
const OWN_SCHEMA: &str = "of Frontdesk";
/// Most edits between an unknown `$id` and the one that is suggested, as a share of its length.
const EDITS_SHARE: usize = 3;

/// Plans by the `$id` of their schema. All share their columns, those of the contact event
/// first, so that a table keeps its columns whichever schemas come and go.
#[derive(Clone, Debug)]
pub struct Plans {
    contact_event: Arc<Plan>,
    by_id: BTreeMap<String, Arc<Plan>>,
}

impl Plans {
    /// Only the plan of the contact event.
    pub fn standard() -> Plans {
        Plans { contact_event: crate::standard_plan(), by_id: BTreeMap::new() }
    }

    /// Compiles the contact event and these schemas.
    ///
    /// # Errors
    /// A schema is unknown or can't be used, or two of them disagree about a column.
    pub fn compile(registry: &Registry, ids: &BTreeSet<&str>) -> Result<Plans, SchemaError> {
        let mut plans = vec![(OWN_SCHEMA, compile(registry, &Composition::contact_event())?)];
        let mut faults: Vec<Fault> = Vec::new();
        for id in ids {
            if registry.get(id).is_none() {
                return Err(unknown(id, registry));
            }
            match compile(registry, &Composition { class: (*id).to_owned(), groups: Vec::new() }) {
                Ok(plan) => plans.push((id, plan)),
                // Those of all schemas at once, each once.
                Err(SchemaError::Faults(Faults(more))) => {
                    let new: Vec<Fault> = more.into_iter().filter(|fault| !faults.contains(fault)).collect();
                    faults.extend(new);
                }
                Err(other) => return Err(other),
            }
        }
        if !faults.is_empty() {
            return Err(SchemaError::Faults(Faults(faults)));
        }
        let mut united = unite(plans)?.into_iter().map(Arc::new);
        let contact_event = united.next().unwrap_or_else(crate::standard_plan);
        let by_id = ids.iter().map(|id| (*id).to_owned()).zip(united).collect();
        Ok(Plans { contact_event, by_id })
    }

    /// The plan of a schema; that of the contact event for a schema that wasn't named.
    pub fn of(&self, id: Option<&str>) -> &Arc<Plan> {
        id.and_then(|id| self.by_id.get(id)).unwrap_or(&self.contact_event)
    }

    /// All plans.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Plan>> {
        std::iter::once(&self.contact_event).chain(self.by_id.values())
    }
}

fn unknown(id: &str, registry: &Registry) -> SchemaError {
    let near = registry
        .ids()
        .map(|known| (distance(id, known), known))
        .filter(|(edits, known)| edits * EDITS_SHARE <= id.len().max(known.len()))
        .min();
    SchemaError::UnknownSchema { id: id.to_owned(), nearest: near.map(|(_, near)| near.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = r##"{"$id":"https://shop.example/schemas/contact","type":"object","allOf":[
        {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
        {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
        {"properties":{"https://shop.example/tier":{"type":"string","enum":["gold","silver"]}}}]}"##;

    #[test]
    fn all_plans_share_their_columns() {
        let mut registry = Registry::bundled();
        registry.add(SHOP).expect("a schema");
        let id = "https://shop.example/schemas/contact";
        let plans = Plans::compile(&registry, &BTreeSet::from([id])).expect("usable");
        let shop = plans.of(Some(id));
        assert!(Arc::ptr_eq(shop.layout(), plans.of(None).layout()) && !Arc::ptr_eq(shop, plans.of(None)));
        assert!(shop.layout().column("_shop.example.tier").is_some());
        assert_eq!(plans.iter().count(), 2);
        let of_none = plans.of(Some("https://shop.example/none"));
        assert!(Arc::ptr_eq(of_none, plans.of(None)));
    }

    #[test]
    fn an_unknown_schema_is_told_with_the_nearest_one() {
        let mut registry = Registry::bundled();
        registry.add(SHOP).expect("a schema");
        let check = |id: &str, expect: &str| {
            let error = Plans::compile(&registry, &BTreeSet::from([id])).expect_err("unknown").to_string();
            assert!(error.contains(expect), "{error}");
        };
        check("https://shop.example/schemas/contacts", "did you mean https://shop.example/schemas/contact?");
        check("x", "no schema has the $id x; load the file that has it");
    }
}
