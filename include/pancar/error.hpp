/// Errors, statuses and reasons; part of pancar.hpp.
#ifndef PANCAR_ERROR_HPP
#define PANCAR_ERROR_HPP

#include <pancar.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pancar {

/// What a call came to. New ones may be added: a number that is not listed here is a valid status, too.
enum class Status : pancar_status {
    ok = PANCAR_OK,                             ///< Done.
    invalid_option = PANCAR_INVALID_OPTION,     ///< An option has a value that is not allowed.
    invalid_name = PANCAR_INVALID_NAME,         ///< A name of an event, a namespace or a room that may not be used.
    encode = PANCAR_ENCODE,                     ///< A value that cannot be written as JSON, or a text that is no JSON.
    decode = PANCAR_DECODE,                     ///< A value that does not have the expected shape.
    disconnected = PANCAR_DISCONNECTED,         ///< The socket is gone, or went while an answer was awaited.
    timeout = PANCAR_TIMEOUT,                   ///< Nobody answered in time, or nothing came.
    limit_exceeded = PANCAR_LIMIT_EXCEEDED,     ///< A limit of the options was reached.
    closed = PANCAR_CLOSED,                     ///< The server is closed.
    io = PANCAR_IO,                             ///< The operating system refused.
    tls = PANCAR_TLS,                           ///< Certificate or key cannot be used.
    adapter = PANCAR_ADAPTER,                   ///< A request to the other servers of the cluster failed.
    refused = PANCAR_REFUSED,                   ///< A middleware refused.
    panic = PANCAR_PANIC,                       ///< A fault of the library. It was contained; please report it.
    null_argument = PANCAR_NULL_ARGUMENT,       ///< A pointer that must not be null is.
    invalid_handle = PANCAR_INVALID_HANDLE,     ///< A handle of nothing, or of something that is gone.
    invalid_utf8 = PANCAR_INVALID_UTF8,         ///< A text is not UTF-8.
    invalid_argument = PANCAR_INVALID_ARGUMENT, ///< An argument has a value that makes no sense here.
    wrong_type = PANCAR_WRONG_TYPE,             ///< The value is of another kind, or does not fit.
    not_found = PANCAR_NOT_FOUND,               ///< There is no such argument, key, header or socket.
    busy = PANCAR_BUSY,                         ///< The lane is being dispatched already.
    pending = PANCAR_PENDING,                   ///< A middleware decides later.
    failed = PANCAR_FAILED,                     ///< A callback failed.
};

/// A status in a few words, with static life. Any thread.
inline std::string_view to_string(Status status) noexcept
{
    return pancar_status_text(static_cast<pancar_status>(status));
}

/// Why a socket left. New ones may be added.
enum class Reason : pancar_reason {
    transport_error = PANCAR_REASON_TRANSPORT_ERROR,           ///< The connection broke.
    transport_close = PANCAR_REASON_TRANSPORT_CLOSE,           ///< The client closed the connection.
    forced_close = PANCAR_REASON_FORCED_CLOSE,                 ///< The server closed the connection of this client.
    forced_server_close = PANCAR_REASON_FORCED_SERVER_CLOSE,   ///< The server closed a client in no legal state.
    ping_timeout = PANCAR_REASON_PING_TIMEOUT,                 ///< The client did not answer a ping in time.
    parse_error = PANCAR_REASON_PARSE_ERROR,                   ///< The client sent what is no legal packet.
    server_shutting_down = PANCAR_REASON_SERVER_SHUTTING_DOWN, ///< The server is closing.
    client_namespace_disconnect = PANCAR_REASON_CLIENT_NAMESPACE_DISCONNECT, ///< The client left the namespace.
    server_namespace_disconnect = PANCAR_REASON_SERVER_NAMESPACE_DISCONNECT, ///< The server disconnected the socket.
    payload_too_large = PANCAR_REASON_PAYLOAD_TOO_LARGE, ///< A message was larger than `max_http_buffer_size`.
    slow_consumer = PANCAR_REASON_SLOW_CONSUMER,         ///< The client did not read, and its queue passed the limit.
    policy_violation = PANCAR_REASON_POLICY_VIOLATION,   ///< The client went past a limit that is not one of size.
};

/// A reason in the words of the official server, such as "transport close"; static life. Any thread.
inline std::string_view to_string(Reason reason) noexcept
{
    return pancar_reason_text(static_cast<pancar_reason>(reason));
}

/// What every function of this library throws when it did nothing: a status, and in `what()` why.
class Error : public std::runtime_error {
public:
    /// An error with a message for people.
    Error(Status status, const std::string &message) : std::runtime_error(message), status_(status) {}

    /// What kind of error it is.
    Status status() const noexcept { return status_; }

private:
    Status status_;
};

namespace detail {

inline void check(pancar_status status)
{
    if (status != PANCAR_OK)
        throw Error(static_cast<Status>(status), pancar_last_error());
}

inline pancar_str to_c(std::string_view text) noexcept { return {text.data(), text.size()}; }

inline std::string_view to_view(pancar_str text) noexcept
{
    return text.len == 0 ? std::string_view() : std::string_view(text.data, text.len);
}

/// How a std::unique_ptr frees an object of the C interface.
template <auto Free>
struct FreedBy {
    template <class T>
    void operator()(T *object) const noexcept
    {
        Free(object);
    }
};

/// A text that a C function gives away.
template <class Ask>
std::string text_of(Ask &&ask)
{
    pancar_text *given = nullptr;
    check(ask(&given));
    const std::unique_ptr<pancar_text, FreedBy<pancar_text_free>> text(given);
    return std::string(to_view(pancar_text_str(given)));
}

} // namespace detail

} // namespace pancar

#endif
