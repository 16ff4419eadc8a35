// The pages as people see them: each in light, dark and on a phone; nothing in the console, nothing serious from axe, light
// enough, and with the numbers that the interface gives. Screenshots go to the folder FRONTDESK_SHOTS, if it is set.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { program, startFrontdesk } from "../lib/frontdesk.mjs";
import { poll } from "../lib/poll.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PAGE_BYTES_MAX = 30_000;
const LIVE_MS_MAX = 20_000;
const EVENTS = 4_000;
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "phone", colorScheme: "light", width: 360 },
];
const QUERY = "/sql?q=select+channel%2C+sum%28contact_requests%29+as+requests+from+contacts+group+by+channel+order+by+channel";
const PATHS = ["/", "/chat", "/subjects", "/pages", "/referrers", "/devices", "/quality", "/events", "/events?show=rejected", "/schemas", "/sql", QUERY, "/views"];

/** Pages over so many days or hours that their charts are drawn in a lighter way. */
const DENSE = [
  "/?by=hour",
  "/?by=hour&since=20d",
  "/?by=hour&since=31d",
  "/?by=weekday-hour",
  "/?by=day&since=62d",
  "/?since=90d",
  "/?by=day&since=90d&compare=year&tz=America/Los_Angeles",
  "/?by=day&since=1y",
  "/?by=day&since=500d",
  "/chat?by=hour",
  "/chat?by=hour&since=20d",
  "/chat?by=weekday-hour",
  "/chat?since=90d",
  "/chat?by=day&since=1y",
  "/subjects?by=hour",
  "/quality?by=hour",
  "/quality?by=day&since=1y",
];

let frontdesk;
/** One that demands keys, as on a network. */
let closed;
let browser;
/** The path of a shared link that nobody revokes. */
let shared;
/** Pages that aren't known before the server runs, each with its status. */
let others;

before(async () => {
  frontdesk = await startFrontdesk({ streams: {} });
  closed = await startFrontdesk({ settings: { hosts_allowed: "desk.test" }, streams: {} });
  const made = spawnSync(program(), ["generate", "--events", String(EVENTS)], { maxBuffer: 1 << 28 });
  const headers = { "content-type": "application/x-ndjson" };
  const sent = await fetch(`${frontdesk.url}/v1/events`, { method: "POST", headers, body: made.stdout });
  assert.equal(sent.status, 200, await sent.text());
  // A machine that is busy with other things takes its time to make rows of them.
  const isThere = async () => (await frontdesk.sql("select count(*) as n from events"))[0].n > 0;
  assert.ok(await poll(LIVE_MS_MAX, isThere), "no rows");
  const ask = async (where, body) => {
    const answer = await fetch(`${frontdesk.url}${where}`, { method: "POST", body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.clone().text());
    return answer.json();
  };
  await ask("/v1/views", { name: "Everything about deliveries, for the Monday meeting with the warehouse", page: "/", query: "since=30d&tz=Europe/Berlin&subject=Delivery%20date&device=mobile" });
  await ask("/v1/annotations", { at: new Date().toISOString().slice(0, 10), text: "New shop opened in Leipzig" });
  const share = await ask("/v1/shares", { label: "For a wall in the hall", page: "/chat", query: "since=7d" });
  shared = new URL(share.url).pathname;
  const rows = await frontdesk.sql("select _id as id from events where customerFeedback.chatStart = 1 limit 1");
  const rejected = await frontdesk.sql("select event_id as id from rejects where kind = 'invalid' and event_id is not null limit 1");
  others = [
    ["/views", 200],
    [shared, 200],
    [`/events/${rows[0].id}`, 200],
    [`/events/${rejected[0].id}`, 200],
    ["/events/nobody-knows-it", 404],
    ["/nowhere", 404],
    ["/share/nobody-has-it", 404],
    ["/?tz=Europe/Berln", 400],
    ["/chat?since=2026-11-20&until=2026-11-01", 400],
    ["/?since=1900-01-01&until=2026-11-01&by=hour", 400],
    ["/sql?q=selct+1", 400],
  ];
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
});

after(async () => {
  await browser?.close();
  await frontdesk?.stop();
  await closed?.stop();
});

/** A visitor's pages, and what they complained of. */
async function visitor({ colorScheme = "light", width = 1280, scripts = true } = {}) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, javaScriptEnabled: scripts });
  const complaints = [];
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const isOwn = [frontdesk.url, closed.url].includes(new URL(request.url()).origin);
    if (!isOwn && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  // A page whose numbers are still being counted loads itself again; whoever looks at it closely waits for that.
  const open = async (where) => {
    let answer = await page.goto(`${frontdesk.url}${where}`);
    for (let tries = 0; tries < 60 && (await page.locator("meta[http-equiv=refresh]").count()) > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      answer = await page.goto(`${frontdesk.url}${where}`);
    }
    return answer;
  };
  return { page, open, complaints, close: () => context.close() };
}

