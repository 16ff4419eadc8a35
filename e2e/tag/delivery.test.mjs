// What becomes of an event on its way: the page that goes, the network that goes, the server
// that is busy, and the bounds of what waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stage, until } from "./stage.mjs";

const { edge, site, browser, open, arrived, settled } = await stage();

const LINK = '<a href="tel:+14085550100">Call</a>';
/** A link that leaves the page and counts, since its host is named as a messenger. */
const AWAY = { body: '<a href="/away">Write to us</a>', tag: { "data-messengers": "127.0.0.1" }, stay: false };
site.pages.set("/away", { html: "<title>Away</title>" });

const ids = (requests = edge.requests) => requests.map(({ requestId }) => requestId);
const waiting = (count) => until(() => edge.requests.length >= count, `${count} request(s)`);
const called = (page, session) => page.evaluate((id) => frontdesk.chat.started(id), session);
const sessions = () => edge.accepted().map(({ xdm }) => xdm.customerFeedback.chatSessionID);

/** Every request for one event is the same request. */
function assertSame(requests) {
  assert.equal(new Set(ids(requests)).size, 1, ids(requests).join(" "));
  assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
  assert.equal(requests[0].requestId, JSON.parse(requests[0].body).events[0].xdm._id);
}

test("a click that leaves the page", async () => {
  const page = await open(AWAY);
  edge.plan = [{ status: 204, delayMs: 300 }];
  await page.click("a");
  await page.waitForURL("**/away");
  const [xdm] = await arrived();
  assert.deepEqual(xdm.customerFeedback, { clickToDirectMessage: 1 });
  assert.equal(xdm.web.webPageDetails.name, "Lamps");
});

test("a tab that is closed right after the click", async () => {
  const page = await open({ body: LINK });
  edge.plan = [{ status: 204, delayMs: 300 }];
  await page.evaluate(() => document.querySelector("a").click());
  await page.close();
  assert.match((await arrived())[0].web.webInteraction.URL, /^tel:/);
});

test("what waits for a busy server goes by beacon when the page goes", async () => {
  const page = await open(AWAY);
  edge.plan = [{ status: 503, headers: { "retry-after": "600" } }];
  await called(page, "first");
  await waiting(1);
  await settled(page);
  await page.click("a");
  await page.waitForURL("**/away");
  const events = await arrived(2);
  assert.deepEqual(events.flatMap((xdm) => Object.keys(xdm.customerFeedback)).sort(), [
    "chatSessionID",
    "chatStart",
    "clickToDirectMessage",
  ]);
  assertSame(edge.requests.filter(({ body }) => body.includes("first")));
  const beacon = edge.requests.at(-1);
  assert.match(beacon.headers["content-type"], /^text\/plain;\s*charset=utf-8$/i);
  assert.equal(beacon.headers["sec-fetch-mode"], "no-cors");
});

