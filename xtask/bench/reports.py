"""Times reports of a running Frontdesk, and the same questions asked of DuckDB over the same Parquet files.

Usage: reports.py URL DATA_DIR SINCE UNTIL ROUNDS

Prints Markdown. A question is asked anew each time: a filter that nothing fails, another one each round, keeps
an answer from being one that is known. The last column but two is the same question asked again, unchanged.
DuckDB answers what SQL can ask of the rows without a summary; where its number differs from
ours beyond the error that ours states, the run fails.
"""

import http.client
import json
import statistics
import sys
import time
import urllib.parse
from datetime import date, timedelta

import duckdb

URL, DATA, SINCE, UNTIL, ROUNDS = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
FILES = f"read_parquet('{DATA}/tables/events/event_date=*/*.parquet', hive_partitioning = true)"
COUNTERS = ["chatStart", "clickToCall", "clickToText", "clickToEmail", "clickToDirectMessage"]
REQUESTS = " + ".join(
    f"case when customerFeedback.{name} between 0 and 1000 then customerFeedback.{name} else 0 end" for name in COUNTERS
)
VISITOR = "identityMap['ECID'][1].id"
PERIOD = f"event_date >= '{SINCE}' and event_date <= '{UNTIL}'"

# Name, path of the report, DuckDB's question (or none), what of both must agree: (from ours, from DuckDB's rows).
QUESTIONS = [
    (
        "overview, by day",
        "overview?by=day",
        f"select event_date, sum({REQUESTS}), count(distinct {VISITOR}) from {FILES} where {PERIOD} group by 1",
        lambda report, rows: [
            (report["metrics"]["contact_requests"]["value"], sum(row[1] for row in rows), 0.0),
        ],
    ),
    (
        "overview in another zone, compared with the 90 days before",
        "overview?by=day&tz=Europe/Berlin&compare=previous",
        None,
        None,
    ),
    (
        "visitors of the whole span",
        "overview?by=month",
        f"select count(distinct {VISITOR}) from {FILES} where {PERIOD}",
        lambda report, rows: [(report["metrics"]["visitors"]["value"], rows[0][0], 0.03)],
    ),
    ("chat, by week", "chat?by=week", None, None),
    ("weekday and hour", "overview?by=weekday-hour", None, None),
    (
        "subjects",
        "subjects",
        f"select customerFeedback.subject, sum({REQUESTS}) from {FILES} where {PERIOD} group by 1",
        None,
    ),
    ("pages", "pages", None, None),
    ("chat", "chat?compare=none", None, None),
    ("chats of one subject, compared with the 90 days before", "chat?subject=Warranty&compare=previous", None, None),
    (
        "one subject on calls",
        "overview?subject=Warranty&channel=call",
        f"select sum(customerFeedback.clickToCall), count(distinct {VISITOR}) from {FILES} "
        f"where {PERIOD} and customerFeedback.subject = 'Warranty' and customerFeedback.clickToCall > 0",
        None,
    ),
]
# Pages, by their first byte: name, first day, path.
PAGES = [
    ("page `/`, 90 days", SINCE, "/?"),
    ("page `/`, the last 7 days", str(date.fromisoformat(UNTIL) - timedelta(days=6)), "/?"),
    ("page `/chat`, 90 days", SINCE, "/chat?"),
    ("page `/pages`, 90 days", SINCE, "/pages?"),
]


def ask(connection, path):
    began = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    first = time.perf_counter() - began
    body = response.read()
    if response.status != 200:
        sys.exit(f"{path}: {response.status} {body[:500]!r}")
    return first, body


def rounds(connection, path):
    """How long it takes asked anew, ascending, how long asked again, and the last answer."""
    anew, again = [], []
    # Once for what is read from files the first time.
    ask(connection, path)
    for number in range(ROUNDS):
        took, body = ask(connection, f"{path}&datastream=%21nobody-{time.time_ns()}-{number}")
        anew.append(took)
    for _ in range(ROUNDS):
        took, body = ask(connection, path)
        again.append(took)
    return sorted(anew), statistics.median(again), body


def line(name, anew, again, body, theirs):
    median = statistics.median(anew)
    p95 = anew[min(len(anew) - 1, round(0.95 * len(anew)))]
    peer = f"{statistics.median(theirs) * 1000:.0f} ms" if theirs else ""
    ratio = f"{statistics.median(theirs) / median:.0f}" if theirs else ""
    print(
        f"| {name} | {median * 1000:.1f} ms | {p95 * 1000:.1f} ms | {anew[-1] * 1000:.1f} ms | {again * 1000:.1f} ms "
        f"| {len(body):,} | {peer} | {ratio} |",
        flush=True,
    )


def main():
    address = urllib.parse.urlsplit(URL)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=600)
    engine = duckdb.connect()
    engine.execute("set threads = 2")
    print("| asked | median | p95 | slowest | again, median | bytes | DuckDB, median | times ours |")
    print("|---|---|---|---|---|---|---|---|")
    for name, path, sql, compare in QUESTIONS:
        separator = "&" if "?" in path else "?"
        path = f"/v1/reports/{path}{separator}since={SINCE}&until={UNTIL}"
        anew, again, body = rounds(connection, path)
        theirs, rows = [], None
        # A few are enough: they are far above the noise.
        for _ in range(3 if sql else 0):
            began = time.perf_counter()
            rows = engine.execute(sql).fetchall()
            theirs.append(time.perf_counter() - began)
        if compare:
            for one, other, error in compare(json.loads(body), rows):
                if abs(one - other) > error * max(one, other):
                    sys.exit(f"{name}: ours {one}, DuckDB's {other}")
        line(name, anew, again, body, theirs)
    for name, since, path in PAGES:
        anew, again, body = rounds(connection, f"{path}since={since}&until={UNTIL}")
        line(name, anew, again, body, [])


main()
