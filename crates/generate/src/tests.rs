//! What a run promises: its bytes, its sizes, its order, its share of invalid events.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};

use serde_json::Value;
use xdm::{Checker, Profile, Verdict, standard_plan};

use crate::{Generator, Options, Style};

const STYLES: [Style; 3] = [Style::Platform, Style::Xdm, Style::Shuffled];

const UNTIL_MS: i64 = 1_795_305_600_000; // 2026-11-22T00:00:00Z

fn options(events: u64, invalid: u64, style: Style) -> Options {
    Options { events, seed: 42, days: 3, until_ms: UNTIL_MS, invalid, style }
}

fn write(options: Options) -> Vec<u8> {
    let mut out = Vec::new();
    Generator::new(options).write_to(&mut out).unwrap();
    out
}

fn run(events: u64, invalid: u64, style: Style) -> Vec<u8> {
    write(options(events, invalid, style))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or_default().split(|byte| *byte == b'\n').filter(move |_| !bytes.is_empty())
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
fn in_batches_it_is_the_same_run() {
    let mut generator = Generator::new(options(1_000, 10, Style::Platform));
    let mut out = Vec::new();
    let batches = std::iter::repeat_with(|| generator.write_next(300, &mut out)).take_while(|count| *count > 0);
    assert_eq!(batches.collect::<Vec<_>>(), [300, 300, 300, 100]);
    assert_eq!(out, run(1_000, 10, Style::Platform));
}

#[test]
fn each_option_decides_about_the_bytes() {
    let like = |change: &dyn Fn(&mut Options)| {
        let mut changed = options(50, 5, Style::Platform);
        change(&mut changed);
        write(changed)
    };
    let out = like(&|_| {});
    assert_eq!(out, like(&|_| {}));
    assert_ne!(out, like(&|options| options.seed = 43));
    assert_ne!(out, like(&|options| options.days = 4));
    assert_ne!(out, like(&|options| options.until_ms -= 1));
    assert_ne!(out, like(&|options| options.events = 51));
    assert_ne!(out, like(&|options| options.invalid = 4));
    assert_ne!(out, like(&|options| options.style = Style::Shuffled));
}

#[test]
fn what_is_not_to_be_broken_passes_and_the_rest_does_not() {
    let mut checker = Checker::new(standard_plan(), Profile::default());
    for style in STYLES {
        // Each way of breaking an event, several times.
        for invalid in [0, 1, 60] {
            let out = run(600, invalid, style);
            let broken = lines(&out).filter(|line| checker.judge(line) == Verdict::Invalid).count();
            assert_eq!((lines(&out).count(), broken as u64), (600, invalid), "{style:?}");
        }
        let out = run(24, 24, style);
        let told: HashSet<Vec<String>> = lines(&out)
            .map(|line| {
                assert_eq!(checker.judge(line), Verdict::Invalid, "{style:?}: {}", String::from_utf8_lossy(line));
                checker.violations().iter().map(|told| told.keyword.clone()).collect()
            })
            .collect();
        assert!(told.len() >= 6, "{style:?}: {told:?}");
    }
}

#[test]
fn nothing_generated_is_noticed() {
    // A demo shows what a site should send: nothing undeclared, nothing cut, nothing doubtful.
    let mut checker = Checker::new(standard_plan(), Profile::aep_strict());
    let out = run(2_000, 0, Style::Platform);
    for line in lines(&out) {
        assert_eq!(checker.judge(line), Verdict::Valid, "{:?}", checker.violations());
        assert!(checker.notices().is_empty(), "{:?}", checker.notices());
    }
}

#[test]
fn styles_spell_the_same_events() {
    // All but the spelling: names without their prefix, members in any order.
    fn bare(value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| match name.as_str() {
                        "@id" => ("_id".to_owned(), value),
                        name => (name.strip_prefix("xdm:").unwrap_or(name).to_owned(), bare(value)),
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.into_iter().map(bare).collect()),
            other => other,
        }
    }
    let read = |out: &[u8]| lines(out).map(|line| bare(serde_json::from_slice(line).unwrap())).collect::<Vec<_>>();
    let platform = read(&run(1, 0, Style::Platform));
    assert_eq!(read(&run(1, 0, Style::Shuffled)), platform);
    // Only shuffling takes chance of its own, so that these are alike to the last event.
    assert_eq!(read(&run(500, 0, Style::Xdm)), read(&run(500, 0, Style::Platform)));
}

#[test]
fn any_number_of_events_and_of_broken_ones_is_generated() {
    for style in STYLES {
        for events in [0, 1, 2, 3, 11, 12, 13, 100] {
            for invalid in [0, 1, events / 2, events] {
                let out = run(events, invalid.min(events), style);
                assert_eq!(lines(&out).count() as u64, events, "{style:?}: {events}, {invalid} broken");
                assert!(out.is_empty() || out.ends_with(b"\n"));
            }
        }
        // More than there are is all of them.
        assert_eq!(run(5, 9, style), run(5, 5, style));
        assert_eq!(run(0, 1, style), b"");
    }
}