test("a hidden page sends what waits, once, and again when it comes back", async () => {
  const page = await open();
  edge.plan = [{ status: 503, headers: { "retry-after": "600" } }];
  await called(page, "one");
  await waiting(1);
  await settled(page);
  const turn = (hidden) =>
    page.evaluate((to) => {
      Object.defineProperty(document, "hidden", { value: to, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      if (to) dispatchEvent(new Event("pagehide"));
    }, hidden);
  await turn(true);
  await waiting(2);
  await turn(true);
  await settled(page);
  assert.equal(edge.requests.length, 2);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await waiting(3);
  await settled(page);
  assert.equal(edge.requests.length, 3);
  assertSame(edge.requests);
});

test("without a working sendBeacon, fetch", async () => {
  for (const beacon of [undefined, "refuses"]) {
    const page = await open({
      before: beacon ? () => (navigator.sendBeacon = () => false) : () => (navigator.sendBeacon = undefined),
    });
    edge.plan = [{ status: 503, headers: { "retry-after": "600" } }];
    await called(page, "one");
    await waiting(1);
    await settled(page);
    await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    await waiting(2);
    assertSame(edge.requests);
    assert.equal(edge.requests[1].headers["sec-fetch-mode"], "cors");
  }
});

test("what is under way goes by itself, or by beacon where the browser does not know keepalive", async () => {
  for (const knows of [true, false]) {
    const page = await open({ before: knows ? undefined : () => delete Request.prototype.keepalive });
    edge.plan = ["hang"];
    await called(page, "one");
    await waiting(1);
    await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    await settled(page);
    assert.deepEqual(
      edge.requests.map(({ headers }) => headers["sec-fetch-mode"]),
      knows ? ["cors"] : ["cors", "no-cors"],
    );
    assertSame(edge.requests);
  }
});

test("offline and back", async () => {
  const context = await browser.newContext();
  const page = await open({ body: LINK, context });
  await context.setOffline(true);
  await page.click("a");
  await called(page, "offline");
  assert.deepEqual(edge.requests, []);
  await context.setOffline(false);
  const events = await arrived(2);
  assert.equal(new Set(events.map(({ _id }) => _id)).size, 2);
  await context.close();
});

/** Runs in the page: timers are noted down and run at once, and nothing is left to chance. */
const hurried = () => {
  const { setTimeout: timer } = window;
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  window.pauses = [];
  window.setTimeout = (run, ms) => (window.pauses.push(ms), timer(run, 0));
  AbortSignal.timeout = (ms) => timeout(ms / 100);
  Math.random = () => 0.5;
};
const pauses = (page) =>
  page.evaluate(() => window.pauses.filter((ms) => ms >= 900).map((ms) => Math.round(ms / 100) / 10));

test("a connection that is cut, and an answer that never comes", async () => {
  const page = await open({ before: hurried });
  edge.plan = ["cut", "cut", "hang", { status: 204 }];
  await called(page, "one");
  await arrived();
  assertSame(edge.requests);
});

test("busy answers are waited for, as long as Retry-After says", async () => {
  const date = (ms) => new Date(Math.ceil(Date.now() / 1000) * 1000 + ms).toUTCString();
  const page = await open({ before: hurried });
  const check = async (status, header, isExpected) => {
    edge.clear();
    await page.evaluate(() => (window.pauses = []));
    edge.plan = [{ status, headers: header ? { "retry-after": header } : {} }];
    await called(page, "one");
    await arrived();
    assertSame(edge.requests);
    const [pause, ...more] = await pauses(page);
    assert.ok(isExpected(pause) && more.length === 0, `${status}, Retry-After ${header}: ${pause} s, ${more}`);
  };
  for (const status of [429, 502, 503, 504]) await check(status, "7", (s) => s === 7);
  await check(503, "0", (s) => s === 1);
  await check(503, "soon", (s) => s === 1);
  await check(503, "-5", (s) => s === 1);
  await check(503, "1e9", (s) => s === 3600);
  await check(503, date(20_000), (s) => s > 10 && s <= 21);
  await check(503, date(-20_000), (s) => s === 1);
});

test("nothing is sent before the pause is over", async () => {
  const page = await open();
  edge.plan = [{ status: 503, headers: { "retry-after": "600" } }];
  await called(page, "one");
  await waiting(1);
  await settled(page);
  await called(page, "two");
  await settled(page);
  assert.equal(edge.requests.length, 1);
});

test("without Retry-After the pauses grow", async () => {
  const page = await open({ before: hurried });
  edge.plan = Array.from({ length: 9 }, () => ({ status: 503 }));
  await called(page, "one");
  await arrived();
  assertSame(edge.requests);
  assert.deepEqual(await pauses(page), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("a final answer ends it", async () => {
  const page = await open();
  const final = [400, 401, 403, 404, 413, 422, 500, 501];
  for (const status of final) {
    edge.plan = [{ status }];
    await called(page, String(status));
    await until(() => edge.requests.some((request) => request.status === status), status);
  }
  await called(page, "last");
  await arrived();
  await page.evaluate(() => dispatchEvent(new Event("pagehide")));
  await settled(page);
  assert.deepEqual(sessions(), ["last"]);
  assert.equal(edge.requests.length, final.length + 1);
});

test("at most four requests at a time", async () => {
  const page = await open();
  edge.plan = ["hang", "hang", "hang", "hang"];
  await page.evaluate(() => {
    for (let at = 0; at < 10; at++) frontdesk.chat.started(`s${at}`);
  });
  await settled(page);
  assert.equal(edge.requests.length, 4);
});

test("the queue keeps the last 100 events", async () => {
  const context = await browser.newContext();
  const page = await open({ context });
  await context.setOffline(true);
  await page.evaluate(() => {
    for (let at = 0; at < 130; at++) frontdesk.chat.started(`s${at}`);
  });
  await context.setOffline(false);
  await arrived(100);
  await settled(page);
  assert.deepEqual(new Set(sessions()), new Set(Array.from({ length: 100 }, (_, at) => `s${at + 30}`)));
  await context.close();
});

test("the queue keeps 256 KiB", async () => {
  const context = await browser.newContext();
  const page = await open({ context });
  await context.setOffline(true);
  await page.evaluate(() => {
    document.title = "ü😀".repeat(250);
    history.replaceState(null, "", `?${"q".repeat(2000)}`);
    for (let at = 0; at < 100; at++) frontdesk.chat.started(`s${at}${"é".repeat(490)}`);
  });
  await context.setOffline(false);
  await until(() => sessions().some((id) => id.startsWith("s99")), "the last event");
  await settled(page);
  const bytes = edge.requests.map(({ body }) => Buffer.byteLength(body));
  const sum = bytes.reduce((all, one) => all + one, 0);
  assert.ok(sum <= 256 * 1024 && sum > 256 * 1024 - 2 * bytes[0], `${sum} bytes in ${bytes.length} events`);
  await context.close();
});

test("memory is all it uses unless told otherwise", async () => {
  const context = await browser.newContext();
  const page = await open({ body: LINK, context });
  await context.setOffline(true);
  await page.click("a");
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  await context.setOffline(false);
  await arrived();
  assert.deepEqual(await context.cookies(), []);
  await context.close();
});

test('data-offline="store": the next page delivers', async () => {
  const context = await browser.newContext();
  const tag = { "data-offline": "store" };
  const page = await open({ body: LINK, context, tag });
  await page.evaluate(() => localStorage.setItem("basket", "3"));
  edge.plan = Array.from({ length: 4 }, () => "cut");
  await page.click("a");
  await waiting(1);
  const stored = await page.evaluate(() => Object.entries(localStorage).filter(([key]) => key !== "basket"));
  assert.equal(stored.length, 1);
  const [[key, body]] = stored;
  assert.equal(key, `frontdesk:shop:${edge.requests[0].requestId}`);
  assert.equal(body, edge.requests[0].body);
  // Gone without a word: no beacon gets out either.
  await page.evaluate(() => (navigator.sendBeacon = () => true));
  await page.close();

  const next = await open({ context, tag });
  const [xdm] = await arrived();
  assert.equal(`frontdesk:shop:${xdm._id}`, key);
  assert.equal(edge.requests[0].body, body);
  await until(() => next.evaluate(() => localStorage.length === 1), "the event to be forgotten");
  assert.equal(await next.evaluate(() => localStorage.getItem("basket")), "3");
  await context.close();
});

test("storage that throws costs nothing", async () => {
  const page = await open({
    body: LINK,
    tag: { "data-offline": "store" },
    before: () =>
      Object.defineProperty(window, "localStorage", {
        get: () => {
          throw new DOMException("no", "SecurityError");
        },
      }),
  });
  await page.click("a");
  await arrived();
  await settled(page);
  assert.equal(edge.requests.length, 1);
});

test("a strict policy on the page is enough", async () => {
  const policy = `default-src 'none'; script-src ${edge.base}; connect-src ${edge.base}; require-trusted-types-for 'script'; trusted-types 'none'`;
  const page = await open({
    body: AWAY.body,
    tag: AWAY.tag,
    stay: false,
    headers: { "content-security-policy": policy },
  });
  await called(page, "one");
  await arrived();
  edge.plan = [{ status: 503, headers: { "retry-after": "600" } }];
  edge.requests = [];
  await called(page, "two");
  await waiting(1);
  await settled(page);
  await page.click("a");
  await page.waitForURL("**/away");
  assert.equal((await arrived(2)).length, 2);
  assert.deepEqual(page.errors, []);
});

test("a page that is not secure has ids too", async () => {
  const page = await open({ body: LINK, before: () => (crypto.randomUUID = undefined) });
  await page.click("a");
  const [{ _id }] = await arrived();
  assert.match(_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