/** Clicks what leads to a page, and waits until that is there: on a busy machine a click is over before. */
async function follow(page, link) {
  await link.waitFor();
  await Promise.all([page.waitForEvent("load"), link.click()]);
}

function keep(name, image) {
  const folder = process.env.FRONTDESK_SHOTS;
  if (!folder) return;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${name.replaceAll(/[^a-z0-9-]+/gi, "_")}.png`), image);
}

/** The page as it is shown: not wider than its window, and with nothing serious in it for axe. */
async function isSound(page, look, where) {
  keep(`${look.name}-${where.slice(0, 24)}`, await page.screenshot({ fullPage: true }));
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(isWide, false, `${where} scrolls sideways`);
  // The page's policy lets no other script in; the debugger does.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: fs.readFileSync(AXE, "utf8") });
  const run = "axe.run({ resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations))";
  const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
  const serious = JSON.parse(result.value).filter(({ impact }) => ["serious", "critical"].includes(impact));
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  assert.deepEqual(told, [], where);
}

for (const look of LOOKS) {
  test(`every page is sound: ${look.name}`, async () => {
    const { page, open, complaints, close } = await visitor(look);
    for (const [where, status] of [...PATHS.map((where) => [where, 200]), ...others]) {
      const answer = await open(where);
      assert.equal(answer.status(), status, where);
      await isSound(page, look, where);
    }
    // What is behind a click: menus, renaming, what a number means.
    await open("/");
    for (const menu of await page.locator("details.pop > summary").all()) {
      await menu.click();
      await isSound(page, look, `menu-${await menu.textContent()}`);
      await menu.click();
    }
    await open("/views");
    await page.locator("details.change > summary").first().click();
    await isSound(page, look, "renaming");
    const login = await page.goto(`${closed.url}/chat`);
    assert.equal(login.status(), 401);
    await isSound(page, look, "login");
    await page.locator("input[name=key]").fill("fd_read_wrong");
    await page.keyboard.press("Enter");
    await page.locator(".refused").waitFor();
    await isSound(page, look, "login-refused");
    // A browser says itself that a page is an error.
    assert.deepEqual(complaints.filter((complaint) => !/^Failed to load resource: .* 40[014] /.test(complaint)), []);
    await close();
  });
}

test("a page with all that it loads is light", async () => {
  const text = async (where) => (await fetch(`${frontdesk.url}${where}`)).text();
  const weigh = (body) => gzipSync(body).length;
  for (const where of PATHS) {
    const body = await text(where);
    const files = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file]) => file);
    // A style sheet and a script; the page of queries has one more.
    assert.equal(files.length, where.startsWith("/sql") ? 3 : 2, where);
    const all = await Promise.all(files.map(text));
    const bytes = [body, ...all].reduce((sum, part) => sum + weigh(part), 0);
    assert.ok(bytes < PAGE_BYTES_MAX, `${where} weighs ${bytes} bytes`);
  }
});

test("pages over many days and hours are light and sound, and tell their values", async () => {
  // Several datastreams, each with its own events: of a month that is full, and of more than a year.
  const busy = await startFrontdesk({ streams: {} });
  try {
    const folder = fs.mkdtempSync(path.join(busy.directory, "made-"));
    const loads = [["shop", 25_000, 31], ["help", 15_000, 31], ["app", 10_000, 90], ["old", 20_000, 520]];
    for (const [place, [datastream, events, days]] of loads.entries()) {
      const made = spawnSync(program(), ["generate", "--events", String(events), "--days", String(days), "--seed", String(place + 1)], { maxBuffer: 1 << 28 });
      const file = path.join(folder, `${datastream}.ndjson`);
      fs.writeFileSync(file, made.stdout);
      const loaded = spawnSync(program(), ["load", "--config", busy.configFile, "--data", busy.data, "--datastream", datastream, file]);
      assert.equal(loaded.status, 0, String(loaded.stderr));
    }
    const kept = frontdesk;
    frontdesk = busy;
    try {
      const text = async (where) => (await fetch(`${busy.url}${where}`)).text();
      const weigh = (body) => gzipSync(body).length;
      for (const where of DENSE) {
        let body;
        const isCounted = async () => (await fetch(`${busy.url}${where}`)).status === 200 && !(body = await text(where)).includes("http-equiv=\"refresh\"");
        assert.ok(await poll(6 * LIVE_MS_MAX, isCounted), where);
        const files = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file]) => file);
        const all = await Promise.all(files.map(text));
        const bytes = [body, ...all].reduce((sum, part) => sum + weigh(part), 0);
        assert.ok(bytes < PAGE_BYTES_MAX, `${where} weighs ${bytes} bytes`);
      }
      for (const look of LOOKS) {
        const { page, open, complaints, close } = await visitor(look);
        for (const where of ["/?by=hour", "/chat?by=day&since=1y", "/?since=90d"]) {
          await open(where);
          await isSound(page, look, `dense-${where}`);
        }
        assert.deepEqual(complaints, []);
        await close();
      }
      await values();
    } finally {
      frontdesk = kept;
    }
  } finally {
    await busy.stop();
  }
});

/** Values of charts of many parts: by the mouse and by keys they are what the table and the interface say. */
async function values() {
  const { page, open, complaints, close } = await visitor();
  const named = (where) => page.locator(`${where} svg.plot [data-of] title`).evaluate((title) => title.textContent);
  const report = async (name, query) => (await fetch(`${frontdesk.url}/v1/reports/${name}?${query}`)).json();
  const count = (number) => String(number).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  const point = async (where, share) => {
    const box = await page.locator(`${where} svg.plot .zero`).evaluate((line) => {
      const { left, width, top } = line.getBoundingClientRect();
      return { left, width, top };
    });
    await page.mouse.move(box.left + box.width * share, box.top - 20);
  };
  // A list of parts: 168 hours, the 60th of which begins at noon of the third day.
  await open("/?by=hour");
  const { series } = await report("overview", "by=hour");
  assert.equal(series.length, 168);
  await page.locator("#requests svg.plot").scrollIntoViewIfNeeded();
  await point("#requests", 60.5 / 168);
  const numbers = ["contact_requests", "chats_started", "click_to_call", "click_to_text", "click_to_email", "click_to_direct_message"];
  const [all, ...parts] = numbers.map((name) => count(series[60].metrics[name].value));
  const lines = (await named("#requests")).split("\n");
  assert.match(lines[0], /, 12:00$/);
  const told = ["Chat", "Call", "Text", "E-mail", "Direct message"].map((name, place) => `${name} ${parts[place]}`);
  assert.deepEqual(lines.slice(1, 7), [`All ${all}`, ...told]);
  const tip = page.locator("#requests svg.plot .tip");
  assert.equal(await tip.textContent(), all);
  assert.ok(await tip.isVisible());
  // By keys from there on, one further; the first time from the beginning.
  await page.locator("#requests svg.plot").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await named("#requests"), /, 13:00\n/);
  assert.equal((await page.locator("#said").textContent()).split("\n")[1], `All ${count(series[61].metrics.contact_requests.value)}`);
  await open("/?by=hour");
  await page.locator("#requests svg.plot").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await named("#requests"), /, 00:00\n/);
  // Hours of the week that are still to come, or aren't in the period, lie between others.
  await open("/?by=weekday-hour&since=1d");
  await page.locator("#requests svg.plot").focus();
  const today = (new Date().getUTCDay() + 6) % 7;
  const weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][today];
  await page.locator("#requests svg.plot").scrollIntoViewIfNeeded();
  await point("#requests", (today * 24 + 0.5) / 168);
  assert.match(await named("#requests"), new RegExp(`^${weekday} 00:00(, so far)?\nAll [0-9]`));
  await point("#requests", ((today * 24 + 24.5) % 168) / 168);
  assert.match(await named("#requests"), /^... 00:00: not in this period$/);
  // A calendar: days of a year, by month.
  await open("/chat?by=day&since=1y");
  const days = (await report("chat", "by=day&since=1y")).series;
  await page.locator("#started svg.plot").scrollIntoViewIfNeeded();
  await point("#started", 300.5 / days.length);
  const day = new Date(days[300].at);
  const name = `${day.getUTCDate()} ${day.toLocaleString("en", { month: "short", timeZone: "UTC" })} ${day.getUTCFullYear()}`;
  assert.equal(await named("#started"), `${name}: ${count(days[300].metrics.chats_started.value)}`);
  await page.locator("#started details.numbers summary").click();
  keep("calendar", await page.locator("#started").screenshot());
  // What a URL divides too finely is divided in another way, and says so.
  await open("/?by=hour&since=31d");
  assert.match(await page.locator(".notes").textContent(), /divided by day and not by hour/);
  assert.deepEqual(complaints, []);
  await close();
}

test("on a narrow screen all pages are in sight", async () => {
  for (const width of [320, 360, 412, 768]) {
    const { page, open, close } = await visitor({ width, scripts: false });
    await open("/events");
    const links = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
    assert.equal(await links.count(), 10);
    for (const link of await links.all()) {
      const { x, y, width: wide, height } = await link.boundingBox();
      const isSeen = await link.evaluate((it) => it.contains(document.elementFromPoint(...[it.getBoundingClientRect()].flatMap(({ left, top, width, height }) => [left + width / 2, top + height / 2]))));
      assert.ok(isSeen && x >= 0 && x + wide <= width && y + height < 240, `${await link.textContent()} at ${width}: ${x} ${y}`);
      assert.ok(height >= 24 && wide >= 24, `${await link.textContent()} at ${width} is ${wide} × ${height}`);
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${width} scrolls sideways`);
    await follow(page, links.last());
    assert.equal(new URL(page.url()).pathname, "/sql");
    await close();
  }
});

