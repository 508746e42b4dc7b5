// Rooms, and what one socket can do to others: broadcasts with every option, and the namespace-wide commands.
import assert from "node:assert/strict";
import { fence, unique, uniqueNamespace, until } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { bytes, pattern, UNICODE } from "./lib/values.mjs";

const sorted = (...names) => names.sort();

/** Emits `broadcast` from the first client and returns, for each client, how often it received the event. */
async function reach(clients, options, args = ["news"]) {
  const event = unique("event");
  clients[0].emit("broadcast", options, event, ...args);
  await fence(clients[0], clients);
  return clients.map((client) => {
    const received = client.inbox.drain(event);
    for (const got of received) assert.deepEqual(got, args);
    return received.length;
  });
}

/** Four clients in a namespace of their own: the first in no room, then in `a`, in `b`, and in both. */
async function quartet(bench) {
  const namespace = uniqueNamespace();
  const clients = await bench.connectMany(4, namespace);
  await clients[1].ask("join", "a");
  await clients[2].ask("join", "b");
  await clients[3].ask("join", ["a", "b"]);
  return clients;
}

suite("rooms", (each) => {
  each("a socket is in the room of its own id, and in what it joins until it leaves", async (bench) => {
    const client = await bench.connect();
    const [one, two, three] = [bench.room(), bench.room(), bench.room()];
    assert.deepEqual(await client.ask("rooms"), [client.id]);
    assert.deepEqual(await client.askAll("join", one), []);
    await client.ask("join", [two, three, one]);
    assert.deepEqual(await client.ask("rooms"), sorted(client.id, one, two, three));
    assert.deepEqual(await client.askAll("leave", two), []);
    await client.ask("leave", bench.room());
    assert.deepEqual(await client.ask("rooms"), sorted(client.id, one, three));
  });

  each("rooms may have any name, and differ from one namespace to the next", async (bench) => {
    const client = await bench.connect();
    const other = await bench.connect("/custom", { on: client.socket.io });
    await client.ask("join", UNICODE);
    assert.deepEqual(new Set(await client.ask("rooms")), new Set([client.id, ...UNICODE]));
    assert.deepEqual(await other.ask("rooms"), [other.id]);
  });

  each("leaving the room of its own id is possible", async (bench) => {
    const client = await bench.connect();
    await client.ask("leave", client.id);
    assert.deepEqual(await client.ask("rooms"), []);
  });
});

