//! The index beside a model: a map of what the table has.

use std::collections::HashMap;

use super::*;

fn key(id: u64, content: i64, day: i32) -> Key {
    Key { id: IdHash(id.max(1)), content: content << 20, day }
}

fn index() -> Dedupe {
    Dedupe::new(30, 20_000, 0, 1000)
}

fn never() -> i64 {
    panic!("no legacy entry is met")
}

#[test]
fn new_duplicate_conflict() {
    let mut index = index();
    let mut check = |id, content, expect| assert_eq!(index.admit(key(id, content, 20_000), never), expect);
    check(1, 0x700, Seen::New);
    check(1, 0x700, Seen::Duplicate);
    check(1, 0x800, Seen::Conflict);
    check(1, 0x700, Seen::Duplicate);
    check(2, 0x700, Seen::New);
    // The same home slot: told apart by the whole hash.
    check(1 + (1 << 40), 0x900, Seen::New);
    check(1, 0x700, Seen::Duplicate);
    assert_eq!(index.len(), 3);
}

#[test]
fn an_old_event_is_known_by_its_bytes_and_then_by_what_it_says() {
    let mut index = index();
    let old = |content: i64| (content << 20) | LEGACY;
    index.remember(Key { content: old(5), ..key(1, 0, 20_000) });
    assert_eq!(index.admit(key(1, 9, 20_000), || old(6)), Seen::Conflict);
    assert_eq!(index.admit(key(1, 5, 20_000), || old(5)), Seen::Duplicate);
    assert_eq!(index.admit(key(1, 5, 20_000), never), Seen::Duplicate);
    assert_eq!(index.admit(key(1, 6, 20_000), never), Seen::Conflict);
}

#[test]
fn days_are_kept_exactly() {
    let mut index = index();
    for (id, day) in (1..).zip([20_000, 0, -106_650, 106_650, 19_000, 20_050]) {
        assert_eq!(index.admit(key(id, 0, day), never), Seen::New);
        assert_eq!(index.day(IdHash(id)), Some(day));
    }
}

#[test]
fn agrees_with_a_map_while_it_grows() {
    let mut index = index();
    let mut model: HashMap<u64, i64> = HashMap::new();
    let mut seed = 1u64;
    for batch in 0..40 {
        let keys: Vec<Key> = (0..1000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                key(
                    ((seed >> 33) % 20_000).wrapping_mul(0x9e37_79b9_7f4a_7c15),
                    (seed >> 60) as i64,
                    20_000 - batch % 7,
                )
            })
            .collect();
        let mut seen = Vec::new();
        index.admit_all(
            &keys,
            |_| never(),
            |at, what| {
                assert_eq!(at, seen.len());
                seen.push(what);
            },
        );
        for (key, what) in keys.iter().zip(seen) {
            let expect = match model.get(&key.id.0) {
                None => Seen::New,
                Some(content) if *content == key.content => Seen::Duplicate,
                Some(_) => Seen::Conflict,
            };
            model.entry(key.id.0).or_insert(key.content);
            assert_eq!(what, expect);
        }
    }
    assert_eq!(index.len(), model.len());
}

/// An index and the table behind it.
struct World {
    index: Dedupe,
    table: Vec<Key>,
    looks: usize,
}

impl World {
    fn admit(&mut self, key: Key) -> Seen {
        if let Some(look) = self.index.look_up([&key]) {
            self.looks += 1;
            let read: Vec<Key> = self.table.iter().filter(|row| look.reads(row.day..=row.day)).copied().collect();
            read.iter().filter(|row| look.keeps(row)).for_each(|row| self.index.remember(*row));
            self.index.looked_up(look);
        }
        let seen = self.index.admit(key, never);
        if seen == Seen::New {
            self.table.push(key);
        }
        seen
    }
}

#[test]
fn no_step_of_the_clock_makes_a_known_event_new() {
    let mut world = World { index: index(), table: Vec::new(), looks: 0 };
    let days = [20_000, 19_990, 19_000, 100, 20_049, 21_000];
    for (id, day) in (1..).zip(days) {
        assert_eq!(world.admit(key(id, 3, day)), Seen::New);
    }
    for today in [20_040, 20_000, 19_600, 20_000, 23_650, 0, 300_000, 20_000] {
        world.index.move_to(today);
        world.index.forget_outside(&BTreeSet::new());
        for (id, day) in (1..).zip(days) {
            assert_eq!(world.admit(key(id, 3, day)), Seen::Duplicate, "{day} on {today}");
            assert_eq!(world.admit(key(id, 4, day)), Seen::Conflict, "{day} on {today}");
            let fresh = 1_000_000 + id * 1000 + (today + 1) as u64 % 997 * 50_000;
            let _ = world.admit(key(fresh, 3, day));
            assert_eq!(world.admit(key(fresh, 3, day)), Seen::Duplicate);
        }
    }
    assert!(world.looks > 10, "{}", world.looks);
}

#[test]
fn rows_that_wait_for_a_commit_are_not_forgotten() {
    let mut index = index();
    assert_eq!(index.admit(key(1, 3, 100), never), Seen::New);
    assert_eq!(index.admit(key(2, 3, 200), never), Seen::New);
    index.forget_outside(&BTreeSet::from([100]));
    assert_eq!((index.day(IdHash(1)), index.day(IdHash(2))), (Some(100), None));
    assert_eq!(index.missing().collect::<Vec<_>>(), [200]);
    assert!(!index.is_unsure(&key(3, 3, 100)));
    assert!(index.is_unsure(&key(3, 3, 200)));
}

#[test]
fn a_large_day_is_read_for_the_ids_that_are_wanted() {
    let mut world = World { index: Dedupe::new(30, 20_000, 0, 10), table: Vec::new(), looks: 0 };
    world.table.extend((1..=50).map(|id| key(id, 3, 100)));
    world.index.miss(100, 50);
    assert_eq!(world.admit(key(7, 3, 100)), Seen::Duplicate);
    assert_eq!(world.admit(key(77, 3, 100)), Seen::New);
    assert_eq!(world.admit(key(77, 3, 100)), Seen::Duplicate);
    assert_eq!((world.index.len(), world.looks), (2, 2));
    // A day of the window is read whole, whatever its size.
    world.table.extend((101..=150).map(|id| key(id, 3, 19_999)));
    world.index.miss(19_999, 50);
    assert_eq!(world.admit(key(500, 3, 19_999)), Seen::New);
    assert_eq!(world.admit(key(101, 3, 19_999)), Seen::Duplicate);
    assert_eq!((world.index.len(), world.looks), (53, 3));
}

#[test]
fn what_lies_outside_is_bounded() {
    let mut index = index();
    for id in 1..=1001 {
        assert_eq!(index.admit(key(id, 3, 100 + (id % 5) as i32), never), Seen::New);
    }
    assert!(index.is_crowded());
    index.forget_outside(&BTreeSet::new());
    assert!(!index.is_crowded());
    assert_eq!((index.len(), index.missing().count()), (0, 5));
    // The same events fall out of the window when time goes on.
    for id in 1..=1001 {
        assert_eq!(index.admit(key(id, 3, 19_999), never), Seen::New);
    }
    assert!(!index.is_crowded());
    index.move_to(20_040);
    assert!(index.is_crowded());
}
