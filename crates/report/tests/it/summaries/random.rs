//! Whatever happens, in any order.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use summary::Counter;

use super::bench::*;
use super::events::*;

/// What may happen.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Happening>),
    AppendUndated(Vec<Happening>),
    Load(Vec<Happening>, bool),
    Show(Vec<Happening>),
    CommitFresh,
    Replay,
    Compact,
    Delete(prop::sample::Index),
    Vacuum,
    Reopen,
    Forget,
    /// Damages the files of summaries.
    Damage(u8),
    Check,
}

fn event() -> impl Strategy<Value = Happening> {
    let text = |texts: &'static [&'static str]| prop::option::of(prop::sample::select(texts));
    let counters = prop::collection::vec((prop::sample::select(Counter::ALL.to_vec()), -1i64..3), 0..3);
    let micros = (prop_oneof![4 => 8i32..13, 1 => 0i32..30, 1 => 29i32..33], 0i64..1_440, 0i64..60_000_000);
    let visitor = text(&["anna", "bert", "cleo", "dora"]);
    let session = text(&["s1", "s2", "s3"]);
    let subject = text(&["orders", "returns", "hello"]);
    let page = text(&["https://shop.example/a", "https://shop.example/b"]);
    let from = (text(&["mobile", "tablet", "app"]), text(&["search.example", "(internal)"]));
    (micros, visitor, session, subject, page, from, counters, any::<u64>(), prop::bool::weighted(0.1)).prop_map(
        |((day, minutes, rest), visitor, session, subject, page, (device, referrer), mut counters, id, is_late)| {
            counters.dedup_by_key(|(counter, _)| *counter);
            let mut seen = Vec::new();
            counters.retain(|(counter, _)| {
                !seen.contains(counter) && {
                    seen.push(*counter);
                    true
                }
            });
            let (id, micros) = (format!("r{id}"), at(day, minutes) + rest);
            Happening { id, micros, visitor, session, subject, page, device, referrer, counters, is_late }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let events = || prop::collection::vec(event(), 1..12);
    prop_oneof![
        4 => events().prop_map(Step::Append),
        1 => events().prop_map(Step::AppendUndated),
        2 => (events(), any::<bool>()).prop_map(|(events, is_last)| Step::Load(events, is_last)),
        2 => events().prop_map(Step::Show),
        2 => Just(Step::CommitFresh),
        1 => Just(Step::Replay),
        1 => Just(Step::Compact),
        1 => any::<prop::sample::Index>().prop_map(Step::Delete),
        1 => Just(Step::Vacuum),
        1 => Just(Step::Reopen),
        1 => Just(Step::Forget),
        1 => any::<u8>().prop_map(Step::Damage),
        4 => Just(Step::Check),
    ]
}

async fn take(bench: &mut Bench, step: &Step) {
    match step {
        Step::Append(events) => bench.append(events).await,
        Step::AppendUndated(events) => bench.append_undated(events).await,
        Step::Load(events, is_last) => {
            bench.load(events, *is_last).await;
        }
        Step::Show(events) => bench.show(events),
        Step::CommitFresh => bench.commit_fresh().await,
        Step::Replay => bench.replay().await,
        Step::Compact => bench.compact().await,
        Step::Delete(index) => {
            if !bench.committed.is_empty() {
                let id = index.get(&bench.committed).id.clone();
                bench.delete(&id).await;
            }
        }
        Step::Vacuum => bench.vacuum().await,
        Step::Reopen => bench.reopen().await,
        Step::Forget => bench.forget(),
        Step::Damage(how) => {
            damage(bench, *how);
            bench.forget();
        }
        Step::Check => bench.check("check").await,
    }
}

/// Changes, cuts or deletes every third file of a summary.
fn damage(bench: &Bench, how: u8) {
    let Ok(entries) = fs::read_dir(bench.summaries_dir()) else { return };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().skip(usize::from(how % 3)).step_by(3) {
        let mut bytes = fs::read(path).unwrap();
        match how % 4 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.iter_mut().skip(usize::from(how)).step_by(50).for_each(|byte| *byte ^= how),
            2 => bytes.clear(),
            _ => {
                fs::remove_file(path).unwrap();
                continue;
            }
        }
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn summaries_say_what_the_rows_say() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12);
    let mut runner =
        TestRunner::new(Config { cases, max_shrink_iters: 60, failure_persistence: None, ..Config::default() });
    let steps = prop::collection::vec(step(), 1..25);
    runner
        .run(&steps, |steps| {
            runtime.block_on(async {
                let mut bench = Bench::new().await;
                for step in &steps {
                    take(&mut bench, step).await;
                }
                bench.check("at the end").await;
            });
            Ok(())
        })
        .unwrap();
}
