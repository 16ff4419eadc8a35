//! The schemas by which everything that waits in the journal was judged, kept beside it.
//!
//! An event that was acknowledged as accepted must not be rejected because somebody has changed a
//! schema before it came into the table. A record doesn't name its schema; instead there is one rule:
//! **records that aren't drained were all judged by the set of schemas that `schemas/current` names.**
//! Who wants others in force first drains the journal by the kept ones, while no request is judged,
//! then writes the new set, and only then lets requests be judged by it. So there is nothing to
//! decide for each record, and no layout that must hold columns of two sets at once, which may
//! contradict each other. A crash at any step leaves the old set with what it judged, or the new one
//! with nothing judged yet.
//!
//! A set is a file of its own under its hash, `schemas/HASH.json`: compositions and documents, enough
//! to compile them anew after their files have changed or gone. It is written and synced before
//! `current` is replaced; of those that aren't current any more the newest few are kept, for people.
//!
//! What it can't promise: another version of Frontdesk may compile the same documents to other
//! verdicts. Records that come again after a table lost its newest version, and those in quarantine, are
//! judged by the set that is current then.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use xdm::{Composition, Plan, PlanSource, Registry, SchemaError, compile, unite};
use xxhash_rust::xxh3::xxh3_128;

use crate::data_dir::{make_data_dir, sync_dir};
use crate::policy::{Policies, ValidationPolicy};

const DIRECTORY: &str = "schemas";
const CURRENT: &str = "current";
/// Sets that are kept, the current one included.
const SETS_MAX: usize = 8;
/// Longest file of a set, in bytes: several times what documents of all schemas of XDM take.
const SET_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A set of schemas: that of each datastream, as text.
pub(crate) struct SchemaSet {
    text: String,
    hash: String,
}

/// What is kept in a data directory.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Nothing: the directory is new, or a version worked in it that kept none.
    Nothing,
    /// The very same set.
    Same,
    /// Another one.
    Other(Box<KeptSet>),
    /// Something that can't be read; why.
    Unreadable(String),
}

/// A set that was kept.
#[derive(Debug)]
pub(crate) struct KeptSet(Value);

impl SchemaSet {
    pub(crate) fn of(policies: &Policies) -> SchemaSet {
        let place = |plan: &Arc<Plan>, plans: &mut Vec<Arc<Plan>>| {
            plans.iter().position(|known| Arc::ptr_eq(known, plan)).unwrap_or_else(|| {
                plans.push(Arc::clone(plan));
                plans.len() - 1
            })
        };
        let mut known = Vec::new();
        let default = place(&policies.default.plan, &mut known);
        let datastreams: Map<String, Value> = policies
            .by_datastream
            .iter()
            .map(|(name, policy)| (name.clone(), Value::from(place(&policy.plan, &mut known))))
            .collect();
        let texts = |plan: &Arc<Plan>| -> Vec<(String, String)> {
            plan.source().documents.iter().map(|(uri, document)| (uri.clone(), document.to_string())).collect()
        };
        let texts: Vec<Vec<(String, String)>> = known.iter().map(texts).collect();
        let mut documents: BTreeMap<&(String, String), usize> = BTreeMap::new();
        documents.extend(texts.iter().flatten().map(|document| (document, 0)));
        documents.values_mut().enumerate().for_each(|(number, at)| *at = number);
        let plans = known.iter().zip(&texts).map(|(plan, texts)| {
            let Composition { class, groups } = &plan.source().composition;
            let of = texts.iter().map(|document| documents[document]).collect::<Vec<_>>();
            json!({"class": class, "groups": groups, "documents": of})
        });
        let plans = plans.collect::<Vec<_>>();
        let documents: Vec<Value> = documents.keys().map(|(uri, text)| json!([uri, text])).collect();
        let set = json!({"version": 1, "default": default, "datastreams": datastreams, "plans": plans, "documents": documents});
        let text = set.to_string();
        SchemaSet { hash: format!("{:032x}", xxh3_128(text.as_bytes())), text }
    }

