//! How long an event takes from the sink to a Parquet file.
//!
//! ```text
//! cargo run --package table --example encode_rate [events] [rounds]
//! ```
//!
//! Synthetic contact events of a web site (37 columns, 13 of them text that repeats, ids
//! distinct) are replayed from memory into blocks, and the blocks encoded at zstd level
//! 1; beside that, the same rows go through `to_arrow` and `parquet`'s `ArrowWriter`
//! with the same settings. The replay alone is timed too, so that it can be taken off.
//! Best of the rounds, nanoseconds per event, one thread.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use table::{Block, EncodeOptions, Encoder, FileEncoder, Row, Seal, Shape};
use xdm::layout::{Field, Layout, Node, Scalar, Slot, Space, StructSlot};
use xdm::{NullSink, Sink};

/// Stands in for the vault: same length, no cost.
struct Copying;

impl Seal for Copying {
    fn seal(&self, _: &[u8], plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(plain);
        out.extend_from_slice(&[0; 16]);
    }

    fn pseudonym(&self, value: &[u8], out: &mut Vec<u8>) {
        out.extend(value.iter().rev());
    }
}

#[derive(Clone, Copy)]
enum Op {
    Object(StructSlot),
    Text(Slot, u32, u16),
    Long(Slot, i64),
    Number(Slot, f64),
    Boolean(Slot, bool),
    Time(Slot, i64),
    End,
}

/// SplitMix64: the same events in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Dotted paths with what the leaf holds: `t`ext that repeats among so many values,
/// `u`nique ids, `v`isitors' ids, `l`ong, `n`umber, `b`oolean, `i`nstant; and how many
/// of 100 events carry it.
const COLUMNS: &[(&str, char, u64, u64)] = &[
    ("_id", 'u', 0, 100),
    ("timestamp", 'i', 0, 100),
    ("eventType", 't', 12, 100),
    ("producedBy", 't', 2, 40),
    ("identity.visitor", 'v', 30_000, 100),
    ("identity.session", 'v', 60_000, 100),
    ("web.webPageDetails.URL", 't', 900, 90),
    ("web.webPageDetails.name", 't', 300, 90),
    ("web.webPageDetails.siteSection", 't', 14, 90),
    ("web.webPageDetails.isHomePage", 'b', 0, 90),
    ("web.webPageDetails.pageViews", 'l', 5, 90),
    ("web.webReferrer.URL", 'v', 20_000, 60),
    ("web.webReferrer.type", 't', 5, 60),
    ("web.webInteraction.name", 't', 80, 50),
    ("web.webInteraction.linkClicks", 'l', 3, 50),
    ("environment.browserDetails.userAgent", 't', 400, 100),
    ("environment.browserDetails.acceptLanguage", 't', 25, 100),
    ("environment.browserDetails.viewportWidth", 'l', 2_000, 100),
    ("environment.browserDetails.viewportHeight", 'l', 1_200, 100),
    ("environment.type", 't', 3, 100),
    ("device.type", 't', 4, 100),
    ("device.screenWidth", 'l', 30, 100),
    ("placeContext.geo.countryCode", 't', 60, 100),
    ("placeContext.geo.city", 't', 2_500, 80),
    ("placeContext.geo.latitude", 'n', 0, 80),
    ("placeContext.geo.longitude", 'n', 0, 80),
    ("channel.type", 't', 6, 100),
    ("contact.method", 't', 5, 100),
    ("contact.chatStart", 'i', 0, 40),
    ("contact.chatEnd", 'i', 0, 30),
    ("contact.accepted", 'b', 0, 60),
    ("contact.count", 'l', 4, 100),
    ("contact.subject", 't', 200, 60),
];

fn layout() -> Layout {
    let mut layout = Layout::default();
    let mut fields = Vec::new();
    for (path, kind, ..) in COLUMNS {
        let scalar = match kind {
            'l' => Scalar::Integer,
            'n' => Scalar::Number,
            'b' => Scalar::Boolean,
            'i' => Scalar::Timestamp,
            _ => Scalar::Text,
        };
        let slot = layout.add_column(*path, Space::EVENTS, scalar);
        place(&mut layout, &mut fields, "", path, slot);
    }
    layout.fields = fields;
    layout
}

