// Volatile events may be lost, but never overtake, repeat or hold up others.
import assert from "node:assert/strict";
import { fence, uniqueNamespace } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";

const TRIES = 200;

function assertIncreasing(numbers) {
  for (let index = 1; index < numbers.length; index++) assert.ok(numbers[index - 1] < numbers[index], `${numbers}`);
}

suite("volatile", (each, mode) => {
  each("a burst of large events is not kept for a client that can't take it", async (bench) => {
    const client = await bench.connect();
    client.emit("volatile-many", 3000, 10_000);
    client.emit("message", "after");
    await client.take("message-back");
    const received = client.inbox.drain("v");
    assert.ok(received.length < 3000, `${received.length} of 3000`);
    if (mode !== "polling") assert.ok(received.length > 0, "an idle websocket takes the first one");
    for (const args of received) assert.deepEqual(args, ["x".repeat(10_000)]);
  });

  each("volatile broadcasts get through to an idle client sooner or later", async (bench) => {
    const [sender, client] = await bench.connectMany(2, uniqueNamespace());
    for (const options of [{ from: "socket" }, { from: "io", to: [client.id] }]) {
      let received = [];
      for (let index = 0; received.length === 0; index++) {
        assert.ok(index < TRIES, "none arrived");
        sender.emit("broadcast", { ...options, volatile: true }, "move", index);
        await fence(sender, [client]);
        received = client.inbox.drain("move");
        assert.ok(received.length === 0 || (received.length === 1 && received[0][0] === index));
      }
    }
    assert.deepEqual(sender.inbox.names, []);
  });

  each("volatile broadcasts keep their order and come at most once", async (bench) => {
    const clients = await bench.connectMany(4, uniqueNamespace());
    for (let index = 0; index < 500; index++) {
      clients[0].emit("broadcast", { from: "socket", volatile: index % 2 === 0 }, "step", index);
    }
    await fence(clients[0], clients);
    for (const client of clients.slice(1)) {
      const steps = client.inbox.drain("step").map(([index]) => index);
      assertIncreasing(steps);
      assert.equal(steps.filter((index) => index % 2 === 1).length, 250, "the others are all there");
    }
  });

  each("volatile events of the client are ordinary events for the server", async (bench) => {
    const client = await bench.connect();
    client.socket.volatile.emit("message", "volatile");
    client.emit("message", "last");
    let got;
    do [got] = await client.take("message-back");
    while (got !== "last");
  });
});
