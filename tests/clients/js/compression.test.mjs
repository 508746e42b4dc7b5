// With compression switched on, what arrives is still what was sent. A server without it ignores the switches.
import assert from "node:assert/strict";
import { fence, uniqueNamespace } from "./lib/client.mjs";
import { suite } from "./lib/suite.mjs";
import { pattern } from "./lib/values.mjs";

const SIZES = [0, 100, 1023, 1024, 1025, 70_000, 400_000];

suite(
  "compression",
  (each) => {
    each("text and binary data of every size come back", async (bench) => {
      const client = await bench.connect();
      for (const size of SIZES) {
        for (const data of ["compressible ".repeat(size / 13), pattern(size)]) {
          client.emit("message", data);
          assert.deepEqual(await client.take("message-back"), [data]);
          assert.deepEqual(await client.ask("message-with-ack", data), data);
        }
      }
    });

    each("broadcasts with and without it arrive in order", async (bench) => {
      const clients = await bench.connectMany(3, uniqueNamespace());
      for (let index = 0; index < 60; index++) {
        const options = { from: "io", compress: [true, false, undefined][index % 3] };
        clients[0].emit("broadcast", options, "news", index, "text ".repeat((index % 7) * 300));
      }
      await fence(clients[0], clients);
      for (const client of clients) {
        const news = client.inbox.drain("news");
        assert.equal(news.length, 60);
        news.forEach((args, index) => assert.deepEqual(args, [index, "text ".repeat((index % 7) * 300)]));
      }
    });
  },
  { env: { PROBE_HTTP_COMPRESSION: "1" } },
);
