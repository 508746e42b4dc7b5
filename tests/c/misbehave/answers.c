/* Tokens and acknowledgements that are answered twice, too late or never. */
#include "stage.h"
#include <string.h>

static const pancar_str WHY = {"why", 3};

/* A middleware that decides later. */
struct door {
  pancar_token token;
  atomic_int asked;
};

static pancar_status decide_later(pancar_socket socket, pancar_admission *admission, void *data) {
  struct door *door = data;
  pancar_token again;
  pancar_status status = pancar_admission_defer(admission, &door->token);
  EXPECT(PANCAR_PENDING, status);
  EXPECT(PANCAR_PENDING, pancar_admission_defer(admission, &again));
  CHECK(again == door->token && socket != 0);
  door->asked++;
  return status;
}

static void knock(pancar_server server, struct door *door, struct client *client, uint16_t port) {
  door->asked = 0;
  client_open(client, port);
  client_send(client, "40");
  dispatch_until(server, &door->asked);
}

CASE(token_answered_twice) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct door door = {0};
  EXPECT(PANCAR_OK, pancar_use(server, decide_later, &door, NULL));
  knock(server, &door, &client, port);
  EXPECT(PANCAR_OK, pancar_accept(door.token));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_accept(door.token));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_reject(door.token, WHY, NULL));
  expect_message(server, &client, "40{");
  client_drop(&client);

  knock(server, &door, &client, port);
  EXPECT(PANCAR_INVALID_UTF8, pancar_reject(door.token, (pancar_str){"\xff", 1}, NULL));
  EXPECT(PANCAR_OK, pancar_reject(door.token, WHY, NULL));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_reject(door.token, WHY, NULL));
  expect_message(server, &client, "44{\"message\":\"why\"");
  client_drop(&client);
  pancar_server_free(server);
}

CASE(token_answered_after_the_client_left) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct door door = {0};
  int64_t end = now() + PATIENCE;
  pancar_stats stats = PANCAR_STATS_INIT;
  EXPECT(PANCAR_OK, pancar_use(server, decide_later, &door, NULL));
  knock(server, &door, &client, port);
  client_drop(&client);
  do {
    pancar_dispatch(server, 0, 1);
    EXPECT(PANCAR_OK, pancar_server_stats(server, &stats));
    CHECK(now() < end);
  } while (stats.clients > 0);
  EXPECT(PANCAR_DISCONNECTED, pancar_accept(door.token));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_accept(door.token));
  pancar_server_free(server);
}

CASE(token_never_answered) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client first, second;
  struct door door = {0};
  EXPECT(PANCAR_OK, pancar_use(server, decide_later, &door, NULL));
  knock(server, &door, &first, port);
  knock(server, &door, &second, port);
  client_drop(&second);
  client_drop(&first);
  pancar_server_free(server);
  EXPECT(PANCAR_INVALID_HANDLE, pancar_accept(door.token));
}

/* A token is taken, and something else returned. */
static pancar_status change_its_mind(pancar_socket socket, pancar_admission *admission, void *data) {
  struct door *door = data;
  (void)socket;
  EXPECT(PANCAR_PENDING, pancar_admission_defer(admission, &door->token));
  door->asked++;
  return door->asked == 1 ? PANCAR_OK : pancar_admission_reject(admission, WHY, NULL);
}

/* Deferred, with no token taken. */
static pancar_status forget_the_token(pancar_socket socket, pancar_admission *admission, void *data) {
  (void)socket, (void)admission, (void)data;
  return PANCAR_PENDING;
}

CASE(middleware_that_defers_and_decides) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct door door = {0};
  EXPECT(PANCAR_OK, pancar_use(server, change_its_mind, &door, NULL));
  client_open(&client, port);
  client_send(&client, "40");
  expect_message(server, &client, "40{");
  REFUSED(pancar_reject(door.token, WHY, NULL));
  client_drop(&client);
  client_open(&client, port);
  client_send(&client, "40");
  expect_message(server, &client, "44{\"message\":\"why\"");
  REFUSED(pancar_accept(door.token));
  client_drop(&client);
  EXPECT(PANCAR_OK, pancar_use(server, forget_the_token, NULL, NULL));
  door.asked = 0;
  client_open(&client, port);
  client_send(&client, "40");
  expect_message(server, &client, "44{");
  client_drop(&client);
  pancar_server_free(server);
}

