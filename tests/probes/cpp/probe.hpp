// The probe of the C++ interface: what its files share.
#ifndef PROBE_HPP
#define PROBE_HPP

#include <pancar.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How long the probe waits for an acknowledgement.
inline constexpr std::chrono::milliseconds ack_timeout{500};

// Exit status of a probe that lacks a feature.
inline constexpr int unavailable = 89;

// The options of an app, changed by PROBE_... of the environment. Ends the program where it asks for what is missing.
pancar::Config read_options(std::string_view app);

// Sockets that left, of the whole server; several threads may dispatch.
class Log {
public:
    struct Entry {
        std::string id, event, reason;
    };

    void add(std::string id, std::string_view event, std::string_view reason)
    {
        const std::lock_guard lock(mutex_);
        entries_.push_back({std::move(id), std::string(event), std::string(reason)});
    }

    std::vector<Entry> entries() const
    {
        const std::lock_guard lock(mutex_);
        return entries_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Entry> entries_;
};

// The apps, and the parts of app conformance: each sets its handlers. Server and log outlive them.
void bench(const pancar::Server &io);
void conformance(const pancar::Server &io, Log &log);
void broadcasts(pancar::Namespace ns);
void messages(pancar::Namespace ns, Log &log);
void questions(pancar::Namespace ns, const pancar::Server &io);

// Sets a handler of an event that is ignored where no answer is wanted.
template <class F>
void on_question(pancar::Namespace ns, std::string_view event, F answer)
{
    ns.on(event, [answer](pancar::Socket socket, pancar::Event asked) {
        if (asked.wants_ack())
            answer(socket, asked);
    });
}

// A switch; one that is absent is not set.
inline bool is_set(pancar::Value value) { return value.get<std::optional<bool>>().value_or(false); }

// A room, or a list of rooms.
inline std::vector<std::string_view> rooms_of(pancar::Value value)
{
    if (value.kind() == pancar::Kind::string)
        return {value.get<std::string_view>()};
    return value.get<std::vector<std::string_view>>();
}

template <class T>
std::vector<T> sorted(std::vector<T> list)
{
    std::sort(list.begin(), list.end());
    return list;
}

#endif
