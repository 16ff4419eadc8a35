// The whole repertoire of Adobe's Web SDK, as a page uses it, against a real server: once
// with the server as a third party and once on the site's own domain.
//
// Every step says what it must put on the wire. At the end each request must have become
// exactly one row with the values of that step, under one visitor's id.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alloy } from "../lib/browser.mjs";
import { DATASTREAM, FIRST_PARTY, OTHER_DATASTREAM, SITE, THIRD_PARTY } from "../lib/frontdesk.mjs";
import { configuration, cookieName, ecidOf, quoted, shop } from "../lib/sdk.mjs";
import { raise } from "../lib/stage.mjs";

const PAGE_URL = `https://${SITE}/contact?utm=1`;
const NEXT_URL = `https://${SITE}/next?x=1#frag`;
/** More than a beacon may hold: the browser refuses it, and the SDK falls back to fetch. */
const LONG = "x".repeat(70_000);
/** What stands in a row for whoever is behind a link or a hashed address: keyed, so it differs. */
const PSEUDONYM = "k1:…";
const HASHED_EMAIL = "0c7e6a405862e402eb76a70f8a26fc732d07c32931e9fae9ab1582911d2e8a3b";
const HINTS = "environment.browserDetails.userAgentClientHints";
const VALIDATION_SESSION = "11111111-2222-4333-8444-555555555555";

let stage;
before(async () => {
  stage = await raise();
});
after(() => stage?.strike());

for (const [party, host] of [["third", THIRD_PARTY], ["first", FIRST_PARTY]]) {
  test(`the repertoire with the server as a ${party} party`, async () => {
    const run = new Run(await stage.browser.visitor(), host);
    try {
      await play(run);
      await check(run);
    } finally {
      await run.visitor.close();
    }
  });
}

/** One visit: its page, and which requests belong to which step. */
class Run {
  #seen = 0;
  /** `{ step, request, expect }` for each request that must become a row. */
  events = [];

  constructor(visitor, host) {
    this.visitor = visitor;
    this.host = host;
    this.isFirstParty = host === FIRST_PARTY;
    this.configuration = configuration({ edgeDomain: host });
  }

  /**
   * Does something and waits for the requests that it must cause: `sends` has their actions
   * in order, `expect` the values of the row that each event becomes. Requests that nobody
   * expected are found by the next step, or at the end.
   */
  async step(name, { sends = [], expect = {} }, work) {
    const from = this.#seen;
    const outcome = await work();
    if (outcome?.ok === false) assert.fail(`${name}: the command was rejected: ${outcome.error}`);
    const requests = await this.visitor.sentFrom(from, sends.length);
    assert.deepEqual(requests.map((request) => request.action), sends, `${name}: what was sent`);
    this.#seen = from + requests.length;
    for (const request of requests) {
      assert.equal(request.host, this.host, `${name}: host`);
      if (carriesEvent(request)) this.events.push({ step: name, request, expect });
    }
    return outcome;
  }

  /** A step that is one command of the SDK. */
  command(name, about, command, options) {
    return this.step(name, about, () => alloy(this.page, command, options));
  }

  /** A step that is one click, in a tab of its own: an external link would block the tab. */
  click(name, selector, expect, { stays = false, sends = ["collect"] } = {}) {
    return this.step(name, { sends, expect }, async () => {
      const from = this.visitor.sent.length;
      const page = await shop(this.visitor, { edgeDomain: this.host });
      if (stays) await page.evaluate(() => addEventListener("click", (event) => event.preventDefault()));
      await page.click(selector, { noWaitAfter: true });
      await this.visitor.sentFrom(from, sends.length);
      await page.close();
    });
  }
}

const carriesEvent = ({ action }) => action === "interact" || action === "collect";

/** A click on a link, as a row has it. */
const link = (name, region, type, URL, more = {}) => ({
  eventType: "web.webinteraction.linkClicks",
  "web.webInteraction": { name, region, type, URL, linkClicks: { value: 1 } },
  ...more,
});

/** A contact that is not in the event but read from its link. */
const derived = (count) => ({ customerFeedback: { [count]: 1 }, derived: count });

