// What the tests of the tag stand on: a site whose pages carry the tag, an edge that takes
// the events (of our own, so that it can misbehave on demand), and a browser.
//
// The edge serves the file that Frontdesk serves as /tag.js; TAG_FILE names another one, for
// seeing a test fail with a changed tag.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { SERVED } from "./build.mjs";

const WAIT_MS_MAX = 5000;

const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`)));

const close = (server) => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
};

export async function until(look, what) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS_MAX} ms in vain for ${what}`);
  }
}

/**
 * Plays the Edge API. `plan` holds one answer per coming collect request (`{ status, headers }`,
 * or `'cut'` or `'hang'`); when it is empty the answer is 204.
 */
export async function startEdge() {
  const edge = { base: "", requests: [], plan: [], accepted, close: undefined };
  const tag = await readFile(process.env.TAG_FILE ?? SERVED);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://edge");
    if (url.pathname === "/tag.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(tag);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const cors = {
      "access-control-allow-origin": request.headers.origin ?? "*",
      "access-control-expose-headers": "Retry-After",
    };
    if (!/^\/[^/]+\/v1\/collect$/.test(url.pathname)) return response.writeHead(204, cors).end();
    const answer = edge.plan.shift() ?? { status: 204 };
    const seen = {
      method: request.method,
      path: url.pathname,
      configId: url.searchParams.get("configId"),
      requestId: url.searchParams.get("requestId"),
      headers: request.headers,
      body,
      status: undefined,
      at: Date.now(),
    };
    edge.requests.push(seen);
    if (answer === "cut") return request.socket.destroy();
    if (answer === "hang") return;
    // A request that its sender gives up before the answer doesn't count.
    setTimeout(() => {
      if (response.destroyed) return;
      seen.status = answer.status;
      response.writeHead(answer.status, { ...cors, ...answer.headers }).end();
    }, answer.delayMs ?? 0);
  });
  function accepted() {
    return edge.requests.filter(({ status }) => status === 204).flatMap(({ body }) => JSON.parse(body).events);
  }
  edge.base = await listen(server);
  edge.close = () => close(server);
  return edge;
}

/** The site: `pages` maps a path to what stands there. */
export async function startSite() {
  const pages = new Map();
  const server = createServer((request, response) => {
    const page = pages.get(new URL(request.url, "http://site").pathname);
    if (!page) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...page.headers }).end(page.html);
  });
  return { pages, base: await listen(server), close: () => close(server) };
}

/** A browser that finds loopback only, and what `hosts` maps to it: `name → port of its HTTPS`. */
export function startBrowser(hosts = {}) {
  const rules = Object.entries(hosts).map(([host, port]) => `MAP ${host}:443 127.0.0.1:${port}`);
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--headless=new",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      `--host-resolver-rules=${[...rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"].join(",")}`,
    ],
  });
}

/** Runs in the page: links and forms are followed by nobody but the tag. */
function keepPage() {
  const stay = (event) => {
    if (event.composedPath().some(({ localName }) => localName === "a" || localName === "area")) event.preventDefault();
  };
  addEventListener("click", stay);
  addEventListener("auxclick", stay);
  addEventListener("submit", (event) => event.preventDefault());
}

/** All three, for one file of tests; they end with it. */
export async function stage() {
  const [edge, site, browser] = await Promise.all([startEdge(), startSite(), startBrowser()]);
  after(() => Promise.all([browser.close(), edge.close(), site.close()]));
  const shared = await browser.newContext();
  let pagesMade = 0;
  let last;

  const script = (attributes = {}) => {
    const all = { "data-datastream": "shop", ...attributes };
    const text = Object.entries(all).map(([name, value]) => ` ${name}="${value}"`);
    return `<script async src="${edge.base}/tag.js"${text.join("")}></script>`;
  };

  /**
   * Opens a new page, with the edge emptied, and closes the one opened before. `tag`: the
   * script element's attributes, or false for none. `stay`: links and forms don't navigate.
   * `before` runs in the page before any script. `context`: a browser context other than the
   * shared one, whose pages the caller closes. `page.errors` has what was thrown in the
   * page, and what its policy refused.
   */
  async function open({ body = "", head = "", tag = {}, headers, stay = true, before, context, wait = true } = {}) {
    // Its queue is dropped first, or its last beacons would come in the next page's time.
    await last?.evaluate(() => window.frontdesk?.consent?.(false)).catch(() => {});
    await last?.close();
    const path = `/page-${++pagesMade}`;
    const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Lamps</title>${head}${
      tag ? script(tag) : ""
    }</head><body>${body}</body></html>`;
    site.pages.set(path, { html, headers });
    edge.requests = [];
    edge.plan = [];
    const page = await (context ?? shared).newPage();
    last = context ? undefined : page;
    page.errors = [];
    page.on("pageerror", (error) => page.errors.push(String(error)));
    page.on("console", (message) => /policy|trusted/i.test(message.text()) && page.errors.push(message.text()));
    if (stay) await page.addInitScript(keepPage);
    if (before) await page.addInitScript(before);
    await page.goto(site.base + path);
    if (tag && wait) await page.waitForFunction(() => window.frontdesk?.chat);
    return page;
  }

  /** The first `count` accepted events' XDM; more of them is a failure of its own. */
  async function arrived(count = 1) {
    await until(() => edge.accepted().length >= count, `${count} event(s)`);
    const events = edge.accepted();
    if (events.length !== count) throw new Error(`${events.length} events arrived instead of ${count}`);
    return events.map(({ xdm }) => xdm);
  }

  /** A request made after everything that the page did so far has been answered. */
  const settled = (page) =>
    page.evaluate((base) => fetch(`${base}/settled`, { method: "POST" }).then(() => {}), edge.base);

  return { edge, site, browser, open, arrived, settled, script };
}
