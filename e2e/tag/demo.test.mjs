// The demo shop, served as Frontdesk serves it: the visitor clicks, and sees rows arrive.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startBrowser } from "./stage.mjs";

const WEB = new URL("../../crates/server/web/", import.meta.url);
const TYPES = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};
/** What the server concludes from a clicked link. */
const DERIVED = { tel: "clickToCall", sms: "clickToText", https: "clickToDirectMessage" };
const POLICY =
  "default-src 'self'; connect-src 'self' https:; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The shop's server: its files, the edge, and the events of a test run. */
async function startShop() {
  const runs = new Map();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://shop");
    if (pathname === "/ee/v1/collect") {
      let body = "";
      for await (const chunk of request) body += chunk;
      for (const { xdm, data } of JSON.parse(body).events) {
        const scheme = xdm.web.webInteraction?.URL.split(":")[0];
        const bad = scheme === "mailto";
        const run = runs.get(data.frontdesk.testId) ?? { good: 0, bad: 0, events: [] };
        run[bad ? "bad" : "good"]++;
        const violations = bad
          ? [{ pointer: "/web", schema: "", keyword: "type", message: "<b>is not an object</b>" }]
          : [];
        const told = { verdict: bad ? "rejected" : "accepted", id: xdm._id, receivedAt: new Date().toISOString() };
        run.events.push({
          ...told,
          eventType: xdm.eventType,
          derived: DERIVED[scheme] ? [DERIVED[scheme]] : [],
          violations,
          notices: [],
          event: bad ? undefined : xdm,
        });
        runs.set(data.frontdesk.testId, run);
      }
      return response.writeHead(204).end();
    }
    const run = pathname.match(/^\/v1\/test\/([\w.:-]+)\/events$/)?.[1];
    if (run) {
      const told = { testId: run, ...(runs.get(run) ?? { good: 0, bad: 0, events: [] }) };
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));
    }
    const file = pathname === "/tag.js" ? "tag.min.js" : pathname === "/demo/" ? "demo/index.html" : pathname.slice(1);
    const text = await readFile(new URL(file, WEB)).catch(() => undefined);
    if (!text) return response.writeHead(404).end();
    response
      .writeHead(200, { "content-type": TYPES[file.split(".").pop()], "content-security-policy": POLICY })
      .end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    runs,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

const shop = await startShop();
const browser = await startBrowser();
after(async () => {
  await browser.close();
  shop.close();
});

async function visit(path, settings) {
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(shop.base + path);
  return { page, complaints };
}

const titles = (page) =>
  page.$$eval(".arrived li summary b", (rows) => rows.map((row) => row.firstChild.textContent).sort());
const shown = (page, count) =>
  page.waitForFunction((wanted) => document.querySelectorAll(".arrived li").length === wanted, count);

test("each way of contact becomes a row", async () => {
  const { page, complaints } = await visit("/demo/");
  for (const link of await page.$$(".ways a"))
    await link.evaluate((a) => a.addEventListener("click", (e) => e.preventDefault()));
  for (const link of await page.$$(".ways a")) await link.click();
  await page.fill("[type=tel]", "+1 408 555 0123");
  await page.click("form button");
  await page.waitForSelector(".chat:not([hidden])");
  await page.click("[data-chat=start]");
  await page.click("[data-chat=end]");
  await shown(page, 8);
  assert.deepEqual(await titles(page), [
    "Chat ended",
    "Chat offered",
    "Chat started",
    "Click",
    "Click to call",
    "Click to text",
    "Direct message",
    "Direct message",
  ]);
  assert.equal(await page.textContent(".counts"), "7 good 1 bad");
  assert.equal(await page.textContent(".rejected small"), "/web: <b>is not an object</b>");
  assert.equal(await page.isVisible("[data-hint]"), false);
  const [run] = shop.runs.values();
  const sessions = new Set(run.events.map(({ event }) => event?.customerFeedback.chatSessionID).filter(Boolean));
  assert.equal(sessions.size, 1);
  assert.deepEqual(run.events.find(({ eventType }) => eventType === "web.formFilledOut").event.customerFeedback, {
    clickToDirectMessage: 1,
    subject: "Delivery",
    callBackNumber: { number: "+1 408 555 0123" },
  });
  await page.reload();
  await shown(page, 8);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a chat that is declined", async () => {
  const { page } = await visit("/demo/");
  await page.waitForSelector(".chat:not([hidden])");
  await page.click("[data-chat=decline]");
  await shown(page, 2);
  assert.deepEqual(await titles(page), ["Chat declined", "Chat offered"]);
  await page.context().close();
});

test("the page with the Web SDK says how it wants to be opened", async () => {
  const { page, complaints } = await visit("/demo/sdk.html");
  assert.match(await page.textContent("#notice"), /HTTPS on port 443.*https:\/\/127\.0\.0\.1\/demo\/sdk\.html/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("nothing sticks out on a phone", async () => {
  for (const path of ["/demo/", "/demo/sdk.html"]) {
    const { page } = await visit(path, { viewport: { width: 360, height: 740 } });
    await page.waitForSelector(".chat:not([hidden])");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, path);
    await page.context().close();
  }
});
