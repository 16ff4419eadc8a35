// Everything that one test file needs: a server, the relay before it, the shop and a browser.
import { launch } from "./browser.mjs";
import { FOREIGN_SITE, FIRST_PARTY, SITE, THIRD_PARTY, startFrontdesk } from "./frontdesk.mjs";
import { startRelay } from "./relay.mjs";
import { startSite } from "./site.mjs";

/** Starts them all, in this order, or none. */
export async function raise({ settings, streams, http2 } = {}) {
  const running = [];
  const strike = async () => {
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    const frontdesk = await startFrontdesk({ settings, streams });
    running.push(() => frontdesk.stop());
    const relay = await startRelay(frontdesk.tlsPort);
    running.push(() => relay.close());
    const certificate = frontdesk.certificate();
    const site = await startSite(certificate);
    running.push(() => site.close());
    const hosts = { [SITE]: site.port, [FOREIGN_SITE]: site.port };
    for (const host of [THIRD_PARTY, FIRST_PARTY]) hosts[host] = relay.port;
    const browser = await launch({ hosts, certificates: [certificate.cert], http2 });
    running.push(() => browser.close());
    return { frontdesk, relay, browser, strike };
  } catch (error) {
    await strike();
    throw error;
  }
}
