/* The demo chat of tests/demo in C. Run it in the root of the repository, then open http://127.0.0.1:3000 */
#define _GNU_SOURCE

#include "chat.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_EVENTS = 256, SECOND_MS = 1000 };

static volatile sig_atomic_t asked_to_end;

static void ask_to_end(int signal)
{
    (void)signal;
    asked_to_end = 1;
}

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

static int fail(void)
{
    fprintf(stderr, "chat: %s\n", pancar_last_error());
    return EXIT_FAILURE;
}

static pancar_status configure(pancar_config *config)
{
    const char *client = setting("DEMO_CLIENT", "tests/browser/node_modules/socket.io-client/dist");
    pancar_status status = pancar_config_set(config, PANCAR_STR("serve_client"), pancar_cstr(client));
    /* A history with four large pictures has to fit, and what is said meanwhile. */
    if (status == PANCAR_OK)
        status = pancar_config_set(config, PANCAR_STR("max_buffered_bytes"), PANCAR_STR("16777216"));
    return status;
}

static pancar_status open_server(pancar_server *server)
{
    pancar_config *config = pancar_config_new();
    pancar_status status = configure(config);
    if (status == PANCAR_OK)
        status = pancar_server_new(config, server);
    pancar_config_free(config);
    return status == PANCAR_OK ? events_register(*server) : status;
}

/* Signals come only while the program waits, so that none is missed between looking and waiting. */
static sigset_t catch_endings(void)
{
    struct sigaction action = {.sa_handler = ask_to_end};
    sigset_t endings, others;
    sigemptyset(&endings);
    sigaddset(&endings, SIGINT);
    sigaddset(&endings, SIGTERM);
    sigprocmask(SIG_BLOCK, &endings, &others);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return others;
}

static void announce(const char *host, int port)
{
    printf("LISTENING %d\n", port);
    printf("The chat is open at http://%s:%d. Ctrl-C closes it.\n", host, port);
    fflush(stdout);
}

/* Serves until the program is asked to end and everybody has been told. */
static pancar_status serve(pancar_server server, const sigset_t *while_waiting)
{
    const struct timespec a_second = {SECOND_MS / 1000, 0};
    struct pollfd descriptors[WEB_DESCRIPTORS + 1];
    struct pollfd *wake = &descriptors[WEB_DESCRIPTORS];
    bool closing = false;
    pancar_status status = pancar_wake_fd(server, &wake->fd);
    while (status == PANCAR_OK || status == PANCAR_TIMEOUT) {
        web_watch(descriptors);
        wake->events = POLLIN;
        int ready = ppoll(descriptors, WEB_DESCRIPTORS + 1, &a_second, while_waiting);
        if (asked_to_end && !closing) {
            closing = true;
            web_close();
            pancar_server_close(server);
        } else if (ready >= 0 && !closing) {
            web_turn(descriptors);
        }
        status = pancar_dispatch(server, MOST_EVENTS, 0);
    }
    return status;
}

int main(void)
{
    const char *host = setting("HOST", "127.0.0.1");
    pancar_server server = 0;
    /* The classes of all letters, whatever the user's language is. */
    setlocale(LC_CTYPE, "C.UTF-8");
    sigset_t others = catch_endings();
    if (!state_open() || open_server(&server) != PANCAR_OK)
        return fail();
    int port = web_open(server, host, setting("PORT", "3000"), setting("DEMO_PUBLIC", "tests/demo/public"));
    if (port < 0) {
        perror("chat: there is no listening");
        pancar_server_free(server);
        return EXIT_FAILURE;
    }
    announce(host, port);
    pancar_status status = serve(server, &others);
    if (status != PANCAR_CLOSED)
        fail();
    pancar_server_free(server);
    state_close();
    return status == PANCAR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
