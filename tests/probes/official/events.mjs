// The events that a client may send, one function each. An event that wants an ack but came without one is ignored.

const ACK_TIMEOUT_MS = 500;
const HANDSHAKE_KEYS = ["auth", "query", "headers", "address", "secure", "xdomain", "url", "issued", "time"];

/** What the `throw` event throws. */
export class ThrownOnPurpose extends Error {}

const byId = (a, b) => (a.id < b.id ? -1 : 1);

function acked(handler) {
  return (...args) => {
    const ack = args.pop();
    if (typeof ack === "function") handler(ack, ...args);
  };
}

function pick(object, keys) {
  return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

function targets(socket, options) {
  let target = options.from === "socket" ? socket.broadcast : socket.nsp.except([]);
  if (options.to?.length) target = target.to(options.to);
  if (options.except?.length) target = target.except(options.except);
  if (options.volatile) target = target.volatile;
  if (options.local) target = target.local;
  return options.compress === undefined ? target : target.compress(options.compress);
}

function messages({ socket, log }) {
  return {
    message: (...args) => socket.emit("message-back", ...args),
    "message-with-ack": acked((ack, ...args) => ack(...args)),
    "emit-with-ack": (...args) =>
      socket.timeout(ACK_TIMEOUT_MS).emit("emit-with-ack", ...args, (error, ...answers) => {
        if (!error) return socket.emit("emit-with-ack-back", ...answers);
        if (socket.connected) return socket.emit("emit-with-ack-failed", "timeout");
        log.push({ id: socket.id, event: "emit-with-ack-failed", reason: "disconnected" });
      }),
    "server-emit-many": (count, event) => {
      for (let index = 0; index < count; index++) socket.emit(event, index);
    },
    "volatile-many": (count, size) => {
      for (let index = 0; index < count; index++) socket.volatile.emit("v", "x".repeat(size));
    },
  };
}

function rooms({ socket }) {
  const nsp = socket.nsp;
  return {
    join: acked(async (ack, room) => {
      await socket.join(room);
      ack();
    }),
    leave: acked(async (ack, room) => {
      await socket.leave(room);
      ack();
    }),
    rooms: acked((ack) => ack([...socket.rooms].sort())),
    broadcast: (options, event, ...args) => targets(socket, options).emit(event, ...args),
    "broadcast-with-ack": acked((ack, options, event, ...args) =>
      targets(socket, options)
        .timeout(ACK_TIMEOUT_MS)
        .emit(event, ...args, (error, responses) => ack({ error: error ? "timeout" : null, responses })),
    ),
    "sockets-join": (of, join) => nsp.in(of).socketsJoin(join),
    "sockets-leave": (of, leave) => nsp.in(of).socketsLeave(leave),
    "disconnect-sockets": (of, close) => nsp.in(of).disconnectSockets(close),
  };
}

function inspection({ io, socket, log, seen, sent }) {
  return {
    "fetch-sockets": acked(async (ack, of) => {
      const found = await socket.nsp.in(of).fetchSockets();
      ack(found.map(({ id, rooms, data }) => ({ id, rooms: [...rooms].sort(), data })).sort(byId));
    }),
    handshake: acked((ack) => ack(pick(socket.handshake, HANDSHAKE_KEYS))),
    transport: acked((ack) => ack(socket.conn.transport.name)),
    seen: acked((ack) => ack(seen)),
    sent: acked((ack) => ack(sent)),
    log: acked((ack) => ack(log)),
    counts: acked((ack) =>
      ack({
        clients: io.engine.clientsCount,
        sockets: socket.nsp.sockets.size,
        rooms: socket.nsp.adapter.rooms.size,
      }),
    ),
  };
}

function state({ socket }) {
  return {
    "set-data": acked((ack, value) => {
      socket.data = value;
      ack();
    }),
    "get-data": acked((ack) => ack(socket.data)),
    "disconnect-me": (close) => socket.disconnect(close === true),
  };
}

function listeners({ socket }) {
  const removable = () => socket.emit("removable-seen");
  return {
    once: acked((ack) => {
      socket.once("once-event", () => socket.emit("once-seen"));
      ack();
    }),
    removable,
    off: acked((ack) => {
      socket.off("removable", removable);
      ack();
    }),
    throw: () => {
      throw new ThrownOnPurpose("thrown on purpose");
    },
    slow: (ms, value) => setTimeout(() => socket.emit("slow-done", value), ms),
  };
}

function cluster({ socket }) {
  return { "server-side": (event, ...args) => socket.nsp.serverSideEmit("server-side", event, ...args) };
}

/** Event name → listener of one socket. */
export function handlers(context) {
  return Object.assign({}, ...[messages, rooms, inspection, state, listeners, cluster].map((group) => group(context)));
}
