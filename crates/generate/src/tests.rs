//! What a run promises: its bytes, its sizes, its order, its share of invalid events.

use serde_json::Value;

use crate::{Generator, Options, Style};

const UNTIL_MS: i64 = 1_795_305_600_000; // 2026-11-22T00:00:00Z

fn run(events: u64, invalid: u64, style: Style) -> Vec<u8> {
    let options = Options { events, seed: 42, days: 3, until_ms: UNTIL_MS, invalid, style };
    let mut out = Vec::new();
    Generator::new(options).write_to(&mut out).unwrap();
    out
}

/// FNV-1a: a dozen characters, and no library whose version could change it.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[test]
fn same_seed_same_bytes() {
    let check = |style: Style, expect: u64| {
        let out = run(1_000, 10, style);
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1_000);
        assert_eq!(hash(&out), expect, "{style:?}: {:#x}", hash(&out));
    };
    check(Style::Platform, 0x941E_7E00_2C6D_C852);
    check(Style::Xdm, 0x3B67_D7C5_C587_022C);
    check(Style::Shuffled, 0x527F_E94A_B006_70AF);
}

#[test]
fn other_seed_other_bytes() {
    let options = Options { events: 50, seed: 43, days: 3, until_ms: UNTIL_MS, invalid: 0, style: Style::Platform };
    let mut out = Vec::new();
    Generator::new(options).write_to(&mut out).unwrap();
    assert_ne!(out, run(50, 0, Style::Platform));
}

#[test]
fn events_are_of_the_promised_size_and_in_time_order() {
    let out = run(20_000, 0, Style::Platform);
    let mut last = String::new();
    let mut ids = std::collections::HashSet::new();
    let (mut least, mut most, mut page_views) = (usize::MAX, 0, 0);
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_slice(line).unwrap();
        let at = event["timestamp"].as_str().unwrap().to_owned();
        assert!(last <= at, "{last} {at}");
        last = at;
        assert!(ids.insert(event["_id"].as_str().unwrap().to_owned()));
        page_views += usize::from(event["eventType"] == "web.webpagedetails.pageViews");
        least = least.min(line.len());
        most = most.max(line.len());
    }
    let mean = out.len() / 20_000;
    assert!((600..=1_450).contains(&least) && (600..=1_450).contains(&most), "{least} to {most} bytes");
    assert!((1_000..=1_100).contains(&mean), "{mean} bytes on average");
    assert!((11_400..=12_600).contains(&page_views), "{page_views} page views of 20,000");
}

#[test]
fn a_chat_keeps_its_session_and_ends_after_it_began() {
    let out = run(20_000, 0, Style::Platform);
    let mut begun = std::collections::HashMap::new();
    let mut ended = 0;
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event: Value = serde_json::from_slice(line).unwrap();
        let (feedback, at) = (&event["customerFeedback"], event["timestamp"].as_str().unwrap().to_owned());
        let chat = feedback["chatSessionID"].as_str().map(str::to_owned);
        if feedback["chatStart"] == 1 {
            begun.insert(chat.unwrap(), at);
        } else if feedback["chatEnd"] == 1 {
            assert!(begun[&chat.unwrap()] < at);
            ended += 1;
        }
    }
    assert!(ended > 1_000, "{ended}");
}

#[test]
fn exactly_the_asked_number_is_broken() {
    let whole = run(3_000, 0, Style::Platform);
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    for invalid in [0, 1, 7, 30, 3_000] {
        let out = run(3_000, invalid, Style::Platform);
        assert_eq!(lines(&out).len(), lines(&whole).len());
        let unreadable = lines(&out).iter().filter(|l| serde_json::from_slice::<Value>(l).is_err()).count();
        // The empty piece after the last newline, and each cut line.
        assert_eq!(unreadable as u64, 1 + invalid / 12, "{invalid}");
    }
}

#[test]
fn nothing_looks_like_a_real_address() {
    let text = String::from_utf8(run(5_000, 50, Style::Platform)).unwrap();
    for part in text.split('@').skip(1) {
        let host = part.split(['"', '?']).next().unwrap();
        assert!(host.ends_with(".example"), "{host}");
    }
}
