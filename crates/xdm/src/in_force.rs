//! Schemas in force among files: every fault of the files is told, and those stop that something in
//! force depends on.
//!
//! Whether something does is known once the plans are compiled. Where they are, a file that can't be
//! read, or a rule that is at fault, took no part in it; the exceptions are a file that was named
//! itself, which is a schema by that, and one that has an `$id` of a schema in force: which of the two
//! is meant is anybody's guess.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::limits::{FAULTS_TOLD_MAX, MESSAGE_BYTES_MAX, POINTER_BYTES_MAX};
use crate::plans::Plans;
use crate::schema::fault::{Fault, FaultCode, Faults, SchemaError, Severity};
use crate::schema::registry::Registry;
use crate::validate::Validator;
use crate::violation::cut;

/// What is added to an error that stops nothing.
const UNUSED: &str = "; nothing in force depends on it";

/// Plans, and what is odd about the files that their schemas came from.
#[derive(Debug)]
pub struct PlansRead {
    /// The plans.
    pub plans: Plans,
    /// All schemas of the files, and those that come with this crate.
    pub registry: Registry,
    /// Faults that stop nothing, at most [`FAULTS_TOLD_MAX`] and one more that says how many others
    /// there are. Errors, on which nothing in force depends, come first, and say so.
    pub warnings: Vec<Fault>,
    /// Files that were passed over, since another schema of their `$id` goes before them.
    pub superseded: Vec<PathBuf>,
}

impl Plans {
    /// Reads lists of files and directories and compiles the contact event and these schemas. Where
    /// several have a schema of one `$id`, the first list that does counts.
    ///
    /// # Errors
    /// As [`Plans::compile`], and the faults of files on which something that is to be in force
    /// depends, or may depend.
    pub fn read(lists: &[&[PathBuf]], ids: &BTreeSet<&str>) -> Result<PlansRead, SchemaError> {
        let mut registry = Registry::bundled();
        let (mut superseded, mut faults) = (Vec::new(), Vec::new());
        for list in lists {
            let (passed_over, errors) = registry.read_usable(list);
            superseded.extend(passed_over);
            faults.extend(errors);
        }
        let plans = match Plans::compile(&registry, ids) {
            Ok(plans) => plans,
            Err(cause) => return Err(with_files(faults, cause)),
        };
        let named: BTreeSet<String> = lists.concat().iter().map(|path| path.display().to_string()).collect();
        let used: BTreeSet<&str> =
            plans.iter().flat_map(|plan| &plan.source().documents).map(|(id, _)| id.as_str()).collect();
        let (errors, unused): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| {
            let is_rival = || registry.rivals(&fault.file).any(|id| used.contains(id));
            named.contains(&fault.file) || (fault.code == FaultCode::DuplicateId && is_rival())
        });
        if !errors.is_empty() {
            return Err(SchemaError::Faults(bounded(errors)));
        }
        let validator = Validator::of(&registry);
        // Those of the plans are among these, unless there are very many.
        let others = plans.iter().flat_map(|plan| plan.warnings()).chain(validator.faults());
        let mut warnings = unused;
        let mut known: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for fault in others {
            if known.insert((&fault.file, &fault.pointer, &fault.message)) {
                warnings.push(fault.clone());
            }
        }
        warnings.sort_by_key(Fault::severity);
        for fault in warnings.iter_mut().filter(|fault| fault.severity() == Severity::Error) {
            fault.message.push_str(UNUSED);
        }
        let Faults(warnings) = bounded(warnings);
        Ok(PlansRead { plans, registry, warnings, superseded })
    }
}

/// What keeps schemas from being used, and what is wrong with the files, which may be why.
fn with_files(mut faults: Vec<Fault>, cause: SchemaError) -> SchemaError {
    match cause {
        SchemaError::Faults(Faults(more)) => {
            faults.extend(more);
            SchemaError::Faults(bounded(faults))
        }
        cause if faults.is_empty() => cause,
        cause => SchemaError::Files { faults: bounded(faults), cause: Box::new(cause) },
    }
}

