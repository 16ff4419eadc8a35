//! What some of a day's events amount to, before it is known which values get cells of their own.

use std::sync::Arc;

use super::additions::{Additions, AdditionsBuilder};
use super::chat::Sessions;
use super::choice::{Choice, Offer};
use super::names::Names;
use super::shard::Shard;
use super::sources::Sources;
use super::trails::Trails;
use super::window::Window;
use super::{Bucket, Keep, counts, sessions, touched, visits};
use crate::Dimensions;
use crate::day::{self, DaySummaries, DaySummary, Sample};
use crate::rows::Rows;

/// What the events of a day amount to, or those of a [`Shard`] of it: with all values, so that parts can
/// be added up, and changed by what comes and goes. The summary of the day is made of it.
pub struct Part {
    window: Window,
    day: i32,
    bucket: Bucket,
    names: Names,
    additions: Additions,
    trails: Trails,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Changed {
    /// Nothing that counts in the day is another one.
    Nothing,
    /// It is that of the new rows.
    Something,
    /// The new rows must be folded: it is of no use any more.
    Useless,
}

impl Part {
    /// Of a UTC day, counted from 1970-01-01, and a shard.
    ///
    /// `rows` are those that [`fold`](crate::fold) takes; of a shard that isn't the whole, those may be left
    /// out that a builder [of the shard](crate::RowsBuilder::of_shard) leaves out.
    pub fn new(day: i32, bucket: Bucket, rows: &[&Rows], shard: Shard) -> Part {
        let window = Window::new(day);
        let mut names = Names::default();
        let mut additions = AdditionsBuilder::new(bucket);
        let sources = Sources::new(window, rows, &mut names);
        counts::count(window, bucket, &sources, shard, &mut additions);
        let mut sessions = Sessions::new(window, bucket, &mut names, &mut additions);
        sessions::add(&mut sessions, &sources, shard);
        visits::add(&mut sessions, &sources, shard);
        let trails = Trails::of(window, bucket, &sources, shard);
        let additions = additions.finish(names.places.len());
        Part { window, day, bucket, names, additions, trails }
    }

    /// Adds another shard of the same day.
    pub fn add(&mut self, other: &Part) {
        let places = self.names.of_others(&other.names);
        self.additions.add_all(&other.additions, &places);
        self.trails.add_all(&other.trails, &places);
    }

    /// Makes the part of `kept` and `removed` rows, of the whole day, that of `kept` and `added` ones.
    ///
    /// Only what the visitors and chat sessions of removed and added events amount to is made anew, with
    /// all of their events: what any others amount to is the same before and after.
    pub fn change(&mut self, kept: &[&Rows], removed: &[&Rows], added: &[&Rows]) -> Changed {
        let Some(beside) = touched::beside(self.window, kept, removed, added) else { return Changed::Useless };
        let with = |rows: &[&Rows]| {
            let rows: Vec<&Rows> = std::iter::once(&beside).chain(rows.iter().copied()).collect();
            Part::new(self.day, self.bucket, &rows, Shard::WHOLE)
        };
        let (before, after) = (with(removed), with(added));
        let places = (self.names.of_others(&before.names), self.names.of_others(&after.names));
        let steps = Additions::steps((&before.additions, &places.0), (&after.additions, &places.1));
        let trails = Trails::changes((&before.trails, &places.0), (&after.trails, &places.1));
        if steps.is_empty() && trails.is_empty() {
            return Changed::Nothing;
        }
        match self.additions.take(&steps) && self.trails.take(&trails) {
            true => Changed::Something,
            false => Changed::Useless,
        }
    }

    /// The day's summary, by the part's buckets, whatever `keep` says of these.
    pub fn summary(&self, keep: &Keep<'_>) -> DaySummary {
        let offer = Offer::new(self.bucket, &self.names, &self.additions);
        let choice = Choice::new(keep, &offer);
        let [sample] = Choice::samples([&choice], self.bucket, &self.trails);
        self.chosen(choice, sample)
    }

    /// The summaries that are kept of the day, by the part's buckets.
    pub fn summaries(&self) -> DaySummaries {
        let offer = Offer::new(self.bucket, &self.names, &self.additions);
        let choices = [Dimensions::BY_PAGE, Dimensions::BY_REFERRER]
            .map(|dimensions| Choice::new(&Keep { dimensions, ..Keep::default() }, &offer));
        let [of_pages, of_referrers] = Choice::samples(choices.each_ref(), self.bucket, &self.trails);
        let [by_page, by_referrer] = choices;
        DaySummaries {
            by_page: Arc::new(self.chosen(by_page, of_pages)),
            by_referrer: Arc::new(self.chosen(by_referrer, of_referrers)),
        }
    }

    fn chosen(&self, choice: Choice, (sample, trails): (Sample, day::Trails)) -> DaySummary {
        DaySummary {
            day: self.day,
            bucket: self.bucket,
            cells: choice.sums(&self.additions),
            durations: choice.lengths(&self.additions, super::additions::Length::Duration),
            first_contacts: choice.lengths(&self.additions, super::additions::Length::FirstContact),
            unended: choice.unended(&self.additions),
            sample,
            dimensions: choice.dimensions,
            values: Arc::new(choice.values),
            has_other: choice.has_other,
            places: choice.places.into(),
            requests: Arc::default(),
            condensed: None,
        }
        .finished(trails)
    }

    /// The memory that it takes, in bytes, about.
    pub fn bytes(&self) -> usize {
        self.names.bytes() + self.additions.bytes() + self.trails.bytes()
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Part").field("day", &self.day).field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
