//! Every event that the recorded Web SDK sent, with its decided outcome.

use std::fs;

use serde::Deserialize;
use serde_json::value::RawValue;
use xdm::{Checker, NullSink, Profile, Verdict, standard_plan};

use crate::reference::reference;

#[derive(Deserialize)]
struct Capture {
    #[serde(default)]
    requests: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    body_text: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    xdm: Box<RawValue>,
}

/// Captures with events that break a rule, and the rules; every other event is valid.
const INVALID: &[(&str, &[(&str, &str)])] = &[(
    "A-13-odd-values.json",
    &[
        ("/customerFeedback/clickToCall", "type"),
        ("/customerFeedback/clickToEmail", "type"),
        ("/customerFeedback/clickToDirectMessage", "type"),
    ],
)];

#[test]
fn recorded_events_have_their_decided_outcome() {
    let Some(folder) = reference("alloy/captures") else { return };
    let mut checker = Checker::new(standard_plan(), Profile::spec());
    let mut events = 0;
    let mut files: Vec<_> = fs::read_dir(folder).expect("readable").map(|e| e.expect("readable").path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let Ok(capture) = serde_json::from_str::<Capture>(&fs::read_to_string(&path).expect("readable")) else {
            continue;
        };
        let expect = INVALID.iter().find(|(file, _)| *file == name).map_or(&[][..], |(_, rules)| rules);
        for body in capture.requests.iter().filter_map(|r| serde_json::from_str::<Body>(r.body_text.as_deref()?).ok()) {
            for event in body.events {
                events += 1;
                let verdict = checker.check(event.xdm.get(), &mut NullSink);
                let told: Vec<_> =
                    checker.violations().iter().map(|v| (v.pointer.as_str(), v.keyword.as_str())).collect();
                assert_eq!(told, expect, "{name}: {}", event.xdm);
                assert_eq!(verdict == Verdict::Valid, expect.is_empty(), "{name}");
            }
        }
    }
    assert!(events > 100, "only {events} events were found");
}
