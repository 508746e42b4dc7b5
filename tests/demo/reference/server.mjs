// The demo chat on the official socket.io package. What it does is written in ../README.md.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { isKey, nameOf, parse, roomNameOf, statusOf } from "./rules.mjs";

const GRACE_MS = 3000;
const RECEIPT_MS = 2000;
const MAX_ROOMS = 50;
const HISTORY = 50;
const KEPT_PICTURES = 4;
const STANDING = ["lobby", "kopi", "pictures"];

// --- State ---

/** room name -> {visitors: Set of visitors in order of entering, history: [Message]} */
const rooms = new Map(STANDING.map((name) => [name, { visitors: new Set(), history: [] }]));
/** key -> {key, id, name, status, room, socket, timer} */
const visitors = new Map();
const born = Date.now().toString(36);
let messages = 0;

const publicMember = ({ id, name, status }) => ({ id, name, status });
const memberList = (room) => [...rooms.get(room).visitors].map(publicMember);

function roomList() {
  const others = [...rooms.keys()].filter((name) => !STANDING.includes(name)).sort();
  return [...STANDING, ...others].map((name) => ({ name, members: rooms.get(name).visitors.size }));
}

function keep(history, message) {
  history.push(message);
  if (history.length > HISTORY) history.shift();
  const pictures = history.filter((kept) => kept.picture?.data);
  for (const old of pictures.slice(0, -KEPT_PICTURES)) old.picture = { ...old.picture, data: null };
}

// --- Server ---

const http = createServer(serveFile);
const io = new Server(http, { maxHttpBufferSize: 1_000_000 });

const tellMembers = (room) => io.to(room).emit("members", { room, members: memberList(room) });
const tellRooms = () => io.emit("rooms", roomList());
const notice = (target, kind, room, name, was = null) =>
  target.emit("notice", { kind, name, was, room, time: Date.now() });

/** Takes a visitor out of its room; a room of its own that is now empty goes too. */
function depart(visitor) {
  const { room, socket } = visitor;
  socket?.leave(room);
  rooms.get(room).visitors.delete(visitor);
  if (rooms.get(room).visitors.size === 0 && !STANDING.includes(room)) return rooms.delete(room);
  notice(io.to(room), "left", room, visitor.name);
  tellMembers(room);
}

function forget(visitor) {
  clearTimeout(visitor.timer);
  visitors.delete(visitor.key);
  depart(visitor);
  tellRooms();
}

/** Tells an older connection of the same visitor that it is over. */
function replace(socket) {
  socket.emit("replaced");
  socket.disconnect(true);
}

function enter(socket, wish, ack) {
  const name = nameOf(wish?.name);
  const room = roomNameOf(wish?.room);
  if (!isKey(wish?.key)) return ack({ ok: false, error: "key-invalid" });
  if (!name) return ack({ ok: false, error: "name-invalid" });
  if (!room) return ack({ ok: false, error: "room-invalid" });
  if (!rooms.has(room) && rooms.size >= MAX_ROOMS) return ack({ ok: false, error: "rooms-full" });
  const present = [...(rooms.get(room)?.visitors ?? [])];
  const taken = present.some((other) => other.key !== wish.key && other.name.toLowerCase() === name.toLowerCase());
  if (taken) return ack({ ok: false, error: "name-taken" });

  if (socket.data.visitor && socket.data.visitor.key !== wish.key) forget(socket.data.visitor);
  const visitor = visitors.get(wish.key) ?? { key: wish.key, id: socket.id, room: null };
  const before = { room: visitor.room, name: visitor.name, socket: visitor.socket };
  clearTimeout(visitor.timer);
  if (before.room && before.room !== room) depart(visitor);
  Object.assign(visitor, { name, room, socket, status: statusOf(wish.status) });
  visitors.set(wish.key, visitor);
  socket.data.visitor = visitor;
  if (before.socket && before.socket !== socket) replace(before.socket);

  if (!rooms.has(room)) rooms.set(room, { visitors: new Set(), history: [] });
  rooms.get(room).visitors.add(visitor);
  socket.join(room);
  const shown = { members: memberList(room), rooms: roomList(), history: rooms.get(room).history };
  ack({ ok: true, you: visitor.id, name, room, ...shown });
  tellMembers(room);
  tellRooms();
  if (before.room !== room) notice(socket.to(room), "joined", room, name);
  else if (before.name !== name) notice(io.to(room), "renamed", room, name, before.name);
}

function say(socket, visitor, said, ack) {
  const parsed = parse(said);
  if (parsed.error) return ack({ ok: false, error: parsed.error });
  const { room, id, name } = visitor;
  const { history, visitors: present } = rooms.get(room);
  const members = present.size - 1;
  const known = history.find((kept) => kept.nonce === parsed.nonce && kept.from.id === id);
  if (known) return ack({ ok: true, id: known.id, time: known.time, members });

  const message = { id: `${born}-${++messages}`, room, from: { id, name }, time: Date.now(), ...parsed };
  keep(history, message);
  ack({ ok: true, id: message.id, time: message.time, members });
  if (members === 0) return;
  socket.to(room).timeout(RECEIPT_MS).emit("message", message, (_late, answers) => {
    visitor.socket?.emit("receipt", { id: message.id, received: answers.length, members });
  });
}

io.on("connection", (socket) => {
  const current = () => (socket.data.visitor?.socket === socket ? socket.data.visitor : null);
  const asked = (handler) => (...args) => {
    const ack = args.pop();
    if (typeof ack === "function") handler(args[0], ack);
  };
  const inRoom = (handler) => (argument, ack) =>
    current() ? handler(current(), argument, ack) : ack?.({ ok: false, error: "not-entered" });

  socket.on("enter", asked((wish, ack) => enter(socket, wish, ack)));
  socket.on("say", asked(inRoom((visitor, said, ack) => say(socket, visitor, said, ack))));
  socket.on("leave", asked(inRoom((visitor, _nothing, ack) => {
    forget(visitor);
    socket.data.visitor = null;
    ack({ ok: true });
  })));
  socket.on("typing", (typing) => inRoom(({ id, name, room }) => {
    if (typeof typing === "boolean") socket.to(room).volatile.emit("typing", { id, name, typing });
  })());
  socket.on("presence", (status) => inRoom((visitor) => {
    if (!["here", "away"].includes(status) || visitor.status === status) return;
    visitor.status = status;
    tellMembers(visitor.room);
  })());
  socket.on("disconnect", () => inRoom((visitor) => {
    visitor.status = "lost";
    visitor.socket = null;
    visitor.timer = setTimeout(() => forget(visitor), GRACE_MS);
    tellMembers(visitor.room);
  })());
  socket.emit("rooms", roomList());
});

// --- Files and process ---

async function serveFile(request, response) {
  const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
  const name = request.url === "/" ? "index.html" : request.url.slice(1).split("?")[0];
  const type = /^[\w-]+\.\w+$/.test(name) && types[name.split(".").pop()];
  const body = type && (await readFile(new URL(`../public/${name}`, import.meta.url)).catch(() => null));
  if (!body) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" }).end(body);
}

http.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`LISTENING ${http.address().port}`);
});
process.once("SIGTERM", () => io.close(() => process.exit(0)));
