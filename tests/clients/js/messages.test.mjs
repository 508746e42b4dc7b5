// Events and acknowledgements in both directions, and what they carry.
import assert from "node:assert/strict";
import { fence, until } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes, pattern, UNICODE, VALUES } from "./lib/values.mjs";

const NESTED = [
  bytes(1, 2, 3),
  { first: bytes(), list: [bytes(255), "text", { deep: bytes(0, 1) }], last: null },
  "between",
  [[bytes(9)]],
];

async function echoes(client, ...args) {
  client.emit("message", ...args);
  assert.deepEqual(await client.take("message-back"), args);
}

async function acknowledges(client, ...args) {
  assert.deepEqual(await client.askAll("message-with-ack", ...args), args);
}

suite("messages", (each) => {
  each("an event without arguments comes back without arguments", async (bench) => {
    await echoes(await bench.connect());
  });

  each("every JSON value comes back unchanged, alone and together", async (bench) => {
    const client = await bench.connect();
    for (const value of VALUES) await echoes(client, value);
    await echoes(client, ...VALUES);
    await acknowledges(client, ...VALUES);
  });

  each("unicode comes back unchanged in values, keys and acknowledgements", async (bench) => {
    const client = await bench.connect();
    await echoes(client, ...UNICODE);
    await echoes(client, Object.fromEntries(UNICODE.map((text) => [text, text])));
    await acknowledges(client, UNICODE, UNICODE.join(""));
  });

  each("events with unicode and odd names reach the listeners of that name", async (bench) => {
    const client = await bench.connect();
    const names = ["größe", "事件", "👋", "", "a,b", "a[0]", "toString", "__proto__", "constructor", "42"];
    for (const name of names) client.emit("broadcast", { from: "io", to: [client.id] }, name, name);
    for (const name of names) assert.deepEqual(await client.take(name), [name]);
    assert.deepEqual(await client.ask("seen"), [...names.map(() => "broadcast"), "seen"]);
  });

  each("nested binary data comes back unchanged", async (bench) => {
    const client = await bench.connect();
    await echoes(client, ...NESTED);
    await echoes(client, bytes());
    await echoes(client, ...Array.from({ length: 10 }, (_, index) => bytes(index)));
  });

  each("typed arrays and array buffers arrive as bytes", async (bench) => {
    const client = await bench.connect();
    client.emit("message", new Uint8Array([1, 2]), new Uint8Array([3, 4]).buffer);
    assert.deepEqual(await client.take("message-back"), [bytes(1, 2), bytes(3, 4)]);
  });

  each("an acknowledgement carries no, one or many arguments, binary included", async (bench) => {
    const client = await bench.connect();
    await acknowledges(client);
    await acknowledges(client, "one");
    await acknowledges(client, ...NESTED);
  });

  each("many acknowledgements in flight each find their question", async (bench) => {
    const client = await bench.connect();
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((number) => client.ask("message-with-ack", number % 7 === 0 ? [number, pattern(number)] : [number])),
    );
    answers.forEach((answer, number) => {
      assert.deepEqual(answer, number % 7 === 0 ? [number, pattern(number)] : [number]);
    });
  });

  each("an event that wants an acknowledgement but came without one is ignored", async (bench) => {
    const client = await bench.connect();
    for (const event of ["message-with-ack", "join", "leave", "rooms", "get-data", "seen", "counts", "fetch-sockets"]) {
      client.emit(event, "argument");
    }
    await acknowledges(client, "alive");
    assert.deepEqual(client.inbox.names, []);
    assert.deepEqual(await client.ask("rooms"), [client.id]);
  });

  each("events of one client are answered in order", async (bench) => {
    const client = await bench.connect();
    for (let index = 0; index < 1000; index++) client.emit("message", index, index % 10 === 0 ? bytes(index & 255) : null);
    const back = await client.inbox.takeMany("message-back", 1000);
    back.forEach(([index, data], position) => {
      assert.equal(index, position);
      assert.deepEqual(data, index % 10 === 0 ? bytes(index & 255) : null);
    });
  });

  each("server-emit-many arrives complete and in order", async (bench) => {
    const client = await bench.connect();
    client.emit("server-emit-many", 3000, "number");
    const numbers = (await client.inbox.takeMany("number", 3000)).map(([number]) => number);
    assert.deepEqual(numbers, [...numbers.keys()]);
    await fence(client, [client]);
    assert.deepEqual(client.inbox.names, []);
  });

  each("an event named error is an ordinary event", async (bench) => {
    const client = await bench.connect();
    client.emit("error", "mine");
    client.emit("error", { message: "blocked" });
    assert.deepEqual(await client.ask("seen"), ["error", "error", "seen"]);
    assert.deepEqual(client.inbox.names, []);
  });
});

