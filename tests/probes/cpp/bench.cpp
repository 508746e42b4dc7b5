// App bench: the library's default options, handlers on all cores, four events, no logging.
#include "probe.hpp"

void bench(const pancar::Server &io)
{
    io.on("echo", [](pancar::Socket socket, pancar::Event event) { socket.emit("echo-back", event.args()); });
    io.on("ack", [](pancar::Event event) { event.ack(event.args()); });
    io.on("join", [](pancar::Socket socket, pancar::Event event) {
        socket.join(event.get<std::string_view>(0));
        event.ack();
    });
    io.on("bcast", [room = io.to("room")](pancar::Event event) { room.emit("bcast", event.args()); });
}
