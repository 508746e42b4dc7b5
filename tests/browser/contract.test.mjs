// The contract of ../demo/README.md where the page itself would never break it: raw clients, inside the browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { goHome, Person, startBrowser, startDemo } from "./harness.mjs";

/** Raw clients leave when they are done, some of them in the middle of their upgrade. */
const LEFT_EARLY = /^WebSocket connection to .* failed: WebSocket is closed before the connection is established\.$/;

let demo;
let browser;
let tab;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
  tab = await Person.visit(browser, demo.url);
  await tab.page.evaluate(async () => {
    const { io } = await import("/socket.io/socket.io.esm.min.js");
    globalThis.client = () => io({ forceNew: true });
    globalThis.ask = (socket, ...event) => socket.timeout(5000).emitWithAck(...event);
    globalThis.key = (letter) => letter.repeat(16);
    globalThis.next = (socket, name) => new Promise((resolve) => socket.once(name, (...args) => resolve(args)));
  });
});
after(async () => {
  try {
    await goHome([tab], LEFT_EARLY);
  } finally {
    await browser?.close();
    await demo?.stop();
  }
});

test("entering is refused with the code of the first thing that is wrong", async () => {
  const answers = await tab.page.evaluate(async () => {
    const socket = client();
    const wishes = [
      undefined,
      null,
      7,
      { key: "short", name: "", room: "" },
      { key: `${key("a")}!`, name: "Ani", room: "lobby" },
      { key: key("a"), name: " \n ", room: "lobby" },
      { key: key("a"), name: 5, room: "lobby" },
      { key: key("a"), name: "Ani\u202e", room: "lobby" },
      { key: key("a"), name: "Ani", room: "-x" },
      { key: key("a"), name: "Ani", room: "x".repeat(33) },
      { key: key("a"), name: "Ani" },
    ];
    const errors = [];
    for (const wish of wishes) errors.push((await ask(socket, "enter", wish)).error);
    const early = await ask(socket, "say", { nonce: "1", text: "too early", picture: null });
    socket.disconnect();
    return { errors, early };
  });
  const [noKey, noName, noRoom] = ["key-invalid", "name-invalid", "room-invalid"];
  assert.deepEqual(answers.errors, [...Array(5).fill(noKey), ...Array(3).fill(noName), ...Array(3).fill(noRoom)]);
  assert.deepEqual(answers.early, { ok: false, error: "not-entered" });
});

test("names and rooms are cleaned, and the answer has the agreed shape", async () => {
  const answer = await tab.page.evaluate(async () => {
    const socket = client();
    const wish = { key: key("b"), name: "  Ani   Wijaya ", room: " Café  Süd ", status: "away" };
    const entered = await ask(socket, "enter", wish);
    socket.disconnect();
    return entered;
  });
  const { you, rooms, ...rest } = answer;
  const members = [{ id: you, name: "Ani Wijaya", status: "away" }];
  assert.deepEqual(rest, { ok: true, name: "Ani Wijaya", room: "café-süd", members, history: [] });
  assert.deepEqual(rooms.slice(0, 3).map((room) => room.name), ["lobby", "kopi", "pictures"]);
  assert.deepEqual(rooms.find((room) => room.name === "café-süd"), { name: "café-süd", members: 1 });
});

