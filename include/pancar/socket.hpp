/// One client in one namespace; part of pancar.hpp.
#ifndef PANCAR_SOCKET_HPP
#define PANCAR_SOCKET_HPP

#include "convert.hpp"
#include "listen.hpp"

#include <functional>
#include <optional>
#include <string>
#include <typeinfo>
#include <vector>

namespace pancar {

class Namespace;

namespace detail {

/// User data of a socket with their type.
struct Box {
    explicit Box(const std::type_info &of) : type(of) {}
    Box(const Box &) = delete;
    Box &operator=(const Box &) = delete;
    virtual ~Box() = default;
    static void destroy(void *box) noexcept { delete static_cast<Box *>(box); }

    const std::type_info &type;
};

/// Parentheses where there is such a constructor, else braces: aggregates are welcome, too.
template <class T, class... Values>
T make(Values &&...values)
{
    if constexpr (std::is_constructible_v<T, Values...>)
        return T(std::forward<Values>(values)...);
    else
        return T{std::forward<Values>(values)...};
}

template <class T>
struct BoxOf final : Box {
    template <class... Values>
    explicit BoxOf(Values &&...values) : Box(typeid(T)), value(make<T>(std::forward<Values>(values)...))
    {
    }

    T value;
};

} // namespace detail

/// One client in one namespace: a number, to be copied, kept and compared. It may be used on any thread, and at any
/// time: once the socket is gone, which it is after its `on_disconnect` handlers, all functions throw `Error` with
/// `disconnected`. With the option `connection_state_recovery` it can still be sent to while the client may come back,
/// which then gets it.
class Socket : public detail::Listens<Socket>, public detail::Emits<Socket> {
public:
    /// None.
    constexpr Socket() noexcept = default;

    /// The socket of a handle of the C interface.
    constexpr explicit Socket(pancar_socket handle) noexcept : handle_(handle) {}

    /// For calls of the C interface.
    constexpr pancar_socket handle() const noexcept { return handle_; }

    /// Whether this is a socket at all, gone or not.
    constexpr explicit operator bool() const noexcept { return handle_ != 0; }

    /// The id that others may know; also the name of a room that it alone is in.
    std::string id() const { return text(pancar_socket_id); }

    /// The namespace that it is in.
    Namespace ns() const;

    /// Whether it has joined and not left. Never throws.
    bool is_connected() const noexcept { return pancar_socket_connected(handle_); }

    /// Whether it continues an earlier session, see the option `connection_state_recovery`. Never throws.
    bool is_recovered() const noexcept { return pancar_socket_recovered(handle_); }

    /// The transport in use: "polling" or "websocket".
    std::string transport() const { return text(pancar_socket_transport); }

    /// The handshake as the only argument, an object in the form of the official server: `headers`, `time`,
    /// `address`, `xdomain`, `secure`, `issued` (milliseconds since 1970), `url`, `query`, `auth`.
    Args handshake() const { return one_json(pancar_socket_handshake); }

    /// The credentials that the client sent, as the only argument; an empty object when it sent none.
    Args auth() const
    {
        Args auth;
        auth.adopt([&](auto out) { return pancar_socket_auth(handle_, out); });
        return auth;
    }

    /// A header of the request that opened the connection; the case of its name does not matter.
    std::optional<std::string> header(std::string_view name) const { return text_if(pancar_socket_header, name); }

    /// A parameter of the query of the request that opened the connection.
    std::optional<std::string> query(std::string_view name) const { return text_if(pancar_socket_query, name); }

    /// The address of the client, such as 192.0.2.1; behind a trusted proxy the one that the proxy names; empty where
    /// there is none.
    std::string address() const { return text(pancar_socket_address); }

    /// Puts the socket into a room or a container of rooms: into all of them, or none when it throws.
    ///
    /// Throws `Error`: `invalid_name` for a name that is too long, `limit_exceeded` past `max_rooms_per_socket`.
    template <class Rooms>
    void join(const Rooms &rooms) const
    {
        detail::with_rooms(rooms, [&](auto list, auto count) { return pancar_socket_join(handle_, list, count); });
    }
    /// As above.
    void join(RoomList rooms) const { join<RoomList>(rooms); }

    /// Takes the socket out of a room; it need not be in it.
    void leave(std::string_view room) const { detail::check(pancar_socket_leave(handle_, detail::to_c(room))); }

    /// The rooms that it is in, that of its id among them; in a handler of `on_disconnecting` those that it leaves.
    std::vector<std::string> rooms() const
    {
        pancar_list *given = nullptr;
        detail::check(pancar_socket_rooms(handle_, &given));
        const std::unique_ptr<pancar_list, detail::FreedBy<pancar_list_free>> list(given);
        std::vector<std::string> rooms;
        for (std::size_t index = 0; index < pancar_list_len(given); ++index)
            rooms.emplace_back(detail::to_view(pancar_list_at(given, index)));
        return rooms;
    }

    /// Disconnects it; with `close` its connection ends, with the client's sockets in all namespaces. Its handlers
    /// are called by dispatch later.
    void disconnect(bool close = false) const { detail::check(pancar_socket_disconnect(handle_, close)); }

