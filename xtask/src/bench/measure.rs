//! Running a program and measuring its time and its peak memory.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often the peak memory is read. The kernel keeps the high-water mark, so only
/// growth in the last interval can be missed.
const POLL: Duration = Duration::from_millis(5);

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Wall-clock time.
    pub(crate) seconds: f64,
    /// Peak resident memory, in MiB.
    pub(crate) peak_mib: f64,
}

/// Runs a command to its end. `expect` are the exit codes that are no failure.
pub(crate) fn measure(command: &mut Command, expect: &[i32]) -> Result<Run, String> {
    let program = command.get_program().to_owned();
    let failed = |error: std::io::Error| format!("{program:?} cannot run: {error}");
    let begin = Instant::now();
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
    let mut child = spawned.map_err(failed)?;
    let mut peak_kib = 0;
    loop {
        peak_kib = peak_kib.max(high_water_kib(child.id()).unwrap_or(0));
        match child.try_wait() {
            Ok(None) => thread::sleep(POLL),
            Ok(Some(status)) => {
                let seconds = begin.elapsed().as_secs_f64();
                if !status.code().is_some_and(|code| expect.contains(&code)) {
                    return Err(format!("{program:?} ended with {status}"));
                }
                return Ok(Run { seconds, peak_mib: peak_kib as f64 / 1024.0 });
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

fn high_water_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// The middle value.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_middle() {
        let check = |values: &[f64], expect: f64| assert_eq!(median(values.iter().copied()), expect);
        check(&[3.0, 1.0, 2.0], 2.0);
        check(&[4.0, 1.0, 2.0, 3.0], 2.5);
        assert!(median([].into_iter()).is_nan());
    }

    #[test]
    fn measures_a_program_and_notices_its_failure() {
        let run = measure(Command::new("sh").args(["-c", "sleep 0.05"]), &[0]).unwrap();
        assert!(run.seconds >= 0.05 && run.peak_mib > 0.0, "{run:?}");
        assert!(measure(Command::new("sh").args(["-c", "exit 3"]), &[0]).is_err());
        assert!(measure(Command::new("sh").args(["-c", "exit 1"]), &[0, 1]).is_ok());
    }
}
