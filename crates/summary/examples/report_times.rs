//! How long the questions of reports take, and how large the summaries are that answer them.
//!
//!     cargo run --release -p summary --example report_times -- [EVENTS_A_DAY] [DAYS] [ROUNDS] [DIR]
//!
//! Events are shaped as those of `frontdesk generate`: visits of about five events by visitors of whom few come
//! again, six of ten visits with a contact request. With a directory, encoded summaries are kept there and read from
//! there the next time: making those of 90 days takes minutes.
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use summary::{
    Answer, Bucket, Channel, Channels, Counter, DAY_MICROS, DaySummaries, DaySummary, Device, Dimension, Event, Filter,
    HashKey, INTERNAL_REFERRER, Part, Query, Rows, RowsBuilder, Shard, Timeline, Values, Want, Wanted,
};

const FIRST_DAY: i32 = 20_000;
const PAGES: u64 = 12;
const SUBJECTS: u64 = 10;
const REFERRERS: [&str; 8] =
    ["", "search.example", "search.example", "find.example", "social.example", "mail.example", "press.example", ""];
const DEVICES: [Device; 3] = [Device::Desktop, Device::Mobile, Device::Tablet];
const EVENTS_PER_VISIT: u64 = 5;
/// Of each visitor in 90 days.
const VISITS_TENTHS: u64 = 16;
/// Weights of the hours of a day.
const HOURS: [u64; 24] = [14, 10, 8, 7, 8, 12, 22, 38, 55, 70, 78, 80, 76, 74, 78, 82, 84, 80, 76, 78, 74, 58, 38, 22];

const VISITORS: Want = Want { visitors: true, contact_visitors: true, ..Want::SUMS };
const DURATIONS: Want = Want { durations: true, ..Want::SUMS };
const LIST: Want = Want { durations: true, ..VISITORS };

struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides
    }

    fn chance(&mut self, of_100: u64) -> bool {
        self.below(100) < of_100
    }

    fn between(&mut self, from_ms: u64, to_ms: u64) -> i64 {
        (from_ms + self.below(to_ms - from_ms)) as i64 * 1_000
    }
}

fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A visit on its way.
struct Visit<'a> {
    rows: &'a mut RowsBuilder,
    visitor: String,
    session: String,
    subject: String,
    pages: &'a [String],
    device: Option<&'static str>,
    referrer: &'static str,
    micros: i64,
    page: u64,
    events: u64,
}

impl Visit<'_> {
    fn push(&mut self, counter: Option<Counter>) {
        let mut counters = [None; 8];
        if let Some(counter) = counter {
            counters[counter as usize] = Some(1);
        }
        self.rows.push(&Event {
            micros: self.micros,
            received_micros: self.micros,
            datastream: "shop",
            visitor: Some(&self.visitor),
            session: counter.filter(|counter| (*counter as usize) < 4).map(|_| self.session.as_str()),
            subject: counter.map(|_| self.subject.as_str()),
            page: Some(&self.pages[self.page as usize]),
            device: self.device,
            referrer: Some(self.referrer).filter(|referrer| !referrer.is_empty()),
            counters,
            is_time_off: false,
        });
        self.events += 1;
    }

    fn browse(&mut self, pages: u64, dice: &mut Dice) {
        for _ in 0..pages {
            self.micros += dice.between(4_000, 90_000);
            self.page = dice.below(PAGES);
            self.referrer = INTERNAL_REFERRER;
            self.push(None);
        }
    }

    fn chat(&mut self, dice: &mut Dice) {
        self.micros += dice.between(1_500, 20_000);
        self.push(Some(Counter::ChatStart));
        if dice.chance(92) {
            self.micros +=
                if dice.chance(10) { dice.between(600_000, 1_800_000) } else { dice.between(45_000, 600_000) };
            self.push(Some(Counter::ChatEnd));
        }
    }

    fn go(&mut self, dice: &mut Dice) {
        self.push(None);
        let more = if dice.chance(35) { 0 } else { 1 + dice.below(4) };
        self.browse(more, dice);
        match dice.below(100) {
            0..58 => {
                self.micros += dice.between(5_000, 40_000);
                self.push(Some(Counter::ChatOffered));
                match dice.below(100) {
                    0..25 => {
                        self.micros += dice.between(800, 12_000);
                        self.push(Some(Counter::ChatDeclined));
                    }
                    25..45 => {}
                    _ => self.chat(dice),
                }
            }
            58..64 => self.chat(dice),
            _ => {}
        }
        if dice.chance(45) {
            self.micros += dice.between(3_000, 60_000);
            self.push(Some(Counter::ALL[4 + dice.below(4) as usize]));
        }
        if dice.chance(30) {
            self.browse(1, dice);
        }
    }
}

