//! How many events were received in a span of time.
//!
//! The log tells of each data file between which instants its rows were received, so that only those are read that
//! lie across a bound of the span.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, RecordBatch};
use futures::{StreamExt, TryStreamExt};
use table::{DataFile, DayFiles};
use tokio::runtime::Handle;

use super::failure::Failure;
use super::fields::RECEIVED_AT;
use super::question::ATTEMPTS_MAX;
use super::rows::{RECEIPT_ONLY, received};
use super::{FOLDS_AT_ONCE, Inner, Summaries};
use crate::SummaryError;

/// Events of some spans, one number each.
type Counts = Vec<u64>;

impl Summaries {
    /// How many events were received in each of these spans, whose bounds are microseconds since 1970. All are of one
    /// moment.
    ///
    /// # Errors
    /// As those of [`SummarySource::answer`](crate::SummarySource::answer).
    pub async fn received(&self, spans: &[Range<i64>]) -> Result<Vec<u64>, SummaryError> {
        let spans: Arc<[Range<i64>]> = spans.into();
        let counting = async {
            let mut attempts = 1;
            loop {
                match self.count_received(&spans).await {
                    Err(Failure::Gone) if attempts < ATTEMPTS_MAX => attempts += 1,
                    outcome => return outcome,
                }
            }
        };
        let time_max = self.0.options.answer_time_max;
        match tokio::time::timeout(time_max, counting).await {
            Ok(outcome) => outcome.map_err(SummaryError::from),
            Err(_) => Err(SummaryError::Limit(format!(
                "counting the events that were received took longer than {} s; ask for a shorter span",
                time_max.as_secs()
            ))),
        }
    }

    async fn count_received(&self, spans: &Arc<[Range<i64>]>) -> Result<Counts, Failure> {
        let (inner, of) = (Arc::clone(&self.0), Arc::clone(spans));
        let looking = tokio::task::spawn_blocking(move || {
            let contents = inner.events.contents();
            let mut counts = vec![0; of.len()];
            contents.fresh.iter().for_each(|(_, batch)| count(&mut counts, &of, batch));
            let unread = count_told(&mut counts, &of, &contents.files);
            (contents.files, counts, unread)
        });
        let (files, mut counts, unread) = looking.await?;
        let reading = unread.into_iter().map(|file| {
            let (inner, spans, files, runtime) =
                (Arc::clone(&self.0), Arc::clone(spans), Arc::clone(&files), Handle::current());
            async move { self.0.threads.run(move || inner.count_rows(&runtime, &files, &file, &spans)).await? }
        });
        let mut read = futures::stream::iter(reading).buffer_unordered(FOLDS_AT_ONCE);
        while let Some(of_file) = read.try_next().await? {
            std::iter::zip(&mut counts, of_file).for_each(|(count, of_file)| *count += of_file);
        }
        Ok(counts)
    }
}

impl Inner {
    fn count_rows(
        &self,
        runtime: &Handle,
        files: &DayFiles,
        file: &DataFile,
        spans: &[Range<i64>],
    ) -> Result<Counts, Failure> {
        let mut counts = vec![0; spans.len()];
        let read = self.events.read_file(files, file, RECEIPT_ONLY).map_err(Failure::from);
        let reading = read.try_for_each(|batch| {
            count(&mut counts, spans, &batch);
            std::future::ready(if self.is_closed() { Err(Failure::Stopping) } else { Ok(()) })
        });
        runtime.block_on(reading)?;
        Ok(counts)
    }
}

/// Counts the rows of all files of which the log tells in which of the spans they are, and answers the other files.
fn count_told(counts: &mut Counts, spans: &[Range<i64>], files: &DayFiles) -> Vec<DataFile> {
    let dated = files.days().values().flat_map(|of_day| of_day.files());
    let mut is_told = |file: &DataFile| {
        let (Some(rows), Some(received)) = (file.rows(), file.instants(RECEIVED_AT)) else { return false };
        let has = |span: &Range<i64>| [received.start(), received.end()].map(|at| span.contains(at));
        let overlaps = |span: &Range<i64>| *received.start() < span.end && span.start <= *received.end();
        if spans.iter().any(|span| overlaps(span) && has(span) != [true, true]) {
            return false;
        }
        let of_spans = std::iter::zip(counts.iter_mut(), spans);
        of_spans.filter(|(_, span)| span.contains(received.start())).for_each(|(count, _)| *count += rows);
        true
    };
    dated.chain(files.undated()).filter(|file| !is_told(file)).cloned().collect()
}

/// Counts the rows of a batch that were received in each span.
fn count(counts: &mut Counts, spans: &[Range<i64>], batch: &RecordBatch) {
    let Some(instants) = received(batch) else { return };
    for (count, span) in std::iter::zip(counts, spans) {
        *count += match instants.null_count() {
            0 => instants.values().iter().filter(|at| span.contains(at)).count(),
            _ => instants.iter().flatten().filter(|at| span.contains(at)).count(),
        } as u64;
    }
}
