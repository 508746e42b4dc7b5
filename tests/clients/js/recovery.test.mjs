// Connection state recovery, as the official client does it.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { fence, uniqueNamespace, until } from "./lib/client.mjs";
import { startProxy } from "./lib/proxy.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes } from "./lib/values.mjs";

// The heartbeat notices a cut that met no open request of a polling client.
const env = { PROBE_CONNECTION_STATE_RECOVERY: "1", PROBE_PING_INTERVAL: "1000", PROBE_PING_TIMEOUT: "4000" };

/** The arguments without the offset, which must be a string. */
function plain(args) {
  assert.equal(typeof args.at(-1), "string", `no offset in ${JSON.stringify(args)}`);
  return args.slice(0, -1);
}

/** A client behind a proxy, and a watcher in the same namespace that stays connected. */
async function scene(bench, context, namespace = uniqueNamespace(), auth = undefined) {
  const proxy = await startProxy(bench.probe.port);
  context.after(() => proxy.close());
  const watcher = await bench.connect(namespace, { auth, mode: "websocket" });
  const client = await bench.connect(namespace, { auth, url: proxy.url });
  await client.ask("transport"); // the server has seen the upgrade, too
  return { proxy, watcher, client };
}

async function noticed(watcher, ids) {
  await until(
    () => watcher.ask("log"),
    (log) => ids.every((id) => log.filter((entry) => entry.id === id && entry.event === "disconnect").length > 0),
  );
}

const LOSSES = {
  "the engine is closed": async ({ client }) => client.engine.close(),
  "the network is cut": async ({ proxy, client }) => {
    if (client.engine.transport.name === "polling") await until(async () => setImmediate(proxy.polling), Boolean);
    proxy.cut();
  },
};

/** Loses the connection and waits until both sides know. */
async function lose(scene, loss = LOSSES["the engine is closed"], others = []) {
  const clients = [scene.client, ...others];
  const ids = clients.map((client) => client.id);
  await loss(scene);
  for (const client of clients) assert.match(await client.disconnected(), /^(transport|forced) /);
  await noticed(scene.watcher, ids);
  scene.proxy.restore();
}

for (const [how, loss] of Object.entries(LOSSES)) {
  suite(
    `recovery when ${how}`,
    (each) => {
      each("keeps id, rooms and data, and replays what was missed", async (bench, context) => {
        const all = await scene(bench, context);
        const { watcher, client } = all;
        const id = client.id;
        await client.ask("join", ["a", "c"]);
        await client.ask("set-data", { name: "kept" });
        await lose(all, loss);
        const send = (options, ...args) => watcher.emit("broadcast", { from: "io", ...options }, "missed", ...args);
        send({}, 1);
        send({ to: ["b"] }, "another room");
        send({ to: ["a"] }, 2, bytes(2));
        send({ to: ["a"], except: ["c"] }, "excepted");
        send({ to: [id] }, 3, { deep: [bytes(3)] });
        send({ volatile: true }, "volatile");
        watcher.emit("broadcast", { from: "socket", to: ["a", "b"] }, "missed", 4);
        await fence(watcher, [watcher]);
        const before = [];
        client.socket.once("connect", () => before.push(...client.inbox.names));
        await client.open();
        assert.equal(client.socket.recovered, true);
        assert.equal(client.id, id);
        assert.deepEqual(before.filter((name) => name === "missed").length, 4);
        const missed = (await client.inbox.takeMany("missed", 4)).map(plain);
        assert.deepEqual(missed, [[1], [2, bytes(2)], [3, { deep: [bytes(3)] }], [4]]);
        await client.take("auth");
        assert.deepEqual(await client.ask("rooms"), [id, "a", "c"].sort());
        assert.deepEqual(await client.ask("get-data"), { name: "kept" });
        assert.deepEqual(client.inbox.names, []);
      });

      each("replays nothing when nothing was missed", async (bench, context) => {
        const all = await scene(bench, context);
        const id = all.client.id;
        await lose(all, loss);
        await all.client.open();
        assert.equal(all.client.socket.recovered, true);
        assert.equal(all.client.id, id);
        await all.client.take("auth");
        await fence(all.client, [all.client, all.watcher]);
        assert.deepEqual(all.client.inbox.names, []);
      });
    },
    { env },
  );
}