/// As many as are told, and how many others there are.
fn bounded(mut faults: Vec<Fault>) -> Faults {
    let omitted = faults.len().saturating_sub(FAULTS_TOLD_MAX);
    faults.truncate(FAULTS_TOLD_MAX);
    // A name in a schema may be as long as the file.
    for fault in &mut faults {
        cut(&mut fault.pointer, POINTER_BYTES_MAX);
        cut(&mut fault.message, MESSAGE_BYTES_MAX);
    }
    if let Some(Fault { file, .. }) = faults.last().filter(|_| omitted > 0) {
        let message = format!("and {omitted} more faults of the schema files; `frontdesk schema lint` tells them");
        faults.push(Fault { code: FaultCode::Omitted, file: file.clone(), pointer: String::new(), message });
    }
    Faults(faults)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const ID: &str = "https://shop.example/contact";
    const CONTACT: &str = r#"{"$id":"https://shop.example/contact","type":"object","allOf":[
        {"$ref":"https://ns.adobe.com/xdm/context/experienceevent"},
        {"$ref":"https://ns.adobe.com/xdm/mixins/experienceevent-contact-request-details"},
        {"$ref":"https://shop.example/tier"}]}"#;
    const TIER: &str =
        r#"{"$id":"https://shop.example/tier","type":"object","properties":{"shop:tier":{"type":"string"}}}"#;

    /// Reads a directory of the contact schema, the group that it needs, and these files; what is told, each
    /// without the directory.
    fn read(files: &[(&str, &str)], named: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let dir = tempfile::tempdir().expect("a directory");
        let own = [("contact.schema.json", CONTACT), ("tier.schema.json", TIER)];
        for (name, text) in own.iter().chain(files) {
            fs::write(dir.path().join(name), text).expect("a file");
        }
        let mut paths = vec![dir.path().to_owned()];
        paths.extend(named.iter().map(|name| dir.path().join(name)));
        let below = |text: String| text.replace(&format!("{}/", dir.path().display()), "");
        match Plans::read(&[&paths], &BTreeSet::from([ID])) {
            Ok(read) => Ok(read.warnings.iter().map(|fault| below(fault.to_string())).collect()),
            Err(error) => Err(below(error.to_string()).lines().map(str::to_owned).collect()),
        }
    }

    fn check(files: &[(&str, &str)], named: &[&str], expect: Result<&[&str], &[&str]>) {
        let told = read(files, named);
        let (lines, expect) = match (&told, expect) {
            (Ok(lines), Ok(expect)) | (Err(lines), Err(expect)) => (lines, expect),
            _ => panic!("{told:?} instead of {expect:?}"),
        };
        assert_eq!(lines.len(), expect.len(), "{lines:?}");
        for (line, expect) in lines.iter().zip(expect) {
            assert!(line.starts_with(expect), "{line} instead of {expect}");
        }
    }

    fn other(rest: &str) -> String {
        format!(r#"{{"$id":"https://shop.example/other","type":"object",{rest}}}"#)
    }

    #[test]
    fn what_nothing_in_force_depends_on_is_told_and_stops_nothing() {
        check(&[], &[], Ok(&[]));
        check(&[("bad.schema.json", "{")], &[], Ok(&["bad.schema.json: the schema is not JSON"]));
        check(&[("bad.schema.json", "{}")], &[], Ok(&["bad.schema.json: the schema has no \"$id\""]));
        let wrong = other(r#""properties":{"shop:a":{"type":"strin"}},"minLenght":1"#);
        check(
            &[("bad.schema.json", &wrong)],
            &[],
            Ok(&["bad.schema.json#/properties/shop:a/type: ", "bad.schema.json#/minLenght: nobody knows"]),
        );
        let nowhere = other(r#""allOf":[{"$ref":"https://shop.example/none"}]"#);
        check(&[("bad.schema.json", &nowhere)], &[], Ok(&["bad.schema.json#/allOf/0/$ref: "]));
        let circle = other(r##""allOf":[{"$ref":"#"}]"##);
        check(&[("bad.schema.json", &circle)], &[], Ok(&["bad.schema.json: the schema refers to itself"]));
        let twice = (other(r#""title":"A""#), other(r#""title":"B""#));
        check(
            &[("one.json", &twice.0), ("two.json", &twice.1)],
            &[],
            Ok(&["two.json: two different schemas have the $id https://shop.example/other"]),
        );
        let lines = read(&[("bad.schema.json", "{")], &[]).expect("it stops nothing");
        assert!(lines[0].ends_with("; nothing in force depends on it"), "{lines:?}");
        // A definition that nothing leads to takes no part either.
        let unused = TIER.replace(r#""type":"object""#, r#""type":"object","definitions":{"a":{"type":"strin"}}"#);
        check(&[("tier.schema.json", &unused)], &[], Ok(&["tier.schema.json#/definitions/a/type: "]));
    }

    #[test]
    fn what_something_in_force_depends_on_stops() {
        check(
            &[("tier.schema.json", "{")],
            &[],
            Err(&["tier.schema.json: the schema is not JSON", "contact.schema.json#/allOf/2/$ref: "]),
        );
        let wrong = TIER.replace("string", "strin");
        check(&[("tier.schema.json", &wrong)], &[], Err(&["tier.schema.json#/properties/shop:tier/type: "]));
        let twice = TIER.replace("string", "integer");
        check(
            &[("z.json", &twice)],
            &[],
            Err(&["z.json: two different schemas have the $id https://shop.example/tier"]),
        );
        let inside = other(r#""definitions":{"a":{"$id":"https://shop.example/tier"}}"#);
        check(&[("z.json", &inside)], &[], Err(&["z.json#/definitions/a: two different schemas have the $id"]));
        // Its text is gone, and so is its $id.
        check(
            &[("contact.schema.json", "{")],
            &[],
            Err(&["contact.schema.json: the schema is not JSON", "no schema has the $id https://shop.example/contact"]),
        );
        check(&[("bad.txt", "{")], &["bad.txt"], Err(&["bad.txt: the schema is not JSON"]));
        check(&[], &["none.json"], Err(&["none.json: cannot be read"]));
    }

    #[test]
    fn schemas_in_force_are_told_with_all_their_faults_at_once() {
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["a", "b"] {
            let text = format!(r#"{{"$id":"https://shop.example/{name}","type":"strin"}}"#);
            fs::write(dir.path().join(format!("{name}.json")), text).expect("a file");
        }
        let ids = BTreeSet::from(["https://shop.example/a", "https://shop.example/b"]);
        let error = Plans::read(&[&[dir.path().to_owned()]], &ids).expect_err("both are at fault").to_string();
        assert!(error.contains("a.json#/type: ") && error.contains("b.json#/type: "), "{error}");
    }

    #[test]
    fn only_so_many_are_told() {
        let dir = tempfile::tempdir().expect("a directory");
        for at in 0..FAULTS_TOLD_MAX + 3 {
            fs::write(dir.path().join(format!("{at:04}.json")), "{").expect("a file");
        }
        let read = |ids: &[&str]| Plans::read(&[&[dir.path().to_owned()]], &ids.iter().copied().collect());
        let warnings = read(&[]).expect("nothing depends on them").warnings;
        assert_eq!(warnings.len(), FAULTS_TOLD_MAX + 1);
        assert!(warnings[FAULTS_TOLD_MAX].message.starts_with("and 3 more"), "{:?}", warnings[FAULTS_TOLD_MAX]);
        let error = read(&[ID]).expect_err("the schema may be one of them").to_string();
        assert_eq!(error.lines().count(), FAULTS_TOLD_MAX + 2, "{error}");
    }

    #[test]
    fn what_is_told_of_one_fault_is_bounded() {
        let long = "n".repeat(100_000);
        let wrong = other(&format!(
            r#""properties":{{"{long}":{{"type":"{long}","{long}":1}}}},"allOf":[{{"$ref":"{long}"}}]"#
        ));
        let lines = read(&[("bad.schema.json", &wrong)], &[]).expect("it stops nothing");
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() < 4096), "{}", lines.len());
    }
}