    /// What the data directory keeps, compared with this set.
    pub(crate) fn compare(&self, data: &Path) -> io::Result<Kept> {
        let directory = data.join(DIRECTORY);
        let current = match fs::read_to_string(directory.join(CURRENT)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::Nothing),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(error),
        };
        let hash = current.trim_end();
        if hash == self.hash {
            return Ok(Kept::Same);
        }
        if hash.len() != self.hash.len() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Kept::Unreadable(format!("schemas/{CURRENT} names no set of schemas")));
        }
        let name = format!("schemas/{hash}.json");
        let unreadable = |why: &dyn std::fmt::Display| Kept::Unreadable(format!("{name}: {why}"));
        let path = directory.join(format!("{hash}.json"));
        match fs::metadata(&path) {
            Ok(about) if about.len() > SET_BYTES_MAX => {
                return Ok(unreadable(&"it is longer than any that is written"));
            }
            _ => {}
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return Ok(unreadable(&error)),
        };
        if format!("{:032x}", xxh3_128(text.as_bytes())) != hash {
            return Ok(unreadable(&"its content is not what its name says"));
        }
        Ok(match serde_json::from_str(&text) {
            Ok(set) => Kept::Other(Box::new(KeptSet(set))),
            Err(error) => unreadable(&error),
        })
    }

    /// Makes this set the current one, durably: what is judged from now on is judged by it. Nothing may
    /// wait in the journal.
    pub(crate) fn keep(&self, data: &Path) -> io::Result<()> {
        let directory = data.join(DIRECTORY);
        make_data_dir(&directory)?;
        let put = |name: &str, text: &str| {
            let draft = directory.join(format!("{name}.tmp"));
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, directory.join(name))?;
            sync_dir(&directory)
        };
        put(&format!("{}.json", self.hash), &self.text)?;
        put(CURRENT, &format!("{}\n", self.hash))?;
        forget_old(&directory, &self.hash);
        Ok(())
    }
}

/// Deletes all but the newest sets. One that stays longer does no harm.
fn forget_old(directory: &Path, current: &str) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let is_set = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        path.extension().is_some_and(|extension| extension == "json") && stem != current
    };
    let mut sets: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(is_set)
        .filter_map(|path| Some((fs::metadata(&path).and_then(|about| about.modified()).ok()?, path)))
        .collect();
    sets.sort();
    let surplus = (sets.len() + 1).saturating_sub(SETS_MAX);
    sets.iter().take(surplus).for_each(|(_, path)| drop(fs::remove_file(path)));
}

impl KeptSet {
    /// Compiles the set again. How strictly events are read is in their records; `today` says it for
    /// those that don't have it.
    ///
    /// # Errors
    /// Why this version can't.
    pub(crate) fn compile(&self, today: &Policies) -> Result<Policies, String> {
        let odd = || "it is not a set of schemas that this version writes".to_owned();
        let set = &self.0;
        if set["version"] != 1 {
            return Err(odd());
        }
        let documents = set["documents"].as_array().ok_or_else(odd)?;
        let document = |at: &Value| -> Option<(String, Arc<Value>)> {
            let pair = documents.get(usize::try_from(at.as_u64()?).ok()?)?;
            Some((pair[0].as_str()?.to_owned(), Arc::new(serde_json::from_str(pair[1].as_str()?).ok()?)))
        };
        let source = |plan: &Value| -> Option<PlanSource> {
            let groups = plan["groups"].as_array()?.iter().map(|group| group.as_str().map(str::to_owned));
            Some(PlanSource {
                composition: Composition {
                    class: plan["class"].as_str()?.to_owned(),
                    groups: groups.collect::<Option<_>>()?,
                },
                documents: plan["documents"].as_array()?.iter().map(document).collect::<Option<_>>()?,
            })
        };
        let said = |error: SchemaError| error.to_string();
        // The columns begin with ours, as ever.
        let own = compile(&Registry::bundled(), &Composition::contact_event()).map_err(said)?;
        let mut plans = vec![("of Frontdesk".to_owned(), own)];
        for plan in set["plans"].as_array().ok_or_else(odd)? {
            let source = source(plan).ok_or_else(odd)?;
            plans.push((source.composition.class.clone(), source.compile().map_err(said)?));
        }
        let named = plans.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let named = named.iter().map(String::as_str).zip(plans.into_iter().map(|(_, plan)| plan));
        let united: Vec<Arc<Plan>> = unite(named.collect()).map_err(said)?.into_iter().skip(1).map(Arc::new).collect();
        let policy = |at: &Value, profile| -> Result<ValidationPolicy, String> {
            let at = at.as_u64().and_then(|at| usize::try_from(at).ok());
            let plan = at.and_then(|at| united.get(at)).ok_or_else(odd)?;
            Ok(ValidationPolicy { plan: Arc::clone(plan), profile })
        };
        let default = policy(&set["default"], today.default.profile)?;
        let by_datastream = set["datastreams"].as_object().ok_or_else(odd)?;
        let by_datastream = by_datastream
            .iter()
            .map(|(name, at)| Ok((name.clone(), policy(at, today.of(name).profile)?)))
            .collect::<Result<_, String>>()?;
        Ok(Policies { default, by_datastream })
    }
}

