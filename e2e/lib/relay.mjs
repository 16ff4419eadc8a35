// A TCP relay between the browser and the server: the place where the network breaks.
//
// It passes bytes on and understands none of them, so TLS stays between browser and server.
// It can point to another port after a restart, keep connections waiting while there is no
// server, keep answers back until the test knows that a request has arrived, and cut.
import net from "node:net";

/** Starts a relay to a port on loopback; without one, connections wait for `pointTo`. */
export async function startRelay(targetPort = null) {
  const relay = new Relay(targetPort);
  await relay.listen();
  return relay;
}

class Relay {
  #server = net.createServer((client) => this.#accept(client));
  #pairs = new Set();
  #waiting = new Set();
  #target;
  #holdsAnswers = false;
  /** Connections that the browser has opened so far. */
  connections = 0;

  constructor(target) {
    this.#target = target;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = this.#server.address().port;
  }

  /** Where new connections go; those that waited go there too. `null` makes new ones wait. */
  pointTo(port) {
    this.#target = port;
    const waiting = port === null ? [] : [...this.#waiting];
    for (const client of waiting) {
      this.#waiting.delete(client);
      this.#connect(client);
    }
  }

  /** From now on, what the server says is swallowed on the connections that are open. */
  holdAnswers() {
    this.#holdsAnswers = true;
    for (const pair of this.#pairs) pair.isHeld = true;
  }

  /** Closes the connections that are held, without the answers; new ones work again. */
  cutHeld() {
    this.#holdsAnswers = false;
    for (const pair of [...this.#pairs].filter((open) => open.isHeld)) pair.close();
  }

  async close() {
    for (const pair of [...this.#pairs]) pair.close();
    for (const client of this.#waiting) client.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client) {
    this.connections += 1;
    client.on("error", () => client.destroy());
    if (this.#target !== null) return this.#connect(client);
    this.#waiting.add(client);
    client.once("close", () => this.#waiting.delete(client));
  }

  #connect(client) {
    const upstream = net.connect(this.#target, "127.0.0.1");
    const pair = {
      isHeld: this.#holdsAnswers,
      close: () => {
        this.#pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      },
    };
    this.#pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", pair.close).on("close", pair.close);
    }
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      if (!pair.isHeld) client.write(bytes);
    });
  }
}
