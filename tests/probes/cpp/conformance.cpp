// App conformance: every behaviour that the suites judge from outside.
#include "probe.hpp"

template <>
struct pancar::Convert<Log::Entry> {
    static void write(Args &args, const Log::Entry &entry)
    {
        args.begin_object().key("id").add(entry.id).key("event").add(entry.event);
        args.key("reason").add(entry.reason).end_object();
    }
};

namespace {

// The names of a socket's events, in order. Used only inside of its handlers, which never run at the same time.
struct Records {
    std::vector<std::string> seen, sent;
};

void record_names(pancar::Namespace ns)
{
    ns.on_any([](pancar::Socket socket, pancar::Event event) {
        socket.get<Records>().seen.emplace_back(event.name());
    });
    ns.on_any_outgoing([](pancar::Socket socket, pancar::Event event) {
        socket.get<Records>().sent.emplace_back(event.name());
    });
    on_question(ns, "seen", [](auto socket, auto event) { event.ack(socket.template get<Records>().seen); });
    on_question(ns, "sent", [](auto socket, auto event) { event.ack(socket.template get<Records>().sent); });
}

void record_leaving(pancar::Namespace ns, Log &log)
{
    ns.on_disconnecting([&log](pancar::Socket socket, pancar::Reason reason) {
        log.add(socket.id(), "disconnecting", to_string(reason));
    });
    ns.on_disconnect([&log](pancar::Socket socket, pancar::Reason reason) {
        log.add(socket.id(), "disconnect", to_string(reason));
    });
    on_question(ns, "log", [&log](pancar::Socket, pancar::Event event) { event.ack(log.entries()); });
}

void connected(pancar::Socket socket)
{
    socket.emplace<Records>();
    socket.on("removable", [](pancar::Socket self) { self.emit("removable-seen"); });
    socket.emit("auth", socket.auth());
}

void serve(pancar::Namespace ns, const pancar::Server &io, Log &log)
{
    ns.on_connect(connected);
    record_names(ns);
    record_leaving(ns, log);
    messages(ns, log);
    questions(ns, io);
    broadcasts(ns);
    ns.on_server_side("server-side", [](pancar::Event event) {
        event.ns().local().emit("server-side-seen", event.args());
    });
}

bool has_secret(const pancar::Args &auth)
{
    const auto token = auth.field(0, "token");
    return token.kind() == pancar::Kind::string && token.get<std::string_view>() == "secret";
}

// Whether a name is /dyn- and a number.
bool is_dynamic(std::string_view name)
{
    constexpr std::string_view beginning = "/dyn-";
    return name.size() > beginning.size() && name.substr(0, beginning.size()) == beginning
        && name.find_first_not_of("0123456789", beginning.size()) == name.npos;
}

} // namespace

void conformance(const pancar::Server &io, Log &log)
{
    const auto guarded = io.of("/guarded");
    guarded.use([](pancar::Socket socket, pancar::Admission &admission) {
        if (!has_secret(socket.auth()))
            admission.reject("unauthorized", pancar::Json{R"({"code":401})"});
    });
    for (const auto ns : {io.of("/"), io.of("/custom"), guarded, io.of_matching(is_dynamic)})
        serve(ns, io, log);
}
