/* A server inside an epoll loop of its own: a clock ticks for everybody, what is typed here is told to everybody, and
 * what a client says as `say` is printed here. Ctrl-C closes it. */
#define _POSIX_C_SOURCE 200809L

#include <pancar.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* So many events of clients are handled before the loop looks at the rest again. */
enum { MOST_EVENTS = 256 };

struct loop {
    pancar_server server;
    int epoll, clock, signals, wake;
    uint64_t seconds;
};

static int fail(const char *what)
{
    perror(what);
    return -1;
}

static pancar_status say(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_str text;
    (void)socket, (void)user_data;
    pancar_status status = pancar_args_str(pancar_event_args(event), 0, &text);
    if (status == PANCAR_OK)
        printf("%.*s\n", (int)text.len, text.data);
    fflush(stdout);
    return status;
}

static void tick(struct loop *loop)
{
    uint64_t ticks;
    char json[32];
    if (read(loop->clock, &ticks, sizeof ticks) != sizeof ticks)
        return;
    loop->seconds += ticks;
    snprintf(json, sizeof json, "[%" PRIu64 "]", loop->seconds);
    pancar_emit_json(loop->server, PANCAR_STR("tick"), pancar_cstr(json), NULL, 0);
}

static void tell(struct loop *loop)
{
    char line[1024];
    ssize_t length = read(STDIN_FILENO, line, sizeof line);
    if (length <= 0) {
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        return;
    }
    pancar_args *args = pancar_args_new();
    /* A text that is not UTF-8 is refused. */
    if (pancar_args_add_str(args, (pancar_str){line, (size_t)length}) == PANCAR_OK)
        pancar_emit(loop->server, PANCAR_STR("said"), args);
    pancar_args_free(args);
}

/* Clients are told; the loop goes on until all of that is done. */
static void close_server(struct loop *loop)
{
    struct signalfd_siginfo ending;
    if (read(loop->signals, &ending, sizeof ending) == sizeof ending)
        pancar_server_close(loop->server);
}

static int watch(struct loop *loop, int fd)
{
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &readable);
}

static int open_loop(struct loop *loop)
{
    const struct itimerspec every_second = {{1, 0}, {1, 0}};
    sigset_t endings;
    sigemptyset(&endings);
    sigaddset(&endings, SIGINT);
    sigaddset(&endings, SIGTERM);
    /* Before the server makes threads of its own: they are not to take the signals. */
    sigprocmask(SIG_BLOCK, &endings, NULL);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    loop->signals = signalfd(-1, &endings, SFD_CLOEXEC);
    if (loop->epoll < 0 || loop->clock < 0 || loop->signals < 0)
        return fail("epoll");
    if (timerfd_settime(loop->clock, 0, &every_second, NULL) < 0)
        return fail("timerfd");
    return 0;
}

static void close_loop(struct loop *loop)
{
    pancar_server_free(loop->server);
    close(loop->epoll);
    close(loop->clock);
    close(loop->signals);
}

static pancar_status open_server(struct loop *loop)
{
    pancar_status status = pancar_server_new(NULL, &loop->server);
    if (status == PANCAR_OK)
        status = pancar_on(loop->server, PANCAR_STR("say"), say, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_wake_fd(loop->server, &loop->wake);
    if (status == PANCAR_OK)
        status = pancar_server_listen(loop->server, PANCAR_STR("127.0.0.1:3000"), NULL);
    return status;
}

static int watch_all(struct loop *loop)
{
    /* A file can't be watched, and need not be: it is nobody who types. */
    watch(loop, STDIN_FILENO);
    return watch(loop, loop->wake) | watch(loop, loop->clock) | watch(loop, loop->signals);
}

/* One turn: PANCAR_CLOSED when the server has closed and everything is handled. */
static pancar_status turn(struct loop *loop)
{
    struct epoll_event ready[4];
    pancar_status status = PANCAR_OK;
    int count = epoll_wait(loop->epoll, ready, 4, -1);
    for (int i = 0; i < count; i++) {
        int fd = ready[i].data.fd;
        if (fd == loop->wake)
            status = pancar_dispatch(loop->server, MOST_EVENTS, 0);
        else if (fd == loop->clock)
            tick(loop);
        else if (fd == loop->signals)
            close_server(loop);
        else
            tell(loop);
    }
    return status;
}

int main(void)
{
    struct loop loop = {0, -1, -1, -1, -1, 0};
    pancar_status status = PANCAR_OK;
    if (open_loop(&loop) < 0)
        return EXIT_FAILURE;
    if (open_server(&loop) != PANCAR_OK) {
        fprintf(stderr, "%s\n", pancar_last_error());
        close_loop(&loop);
        return EXIT_FAILURE;
    }
    if (watch_all(&loop) < 0) {
        close_loop(&loop);
        return EXIT_FAILURE;
    }
    puts("http://127.0.0.1:3000");
    /* PANCAR_TIMEOUT only says that nothing was there to handle. */
    while (status == PANCAR_OK || status == PANCAR_TIMEOUT)
        status = turn(&loop);
    close_loop(&loop);
    return status == PANCAR_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}