static pancar_status decide_at_once(pancar_socket socket, pancar_admission *admission, void *data) {
  pancar_token token;
  (void)socket;
  EXPECT(PANCAR_PENDING, pancar_admission_defer(admission, &token));
  EXPECT(PANCAR_OK, *(bool *)data ? pancar_accept(token) : pancar_reject(token, WHY, NULL));
  REFUSED(pancar_accept(token));
  return PANCAR_PENDING;
}

CASE(token_answered_inside_the_middleware) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  bool welcome = true;
  EXPECT(PANCAR_OK, pancar_use(server, decide_at_once, &welcome, NULL));
  EXPECT(PANCAR_OK, pancar_use(server, decide_at_once, &welcome, NULL));
  join(server, &client, port);
  client_drop(&client);
  welcome = false;
  client_open(&client, port);
  client_send(&client, "40");
  expect_message(server, &client, "44{\"message\":\"why\"");
  client_drop(&client);
  pancar_server_free(server);
}

/* The admission of a socket that sends, joins and leaves before it is let in. */
static pancar_status use_too_early(pancar_socket socket, pancar_admission *admission, void *counter) {
  pancar_text *id;
  (void)admission;
  CHECK(!pancar_socket_connected(socket));
  EXPECT(PANCAR_OK, pancar_socket_id(socket, &id));
  pancar_text_free(id);
  pancar_emit(socket, PANCAR_STR("early"), NULL);
  pancar_socket_join(socket, &WHY, 1);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(socket, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on(socket, PANCAR_STR("go"), on_event, counter, destroyed));
  return PANCAR_FAILED;
}

CASE(socket_used_before_it_is_let_in) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter counter = {0};
  size_t rooms;
  EXPECT(PANCAR_OK, pancar_use(server, use_too_early, &counter, NULL));
  client_open(&client, port);
  client_send(&client, "40");
  expect_message(server, &client, "44{");
  dispatch_until(server, &counter.destroyed);
  CHECK(counter.destroyed == 2 && counter.calls == 0);
  EXPECT(PANCAR_OK, pancar_namespace_counts(server, NULL, &rooms));
  CHECK(rooms == 0);
  client_drop(&client);
  pancar_server_free(server);
}

/* Keeps the question. */
static pancar_status keep(pancar_socket socket, const pancar_event *event, void *ack) {
  *(pancar_ack *)ack = pancar_event_ack(event);
  CHECK(((pancar_ack *)ack)->socket == socket);
  return PANCAR_OK;
}

CASE(ack_sent_twice_and_too_late) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter left = {0};
  pancar_ack ack = {0, 0};
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_on(socket, PANCAR_STR("go"), keep, &ack, NULL));
  EXPECT(PANCAR_OK, pancar_on_disconnect(socket, on_disconnect, &left, destroyed));
  client_send(&client, "421[\"go\"]");
  settle(server, &client);
  EXPECT(PANCAR_OK, pancar_ack_send(ack, NULL));
  expect_message(server, &client, "431[]");
  /* The second one, and one that was never asked for, are for the client to ignore. */
  CHECK(pancar_ack_send(ack, NULL) != PANCAR_PANIC);
  CHECK(pancar_ack_send((pancar_ack){socket, UINT64_MAX}, NULL) != PANCAR_PANIC);
  client_drop(&client);
  dispatch_until(server, &left.destroyed);
  EXPECT(PANCAR_DISCONNECTED, pancar_ack_send(ack, NULL));
  pancar_server_free(server);
  EXPECT(PANCAR_DISCONNECTED, pancar_ack_send(ack, NULL));
}

static void on_ack(pancar_socket socket, pancar_status status, const pancar_args *answer, void *last) {
  CHECK(socket != 0 && (answer != NULL) == (status == PANCAR_OK));
  *(atomic_int *)last = status + 1000;
}

CASE(answers_of_clients_that_do_not_behave) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  atomic_int first = 0, second = 0;
  pancar_socket socket = join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_emit_with_ack(socket, WHY, NULL, 5, on_ack, &first, NULL));
  dispatch_until(server, &first);
  CHECK(first == 1000 + PANCAR_TIMEOUT);
  EXPECT(PANCAR_OK, pancar_emit_with_ack(socket, WHY, NULL, 600000, on_ack, &second, NULL));
  /* Too late, never asked for, and gone. */
  client_send(&client, "430[]");
  client_send(&client, "4399[]");
  settle(server, &client);
  client_drop(&client);
  dispatch_until(server, &second);
  CHECK(first == 1000 + PANCAR_TIMEOUT && second == 1000 + PANCAR_DISCONNECTED);
  pancar_server_free(server);
}
