// Ways in which sites set up the Web SDK differently, and visitors whose cookies, consent or
// origin are special, against a real server.
import assert from "node:assert/strict";
import tls from "node:tls";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { alloy } from "../lib/browser.mjs";
import { DATASTREAM, FIRST_PARTY, FOREIGN_SITE, ORG, SITE, STRICT_DATASTREAM, THIRD_PARTY } from "../lib/frontdesk.mjs";
import { chat, cookieName, ecidOf, quoted, rowsOf, shop, siteCookie } from "../lib/sdk.mjs";
import { raise } from "../lib/stage.mjs";

const EARLIER_ECID = "71701954118554180760652852108756739244";
const CONSENT_OUT = [{ standard: "Adobe", version: "1.0", value: { general: "out" } }];
const CONSENT_IN = [{ standard: "Adobe", version: "1.0", value: { general: "in" } }];

let stage;
let visitor;
before(async () => {
  stage = await raise();
});
after(() => stage?.strike());
beforeEach(async () => {
  visitor = await stage.browser.visitor();
});
afterEach(() => visitor.close());

/** Sends one chat, which must be taken and become one row; the row and the request. */
async function delivered(page, session, more) {
  const from = visitor.sent.length;
  const sent = await alloy(page, "sendEvent", chat(session, more));
  assert.ok(sent.ok, `${session}: ${sent.error}`);
  const [request] = await visitor.sentFrom(from, 1);
  const rows = await rowsOf(stage.frontdesk, session);
  assert.equal(rows.length, 1, `${session}: rows`);
  return { row: rows[0], request };
}

/** None of these chats is a row. Only what was sent and taken before can be waited for. */
async function noneStored(page, ...sessions) {
  const witness = `${sessions[0]}-witness`;
  await fetch(`${stage.frontdesk.url}/v1/events?datastream=${DATASTREAM}`, {
    method: "POST",
    body: JSON.stringify({ _id: witness, timestamp: "2026-11-22T14:07:15Z" }),
  });
  assert.equal((await stage.frontdesk.receipt(witness)).status, "stored");
  const list = sessions.map(quoted).join(",");
  const rows = await stage.frontdesk.sql(
    `select customerFeedback.chatSessionID as session from events where customerFeedback.chatSessionID in (${list})`,
  );
  assert.deepEqual(rows, []);
}

test("the certificate is good for each name under its own authority", async () => {
  const { ca } = stage.frontdesk.certificate();
  const connect = (servername, ALPNProtocols, authority = ca) =>
    new Promise((resolve, reject) => {
      const to = { host: "127.0.0.1", port: stage.relay.port, servername };
      const socket = tls.connect({ ...to, ca: authority, ALPNProtocols });
      socket.once("secureConnect", () => socket.end(() => resolve(socket.alpnProtocol)));
      socket.once("error", reject);
    });
  for (const name of [THIRD_PARTY, FIRST_PARTY, SITE, "localhost"]) {
    assert.equal(await connect(name, ["h2", "http/1.1"]), "h2", name);
    assert.equal(await connect(name, ["http/1.1"]), "http/1.1", name);
  }
  await assert.rejects(connect("elsewhere.test", ["h2"]), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  await assert.rejects(connect(SITE, ["h2"], []), /certificate/);
});

test("Chromium speaks HTTP/2", async () => {
  const page = await shop(visitor);
  const protocols = [];
  const session = await visitor.context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ response }) => protocols.push(response.protocol));
  await delivered(page, "h2-event");
  await delivered(page, "h2-beacon", { documentUnloading: true });
  assert.equal(protocols[0], "h2");
});

test("a base path of the site's own", async () => {
  const page = await shop(visitor, { edgeBasePath: "custom/base" });
  const first = await delivered(page, "base-1");
  const beacon = await delivered(page, "base-2", { documentUnloading: true });
  assert.deepEqual([first, beacon].map(({ request }) => request.url.pathname), [
    "/custom/base/v1/interact",
    "/custom/base/v1/collect",
  ]);
  const consent = await alloy(page, "setConsent", { consent: CONSENT_IN });
  assert.ok(consent.ok, consent.error);
  assert.equal(visitor.sent.at(-1).url.pathname, "/custom/base/v1/privacy/set-consent");
});

