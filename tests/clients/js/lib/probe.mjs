// Starts a probe as a child process and ends it by its id.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MISSING = 89;
const START_DEADLINE_MS = 600_000; // the first start may build the probe
const STOP_DEADLINE_MS = 15_000;

/** Heartbeats so slow that a busy machine never loses a client; tests of the heartbeat itself set their own. */
const CALM = { PROBE_PING_INTERVAL: "25000", PROBE_PING_TIMEOUT: "20000", PROBE_CONNECT_TIMEOUT: "20000" };

/** Names of the probes under test. */
export const probes = (process.env.PROBES ?? "rust").split(/\s+/).filter(Boolean);

/** A probe that can't be built or lacks the feature here (exit status 89). */
export class Missing extends Error {}

function environment(extra) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PROBE_|NODE_TEST|NODE_OPTIONS)/.test(name));
  return { ...Object.fromEntries(inherited), PORT: "0", HOST: "127.0.0.1", ...CALM, ...extra };
}

async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function listening(child, complaints) {
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^LISTENING (\d+)$/.exec(line);
    if (match) return Number(match[1]);
  }
  const status = child.exitCode ?? (await once(child, "exit"))[0];
  throw new (status === MISSING ? Missing : Error)(`exit ${status}: ${complaints.join("").trim()}`);
}

/** Starts the probe `name` on a free port with `env` added to its environment; `undefined` removes a variable. */
export async function startProbe(name, env = {}) {
  const child = spawn("tests/probe", [name, "conformance"], {
    cwd: ROOT,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const complaints = [];
  child.stderr.on("data", (chunk) => complaints.push(chunk));
  const gone = once(child, "exit");
  const killIt = () => child.kill("SIGKILL");
  process.once("exit", killIt);
  const ready = Promise.race([listening(child, complaints), once(child, "error").then(([error]) => Promise.reject(error))]);
  const port = await within(START_DEADLINE_MS, `starting ${name}`, ready).catch((error) => {
    killIt();
    throw error;
  });
  child.stdout.resume();
  return { port, url: `http://127.0.0.1:${port}`, child, stop: () => stop({ name, child, gone, killIt, complaints }) };
}

/** Ends the probe; a status other than 0 is an error, and so is one that ended before it was told to. */
async function stop({ name, child, gone, killIt, complaints }) {
  const early = child.exitCode !== null || child.signalCode !== null;
  child.kill("SIGTERM");
  const [status, signal] = await within(STOP_DEADLINE_MS, `ending ${name}`, gone).finally(() => {
    killIt();
    process.off("exit", killIt);
  });
  if (early || status !== 0) {
    const how = early ? "ended by itself" : "ended badly";
    throw new Error(`${name} ${how}: status ${status}, signal ${signal}: ${complaints.join("").trim()}`);
  }
}
