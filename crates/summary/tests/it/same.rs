//! Answers from summaries are those of the definitions, number for number.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use summary::{
    Answer, Bucket, Channel, Channels, DAY_MICROS, DaySummaries, DaySummary, Dimension, Dimensions, Distinct, Filter,
    Keep, Numbers, Query, Seconds, Timeline, Values, Want, Wanted, answer, lasting_answer, lasting_answers,
};

use crate::days::{FIRST_DAY, HOUR, MINUTE, Owned, SECOND, at, stored_summaries, summaries};
use crate::reference::Reference;

const DAYS: i64 = 4;

fn text(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.8, select(values).prop_map(str::to_owned))
}

/// Around midnight, half hours and whole days apart, often equal.
fn instant() -> impl Strategy<Value = i64> {
    let steps = prop_oneof![
        4 => (0..DAYS, select(&[0, 0, HOUR, 12 * HOUR, 24 * HOUR - 1][..])).prop_map(|(day, of_day)| at(day, of_day)),
        3 => (0..DAYS * 48).prop_map(|half_hour| at(0, half_hour * 30 * MINUTE)),
        1 => (0..DAYS * DAY_MICROS).prop_map(|micros| at(0, micros)),
    ];
    let near = select(&[0, 0, 0, -1, 1, SECOND, -SECOND, 30 * SECOND, MINUTE, 20 * MINUTE, -20 * MINUTE][..]);
    (steps, near).prop_map(|(step, near)| step + near)
}

fn counter() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        6 => Just(None),
        1 => Just(Some(0)),
        3 => Just(Some(1)),
        1 => (2..4i64).prop_map(Some),
        1 => select(&[-1, 1_000, 1_001, i64::MIN, i64::MAX][..]).prop_map(Some),
    ]
}

fn counters() -> impl Strategy<Value = [Option<i64>; 8]> {
    prop_oneof![
        2 => Just([None; 8]),
        // One counter, mostly of chats.
        4 => (prop_oneof![3 => 0..4usize, 1 => 4..8usize], 1..3i64).prop_map(|(at, value)| {
            let mut counters = [None; 8];
            counters[at] = Some(value);
            counters
        }),
        1 => prop::array::uniform8(counter()),
    ]
}

fn event() -> impl Strategy<Value = Owned> {
    let received =
        prop_oneof![Just(0), 0..3 * DAY_MICROS, select(&[HOUR, DAY_MICROS + HOUR, DAY_MICROS + HOUR - 1][..])];
    (
        (instant(), received, select(&["a", "a", "b"][..])),
        (text(&["v1", "v2", "v3", ""]), prop::option::weighted(0.6, select(&["s1", "s2", ""][..]))),
        (text(&["sales", "service", ""]), text(&["/", "/a", "/b", ""])),
        (text(&["mobile", "desktop"]), text(&["search.example", "(internal)", ""])),
        (counters(), prop::bool::weighted(0.1)),
    )
        .prop_map(
            |(
                (micros, received, datastream),
                (visitor, session),
                (subject, page),
                (device, referrer),
                (counters, is_time_off),
            )| Owned {
                micros,
                // From the beginning of its day, so that the limit of lateness is met exactly.
                received_micros: micros.div_euclid(DAY_MICROS) * DAY_MICROS + received,
                datastream: datastream.to_owned(),
                visitor,
                session: session.map(str::to_owned),
                subject,
                page,
                device,
                referrer,
                counters,
                is_time_off,
            },
        )
}

