//! Any bytes get a verdict: no panic, and "invalid" exactly when something was told.
//! Syntax is judged as serde_json judges it.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use xdm::{Checker, NullSink, Profile, Verdict, standard_plan};

thread_local! {
    static CHECKER: RefCell<Checker> = RefCell::new(Checker::new(standard_plan(), Profile::spec()));
}

fuzz_target!(|bytes: &[u8]| {
    CHECKER.with_borrow_mut(|checker| {
        let verdict = checker.check_bytes(bytes, &mut NullSink);
        let told = checker.violations();
        assert_eq!(verdict == Verdict::Invalid, !told.is_empty());
        let refused = told.iter().any(|v| matches!(v.keyword.as_str(), "syntax" | "encoding" | "limit"));
        let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok();
        assert!(refused || theirs, "we read what serde_json refuses");
    });
});
