"""Reads a data directory over the PostgreSQL port with the programs that people use, compares
what they get with `frontdesk sql`, and has them try what must be refused.

usage: postgres.py FRONTDESK DATA_DIRECTORY
"""

import asyncio
import datetime
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from select import select as select_sockets

import asyncpg
import psycopg
import psycopg2
import sqlalchemy
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

VIEWS = ["activity", "chat_sessions", "contacts", "events", "rejects", "requests", "visitors", "visits"]
HEAVY = "select sum(a.value * b.value) from range(100000000) as a, range(100000000) as b"

# What tools ask before they show anything, in their shapes: the rows that there must be.
FIRST_QUESTIONS = {
    "JDBC, schemas": (
        "select nspname as table_schem from pg_catalog.pg_namespace where nspname <> 'pg_toast' and (nspname !~ '^pg_temp_'"
        " or nspname = (pg_catalog.current_schemas(true))[1]) order by table_schem", 3),
    "JDBC, tables": (
        "select n.nspname, c.relname, case c.relkind when 'v' then 'VIEW' end as kind, d.description from pg_catalog.pg_namespace n,"
        " pg_catalog.pg_class c left join pg_catalog.pg_description d on (c.oid = d.objoid and d.objsubid = 0 and d.classoid ="
        " 'pg_class'::regclass) where c.relnamespace = n.oid and c.relkind = 'v' and n.nspname !~ '^pg_'", 8),
    "JDBC, keys": (
        "select (information_schema._pg_expandarray(i.indkey)).n as key_seq from pg_catalog.pg_class ct join pg_catalog.pg_index i"
        " on (ct.oid = i.indrelid) where ct.relname = 'contacts' and i.indisprimary", 0),
    "JDBC, types": (
        "select t.typname from pg_catalog.pg_type t where t.typname = 'int8' and (t.typrelid = 0 or (select c.relkind = 'c' from"
        " pg_catalog.pg_class c where c.oid = t.typrelid))", 1),
    "Metabase, keys": (
        "select tc.table_name, kc.column_name from information_schema.table_constraints tc inner join"
        " information_schema.key_column_usage kc on tc.constraint_name = kc.constraint_name", 0),
    "Metabase, privileges": (
        "select has_table_privilege('contacts', 'select') as may, has_table_privilege('contacts', 'update') as may_not", 1),
    "Grafana, columns": (
        "select quote_ident(column_name) as \"column\", data_type from information_schema.columns where quote_ident(table_name) ="
        " 'contacts' and column_name = 'channel'", 1),
    "Grafana, tables": (
        "select quote_ident(table_name) as \"table\" from information_schema.tables where quote_ident(table_schema) not in"
        " ('information_schema', 'pg_catalog') order by case when quote_ident(table_schema) in (select case when trim(s[i]) ="
        " '\"$user\"' then user else trim(s[i]) end from generate_series(array_lower(string_to_array(current_setting('search_path'),"
        " ','), 1), array_upper(string_to_array(current_setting('search_path'), ','), 1)) as i,"
        " string_to_array(current_setting('search_path'), ',') s) then 0 else 1 end, 1", 8),
    "Grafana, times": (
        "select column_name from information_schema.columns where table_name = 'contacts' and data_type like 'timestamp%'", 2),
    "Metabase, columns": (
        "select c.column_name, format('%s', c.udt_name), col_description(cast(cast(format('%I.%I', c.table_schema, c.table_name) as"
        " regclass) as oid), c.ordinal_position) from information_schema.columns as c where c.table_name = 'contacts' and"
        " c.udt_name = 'date'", 1),
    "Grafana, version": ("select current_setting('server_version_num')::int / 100 as version", 1),
    "DBeaver, database": ("select db.oid, db.* from pg_catalog.pg_database db where datname = 'frontdesk'", 1),
    "DBeaver, names": ("select current_schema(), session_user, current_database()", 1),
    "the user": ("select user", 1),
}