test("a wrong time zone is put right by one click", async () => {
  const { page, open, close } = await visitor({ scripts: false });
  const answer = await open("/subjects?since=30d&tz=Europe/Berln&subject=Delivery%20%26%20%3Cdate%3E");
  assert.equal(answer.status(), 400);
  await follow(page, page.getByRole("alert").getByRole("link", { name: "Europe/Berlin" }));
  assert.equal(new URL(page.url()).search, "?since=30d&tz=Europe/Berlin&subject=Delivery%20%26%20%3Cdate%3E");
  assert.match(await page.locator(".when").textContent(), /Europe\/Berlin/);
  await close();
});

test("what is shown is what the interface gives, without scripts too", async () => {
  const { page, open, close } = await visitor({ scripts: false });
  for (const query of ["", "?since=30d&tz=Europe/Berlin", "?channel=chat"]) {
    await open(`/${query}`);
    const report = await (await fetch(`${frontdesk.url}/v1/reports/overview${query}`)).json();
    const shown = (await page.locator(".stat .number").first().textContent()).replaceAll(/[^0-9]/g, "");
    assert.equal(Number(shown), report.metrics.contact_requests.value, query);
  }
  await open("/events");
  assert.equal(await page.locator("table.lines tbody tr").count(), 50);
  await open(QUERY);
  const rows = await frontdesk.sql("select channel, sum(contact_requests) as requests from contacts group by channel order by channel");
  const shown = await page.locator("table.lines tbody tr").allTextContents();
  assert.deepEqual(shown, rows.map(({ channel, requests }) => `${channel ?? ""}${requests}`));
  await close();
});

