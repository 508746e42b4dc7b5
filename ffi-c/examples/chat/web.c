/* The page, and the connections that the server is handed. Connections are accepted here, and requests are read up to
 * the end of their heads; those for the server go to it, with all that was read. */
#define _GNU_SOURCE

#include "chat.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* So long a request may take until it is answered or handed over. */
enum { PATIENCE_SECONDS = 10 };

static const char own_path[] = "/socket.io/";

/* A server that answers only some paths must not keep a connection on which a browser then asks for others. */
static const char close_header[] = "Connection: close\r\n";

struct connection {
    int fd;
    time_t deadline;
    char head[8192];
    size_t length;
    /* Once it is known; what is not sent yet. */
    char *answer;
    size_t size, sent;
};

static const struct {
    const char *extension, *content_type;
} types[] = {{"html", "text/html"}, {"css", "text/css"}, {"js", "text/javascript"}, {"svg", "image/svg+xml"}};

static pancar_server server;
static const char *pages;
static int listener = -1;
static struct connection connections[MAX_CONNECTIONS];

static time_t seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* ---- Files */

/* The content type of a file that may be served; NULL for all else, such as names that lead out of the folder. */
static const char *content_type(const char *name)
{
    const char *dot = strchr(name, '.');
    if (dot == NULL || dot == name)
        return NULL;
    for (const char *c = name; c < dot; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            return NULL;
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(dot + 1, types[i].extension) == 0)
            return types[i].content_type;
    }
    return NULL;
}

/* An answer with the rest of a file as its body. */
static bool answer_with(struct connection *connection, const char *type, FILE *file)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0)
        return false;
    rewind(file);
    connection->answer = malloc((size_t)size + 256);
    if (connection->answer == NULL)
        return false;
    int head = snprintf(connection->answer, 256,
                        "HTTP/1.1 200 OK\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %ld\r\n"
                        "Cache-Control: no-cache\r\n%s\r\n",
                        type, size, close_header);
    connection->size = (size_t)head + fread(connection->answer + head, 1, (size_t)size, file);
    return true;
}

static bool answer_file(struct connection *connection, const char *name)
{
    const char *type = content_type(name);
    char path[4096];
    if (type == NULL || snprintf(path, sizeof path, "%s/%s", pages, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    bool answered = answer_with(connection, type, file);
    fclose(file);
    return answered;
}

static void answer_nothing(struct connection *connection)
{
    static const char head[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    connection->answer = strdup(head);
    connection->size = connection->answer != NULL ? sizeof head - 1 : 0;
}

/* ---- One connection */

static void forget(struct connection *connection)
{
    free(connection->answer);
    connection->answer = NULL;
    connection->fd = -1;
}

static void drop(struct connection *connection)
{
    close(connection->fd);
    forget(connection);
}

static void write_answer(struct connection *connection)
{
    size_t rest = connection->size - connection->sent;
    ssize_t count = send(connection->fd, connection->answer + connection->sent, rest, MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    connection->sent += count < 0 ? rest : (size_t)count;
    if (connection->sent == connection->size)
        drop(connection);
}

/* Hands a connection to the server. A WebSocket stays; of others the server is asked to close them after the answer. */
static void hand_over(struct connection *connection, char *end_of_head)
{
    const char *line_end = strstr(connection->head, "\r\n");
    const char *websocket = strstr(connection->head, "transport=websocket");
    if (websocket == NULL || websocket > line_end) {
        size_t extra = sizeof close_header - 1;
        char *place = end_of_head + 2;
        memmove(place + extra, place, (size_t)(connection->head + connection->length - place));
        memcpy(place, close_header, extra);
        connection->length += extra;
    }
    pancar_bytes read_already = {(const uint8_t *)connection->head, connection->length};
    if (pancar_server_adopt(server, connection->fd, read_already) == PANCAR_OK)
        forget(connection);
    else
        drop(connection);
}

/* Decides who answers. The head is complete. */
static void answer(struct connection *connection, char *end_of_head)
{
    char path[256];
    const char *target = strchr(connection->head, ' ');
    if (target != NULL && strncmp(target + 1, own_path, sizeof own_path - 1) == 0) {
        hand_over(connection, end_of_head);
        return;
    }
    bool is_file = sscanf(connection->head, "GET /%255[^ ?\r\n]", path) == 1;
    bool is_index = strncmp(connection->head, "GET / ", 6) == 0 || strncmp(connection->head, "GET /?", 6) == 0;
    if (!(is_index || is_file) || !answer_file(connection, is_index ? "index.html" : path))
        answer_nothing(connection);
    if (connection->answer != NULL)
        write_answer(connection);
    else
        drop(connection);
}

static void read_head(struct connection *connection)
{
    /* Room for a header of ours and the end of a string. */
    size_t room = sizeof connection->head - sizeof close_header - connection->length;
    ssize_t count = recv(connection->fd, connection->head + connection->length, room, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        drop(connection);
        return;
    }
    connection->length += (size_t)count;
    connection->head[connection->length] = '\0';
    char *end_of_head = strstr(connection->head, "\r\n\r\n");
    if (end_of_head != NULL)
        answer(connection, end_of_head);
    else if ((size_t)count == room)
        drop(connection);
}

/* ---- All connections */

static void accept_one(struct connection *connection)
{
    connection->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    connection->deadline = seconds() + PATIENCE_SECONDS;
    connection->length = connection->size = connection->sent = 0;
}

static int bind_first(const struct addrinfo *addresses)
{
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        int on = 1, fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1024) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    if (getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
        return -1;
    return atoi(port);
}

int web_open(pancar_server of, const char *host, const char *port, const char *folder)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *addresses;
    server = of;
    pages = folder;
    if (getaddrinfo(host, port, &wanted, &addresses) != 0)
        return -1;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        connections[i].fd = -1;
    listener = bind_first(addresses);
    freeaddrinfo(addresses);
    return listener < 0 ? -1 : bound_port(listener);
}

void web_watch(struct pollfd descriptors[WEB_DESCRIPTORS])
{
    bool has_room = false;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        const struct connection *connection = &connections[i];
        short events = connection->answer != NULL ? POLLOUT : POLLIN;
        descriptors[1 + i] = (struct pollfd){connection->fd, events, 0};
        has_room = has_room || connection->fd < 0;
    }
    descriptors[0] = (struct pollfd){has_room ? listener : -1, POLLIN, 0};
}

void web_turn(const struct pollfd descriptors[WEB_DESCRIPTORS])
{
    time_t time = seconds();
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        if (connection->fd < 0) {
            if (descriptors[0].revents != 0)
                accept_one(connection);
        } else if (descriptors[1 + i].revents != 0) {
            if (connection->answer != NULL)
                write_answer(connection);
            else
                read_head(connection);
        } else if (time > connection->deadline) {
            drop(connection);
        }
    }
}

void web_close(void)
{
    if (listener >= 0)
        close(listener);
    listener = -1;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        if (connections[i].fd >= 0)
            drop(&connections[i]);
    }
}
