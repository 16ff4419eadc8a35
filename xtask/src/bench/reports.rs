//! Reports over 90 days at growing numbers of events, and DuckDB on the same Parquet files.
//!
//! A report's cost must not grow with the events. Loading, making the summaries and their bytes
//! are told beside it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::record::{date, machine, write};
use super::{frontdesk, scratch};
use crate::python::environment;
use crate::steps::root;

/// The last day, and the first of 90.
const UNTIL: &str = "2026-11-21";
const SINCE: &str = "2026-08-24";
/// The first day (UTC) after the events, as the generator takes it.
const AFTER: &str = "2026-11-22";

/// How often each report is asked for.
const ROUNDS: &str = "40";

/// How long summaries may take to be made.
const SUMMARIES_WITHIN: Duration = Duration::from_secs(3_600);

/// Runs the benchmark at these numbers of events. The page is written after each, so that one that is stopped has
/// told what it measured.
pub(crate) fn run(events: &[u64]) -> Result<(), String> {
    let python = environment(&scratch()?.join("reports-python"), "duckdb==1.4.2")
        .or_else(|_| environment(&scratch()?.join("reports-python"), "duckdb"))?;
    let mut page = format!(
        "# reports, {}\n\n{ROUNDS} rounds each, one client, from the first event to the last of 90 days; build: {}. Times are \
         those to the first byte, of reports and pages asked anew: each round with another filter that nothing fails, so \
         that no answer is known. `again` is the same asked once more.\n\n{}\n",
        date()?,
        if super::is_dev() { "dev" } else { "release" },
        machine()
    );
    for count in events {
        page += &format!("\n## {count} events\n\n");
        page += &at(*count, &python)?;
        let build = if super::is_dev() { "-dev" } else { "" };
        write(&format!("{}-reports-90-days{build}.md", date()?), &page)?;
    }
    println!("{page}");
    Ok(())
}

fn at(count: u64, python: &Path) -> Result<String, String> {
    let data = scratch()?.join(format!("reports-{count}"));
    let loaded = load(count, &data)?;
    let _ = fs::remove_dir_all(data.join("summaries"));
    let begin = Instant::now();
    let server = Server::start(&data)?;
    server.wait_for_summaries()?;
    let made = begin.elapsed().as_secs_f64();
    let (table, summaries) = (bytes(&data.join("tables/events")), bytes(&data.join("summaries")));
    let script = root().join("xtask/bench/reports.py");
    let output = Command::new(python)
        .arg(script)
        .args([&server.url, &data.display().to_string(), SINCE, UNTIL, ROUNDS])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("Python cannot run: {error}"))?;
    if !output.status.success() {
        return Err(format!("reports.py ended with {}", output.status));
    }
    let loading = match loaded {
        Some(seconds) => {
            format!("Loading took {seconds:.1} s, making all summaries {made:.1} s ({:.2} of it). ", made / seconds)
        }
        None => format!("Making all summaries took {made:.1} s. "),
    };
    Ok(format!(
        "{loading}The table takes {} MB, its summaries {:.2} MB ({:.2} %); the server's peak is {} MiB.\n\n{}",
        table / 1_000_000,
        summaries as f64 / 1e6,
        100.0 * summaries as f64 / table as f64,
        server.peak_mib(),
        String::from_utf8_lossy(&output.stdout)
    ))
}

/// Fills a directory, if it isn't there; how long loading took.
fn load(count: u64, data: &Path) -> Result<Option<f64>, String> {
    if data.exists() {
        return Ok(None);
    }
    println!("   loading {count} events");
    let part = data.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    let count = count.to_string();
    let args = ["generate", "--events", &count, "--seed", "1", "--days", "90", "--until", AFTER];
    let mut generate = Command::new(frontdesk())
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`frontdesk generate` cannot start: {error}"))?;
    let input = generate.stdout.take().ok_or("`frontdesk generate` has no output")?;
    let begin = Instant::now();
    let status = Command::new(frontdesk()).args(["load", "-", "--data"]).arg(&part).stdin(input).status();
    let seconds = begin.elapsed().as_secs_f64();
    let generated = generate.wait();
    match (status, generated) {
        (Ok(loaded), Ok(generated)) if loaded.success() && generated.success() => {}
        other => return Err(format!("loading failed: {other:?}")),
    }
    fs::rename(&part, data).map_err(|error| format!("cannot rename {}: {error}", part.display()))?;
    Ok(Some(seconds))
}

/// Bytes of all files below a directory.
fn bytes(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let size =
        |path: PathBuf| if path.is_dir() { bytes(&path) } else { fs::metadata(&path).map_or(0, |file| file.len()) };
    entries.filter_map(Result::ok).map(|entry| size(entry.path())).sum()
}

/// A server over the data, stopped when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path) -> Result<Server, String> {
        let mut command = Command::new(frontdesk());
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(data).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("the server cannot start: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| format!("the server says nothing: {error}"))?;
        }
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        let address = address.ok_or_else(|| format!("the server names no address: {line}"))?;
        Ok(Server { url: format!("http://{address}"), child })
    }

    fn wait_for_summaries(&self) -> Result<(), String> {
        let begin = Instant::now();
        while begin.elapsed() < SUMMARIES_WITHIN {
            thread::sleep(Duration::from_millis(200));
            let output = Command::new("curl").args(["-sf", &format!("{}/metrics", self.url)]).output();
            let text = output.map_err(|error| format!("curl cannot run: {error}"))?.stdout;
            let text = String::from_utf8_lossy(&text);
            let stale = text.lines().find_map(|line| line.strip_prefix("frontdesk_summary_days_stale "));
            if stale.is_some_and(|number| number.trim() == "0") {
                return Ok(());
            }
        }
        Err("the summaries are not made in time".to_owned())
    }

    fn peak_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
