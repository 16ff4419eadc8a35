// The served file is the source's, small enough, and the source is well typed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, gzipBytes, GZIP_BYTES_MAX, SERVED, SOURCE } from "./build.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = await readFile(process.env.TAG_SOURCE ?? SOURCE, "utf8");

test("tag.min.js is made from tag.js as it is now", async () => {
  assert.equal(await readFile(SERVED, "utf8"), await build(source), "run `node e2e/tag/build.mjs`");
});

test("it is at most 3,072 bytes gzipped", async () => {
  const bytes = gzipBytes(await build(source));
  assert.ok(bytes <= GZIP_BYTES_MAX, `${bytes} bytes`);
});

test("it evaluates no text and writes no markup", () => {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  for (const banned of [
    "eval",
    "Function(",
    "innerHTML",
    "insertAdjacentHTML",
    "document.write",
    "document.cookie",
    "preventDefault",
    "stopPropagation",
    ".style",
    "createElement",
    "sessionStorage",
  ]) {
    assert.ok(!code.includes(banned), banned);
  }
});

test("tsc --checkJs --strict finds nothing", () => {
  const tsc = here("../node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", here("../../crates/server/web")], { encoding: "utf8" });
  } catch (error) {
    assert.fail(error.stdout || error.message);
  }
});

test("docs/tag.md names every widget, attribute and limit that the tag has", async () => {
  const docs = await readFile(here("../../docs/tag.md"), "utf8");
  const widgets = source.slice(source.indexOf("const WIDGET_EVENTS"), source.indexOf("const page ="));
  const events = [...widgets.matchAll(/"?([\w.:-]+)"?: (?:OFFERED|STARTED|ENDED)/g)].map(([, event]) => event);
  assert.ok(events.length >= 13, events.join(" "));
  const attributes = [...source.matchAll(/\boptions\.(\w+)/g)].map(
    ([, name]) => `data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
  );
  const limits = [...source.matchAll(/const (\w+_MAX|BACKOFF_MS_MIN) =/g)].map(([, name]) => name);
  for (const name of [...events, ...attributes, ...limits]) assert.ok(docs.includes(`\`${name}\``), name);
});
