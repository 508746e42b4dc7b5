// The options of the apps, and PROBE_... of the environment.
#include "probe.hpp"

#include <cctype>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    for (char &letter : lower)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return lower;
}

void set(pancar::Config &config, const std::string &name, const std::string &value)
{
    if (name == "adapter") {
        std::cerr << "this probe has no adapter for a cluster\n";
        std::exit(unavailable);
    }
    if (name == "lanes")
        config.set_lanes(std::stoul(value));
    else
        config.set_text(name, value);
}

void read_environment(pancar::Config &config)
{
    constexpr std::string_view prefix = "PROBE_";
    for (char **variable = environ; *variable; ++variable) {
        const std::string_view entry = *variable;
        const auto equals = entry.find('=');
        if (entry.substr(0, prefix.size()) != prefix || equals == entry.npos)
            continue;
        const auto name = entry.substr(prefix.size(), equals - prefix.size());
        set(config, lower_case(name), std::string(entry.substr(equals + 1)));
    }
}

} // namespace

pancar::Config read_options(std::string_view app)
{
    pancar::Config config;
    if (app == "conformance") {
        config.set("ping_interval", 300ms)
            .set("ping_timeout", 200ms)
            .set("max_http_buffer_size", 1'000'000)
            .set("connect_timeout", 1s)
            .set("cors", "*");
    } else {
        // Handlers of the other app share nothing: they may run on all cores.
        config.set_lanes(0);
    }
    read_environment(config);
    return config;
}
