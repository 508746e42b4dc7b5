// Namespaces: static, dynamic, guarded and unknown ones, and several on one connection.
import assert from "node:assert/strict";
import { fence, uniqueNamespace, until } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes, UNICODE } from "./lib/values.mjs";

const SECRET = { token: "secret" };

async function refusal(client) {
  const error = await client.open().then(
    () => assert.fail(`${client.socket.nsp} was accepted`),
    (refused) => refused,
  );
  assert.equal(client.socket.connected, false);
  return { message: error.message, data: error.data };
}

suite("namespaces", (each) => {
  for (const namespace of ["/", "/custom", "/dyn-1", "/dyn-99999999999999999999"]) {
    each(`${namespace} accepts everyone and serves the events`, async (bench) => {
      const client = await bench.connect(namespace);
      client.emit("message", "to you", bytes(1));
      assert.deepEqual(await client.take("message-back"), ["to you", bytes(1)]);
      assert.deepEqual(await client.askAll("message-with-ack", 1, bytes(2)), [1, bytes(2)]);
      assert.deepEqual(await client.ask("rooms"), [client.id]);
      assert.match(client.id, /^[\w-]{16,}$/);
    });
  }

  each("a new socket first receives its auth payload", async (bench) => {
    const payloads = [undefined, {}, { token: "abc", nested: { list: [1, null, ...UNICODE] } }];
    for (const namespace of ["/", "/custom", uniqueNamespace()]) {
      for (const auth of payloads) {
        const client = await bench.client(namespace, { auth }).open();
        assert.deepEqual(await client.take("auth"), [auth ?? {}]);
        assert.deepEqual(await client.ask("sent"), ["auth"]);
      }
    }
  });

  each("auth may come from a function", async (bench) => {
    const auth = (answer) => answer({ from: "function" });
    const client = await bench.client("/", { auth }).open();
    assert.deepEqual(await client.take("auth"), [{ from: "function" }]);
  });

  for (const namespace of ["/random", "/dyn-", "/dyn-1x", "/dyn-x", "/xdyn-1", "/custom/", "/Custom", "/größe"]) {
    each(`${namespace} is an invalid namespace, and the connection stays usable`, async (bench) => {
      const main = await bench.connect();
      const stranger = bench.client(namespace, { on: main.socket.io });
      assert.deepEqual(await refusal(stranger), { message: "Invalid namespace", data: undefined });
      assert.equal(await main.ask("message-with-ack", "alive"), "alive");
    });
  }

  each("the middleware refuses with message and data", async (bench) => {
    const refused = { message: "unauthorized", data: { code: 401 } };
    for (const auth of [undefined, {}, { token: "wrong" }, { token: ["secret"] }, { token: null }]) {
      assert.deepEqual(await refusal(bench.client("/guarded", { auth })), refused);
    }
  });

  each("the middleware accepts the secret", async (bench) => {
    const client = await bench.client("/guarded", { auth: SECRET }).open();
    assert.deepEqual(await client.take("auth"), [SECRET]);
    assert.equal(await client.ask("message-with-ack", "inside"), "inside");
  });

  each("a refused client may try again on the same connection", async (bench) => {
    const main = await bench.connect();
    const client = bench.client("/guarded", { on: main.socket.io, auth: { token: "wrong" } });
    await refusal(client);
    await refusal(client);
    client.socket.auth = SECRET;
    await client.open();
    assert.deepEqual(await client.take("auth"), [SECRET]);
    assert.ok(main.socket.connected);
  });
});

suite("several namespaces on one connection", (each) => {
  const NAMES = ["/", "/custom", "/guarded"];

  async function openAll(bench) {
    const on = bench.manager();
    const clients = [...NAMES, uniqueNamespace(), uniqueNamespace()].map((name) => bench.client(name, { on, auth: SECRET }));
    await Promise.all(clients.map((client) => client.open()));
    for (const client of clients) assert.deepEqual(await client.take("auth"), [SECRET]);
    return clients;
  }

  each("have sockets and ids of their own", async (bench) => {
    const clients = await openAll(bench);
    assert.equal(new Set(clients.map((client) => client.id)).size, clients.length);
    const engines = new Set(clients.map((client) => client.engine));
    assert.equal(engines.size, 1);
    assert.ok(clients.every((client) => client.id !== client.engine.id), "the session id must stay private");
  });

  each("do not mix up events, binary data and acknowledgements", async (bench) => {
    const clients = await openAll(bench);
    for (let index = 0; index < 100; index++) {
      for (const { socket } of clients) socket.emit("message", socket.nsp, index, bytes(index));
    }
    const answers = clients.flatMap((client) =>
      Array.from({ length: 50 }, async (_, index) => {
        assert.deepEqual(await client.askAll("message-with-ack", client.socket.nsp, index), [client.socket.nsp, index]);
      }),
    );
    await Promise.all(answers);
    for (const client of clients) {
      const back = await client.inbox.takeMany("message-back", 100);
      back.forEach((args, index) => assert.deepEqual(args, [client.socket.nsp, index, bytes(index)]));
      assert.deepEqual(client.inbox.names, []);
    }
  });

  each("leaving one leaves the others, and it may be joined again", async (bench) => {
    const [main, custom, guarded] = await openAll(bench);
    const id = custom.id;
    custom.socket.disconnect();
    assert.equal(await custom.disconnected(), "io client disconnect");
    assert.equal(await main.ask("message-with-ack", 1), 1);
    assert.equal(await guarded.ask("message-with-ack", 2), 2);
    await custom.open();
    await custom.take("auth");
    assert.notEqual(custom.id, id);
    assert.equal(await custom.ask("message-with-ack", 3), 3);
  });

  each("the main namespace may be left, or never joined", async (bench) => {
    const [main, custom] = await openAll(bench);
    main.socket.disconnect();
    assert.equal(await custom.ask("message-with-ack", 1), 1);
    const alone = await bench.connect("/custom");
    assert.equal(await alone.ask("message-with-ack", 2), 2);
  });

  each("one connection is one client", async (bench) => {
    const clients = await openAll(bench);
    const fresh = clients.at(-1);
    const counts = await until(
      () => fresh.ask("counts"),
      ({ clients: connections }) => connections === 1,
    );
    assert.deepEqual(counts, { clients: 1, sockets: 1, rooms: 1 });
  });

  each("broadcasts in one are not seen in the others", async (bench) => {
    const clients = await openAll(bench);
    clients[3].emit("broadcast", { from: "io" }, "news");
    for (const client of clients) await fence(client, [client]);
    assert.deepEqual(clients.map((client) => client.inbox.names), [[], [], [], ["news"], []]);
  });
});
