// App `conformance`: every row of probe.md, written as a user of the official server would.
import { Server } from "socket.io";
import { handlers, ThrownOnPurpose } from "./events.mjs";

const defaults = {
  path: "/socket.io/",
  pingInterval: 300,
  pingTimeout: 200,
  maxHttpBufferSize: 1_000_000,
  connectTimeout: 1000,
  cors: { origin: "*" },
};

class Refusal extends Error {}

function guard(socket, next) {
  if (socket.handshake.auth.token === "secret") return next();
  next(Object.assign(new Error("unauthorized"), { data: { code: 401 } }));
}

function refuseBlocked([event], next) {
  next(event === "blocked" ? new Refusal("blocked") : undefined);
}

function reportRefusals(socket) {
  socket.use(refuseBlocked);
  socket.on("error", (error) => {
    if (error instanceof Refusal) socket.emit("error-seen", error.message);
  });
}

function record(socket) {
  const seen = [];
  const sent = [];
  socket.onAny((event) => seen.push(event));
  socket.onAnyOutgoing((event) => sent.push(event));
  return { seen, sent };
}

function serve(io, log) {
  return (socket) => {
    const records = record(socket);
    for (const event of ["disconnecting", "disconnect"]) {
      socket.on(event, (reason) => log.push({ id: socket.id, event, reason }));
    }
    reportRefusals(socket);
    for (const [event, handler] of Object.entries(handlers({ io, socket, log, ...records }))) {
      socket.on(event, handler);
    }
    socket.emit("auth", socket.handshake.auth);
  };
}

function hearOtherServers(namespace) {
  namespace.on("server-side", (event, ...args) => namespace.local.emit("server-side-seen", event, ...args));
}

// A listener that throws on the official server ends the process unless its user does this.
function surviveThrownHandlers() {
  process.on("uncaughtException", (error) => {
    if (!(error instanceof ThrownOnPurpose)) console.error(error);
  });
}

export function start(http, options) {
  const io = new Server(http, { ...defaults, ...options });
  const log = [];
  io.on("new_namespace", hearOtherServers);
  hearOtherServers(io.of("/"));
  io.of("/guarded").use(guard);
  for (const name of ["/", "/custom", "/guarded", /^\/dyn-\d+$/]) {
    io.of(name).on("connection", serve(io, log));
  }
  surviveThrownHandlers();
  return (done) => io.close(done);
}