async function play(run) {
  const { visitor } = run;
  run.page = await visitor.open(PAGE_URL);
  await run.command("configure", {}, "configure", run.configuration);
  await views(run);
  await clicks(run);
  await details(run);
  await identity(run);
  await consent(run);
  await otherPages(run);
  assert.ok(await visitor.answered(), "a request was never answered");
  for (const { action, last, url } of visitor.sent.filter((request) => request.last.response)) {
    assert.equal(last.response.status(), action === "collect" ? 204 : 200, url.pathname);
  }
  assert.deepEqual(visitor.errors, [], "errors that a page did not catch");
}

async function views(run) {
  await run.command(
    "page view",
    {
      sends: ["interact"],
      expect: {
        eventType: "web.webpagedetails.pageViews",
        "web.webPageDetails": { name: "contact", URL: PAGE_URL, pageViews: { value: 1 } },
        environment: { type: "browser", browserDetails: { viewportWidth: 1280, viewportHeight: 800 } },
        "implementationDetails.name": "https://ns.adobe.com/experience/alloy",
        customerFeedback: null,
        derived: null,
      },
    },
    "sendEvent",
    {
      type: "web.webpagedetails.pageViews",
      xdm: { web: { webPageDetails: { name: "contact", pageViews: { value: 1 } } } },
    },
  );
  await run.command(
    "chat offered and started",
    {
      sends: ["interact"],
      expect: {
        eventType: "customerFeedback.chatStart",
        // What is personal stands nowhere in clear.
        customerFeedback: {
          chatOffered: 1,
          chatStart: 1,
          chatSessionID: "C0192910",
          subject: "Service Request",
          callBackNumber: { primary: true, status: "active" },
          replyToEmailAddress: { primary: false, type: "work", status: "active" },
        },
        is_sealed: true,
      },
    },
    "sendEvent",
    {
      type: "customerFeedback.chatStart",
      xdm: {
        customerFeedback: {
          chatOffered: 1,
          chatStart: 1,
          chatSessionID: "C0192910",
          subject: "Service Request",
          callBackNumber: { primary: true, number: "1-408-555-0100", status: "active" },
          replyToEmailAddress: {
            primary: false,
            address: "jo@shop.example",
            label: "Jo Smith",
            type: "work",
            status: "active",
          },
        },
      },
    },
  );
  await run.command(
    "chat ended while unloading",
    { sends: ["collect"], expect: { customerFeedback: { chatEnd: 1, chatSessionID: "C0192910" }, derived: null } },
    "sendEvent",
    {
      documentUnloading: true,
      xdm: { eventType: "customerFeedback.chatEnd", customerFeedback: { chatEnd: 1, chatSessionID: "C0192910" } },
    },
  );
  await run.command(
    "70 KB while unloading",
    { sends: ["collect"], expect: { customerFeedback: { chatEnd: 1, subject: LONG } } },
    "sendEvent",
    { documentUnloading: true, xdm: { customerFeedback: { chatEnd: 1, subject: LONG } } },
  );
}

async function clicks(run) {
  const phone = `tel:${PSEUDONYM}`;
  const text = `sms:${PSEUDONYM}?body=Hi%20there`;
  const mail = `mailto:${PSEUDONYM}?subject=Service%20Request`;
  const whatsapp = `https://wa.me/${PSEUDONYM}`;
  await run.click("tel:", "#tel", link("Call us", "HEADER", "exit", phone, derived("clickToCall")));
  await run.click("icon", "#telicon", link("Phone", "HEADER", "exit", phone, derived("clickToCall")));
  await run.click("sms:", "#sms", link("Text us", "NAV", "exit", text, derived("clickToText")));
  await run.click("mailto:", "#mail", link("E-mail Jo", "MAIN", "exit", mail, derived("clickToEmail")));
  const message = link("WhatsApp", "FOOTER", "exit", whatsapp, derived("clickToDirectMessage"));
  await run.click("WhatsApp", "#whatsapp", message, { stays: true });
  const none = { customerFeedback: null, derived: null };
  const elsewhere = link("Elsewhere", "MAIN", "exit", "https://other.example/path", none);
  await run.click("exit", "#exit", elsewhere, { stays: true });
  const manual = link("Manual", "MAIN", "download", `https://${SITE}/files/manual.pdf?v=2`, none);
  await run.click("download", "#download", manual, { stays: true });
  await run.click("button", "#button", link("Start chat", "MAIN", "other", PAGE_URL, none));
  // The SDK sends nothing for these; that is what our own tag is for.
  await run.click("icon without a name", "#unnamed", {}, { stays: true, sends: [] });
  await run.click("element with a listener", "#listener", {}, { sends: [] });
}

