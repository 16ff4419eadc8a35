"""Reads a data directory's events with engines that share no code with Frontdesk, and
compares each row with what `frontdesk sql` says, sealed bytes and the partition left out.

usage: readers.py DATA_DIRECTORY ROWS EXPORTED

ROWS is the output of `frontdesk sql 'select * from events' --format ndjson`. The files are
those that the Delta log names; the log is read here, by its specification, too. EXPORTED is
the same rows as `frontdesk export --format parquet` writes them.
"""

import datetime
import json
import pathlib
import re
import sys
import urllib.parse

import duckdb
import polars

# A time in any of the engines' spellings.
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00(?::00)?)")
# Files hold no partition columns, and SQL tells the length of what is sealed.
LEFT_OUT = {"event_date", "sealed", "sealed_bytes"}


def live_files(table):
    """The files of the newest version: added and not removed."""
    live = set()
    for entry in sorted((table / "_delta_log").glob("*.json")):
        for action in map(json.loads, entry.read_text().splitlines()):
            if "add" in action:
                live.add(action["add"]["path"])
            if "remove" in action:
                live.discard(action["remove"]["path"])
    return [str(table / urllib.parse.unquote(path)) for path in sorted(live)]


def plain(value):
    """A value as all engines agree on it: without nulls, which some leave out, and with
    each time in one spelling."""
    if isinstance(value, datetime.datetime):
        value = value.isoformat(sep=" ")
    if isinstance(value, str):
        time = TIME.fullmatch(value)
        return f"{time[1]}T{time[2]}{(time[3] or '').rstrip('0').rstrip('.')}Z" if time else value
    if isinstance(value, dict):
        members = {name: plain(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None} or None
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and item.keys() == {"key", "value"} for item in value):
            # A map, as polars has it.
            return plain({item["key"]: item["value"] for item in value})
        return [plain(item) for item in value] or None
    return value


def by_id(rows):
    found = {}
    for row in rows:
        found[row["_id"]] = plain({name: value for name, value in row.items() if name not in LEFT_OUT})
    return found


def with_duckdb(files):
    query = "select to_json(e) from read_parquet(?, hive_partitioning = false) e"
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return [json.loads(row) for (row,) in connection.execute(query, [files]).fetchall()]


def with_polars(files):
    return polars.read_parquet(files, hive_partitioning=False).to_dicts()


def main():
    table, rows = pathlib.Path(sys.argv[1]) / "tables" / "events", sys.argv[2]
    files = live_files(table)
    with open(rows) as lines:
        said = [json.loads(line) for line in lines]
    expected = by_id(said)
    if not expected or len(expected) != len(said):
        sys.exit(f"frontdesk has {len(said)} rows with {len(expected)} ids")
    for name, read in [("duckdb", with_duckdb), ("polars", with_polars)]:
        for what, paths in [("files", files), ("exported file", [sys.argv[3]])]:
            compare(name, expected, read(paths), f"{len(paths)} {what}")


def compare(name, expected, rows, of):
    version = sys.modules[name].__version__
    found = by_id(rows)
    differing = [id for id in expected.keys() | found.keys() if expected.get(id) != found.get(id)]
    for id in differing[:3]:
        ours, theirs = expected.get(id) or {}, found.get(id) or {}
        for column in sorted(ours.keys() | theirs.keys()):
            if ours.get(column) != theirs.get(column):
                print(f"{id} {column}: frontdesk {ours.get(column)!r}, {name} {theirs.get(column)!r}")
    if differing or len(rows) != len(expected):
        sys.exit(f"{name} {version}: {len(rows)} rows for {len(expected)} in {of}, {len(differing)} differ")
    print(f"   {name} {version}: {len(rows)} rows of {of}, all as frontdesk has them")


main()
