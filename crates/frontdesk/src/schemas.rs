//! The schemas that the settings name: read from files, compiled, and given to the
//! datastreams that they judge.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use intake::ValidationPolicy;
use xdm::{Composition, Plan, Registry, SchemaError};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::settings::nearest::nearest;

/// Deepest nesting of directories in which schema files are looked for.
const DIRECTORY_DEPTH_MAX: usize = 16;

/// The name of the schema that comes with Frontdesk, in messages.
const OWN_SCHEMA: &str = "of Frontdesk";

/// How events are read: those of most datastreams, and those of some.
pub(crate) struct Readings {
    /// Of datastreams that have no other.
    pub(crate) default: ValidationPolicy,
    /// By datastream.
    pub(crate) by_datastream: BTreeMap<String, ValidationPolicy>,
}

impl Readings {
    /// Reads and compiles what the settings name.
    ///
    /// # Errors
    /// A file can't be read, or a schema can't be used; said with its place.
    pub(crate) fn of(settings: &Settings) -> Result<Readings, Failure> {
        let datastreams = &settings.datastreams.0;
        let named: BTreeSet<&str> =
            datastreams.values().filter_map(|set| set.schema.as_deref()).chain(settings.schema.as_deref()).collect();
        let plans = compile(&named, &settings.schema_files.0)?;
        let plan_of = |schema: Option<&str>| Arc::clone(&plans[schema.unwrap_or_default()]);
        let default_schema = settings.schema.as_deref();
        let default = ValidationPolicy { plan: plan_of(default_schema), profile: settings.profile.profile() };
        let differing = datastreams.iter().filter(|(_, set)| set.schema.is_some() || set.profile.is_some());
        let by_datastream = differing.map(|(id, set)| {
            let plan = plan_of(set.schema.as_deref().or(default_schema));
            let profile = set.profile.unwrap_or(settings.profile).profile();
            (id.clone(), ValidationPolicy { plan, profile })
        });
        Ok(Readings { default, by_datastream: by_datastream.collect() })
    }

    /// How events of this datastream are read.
    pub(crate) fn of_datastream(&self, datastream: &str) -> &ValidationPolicy {
        self.by_datastream.get(datastream).unwrap_or(&self.default)
    }
}

/// Plans by the `$id` of their schema, ours under "". All share their columns, ours first,
/// so that a table keeps its columns whichever schemas come and go.
fn compile(named: &BTreeSet<&str>, files: &[PathBuf]) -> Result<BTreeMap<String, Arc<Plan>>, Failure> {
    if named.is_empty() && files.is_empty() {
        return Ok(BTreeMap::from([(String::new(), xdm::standard_plan())]));
    }
    let registry = read(files)?;
    let mut plans = vec![(OWN_SCHEMA, plan(&registry, &Composition::contact_event())?)];
    for id in named {
        if registry.get(id).is_none() {
            return Err(unknown(id, &registry));
        }
        plans.push((id, plan(&registry, &Composition { class: (*id).to_owned(), groups: Vec::new() })?));
    }
    let united = xdm::unite(plans).map_err(unusable)?;
    let names = std::iter::once("").chain(named.iter().copied());
    Ok(names.map(str::to_owned).zip(united.into_iter().map(Arc::new)).collect())
}

fn plan(registry: &Registry, composition: &Composition) -> Result<Plan, Failure> {
    xdm::compile(registry, composition).map_err(unusable)
}

fn unusable(error: SchemaError) -> Failure {
    Failure::usage(error).help("mend the schema; docs/schemas.md says what a schema may say")
}

fn unknown(id: &str, registry: &Registry) -> Failure {
    let failure = Failure::usage(format_args!("no schema has the $id {id}"));
    match nearest(id, registry.ids()) {
        Some(near) => failure.help(format_args!("did you mean {near}?")),
        None => failure.help("name the file or directory that has it in the setting schema_files"),
    }
}

/// Our schemas, and those of the files and directories.
fn read(paths: &[PathBuf]) -> Result<Registry, Failure> {
    let mut registry = Registry::bundled();
    let own: BTreeSet<String> = registry.ids().map(str::to_owned).collect();
    for path in paths {
        for (file, named) in files_of(path, 0)? {
            let place = |problem: &dyn std::fmt::Display| format!("schema_files: {}: {problem}", file.display());
            let text = fs::read_to_string(&file).map_err(|error| Failure::usage(place(&error)))?;
            match registry.add(&text) {
                Ok(()) => {}
                // Ours say what is personal; the published ones of the same $id don't.
                Err(SchemaError::DuplicateId { id }) if own.contains(&id) => {
                    tracing::debug!(file = %file.display(), schema = id, "comes with Frontdesk; its own is used");
                }
                // Other JSON lies about in a directory, such as examples.
                Err(SchemaError::NoId) if !named => {}
                Err(error) => {
                    return Err(Failure::usage(place(&error)).help("mend the file, or name only what is a schema"));
                }
            }
        }
    }
    Ok(registry)
}

/// The files that a path stands for, each with whether it was named itself.
fn files_of(path: &Path, depth: usize) -> Result<Vec<(PathBuf, bool)>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format_args!("schema_files: cannot read {}: {error}", path.display()))
            .help("name files and directories that this user may read")
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![(path.to_owned(), true)]);
    }
    if depth > DIRECTORY_DEPTH_MAX {
        return Err(Failure::usage(format_args!(
            "schema_files: {} is nested deeper than {DIRECTORY_DEPTH_MAX} directories",
            path.display()
        ))
        .help("name a directory nearer to the files"));
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(unreadable)?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            files.extend(files_of(&entry, depth + 1)?);
        } else if entry.extension().is_some_and(|extension| extension == "json") {
            files.push((entry, false));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
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
        let readings = Readings::of(&settings(&[dir.path()], "https://shop.example/schemas/contact")).expect("usable");
        let shop = &readings.of_datastream("shop").plan;
        assert!(Arc::ptr_eq(shop.layout(), readings.of_datastream("other").plan.layout()));
        assert!(shop.layout().column("_shop.example.tier").is_some());
        let check = |datastream: &str, expect: bool| {
            let plan = Arc::clone(&readings.of_datastream(datastream).plan);
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
            let message = Readings::of(&settings(files, schema)).err().map(|failure| failure.to_string());
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
        let odd = SHOP.replace("\"enum\":[\"gold\",\"silver\"]", "\"not\":{}");
        check(&[&write("odd.txt", &odd)], "https://shop.example/schemas/contact", "not is not supported");
    }
}