suite("questions of the server", (each) => {
  each("the client's acknowledgement reaches the server with all arguments", async (bench) => {
    const client = await bench.connect();
    client.socket.on("emit-with-ack", (...args) => args.pop()(...args, "and more"));
    for (const args of [[], ["one"], NESTED, UNICODE]) {
      client.emit("emit-with-ack", ...args);
      assert.deepEqual(await client.take("emit-with-ack-back"), [...args, "and more"]);
    }
    assert.ok(!client.inbox.names.includes("emit-with-ack-failed"));
  });

  each("two questions in flight do not mix up their answers", async (bench) => {
    const client = await bench.connect();
    const open = [];
    const both = new Promise((resolve) => {
      client.socket.on("emit-with-ack", (question, ack) => open.push({ question, ack }) === 2 && resolve());
    });
    client.emit("emit-with-ack", "first");
    client.emit("emit-with-ack", "second");
    await both;
    for (const { question, ack } of open.reverse()) {
      ack(`${question} answered`);
      assert.deepEqual(await client.take("emit-with-ack-back"), [`${question} answered`]);
    }
    assert.ok(!client.inbox.names.includes("emit-with-ack-failed"));
  });

  each("a client that does not answer is a timeout, and its late answer is ignored", async (bench) => {
    const client = await bench.connect();
    client.emit("emit-with-ack", "anyone?");
    const answer = (await client.take("emit-with-ack")).pop();
    assert.deepEqual(await client.take("emit-with-ack-failed"), ["timeout"]);
    answer("late");
    await fence(client, [client]);
    assert.ok(!client.inbox.names.includes("emit-with-ack-back"));
  });

  each("a client that leaves while it is asked goes into the log", async (bench) => {
    const watcher = await bench.connect();
    const client = await bench.connect();
    const id = client.id;
    client.emit("emit-with-ack", "anyone?");
    await client.take("emit-with-ack");
    client.close();
    await until(
      () => watcher.ask("log"),
      (log) => log.some((entry) => entry.id === id && entry.event === "emit-with-ack-failed" && entry.reason === "disconnected"),
    );
  });
});

suite("large payloads", (each) => {
  each("900 kB of text go there and back", async (bench) => {
    const client = await bench.connect();
    await echoes(client, "x".repeat(900_000));
    await acknowledges(client, "é".repeat(450_000));
  });

  each("large binary data goes there and back", async (bench) => {
    const client = await bench.connect();
    await echoes(client, pattern(bench.binaryLimit));
    await acknowledges(client, { data: pattern(bench.binaryLimit) });
  });

  each("large and small events keep their order", async (bench) => {
    const client = await bench.connect();
    const sizes = [10, 200_000, 0, 300_000, 1, 100_000, 20, 65_535, 65_536, 125, 126]; // all in one request over polling
    for (const size of sizes) client.emit("message", size % 2 === 0 ? pattern(size) : "y".repeat(size));
    const back = await client.inbox.takeMany("message-back", sizes.length);
    assert.deepEqual(back.map(([data]) => data.length), sizes);
  });

  each("a message over the limit ends this connection and no other", async (bench) => {
    const other = await bench.connect();
    const client = await bench.connect();
    client.emit("message", "z".repeat(1_100_000));
    assert.match(await client.disconnected(), /^transport (error|close)$/);
    await acknowledges(other, "alive");
  });
});
