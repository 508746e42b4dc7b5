// Checks of the C++ face that no probe can show: values, lifetimes, exceptions. Status 0, or 1 at the first that fails.
#include "face.hpp"

#include <pancar.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#if __cplusplus >= 202002L
#include <span>
#endif

using namespace std::chrono_literals;
using pancar::Args;
using pancar::Status;

#define CHECK_THROWS(status, expression) \
    check(status_of([&] { (void)(expression); }) == (status), __LINE__, #expression)

namespace {

template <class F>
Status status_of(F &&run)
{
    try {
        run();
    } catch (const pancar::Error &error) {
        check(*error.what() != '\0', __LINE__, "an error has a message");
        return error.status();
    }
    return Status::ok;
}

// A server that runs on a thread of its own.
struct Running {
    pancar::Server io;
    std::uint16_t port = io.listen("127.0.0.1:0");
    std::thread thread{[this] { io.run(); }};

    ~Running()
    {
        io.close();
        thread.join();
    }
};

// Counts objects that live; can be moved, not copied.
class Counted {
public:
    explicit Counted(std::atomic<int> &count) : count_(&count) { ++*count_; }
    Counted(Counted &&other) noexcept : count_(other.count_) { ++*count_; }
    Counted &operator=(Counted &&) = delete;
    ~Counted() { --*count_; }

private:
    std::atomic<int> *count_;
};

std::mutex logged_lock;
std::string logged;

bool was_logged(std::string_view text)
{
    const std::lock_guard lock(logged_lock);
    return logged.find(text) != std::string::npos;
}

struct Point {
    int x, y;
};

} // namespace

template <>
struct pancar::Convert<Point> {
    static void write(Args &args, const Point &point)
    {
        args.begin_object().key("x").add(point.x).key("y").add(point.y).end_object();
    }
    static Point read(const Value &value) { return {value.field("x").get<int>(), value.field("y").get<int>()}; }
};

namespace {

void arguments_are_written()
{
    CHECK(Args::of().to_json() == "[]" && Args().empty());
    CHECK(Args::of("a\"", std::string("b"), std::string_view("c")).to_json() == R"(["a\"","b","c"])");
    CHECK(Args::of(-1, 2u, short{3}, INT64_MIN, UINT64_MAX).to_json()
          == "[-1,2,3,-9223372036854775808,18446744073709551615]");
    CHECK(Args::of(0.5, 0.25f, true, nullptr).to_json() == "[0.5,0.25,true,null]");
    CHECK(Args::of(pancar::Json{R"({"a": [1]})"}).to_json() == R"([{"a": [1]}])");
    CHECK(Args::of(std::optional<int>(), std::optional("x")).to_json() == R"([null,"x"])");
    const std::vector<std::vector<int>> lists{{1, 2}, {}};
    CHECK(Args::of(lists, std::vector<bool>{true}).to_json() == "[[[1,2],[]],[true]]");
    CHECK(Args::of(std::map<std::string, Point>{{"p", {1, 2}}}).to_json() == R"([{"p":{"x":1,"y":2}}])");
    CHECK(Args::of(std::unordered_map<std::string_view, double>{{"k", 1.5}}).to_json() == R"([{"k":1.5}])");
    Args args = Args::of(1, "two");
    const Args before = args;
    args.add(args).begin_array().add(before[1]).end_array();
    CHECK(args.to_json() == R"([1,"two",1,"two",["two"]])");
    CHECK_THROWS(Status::encode, Args::of(NAN));
    CHECK_THROWS(Status::encode, Args::of(pancar::Json{"{"}));
    CHECK_THROWS(Status::encode, Args().key("outside"));
    CHECK_THROWS(Status::not_found, Args::of(before[9]));
    CHECK_THROWS(Status::invalid_utf8, args.add("\xff"));
    CHECK_THROWS(Status::invalid_utf8, args.add("the first failure sticks"));
}

void arguments_are_read()
{
    const Args args = Args::from_json(R"(["te\u0078t",7,-1.5,true,null,["a","b"],{"to":"x","n":null},3e2,9e18])");
    CHECK(args.size() == 9 && args.get<std::string>(0) == "text" && args.get<std::string_view>(0) == "text");
    CHECK(args.get<int>(1) == 7 && args.get<std::uint8_t>(1) == 7 && args.get<std::int64_t>(7) == 300);
    CHECK(args.get<double>(2) == -1.5 && args.get<float>(1) == 7.0f && args.get<bool>(3));
    CHECK(args.get<std::vector<std::string>>(5) == (std::vector<std::string>{"a", "b"}));
    CHECK(args.json(5) == R"(["a","b"])" && args.get<pancar::Json>(6).text == R"({"to":"x","n":null})");
    CHECK(args.field(6, "to").get<std::string>() == "x" && args.field(6, "n").kind() == pancar::Kind::null);
    CHECK(args.field(6, "none").get<std::optional<int>>() == std::nullopt && !args.field(9, "none").exists());
    CHECK(args.get<std::optional<int>>(4) == std::nullopt && args.get<std::optional<int>>(1) == 7);
    CHECK(args.items(5).get<std::string>(1) == "b" && args.kind(9) == pancar::Kind::missing);
    CHECK((Args::of(Point{3, 4}).get<Point>(0).y == 4));
    CHECK_THROWS(Status::wrong_type, args.get<int>(0));
    CHECK_THROWS(Status::wrong_type, args.get<std::int8_t>(7));
    CHECK_THROWS(Status::wrong_type, args.get<unsigned>(2));
    CHECK_THROWS(Status::wrong_type, Args::of(-1).get<std::uint64_t>(0));
    CHECK_THROWS(Status::wrong_type, args.field(0, "to"));
    CHECK_THROWS(Status::wrong_type, args.get<std::optional<int>>(0));
    CHECK_THROWS(Status::wrong_type, args.get<std::vector<int>>(5));
    CHECK_THROWS(Status::not_found, args.get<int>(9));
    CHECK_THROWS(Status::not_found, args.field(6, "none").get<int>());
    std::size_t strings = 0;
    for (const pancar::Value value : args)
        strings += value.kind() == pancar::Kind::string;
    CHECK(strings == 1);
}

void bytes_go_both_ways()
{
    const std::vector<std::uint8_t> data{1, 2, 255};
    const std::array<std::byte, 1> more{std::byte{9}};
    const Args args = Args::of(data, more, std::vector<pancar::Bytes>{data, pancar::Bytes("ab", 2)}, pancar::Bytes());
    CHECK(args.kind(0) == pancar::Kind::binary && args.get<std::vector<std::uint8_t>>(0) == data);
    CHECK(args.get<pancar::Bytes>(1)[0] == 9 && args.get<std::vector<std::byte>>(1)[0] == more[0]);
    CHECK(args.items(2).get<pancar::Bytes>(1).size() == 2 && args.get<pancar::Bytes>(3).empty());
    CHECK(Args::of(args[2]).to_json() == R"([[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]])");
    const Args parsed = Args::from_json(R"([{"_placeholder":true,"num":0}])", {data});
    CHECK(parsed.get<pancar::Bytes>(0)[2] == 255);
    CHECK_THROWS(Status::wrong_type, args.get<std::string>(0));
#if defined(__cpp_lib_span)
    const std::span<const std::uint8_t> span = args.get<pancar::Bytes>(0);
    CHECK(span.size() == 3 && Args::of(span).get<pancar::Bytes>(0)[2] == 255);
#endif
}

void arguments_are_values()
{
    Args one = Args::of(1);
    Args other = one;
    other.add(2);
    CHECK(one.size() == 1 && other.size() == 2 && other.skip(1).get<int>(0) == 2 && other.skip(9).empty());
    Args moved = std::move(other);
    one = moved;
    one = std::move(moved);
    CHECK(one.size() == 2);
    const auto kept = [one] { return one.get<int>(1); };
    one = Args();
    CHECK(kept() == 2 && one.empty() && one.to_json() == "[]");
}

void options_are_checked()
{
    pancar::Config config;
    config.set("ping_interval", 2s).set("path", "/x/").set("cors", std::vector<std::string>{"http://a"});
    config.set("maxHttpBufferSize", 1000u).set("serve_client", pancar::Json{"false"}).set_text("ping_timeout", "20");
    CHECK_THROWS(Status::invalid_option, config.set("no_such_option", 1));
    CHECK_THROWS(Status::invalid_option, config.set("ping_interval", "soon"));
    CHECK_THROWS(Status::invalid_argument, config.set_lanes(1025));
    config.set("workers", 2).set_lanes(0);
    pancar::Config moved = std::move(config);
    pancar::Server io(moved), taken = std::move(io);
    CHECK(taken.lanes() == 2 && io.lanes() == 0);
    CHECK_THROWS(Status::invalid_option, taken.listen("nowhere"));
    CHECK_THROWS(Status::invalid_handle, io.listen("127.0.0.1:0"));
    CHECK_THROWS(Status::invalid_name, taken.on("disconnect", [] {}));
    CHECK(taken.of("/a").name() == "/a" && taken.of("/a") == taken.of("/a") && taken.sockets_count() == 0);
    CHECK(!taken.socket("nobody") && taken.wake_fd() >= 0 && !taken.off("nothing") && !taken.off_any());
    CHECK_THROWS(Status::invalid_handle, pancar::Socket().id());
}

void tasks_run_inside_of_dispatch()
{
    std::atomic<int> alive{0};
    pancar::Server io;
    int done = 0;
    io.post([&, counted = Counted(alive)]() mutable { done += alive; });
    io.post([] { throw std::runtime_error("a task that failed"); });
    io.post([] { throw 7; });
    io.post([&] { CHECK_THROWS(Status::busy, io.dispatch()); });
    io.post_after(1ms, [&, counted = Counted(alive)] { done += 10; });
    CHECK(done == 0 && io.dispatch() == Status::ok && done == 2 && alive == 1);
    CHECK(io.dispatch(0, 10s) == Status::ok && done == 12 && alive == 0);
    CHECK(io.dispatch() == Status::timeout && was_logged("a task that failed"));
    io.post_after(1h, [counted = Counted(alive)] {});
    io.on("event", [counted = Counted(alive)] {});
    CHECK_THROWS(Status::invalid_name, io.on("connect", [counted = Counted(alive)] {}));
    CHECK(alive == 2);
    io.off("event");
    CHECK(alive == 1);
    io.close();
    while (io.dispatch(0, pancar::forever) != Status::closed) {
    }
    io = pancar::Server();
    CHECK(alive == 0);
}

void targets_are_values(Running &running)
{
    running.io.on("targets", [](pancar::Socket socket, pancar::Event event) {
        socket.join({"a", "b"});
        const auto room = event.ns().to("a");
        const auto nobody = room.except(std::vector<std::string>{"x", "b"});
        auto copy = room;
        copy = copy.timeout(1s).compress(false).local().to({"c", "d"});
        room.emit("room", 1);
        nobody.emit("nobody");
        copy.emit("copy", 2);
        socket.to("a").emit("nobody");
        socket.compress(true).emit("self");
        event.ack(socket.rooms().size());
    });
    Client client(running.port);
    client.hear();
    client.say(R"(420["targets"])");
    CHECK(client.hears(R"(42["room",1])") && client.hears(R"(42["copy",2])") && client.hears(R"(42["self"])"));
    CHECK(client.hears("430[3]"));
}

void listeners_come_and_go(Running &running)
{
    const auto ns = running.io.of("/listeners");
    ns.on("arm", [](pancar::Socket socket, pancar::Event event) {
        const auto first = socket.on("x", [](pancar::Socket self) { self.emit("first"); });
        socket.on("x", [](pancar::Socket self) { self.emit("second"); });
        socket.once("x", [](pancar::Socket self) { self.emit("once"); });
        const bool was_there = socket.off("x", first);
        event.ack(was_there, socket.off("y"));
    });
    ns.on("throw", [] { throw std::runtime_error("a handler that failed"); });
    ns.on("refuse", [](pancar::Event event) { CHECK_THROWS(Status::invalid_argument, event.refuse("too late")); });
    ns.use_event([](pancar::Event event) {
        if (event.name() == "no")
            event.refuse("because", std::vector<int>{1, 2});
    });
    ns.on_refused([](pancar::Socket socket, pancar::Event event, pancar::Refusal refusal) {
        socket.emit("refused", event.name(), refusal.message, refusal.data);
    });
    Client client(running.port, "40/listeners,");
    client.hear();
    CHECK(client.ask(R"(42/listeners,1["arm"])") == "43/listeners,1[true,false]");
    client.say("42/listeners,[\"x\"]\x1e"
               "42/listeners,[\"throw\"]\x1e"
               "42/listeners,[\"refuse\"]\x1e"
               "42/listeners,[\"x\"]");
    CHECK(client.hears(R"(42/listeners,["second"])") && client.hears(R"(42/listeners,["once"])"));
    CHECK(client.hears(R"(42/listeners,["second"])") && was_logged("a handler that failed"));
    CHECK(client.ask(R"(42/listeners,["no"])") == R"(42/listeners,["refused","no","because",[1,2]])");
}

void user_data_have_a_type_and_an_end(Running &running)
{
    struct Player {
        std::string name;
        Counted counted;
    };
    std::atomic<int> alive{0};
    std::promise<int> left;
    const auto ns = running.io.of("/user-data");
    ns.on_connect([&](pancar::Socket socket) {
        socket.emplace<int>(7);
        CHECK(socket.get<int>() == 7 && !socket.get_if<Player>());
        socket.emplace<Player>("Ada", Counted(alive));
        CHECK_THROWS(Status::not_found, socket.get<int>());
    });
    ns.on("name", [](pancar::Socket socket, pancar::Event event) { event.ack(socket.get<Player>().name); });
    ns.on_disconnect([&](pancar::Socket socket) {
        left.set_value(alive);
        // Behind the events at hand, when the socket and what was kept with it are gone.
        running.io.post([socket] { CHECK_THROWS(Status::disconnected, socket.id()); });
    });
    Client client(running.port, "40/user-data,");
    client.hear();
    CHECK(client.ask(R"(42/user-data,1["name"])") == R"(43/user-data,1["Ada"])");
    client.say("41/user-data,");
    CHECK(left.get_future().get() == 1);
    std::promise<int> after;
    running.io.post([&] { after.set_value(alive); });
    CHECK(after.get_future().get() == 0);
}

void admissions_are_decided(Running &running)
{
    std::thread later;
    const auto ns = running.io.of("/admission");
    ns.use([&](pancar::Socket socket, pancar::Admission &admission) {
        const auto auth = socket.auth();
        const auto way = auth.field(0, "way").get<std::optional<std::string>>().value_or("");
        if (way == "reject")
            admission.reject("no", Point{1, 2});
        if (way == "throw")
            throw std::runtime_error("a middleware that failed");
        if (way == "drop")
            [[maybe_unused]] const auto dropped = admission.defer();
        if (way == "later")
            later = std::thread([decision = admission.defer()]() mutable { decision.accept(); });
        if (way == "never")
            later = std::thread([decision = admission.defer()]() mutable { decision.reject("never", 1); });
        if (way == "at once")
            admission.defer().accept();
    });
    const auto join = [&](const std::string &way) {
        const std::string heard = Client(running.port, R"(40/admission,{"way":")" + way + "\"}").hear();
        if (later.joinable())
            later.join();
        return heard;
    };
    const std::string failed = R"(44/admission,{"message":"Internal server error"})";
    CHECK(join("reject") == R"(44/admission,{"message":"no","data":{"x":1,"y":2}})");
    CHECK(join("throw") == failed && join("drop") == failed && was_logged("a middleware that failed"));
    CHECK(join("later").substr(0, 13) == "40/admission," && join("at once").substr(0, 13) == "40/admission,");
    CHECK(join("never") == R"(44/admission,{"message":"never","data":1})" && join("").substr(0, 13) == "40/admission,");
}