/// The visits that begin on a day.
fn rows_of_day(day: usize, events: u64, pages: &[String], key: &HashKey) -> Rows {
    let dice = &mut Dice(mixed(day as u64 + 1));
    let mut rows = RowsBuilder::new(key);
    rows.reserve(events as usize);
    let pool = events * 90 / EVENTS_PER_VISIT * 10 / VISITS_TENTHS;
    let weight: u64 = HOURS.iter().sum();
    let mut done = 0;
    while done < events {
        let mut left = dice.below(weight);
        let mut hour = 0;
        while left >= HOURS[hour] {
            left -= HOURS[hour];
            hour += 1;
        }
        let start = (i64::from(FIRST_DAY) + day as i64) * DAY_MICROS + hour as i64 * DAY_MICROS / 24;
        let number = dice.below(pool);
        let mut visit = Visit {
            rows: &mut rows,
            visitor: format!("{:019}{:019}", mixed(number) >> 1, number),
            session: format!("C{:07}", dice.below(9_000_000)),
            subject: format!("Subject number {}", dice.below(SUBJECTS)),
            pages,
            device: DEVICES.get(mixed(number) as usize % 10 / 3).map(|device| device.name()),
            referrer: REFERRERS[dice.below(REFERRERS.len() as u64) as usize],
            micros: start + dice.between(0, 3_600_000),
            page: dice.below(PAGES),
            events: 0,
        };
        visit.go(dice);
        done += visit.events;
    }
    rows.finish()
}

/// The summaries of the days, kept in a directory if there is one.
fn summaries(events: u64, days: usize, dir: Option<&Path>) -> Vec<DaySummaries> {
    let pages: Vec<String> = (0..PAGES).map(|page| format!("https://shop.example/section/page-{page}.html")).collect();
    let key = HashKey::new(*b"a key of 16 byte");
    let file = |day: usize| dir.map(|dir| dir.join(format!("{events}-{day}.summary")));
    let mut beside: Vec<(usize, Rows)> = Vec::new();
    let mut summaries = Vec::new();
    let (mut bytes, mut decode_ms) = (0, 0.0);
    for day in 1..=days {
        let known = file(day).and_then(|path| std::fs::read(path).ok());
        let encoded = known.unwrap_or_else(|| {
            beside.retain(|(of, _)| of + 1 >= day);
            for of in day - 1..=day + 1 {
                if beside.iter().all(|(known, _)| *known != of) {
                    beside.push((of, rows_of_day(of, events, &pages, &key)));
                }
            }
            let rows: Vec<&Rows> = beside.iter().map(|(_, rows)| rows).collect();
            let made = Part::new(FIRST_DAY + day as i32, Bucket::Hour, &rows, Shard::WHOLE).summaries().encode();
            if let Some(path) = file(day) {
                std::fs::write(path, &made).expect("a file of the directory");
            }
            made
        });
        bytes += encoded.len();
        let started = Instant::now();
        summaries.push(DaySummaries::decode(&encoded).expect("it was just encoded"));
        decode_ms += started.elapsed().as_secs_f64() * 1e3;
    }
    let memory: usize = summaries.iter().map(DaySummaries::bytes).sum();
    println!(
        "a day: {} bytes encoded, {} in memory, decoded in {:.1} ms",
        bytes / days,
        memory / days,
        decode_ms / days as f64
    );
    summaries
}

/// Processor time of all threads that this process has and had, in milliseconds; in steps of ten. Linux only.
fn all_threads_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let times = stat.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// What a report asks.
struct Question {
    name: &'static str,
    filter: Filter,
    timeline: Timeline,
    by: Option<Dimension>,
    wanted: Wanted,
}

/// A series: its buckets begin so many hours apart, the first so many hours after midnight.
fn timeline(days: usize, hours: i64, shift: i64, buckets: impl Fn(u32) -> u32) -> Timeline {
    let start = (i64::from(FIRST_DAY) + 1) * DAY_MICROS + shift * DAY_MICROS / 24;
    let step = hours * DAY_MICROS / 24;
    let count = (days as i64 * DAY_MICROS).div_euclid(step) as u32 + 1;
    let stretches: Vec<(i64, u32)> = (0..count).map(|at| (start + i64::from(at) * step, buckets(at))).collect();
    let buckets = stretches.iter().map(|stretch| stretch.1 + 1).max().unwrap_or(0);
    Timeline { stretches, buckets }
}

