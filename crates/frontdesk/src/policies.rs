//! The schemas that the settings name, given to the datastreams that they judge. Reading
//! and compiling them is `xdm`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use dashboard::CollectedSchema;
use intake::ValidationPolicy;
use report::visible;
use schemas::Corpus;
use xdm::{Composition, Fault, Plan, Plans, PlansRead, Registry, SchemaError};

use crate::failure::Failure;
use crate::settings::Settings;

/// How events are read: those of most datastreams, and those of some.
pub(crate) struct ValidationPolicies {
    /// Of datastreams that have no other.
    pub(crate) default: ValidationPolicy,
    /// By datastream.
    pub(crate) by_datastream: BTreeMap<String, ValidationPolicy>,
    /// What is wrong with the schema files and stops nothing.
    pub(crate) warnings: Vec<Fault>,
    /// Every schema of the files, used or not, and our own.
    registry: Registry,
}

impl ValidationPolicies {
    /// Reads and compiles what the settings name.
    ///
    /// # Errors
    /// A file can't be read, or a schema can't be used; said with its place.
    pub(crate) fn of(settings: &Settings) -> Result<ValidationPolicies, Failure> {
        ValidationPolicies::of_files(settings, &[&settings.schema_files.0])
    }

    /// The same of other files than the settings name. Where several have a schema of one `$id`,
    /// the first list that does counts.
    ///
    /// # Errors
    /// As [`ValidationPolicies::of`].
    pub(crate) fn of_files(settings: &Settings, files: &[&[PathBuf]]) -> Result<ValidationPolicies, Failure> {
        let named = named(settings);
        let read = read(&named, files)?;
        let default_schema = settings.schema.as_deref();
        Ok(ValidationPolicies::with(settings, read, |plans, schema| plans.of(schema.or(default_schema))))
    }

    /// All datastreams by one schema, as strictly as each is read.
    ///
    /// # Errors
    /// As [`ValidationPolicies::of`].
    pub(crate) fn of_schema(
        id: &str,
        settings: &Settings,
        files: &[&[PathBuf]],
    ) -> Result<ValidationPolicies, Failure> {
        let read = read(&BTreeSet::from([id]), files)?;
        Ok(ValidationPolicies::with(settings, read, |plans, _| plans.of(Some(id))))
    }

    fn with(
        settings: &Settings,
        read: PlansRead,
        plan_of: impl for<'p> Fn(&'p Plans, Option<&str>) -> &'p Arc<Plan>,
    ) -> ValidationPolicies {
        let PlansRead { plans, registry, warnings, .. } = read;
        let plan_of = |schema: Option<&str>| Arc::clone(plan_of(&plans, schema));
        let default = ValidationPolicy { plan: plan_of(None), profile: settings.profile.profile() };
        let datastreams = settings.datastreams.0.iter();
        let differing = datastreams.filter(|(_, set)| set.schema.is_some() || set.profile.is_some());
        let by_datastream = differing.map(|(id, set)| {
            let profile = set.profile.unwrap_or(settings.profile).profile();
            (id.clone(), ValidationPolicy { plan: plan_of(set.schema.as_deref()), profile })
        });
        ValidationPolicies { default, by_datastream: by_datastream.collect(), warnings, registry }
    }

    /// The same, once what is wrong with the files and stops nothing is logged.
    pub(crate) fn told(self) -> ValidationPolicies {
        for fault in &self.warnings {
            tracing::warn!("{}", visible(&fault.to_string()));
        }
        self
    }

    /// How events of this datastream are read.
    pub(crate) fn of_datastream(&self, datastream: &str) -> &ValidationPolicy {
        self.by_datastream.get(datastream).unwrap_or(&self.default)
    }
}

/// The schemas that the settings name.
pub(crate) fn named(settings: &Settings) -> BTreeSet<&str> {
    let datastreams = settings.datastreams.0.values();
    datastreams.filter_map(|set| set.schema.as_deref()).chain(settings.schema.as_deref()).collect()
}

/// The schemas that events are judged by, for people to read: that of most datastreams first.
pub(crate) fn collected(settings: &Settings, policies: &ValidationPolicies) -> Vec<CollectedSchema> {
    let datastreams = &settings.datastreams.0;
    let corpus = Corpus::of(policies.registry.clone());
    let default = settings.schema.as_deref();
    let mut by_schema: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::from([(default, Vec::new())]);
    for (id, set) in datastreams.iter().filter(|(_, set)| set.schema.is_some() && set.schema.as_deref() != default) {
        by_schema.entry(set.schema.as_deref()).or_default().push(id.clone());
    }
    let mut schemas: Vec<CollectedSchema> = by_schema
        .into_iter()
        .filter_map(|(schema, datastreams)| {
            let composition = match schema {
                Some(id) => Composition { class: id.to_owned(), groups: Vec::new() },
                None => Composition::contact_event(),
            };
            // All plans have the same columns.
            let outline = schemas::outline(&corpus, &composition, policies.default.plan.layout())?;
            Some(CollectedSchema { outline, datastreams })
        })
        .collect();
    schemas.sort_by_key(|schema| !schema.datastreams.is_empty());
    schemas
}

