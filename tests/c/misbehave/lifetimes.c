/* User data are destroyed once, however a callback ends; views live as long as they are said to. */
#include "stage.h"
#include <string.h>

static const pancar_str GO = {"go", 2};
static const char GO_MESSAGE[] = "42[\"go\",\"a\\u0062\",{\"k\":[1]}]";

/* One client that has joined. */
struct house {
  uint16_t port;
  pancar_server server;
  pancar_socket socket;
  struct client client;
};

static void house_open(struct house *house) {
  house->server = serve(&house->port);
  house->socket = join(house->server, &house->client, house->port);
}

static void house_close(struct house *house) {
  client_drop(&house->client);
  pancar_server_free(house->server);
}

CASE(destroyed_when_taken_off) {
  struct house house;
  struct counter a = {0}, b = {0}, c = {0}, any = {0}, outgoing = {0};
  house_open(&house);
  EXPECT(PANCAR_OK, pancar_on(house.socket, GO, on_event, &a, destroyed));
  EXPECT(PANCAR_OK, pancar_on(house.socket, GO, on_event, &b, destroyed));
  EXPECT(PANCAR_OK, pancar_once(house.socket, GO, on_event, &c, destroyed));
  EXPECT(PANCAR_OK, pancar_on_any(house.socket, on_event, &any, destroyed));
  EXPECT(PANCAR_OK, pancar_on_any_outgoing(house.socket, on_event, &outgoing, destroyed));
  EXPECT(PANCAR_OK, pancar_off(house.socket, GO, on_event, &a));
  CHECK(a.destroyed == 1 && b.destroyed == 0);
  pancar_off(house.socket, GO, on_event, &a);
  EXPECT(PANCAR_OK, pancar_off(house.socket, GO, NULL, NULL));
  EXPECT(PANCAR_OK, pancar_off_any(house.socket, on_event, &any));
  EXPECT(PANCAR_OK, pancar_off_any_outgoing(house.socket, on_event, &outgoing));
  CHECK(a.destroyed == 1 && b.destroyed == 1 && c.destroyed == 1 && any.destroyed == 1 && outgoing.destroyed == 1);
  client_send(&house.client, GO_MESSAGE);
  settle(house.server, &house.client);
  CHECK(a.calls + b.calls + c.calls + any.calls + outgoing.calls == 0);
  house_close(&house);
  CHECK(a.destroyed == 1 && b.destroyed == 1 && c.destroyed == 1);
}

CASE(destroyed_after_the_only_call) {
  struct house house;
  struct counter once = {0}, task = {0}, delayed = {0};
  house_open(&house);
  EXPECT(PANCAR_OK, pancar_once(house.socket, GO, on_event, &once, destroyed));
  client_send(&house.client, GO_MESSAGE);
  client_send(&house.client, GO_MESSAGE);
  settle(house.server, &house.client);
  CHECK(once.calls == 1 && once.destroyed == 1);
  EXPECT(PANCAR_OK, pancar_post(house.socket, on_task, &task, destroyed));
  dispatch_until(house.server, &task.destroyed);
  EXPECT(PANCAR_OK, pancar_post_after(house.socket, 1, on_task, &delayed, destroyed));
  dispatch_until(house.server, &delayed.destroyed);
  CHECK(task.calls == 1 && delayed.calls == 1);
  house_close(&house);
  CHECK(once.destroyed == 1 && task.destroyed == 1 && delayed.destroyed == 1);
}

static void on_ack(pancar_socket socket, pancar_status status, const pancar_args *answer, void *counter) {
  (void)socket;
  CHECK((status == PANCAR_OK) == (answer != NULL));
  ((struct counter *)counter)->calls++;
}

static void on_answers(const pancar_answers *answers, void *counter) {
  (void)answers;
  ((struct counter *)counter)->calls++;
}

static void on_remotes(pancar_status status, const pancar_remotes *found, void *counter) {
  (void)status, (void)found;
  ((struct counter *)counter)->calls++;
}