async function details(run) {
  await run.command(
    "identity map, data and merge id",
    {
      sends: ["interact"],
      expect: { eventType: "customerFeedback.clickToCall", eventMergeId: "merge-1", hashed_email: PSEUDONYM },
    },
    "sendEvent",
    {
      type: "customerFeedback.clickToCall",
      mergeId: "merge-1",
      data: { free: { form: [1, "two"] } },
      xdm: {
        identityMap: {
          Email_LC_SHA256: [{ id: HASHED_EMAIL, primary: true, authenticatedState: "authenticated" }],
        },
        customerFeedback: { clickToCall: 1 },
      },
    },
  );
  await run.command(
    "another datastream for one call",
    { sends: ["interact"], expect: { datastream: OTHER_DATASTREAM, customerFeedback: { clickToText: 1 } } },
    "sendEvent",
    {
      edgeConfigOverrides: {
        datastreamId: OTHER_DATASTREAM,
        com_adobe_experience_platform: { datasets: { event: { datasetId: "ds-123" } } },
      },
      xdm: { customerFeedback: { clickToText: 1 } },
    },
  );
  await run.command(
    "own time and id",
    {
      sends: ["interact"],
      expect: {
        _id: `own-id-${run.host}`,
        timestamp: "2001-02-03T04:05:06Z",
        customerFeedback: { chatDeclined: 1 },
      },
    },
    "sendEvent",
    {
      xdm: {
        _id: `own-id-${run.host}`,
        timestamp: "2001-02-03T04:05:06.000Z",
        customerFeedback: { chatDeclined: 1 },
      },
    },
  );
  await oddValues(run);
  await run.command(
    "render decisions",
    { sends: ["interact"], expect: { eventType: "web.webpagedetails.pageViews" } },
    "sendEvent",
    {
      renderDecisions: true,
      personalization: { decisionScopes: ["hero"] },
      xdm: { eventType: "web.webpagedetails.pageViews" },
    },
  );
  await run.command("empty event", { sends: ["interact"], expect: { eventType: null } }, "sendEvent", {});
}

/** Values that JSON can't pass to the page unchanged are made in the page. */
async function oddValues(run) {
  const counts = { chatStart: 1, chatOffered: 0, chatDeclined: "9007199254740992" };
  await run.step(
    "odd but valid values",
    {
      sends: ["interact"],
      expect: {
        odd_counts: counts,
        "customerFeedback.chatEnd": null,
        "customerFeedback.subject": "lone \ufffd half, \u{1f600}, nul \0, del \x7f, ls \u2028, quote \" \\ / \u00e9",
        // What the columns can't hold is kept as it was sent.
        extra: /1e\+21.*\\ud800/s,
      },
    },
    () =>
      run.page.evaluate(() => {
        const subject = "lone \ud800 half, \u{1f600}, nul \0, del \x7f, ls \u2028, quote \" \\ / \u00e9";
        const customerFeedback = { chatStart: 1.0, chatOffered: -0, chatDeclined: 9007199254740993, chatEnd: 1e21 };
        Object.assign(customerFeedback, { clickToText: undefined, subject });
        return window.alloy("sendEvent", { xdm: { customerFeedback } }).then(
          () => ({ ok: true }),
          (error) => ({ ok: false, error: error.message }),
        );
      }),
  );
  await run.step(
    "values that break the schema",
    { sends: ["interact"], expect: "rejected" },
    () =>
      run.page.evaluate(() => {
        const customerFeedback = { clickToCall: 0.1 + 0.2, clickToEmail: NaN, clickToDirectMessage: null };
        return window.alloy("sendEvent", { xdm: { customerFeedback } }).then(
          () => ({ ok: true }),
          (error) => ({ ok: false, error: error.message }),
        );
      }),
  );
}

