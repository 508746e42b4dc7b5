/// What handlers are given; part of pancar.hpp.
#ifndef PANCAR_EVENT_HPP
#define PANCAR_EVENT_HPP

#include "namespace.hpp"

namespace pancar {

/// How a client that wants an answer gets it: a plain value that may be copied and kept. Any thread.
class Ack {
public:
    /// No answer is wanted.
    constexpr Ack() noexcept = default;

    /// One of the C interface.
    constexpr explicit Ack(pancar_ack ack) noexcept : ack_(ack) {}

    /// Whether the client wants an answer.
    constexpr bool wanted() const noexcept { return ack_.socket != 0; }

    /// Answers, once; see `Args::add` for what the arguments may be. Does nothing where no answer is wanted. An event
    /// of another server is answered inside of its handler only.
    ///
    /// Throws `Error`: `disconnected` when the client has gone, and what `Args::add` throws.
    template <class... Values>
    void send(const Values &...values) const
    {
        detail::with_args([&](const pancar_args *args) { detail::check(pancar_ack_send(ack_, args)); }, values...);
    }

private:
    pancar_ack ack_{0, 0};
};

/// An event, for the time of its handler: what is wanted later is copied out of it, as `Args(event.args())` or
/// `ack_later()`.
class Event {
public:
    /// What the C interface gives a callback; where the event can be refused, the place for what the callback returns.
    explicit Event(const pancar_event *event, pancar_status *verdict = nullptr) noexcept : c_(event), verdict_(verdict)
    {
    }

    /// Its name.
    std::string_view name() const noexcept { return detail::to_view(pancar_event_name(c_)); }

    /// Its arguments.
    ArgsView args() const noexcept { return ArgsView(pancar_event_args(c_)); }

    /// One of its arguments as a type of C++; see `Value::get`.
    template <class T>
    T get(std::size_t index) const
    {
        return args().template get<T>(index);
    }

    /// The namespace that it came in.
    Namespace ns() const noexcept { return Namespace(pancar_event_namespace(c_)); }

    /// Whether the client wants an answer.
    bool wants_ack() const noexcept { return ack_later().wanted(); }

    /// Answers it; see `Ack::send`.
    template <class... Values>
    void ack(const Values &...values) const
    {
        ack_later().send(values...);
    }

    /// The way to answer it when the handler has returned.
    Ack ack_later() const noexcept { return Ack(pancar_event_ack(c_)); }

    /// In a middleware of `use_event`: the event does not reach its handlers, but those of `on_refused`.
    ///
    /// Throws `Error`: `invalid_argument` outside of such a middleware.
    void refuse(std::string_view message) const { refuse_with(message, nullptr); }

    /// As above, with a value without bytes that says more.
    template <class T>
    void refuse(std::string_view message, const T &data) const
    {
        detail::with_args([&](const pancar_args *args) { refuse_with(message, args); }, data);
    }

    /// For calls of the C interface.
    const pancar_event *c() const noexcept { return c_; }

private:
    void refuse_with(std::string_view message, const pancar_args *data) const
    {
        if (!verdict_)
            throw Error(Status::invalid_argument, "only a middleware can refuse an event");
        const pancar_status status = pancar_event_refuse(c_, detail::to_c(message), data);
        if (status != PANCAR_REFUSED)
            detail::check(status);
        *verdict_ = status;
    }

    const pancar_event *c_;
    pancar_status *verdict_;
};

/// What a middleware said to an event that it refused. Lives until the handler returns.
struct Refusal {
    std::string_view message; ///< In words.
    ArgsView data;            ///< One argument that says more; none where the middleware gave none.
};

/// A client that waits for a decision: who has this decides, once, on any thread. A client that nobody decided on is
/// refused, with the message `Internal server error`, when this is destroyed.
class Deferred {
public:
    /// One of the C interface, which this is to answer.
    explicit Deferred(pancar_token token) noexcept : token_(token) {}
    /// Leaves nothing to decide to the other one.
    Deferred(Deferred &&other) noexcept : token_(std::exchange(other.token_, 0)) {}
    /// As above; who waited here is refused.
    Deferred &operator=(Deferred &&other) noexcept
    {
        Deferred old(std::move(*this));
        token_ = std::exchange(other.token_, 0);
        return *this;
    }
    ~Deferred()
    {
        if (token_ != 0)
            pancar_reject(token_, PANCAR_STR("Internal server error"), nullptr);
    }

    /// Whether it is still to be decided.
    explicit operator bool() const noexcept { return token_ != 0; }

    /// Lets the client in; further middlewares are asked before.
    ///
    /// Throws `Error`: `disconnected` when it has gone meanwhile, `invalid_handle` when there is nothing to decide.
    void accept() { detail::check(pancar_accept(std::exchange(token_, 0))); }

    /// Refuses the client; see `Admission::reject`. Throws as `accept`.
    void reject(std::string_view message) { reject_with(message, nullptr); }

    /// As above, with a value without bytes that says more.
    template <class T>
    void reject(std::string_view message, const T &data)
    {
        detail::with_args([&](const pancar_args *args) { reject_with(message, args); }, data);
    }

private:
    void reject_with(std::string_view message, const pancar_args *data)
    {
        // What cannot be said leaves the client waiting, to be refused by the destructor.
        detail::check(pancar_reject(token_, detail::to_c(message), data));
        token_ = 0;
    }

    pancar_token token_;
};

/// A client that asks to join, for the time of a middleware. Who is not refused or deferred is let in.
class Admission {
public:
    /// What the C interface gives a callback, and the place for what that returns.
    Admission(pancar_admission *admission, pancar_status &verdict) noexcept : c_(admission), verdict_(verdict) {}
    Admission(const Admission &) = delete;
    Admission &operator=(const Admission &) = delete;

    /// Refuses the client, which gets the message as a `connect_error`.
    void reject(std::string_view message) { reject_with(message, nullptr); }

    /// As above, with a value without bytes, which the client gets as `data`.
    template <class T>
    void reject(std::string_view message, const T &data)
    {
        detail::with_args([&](const pancar_args *args) { reject_with(message, args); }, data);
    }

    /// Decides later: the client waits until what is returned is answered, from any thread, even before the
    /// middleware returns.
    [[nodiscard]] Deferred defer()
    {
        pancar_token token = 0;
        note(pancar_admission_defer(c_, &token), PANCAR_PENDING);
        return Deferred(token);
    }

private:
    void reject_with(std::string_view message, const pancar_args *data)
    {
        note(pancar_admission_reject(c_, detail::to_c(message), data), PANCAR_REFUSED);
    }

    void note(pancar_status status, pancar_status wanted)
    {
        if (status != wanted)
            detail::check(status);
        verdict_ = status;
    }

    pancar_admission *c_;
    pancar_status &verdict_;
};

} // namespace pancar

#endif
