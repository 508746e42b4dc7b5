// A server for the suites that judge Pancar from outside, on its C++ interface. Usage: probe-cpp [conformance | bench]
#include "probe.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <pthread.h>
#include <thread>

namespace {

std::string environment(const char *name, const char *otherwise)
{
    const char *value = std::getenv(name);
    return value ? value : otherwise;
}

// Signals that ask the program to end. They are blocked in every thread, so that one thread can wait for them.
sigset_t block_endings()
{
    sigset_t endings;
    sigemptyset(&endings);
    sigaddset(&endings, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &endings, nullptr);
    return endings;
}

void listen_and_announce(const pancar::Server &io)
{
    const std::string host = environment("HOST", "127.0.0.1");
    const bool is_v6 = host.find(':') != std::string::npos;
    const auto port = io.listen((is_v6 ? "[" + host + "]" : host) + ":" + environment("PORT", "3000"));
    std::cout << "LISTENING " << port << std::endl;
}

// Serves until the program is asked to end.
void serve(const pancar::Server &io, const sigset_t &endings)
{
    listen_and_announce(io);
    std::thread waiting([&] {
        int signal = 0;
        sigwait(&endings, &signal);
        io.close();
    });
    io.run();
    // A server that ended for another reason leaves a thread that still waits.
    pthread_kill(waiting.native_handle(), SIGTERM);
    waiting.join();
}

} // namespace

int main(int argc, char **argv)
{
    const std::string_view app = argc > 1 ? argv[1] : "conformance";
    const sigset_t endings = block_endings();
    try {
        Log log;
        const pancar::Server io(read_options(app));
        if (app == "bench")
            bench(io);
        else
            conformance(io, log);
        serve(io, endings);
    } catch (const std::exception &error) {
        std::cerr << "probe cpp: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
