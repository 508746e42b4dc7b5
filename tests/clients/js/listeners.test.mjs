// How a probe's listeners behave: once, off, refusals, exceptions, waiting, and the catch-all records.
import assert from "node:assert/strict";
import { fence, uniqueNamespace } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes } from "./lib/values.mjs";

suite("listeners", (each) => {
  each("a one-time listener answers once for each registration", async (bench) => {
    const client = await bench.connect();
    client.emit("once-event");
    assert.deepEqual(await client.askAll("once"), []);
    client.emit("once-event");
    client.emit("once-event");
    await fence(client, [client]);
    assert.deepEqual(client.inbox.drain("once-seen"), [[]]);
    await client.ask("once");
    client.emit("once-event");
    assert.deepEqual(await client.take("once-seen"), []);
  });

  each("a removed listener is silent, on this socket only", async (bench) => {
    const [client, other] = await bench.connectMany(2);
    client.emit("removable");
    assert.deepEqual(await client.take("removable-seen"), []);
    assert.deepEqual(await client.askAll("off"), []);
    client.emit("removable");
    other.emit("removable");
    await fence(client, [client]);
    await other.take("removable-seen");
    assert.deepEqual(client.inbox.names, []);
  });

  each("a refused event is reported and goes no further, and later events do", async (bench) => {
    const client = await bench.connect();
    client.emit("blocked", "argument", bytes(1));
    client.emit("message", "after");
    assert.deepEqual(await client.take("error-seen"), ["blocked"]);
    assert.deepEqual(await client.take("message-back"), ["after"]);
    assert.deepEqual(client.inbox.names, []);
  });

  each("a refused event is never acknowledged", async (bench) => {
    const client = await bench.connect();
    let answered = false;
    client.socket.emit("blocked", () => (answered = true));
    await client.take("error-seen");
    await fence(client, [client]);
    assert.equal(answered, false);
  });

  each("a listener that throws harms no event of the same batch and no other socket", async (bench) => {
    const [client, other] = await bench.connectMany(2);
    for (let index = 0; index < 20; index++) {
      client.emit("throw");
      client.emit("message", index);
    }
    other.emit("message", "other");
    const back = (await client.inbox.takeMany("message-back", 20)).map(([index]) => index);
    assert.deepEqual(back, [...back.keys()]);
    assert.deepEqual(await other.take("message-back"), ["other"]);
    assert.ok(client.socket.connected && other.socket.connected);
    assert.deepEqual(client.inbox.names, []);
  });

  each("a listener that waits holds up neither its socket nor others", async (bench) => {
    const [client, other] = await bench.connectMany(2);
    client.emit("slow", 2000, "waited");
    client.emit("message", "meanwhile");
    other.emit("message", "meanwhile");
    await Promise.all([client, other].map((each) => each.take("message-back")));
    assert.ok(!client.inbox.names.includes("slow-done"));
    assert.deepEqual(await client.take("slow-done"), ["waited"]);
  });

  each("shorter waits are done first", async (bench) => {
    const client = await bench.connect();
    client.emit("slow", 500, "long");
    client.emit("slow", 1, "short");
    assert.deepEqual(await client.take("slow-done"), ["short"]);
    assert.deepEqual(await client.take("slow-done"), ["long"]);
  });

  each("a wait that outlives its socket is harmless", async (bench) => {
    const [client, other] = await bench.connectMany(2);
    client.emit("slow", 50, "nobody is here");
    client.close();
    other.emit("slow", 200, "I am");
    assert.deepEqual(await other.take("slow-done"), ["I am"]);
  });
});

suite("catch-all listeners", (each) => {
  each("seen has every event of the client, unhandled and blocked ones included", async (bench) => {
    const client = await bench.connect();
    client.emit("nobody-listens", 1, bytes(2));
    client.emit("blocked");
    client.emit("throw");
    client.emit("message");
    await client.ask("rooms");
    const expected = ["nobody-listens", "blocked", "throw", "message", "rooms", "seen"];
    assert.deepEqual(await client.ask("seen"), expected);
    assert.deepEqual(await client.ask("seen"), [...expected, "seen"]);
  });

  each("sent begins with auth and has every event, but no acknowledgement", async (bench) => {
    const client = await bench.connect(uniqueNamespace());
    client.emit("message", 1);
    await client.ask("message-with-ack", 2);
    client.emit("server-emit-many", 2, "many");
    client.emit("emit-with-ack");
    (await client.take("emit-with-ack")).pop()();
    await client.take("emit-with-ack-back");
    client.emit("broadcast", { from: "io" }, "to-all");
    client.emit("broadcast", { from: "socket" }, "to-others");
    client.emit("blocked");
    await client.take("error-seen");
    assert.deepEqual(await client.ask("sent"), [
      "auth",
      "message-back",
      "many",
      "many",
      "emit-with-ack",
      "emit-with-ack-back",
      "to-all",
      "error-seen",
    ]);
  });

  each("sent has broadcasts of others", async (bench) => {
    const [client, other] = await bench.connectMany(2, uniqueNamespace());
    await client.ask("join", "a");
    other.emit("broadcast", { from: "socket", to: ["a"] }, "one");
    other.emit("broadcast", { from: "io", except: ["a"] }, "not-for-client");
    other.emit("broadcast-with-ack", { from: "io", to: ["a"] }, "two", () => {});
    await client.take("two");
    assert.deepEqual(await client.ask("sent"), ["auth", "one", "two"]);
  });

  each("each namespace keeps its own records", async (bench) => {
    const main = await bench.connect();
    const custom = await bench.connect("/custom", { on: main.socket.io });
    main.emit("only-main");
    custom.emit("only-custom");
    assert.deepEqual(await main.ask("seen"), ["only-main", "seen"]);
    assert.deepEqual(await custom.ask("seen"), ["only-custom", "seen"]);
    assert.deepEqual(await custom.ask("sent"), ["auth"]);
  });
});

suite("cluster events on a single server", (each) => {
  each("server-side reaches nobody", async (bench) => {
    const [client, other] = await bench.connectMany(2, uniqueNamespace());
    client.emit("server-side", "news", 1, { two: [3] });
    await fence(client, [client, other]);
    assert.deepEqual([client.inbox.names, other.inbox.names], [[], []]);
  });
});
