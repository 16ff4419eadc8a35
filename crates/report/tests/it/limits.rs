//! Every limit is reached once and says its name; nothing is cut short.

use std::time::Duration;

use report::{QueryError, QueryLimits};

use crate::fixture::session;

async fn check(sql: &str, limits: QueryLimits, expect: Result<usize, &str>) {
    let outcome = session("week").query(sql, limits).await;
    let got = outcome.as_ref().map(report::QueryResult::rows).map_err(QueryError::code);
    assert_eq!(got, expect, "{sql}: {outcome:?}");
}

#[tokio::test]
async fn rows() {
    let limits = QueryLimits { rows_max: 13, ..QueryLimits::default() };
    check("select _id from events", limits, Ok(13)).await;
    check("select _id from events union all select 'x'", limits, Err("sql-too-many-rows")).await;
    check("select * from generate_series(1, 1000000000000)", limits, Err("sql-too-many-rows")).await;
}

#[tokio::test]
async fn time() {
    let limits = QueryLimits { time_max: Duration::from_millis(20), ..QueryLimits::default() };
    for endless in [
        "select sum(value % 7) from generate_series(1, 1000000000000)",
        "with recursive n as (select 1 as x union all select 1 from n) select count(*) from n",
        "select count(a.value * b.value) from generate_series(1, 10000000) a, generate_series(1, 10000000) b where a.value + b.value = -1",
    ] {
        check(endless, limits, Err("sql-timed-out")).await;
    }
}

#[tokio::test]
async fn memory() {
    let limits = QueryLimits { memory_bytes_max: 4 << 20, ..QueryLimits::default() };
    check(
        "select count(*) from (select distinct value * 7919 % 1000003 from generate_series(1, 1000000))",
        limits,
        Err("sql-out-of-memory"),
    )
    .await;
    check("select value from generate_series(1, 1000000) order by value % 1000", limits, Err("sql-out-of-memory"))
        .await;
    // What has been collected counts as well.
    let limits = QueryLimits { rows_max: usize::MAX, ..limits };
    check("select * from generate_series(1, 1000000)", limits, Err("sql-out-of-memory")).await;
    check("select count(*) from contacts", limits, Ok(1)).await;
}

#[tokio::test]
async fn length() {
    let limits = QueryLimits { sql_bytes_max: 8, ..QueryLimits::default() };
    check("select 1", limits, Ok(1)).await;
    check("select 11", limits, Err("sql-too-long")).await;
}

#[tokio::test]
async fn a_failed_query_leaves_the_next_one_alone() {
    let session = session("week");
    let endless = QueryLimits { time_max: Duration::from_millis(5), ..QueryLimits::default() };
    let sql = "select sum(value % 7) from generate_series(1, 1000000000000)";
    let (late, fine) = tokio::join!(session.query(sql, endless), session.query("select 1", QueryLimits::default()));
    assert_eq!(late.unwrap_err().code(), "sql-timed-out");
    assert_eq!(fine.unwrap().rows(), 1);
}

#[tokio::test]
async fn asking_what_there_is() {
    for (sql, rows) in
        [("describe contacts", 36), ("show columns from activity", 36), ("explain select * from contacts", 2)]
    {
        check(sql, QueryLimits::default(), Ok(rows)).await;
    }
    // Eight views and the seven tables of the information schema.
    check("show tables", QueryLimits::default(), Ok(15)).await;
}