suite("broadcast", (each) => {
  const io = { from: "io" };
  const socket = { from: "socket" };

  each("from the server reaches everyone, from the socket everyone else", async (bench) => {
    const clients = await quartet(bench);
    assert.deepEqual(await reach(clients, io), [1, 1, 1, 1]);
    assert.deepEqual(await reach(clients, socket), [0, 1, 1, 1]);
    assert.deepEqual(await reach(clients, { ...io, to: [], except: [] }), [1, 1, 1, 1]);
  });

  each("to rooms reaches their union, each socket once", async (bench) => {
    const clients = await quartet(bench);
    assert.deepEqual(await reach(clients, { ...io, to: ["a"] }), [0, 1, 0, 1]);
    assert.deepEqual(await reach(clients, { ...io, to: ["a", "b"] }), [0, 1, 1, 1]);
    assert.deepEqual(await reach(clients, { ...io, to: ["a", "a"] }), [0, 1, 0, 1]);
    assert.deepEqual(await reach(clients, { ...io, to: ["nobody"] }), [0, 0, 0, 0]);
    assert.deepEqual(await reach(clients, { ...io, to: [clients[2].id] }), [0, 0, 1, 0]);
  });

  each("except leaves out every socket that is in one of the rooms", async (bench) => {
    const clients = await quartet(bench);
    assert.deepEqual(await reach(clients, { ...io, except: ["a"] }), [1, 0, 1, 0]);
    assert.deepEqual(await reach(clients, { ...io, except: ["a", "b"] }), [1, 0, 0, 0]);
    assert.deepEqual(await reach(clients, { ...io, to: ["a"], except: ["b"] }), [0, 1, 0, 0]);
    assert.deepEqual(await reach(clients, { ...io, to: ["a", "b"], except: [clients[3].id] }), [0, 1, 1, 0]);
    assert.deepEqual(await reach(clients, { ...io, except: ["nobody"] }), [1, 1, 1, 1]);
    assert.deepEqual(await reach(clients, { ...socket, except: ["b"] }), [0, 1, 0, 0]);
  });

  each("from a socket never reaches it, even in the room", async (bench) => {
    const clients = await quartet(bench);
    await clients[0].ask("join", "a");
    assert.deepEqual(await reach(clients, { ...socket, to: ["a"] }), [0, 1, 0, 1]);
    assert.deepEqual(await reach(clients, { ...io, to: ["a"] }), [1, 1, 0, 1]);
  });

  each("local and compress change nothing on a single server", async (bench) => {
    const clients = await quartet(bench);
    const long = ["x".repeat(10_000), pattern(5_000)];
    for (const options of [{ local: true }, { compress: true }, { compress: false }, { local: true, compress: true }]) {
      assert.deepEqual(await reach(clients, { ...io, ...options }, long), [1, 1, 1, 1]);
      assert.deepEqual(await reach(clients, { ...socket, to: ["b"], ...options }, long), [0, 0, 1, 1]);
    }
  });

  each("carries no argument, many arguments and nested binary data", async (bench) => {
    const clients = await quartet(bench);
    assert.deepEqual(await reach(clients, io, []), [1, 1, 1, 1]);
    assert.deepEqual(await reach(clients, io, [1, { a: [bytes(1), { b: bytes(2, 3) }] }, bytes(), "é"]), [1, 1, 1, 1]);
  });

  each("stays inside its namespace", async (bench) => {
    const [first, second] = [uniqueNamespace(), uniqueNamespace()];
    const sender = await bench.connect(first);
    const stranger = await bench.connect(second);
    for (const client of [sender, stranger]) await client.ask("join", "a");
    sender.emit("broadcast", { from: "io" }, "news");
    sender.emit("broadcast", { from: "io", to: ["a"] }, "news");
    await fence(sender, [sender]);
    await fence(stranger, [stranger]);
    assert.equal(sender.inbox.drain("news").length, 2);
    assert.deepEqual(stranger.inbox.names, []);
  });

  each("those of one sender arrive everywhere in its order", async (bench) => {
    const clients = await quartet(bench);
    const rooms = [[], ["a"], ["b"], ["a", "b"]];
    for (let index = 0; index < 400; index++) {
      clients[0].emit("broadcast", { from: "io", to: rooms[index % 4] }, "step", index);
    }
    await fence(clients[0], clients);
    const all = Array.from({ length: 400 }, (_, index) => index);
    const expected = [[0], [0, 1, 3], [0, 2, 3], [0, 1, 2, 3]];
    clients.forEach((client, position) => {
      const steps = client.inbox.drain("step").map(([index]) => index);
      assert.deepEqual(steps, all.filter((index) => expected[position].includes(index % 4)));
    });
  });

  each("a room of a closed client is empty", async (bench) => {
    const [first, second] = await bench.connectMany(2, uniqueNamespace());
    await second.ask("join", "a");
    second.close();
    await until(
      () => first.ask("fetch-sockets", ["a"]),
      (found) => found.length === 0,
    );
    assert.deepEqual(await reach([first], { from: "io", to: ["a"] }), [0]);
  });
});

suite("broadcast with acknowledgement", (each) => {
  const answer = (client, event, ...value) => client.socket.on(event, (...args) => args.pop()(...value));

  each("collects the first argument of every answer", async (bench) => {
    const clients = await quartet(bench);
    clients.forEach((client, index) => answer(client, "question", index, "ignored"));
    const ask = (options) => clients[0].ask("broadcast-with-ack", options, "question", "how many?", bytes(1));
    const all = await ask({ from: "io" });
    assert.deepEqual({ ...all, responses: all.responses.sort() }, { error: null, responses: [0, 1, 2, 3] });
    const others = await ask({ from: "socket", except: ["b"] });
    assert.deepEqual(others, { error: null, responses: [1] });
    assert.deepEqual((await clients[1].take("question")).slice(0, 2), ["how many?", bytes(1)]);
  });

  each("takes binary answers", async (bench) => {
    const clients = await quartet(bench);
    for (const client of clients) answer(client, "question", { data: bytes(7, 8) });
    const { error, responses } = await clients[0].ask("broadcast-with-ack", { from: "io", to: ["a"] }, "question");
    assert.equal(error, null);
    assert.deepEqual(responses, [{ data: bytes(7, 8) }, { data: bytes(7, 8) }]);
  });

  each("to nobody is answered with an empty list", async (bench) => {
    const client = await bench.connect(uniqueNamespace());
    const nobody = { error: null, responses: [] };
    assert.deepEqual(await client.ask("broadcast-with-ack", { from: "io", to: ["nobody"] }, "question"), nobody);
    assert.deepEqual(await client.ask("broadcast-with-ack", { from: "socket" }, "question"), nobody);
  });

  each("reports a timeout with the answers that came", async (bench) => {
    const clients = await quartet(bench);
    answer(clients[1], "question", "one");
    answer(clients[2], "question", "two");
    const { error, responses } = await clients[0].ask("broadcast-with-ack", { from: "socket" }, "question");
    assert.equal(error, "timeout");
    assert.deepEqual(responses.sort(), ["one", "two"]);
  });
});

