//! How fast a bulk load is, and where the time goes.
//!
//! `cargo run -p intake --example load_rate -- [events] [threads]` makes a file of events as a web page
//! sends them (about 1 KB, 1 % broken), times the stages one by one on one thread, then
//! loads the file into a fresh data directory. The time on the processor, which a busy
//! machine disturbs less, stands beside the time on the wall.
#![expect(clippy::print_stdout, reason = "an example's output")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use intake::{Clock, IntakeOptions, LoadInput, LoadOptions, NoProgress, SystemClock, load};
use table::{Block, EncodeOptions, Encoder, Row, RowGroup, Seal, Shape};
use xdm::{CONTENT_SECRET_BYTES, Checker, ContentHash, NullSink, Profile, Verdict};

struct Plain;

impl Seal for Plain {
    fn seal(&self, _: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(plain);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value.iter().rev());
    }
}

const ROW: Row<'_> = Row {
    minted_id: None,
    received_micros: 0,
    datastream: "default",
    request_id: None,
    content_mac: 0,
    derived: None,
    time_anomaly: None,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let events: usize = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let threads: usize = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let text = make(events);
    println!("{events} events, {:.0} MB, {} bytes each", text.len() as f64 / 1e6, text.len() / events);
    stages(&text, events)?;

    let dir = tempfile::tempdir()?;
    let file = dir.path().join("events.ndjson");
    fs::write(&file, &text)?;
    drop(text);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for (round, threads) in [1, threads, threads].into_iter().enumerate() {
        let data = IntakeOptions::new(dir.path().join(format!("data-{round}")));
        let options = LoadOptions { threads, ..LoadOptions::default() };
        let began = Watch::start();
        let summary = load(&data, &clock, &LoadInput::File(file.clone()), &options, &NoProgress)?;
        report(&format!("load, {threads} threads"), began.elapsed(), summary.read as usize, summary.bytes as usize);
        let broken: u64 = summary.rejected.values().sum();
        println!("    {} accepted, {broken} rejected", summary.accepted);
    }
    Ok(())
}

/// Time on the wall, and of all threads on the processor.
#[derive(Clone, Copy)]
struct Watch {
    wall: Instant,
    busy: Duration,
}

impl Watch {
    fn start() -> Self {
        Watch { wall: Instant::now(), busy: busy() }
    }

    fn elapsed(self) -> (Duration, Duration) {
        (self.wall.elapsed(), busy().saturating_sub(self.busy))
    }
}

/// User and system time of this process, in steps of 10 ms (Linux; else zero).
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn report(what: &str, (wall, busy): (Duration, Duration), events: usize, bytes: usize) {
    println!(
        "{what:<20} {:>7.0} ms {:>6.0} MB/s {:>9.0} events/s   {:>6.0} ns/event on the wall {:>6.0} on the processor",
        wall.as_secs_f64() * 1e3,
        bytes as f64 / wall.as_secs_f64() / 1e6,
        events as f64 / wall.as_secs_f64(),
        wall.as_nanos() as f64 / events as f64,
        busy.as_nanos() as f64 / events as f64,
    );
}

fn add((wall, busy): (Duration, Duration), more: (Duration, Duration)) -> (Duration, Duration) {
    (wall + more.0, busy + more.1)
}