    /// Sends an event and calls `void(Answer)` once, inside dispatch: with the answer, when the timeout is over, or
    /// as soon as the client is gone. Whole milliseconds; 0 takes the option `ack_timeout`, which waits without end
    /// by default.
    ///
    ///     socket.emit_with_ack("question", 500ms, [](pancar::Answer answer) { ... answer.get<int>() ... }, "6 * 7");
    ///
    /// Throws `Error`: as `emit`, and `limit_exceeded` past the option `max_acks_per_socket`; the handler is then not
    /// called.
    template <class Rep, class Period, class F, class... Values>
    void emit_with_ack(std::string_view event, std::chrono::duration<Rep, Period> timeout, F &&answered,
                       const Values &...values) const
    {
        using Calls = detail::CallsOf<F>;
        detail::with_args(
            [&](const pancar_args *args) {
                void *const held = Calls::keep(std::forward<F>(answered));
                detail::check(pancar_emit_with_ack(handle_, detail::to_c(event), args, detail::milliseconds(timeout),
                                                   Calls::answer, held, Calls::destroy));
            },
            values...);
    }

    /// Everybody else in its namespace.
    Target broadcast() const { return Target::from(handle_); }

    /// Everybody else in these rooms.
    template <class Rooms>
    Target to(const Rooms &rooms) const
    {
        return broadcast().to(rooms);
    }
    /// As above.
    Target to(RoomList rooms) const { return broadcast().to(rooms); }

    /// Everybody else in its namespace who is not in these rooms.
    template <class Rooms>
    Target except(const Rooms &rooms) const
    {
        return broadcast().except(rooms);
    }
    /// As above.
    Target except(RoomList rooms) const { return broadcast().except(rooms); }

    /// Everybody else in its namespace on this server.
    Target local() const { return broadcast().local(); }

    /// The socket itself; what is sent may be dropped when it is not ready.
    Target volatile_() const { return Target::one(handle_).volatile_(); }

    /// The socket itself; whether what is sent may be compressed.
    Target compress(bool compress) const { return Target::one(handle_).compress(compress); }

    /// Sets its data: one value in place of what was there, without bytes in it. Shown to all servers of a cluster by
    /// `fetch_sockets`, and kept by connection state recovery.
    ///
    /// Throws `Error`: `encode` for bytes, and what `Args::add` throws.
    template <class T>
    void set_data(const T &value) const
    {
        detail::with_json([&](pancar_str json) { detail::check(pancar_socket_set_data(handle_, json)); }, value);
    }

    /// Its data, as the only argument; an empty object at first.
    Args data() const { return one_json(pancar_socket_data); }

    /// Makes an object of any type that is kept with the socket, in place of the one that was there. It is destroyed
    /// when it is replaced, or when the socket is gone, after the handlers of `on_disconnect`. Only handlers of this
    /// client should use it: they are called one at a time.
    template <class T, class... Values>
    T &emplace(Values &&...values) const
    {
        auto box = std::make_unique<detail::BoxOf<T>>(std::forward<Values>(values)...);
        T &value = box->value;
        detail::Box *const kept = box.release();
        detail::check(pancar_socket_set_user_data(handle_, kept, detail::Box::destroy));
        return value;
    }

    /// The object of `emplace<T>`; null when there is none, or one of another type. Never throws.
    template <class T>
    T *get_if() const noexcept
    {
        auto *const box = static_cast<detail::Box *>(pancar_socket_user_data(handle_));
        return box && box->type == typeid(T) ? &static_cast<detail::BoxOf<T> *>(box)->value : nullptr;
    }

    /// The object of `emplace<T>`.
    ///
    /// Throws `Error`: `not_found` when there is none, or one of another type.
    template <class T>
    T &get() const
    {
        T *const value = get_if<T>();
        if (!value)
            throw Error(Status::not_found, std::string("the socket has no data of type ") + typeid(T).name());
        return *value;
    }

    /// Bytes that wait to be taken by the client.
    std::size_t buffered_bytes() const
    {
        std::size_t bytes = 0;
        detail::check(pancar_socket_queued(handle_, &bytes));
        return bytes;
    }

    /// Whether both are the same socket.
    friend constexpr bool operator==(Socket one, Socket other) noexcept { return one.handle_ == other.handle_; }
    /// Whether they are two.
    friend constexpr bool operator!=(Socket one, Socket other) noexcept { return one.handle_ != other.handle_; }
    /// Any order, for sorted containers.
    friend constexpr bool operator<(Socket one, Socket other) noexcept { return one.handle_ < other.handle_; }

private:
    using Ask = pancar_status(pancar_socket, pancar_text **);
    using AskFor = pancar_status(pancar_socket, pancar_str, pancar_text **);

    std::string text(Ask *ask) const
    {
        return detail::text_of([&](auto out) { return ask(handle_, out); });
    }

    std::optional<std::string> text_if(AskFor *ask, std::string_view name) const
    {
        pancar_status status = PANCAR_OK;
        const auto asked = [&](auto out) {
            status = ask(handle_, detail::to_c(name), out);
            return status == PANCAR_NOT_FOUND ? PANCAR_OK : status;
        };
        std::string found = detail::text_of(asked);
        return status == PANCAR_OK ? std::optional(std::move(found)) : std::nullopt;
    }

    Args one_json(Ask *ask) const { return Args::of(Json{text(ask)}); }

    pancar_socket handle_ = 0;
};

} // namespace pancar

/// So that sockets can be kept in unordered containers.
template <>
struct std::hash<pancar::Socket> {
    std::size_t operator()(pancar::Socket socket) const noexcept { return std::hash<pancar_socket>()(socket.handle()); }
};

#endif
