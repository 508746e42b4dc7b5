// Pictures: chosen, pasted, dropped, made smaller, refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawnPicture, goHome, Person, startBrowser, startDemo, until } from "./harness.mjs";

let demo;
let browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), startBrowser()])));
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function pair(room) {
  return [await Person.enter(browser, demo.url, "Ani", room), await Person.enter(browser, demo.url, "Budi", room)];
}

/** The size and address of the picture of this name, once the browser has drawn it. */
async function shownPicture(person, name) {
  await until(person, (alt) => document.querySelector(`#messages img[alt="${alt}"]`)?.naturalWidth > 0, name);
  const image = person.page.locator(`#messages img[alt="${name}"]`);
  return image.evaluate(({ naturalWidth, naturalHeight, src }) => ({ naturalWidth, naturalHeight, src }));
}

test("a picture is shown in the other tab, as it was sent", async () => {
  const [ani, budi] = await pair("album");
  const file = await drawnPicture(ani, { name: "red.png", type: "image/png", width: 320, height: 200 });
  await ani.see("file").setInputFiles(file);
  await ani.see("preview").waitFor();
  await ani.sayUntil("the caption", "received");
  await ani.see("preview").waitFor({ state: "hidden" });
  const shown = await shownPicture(budi, "red.png");
  assert.deepEqual([shown.naturalWidth, shown.naturalHeight], [320, 200]);
  assert.match(shown.src, /^blob:/);
  await budi.hears("the caption");

  await budi.see("picture").click();
  await budi.page.locator("#viewer[open] img").waitFor();
  await budi.page.keyboard.press("Escape");
  await budi.page.locator("#viewer[open]").waitFor({ state: "detached" });

  const citra = await Person.enter(browser, demo.url, "Citra", "album");
  assert.equal((await shownPicture(citra, "red.png")).naturalWidth, 320, "the history has it too");
  await goHome([ani, budi, citra]);
});

test("a picture over the server's limit is made smaller, on both transports", async () => {
  const [ani, budi] = await pair("large");
  const file = await drawnPicture(ani, { name: "noise.png", type: "image/png", width: 1400, height: 1000, noise: true });
  assert.ok(file.buffer.length > 1_000_000);
  await ani.see("file").setInputFiles(file);
  await ani.see("send").and(ani.page.locator(":enabled")).click();
  const shown = await shownPicture(budi, "noise.png");
  assert.ok(shown.naturalWidth > 100 && shown.naturalWidth <= 1400, `${shown.naturalWidth} pixels wide`);

  await ani.see("transport-switch").click();
  await ani.uses("polling");
  await ani.see("file").setInputFiles({ ...file, name: "again.png" });
  await ani.see("send").and(ani.page.locator(":enabled")).click();
  assert.ok((await shownPicture(budi, "again.png")).naturalWidth > 100);
  await ani.see("message", { own: "true", state: "received" }).nth(1).waitFor();
  await goHome([ani, budi]);
});

test("pictures can be pasted and dropped", async () => {
  const [ani, budi] = await pair("hands");
  for (const [kind, field, name] of [["paste", "clipboardData", "pasted.png"], ["drop", "dataTransfer", "dropped.png"]]) {
    const { buffer } = await drawnPicture(ani, { name, type: "image/png", width: 40, height: 30 });
    await ani.page.evaluate(({ kind, field, name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
      const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
      document.body.dispatchEvent(new Kind(kind, { bubbles: true, cancelable: true, [field]: transfer }));
    }, { kind, field, name, bytes: [...buffer] });
    await ani.see("preview").waitFor();
    await ani.see("text").press("Enter");
    assert.equal((await shownPicture(budi, name)).naturalWidth, 40);
  }
  await goHome([ani, budi]);
});

test("what can't be sent is refused with a sentence, and nothing is sent", async () => {
  const [ani, budi] = await pair("refused");
  const files = [
    [{ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") }, "Only pictures"],
    [{ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") }, "can't be read"],
    [{ name: "long.gif", mimeType: "image/gif", buffer: longGif() }, "GIF is too large"],
  ];
  for (const [file, sentence] of files) {
    await ani.see("file").setInputFiles(file);
    await ani.see("toast").filter({ hasText: sentence }).waitFor();
    assert.ok(await ani.see("preview").isHidden());
  }
  await ani.sayUntil("never mind", "received");
  assert.equal(await budi.see("message").count(), 1);
  await goHome([ani, budi]);
});

/** One white pixel, and 800 kB after it. */
function longGif() {
  const pixel = Buffer.from("R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");
  return Buffer.concat([pixel, Buffer.alloc(800_000)]);
}
