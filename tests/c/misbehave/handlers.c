/* Handlers that change what they are called by, and that return nonsense. */
#include "stage.h"
#include <string.h>

static const pancar_str GO = {"go", 2};
static const char GO_MESSAGE[] = "42[\"go\"]";

static pancar_status end_itself(pancar_socket socket, const pancar_event *event, void *counter) {
  struct counter *own = counter;
  EXPECT(PANCAR_OK, pancar_off(socket, pancar_event_name(event), end_itself, counter));
  /* It is still being called. */
  CHECK(own->destroyed == 0);
  pancar_off(socket, GO, end_itself, counter);
  pancar_off(socket, GO, NULL, NULL);
  own->calls++;
  return PANCAR_OK;
}

CASE(taken_off_inside_of_itself) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter own = {0}, next = {0};
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_on(socket, GO, end_itself, &own, destroyed));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, &next, destroyed));
  client_send(&client, GO_MESSAGE);
  client_send(&client, GO_MESSAGE);
  settle(server, &client);
  CHECK(own.calls == 1 && own.destroyed == 1);
  /* One that was taken off is not called any more. */
  CHECK(next.calls == 0 && next.destroyed == 1);
  client_drop(&client);
  pancar_server_free(server);
}

static pancar_status add_more(pancar_socket socket, const pancar_event *event, void *counter) {
  (void)event;
  EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_once(socket, GO, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_any(socket, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_use_event(socket, on_event, counter, destroyed));
  return PANCAR_OK;
}

CASE(handlers_added_in_handlers) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter counter = {0};
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_once(socket, GO, add_more, &counter, destroyed));
  client_send(&client, GO_MESSAGE);
  settle(server, &client);
  EXPECT(PANCAR_OK, pancar_off_any(socket, on_event, &counter));
  CHECK(counter.destroyed == 2);
  counter.calls = 0;
  client_send(&client, GO_MESSAGE);
  settle(server, &client);
  /* on, once and the middleware; the fence passes the middleware, too. */
  CHECK(counter.calls == 4);
  client_drop(&client);
  pancar_server_free(server);
  CHECK(counter.destroyed == 5);
}

static pancar_status leave(pancar_socket socket, const pancar_event *event, void *counter) {
  pancar_text *id;
  EXPECT(PANCAR_OK, pancar_socket_disconnect(socket, false));
  EXPECT(PANCAR_OK, pancar_socket_disconnect(socket, true));
  CHECK(!pancar_socket_connected(socket));
  /* Gone for clients, still there to be looked at until it has been told that it left. */
  REFUSED(pancar_emit(socket, GO, NULL));
  REFUSED(pancar_emit_with_ack(socket, GO, NULL, 0, NULL, NULL, NULL));
  pancar_ack_send(pancar_event_ack(event), NULL);
  EXPECT(PANCAR_OK, pancar_socket_id(socket, &id));
  pancar_text_free(id);
  ((struct counter *)counter)->calls++;
  return PANCAR_OK;
}

static void after_leaving(pancar_socket socket, pancar_reason reason, pancar_str detail, void *counter) {
  struct counter *own = counter;
  pancar_list *rooms;
  (void)detail;
  CHECK(reason != 0 && !pancar_socket_connected(socket));
  EXPECT(PANCAR_OK, pancar_socket_rooms(socket, &rooms));
  pancar_list_free(rooms);
  REFUSED(pancar_emit(socket, GO, NULL));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_disconnect(socket, on_disconnect, counter, destroyed));
  own->calls++;
}

CASE(socket_disconnected_in_its_handlers) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter handler = {0}, left = {0}, next = {0};
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_on(socket, GO, leave, &handler, destroyed));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, &next, destroyed));
  EXPECT(PANCAR_OK, pancar_on_disconnecting(socket, after_leaving, &left, destroyed));
  EXPECT(PANCAR_OK, pancar_on_disconnect(socket, after_leaving, &left, destroyed));
  client_send(&client, "421[\"go\"]");
  while (hear(server, &client) != NULL) continue;
  dispatch_until(server, &left.destroyed);
  CHECK(handler.calls == 1 && handler.destroyed == 1 && next.destroyed == 1);
  /* What was added in the first callback is called after the second. */
  CHECK(left.calls >= 2 && left.destroyed == 6);
  EXPECT(PANCAR_DISCONNECTED, pancar_emit(socket, GO, NULL));
  client_drop(&client);
  pancar_server_free(server);
  CHECK(left.destroyed == 6);
}

