//! A store, its summaries, and the events that it should have.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ambient::ManualClock;
use report::{RowColumns, Summaries, SummariesOptions, SummarySource};
use summary::{Dimension, Filter, Query, Timeline, Values, Wanted};
use table::{
    CompactPolicy, DeleteWhere, EncodeOptions, Encoder, FileEncoder, FreshMark, NewFile, Partition, Root, Store,
    StoreOptions, Txn,
};
use tempfile::TempDir;

use super::events::{FIRST_DAY, HOUR, Happening, MINUTE, at, batch, block, expected, shape, sorted};

const ALL: CompactPolicy = CompactPolicy { small_bytes: 1 << 30, target_bytes: 1 << 30, files_min: 2 };

pub(super) struct Bench {
    pub(super) dir: TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Store,
    pub(super) summaries: Summaries,
    /// In the table.
    pub(super) committed: Vec<Happening>,
    /// Shown, and not in the table yet.
    pub(super) fresh: Vec<Happening>,
    mark: FreshMark,
    version: i64,
}

impl Bench {
    /// Empty, on the 31st day.
    pub(super) async fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(at(30, 12 * 60)));
        let store = open(&dir, &clock).await;
        let summaries = Summaries::new(store.events.clone(), options(&dir, &clock));
        let (committed, fresh) = (Vec::new(), Vec::new());
        Bench { dir, clock, store, summaries, committed, fresh, mark: FreshMark::default(), version: 0 }
    }

    pub(super) fn options(&self) -> SummariesOptions {
        options(&self.dir, &self.clock)
    }

    pub(super) fn summaries_dir(&self) -> PathBuf {
        self.dir.path().join("summaries")
    }

    /// The file of a day's summary.
    pub(super) fn file(&self, day: i32) -> PathBuf {
        self.summaries_dir().join(format!("{}.summary", self.date(day)))
    }

    /// A day as files are named after it.
    pub(super) fn date(&self, day: i32) -> String {
        let date = chrono::DateTime::from_timestamp(i64::from(FIRST_DAY + day) * 86_400, 0).unwrap();
        date.format("%Y-%m-%d").to_string()
    }

    pub(super) async fn append(&mut self, events: &[Happening]) {
        let files = self.store.events.write_rows(&batch(events)).unwrap();
        self.commit(files).await;
        self.committed.extend_from_slice(events);
    }

    /// As a bulk load does: the rows of each date's file are taken while it is written, and summaries are made of them.
    /// Answers how many.
    pub(super) async fn load(&mut self, events: &[Happening], is_last: bool) -> usize {
        let columns = RowColumns::new(&shape());
        let mut by_day: BTreeMap<i32, Vec<Happening>> = BTreeMap::new();
        for event in events {
            by_day.entry(Partition::of_micros(event.micros).0).or_default().push(event.clone());
        }
        let mut files = Vec::new();
        for (day, events) in by_day {
            let encoder = Encoder::new(shape(), EncodeOptions::default()).unwrap();
            let mut file =
                FileEncoder::new(encoder, self.store.events.create_file(Some(Partition(day))).unwrap()).unwrap();
            let mut rows = self.summaries.begin_file(&columns);
            for events in events.chunks(3) {
                let block = block(events);
                file.push(&block).unwrap();
                if let Some(rows) = &mut rows {
                    rows.push(&block);
                }
            }
            let (_, file, summary) = file.finish().unwrap();
            let file = file.finish(summary.into()).unwrap();
            if let Some(rows) = rows {
                rows.written(&file);
            }
            files.push(file);
        }
        self.commit(files).await;
        self.committed.extend_from_slice(events);
        self.summaries.make_of_rows_at_hand(is_last).await
    }

    /// All in one file, which belongs to no day.
    pub(super) async fn append_undated(&mut self, events: &[Happening]) {
        let encoder = Encoder::new(shape(), EncodeOptions::default()).unwrap();
        let file = self.store.events.create_file(None).unwrap();
        let mut file = FileEncoder::new(encoder, file).unwrap();
        file.push(&block(events)).unwrap();
        let (_, file, summary) = file.finish().unwrap();
        self.commit(vec![file.finish(summary.into()).unwrap()]).await;
        self.committed.extend_from_slice(events);
    }

    async fn commit(&mut self, files: Vec<NewFile>) {
        self.version += 1;
        let txn = Txn { app: "load", version: self.version };
        // After the first mark: what is fresh stays.
        let committed = self.store.events.commit(txn, files, FreshMark::default()).await.unwrap();
        assert!(matches!(committed, table::Committed::At(_)));
    }

    pub(super) fn show(&mut self, events: &[Happening]) {
        self.mark = self.store.events.push_fresh(batch(events)).unwrap();
        self.fresh.extend_from_slice(events);
    }

    pub(super) async fn commit_fresh(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let files = self.store.events.write_rows(&batch(&self.fresh)).unwrap();
        self.version += 1;
        let txn = Txn { app: "load", version: self.version };
        let _ = self.store.events.commit(txn, files, self.mark).await.unwrap();
        self.committed.append(&mut self.fresh);
    }

    /// The last commit once more, as after a crash: it is known, and nothing happens.
    pub(super) async fn replay(&mut self) {
        let Some(last) = self.committed.last().cloned() else { return };
        let files = self.store.events.write_rows(&batch(&[last])).unwrap();
        let txn = Txn { app: "load", version: self.version };
        let replayed = self.store.events.commit(txn, files, FreshMark::default()).await.unwrap();
        assert_eq!(replayed, table::Committed::Already);
    }

    pub(super) async fn compact(&self) {
        self.store.events.compact(ALL).await.unwrap();
    }

    pub(super) async fn delete(&mut self, id: &str) {
        let ids = [id.to_owned()].into();
        self.store.events.delete_where(DeleteWhere { column: "_id".to_owned(), ids }).await.unwrap();
        self.committed.retain(|event| event.id != id);
    }

    /// Files out of use go from the disk.
    pub(super) async fn vacuum(&self) {
        self.store.events.vacuum(Duration::ZERO).await.unwrap();
    }

    /// A new process.
    pub(super) async fn reopen(&mut self) {
        self.commit_fresh().await;
        self.store = open(&self.dir, &self.clock).await;
        self.forget();
    }

    /// The summaries anew, over the same directory.
    pub(super) fn forget(&mut self) {
        self.summaries = Summaries::new(self.store.events.clone(), self.options());
    }

    /// All events that queries see.
    pub(super) fn events(&self) -> Vec<Happening> {
        self.committed.iter().chain(&self.fresh).cloned().collect()
    }

    /// All queries are answered as by the events themselves.
    pub(super) async fn check(&self, context: &str) {
        let events = self.events();
        let queries = queries();
        let answered = self.summaries.answer(&queries).await.unwrap();
        assert_eq!(answered.answers.len(), queries.len());
        for (query, answer) in queries.iter().zip(answered.answers) {
            assert_eq!(sorted(answer.answer.clone()), expected(&events, query), "{context}: {query:?}");
        }
        self.check_received(context).await;
    }

    /// As many were received, in all and across the files' bounds, as there are.
    pub(super) async fn check_received(&self, context: &str) {
        let events = self.events();
        let spans = [
            at(-40, 0)..at(60, 0),
            at(3, 0)..at(4, 0),
            at(-40, 0)..at(5, 7 * 60) + 1,
            at(2, 61) + 1..at(60, 0),
            at(9, 0)..at(9, 0),
        ];
        let expect =
            |span: &Range<i64>| events.iter().filter(|event| span.contains(&event.received_micros())).count() as u64;
        let expect: Vec<u64> = spans.iter().map(expect).collect();
        assert_eq!(self.summaries.received(&spans).await.unwrap(), expect, "{context}");
    }

    pub(super) fn folds(&self) -> u64 {
        self.summaries.stats().folds
    }
}