fn place(layout: &mut Layout, fields: &mut Vec<Field>, above: &str, path: &str, slot: Slot) {
    let Some((name, rest)) = path.split_once('.') else {
        return fields.push(Field { name: path.into(), node: Node::Leaf(slot), doc: String::new() });
    };
    let full = format!("{above}{name}.");
    let at = fields.iter().position(|field| field.name == name).unwrap_or_else(|| {
        let object = layout.add_struct(full.trim_end_matches('.'), Space::EVENTS);
        fields.push(Field { name: name.into(), node: Node::Struct(object, Vec::new()), doc: String::new() });
        fields.len() - 1
    });
    if let Node::Struct(_, children) = &mut fields[at].node {
        place(layout, children, &full, rest, slot);
    }
}

/// The events as calls of the sink.
struct Tape {
    ops: Vec<Op>,
    text: String,
}

impl Tape {
    fn record(layout: &Layout, events: u64) -> Tape {
        let mut tape = Tape { ops: Vec::new(), text: String::new() };
        let mut dice = Dice(7);
        for event in 0..events {
            let mut seen = vec![false; layout.structs.len()];
            for (at, &(path, kind, distinct, percent)) in COLUMNS.iter().enumerate() {
                if dice.below(100) >= percent {
                    continue;
                }
                tape.objects(layout, path, &mut seen);
                let slot = Slot(at as u16);
                let op = match kind {
                    't' => {
                        // Two dice: some values are more frequent than others, as in life.
                        let value = dice.below(distinct).min(dice.below(distinct));
                        tape.text(slot, format!("{path} number {value}"))
                    }
                    'v' => {
                        let value = dice.below(distinct).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                        tape.text(slot, format!("{value:020}-{:016x}", value.rotate_left(17)))
                    }
                    'u' => tape.text(slot, format!("{:016x}-{:016x}", dice.next(), dice.next())),
                    'l' => Op::Long(slot, dice.below(distinct) as i64),
                    'n' => Op::Number(slot, dice.below(180_000) as f64 / 1000.0 - 90.0),
                    'b' => Op::Boolean(slot, dice.below(3) == 0),
                    _ => Op::Time(slot, 1_790_000_000_000_000 + event as i64 * 250_000 + dice.below(900_000) as i64),
                };
                tape.ops.push(op);
            }
            tape.ops.push(Op::End);
        }
        tape
    }

    fn text(&mut self, slot: Slot, value: String) -> Op {
        let start = self.text.len() as u32;
        self.text.push_str(&value);
        Op::Text(slot, start, value.len() as u16)
    }

    fn objects(&mut self, layout: &Layout, path: &str, seen: &mut [bool]) {
        for (at, object) in layout.structs.iter().enumerate() {
            if !seen[at] && path.strip_prefix(&object.path).is_some_and(|rest| rest.starts_with('.')) {
                seen[at] = true;
                self.ops.push(Op::Object(StructSlot(at as u16)));
            }
        }
    }

    /// Plays all events; calls `end` after each.
    fn play<S: Sink>(
        &self,
        sink: &mut S,
        mut end: impl FnMut(&mut S, usize) -> Result<(), Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let mut event = 0;
        for &op in &self.ops {
            match op {
                Op::Object(slot) => sink.object(slot),
                Op::Text(slot, start, len) => {
                    sink.text(slot, &self.text[start as usize..start as usize + usize::from(len)])
                }
                Op::Long(slot, value) => sink.integer(slot, value),
                Op::Number(slot, value) => sink.number(slot, value),
                Op::Boolean(slot, value) => sink.boolean(slot, value),
                Op::Time(slot, value) => sink.timestamp(slot, value),
                Op::End => {
                    end(sink, event)?;
                    event += 1;
                }
            }
        }
        Ok(())
    }
}

fn row(event: usize) -> Row<'static> {
    Row {
        minted_id: None,
        received_micros: 1_790_000_000_000_000 + event as i64 * 250_000,
        datastream: "web-production",
        request_id: None,
        content_mac: Dice(event as u64).next() as i64,
        derived: None,
        time_anomaly: None,
    }
}

