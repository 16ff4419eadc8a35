//! Parts that are added up, or changed by what comes and goes, are what folding all rows at once gives.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use summary::{Bucket, Changed, DAY_MICROS, Filter, HashKey, Keep, Part, Rows, RowsBuilder, Shard, Values, fold};

use crate::days::{FIRST_DAY, HOUR, Owned, at, rows};
use crate::same::events;

/// Days of the events, and those beside them.
fn days(events: &[Owned]) -> BTreeSet<i32> {
    let days = events.iter().map(|event| event.micros.div_euclid(DAY_MICROS) as i32);
    days.flat_map(|day| [day - 1, day, day + 1]).collect()
}

fn of_shard<'a>(events: impl IntoIterator<Item = &'a Owned>, shard: Shard) -> Rows {
    let mut rows = RowsBuilder::of_shard(&HashKey::new(*b"a key of 16 byte"), shard);
    events.into_iter().for_each(|event| rows.push(&event.event()));
    rows.finish()
}

fn folded(day: i32, events: &[Owned], keep: &Keep<'_>) -> Vec<u8> {
    fold(day, &[&rows(events)], keep).encode()
}

/// What is kept: by each kind of bucket, and with hardly any value of its own.
fn keeps(filter: &Filter) -> Vec<Keep<'_>> {
    let by_bucket = Bucket::ALL.map(|bucket| Keep { bucket, ..Keep::default() });
    let few = Keep { values_max: 1, named: Some(filter), ..Keep::default() };
    by_bucket.into_iter().chain([few]).collect()
}

fn filter() -> Filter {
    let values = |text: &str| Values { any_of: vec![text.to_owned()], none_of: Vec::new() };
    Filter { subject: values("service"), page: values("nobody's"), ..Filter::default() }
}

/// The rows of which a day consists at one time: the batches of each source.
fn sources(present: &[bool], together: usize) -> BTreeSet<Vec<usize>> {
    let present: Vec<usize> = (0..present.len()).filter(|batch| present[*batch]).collect();
    let (file, fresh): (Vec<usize>, Vec<usize>) = present.iter().partition(|batch| **batch < together);
    let sources = fresh.into_iter().map(|batch| vec![batch]).chain([file]);
    sources.filter(|batches| !batches.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn shards_add_up_to_the_whole(
        events in events(),
        shards in select(&[1u32, 2, 3, 7, 64][..]),
        files in 1usize..4,
        backwards in any::<bool>(),
    ) {
        let filter = filter();
        for day in days(&events) {
            for keep in keeps(&filter) {
                let mut parts: Vec<Part> = Shard::all(shards).map(|shard| {
                    let rows: Vec<Rows> = (0..files)
                        .map(|file| of_shard(events.iter().skip(file).step_by(files), shard))
                        .collect();
                    Part::new(day, keep.bucket, &rows.iter().collect::<Vec<_>>(), shard)
                }).collect();
                if backwards {
                    parts.reverse();
                }
                let mut whole = parts.pop().expect("there is a shard");
                parts.iter().for_each(|part| whole.add(part));
                prop_assert_eq!(whole.summary(&keep).encode(), folded(day, &events, &keep));
            }
        }
    }

    #[test]
    fn what_comes_and_goes_changes_a_part_as_folding_anew_does(
        events in events(),
        batch_of in prop::collection::vec(0usize..6, 200),
        steps in prop::collection::vec((prop::array::uniform6(prop::bool::weighted(0.7)), 0usize..7), 1..6),
    ) {
        let batches: Vec<Vec<Owned>> = (0..6)
            .map(|batch| {
                let own = events.iter().zip(&batch_of).filter(|(_, of)| **of == batch);
                own.map(|(event, _)| event.clone()).collect()
            })
            .collect();
        let of = |source: &Vec<usize>| -> Vec<Owned> {
            source.iter().flat_map(|batch| batches[*batch].iter().cloned()).collect()
        };
        let filter = filter();
        for day in days(&events) {
            for keep in keeps(&filter) {
                let mut now = BTreeSet::new();
                let mut part = Part::new(day, keep.bucket, &[], Shard::WHOLE);
                for (present, together) in &steps {
                    let next = sources(present, *together);
                    let rows_of = |sources: Vec<&Vec<usize>>| -> Vec<Rows> {
                        sources.into_iter().map(|source| rows(&of(source))).collect()
                    };
                    let kept = rows_of(now.intersection(&next).collect());
                    let removed = rows_of(now.difference(&next).collect());
                    let added = rows_of(next.difference(&now).collect());
                    let before = part.summary(&keep).encode();
                    let changed = part.change(
                        &kept.iter().collect::<Vec<_>>(),
                        &removed.iter().collect::<Vec<_>>(),
                        &added.iter().collect::<Vec<_>>(),
                    );
                    prop_assert_ne!(changed, Changed::Useless);
                    let after = part.summary(&keep).encode();
                    let all: Vec<Owned> = next.iter().flat_map(of).collect();
                    prop_assert_eq!(&after, &folded(day, &all, &keep));
                    prop_assert_eq!(changed == Changed::Nothing, before == after);
                    now = next;
                }
            }
        }
    }
}

/// More visitors than are kept one by one.
fn crowd(numbers: std::ops::Range<usize>) -> Vec<Owned> {
    let event = |number: usize| Owned {
        micros: at(0, (number % 24) as i64 * HOUR),
        datastream: "shop".to_owned(),
        visitor: Some(format!("v{number}")),
        page: Some(format!("/{}", number % 50)),
        ..Owned::default()
    };
    numbers.map(event).collect()
}

#[test]
fn a_sample_is_that_of_all_visitors_whatever_way_they_came() {
    let all = crowd(0..100_000);
    let whole = folded(FIRST_DAY, &all, &Keep::default());
    let mut shards = Shard::all(5).map(|shard| Part::new(FIRST_DAY, Bucket::Hour, &[&of_shard(&all, shard)], shard));
    let mut part = shards.next().unwrap();
    shards.for_each(|shard| part.add(&shard));
    assert_eq!(part.summary(&Keep::default()).encode(), whole);

    // From few enough to be known one by one to a sample, a step at a time.
    let batches: Vec<Rows> = (0..10).map(|batch| rows(&crowd(batch * 10_000..(batch + 1) * 10_000))).collect();
    let mut part = Part::new(FIRST_DAY, Bucket::Hour, &[], Shard::WHOLE);
    for at in 0..batches.len() {
        let kept: Vec<&Rows> = batches[..at].iter().collect();
        match part.change(&kept, &[], &[&batches[at]]) {
            Changed::Something => {}
            // A batch is most of what there is, at first.
            Changed::Useless => {
                let all: Vec<&Rows> = batches[..=at].iter().collect();
                part = Part::new(FIRST_DAY, Bucket::Hour, &all, Shard::WHOLE);
            }
            Changed::Nothing => panic!("new visitors"),
        }
    }
    assert_eq!(part.summary(&Keep::default()).encode(), whole);
    // Somebody who isn't known would take the place of one who goes.
    let first = rows(&crowd(0..1_000));
    let rest = rows(&crowd(1_000..100_000));
    assert_eq!(part.change(&[&rest], &[&first], &[]), Changed::Useless);
}

#[test]
fn too_much_that_changes_is_folded_anew() {
    let mut part = Part::new(FIRST_DAY, Bucket::Hour, &[], Shard::WHOLE);
    assert_eq!(part.change(&[], &[], &[&rows(&crowd(0..50_000))]), Changed::Useless);
}
