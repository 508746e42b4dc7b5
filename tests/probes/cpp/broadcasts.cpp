// What concerns many sockets.
#include "probe.hpp"

namespace {

// A socket that was found.
struct Found {
    std::string id;
    std::vector<std::string_view> rooms;
    pancar::Args data;
};

} // namespace

template <>
struct pancar::Convert<Found> {
    static void write(Args &args, const Found &found)
    {
        args.begin_object().key("id").add(found.id).key("rooms").add(found.rooms);
        args.key("data").add(found.data).end_object();
    }
};

namespace {

// Rooms that an option names; none when it is absent.
std::vector<std::string_view> rooms_in(pancar::Value options, std::string_view name)
{
    return options.field(name).get<std::optional<std::vector<std::string_view>>>().value_or(
        std::vector<std::string_view>());
}

pancar::Target target_of(pancar::Socket socket, pancar::Event event)
{
    const auto options = event.args()[0];
    const auto from = options.field("from").get<std::optional<std::string_view>>();
    auto target = from == "io" ? event.ns().everyone() : socket.broadcast();
    target = std::move(target).to(rooms_in(options, "to")).except(rooms_in(options, "except"));
    if (is_set(options.field("volatile")))
        target = std::move(target).volatile_();
    if (const auto compress = options.field("compress").get<std::optional<bool>>())
        target = std::move(target).compress(*compress);
    if (is_set(options.field("local")))
        target = std::move(target).local();
    return target;
}

// Everybody of the namespace who is in one of the rooms; everybody when there is none.
pancar::Target everyone_in(pancar::Event event)
{
    return event.ns().everyone().to(event.get<std::vector<std::string_view>>(0));
}

void answer_all(pancar::Ack ack, pancar::Answers answers)
{
    bool complete = true;
    pancar::Args result;
    result.begin_object().key("responses").begin_array();
    for (const auto answer : answers) {
        if (!answer.ok())
            complete = false;
        else if (answer.args().empty())
            result.add(nullptr);
        else
            result.add(answer.args()[0]);
    }
    result.end_array().key("error").add(complete ? std::nullopt : std::optional("timeout")).end_object();
    ack.send(result);
}

void broadcast_with_ack(pancar::Socket socket, pancar::Event event)
{
    target_of(socket, event)
        .timeout(ack_timeout)
        .emit_with_ack(
            event.get<std::string_view>(1),
            [ack = event.ack_later()](pancar::Answers answers) { answer_all(ack, answers); }, event.args().skip(2));
}

void fetch_sockets(pancar::Socket, pancar::Event event)
{
    everyone_in(event).fetch_sockets([ack = event.ack_later()](pancar::Remotes remotes) {
        std::vector<Found> all;
        for (const auto remote : remotes)
            all.push_back({std::string(remote.id()), sorted(remote.rooms()), remote.data()});
        std::sort(all.begin(), all.end(), [](const Found &one, const Found &other) { return one.id < other.id; });
        ack.send(all);
    });
}

} // namespace

void broadcasts(pancar::Namespace ns)
{
    ns.on("broadcast", [](pancar::Socket socket, pancar::Event event) {
        target_of(socket, event).emit(event.get<std::string_view>(1), event.args().skip(2));
    });
    on_question(ns, "broadcast-with-ack", broadcast_with_ack);
    on_question(ns, "fetch-sockets", fetch_sockets);
    ns.on("sockets-join", [](pancar::Event event) { everyone_in(event).sockets_join(rooms_of(event.args()[1])); });
    ns.on("sockets-leave", [](pancar::Event event) { everyone_in(event).sockets_leave(rooms_of(event.args()[1])); });
    ns.on("disconnect-sockets", [](pancar::Event event) {
        everyone_in(event).disconnect_sockets(is_set(event.args()[1]));
    });
}