REFUSED = {
    "drop table events": "25006",
    "insert into events select * from events": "25006",
    "update events set \"_id\" = 'x'": "25006",
    "create table x (a int)": "25006",
    "create external table x stored as csv location '/etc/passwd'": "25006",
    "copy events to '/tmp/frontdesk-port'": "25006",
    "select * from '/etc/passwd'": "42P01",
    "select * from read_csv('/etc/passwd')": "42000",
    "select pg_read_file('/etc/passwd')": "42000",
    "select * into x from events": "25006",
    "set time zone 'Europe/Berlin'": "22023",
}

failures = []


def check(what, got, expect):
    if got != expect:
        failures.append(f"{what}: {got!r} instead of {expect!r}")


class Server:
    """`frontdesk serve` with the port open."""

    def __init__(self, program, data, *more):
        args = [program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0", *more]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
        for line in self.process.stdout:
            if "postgresql://" in line:
                self.url = line.split(" is on ")[1].strip()
            if "report contacts" in line:
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.address = self.url.split("@")[1].split("/")[0]

    def stop(self):
        self.process.terminate()
        check("the server's end", self.process.wait(60), 0)


def own_sql(program, data, sql):
    asked = [program, "sql", sql, "--data", data, "--format", "json"]
    return json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def with_psql(server):
    def psql(command):
        ran = subprocess.run(["psql", "-X", "-A", "-t", "-c", command, server.url], capture_output=True, text=True, timeout=60)
        return (ran.stdout + ran.stderr).strip()

    names = [line.split("|")[1] for line in psql("\\d").splitlines()]
    check("psql \\d", names, VIEWS)
    check("psql \\d contacts", "channel|text||" in psql("\\d contacts"), True)
    check("psql \\dn", psql("\\dn").split("|")[0], "public")
    check("psql \\l", [line.split("|")[0] for line in psql("\\l").splitlines()][0], "frontdesk")
    for command in ["\\d+ visits", "\\dv", "\\dt", "\\du", "\\df", "\\di", "\\dT", "\\dx"]:
        check(f"psql {command}", "ERROR" in psql(command), False)
    check("psql copy", "COPY is not allowed" in psql("copy events to stdout"), True)
    check("psql \\copy", "COPY is not allowed" in psql("\\copy events to pstdout"), True)


def with_psycopg(server, expect):
    with psycopg.connect(server.url, autocommit=True) as connection:
        for binary in (False, True):
            ask = lambda sql, values=None: connection.cursor(binary=binary).execute(sql, values).fetchall()
            for channel, count in expect.items():
                check("psycopg", ask("select count(*) from contacts where channel = %s", [channel]), [(count,)])
            total = sum(expect.values())
            begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
            check("an instant", ask("select count(*) from contacts where channel is not null and time > %s", [begin]), [(total,)])
            check("a date", ask("select count(*) from contacts where channel is not null and event_date > %s", [begin.date()]), [(total,)])
            check("a list", ask("select count(*) from contacts where channel = any(%s)", [list(expect)]), [(total,)])
            check("a limit", len(ask("select id from contacts limit %s", [7])), 7)
            row = ask("select %s::bigint, %s, %s, %s, null, time, event_date, callback from contacts where time is not null limit 1",
                      [-5, "it's", 1.5, True])[0]
            check("values", row[:5], (-5, "it's", 1.5, True, None))
            kinds = [type(value).__name__ for value in row[5:]]
            check("types", kinds, ["datetime", "date", "bool"])
            nested = ask('select "customerFeedback" from events where "customerFeedback" is not null limit 1')[0][0]
            check("nested values", isinstance(nested, dict), True)
            check("arrays", sorted(ask("select array_agg(distinct channel) from contacts where channel is not null")[0][0]), sorted(expect))
        for what, (sql, rows) in FIRST_QUESTIONS.items():
            try:
                check(what, len(connection.execute(sql).fetchall()), rows)
            except psycopg.Error as error:
                failures.append(f"{what}: {error}")
        may = connection.execute(FIRST_QUESTIONS["Metabase, privileges"][0]).fetchone()
        check("privileges", may, (True, False))
        for sql, code in REFUSED.items():
            try:
                connection.execute(sql)
                failures.append(f"{sql}: it was taken")
            except psycopg.Error as error:
                check(sql, error.sqlstate, code)
        check("no file was written", os.path.exists("/tmp/frontdesk-port"), False)
        try:
            threading.Timer(1, connection.cancel).start()
            connection.execute(HEAVY)
        except psycopg.Error as error:
            check("cancelling", error.sqlstate, "57014")
        with connection.pipeline():
            first, second = connection.execute("select 1"), connection.execute("select 2")
        check("a pipeline", (first.fetchone(), second.fetchone()), ((1,), (2,)))


def with_sqlalchemy(server, expect):
    for driver in ("psycopg", "psycopg2"):
        engine = create_engine(server.url.replace("postgresql:", f"postgresql+{driver}:"))
        found = inspect(engine)
        check(f"{driver}, views", sorted(found.get_view_names()), VIEWS)
        check(f"{driver}, schemas", "public" in found.get_schema_names(), True)
        check(f"{driver}, keys", found.get_pk_constraint("contacts")["constrained_columns"], [])
        check(f"{driver}, foreign keys", found.get_foreign_keys("contacts"), [])
        check(f"{driver}, indexes", found.get_indexes("contacts"), [])
        columns = {column["name"]: str(column["type"]) for column in found.get_columns("contacts")}
        check(f"{driver}, columns", [columns.get(name) for name in ("channel", "callback", "event_date")], ["TEXT", "BOOLEAN", "DATE"])
        contacts = Table("contacts", MetaData(), autoload_with=engine)
        check(f"{driver}, a column's type", str(contacts.c.time.type), "TIMESTAMP")
        count = select(contacts.c.channel, func.count()).where(contacts.c.channel.in_(list(expect))).group_by(contacts.c.channel)
        with engine.connect() as connection:
            check(f"{driver}, counts", dict(connection.execute(count).all()), expect)
            try:
                connection.execute(text("delete from events"))
                failures.append(f"{driver}: a delete was taken")
            except sqlalchemy.exc.DBAPIError as error:
                check(f"{driver}, a delete", "DELETE FROM is not allowed" in str(error), True)
            connection.rollback()
            check(f"{driver}, after it", connection.execute(text("select 1")).scalar(), 1)


async def with_asyncpg(server, expect):
    connection = await asyncpg.connect(server.url)
    for channel, count in expect.items():
        check("asyncpg", await connection.fetchval("select count(*) from contacts where channel = $1 limit $2", channel, 1), count)
    async with connection.transaction(readonly=True):
        rows = [row async for row in connection.cursor("select id from contacts", prefetch=50)]
    check("asyncpg, a cursor", len(rows), await connection.fetchval("select count(*) from contacts"))
    await connection.reset()
    await connection.close()


def with_cursors(server):
    """Drivers' server-side cursors: `declare`, `fetch`, `move` and `close`."""
    with psycopg.connect(server.url) as connection:
        expect = connection.execute("select id from contacts order by id").fetchall()
        for binary in (False, True):
            with connection.cursor("a name", binary=binary) as cursor:
                cursor.execute("select id, time from contacts where chat_start >= %s or id <> %s order by id", [0, "-"])
                first = cursor.fetchmany(7)
                check("psycopg, the first rows of a cursor", [row[:1] for row in first], expect[:7])
                check("psycopg, their times", {type(row[1]).__name__ for row in first}, {"datetime"})
                cursor.scroll(3)
                check("psycopg, the rest of a cursor", [row[:1] for row in cursor.fetchall()], expect[10:])
        try:
            connection.execute("fetch 1 from nowhere")
        except psycopg.Error as error:
            check("a cursor that there isn't", error.sqlstate, "34000")
    with psycopg2.connect(server.url) as connection:
        with connection.cursor("other") as cursor:
            cursor.itersize = 50
            cursor.execute("select id from contacts order by id")
            check("psycopg2, a cursor", list(cursor), expect)
    connection.close()
    with psycopg.connect(server.url, autocommit=True) as connection:
        for sql, code in {"declare c cursor for select 1": "25P01", "declare c cursor with hold for select 1": "0A000"}.items():
            try:
                connection.execute(sql)
                failures.append(f"{sql}: it was taken")
            except psycopg.Error as error:
                check(sql, error.sqlstate, code)


def with_keys(program, data):
    """A key is proven under its id, and sent under any other name."""
    new = lambda scope: subprocess.run([program, "key", "new", "--scope", scope, "--name", "e2e", "--data", data],
                                       check=True, capture_output=True, text=True).stdout.strip()
    key, collect = new("read"), new("collect")
    server = Server(program, data)
    host, port = server.address.split(":")
    key_id = lambda key: key.split("_")[2]

    def outcome(user, password, **more):
        try:
            with psycopg.connect(host=host, port=port, user=user, password=password, dbname="frontdesk", **more) as connection:
                return connection.execute("select 1").fetchone()[0]
        except psycopg.OperationalError as error:
            return str(error)

    try:
        proven = {"require_auth": "scram-sha-256"}
        check("a key that is proven", outcome(key_id(key), key, **proven), 1)
        check("a key under another name", outcome("frontdesk", key), 1)
        check("one that would be sent", "scram" in str(outcome("frontdesk", key, **proven)).lower(), True)
        check("another password", "not the key that has this id" in str(outcome(key_id(key), collect, **proven)), True)
        check("a key that may not read", "may do other things only" in str(outcome(key_id(collect), collect, **proven)), True)
        check("channel binding without TLS", "channel binding" in str(outcome(key_id(key), key, channel_binding="require")).lower(), True)
        ran = subprocess.run(["psql", "-X", "-A", "-t", "-c", "select 1", f"postgresql://{key_id(key)}@{server.address}/frontdesk"],
                             env={**os.environ, "PGPASSWORD": key}, capture_output=True, text=True, timeout=60)
        check("psql with a key", ran.stdout.strip(), "1")
        subprocess.run([program, "key", "revoke", key_id(key), "--data", data], check=True, capture_output=True)
        # The server looks at its keys once a second.
        for _ in range(20):
            if "revoked" in (last := str(outcome(key_id(key), key, **proven))):
                break
            time.sleep(0.25)
        check("a key that was revoked", "revoked" in last, True)
    finally:
        server.stop()
    check("no key is logged", [line for line in server.log if key in line or key.split("_")[3] in line], [])


def with_jdbc(server, expect):
    """Where there is a JDK and the driver (Debian: default-jdk-headless, libpostgresql-jdbc-java)."""
    driver = "/usr/share/java/postgresql.jar"
    if not shutil.which("javac") or not os.path.exists(driver):
        print("JDBC was not tried: there is no JDK or no driver")
        return
    with tempfile.TemporaryDirectory() as place:
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Jdbc.java")
        subprocess.run(["javac", "-d", place, source], check=True, timeout=300)
        ran = subprocess.run(["java", "-cp", f"{place}:{driver}", "Jdbc", f"jdbc:postgresql://{server.address}/frontdesk", str(sum(expect.values()))],
                             capture_output=True, text=True, timeout=300)
    check("JDBC", (ran.returncode, ran.stdout.strip(), ran.stderr.strip()), (0, f"JDBC agrees on {sum(expect.values())} contacts", ""))


class Between:
    """Somebody between a client and the server, with a certificate of his own. With `strips` he hides that logins can be bound."""

    SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")

    def __init__(self, address, certificate, strips):
        self.host, self.port = address.split(":")
        self.strips = strips
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        try:
            client.recv(8)
            client.sendall(b"S")
            client = self.context.wrap_socket(client, server_side=True)
            server = socket.create_connection((self.host, int(self.port)))
            server.sendall(self.SSL_REQUEST)
            server.recv(1)
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            server = trusting.wrap_socket(server)
            self.pass_on(client, server)
        except OSError:
            pass

    def pass_on(self, client, server):
        """Both ways, on one thread: a TLS connection is no two threads' at once."""
        offer = b"SCRAM-SHA-256-PLUS\0"
        others = {client: server, server: client}
        try:
            while True:
                ready = [side for side in others if side.pending()] or select_sockets(list(others), [], [], 30)[0]
                for side in ready:
                    if not (data := side.recv(65536)):
                        return
                    if self.strips and side is server and offer in data:
                        # The length of the message is behind its letter.
                        length = int.from_bytes(data[1:5], "big") - len(offer)
                        data = data[:1] + length.to_bytes(4, "big") + data[5:].replace(offer, b"")
                    others[side].sendall(data)
        finally:
            client.close()
            server.close()


def with_channel_binding(program, data):
    """Over TLS a login is bound to the server's certificate, and nobody between gets in with it."""
    ran = subprocess.run([program, "key", "new", "--scope", "read", "--name", "bound", "--data", data],
                         check=True, capture_output=True, text=True)
    key = ran.stdout.strip()
    key_id = key.split("_")[2]
    server = Server(program, data, "--dev-tls", "--tls-listen", "127.0.0.1:0")

    def psql(port, binding, **more):
        settings = {"host": "127.0.0.1", "port": port, "user": key_id, "dbname": "frontdesk", "sslmode": "require",
                    "channel_binding": binding, **more}
        ran = subprocess.run(["psql", "-X", "-A", "-t", "-c", "select 1", " ".join(f"{name}={value}" for name, value in settings.items())],
                             env={**os.environ, "PGPASSWORD": key}, capture_output=True, text=True, timeout=60)
        return ran.stdout.strip() or ran.stderr.strip()

    try:
        own = server.address.split(":")[1]
        for binding in ("require", "prefer", "disable"):
            check(f"psql, channel_binding={binding}", psql(own, binding), "1")
        check("psql without TLS", "channel binding" in psql(own, "require", sslmode="disable"), True)
        with tempfile.TemporaryDirectory() as place:
            certificate = [os.path.join(place, name) for name in ("cert.pem", "key.pem")]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-out", certificate[0], "-keyout", certificate[1]], check=True, capture_output=True)
            between = Between(server.address, certificate, strips=False)
            check("somebody between", "another certificate" in (said := psql(between.own_port, "prefer")) or said, True)
            between = Between(server.address, certificate, strips=True)
            check("a downgrade", "hidden" in (said := psql(between.own_port, "prefer")) or said, True)
            check("a downgrade of who demands it", "channel binding" in (said := psql(between.own_port, "require")) or said, True)
            check("who doesn't look", psql(between.own_port, "disable"), "1")
    finally:
        server.stop()
    check("no key is logged", [line for line in server.log if key in line], [])


def main(program, data):
    counts = own_sql(program, data, "select channel, count(*) as n from contacts where channel is not null group by channel")
    expect = {row["channel"]: row["n"] for row in counts}
    assert len(expect) > 3, "there is too little to compare"
    server = Server(program, data)
    try:
        for work in (lambda: with_psql(server), lambda: with_psycopg(server, expect), lambda: with_sqlalchemy(server, expect),
                     lambda: with_cursors(server), lambda: with_jdbc(server, expect), lambda: asyncio.run(with_asyncpg(server, expect))):
            try:
                work()
            except Exception as error:
                failures.append("".join(traceback.format_exception(error)))
    finally:
        server.stop()
    for work in (with_keys, with_channel_binding):
        try:
            work(program, data)
        except Exception as error:
            failures.append("".join(traceback.format_exception(error)))
    check("no text is logged", [line for line in server.log if "passwd" in line or "customerFeedback" in line], [])
    print("\n".join(failures) or f"psql, psycopg, SQLAlchemy and asyncpg agree on {sum(expect.values())} contacts")
    sys.exit(bool(failures))


main(*sys.argv[1:])
