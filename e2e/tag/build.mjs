// Makes crates/server/web/tag.min.js, the file that `/tag.js` serves, from tag.js.
//
//     node e2e/tag/build.mjs
//
// A test makes it again and compares, so a change of tag.js without this step is seen.

import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { pathToFileURL } from "node:url";
import { minify } from "terser";

export const SOURCE = new URL("../../crates/server/web/tag.js", import.meta.url);
export const SERVED = new URL("../../crates/server/web/tag.min.js", import.meta.url);

/** What the tag may weigh as a browser gets it. */
export const GZIP_BYTES_MAX = 3072;

export async function build(source) {
  const { code } = await minify(source ?? (await readFile(SOURCE, "utf8")), {
    ecma: 2020,
    toplevel: true,
    compress: { passes: 4, unsafe_arrows: true, unsafe_methods: true, pure_getters: true },
    mangle: { toplevel: true },
    format: { comments: false },
  });
  return `${code}\n`;
}

export const gzipBytes = (code) => gzipSync(code, { level: 9 }).length;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const code = await build();
  await writeFile(SERVED, code);
  const bytes = gzipBytes(code);
  console.log(`tag.min.js: ${Buffer.byteLength(code)} bytes, ${bytes} gzipped (at most ${GZIP_BYTES_MAX})`);
  if (bytes > GZIP_BYTES_MAX) process.exitCode = 1;
}
