"""Computes the metrics of docs/metrics.md from events as they were sent, and compares them with Frontdesk's.

It shares no code with Frontdesk: the rules are written down once more, after the page's words, with the
standard library alone. The SQL that it compares with is the one that the page shows.

    metrics.py disturb < generated.ndjson > events.ndjson
    metrics.py compare events.ndjson docs/metrics.md path/to/frontdesk data-directory
"""

import json
import math
import re
import subprocess
import sys
import time
import zlib
from datetime import datetime, timezone

MINUTE = 60 * 10**6
HOUR = 60 * MINUTE
DAY = 24 * HOUR

CHAT = ["chatOffered", "chatDeclined", "chatStart", "chatEnd"]
# The counter of contact requests of each channel, as the views call it.
CHANNELS = {
    "chat_start": "chatStart",
    "click_to_call": "clickToCall",
    "click_to_text": "clickToText",
    "click_to_email": "clickToEmail",
    "click_to_direct_message": "clickToDirectMessage",
}
COUNTERS = CHAT + list(CHANNELS.values())[1:]


REFERRERS = [
    "http://somebody:secret@WWW.Search.Example:8443/results?q=jane+doe",
    "https://shop.example/from?x",
    "https://account.shop.example/",
    "android-app://com.example.mail/",
    "about:blank",
    "https://social.example./p",
]


# ---- what demo events don't have: mistakes, missing ids, equal times


def disturb(lines):
    """The same events with something wrong in many of them, by their numbers in the file."""
    before = None
    for number, line in enumerate(lines):
        event = json.loads(line)
        feedback = event.get("customerFeedback", {})
        counters = [name for name in COUNTERS if name in feedback]
        if number % 7 == 0:
            feedback.pop("chatSessionID", None)
        if number % 11 == 0:
            event.pop("identityMap", None)
        if counters and number % 13 == 0:
            feedback[counters[0]] = -1 if number % 2 else 1001
        if counters and number % 17 == 0:
            feedback[counters[0]] = 1000 if number % 2 else 2
        if before and number % 19 == 0:
            event["timestamp"] = before
        if number % 23 == 0:
            # Another half of the same day: late in the file, early in the day.
            hour = (int(event["timestamp"][11:13]) + 12) % 24
            event["timestamp"] = f"{event['timestamp'][:11]}{hour:02}{event['timestamp'][13:]}"
        if "chatSessionID" in feedback and number % 29 == 0:
            feedback["chatSessionID"] = f"shared-{number % 3}"
        if number % 31 == 0:
            event["web"]["webPageDetails"].pop("URL", None)
        device, environment = event.get("device", {}), event.get("environment", {})
        if device and number % 3 == 0:
            # As the Web SDK has it: the screen alone. An upright one of its own is a tablet's, or a telephone's.
            device.pop("type", None)
        if device and number % 37 == 0:
            device["type"] = ["television", "computers", "Tablet", ""][number % 4]
        if environment and number % 41 == 0:
            environment["type"] = ["application", "widget"][number % 2]
        if device and number % 43 == 0:
            for name in list(device):
                device.pop(name)
        if number % 47 == 0:
            event["web"]["webReferrer"] = {"URL": REFERRERS[number % len(REFERRERS)]}
        if "chatSessionID" in feedback and number % 5 == 0:
            feedback["chatStart"] = 1
        before = event["timestamp"]
        visitor = event.get("identityMap", {}).get("ECID", [{}])[0].get("id", "")
        if zlib.crc32(visitor.encode()) % 3 == 1:
            # All of the same visitor: a year earlier, so that there is something to compare with.
            event["timestamp"] = "2023" + event["timestamp"][4:]
        yield json.dumps(event)


# ---- events


def host_of(url):
    match = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)", url)
    host = re.sub(r":[0-9]*$", "", match[1].split("@")[-1]).lower() if match else ""
    return host.removesuffix(".").removeprefix("www.") or None


def referrer_of(web):
    host = host_of(web.get("webReferrer", {}).get("URL", ""))
    return "(internal)" if host and host == host_of(web.get("webPageDetails", {}).get("URL", "")) else host


