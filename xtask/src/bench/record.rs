//! Writing a benchmark's results to `bench-runs/`: JSON for machines, Markdown for people.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use super::measure::{Run, median};
use crate::steps::root;

/// One contender and its rounds.
pub(crate) struct Contender {
    /// Its name, with its version.
    pub(crate) name: String,
    /// Its rounds; peaks are 0 where memory was not measured.
    pub(crate) runs: Vec<Run>,
}

impl Contender {
    fn seconds(&self) -> f64 {
        median(self.runs.iter().map(|run| run.seconds))
    }

    fn peak_mib(&self) -> f64 {
        median(self.runs.iter().map(|run| run.peak_mib))
    }
}

/// A benchmark's outcome; the first contender is ours.
pub(crate) struct Record<'a> {
    /// `load`, `check` or `http`.
    pub(crate) name: &'a str,
    /// What was done, in a sentence.
    pub(crate) work: String,
    /// Who did it.
    pub(crate) contenders: Vec<Contender>,
}

impl Record<'_> {
    /// Writes both files and prints the table.
    pub(crate) fn write(&self) -> Result<(), String> {
        let date = date()?;
        write(&format!("{date}-{}.json", self.name), &self.json(&date))?;
        write(&format!("{date}-{}.md", self.name), &self.markdown(&date))?;
        println!("{}", self.markdown(&date));
        Ok(())
    }

    fn markdown(&self, date: &str) -> String {
        let mut page = format!("# {}, {date}\n\n{}\n\n{}\n\n", self.name, self.work, machine());
        page +=
            "| | median | best to worst | peak memory | times ours, median of the rounds |\n|---|---|---|---|---|\n";
        let ours = self.contenders.first().map_or(&[][..], |ours| &ours.runs);
        for contender in &self.contenders {
            let seconds = contender.runs.iter().map(|run| run.seconds);
            let (best, worst) = seconds.fold((f64::INFINITY, 0.0_f64), |(best, worst), s| (best.min(s), worst.max(s)));
            let _ = writeln!(
                page,
                "| {} | {:.3} s | {best:.3} to {worst:.3} s | {:.0} MiB | {:.2} |",
                contender.name,
                contender.seconds(),
                contender.peak_mib(),
                // Within a round both met the same neighbours on the machine.
                median(contender.runs.iter().zip(ours).map(|(run, ours)| run.seconds / ours.seconds)),
            );
        }
        page
    }

    fn json(&self, date: &str) -> String {
        let contenders: Vec<String> = self
            .contenders
            .iter()
            .map(|contender| {
                let runs: Vec<String> = contender
                    .runs
                    .iter()
                    .map(|run| format!("{{\"seconds\": {:.4}, \"peak_mib\": {:.1}}}", run.seconds, run.peak_mib))
                    .collect();
                format!(
                    "    {{\"name\": {:?}, \"median_seconds\": {:.4}, \"median_peak_mib\": {:.1}, \"runs\": [{}]}}",
                    contender.name,
                    contender.seconds(),
                    contender.peak_mib(),
                    runs.join(", ")
                )
            })
            .collect();
        format!(
            "{{\n  \"name\": {:?},\n  \"date\": {date:?},\n  \"work\": {:?},\n  \"machine\": {:?},\n  \"contenders\": [\n{}\n  ]\n}}\n",
            self.name,
            self.work,
            machine(),
            contenders.join(",\n")
        )
    }
}

/// Writes a file of `bench-runs/`.
pub(crate) fn write(name: &str, text: &str) -> Result<(), String> {
    let directory = root().join("bench-runs");
    fs::create_dir_all(&directory).map_err(|error| format!("cannot make bench-runs: {error}"))?;
    fs::write(directory.join(name), text).map_err(|error| format!("cannot write {name}: {error}"))
}

/// Cores, processor and kernel; nothing that names the machine or a place on it.
pub(crate) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, model)| model));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {}, Linux {}", model.unwrap_or("unknown processor"), kernel.trim())
}

pub(crate) fn date() -> Result<String, String> {
    let output = Command::new("date")
        .args(["-u", "+%Y-%m-%d"])
        .output()
        .map_err(|error| format!("`date` cannot run: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