suite("commands to the sockets of rooms", (each) => {
  const rooms = (clients) => Promise.all(clients.map(async (client) => without(await client.ask("rooms"), client.id)));
  const without = (list, item) => list.filter((other) => other !== item);

  each("sockets-join and sockets-leave take a room or a list", async (bench) => {
    const clients = await quartet(bench);
    clients[0].emit("sockets-join", ["a"], "x");
    clients[0].emit("sockets-join", ["a", "b"], ["y", "z"]);
    await fence(clients[0], clients);
    assert.deepEqual(await rooms(clients), [[], ["a", "x", "y", "z"], ["b", "y", "z"], ["a", "b", "x", "y", "z"]]);
    clients[0].emit("sockets-leave", ["x"], ["x", "y"]);
    clients[0].emit("sockets-leave", ["b"], "b");
    await fence(clients[0], clients);
    assert.deepEqual(await rooms(clients), [[], ["a", "z"], ["y", "z"], ["a", "z"]]);
  });

  each("an empty list means all sockets of the namespace", async (bench) => {
    const clients = await quartet(bench);
    const stranger = await bench.connect(uniqueNamespace());
    clients[0].emit("sockets-join", [], "everyone");
    await fence(clients[0], clients);
    assert.deepEqual(await reach(clients, { from: "io", to: ["everyone"] }), [1, 1, 1, 1]);
    clients[0].emit("sockets-leave", [], ["everyone", "a", "b"]);
    await fence(clients[0], clients);
    assert.deepEqual(await rooms([...clients, stranger]), [[], [], [], [], []]);
  });

  each("disconnect-sockets ends the sockets of the rooms and no others", async (bench) => {
    const clients = await quartet(bench);
    const neighbour = await bench.connect("/custom", { on: clients[1].socket.io });
    clients[0].emit("disconnect-sockets", ["a"], false);
    for (const client of [clients[1], clients[3]]) assert.equal(await client.disconnected(), "io server disconnect");
    await fence(clients[0], [clients[0], clients[2]]);
    assert.deepEqual(await neighbour.ask("rooms"), [neighbour.id]);
    assert.deepEqual((await clients[0].ask("fetch-sockets", [])).map(({ id }) => id), sorted(clients[0].id, clients[2].id));
  });

  each("disconnect-sockets with close ends the whole connections", async (bench) => {
    const clients = await quartet(bench);
    const neighbour = await bench.connect("/custom", { on: clients[2].socket.io });
    clients[0].emit("disconnect-sockets", ["b"], true);
    for (const client of [clients[2], clients[3], neighbour]) {
      assert.equal(await client.disconnected(), "io server disconnect");
    }
    await fence(clients[0], [clients[0], clients[1]]);
  });

  each("disconnect-sockets with an empty list ends the asking one too", async (bench) => {
    const clients = await bench.connectMany(3, uniqueNamespace());
    clients[0].emit("disconnect-sockets", [], true);
    for (const client of clients) assert.equal(await client.disconnected(), "io server disconnect");
  });
});

suite("fetch-sockets and data", (each) => {
  each("lists ids, sorted rooms and data, ordered by id", async (bench) => {
    const clients = await quartet(bench);
    await clients[3].ask("set-data", { name: "both", list: [1, null] });
    const describe = (client, data, ...joined) => ({ id: client.id, rooms: sorted(client.id, ...joined), data });
    const all = [
      describe(clients[0], {}),
      describe(clients[1], {}, "a"),
      describe(clients[2], {}, "b"),
      describe(clients[3], { name: "both", list: [1, null] }, "a", "b"),
    ];
    const byId = (list) => list.sort((one, two) => (one.id < two.id ? -1 : 1));
    assert.deepEqual(await clients[0].ask("fetch-sockets", ["a"]), byId([all[1], all[3]]));
    assert.deepEqual(await clients[0].ask("fetch-sockets", ["a", "b"]), byId(all.slice(1)));
    assert.deepEqual(await clients[0].ask("fetch-sockets", []), byId([...all]));
    assert.deepEqual(await clients[0].ask("fetch-sockets", ["nobody"]), []);
  });

  each("a socket's data is an empty object until it is set, and set as a whole", async (bench) => {
    const client = await bench.connect();
    const other = await bench.connect("/custom", { on: client.socket.io });
    assert.deepEqual(await client.ask("get-data"), {});
    for (const value of [{ a: 1 }, { b: UNICODE }, [1, 2], "text", 7, null]) {
      assert.deepEqual(await client.askAll("set-data", value), []);
      assert.deepEqual(await client.ask("get-data"), value);
    }
    assert.deepEqual(await other.ask("get-data"), {});
  });
});
