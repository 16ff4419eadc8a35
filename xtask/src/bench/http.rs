//! `POST /v1/events` beside an axum handler that only reads the body.
//!
//! `wrk` (in Debian) drives both on loopback, in turns: single events from 128
//! connections, and batches of 1,000 from 16. Client and server share the processors,
//! so only the ratio within a round counts. Such machines' neighbours come and go within
//! seconds, so the rounds are short and many.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::measure::median;
use super::record::{date, machine, write};
use super::{events, frontdesk, scratch};
use crate::steps::{answers, cargo, root, target_dir, tool};

/// Rounds of each load, and how long `wrk` drives one server in one of them.
const ROUNDS: usize = 15;
const SECONDS: &str = "4s";

/// A load: its name, connections, events a request, the ratio that is aimed at.
const CASES: &[(&str, &str, usize, f64)] =
    &[("single events", "128", 1, 0.55), ("batches of 1,000", "16", 1_000, 0.25)];

/// Runs the benchmark.
pub(crate) fn run() -> Result<(), String> {
    if !answers("sh", &["-c", "command -v wrk"]) {
        return Err("wrk is not installed\nhelp: apt-get install wrk".to_owned());
    }
    tool(&mut cargo(&["build", "--release", "--package", "server", "--example", "bare"]))?;
    let input = events("platform", "0%")?;
    let (date, machine) = (date()?, machine());
    let mut page = format!(
        "# http, {date}\n\n`wrk -t2 -d{SECONDS}` on loopback, client and server sharing the processors; medians of {ROUNDS} rounds in turns, a new server in each; every 2xx of frontdesk is fsynced.\n\n{machine}\n\n"
    );
    page += "| load | frontdesk | bare axum | ratio, median of the rounds | its quartiles | aim |\n|---|---|---|---|---|---|\n";
    for (name, connections, batch, aim) in CASES {
        let script = script(&input, *batch)?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(rate(&Server::frontdesk()?, connections, &script)? * *batch as f64);
            bare.push(rate(&Server::bare()?, connections, &script)? * *batch as f64);
        }
        let mut ratios: Vec<f64> = ours.iter().zip(&bare).map(|(ours, bare)| ours / bare).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = median(ratios.iter().copied());
        let (lower, upper) = (ratios[ROUNDS / 4], ratios[ROUNDS - 1 - ROUNDS / 4]);
        let (ours, bare) = (median(ours.into_iter()), median(bare.into_iter()));
        page += &format!(
            "| {name}, {connections} connections | {ours:.0} events/s | {bare:.0} events/s | {ratio:.2} | {lower:.2} to {upper:.2} | {aim} |\n",
        );
    }
    write(&format!("{date}-http.md"), &page)?;
    println!("{page}");
    Ok(())
}

/// A `wrk` script that posts the file's first lines, each request with ids of its own.
fn script(input: &Path, batch: usize) -> Result<PathBuf, String> {
    let file = fs::File::open(input).map_err(|error| format!("cannot read the events: {error}"))?;
    let lines: Vec<String> = BufReader::new(file)
        .lines()
        .take(batch.max(1_000))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("cannot read the events: {error}"))?;
    let directory = scratch()?;
    let bodies = directory.join(format!("bodies-{batch}.ndjson"));
    fs::write(&bodies, lines.join("\n") + "\n").map_err(|error| format!("cannot write the bodies: {error}"))?;
    let lua = root().join("xtask/bench/post.lua");
    let text = fs::read_to_string(lua).map_err(|error| format!("cannot read post.lua: {error}"))?;
    let script = directory.join(format!("post-{batch}.lua"));
    let head = format!("local path, batch = {:?}, {batch}\n", bodies.display().to_string());
    fs::write(&script, head + &text).map_err(|error| format!("cannot write the script: {error}"))?;
    Ok(script)
}

/// Requests a second.
fn rate(server: &Server, connections: &str, script: &Path) -> Result<f64, String> {
    let output = Command::new("wrk")
        .args(["-t", "2", "-c", connections, "-d", SECONDS, "-s"])
        .arg(script)
        .arg(&server.url)
        .output();
    let output = output.map_err(|error| format!("wrk cannot run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(errors) = text.lines().find(|line| line.contains("Non-2xx")) {
        return Err(format!("the server refused requests: {}", errors.trim()));
    }
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    line.and_then(|number| number.trim().parse().ok()).ok_or_else(|| format!("wrk printed no rate:\n{text}"))
}

/// A server that is stopped when dropped.
struct Server {
    child: Child,
    url: String,
    data: Option<PathBuf>,
}

impl Server {
    /// It is told its address, and answers when it is there.
    fn bare() -> Result<Server, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.map_err(|error| format!("there is no free port: {error}"))?.to_string();
        let mut command = Command::new(target_dir().join("release/examples/bare"));
        let child = command.arg(&address).spawn().map_err(|error| format!("the peer cannot start: {error}"))?;
        let server = Server { child, url: format!("http://{address}/v1/events"), data: None };
        for _ in 0..200 {
            if TcpStream::connect(&address).is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(25));
        }
        Err("the peer does not answer".to_owned())
    }

    /// Frontdesk says its address when it is ready.
    fn frontdesk() -> Result<Server, String> {
        let data = scratch()?.join("http-data");
        let _ = fs::remove_dir_all(&data);
        let mut command = Command::new(frontdesk());
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(&data).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("the server cannot start: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| format!("the server says nothing: {error}"))?;
        }
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        let address = address.ok_or_else(|| format!("the server names no address: {line}"))?;
        Ok(Server { url: format!("http://{address}/v1/events"), child, data: Some(data) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data are thrown away, so it need not stop in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(data) = &self.data {
            let _ = fs::remove_dir_all(data);
        }
    }
}
