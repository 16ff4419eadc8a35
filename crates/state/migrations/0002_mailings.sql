-- Never changed once it was in a release: what changes is a migration of its own.
-- Instants are microseconds since 1970.

-- What is sent, by its name in the settings.
create table mailings (
    -- mailing or alert
    kind text not null,
    name text not null,
    -- What was due before isn't sent.
    first_seen_at integer not null,
    -- Of an alert: since when it is raised; null while it isn't.
    raised_at integer,
    primary key (kind, name)
) strict;

create table mails (
    id integer primary key autoincrement,
    -- mailing, alert_begun or alert_over
    kind text not null,
    name text not null,
    -- What it is about: there is one mail of a period.
    period text not null,
    subject text not null,
    -- Both empty when nobody is left to send them to.
    text text not null,
    html text not null,
    made_at integer not null,
    unique (kind, name, period)
) strict;

create table deliveries (
    mail integer not null references mails (id) on delete cascade,
    recipient text not null,
    -- waiting, sending, sent, refused, given_up or unknown
    state text not null,
    attempts integer not null,
    -- Not before.
    next_at integer not null,
    done_at integer,
    primary key (mail, recipient)
) strict;

create index deliveries_next on deliveries (state, next_at);
