//! Encoded summaries: what is written is read, and nothing else does harm.

use std::sync::Arc;

use proptest::prelude::*;
use summary::{
    Bucket, DaySummaries, DaySummary, DecodeError, Dimension, Dimensions, Keep, Part, Query, Shard, Wanted, answer,
    fold,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::days::{FIRST_DAY, HOUR, MINUTE, Owned, at, rows};

/// Where the checksum begins, and where the columns do.
const CHECKSUM: usize = 5;
const CHECKED: usize = 13;
const COLUMNS: usize = 21;

fn events() -> Vec<Owned> {
    let event = |number: i64| {
        let mut event = Owned {
            micros: at(0, number * 7 * MINUTE),
            datastream: format!("shop {}", number % 2),
            visitor: Some(format!("v{}", number % 23)),
            session: Some(format!("s{}", number % 11)),
            subject: (number % 3 > 0).then(|| format!("subject {}", number % 3)),
            page: Some(format!("/{}", number % 5)),
            device: (number % 4 > 0).then(|| "mobile".to_owned()),
            referrer: Some(format!("host{}.example", number % 6)),
            ..Owned::default()
        };
        event.counters[(number % 8) as usize] = Some(number % 4);
        event
    };
    (0..200).map(event).collect()
}

fn summary() -> DaySummary {
    fold(FIRST_DAY, &[&rows(&events())], &Keep { values_max: 3, ..Keep::default() })
}

/// What is kept of the day.
fn kept() -> DaySummaries {
    Part::new(FIRST_DAY, Bucket::Hour, &[&rows(&events())], Shard::WHOLE).summaries()
}

/// The columns with a header that fits them.
fn sealed(columns: &[u8]) -> Vec<u8> {
    let compressed = zstd::bulk::compress(columns, 1).expect("memory suffices");
    let mut bytes = b"FDDS\x05".to_vec();
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&(columns.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&compressed);
    let checksum = xxh3_64(&bytes[CHECKED..]).to_le_bytes();
    bytes[CHECKSUM..CHECKED].copy_from_slice(&checksum);
    bytes
}

fn columns() -> Vec<u8> {
    columns_of(&summary().encode())
}

fn columns_of(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::decompress(&bytes[COLUMNS..], 1 << 24).expect("it was just compressed")
}

/// What is read is used as any summary is.
fn use_it(day: DaySummary) {
    let bytes = day.encode();
    assert!(DaySummary::decode(&bytes).is_ok());
    let day = Arc::new(day);
    for by in [None, Some(Dimension::Channel), Some(Dimension::Page), Some(Dimension::Referrer)] {
        let timeline = summary::Timeline { stretches: vec![(at(0, HOUR), 0)], buckets: 1 };
        let query = Query {
            since: at(0, 0),
            until: at(1, 0),
            now: at(1, 0),
            filter: Default::default(),
            timeline,
            by,
            wanted: Wanted::ALL,
        };
        answer(&query, std::slice::from_ref(&day));
    }
}

#[test]
fn what_is_written_is_read() {
    let summary = summary();
    let read = DaySummary::decode(&summary.encode()).expect("it was just encoded");
    assert_eq!(format!("{read:?}"), format!("{summary:?}"));
    use_it(DaySummary::decode(&sealed(&columns())).expect("the same columns"));
    assert_eq!(read.day(), FIRST_DAY);
}

#[test]
fn both_of_a_day_are_read_and_are_what_they_were() {
    let kept = kept();
    let read = DaySummaries::decode(&kept.encode()).expect("it was just encoded");
    assert_eq!(format!("{read:?}"), format!("{kept:?}"));
    // One is no two, and two are no one.
    assert_eq!(DaySummary::decode(&kept.encode()).err(), Some(DecodeError::Damaged));
    assert_eq!(DaySummaries::decode(&summary().encode()).err(), Some(DecodeError::Damaged));
    // The visitors are there once.
    let of_pages = fold(FIRST_DAY, &[&rows(&events())], &Keep { dimensions: Dimensions::BY_PAGE, ..Keep::default() });
    let (one, two) = (columns_of(&of_pages.encode()).len(), columns_of(&kept.encode()).len());
    let of_referrers =
        fold(FIRST_DAY, &[&rows(&events())], &Keep { dimensions: Dimensions::BY_REFERRER, ..Keep::default() });
    assert!(two + 23 * 8 <= one + columns_of(&of_referrers.encode()).len(), "{one} {two}");
}

#[test]
fn an_empty_day_is_read() {
    use_it(fold(FIRST_DAY, &[], &Keep::default()));
    use_it(DaySummary::decode(&fold(FIRST_DAY, &[], &Keep::default()).encode()).expect("it was just encoded"));
}

#[test]
fn other_versions_and_lengths_are_told() {
    let mut bytes = summary().encode();
    for version in [4, 6] {
        bytes[4] = version;
        assert_eq!(DaySummary::decode(&bytes).err(), Some(DecodeError::Version(version)));
        assert_eq!(DaySummaries::decode(&bytes).err(), Some(DecodeError::Version(version)));
    }
    let mut bytes = sealed(&columns());
    bytes[CHECKED..COLUMNS].copy_from_slice(&u64::MAX.to_le_bytes());
    let checksum = xxh3_64(&bytes[CHECKED..]).to_le_bytes();
    bytes[CHECKSUM..CHECKED].copy_from_slice(&checksum);
    assert_eq!(DaySummary::decode(&bytes).err(), Some(DecodeError::TooLarge(u64::MAX)));
}

#[test]
fn every_cut_and_every_flipped_bit_is_damage() {
    let bytes = summary().encode();
    for length in 0..bytes.len() {
        assert!(DaySummary::decode(&bytes[..length]).is_err(), "{length}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(DaySummary::decode(&bytes).is_err(), "{bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Columns that were altered, and whose checksum fits all the same: read or refused, never a panic.
    #[test]
    fn altered_columns_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut columns = columns();
        for (at, byte) in changes {
            let at = at.index(columns.len());
            columns[at] = byte;
        }
        if let Some(cut) = cut {
            columns.truncate(cut.index(columns.len()));
        }
        if let Ok(day) = DaySummary::decode(&sealed(&columns)) {
            use_it(day);
        }
    }

    #[test]
    fn altered_columns_of_both_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut columns = columns_of(&kept().encode());
        for (at, byte) in changes {
            let at = at.index(columns.len());
            columns[at] = byte;
        }
        if let Ok(days) = DaySummaries::decode(&sealed(&columns)) {
            prop_assert!(DaySummaries::decode(&days.encode()).is_ok());
            for by in [Dimension::Page, Dimension::Referrer] {
                let query = Query { since: at(0, 0), until: at(1, 0), now: at(1, 0), filter: Default::default(), timeline: Default::default(), by: Some(by), wanted: Wanted::ALL };
                let day = days.knowing(&query).expect("each knows its own");
                prop_assert!(day.can_answer(&query).is_ok());
                answer(&query, std::slice::from_ref(day));
            }
        }
    }

    #[test]
    fn any_bytes_do_no_harm(columns in prop::collection::vec(any::<u8>(), 0..200)) {
        assert!(DaySummary::decode(&columns).is_err());
        if let Ok(day) = DaySummary::decode(&sealed(&columns)) {
            use_it(day);
        }
    }
}