test("a location hint from an earlier visit", async () => {
  await visitor.context.addCookies([siteCookie(cookieName("cluster"), "or2")]);
  const page = await shop(visitor);
  const first = await delivered(page, "hint-1");
  const beacon = await delivered(page, "hint-2", { documentUnloading: true });
  const consent = await alloy(page, "setConsent", { consent: CONSENT_IN });
  assert.ok(consent.ok, consent.error);
  assert.ok(visitor.sent.every(({ base }) => base === "ee/or2"), visitor.sent.map(({ base }) => base).join());
  assert.equal(beacon.row.ecid, first.row.ecid);
});

// How an id that the site's visitors already have reaches the SDK.
const EARLIER = {
  "the AMCV cookie": { cookies: [siteCookie(`AMCV_${encodeURIComponent(ORG)}`, `MCMID|${EARLIER_ECID}`)] },
  "the s_ecid cookie": { cookies: [siteCookie("s_ecid", `MCMID|${EARLIER_ECID}`)] },
  "a link from another site": {
    path: () => {
      const now = Math.floor(Date.now() / 1000);
      return `/contact?adobe_mc=${encodeURIComponent(`TS=${now}|MCMID=${EARLIER_ECID}|MCORGID=${ORG}`)}`;
    },
  },
};
for (const [carrier, { cookies, path }] of Object.entries(EARLIER)) {
  for (const edgeDomain of [THIRD_PARTY, FIRST_PARTY]) {
    test(`an id in ${carrier} is kept by ${edgeDomain}`, async () => {
      if (cookies) await visitor.context.addCookies(cookies);
      const page = await shop(visitor, { edgeDomain, idMigrationEnabled: true, ...(path && { path: path() }) });
      const { row, request } = await delivered(page, `earlier-${carrier}-${edgeDomain}`);
      assert.equal(request.last.body.xdm.identityMap.ECID[0].id, EARLIER_ECID, "sent with the request");
      assert.equal(row.ecid, EARLIER_ECID);
      assert.equal(await ecidOf(page), EARLIER_ECID);
      const later = await delivered(page, `earlier-${carrier}-${edgeDomain}-beacon`, { documentUnloading: true });
      assert.equal(later.row.ecid, EARLIER_ECID);
    });
  }
}

test("without migration an earlier id is not used", async () => {
  await visitor.context.addCookies(EARLIER["the s_ecid cookie"].cookies);
  const page = await shop(visitor, { idMigrationEnabled: false });
  const { row, request } = await delivered(page, "no-migration");
  assert.equal(request.last.body.xdm, undefined);
  assert.match(row.ecid, /^\d{38}$/);
  assert.notEqual(row.ecid, EARLIER_ECID);
});

test("an identity asked for before any event", async () => {
  const page = await shop(visitor);
  const ecid = await ecidOf(page);
  assert.equal(visitor.sent[0].action, "identity/acquire");
  assert.equal((await delivered(page, "acquired")).row.ecid, ecid);
});

test("a click before any event", async () => {
  const page = await shop(visitor);
  await page.click("#button");
  const [first] = await visitor.sentFrom(0, 1);
  assert.ok(await visitor.answered());
  await page.waitForFunction((name) => document.cookie.includes(name), cookieName("identity"));
  await page.click("#internal");
  const sent = [first, ...(await visitor.sentFrom(1, 1))];
  assert.deepEqual(sent.map(({ action }) => action), ["interact", "collect"]);
  const rows = await stage.frontdesk.sqlUntil(
    `select web.webInteraction.name as name, identityMap['ECID'][1]['id'] as ecid from events
     where request_id in (${sent.map(({ requestId }) => quoted(requestId)).join()})`,
    (found) => found.length >= 2,
  );
  assert.deepEqual(rows.map((row) => row.name).sort(), ["Next page", "Start chat"]);
  assert.equal(rows[0].ecid, rows[1].ecid);
});

