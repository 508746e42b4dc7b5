// People talk: rooms, members, ticks, typing, names.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { goHome, Person, startBrowser, startDemo, talk, until } from "./harness.mjs";

let demo;
let browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), startBrowser()])));
after(async () => {
  await browser?.close();
  assert.equal(await demo?.stop(), 0, "the demo ends with status 0 when asked to");
});

const enter = (name, room, options) => Person.enter(browser, demo.url, name, room, options);

test("two people in a room see each other and talk", async () => {
  const ani = await enter("Ani", "garden");
  const budi = await enter("Budi", "garden");
  await ani.see("notice").filter({ hasText: "Budi joined" }).waitFor();
  await until(ani, () => document.querySelectorAll("[data-testid=member]").length === 2);
  assert.deepEqual(await ani.memberNames(), ["Ani", "Budi"]);
  assert.deepEqual(await budi.memberNames(), ["Ani", "Budi"]);
  assert.equal(await ani.see("room-count").textContent(), "2 people here");
  await talk(ani, budi, "The weather");
  assert.equal(await budi.message("The weather, says one").count(), 1);
  assert.equal(await budi.message("The weather, says one").locator(".author").textContent(), "Ani");
  await goHome([ani, budi]);
});

test("two tabs of one browser are two people", async () => {
  const ani = await enter("Ani", "tabs");
  const tab = new Person(await ani.page.context().newPage());
  await tab.page.goto(demo.url);
  await tab.fillEntry("Ani too", "tabs");
  await tab.see("entry").waitFor({ state: "hidden" });
  await talk(ani, tab, "The other tab");
  await goHome([ani, tab]);
});

test("ticks tell how far a message got", async () => {
  const ani = await enter("Ani", "ticks");
  await ani.sayUntil("nobody is here", "acknowledged");
  const budi = await enter("Budi", "ticks");
  const citra = await enter("Citra", "ticks");
  await ani.page.evaluate(() => {
    globalThis.passed = new Set();
    const watch = new MutationObserver((changes) => changes.forEach(({ oldValue }) => globalThis.passed.add(oldValue)));
    const attributes = { attributeFilter: ["data-state"], attributeOldValue: true };
    watch.observe(document.getElementById("messages"), { subtree: true, ...attributes });
  });
  await ani.sayUntil("two of you", "received");
  const ticks = ani.message("two of you").getByTestId("ticks");
  assert.equal(await ticks.getAttribute("aria-label"), "Received by 2 of 2");
  assert.equal(await ticks.textContent(), "2");
  const passed = await ani.page.evaluate(() => [...globalThis.passed].filter(Boolean));
  assert.deepEqual(passed, ["waiting", "sent", "acknowledged"]);
  await goHome([ani, budi, citra]);
});

test("the others see who is typing until the message is there", async () => {
  const ani = await enter("Ani", "typing");
  const budi = await enter("Budi", "typing");
  await budi.see("text").pressSequentially("Hm");
  await ani.see("typing").filter({ hasText: "Budi is typing" }).waitFor();
  assert.equal(await budi.see("typing").textContent(), "", "nobody sees themselves typing");
  await budi.see("text").press("Enter");
  await ani.hears("Hm");
  await until(ani, () => document.getElementById("typing").textContent === "");
  await budi.see("text").pressSequentially("never sent");
  await ani.see("typing").filter({ hasText: "Budi is typing" }).waitFor();
  await until(ani, () => document.getElementById("typing").textContent === "");
  await goHome([ani, budi]);
});

