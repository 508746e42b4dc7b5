/// What the library has to say, and failures of callbacks; part of pancar.hpp.
#ifndef PANCAR_LOG_HPP
#define PANCAR_LOG_HPP

#include "error.hpp"

#include <atomic>
#include <exception>
#include <type_traits>
#include <utility>

namespace pancar {

/// How much it matters what is logged.
enum class Level : pancar_level {
    error = PANCAR_LEVEL_ERROR, ///< Something failed; what a handler throws is told so.
    warn = PANCAR_LEVEL_WARN,   ///< Something may be wrong.
    info = PANCAR_LEVEL_INFO,   ///< Something worth knowing.
    debug = PANCAR_LEVEL_DEBUG, ///< What helps to find a fault.
    trace = PANCAR_LEVEL_TRACE, ///< Everything.
};

namespace detail {

struct Logger {
    virtual ~Logger() = default;
    virtual void log(Level level, std::string_view message) = 0;
};

template <class F>
struct LoggerOf final : Logger {
    explicit LoggerOf(F function) : call(std::move(function)) {}
    void log(Level level, std::string_view message) override { call(level, message); }
    F call;
};

/// Set once, and kept until the process ends: the C interface may call it on any thread until then.
inline std::atomic<Logger *> logger{nullptr};

inline void log(pancar_level level, pancar_str message, void *logger_of_the_program) noexcept
{
    try {
        static_cast<Logger *>(logger_of_the_program)->log(static_cast<Level>(level), to_view(message));
    } catch (...) {
        // There is nobody left to tell.
    }
}

/// Runs the body of a callback. No exception gets past it: it becomes a status, and the last error of the thread.
template <class Body>
pancar_status contain(Body &&body) noexcept
{
    try {
        body();
        return PANCAR_OK;
    } catch (const std::exception &error) {
        return pancar_fail(to_c(error.what()));
    } catch (...) {
        return pancar_fail(PANCAR_STR("a handler threw something that is no std::exception"));
    }
}

/// As `contain`, for callbacks that return no status which the library would log.
template <class Body>
bool contain_and_log(Body &&body) noexcept
{
    if (contain(body) == PANCAR_OK)
        return true;
    if (Logger *told = logger.load())
        log(PANCAR_LEVEL_ERROR, pancar_cstr(pancar_last_error()), told);
    return false;
}

} // namespace detail

/// Gives all that the library has to say, up to a level, to a function `void(Level, std::string_view)`, and with it
/// what handlers throw. Once in the life of the process; without it nothing is logged.
///
/// The function is called on any thread, on several at once, and must not call the library. It is never destroyed.
///
/// Throws `Error`: `invalid_argument` the second time.
template <class F>
void set_logger(Level most, F &&log)
{
    auto held = std::make_unique<detail::LoggerOf<std::decay_t<F>>>(std::forward<F>(log));
    detail::Logger *const logger = held.get();
    detail::check(pancar_set_logger(static_cast<pancar_level>(most), detail::log, logger));
    held.release();
    detail::logger.store(logger);
}

} // namespace pancar

#endif
