// The page: ties the session to what is drawn.
import { Composer } from "./composer.js";
import { avatar, byId, toast } from "./dom.js";
import { Messages } from "./messages.js";
import { drawConnection, drawMembers, drawRooms, drawTransport, otherTransport, TRANSPORTS, Typing } from "./people.js";
import { randomId, Session } from "./session.js";

const REFUSALS = {
  "name-invalid": "A name has 1 to 24 characters.",
  "name-taken": "Somebody in this room already has that name.",
  "room-invalid": "A room's name has 1 to 32 letters, digits, “-” or “_”.",
  "rooms-full": "There are too many rooms already. Please join one of them.",
  "text-invalid": "A message has at most 2000 characters.",
  "picture-invalid": "The server can't read this picture.",
  "picture-too-large": "The picture is too large: 700 kB is the limit.",
};
const refusal = (code) => REFUSALS[code] ?? `The server refused this (${code}).`;

const state = { you: null, name: "", room: "", rooms: [], transport: "", unread: 0 };
const messages = new Messages();
const typing = new Typing();
const touch = matchMedia("(pointer: coarse)");

// --- Session ---

const session = new Session({
  state(connection, reason) {
    drawConnection(connection, reason);
    if (connection !== "connected") setTransport("");
  },
  transport: setTransport,
  blocked: (wanted) => toast(`${TRANSPORTS[wanted]} does not get through here, so the page chooses by itself again.`),
  entered,
  refused,
  draft(draft, step, answer) {
    const from = { id: state.you, name: state.name };
    if (step === "waiting" || step === "sent") messages.add({ ...draft, from, time: Date.now() }, step);
    const sentence = step === "failed" ? refusal(answer.error) : undefined;
    messages.setState(draft.nonce, step, { ...answer, sentence });
    if (sentence) toast(sentence);
  },
  rooms(rooms) {
    state.rooms = rooms;
    drawRooms(rooms, state.room, openRoom);
  },
  members({ room, members }) {
    if (room !== state.room) return;
    drawMembers(members, state.you);
    typing.keep(members);
  },
  message(message) {
    if (message.room !== state.room) return;
    typing.stop(message.from.id);
    messages.add(message);
    if (document.hidden) setUnread(state.unread + 1);
  },
  receipt: (receipt) => messages.receipt(receipt),
  typing: (writer) => typing.set(writer),
  notice: (notice) => notice.room === state.room && messages.notice(notice),
});

function setTransport(name) {
  state.transport = name;
  drawTransport(name);
}

function entered({ you, name, room, members, rooms, history }) {
  if (room !== state.room) messages.clear();
  Object.assign(state, { you, name, room, rooms });
  localStorage.setItem("pancar-name", name);
  byId("me-name").textContent = name;
  byId("me-avatar").replaceChildren(avatar(name));
  byId("room-title").textContent = room;
  drawRooms(rooms, room, openRoom);
  drawMembers(members, you);
  typing.keep([]);
  messages.history(history, you);
  setUnread(0);
  if (decodeURIComponent(location.hash.slice(1)) !== room) location.hash = encodeURIComponent(room);
  closePanels();
  const first = byId("entry").open;
  byId("entry").close();
  if (first || !touch.matches) composer.focus();
}

/** A refused room or name: within the chat a sentence is enough, otherwise the entry form says it. */
function refused(code) {
  byId("entry-submit").disabled = false;
  if (state.room && !byId("entry").open && code !== "name-taken" && code !== "key-invalid") {
    session.enter(state.name, state.room);
    return toast(refusal(code));
  }
  openEntry();
  byId("entry-error").textContent = refusal(code);
}

function openRoom(room) {
  if (room === state.room) return closePanels();
  if (byId("connection").dataset.state !== "connected") return toast("There is no connection right now.");
  session.enter(state.name, room);
}

// --- Entry ---

function openEntry() {
  const fromHash = decodeURIComponent(location.hash.slice(1));
  byId("entry-name").value ||= state.name || localStorage.getItem("pancar-name") || "";
  byId("entry-room").value = state.room || fromHash || "lobby";
  byId("entry-error").textContent = "";
  byId("entry-submit").disabled = false;
  byId("entry-submit").textContent = state.room ? "Continue" : "Start chatting";
  if (!byId("entry").open) byId("entry").showModal();
  byId("entry-name").select();
}

byId("entry-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("entry-error").textContent = "";
  byId("entry-submit").disabled = true;
  session.enter(byId("entry-name").value, byId("entry-room").value);
});
byId("entry").addEventListener("cancel", (event) => {
  if (!state.room) event.preventDefault();
});

// --- Controls ---

const composer = new Composer(
  ({ text, picture }) => session.say({ nonce: randomId(24), text, picture }),
  (active) => session.typing(active),
);

byId("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const room = byId("new-room-name").value.trim();
  byId("new-room-name").value = "";
  if (room) openRoom(room);
});
byId("transport-switch").addEventListener("click", () => session.switchTransport(otherTransport(state.transport)));
byId("reconnect").addEventListener("click", () => session.reconnect());
byId("rename").addEventListener("click", () => {
  byId("entry-name").value = state.name;
  openEntry();
});
byId("leave").addEventListener("click", () => {
  session.leave();
  messages.clear();
  Object.assign(state, { you: null, room: "" });
  openEntry();
});

addEventListener("hashchange", () => {
  const room = decodeURIComponent(location.hash.slice(1));
  if (state.room && room && room !== state.room) openRoom(room);
});
document.addEventListener("visibilitychange", () => {
  session.presence();
  if (!document.hidden) setUnread(0);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closePanels();
  const step = { ArrowUp: -1, ArrowDown: +1 }[event.key];
  if (!event.altKey || !step || !state.room) return;
  event.preventDefault();
  const names = state.rooms.map((room) => room.name);
  openRoom(names.at((names.indexOf(state.room) + step) % names.length));
});

function setUnread(count) {
  state.unread = count;
  const room = state.room ? `#${state.room} · ` : "";
  document.title = `${count ? `(${count}) ` : ""}${room}Pancar chat`;
}

// --- Panels on narrow windows ---

function openPanel(opener) {
  closePanels();
  const panel = byId(opener.dataset.open);
  panel.classList.add("open");
  opener.setAttribute("aria-expanded", "true");
  byId("scrim").hidden = false;
  panel.querySelector("[data-close]").focus();
}

function closePanels() {
  for (const opener of document.querySelectorAll("[data-open][aria-expanded=true]")) {
    byId(opener.dataset.open).classList.remove("open");
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  }
  byId("scrim").hidden = true;
}

for (const opener of document.querySelectorAll("[data-open]")) opener.addEventListener("click", () => openPanel(opener));
for (const closer of document.querySelectorAll("[data-close]")) closer.addEventListener("click", closePanels);
byId("scrim").addEventListener("click", closePanels);

drawConnection("connecting");
drawTransport("");
openEntry();
