// Every test of a suite, on every probe under test, over every transport.
import { after, before, describe, test } from "node:test";
import { Client, MODES, manager, unique } from "./client.mjs";
import { Missing, probes, startProbe } from "./probe.mjs";

const TEST_DEADLINE_MS = 120_000;

/** What a test works with: one probe, one transport, and connections that are closed when the test ends. */
class Bench {
  #managers = [];

  constructor(name, probe, mode) {
    this.name = name;
    this.probe = probe;
    this.mode = mode;
  }

  get url() {
    return this.probe.url;
  }

  /** A size of binary data that fits into one message: base64 makes it a third larger over polling. */
  get binaryLimit() {
    return this.mode === "polling" ? 700_000 : 900_000;
  }

  /** A connection of its own, not opened yet. */
  manager(options = {}) {
    const made = manager(options.url ?? this.url, options.mode ?? this.mode, options);
    this.#managers.push(made);
    return made;
  }

  /** A client that is not connected yet; `on` shares the manager of another one. */
  client(namespace = "/", { auth, on = this.manager(), ...options } = {}) {
    return new Client(on.socket(namespace, { auth, ...options }));
  }

  /** A connected client that has taken its `auth` event; when upgrading, it already has. */
  async connect(namespace = "/", { auth, on, ...options } = {}) {
    const client = await this.client(namespace, { auth, on: on ?? this.manager(options) }).open();
    await client.take("auth");
    if ((options.mode ?? this.mode) === "upgrading") await client.upgraded();
    return client;
  }

  connectMany(count, namespace, options) {
    return Promise.all(Array.from({ length: count }, () => this.connect(namespace, options)));
  }

  /** A name for a room that no other test uses. */
  room() {
    return unique();
  }

  close() {
    for (const made of this.#managers) {
      for (const socket of Object.values(made.nsps)) socket.disconnect();
      made._close();
    }
  }
}

function runOne(state, mode, body) {
  return async (context) => {
    if (!state.probe) return context.skip(state.missing);
    const bench = new Bench(state.name, state.probe, mode);
    context.after(() => bench.close());
    await body(bench, context);
  };
}

function defineOn(name, title, env, modes, define) {
  describe(`${title} (${name})`, () => {
    const state = { name };
    before(async () => {
      state.probe = await startProbe(name, env).catch((error) => {
        if (!(error instanceof Missing)) throw error;
        state.missing = error.message;
      });
    });
    after(() => state.probe?.stop());
    for (const mode of modes) {
      describe(mode, () => {
        define((what, ...rest) => {
          const body = rest.pop();
          const skip = rest[0]?.beyond && name === "official" ? "the official server does not do this" : false;
          test(what, { timeout: TEST_DEADLINE_MS, skip }, runOne(state, mode, body));
        }, mode);
      });
    }
  });
}

/**
 * Defines tests with `define(each, mode)`, where `each(what, { beyond }, async (bench, context) => …)` is one test.
 * `beyond: true`, which may be left out, marks what goes further than the official server does.
 */
export function suite(title, define, { env = {}, modes = MODES } = {}) {
  for (const name of probes) defineOn(name, title, env, modes, define);
}
