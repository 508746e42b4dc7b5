/// What comes back from clients and from other servers; part of pancar.hpp.
#ifndef PANCAR_RESULTS_HPP
#define PANCAR_RESULTS_HPP

#include "args.hpp"

namespace pancar {

/// The answer of a client, or why there is none. Lives until the handler returns.
class Answer {
public:
    /// What the C interface tells.
    Answer(pancar_status status, const pancar_args *args, std::string_view id = {}) noexcept
        : status_(static_cast<Status>(status)), args_(args), id_(id)
    {
    }

    /// `ok`, `timeout`, or `disconnected` when the client left before.
    Status status() const noexcept { return status_; }

    /// Whether the client answered.
    bool ok() const noexcept { return status_ == Status::ok; }

    /// What it answered. Throws `Error` with the status where it did not.
    ArgsView args() const
    {
        if (!ok())
            throw Error(status_, "there is no answer: " + std::string(to_string(status_)));
        return args_;
    }

    /// One argument of the answer; see `Value::get`. Throws as `args`, too.
    template <class T>
    T get(std::size_t index = 0) const
    {
        return args().get<T>(index);
    }

    /// The id of the client, in answers to a broadcast; else empty.
    std::string_view id() const noexcept { return id_; }

private:
    Status status_;
    ArgsView args_;
    std::string_view id_;
};

/// The answers to a broadcast, one for each client that was asked: a range of `Answer`. Lives until the handler
/// returns.
class Answers {
public:
    /// Those of the C interface.
    explicit Answers(const pancar_answers *answers) noexcept : c_(answers) {}

    /// How many clients were asked.
    std::size_t size() const noexcept { return pancar_answers_len(c_); }

    /// One of them; past the end one with the status `not_found`.
    Answer operator[](std::size_t index) const noexcept
    {
        return Answer(pancar_answers_status(c_, index), pancar_answers_args(c_, index),
                      detail::to_view(pancar_answers_id(c_, index)));
    }

    /// Goes through them.
    detail::Iterator<Answers> begin() const { return {*this, 0}; }
    /// The end of them.
    detail::Iterator<Answers> end() const { return {*this, size()}; }

private:
    const pancar_answers *c_;
};

/// What is known of a socket, on this server or on another. Lives until the handler returns.
class Remote {
public:
    /// One of those of the C interface.
    Remote(const pancar_remotes *remotes, std::size_t index) noexcept : c_(remotes), index_(index) {}

    /// The id of the socket, which is a room, too: `io.to(remote.id())`.
    std::string_view id() const noexcept { return detail::to_view(pancar_remotes_id(c_, index_)); }

    /// The rooms that it is in, its own one among them.
    std::vector<std::string_view> rooms() const
    {
        std::vector<std::string_view> rooms(pancar_remotes_room_count(c_, index_));
        for (std::size_t room = 0; room < rooms.size(); ++room)
            rooms[room] = detail::to_view(pancar_remotes_room(c_, index_, room));
        return rooms;
    }

    /// Its data, as the only argument; see `Socket::set_data`.
    Args data() const { return one(pancar_remotes_data(c_, index_)); }

    /// Its handshake, as the only argument; see `Socket::handshake`.
    Args handshake() const { return one(pancar_remotes_handshake(c_, index_)); }

private:
    static Args one(pancar_str json)
    {
        Args args;
        args.write(pancar_args_add_json, json);
        return args;
    }

    const pancar_remotes *c_;
    std::size_t index_;
};

/// The sockets that `fetch_sockets` found: a range of `Remote`, unless it failed. Lives until the handler returns.
class Remotes {
public:
    /// What the C interface tells.
    Remotes(pancar_status status, const pancar_remotes *remotes) noexcept
        : status_(static_cast<Status>(status)), c_(remotes)
    {
    }

    /// `ok`, or why nothing is known.
    Status status() const noexcept { return status_; }

    /// How many were found. Throws `Error` with the status where that is not `ok`.
    std::size_t size() const
    {
        if (status_ != Status::ok)
            throw Error(status_, "the sockets are not known: " + std::string(to_string(status_)));
        return pancar_remotes_len(c_);
    }

    /// One of them; the index must be below `size()`.
    Remote operator[](std::size_t index) const noexcept { return Remote(c_, index); }

    /// Goes through them.
    detail::Iterator<Remotes> begin() const { return {*this, 0}; }
    /// The end of them. Throws as `size`.
    detail::Iterator<Remotes> end() const { return {*this, size()}; }

private:
    Status status_;
    const pancar_remotes *c_;
};

} // namespace pancar

#endif
