// What the browser tests share: the server under test, the browser, and people who use the page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEMO = process.env.DEMO_CMD ?? "target/release/pancar-demo";
const PATIENCE_MS = 15_000;
const SWITCHES = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the demo (`DEMO_CMD`, run in the repository's root) on a free port. */
export async function startDemo() {
  const [command, ...args] = DEMO.split(" ");
  const env = { ...process.env, PORT: "0", HOST: "127.0.0.1" };
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const port = await new Promise((resolve, reject) => {
    child.once("error", reject);
    ended.then((code) => reject(new Error(`"${DEMO}" ended with ${code} before it was listening`)));
    createInterface(child.stdout).on("line", (line) => {
      const [, found] = /^LISTENING (\d+)$/.exec(line) ?? [];
      if (found) resolve(Number(found));
    });
  });
  return { port, url: `http://127.0.0.1:${port}/`, stop: () => stop(child, ended) };
}

/** Asks the server to end and answers its exit status; after some patience it is killed. */
async function stop(child, ended) {
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const status = await ended;
  clearTimeout(killer);
  return status;
}

/** Debian's Chromium with a fresh profile of its own. */
export function startBrowser() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: SWITCHES });
}

const selector = (testid, attributes) =>
  `[data-testid="${testid}"]` + Object.entries(attributes).map(([name, value]) => `[data-${name}="${value}"]`).join("");

/** Somebody in front of a page of their own. */
export class Person {
  /** What the page's console had to say that was a warning, an error or an exception. */
  complaints = [];

  constructor(page) {
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
  }

  /** Opens the page without entering. `options` are those of a browser context. */
  static async visit(browser, url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(await context.newPage());
    await person.page.goto(url);
    return person;
  }

  /** Opens the page and enters a room, by keyboard only. */
  static async enter(browser, url, name, room, options) {
    const person = await Person.visit(browser, url, options);
    await person.fillEntry(name, room);
    await person.see("entry").waitFor({ state: "hidden" });
    return person;
  }

  async fillEntry(name, room) {
    await this.see("entry-name").fill(name);
    await this.see("entry-room").fill(room);
    await this.see("entry-room").press("Enter");
  }

  /** The elements of a test id, narrowed by `data-…` attributes. */
  see(testid, attributes = {}) {
    return this.page.locator(selector(testid, attributes));
  }

  /** The messages that hold a text, narrowed by `data-…` attributes. */
  message(text, attributes = {}) {
    return this.see("message", attributes).filter({ hasText: text });
  }

  async say(text) {
    await this.see("text").fill(text);
    await this.see("text").press("Enter");
  }

  /** Says something and waits until it has got as far as `state`. */
  async sayUntil(text, state) {
    await this.say(text);
    await this.message(text, { own: "true", state }).waitFor();
  }

  async hears(text) {
    await this.message(text, { own: "false" }).waitFor();
  }

  /** Waits until the page is connected over this transport and in its room. */
  async uses(transport) {
    await this.see("transport", { transport }).waitFor();
    await this.see("connection", { state: "connected" }).waitFor();
  }

  async memberNames() {
    return this.see("member").locator(".name").allTextContents();
  }

  async close() {
    await this.page.context().close();
  }
}

/** Waits until `check` answers something true for the page; unlike a sleep it ends as soon as that is so. */
export const until = (person, check, argument) => person.page.waitForFunction(check, argument, { timeout: PATIENCE_MS });

/** Two people talk to each other, both ways. */
export async function talk(one, other, topic) {
  await one.sayUntil(`${topic}, says one`, "received");
  await other.hears(`${topic}, says one`);
  await other.sayUntil(`${topic}, says the other`, "received");
  await one.hears(`${topic}, says the other`);
}

/** Closes everybody's page and fails if one of them complained about anything that is not `expected`. */
export async function goHome(people, expected = /^$/) {
  for (const person of people) await person.close();
  const complaints = people.flatMap((person) => person.complaints).filter((line) => !expected.test(line));
  assert.deepEqual(complaints, []);
}

/** Keeps a screenshot as `$SHOTS/name.png` for people to look at, and answers it. */
export async function screenshot(person, name) {
  const png = await person.page.screenshot({ animations: "disabled" });
  if (process.env.SHOTS) {
    await mkdir(process.env.SHOTS, { recursive: true });
    await writeFile(`${process.env.SHOTS}/${name}.png`, png);
  }
  return png;
}

/** Decodes a PNG in the browser: how many colours it has, and its mean brightness from 0 to 255. */
export async function lookAt(browser, png) {
  const page = await browser.newPage();
  const seen = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let light = 0;
    for (let at = 0; at < data.length; at += 4) {
      colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      light += (data[at] + data[at + 1] + data[at + 2]) / 3;
    }
    return { colours: colours.size, brightness: light / (data.length / 4) };
  }, png.toString("base64"));
  await page.close();
  return seen;
}

/** Draws a picture in the person's browser and answers it as a file for a file input. `noise` makes it hard to compress. */
export async function drawnPicture(person, { name, type, width, height, noise = false }) {
  const base64 = await person.page.evaluate(async ({ type, width, height, noise }) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.fillStyle = "#e0603c";
    context.fillRect(0, 0, width, height);
    if (noise) {
      const pixels = context.getImageData(0, 0, width, height);
      for (let at = 0; at < pixels.data.length; at += 65_536) crypto.getRandomValues(pixels.data.subarray(at, at + 65_536));
      for (let at = 3; at < pixels.data.length; at += 4) pixels.data[at] = 255;
      context.putImageData(pixels, 0, 0);
    }
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(binary);
  }, { type, width, height, noise });
  return { name, mimeType: type, buffer: Buffer.from(base64, "base64") };
}