def device_of(sent):
    device, environment = sent.get("device", {}), sent.get("environment", {})
    kind, around = device.get("type", "").lower(), environment.get("type", "").lower()
    if around == "application":
        return "app"
    if kind:
        return {"computers": "desktop"}.get(kind, kind if kind in ("desktop", "mobile", "tablet") else "other")
    if around not in ("", "browser"):
        return "other"
    width, height = device.get("screenWidth", 0), device.get("screenHeight", 0)
    if width > 0 and height > 0:
        is_tablet = width < height and 600 <= width <= 1032
        return "mobile" if min(width, height) < 600 else "tablet" if is_tablet else "desktop"
    window = environment.get("browserDetails", {}).get("viewportWidth", 0)
    return None if window <= 0 else "mobile" if window < 600 else "desktop"


class Event:
    def __init__(self, sent):
        feedback = sent.get("customerFeedback", {})
        page = sent.get("web", {}).get("webPageDetails", {})
        instant = datetime.fromisoformat(sent["timestamp"].replace("Z", "+00:00"))
        since = instant - datetime(1970, 1, 1, tzinfo=timezone.utc)
        self.at = (since.days * 86400 + since.seconds) * 10**6 + since.microseconds
        self.datastream = "default"
        self.visitor = next((i["id"] for i in sent.get("identityMap", {}).get("ECID", []) if i.get("id")), None)
        self.session = feedback.get("chatSessionID") or None
        self.subject = feedback.get("subject") or None
        self.page = re.split("[?#]", page.get("URL", ""))[0] or page.get("name") or None
        self.device, self.referrer = device_of(sent), referrer_of(sent.get("web", {}))
        sent_counters = {name: feedback[name] for name in COUNTERS if name in feedback}
        self.is_odd = any(not 0 <= value <= 1000 for value in sent_counters.values())
        self.counters = {name: value for name, value in sent_counters.items() if 0 <= value <= 1000}
        self.requests = sum(self.count(name) for name in CHANNELS.values())
        self.is_chat = any(self.count(name) > 0 for name in CHAT)

    def count(self, name):
        return self.counters.get(name, 0)


def by_key(events, key):
    groups = {}
    for event in sorted(events, key=lambda event: event.at):
        if key(event) is not None:
            groups.setdefault(key(event), []).append(event)
    return groups.values()


# ---- visits and sessions


def divided(events, ends, length):
    """Parts of events in order of time: a new one where `ends` says so; what is `length` later is in none."""
    part, before = [], None
    for event in events:
        if before is not None and ends(event.at - before):
            yield part
            part = []
        before = event.at
        if not part or event.at - part[0].at < length:
            part.append(event)
    yield part


def visits_of(events):
    for of_visitor in by_key(events, lambda event: event.visitor and (event.datastream, event.visitor)):
        yield from divided(of_visitor, lambda silence: silence > 30 * MINUTE, 23 * HOUR + 30 * MINUTE)


def sessions_of(events):
    chats = [event for event in events if event.is_chat]
    for of_id in by_key(chats, lambda event: event.session and (event.datastream, event.session)):
        yield from divided(of_id, lambda silence: silence >= DAY, DAY)
    for visit in visits_of(events):
        without_id = [event for event in visit if event.is_chat and not event.session]
        if without_id:
            yield without_id


def first_text(events, name):
    named = [(event.at, getattr(event, name)) for event in events if getattr(event, name) is not None]
    return min(named)[1] if named else None


class Session:
    def __init__(self, events):
        self.at = events[0].at
        self.last_at = events[-1].at
        self.subject, self.page = first_text(events, "subject"), first_text(events, "page")
        self.device, self.referrer = first_text(events, "device"), first_text(events, "referrer")
        times = {name: [event.at for event in events if event.count(name) > 0] for name in CHAT}
        sums = {name: sum(event.count(name) for event in events) for name in CHAT}
        self.has_offer = bool(times["chatOffered"])
        offer = times["chatOffered"][0] if self.has_offer else math.inf
        prompted = sum(event.count("chatStart") for event in events if event.at >= offer)
        self.accepted = prompted > 0
        self.ignored = max(0, sums["chatOffered"] - sums["chatDeclined"] - prompted) if self.has_offer else 0
        self.unprompted = sums["chatStart"] - prompted
        starts, ends = times["chatStart"], times["chatEnd"]
        paired = [end for end in ends if starts and end >= starts[0]]
        self.duration = (paired[0] - starts[0]) // 10**6 if paired else None
        self.lacks_end = bool(starts) and not paired
        self.end_without_start = bool(ends) and not starts
        self.start_after_end = bool(starts) and bool(ends) and max(starts) > min(ends)
        self.declined_and_started = bool(starts) and bool(times["chatDeclined"])
        self.two_starts = sums["chatStart"] > 1