test("a person clicks through, by mouse and by keys", async () => {
  const { page, open, complaints, close } = await visitor();
  await open("/");
  for (const [name, where] of [["Chat", "/chat"], ["Subjects", "/subjects"], ["Pages", "/pages"], ["Referrers", "/referrers"], ["Devices", "/devices"], ["Quality", "/quality"], ["Events", "/events"], ["SQL", "/sql"]]) {
    await follow(page, page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }));
    assert.equal(new URL(page.url()).pathname, where);
  }
  // A list's value filters; what takes longer with it has a page of its own.
  for (const [list, value, filter, left] of [["#devices", "Mobile", "device=mobile", null], ["#referrers", "search.example", "referrer=search.example", "#pages"]]) {
    await open("/");
    await follow(page, page.locator(`${list} a`, { hasText: value }).first());
    assert.ok(page.url().endsWith(`/?${filter}`), page.url());
    // Its numbers may still be counted.
    await page.locator(left ? `${left} a` : "#pages svg").first().waitFor({ state: "attached" });
    assert.equal((await page.locator("#pages svg").count()) === 0, left !== null);
    if (left) await follow(page, page.locator(`${left} a`));
    assert.ok(page.url().endsWith(`${left ? "/pages" : "/"}?${filter}`), page.url());
  }
  await open("/quality");
  await follow(page, page.locator("#reasons a").first());
  assert.ok(page.url().includes("/events?show=rejected&reason="), page.url());
  await open("/events");
  await follow(page, page.locator("table.lines tbody th a").first());
  assert.match(page.url(), /\/events\/./);
  assert.equal(await page.locator(".verdict.good").textContent(), "Accepted");
  await open("/");
  await page.keyboard.press("?");
  assert.ok(await page.locator("#keys").isVisible());
  await page.keyboard.press("Escape");
  await page.locator("#keys").waitFor({ state: "hidden" });
  await page.keyboard.press("2");
  await page.waitForURL("**/chat");
  await open("/sql");
  await page.keyboard.press("/");
  await page.keyboard.type("select count(*) as n from conta");
  await page.keyboard.press("Control+Space");
  assert.equal(await page.locator("#q").inputValue(), "select count(*) as n from contacts");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL("**/sql?q=*");
  assert.equal(await page.locator("#history a").first().textContent(), "select count(*) as n from contacts");
  // Values of a chart by arrow keys.
  await open("/");
  await page.locator("svg.plot").first().focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("svg.plot .part.on").count(), 1);
  assert.deepEqual(complaints, []);
  await close();
});

