/// Whom a broadcast concerns and how it is sent; part of pancar.hpp.
#ifndef PANCAR_TARGET_HPP
#define PANCAR_TARGET_HPP

#include "args.hpp"

#include <chrono>
#include <initializer_list>
#include <memory>

namespace pancar {

namespace detail {

/// The callbacks that the C interface calls for a handler; calls.hpp.
template <class F>
struct Calls;

/// Those for a handler of whatever value category.
template <class F>
using CallsOf = Calls<std::decay_t<F>>;

/// Whole milliseconds, rounded up; none for what is over already.
template <class Rep, class Period>
std::uint64_t milliseconds(std::chrono::duration<Rep, Period> duration)
{
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
    return whole > 0 ? static_cast<std::uint64_t>(whole) : 0;
}

/// Calls with a room, or with each of a range of rooms.
template <class Rooms, class Each>
void each_room(const Rooms &rooms, Each &&each)
{
    if constexpr (std::is_convertible_v<const Rooms &, std::string_view>) {
        each(to_c(rooms));
    } else {
        for (const auto &room : rooms)
            each(to_c(room));
    }
}

/// Calls with a room, or with a range of rooms, as an array.
template <class Rooms, class Use>
void with_rooms(const Rooms &rooms, Use &&use)
{
    if constexpr (std::is_convertible_v<const Rooms &, std::string_view>) {
        const pancar_str room = to_c(rooms);
        check(use(&room, std::size_t{1}));
    } else {
        std::vector<pancar_str> list;
        each_room(rooms, [&](pancar_str room) { list.push_back(room); });
        check(use(list.data(), list.size()));
    }
}

} // namespace detail

/// Rooms in braces: `socket.join({"a", "b"})`. Wherever rooms are wanted a string and a container of strings will do,
/// too.
using RoomList = std::initializer_list<std::string_view>;

/// Sockets of a namespace, and how something is sent to them: everybody, or the members of rooms, less those of other
/// rooms.
///
/// A value: each step returns a new target and leaves this one as it is, so that targets can be kept and sent to
/// again and again: `const auto lobby = io.to("lobby"); lobby.except(id).volatile_().emit("move", 1, 2);`. Sending
/// does not change it, and may be done on several threads.
///
/// All functions throw `Error`: `closed` when the namespace or the server is gone.
class Target {
public:
    /// Takes what a function of the C interface gives away.
    explicit Target(pancar_target *owned) noexcept : c_(owned) {}

    /// Everybody in a namespace; from a socket everybody else in its namespace.
    static Target from(pancar_handle handle)
    {
        return made([&](auto out) { return pancar_target_new(handle, out); });
    }

    /// One socket.
    static Target one(pancar_socket socket)
    {
        return made([&](auto out) { return pancar_target_one(socket, out); });
    }

    /// A copy, to be changed independently.
    Target(const Target &other) : Target(made([&](auto out) { return pancar_target_clone(other.c(), out); })) {}
    /// Leaves the other one to be assigned to or destroyed only.
    Target(Target &&) noexcept = default;
    /// What the other one is.
    Target &operator=(Target other) noexcept { return c_.swap(other.c_), *this; }
    ~Target() = default;

    /// The members of these rooms, too; without any room everybody is meant. The id of a socket is a room.
    template <class Rooms>
    Target to(const Rooms &rooms) const &
    {
        return Target(*this).to(rooms);
    }
    /// As above.
    template <class Rooms>
    Target to(const Rooms &rooms) &&
    {
        detail::each_room(rooms, [&](pancar_str room) { detail::check(pancar_target_to(c(), room)); });
        return std::move(*this);
    }
    /// As above.
    Target to(RoomList rooms) const { return Target(*this).to<RoomList>(rooms); }

    /// Without the members of these rooms.
    template <class Rooms>
    Target except(const Rooms &rooms) const &
    {
        return Target(*this).except(rooms);
    }
    /// As above.
    template <class Rooms>
    Target except(const Rooms &rooms) &&
    {
        detail::each_room(rooms, [&](pancar_str room) { detail::check(pancar_target_except(c(), room)); });
        return std::move(*this);
    }
    /// As above.
    Target except(RoomList rooms) const { return Target(*this).except<RoomList>(rooms); }

