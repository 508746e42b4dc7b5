// Transports: switching by the button, a proxy that refuses upgrades, a network that goes away.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawnPicture, goHome, Person, startBrowser, startDemo, talk, until } from "./harness.mjs";
import { startProxy } from "./no_upgrade_proxy.mjs";

const REFUSED_UPGRADE = /^WebSocket connection to .* failed: .*(400|Unexpected response code)/;
const NO_NETWORK = /^Failed to load resource: net::ERR_/;

let demo;
let browser;
let proxy;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
  proxy = await startProxy(demo.port);
});
after(async () => {
  await browser?.close();
  await proxy?.close();
  await demo?.stop();
});

test("the button switches a tab to polling and back, and the chat goes on", async () => {
  const ani = await Person.enter(browser, demo.url, "Ani", "switching");
  const budi = await Person.enter(browser, demo.url, "Budi", "switching");
  await ani.uses("websocket");
  await budi.uses("websocket");
  await talk(ani, budi, "Over WebSocket");
  for (const [turn, transport] of ["polling", "websocket", "polling"].entries()) {
    await ani.see("transport-switch").click();
    await ani.uses(transport);
    await talk(ani, budi, `Turn ${turn} over ${transport}`);
  }
  await budi.see("transport-switch").click();
  await budi.uses("polling");
  await talk(budi, ani, "Both over polling");
  assert.deepEqual(await budi.memberNames(), ["Ani", "Budi"]);
  assert.equal(await ani.see("notice").filter({ hasText: "left" }).count(), 0);
  assert.equal(await budi.see("notice").count(), 0, "nobody was told of the interruptions");
  await goHome([ani, budi]);
});

test("behind a proxy that refuses upgrades the chat works over polling", async () => {
  const ani = await Person.enter(browser, proxy.url, "Ani", "office");
  const budi = await Person.enter(browser, demo.url, "Budi", "office");
  await ani.uses("polling");
  await talk(ani, budi, "From the office");
  assert.ok(proxy.refusedUpgrades > 0, "an upgrade was tried");
  const file = await drawnPicture(ani, { name: "desk.png", type: "image/png", width: 64, height: 48 });
  await budi.see("file").setInputFiles(file);
  await budi.see("preview").waitFor();
  await budi.see("text").press("Enter");
  await until(ani, () => document.querySelector("#messages img")?.naturalWidth === 64);

  await ani.see("transport-switch").click();
  await ani.see("toast").filter({ hasText: "WebSocket does not get through" }).waitFor();
  await ani.uses("polling");
  await talk(ani, budi, "Still from the office");
  await goHome([ani, budi], REFUSED_UPGRADE);
});

test("what is written without a network arrives once it is back, once", async () => {
  const ani = await Person.enter(browser, proxy.url, "Ani", "train");
  const budi = await Person.enter(browser, demo.url, "Budi", "train");
  await talk(ani, budi, "In the station");
  proxy.cut();
  await ani.see("connection", { state: "connecting" }).waitFor();
  await ani.see("reconnect").waitFor();
  await ani.sayUntil("first from the tunnel", "waiting");
  await ani.sayUntil("second from the tunnel", "waiting");
  await budi.sayUntil("where are you?", "acknowledged");
  proxy.mend();
  await ani.see("reconnect").click();
  await ani.message("second from the tunnel", { state: "received" }).waitFor();
  await budi.hears("second from the tunnel");
  const heard = await budi.message("from the tunnel").getByTestId("message-text").allTextContents();
  assert.deepEqual(heard, ["first from the tunnel", "second from the tunnel"]);
  await ani.hears("where are you?");
  assert.equal(await ani.message("In the station, says one").count(), 1, "the history was not drawn twice");
  await goHome([ani, budi], new RegExp(`${REFUSED_UPGRADE.source}|${NO_NETWORK.source}`));
});

test("a duplicated tab takes over, and the first one says so", async () => {
  const ani = await Person.enter(browser, demo.url, "Ani", "twice");
  const popup = ani.page.waitForEvent("popup");
  await ani.page.evaluate(() => void window.open(location.href));
  const copy = new Person(await popup);
  await copy.fillEntry("Ani", "twice");
  await copy.see("entry").waitFor({ state: "hidden" });
  await ani.see("connection", { state: "offline" }).waitFor();
  await copy.sayUntil("here I am", "acknowledged");
  assert.deepEqual(await copy.memberNames(), ["Ani"]);
  await goHome([ani, copy]);
});
