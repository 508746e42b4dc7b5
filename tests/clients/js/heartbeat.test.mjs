// The heartbeat and the time limits, short enough to be waited for and long enough for a busy machine.
import assert from "node:assert/strict";
import { until } from "./lib/client.mjs";
import { withDeadline } from "./lib/inbox.mjs";
import { suite } from "./lib/suite.mjs";

const PATIENT = { PROBE_PING_INTERVAL: "300", PROBE_PING_TIMEOUT: "10000" };
const STRICT = { PROBE_PING_INTERVAL: "300", PROBE_PING_TIMEOUT: "1000", PROBE_CONNECT_TIMEOUT: "1000" };

function happens(emitter, event) {
  return withDeadline(new Promise((resolve) => emitter.once(event, resolve)), () => `no ${event}`);
}

/** Makes the client leave the server's pings unanswered. */
function swallowPongs(engine) {
  const send = engine._sendPacket;
  engine._sendPacket = function (type, ...rest) {
    if (type !== "pong") send.call(this, type, ...rest);
  };
}

suite(
  "heartbeat",
  (each) => {
    each("goes on as long as the client answers", async (bench) => {
      const client = await bench.connect();
      const id = client.id;
      for (let beat = 0; beat < 5; beat++) await happens(client.engine, "ping");
      assert.equal(await client.ask("message-with-ack", "alive"), "alive");
      assert.equal(client.id, id);
      assert.deepEqual(client.disconnects.names, []);
    });

    each("goes on while events flow in both directions", async (bench) => {
      const client = await bench.connect();
      let beats = 0;
      client.engine.on("ping", () => (beats += 1));
      for (let index = 0; beats < 4; index++) assert.equal(await client.ask("message-with-ack", index), index);
    });
  },
  { env: PATIENT },
);

suite(
  "time limits",
  (each) => {
    each("a client that does not answer the ping is closed with ping timeout", async (bench) => {
      const client = await bench.connect();
      const id = client.id;
      swallowPongs(client.engine);
      assert.match(await client.disconnected(), /^transport (close|error)$/);
      const watcher = await bench.connect();
      const reasons = await until(
        async () => (await watcher.ask("log")).filter((entry) => entry.id === id),
        (entries) => entries.length === 2,
      );
      assert.deepEqual(reasons, [
        { id, event: "disconnecting", reason: "ping timeout" },
        { id, event: "disconnect", reason: "ping timeout" },
      ]);
    });

    each("a connection that joins no namespace is closed", async (bench) => {
      const manager = bench.manager();
      manager.open();
      await happens(manager, "open");
      await happens(manager, "close");
    });

    each("a connection whose only request was refused is closed", async (bench) => {
      const client = bench.client("/nowhere");
      await assert.rejects(client.open(), { message: "Invalid namespace" });
      if (client.socket.io._readyState === "open") await happens(client.socket.io, "close");
    });
  },
  { env: STRICT },
);
