// The tag and the demo shop against a real `frontdesk serve`: FRONTDESK_BIN names the program;
// without it there is nothing to test here.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBrowser, startSite, until } from "./stage.mjs";

const LIBRARY = new URL("../lib/frontdesk.mjs", import.meta.url);
const ALLOY = fileURLToPath(new URL("../node_modules/@adobe/alloy/dist/alloy.min.js", import.meta.url));
const HOST = "localhost";
const skip = !process.env.FRONTDESK_BIN || !existsSync(LIBRARY) ? "FRONTDESK_BIN is not set" : false;

describe("against a real server", { skip }, () => {
  let frontdesk;
  let site;
  let browser;
  let runs = 0;

  before(async () => {
    const { startFrontdesk } = await import(LIBRARY);
    frontdesk = await startFrontdesk({ settings: { demo_alloy_file: ALLOY }, streams: {} });
    site = await startSite();
    browser = await startBrowser({ [HOST]: frontdesk.tlsPort });
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await frontdesk?.stop();
  });

  /** A page of the site with the tag, and the name of its test run. */
  async function open(body, attributes = "") {
    const run = `tag-${++runs}`;
    const script = `<script async src="${frontdesk.url}/tag.js" data-datastream="shop" data-test-id="${run}" ${attributes}></script>`;
    site.pages.set(`/${run}`, { html: `<title>Lamps</title>${script}${body}` });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${site.base}/${run}`);
    await page.waitForFunction(() => window.frontdesk?.chat);
    return { page, run };
  }

  const told = async (run, count) => {
    await until(async () => (await frontdesk.testRun(run))?.events.length >= count, `${count} event(s) of ${run}`);
    const all = await frontdesk.testRun(run);
    assert.equal(all.events.length, count);
    return all;
  };

  test("the tag as it is served", async () => {
    const answer = await fetch(`${frontdesk.url}/tag.js`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^text\/javascript/);
    assert.ok((await answer.text()).includes("urn:frontdesk:tag"));
  });

  test("every kind of event is good, and a row", async () => {
    const stay = `<form data-contact-form><input name="subject" value="Delivery"><input type="tel" value="1-408-555-0100">
      <input type="email" value="jo@shop.example"><button>Send</button></form>`;
    const { page, run } = await open(
      `<a id="a" href="tel:+14085550100">Call</a><a id="b" href="mailto:desk@shop.example">Write</a>${stay}`,
    );
    await page.evaluate(() => {
      for (const kind of ["click", "submit"])
        addEventListener(kind, (event) => event.target.matches("a,form") && event.preventDefault());
    });
    await page.click("#a");
    await page.click("#b");
    await page.click("button");
    await page.evaluate(() => {
      frontdesk.chat.offered("C0000001");
      frontdesk.chat.started("C0000001");
      frontdesk.chat.ended("C0000001");
      frontdesk.chat.declined("C0000002");
    });
    const { good, bad, events } = await told(run, 7);
    assert.deepEqual([good, bad], [7, 0], JSON.stringify(events.map(({ violations }) => violations)));
    assert.deepEqual(
      events.flatMap(({ derived }) => derived),
      ["clickToCall", "clickToEmail"],
    );
    const ids = events.map(({ id }) => `'${id}'`).join(",");
    const sums = [
      "clickToCall",
      "clickToEmail",
      "clickToDirectMessage",
      "chatOffered",
      "chatStart",
      "chatEnd",
      "chatDeclined",
    ];
    const query = `select count(*) as n, ${sums.map((f) => `sum("customerFeedback"."${f}") as "${f}"`).join(", ")} from events where "_id" in (${ids})`;
    const [row] = await frontdesk.sqlUntil(query, ([{ n }]) => n >= 7);
    assert.deepEqual(row, { n: 7, ...Object.fromEntries(sums.map((field) => [field, 1])) });
    assert.ok(!JSON.stringify(events).includes("555-0100"), "the phone number is masked");
    await page.context().close();
  });

  test("a click that leaves the page, and an event that is sent twice", async () => {
    const { page, run } = await open('<a href="/away">Write to us</a>', 'data-messengers="127.0.0.1"');
    site.pages.set("/away", { html: "away" });
    const sent = page.waitForRequest((request) => request.url().includes("/collect"));
    await page.click("a");
    const request = await sent;
    const { events } = await told(run, 1);
    const again = await fetch(request.url(), { method: "POST", body: request.postData() });
    assert.equal(again.status, 204);
    const [row] = await frontdesk.sqlUntil(
      `select count(*) as n from events where "_id" = '${events[0].id}'`,
      ([{ n }]) => n >= 1,
    );
    assert.equal(row.n, 1);
    assert.equal((await frontdesk.receipt(events[0].id)).id ?? events[0].id, events[0].id);
    await page.context().close();
  });

  test("the demo shop with the tag", async () => {
    const page = await (await browser.newContext()).newPage();
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`${frontdesk.url}/demo/`);
    await page.waitForSelector(".chat:not([hidden])");
    await page.click("[data-chat=decline]");
    await page.fill("[type=email]", "jo@shop.example");
    await page.click("form button");
    await page.waitForFunction(() => document.querySelectorAll(".arrived li").length === 3);
    assert.equal(await page.textContent(".counts"), "3 good 0 bad");
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test("the demo shop with the Web SDK", async () => {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`https://${HOST}/demo/sdk.html`);
    await page.evaluate(() =>
      addEventListener("click", (event) => event.target.closest("a") && event.preventDefault()),
    );
    await page.waitForSelector(".chat:not([hidden])");
    await page.click("[data-chat=start]");
    await page.click('.ways a[href^="tel:"]');
    await page.fill("[type=email]", "jo@shop.example");
    await page.click("form button");
    await page.waitForFunction(() => document.querySelectorAll(".arrived li").length === 7, null, { timeout: 15_000 });
    assert.equal(await page.isVisible("#notice"), false);
    const titles = await page.$$eval(".arrived li summary b", (rows) =>
      rows.map((row) => row.firstChild.textContent).sort(),
    );
    assert.deepEqual(titles, [
      "Chat offered",
      "Chat started",
      "Click",
      "Click",
      "Click to call",
      "Direct message",
      "Page view",
    ]);
    assert.match(await page.textContent('.arrived li:has-text("Click to call") small'), /derived from the link/);
    await page.context().close();
  });
});