static pancar_status return_it(pancar_socket socket, const pancar_event *event, void *status) {
  (void)socket, (void)event;
  return *(pancar_status *)status;
}

static pancar_status return_it_too(pancar_socket socket, void *status) { return return_it(socket, NULL, status); }

static const pancar_status NONSENSE[] = {INT32_MIN, -1, 1, 12, 13, 99, 107, 108, 109, 110, 12345, INT32_MAX};

CASE(callbacks_that_return_nonsense) {
  uint16_t port;
  pancar_server server = serve(&port);
  for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
    struct client client;
    struct counter next = {0};
    pancar_status status = NONSENSE[i];
    pancar_socket socket;
    EXPECT(PANCAR_OK, pancar_on_connection(server, return_it_too, &status, NULL));
    EXPECT(PANCAR_OK, pancar_on_any_outgoing(server, return_it, &status, NULL));
    socket = join(server, &client, port);
    EXPECT(PANCAR_OK, pancar_on_any(socket, return_it, &status, NULL));
    EXPECT(PANCAR_OK, pancar_on(socket, GO, return_it, &status, NULL));
    EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, &next, NULL));
    client_send(&client, GO_MESSAGE);
    settle(server, &client);
    CHECK(next.calls == 1 && pancar_socket_connected(socket));
    client_drop(&client);
  }
  pancar_server_free(server);
}

struct verdict {
  pancar_status status;
  struct counter refused;
};

static pancar_status judge(pancar_socket socket, const pancar_event *event, void *verdict) {
  (void)socket;
  return pancar_event_name(event).len == GO.len ? ((struct verdict *)verdict)->status : PANCAR_OK;
}

static void on_refused(pancar_socket socket, const pancar_event *event, pancar_str message, const pancar_args *data,
                       void *verdict) {
  (void)socket, (void)event;
  CHECK(message.len > 0 && data == NULL);
  ((struct verdict *)verdict)->refused.calls++;
}

CASE(event_middlewares_that_return_nonsense) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  pancar_socket socket = join(server, &client, port);
  struct verdict verdict = {0};
  struct counter heard = {0};
  EXPECT(PANCAR_OK, pancar_use_event(socket, judge, &verdict, NULL));
  EXPECT(PANCAR_OK, pancar_on_refused(socket, on_refused, &verdict, NULL));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, on_event, &heard, NULL));
  for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
    verdict.status = NONSENSE[i];
    client_send(&client, GO_MESSAGE);
    settle(server, &client);
    CHECK(heard.calls == 0 && verdict.refused.calls == (int)i + 1);
  }
  client_drop(&client);
  pancar_server_free(server);
}

static pancar_status judge_admission(pancar_socket socket, pancar_admission *admission, void *status) {
  (void)socket, (void)admission;
  return *(pancar_status *)status;
}

CASE(middlewares_that_return_nonsense) {
  uint16_t port;
  pancar_server server = serve(&port);
  pancar_status status;
  EXPECT(PANCAR_OK, pancar_use(server, judge_admission, &status, NULL));
  for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
    struct client client;
    status = NONSENSE[i];
    client_open(&client, port);
    client_send(&client, "40");
    expect_message(server, &client, "44{");
    client_drop(&client);
  }
  pancar_server_free(server);
}

static pancar_status replace_data(pancar_socket socket, const pancar_event *event, void *counter) {
  struct counter *old = pancar_socket_user_data(socket);
  (void)event;
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(socket, counter, destroyed));
  CHECK(old->destroyed == 1);
  return PANCAR_OK;
}

CASE(user_data_replaced_in_a_handler) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter first = {0}, second = {0};
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(socket, &first, destroyed));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, replace_data, &second, NULL));
  client_send(&client, GO_MESSAGE);
  settle(server, &client);
  CHECK(pancar_socket_user_data(socket) == &second && second.destroyed == 0);
  client_drop(&client);
  dispatch_until(server, &second.destroyed);
  pancar_server_free(server);
  CHECK(first.destroyed == 1 && second.destroyed == 1);
}
