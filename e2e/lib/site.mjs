// The shop's own web server: its pages and the Web SDK's file, over HTTPS.
//
// It is a stranger to the server under test and shares only its development certificate,
// so that one thing is trusted by the browser.
import fs from "node:fs";
import https from "node:https";
import { oldestSdk } from "./oldest.mjs";

const SDK_FILE = new URL("../node_modules/@adobe/alloy/dist/alloy.min.js", import.meta.url);

// Keeps calls to `alloy` until the library has loaded and takes them over.
const QUEUE = `
(window.__alloyNS ||= []).push("alloy");
window.alloy = (...call) => new Promise((resolve, reject) => window.alloy.q.push([resolve, reject, call]));
window.alloy.q = [];`;

const PHONE_ICON = `<svg width="20" height="20"><rect width="20" height="20"/></svg>`;

const page = (sdk) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">
<script>${QUEUE}</script><script src="${sdk}"></script></head><body>
<header>
  <a id="tel" href="tel:+1-408-555-0100">Call us</a>
  <a id="telicon" href="tel:+14085550100" aria-label="Phone">${PHONE_ICON}</a>
  <a id="unnamed" href="tel:+14085550100">${PHONE_ICON}</a>
</header>
<nav><a id="sms" href="sms:+14085550100?body=Hi%20there">Text us</a></nav>
<main>
  <a id="mail" href="mailto:jo@shop.example?subject=Service%20Request">E-mail  Jo</a>
  <a id="internal" href="/next?x=1#frag">Next page</a>
  <a id="exit" href="https://other.example/path">Elsewhere</a>
  <a id="download" href="/files/manual.pdf?v=2">Manual</a>
  <button id="button" type="button" onclick="window.chats = 1">Start chat</button>
  <div id="listener" role="button" tabindex="0">Chat with us</div>
  <form id="form" action="/next"><input name="q" value="a"><button id="submit">Send request</button></form>
</main>
<footer><a id="whatsapp" href="https://wa.me/14085550100">WhatsApp</a></footer>
</body></html>`;

/** Starts the site; any path but the libraries' is the same page, with the SDK that `sdk=oldest` asks for. */
export async function startSite({ cert, key }) {
  const newest = fs.readFileSync(SDK_FILE);
  let oldest;
  const libraries = { "/alloy.min.js": () => newest, "/alloy-oldest.js": () => (oldest ??= oldestSdk()) };
  const server = https.createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url, "https://shop.test");
    const library = libraries[url.pathname];
    response.setHeader("content-type", library ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
    // A library is the same on every page of a test, and large.
    response.setHeader("cache-control", library ? "max-age=600" : "no-store");
    const isOldest = url.searchParams.get("sdk") === "oldest";
    response.end(library ? library() : page(isOldest ? "/alloy-oldest.js" : "/alloy.min.js"));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { port: server.address().port, close };
}