test("a view is saved, noted upon, shared, opened by whoever has the link, and taken back", async () => {
  const { page, open, complaints, close } = await visitor({ scripts: false });
  const field = (name) => page.locator(`details[open] [name="${name}"]`);
  const menu = (name) => page.locator("details.pop > summary", { hasText: name }).click();
  await open("/?since=30d&channel=chat");
  await menu("Views");
  await field("name").fill("Chats of a month");
  await follow(page, page.getByRole("button", { name: "Save", exact: true }));
  assert.equal(new URL(page.url()).search, "?since=30d&channel=chat");
  await menu("Views");
  keep("menu-views", await page.screenshot());
  await follow(page, page.getByRole("link", { name: "Chats of a month" }));
  assert.equal(new URL(page.url()).search, "?since=30d&channel=chat");

  await menu("Notes");
  await field("text").fill("New <b>shop</b> opened");
  await follow(page, page.getByRole("button", { name: "Add" }).last());
  assert.match(await page.textContent("#requests .says"), /Notes: .*New <b>shop<\/b> opened/);
  await menu("Notes");
  keep("menu-notes", await page.screenshot());
  assert.equal(await page.locator("#requests circle.note").count(), 1);

  await menu("Views");
  await field("label").fill("For the board");
  await follow(page, page.getByRole("button", { name: "Make a link" }));
  const link = await page.inputValue("input[readonly]");
  keep("link-made", await page.screenshot());
  const shown = async (where) => {
    const other = await visitor();
    const answer = await other.page.goto(where);
    const number = answer.ok() ? await other.page.textContent(".stat .number") : null;
    const found = { status: answer.status(), number, links: await other.page.locator("a, form").count(), complaints: other.complaints };
    keep(`shared-${answer.status()}`, await other.page.screenshot({ fullPage: true }));
    await other.close();
    return found;
  };
  await open("/?since=30d&channel=chat");
  const number = await page.textContent(".stat .number");
  assert.deepEqual(await shown(link), { status: 200, number, links: 0, complaints: [] });
  assert.deepEqual(await shown(`${link}?since=90d&channel=call`), { status: 200, number, links: 0, complaints: [] });

  await open("/views");
  keep("views", await page.screenshot({ fullPage: true }));
  await follow(page, page.getByRole("button", { name: "Revoke For the board" }));
  assert.equal((await shown(link)).status, 410);
  await follow(page, page.getByRole("button", { name: "Delete Chats of a month" }));
  await follow(page, page.getByRole("button", { name: "Delete New <b>shop" }));
  const left = await page.locator(".kept > li").allTextContents();
  assert.equal(left.length, 4, "those of other tests, and the link that is over");
  assert.ok(left.some((text) => text.includes("For the board") && text.includes("revoked")), left.join());
  assert.deepEqual(complaints, []);
  await close();
});

