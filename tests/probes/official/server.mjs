// The reference probe: `node server.mjs [conformance|bench|engine]` on the official packages (see probe.md).
import { createServer } from "node:http";
import { optionsFromEnvironment } from "./options.mjs";

const MISSING_FEATURE = 89;
const CLOSE_DEADLINE_MS = 3000;

const apps = {
  conformance: () => import("./conformance.mjs"),
  bench: () => import("./bench.mjs"),
  engine: () => import("./engine.mjs"),
};

function leave(status, reason) {
  console.error(reason);
  process.exit(status);
}

function closeOn(signal, close) {
  process.once(signal, () => {
    setTimeout(() => process.exit(0), CLOSE_DEADLINE_MS).unref();
    close(() => process.exit(0));
  });
}

async function main() {
  const name = process.argv[2] ?? "conformance";
  if (!Object.hasOwn(apps, name)) leave(2, `unknown app ${name}`);
  if (process.env.PROBE_ADAPTER) leave(MISSING_FEATURE, "the official probe has no cluster adapter");
  const { start } = await apps[name]();
  const http = createServer((request, response) => response.writeHead(404).end());
  const close = start(http, optionsFromEnvironment(process.env));
  closeOn("SIGTERM", close);
  closeOn("SIGINT", close);
  http.on("error", (error) => leave(1, error.message));
  http.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1", () =>
    process.stdout.write(`LISTENING ${http.address().port}\n`),
  );
}

await main();
