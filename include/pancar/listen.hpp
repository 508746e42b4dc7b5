/// What can be listened to, sent to and posted to by its handle; part of pancar.hpp.
#ifndef PANCAR_LISTEN_HPP
#define PANCAR_LISTEN_HPP

#include "target.hpp"

namespace pancar {

/// Which handler of an event is meant, for `off`: a plain value. Not to be used again once the handler is gone.
class Listener {
public:
    /// None.
    constexpr Listener() noexcept = default;

    /// One of the C interface.
    constexpr Listener(pancar_event_fn call, void *data) noexcept : callback_(call), user_data_(data) {}

    /// For calls of the C interface.
    constexpr pancar_event_fn callback() const noexcept { return callback_; }
    /// As `callback`: its user data.
    constexpr void *user_data() const noexcept { return user_data_; }

private:
    pancar_event_fn callback_ = nullptr;
    void *user_data_ = nullptr;
};

namespace detail {

/// Whether a callback was taken off.
inline bool found(pancar_status status)
{
    if (status == PANCAR_NOT_FOUND)
        return false;
    check(status);
    return true;
}

/// Listening: for a socket, or for all sockets of a namespace.
///
/// Handlers are called inside dispatch, those of one client one at a time and in the order in which they were set. A
/// handler may do without arguments that it does not want. It is kept, moved if it can be, until it can no longer be
/// called; it is destroyed on whatever thread that happens. What it throws is logged, and harms nobody else.
///
/// All functions may be called on any thread, and throw `Error`: `disconnected` when the socket is gone, `closed` or
/// `invalid_handle` for a namespace or server.
template <class Self>
class Listens {
public:
    /// Calls `void(Socket, Event)` for every event of a name.
    ///
    /// Throws `Error`: `invalid_name` for `connect`, `connect_error`, `disconnect` and `disconnecting`.
    template <class F>
    Listener on(std::string_view event, F &&handler) const
    {
        return listen<F>(std::forward<F>(handler), [&](auto callback, void *held, auto destroy) {
            return pancar_on(handle(), to_c(event), callback, held, destroy);
        });
    }

    /// As `on`, for the first event that comes; on a namespace for the first of all its sockets.
    template <class F>
    Listener once(std::string_view event, F &&handler) const
    {
        return listen<F>(std::forward<F>(handler), [&](auto callback, void *held, auto destroy) {
            return pancar_once(handle(), to_c(event), callback, held, destroy);
        });
    }

    /// Takes off all handlers of an event; whether there were any.
    bool off(std::string_view event) const { return off(event, Listener()); }

    /// Takes off one handler of an event; whether it was there.
    bool off(std::string_view event, Listener listener) const
    {
        return found(pancar_off(handle(), to_c(event), listener.callback(), listener.user_data()));
    }

    /// Calls `void(Socket, Event)` for every event of a client, before middlewares and other handlers; also for those
    /// that nobody else wants.
    template <class F>
    Listener on_any(F &&handler) const
    {
        return listen<F>(std::forward<F>(handler), [&](auto callback, void *held, auto destroy) {
            return pancar_on_any(handle(), callback, held, destroy);
        });
    }

    /// Takes off one handler of `on_any`, or all; whether there was any.
    bool off_any(Listener listener = {}) const
    {
        return found(pancar_off_any(handle(), listener.callback(), listener.user_data()));
    }

    /// Calls `void(Socket, Event)` for every event that was sent to a socket, broadcasts included, answers not.
    template <class F>
    Listener on_any_outgoing(F &&handler) const
    {
        return listen<F>(std::forward<F>(handler), [&](auto callback, void *held, auto destroy) {
            return pancar_on_any_outgoing(handle(), callback, held, destroy);
        });
    }

    /// Takes off one handler of `on_any_outgoing`, or all; whether there was any.
    bool off_any_outgoing(Listener listener = {}) const
    {
        return found(pancar_off_any_outgoing(handle(), listener.callback(), listener.user_data()));
    }

    /// Adds a middleware, `void(Socket, Event)`, that every event of a client passes before its handlers, unless it
    /// is refused with `Event::refuse`, or by an exception, with the message `Internal server error`.
    template <class F>
    void use_event(F &&middleware) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(middleware));
        check(pancar_use_event(handle(), Calls::event_middleware, held, Calls::destroy));
    }

    /// Calls `void(Socket, Event, Refusal)` for every event that a middleware refused.
    template <class F>
    void on_refused(F &&handler) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(pancar_on_refused(handle(), Calls::refused, held, Calls::destroy));
    }

    /// Calls `void(Socket, Reason, std::string_view detail)` when a socket is about to leave its rooms, which
    /// `Socket::rooms` still tells. The detail is for people, and may be empty.
    template <class F>
    void on_disconnecting(F &&handler) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(pancar_on_disconnecting(handle(), Calls::disconnect, held, Calls::destroy));
    }

    /// Calls `void(Socket, Reason, std::string_view detail)` when a socket has left. After the last of these handlers
    /// the socket is gone, and its user data are destroyed.
    template <class F>
    void on_disconnect(F &&handler) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(pancar_on_disconnect(handle(), Calls::disconnect, held, Calls::destroy));
    }

    /// Calls `void()` inside dispatch, on the lane of a socket, else on the first one; in order with the events of
    /// that lane. How another thread gets something done where the handlers run.
    template <class F>
    void post(F &&task) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(task));
        check(pancar_post(handle(), Calls::task, held, Calls::destroy));
    }

    /// As `post`, when a delay is over; whole milliseconds. A server that closes before that does not call.
    template <class Rep, class Period, class F>
    void post_after(std::chrono::duration<Rep, Period> delay, F &&task) const
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(task));
        check(pancar_post_after(handle(), milliseconds(delay), Calls::task, held, Calls::destroy));
    }

private:
    template <class F, class Register>
    static Listener listen(F &&handler, Register &&enlist)
    {
        using Calls = CallsOf<F>;
        void *const held = Calls::keep(std::forward<F>(handler));
        check(enlist(&Calls::event, held, &Calls::destroy));
        return Listener(&Calls::event, held);
    }

    pancar_handle handle() const noexcept { return static_cast<const Self &>(*this).handle(); }
};

/// Sending: to a socket, or to everybody in a namespace.
template <class Self>
class Emits {
public:
    /// Sends an event; see `Args::add` for what the arguments may be. Never waits for the network: what is sent
    /// inside of a handler leaves when the batch of events has been handled. Any thread.
    ///
    /// Throws `Error`: `invalid_name` for a reserved name such as `connect`, `disconnected` when the socket is gone,
    /// and what `Args::add` throws.
    template <class... Values>
    void emit(std::string_view event, const Values &...values) const
    {
        const pancar_handle to = static_cast<const Self &>(*this).handle();
        with_args([&](const pancar_args *args) { check(pancar_emit(to, to_c(event), args)); }, values...);
    }
};

} // namespace detail

} // namespace pancar

#endif