fn read(named: &BTreeSet<&str>, files: &[&[PathBuf]]) -> Result<PlansRead, Failure> {
    if named.is_empty() && files.iter().all(|files| files.is_empty()) {
        let (plans, registry) = (Plans::standard(), Registry::bundled());
        return Ok(PlansRead { plans, registry, warnings: Vec::new(), superseded: Vec::new() });
    }
    let read = Plans::read(files, named).map_err(unusable)?;
    for file in &read.superseded {
        tracing::debug!(file = %file.display(), "another schema of its $id is used");
    }
    Ok(read)
}

fn unusable(error: SchemaError) -> Failure {
    let lines: Vec<String> = error.lines().iter().map(|line| visible(line).into_owned()).collect();
    let failure = Failure::usage(format_args!("schema_files: {}", lines.join("\n"))).of_lines();
    match error {
        SchemaError::UnknownSchema { .. } => {
            failure.help("name the file or directory that has it in the setting schema_files")
        }
        _ => failure.help("fix the schema, or name only what is one; docs/schemas.md says what a schema may say"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::settings::datastreams::{DatastreamSettings, Datastreams};
    use crate::settings::value::Paths;

    const SHOP: &str = r##"{"$id":"https://shop.example/schemas/contact","type":"object","allOf":[
        {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
        {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
        {"properties":{"https://shop.example/tier":{"type":"string","enum":["gold","silver"]}}}]}"##;

    fn settings(files: &[&Path], schema: &str) -> Settings {
        let set = DatastreamSettings { schema: Some(schema.to_owned()), ..DatastreamSettings::default() };
        Settings {
            schema_files: Paths(files.iter().map(|path| path.to_path_buf()).collect()),
            datastreams: Datastreams(BTreeMap::from([("shop".to_owned(), set)])),
            ..Settings::default()
        }
    }

    #[test]
    fn a_datastream_has_the_schema_of_its_setting() {
        let dir = tempfile::tempdir().expect("a directory");
        let deep = dir.path().join("a/b");
        fs::create_dir_all(&deep).expect("a directory");
        fs::write(deep.join("contact.json"), SHOP).expect("a file");
        fs::write(deep.join("contact.example.json"), "[]").expect("a file");
        fs::write(deep.join("notes.txt"), "{").expect("a file");
        let class = r#"{"$id":"https://ns.adobe.com/xdm/context/experienceevent","type":"string"}"#;
        fs::write(dir.path().join("theirs.json"), class).expect("a file");
        let policies =
            ValidationPolicies::of(&settings(&[dir.path()], "https://shop.example/schemas/contact")).expect("usable");
        let shop = &policies.of_datastream("shop").plan;
        assert!(Arc::ptr_eq(shop.layout(), policies.of_datastream("other").plan.layout()));
        assert!(shop.layout().column("_shop.example.tier").is_some());
        let check = |datastream: &str, expect: bool| {
            let plan = Arc::clone(&policies.of_datastream(datastream).plan);
            let event = br#"{"_id":"1","timestamp":"2026-11-22T14:07:15Z","_shop":{"example":{"tier":"tin"}}}"#;
            let verdict = xdm::Checker::new(plan, xdm::Profile::spec()).judge(event);
            assert_eq!(verdict == xdm::Verdict::Valid, expect, "{datastream}");
        };
        check("shop", false);
        check("other", true);
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_place() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("a file");
            path
        };
        let check = |files: &[&Path], schema: &str, expect: &str| {
            let message = ValidationPolicies::of(&settings(files, schema)).err().map(|failure| failure.to_string());
            assert!(message.as_deref().is_some_and(|text| text.contains(expect)), "{message:?} has no {expect}");
        };
        let good = write("contact.json", SHOP);
        check(&[&good], "https://shop.example/schemas/contacts", "did you mean https://shop.example/schemas/contact?");
        check(&[], "https://elsewhere.example/x", "name the file or directory");
        check(&[&dir.path().join("none.json")], "x", "none.json");
        check(&[&write("broken.txt", "{")], "x", "broken.txt: the schema is not JSON");
        check(&[&write("idless.txt", "{}")], "x", "idless.txt: the schema has no \"$id\"");
        let other = SHOP.replace("gold", "tin");
        check(&[&good, &write("again.txt", &other)], "x", "again.txt: two different schemas have the $id");
        let bare = r#"{"$id":"bare","allOf":[{"$ref":"https://ns.adobe.com/xdm/context/experienceevent"}]}"#;
        check(&[&write("bare.txt", bare)], "bare", "schema bare doesn't declare customerFeedback.");
        let odd = SHOP.replace("\"enum\":[\"gold\",\"silver\"]", "\"if\":{}");
        check(
            &[&write("odd.txt", &odd)],
            "https://shop.example/schemas/contact",
            "odd.txt#/allOf/2/properties/https:~1~1shop.example~1tier/if: the keyword if is not supported",
        );
    }
}
