// A proxy as some offices have it: plain HTTP passes, every Upgrade is refused. It can also be cut and mended, which is
// what a lost network looks like from the page. On its own: `node no_upgrade_proxy.mjs PORT_OF_THE_SERVER`.
import { createServer, request } from "node:http";
import { pathToFileURL } from "node:url";

/** Starts the proxy on a free port of 127.0.0.1 in front of a server there. */
export async function startProxy(targetPort) {
  const sockets = new Set();
  let broken = false;
  let refusedUpgrades = 0;

  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const forwarded = request({ host: "127.0.0.1", port: targetPort, method, path, headers, agent: false });
    forwarded.on("response", (response) => {
      outgoing.writeHead(response.statusCode, response.rawHeaders);
      response.pipe(outgoing);
      response.on("error", () => outgoing.destroy());
    });
    forwarded.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.on("connection", (socket) => {
    if (broken) return socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (_request, socket) => {
    refusedUpgrades += 1;
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

  const hangUp = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}/`,
    /** How many upgrades were refused so far. */
    get refusedUpgrades() {
      return refusedUpgrades;
    },
    /** Ends all connections and refuses new ones until `mend()`. */
    cut() {
      broken = true;
      hangUp();
    },
    mend() {
      broken = false;
    },
    close() {
      hangUp();
      return new Promise((closed) => server.close(closed));
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { port } = await startProxy(Number(process.argv[2]));
  console.log(`LISTENING ${port}`);
}