async function identity(run) {
  const known = await run.command("get identity", {}, "getIdentity");
  run.ecid = known.result.identity.ECID;
  assert.match(run.ecid, /^\d{38}$/);
  const marked = await run.command("append identity", {}, "appendIdentityToUrl", { url: "https://dest.test/" });
  assert.ok(marked.result.url.includes(`MCMID%3D${run.ecid}`), marked.result.url);
}

async function consent(run) {
  const adobe1 = (general) => ({ consent: [{ standard: "Adobe", version: "1.0", value: { general } }] });
  const adobe2 = (val) => ({
    consent: [
      { standard: "Adobe", version: "2.0", value: { collect: { val }, metadata: { time: "2026-11-22T14:00:00Z" } } },
    ],
    identityMap: { CRM: [{ id: "u1", authenticatedState: "authenticated" }] },
  });
  const set = async (name, choice, stored) => {
    await run.command(name, { sends: ["privacy/set-consent"] }, "setConsent", choice);
    assert.equal(await run.visitor.cookie(cookieName("consent")), `general=${stored}`, name);
  };
  const event = (name, sends) =>
    run.command(name, { sends, expect: { customerFeedback: { chatOffered: 1 } } }, "sendEvent", {
      xdm: { customerFeedback: { chatOffered: 1 } },
    });
  await set("consent 1.0 in", adobe1("in"), "in");
  await set("consent 2.0 out", adobe2("n"), "out");
  await event("after 2.0 out", []);
  await set("consent 2.0 in", adobe2("y"), "in");
  await event("after 2.0 in", ["interact"]);
  await set("consent 1.0 out", adobe1("out"), "out");
  await event("after 1.0 out", []);
  await set("consent 1.0 in again", adobe1("in"), "in");
  await event("after 1.0 in", ["interact"]);
}

async function otherPages(run) {
  const { page } = run;
  const arrived = async () => {
    await page.waitForFunction(() => window.alloy);
    return alloy(page, "configure", run.configuration);
  };
  const submitted = link("Send request", "form", "other", PAGE_URL, { customerFeedback: null });
  await run.step("submit that navigates", { sends: ["collect"], expect: submitted }, async () => {
    await page.click("#submit");
    await page.waitForURL(/\/next\?q=a$/);
  });
  await run.step("configure on the next page", {}, arrived);
  const next = `https://${SITE}/next?q=a`;
  const first = { sends: ["interact"], expect: { "web.webPageDetails.URL": next, "web.webReferrer.URL": PAGE_URL } };
  await run.command("first event of the next page", first, "sendEvent", { type: "web.webpagedetails.pageViews" });
  const clicked = link("Next page", "MAIN", "other", NEXT_URL, { customerFeedback: null });
  await run.step("link that navigates", { sends: ["collect"], expect: clicked }, async () => {
    await page.click("#internal");
    await page.waitForURL(NEXT_URL);
  });
  const all = ["web", "device", "environment", "placeContext", "highEntropyUserAgentHints", "oneTimeAnalyticsReferrer"];
  const hints = { sends: ["interact"], expect: { "web.webPageDetails.URL": NEXT_URL, [HINTS]: /"bitness":"\d+"/ } };
  await run.step("high-entropy context", hints, async () => {
    await page.waitForFunction(() => window.alloy);
    await alloy(page, "configure", { ...run.configuration, context: all });
    return alloy(page, "sendEvent", { xdm: {} });
  });
  const validated = { sends: ["interact"], expect: { customerFeedback: { chatOffered: 1 } } };
  await run.step("validation session", validated, async () => {
    await page.goto(`${PAGE_URL}&adb_validation_sessionid=${VALIDATION_SESSION}`);
    await alloy(page, "configure", run.configuration);
    return alloy(page, "sendEvent", { xdm: { customerFeedback: { chatOffered: 1 } } });
  });
  const token = run.visitor.sent.at(-1).url.searchParams.get("adobeAepValidationToken");
  assert.ok(token.startsWith(`${VALIDATION_SESSION}|`), "the validation token is sent, and no obstacle");
  assert.equal(await ecidOf(page), run.ecid, "the identity outlives pages and consent");
}

