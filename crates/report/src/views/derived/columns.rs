//! The columns of the derived views: name, SQL type, meaning.

type Columns = &'static [(&'static str, &'static str, &'static str)];

pub(super) const CHAT_SESSIONS: Columns = &[
    ("session", "text", "The chat system's key; null where events have none and the visit holds them together."),
    ("datastream", "text", "The datastream it came in by."),
    ("visitor", "text", "The first one that an event names; among equal times the smallest."),
    ("subject", "text", "The same of `subject`."),
    ("page", "text", "The same of `page`."),
    ("began_at", "timestamp", "Its first event; the day it belongs to, also when it passes midnight."),
    ("offered_at", "timestamp", "The first event with an offer."),
    ("declined_at", "timestamp", "The first event that declines."),
    ("started_at", "timestamp", "The first event with a start."),
    (
        "ended_at",
        "timestamp",
        "The first event with an end at or after `started_at`; without a start, the first with an end.",
    ),
    ("last_at", "timestamp", "Its last event."),
    ("offers", "integer", "Chats offered, anomalies left out."),
    ("declines", "integer", "Chats declined."),
    ("starts", "integer", "Chats started."),
    ("ends", "integer", "Chats ended."),
    (
        "duration_seconds",
        "integer",
        "`ended_at` − `started_at` in whole seconds, rounded down; null unless there are both.",
    ),
    (
        "outcome",
        "text",
        "`ended` (a start, and an end at or after it); `open` (a start, no such end, an event in the last 24 hours); `unended` (the same, longer ago); `declined` (no start); `ignored` (offered, neither declined nor started); `end_only`.",
    ),
    ("accepted", "boolean", "True if a start is at or after the first offer."),
    ("ignored", "integer", "Offers less declines less starts at or after the first offer; at least 0."),
    ("unprompted", "integer", "Starts before the first offer; all of them without one."),
    (
        "anomalies",
        "text",
        "What can't be right, with commas between: `end_without_start`, `start_after_end`, `declined_and_started`, `two_starts`; null without any.",
    ),
    ("event_date", "date", "UTC date of `began_at`."),
];

pub(super) const VISITS: Columns = &[
    ("datastream", "text", "The datastream it came in by."),
    ("visitor", "text", "Whose visit it is."),
    ("began_at", "timestamp", "Its first event."),
    ("last_at", "timestamp", "Its last event."),
    ("events", "integer", "Events of any kind."),
    ("contact_requests", "integer", "Contact requests by any channel."),
    ("first_contact_at", "timestamp", "The first event with a contact request; null without any."),
    ("seconds_to_first_contact", "integer", "`first_contact_at` − `began_at` in whole seconds, rounded down."),
    ("channels", "text", "The channels of that event, with commas between: `chat,call`."),
    ("subject", "text", "The subject of that event; among equal times that with the smallest page, then subject."),
    ("page", "text", "Its page."),
    ("event_date", "date", "UTC date of `began_at`."),
];

pub(super) const REQUESTS: Columns = &[
    ("time", "timestamp", "When it happened."),
    ("id", "text", "The event's id."),
    ("datastream", "text", "The datastream it came in by."),
    ("visitor", "text", "Who asked."),
    ("session", "text", "The chat system's key for the conversation."),
    ("subject", "text", "What the visitor wants help with."),
    ("page", "text", "On which page."),
    ("contact_requests", "integer", "Contact requests by any channel; at least 1."),
    ("chat_start", "integer", "Chats started."),
    ("click_to_call", "integer", "Clicks on a telephone link."),
    ("click_to_text", "integer", "Clicks on a link that opens a text message."),
    ("click_to_email", "integer", "Clicks on an e-mail link."),
    ("click_to_direct_message", "integer", "Uses of a message or feedback form."),
    (
        "previous_at",
        "timestamp",
        "The visitor's latest request of an earlier minute, by whatever datastream; null for the first.",
    ),
    ("repeated", "boolean", "True if that was 30 minutes to 7 days earlier, both times rounded down to the minute."),
    ("event_date", "date", "UTC date of `time`."),
];

pub(super) const VISITORS: Columns = &[
    ("visitor", "text", "As in `activity`; events without one are left out."),
    ("first_at", "timestamp", "The first event."),
    ("last_at", "timestamp", "The last event."),
    ("days", "integer", "UTC days with an event."),
    ("events", "integer", "Events of any kind."),
    ("contact_requests", "integer", "Contact requests by any channel."),
    ("first_contact_at", "timestamp", "The first event with a contact request; null without any."),
    ("last_contact_at", "timestamp", "The last one."),
    ("channels", "text", "The channels of the contact requests, with commas between: `chat,call`; null without any."),
    ("chat_offered", "integer", "Chats offered."),
    ("chat_declined", "integer", "Chats declined."),
    ("chat_start", "integer", "Chats started."),
    ("chat_end", "integer", "Chats ended."),
    ("click_to_call", "integer", "Clicks on a telephone link."),
    ("click_to_text", "integer", "Clicks on a link that opens a text message."),
    ("click_to_email", "integer", "Clicks on an e-mail link."),
    ("click_to_direct_message", "integer", "Uses of a message or feedback form."),
];
