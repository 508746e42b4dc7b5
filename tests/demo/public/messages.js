// The stream of messages: bubbles, ticks, notices, days, and where it is scrolled to.
import { avatar, byId, element, hueOf, icon } from "./dom.js";
import { openPicture } from "./viewer.js";

/** Messages of one person within this time stand together under one name. */
const GROUP_MS = 3 * 60_000;
const PICTURE_WIDTH = 340;
const PICTURE_HEIGHT = 300;
const NEAR_BOTTOM = 80;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const TICKS = {
  waiting: ["waiting", "Waiting for a connection"],
  sent: ["sent", "Sent"],
  acknowledged: ["acknowledged", "The server has it"],
  received: ["acknowledged", "Received"],
  failed: ["failed", "Not sent"],
};

export class Messages {
  #stream = byId("stream");
  #list = byId("messages");
  #latest = byId("latest");
  #byId = new Map();
  #byNonce = new Map();
  #urls = [];
  #last = null;
  #unseen = 0;
  #stick = true;

  constructor() {
    this.#stream.addEventListener("scroll", () => this.#scrolled());
    this.#latest.addEventListener("click", () => this.toBottom());
    new ResizeObserver(() => this.#stick && this.toBottom()).observe(this.#stream);
  }

  clear() {
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    this.#list.replaceChildren();
    this.#byId.clear();
    this.#byNonce.clear();
    this.#last = null;
    this.#stick = true;
    this.#countUnseen(0);
  }

  /** Shows what is not shown yet of the kept messages, without having each of them read out. */
  history(messages, you) {
    this.#stream.setAttribute("aria-busy", "true");
    for (const message of messages) {
      this.add(message, message.from.id === you ? "acknowledged" : null);
    }
    this.#stream.removeAttribute("aria-busy");
    this.#emptyState();
    this.toBottom();
  }

  /** Adds a message; `state` says that it is our own and how far it got. */
  add(message, state = null) {
    if (this.#byId.has(message.id) || (state && this.#byNonce.has(message.nonce))) return;
    const follow = this.#separate(message, state);
    const ticks = state && element("span", { className: "ticks", role: "img", data: { testid: "ticks" } });
    const item = element(
      "li",
      { className: "message", data: { testid: "message", own: Boolean(state) } },
      state ? "" : avatar(message.from.name),
      element("div", { className: "bubble" }, ...this.#content(message, state, follow), meta(message, ticks)),
    );
    item.classList.toggle("follow", follow);
    this.#list.append(item);
    if (message.id) this.#byId.set(message.id, item);
    if (state) {
      this.#byNonce.set(message.nonce, item);
      this.setState(message.nonce, state);
    }
    this.#moved(Boolean(state));
  }

  /** Moves an own message's ticks on. `detail`: the server's answer, or the sentence that says why it failed. */
  setState(nonce, state, detail = {}) {
    const item = this.#byNonce.get(nonce);
    if (!item) return;
    if (detail.id) this.#byId.set(detail.id, item);
    item.dataset.state = state;
    const alone = state === "acknowledged" && detail.members === 0;
    drawTicks(item, state, alone ? "The server has it; nobody else is here" : detail.sentence);
  }

  receipt({ id, received, members }) {
    const item = this.#byId.get(id);
    if (!item) return;
    item.dataset.state = received > 0 ? "received" : "acknowledged";
    drawTicks(item, item.dataset.state, `Received by ${received} of ${members}`, received > 0 ? received : "");
  }

  notice({ kind, name, was, time }) {
    const sentences = { joined: " joined", left: " left", renamed: " is the new name of " };
    const parts = [element("strong", {}, name), sentences[kind] ?? ` ${kind}`];
    if (kind === "renamed") parts.push(element("strong", {}, was ?? ""));
    const when = element("time", { dateTime: new Date(time).toISOString() }, clock.format(time));
    this.#separateDay(time);
    const words = element("span", {}, ...parts);
    this.#list.append(element("li", { className: "notice", data: { testid: "notice" } }, words, when));
    this.#last = null;
    this.#moved(false, false);
  }

  toBottom() {
    this.#stream.scrollTop = this.#stream.scrollHeight;
    this.#stick = true;
    this.#countUnseen(0);
  }

  #content(message, state, follow) {
    const parts = [];
    if (!state && !follow) {
      const author = element("span", { className: "author" }, message.from.name);
      author.style.setProperty("--hue", hueOf(message.from.name));
      parts.push(author);
    }
    if (message.picture) parts.push(this.#picture(message));
    if (message.text) parts.push(paragraph(message.text));
    return parts;
  }

  #picture({ picture, from }) {
    if (!picture.data) return apology("This picture is no longer kept");
    const url = URL.createObjectURL(new Blob([picture.data], { type: picture.mime }));
    this.#urls.push(url);
    const scale = Math.min(1, PICTURE_WIDTH / picture.width, PICTURE_HEIGHT / picture.height);
    const image = element("img", {
      src: url,
      alt: picture.name,
      width: Math.max(1, Math.round(picture.width * scale)),
      height: Math.max(1, Math.round(picture.height * scale)),
      data: { testid: "picture" },
    });
    image.addEventListener("load", () => this.#stick && this.toBottom());
    const label = `Open ${picture.name} from ${from.name}`;
    const button = element("button", { type: "button", className: "picture", aria: { label } }, image);
    image.addEventListener("error", () => button.replaceWith(apology("This picture can't be shown")));
    button.addEventListener("click", () => openPicture(url, picture.name));
    return button;
  }

  /** Puts a day's line where a new one begins; true if the message continues the one before it. */
  #separate(message, state) {
    this.#list.querySelector(".empty")?.remove();
    const newDay = this.#separateDay(message.time);
    const who = state ? "you" : message.from.id;
    const follow = !newDay && this.#last?.who === who && message.time - this.#last.time < GROUP_MS;
    this.#last = { who, time: message.time };
    return follow;
  }

  #separateDay(time) {
    const text = day.format(time);
    if (this.#list.dataset.day === text && this.#list.querySelector(".day")) return false;
    this.#list.dataset.day = text;
    const today = text === day.format(Date.now()) ? "Today" : text;
    this.#list.append(element("li", { className: "day" }, element("span", {}, today)));
    return true;
  }

  #emptyState() {
    if (this.#byId.size > 0 || this.#list.querySelector(".empty")) return;
    const emblem = icon("picture");
    emblem.firstChild.setAttribute("href", "#emblem");
    emblem.setAttribute("class", "emblem");
    const words = [element("strong", {}, "It's quiet here"), "Say the first word, or drop a picture."];
    this.#list.append(element("li", { className: "empty" }, emblem, ...words.map((word) => element("p", {}, word))));
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#stream;
    this.#stick = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    this.#latest.hidden = this.#stick;
    if (this.#stick) this.#countUnseen(0);
  }

  #moved(own, counts = true) {
    if (own || this.#stick) this.toBottom();
    else if (counts) this.#countUnseen(this.#unseen + 1);
  }

  #countUnseen(count) {
    this.#unseen = count;
    this.#latest.hidden = this.#stick;
    byId("latest-text").textContent = count ? `${count} new` : "Latest";
  }
}

const apology = (sentence) => element("p", { className: "gone" }, sentence);

function meta(message, ticks) {
  const date = new Date(message.time);
  const time = element("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, clock.format(date));
  return element("span", { className: "meta" }, time, ticks ?? "");
}

function drawTicks(item, state, sentence, count = "") {
  const ticks = item.querySelector(".ticks");
  const [name, meaning] = TICKS[state];
  ticks.replaceChildren(icon(name), String(count));
  ticks.setAttribute("aria-label", sentence ?? meaning);
  ticks.title = sentence ?? meaning;
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/gu;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,4}$/u;

/** Text with its web addresses as links. */
function paragraph(text) {
  const made = element("p", { className: "text", data: { testid: "message-text" } });
  made.classList.toggle("jumbo", ONLY_EMOJI.test(text));
  let from = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    const link = element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
    made.append(text.slice(from, index), link);
    from = index + address.length;
  }
  made.append(text.slice(from));
  return made;
}
