// What a client may ask about its socket and its namespace.
#include "probe.hpp"

#include <map>

namespace {

void rooms(pancar::Namespace ns)
{
    on_question(ns, "join", [](pancar::Socket socket, pancar::Event event) {
        socket.join(rooms_of(event.args()[0]));
        event.ack();
    });
    on_question(ns, "leave", [](pancar::Socket socket, pancar::Event event) {
        socket.leave(event.get<std::string_view>(0));
        event.ack();
    });
    on_question(ns, "rooms", [](pancar::Socket socket, pancar::Event event) { event.ack(sorted(socket.rooms())); });
}

void listeners(pancar::Namespace ns)
{
    on_question(ns, "once", [](pancar::Socket socket, pancar::Event event) {
        socket.once("once-event", [](pancar::Socket self) { self.emit("once-seen"); });
        event.ack();
    });
    on_question(ns, "off", [](pancar::Socket socket, pancar::Event event) {
        socket.off("removable");
        event.ack();
    });
}

} // namespace

void questions(pancar::Namespace ns, const pancar::Server &io)
{
    rooms(ns);
    listeners(ns);
    on_question(ns, "set-data", [](pancar::Socket socket, pancar::Event event) {
        socket.set_data(event.args()[0]);
        event.ack();
    });
    on_question(ns, "get-data", [](pancar::Socket socket, pancar::Event event) { event.ack(socket.data()); });
    on_question(ns, "handshake", [](pancar::Socket socket, pancar::Event event) { event.ack(socket.handshake()); });
    on_question(ns, "transport", [](pancar::Socket socket, pancar::Event event) { event.ack(socket.transport()); });
    on_question(ns, "counts", [&io](pancar::Socket, pancar::Event event) {
        const auto here = event.ns();
        event.ack(std::map<std::string_view, std::size_t>{
            {"clients", io.clients_count()}, {"sockets", here.sockets_count()}, {"rooms", here.rooms_count()}});
    });
    ns.on("server-side", [](pancar::Event event) { event.ns().server_side_emit("server-side", event.args()); });
}
