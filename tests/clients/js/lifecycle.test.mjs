// Handshake, transport, and every way a socket ends, as both sides see it.
import assert from "node:assert/strict";
import { uniqueNamespace, until } from "./lib/client.mjs";
import { startProxy } from "./lib/proxy.mjs";
import { suite } from "./lib/suite.mjs";

const LOST = /^transport (close|error)$/;

/** The reason in the server's log, which must hold `disconnecting` and then `disconnect` for this socket, once each. */
async function logged(watcher, id) {
  const log = await until(
    async () => (await watcher.ask("log")).filter((entry) => entry.id === id),
    (entries) => entries.some(({ event }) => event === "disconnect"),
  );
  assert.deepEqual(log.map(({ event }) => event), ["disconnecting", "disconnect"]);
  assert.deepEqual(log.map((entry) => Object.keys(entry).sort()), [["event", "id", "reason"], ["event", "id", "reason"]]);
  assert.equal(log[0].reason, log[1].reason);
  return log[0].reason;
}

async function watched(bench, namespace = "/") {
  const [watcher, client] = [await bench.connect(), await bench.connect(namespace)];
  return { watcher, client, id: client.id };
}

suite("handshake", (each) => {
  each("has auth, query, headers and address of the client", async (bench) => {
    const started = Date.now();
    const client = await bench.connect("/", {
      auth: { token: "abc" },
      query: { room: "a b&c=d/ü", empty: "" },
      extraHeaders: { "X-Probe": "value", origin: "http://other.example" },
    });
    const handshake = await client.ask("handshake");
    assert.deepEqual(handshake.auth, { token: "abc" });
    const { room, empty, EIO, transport } = handshake.query;
    assert.deepEqual({ room, empty, EIO }, { room: "a b&c=d/ü", empty: "", EIO: "4" });
    assert.equal(transport, bench.mode === "websocket" ? "websocket" : "polling");
    assert.equal(handshake.headers["x-probe"], "value");
    assert.equal(handshake.headers.host, new URL(bench.url).host);
    assert.equal(handshake.address, "127.0.0.1");
    assert.equal(handshake.secure, false);
    assert.equal(handshake.xdomain, true);
    assert.match(handshake.url, /^\/socket\.io\/\?.*EIO=4/);
    assert.ok(Number.isInteger(handshake.issued) && Math.abs(handshake.issued - started) < 60_000);
    assert.ok(Math.abs(Date.parse(handshake.time) - handshake.issued) < 5_000, handshake.time);
  });

  each("has defaults where the client sent nothing", async (bench) => {
    const handshake = await (await bench.connect()).ask("handshake");
    const keys = ["address", "auth", "headers", "issued", "query", "secure", "time", "url", "xdomain"];
    assert.deepEqual(Object.keys(handshake).sort(), keys);
    assert.deepEqual(handshake.auth, {});
    assert.equal(handshake.xdomain, false);
  });

  each("transport names what the connection runs over", async (bench) => {
    const client = await bench.connect();
    assert.equal(await client.ask("transport"), bench.mode === "polling" ? "polling" : "websocket");
  });
});

suite("ends", (each) => {
  each("the client leaves the namespace", async (bench) => {
    const { watcher, client, id } = await watched(bench);
    client.socket.disconnect();
    assert.equal(await client.disconnected(), "io client disconnect");
    assert.equal(await logged(watcher, id), "client namespace disconnect");
  });

  each("the server disconnects the socket and leaves the connection", async (bench) => {
    const { watcher, client, id } = await watched(bench);
    const custom = await bench.connect("/custom", { on: client.socket.io });
    client.emit("disconnect-me", false);
    assert.equal(await client.disconnected(), "io server disconnect");
    assert.equal(await logged(watcher, id), "server namespace disconnect");
    assert.equal(await custom.ask("message-with-ack", "alive"), "alive");
    await client.open();
    assert.notEqual(client.id, id);
    assert.equal(await client.ask("message-with-ack", "back"), "back");
  });

  each("the server disconnects the whole connection", async (bench) => {
    const { watcher, client, id } = await watched(bench);
    const custom = await bench.connect("/custom", { on: client.socket.io });
    const customId = custom.id;
    client.emit("disconnect-me", true);
    for (const socket of [client, custom]) assert.equal(await socket.disconnected(), "io server disconnect");
    for (const one of [id, customId]) assert.equal(await logged(watcher, one), "server namespace disconnect");
  });

  each("events before the server's disconnect still arrive", async (bench) => {
    const { client } = await watched(bench);
    client.emit("server-emit-many", 500, "number");
    client.emit("disconnect-me", true);
    await client.disconnected();
    assert.equal(client.inbox.drain("number").length, 500);
  });

  each("events after the disconnect are not handled", async (bench) => {
    const namespace = uniqueNamespace();
    const witness = await bench.connect(namespace);
    const client = await bench.connect(namespace);
    client.emit("disconnect-me", false);
    client.emit("broadcast", { from: "io" }, "ghost");
    await client.disconnected();
    await witness.ask("message-with-ack");
    assert.deepEqual(witness.inbox.names, []);
  });

  each("the connection closes", async (bench) => {
    const { watcher, client, id } = await watched(bench);
    client.engine.close();
    await client.disconnected();
    assert.equal(await logged(watcher, id), "transport close");
  });

  each("the network is cut", async (bench, context) => {
    const proxy = await startProxy(bench.probe.port);
    context.after(() => proxy.close());
    const watcher = await bench.connect();
    const client = await bench.connect("/", { url: proxy.url });
    const id = client.id;
    await client.ask("transport"); // the server has seen the upgrade, too
    proxy.cut();
    assert.match(await client.disconnected(), LOST);
    // Over polling the server notices at once only while a request is open.
    if (bench.mode !== "polling") assert.match(await logged(watcher, id), LOST);
  });

  each("a socket in all namespaces of a connection ends with it", async (bench) => {
    const { watcher, client, id } = await watched(bench);
    const custom = await bench.connect("/custom", { on: client.socket.io });
    const ids = [id, custom.id];
    client.engine.close();
    for (const one of ids) assert.equal(await logged(watcher, one), "transport close");
  });

  each("the rooms of an ended socket are gone", async (bench) => {
    const namespace = uniqueNamespace();
    const [watcher, client] = await bench.connectMany(2, namespace);
    await client.ask("join", ["a", "b"]);
    const { sockets, rooms } = await watcher.ask("counts");
    assert.deepEqual({ sockets, rooms }, { sockets: 2, rooms: 4 });
    client.close();
    const counts = await until(
      () => watcher.ask("counts"),
      (found) => found.sockets === 1,
    );
    assert.equal(counts.rooms, 1);
  });
});

suite("counts", (each) => {
  each("count connections of the server, and sockets and rooms of the namespace", async (bench) => {
    const watcher = await bench.connect(uniqueNamespace());
    await until(
      () => watcher.ask("counts"),
      (found) => found.clients === 1,
    );
    const others = await bench.connectMany(5, "/custom");
    const neighbour = await bench.connect(watcher.socket.nsp, { on: others[0].socket.io });
    await neighbour.ask("join", ["a", "b", "c"]);
    assert.deepEqual(await watcher.ask("counts"), { clients: 6, sockets: 2, rooms: 5 });
    for (const client of others) client.close();
    await until(
      () => watcher.ask("counts"),
      (found) => found.clients === 1 && found.sockets === 1 && found.rooms === 1,
    );
  });
});
