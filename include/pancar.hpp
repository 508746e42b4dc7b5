/// Pancar: a Socket.IO server, for C++17 and later. A thin face of pancar.h, header only; link with libpancar.
///
///     #include <pancar.hpp>
///
///     int main()
///     {
///         pancar::Server io;
///         io.on_connect([](pancar::Socket socket) {
///             socket.join("lobby");
///             socket.to("lobby").emit("hello", socket.id());
///         });
///         io.on("sum", [](pancar::Event event) { event.ack(event.get<int>(0) + event.get<int>(1)); });
///         io.listen("127.0.0.1:3000");
///         io.run();
///     }
///
/// Errors. Whatever cannot be done throws `pancar::Error`, which has a `status()`, and in `what()` a sentence for
/// people. There is no other way that a function fails; what may well be absent is a `std::optional`, null, or
/// `false`. Functions that are `noexcept` or say so never throw.
///
/// Handlers. Wherever a handler is wanted any function object will do; it may be one that can only be moved. It is
/// called inside `Server::run` or `Server::dispatch` only, on the thread that calls that, and destroyed when it can
/// no longer be called. Arguments that it does not want it may leave out, from a list such as `void(Socket, Event)`
/// the first, the last, or both. An exception in a handler ends that handler and is logged (`set_logger`); the
/// server, the socket and all others go on.
///
/// Owners and views. `Server` and `Config` are moved, `Args` and `Target` copied or moved; they free what is theirs.
/// `Socket`, `Namespace` and `Ack` are numbers: copy them, keep them, use them when the object behind them may be
/// gone. `Event`, `ArgsView`, `Value`, `Bytes`, `Answer`, `Answers`, `Remotes` and every `std::string_view` are
/// views, which live as long as what they are views of: in a handler until it returns. `Deferred` is a decision,
/// which can only be moved.
///
/// Threads. All functions may be called on any thread, and inside of handlers. Only one thread at a time may write to
/// the same `Args`, or change, move or destroy the same owner. All handlers of one client are called one at a time
/// and in order. With `Config::set_lanes` handlers that were set on a namespace or server are called on several
/// threads at once, for different clients; with one lane, which is the default, no two handlers ever run at the same
/// time.
///
/// Time is a `std::chrono` duration; the library counts whole milliseconds. Sizes are bytes. Text is UTF-8.
#ifndef PANCAR_HPP
#define PANCAR_HPP

#include "pancar/args.hpp"
#include "pancar/bytes.hpp"
#include "pancar/calls.hpp"
#include "pancar/convert.hpp"
#include "pancar/error.hpp"
#include "pancar/event.hpp"
#include "pancar/listen.hpp"
#include "pancar/log.hpp"
#include "pancar/namespace.hpp"
#include "pancar/results.hpp"
#include "pancar/server.hpp"
#include "pancar/socket.hpp"
#include "pancar/target.hpp"

#if !defined(PANCAR_WITHOUT_NLOHMANN) && __has_include(<nlohmann/json.hpp>)
#include "pancar/nlohmann.hpp"
#endif

#endif