#[cfg(test)]
mod tests {
    use xdm::{Plans, Profile};

    use super::*;

    fn policies(tiers: &str) -> Policies {
        let mut registry = Registry::bundled();
        let text = format!(
            r#"{{"$id":"https://shop.example/contact","type":"object","allOf":[
                {{"$ref":"https://ns.adobe.com/xdm/context/experienceevent"}},
                {{"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"}},
                {{"properties":{{"xdm:tier":{{"type":"string","enum":{tiers}}}}}}}]}}"#
        );
        registry.add(&text).expect("a schema");
        let id = "https://shop.example/contact";
        let plans = Plans::compile(&registry, &std::collections::BTreeSet::from([id])).expect("usable");
        let policy = |id| ValidationPolicy { plan: Arc::clone(plans.of(id)), profile: Profile::spec() };
        Policies { default: policy(None), by_datastream: BTreeMap::from([("shop".to_owned(), policy(Some(id)))]) }
    }

    #[test]
    fn what_was_kept_is_compiled_again_and_judges_alike() {
        let dir = tempfile::tempdir().expect("a directory");
        let (gold, tin) = (policies(r#"["gold"]"#), policies(r#"["tin"]"#));
        let (old, new) = (SchemaSet::of(&gold), SchemaSet::of(&tin));
        assert!(matches!(old.compare(dir.path()), Ok(Kept::Nothing)));
        old.keep(dir.path()).expect("kept");
        assert!(matches!(old.compare(dir.path()), Ok(Kept::Same)));
        assert!(matches!(SchemaSet::of(&policies(r#"["gold"]"#)).compare(dir.path()), Ok(Kept::Same)));
        let Ok(Kept::Other(kept)) = new.compare(dir.path()) else { panic!("another set") };
        let again = kept.compile(&tin).expect("compiles");
        assert_eq!(again.find_foreign_layout(), None);
        assert_eq!(again.of("shop").plan.layout().to_string(), gold.of("shop").plan.layout().to_string());
        let check = |policies: &Policies, datastream: &str, tier: &str, expect: bool| {
            let event = format!(r#"{{"_id":"1","timestamp":"2026-11-22T14:07:15Z","tier":"{tier}"}}"#);
            let verdict = policies.of(datastream).checker().judge(event.as_bytes());
            assert_eq!(verdict == xdm::Verdict::Valid, expect, "{datastream} {tier}");
        };
        check(&again, "shop", "gold", true);
        check(&again, "shop", "tin", false);
        check(&again, "other", "tin", true);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let (old, new) = (SchemaSet::of(&policies(r#"["gold"]"#)), SchemaSet::of(&policies(r#"["tin"]"#)));
        let check = |expect: &str| match new.compare(dir.path()) {
            Ok(Kept::Unreadable(why)) => assert!(why.contains(expect), "{why}"),
            other => panic!("{other:?}"),
        };
        old.keep(dir.path()).expect("kept");
        let set = dir.path().join(format!("schemas/{}.json", old.hash));
        fs::write(&set, "{}").expect("written");
        check("its content is not what its name says");
        fs::remove_file(&set).expect("removed");
        check("No such file");
        fs::write(dir.path().join("schemas/current"), "../../etc/passwd\n").expect("written");
        check("names no set of schemas");
    }

    #[test]
    fn old_sets_go() {
        let dir = tempfile::tempdir().expect("a directory");
        for number in 0..SETS_MAX + 3 {
            SchemaSet::of(&policies(&format!(r#"["t{number}"]"#))).keep(dir.path()).expect("kept");
        }
        let sets = fs::read_dir(dir.path().join(DIRECTORY)).expect("there");
        let sets = sets.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some()));
        assert_eq!(sets.count(), SETS_MAX);
        let last = SchemaSet::of(&policies(&format!(r#"["t{}"]"#, SETS_MAX + 2)));
        assert!(matches!(last.compare(dir.path()), Ok(Kept::Same)));
    }
}
