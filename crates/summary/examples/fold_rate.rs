//! How fast a day's events are folded, and how small its summary is.
//!
//!     cargo run --release -p summary --example fold_rate -- [EVENTS_A_DAY] [VISITORS_A_DAY] [DAYS]
//!
//! Processor time, on Linux. Events are made up: visits of about four events, a tenth of them with a contact request or a chat.
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::sync::Arc;
use std::time::Instant;

use summary::{
    Answer, Bucket, Changed, Counter, DAY_MICROS, DaySummaries, DaySummary, Device, Dimension, Event, Filter, HashKey,
    INTERNAL_REFERRER, Part, Query, Rows, RowsBuilder, Shard, Timeline, Values, Want, Wanted,
};

const FIRST_DAY: i32 = 20_000;
const PAGES: u64 = 12;
const SUBJECTS: u64 = 10;
/// Where visits come from; of nowhere a fifth.
const REFERRERS: [&str; 10] =
    ["", "", "a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example"];
/// Events of which one data file has the rows.
const EVENTS_PER_FILE: usize = 250_000;
/// Of which the best counts.
const ROUNDS: usize = 3;
/// Of which the median counts: as a clock has it, since several threads answer.
const QUESTION_ROUNDS: usize = 9;
/// Days of events that are made; later ones are these once more.
const DAYS_MADE: usize = 3;

/// What a report with rows shows.
const WANTED: Wanted = Wanted {
    totals: Want::ALL,
    series: Want { visitors: true, contact_visitors: true, ..Want::SUMS },
    rows: Want { visitors: true, contact_visitors: true, durations: true, ..Want::SUMS },
};

struct Made {
    micros: i64,
    visitor: String,
    session: Option<String>,
    subject: Option<String>,
    page: String,
    device: Option<Device>,
    referrer: &'static str,
    counters: [Option<i64>; 8],
}

/// A day's events as columns.
#[derive(Default)]
struct Columns {
    micros: Vec<i64>,
    visitors: Texts,
    sessions: Texts,
    subjects: Texts,
    pages: Texts,
    devices: Vec<Option<Device>>,
    referrers: Vec<&'static str>,
    counters: Vec<[Option<i64>; 8]>,
}

#[derive(Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, at: usize) -> Option<&str> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        Some(&self.bytes[start..self.ends[at]]).filter(|text| !text.is_empty())
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides
    }
}

fn day_of_events(day: usize, events: usize, visitors: u64, dice: &mut Dice) -> Columns {
    let start = (i64::from(FIRST_DAY) + day as i64) * DAY_MICROS;
    let mut made = Vec::with_capacity(events);
    let mut visits = 0u64;
    while made.len() < events {
        // A third of the visitors come again the next day.
        let number = (visits % visitors) + day as u64 * (visitors * 2 / 3);
        visits += 1;
        let visitor = format!("{:019}{:019}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1, number);
        let mut micros = start + dice.below(DAY_MICROS as u64) as i64;
        let has_contact = dice.below(10) == 0;
        let chat = dice.below(100) < 15;
        let session = format!("C{:012}", dice.roll() % 1_000_000_000_000);
        let device = [Device::Desktop, Device::Mobile, Device::Tablet].get(dice.below(4) as usize).copied();
        let from = REFERRERS[dice.below(REFERRERS.len() as u64) as usize];
        let subject = format!("Subject number {}", dice.below(SUBJECTS));
        let length = 1 + dice.below(6);
        for step in 0..length {
            let mut counters = [None; 8];
            let mut add = |counter: Counter| counters[counter as usize] = Some(1);
            match (has_contact, chat, step) {
                (_, true, 0) => add(Counter::ChatOffered),
                (true, true, 1) => add(Counter::ChatStart),
                (false, true, 1) => add(Counter::ChatDeclined),
                (true, true, 2) => add(Counter::ChatEnd),
                (true, false, 2) => add(Counter::ALL[4 + dice.below(4) as usize]),
                _ => {}
            }
            let is_contact = counters.iter().any(Option::is_some);
            made.push(Made {
                micros,
                visitor: visitor.clone(),
                session: (is_contact && chat).then(|| session.clone()),
                subject: is_contact.then(|| subject.clone()),
                page: format!("https://shop.example/section/page-{}.html", dice.below(PAGES)),
                device,
                referrer: if step == 0 { from } else { INTERNAL_REFERRER },
                counters,
            });
            micros += 1_000_000 + dice.below(300_000_000) as i64;
        }
    }
    made.truncate(events);
    made.sort_by_key(|event| event.micros);
    // Texts one after the other, as a file's columns have them.
    let mut columns = Columns::default();
    for event in &made {
        columns.visitors.push(&event.visitor);
        columns.sessions.push(event.session.as_deref().unwrap_or_default());
        columns.subjects.push(event.subject.as_deref().unwrap_or_default());
        columns.pages.push(&event.page);
        columns.devices.push(event.device);
        columns.referrers.push(event.referrer);
        columns.micros.push(event.micros);
        columns.counters.push(event.counters);
    }
    columns
}

/// Processor time of this process, in nanoseconds: others may use the machine, too.
fn processor_ns() -> f64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(f64::NAN)
}

