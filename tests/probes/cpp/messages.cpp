// What one socket says and is told.
#include "probe.hpp"

#include <stdexcept>

namespace {

constexpr const char *gave_up = "emit-with-ack-failed";

void ask(pancar::Socket socket, pancar::Event event, Log &log)
{
    // The socket may be gone when the answer comes; its id is to be told all the same.
    const auto answered = [socket, &log, id = socket.id()](pancar::Answer answer) {
        if (answer.ok())
            socket.emit("emit-with-ack-back", answer.args());
        else if (answer.status() == pancar::Status::timeout)
            socket.emit(gave_up, "timeout");
        else
            log.add(id, gave_up, "disconnected");
    };
    try {
        socket.emit_with_ack("emit-with-ack", ack_timeout, answered, event.args());
    } catch (const pancar::Error &error) {
        if (error.status() != pancar::Status::disconnected)
            throw;
        log.add(socket.id(), gave_up, "disconnected");
    }
}

void slow(pancar::Socket socket, pancar::Event event)
{
    const std::chrono::milliseconds delay(event.get<unsigned>(0));
    socket.post_after(delay, [socket, value = pancar::Args::of(event.args()[1])] { socket.emit("slow-done", value); });
}

void emit_many(pancar::Socket socket, pancar::Event event)
{
    const auto count = event.get<int>(0);
    const auto name = event.get<std::string_view>(1);
    for (int i = 0; i < count; ++i)
        socket.emit(name, i);
}

void emit_many_volatile(pancar::Socket socket, pancar::Event event)
{
    const auto count = event.get<int>(0);
    const auto args = pancar::Args::of(std::string(event.get<std::size_t>(1), 'x'));
    const auto target = socket.volatile_();
    for (int i = 0; i < count; ++i)
        target.emit("v", args);
}

void block(pancar::Namespace ns)
{
    ns.use_event([](pancar::Event event) {
        if (event.name() == "blocked")
            event.refuse("blocked");
    });
    ns.on_refused([](pancar::Socket socket, pancar::Refusal refusal) { socket.emit("error-seen", refusal.message); });
}

} // namespace

void messages(pancar::Namespace ns, Log &log)
{
    ns.on("message", [](pancar::Socket socket, pancar::Event event) { socket.emit("message-back", event.args()); });
    on_question(ns, "message-with-ack", [](pancar::Socket, pancar::Event event) { event.ack(event.args()); });
    ns.on("emit-with-ack", [&log](pancar::Socket socket, pancar::Event event) { ask(socket, event, log); });
    ns.on("throw", [] { throw std::runtime_error("the probe was asked to throw"); });
    ns.on("slow", slow);
    ns.on("server-emit-many", emit_many);
    ns.on("volatile-many", emit_many_volatile);
    ns.on("disconnect-me", [](pancar::Socket socket, pancar::Event event) {
        socket.disconnect(is_set(event.args()[0]));
    });
    block(ns);
}