suite(
  "recovery",
  (each, mode) => {
    each("again and again replays each event exactly once", async (bench, context) => {
      const all = await scene(bench, context);
      const { watcher, client } = all;
      let sent = 0;
      const news = (count) => {
        for (let index = 0; index < count; index++) watcher.emit("broadcast", { from: "socket" }, "news", sent++);
      };
      for (let round = 0; round < 3; round++) {
        news(20);
        await lose(all, round % 2 === 0 ? LOSSES["the engine is closed"] : LOSSES["the network is cut"]);
        news(20);
        await fence(watcher, [watcher]);
        await client.open();
        assert.equal(client.socket.recovered, true);
        news(20);
      }
      const numbers = (await client.inbox.takeMany("news", sent)).map((args) => plain(args)[0]);
      assert.deepEqual(numbers, [...numbers.keys()]);
      await fence(watcher, [client]);
      assert.deepEqual(client.inbox.drain("news"), []);
    });

    each("covers every namespace of the connection", async (bench, context) => {
      const all = await scene(bench, context);
      const { watcher, client } = all;
      const custom = await bench.connect("/custom", { on: client.socket.io });
      const ids = [client.id, custom.id];
      await lose(all, undefined, [custom]);
      watcher.emit("broadcast", { from: "io" }, "missed", "by the first");
      await fence(watcher, [watcher]);
      await Promise.all([client.open(), custom.open()]);
      assert.deepEqual([client.socket.recovered, custom.socket.recovered], [true, true]);
      assert.deepEqual([client.id, custom.id], ids);
      assert.deepEqual(plain(await client.take("missed")), ["by the first"]);
      await custom.take("auth");
      assert.deepEqual(custom.inbox.names, []);
    });

    each("replays what the socket's own listeners emitted meanwhile", async (bench, context) => {
      const all = await scene(bench, context);
      all.client.emit("slow", 300, "done meanwhile");
      await all.client.ask("transport");
      await lose(all);
      all.watcher.emit("slow", 300, "certainly later");
      await all.watcher.take("slow-done");
      await all.client.open();
      assert.equal(all.client.socket.recovered, true);
      assert.deepEqual(plain(await all.client.take("slow-done")), ["done meanwhile"]);
    });

    each("works over the transport it comes back on, and upgrades", async (bench, context) => {
      const all = await scene(bench, context);
      await lose(all);
      await all.client.open();
      if (mode === "upgrading") await all.client.upgraded();
      assert.equal(await all.client.ask("transport"), mode === "polling" ? "polling" : "websocket");
      all.client.emit("message", "back", bytes(1));
      assert.deepEqual(plain(await all.client.take("message-back")), ["back", bytes(1)]);
    });

    each("skips the middlewares of the namespace", async (bench, context) => {
      const all = await scene(bench, context, "/guarded", { token: "secret" });
      const id = all.client.id;
      await lose(all);
      all.client.socket.auth = { token: "expired" };
      await all.client.open();
      assert.equal(all.client.socket.recovered, true);
      assert.equal(all.client.id, id);
      const [auth] = plain(await all.client.take("auth"));
      assert.equal(auth.token, "expired");
    });
  },
  { env },
);