/// Each stage alone, on one thread, over the same text.
fn stages(text: &str, events: usize) -> Result<(), Box<dyn Error>> {
    let plan = xdm::standard_plan();
    let mut checker = Checker::new(Arc::clone(&plan), Profile::spec());
    let began = Watch::start();
    let valid = text.lines().filter(|line| checker.check(line, &mut NullSink) == Verdict::Valid).count();
    report("check", began.elapsed(), events, text.len());

    let began = Watch::start();
    let mut content = ContentHash::new(plan.layout(), [7; CONTENT_SECRET_BYTES]);
    let hashed = text.lines().fold(0, |sum, line| {
        let _ = checker.check(line, &mut content);
        sum ^ content.take()
    });
    std::hint::black_box(hashed);
    report("check, content hash", began.elapsed(), events, text.len());

    let shape = Arc::new(Shape::new(Arc::clone(plan.layout()))?);
    let mut encoder = Encoder::new(Arc::clone(&shape), EncodeOptions::default())?;
    let mut group = RowGroup::default();
    let zero = (Duration::ZERO, Duration::ZERO);
    let (mut decoding, mut encoding, mut bytes) = (zero, zero, 0);
    let mut lines = text.lines().peekable();
    let mut blocks: Vec<Block> = Vec::new();
    while lines.peek().is_some() {
        // Some blocks at a time, since the processor's clock is coarse.
        let began = Watch::start();
        for _ in 0..8 {
            let mut block = Block::new(Arc::clone(&shape), Arc::new(Plain));
            while let Some(line) = lines.next_if(|_| !block.is_full()) {
                match checker.check(line, &mut block) {
                    Verdict::Valid => block.commit(ROW),
                    Verdict::Invalid => block.rollback(),
                }
            }
            blocks.push(block);
        }
        decoding = add(decoding, began.elapsed());
        let began = Watch::start();
        for block in blocks.drain(..) {
            if !encoder.has_room_for(&block) {
                encoder.finish(&mut group)?;
                bytes += group.bytes();
            }
            encoder.push(&block)?;
        }
        encoding = add(encoding, began.elapsed());
    }
    let began = Watch::start();
    encoder.finish(&mut group)?;
    bytes += group.bytes();
    encoding = add(encoding, began.elapsed());
    report("check + columns", decoding, events, text.len());
    report("encode", encoding, events, text.len());
    println!("    {valid} valid, {} bytes an event in Parquet", bytes / valid.max(1));
    Ok(())
}

/// Made-up events in the order of time over three days; the same ones each time.
fn make(events: usize) -> String {
    let mut text = String::with_capacity(events * 1100);
    let mut seed = 7u64;
    let mut draw = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for n in 0..events {
        let seconds = (n as u64 * 3 * 86_400) / events as u64;
        let (day, hour, minute, second) = (20 + seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let (visitor, page, session) = (draw(events as u64 / 8 + 1), draw(300), draw(100_000));
        let broken = draw(100) == 0;
        let timestamp = if broken { "timestmap" } else { "timestamp" };
        let feedback = match draw(10) {
            0 | 1 => format!(
                "\"customerFeedback\":{{\"chatOffered\":1,\"chatSessionID\":\"C{session:08}\",\"subject\":\"{}\"}},",
                ["Service request", "Order", "Returns", "Invoice"][draw(4) as usize]
            ),
            2 => format!(
                "\"customerFeedback\":{{\"chatStart\":1,\"chatSessionID\":\"C{session:08}\",\"callBackNumber\":\
                 {{\"number\":\"1-408-555-01{:02}\",\"primary\":true,\"status\":\"active\"}}}},",
                draw(100)
            ),
            3 => "\"customerFeedback\":{\"clickToCall\":1},".to_owned(),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "{{\"_id\":\"{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}\",\"{timestamp}\":\"2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z\",\
             \"eventType\":\"{}\",\"identityMap\":{{\"ECID\":[{{\"id\":\"{visitor:038}\",\"authenticatedState\":\"ambiguous\",\"primary\":true}}]}},\
             {feedback}\"web\":{{\"webPageDetails\":{{\"URL\":\"https://www.shop.example/products/category-{}/item-{page}.html\",\
             \"name\":\"item {page}\",\"siteSection\":\"category-{}\",\"pageViews\":{{\"value\":1}}}},\
             \"webReferrer\":{{\"URL\":\"https://search.example/results?page={}\"}}}},\
             \"device\":{{\"screenHeight\":{},\"screenWidth\":{},\"screenOrientation\":\"landscape\"}},\
             \"environment\":{{\"type\":\"browser\",\"browserDetails\":{{\"viewportWidth\":{},\"viewportHeight\":{},\
             \"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36\",\
             \"acceptLanguage\":\"en-US\",\"cookiesEnabled\":true}}}},\
             \"placeContext\":{{\"localTime\":\"2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.000+00:00\",\"localTimezoneOffset\":{}}},\
             \"implementationDetails\":{{\"name\":\"https://ns.adobe.com/experience/alloy\",\"version\":\"2.31.0\",\"environment\":\"browser\"}}}}",
            draw(1 << 32),
            draw(1 << 16),
            draw(1 << 12),
            draw(1 << 12),
            draw(1 << 31),
            draw(1000),
            ["web.webpagedetails.pageViews", "web.webinteraction.linkClicks"][draw(2) as usize],
            page % 20,
            page % 20,
            draw(50),
            [1080, 1440, 900][draw(3) as usize],
            [1920, 2560, 1440][draw(3) as usize],
            draw(800) + 800,
            draw(500) + 500,
            draw(20) + 120,
            [0, -60, 300][draw(3) as usize],
        );
    }
    text
}
