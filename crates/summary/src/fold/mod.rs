//! Folds the events of a day, and of the days beside it, to the day's summary.

mod additions;
mod bucket;
mod cells;
mod chat;
mod choice;
mod counts;
mod groups;
mod keep;
mod sample;
mod sessions;
mod sources;
mod visits;
mod window;

pub use bucket::Bucket;
pub use keep::Keep;
pub(crate) use keep::named;
pub(crate) use window::day_start;

use crate::day::DaySummary;
use crate::rows::Rows;
use additions::Additions;
use chat::Sessions;
use choice::Choice;
use sources::Sources;
use window::Window;

/// What a UTC day, counted from 1970-01-01, amounts to.
///
/// `rows` hold all events of the day before, the day and the day after, each event once, in any order
/// and in any number of parts; events of other days are passed over. All must be made with one
/// [`HashKey`](crate::HashKey).
pub fn fold(day: i32, rows: &[&Rows], keep: &Keep<'_>) -> DaySummary {
    let window = Window::new(day);
    let mut sources = Sources::new(window, rows);
    let mut additions = Additions::default();
    counts::count(window, keep.bucket, &sources, &mut additions);
    let (chat, chat_keys) = sessions::events(window, &sources.sources, &sources.places);
    let (visits, visit_keys) = visits::events(window, &sources.sources, &sources.places);
    let mut sessions = Sessions { window, bucket: keep.bucket, sources: &mut sources, additions: &mut additions };
    sessions::add(&mut sessions, &chat, chat_keys);
    visits::add(&mut sessions, &visits, visit_keys);
    let choice = Choice::new(keep, &mut sources, &additions);
    DaySummary {
        day,
        bucket: keep.bucket,
        cells: choice.sums(&additions),
        durations: choice.lengths(&additions.durations),
        first_contacts: choice.lengths(&additions.first_contacts),
        unended: choice.unended(&additions),
        sample: sample::sample(window, keep.bucket, &sources, &choice),
        values: choice.values,
        has_other: choice.has_other,
        places: choice.places,
    }
}