suite(
  "no recovery",
  (each) => {
    async function assertFresh({ client }, id) {
      await client.open();
      assert.ok(!client.socket.recovered);
      assert.notEqual(client.id, id);
      await client.inbox.take("auth");
      assert.deepEqual(await client.ask("rooms"), [client.id]);
      assert.deepEqual(await client.ask("get-data"), {});
      assert.ok(!client.inbox.names.includes("missed"));
    }

    async function prepared(bench, context) {
      const all = await scene(bench, context);
      await all.client.ask("join", "a");
      await all.client.ask("set-data", { name: "lost" });
      return { all, client: all.client, id: all.client.id };
    }

    each("after the client left", async (bench, context) => {
      const { all, client, id } = await prepared(bench, context);
      client.socket.disconnect();
      await noticed(all.watcher, [id]);
      all.watcher.emit("broadcast", { from: "io" }, "missed");
      await fence(all.watcher, [all.watcher]);
      await assertFresh(all, id);
    });

    each("after the server disconnected the socket", async (bench, context) => {
      const { all, client, id } = await prepared(bench, context);
      client.emit("disconnect-me", true);
      await client.disconnected();
      await noticed(all.watcher, [id]);
      await assertFresh(all, id);
    });

    each("with an unknown session or an unknown offset", async (bench, context) => {
      for (const forge of [(socket) => (socket._pid = "nonsense"), (socket) => (socket._lastOffset = "nonsense")]) {
        const { all, client, id } = await prepared(bench, context);
        await lose(all);
        forge(client.socket);
        await assertFresh(all, id);
        assert.equal(typeof client.socket._pid, "string");
        assert.notEqual(client.socket._pid, "nonsense");
      }
    });

    each("with the session of another namespace, and no way around its middleware", async (bench, context) => {
      const { all, client, id } = await prepared(bench, context);
      const stolen = { pid: client.socket._pid, offset: client.socket._lastOffset };
      await lose(all);
      await assertFresh({ client: bench.client(uniqueNamespace(), { auth: stolen }) }, id);
      await assert.rejects(bench.client("/guarded", { auth: stolen }).open(), { message: "unauthorized" });
    });
  },
  { env },
);

suite(
  "recovery of a session that is still connected",
  (each) => {
    async function assertOneOwner(bench, { client }) {
      const id = client.id;
      const auth = { pid: client.socket._pid, offset: client.socket._lastOffset };
      const second = await bench.client(client.socket.nsp, { auth }).open();
      if (second.id === id) await client.disconnected();
      else assert.deepEqual(await client.ask("rooms"), [id]);
    }

    each("never gives two sockets the same id", async (bench, context) => {
      await assertOneOwner(bench, await scene(bench, context));
    });

    each("never gives two sockets the same id after a recovery", { beyond: true }, async (bench, context) => {
      const all = await scene(bench, context);
      await lose(all);
      await all.client.open();
      assert.equal(all.client.socket.recovered, true);
      await assertOneOwner(bench, all);
    });

    each("takes over from a connection whose loss the server has not noticed", { beyond: true }, async (bench, context) => {
      const all = await scene(bench, context);
      const { watcher, client } = all;
      const id = client.id;
      await client.ask("join", "a");
      all.proxy.freeze(); // the server hears nothing more of these connections
      client.engine.close();
      await client.disconnected();
      watcher.emit("broadcast", { from: "io", to: ["a"] }, "missed", 1);
      await fence(watcher, [watcher]);
      await client.open();
      assert.equal(client.socket.recovered, true);
      assert.equal(client.id, id);
      assert.deepEqual(plain(await client.take("missed")), [1]);
    });
  },
  { env },
);

suite(
  "offsets",
  (each) => {
    each("are on every event that can be replayed, and on no other", async (bench) => {
      const client = await bench.connect(uniqueNamespace());
      client.emit("message", "direct");
      client.emit("broadcast", { from: "io" }, "news", 1, bytes(1));
      client.emit("emit-with-ack", "question");
      client.emit("broadcast-with-ack", { from: "io" }, "asked", 1, () => {});
      const [direct, news] = [await client.take("message-back"), await client.take("news")];
      assert.deepEqual(plain(direct), ["direct"]);
      assert.deepEqual(plain(news), [1, bytes(1)]);
      assert.notEqual(direct.at(-1), news.at(-1));
      assert.equal((await client.take("emit-with-ack")).length, 2, "the argument and the acknowledgement");
      assert.equal((await client.take("asked")).length, 2, "the argument and the acknowledgement");
      assert.deepEqual(await client.askAll("message-with-ack", 1), [1]);
    });

    each("are never on volatile events", async (bench) => {
      const client = await bench.connect();
      client.emit("volatile-many", 100, 3);
      client.emit("message");
      await client.take("message-back");
      for (const args of client.inbox.drain("v")) assert.deepEqual(args, ["xxx"]);
    });
  },
  { env },
);