static void ask_everything(struct house *house, struct counter *counter) {
  pancar_target *target;
  EXPECT(PANCAR_OK, pancar_target_new(house->server, &target));
  EXPECT(PANCAR_OK, pancar_emit_with_ack(house->socket, GO, NULL, 600000, on_ack, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_target_timeout(target, 600000));
  EXPECT(PANCAR_OK, pancar_target_emit_with_ack(target, GO, NULL, on_answers, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_target_fetch(target, on_remotes, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_post(house->server, on_task, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_post_after(house->server, 600000, on_task, counter, destroyed));
  pancar_target_free(target);
}

/* Answers that nobody waits for any more: whether called or not, each is destroyed once. */
CASE(destroyed_with_answers_outstanding) {
  struct house house;
  struct counter counter = {0};
  house_open(&house);
  ask_everything(&house, &counter);
  house_close(&house);
  CHECK(counter.destroyed == 5 && counter.calls <= 5);

  counter = (struct counter){0};
  house_open(&house);
  ask_everything(&house, &counter);
  EXPECT(PANCAR_OK, pancar_server_close(house.server));
  client_leave(&house.client);
  EXPECT(PANCAR_OK, pancar_server_run(house.server));
  house_close(&house);
  CHECK(counter.destroyed == 5);
}

static void listen_to_everything(pancar_handle on, struct counter *counter) {
  EXPECT(PANCAR_OK, pancar_on(on, GO, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_once(on, GO, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_any(on, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_any_outgoing(on, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_use_event(on, on_event, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_disconnecting(on, on_disconnect, counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_disconnect(on, on_disconnect, counter, destroyed));
}

CASE(destroyed_when_the_socket_is_gone) {
  struct house house;
  struct counter counter = {0}, data = {0}, task = {0};
  house_open(&house);
  listen_to_everything(house.socket, &counter);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &data, destroyed));
  EXPECT(PANCAR_OK, pancar_post_after(house.socket, 600000, on_task, &task, destroyed));
  client_drop(&house.client);
  dispatch_until(house.server, &data.destroyed);
  CHECK(counter.destroyed == 7 && counter.calls == 2 && data.destroyed == 1);
  pancar_server_free(house.server);
  CHECK(counter.destroyed == 7 && data.destroyed == 1 && task.destroyed == 1 && task.calls == 0);
}

CASE(destroyed_when_the_server_is_freed) {
  struct house house;
  struct counter counter = {0}, data = {0};
  pancar_namespace ns;
  house_open(&house);
  listen_to_everything(house.socket, &counter);
  listen_to_everything(house.server, &counter);
  EXPECT(PANCAR_OK, pancar_of(house.server, PANCAR_STR("/ns"), &ns));
  listen_to_everything(ns, &counter);
  EXPECT(PANCAR_OK, pancar_of_pattern(house.server, PANCAR_STR("/{id}"), &ns));
  listen_to_everything(ns, &counter);
  EXPECT(PANCAR_OK, pancar_on_server_side(house.server, GO, on_event, &counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_server_side(house.server, GO, on_event, &counter, destroyed));
  EXPECT(PANCAR_OK, pancar_on_connection(ns, on_connection, &counter, destroyed));
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &data, destroyed));
  house_close(&house);
  CHECK(counter.destroyed == 4 * 7 + 3 && data.destroyed == 1 && counter.calls == 0);
}

/* One that may come back can still be sent to; for the program it has left. */
CASE(destroyed_though_the_client_may_come_back) {
  struct house house;
  struct counter counter = {0}, data = {0}, late = {0};
  house.server = serve_with("connection_state_recovery", "1", &house.port);
  house.socket = join(house.server, &house.client, house.port);
  listen_to_everything(house.socket, &counter);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &data, destroyed));
  client_drop(&house.client);
  dispatch_until(house.server, &data.destroyed);
  CHECK(counter.destroyed == 7);
  EXPECT(PANCAR_OK, pancar_emit(house.socket, GO, NULL));
  pancar_on(house.socket, GO, on_event, &late, destroyed);
  pancar_socket_set_user_data(house.socket, &late, destroyed);
  pancar_emit_with_ack(house.socket, GO, NULL, 600000, on_ack, &late, destroyed);
  pancar_socket_disconnect(house.socket, true);
  pancar_server_free(house.server);
  CHECK(counter.destroyed == 7 && data.destroyed == 1 && late.destroyed == 3);
  EXPECT(PANCAR_DISCONNECTED, pancar_emit(house.socket, GO, NULL));
}

CASE(user_data_replaced) {
  struct house house;
  struct counter first = {0}, second = {0};
  house_open(&house);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &first, destroyed));
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &second, destroyed));
  CHECK(first.destroyed == 1 && second.destroyed == 0 && pancar_socket_user_data(house.socket) == &second);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, &second, destroyed));
  CHECK(second.destroyed == 1);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(house.socket, NULL, NULL));
  CHECK(second.destroyed == 2 && pancar_socket_user_data(house.socket) == NULL);
  house_close(&house);
  CHECK(first.destroyed == 1 && second.destroyed == 2);
}

