//! Requests of any kind in any order, with commits, restarts and crashes between them, beside a
//! model of what was promised: docs/events.md, "Identity of an event".

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use intake::{DrainStep, Framing, Intake, IntakeOptions, Request, StepHook};

use crate::bench::*;

/// SplitMix64: a failing run is repeated by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// By what an event is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    /// Its own id.
    Own(String),
    /// Its request's id and its place in it.
    Place(String, usize),
    /// Nothing: it is new whenever it comes.
    Nothing(usize),
}

/// What was promised so far.
#[derive(Default)]
struct Model {
    /// Content by identity: the first that came.
    stored: BTreeMap<Identity, u32>,
    /// Invalid events by request id, place and content.
    broken: BTreeSet<(String, usize, String)>,
    rejects: BTreeMap<String, usize>,
    events: usize,
}

impl Model {
    fn reject(&mut self, kind: &str) {
        *self.rejects.entry(kind.to_owned()).or_insert(0) += 1;
    }

    fn valid(&mut self, identity: Identity, content: u32) {
        match self.stored.get(&identity) {
            None => _ = self.stored.insert(identity, content),
            Some(known) if *known == content => self.reject("duplicate"),
            Some(_) => self.reject("conflict"),
        }
    }

    /// Adds the next event of a request; gives its text.
    fn event(&mut self, dice: &mut Dice, request_id: Option<&str>, place: usize) -> String {
        self.events += 1;
        let content = 1 + dice.below(2) as u32;
        let text = match dice.below(8) {
            0 => {
                let identity = match request_id {
                    Some(request_id) => Identity::Place(request_id.to_owned(), place),
                    None => Identity::Nothing(self.events),
                };
                self.valid(identity, content);
                nameless(content)
            }
            1 => {
                let text = invalid(&format!("broken-{content}"));
                let is_new = request_id.is_none_or(|id| self.broken.insert((id.to_owned(), place, text.clone())));
                self.reject(if is_new { "invalid" } else { "duplicate" });
                text
            }
            _ => {
                let id = format!("e-{}", dice.below(12));
                self.valid(Identity::Own(id.clone()), content);
                event(&id, content)
            }
        };
        // Equal as JSON, and written otherwise.
        if dice.below(3) == 0 { text.replace("\":", "\" : ") } else { text }
    }

    /// Each stored event with its content, by its own id; how many have none.
    fn contents(&self) -> (Vec<String>, usize) {
        let own = self.stored.iter().filter_map(|(identity, content)| match identity {
            Identity::Own(id) => Some(format!("{id} C{content}")),
            _ => None,
        });
        let mut own: Vec<String> = own.collect();
        own.sort();
        let others = self.stored.len() - own.len();
        (own, others)
    }
}

/// An intake whose drain ends at a step once it is told to.
struct Machine {
    stop_at: Arc<Mutex<Option<DrainStep>>>,
    opened: AtomicUsize,
}

impl Machine {
    async fn open(&self, data: &Path) -> Intake {
        self.opened.fetch_add(1, Ordering::Relaxed);
        *self.stop_at.lock().unwrap() = None;
        let stop_at = Arc::clone(&self.stop_at);
        let step_hook: StepHook = Arc::new(move |step| match *stop_at.lock().unwrap() == Some(step) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        // It drains when asked to, or often.
        let drain_every =
            Duration::from_millis(if self.opened.load(Ordering::Relaxed).is_multiple_of(2) { 1 } else { 3_600_000 });
        open_with(IntakeOptions { step_hook: Some(step_hook), drain_every, ..options(data) }).await.0
    }
}

async fn check(intake: &Intake, model: &Model, context: &str) {
    intake.settle().await.unwrap_or_else(|error| panic!("{context}: {error}"));
    let sql = r#"select concat("_id", ' ', "customerFeedback"['chatSessionID']) from rows"#;
    let batches = test_query::query("rows", intake.store().events.provider(), sql).await.expect("rows");
    let mut found = Vec::new();
    for batch in batches {
        let texts = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8).expect("text");
        let texts = arrow::array::AsArray::as_string::<i32>(&texts).clone();
        found.extend(texts.iter().map(|text| text.unwrap_or("null").to_owned()));
    }
    let (own, others) = model.contents();
    let mut found_own: Vec<String> = found.iter().filter(|text| text.starts_with("e-")).cloned().collect();
    found_own.sort();
    assert_eq!(found_own, own, "{context}");
    assert_eq!(found.len() - found_own.len(), others, "{context}: {found:?}");
    found.sort();
    found.dedup();
    assert_eq!(found.len(), model.stored.len(), "{context}: an event is stored twice");
    assert_eq!(rejects(intake).await, model.rejects, "{context}");
    let mut names = column(&intake.store().rejects, "reject_id").await;
    names.dedup();
    assert_eq!(names.len(), model.rejects.values().sum::<usize>(), "{context}: a reject is named once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_each_event_is_stored_once_and_each_reject_is_kept() {
    for seed in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine { stop_at: Arc::default(), opened: AtomicUsize::new(seed) };
        let mut dice = Dice(seed as u64);
        let mut model = Model::default();
        let mut intake = machine.open(dir.path()).await;
        for step in 0..20 {
            let context = format!("seed {seed}, step {step}");
            match dice.below(12) {
                0 => intake.flush().await.unwrap_or_else(|error| panic!("{context}: {error}")),
                1 => check(&intake, &model, &context).await,
                2 => {
                    intake.close().await;
                    intake = machine.open(dir.path()).await;
                    check(&intake, &model, &format!("{context}, closed")).await;
                }
                3 => {
                    intake.abandon().await;
                    intake = machine.open(dir.path()).await;
                    check(&intake, &model, &format!("{context}, abandoned")).await;
                }
                4 => {
                    let at = DrainStep::ALL[dice.below(DrainStep::ALL.len())];
                    *machine.stop_at.lock().unwrap() = Some(at);
                    let _ = intake.flush().await;
                    intake.abandon().await;
                    intake = machine.open(dir.path()).await;
                    check(&intake, &model, &format!("{context}, crashed at {at:?}")).await;
                }
                _ => {
                    let request_id = (dice.below(2) == 0).then(|| format!("r-{}", dice.below(3)));
                    let events: Vec<String> = (0..1 + dice.below(4))
                        .map(|place| model.event(&mut dice, request_id.as_deref(), place))
                        .collect();
                    let (framing, body) = match dice.below(2) {
                        0 => (Framing::Lines, events.join("\n")),
                        _ => (Framing::Array, format!("[{}]", events.join(" ,"))),
                    };
                    let answers = intake.submit(Request { framing, request_id, ..request(body) }).await;
                    assert_eq!(answers.unwrap_or_else(|error| panic!("{context}: {error}")).len(), events.len());
                }
            }
        }
        intake.flush().await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        check(&intake, &model, &format!("seed {seed}, at the end")).await;
        assert_eq!(intake.counters().uncommitted_records, 0, "seed {seed}");
        intake.close().await;
    }
}
