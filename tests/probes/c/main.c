/* A server for the suites that judge Pancar from outside, on its C interface. Usage: probe-c [conformance | bench] */
#define _POSIX_C_SOURCE 200809L

#include "probe.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Signals that ask the program to end. They are blocked in every thread, so that one thread can wait for them. */
static sigset_t endings;

static int fail(void)
{
    fprintf(stderr, "probe c: %s\n", pancar_last_error());
    return EXIT_FAILURE;
}

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

static void *close_when_asked(void *server)
{
    int signal;
    sigwait(&endings, &signal);
    pancar_server_close(*(pancar_server *)server);
    return NULL;
}

static pancar_status listen_and_announce(pancar_server server)
{
    const char *host = environment("HOST", "127.0.0.1");
    char address[256];
    uint16_t port = 0;
    snprintf(address, sizeof address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, environment("PORT", "3000"));
    pancar_status status = pancar_server_listen(server, pancar_cstr(address), &port);
    if (status == PANCAR_OK) {
        printf("LISTENING %u\n", (unsigned)port);
        fflush(stdout);
    }
    return status;
}

/* Serves until the program is asked to end. */
static pancar_status serve(pancar_server server)
{
    pthread_t waiting;
    pancar_status status = listen_and_announce(server);
    if (status != PANCAR_OK)
        return status;
    if (pthread_create(&waiting, NULL, close_when_asked, &server) != 0)
        return pancar_fail(PANCAR_STR("there is no thread to wait for signals"));
    status = pancar_server_run(server);
    /* A server that ended for another reason leaves a thread that still waits. */
    pthread_kill(waiting, SIGTERM);
    pthread_join(waiting, NULL);
    return status;
}

static pancar_status register_app(pancar_server server, const char *app)
{
    return strcmp(app, "bench") == 0 ? bench_register(server) : conformance_register(server);
}

int main(int argc, char **argv)
{
    const char *app = argc > 1 ? argv[1] : "conformance";
    sigemptyset(&endings);
    sigaddset(&endings, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &endings, NULL);

    pancar_server server = 0;
    pancar_config *config = pancar_config_new();
    int ending = options_read(config, app);
    if (ending == 0 && pancar_server_new(config, &server) != PANCAR_OK)
        ending = fail();
    pancar_config_free(config);
    if (ending != 0)
        return ending;

    if (register_app(server, app) != PANCAR_OK || serve(server) != PANCAR_OK)
        ending = fail();
    pancar_server_free(server);
    log_free();
    return ending;
}