class Visit:
    def __init__(self, events):
        self.at = events[0].at
        contacts = [event for event in events if event.requests]
        known = lambda text: (text is None, text or "")
        rank = lambda event: (event.at, *map(known, (event.page, event.subject, event.device, event.referrer)))
        first = min(contacts, key=rank, default=None)
        self.subject, self.page, self.device, self.referrer = (
            (first.subject, first.page, first.device, first.referrer) if first else (None,) * 4
        )
        self.seconds = (first.at - self.at) // 10**6 if first else None


class Request:
    """A contact request of a known visitor."""

    def __init__(self, event, before):
        self.at, self.visitor, self.subject, self.page = event.at, event.visitor, event.subject, event.page
        self.device, self.referrer = event.device, event.referrer
        minutes = event.at // MINUTE - before // MINUTE if before is not None else None
        self.is_repeated = minutes is not None and 30 <= minutes <= 7 * 24 * 60


def requests_of(events):
    for of_visitor in by_key([event for event in events if event.requests], lambda event: event.visitor):
        for event in of_visitor:
            earlier = [other.at for other in of_visitor if other.at // MINUTE < event.at // MINUTE]
            yield Request(event, max(earlier, default=None))


# ---- metrics: of the rows of one relation


def ratio(part, whole):
    return part / whole if whole else None


def lengths(name, seconds):
    ordered = sorted(value for value in seconds if value is not None)
    at = lambda share: ordered[max(1, math.ceil(len(ordered) * share)) - 1] if ordered else None
    return {name: at(0.5), f"{name}.p90": at(0.9), f"{name}.p95": at(0.95)}


def of_events(events):
    total = lambda name: sum(event.count(name) for event in events)
    visitors = {event.visitor for event in events if event.visitor}
    asking = {event.visitor for event in events if event.visitor and event.requests}
    requests = sum(event.requests for event in events)
    metrics = {
        "visitors": len(visitors),
        "contact_visitors": len(asking),
        "contact_requests": requests,
        "contact_rate": ratio(len(asking), len(visitors)),
        "chats_offered": total("chatOffered"),
        "chats_declined": total("chatDeclined"),
        "chats_started": total("chatStart"),
        "chats_ended": total("chatEnd"),
        "invitation_decline_rate": ratio(total("chatDeclined"), total("chatOffered")),
        "anomalies_counter": sum(event.is_odd for event in events),
        # They were loaded long after they happened. A file is about the past: only times to come are odd in one.
        "anomalies_time": 0,
        # They came by no request.
        "late": 0,
        "anomalies_without_session": sum(e.is_chat and not e.session and not e.visitor for e in events),
    }
    for column, name in CHANNELS.items():
        if column != "chat_start":
            metrics[column] = total(name)
        by_channel = {event.visitor for event in events if event.visitor and event.count(name)}
        metrics[f"contact_visitors.{column}"] = len(by_channel)
        metrics[f"contact_requests.{column}"] = total(name)
        metrics[f"contact_rate.{column}"] = ratio(len(by_channel), len(visitors))
        metrics[f"channel_mix.{column}"] = ratio(total(name), requests)
    return metrics


def of_sessions(sessions):
    count = lambda name: sum(getattr(session, name) for session in sessions)
    is_old = lambda session: session.last_at <= time.time() * 10**6 - DAY
    return {
        "invitation_acceptance_rate": ratio(count("accepted"), count("has_offer")),
        "invitations_ignored": count("ignored"),
        "unprompted_starts": count("unprompted"),
        "chats_open": sum(session.lacks_end and not is_old(session) for session in sessions),
        "chats_unended": sum(session.lacks_end and is_old(session) for session in sessions),
        "anomalies_end_without_start": count("end_without_start"),
        "anomalies_start_after_end": count("start_after_end"),
        "anomalies_declined_and_started": count("declined_and_started"),
        "anomalies_two_starts": count("two_starts"),
    } | lengths("chat_duration_seconds", (session.duration for session in sessions))


def of_visits(visits):
    return lengths("time_to_first_contact_seconds", (visit.seconds for visit in visits))


def of_requests(requests):
    again = {request.visitor for request in requests if request.is_repeated}
    return {"repeat_contact_rate": ratio(len(again), len({request.visitor for request in requests}))}


GROUPS = {
    None: lambda row: None,
    "event_date": lambda row: datetime.fromtimestamp(row.at // 10**6, timezone.utc).strftime("%Y-%m-%d"),
    "page": lambda row: row.page,
    "subject": lambda row: row.subject,
    "device": lambda row: row.device,
    "referrer": lambda row: row.referrer,
}


def computed(events):
    """(metric, grouped by what) → its number for each value."""
    numbers = {}
    for rows, metrics in (
        (events, of_events),
        ([Session(part) for part in sessions_of(events)], of_sessions),
        ([Visit(part) for part in visits_of(events)], of_visits),
        (list(requests_of(events)), of_requests),
    ):
        for column, key in GROUPS.items():
            groups = {}
            for row in rows:
                groups.setdefault(key(row), []).append(row)
            for value, group in groups.items():
                for name, number in metrics(group).items():
                    numbers.setdefault((name, column), {})[value] = number
    return numbers


# ---- what Frontdesk says


def documented(page):
    """relation → metric → expression, from the tables of the page."""
    found = {}
    for name, sql, relation in re.findall(r"^\| [^|]*\(`(\w+)`\) \|[^|]*\| `([^|]*)` from `(\w+)` \|", page, re.MULTILINE):
        expressions = found.setdefault(relation, {})
        if "{counter}" in sql:
            for column in CHANNELS:
                expressions[f"{name}.{column}"] = sql.replace("{counter}", column)
        else:
            expressions[name] = sql
        if "percentile_disc(0.5)" in sql:
            for share, suffix in (("0.9", "p90"), ("0.95", "p95")):
                expressions[f"{name}.{suffix}"] = sql.replace("(0.5)", f"({share})")
    return found


def answered(page, frontdesk, data):
    numbers = {}
    for relation, expressions in documented(page).items():
        for column in GROUPS:
            selected = [f'{sql} as "{name}"' for name, sql in expressions.items()]
            key = [f'{column} as "key"'] if column else []
            sql = f"select {', '.join(key + selected)} from {relation}" + (f" group by {column}" if column else "")
            command = [frontdesk, "sql", sql, "--format", "json", "--data", data]
            for row in json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout):
                for name in expressions:
                    numbers.setdefault((name, column), {})[row.get("key")] = row[name]
    return numbers


def is_same(one, other):
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other


def compare(events, page, frontdesk, data):
    with open(events, encoding="utf-8") as lines:
        ours = computed([Event(json.loads(line)) for line in lines])
    with open(page, encoding="utf-8") as text:
        theirs = answered(text.read(), frontdesk, data)
    differences, compared = [], 0
    for metric in sorted(set(ours) | set(theirs), key=str):
        one, other = ours.get(metric, {}), theirs.get(metric, {})
        for value in sorted(set(one) | set(other), key=str):
            compared += 1
            if value not in one or value not in other or not is_same(one[value], other[value]):
                differences.append(f"{metric} of {value}: {one.get(value, 'nothing')} here, {other.get(value, 'nothing')} there")
    print(f"   {compared} numbers of {len({name for name, _ in ours})} metrics compared, {len(differences)} differ")
    for difference in differences[:20]:
        print(f"   {difference}")
    return 1 if differences or compared < 1000 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["disturb"]:
        for changed in disturb(sys.stdin):
            print(changed)
    elif sys.argv[1:2] == ["compare"] and len(sys.argv) == 6:
        sys.exit(compare(*sys.argv[2:]))
    else:
        sys.exit(__doc__)