/// Takes some bytes, and then no more.
struct Full {
    left: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len()) {
            Some(left) => self.left = left,
            None => return Err(io::ErrorKind::StorageFull.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_number_of_events_takes_no_memory_and_a_full_disk_ends_the_run() {
    for events in [1 << 53, u64::MAX] {
        let invalid = events / 100;
        let generator = Generator::new(options(events, invalid, Style::Platform));
        let error = generator.write_to(&mut Full { left: 2_000_000 }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{events} events");
    }
}

#[test]
fn events_lie_in_their_days() {
    // Those of a session that is under way at the end go past it, for less than an hour and a half.
    let day = 86_400_000;
    let at = |line: &[u8]| {
        let event: Value = serde_json::from_slice(line).unwrap();
        event["timestamp"].as_str().unwrap().to_owned()
    };
    let text = |ms: i64| {
        let mut text = Vec::new();
        crate::event::time(&mut text, ms);
        String::from_utf8(text).unwrap()
    };
    for days in [1, 3, 30] {
        let out = write(Options { days, ..options(3_000, 0, Style::Platform) });
        let (first, last) = (text(UNTIL_MS - i64::from(days) * day), text(UNTIL_MS));
        let late = text(UNTIL_MS + 90 * 60_000);
        let times: Vec<String> = lines(&out).map(at).collect();
        assert!(times.iter().all(|time| (&first..&late).contains(&time)), "{days} days");
        let past = times.iter().filter(|time| **time >= last).count();
        assert!(past < 30, "{days} days: {past} events past their end");
        // Every day has some.
        let dates: HashSet<&str> = times.iter().map(|time| &time[..10]).filter(|date| *date < &last[..10]).collect();
        assert_eq!(dates.len(), days as usize);
    }
}

#[test]
fn a_visitor_is_the_same_in_every_session() {
    let out = run(20_000, 0, Style::Platform);
    let mut known: HashMap<String, (Value, Value)> = HashMap::new();
    let mut again = 0;
    for line in lines(&out) {
        let event: Value = serde_json::from_slice(line).unwrap();
        let id = event["identityMap"]["ECID"][0]["id"].as_str().unwrap().to_owned();
        let what = (event["device"].clone(), event["placeContext"]["ianaTimezone"].clone());
        again += usize::from(known.contains_key(&id));
        assert_eq!(known.entry(id).or_insert_with(|| what.clone()), &what);
    }
    // 20,000 events of five a session and 1.6 sessions a visitor are 2,500 visitors, of whom up to one in five never comes.
    assert!((1_900..=2_400).contains(&known.len()) && again > 15_000, "{} visitors", known.len());
}

#[test]
fn every_kind_of_contact_has_its_share() {
    let out = run(50_000, 0, Style::Platform);
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    // Clicks by device; of one in ten visitors none is known.
    let mut clicks: BTreeMap<(bool, String), f64> = BTreeMap::new();
    for line in lines(&out) {
        let event: Value = serde_json::from_slice(line).unwrap();
        for (name, value) in event["customerFeedback"].as_object().into_iter().flatten() {
            let counts = value == 1 || value.is_object();
            *shares.entry(name.clone()).or_default() += f64::from(u8::from(counts));
            if let (true, Some(device)) = (name.starts_with("click"), event["device"]["type"].as_str()) {
                *clicks.entry((device == "mobile", name.clone())).or_default() += 1.0;
            }
        }
    }
    let part = |name: &str, of: &str| shares[name] / shares[of];
    let near = |share: f64, expect: f64| assert!((share - expect).abs() < 0.03, "{share} {expect}: {shares:?}");
    // The plan of a session: a quarter of the offers is declined, 92 of 100 chats end.
    near(part("chatDeclined", "chatOffered"), 0.25);
    near(part("chatEnd", "chatStart"), 0.92);
    // What is held in a hand calls and texts; who sits at a desk writes.
    let names = ["clickToCall", "clickToText", "clickToEmail", "clickToDirectMessage"];
    for (is_handheld, expect) in [(true, [0.46, 0.22, 0.14, 0.18]), (false, [0.28, 0.04, 0.48, 0.20])] {
        let of = |name: &str| clicks[&(is_handheld, name.to_owned())];
        let all: f64 = names.iter().map(|name| of(name)).sum();
        names.iter().zip(expect).for_each(|(name, share)| near(of(name) / all, share));
    }
    near(shares["callBackNumber"] / (0.35 * shares["chatEnd"] + 0.20 * shares["clickToCall"]), 1.0);
    near(shares["replyToEmailAddress"] / (0.30 * shares["chatEnd"] + 0.25 * shares["clickToEmail"]), 1.0);
}

#[test]
fn events_are_of_the_promised_size_and_in_time_order() {
    let out = run(20_000, 0, Style::Platform);
    let mut last = String::new();
    let mut ids = HashSet::new();
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
    let mut begun = HashMap::new();
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

#[test]
fn events_of_every_year_that_a_run_may_end_in_are_valid() {
    // 1700-01-01 and 2260-12-31, after ten years.
    let mut checker = Checker::new(standard_plan(), Profile::default());
    for until_day in [-98_615, 106_285] {
        let out =
            write(Options { days: 3_660, until_ms: until_day * 86_400_000, ..options(2_000, 0, Style::Platform) });
        for line in lines(&out) {
            assert_eq!(checker.judge(line), Verdict::Valid, "{:?}", checker.violations());
        }
    }
}
