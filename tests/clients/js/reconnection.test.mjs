// What the official client does by itself after a loss: it comes back, with everything that it had to say.
import assert from "node:assert/strict";
import { uniqueNamespace, until } from "./lib/client.mjs";
import { withDeadline } from "./lib/inbox.mjs";
import { startProbe } from "./lib/probe.mjs";
import { startProxy } from "./lib/proxy.mjs";
import { suite } from "./lib/suite.mjs";

const QUICK = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50, timeout: 20_000 };

function reconnects(client) {
  return withDeadline(new Promise((resolve) => client.socket.once("connect", resolve)), () => "no reconnection");
}

async function scene(bench, context, options = {}) {
  const proxy = await startProxy(bench.probe.port);
  context.after(() => proxy.close());
  const client = await bench.connect(uniqueNamespace(), { url: proxy.url, ...QUICK, ...options });
  return { proxy, client };
}

suite("reconnection", (each) => {
  each("after a cut the client is back with a new id, and no rooms", async (bench, context) => {
    const { proxy, client } = await scene(bench, context, { auth: { token: "again" } });
    const id = client.id;
    await client.ask("join", bench.room());
    proxy.cut();
    assert.match(await client.disconnected(), /^transport (close|error)$/);
    const back = reconnects(client);
    proxy.restore();
    await back;
    assert.deepEqual(await client.take("auth"), [{ token: "again" }]);
    assert.notEqual(client.id, id);
    assert.equal(client.socket.recovered, undefined);
    assert.deepEqual(await client.ask("rooms"), [client.id]);
    assert.deepEqual(await client.ask("get-data"), {});
  });

  each("all namespaces of the connection come back", async (bench, context) => {
    const { proxy, client } = await scene(bench, context);
    const custom = await bench.connect("/custom", { on: client.socket.io });
    proxy.cut();
    await Promise.all([client.disconnected(), custom.disconnected()]);
    const back = Promise.all([reconnects(client), reconnects(custom)]);
    proxy.restore();
    await back;
    for (const one of [client, custom]) assert.equal(await one.ask("message-with-ack", "back"), "back");
  });

  each("what was emitted meanwhile arrives in order after it", async (bench, context) => {
    const { proxy, client } = await scene(bench, context);
    proxy.cut();
    await client.disconnected();
    for (let index = 0; index < 200; index++) client.emit("message", index);
    const last = client.ask("message-with-ack", "last");
    proxy.restore();
    assert.equal(await last, "last");
    const numbers = (await client.inbox.takeMany("message-back", 200)).map(([index]) => index);
    assert.deepEqual(numbers, [...numbers.keys()]);
  });

  each("several cuts in a row are survived", async (bench, context) => {
    const { proxy, client } = await scene(bench, context);
    for (let round = 0; round < 5; round++) {
      proxy.cut();
      await client.disconnected();
      const back = reconnects(client);
      proxy.restore();
      await back;
      assert.equal(await client.ask("message-with-ack", round), round);
    }
  });

  each("events with retries arrive at least once through cuts", async (bench, context) => {
    const proxy = await startProxy(bench.probe.port);
    context.after(() => proxy.close());
    const on = bench.manager({ url: proxy.url, ...QUICK });
    const client = await bench.client(uniqueNamespace(), { on, retries: 10, ackTimeout: 10_000 }).open();
    const sends = Array.from({ length: 30 }, (_, index) => client.socket.emitWithAck("message-with-ack", index));
    await sends[9];
    proxy.cut();
    await client.disconnected();
    proxy.restore();
    assert.deepEqual(await Promise.all(sends), [...sends.keys()]);
  });

  each("the end of the server is a transport close, and a new one is found", async (bench, context) => {
    const first = await startProbe(bench.name);
    const proxy = await startProxy(first.port);
    context.after(() => proxy.close());
    const client = await bench.connect("/", { url: proxy.url, ...QUICK });
    const custom = await bench.connect("/custom", { on: client.socket.io });
    await first.stop();
    for (const one of [client, custom]) assert.match(await one.disconnected(), /^transport (close|error)$/);
    const second = await startProbe(bench.name);
    context.after(() => second.stop());
    const back = Promise.all([reconnects(client), reconnects(custom)]);
    proxy.target = second.port;
    await back;
    assert.equal(await client.ask("message-with-ack", "back"), "back");
    assert.equal((await client.ask("counts")).clients, 1);
  });

  each("the server ends with status 0 while many clients are connected", async (bench) => {
    const probe = await startProbe(bench.name);
    const clients = await Promise.all(Array.from({ length: 50 }, () => bench.connect("/", { url: probe.url })));
    for (const client of clients) client.emit("slow", 5_000, "never");
    await Promise.all(clients.map((client) => client.ask("transport")));
    await probe.stop(); // checks the status
    for (const client of clients) assert.match(await client.disconnected(), /^transport (close|error)$/);
  });

  each("a client that gave up leaves nothing behind", async (bench, context) => {
    const { proxy, client } = await scene(bench, context, { reconnectionAttempts: 2 });
    const watcher = await bench.connect(client.socket.nsp);
    await until(
      () => watcher.ask("counts"),
      (found) => found.sockets === 2,
    );
    const failed = new Promise((resolve) => client.socket.io.once("reconnect_failed", resolve));
    client.engine.close();
    proxy.cut();
    await withDeadline(failed, () => "the client did not give up");
    await until(
      () => watcher.ask("counts"),
      (found) => found.sockets === 1 && found.rooms === 1,
    );
  });
});
