/// The border between the C interface and handlers; part of pancar.hpp.
#ifndef PANCAR_CALLS_HPP
#define PANCAR_CALLS_HPP

#include "event.hpp"
#include "log.hpp"
#include "results.hpp"

namespace pancar::detail {

template <class F, class... Given>
inline constexpr bool takes = std::is_invocable_v<F &, Given...>;

/// The callbacks that the C interface calls for a handler, which is their user data. Nothing that it throws gets past
/// them.
template <class F>
struct Calls {
    /// Keeps a handler until `destroy` is called with what this returns.
    template <class Handler>
    static void *keep(Handler &&handler)
    {
        return new F(std::forward<Handler>(handler));
    }

    static void destroy(void *held) noexcept { delete static_cast<F *>(held); }

    static pancar_status connection(pancar_socket socket, void *held) noexcept
    {
        return contain([&] {
            F &handler = of(held);
            if constexpr (takes<F, Socket>)
                handler(Socket(socket));
            else
                handler();
        });
    }

    static pancar_status event(pancar_socket socket, const pancar_event *event, void *held) noexcept
    {
        return contain([&] { tell(of(held), Socket(socket), Event(event)); });
    }

    static pancar_status event_middleware(pancar_socket socket, const pancar_event *event, void *held) noexcept
    {
        pancar_status verdict = PANCAR_OK;
        const pancar_status status = contain([&] { tell(of(held), Socket(socket), Event(event, &verdict)); });
        return status == PANCAR_OK ? verdict : status;
    }

    static pancar_status middleware(pancar_socket socket, pancar_admission *admission, void *held) noexcept
    {
        pancar_status verdict = PANCAR_OK;
        const pancar_status status = contain([&] {
            F &handler = of(held);
            Admission asks(admission, verdict);
            if constexpr (takes<F, Socket, Admission &>)
                handler(Socket(socket), asks);
            else {
                static_assert(takes<F, Admission &>, "this is called with (pancar::Socket, pancar::Admission &)");
                handler(asks);
            }
        });
        return status == PANCAR_OK ? verdict : status;
    }

    static void refused(pancar_socket socket, const pancar_event *event, pancar_str message, const pancar_args *data,
                        void *held) noexcept
    {
        contain_and_log([&] {
            F &handler = of(held);
            const Refusal refusal{to_view(message), ArgsView(data)};
            if constexpr (takes<F, Socket, Event, Refusal>)
                handler(Socket(socket), Event(event), refusal);
            else if constexpr (takes<F, Socket, Refusal>)
                handler(Socket(socket), refusal);
            else
                tell(handler, Socket(socket), Event(event));
        });
    }

    static void disconnect(pancar_socket socket, pancar_reason reason, pancar_str detail, void *held) noexcept
    {
        contain_and_log([&] {
            F &handler = of(held);
            const auto why = static_cast<Reason>(reason);
            if constexpr (takes<F, Socket, Reason, std::string_view>)
                handler(Socket(socket), why, to_view(detail));
            else if constexpr (takes<F, Socket, Reason>)
                handler(Socket(socket), why);
            else if constexpr (takes<F, Socket>)
                handler(Socket(socket));
            else {
                static_assert(takes<F>, "this is called with (pancar::Socket, pancar::Reason, std::string_view)");
                handler();
            }
        });
    }

    static void answer(pancar_socket, pancar_status status, const pancar_args *args, void *held) noexcept
    {
        contain_and_log([&] { of(held)(Answer(status, args)); });
    }

    static void answers(const pancar_answers *answers, void *held) noexcept
    {
        contain_and_log([&] { of(held)(Answers(answers)); });
    }

    static void remotes(pancar_status status, const pancar_remotes *remotes, void *held) noexcept
    {
        contain_and_log([&] { of(held)(Remotes(status, remotes)); });
    }

    static void task(void *held) noexcept
    {
        contain_and_log([&] { of(held)(); });
    }

    static bool match(pancar_str name, const pancar_args *auth, void *held) noexcept
    {
        bool matches = false;
        contain_and_log([&] {
            F &handler = of(held);
            if constexpr (takes<F, std::string_view, ArgsView>)
                matches = handler(to_view(name), ArgsView(auth));
            else
                matches = handler(to_view(name));
        });
        return matches;
    }

private:
    static F &of(void *held) noexcept { return *static_cast<F *>(held); }

    static void tell(F &handler, Socket socket, Event event)
    {
        if constexpr (takes<F, Socket, Event>)
            handler(socket, event);
        else if constexpr (takes<F, Event>)
            handler(event);
        else if constexpr (takes<F, Socket>)
            handler(socket);
        else {
            static_assert(takes<F>, "this is called with (pancar::Socket, pancar::Event), or with less");
            handler();
        }
    }
};

} // namespace pancar::detail

#endif