/// Processor time of all threads that this process has and had, in milliseconds; in steps of ten.
fn all_threads_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let times = stat.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|number| number.parse().expect("a number"));
    let events = arguments.next().unwrap_or(1_100_000);
    let visitors = arguments.next().unwrap_or(300_000) as u64;
    let days = arguments.next().unwrap_or(90);
    let dice = &mut Dice(1);
    let made: Vec<Columns> = (0..DAYS_MADE).map(|day| day_of_events(day, events, visitors, dice)).collect();

    let key = HashKey::new(*b"a key of 16 byte");
    let mut rows = Vec::new();
    let mut push_ns = f64::MAX;
    for _ in 0..ROUNDS {
        let started = processor_ns();
        rows = files(&key, &made);
        push_ns = push_ns.min((processor_ns() - started) / (events * DAYS_MADE) as f64);
    }
    let bytes: usize = rows.iter().map(Rows::bytes).sum();
    println!("push: {push_ns:.1} ns an event, {:.1} bytes an event", bytes as f64 / (events * DAYS_MADE) as f64);

    let parts: Vec<&Rows> = rows.iter().collect();
    let mut fold_ns = f64::MAX;
    for _ in 0..ROUNDS {
        let started = processor_ns();
        kept(FIRST_DAY + 1, &parts);
        fold_ns = fold_ns.min((processor_ns() - started) / events as f64);
    }
    println!("fold: {fold_ns:.1} ns an event of the day, with the days beside it");
    println!("push and fold: {:.1} ns an event, {:.2} million a second", push_ns + fold_ns, 1e3 / (push_ns + fold_ns));

    let summary = kept(FIRST_DAY + 1, &parts);
    let started = processor_ns();
    let encoded = summary.encode();
    let encode_ms = (processor_ns() - started) / 1e6;
    let started = processor_ns();
    let decoded = DaySummaries::decode(&encoded).expect("it was just encoded");
    let decode_ms = (processor_ns() - started) / 1e6;
    println!(
        "summary: {} bytes, {:.3} an event; {} in memory; encoded in {encode_ms:.1} ms, decoded in {decode_ms:.1} ms",
        encoded.len(),
        encoded.len() as f64 / events as f64,
        decoded.bytes()
    );
    changes(&key, &made, &rows);
    drop(rows);
    questions(&many(&key, &made, days));
}

/// What is kept of a day.
fn kept(day: i32, rows: &[&Rows]) -> DaySummaries {
    Part::new(day, Bucket::Hour, rows, Shard::WHOLE).summaries()
}

/// How long it takes to bring a day up to date that changes by a thousand events.
fn changes(key: &HashKey, made: &[Columns], rows: &[Rows]) {
    let kept: Vec<&Rows> = rows.iter().collect();
    let last = &made[1];
    let end = last.micros.len();
    let added: Vec<Rows> =
        (0..ROUNDS).map(|round| rows_of(key, last, end - 1_000 * (round + 1)..end - 1_000 * round, 0)).collect();
    for (name, day) in [("the day", FIRST_DAY + 1), ("the day before", FIRST_DAY), ("the day after", FIRST_DAY + 2)] {
        let mut part = Part::new(day, Bucket::Hour, &kept, Shard::WHOLE);
        let (mut change_ms, mut summary_ms) = (f64::MAX, f64::MAX);
        let mut present = kept.clone();
        for added in &added {
            let started = processor_ns();
            let changed = part.change(&present, &[], &[added]);
            change_ms = change_ms.min((processor_ns() - started) / 1e6);
            assert!(changed != Changed::Useless, "a thousand events are few");
            present.push(added);
            let started = processor_ns();
            std::hint::black_box(part.summaries());
            summary_ms = summary_ms.min((processor_ns() - started) / 1e6);
        }
        println!("1,000 events more, {name}: {change_ms:.1} ms to change it, {summary_ms:.1} ms for its summary");
    }
}

