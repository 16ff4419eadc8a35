//! Statements of PostgreSQL's dialect: parameters, the catalog, and that no number changes.

use report::{Parameter, ParameterType, ParameterValue, Purpose, QueryLimits, Session, Statement};

use crate::fixture;

fn statement(text: &str, parameters: &[(ParameterType, &str)], purpose: Purpose) -> Statement {
    let one = |(kind, text): &(ParameterType, &str)| Parameter {
        kind: *kind,
        value: ParameterValue::One((*text).to_owned()),
    };
    Statement { text: text.to_owned(), parameters: parameters.iter().map(one).collect(), purpose }
}

async fn answer(session: &Session, statement: &Statement) -> Result<String, String> {
    let found = session.statement(statement, QueryLimits::default()).await.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    found.write_csv(&mut rows).unwrap();
    Ok(String::from_utf8(rows).unwrap().trim_end().replace('\n', "|"))
}

async fn check(text: &str, parameters: &[(ParameterType, &str)], expect: Result<&str, &str>) {
    let session = fixture::session("week");
    match (answer(&session, &statement(text, parameters, Purpose::Rows)).await, expect) {
        (Ok(rows), Ok(expect)) => assert_eq!(rows, expect, "{text}"),
        (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
        (got, _) => panic!("{text}: {got:?}"),
    }
}

#[tokio::test]
async fn parameters_are_values_of_their_types() {
    use ParameterType::{Integer, Unknown};
    let plain = "select count(*) as n from contacts where channel = 'chat'";
    let session = fixture::session("week");
    let direct = answer(&session, &statement(plain, &[], Purpose::Rows)).await.unwrap();
    let text = "select count(*) as n from contacts where channel = $1";
    check(text, &[(Unknown, "chat")], Ok(&direct)).await;
    check(text, &[(Unknown, "chat' or true or '' = '")], Ok("n|0")).await;
    check("select 10 > $1 as more", &[(Integer, "9")], Ok("more|true")).await;
    // As texts '10' < '9'.
    check("select 10 > $1 as more", &[(Unknown, "9")], Ok("more|true")).await;
    check("select count(*) as n from (select 1 from contacts limit $1)", &[(Integer, "2")], Ok("n|2")).await;
    check("select $1 as a", &[], Err("there is no value for $1")).await;
}

#[tokio::test]
async fn statements_are_described_before_they_run() {
    let session = fixture::session("week");
    let described = async |text: &str, parameters: &[(ParameterType, &str)]| {
        let statement = statement(text, parameters, Purpose::Description);
        let found = session.statement(&statement, QueryLimits::default()).await.unwrap();
        assert_eq!(found.rows(), 0);
        let schema = found.schema();
        let columns: Vec<String> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
        (columns.join(" "), schema.metadata()["frontdesk.parameters"].clone())
    };
    let check = async |text: &str, parameters: &[(ParameterType, &str)], columns: &str, types: &str| {
        assert_eq!(described(text, parameters).await, (columns.to_owned(), types.to_owned()), "{text}");
    };
    check(
        "select count(*) from contacts where channel = $1 and chat_start > $2",
        &[],
        "Int64",
        r#"["Text","Integer"]"#,
    )
    .await;
    check("select count(*) from contacts limit $1", &[], "Int64", r#"["Integer"]"#).await;
    // On the wire both are texts.
    check("select $1", &[], "Null", r#"["Unknown"]"#).await;
    check("select $1", &[(ParameterType::Integer, "")], "Int64", r#"["Integer"]"#).await;
    check("select 1::int", &[], "Int32", "[]").await;
}

/// In the description and with the rows; the engine takes no two columns of one name, and PostgreSQL does.
#[tokio::test]
async fn columns_are_called_as_postgresql_calls_them() {
    let session = fixture::session("week");
    for (text, expect) in [
        ("select sum(chat_start) from contacts", "sum"),
        (
            "select sum(chat_start), sum(chat_end)::int, count(*) as n, 1, 2 from contacts",
            "sum,sum,n,?column?,?column?",
        ),
        ("select c.channel, d.channel from contacts c join contacts d on c.id = d.id", "channel,channel"),
        ("select case when chat_start > 0 then 1 end, date '2026-11-29' from contacts", "case,date"),
        ("select count(*) from contacts union all select 1", "count"),
        ("select count(*) from pg_class", "count"),
        ("select * from (select count(*) as a, 1 as b)", "a,b"),
        // As a parameter's value stands in a text, it has no name.
        ("select $1, $1::int", "?column?,int4"),
    ] {
        let parameters = [(ParameterType::Integer, "1")];
        let parameters = if text.contains('$') { &parameters[..] } else { &[] };
        for purpose in [Purpose::Description, Purpose::Rows] {
            let found = session.statement(&statement(text, parameters, purpose), QueryLimits::default()).await;
            let found = found.unwrap_or_else(|error| panic!("{text}: {error}"));
            let names: Vec<&str> = found.schema().fields().iter().map(|field| field.name().as_str()).collect();
            let names = names[..names.len().min(expect.split(',').count())].join(",");
            assert_eq!(names, expect, "{text}: {purpose:?}");
        }
    }
}

#[tokio::test]
async fn only_reading_is_possible() {
    for (text, part) in [
        ("drop table events", "DROP TABLE is not allowed"),
        ("copy events to '/tmp/x'", "COPY"),
        ("create table x as select 1", "CREATE TABLE is not allowed"),
        ("insert into events select * from events", "INSERT INTO is not allowed"),
        ("select * into x from events", "is not allowed"),
        ("select pg_read_file('/etc/passwd')", "pg_read_file"),
        ("select * from '/etc/passwd'", ""),
        ("with x as (delete from events returning *) select * from x", "not allowed"),
        ("select * from read_parquet('/etc/passwd')", "read_parquet"),
        ("explain analyze delete from events", "not allowed"),
    ] {
        check(text, &[], Err(part)).await;
    }
}

#[tokio::test]
async fn the_catalog_has_our_views_under_numbers_that_stay() {
    let numbers = "select oid, relname from pg_catalog.pg_class order by oid";
    let first = answer(&fixture::session("week"), &statement(numbers, &[], Purpose::Rows)).await.unwrap();
    assert!(first.starts_with("oid,relname|163"), "{first}");
    for name in ["contacts", "events", "rejects", "visitors"] {
        assert!(first.contains(&format!(",{name}")), "{first}");
    }
    // Another process that is asked about columns first.
    let other = fixture::session("week");
    let columns = "select count(*) > 20 as many from pg_attribute where attrelid = 'contacts'::regclass";
    assert_eq!(answer(&other, &statement(columns, &[], Purpose::Rows)).await.unwrap(), "many|true");
    assert_eq!(answer(&other, &statement(numbers, &[], Purpose::Rows)).await.unwrap(), first);
    check("select current_database() as a, current_schema() as b", &[], Ok("a,b|frontdesk,public")).await;
    check(
        "select table_name from information_schema.tables where table_schema = 'public' order by 1 limit 2",
        &[],
        Ok("table_name|activity|chat_sessions"),
    )
    .await;
}

#[tokio::test]
async fn a_day_with_an_offset_is_what_it_is_compared_with() {
    let unknown = |text: &'static str| [(ParameterType::Unknown, text)];
    let of_date = "select count(*) as n from (values (date '2026-11-20')) as t(d) where d = $1";
    check(of_date, &unknown("2026-11-20 +01"), Ok("n|1")).await;
    let instants = "select count(*) as n from contacts where time >= $1 and time < '1970-01-01T00:00:00Z'";
    check(instants, &unknown("2026-11-20 +01"), Ok("n|0")).await;
}

#[tokio::test]
async fn jdbc_finds_no_keys_and_no_indexes() {
    let keys = "SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ FROM (\
        SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, \
        (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, \
        information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct \
        JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) \
        JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) \
        WHERE true AND n.nspname = 'public' AND ct.relname = 'contacts' AND i.indisprimary ) result \
        where result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.pk_name, result.key_seq";
    check(keys, &[], Ok("TABLE_NAME,COLUMN_NAME,KEY_SEQ")).await;
    let foreign = "SELECT pkc.relname, pos.n AS key_seq FROM pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, \
        pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n) WHERE pkc.oid = pka.attrelid AND \
        pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND con.contype = 'f'";
    check(foreign, &[], Ok("relname,key_seq")).await;
    let indexes = "SELECT tmp.i_indoption[tmp.place - 1] & 1::smallint AS falls FROM \
        (SELECT i.indoption AS i_indoption, (information_schema._pg_expandarray(i.indkey)).n AS place \
        FROM pg_catalog.pg_index i) AS tmp";
    check(indexes, &[], Ok("falls")).await;
    let procedures =
        "SELECT NULL AS cat, p.proname, NULL, NULL, NULL FROM pg_catalog.pg_proc p WHERE p.proname = 'none'";
    check(procedures, &[], Ok("cat,proname,?column?,?column?,?column?")).await;
    let own_types = "SELECT t.typname, CASE WHEN t.typtype = 'd' THEN (SELECT CASE WHEN base_type.typname = 'int4' THEN 4 ELSE 1111 END \
        FROM pg_type base_type WHERE base_type.oid = t.typbasetype) ELSE NULL END AS base_type FROM pg_catalog.pg_type t \
        WHERE t.typname = 'bool'";
    check(own_types, &[], Ok("typname,base_type|bool,")).await;
    let arrays =
        "SELECT typname FROM pg_catalog.pg_type WHERE typinput='pg_catalog.array_in'::regproc AND typname = '_text'";
    check(arrays, &[], Ok("typname|_text")).await;
}

#[tokio::test]
async fn columns_have_the_types_that_tools_know() {
    let sql = "select column_name, data_type, udt_name from information_schema.columns where table_name = 'contacts' \
               and column_name in ('time', 'channel', 'chat_start', 'event_date', 'callback') order by ordinal_position";
    let expect = "column_name,data_type,udt_name|time,timestamp with time zone,timestamptz|channel,text,text|chat_start,bigint,int8|\
                  callback,boolean,bool|event_date,date,date";
    check(sql, &[], Ok(expect)).await;
    check("select count(*) as n from information_schema.table_constraints", &[], Ok("n|0")).await;
    check("select (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d where d.adrelid = a.attrelid) is null as x from pg_attribute a limit 1", &[], Ok("x|true")).await;
    check("select count(*) as n from pg_class where relname like 'cont/acts' escape '/'", &[], Ok("n|1")).await;
    check("select to_regclass('nobody') as a, to_regclass('contacts') is null as b", &[], Ok("a,b|,false")).await;
    check("select count(*) from contacts, pg_class", &[], Err("can't be asked in one statement")).await;
}

#[tokio::test]
async fn patterns_have_any_escape() {
    for (text, expect) in [
        ("select '50!' like '50!!' escape '!' as x", "true"),
        ("select '/help/' like '%' || '//help//' || '%' escape '/' as x", "true"),
        ("select '50%' like '50/%' escape '/' as x", "true"),
        ("select '500' like '50/%' escape '/' as x", "false"),
        ("select 'a/b' like 'a' || '/' || '/b' escape '/' as x", "true"),
        ("select 'abc' like 'a/bc' escape '/' as x", "true"),
        ("select E'a\\\\b' like 'a\\b' escape '/' as x", "true"),
    ] {
        check(text, &[], Ok(&format!("x|{expect}"))).await;
    }
    check("select 'a' like 'a/' escape '/'", &[], Err("ends with its escape")).await;
}

#[tokio::test]
async fn what_means_something_else_here_is_refused() {
    for (text, part) in [
        ("select json_build_object('n', count(*)) from contacts", "json_build_object"),
        ("select pg_catalog.pg_size_pretty(sum(chat_start)) from contacts", "pg_size_pretty"),
        ("select JSON_BUILD_OBJECT('n', 1)", "json_build_object"),
        ("select 'abc' similar to 'a(b|x)c'", "SIMILAR TO"),
        ("select to_char(timestamp '2026-11-22 10:00:00', 'Day')", "template"),
        ("select to_char(timestamp '2026-11-22 10:00:00', channel) from contacts", "template"),
    ] {
        check(text, &[], Err(part)).await;
    }
    check("select version() is not null and not pg_is_in_recovery() as x", &[], Ok("x|true")).await;
    check("select pg_get_viewdef(id) from contacts", &[], Err("pg_get_viewdef")).await;
    check("select pg_catalog.pg_get_viewdef('16400'::pg_catalog.oid, true) is null as x", &[], Ok("x|true")).await;
    check("select count(obj_description(oid)) as x from pg_class", &[], Ok("x|0")).await;
}

#[tokio::test]
async fn times_are_written_by_templates() {
    for (template, expect) in [
        ("YYYY-MM-DD", "2026-11-02"),
        ("yyyy-mm-dd hh24:mi:ss", "2026-11-02 15:04:05"),
        ("IYYY-\"W\"IW", "2026-W45"),
        ("HH12:MI AM, FMDD Mon", "03:04 PM, 2 Nov"),
        ("SS.MS SS.US", "05.250 05.250000"),
        ("%Y/%m", "2026/11"),
    ] {
        let text = format!("select to_char(timestamp '2026-11-02 15:04:05.25', '{template}') as x");
        // A text with a comma is quoted.
        let quote = if expect.contains(',') { "\"" } else { "" };
        check(&text, &[], Ok(&format!("x|{quote}{expect}{quote}"))).await;
    }
}

#[tokio::test]
async fn a_null_in_an_array_is_not_left_out() {
    for (text, expect) in [
        ("select (1 = any(array[1, null])) is true as x", "true"),
        ("select (2 = any(array[1, null])) is null as x", "true"),
        ("select (2 <> all(array[1, null])) is null as x", "true"),
        ("select (1 <> all(array[1, null])) is false as x", "true"),
        ("select count(*) as x from contacts where channel <> all(array['nobody', null])", "0"),
        ("select (1 = any('{}'::int[])) is false as x", "true"),
        ("select ('b' = any('{a,null}'::text[])) is null as x", "true"),
        ("select ('a' = any('{a,b}')) as x", "true"),
    ] {
        check(text, &[], Ok(&format!("x|{expect}"))).await;
    }
}

#[tokio::test]
async fn times_may_lack_seconds_and_columns_names_of_their_own() {
    for (text, expect) in [
        ("select timestamptz '2026-11-22 10:00+02' = timestamptz '2026-11-22 08:00:00+00:00' as x", "x|true"),
        ("select timestamp '2026-11-22 10:00' = timestamp '2026-11-22 10:00:00' as x", "x|true"),
        ("select '2026-11-22T10:00'::timestamp = timestamp '2026-11-22 10:00:00' as x", "x|true"),
        (
            "select cast('2026-11-22 10:00:05.5-0530' as timestamptz) = timestamptz '2026-11-22 15:30:05.5Z' as x",
            "x|true",
        ),
        (
            "select to_local_time(timestamptz '2026-11-22 10:00:00Z' at time zone 'Europe/Berlin') = timestamp '2026-11-22 11:00:00' as x",
            "x|true",
        ),
        ("select 1::int, 1::bigint, 1", "int4,int8,?column?|1,1,1"),
        ("select current_user = user as a, session_user = user as b", "a,b|true,true"),
        ("select current_user, user, user", "current_user,user,user|frontdesk,frontdesk,frontdesk"),
        ("select id, id from (select 1 as id)", "id,id|1,1"),
    ] {
        check(text, &[], Ok(expect)).await;
    }
}
