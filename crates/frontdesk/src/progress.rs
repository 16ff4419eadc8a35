//! How far a load has come: a bar on a terminal, silence elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often the bar is drawn; faster is only flicker.
const DRAWS_PER_SECOND: u8 = 8;

/// A bar over one input.
pub(crate) struct Progress {
    bar: ProgressBar,
    events: AtomicU64,
}

impl Progress {
    /// A bar for the input of this name; it draws only where standard error is a terminal.
    pub(crate) fn new(name: &str, total_bytes: Option<u64>) -> Progress {
        let bar = ProgressBar::with_draw_target(total_bytes, ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
        bar.set_prefix(report::visible(name).into_owned());
        bar.set_style(style(total_bytes.is_some()));
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, events: AtomicU64::new(0) }
    }

    /// So many more bytes and events have been read.
    pub(crate) fn advance(&self, bytes: u64, events: u64) {
        let events = self.events.fetch_add(events, Ordering::Relaxed) + events;
        self.bar.inc(bytes);
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        self.bar.set_message(format!("{} events/s", HumanCount((events as f64 / seconds) as u64)));
    }

    /// The whole is now known to be this long, or not known.
    pub(crate) fn set_total(&self, bytes: Option<u64>) {
        match bytes {
            Some(bytes) => self.bar.set_length(bytes),
            None => self.bar.unset_length(),
        }
        self.bar.set_style(style(bytes.is_some()));
    }

    /// Takes the bar away; the summary follows.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A count that nobody knows the end of.
pub(crate) struct Counting {
    bar: ProgressBar,
}

impl Counting {
    /// So many of what; it draws only where standard error is a terminal.
    pub(crate) fn new(what: &'static str) -> Counting {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
        let counted = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A failed draw is not worth more than a missing count.
            let _ = write!(out, "{}", HumanCount(state.pos()));
        };
        let style = ProgressStyle::with_template("{counted} {prefix}  {elapsed}");
        bar.set_style(style.expect("the template is a constant; a test draws it").with_key("counted", counted));
        bar.set_prefix(what);
        bar.enable_steady_tick(Duration::from_millis(250));
        Counting { bar }
    }

    /// So many more.
    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Takes the count away; the outcome follows.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(has_end: bool) -> ProgressStyle {
    let template = if has_end {
        "{prefix} {bar:30} {percent:>3}%  {rate}  {msg}  {eta} left"
    } else {
        "{prefix} {bytes}  {rate}  {msg}  {elapsed}"
    };
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A failed draw is not worth more than a missing bar.
        let _ = write!(out, "{}/s", HumanBytes(state.per_sec() as u64));
    };
    ProgressStyle::with_template(template)
        .expect("the templates are constants; a test draws both")
        .with_key("rate", rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_can_be_drawn() {
        for total in [None, Some(10)] {
            let progress = Progress::new("file", total);
            progress.advance(5, 1);
            progress.set_total(Some(5));
            progress.finish();
            assert!(progress.bar.is_finished());
        }
        let counting = Counting::new("judged");
        counting.advance(3);
        counting.finish();
        assert!(counting.bar.is_finished() && counting.bar.position() == 3);
    }
}
