// The oldest Web SDK that is supported, as a file for pages.
//
// Its package has modules only, and the page takes a script; the file that its maker served
// then isn't in any package. So it is bundled here, unchanged.
import { buildSync } from "esbuild";
import { fileURLToPath } from "node:url";

const ENTRY = `
import { createInstance } from "alloy-oldest";
window.alloy = createInstance({ name: "alloy" });`;

/** The script that puts the SDK in place of `window.alloy`. */
export function oldestSdk() {
  const resolveDir = fileURLToPath(new URL("..", import.meta.url));
  const { outputFiles } = buildSync({
    stdin: { contents: ENTRY, resolveDir },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2020",
  });
  return outputFiles[0].contents;
}