void answers_come_back(Running &running)
{
    const auto ns = running.io.of("/answers");
    ns.on("ask", [](pancar::Socket socket, pancar::Event event) {
        const auto told = [ack = event.ack_later()](pancar::Answer answer) {
            ack.send(to_string(answer.status()), answer.ok() ? answer.args() : pancar::ArgsView());
        };
        socket.emit_with_ack("question", event.get<int>(0) * 1ms, told, "6 * 7");
    });
    ns.on("ask-all", [](pancar::Event event) {
        event.ns().timeout(10s).emit_with_ack("question", [ack = event.ack_later()](pancar::Answers answers) {
            CHECK(answers.size() == 1 && answers[0].get<int>() == 42);
            CHECK_THROWS(Status::not_found, answers[1].args());
            ack.send(!answers[0].id().empty());
        });
    });
    ns.on("fetch", [](pancar::Socket socket, pancar::Event event) {
        socket.set_data(std::map<std::string, int>{{"score", 9}});
        CHECK_THROWS(Status::encode, socket.set_data(pancar::Bytes("x", 1)));
        event.ns().everyone().fetch_sockets([socket, ack = event.ack_later()](pancar::Remotes found) {
            CHECK(found.size() == 1 && found[0].id() == socket.id() && found[0].rooms().size() == 1);
            CHECK(found[0].handshake().field(0, "headers").field("x-face").get<std::string>() == "yes");
            CHECK(socket.header("X-FACE") == "yes" && !socket.header("x-no") && socket.query("EIO") == "4");
            ack.send(found[0].data(), socket.data().field(0, "score"), socket.address());
        });
    });
    Client client(running.port, "40/answers,");
    client.hear();
    CHECK(client.ask(R"(42/answers,1["ask",10000])") == R"(42/answers,0["question","6 * 7"])");
    CHECK(client.ask("43/answers,0[42]") == R"(43/answers,1["ok",42])");
    CHECK(client.ask(R"(42/answers,2["ask",1])") == R"(42/answers,1["question","6 * 7"])");
    CHECK(client.hears(R"(43/answers,2["timed out"])"));
    CHECK(client.ask(R"(42/answers,3["ask-all"])") == R"(42/answers,2["question"])");
    CHECK(client.ask("43/answers,2[42]") == "43/answers,3[true]");
    CHECK(client.ask(R"(42/answers,4["fetch"])") == R"(43/answers,4[{"score":9},9,"127.0.0.1"])");
}

