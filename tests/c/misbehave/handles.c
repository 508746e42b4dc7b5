/* Handles that are no good: of something that is gone, of something else, of nothing. */
#include "calls.h"
#include <stdio.h>
#include <string.h>

/* A server with one of everything. */
struct world {
  uint16_t port;
  struct client client;
  struct client waiting;
  pancar_server server;
  pancar_namespace ns;
  pancar_socket socket;
  pancar_token token;
};

static pancar_status wait_outside(pancar_socket socket, pancar_admission *admission, void *token) {
  (void)socket;
  return pancar_admission_defer(admission, token);
}

static void world_open(struct world *world) {
  int64_t end = now() + PATIENCE;
  world->token = 0;
  world->server = serve(&world->port);
  EXPECT(PANCAR_OK, pancar_of(world->server, PANCAR_STR("/ns"), &world->ns));
  EXPECT(PANCAR_OK, pancar_use(world->ns, wait_outside, &world->token, NULL));
  world->socket = join(world->server, &world->client, world->port);
  client_open(&world->waiting, world->port);
  client_send(&world->waiting, "40/ns,");
  while (world->token == 0) {
    pancar_dispatch(world->server, 0, 1);
    CHECK(now() < end);
  }
}

static void world_close(struct world *world) {
  client_drop(&world->client);
  client_drop(&world->waiting);
  pancar_server_free(world->server);
}

/* No call but those of `kind` takes the handle: they return `wanted`, and destroy what they were given. */
static void nobody_takes(pancar_handle handle, int kind, pancar_status wanted) {
  for (size_t i = 0; i < CALL_COUNT; i++) {
    const struct call *call = &CALLS[i];
    pancar_status got;
    if (call->takes & kind) continue;
    got = call->make(handle);
    if (got != wanted) fprintf(stderr, "%s with a handle of kind %d\n", call->name, kind);
    EXPECT(wanted, got);
  }
}

static void is_gone(pancar_handle handle, pancar_status wanted) {
  int before = lent.destroyed;
  nobody_takes(handle, 0, wanted);
  CHECK(lent.destroyed == before + LENDERS);
  CHECK(!pancar_socket_connected(handle));
  CHECK(!pancar_socket_recovered(handle));
  CHECK(pancar_socket_user_data(handle) == NULL);
  pancar_server_free(handle);
}

CASE(handles_of_another_kind) {
  struct world world;
  world_open(&world);
  nobody_takes(world.server, SERVER, PANCAR_INVALID_HANDLE);
  nobody_takes(world.ns, NAMESPACE, PANCAR_INVALID_HANDLE);
  nobody_takes(world.socket, SOCKET, PANCAR_INVALID_HANDLE);
  nobody_takes(world.token, TOKEN, PANCAR_INVALID_HANDLE);
  pancar_server_free(world.ns);
  pancar_server_free(world.socket);
  pancar_server_free(world.token);
  CHECK(!pancar_socket_connected(world.server) && pancar_socket_connected(world.socket));
  EXPECT(PANCAR_OK, pancar_accept(world.token));
  world_close(&world);
}

CASE(handles_of_a_server_that_is_gone) {
  struct world world;
  world_open(&world);
  world_close(&world);
  is_gone(world.server, PANCAR_INVALID_HANDLE);
  is_gone(world.ns, PANCAR_INVALID_HANDLE);
  is_gone(world.token, PANCAR_INVALID_HANDLE);
  CHECK(!pancar_socket_connected(world.socket));
  for (size_t i = 0; i < CALL_COUNT; i++) REFUSED(CALLS[i].make(world.socket));
}

CASE(handles_of_a_socket_that_is_gone) {
  struct world world;
  struct counter left = {0};
  world_open(&world);
  EXPECT(PANCAR_OK, pancar_on_disconnect(world.socket, on_disconnect, &left, destroyed));
  client_drop(&world.client);
  dispatch_until(world.server, &left.destroyed);
  CHECK(left.calls == 1 && left.destroyed == 1);
  for (size_t i = 0; i < CALL_COUNT; i++) {
    pancar_status got = CALLS[i].make(world.socket);
    EXPECT(CALLS[i].takes & SOCKET ? PANCAR_DISCONNECTED : PANCAR_INVALID_HANDLE, got);
  }
  CHECK(!pancar_socket_connected(world.socket));
  CHECK(pancar_socket_user_data(world.socket) == NULL);
  client_drop(&world.waiting);
  pancar_server_free(world.server);
}

CASE(handles_that_never_were) {
  struct world world;
  world_open(&world);
  for (unsigned bits = 1; bits < 64; bits++) {
    pancar_handle handle = (UINT64_MAX << bits) | 5;
    for (size_t i = 0; i < CALL_COUNT; i++) REFUSED(CALLS[i].make(handle ^ bits));
  }
  CHECK(pancar_socket_connected(world.socket));
  world_close(&world);
}

CASE(the_handle_0) {
  int before = lent.destroyed;
  for (size_t i = 0; i < CALL_COUNT; i++) {
    /* For an ack it says that no answer is wanted. */
    if (strcmp(CALLS[i].name, "ack_send") != 0) REFUSED(CALLS[i].make(0));
  }
  CHECK(lent.destroyed == before + LENDERS);
  CHECK(!pancar_socket_connected(0) && pancar_socket_user_data(0) == NULL);
}

CASE(handles_are_not_used_twice) {
  pancar_server first, second;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &first));
  pancar_server_free(first);
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &second));
  CHECK(first != second);
  EXPECT(PANCAR_INVALID_HANDLE, pancar_server_close(first));
  pancar_server_free(second);
  pancar_server_free(second);
}
