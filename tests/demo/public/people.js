// The two lists beside the stream: rooms and members; and who is writing.
import { avatar, byId, element, icon, reconcile } from "./dom.js";

const TYPING_MS = 4000;
const STATUS = { here: "", away: "away", lost: "connection lost" };

/** Draws the rooms; `open(name)` is called when one is chosen. */
export function drawRooms(rooms, current, open) {
  reconcile(
    byId("rooms"),
    rooms,
    (room) => room.name,
    (room) => {
      const button = element(
        "button",
        { type: "button", data: { testid: "room", room: room.name } },
        element("span", { className: "hash", aria: { hidden: "true" } }, "#"),
        element("span", { className: "name" }, room.name),
        element("span", { className: "count" }),
      );
      button.addEventListener("click", () => open(room.name));
      return element("li", {}, button);
    },
    (item, room) => {
      const button = item.firstChild;
      const people = room.members === 1 ? "1 person" : `${room.members} people`;
      button.lastChild.textContent = room.members || "";
      button.setAttribute("aria-label", `${room.name}, ${people}`);
      if (room.name === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    },
  );
  reconcile(byId("entry-rooms"), rooms, (room) => room.name, (room) => element("option", { value: room.name }), () => {});
}

/** Draws the members of the room. */
export function drawMembers(members, you) {
  reconcile(
    byId("members"),
    members,
    (member) => `${member.id} ${member.name}`,
    (member) => {
      const name = element("span", { className: "name" }, member.name);
      const words = element("span", { className: "words" }, name, element("small", {}));
      const face = element("span", { className: "face" }, avatar(member.name), element("span", { className: "dot" }));
      return element("li", { className: "member", data: { testid: "member", id: member.id } }, face, words);
    },
    (item, member) => {
      item.dataset.status = member.status;
      item.querySelector("small").textContent = member.id === you ? "you" : STATUS[member.status] ?? "";
    },
  );
  const lost = members.filter((member) => member.status === "lost").length;
  const here = members.length - lost;
  byId("room-count").textContent = here === 1 ? "Only you" : `${here} people here`;
}

/** Who is writing in this room: names stay for four seconds unless told again. */
export class Typing {
  #line = byId("typing");
  #writers = new Map();

  set({ id, name, typing }) {
    clearTimeout(this.#writers.get(id)?.timer);
    this.#writers.delete(id);
    if (typing) this.#writers.set(id, { name, timer: setTimeout(() => this.stop(id), TYPING_MS) });
    this.#draw();
  }

  /** Somebody has sent what was being written, or has gone. */
  stop(id) {
    this.set({ id, typing: false });
  }

  /** Forgets everybody who is no longer in the room. */
  keep(members) {
    for (const id of this.#writers.keys()) if (!members.some((member) => member.id === id)) this.stop(id);
  }

  #draw() {
    const names = [...this.#writers.values()].map((writer) => writer.name);
    for (const item of byId("members").children) item.classList.toggle("writing", this.#writers.has(item.dataset.id));
    if (names.length === 0) return this.#line.replaceChildren();
    const dots = element("span", { className: "dots", aria: { hidden: "true" } }, ...[1, 2, 3].map(() => element("i")));
    this.#line.replaceChildren(dots, sentence(names));
  }
}

function sentence(names) {
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  return `${names.length} people are typing…`;
}

export const TRANSPORTS = { polling: "Polling", websocket: "WebSocket" };

/** Shows the transport in use and offers the other one; "" while there is none. */
export function drawTransport(name) {
  const badge = byId("transport");
  const other = otherTransport(name);
  badge.dataset.transport = name;
  badge.replaceChildren(...(name ? [icon(name), element("span", {}, TRANSPORTS[name])] : [element("span", {}, "…")]));
  byId("transport-switch").disabled = !name;
  byId("transport-switch").textContent = `Use ${TRANSPORTS[other]}`;
}

export const otherTransport = (name) => (name === "websocket" ? "polling" : "websocket");

const STATES = {
  connected: ["Connected", ""],
  connecting: ["Connecting", "Connecting…"],
  lost: ["Reconnecting", "The connection was lost. Trying again…"],
  unreachable: ["Reconnecting", "The server can't be reached. Trying again…"],
  replaced: ["Offline", "This chat was opened in another tab, so it has stopped here."],
};

/** Shows the state of the connection, and a banner while there is none. */
export function drawConnection(state, reason) {
  const [word, sentenceOf] = STATES[reason] ?? STATES[state];
  byId("connection").dataset.state = state;
  byId("connection-text").textContent = word;
  byId("banner-text").textContent = sentenceOf;
  byId("banner").hidden = state === "connected";
}
