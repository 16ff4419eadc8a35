// Nothing leaves the page, and nothing outlives it, before consent where consent is asked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

const { edge, browser, open, arrived, settled } = await stage();

const LINK = '<a href="tel:+14085550100">Call</a>';
const REQUIRED = { "data-consent": "required", "data-offline": "store" };
const gpc = () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true });
const traces = (page) => page.evaluate(() => Object.keys(localStorage).concat(document.cookie).filter(Boolean));

/** The page does everything that would send; nothing is seen of it anywhere. */
async function assertSilent(page) {
  await page.click("a");
  await page.evaluate(() => {
    frontdesk.chat.started("C1");
    dispatchEvent(new Event("tawkChatStarted"));
    dispatchEvent(new Event("online"));
    dispatchEvent(new Event("pageshow"));
    dispatchEvent(new Event("pagehide"));
  });
  await settled(page);
  assert.deepEqual(edge.requests, []);
  assert.deepEqual(await traces(page), []);
}

test("consent that is required and not given", async () => {
  for (const value of ["required", "", "Required", "no idea"]) {
    const page = await open({ body: LINK, tag: { ...REQUIRED, "data-consent": value } });
    await assertSilent(page);
  }
});

test("consent that comes later delivers what waited in memory", async () => {
  const page = await open({ body: LINK, tag: REQUIRED });
  await assertSilent(page);
  await page.evaluate(() => frontdesk.consent(true));
  const fields = (await arrived(3)).flatMap(({ customerFeedback }) => Object.keys(customerFeedback));
  assert.deepEqual(fields.sort(), ["chatSessionID", "chatSessionID", "chatStart", "chatStart"]);
});

test("only true is consent", async () => {
  for (const given of ["yes", 1, {}, null, undefined, false]) {
    const page = await open({ body: LINK, tag: REQUIRED });
    await page.click("a");
    await page.evaluate((value) => frontdesk.consent(value), given);
    await assertSilent(page);
  }
});

test("a refusal drops what waits, also what an earlier page stored", async () => {
  const context = await browser.newContext();
  const page = await open({ body: LINK, context, tag: { "data-offline": "store" } });
  await context.setOffline(true);
  await page.click("a");
  assert.equal((await traces(page)).length, 1);
  await page.evaluate(() => localStorage.setItem("frontdesk:shop:earlier", "{}"));
  await page.evaluate(() => localStorage.setItem("basket", "3"));
  await page.evaluate(() => frontdesk.consent(false));
  assert.deepEqual(await traces(page), ["basket"]);
  await context.setOffline(false);
  await page.click("a");
  await settled(page);
  assert.deepEqual(edge.requests, []);
  await page.evaluate(() => frontdesk.consent(true));
  await page.click("a");
  await arrived(1);
  await context.close();
});

test("a refusal stops what was to be tried again", async () => {
  const page = await open({ body: LINK });
  edge.plan = [{ status: 503 }];
  await page.click("a");
  await settled(page);
  await page.evaluate(() => frontdesk.consent(false));
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.evaluate(() => dispatchEvent(new Event("pagehide")));
  await settled(page);
  assert.equal(edge.requests.length, 1);
});

test("what an earlier page stored waits for consent as well", async () => {
  const context = await browser.newContext();
  const page = await open({ body: LINK, context, tag: REQUIRED });
  await page.evaluate(() => localStorage.setItem("frontdesk:shop:earlier", '{"events":[{"xdm":{"_id":"earlier"}}]}'));
  await page.close();
  // Before consent the storage isn't even looked at.
  const watched = () => {
    const { get } = Object.getOwnPropertyDescriptor(window, "localStorage");
    window.looks = 0;
    Object.defineProperty(window, "localStorage", { get: () => (window.looks++, get.call(window)) });
  };
  const next = await open({ body: LINK, context, tag: REQUIRED, before: watched });
  await settled(next);
  assert.deepEqual(edge.requests, []);
  assert.equal(await next.evaluate(() => window.looks), 0);
  await next.evaluate(() => frontdesk.consent(true));
  assert.equal((await arrived())[0]._id, "earlier");
  await context.close();
});

test("Global Privacy Control holds everything back until consent is given explicitly", async () => {
  const page = await open({ body: LINK, tag: { "data-offline": "store" }, before: gpc });
  await assertSilent(page);
  await page.evaluate(() => frontdesk.consent(true));
  await arrived(3);
});

test("consent by the queue of early calls", async () => {
  const page = await open({
    body: LINK,
    tag: REQUIRED,
    before: () => (window.frontdesk = window.frontdesk || []).push(["consent", true]),
  });
  await page.click("a");
  await arrived();
});
