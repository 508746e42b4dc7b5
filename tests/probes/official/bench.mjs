// App `bench`: the few events that the benchmarks drive, with the library's default options.
import { Server } from "socket.io";

export function start(http, options) {
  const io = new Server(http, options);
  io.on("connection", (socket) => {
    socket.on("echo", (value) => socket.emit("echo-back", value));
    socket.on("ack", (value, ack) => ack?.(value));
    socket.on("join", async (room, ack) => {
      await socket.join(room);
      ack?.();
    });
    socket.on("bcast", (payload) => io.to("room").emit("bcast", payload));
  });
  return (done) => io.close(done);
}
