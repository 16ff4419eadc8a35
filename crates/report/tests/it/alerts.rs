//! Alerts from numbers made by hand: what is asked, and what comes of the answers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use report::{AlertReading, AlertRule, AlertStanding, Answered, SummaryAnswer, SummaryError, SummarySource, Zone};
use summary::{Answer, Numbers, Query};

/// 2026-11-22T15:30:00Z, a Sunday.
const NOW: i64 = 1_795_361_400_000_000;
const DAY: i64 = 86_400_000_000;

/// So many chats in each span, by its beginning; and on which days anything came.
struct Made {
    chats: fn(i64) -> u64,
    is_known: fn(i64) -> bool,
    asked: Mutex<Vec<Query>>,
}

#[async_trait]
impl SummarySource for Made {
    async fn answer(&self, queries: &[Query]) -> Result<Answered, SummaryError> {
        self.asked.lock().unwrap().extend_from_slice(queries);
        let numbers =
            |chats: u64, events: u64| Numbers { events, counters: [0, 0, chats, 0, 0, 0, 0, 0], ..Numbers::default() };
        let answer = |query: &Query| {
            let series =
                query.timeline.stretches.iter().map(|(at, _)| numbers(0, u64::from((self.is_known)(*at)))).collect();
            let chats = (self.chats)(query.since);
            Arc::new(SummaryAnswer {
                answer: Answer { totals: numbers(chats, chats), series, ..Answer::default() },
                days_from_rows: Vec::new(),
            })
        };
        Ok(Answered { answers: queries.iter().map(answer).collect() })
    }
}

async fn read(words: &[(&str, &str)], chats: fn(i64) -> u64, is_known: fn(i64) -> bool) -> (AlertReading, Vec<Query>) {
    let rule = AlertRule::parse(words.iter().copied(), Zone::UTC).unwrap();
    let made = Made { chats, is_known, asked: Mutex::default() };
    let reading = rule.read(NOW, &made).await.unwrap();
    (reading, made.asked.into_inner().unwrap())
}

#[tokio::test]
async fn the_last_hour_is_compared_with_the_weeks_before() {
    let words = [("metric", "contact_requests"), ("kind", "spike"), ("channel", "chat")];
    let (reading, asked) = read(&words, |since| if since > NOW - DAY { 60 } else { 20 }, |_| true).await;
    assert_eq!((reading.standing, reading.value, reading.usual), (AlertStanding::Raised, 60, Some(20.0)));
    assert_eq!((reading.since.as_str(), reading.until.as_str()), ("2026-11-22T14:00:00Z", "2026-11-22T15:00:00Z"));
    let weeks: Vec<&str> = reading.weeks.iter().map(|week| week.since.as_str()).collect();
    assert_eq!(weeks, ["2026-11-15T14:00:00Z", "2026-11-08T14:00:00Z", "2026-11-01T14:00:00Z", "2026-10-25T14:00:00Z"]);
    assert_eq!(asked.len(), 6);
    let (days, of_hours) = asked.split_last().unwrap();
    assert!(
        of_hours.iter().all(|query| query.until - query.since == DAY / 24 && query.filter.channel.any_of.len() == 1)
    );
    // Whether anything came is asked of all events.
    assert!(days.filter == summary::Filter::default() && days.timeline.buckets == 34);
    let json = serde_json::to_string(&reading).unwrap();
    assert_eq!(serde_json::from_str::<AlertReading>(&json).unwrap(), reading);
}

#[tokio::test]
async fn a_new_house_is_quiet() {
    let words = [("metric", "contact_requests"), ("kind", "spike")];
    let chats: fn(i64) -> u64 = |since| if since > NOW - DAY { 900 } else { 0 };
    let (reading, _) = read(&words, chats, |at| at > NOW - 8 * DAY).await;
    assert_eq!((reading.standing, reading.weeks.len(), reading.is_over), (AlertStanding::Unknown, 1, false));
    assert!(reading.reason.contains("of 1 of the 4 weeks"), "{}", reading.reason);
    // One old event, by a wrong clock say, makes one week known and no more.
    let (reading, _) =
        read(&words, chats, |at| at > NOW - 8 * DAY || (at > NOW - 29 * DAY && at < NOW - 27 * DAY)).await;
    assert_eq!((reading.standing, reading.weeks.len()), (AlertStanding::Unknown, 2));
    let (reading, _) = read(&words, chats, |at| at > NOW - 22 * DAY).await;
    assert_eq!((reading.standing, reading.weeks.len()), (AlertStanding::Raised, 3));
}

#[tokio::test]
async fn silence_is_told_of_with_the_hour_that_is_not_over() {
    let words = [("metric", "contact_requests"), ("kind", "silence"), ("silence", "3h")];
    let (reading, asked) = read(&words, |since| if since > NOW - DAY { 0 } else { 15 }, |_| true).await;
    assert_eq!((reading.standing, reading.is_over), (AlertStanding::Raised, false));
    assert_eq!((asked[0].since, asked[0].until), (NOW - 30 * 60_000_000 - 3 * DAY / 24, NOW + 30 * 60_000_000));
    let (reading, _) = read(&words, |since| if since > NOW - DAY { 1 } else { 15 }, |_| true).await;
    assert_eq!((reading.standing, reading.is_over), (AlertStanding::Quiet, true));
}
