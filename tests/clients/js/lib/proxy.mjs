// A TCP proxy before a probe that can cut connections, freeze them, and hold back the upgrade to websocket.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const UPGRADE = /^GET [^\r\n]*[?&]sid=[^\r\n]*(\r\n[^\r\n]+)*\r\nupgrade: *websocket/i;
const POLL = /^GET [^\r\n]*transport=polling[^\r\n]*[?&]sid=/;

/** One connection: `inner` leads to the client, `outer` to the probe. */
class Pair {
  /** Whether a GET of a polling client waits for its answer. */
  polling = false;
  frozen = false;

  constructor(inner, outer) {
    this.inner = inner;
    this.outer = outer;
    this.#followEnd(inner, outer);
    this.#followEnd(outer, inner);
  }

  join() {
    this.inner.on("data", (chunk) => (this.polling = POLL.test(chunk.toString("latin1"))));
    this.outer.on("data", () => (this.polling = false));
    this.inner.pipe(this.outer);
    this.outer.pipe(this.inner);
  }

  freeze() {
    this.frozen = true;
    this.inner.unpipe(this.outer).resume();
    this.outer.unpipe(this.inner).resume();
  }

  get closed() {
    return this.inner.closed && this.outer.closed;
  }

  reset() {
    this.inner.resetAndDestroy();
    this.outer.resetAndDestroy();
  }

  #followEnd(end, other) {
    end.setNoDelay(true);
    end.on("error", () => {});
    end.on("close", () => this.frozen || other.destroySoon());
  }
}

class Proxy {
  #pairs = new Set();
  #held = [];
  #holding = false;
  #down = false;

  constructor(port) {
    /** The port of the probe; it may be changed for new connections. */
    this.target = port;
    this.server = createServer((inner) => this.#accept(inner));
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Whether a polling client waits for an answer, so that the probe will notice a cut at once. */
  get polling() {
    return [...this.#pairs].some((pair) => pair.polling);
  }

  /** From now on, upgrades of polling sessions wait until `release()`. */
  holdUpgrades() {
    this.#holding = true;
  }

  release() {
    this.#holding = false;
    for (const { goOn } of this.#held.splice(0)) goOn();
  }

  /** Ends the upgrades that are waiting; later ones wait again. */
  dropHeld() {
    for (const { inner } of this.#held.splice(0)) inner.resetAndDestroy();
  }

  /** Resets every connection, and every new one until `restore()`, as a network failure would. */
  cut() {
    this.#down = true;
    for (const pair of this.#pairs) pair.reset();
  }

  restore() {
    this.#down = false;
  }

  /** From now on, nothing passes on the connections of now, their ends included; new ones work. */
  freeze() {
    for (const pair of this.#pairs) pair.freeze();
  }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  #accept(inner) {
    if (this.#down) return inner.resetAndDestroy();
    const pair = new Pair(inner, connect(this.target, "127.0.0.1"));
    this.#pairs.add(pair);
    // Of a frozen pair one end may live on, and closing the proxy has to end that as well.
    for (const end of [inner, pair.outer]) end.on("close", () => pair.closed && this.#pairs.delete(pair));
    inner.pause().once("readable", () => this.#start(pair));
  }

  #start(pair) {
    const first = pair.inner.read();
    if (first === null) return pair.join();
    pair.inner.unshift(first);
    if (!this.#holding || !UPGRADE.test(first.toString("latin1"))) return pair.join();
    this.#held.push({ inner: pair.inner, goOn: () => pair.join() });
  }
}

/** A proxy on a free port. */
export async function startProxy(port) {
  const proxy = new Proxy(port);
  proxy.server.listen(0, "127.0.0.1");
  await once(proxy.server, "listening");
  return proxy;
}