test("rooms are listed, made and kept apart, and keep their history", async () => {
  const ani = await enter("Ani", "north");
  const budi = await enter("Budi", "north");
  await ani.sayUntil("north only", "received");
  await budi.see("new-room-name").fill("Deep South");
  await budi.see("new-room-name").press("Enter");
  await budi.see("room-title").filter({ hasText: "deep-south" }).waitFor();
  await ani.see("notice").filter({ hasText: "Budi left" }).waitFor();
  await budi.sayUntil("south only", "acknowledged");
  assert.equal(await budi.message("north only").count(), 0);

  await ani.see("room", { room: "deep-south" }).click();
  await ani.hears("south only");
  assert.equal(await ani.message("north only").count(), 0);
  assert.equal(await ani.see("room", { room: "deep-south" }).getAttribute("aria-current"), "true");
  await ani.see("room", { room: "north" }).waitFor({ state: "detached" });
  await talk(ani, budi, "The south");
  assert.match(ani.page.url(), /#deep-south$/);
  await goHome([ani, budi]);
});

test("a name that is taken, empty or too long is refused with a sentence", async () => {
  const ani = await enter("Ani", "names");
  const other = await Person.visit(browser, demo.url);
  await other.fillEntry("  aNi ", "names");
  await other.see("entry-error").filter({ hasText: "already has that name" }).waitFor();
  await other.fillEntry("N".repeat(25), "names");
  await other.see("entry-error").filter({ hasText: "1 to 24 characters" }).waitFor();
  await other.fillEntry("Other", "not/a/room");
  await other.see("entry-error").filter({ hasText: "A room's name" }).waitFor();
  await other.fillEntry("Other   One", "names");
  await other.see("entry").waitFor({ state: "hidden" });
  await until(ani, () => document.querySelectorAll("[data-testid=member]").length === 2);
  assert.deepEqual(await ani.memberNames(), ["Ani", "Other One"]);
  await goHome([ani, other]);
});

test("renaming, being away and leaving reach the others", async () => {
  const ani = await enter("Ani", "people");
  const budi = await enter("Budi", "people");
  await budi.see("rename").click();
  await budi.fillEntry("Budiman", "people");
  await ani.see("notice").filter({ hasText: "Budiman is the new name of Budi" }).waitFor();
  await budi.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await ani.see("member", { status: "away" }).filter({ hasText: "Budiman" }).waitFor();
  await budi.see("leave").click();
  await ani.see("notice").filter({ hasText: "Budiman left" }).waitFor();
  assert.deepEqual(await ani.memberNames(), ["Ani"]);
  await goHome([ani, budi]);
});

test("a closed tab is shown as lost first, and as gone some seconds later", async () => {
  const ani = await enter("Ani", "closing");
  const budi = await enter("Budi", "closing");
  await until(ani, () => document.querySelectorAll("[data-testid=member]").length === 2);
  await budi.close();
  await ani.see("member", { status: "lost" }).waitFor();
  await ani.see("notice").filter({ hasText: "Budi left" }).waitFor();
  assert.deepEqual(await ani.memberNames(), ["Ani"]);
  await goHome([ani]);
});

test("a reload keeps the place, and the history with it", async () => {
  const ani = await enter("Ani", "reload");
  const budi = await enter("Budi", "reload");
  await ani.sayUntil("before the reload", "received");
  await ani.page.reload();
  await ani.fillEntry("Ani", "reload");
  await ani.message("before the reload", { own: "true" }).waitFor();
  await talk(ani, budi, "After the reload");
  assert.equal(await budi.see("notice").filter({ hasText: "left" }).count(), 0, "nobody was told");
  await goHome([ani, budi]);
});

test("what people write is never markup", async () => {
  const ani = await enter("Ani", "markup");
  const budi = await enter("<b>Budi</b>", "markup");
  const hit = "globalThis.hit = true";
  const evil = `<img src="x" onerror="${hit}"><script>${hit}</script> & https://example.org/?a=1&b=2.`;
  await budi.sayUntil(evil, "received");
  const text = ani.message("onerror").getByTestId("message-text");
  assert.equal(await text.textContent(), evil);
  assert.equal(await text.locator("img, script").count(), 0);
  assert.equal(await text.locator("a").getAttribute("href"), "https://example.org/?a=1&b=2");
  assert.equal(await ani.page.evaluate(() => globalThis.hit), undefined);
  assert.deepEqual(await ani.memberNames(), ["Ani", "<b>Budi</b>"]);
  await goHome([ani, budi]);
});