/// The questions of reports, and of the page `/` (its name begins with that).
fn questions(days: usize) -> Vec<Question> {
    let by_day = || timeline(days, 24, 0, |at| at);
    let by_hour_of_week = || timeline(days, 1, 0, |at| at % 168);
    let one = |value: &str| Values { any_of: vec![value.to_owned()], none_of: Vec::new() };
    let overview = Wanted { totals: Want::ALL, series: VISITORS, rows: VISITORS };
    let chat = Wanted { totals: DURATIONS, series: DURATIONS, rows: Want::SUMS };
    let list = Wanted { totals: LIST, series: VISITORS, rows: LIST };
    let all = Filter::default;
    let ask = |name, filter, timeline, by, wanted| Question { name, filter, timeline, by, wanted };
    let calls = Channels { any_of: vec![Channel::Call], none_of: Vec::new() };
    let subject = one("Subject number 3");
    let page = one("https://shop.example/section/page-3.html");
    let on_front = Wanted { rows: VISITORS, ..Wanted::SUMS };
    let only_visitors = Want { visitors: true, ..Want::SUMS };
    let whole = Timeline::default;
    vec![
        ask("overview by day", all(), by_day(), None, overview),
        ask("overview of a zone", all(), timeline(days, 24, 22, |at| at), None, overview),
        ask("overview by month", all(), timeline(days, 30 * 24, 0, |at| at), None, overview),
        ask("chat by week", all(), timeline(days, 7 * 24, 0, |at| at), None, chat),
        ask("overview by weekday-hour", all(), by_hour_of_week(), None, overview),
        ask("chat by weekday-hour", all(), by_hour_of_week(), None, chat),
        ask(
            "subjects",
            all(),
            by_day(),
            Some(Dimension::Subject),
            Wanted { rows: Want { visitors: false, ..LIST }, ..list },
        ),
        ask("pages", all(), by_day(), Some(Dimension::Page), list),
        ask("referrers", all(), by_day(), Some(Dimension::Referrer), list),
        ask("chat by day", all(), by_day(), None, chat),
        ask("overview of a page", Filter { page: page.clone(), ..all() }, by_day(), None, overview),
        ask("overview of a page in a zone", Filter { page, ..all() }, timeline(days, 24, 22, |at| at), None, overview),
        ask("one subject on calls", Filter { subject, channel: calls, ..all() }, by_day(), None, overview),
        ask("/ overview", all(), by_day(), None, Wanted { totals: VISITORS, series: VISITORS, rows: Want::SUMS }),
        ask("/ chat", all(), by_day(), None, chat),
        ask("/ hours", all(), by_hour_of_week(), None, Wanted::SUMS),
        ask("/ subjects", all(), whole(), Some(Dimension::Subject), Wanted::SUMS),
        ask("/ pages", all(), whole(), Some(Dimension::Page), on_front),
        ask("/ referrers", all(), whole(), Some(Dimension::Referrer), Wanted { rows: only_visitors, ..Wanted::SUMS }),
        ask("/ devices", all(), whole(), Some(Dimension::Device), on_front),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, default: u64| arguments.get(at).map_or(default, |number| number.parse().expect("a number"));
    let (events, days, rounds) = (number(0, 1_100_000), number(1, 90) as usize, number(2, 11) as usize);
    let only = std::env::var("ONLY").unwrap_or_default();
    let summaries = summaries(events, days, arguments.get(3).map(Path::new));
    let since = (i64::from(FIRST_DAY) + 1) * DAY_MICROS;
    let until = since + days as i64 * DAY_MICROS;
    let mut front: Vec<(Query, Vec<Arc<DaySummary>>)> = Vec::new();
    for Question { name, filter, timeline, by, wanted } in questions(days) {
        let query = Query { since, until, now: until, filter, timeline, by, wanted };
        let known = summaries.iter().filter_map(|day| day.knowing(&query).map(Arc::clone));
        let known: Vec<Arc<DaySummary>> = known.collect();
        if name.contains(&only) {
            measure(name, rounds, || summary::answer(&query, &known));
        }
        if name.starts_with('/') {
            front.push((query, known));
        }
    }
    let front: Vec<(&Query, &[Arc<DaySummary>])> = front.iter().map(|(query, days)| (query, days.as_slice())).collect();
    measure("page /, all its questions", rounds, || summary::lasting_answers(&front).swap_remove(0).answer);
}

fn measure(name: &str, rounds: usize, answer: impl Fn() -> Answer) {
    let mut times: Vec<f64> = Vec::new();
    let mut answered = Answer::default();
    let before = all_threads_ms();
    for _ in 0..rounds {
        let started = Instant::now();
        answered = answer();
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let processor_ms = (all_threads_ms() - before) / rounds as f64;
    times.sort_by(f64::total_cmp);
    println!(
        "{name:<28} median {:>6.1} ms, least {:>6.1}, most {:>6.1}, {processor_ms:>6.1} ms of processors; {} events, {} visitors ±{:.2} %",
        times[rounds / 2],
        times[0],
        times[rounds - 1],
        answered.totals.events,
        answered.totals.visitors.value(),
        answered.totals.visitors.error() * 100.0
    );
}