test("events at once before the identity is known", async () => {
  const page = await shop(visitor);
  const sessions = [1, 2, 3, 4, 5].map((number) => `at-once-${number}`);
  const sent = await Promise.all(sessions.map((session) => alloy(page, "sendEvent", chat(session))));
  for (const { ok, error } of sent) assert.ok(ok, error);
  const ecid = await ecidOf(page);
  for (const session of sessions) {
    const rows = await rowsOf(stage.frontdesk, session);
    assert.deepEqual(rows.map((row) => row.ecid), [ecid], session);
  }
});

for (const edgeDomain of [THIRD_PARTY, FIRST_PARTY]) {
  test(`cookies that are no identity, with ${edgeDomain}`, async () => {
    for (const [number, value] of ["%FF!", "CiY", "Ci".repeat(900)].entries()) {
      await visitor.context.addCookies([siteCookie(cookieName("identity"), value)]);
      const page = await shop(visitor, { edgeDomain });
      const { row } = await delivered(page, `bad-cookie-${edgeDomain}-${number}`);
      assert.match(row.ecid, /^\d{38}$/, value);
      const beacon = await delivered(page, `bad-cookie-${edgeDomain}-${number}-beacon`, { documentUnloading: true });
      assert.equal(beacon.row.ecid, row.ecid, "the new id has taken the cookie's place");
      await page.close();
    }
  });
}

test("a page of a site that the datastream does not list", async () => {
  const page = await shop(visitor, { site: FOREIGN_SITE });
  const sent = await alloy(page, "sendEvent", chat("foreign"));
  assert.equal(sent.ok, false, "taken from a site that is not listed");
  // The SDK can read the status, so the answer let the page read it.
  assert.match(sent.error, /status code 403/);
  await noneStored(page, "foreign");
});

test("a datastream that is not configured", async () => {
  const page = await shop(visitor, { datastreamId: "11111111-2222-4333-8444-555555555555" });
  const sent = await alloy(page, "sendEvent", chat("unknown-datastream"));
  assert.equal(sent.ok, false, "taken for a datastream that is not configured");
  assert.match(sent.error, /status code 400 .*EXEG-0003-400/s);
  await noneStored(page, "unknown-datastream");
});

/** A page that sends by itself, past the SDK: the status and the body that it may read. */
async function post(page, { body, headers = {}, requestId = crypto.randomUUID() }) {
  const url = `https://${THIRD_PARTY}/ee/v1/interact?configId=${DATASTREAM}&requestId=${requestId}`;
  const answer = await page.evaluate(
    async ([target, options]) => {
      const response = await fetch(target, { method: "POST", credentials: "include", ...options });
      return { status: response.status, body: await response.json() };
    },
    [url, { body, headers }],
  );
  return { requestId, ...answer };
}

/** A body as the SDK makes it. */
const sentBy = (session, entries = []) =>
  JSON.stringify({
    events: [{ xdm: { ...chat(session).xdm, timestamp: new Date().toISOString() } }],
    meta: { state: { domain: "shop.test", cookiesEnabled: true, entries } },
  });

test("a page that sends JSON as JSON, for which the browser asks first", async () => {
  const page = await shop(visitor);
  const answer = await post(page, { body: sentBy("asked-first"), headers: { "content-type": "application/json" } });
  assert.equal(answer.status, 200);
  assert.equal((await rowsOf(stage.frontdesk, "asked-first")).length, 1);
});

test("a body that is no JSON is answered and kept", async () => {
  const page = await shop(visitor);
  const answer = await post(page, { body: '{"events":[{"xdm":' });
  assert.equal(answer.status, 400);
  assert.match(answer.body.type, /EXEG-0101-400/);
  const rejects = await stage.frontdesk.sqlUntil(
    `select kind, keyword from rejects where request_id = ${quoted(answer.requestId)}`,
    (rows) => rows.length > 0,
  );
  assert.deepEqual(rejects, [{ kind: "invalid", keyword: "syntax" }]);
});

test("the same request twice is stored once, another under its id is kept apart", async () => {
  const page = await shop(visitor);
  const requestId = crypto.randomUUID();
  const body = sentBy("idempotent");
  for (const _ of [1, 2]) assert.equal((await post(page, { body, requestId })).status, 200);
  const [row] = await rowsOf(stage.frontdesk, "idempotent");
  assert.equal((await post(page, { body: sentBy("idempotent-other"), requestId })).status, 200);
  assert.equal((await stage.frontdesk.receipt(row._id)).status, "stored");
  assert.equal((await rowsOf(stage.frontdesk, "idempotent")).length, 1);
  const rejects = await stage.frontdesk.sql(`select kind from rejects where event_id = ${quoted(row._id)}`);
  assert.deepEqual(rejects.filter(({ kind }) => kind !== "duplicate"), [{ kind: "conflict" }]);
});

