//! What several days say together: visitors who came on several of them count once.
//!
//! Each day has its visitors in the order of their hashes, so the work is divided by ranges of hashes, each with
//! so few visitors that what is known of them stays near, and threads share the ranges.

use std::ops::RangeInclusive;

use super::Asked;
use super::alone::Found;
use super::marks::{Counts, Histogram, Union};
use super::repeats::{Contact, Repeats};
use super::samples::Below;
use super::threads;
use crate::day::Visitor;

/// Marks that are brought together at once, about.
const MARKS_AT_ONCE: usize = 8_192;

/// A query, and what its days found.
pub(crate) struct Question<'a> {
    asked: &'a Asked<'a>,
    /// By day, in the order of the query's days.
    found: &'a [Found],
    /// By number of a bucket of the series or of a row.
    numbers: Vec<Vec<OfDay<'a>>>,
}

/// Visitors of a number, as one day has them.
struct OfDay<'a> {
    part: usize,
    visitors: &'a [(Visitor, u8)],
}

/// Some work.
struct Task {
    kind: Kind,
    hashes: RangeInclusive<u64>,
}

#[derive(Clone, Copy)]
enum Kind {
    Span,
    /// A bucket of the series, or a row.
    Number(u32),
    Repeats,
}

/// What one thread does for one query.
struct Together<'a> {
    question: &'a Question<'a>,
    counts: Counts,
    repeats: Repeats<'a>,
    contacts: Vec<Contact>,
}

/// Counts what the days found, for each query by thread.
pub(crate) fn count<'a>(questions: &'a [Question<'a>], threads: usize) -> Vec<Vec<Counts>> {
    let tasks = questions.iter().enumerate().flat_map(|(at, question)| question.tasks().map(move |task| (at, task)));
    let new = || (Union::new(), questions.iter().map(|_| None).collect());
    let work = |(union, of_questions): &mut (Union, Vec<Option<Together<'a>>>), (at, task): (usize, Task)| {
        of_questions[at].get_or_insert_with(|| Together::new(&questions[at])).count(&task, union);
    };
    let workers = threads::share(threads, tasks.collect::<Vec<_>>(), new, work);
    let mut counts: Vec<Vec<Counts>> = Vec::new();
    counts.resize_with(questions.len(), Vec::new);
    for (at, together) in workers.into_iter().flat_map(|(_, of_questions)| of_questions.into_iter().enumerate()) {
        counts[at].extend(together.map(|together| together.counts));
    }
    counts
}

impl<'a> Question<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>, found: &'a [Found]) -> Question<'a> {
        let mut numbers: Vec<Vec<OfDay<'_>>> = Vec::new();
        numbers.resize_with(asked.numbers(), Vec::new);
        for (part, found) in found.iter().enumerate() {
            for (number, visitors) in &found.numbers {
                numbers[*number as usize].push(OfDay { part, visitors });
            }
        }
        Question { asked, found, numbers }
    }

    fn tasks(&self) -> impl Iterator<Item = Task> {
        let mut tasks = Vec::new();
        let mut add = |kind: Kind, marks: usize, below: Below| {
            tasks.extend(ranges(marks, below).map(|hashes| Task { kind, hashes }));
        };
        let Question { asked, found, numbers } = self;
        let estimates = &asked.estimates;
        add(Kind::Span, found.iter().map(|found| found.span.len()).sum(), estimates.span.visitors);
        for (number, days) in numbers.iter().enumerate() {
            let marks = days.iter().map(|day| day.visitors.len()).sum();
            add(Kind::Number(number as u32), marks, asked.estimate(number).0.visitors);
        }
        let contacts = estimates.contacts.iter().copied().max().unwrap_or(Below::NONE);
        add(Kind::Repeats, found.iter().map(|found| found.contacts.len()).sum(), contacts);
        tasks.into_iter()
    }
}

/// Divides the hashes below a threshold, which are spread evenly.
fn ranges(marks: usize, below: Below) -> impl Iterator<Item = RangeInclusive<u64>> {
    let count = marks.div_ceil(MARKS_AT_ONCE) as u64;
    let width = below.last() / count.max(1);
    (0..count).map(move |at| {
        let last = if at + 1 == count { below.last() } else { width * (at + 1) };
        if at == 0 { 0..=last } else { width * at + 1..=last }
    })
}

/// Those of some things in the order of their hashes whose hashes are in a range.
fn within<'a, T>(all: &'a [T], hashes: &RangeInclusive<u64>, hash: impl Fn(&T) -> u64) -> &'a [T] {
    let from = all.partition_point(|one| hash(one) < *hashes.start());
    let to = all.partition_point(|one| hash(one) <= *hashes.end());
    &all[from..to.max(from)]
}

impl<'a> Together<'a> {
    fn new(question: &'a Question<'a>) -> Together<'a> {
        let asked = question.asked;
        Together { question, counts: Counts::new(asked.numbers()), repeats: Repeats::new(asked), contacts: Vec::new() }
    }

    fn count(&mut self, task: &Task, union: &mut Union) {
        match task.kind {
            Kind::Span => self.count_span(&task.hashes, union),
            Kind::Number(number) => self.count_number(number, &task.hashes, union),
            Kind::Repeats => self.count_repeats(&task.hashes),
        }
    }

    fn count_span(&mut self, range: &RangeInclusive<u64>, union: &mut Union) {
        let Question { asked, found, .. } = self.question;
        let days = std::iter::zip(&asked.parts, *found).map(|(part, found)| {
            let hashes = &part.day.sample.hashes[..found.span.len()];
            let of_range = within(hashes, range, |hash| *hash);
            let from = hashes.partition_point(|hash| hash < range.start());
            (of_range, &found.span[from..from + of_range.len()])
        });
        let days: Vec<(&[u64], &[u8])> = days.collect();
        union.begin(days.iter().map(|(hashes, _)| hashes.len()).sum(), range);
        let mut histogram = Histogram::new();
        for (hash, seen) in days.into_iter().flat_map(|(hashes, span)| hashes.iter().zip(span)) {
            if *seen != 0 {
                histogram.add(union.add(*hash, *seen));
            }
        }
        self.counts.add_many(0, &histogram);
    }

    fn count_number(&mut self, number: u32, range: &RangeInclusive<u64>, union: &mut Union) {
        let Question { asked, numbers, .. } = self.question;
        let days = numbers[number as usize].iter().map(|day| {
            let hashes = asked.parts[day.part].day.sample.hashes.as_ref();
            (hashes, within(day.visitors, range, |(visitor, _)| hashes[usize::from(*visitor)]))
        });
        let days: Vec<(&[u64], &[(Visitor, u8)])> = days.collect();
        union.begin(days.iter().map(|(_, visitors)| visitors.len()).sum(), range);
        let mut histogram = Histogram::new();
        for (hashes, visitors) in days {
            for (visitor, seen) in visitors {
                histogram.add(union.add(hashes[usize::from(*visitor)], *seen));
            }
        }
        self.counts.add_many(number, &histogram);
    }

    fn count_repeats(&mut self, range: &RangeInclusive<u64>) {
        self.contacts.clear();
        for found in self.question.found {
            self.contacts.extend(within(&found.contacts, range, |contact| contact.hash));
        }
        self.repeats.count(&mut self.contacts, &mut self.counts);
    }
}
