// A real Chromium, and visitors in it who call the Web SDK.
//
// The browser resolves only the hosts of the test, all on loopback; any other name is not
// found, so nothing leaves the machine. It trusts the development certificate by its public
// key and no other. A visitor has cookies of its own and keeps a list of what it has sent.
import { createHash, X509Certificate } from "node:crypto";
import { chromium } from "playwright-core";
import { poll } from "./poll.mjs";

const SEND_MS_MAX = 8_000;
const COMMAND_MS_MAX = 20_000;
const EDGE_PATH = /^\/(.+?)\/v1\/(interact|collect|identity\/acquire|privacy\/set-consent)$/;

/** The public key's hash, as Chromium wants it. */
function publicKeyHash(pem) {
  const key = new X509Certificate(pem).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

/** Starts a browser. `hosts` has the port on loopback for each host name's port 443. */
export async function launch({ hosts, certificates, http2 = true }) {
  const rules = Object.entries(hosts).map(([host, port]) => `MAP ${host}:443 127.0.0.1:${port}`);
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--host-resolver-rules=${[...rules, "MAP * ~NOTFOUND"].join(",")}`,
    `--ignore-certificate-errors-spki-list=${certificates.map(publicKeyHash).join(",")}`,
  ];
  if (!http2) args.push("--disable-http2");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args,
  });
  const visitor = async (cookies = []) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    if (cookies.length) await context.addCookies(cookies);
    return new Visitor(context);
  };
  return { visitor, close: () => browser.close() };
}

/** What a request carries; null for a beacon, which the browser doesn't show, and for what is no JSON. */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A request of the SDK, with each attempt to get it through. */
class Exchange {
  /** The SDK tries again with the same id: after a 503, or when a beacon is refused for its length. */
  attempts = [];

  constructor(url, base, action) {
    Object.assign(this, { url, base, action, host: url.hostname });
    this.configId = url.searchParams.get("configId");
    this.requestId = url.searchParams.get("requestId");
  }

  get last() {
    return this.attempts.at(-1);
  }

  add(request) {
    const isBeacon = request.resourceType() === "ping";
    const attempt = { isBeacon, body: json(request.postData()), response: null, failure: null };
    this.attempts.push(attempt);
    request.response().then(
      (response) => {
        attempt.response = response;
        attempt.failure = request.failure()?.errorText ?? null;
      },
      () => (attempt.failure = "the page is gone"),
    );
  }
}

/** One visitor: a cookie jar, its pages, and what they sent to the edge API. */
class Visitor {
  /** What was sent, in order: one `Exchange` for each request id. */
  sent = [];
  /** Errors that pages did not catch. */
  errors = [];

  constructor(context) {
    this.context = context;
    context.on("request", (request) => this.#note(request));
    context.on("weberror", (error) => this.errors.push(error.error().message));
  }

  #note(request) {
    const url = new URL(request.url());
    const [, base, action] = url.pathname.match(EDGE_PATH) ?? [];
    if (!action) return;
    const id = url.searchParams.get("requestId");
    let exchange = this.sent.find(({ requestId }) => requestId === id);
    if (!exchange) this.sent.push((exchange = new Exchange(url, base, action)));
    exchange.add(request);
  }

  /** Opens a page in a new tab. */
  async open(url) {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** Waits until `count` requests have been made after the first `from`, and returns them. */
  async sentFrom(from, count) {
    await poll(SEND_MS_MAX, () => this.sent.length >= from + count);
    return this.sent.slice(from);
  }

  /**
   * Waits until every fetch made so far has been answered; false when one isn't. The answer to
   * a beacon is shown only while its page lives.
   */
  async answered() {
    return poll(SEND_MS_MAX, () => this.sent.every(({ last }) => last.response || last.isBeacon));
  }

  /** The value of a cookie; `undefined` when there is none. */
  async cookie(name) {
    return (await this.context.cookies()).find((cookie) => cookie.name === name)?.value;
  }

  async close() {
    await this.context.close();
  }
}

/** Calls the SDK in a page: `{ ok: true, result }` or `{ ok: false, error }`. */
export async function alloy(page, command, options = {}) {
  return page.evaluate(
    ([name, given, ms]) => {
      // The SDK itself waits for ever, for example for consent.
      const late = new Promise((_, reject) => setTimeout(reject, ms, new Error(`${name} was not settled in ${ms} ms`)));
      return Promise.race([window.alloy(name, given), late]).then(
        (result) => ({ ok: true, result: JSON.parse(JSON.stringify(result ?? null)) }),
        (error) => ({ ok: false, error: String(error?.message ?? error) }),
      );
    },
    [command, options, COMMAND_MS_MAX],
  );
}
