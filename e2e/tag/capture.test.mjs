// What the tag takes in: clicks on links, forms, chat calls, the events of chat widgets.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { stage } from "./stage.mjs";

const { edge, site, browser, open, arrived, settled } = await stage();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A page, and a function that puts `body` into it, does `act` to it, and gives the event that comes of it. */
async function bench(settings) {
  const page = await open(settings);
  const event = async (body, act) => {
    edge.requests = [];
    await page.evaluate((html) => (document.body.innerHTML = html), body);
    await act(page);
    const [xdm] = await arrived();
    return xdm;
  };
  return { page, event };
}

const click = (selector, options) => (page) => page.click(selector, options);

test("an event as a whole", async () => {
  const page = await open({
    body: '<main id="lamp"><a href="tel:+14085550100"> Call\n us </a></main>',
    tag: { "data-test-id": "run-1" },
  });
  const { width, height } = page.viewportSize();
  await page.click("a");
  const [xdm] = await arrived();
  const [request] = edge.requests;
  assert.deepEqual(xdm, {
    _id: xdm._id,
    timestamp: xdm.timestamp,
    eventType: "web.webinteraction.linkClicks",
    customerFeedback: {},
    web: {
      webPageDetails: { URL: page.url(), name: "Lamps" },
      webInteraction: {
        name: "Call us",
        type: "other",
        URL: "tel:+14085550100",
        region: "lamp",
        linkClicks: { value: 1 },
      },
    },
    environment: { type: "browser", browserDetails: { viewportWidth: width, viewportHeight: height } },
    implementationDetails: { name: "urn:frontdesk:tag", version: "1.0.0", environment: "browser" },
  });
  assert.match(xdm._id, UUID);
  assert.ok(Math.abs(Date.now() - Date.parse(xdm.timestamp)) < 60_000);
  assert.deepEqual(edge.accepted()[0].data, { frontdesk: { testId: "run-1" } });
  assert.equal(request.method, "POST");
  assert.equal(request.path, "/ee/v1/collect");
  assert.equal(request.configId, "shop");
  assert.equal(request.requestId, xdm._id);
  assert.match(request.headers["content-type"], /^text\/plain;\s*charset=utf-8$/i);
  assert.equal(request.headers.cookie, undefined);
});

test("a referrer is told where there is one", async () => {
  const page = await open({ body: '<a href="tel:1">x</a>' });
  const url = page.url();
  site.pages.set("/from", { html: `<a href="${url}">on</a>` });
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(`${site.base}/from`);
  await other.click("a");
  await other.waitForFunction(() => window.frontdesk?.chat);
  await other.click("a");
  const [xdm] = await arrived();
  assert.deepEqual(xdm.web.webReferrer, { URL: `${site.base}/from` });
  await context.close();
});

test("each kind of link", async () => {
  // The server concludes the count of a link that it knows; of the site's own messengers it knows nothing.
  const links = [
    ["tel:+14085550100", undefined, "other"],
    ["TEL:+1 (408) 555-0100", undefined, "other"],
    ["sms:+14085550100?body=hi", undefined, "other"],
    ["mailto:desk@shop.example?subject=Lamp", undefined, "other"],
    ["https://wa.me/14085550100", undefined, "exit"],
    ["https://www.wa.me/14085550100", undefined, "exit"],
    ["https://api.whatsapp.com/send?phone=14085550100", undefined, "exit"],
    ["whatsapp://send?phone=14085550100", undefined, "other"],
    ["https://m.me/shop", undefined, "exit"],
    ["https://t.me/shop", undefined, "exit"],
    ["tg://resolve?domain=shop", undefined, "other"],
    ["https://signal.me/#p/+14085550100", undefined, "exit"],
    ["https://line.me/R/ti/p/shop", undefined, "exit"],
    ["viber://chat?number=14085550100", undefined, "other"],
    ["https://im.shop.example/room", "clickToDirectMessage", "exit"],
    ["https://chat.shop.example/room", "clickToDirectMessage", "exit"],
  ];
  const page = await open({
    body: links.map(([href], at) => `<p><a id="l${at}" href="${href}">Link ${at}</a></p>`).join(""),
    tag: { "data-messengers": "www.im.shop.example, Chat.shop.example" },
  });
  for (let at = 0; at < links.length; at++) await page.click(`#l${at}`);
  const events = await arrived(links.length);
  for (const [at, [href, count, type]] of links.entries()) {
    const xdm = events.find(({ web }) => web.webInteraction.name === `Link ${at}`);
    assert.deepEqual(xdm.customerFeedback, count ? { [count]: 1 } : {}, href);
    assert.equal(xdm.web.webInteraction.type, type, href);
    assert.equal(xdm.web.webInteraction.URL, new URL(href).href);
  }
  assert.equal(new Set(events.map(({ _id }) => _id)).size, links.length);
});