const COLUMNS = `
  *,
  identityMap['ECID'][1]['id'] as ecid,
  identityMap['Email_LC_SHA256'][1]['id'] as hashed_email,
  cast(customerFeedback.chatDeclined as text) as declined,
  sealed_bytes > 0 as is_sealed`;

/** Rows that stand for something a page sent as an event, not for a choice. */
const NO_CONSENT = "(eventType is null or eventType not like 'privacy.consent.%')";

/** Every event of the run is one row, or one reject, with the values of its step. */
async function check(run) {
  const { frontdesk } = stage;
  const requests = run.events.map(({ request }) => quoted(request.requestId)).join(",");
  const wanted = run.events.filter(({ expect }) => expect !== "rejected");
  // By the visitor too: a row under a request id that the page never used would be one too many.
  const query = `select ${COLUMNS} from events where request_id in (${requests})
    or identityMap['ECID'][1]['id'] = ${quoted(run.ecid)} and ${NO_CONSENT}`;
  const rows = await frontdesk.sqlUntil(query, (found) => found.length >= wanted.length);
  const rejects = await frontdesk.sqlUntil(
    `select request_id, kind, pointer, violation_count from rejects where request_id in (${requests})`,
    (found) => found.length >= run.events.length - wanted.length,
  );
  for (const { step, request, expect } of run.events) {
    const mine = (table) => table.filter((row) => row.request_id === request.requestId);
    if (expect === "rejected") {
      assert.equal(mine(rows).length, 0, `${step}: stored although it breaks the schema`);
      assert.deepEqual(mine(rejects).map((row) => [row.kind, row.violation_count]), [["invalid", 3]], step);
      continue;
    }
    assert.equal(mine(rows).length, 1, `${step}: rows of its request`);
    assert.deepEqual(mine(rejects), [], `${step}: rejects of its request`);
    checkRow(mine(rows)[0], { datastream: DATASTREAM, ecid: run.ecid, ...expect }, step);
  }
  assert.equal(rows.length, wanted.length, "rows that belong to no step");
  const choices = await frontdesk.sql(
    `select eventType as type from events
     where not (${NO_CONSENT}) and identityMap['ECID'][1]['id'] = ${quoted(run.ecid)} order by timestamp`,
  );
  const kept = choices.map(({ type }) => type.replace("privacy.consent.", ""));
  assert.deepEqual(kept, ["in", "out", "in", "out", "in"], "the visitor's choices are kept as events");
  checkTransport(run);
}

function checkRow(row, expect, step) {
  for (const [name, value] of Object.entries(expect)) {
    const seen = withoutKey(column(row, name));
    if (value instanceof RegExp) assert.match(JSON.stringify(seen), value, `${step}: ${name}`);
    else assert.deepEqual(seen, value, `${step}: ${name}`);
  }
}

/** The same with one text in place of every pseudonym. */
function withoutKey(value) {
  return JSON.parse(JSON.stringify(value).replaceAll(/k1:[\w-]{22}/g, PSEUDONYM));
}

/** A column by its name, or a field of one by its path; absent is null. */
function column(row, name) {
  if (name === "odd_counts") {
    const { chatStart, chatOffered } = row.customerFeedback;
    return { chatStart, chatOffered, chatDeclined: row.declined };
  }
  return name.split(".").reduce((value, part) => value?.[part] ?? null, row);
}

/** Beacons where the SDK uses them, and the identity carried as the party allows. */
function checkTransport(run) {
  const { sent } = run.visitor;
  assert.equal(sent[0].action, "interact", "the first request gates the others");
  const fetched = run.events.filter(({ request }) => request.action === "collect" && !request.last.isBeacon);
  assert.deepEqual(fetched.map(({ step }) => step), ["70 KB while unloading"], "sent to /collect without a beacon");
  for (const { last } of sent.slice(1).filter((request) => request.last.body)) {
    const keys = last.body.meta.state.entries?.map(({ key }) => key) ?? [];
    assert.equal(keys.includes(cookieName("identity")), !run.isFirstParty, `entries: ${keys}`);
  }
}
