// One real `frontdesk serve` for a test: its process, its directory, and what it can be asked.
//
// The server runs in a directory of its own that is deleted at the end, on free ports, with
// development TLS. It is asked only over loopback HTTP, as any other client would.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { poll } from "./poll.mjs";

export const ORG = "5BFE274A5F6980A50A495C08@AdobeOrg";
export const DATASTREAM = "bc1a10e0-aee4-4e0e-ac5b-cdbb9abbec83";
/** A second datastream, for overrides in a call. */
export const OTHER_DATASTREAM = "7d0b5f4e-2f0f-4c57-9a3b-0c5b8a6f1e22";
/** A datastream that rejects properties that the schema doesn't declare. */
export const STRICT_DATASTREAM = "f3a9c0de-64c1-4d0e-8f07-2b7d51a0c944";
/** The page's host, and the server's as a third and as a first party. */
export const SITE = "www.shop.test";
export const THIRD_PARTY = "collect.vendor.test";
export const FIRST_PARTY = "edge.shop.test";
/** A site that no datastream lists. */
export const FOREIGN_SITE = "www.other.test";
export const HOSTS = [SITE, THIRD_PARTY, FIRST_PARTY, FOREIGN_SITE];

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const LOG_BYTES_SHOWN = 4_000;

/** The program under test. */
export function program() {
  if (process.env.FRONTDESK_BIN) return process.env.FRONTDESK_BIN;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const built = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, "target"), "debug/frontdesk");
  if (!fs.existsSync(built)) throw new Error(`${built} is not there; run \`cargo build\`, or set FRONTDESK_BIN`);
  return built;
}

/** The datastreams of the tests, as the settings file has them. */
export function datastreams() {
  const stream = (profile) => ({ org_id: ORG, origins: [`https://${SITE}`], profile });
  return {
    [DATASTREAM]: stream("spec"),
    [OTHER_DATASTREAM]: stream("spec"),
    [STRICT_DATASTREAM]: stream("aep-strict"),
  };
}

/** Settings of every test: rows are seen sooner, so that tests wait less. */
const QUICK = { drain_every: "20ms" };

/** The settings file: plain values first, then one table for each datastream. */
function toml(settings, streams) {
  // A string, number, boolean or list of strings is written alike in JSON and TOML.
  const lines = (table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const tables = Object.entries(streams).flatMap(([id, stream]) => [`[datastreams.${id}]`, ...lines(stream)]);
  return `${[...lines(settings), ...tables].join("\n")}\n`;
}

/** Starts a server and waits until it is ready. */
export async function startFrontdesk({ settings = {}, streams = datastreams() } = {}) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "frontdesk-e2e-"));
  const frontdesk = new Frontdesk(directory);
  fs.writeFileSync(frontdesk.configFile, toml({ tls_names: HOSTS.join(","), ...QUICK, ...settings }, streams));
  try {
    await frontdesk.start();
  } catch (error) {
    await frontdesk.remove();
    throw error;
  }
  return frontdesk;
}

class Frontdesk {
  #process = null;
  #output = "";

  constructor(directory) {
    this.directory = directory;
    this.data = path.join(directory, "data");
    this.configFile = path.join(directory, "frontdesk.toml");
  }

  /** Starts the process on the same data; the ports are new ones. */
  async start() {
    this.#output = "";
    const args = ["serve", "--data", this.data, "--config", this.configFile, "--listen", "127.0.0.1:0"];
    args.push("--dev-tls", "--tls-listen", "127.0.0.1:0");
    const child = spawn(program(), args, { stdio: ["ignore", "pipe", "pipe"], cwd: this.directory });
    this.#process = child;
    // When a test file ends early, its server goes with it.
    process.once("exit", () => child.kill("SIGKILL"));
    let failure = null;
    child.once("error", (error) => (failure = error));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.#output += text));
    }
    const ready = await poll(START_MS_MAX, async () => {
      if (failure) throw failure;
      if (child.exitCode !== null) throw new Error(`frontdesk ended with ${child.exitCode}:\n${this.log()}`);
      const port = (scheme) => this.#output.match(`${scheme}://127\\.0\\.0\\.1:(\\d+)`)?.[1];
      this.httpPort = Number(port("http"));
      this.tlsPort = Number(port("https"));
      if (!this.httpPort || !this.tlsPort) return false;
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      await answer?.text();
      return answer?.ok;
    });
    if (!ready) throw new Error(`frontdesk was not ready in ${START_MS_MAX} ms:\n${this.log()}`);
  }

  /** Ends the process as a power cut would: nothing is flushed, nobody is told. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Ends the process in order, and deletes its directory. */
  async stop() {
    const code = await this.#end("SIGTERM");
    await this.remove();
    if (code !== 0) throw new Error(`frontdesk ended with ${code} when it was stopped:\n${this.log()}`);
  }

  async remove() {
    await this.#end("SIGKILL");
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  async #end(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? 0;
    const ended = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    child.kill(signal);
    const [code] = await ended;
    clearTimeout(timer);
    return code;
  }

  get url() {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** The end of what the process has printed. */
  log() {
    return this.#output.slice(-LOG_BYTES_SHOWN);
  }

  /** Certificate and key of the server, and the authority that signed it, as PEM. */
  certificate() {
    const read = (name) => fs.readFileSync(path.join(this.data, "dev-tls", name));
    return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  }

  /** The rows of a query. */
  async sql(query) {
    const answer = await fetch(`${this.url}/v1/sql`, { method: "POST", body: query });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${query}\nwas answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  /** The rows of a query once `enough` of them is true; the last ones seen when it never is. */
  async sqlUntil(query, enough, ms = 10_000) {
    let rows = [];
    await poll(ms, async () => enough((rows = await this.sql(query))));
    return rows;
  }

  /** What became of one event; `null` when the server knows nothing of it. */
  async receipt(id) {
    return this.#json(`/v1/events/${encodeURIComponent(id)}`);
  }

  /** The events of one test run, and how many were good and bad. */
  async testRun(testId) {
    return this.#json(`/v1/test/${encodeURIComponent(testId)}/events`);
  }

  async #json(resource) {
    const answer = await fetch(`${this.url}${resource}`);
    const text = await answer.text();
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${resource} was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }
}
