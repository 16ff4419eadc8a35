// What the Web SDK and Chromium do when the server dies, is too busy, or the connection
// breaks, and what must be true of the rows afterwards: everything that was acknowledged is
// there, and nothing is there twice.
//
// Over HTTP/2 and HTTP/1.1, because Chromium decides by the connection what it sends again.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { alloy } from "../lib/browser.mjs";
import { DATASTREAM } from "../lib/frontdesk.mjs";
import { poll } from "../lib/poll.mjs";
import { chat, ecidOf, quoted, rowsOf, shop } from "../lib/sdk.mjs";
import { raise } from "../lib/stage.mjs";

/** Bodies that the server holds at once: small, so that a few slow senders fill it. */
const IN_FLIGHT_BYTES_MAX = 1 << 20;
/** Room is taken in steps of this. */
const CLAIM_BYTES_MAX = 64 << 10;
/** Room that is left: too small for an event of the SDK, enough for a query. */
const ROOM_BYTES = 700;
const EVENT_EVERY_MS = 25;
const EVENTS_MAX = 600;
const WAIT_MS = 15_000;

for (const [protocol, http2] of [["HTTP/2", true], ["HTTP/1.1", false]]) {
  describe(protocol, () => {
    let stage;
    let visitor;
    before(async () => {
      const settings = {
        requests_in_flight_bytes_max: String(IN_FLIGHT_BYTES_MAX),
        body_bytes_max: String(IN_FLIGHT_BYTES_MAX),
        network_body_bytes_max: String(IN_FLIGHT_BYTES_MAX / 4),
      };
      stage = await raise({ http2, settings });
      visitor = await stage.browser.visitor();
    });
    after(() => stage?.strike());
    /** A page whose connection has been used before. */
    const warm = async (session) => {
      const page = await shop(visitor);
      await sendOne(page, session);
      return page;
    };

    test("the connection is cut after an event arrived", async () => {
      const page = await warm("cut-0");
      await resent(stage, "cut-1", () => alloy(page, "sendEvent", chat("cut-1")));
      await page.close();
    });

    test("the connection is cut after a beacon arrived", async () => {
      const page = await warm("cut-beacon-0");
      await resent(stage, "cut-beacon-1", async () => {
        const from = visitor.sent.length;
        const sent = await alloy(page, "sendEvent", chat("cut-beacon-1", { documentUnloading: true }));
        const [beacon] = await visitor.sentFrom(from, 1);
        assert.equal(beacon.action, "collect");
        await poll(WAIT_MS, () => beacon.last.response);
        assert.equal(beacon.last.response?.status(), 204);
        return sent;
      });
      await page.close();
    });

    test("the server is too busy", async () => {
      const page = await warm("busy-0");
      await busy(stage, visitor, page);
      await page.close();
    });

    test("the server is killed while connections wait for the next one", async () => {
      await killed(stage, visitor, { while: "waiting" });
    });

    test("the server is killed and connections are refused", async () => {
      await killed(stage, visitor, { while: "refused" });
    });
  });
}

async function sendOne(page, session) {
  const sent = await alloy(page, "sendEvent", chat(session));
  assert.ok(sent.ok, sent.error);
}

/**
 * Sends with answers kept back until the row is there, then cuts. The answer that arrives
 * all the same must belong to a second sending, and the row must still be one.
 */
async function resent({ frontdesk, relay }, session, send) {
  relay.holdAnswers();
  const sending = send();
  const stored = await rowsOf(frontdesk, session);
  assert.equal(stored.length, 1, "the event did not arrive");
  relay.cutHeld();
  const sent = await sending;
  assert.ok(sent.ok, `not sent again: ${sent.error}`);
  // The receipt waits for all that was acknowledged.
  const receipt = await frontdesk.receipt(stored[0]._id);
  assert.equal(receipt.status, "stored");
  assert.equal((await rowsOf(frontdesk, session)).length, 1, "counted twice");
  const [{ rejects }] = await frontdesk.sql(
    `select count(*) as rejects from rejects where event_id = ${quoted(stored[0]._id)} and kind <> 'duplicate'`,
  );
  assert.equal(rejects, 0, "a second sending is no conflict");
}