/* What a callback keeps of an event. */
struct kept {
  pancar_args *clone;
  pancar_args *rest;
  atomic_int calls;
};

static pancar_status keep(pancar_socket socket, const pancar_event *event, void *data) {
  struct kept *kept = data;
  (void)socket;
  EXPECT(PANCAR_OK, pancar_args_clone(pancar_event_args(event), &kept->clone));
  EXPECT(PANCAR_OK, pancar_args_skip(pancar_event_args(event), 1, &kept->rest));
  kept->calls++;
  return PANCAR_OK;
}

CASE(clones_outlive_everything) {
  struct house house;
  struct kept kept = {0};
  pancar_str text, key;
  const pancar_args *field, *items;
  int64_t number;
  house_open(&house);
  EXPECT(PANCAR_OK, pancar_on(house.socket, GO, keep, &kept, NULL));
  client_send(&house.client, GO_MESSAGE);
  dispatch_until(house.server, &kept.calls);
  house_close(&house);
  EXPECT(PANCAR_OK, pancar_args_str(kept.clone, 0, &text));
  EXPECT(PANCAR_OK, pancar_args_str(kept.clone, 0, &key));
  CHECK(text.len == 2 && memcmp(text.data, "ab", 2) == 0 && memcmp(key.data, "ab", 2) == 0);
  EXPECT(PANCAR_OK, pancar_args_get(kept.rest, 0, PANCAR_STR("k"), &field));
  EXPECT(PANCAR_OK, pancar_args_items(field, 0, &items));
  pancar_args_free(kept.clone);
  EXPECT(PANCAR_OK, pancar_args_i64(items, 0, &number));
  CHECK(number == 1);
  pancar_args_free(kept.rest);
}

/* What belongs to a server may be freed after it, and what was made out of something after that. */
CASE(freed_in_whatever_order) {
  struct house house;
  pancar_target *target, *clone;
  pancar_text *id;
  pancar_list *rooms;
  pancar_args *auth;
  pancar_config *config = pancar_config_new();
  house_open(&house);
  EXPECT(PANCAR_OK, pancar_target_new(house.socket, &target));
  EXPECT(PANCAR_OK, pancar_target_clone(target, &clone));
  EXPECT(PANCAR_OK, pancar_socket_id(house.socket, &id));
  EXPECT(PANCAR_OK, pancar_socket_rooms(house.socket, &rooms));
  EXPECT(PANCAR_OK, pancar_socket_auth(house.socket, &auth));
  pancar_target_free(target);
  house_close(&house);
  REFUSED(pancar_target_emit(clone, GO, auth));
  CHECK(pancar_text_str(id).len > 0 && pancar_list_len(rooms) == 1 && pancar_args_len(auth) == 1);
  CHECK(pancar_list_at(rooms, 1).len == 0);
  CHECK(pancar_list_items(rooms)[0].len == pancar_text_str(id).len);
  pancar_args_free(auth);
  pancar_target_free(clone);
  pancar_list_free(rooms);
  pancar_config_free(config);
  pancar_text_free(id);
}
