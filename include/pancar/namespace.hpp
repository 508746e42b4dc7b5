/// Namespaces; part of pancar.hpp.
#ifndef PANCAR_NAMESPACE_HPP
#define PANCAR_NAMESPACE_HPP

#include "socket.hpp"

#include <optional>
#include <string>

namespace pancar {

namespace detail {

/// What a namespace can do, and a server for its namespace "/". Any thread; all functions throw `Error`: `closed` or
/// `invalid_handle` when it is gone.
template <class Self>
class Serves {
public:
    /// Calls `void(Socket)` for every socket that joins, before its client can know that it has: what the handler
    /// sets on the socket misses no event.
    template <class F>
    void on_connect(F &&handler) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(pancar_on_connection(handle(), Calls::connection, held, Calls::destroy));
    }

    /// Adds a middleware, `void(Socket, Admission &)`, that decides who may join: at once with `Admission::reject`,
    /// later with `Admission::defer`, else the client is let in. An exception refuses it with the message `Internal
    /// server error`. In it the socket has its handshake and data, but is not connected yet; rooms that it is put
    /// into and events that it is sent take effect when it is let in.
    template <class F>
    void use(F &&middleware) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(middleware));
        check(pancar_use(handle(), Calls::middleware, held, Calls::destroy));
    }

    /// Everybody in the namespace.
    Target everyone() const { return Target::from(handle()); }

    /// The members of these rooms; see `Target`, here as below.
    template <class Rooms>
    Target to(const Rooms &rooms) const
    {
        return everyone().to(rooms);
    }
    /// As above.
    Target to(RoomList rooms) const { return everyone().to(rooms); }

    /// All but the members of these rooms.
    template <class Rooms>
    Target except(const Rooms &rooms) const
    {
        return everyone().except(rooms);
    }
    /// As above.
    Target except(RoomList rooms) const { return everyone().except(rooms); }

    /// Only clients of this server.
    Target local() const { return everyone().local(); }

    /// Everybody; what is sent may be dropped for clients that are not ready.
    Target volatile_() const { return everyone().volatile_(); }

    /// Everybody; whether what is sent may be compressed.
    Target compress(bool compress) const { return everyone().compress(compress); }

    /// Everybody; how long `Target::emit_with_ack` waits.
    template <class Rep, class Period>
    Target timeout(std::chrono::duration<Rep, Period> timeout) const
    {
        return everyone().timeout(timeout);
    }

    /// The socket of an id, on this server.
    std::optional<Socket> socket(std::string_view id) const
    {
        pancar_socket found = 0;
        const pancar_status status = pancar_namespace_find(handle(), to_c(id), &found);
        if (status == PANCAR_NOT_FOUND)
            return std::nullopt;
        check(status);
        return Socket(found);
    }

    /// Number of sockets on this server.
    std::size_t sockets_count() const
    {
        std::size_t count = 0;
        check(pancar_namespace_counts(handle(), &count, nullptr));
        return count;
    }

    /// Number of rooms on this server, the room of each socket's own included.
    std::size_t rooms_count() const
    {
        std::size_t count = 0;
        check(pancar_namespace_counts(handle(), nullptr, &count));
        return count;
    }

    /// Sends an event to the programs on the other servers of the cluster, not to clients.
    template <class... Values>
    void server_side_emit(std::string_view event, const Values &...values) const
    {
        with_args(
            [&](const pancar_args *args) { check(pancar_server_side_emit(handle(), to_c(event), args)); }, values...);
    }

    /// Calls `void(Event)` for an event that another server of the cluster sends; one handler for each name, the last
    /// that was set. An answer is given inside the handler.
    template <class F>
    void on_server_side(std::string_view event, F &&handler) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(pancar_on_server_side(handle(), to_c(event), Calls::event, held, Calls::destroy));
    }

private:
    pancar_handle handle() const noexcept { return static_cast<const Self &>(*this).handle(); }
};

} // namespace detail

/// A namespace: a number, to be copied, kept and compared. Of a dynamic one (`Server::of_pattern`,
/// `Server::of_matching`) only the functions that set handlers can be called; sockets are in the namespaces that it
/// makes.
class Namespace : public detail::Listens<Namespace>,
                  public detail::Emits<Namespace>,
                  public detail::Serves<Namespace> {
public:
    /// None.
    constexpr Namespace() noexcept = default;

    /// The namespace of a handle of the C interface.
    constexpr explicit Namespace(pancar_namespace handle) noexcept : handle_(handle) {}

    /// For calls of the C interface.
    constexpr pancar_namespace handle() const noexcept { return handle_; }

    /// Its name, such as "/chat".
    std::string name() const
    {
        return detail::text_of([&](auto out) { return pancar_namespace_name(handle_, out); });
    }

    /// Whether both are the same namespace.
    friend constexpr bool operator==(Namespace one, Namespace other) noexcept { return one.handle_ == other.handle_; }
    /// Whether they are two.
    friend constexpr bool operator!=(Namespace one, Namespace other) noexcept { return one.handle_ != other.handle_; }

private:
    pancar_namespace handle_ = 0;
};

inline Namespace Socket::ns() const
{
    pancar_namespace ns = 0;
    detail::check(pancar_socket_namespace(handle_, &ns));
    return Namespace(ns);
}

} // namespace pancar

#endif
