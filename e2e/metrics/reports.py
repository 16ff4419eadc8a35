"""Computes what the reports say from events as they were sent, and compares it with `frontdesk report`.

The second half of metrics.py, with the same rules for it: nothing is shared with Frontdesk. What spans, filters,
time zones and comparisons mean is written down once more, after docs/metrics.md and docs/cli.md.

    reports.py events.ndjson path/to/frontdesk data-directory
"""

import copy
import json
import math
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from metrics import Event, Session, Visit, of_events, of_sessions, ratio, requests_of, sessions_of, visits_of

# Channel → the counters that make an event one of it; the last one is that of its contact requests.
CHANNELS = {
    "chat": ["chatOffered", "chatDeclined", "chatEnd", "chatStart"],
    "call": ["clickToCall"],
    "text": ["clickToText"],
    "email": ["clickToEmail"],
    "direct_message": ["clickToDirectMessage"],
}
NAMES = ["overview", "chat", "channels", "subjects", "pages", "referrers", "devices", "quality"]
BY = ["hour", "day", "week", "month", "weekday-hour"]
COMPARE = ["previous", "year", "none"]
# The clocks of Berlin went forward on 31 March 2024 and 26 March 2023, those of the Chatham Islands
# (12:45 hours ahead of UTC) back on 2 April 2023. Kolkata and St John's are half an hour off.
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham"]
SPANS = [
    ("2024-03-29", "2024-04-02"),
    ("2024-03-31", "2024-03-31"),
    ("2024-03-24", "2024-04-02"),
    ("2024-03", "2024-04"),
    ("2024-03-30T21:30", "2024-04-01T04:45"),
    ("2023-03-26", "2023-04-02"),
]
SUBJECT, OTHER_SUBJECT = "Warranty", "Delivery date"
PAGE = "https://www.shop.example/contact"
FILTERS = [
    [],
    [("channel", "call")],
    [("channel", "!chat")],
    [("channel", "chat"), ("channel", "email"), ("channel", "!email")],
    [("subject", SUBJECT), ("subject", OTHER_SUBJECT)],
    [("subject", "!" + SUBJECT)],
    [("subject", ""), ("page", "!" + PAGE)],
    [("page", PAGE), ("channel", "!text")],
    [("page", PAGE), ("page", "help: returns"), ("subject", "!")],
    [("datastream", "default"), ("subject", "nobody's")],
    [("datastream", "!default")],
    [("device", "mobile"), ("device", "unknown")],
    [("device", "!desktop"), ("page", PAGE)],
    [("referrer", "search.example"), ("referrer", "(none)")],
    [("referrer", "!(internal)"), ("channel", "!chat")],
    [("referrer", "(internal)"), ("subject", SUBJECT), ("device", "!unknown")],
]
# Hours of the nights in which clocks change.
CERTAIN = [
    ("channels", "hour", "none", "Pacific/Chatham", ("2023-04-01", "2023-04-02"), []),
    ("channels", "hour", "year", "Europe/Berlin", ("2024-03-26", "2024-03-31"), [("channel", "!text")]),
]
# What tells the contact requests of one instant apart.
KINDS = ["page", "subject", "device", "referrer"]
# Each question is one run of the program, a third of a second.
QUESTIONS = 64
# What filters call events without a value.
NO_VALUE = {("device", "unknown"), ("referrer", "(none)")}
# More rows than there are values.
LIMIT = 1000
# Ends of the spans above are multiples of it, and so are the instants at which any clock changes.
STEP = timedelta(minutes=15)


# ---- what is asked


def questions():
    """Every word of each kind, in combinations that are the same every time."""
    chance = random.Random(12)
    shuffled = lambda words: [word for _ in range(QUESTIONS) for word in chance.sample(words, len(words))]
    kinds = [shuffled(words) for words in (NAMES, BY, COMPARE, ZONES, SPANS, FILTERS)]
    return CERTAIN + [question for _, question in zip(range(QUESTIONS), zip(*kinds))]


