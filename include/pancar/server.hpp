/// Servers and their options; part of pancar.hpp.
#ifndef PANCAR_SERVER_HPP
#define PANCAR_SERVER_HPP

#include "calls.hpp"

namespace pancar {

/// For `Server::dispatch`: waits without end.
inline constexpr std::chrono::milliseconds forever{-1};

/// Options of a server that is to be made. Moved, not copied; only one thread at a time may use it.
class Config {
public:
    /// All options at their defaults.
    Config() : c_(pancar_config_new()) {}

    /// Sets an option, named as in the documentation, in snake case or camel case: `config.set("ping_interval",
    /// 25s)`. The value is a duration (whole milliseconds), a `bool`, a number, a string, a container of those, or
    /// `Json`.
    ///
    /// Throws `Error`: `invalid_option`, and nothing changes; `what()` names option, value and what is allowed.
    template <class T>
    Config &set(std::string_view name, const T &value)
    {
        detail::with_json([&](pancar_str json) { set_text(name, detail::to_view(json)); }, value);
        return *this;
    }

    /// As above.
    template <class Rep, class Period>
    Config &set(std::string_view name, std::chrono::duration<Rep, Period> value)
    {
        return set(name, detail::milliseconds(value));
    }

    /// Sets an option to a text as it stands in files and environments: JSON, and what is no JSON is a string. Throws
    /// as `set`.
    Config &set_text(std::string_view name, std::string_view value)
    {
        detail::check(pancar_config_set(c(), detail::to_c(name), detail::to_c(value)));
        return *this;
    }

    /// On how many threads the handlers are called, 1 by default; see `Server::run`. 0 means as many as the server has
    /// threads of its own (option `workers`, by default one for each core): with so many or more `run` is at its fastest.
    ///
    /// Throws `Error`: `invalid_argument` for more than 1024.
    Config &set_lanes(std::size_t lanes)
    {
        detail::check(pancar_config_set_lanes(c(), lanes));
        return *this;
    }

    /// For calls of the C interface; still owned by this.
    pancar_config *c() const noexcept { return c_.get(); }

private:
    std::unique_ptr<pancar_config, detail::FreedBy<pancar_config_free>> c_;
};

/// A server, and its namespace "/": what is set on the server, or sent by it, concerns that. Moved, not copied;
/// handlers that want it capture a reference.
///
/// Handlers are called by `run`, or by `dispatch` in a loop of the program's own, and nowhere else.
class Server : public detail::Listens<Server>, public detail::Emits<Server>, public detail::Serves<Server> {
public:
    /// A server with all options at their defaults, which listens nowhere yet.
    Server() { detail::check(pancar_server_new(nullptr, &handle_)); }

    /// A server with options, which are read now.
    ///
    /// Throws `Error`: `invalid_option` for options that do not go together.
    explicit Server(const Config &config) { detail::check(pancar_server_new(config.c(), &handle_)); }

    /// Leaves the other one to be assigned to or destroyed only.
    Server(Server &&other) noexcept : handle_(std::exchange(other.handle_, 0)) {}
    /// As above; the server that was here is closed.
    Server &operator=(Server &&other) noexcept
    {
        pancar_server_free(std::exchange(handle_, std::exchange(other.handle_, 0)));
        return *this;
    }

    /// Closes it, unless it has been, and waits for that up to the option `close_timeout`; then destroys all handlers
    /// and user data. Inside of a handler it does not wait.
    ~Server() { pancar_server_free(handle_); }

    /// For calls of the C interface; still owned by this.
    pancar_server handle() const noexcept { return handle_; }

    /// Listens on an address: "127.0.0.1:3000", "[::1]:0", or "unix:" and a path; on several when it is called more
    /// than once. Returns the port that was bound, 0 for a Unix socket.
    ///
    /// Throws `Error`: `invalid_option` for what is no address, `io` when it cannot be had, `closed`.
    std::uint16_t listen(std::string_view address) const
    {
        std::uint16_t port = 0;
        detail::check(pancar_server_listen(handle_, detail::to_c(address), &port));
        return port;
    }

    /// Listens with TLS, for https and wss. Both are PEM, and the chain begins with the server's own certificate.
    ///
    /// Throws `Error`: as `listen`, and `tls` for certificates or a key that cannot be used.
    std::uint16_t listen_tls(std::string_view address, std::string_view certificates_pem,
                             std::string_view key_pem) const
    {
        std::uint16_t port = 0;
        detail::check(pancar_server_listen_tls(handle_, detail::to_c(address), detail::to_c(certificates_pem),
                                               detail::to_c(key_pem), &port));
        return port;
    }