void json_of_nlohmann_goes_both_ways()
{
#ifdef PANCAR_NLOHMANN_HPP
    using nlohmann::json;
    const json list{1, -2, 0.5, true, nullptr, UINT64_MAX};
    const json value{{"text", "a\"b"}, {"list", list}, {"binary", json::binary({1, 2})}};
    const Args args = Args::of(1, value);
    CHECK(args.field(1, "binary").get<pancar::Bytes>().size() == 2 && args.get<json>(1) == value);
    CHECK(args.get<std::optional<json>>(2) == std::nullopt);
    CHECK(args.field(1, "list").get<std::vector<json>>()[1] == -2);
    const auto ordered = nlohmann::ordered_json::parse(R"({"z":1,"a":[{}]})");
    CHECK(Args::of(ordered).json(0) == ordered.dump() && Args::of(ordered).get<nlohmann::ordered_json>(0) == ordered);
    CHECK_THROWS(Status::invalid_utf8, Args::of(json("\xff")));
    CHECK_THROWS(Status::encode, Args::of(json(NAN)));
#endif
}

} // namespace

int main()
{
    pancar::set_logger(pancar::Level::error, [](pancar::Level, std::string_view message) {
        const std::lock_guard lock(logged_lock);
        logged.append(message).append("\n");
    });
    CHECK_THROWS(Status::invalid_argument, pancar::set_logger(pancar::Level::warn, [](auto...) {}));
    CHECK(pancar::version() == PANCAR_VERSION && to_string(pancar::Reason::ping_timeout) == "ping timeout");
    arguments_are_written();
    arguments_are_read();
    bytes_go_both_ways();
    arguments_are_values();
    options_are_checked();
    tasks_run_inside_of_dispatch();
    json_of_nlohmann_goes_both_ways();
    Running running;
    targets_are_values(running);
    listeners_come_and_go(running);
    user_data_have_a_type_and_an_end(running);
    admissions_are_decided(running);
    answers_come_back(running);
}