def ends_of(span):
    """Both ends of a span by the clock, and what it is made of."""
    def point(text):
        day, _, clock = text.partition("T")
        kind = "time" if clock else "day" if day.count("-") == 2 else "month"
        return datetime.fromisoformat(f"{day}-01" if kind == "month" else text), kind

    (since, kind), (until, _) = point(span[0]), point(span[1])
    if kind == "day":
        until += timedelta(days=1)
    if kind == "month":
        until = next_month(until)
    return since, until, kind


def next_month(date):
    return date.replace(year=date.year + date.month // 12, month=date.month % 12 + 1)


def months_earlier(date, months):
    months = date.year * 12 + date.month - 1 - months
    return date.replace(year=months // 12, month=months % 12 + 1)


def compared(since, until, kind, compare, zone):
    """Both instants of the span to compare with."""
    if compare == "none":
        return None
    if compare == "year":
        earlier = lambda date: date.replace(year=date.year - 1)
        return instant(earlier(since), zone), instant(earlier(until), zone)
    if kind == "time":
        begin, end = instant(since, zone), instant(until, zone)
        return begin - (end - begin), begin
    if kind == "month":
        months = (until.year - since.year) * 12 + until.month - since.month
        return instant(months_earlier(since, months), zone), instant(since, zone)
    return instant(since - (until - since), zone), instant(since, zone)


def instant(local, zone):
    return local.replace(tzinfo=zone).astimezone(timezone.utc)


def micros(instant):
    since = instant - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 10**6 + since.microseconds


# ---- parts of a series


def part_of(local, by):
    """What instants of one part have in common."""
    if by == "hour":
        return local.date(), local.hour, local.utcoffset()
    if by == "day":
        return local.date()
    if by == "week":
        return local.date() - timedelta(days=local.weekday())
    if by == "month":
        return local.year, local.month
    return f"{['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][local.weekday()]} {local.hour:02}:00"


def written(local):
    text = local.isoformat(timespec="seconds")
    return text[: -len("+00:00")] + "Z" if str(local.tzinfo) == "UTC" else text


def parts_of(since, until, by, zone):
    """Each part and its name, in order."""
    if by == "weekday-hour":
        monday = datetime(2024, 1, 1)
        return {name: name for name in (part_of(monday + timedelta(hours=hour), by) for hour in range(168))}
    return parts_within(since, until, by, zone)


def parts_within(since, until, by, zone):
    """The same; of the hours of a week those that the span has."""
    parts = {}
    while since < until:
        local = since.astimezone(zone)
        parts.setdefault(part_of(local, by), written(local))
        since += STEP
    return parts


# ---- which events count


class Filter:
    def __init__(self, pairs):
        self.chosen, self.refused = {}, {}
        for kind, written in pairs:
            value = written.removeprefix("!")
            values = self.refused if value != written else self.chosen
            values.setdefault(kind, set()).add("" if (kind, value) in NO_VALUE else value)
        self.channels = (self.chosen.get("channel") or set(CHANNELS)) - self.refused.get("channel", set())

    def passes(self, row, channels):
        for kind in ("datastream", "subject", "page", "device", "referrer"):
            value = getattr(row, kind) or ""
            if self.chosen.get(kind) and value not in self.chosen[kind] or value in self.refused.get(kind, ()):
                return False
        return bool(self.channels & channels) if channels else not self.chosen.get("channel")

    def of(self, event):
        """The event with the counters that count, or nothing."""
        if not self.passes(event, event.channels):
            return None
        seen = copy.copy(event)
        seen.counters = {
            counter: event.counters[counter]
            for name in self.channels
            for counter in CHANNELS[name]
            if counter in event.counters
        }
        seen.requests = sum(seen.count(CHANNELS[name][-1]) for name in self.channels)
        return seen


class World:
    """What all questions are about."""

    def __init__(self, events):
        self.events = events
        for event in events:
            event.channels = {name for name, counters in CHANNELS.items() if any(map(event.count, counters))}
        self.known = {}
        self.sessions = []
        for part in sessions_of(events):
            session = Session(part)
            session.datastream, session.channels = part[0].datastream, {"chat"}
            self.sessions.append(session)
        self.visits = []
        for part in visits_of(events):
            visit = Visit(part)
            visit.datastream, visit.channels = part[0].datastream, set()
            contacts = [event for event in part if event.requests]
            for event in contacts:
                own, first = ([getattr(row, kind) for kind in KINDS] for row in (event, visit))
                if event.at == contacts[0].at and own == first:
                    visit.channels |= {name for name in CHANNELS if event.count(CHANNELS[name][-1])}
            if contacts:
                self.visits.append(visit)

    def passing(self, pairs):
        key = tuple(pairs)
        if key not in self.known:
            self.known[key] = self.filtered(Filter(pairs))
        return self.known[key]

    def filtered(self, filter):
        events = [seen for seen in map(filter.of, self.events) if seen]
        sessions = [session for session in self.sessions if filter.passes(session, session.channels)]
        visits = [visit for visit in self.visits if filter.passes(visit, visit.channels)]
        return events, sessions, visits, list(requests_of(events))


# ---- numbers


def lengths(seconds):
    ordered = sorted(value for value in seconds if value is not None)
    if not ordered:
        return None
    at = lambda share: ordered[max(1, math.ceil(len(ordered) * share)) - 1]
    return {"median": at(0.5), "p90": at(0.9), "p95": at(0.95), "max": ordered[-1], "count": len(ordered)}


def numbers(events, sessions, visits, requests):
    known = of_events(events) | of_sessions(sessions)
    known["chat_duration_seconds"] = lengths(session.duration for session in sessions)
    known["time_to_first_contact_seconds"] = lengths(visit.seconds for visit in visits)
    again = {request.visitor for request in requests if request.is_repeated}
    known["repeat_contact_rate"] = ratio(len(again), known["contact_visitors"])
    kinds = [name for name in known if name.startswith("anomalies_")]
    known["anomalies"] = sum(known[name] for name in kinds) + known["late"]
    return known


def grouped(rows, key):
    """key → the numbers of its rows; `rows` are four lists, as `numbers` takes them."""
    groups = {}
    for kind, of_kind in enumerate(rows):
        for row in of_kind:
            groups.setdefault(key(row), ([], [], [], []))[kind].append(row)
    return groups


class Answer:
    """What a report has of one span."""

    def __init__(self, world, pairs, name, begin, end, by, zone):
        since, until = micros(begin), micros(end)
        rows = [[row for row in of_kind if since <= row.at < until] for of_kind in world.passing(pairs)]
        self.totals = numbers(*rows)
        self.parts = parts_of(begin, end, by, zone)
        self.within = parts_within(begin, end, by, zone)
        local = lambda row: datetime.fromtimestamp(row.at // 10**6, timezone.utc).astimezone(zone)
        self.series = grouped(rows, lambda row: part_of(local(row), by))
        self.rows = {}
        if name in ("overview", "channels"):
            for channel in Filter(pairs).channels:
                column = {"chat": "chat_start"}.get(channel, f"click_to_{channel}")
                names = ("contact_requests", "contact_visitors", "contact_rate", "channel_mix")
                self.rows["value", channel] = {of: self.totals[f"{of}.{column}"] for of in names}
        if name in ("subjects", "pages", "referrers", "devices"):
            values = grouped(rows, lambda row: getattr(row, name.removesuffix("s")))
            for value, of_value in values.items():
                if any(of_value[:3]):
                    self.rows["none" if value is None else "value", value] = numbers(*of_value)

    def part(self, place):
        keys = list(self.parts)
        if place >= len(keys) or keys[place] not in self.within:
            return None
        return numbers(*self.series.get(keys[place], ([], [], [], [])))


# ---- comparing


def size(number):
    return number["median"] if isinstance(number, dict) else number


def change(value, previous):
    if value is None or previous is None:
        return None
    value, previous = size(value), size(previous)
    if previous == 0:
        return 0.0 if value == 0 else None
    return (value - previous) / previous


def is_same(one, other):
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other


class Comparison:
    def __init__(self):
        self.compared, self.metrics, self.differences = 0, set(), []

    def differs(self, where, ours, theirs):
        self.compared += 1
        if not is_same(ours, theirs):
            self.differences.append(f"{where}: {ours} here, {theirs} there")

    def of_metrics(self, where, ours, before, theirs):
        """The numbers of one object `metrics`; `before` is what it is compared with, if anything."""
        for name, answer in theirs.items():
            self.metrics.add(name)
            earlier = before.get(name) if before is not None and name != "chats_open" else None
            self.differs(f"{where} {name}", ours.get(name), answer["value"])
            self.differs(f"{where} {name} before", earlier, answer.get("previous"))
            by, told = change(ours.get(name), earlier), answer.get("change")
            if (by is None) != (told is None) or by is not None and abs(by - told) > 1e-6:
                self.differences.append(f"{where} {name}: change {by} here, {told} there")

    def of_report(self, question, world, report):
        name, by, compare, zone_name, span, pairs = question
        zone = ZoneInfo(zone_name)
        since, until, kind = ends_of(span)
        begin, end = instant(since, zone), instant(until, zone)
        where = " ".join([name, by, compare, zone_name, *span, *("=".join(pair) for pair in pairs)])
        ours = Answer(world, pairs, name, begin, end, by, zone)
        other = compared(since, until, kind, compare, zone)
        before = other and Answer(world, pairs, name, *other, by, zone)
        self.differs(f"{where} since", written(begin.astimezone(zone)), report["period"]["since"])
        self.differs(f"{where} until", written(end.astimezone(zone)), report["period"]["until"])
        theirs = report["compared"] or {}
        for key, at in zip(("since", "until"), other or (None, None)):
            self.differs(f"{where} compared {key}", at and written(at.astimezone(zone)), theirs.get(key))
        if name == "quality":
            # By receipt, so not of these days; and of all events, so not with a filter.
            received = {of: None if pairs else 0 for of in ("accepted", "rejected", "duplicates", "conflicts")}
            for answer in (ours, before):
                if answer:
                    answer.totals |= received
        self.of_metrics(where, ours.totals, before and before.totals, report["metrics"])
        self.differs(f"{where} parts", list(ours.parts.values()), [part["at"] for part in report["series"]])
        for place, part in enumerate(report["series"]):
            earlier = before and before.part(place)
            self.of_metrics(f"{where} {part['at']}", ours.part(place) or {}, earlier, part["metrics"])
        found = {(row["kind"], row["value"]): row["metrics"] for row in report["rows"]}
        first = "visitors" if name == "referrers" else "contact_requests"
        order = lambda key: (key[0] != "value", -ours.rows[key][first], key[1])
        self.differs(f"{where} rows", sorted(ours.rows, key=order), list(found))
        nothing = numbers([], [], [], [])
        for key in set(found) & set(ours.rows):
            earlier = before and before.rows.get(key, nothing)
            self.of_metrics(f"{where} {key[1]}", ours.rows[key], earlier, found[key])


def asked(frontdesk, data, question):
    name, by, compare, zone, (since, until), pairs = question
    words = ["since", since, "until", until, "by", by, "compare", compare, "tz", zone, "limit", str(LIMIT)]
    words += [word for pair in pairs for word in pair]
    options = [f"--{option}={value}" for option, value in zip(words[::2], words[1::2])]
    command = [frontdesk, "report", name, *options, "--format", "json", "--data", data]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        sys.exit(f"{' '.join(command)}\n{answer.stderr}")
    return json.loads(answer.stdout)


def compare(events, frontdesk, data):
    with open(events, encoding="utf-8") as lines:
        world = World([Event(json.loads(line)) for line in lines])
    asking = questions()
    comparison = Comparison()
    # One program at a time works on a directory. The other half is computed here meanwhile.
    with ThreadPoolExecutor(1) as pool:
        for question, report in zip(asking, pool.map(lambda question: asked(frontdesk, data, question), asking)):
            comparison.of_report(question, world, report)
    differences = comparison.differences
    print(f"   {len(asking)} reports: {comparison.compared} numbers of {len(comparison.metrics)} metrics compared, {len(differences)} differ")
    for difference in differences[:20]:
        print(f"   {difference[:400]}")
    return 1 if differences or comparison.compared < 10_000 or len(comparison.metrics) < 35 else 0


if __name__ == "__main__":
    sys.exit(compare(*sys.argv[1:]) if len(sys.argv) == 4 else __doc__)