/// A visitor without pause, for longer than a visit can be.
fn chain() -> impl Strategy<Value = Vec<Owned>> {
    let start = prop_oneof![0..30 * MINUTE, -HOUR..HOUR, 0..DAY_MICROS].prop_map(|start| at(1, start));
    let pauses =
        prop::collection::vec(prop_oneof![20 => 25 * MINUTE..=30 * MINUTE, 1 => Just(30 * MINUTE + 1)], 0..110);
    (start, pauses, prop::collection::vec(event(), 110)).prop_map(|(start, pauses, template)| {
        let mut micros = start;
        let events = pauses.into_iter().zip(template).map(|(pause, event)| {
            micros += pause;
            let counters = if event.counters[0].is_some() { event.counters } else { [None; 8] };
            let session = event.session.filter(|_| event.is_time_off);
            let (datastream, visitor) = ("a".to_owned(), Some("v1".to_owned()));
            Owned { micros, datastream, visitor, session, counters, ..event }
        });
        events.collect()
    })
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Owned>> {
    let scattered = || prop::collection::vec(event(), 0..60);
    prop_oneof![
        4 => scattered(),
        1 => (scattered(), chain()).prop_map(|(scattered, chain)| [scattered, chain].concat()),
    ]
}

fn values(texts: &'static [&'static str]) -> impl Strategy<Value = Values> {
    let some = || prop::collection::vec(select(texts).prop_map(str::to_owned), 0..3);
    prop_oneof![
        3 => Just(Values::default()),
        1 => (some(), some()).prop_map(|(any_of, none_of)| Values { any_of, none_of })
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let channels = || prop::collection::vec(select(&Channel::ALL[..]), 0..3);
    let channel = prop_oneof![
        1 => Just(Channels::default()),
        1 => (channels(), channels()).prop_map(|(any_of, none_of)| Channels { any_of, none_of }),
    ];
    let pages = (values(&["sales", "service", "none", ""]), values(&["/", "/a", "/c", ""]));
    let others = (values(&["mobile", "desktop", "app", ""]), values(&["search.example", "(internal)", ""]));
    (values(&["a", "b", "c"]), channel, pages, others).prop_map(
        |(datastream, channel, (subject, page), (device, referrer))| Filter {
            datastream,
            channel,
            subject,
            page,
            device,
            referrer,
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    let grain = select(&[HOUR, 15 * MINUTE, MINUTE, DAY_MICROS][..]);
    let dimensions: Vec<Option<Dimension>> =
        Dimension::TEXTS.into_iter().chain([Dimension::Channel]).map(Some).chain([None]).collect();
    let instants = prop::collection::vec((-DAY_MICROS..(DAYS + 2) * DAY_MICROS, 0..4u32), 0..12);
    (grain, instants, instant(), filter(), select(dimensions), 0..DAYS * DAY_MICROS, 0..6 * DAY_MICROS).prop_map(
        |(grain, mut stretches, now, filter, by, since, span)| {
            let floor = |micros: i64| micros.div_euclid(grain) * grain;
            stretches.sort_unstable();
            stretches.dedup_by_key(|stretch| floor(stretch.0));
            let stretches = stretches.into_iter().map(|(micros, bucket)| (at(0, floor(micros)), bucket)).collect();
            // Bucket 3 is none of the three: what belongs there is in no bucket.
            let timeline = Timeline { stretches, buckets: 3 };
            let since = floor(at(0, since));
            Query {
                since,
                until: floor(since + span),
                now: now + DAY_MICROS,
                filter,
                timeline,
                by,
                wanted: Wanted::ALL,
            }
        },
    )
}

fn sorted(mut answer: Answer) -> Answer {
    answer.rows.sort_by(|one, other| one.0.cmp(&other.0));
    answer
}

fn want() -> impl Strategy<Value = Want> {
    prop::array::uniform6(any::<bool>()).prop_map(
        |[durations, first_contacts, unended, visitors, contact_visitors, repeat_visitors]| Want {
            durations,
            first_contacts,
            unended,
            visitors,
            contact_visitors,
            repeat_visitors,
        },
    )
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (want(), want(), want()).prop_map(|(totals, series, rows)| Wanted { totals, series, rows })
}

/// An answer without what isn't wanted.
fn only(mut answer: Answer, wanted: Wanted) -> Answer {
    let only = |numbers: &mut Numbers, want: Want| {
        let visitors = |distinct: &mut Distinct, is_wanted: bool| {
            if !is_wanted {
                *distinct = Distinct::default();
            }
        };
        visitors(&mut numbers.visitors, want.visitors);
        visitors(&mut numbers.contact_visitors, want.contact_visitors);
        numbers.channel_visitors.iter_mut().for_each(|distinct| visitors(distinct, want.contact_visitors));
        visitors(&mut numbers.repeat_visitors, want.repeat_visitors);
        let lengths = |seconds: &mut Seconds, is_wanted: bool| {
            if !is_wanted {
                *seconds = Seconds::default();
            }
        };
        lengths(&mut numbers.durations, want.durations);
        lengths(&mut numbers.first_contacts, want.first_contacts);
        if !want.unended {
            (numbers.sessions.open, numbers.sessions.unended) = (0, 0);
        }
    };
    only(&mut answer.totals, wanted.totals);
    answer.series.iter_mut().for_each(|numbers| only(numbers, wanted.series));
    answer.rows.iter_mut().for_each(|(_, numbers)| only(numbers, wanted.rows));
    answer
}

fn stored(summaries: Vec<Arc<DaySummary>>) -> Vec<Arc<DaySummary>> {
    summaries
        .into_iter()
        .map(|summary| Arc::new(DaySummary::decode(&summary.encode()).expect("it was just encoded")))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn answers_are_those_of_the_definitions(events in events(), queries in prop::collection::vec(query(), 1..4)) {
        let reference = Reference::new(&events);
        for query in queries {
            let bucket = Bucket::for_query(&query).unwrap();
            let expected = sorted(reference.answer(&query));
            let days = stored(summaries(&events, &Keep { bucket, ..Keep::default() }));
            for day in &days {
                prop_assert_eq!(day.can_answer(&query), Ok(()));
            }
            prop_assert_eq!(sorted(answer(&query, &days)), expected.clone());

            // What is kept of the days, if it knows what is asked.
            let kept: Vec<DaySummaries> = stored_summaries(&events, bucket);
            let kept: Vec<DaySummaries> = kept
                .iter()
                .map(|kept| DaySummaries::decode(&kept.encode()).expect("it was just encoded"))
                .collect();
            for day in &kept {
                prop_assert_eq!(day.knowing(&query).is_some(), Dimensions::kept_for(&query).is_some());
            }
            let days: Vec<Arc<DaySummary>> = kept.iter().filter_map(|day| day.knowing(&query)).map(Arc::clone).collect();
            if Dimensions::kept_for(&query).is_some() {
                prop_assert!(days.iter().all(|day| day.can_answer(&query).is_ok()));
                prop_assert_eq!(sorted(answer(&query, &days)), expected.clone());
            }

            // No more than is asked about.
            let dimensions = Dimensions::of_query(&query);
            let days = stored(summaries(&events, &Keep { bucket, dimensions, ..Keep::default() }));
            prop_assert!(days.iter().all(|day| day.can_answer(&query).is_ok()));
            prop_assert_eq!(sorted(answer(&query, &days)), expected.clone());

            // With hardly any value kept, but those of the filter.
            let named = Some(&query.filter);
            let days = stored(summaries(&events, &Keep { bucket, dimensions, values_max: 1, named }));
            let answered = sorted(answer(&query, &days));
            for day in &days {
                prop_assert_eq!(day.can_answer(&query), Ok(()));
            }
            prop_assert_eq!((answered.totals, answered.series), (expected.totals, expected.series));
        }
    }

    #[test]
    fn what_is_wanted_is_the_same_without_the_rest(events in events(), query in query(), wanted in wanted()) {
        let days = summaries(&events, &Keep { bucket: Bucket::for_query(&query).unwrap(), ..Keep::default() });
        let mut all = only(answer(&query, &days), wanted);
        if query.by != Some(Dimension::Channel) {
            all.rows.retain(|(_, numbers)| {
                numbers.events > 0 || numbers.sessions.all > 0 || numbers.first_contacts.count() > 0
            });
        }
        prop_assert_eq!(sorted(answer(&Query { wanted, ..query }, &days)), sorted(all));
    }

    #[test]
    fn queries_together_are_answered_as_each_is_alone(
        events in events(),
        asked in prop::collection::vec((query(), wanted()), 0..5),
    ) {
        let asked = asked.into_iter().map(|(query, wanted)| {
            let query = Query { wanted, ..query };
            let days = summaries(&events, &Keep { bucket: Bucket::for_query(&query).unwrap(), ..Keep::default() });
            (query, days)
        });
        let asked: Vec<(Query, Vec<Arc<DaySummary>>)> = asked.collect();
        let together: Vec<_> = asked.iter().map(|(query, days)| (query, days.as_slice())).collect();
        let alone: Vec<_> = asked.iter().map(|(query, days)| lasting_answer(query, days)).collect();
        prop_assert_eq!(lasting_answers(&together), alone);
    }

    #[test]
    fn an_answer_lasts_until_a_chat_is_no_longer_open(events in events(), query in query()) {
        let days = summaries(&events, &Keep { bucket: Bucket::for_query(&query).unwrap(), ..Keep::default() });
        let lasting = lasting_answer(&query, &days);
        prop_assert!(lasting.presents.contains(&query.now));
        let at = |now: i64| answer(&Query { now, ..query.clone() }, &days);
        for (bound, is_within) in [
            (lasting.presents.start, true),
            (lasting.presents.start.saturating_sub(1), false),
            (lasting.presents.end.saturating_sub(1), true),
            (lasting.presents.end, false),
        ] {
            // Where nothing changes any more there is no bound.
            if bound != i64::MIN && bound < i64::MAX - 1 {
                prop_assert_eq!(at(bound) == lasting.answer, is_within, "at {}", bound);
            }
        }
    }
}

#[test]
fn the_first_day_is_one_of_utc() {
    assert_eq!(at(0, 0), i64::from(FIRST_DAY) * DAY_MICROS);
}
