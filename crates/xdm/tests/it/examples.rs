//! Adobe's own examples, each judged by its own schema: all verdicts are those of other
//! validators.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use xdm::{Examples, Fault, FaultCode, Severity};

use crate::reference::reference;

#[test]
fn adobes_examples_have_the_verdict_of_other_validators() {
    let (Some(dir), Some(verdicts)) = (reference("xdm"), reference("xdm-verdicts/examples.jsonl")) else { return };
    let text = fs::read_to_string(verdicts).expect("readable");
    let verdicts = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let expect: BTreeMap<String, bool> = verdicts
        .map(|verdict| (verdict["example"].as_str().expect("a path").to_owned(), verdict["valid"] == true))
        .collect();
    let examples = Examples::of(&dir).unwrap_or_else(|error| panic!("{error}"));
    let found: BTreeMap<String, bool> =
        examples.judged.iter().map(|example| (example.path.clone(), example.is_valid())).collect();
    for (path, valid) in &expect {
        let told = examples.judged.iter().find(|example| example.path == *path).map(|example| &example.violations);
        assert_eq!(found.get(path), Some(valid), "{path}: {told:?}");
    }
    assert_eq!(found.len(), expect.len());
    assert_eq!(examples.orphans.len(), 6, "{:?}", examples.orphans);
    // One schema extends another that isn't part of the data; the others are only odd.
    let errors: Vec<&Fault> = examples.faults.iter().filter(|fault| fault.severity() == Severity::Error).collect();
    assert!(matches!(errors[..], [Fault { code: FaultCode::Unresolved, .. }]), "{errors:?}");
    let warned = |code: FaultCode| examples.faults.iter().any(|fault| fault.code == code);
    assert!(warned(FaultCode::DuplicateKey) && warned(FaultCode::UnknownKeyword) && warned(FaultCode::IgnoredKeyword));
}