test("what is said is checked, and a repeated nonce is said once", async () => {
  const seen = await tab.page.evaluate(async () => {
    const [one, two] = [client(), client()];
    await ask(one, "enter", { key: key("c"), name: "One", room: "said" });
    await ask(two, "enter", { key: key("d"), name: "Two", room: "said" });
    const image = { name: "  a\u0007  b.png ", mime: "image/png", width: 2, height: 3, data: new ArrayBuffer(4) };
    const picture = (change) => ({ nonce: "p", text: "", picture: { ...image, ...change } });
    const wrong = [
      undefined,
      "hello",
      { nonce: "", text: "hello" },
      { nonce: "n".repeat(37), text: "hello" },
      { nonce: "1", text: "  " },
      { nonce: "1", text: 5 },
      { nonce: "1", text: "x".repeat(2001) },
      { nonce: "1", text: "bell \u0007" },
      { nonce: "1", text: "", picture: "red" },
      picture({ mime: "image/svg+xml" }),
      picture({ width: 0 }),
      picture({ height: 2.5 }),
      picture({ data: "text" }),
      picture({ data: new ArrayBuffer(0) }),
      picture({ data: new ArrayBuffer(700_001) }),
    ];
    const errors = [];
    for (const said of wrong) errors.push((await ask(one, "say", said)).error);

    const heard = [];
    two.on("message", (message, ack) => ack(heard.push(message)));
    const receipt = next(one, "receipt");
    const first = await ask(one, "say", { nonce: "1", text: " tab\tand\nline " });
    const again = await ask(one, "say", { nonce: "1", text: "something else" });
    const [received] = await receipt;
    const largest = await ask(one, "say", picture({ data: new ArrayBuffer(700_000) }));
    const last = await ask(one, "say", { ...picture({}), nonce: "q" });
    await ask(two, "say", { nonce: "1", text: "another member's nonce" });
    one.disconnect();
    two.disconnect();
    const texts = heard.map((message) => message.text);
    const size = heard[1].picture.data.byteLength;
    return { errors, first, again, received, largest: largest.ok, last: last.ok, texts, size, name: heard[2].picture.name };
  });
  const [text, picture] = ["text-invalid", "picture-invalid"];
  assert.deepEqual(seen.errors, [...Array(8).fill(text), ...Array(6).fill(picture), "picture-too-large"]);
  assert.deepEqual(seen.again, seen.first);
  assert.equal(seen.first.members, 1);
  assert.deepEqual(seen.received, { id: seen.first.id, received: 1, members: 1 });
  assert.ok(seen.largest && seen.last);
  assert.deepEqual(seen.texts, ["tab\tand\nline", "", ""]);
  assert.equal(seen.size, 700_000);
  assert.equal(seen.name, "a b.png");
});

test("the history keeps the last 50 messages and the bytes of the last 4 pictures", async () => {
  const history = await tab.page.evaluate(async () => {
    const socket = client();
    const wish = { key: key("e"), name: "Ani", room: "history" };
    await ask(socket, "enter", wish);
    for (let at = 0; at < 55; at += 1) {
      const data = at >= 45 && at < 51 ? new Uint8Array([at]).buffer : null;
      const picture = data && { name: "dot.png", mime: "image/png", width: 1, height: 1, data };
      await ask(socket, "say", { nonce: `n${at}`, text: `number ${at}`, picture });
    }
    const { history } = await ask(socket, "enter", wish);
    socket.disconnect();
    const byte = (picture) => (picture.data ? new Uint8Array(picture.data)[0] : null);
    return history.map(({ text, picture }) => [text, picture && byte(picture)]);
  });
  assert.equal(history.length, 50);
  assert.equal(history[0][0], "number 5");
  assert.equal(history.at(-1)[0], "number 54");
  const pictures = history.filter(([, picture], at) => at >= 40 && at < 46).map(([, picture]) => picture);
  assert.deepEqual(pictures, [null, null, 47, 48, 49, 50]);
});

test("there are at most 50 rooms, and one that is left makes place", async () => {
  const seen = await tab.page.evaluate(async () => {
    const sockets = [];
    const enter = async (at) => {
      const socket = client();
      sockets.push(socket);
      return [socket, await ask(socket, "enter", { key: key("f") + at, name: "Ani", room: `many-${at}` })];
    };
    let at = 0;
    let refused;
    let [socket, answer] = await enter(at);
    while (answer.ok && at < 60) [socket, answer] = await enter((at += 1));
    refused = answer.error;
    const listed = (await ask(sockets[0], "enter", { key: key("f") + 0, name: "Ani", room: "many-0" })).rooms.length;
    await ask(sockets[1], "leave");
    const afterwards = await ask(socket, "enter", { key: key("f") + at, name: "Ani", room: `many-${at}` });
    for (const one of sockets) one.disconnect();
    return { refused, listed, afterwards: afterwards.ok };
  });
  assert.deepEqual(seen, { refused: "rooms-full", listed: 50, afterwards: true });
});