/// Counts bytes; the disk is not what is measured.
#[derive(Default)]
struct Count(u64);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Times {
    replay: u128,
    sink: u128,
    encode: u128,
    arrow: u128,
    stock: u128,
    ours_bytes: u64,
    stock_bytes: u64,
}

fn measure(
    tape: &Tape,
    shape: &Arc<Shape>,
    encoder: Encoder,
    block: &mut Block,
) -> Result<(Times, Encoder), Box<dyn Error>> {
    let mut times = Times::default();
    let start = Instant::now();
    let mut null = NullSink;
    tape.play(&mut null, |sink, _| {
        std::hint::black_box(sink);
        Ok(())
    })?;
    times.replay = start.elapsed().as_nanos();

    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(131_072))
        .build();
    let mut stock = ArrowWriter::try_new(Count::default(), shape.arrow_schema(), Some(properties))?;
    let mut ours = FileEncoder::new(encoder, Count::default())?;
    let (mut encode, mut arrow, mut stock_time) = (0, 0, 0);
    let mut drain = |block: &mut Block| -> Result<(), Box<dyn Error>> {
        block.protect();
        let start = Instant::now();
        ours.push(block)?;
        encode += start.elapsed().as_nanos();
        let start = Instant::now();
        let batch = block.to_arrow();
        arrow += start.elapsed().as_nanos();
        let start = Instant::now();
        stock.write(&batch)?;
        stock_time += start.elapsed().as_nanos();
        block.clear();
        Ok(())
    };
    let start = Instant::now();
    tape.play(block, |block, event| {
        block.commit(row(event));
        if block.is_full() {
            drain(block)?;
        }
        Ok(())
    })?;
    drain(block)?;
    let whole = start.elapsed().as_nanos();
    times.sink = whole - encode - arrow - stock_time;
    let start = Instant::now();
    let (encoder, _, summary) = ours.finish()?;
    times.encode = encode + start.elapsed().as_nanos();
    let start = Instant::now();
    stock.finish()?;
    times.stock = stock_time + start.elapsed().as_nanos();
    times.arrow = arrow;
    times.ours_bytes = summary.bytes;
    times.stock_bytes = stock.inner().0;
    Ok((times, encoder))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let events = numbers.next().transpose()?.unwrap_or(262_144);
    let rounds = numbers.next().transpose()?.unwrap_or(5);
    let shape = Arc::new(Shape::new(Arc::new(layout()))?);
    let tape = Tape::record(shape.layout(), events);
    let mut encoder = Encoder::new(Arc::clone(&shape), EncodeOptions::default())?;
    let mut block = Block::new(Arc::clone(&shape), Arc::new(Copying));
    let mut best: Option<Times> = None;
    for _ in 0..rounds {
        let (times, recycled) = measure(&tape, &shape, encoder, &mut block)?;
        encoder = recycled;
        let least = best.get_or_insert(times);
        least.replay = least.replay.min(times.replay);
        least.sink = least.sink.min(times.sink);
        least.encode = least.encode.min(times.encode);
        least.arrow = least.arrow.min(times.arrow);
        least.stock = least.stock.min(times.stock);
    }
    let times = best.unwrap_or_default();
    let per = |nanos: u128| nanos / u128::from(events.max(1));
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{events} events, {} columns, best of {rounds} rounds, ns per event",
        shape.file_schema().fields().len()
    )?;
    writeln!(out, "replay into nothing        {:>6}", per(times.replay))?;
    writeln!(
        out,
        "replay into block, commit  {:>6}   ({} without the replay)",
        per(times.sink),
        per(times.sink.saturating_sub(times.replay))
    )?;
    writeln!(out, "encode, zstd 1             {:>6}   {} bytes", per(times.encode), times.ours_bytes)?;
    writeln!(out, "to_arrow                   {:>6}", per(times.arrow))?;
    writeln!(out, "ArrowWriter, zstd 1        {:>6}   {} bytes", per(times.stock), times.stock_bytes)?;
    writeln!(out, "block {} KiB, encoder {} KiB", block.heap_bytes() / 1024, encoder.heap_bytes() / 1024)?;
    Ok(())
}
