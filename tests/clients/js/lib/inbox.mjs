// Everything that a socket received, in order, to be taken one by one.

export const DEADLINE_MS = 20_000;

/** A promise that is rejected with `describe()` when it has not settled in time. */
export function withDeadline(promise, describe, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${describe()} (waited ${ms} ms)`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Inbox {
  #events = [];
  #waiting = [];

  push(name, args) {
    const index = this.#waiting.findIndex((waiting) => waiting.name === name);
    if (index === -1) this.#events.push({ name, args });
    else this.#waiting.splice(index, 1)[0].resolve(args);
  }

  /** The arguments of the oldest event `name` that was not taken yet; waits for one to come. */
  take(name) {
    const index = this.#events.findIndex((event) => event.name === name);
    if (index !== -1) return Promise.resolve(this.#events.splice(index, 1)[0].args);
    const { promise, waiting } = this.#wait(name);
    return withDeadline(promise, () => `no event ${name}, but ${this}`).catch((error) => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      throw error;
    });
  }

  /** The arguments of the next `count` events `name`. */
  async takeMany(name, count) {
    const taken = [];
    while (taken.length < count) taken.push(await this.take(name));
    return taken;
  }

  /** Takes whatever is here of the events `name`, without waiting. */
  drain(name) {
    const found = this.#events.filter((event) => event.name === name);
    this.#events = this.#events.filter((event) => event.name !== name);
    return found.map((event) => event.args);
  }

  /** Names of all events that nobody took. */
  get names() {
    return this.#events.map((event) => event.name);
  }

  #wait(name) {
    const waiting = { name };
    const promise = new Promise((resolve) => (waiting.resolve = resolve));
    this.#waiting.push(waiting);
    return { promise, waiting };
  }

  toString() {
    return this.names.length === 0 ? "nothing else" : `${this.names.length} others: ${this.names.slice(0, 20)}`;
  }
}