test("consent out is kept by the SDK and by the server", async () => {
  const page = await shop(visitor);
  await delivered(page, "consent-before");
  assert.ok((await alloy(page, "setConsent", { consent: CONSENT_OUT })).ok);
  const from = visitor.sent.length;
  assert.ok((await alloy(page, "sendEvent", chat("consent-out"))).ok);
  assert.equal(visitor.sent.length, from, "the SDK sent an event without consent");
  // A page that sends all the same: its request carries the refusal, and is answered in peace.
  const identity = await visitor.cookie(cookieName("identity"));
  const entries = [
    { key: cookieName("identity"), value: identity },
    { key: cookieName("consent"), value: "general=out" },
  ];
  const answer = await post(page, { body: sentBy("consent-ignored", entries) });
  assert.equal(answer.status, 200);
  assert.ok(Array.isArray(answer.body.handle));
  await noneStored(page, "consent-out", "consent-ignored");
  assert.ok((await alloy(page, "setConsent", { consent: CONSENT_IN })).ok);
  await delivered(page, "consent-again");
});

test("consent pending holds events back until it is given", async () => {
  const page = await shop(visitor, { defaultConsent: "pending" });
  const sending = alloy(page, "sendEvent", chat("pending"));
  await noneStored(page, "pending");
  assert.deepEqual(visitor.sent, [], "sent before consent was given");
  assert.ok((await alloy(page, "setConsent", { consent: CONSENT_IN })).ok);
  const sent = await sending;
  assert.ok(sent.ok, sent.error);
  assert.equal((await rowsOf(stage.frontdesk, "pending")).length, 1);
});

test("consent pending and refused drops them", async () => {
  const page = await shop(visitor, { defaultConsent: "pending" });
  const sending = alloy(page, "sendEvent", chat("refused"));
  assert.ok((await alloy(page, "setConsent", { consent: CONSENT_OUT })).ok);
  await sending;
  assert.deepEqual(visitor.sent.map(({ action }) => action), ["privacy/set-consent"]);
  await noneStored(page, "refused");
});

test("a strict datastream keeps what it rejects, and the page goes on", async () => {
  const page = await shop(visitor, { datastreamId: STRICT_DATASTREAM });
  // What the SDK adds to each event by itself is declared.
  await delivered(page, "strict-good");
  const from = visitor.sent.length;
  const misspelt = { customerFeedback: { chatStrat: 1 } };
  const sent = await alloy(page, "sendEvent", { xdm: misspelt });
  assert.ok(sent.ok, sent.error);
  const [request] = await visitor.sentFrom(from, 1);
  const answer = await request.last.response.json();
  assert.ok(Array.isArray(answer.handle));
  assert.ok(answer.warnings?.length > 0, "the answer warns");
  const rejects = await stage.frontdesk.sqlUntil(
    `select kind, keyword, pointer from rejects where request_id = ${quoted(request.requestId)}`,
    (rows) => rows.length > 0,
  );
  assert.deepEqual(rejects.map(({ kind, pointer }) => [kind, pointer]), [["invalid", "/customerFeedback/chatStrat"]]);
  const ecid = await ecidOf(page);
  assert.match(ecid, /^\d{38}$/);
});

test("the events of one test run", async () => {
  const page = await shop(visitor);
  const data = { frontdesk: { testId: "run-17" } };
  await delivered(page, "test-run-1", { data });
  await delivered(page, "test-run-2", { data, documentUnloading: true });
  const bad = { xdm: { customerFeedback: { chatStart: "one" } }, data };
  const sent = await alloy(page, "sendEvent", bad);
  assert.ok(sent.ok, sent.error);
  await delivered(page, "test-run-none");
  const { good, bad: wrong } = await stage.frontdesk.testRun("run-17");
  assert.deepEqual({ good, wrong }, { good: 2, wrong: 1 });
});