    /// Only clients of this server.
    Target local() const & { return Target(*this).local(); }
    /// As above.
    Target local() && { return std::move(*this).changed(pancar_target_local); }

    /// May be dropped for clients that are not ready to be sent to.
    Target volatile_() const & { return Target(*this).volatile_(); }
    /// As above.
    Target volatile_() && { return std::move(*this).changed(pancar_target_volatile); }

    /// Whether what is sent may be compressed.
    Target compress(bool compress) const & { return Target(*this).compress(compress); }
    /// As above.
    Target compress(bool compress) && { return std::move(*this).changed(pancar_target_compress, compress); }

    /// How long `emit_with_ack` waits; whole milliseconds, 0 takes the option `ack_timeout`.
    template <class Rep, class Period>
    Target timeout(std::chrono::duration<Rep, Period> timeout) const &
    {
        return Target(*this).timeout(timeout);
    }
    /// As above.
    template <class Rep, class Period>
    Target timeout(std::chrono::duration<Rep, Period> timeout) &&
    {
        return std::move(*this).changed(pancar_target_timeout, detail::milliseconds(timeout));
    }

    /// Sends an event to all of them; see `Args::add` for what the arguments may be. Never waits for the network. Any
    /// thread.
    ///
    /// Throws `Error`: `invalid_name` for a reserved name such as `connect`, and what `Args::add` throws.
    template <class... Values>
    void emit(std::string_view event, const Values &...values) const
    {
        detail::with_args(
            [&](const pancar_args *args) { detail::check(pancar_target_emit(c(), detail::to_c(event), args)); },
            values...);
    }

    /// Sends an event and calls `void(Answers)` once, when all have answered or left, or the timeout is over: inside
    /// dispatch, on the lane that this was called in, else on the first.
    ///
    /// Throws `Error`: as `emit`, and `limit_exceeded` past the option `max_acks_per_socket`; the handler is then not
    /// called.
    template <class F, class... Values>
    void emit_with_ack(std::string_view event, F &&answered, const Values &...values) const
    {
        using Calls = detail::CallsOf<F>;
        detail::with_args(
            [&](const pancar_args *args) {
                void *const held = Calls::keep(std::forward<F>(answered));
                detail::check(pancar_target_emit_with_ack(c(), detail::to_c(event), args, Calls::answers, held,
                                                          Calls::destroy));
            },
            values...);
    }

    /// Asks what is known of the sockets, on all servers of a cluster, and calls `void(Remotes)` once, where
    /// `emit_with_ack` does.
    template <class F>
    void fetch_sockets(F &&fetched) const
    {
        using Calls = detail::CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(fetched));
        detail::check(pancar_target_fetch(c(), Calls::remotes, held, Calls::destroy));
    }

    /// Puts the sockets into rooms. Throws `Error`: the first of a socket, see `Socket::join`; those that can have
    /// joined.
    template <class Rooms>
    void sockets_join(const Rooms &rooms) const
    {
        detail::with_rooms(rooms, [&](auto list, auto count) { return pancar_target_join(c(), list, count); });
    }
    /// As above.
    void sockets_join(RoomList rooms) const { sockets_join<RoomList>(rooms); }

    /// Takes the sockets out of rooms.
    template <class Rooms>
    void sockets_leave(const Rooms &rooms) const
    {
        detail::with_rooms(rooms, [&](auto list, auto count) { return pancar_target_leave(c(), list, count); });
    }
    /// As above.
    void sockets_leave(RoomList rooms) const { sockets_leave<RoomList>(rooms); }

    /// Disconnects the sockets; with `close` their connections end, with their sockets in all namespaces.
    void disconnect_sockets(bool close = false) const { detail::check(pancar_target_disconnect(c(), close)); }

    /// For calls of the C interface; still owned by this.
    pancar_target *c() const noexcept { return c_.get(); }

private:
    template <class Make>
    static Target made(Make &&make)
    {
        pancar_target *target = nullptr;
        detail::check(make(&target));
        return Target(target);
    }

    template <class Function, class... Values>
    Target changed(Function change, Values... values) &&
    {
        detail::check(change(c(), values...));
        return std::move(*this);
    }

    std::unique_ptr<pancar_target, detail::FreedBy<pancar_target_free>> c_;
};

} // namespace pancar

#endif