async fn open(dir: &TempDir, clock: &Arc<ManualClock>) -> Store {
    let clock = Arc::<ManualClock>::clone(clock);
    let options = StoreOptions::new(Root::Dir(dir.path().join("tables")), shape().arrow_schema(), clock);
    Store::open(options).await.unwrap()
}

fn options(dir: &TempDir, clock: &Arc<ManualClock>) -> SummariesOptions {
    SummariesOptions::new(dir.path().join("summaries"), Arc::<ManualClock>::clone(clock))
}

/// All days of the tests.
pub(super) fn whole() -> Query {
    let (since, until) = (at(-40, 0), at(60, 0));
    Query {
        since,
        until,
        now: at(30, 12 * 60),
        filter: Filter::default(),
        timeline: Timeline::default(),
        by: None,
        wanted: Wanted::ALL,
    }
}

/// Of each kind one: by days, by a dimension, with filters, in a zone of half hours, from an odd minute, and those
/// that no summary knows enough for.
pub(super) fn queries() -> Vec<Query> {
    let values = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let days = |from: i32, to: i32, shift: i64| Timeline {
        stretches: (from..to).map(|day| (at(day, 0) + shift, (day - from) as u32)).collect(),
        buckets: (to - from) as u32,
    };
    let orders = Values { any_of: values(&["orders"]), none_of: Vec::new() };
    let searched = Values { any_of: values(&["search.example"]), none_of: Vec::new() };
    let no_phone = Values { any_of: Vec::new(), none_of: values(&["mobile"]) };
    let by_orders = Filter { subject: orders.clone(), ..Filter::default() };
    let by_search = Filter { referrer: searched, ..Filter::default() };
    let no_orders = Values { any_of: Vec::new(), none_of: values(&["orders", ""]) };
    vec![
        whole(),
        Query { since: at(0, 0), until: at(31, 0), timeline: days(0, 31, 0), ..whole() },
        Query { by: Some(Dimension::Subject), ..whole() },
        Query { by: Some(Dimension::Page), filter: Filter { subject: orders, ..Filter::default() }, ..whole() },
        Query { by: Some(Dimension::Device), filter: by_orders.clone(), ..whole() },
        Query { by: Some(Dimension::Referrer), timeline: days(0, 31, 0), ..whole() },
        Query { filter: Filter { device: no_phone, ..by_search.clone() }, ..whole() },
        Query { by: Some(Dimension::Page), filter: by_search.clone(), ..whole() },
        Query { by: Some(Dimension::Referrer), filter: by_orders, ..whole() },
        Query { since: at(0, 30), until: at(12, 30), by: Some(Dimension::Referrer), ..whole() },
        Query { by: Some(Dimension::Channel), filter: Filter { subject: no_orders, ..Filter::default() }, ..whole() },
        Query { since: at(0, 30), until: at(12, 30), timeline: days(0, 12, 30 * MINUTE), ..whole() },
        Query { since: at(2, 61), until: at(5, 0) + 7 * HOUR + MINUTE, ..whole() },
    ]
}