/// The summaries of many days.
fn many(key: &HashKey, made: &[Columns], days: usize) -> Vec<DaySummaries> {
    let of_day = |day: usize| {
        let made = &made[day % DAYS_MADE];
        rows_of(key, made, 0..made.micros.len(), day - day % DAYS_MADE)
    };
    let mut beside = [of_day(0), of_day(1)];
    let mut summaries = Vec::new();
    for day in 1..=days {
        let next = of_day(day + 1);
        let [before, of_the_day] = &beside;
        summaries.push(kept(FIRST_DAY + day as i32, &[before, of_the_day, &next]));
        let [_, of_the_day] = beside;
        beside = [of_the_day, next];
    }
    summaries
}

/// The rows of each file of the days.
fn files(key: &HashKey, days: &[Columns]) -> Vec<Rows> {
    let mut files = Vec::new();
    for day in days {
        let events = day.micros.len();
        let starts = (0..events).step_by(EVENTS_PER_FILE);
        files.extend(starts.map(|from| rows_of(key, day, from..events.min(from + EVENTS_PER_FILE), 0)));
    }
    files
}

fn rows_of(key: &HashKey, day: &Columns, events: std::ops::Range<usize>, later_days: usize) -> Rows {
    let later = later_days as i64 * DAY_MICROS;
    let mut rows = RowsBuilder::new(key);
    rows.reserve(events.len());
    for at in events {
        rows.push(&Event {
            micros: day.micros[at] + later,
            received_micros: day.micros[at] + later,
            datastream: "shop",
            visitor: day.visitors.get(at),
            session: day.sessions.get(at),
            subject: day.subjects.get(at),
            page: day.pages.get(at),
            device: day.devices[at].map(Device::name),
            referrer: Some(day.referrers[at]).filter(|referrer| !referrer.is_empty()),
            counters: day.counters[at],
            is_time_off: false,
        });
    }
    rows.finish()
}

/// Days that begin 7 hours after those of UTC.
fn timeline_of_zone(days: usize, start: i64) -> Timeline {
    let begins = |day: i64| start + day * DAY_MICROS - 17 * DAY_MICROS / 24;
    Timeline { stretches: (0..=days as i64).map(|day| (begins(day), day as u32)).collect(), buckets: days as u32 + 1 }
}

/// How long answers about many days take.
fn questions(summaries: &[DaySummaries]) {
    let days = summaries.len();
    let start = (i64::from(FIRST_DAY) + 1) * DAY_MICROS;
    let timeline = |stretch: i64| Timeline {
        stretches: (0..days as i64 * DAY_MICROS / stretch).map(|at| (start + at * stretch, at as u32)).collect(),
        buckets: (days as i64 * DAY_MICROS / stretch) as u32,
    };
    let page = Values { any_of: vec!["https://shop.example/section/page-3.html".to_owned()], none_of: Vec::new() };
    let by_hour = (0..days as i64 * 24).map(|hour| (start + hour * DAY_MICROS / 24, (hour % 168) as u32)).collect();
    for (name, filter, timeline, by) in [
        ("totals", Filter::default(), Timeline::default(), None),
        ("by day", Filter::default(), timeline(DAY_MICROS), None),
        ("by day and page", Filter::default(), timeline(DAY_MICROS), Some(Dimension::Page)),
        ("by day and referrer", Filter::default(), timeline(DAY_MICROS), Some(Dimension::Referrer)),
        ("by hour and channel", Filter::default(), timeline(DAY_MICROS / 24), Some(Dimension::Channel)),
        ("by day of another zone", Filter::default(), timeline_of_zone(days, start), None),
        ("by week", Filter::default(), timeline(7 * DAY_MICROS), None),
        ("by hour of the week", Filter::default(), Timeline { stretches: by_hour, buckets: 168 }, None),
        ("of a page, by day", Filter { page, ..Filter::default() }, timeline(DAY_MICROS), None),
    ] {
        let until = start + days as i64 * DAY_MICROS;
        let query = Query { since: start, until, now: until, filter, timeline, by, wanted: WANTED };
        let known: Vec<Arc<DaySummary>> =
            summaries.iter().filter_map(|day| day.knowing(&query).map(Arc::clone)).collect();
        let mut times = Vec::new();
        let mut answer = Answer::default();
        let before = all_threads_ms();
        for _ in 0..QUESTION_ROUNDS {
            let started = Instant::now();
            answer = summary::answer(&query, &known);
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let processor_ms = (all_threads_ms() - before) / QUESTION_ROUNDS as f64;
        times.sort_by(f64::total_cmp);
        let answer_ms = times[QUESTION_ROUNDS / 2];
        let visitors = answer.totals.visitors;
        println!(
            "{days} days, {name}: {answer_ms:.1} ms, {processor_ms:.1} ms of processors; {} events, {} visitors ±{:.2} %",
            answer.totals.events,
            visitors.value(),
            visitors.error() * 100.0
        );
    }
}
