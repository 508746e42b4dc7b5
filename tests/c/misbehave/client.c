#define _POSIX_C_SOURCE 200809L
#include "client.h"
#include "check.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TEXT = 1, BINARY = 2, CLOSE = 8 };

static const char UPGRADE[] =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n";

static void write_all(int fd, const void *data, size_t size) {
  const char *rest = data;
  while (size > 0) {
    /* A server that has gone is for the next read to find out. */
    ssize_t written = send(fd, rest, size, MSG_NOSIGNAL);
    if (written <= 0) return;
    rest += written;
    size -= (size_t)written;
  }
}

/* Has `size` bytes in the buffer; false at the end of the connection. */
static bool fill(struct client *client, size_t size) {
  CHECK(size < sizeof client->buffer);
  while (client->filled < size) {
    ssize_t got = recv(client->fd, client->buffer + client->filled, sizeof client->buffer - client->filled - 1, 0);
    if (got == 0) return false;
    if (got < 0) {
      struct pollfd silent = {client->fd, POLLIN, 0};
      CHECK(poll(&silent, 1, 0) != 0); /* nothing came for too long */
      return false;
    }
    client->filled += (size_t)got;
  }
  return true;
}

static void take(struct client *client, size_t size) {
  memmove(client->buffer, client->buffer + size, client->filled - size);
  client->filled -= size;
}

void client_open(struct client *client, uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval patience = {PATIENCE / 1000, 0};
  char *end;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)};
  CHECK(client->fd >= 0);
  setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  CHECK(connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0);
  write_all(client->fd, UPGRADE, sizeof UPGRADE - 1);
  do {
    CHECK(fill(client, client->filled + 1));
    client->buffer[client->filled] = 0;
  } while ((end = strstr(client->buffer, "\r\n\r\n")) == NULL);
  CHECK(strncmp(client->buffer, "HTTP/1.1 101", 12) == 0);
  take(client, (size_t)(end - client->buffer) + 4);
  CHECK(client_read(client)[0] == '0');
}

/* One frame under a mask of zeros, which leaves the payload as it is. */
static void send_frame(struct client *client, int opcode, const void *data, size_t size) {
  unsigned char head[8] = {(unsigned char)(0x80 | opcode), (unsigned char)(0x80 | size)};
  size_t length = 6;
  CHECK(size < 65536);
  if (size > 125) {
    head[1] = 0x80 | 126;
    head[2] = (unsigned char)(size >> 8);
    head[3] = (unsigned char)size;
    length = 8;
  }
  write_all(client->fd, head, length);
  write_all(client->fd, data, size);
}

void client_send(struct client *client, const char *text) { send_frame(client, TEXT, text, strlen(text)); }

void client_send_bytes(struct client *client, const void *data, size_t size) {
  send_frame(client, BINARY, data, size);
}

/* The next frame is in the buffer, from `*start` on; false at the end. */
static bool read_frame(struct client *client, int *opcode, size_t *start, size_t *size) {
  const unsigned char *head = (const unsigned char *)client->buffer;
  if (!fill(client, 2)) return false;
  *opcode = head[0] & 15;
  *start = head[1] == 126 ? 4 : 2;
  CHECK(head[1] != 127);
  if (!fill(client, *start)) return false;
  *size = head[1] == 126 ? (size_t)(head[2] << 8 | head[3]) : head[1];
  return fill(client, *start + *size);
}

const char *client_read(struct client *client) {
  static const char PONG[] = "3";
  for (;;) {
    int opcode;
    size_t start, size;
    take(client, client->taken);
    client->taken = 0;
    if (!read_frame(client, &opcode, &start, &size) || opcode == CLOSE) return NULL;
    /* The message becomes NUL-terminated in place of its head. */
    memmove(client->buffer, client->buffer + start, size);
    client->buffer[size] = 0;
    client->taken = start + size;
    if (opcode != TEXT || strcmp(client->buffer, "2") != 0) return client->buffer;
    client_send(client, PONG);
  }
}

bool client_is_readable(struct client *client) {
  struct pollfd waiting = {client->fd, POLLIN, 0};
  return client->filled > client->taken || poll(&waiting, 1, 0) > 0;
}

void client_drop(struct client *client) {
  if (client->fd >= 0) close(client->fd);
  client->fd = -1;
}

void client_leave(struct client *client) {
  while (client_read(client) != NULL) continue;
  client_drop(client);
}
