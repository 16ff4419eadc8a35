//! The `jsonschema` crate over the schemas of XDM: what ours is compared with, here and in the benchmark `corpus`.

use serde_json::{Value, json};
use xdm::Registry;

/// A schema that one of XDM's refers to and that isn't in its repository's open part; ours checks nothing there.
pub(crate) const MISSING: &str = "https://ns.adobe.com/experience/analytics-experienceevent";

/// The other validators of these schemas.
pub(crate) struct Peers(jsonschema::Registry<'static>);

impl Peers {
    /// Over all schemas of a registry.
    pub(crate) fn of(registry: &Registry) -> Peers {
        let mut peers = jsonschema::Registry::new();
        for id in registry.ids() {
            peers = peers.add(id, registry.get(id).expect("listed").clone()).expect("a well-formed schema");
        }
        if registry.get(MISSING).is_none() {
            peers = peers.add(MISSING, json!({ "$id": MISSING })).expect("a schema");
        }
        Peers(peers.prepare().expect("the schemas resolve"))
    }

    /// The other validator of a schema, formats checked.
    pub(crate) fn validator(&self, schema: &Value) -> jsonschema::Validator {
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft6)
            .should_validate_formats(true)
            .with_registry(&self.0)
            .build(schema)
            .expect("the schema compiles")
    }
}