    /// Hands over a TCP connection that the program accepted, with the bytes of HTTP that it has read from it
    /// already. The file descriptor belongs to the server, unless this throws.
    ///
    /// Throws `Error`: `io` when it is no connected socket, `closed`.
    void adopt(int fd, Bytes read_already = {}) const { detail::check(pancar_server_adopt(handle_, fd, read_already)); }

    /// Calls handlers until the server has closed: the first lane's on this thread, those of others on threads of
    /// their own.
    ///
    /// When it listens already and has as many lanes as workers or more, these threads serve the network as well, each
    /// for the clients whose handlers it calls: the fastest way. A handler that blocks keeps those clients waiting.
    ///
    /// Throws `Error`: `busy` inside of a handler and while another thread dispatches, `io` when threads cannot be had.
    void run() const { detail::check(pancar_server_run(handle_)); }

    /// Closes it: it stops accepting, tells every client and sends what waits, up to the option `close_timeout`.
    /// Returns at once; when all has been dispatched `run` returns. Any thread, but not while the server is moved or
    /// destroyed.
    void close() const { detail::check(pancar_server_close(handle_)); }

    /// Takes what waits, up to `max_events` (0: all that waits), and calls the handlers on this thread. When nothing
    /// waits it waits for up to `timeout`, or `forever`. With several lanes: those of the first.
    ///
    /// Returns `ok` when it handled something, `timeout` when nothing came, `closed` when the server has closed and
    /// everything has been handled. Throws `Error`: `busy` inside of a handler and while another thread dispatches.
    Status dispatch(std::size_t max_events = 0, std::chrono::milliseconds timeout = {}) const
    {
        return dispatch_lane(0, max_events, timeout);
    }

    /// As `dispatch`, for one of several lanes (`Config::set_lanes`), so that handlers run on as many threads. All
    /// handlers of a client are called by the same lane; those that concern no socket by lane 0.
    ///
    /// Throws `Error`: as `dispatch`, and `not_found` where there is no such lane.
    Status dispatch_lane(std::size_t lane, std::size_t max_events = 0, std::chrono::milliseconds timeout = {}) const
    {
        const pancar_status status = pancar_dispatch_lane(handle_, lane, max_events, timeout.count());
        if (status != PANCAR_TIMEOUT && status != PANCAR_CLOSED)
            detail::check(status);
        return static_cast<Status>(status);
    }

    /// A file descriptor that is readable while events of a lane wait, for any loop: call `dispatch` when it is. It
    /// belongs to the server; do not read from it.
    ///
    /// Throws `Error`: `io` when the system has none left, `not_found` where there is no such lane.
    int wake_fd(std::size_t lane = 0) const
    {
        int fd = -1;
        detail::check(pancar_wake_fd_lane(handle_, lane, &fd));
        return fd;
    }

    /// A namespace, which is made at the first call.
    ///
    /// Throws `Error`: `invalid_name`.
    Namespace of(std::string_view name) const
    {
        return made([&](auto out) { return pancar_of(handle_, detail::to_c(name), out); });
    }

    /// A dynamic namespace for all names of a pattern such as "/room-{id}". Each is made when the first client asks
    /// for it, and has all handlers that were set on what this returns; `Socket::ns` and `Event::ns` tell which one
    /// it is.
    ///
    /// Throws `Error`: `invalid_name` for what is no pattern.
    Namespace of_pattern(std::string_view pattern) const
    {
        return made([&](auto out) { return pancar_of_pattern(handle_, detail::to_c(pattern), out); });
    }

    /// As `of_pattern`, for all names that `bool(std::string_view name, ArgsView auth)` takes; asked inside dispatch.
    /// An exception is a no.
    template <class F>
    Namespace of_matching(F &&takes) const
    {
        using Calls = detail::CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(takes));
        return made([&](auto out) { return pancar_of_matching(handle_, Calls::match, held, Calls::destroy, out); });
    }

    /// On how many threads it can be dispatched; see `Config::set_lanes`.
    std::size_t lanes() const noexcept { return pancar_server_lanes(handle_); }

    /// Number of connections, whatever namespaces they are in.
    std::size_t clients_count() const { return stats().clients; }

    /// Number of events that wait to be dispatched, in all lanes.
    std::size_t waiting_events() const { return stats().waiting_events; }

private:
    template <class Make>
    static Namespace made(Make &&make)
    {
        pancar_namespace ns = 0;
        detail::check(make(&ns));
        return Namespace(ns);
    }

    pancar_stats stats() const
    {
        pancar_stats stats = PANCAR_STATS_INIT;
        detail::check(pancar_server_stats(handle_, &stats));
        return stats;
    }

    pancar_server handle_ = 0;
};

/// The version of the library at hand, such as "0.1.0"; static life.
inline std::string_view version() noexcept { return pancar_version(); }

} // namespace pancar

#endif