test("the tag reports the links that the server counts", async () => {
  const list = await readFile(new URL("../../crates/intake/src/rows/links_expected.txt", import.meta.url), "utf8");
  const lines = list.split("\n").filter((line) => line && !line.startsWith("# "));
  const all = lines
    .map((line) => line.match(/^(\S+) (.*)\|$/))
    .map(([, count, link]) => ({ link, counts: count !== "-", known: !count.endsWith("/server") }))
    .filter(({ known }) => known);
  assert.ok(all.length > 110, "the list of links has moved");
  const page = await open();
  await page.evaluate((links) => {
    for (const [at, { link }] of links.entries()) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.title = String(at);
      document.body.append(anchor);
      anchor.click();
    }
  }, all);
  const wanted = all.flatMap(({ counts }, at) => (counts ? [at] : []));
  const events = await arrived(wanted.length);
  const reported = events.map(({ web }) => Number(web.webInteraction.name)).sort((a, b) => a - b);
  assert.deepEqual(
    reported.map((at) => all[at].link),
    wanted.map((at) => all[at].link),
  );
  for (const { customerFeedback } of events) assert.deepEqual(customerFeedback, {}, "the server concludes the count");
});

test("other links and look-alikes are left alone", async () => {
  const hrefs = [
    "/contact",
    "#top",
    "https://shop.example/",
    "https://wa.me.evil.example/",
    "javascript:void 0",
    "https://shop.example/?u=https://wa.me/1",
    "ftp://wa.me/",
    "http://[bad",
    "constructor:1",
    "https://constructor/",
    "https://tel/",
    "wa.me:1",
    "",
  ];
  const page = await open({
    body: hrefs.map((href) => `<p><a href="${href}">${href || "none"}</a></p>`).join("") + '<a id="n">no address</a>',
  });
  for (const link of await page.$$("a")) await link.click();
  await settled(page);
  assert.deepEqual(edge.requests, []);
});

test("the name of a link, also of an icon", async () => {
  const { page, event } = await bench();
  const check = async (link, name) => {
    const xdm = await event(link, (page) => page.evaluate(() => document.querySelector("a").click()));
    assert.equal(xdm.web.webInteraction.name, name, link);
    assert.deepEqual(xdm.customerFeedback, {}, link);
  };
  await check('<a href="tel:1"><b>Call</b>  now</a>', "Call now");
  await check('<a href="tel:1" aria-label="Call the shop"><img></a>', "Call the shop");
  await check('<a href="tel:1" title="By phone"><i></i></a>', "By phone");
  await check('<a href="tel:1"><span><img alt="Phone"></span></a>', "Phone");
  await check('<a href="tel:1"><svg><title>Ring</title></svg></a>', "Ring");
  await check('<a href="tel:1"><svg aria-label="Dial"></svg></a>', "Dial");
  await check('<a href="tel:1"><i></i></a>', undefined);
  await check(`<a href="tel:1">${"😀".repeat(600)}</a>`, "😀".repeat(500));
});

