// A socket of the official client with an inbox, and what every test asks of it.
import { Manager } from "socket.io-client";
import { DEADLINE_MS, Inbox, withDeadline } from "./inbox.mjs";

export const MODES = ["polling", "websocket", "upgrading"];

const TRANSPORTS = { polling: ["polling"], websocket: ["websocket"], upgrading: ["polling", "websocket"] };

let names = 0;

/** A name that nobody else in this run uses. */
export function unique(prefix = "room") {
  names += 1;
  return `${prefix}-${process.pid}-${names}`;
}

/** A dynamic namespace that nobody else in this run uses. */
export function uniqueNamespace() {
  names += 1;
  return `/dyn-${process.pid}${String(names).padStart(6, "0")}`;
}

/** A connection of its own, not opened yet. */
export function manager(url, mode, options = {}) {
  return new Manager(url, { transports: TRANSPORTS[mode], reconnection: false, autoConnect: false, ...options });
}

// A failed promise that nobody waits for any more, because the test failed first, must not end the process.
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

export class Client {
  constructor(socket) {
    this.socket = socket;
    this.inbox = new Inbox();
    this.disconnects = new Inbox();
    socket.onAny((event, ...args) => this.inbox.push(event, args));
    socket.on("disconnect", (reason, details) => this.disconnects.push("disconnect", [reason, details]));
  }

  get id() {
    return this.socket.id;
  }

  get engine() {
    return this.socket.io.engine;
  }

  /** Connects and waits for it; a refusal is thrown. */
  open() {
    const outcome = new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("connect_error", reject);
    });
    this.socket.connect();
    return withDeadline(outcome, () => `${this.socket.nsp} did not connect`).then(() => this);
  }

  /** Waits until the connection runs over websocket. */
  async upgraded() {
    if (this.engine.transport.name === "websocket" && !this.engine.upgrading) return;
    const done = new Promise((resolve) => this.engine.once("upgrade", resolve));
    await withDeadline(done, () => "no upgrade");
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  take(event) {
    return this.inbox.take(event);
  }

  /** Sends an event and returns all arguments of its acknowledgement. */
  askAll(event, ...args) {
    const answer = new Promise((resolve, reject) => {
      this.socket.timeout(DEADLINE_MS).emit(event, ...args, (error, ...values) => {
        if (error) reject(new Error(`${event} was not acknowledged: ${error.message}`));
        else resolve(values);
      });
    });
    return quiet(answer);
  }

  /** Sends an event and returns the first argument of its acknowledgement. */
  ask(event, ...args) {
    return quiet(this.askAll(event, ...args).then(([value]) => value));
  }

  /** The reason of the next disconnect. */
  async disconnected() {
    return (await this.disconnects.take("disconnect"))[0];
  }

  close() {
    this.socket.disconnect();
    this.socket.io._close();
  }
}

/** Waits until everything that the server sent to `clients` before now has come; `sender` is connected to their namespace. */
export async function fence(sender, clients) {
  const token = unique("fence");
  sender.emit("broadcast", { from: "io", to: clients.map((client) => client.id) }, token);
  await Promise.all(clients.map((client) => client.take(token)));
}

/** Repeats the question until the answer satisfies `accept`; each try is a round trip of its own. */
export async function until(question, accept) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await question();
    if (accept(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
  }
}
