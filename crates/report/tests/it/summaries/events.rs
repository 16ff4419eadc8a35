//! Made-up events, as the model has them and as the table takes them.

use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use chrono::DateTime;
use serde_json::{Map, Value, json};
use summary::{Answer, DAY_MICROS, Query};
use summary::{Counter, Event, HashKey, INTERNAL_REFERRER, Keep, Rows, RowsBuilder, fold};
use table::{Block, Row, Seal, Shape};
use xdm::{Checker, Profile, Verdict};

/// 2026-11-01.
pub(super) const FIRST_DAY: i32 = 20_758;

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// An instant: so many days after the first one, and so many minutes.
pub(super) fn at(day: i32, minutes: i64) -> i64 {
    i64::from(FIRST_DAY + day) * DAY_MICROS + minutes * MINUTE
}

/// One event.
#[derive(Clone, Debug, Default)]
pub(super) struct Happening {
    pub(super) id: String,
    pub(super) micros: i64,
    pub(super) visitor: Option<&'static str>,
    pub(super) session: Option<&'static str>,
    pub(super) subject: Option<&'static str>,
    pub(super) page: Option<&'static str>,
    pub(super) device: Option<&'static str>,
    /// A host, or `(internal)`.
    pub(super) referrer: Option<&'static str>,
    pub(super) counters: Vec<(Counter, i64)>,
    /// Received two days later.
    pub(super) is_late: bool,
}

impl Happening {
    pub(super) fn new(id: impl ToString, micros: i64) -> Happening {
        Happening { id: id.to_string(), micros, ..Happening::default() }
    }

    pub(super) fn by(self, visitor: &'static str) -> Happening {
        Happening { visitor: Some(visitor), ..self }
    }

    pub(super) fn chat(self, session: &'static str, counter: Counter) -> Happening {
        Happening { session: Some(session), counters: vec![(counter, 1)], ..self }
    }

    pub(super) fn about(self, subject: &'static str) -> Happening {
        Happening { subject: Some(subject), ..self }
    }

    pub(super) fn on(self, page: &'static str) -> Happening {
        Happening { page: Some(page), ..self }
    }

    pub(super) fn with(self, device: &'static str) -> Happening {
        Happening { device: Some(device), ..self }
    }

    pub(super) fn from(self, referrer: &'static str) -> Happening {
        Happening { referrer: Some(referrer), ..self }
    }

    /// Without a page no referrer is of the same host.
    fn referrer(&self) -> Option<&'static str> {
        self.referrer.map(|host| if host == INTERNAL_REFERRER && self.page.is_none() { "shop.example" } else { host })
    }

    pub(super) fn counting(self, counter: Counter, value: i64) -> Happening {
        Happening { counters: vec![(counter, value)], ..self }
    }

    pub(super) fn received_micros(&self) -> i64 {
        self.micros + if self.is_late { 2 * DAY_MICROS } else { 1_000_000 }
    }

    fn event(&self) -> Event<'_> {
        let mut counters = [None; 8];
        for (counter, value) in &self.counters {
            counters[*counter as usize] = Some(*value);
        }
        Event {
            micros: self.micros,
            received_micros: self.received_micros(),
            datastream: "web",
            visitor: self.visitor,
            session: self.session,
            subject: self.subject,
            page: self.page,
            device: self.device,
            referrer: self.referrer(),
            counters,
            is_time_off: self.is_late,
        }
    }

    fn json(&self) -> String {
        let mut feedback = Map::new();
        for (counter, value) in &self.counters {
            let name = counter.field().rsplit('.').next().unwrap();
            feedback.insert(name.to_owned(), json!(value));
        }
        for (name, text) in [("chatSessionID", self.session), ("subject", self.subject)] {
            feedback.extend(text.map(|text| (name.to_owned(), json!(text))));
        }
        let time = DateTime::from_timestamp_micros(self.micros).unwrap();
        let mut event = json!({"_id": self.id, "timestamp": time.to_rfc3339()});
        if !feedback.is_empty() {
            event["customerFeedback"] = Value::Object(feedback);
        }
        if let Some(visitor) = self.visitor {
            event["identityMap"] = json!({"ECID": [{"id": visitor, "primary": true}]});
        }
        if let Some(page) = self.page {
            event["web"]["webPageDetails"] = json!({"URL": format!("{page}?visit={}", self.id)});
        }
        if let Some(host) = self.referrer {
            let host = if host == INTERNAL_REFERRER { "WWW.shop.example" } else { host };
            event["web"]["webReferrer"] = json!({"URL": format!("https://{host}/from?secret={}", self.id)});
        }
        match self.device {
            None => {}
            Some("app") => event["environment"] = json!({"type": "application"}),
            Some("tablet") => event["device"] = json!({"screenWidth": 820, "screenHeight": 1180}),
            Some(kind) => event["device"] = json!({"type": kind}),
        }
        event.to_string()
    }
}

struct NothingPersonal;

impl Seal for NothingPersonal {
    fn seal(&self, _context: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend(plain.iter().map(|byte| !byte));
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value);
    }
}

/// The columns of all events that this build knows: encoder and blocks share one.
pub(super) fn shape() -> Arc<Shape> {
    static SHAPE: LazyLock<Arc<Shape>> =
        LazyLock::new(|| Arc::new(Shape::new(Arc::clone(xdm::standard_plan().layout())).unwrap()));
    Arc::clone(&SHAPE)
}

pub(super) fn block(events: &[Happening]) -> Block {
    let mut block = Block::new(shape(), Arc::new(NothingPersonal));
    let mut checker = Checker::new(xdm::standard_plan(), Profile::spec());
    for event in events {
        let verdict = checker.check(&event.json(), &mut block);
        assert_eq!(verdict, Verdict::Valid, "{:?}", checker.violations());
        let time_anomaly = event.is_late.then_some("late");
        let (minted_id, request_id, derived) = (None, Some("a-request"), None);
        let received_micros = event.received_micros();
        block.commit(Row {
            minted_id,
            received_micros,
            datastream: "web",
            request_id,
            content_mac: 1,
            derived,
            time_anomaly,
        });
    }
    block.protect();
    block
}

/// The events as fresh rows.
pub(super) fn batch(events: &[Happening]) -> RecordBatch {
    block(events).to_arrow()
}

/// What a query's answer is by these events alone: each day folded at once, as finely as the query
/// needs it.
pub(super) fn expected(events: &[Happening], query: &Query) -> Answer {
    let rows = rows(events);
    let mut days: Vec<i32> = events.iter().map(|event| event.micros.div_euclid(DAY_MICROS) as i32).collect();
    days.sort_unstable();
    days.dedup();
    let bucket = summary::Bucket::for_query(query).unwrap();
    let keep = Keep { bucket, named: Some(&query.filter), ..Keep::default() };
    let days: Vec<_> = days.into_iter().map(|day| Arc::new(fold(day, &[&rows], &keep))).collect();
    sorted(summary::answer(query, &days))
}

fn rows(events: &[Happening]) -> Rows {
    let mut rows = RowsBuilder::new(&HashKey::new(*b"another 16 bytes"));
    events.iter().for_each(|event| rows.push(&event.event()));
    rows.finish()
}

/// Rows of an answer come in no order.
pub(super) fn sorted(mut answer: Answer) -> Answer {
    answer.rows.sort_by(|left, right| left.0.cmp(&right.0));
    answer
}
