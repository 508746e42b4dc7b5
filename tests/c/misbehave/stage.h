/* A server with a client, and callbacks that do something on purpose. */
#ifndef STAGE_H
#define STAGE_H

#include "check.h"
#include "client.h"
#include <stdatomic.h>

/* User data that count what happens to them. */
struct counter {
  atomic_int calls;
  atomic_int destroyed;
};

void destroyed(void *counter);
pancar_status on_event(pancar_socket socket, const pancar_event *event, void *counter);
pancar_status on_connection(pancar_socket socket, void *counter);
void on_disconnect(pancar_socket socket, pancar_reason reason, pancar_str detail, void *counter);
void on_task(void *counter);

/* A server on a free port, without heartbeat for as long as a test may take. */
pancar_server serve(uint16_t *port);
pancar_server serve_with(const char *option, const char *value, uint16_t *port);

/* Dispatches until the flag is set. */
void dispatch_until(pancar_server server, const atomic_int *flag);

/* Dispatches until something can be read from the client, and reads it. */
const char *hear(pancar_server server, struct client *client);

/* As `hear`; the message must begin so. */
void expect_message(pancar_server server, struct client *client, const char *start);

/* Dispatches until the server has taken all that the client sent before: an event `fence` comes back. */
void settle(pancar_server server, struct client *client);

/* Connects a client, which joins "/"; its handle. */
pancar_socket join(pancar_server server, struct client *client, uint16_t port);

#endif