/** A sender that keeps the last byte of a body back: the room of the others stays taken. */
function slowSender(port, bytes) {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const path = `/v1/events?datastream=${DATASTREAM}`;
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${bytes + 1}\r\n\r\n`;
  socket.write(head + " ".repeat(bytes));
  return socket;
}

/** Events sent while there is no room are asked to come back, do, and are stored once. */
async function busy({ frontdesk }, visitor, page) {
  const slow = [];
  for (let left = IN_FLIGHT_BYTES_MAX - ROOM_BYTES; left > 0; left -= CLAIM_BYTES_MAX) {
    slow.push(slowSender(frontdesk.httpPort, Math.min(left, CLAIM_BYTES_MAX)));
  }
  const isFull = async () => {
    const metrics = await fetch(`${frontdesk.url}/metrics`).then((answer) => answer.text());
    const held = metrics.match(/^frontdesk_http_bodies_held_bytes (\d+)$/m)?.[1];
    return Number(held) >= IN_FLIGHT_BYTES_MAX - ROOM_BYTES;
  };
  assert.ok(await poll(WAIT_MS, isFull), "the slow senders did not fill the server");
  const from = visitor.sent.length;
  const sessions = ["busy-1", "busy-2", "busy-3"];
  const sending = Promise.all(sessions.map((session) => alloy(page, "sendEvent", chat(session))));
  const refused = await visitor.sentFrom(from, sessions.length);
  assert.ok(await poll(WAIT_MS, () => refused.every(({ attempts }) => attempts[0].response)), "never answered");
  for (const { attempts } of refused) {
    const headers = attempts[0].response.headers();
    assert.equal(attempts[0].response.status(), 503);
    assert.match(headers["retry-after"], /^\d+$/);
    assert.match(headers["access-control-expose-headers"], /retry-after/i);
  }
  for (const socket of slow) socket.destroy();
  for (const sent of await sending) assert.ok(sent.ok, sent.error);
  for (const { attempts } of refused) assert.ok(attempts.length > 1, "answered without a second attempt");
  for (const session of sessions) {
    const rows = await rowsOf(frontdesk, session);
    assert.equal(rows.length, 1, `${session}: rows`);
  }
}

/** A page that sends an event every few milliseconds, each fifth while unloading. */
function startStream(page, prefix) {
  return page.evaluate(
    ([name, everyMs, eventsMax]) => {
      const stream = { resolved: [], rejected: [], count: 0, isStopped: false };
      const pause = () => new Promise((resolve) => setTimeout(resolve, everyMs));
      const send = (session, documentUnloading) => {
        const xdm = { customerFeedback: { chatStart: 1, chatSessionID: session } };
        return window.alloy("sendEvent", { xdm, documentUnloading }).then(
          () => stream.resolved.push(session),
          () => stream.rejected.push(session),
        );
      };
      const run = async () => {
        const sending = [];
        for (; stream.count < eventsMax && !stream.isStopped; stream.count += 1) {
          const isLast = stream.count % 5 === 4;
          sending.push(send(`${name}-${isLast ? "beacon" : "event"}-${stream.count}`, isLast));
          await pause();
        }
        await Promise.all(sending);
      };
      stream.done = run();
      window.stream = stream;
    },
    [prefix, EVENT_EVERY_MS, EVENTS_MAX],
  );
}

const resolved = (page) => page.evaluate(() => window.stream.resolved.length);

async function endStream(page) {
  return page.evaluate(async (ms) => {
    window.stream.isStopped = true;
    const late = new Promise((resolve) => setTimeout(resolve, ms, "late"));
    if ((await Promise.race([window.stream.done, late])) === "late") throw new Error("some events were never settled");
    const { resolved, rejected, count } = window.stream;
    return { resolved, rejected, count };
  }, WAIT_MS);
}

const chatsOf = (prefix) => `customerFeedback.chatSessionID like ${quoted(`${prefix}-%`)}`;

/** SIGKILL in the middle of a stream, then a new process on the same data. */
async function killed({ frontdesk, relay }, visitor, { while: meanwhile }) {
  const prefix = `killed-${meanwhile}`;
  const page = await shop(visitor);
  const ecid = await ecidOf(page);
  const from = visitor.sent.length;
  await startStream(page, prefix);
  assert.ok(await poll(WAIT_MS, async () => (await resolved(page)) >= 20), "the stream did not begin");
  // At the kill, some events are stored and not yet answered: those are sent again afterwards.
  relay.pointTo(null);
  relay.holdAnswers();
  const unanswered = await resolved(page);
  const count = `select count(*) as rows from events where ${chatsOf(prefix)}`;
  const stored = await frontdesk.sqlUntil(count, ([{ rows }]) => rows > unanswered);
  assert.ok(stored[0].rows > unanswered, "no event was stored without its answer");
  await frontdesk.kill();
  if (meanwhile === "refused") relay.pointTo(frontdesk.tlsPort);
  relay.cutHeld();
  const before = await resolved(page);
  await frontdesk.start();
  relay.pointTo(frontdesk.tlsPort);
  assert.ok(await poll(WAIT_MS, async () => (await resolved(page)) >= before + 20), "the stream did not go on");
  const outcome = await endStream(page);
  assert.ok(outcome.count < EVENTS_MAX, "the stream ended by itself");

  // An event is acknowledged if the SDK says so; of a beacon the SDK knows nothing, the wire does.
  const acknowledged = outcome.resolved.filter((session) => session.includes("-event-"));
  await poll(WAIT_MS, () => visitor.sent.slice(from).every(({ last }) => last.response || last.failure));
  const rows = await frontdesk.sqlUntil(
    `select customerFeedback.chatSessionID as session, request_id, identityMap['ECID'][1]['id'] as ecid
     from events where ${chatsOf(prefix)}`,
    (found) => found.length >= acknowledged.length,
  );
  const times = (key) => {
    const counts = new Map();
    for (const row of rows) counts.set(row[key], (counts.get(row[key]) ?? 0) + 1);
    return counts;
  };
  const bySession = times("session");
  const byRequest = times("request_id");
  const twice = [...bySession].filter(([, rowCount]) => rowCount > 1);
  assert.deepEqual(twice, [], "counted twice");
  assert.deepEqual(acknowledged.filter((session) => !bySession.has(session)), [], "acknowledged and lost");
  const answered = visitor.sent.slice(from).filter(({ last }) => last.response?.ok());
  assert.deepEqual(answered.filter(({ requestId }) => !byRequest.has(requestId)), [], "answered and lost");
  assert.ok(answered.some(({ action }) => action === "collect"), "no beacon was seen to be answered");
  if (meanwhile === "waiting") assert.deepEqual(outcome.rejected, [], "rejected although the server came back");
  else assert.ok(outcome.rejected.length > 0, "the kill hit nothing");
  assert.deepEqual([...new Set(rows.map((row) => row.ecid))], [ecid], "the visitor stays the same");
  await page.close();
}
