// What the page looks like: both themes, every width, nothing without a label.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawnPicture, goHome, lookAt, Person, screenshot, startBrowser, startDemo, until } from "./harness.mjs";

let demo;
let browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), startBrowser()])));
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A room in which something has been said. */
async function scene(room, options) {
  const budi = await Person.enter(browser, demo.url, "Budi", room);
  const ani = await Person.enter(browser, demo.url, "Ani Wijaya", room, options);
  await budi.sayUntil("Morning! Anyone up for coffee at ten?", "received");
  await ani.sayUntil("Yes please. I know a small place near the harbour.", "received");
  const sun = await drawnPicture(budi, { name: "sun.png", type: "image/png", width: 300, height: 200 });
  await budi.see("file").setInputFiles(sun);
  await budi.see("preview").waitFor();
  await budi.sayUntil("This one?", "received");
  await until(ani, () => document.querySelector("#messages img")?.naturalWidth === 300);
  await budi.see("text").pressSequentially("It is");
  await ani.see("typing").filter({ hasText: "Budi is typing" }).waitFor();
  return [ani, budi];
}

for (const [theme, bright] of [["light", true], ["dark", false]]) {
  test(`the ${theme} theme follows the system, is not blank, and can be toggled`, async () => {
    const [ani, budi] = await scene(`look-${theme}`, { colorScheme: theme });
    const shown = await lookAt(browser, await screenshot(ani, `chat-${theme}`));
    assert.ok(shown.colours > 200, `${shown.colours} colours`);
    assert.equal(shown.brightness > 128, bright, `brightness ${shown.brightness}`);
    await ani.see("theme").click();
    const toggled = await lookAt(browser, await screenshot(ani, `toggled-${theme}`));
    assert.equal(toggled.brightness > 128, !bright, `brightness ${toggled.brightness}`);
    await goHome([ani, budi]);
  });
}

test("on a phone nothing sticks out, and the sides open as drawers", async () => {
  const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
  const [ani, budi] = await scene("look-phone", phone);
  assert.ok((await lookAt(browser, await screenshot(ani, "chat-phone"))).colours > 200);
  const overhang = await ani.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overhang, 0);
  for (const [name, panel] of [["Rooms", "rooms-panel"], ["People", "people-panel"]]) {
    const opener = ani.page.getByRole("button", { name, exact: true });
    await opener.click();
    await ani.page.locator(`#${panel}.open`).waitFor();
    await screenshot(ani, `phone-${panel}`);
    await ani.page.keyboard.press("Escape");
    await ani.page.locator(`#${panel}.open`).waitFor({ state: "detached" });
    assert.equal(await opener.getAttribute("aria-expanded"), "false");
  }
  await ani.page.getByRole("button", { name: "Rooms", exact: true }).click();
  await ani.see("room", { room: "pictures" }).click();
  await ani.see("room-title").filter({ hasText: "pictures" }).waitFor();
  await goHome([ani, budi]);
});

test("every control has a name and a visible focus", async () => {
  const [ani, budi] = await scene("look-names");
  const nameless = await ani.page.evaluate(() => {
    const nameOf = (control) =>
      control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent.trim();
    const controls = [...document.querySelectorAll("button, input, textarea, a")];
    return controls.filter((control) => !nameOf(control)).map((control) => control.outerHTML);
  });
  assert.deepEqual(nameless, []);
  await ani.see("text").fill("on");
  const stops = [];
  for (let step = 0; step < 30; step += 1) {
    await ani.page.keyboard.press("Tab");
    const stop = await ani.page.evaluate(() => {
      const { activeElement: active } = document;
      if (active === document.body) return null;
      const style = (element) => getComputedStyle(element);
      const marked = style(active).outlineStyle !== "none" || style(active.parentElement).boxShadow !== "none";
      return { id: active.id || active.dataset.room || active.className, marked };
    });
    if (stop) stops.push(stop);
  }
  assert.deepEqual(stops.filter((stop) => !stop.marked), []);
  const reached = stops.map((stop) => stop.id);
  const wanted = "text send attach theme lobby new-room-name rename leave transport-switch stream".split(" ");
  for (const id of wanted) {
    assert.ok(reached.includes(id), `${id} can be reached with the Tab key: ${reached}`);
  }
  await goHome([ani, budi]);
});
