// App `engine`: a bare Engine.IO echo server.
import { Server } from "engine.io";

const defaults = { pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 1_000_000, cors: { origin: "*" } };

export function start(http, options) {
  const { path = "/engine.io/", ...others } = options;
  const engine = new Server({ ...defaults, ...others });
  engine.attach(http, { ...others, path });
  engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  return (done) => {
    engine.close();
    http.close(done);
    http.closeIdleConnections();
  };
}