test("the region of a link", async () => {
  const { page, event } = await bench();
  const check = async (body, region) => {
    const xdm = await event(body, click("a"));
    assert.equal(xdm.web.webInteraction.region, region, body);
  };
  await check('<a href="tel:1">x</a>', undefined);
  await check('<footer><p><a href="tel:1">x</a></p></footer>', "footer");
  await check('<nav id="top"><a href="tel:1">x</a></nav>', "top");
  await check('<footer><div data-region="hours"><a href="tel:1">x</a></div></footer>', "hours");
});

test("ways to follow a link", async () => {
  const { page, event } = await bench();
  const check = async (body, act) =>
    assert.equal((await event(body, act)).web.webInteraction.linkClicks.value, 1, body);
  const link = '<a href="https://wa.me/1">x</a>';
  await check(link, click("a", { button: "middle" }));
  await check(link, async (page) => {
    await page.focus("a");
    await page.keyboard.press("Enter");
  });
  await check(link, (page) => page.dblclick("a"));
  await check(
    '<map name="m"><area shape="default" href="https://wa.me/1"></map><img usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">',
    click("img", { position: { x: 9, y: 9 } }),
  );
  await check(
    '<svg width="80" height="80"><a href="https://wa.me/1"><rect width="80" height="80"/></a></svg>',
    click("rect"),
  );
  await check('<div id="host"></div>', async (page) => {
    await page.evaluate(() => {
      const root = document.querySelector("#host").attachShadow({ mode: "open" });
      root.innerHTML = "<div></div>";
      root.firstChild.attachShadow({ mode: "open" }).innerHTML = '<a href="https://wa.me/1"><b>deep</b></a>';
    });
    await page.click("b");
  });
  await check("", async (page) => {
    await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<a href="https://wa.me/1">later</a>'));
    await page.click("a");
  });
  await check('<div id="stop"><a href="https://wa.me/1">x</a></div>', async (page) => {
    await page.evaluate(() => document.querySelector("#stop").addEventListener("click", (e) => e.stopPropagation()));
    await page.click("a");
  });
});

test("the right button follows no link", async () => {
  const page = await open({ body: '<a href="tel:1">x</a>' });
  await page.click("a", { button: "right" });
  await settled(page);
  assert.deepEqual(edge.requests, []);
});

test("a marked form: three fields and nothing else", async () => {
  const { page, event } = await bench();
  const form = (fields, attributes = "data-contact-form") =>
    `<form ${attributes}>${fields}<button>Send</button></form>`;
  const check = async (body, expect) => {
    const xdm = await event(body, click("button"));
    assert.equal(xdm.eventType, "web.formFilledOut");
    assert.deepEqual(xdm.customerFeedback, { clickToDirectMessage: 1, ...expect }, body);
    assert.ok(!JSON.stringify(xdm).includes("SECRET"), body);
  };
  await check(
    form(`<input name="subject" value=" Delivery "><input type="tel" value="1-408-555-0100"><input type="email" value="jo@shop.example">
          <input name="name" value="SECRET"><textarea name="message">SECRET</textarea><input type="password" value="SECRET"><input type="hidden" value="SECRET">`),
    {
      subject: "Delivery",
      callBackNumber: { number: "1-408-555-0100" },
      replyToEmailAddress: { address: "jo@shop.example" },
    },
  );
  await check(
    form(`<input autocomplete="tel" value="1"><input data-contact="phone" value="2"><input type="email" value="a@b.example"><input data-contact="email" value="c@d.example">
          <input name="subject" value="no"><select data-contact="subject"><option value="Returns">R</option></select>`),
    { subject: "Returns", callBackNumber: { number: "2" }, replyToEmailAddress: { address: "c@d.example" } },
  );
  await check(form('<input autocomplete="shipping tel" value="3"><input autocomplete="email" value="e@f.example">'), {
    callBackNumber: { number: "3" },
    replyToEmailAddress: { address: "e@f.example" },
  });
  await check(`${form("", 'id="f" data-contact-form')}<input form="f" type="tel" value="4">`, {
    callBackNumber: { number: "4" },
  });
  await check(form('<input type="tel" value="  "><input type="email" value="">'), {});
});

