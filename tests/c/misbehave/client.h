/* A client that speaks just enough WebSocket, and everything above it as text. */
#ifndef CLIENT_H
#define CLIENT_H

#include <pancar.h>

struct client {
  int fd;
  size_t filled;
  size_t taken;
  char buffer[65536];
};

/* Opens a WebSocket and reads the handshake of Engine.IO. */
void client_open(struct client *client, uint16_t port);

/* Sends a text message, such as `42["event"]` with the digit of Engine.IO in front. */
void client_send(struct client *client, const char *text);

/* Sends a binary message. */
void client_send_bytes(struct client *client, const void *data, size_t size);

/* The next message, until the next call; NULL at the end of the connection. */
const char *client_read(struct client *client);

/* Whether something can be read. */
bool client_is_readable(struct client *client);

/* Reads up to the end, and goes. */
void client_leave(struct client *client);

/* Goes without a word. */
void client_drop(struct client *client);

#endif
