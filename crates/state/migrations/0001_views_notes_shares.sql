-- Never changed once it was in a release: what changes is a migration of its own.
-- Instants are microseconds since 1970.

create table views (
    id integer primary key autoincrement,
    name text not null unique,
    page text not null,
    query text not null,
    made_by text,
    made_at integer not null
) strict;

create table notes (
    id integer primary key autoincrement,
    -- The instant, or midnight UTC of the day.
    at integer not null,
    -- As 2026-11-29; null for a note on an instant.
    day text,
    text text not null,
    datastream text,
    made_by text,
    made_at integer not null
) strict;

create index notes_at on notes (at);

create table shares (
    id text primary key,
    -- SHA-256 of the link's secret.
    secret_hash blob not null,
    label text not null,
    page text not null,
    query text not null,
    made_by text,
    -- The id of the key that it was made with.
    key_id text,
    made_at integer not null,
    expires_at integer not null,
    revoked_at integer
) strict;