test("a shared page changes in place too, by a stream that knows nothing else", async () => {
  const { page, open, complaints, close } = await visitor();
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await open(shared);
  assert.ok(await poll(LIVE_MS_MAX, () => asked.includes(`${shared}/live`)), asked.join());
  const number = page.locator(".stat .number").first();
  const shown = async () => Number((await number.textContent()).replaceAll(/[^0-9]/g, ""));
  const begin = await shown();
  await new Promise((done) => setTimeout(done, 1_500));
  const event = { _id: "live-2", timestamp: new Date().toISOString(), customerFeedback: { chatOffered: 1, chatSessionID: "L2" } };
  await fetch(`${frontdesk.url}/v1/events`, { method: "POST", body: JSON.stringify(event) });
  assert.ok(await poll(2 * LIVE_MS_MAX, async () => (await shown()) === begin + 1), `${await shown()} instead of ${begin + 1}`);
  assert.ok(asked.every((path) => path.startsWith("/share/") || path.startsWith("/assets/")), asked.join());
  assert.deepEqual(complaints, []);
  await close();
});

test("numbers change in place, by one stream for all tabs", async () => {
  const { page, open, complaints, close } = await visitor();
  const streams = [];
  page.context().on("request", (request) => request.url().endsWith("/live") && streams.push(request));
  await open("/");
  const other = await page.context().newPage();
  await other.goto(`${frontdesk.url}/chat`);
  const number = page.locator(".stat .number").first();
  const begin = Number((await number.textContent()).replaceAll(/[^0-9]/g, ""));
  assert.ok(await poll(LIVE_MS_MAX, () => streams.length > 0), "no stream");
  // Something that is open stays open.
  await page.locator("details.numbers summary").first().click();
  await page.bringToFront();
  await new Promise((done) => setTimeout(done, 1_500));
  const event = { _id: "live-1", timestamp: new Date().toISOString(), customerFeedback: { chatStart: 1, chatSessionID: "L1" } };
  await fetch(`${frontdesk.url}/v1/events`, { method: "POST", body: JSON.stringify(event) });
  const shown = async () => Number((await number.textContent()).replaceAll(/[^0-9]/g, ""));
  assert.ok(await poll(LIVE_MS_MAX, async () => (await shown()) === begin + 1), `${await shown()} instead of ${begin + 1}`);
  assert.ok(await page.locator("details.numbers").first().evaluate((details) => details.open));
  assert.equal(streams.length, 1);
  assert.deepEqual(complaints, []);
  await close();
});