test("an unmarked form and a form that is not valid yet are left alone", async () => {
  const page = await open({
    body: '<form><input type="tel" value="1"><button id="a">x</button></form><form data-contact-form><input type="email" value="nobody"><button id="b">x</button></form>',
  });
  await page.click("#a");
  await page.click("#b");
  await settled(page);
  assert.deepEqual(edge.requests, []);
});

test("chat calls", async () => {
  const page = await open();
  await page.evaluate(() => {
    frontdesk.chat.offered("C0000001");
    frontdesk.chat.declined("C0000001");
    frontdesk.chat.started("C0000002");
    frontdesk.chat.ended("C0000002");
  });
  const events = await arrived(4);
  const seen = (field) => events.find(({ eventType }) => eventType === `customerFeedback.${field}`)?.customerFeedback;
  assert.deepEqual(seen("chatOffered"), { chatOffered: 1, chatSessionID: "C0000001" });
  assert.deepEqual(seen("chatDeclined"), { chatDeclined: 1, chatSessionID: "C0000001" });
  assert.deepEqual(seen("chatStart"), { chatStart: 1, chatSessionID: "C0000002" });
  assert.deepEqual(seen("chatEnd"), { chatEnd: 1, chatSessionID: "C0000002" });
});

test("chat calls without a session id share one until the chat is over", async () => {
  const page = await open();
  await page.evaluate(() => {
    frontdesk.chat.offered();
    frontdesk.chat.started();
    frontdesk.chat.ended();
    frontdesk.chat.started();
  });
  const sessions = new Map();
  for (const { customerFeedback } of await arrived(4)) {
    const known = sessions.get(customerFeedback.chatSessionID) ?? [];
    sessions.set(customerFeedback.chatSessionID, [...known, ...Object.keys(customerFeedback)]);
  }
  assert.deepEqual(
    [...sessions.values()].map((fields) => fields.filter((f) => f !== "chatSessionID").length).sort(),
    [1, 3],
  );
  for (const session of sessions.keys()) assert.match(session, UUID);
});

test("calls made before the script is there", async () => {
  const page = await open({
    before: () => {
      (window.frontdesk = window.frontdesk || []).push(["chat.offered", "C0000003"]);
      (window.frontdesk = window.frontdesk || []).push(["chat.started", "C0000003"]);
    },
  });
  await page.evaluate(() => (window.frontdesk = window.frontdesk || []).push(["chat.ended", "C0000003"]));
  const fields = (await arrived(3)).flatMap(({ customerFeedback }) => Object.keys(customerFeedback));
  assert.deepEqual(fields.filter((f) => f !== "chatSessionID").sort(), ["chatEnd", "chatOffered", "chatStart"]);
});

test("nonsense in a call breaks neither the page nor the tag", async () => {
  const page = await open({
    body: '<a href="tel:1">x</a>',
    before: () => (window.frontdesk = [["no.such"], ["chat.started", { toString: null }]]),
  });
  await page.evaluate(() => frontdesk.push(["chat.nothing", 1], [""]));
  await page.click("a");
  assert.equal((await arrived())[0].web.webInteraction.URL, "tel:1");
  assert.deepEqual(page.errors, []);
});

test("a tag that is loaded twice counts once", async () => {
  const page = await open({ body: '<a href="tel:1">x</a>' });
  await page.evaluate((base) => {
    const script = document.createElement("script");
    script.src = `${base}/tag.js`;
    script.dataset.datastream = "shop";
    return new Promise((done) => {
      script.onload = done;
      document.head.append(script);
    });
  }, edge.base);
  await page.click("a");
  await settled(page);
  await arrived(1);
});

test("another base path", async () => {
  const page = await open({
    body: '<a href="tel:1">x</a>',
    tag: { "data-base": "custom", "data-datastream": "a b/&" },
  });
  await page.click("a");
  await arrived();
  assert.equal(edge.requests[0].path, "/custom/v1/collect");
  assert.equal(edge.requests[0].configId, "a b/&");
});
