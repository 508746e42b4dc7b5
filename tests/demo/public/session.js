// The connection: who we are, what still has to be sent, and over which transport. Draws nothing.
import { io } from "/socket.io/socket.io.esm.min.js";

const ACK_MS = 10_000;
const TYPING_REPEAT_MS = 2000;
const TYPING_IDLE_MS = 3000;
const RETRY_MS = 1000;
/** After so many failures in a row a transport that was asked for gives way to the automatic choice. */
const PATIENCE = 2;
const AUTOMATIC = ["polling", "websocket"];

/**
 * A visitor's session. It survives reconnects: the same key enters the same room again, and messages that were not
 * acknowledged are sent again (the server knows them by their nonce).
 *
 * `handlers`: state(state, reason), transport(name), entered(answer), refused(error), draft(draft, state, detail),
 * blocked(wanted) and one per server event: rooms, members, message, receipt, typing, notice.
 */
export class Session {
  #handlers;
  #socket;
  #wish = null;
  #entered = false;
  #replaced = false;
  #outbox = [];
  #wanted = null;
  #failures = 0;
  #typing = { at: 0, idle: 0 };

  constructor(handlers) {
    this.#handlers = handlers;
    this.#socket = io({ transports: AUTOMATIC, reconnectionDelay: 400, reconnectionDelayMax: 4000, timeout: 8000 });
    this.#listen();
  }

  /** Enters a room under a name, now and after every reconnect. */
  enter(name, room) {
    if (this.#wish && this.#wish.room !== room) this.#outbox = [];
    this.#wish = { name, room };
    this.#entered = false;
    if (this.#socket.connected) this.#enter();
  }

  /** Leaves for good; the connection stays. */
  leave() {
    this.#wish = null;
    this.#entered = false;
    this.#outbox = [];
    this.#socket.emit("leave", () => {});
  }

  /** Sends a draft `{nonce, text, picture}` as soon as that is possible, once. */
  say(draft) {
    this.typing(false);
    this.#outbox.push({ draft, inFlight: false });
    this.#handlers.draft(draft, "waiting");
    this.#flush();
  }

  /** Tells the room that we are writing; said again every two seconds at most, taken back after three idle ones. */
  typing(active) {
    const now = Date.now();
    clearTimeout(this.#typing.idle);
    if (active) this.#typing.idle = setTimeout(() => this.typing(false), TYPING_IDLE_MS);
    const due = active ? now - this.#typing.at >= TYPING_REPEAT_MS : this.#typing.at > 0;
    if (!due || !this.#entered) return;
    this.#typing.at = active ? now : 0;
    this.#socket.volatile.emit("typing", active);
  }

  presence() {
    if (this.#entered) this.#socket.emit("presence", presenceNow());
  }

  /** Reconnects this tab over one transport: "polling" or "websocket". */
  switchTransport(name) {
    this.#wanted = name;
    this.#use([name]);
    this.reconnect();
  }

  reconnect() {
    this.#failures = 0;
    this.#replaced = false;
    this.#handlers.state("connecting");
    this.#socket.disconnect().connect();
  }

  #use(transports) {
    this.#socket.io.opts.transports = transports;
  }

  #listen() {
    const socket = this.#socket;
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", (reason) => this.#disconnected(reason));
    socket.on("connect_error", () => this.#failed());
    socket.on("replaced", () => (this.#replaced = true));
    socket.on("message", (message, ack) => {
      ack();
      this.#handlers.message(message);
    });
    for (const name of ["rooms", "members", "receipt", "typing", "notice"]) {
      socket.on(name, (argument) => this.#handlers[name](argument));
    }
  }

  #connected() {
    const engine = this.#socket.io.engine;
    const transport = engine.transport.name;
    this.#failures = 0;
    engine.on("upgrade", (upgraded) => this.#handlers.transport(upgraded.name));
    this.#handlers.state("connected");
    this.#handlers.transport(transport);
    if (this.#wish) this.#enter();
  }

  #disconnected(reason) {
    this.#entered = false;
    this.#typing.at = 0;
    for (const entry of this.#outbox) {
      entry.inFlight = false;
      this.#handlers.draft(entry.draft, "waiting");
    }
    this.#handlers.state(this.#replaced ? "offline" : "connecting", this.#replaced ? "replaced" : "lost");
    if (reason === "io server disconnect" && !this.#replaced) setTimeout(() => this.#socket.connect(), RETRY_MS);
  }

  #failed() {
    this.#failures += 1;
    this.#handlers.state("connecting", "unreachable");
    if (this.#wanted && this.#failures >= PATIENCE) {
      this.#handlers.blocked(this.#wanted);
      this.#wanted = null;
      this.#use(AUTOMATIC);
    }
  }

  #enter() {
    const wish = this.#wish;
    const status = presenceNow();
    this.#socket.timeout(ACK_MS).emit("enter", { key: key(), status, ...wish }, (late, answer) => {
      if (this.#wish !== wish) return;
      if (late) return this.#socket.connected && this.reconnect();
      if (!answer.ok) {
        this.#wish = null;
        return this.#handlers.refused(answer.error);
      }
      this.#wish = { name: answer.name, room: answer.room };
      this.#entered = true;
      if (presenceNow() !== status) this.presence();
      this.#handlers.entered(answer);
      this.#flush();
    });
  }

  #flush() {
    if (!this.#entered) return;
    for (const entry of this.#outbox.filter((waiting) => !waiting.inFlight)) this.#send(entry);
  }

  #send(entry) {
    const { draft } = entry;
    entry.inFlight = true;
    this.#socket.timeout(ACK_MS).emit("say", draft, (late, answer) => {
      if (!this.#outbox.includes(entry) || (late && !this.#socket.connected)) return;
      if (late || answer.error === "not-entered") {
        entry.inFlight = false;
        return late ? this.#flush() : this.#wish && this.#enter();
      }
      this.#outbox.splice(this.#outbox.indexOf(entry), 1);
      this.#handlers.draft(draft, answer.ok ? "acknowledged" : "failed", answer);
    });
    this.#handlers.draft(draft, "sent");
  }
}

const presenceNow = () => (document.visibilityState === "hidden" ? "away" : "here");

/** The tab's secret: a reload keeps it, another tab has another one. */
function key() {
  const kept = sessionStorage.getItem("pancar-key");
  if (kept) return kept;
  const made = randomId(32);
  sessionStorage.setItem("pancar-key", made);
  return made;
}

/** A random string of hexadecimal digits (`crypto.randomUUID` would need a secure context). */
export function randomId(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length / 2));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