test("a server without events is filled by one button, and left as it was by a filter", async () => {
  const empty = await startFrontdesk({ streams: {} });
  try {
    for (const { name, colorScheme, width } of LOOKS) {
      const { page, close } = await visitor({ colorScheme, width });
      await page.goto(empty.url);
      await isSound(page, { name }, "empty");
      await close();
    }
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(empty.url);
    await page.getByRole("button", { name: "Load 20,000 made-up events" }).click();
    const told = () => page.locator(".told").textContent();
    const isOver = async () => (await page.goto(empty.url)) && (await told()).startsWith("These numbers are made up") && (await page.locator(".stats").count()) > 0;
    assert.ok(await poll(3 * LIVE_MS_MAX, isOver), await told());
    keep("demo-loaded", await page.screenshot({ fullPage: true }));
    const report = await (await fetch(`${empty.url}/v1/reports/quality`)).json();
    assert.equal(report.metrics.late.value, 0, "a file's events aren't late");
    const rows = await empty.sql("select datastream, count(*) as events from events group by datastream");
    assert.deepEqual(rows, [{ datastream: "demo", events: 19_900 }]);
    assert.equal(await page.locator("form.offer").count(), 0);
    await follow(page, page.locator(".told a", { hasText: "without them" }));
    assert.equal(new URL(page.url()).search, "?datastream=!demo");
    assert.equal((await page.locator(".stat .number").first().textContent()).trim(), "0");
    await context.close();
  } finally {
    await empty.stop();
  }
});

test("a period of one's own is compared with, a view is opened by its name, a reason has its command", async () => {
  const { page, open, complaints, close } = await visitor({ scripts: false });
  await open("/?since=7d");
  await page.locator("details.pop > summary", { hasText: "Compare" }).click();
  keep("menu-compare", await page.screenshot());
  const day = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  await page.locator("[name=compare_since]").fill(day(40));
  await page.locator("[name=compare_until]").fill(day(30));
  await follow(page, page.getByRole("button", { name: "Compare", exact: true }));
  const report = await (await fetch(`${frontdesk.url}/v1/reports/overview?since=7d&compare=${day(40)}..${day(30)}`)).json();
  assert.equal(report.compared.with, "own");
  assert.match(await page.locator("#requests .says").textContent(), /other period/);
  // What a link of this page holds is one parameter.
  const href = await page.locator(".seg a").first().getAttribute("href");
  assert.ok(href.includes(`compare=${day(40)}..${day(30)}`), href);
  await page.locator("details.pop > summary", { hasText: "Compare" }).click();
  await follow(page, page.getByRole("link", { name: "Same weekdays before" }));
  assert.ok(page.url().endsWith("compare=weekdays"), page.url());

  const name = "Everything about deliveries, for the Monday meeting with the warehouse";
  await open(`/views/${encodeURIComponent(name)}?since=90d`);
  assert.equal(new URL(page.url()).pathname, "/");
  assert.equal(new URL(page.url()).searchParams.get("since"), "90d");
  assert.equal(new URL(page.url()).searchParams.get("device"), "mobile");

  // Examples are left out where they aren't found at once.
  const hasExamples = async () => (await open("/quality?since=30d")) && (await page.locator("#again .examples").count()) > 0;
  assert.ok(await poll(LIVE_MS_MAX, hasExamples));
  const command = await page.locator("#again .examples code").last().textContent();
  const [, id] = command.match(/^frontdesk rejects retry ([-0-9a-f]+)$/);
  const found = await frontdesk.sql(`select kind from rejects where reject_id = '${id}'`);
  assert.deepEqual(found, [{ kind: "invalid" }]);
  // Each chart's numbers are there as a table, those of the lines too.
  await open("/");
  assert.equal(await page.locator(".stats + details.numbers table thead th").count(), 7);
  assert.deepEqual(complaints, []);
  await close();
});
