// Several hundred clients at once.
import assert from "node:assert/strict";
import { fence, uniqueNamespace, until } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes } from "./lib/values.mjs";

const CROWD = 300;
const ROOMS = 10;

suite("crowd", (each, mode) => {
  each(`${CROWD} clients talk, listen and leave`, async (bench) => {
    const namespace = uniqueNamespace();
    const clients = await bench.connectMany(CROWD, namespace);
    const [first] = clients;
    assert.equal(new Set(clients.map((client) => client.id)).size, CROWD);

    const answers = await Promise.all(clients.map((client, index) => client.askAll("message-with-ack", index, bytes(index & 255))));
    answers.forEach((answer, index) => assert.deepEqual(answer, [index, bytes(index & 255)]));

    await Promise.all(clients.map((client, index) => client.ask("join", `room-${index % ROOMS}`)));
    assert.deepEqual(await first.ask("counts"), { clients: CROWD, sockets: CROWD, rooms: CROWD + ROOMS });

    for (let index = 0; index < 20; index++) first.emit("broadcast", { from: "io" }, "all", index);
    for (let room = 0; room < ROOMS; room++) first.emit("broadcast", { from: "io", to: [`room-${room}`] }, "room", room);
    await fence(first, clients);
    clients.forEach((client, index) => {
      assert.deepEqual(client.inbox.drain("all").map(([number]) => number), [...Array(20).keys()]);
      assert.deepEqual(client.inbox.drain("room"), [[index % ROOMS]]);
      assert.deepEqual(client.inbox.names, []);
    });

    for (const client of clients.slice(1)) client.close();
    await until(
      () => first.ask("counts"),
      (found) => found.clients === 1 && found.sockets === 1 && found.rooms === 2,
    );
  });

  each("everyone talks to everyone", async (bench) => {
    const count = 50;
    const clients = await bench.connectMany(count, uniqueNamespace());
    clients.forEach((client, index) => {
      for (let number = 0; number < 10; number++) client.emit("broadcast", { from: "socket" }, "news", index, number);
    });
    for (const [index, client] of clients.entries()) {
      const news = await client.inbox.takeMany("news", (count - 1) * 10);
      for (let sender = 0; sender < count; sender++) {
        const numbers = news.filter(([from]) => from === sender).map(([, number]) => number);
        assert.deepEqual(numbers, sender === index ? [] : [...Array(10).keys()]);
      }
    }
  });

  each("clients that come and go harm nobody", async (bench) => {
    const namespace = uniqueNamespace();
    const stays = await bench.connect(namespace);
    const visit = async (index) => {
      const client = await bench.connect(namespace);
      await client.ask("join", "visitors");
      client.emit("broadcast", { from: "io" }, "visit", index);
      for (let seen; seen !== index; ) [seen] = await client.take("visit");
      if (index % 2 === 0) client.engine.close();
      else client.close();
    };
    const rounds = mode === "upgrading" ? 2 : 5;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(Array.from({ length: 40 }, (_, index) => visit(index)));
    }
    assert.equal((await stays.inbox.takeMany("visit", rounds * 40)).length, rounds * 40);
    await until(
      () => stays.ask("counts"),
      (found) => found.clients === 1 && found.sockets === 1 && found.rooms === 1,
    );
  });
});
