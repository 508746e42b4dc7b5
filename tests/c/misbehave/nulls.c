/* NULL, 0 and nothing, for every function that takes a pointer. */
#include "stage.h"
#include <string.h>

/* NULL that claims to have a length. */
static const pancar_str LIE = {NULL, 1};
static const pancar_bytes LIE_BYTES = {NULL, 1};
static const pancar_str NAME = {"name", 4};

#define NULLED(call) EXPECT(PANCAR_NULL_ARGUMENT, call)

CASE(null_in_the_library_itself) {
  pancar_str nothing = pancar_cstr(NULL);
  CHECK(nothing.len == 0);
  NULLED(pancar_fail(LIE));
  EXPECT(PANCAR_FAILED, pancar_fail(nothing));
  CHECK(strcmp(pancar_last_error(), "") == 0);
  NULLED(pancar_set_logger(PANCAR_LEVEL_ERROR, NULL, NULL));
  CHECK(pancar_status_text(-1) != NULL && pancar_status_text(99999) != NULL);
  CHECK(pancar_reason_text(0) != NULL && pancar_reason_text(-7) != NULL);
}

CASE(null_in_options) {
  pancar_config *config = pancar_config_new();
  NULLED(pancar_config_set(NULL, NAME, NAME));
  NULLED(pancar_config_set(config, LIE, NAME));
  NULLED(pancar_config_set(config, PANCAR_STR("path"), LIE));
  NULLED(pancar_config_set_lanes(NULL, 1));
  NULLED(pancar_server_new(config, NULL));
  NULLED(pancar_server_new(NULL, NULL));
  pancar_config_free(config);
  pancar_config_free(NULL);
}

CASE(null_for_a_server) {
  pancar_server server;
  struct counter counter = {0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  NULLED(pancar_server_listen(server, LIE, NULL));
  EXPECT(PANCAR_OK, pancar_server_listen(server, PANCAR_STR("127.0.0.1:0"), NULL));
  NULLED(pancar_server_listen_tls(server, LIE, NAME, NAME, NULL));
  NULLED(pancar_server_listen_tls(server, PANCAR_STR("127.0.0.1:0"), LIE, NAME, NULL));
  NULLED(pancar_server_listen_tls(server, PANCAR_STR("127.0.0.1:0"), NAME, LIE, NULL));
  REFUSED(pancar_server_adopt(server, -1, LIE_BYTES));
  NULLED(pancar_server_stats(server, NULL));
  NULLED(pancar_wake_fd(server, NULL));
  NULLED(pancar_wake_fd_lane(server, 0, NULL));
  NULLED(pancar_server_of(server, NULL));
  NULLED(pancar_post(server, NULL, &counter, destroyed));
  NULLED(pancar_post_after(server, 1, NULL, &counter, destroyed));
  CHECK(counter.destroyed == 2);
  pancar_server_free(server);
  pancar_server_free(0);
}

CASE(null_for_a_namespace) {
  pancar_server server;
  pancar_namespace ns;
  pancar_socket socket;
  struct counter counter = {0};
  pancar_match_fn match = NULL;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  NULLED(pancar_of(server, LIE, &ns));
  NULLED(pancar_of(server, PANCAR_STR("/name"), NULL));
  NULLED(pancar_of_pattern(server, LIE, &ns));
  NULLED(pancar_of_pattern(server, PANCAR_STR("/{id}"), NULL));
  NULLED(pancar_of_matching(server, match, &counter, destroyed, &ns));
  CHECK(counter.destroyed == 1);
  NULLED(pancar_namespace_name(server, NULL));
  EXPECT(PANCAR_OK, pancar_namespace_counts(server, NULL, NULL));
  NULLED(pancar_namespace_find(server, LIE, &socket));
  NULLED(pancar_namespace_find(server, NAME, NULL));
  pancar_server_free(server);
}

CASE(null_callbacks) {
  pancar_server server;
  struct counter counter = {0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  NULLED(pancar_on_connection(server, NULL, &counter, destroyed));
  NULLED(pancar_use(server, NULL, &counter, destroyed));
  NULLED(pancar_on(server, NAME, NULL, &counter, destroyed));
  NULLED(pancar_once(server, NAME, NULL, &counter, destroyed));
  NULLED(pancar_on_any(server, NULL, &counter, destroyed));
  NULLED(pancar_on_any_outgoing(server, NULL, &counter, destroyed));
  NULLED(pancar_use_event(server, NULL, &counter, destroyed));
  NULLED(pancar_on_refused(server, NULL, &counter, destroyed));
  NULLED(pancar_on_disconnecting(server, NULL, &counter, destroyed));
  NULLED(pancar_on_disconnect(server, NULL, &counter, destroyed));
  NULLED(pancar_on_server_side(server, NAME, NULL, &counter, destroyed));
  CHECK(counter.destroyed == 11);
  NULLED(pancar_on(server, LIE, on_event, &counter, destroyed));
  NULLED(pancar_once(server, LIE, on_event, &counter, destroyed));
  NULLED(pancar_on_server_side(server, LIE, on_event, &counter, destroyed));
  CHECK(counter.destroyed == 14);
  NULLED(pancar_off(server, LIE, on_event, &counter));
  pancar_off(server, NAME, NULL, NULL);
  pancar_off_any(server, NULL, NULL);
  pancar_off_any_outgoing(server, NULL, NULL);
  EXPECT(PANCAR_OK, pancar_on(server, NAME, on_event, NULL, NULL));
  pancar_server_free(server);
}

CASE(null_for_events_and_admissions) {
  pancar_token token;
  CHECK(pancar_event_name(NULL).len == 0);
  CHECK(pancar_event_args(NULL) == NULL);
  CHECK(pancar_event_ack(NULL).socket == 0);
  CHECK(pancar_event_namespace(NULL) == 0);
  NULLED(pancar_event_refuse(NULL, NAME, NULL));
  NULLED(pancar_event_refuse(NULL, LIE, NULL));
  NULLED(pancar_admission_reject(NULL, NAME, NULL));
  NULLED(pancar_admission_reject(NULL, LIE, NULL));
  NULLED(pancar_admission_defer(NULL, &token));
  NULLED(pancar_admission_defer(NULL, NULL));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_accept(0));
  REFUSED(pancar_reject(0, NAME, NULL));
  REFUSED(pancar_reject(0, LIE, NULL));
}

CASE(null_for_what_is_sent) {
  pancar_server server;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  NULLED(pancar_emit(server, LIE, NULL));
  NULLED(pancar_emit_json(server, LIE, PANCAR_STR("[]"), NULL, 0));
  NULLED(pancar_emit_json(server, NAME, LIE, NULL, 0));
  NULLED(pancar_emit_json(server, NAME, PANCAR_STR("[]"), NULL, 1));
  NULLED(pancar_emit_json(server, NAME, PANCAR_STR("[]"), &LIE_BYTES, 1));
  NULLED(pancar_server_side_emit(server, LIE, NULL));
  EXPECT(PANCAR_OK, pancar_emit(server, NAME, NULL));
  EXPECT(PANCAR_OK, pancar_ack_send((pancar_ack){0, 7}, NULL));
  pancar_server_free(server);
}

CASE(null_for_targets) {
  pancar_server server;
  pancar_target *target;
  struct counter counter = {0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  EXPECT(PANCAR_OK, pancar_target_new(server, &target));
  NULLED(pancar_target_new(server, NULL));
  REFUSED(pancar_target_one(0, NULL));
  NULLED(pancar_target_clone(NULL, &target));
  NULLED(pancar_target_clone(target, NULL));
  NULLED(pancar_target_to(NULL, NAME));
  NULLED(pancar_target_to(target, LIE));
  NULLED(pancar_target_except(NULL, NAME));
  NULLED(pancar_target_except(target, LIE));
  NULLED(pancar_target_local(NULL));
  NULLED(pancar_target_volatile(NULL));
  NULLED(pancar_target_compress(NULL, true));
  NULLED(pancar_target_timeout(NULL, 1));
  NULLED(pancar_target_emit(NULL, NAME, NULL));
  NULLED(pancar_target_emit(target, LIE, NULL));
  NULLED(pancar_target_emit_with_ack(NULL, NAME, NULL, NULL, &counter, destroyed));
  NULLED(pancar_target_emit_with_ack(target, NAME, NULL, NULL, &counter, destroyed));
  NULLED(pancar_target_join(NULL, &NAME, 1));
  NULLED(pancar_target_join(target, NULL, 1));
  NULLED(pancar_target_join(target, &LIE, 1));
  NULLED(pancar_target_leave(NULL, &NAME, 1));
  NULLED(pancar_target_leave(target, NULL, 1));
  EXPECT(PANCAR_OK, pancar_target_join(target, NULL, 0));
  NULLED(pancar_target_disconnect(NULL, true));
  NULLED(pancar_target_fetch(NULL, NULL, &counter, destroyed));
  NULLED(pancar_target_fetch(target, NULL, &counter, destroyed));
  CHECK(counter.destroyed == 4);
  pancar_target_free(target);
  pancar_target_free(NULL);
  pancar_server_free(server);
}

CASE(null_for_results) {
  CHECK(pancar_answers_len(NULL) == 0);
  CHECK(pancar_answers_id(NULL, 0).len == 0);
  CHECK(pancar_answers_status(NULL, 0) != PANCAR_OK);
  CHECK(pancar_answers_args(NULL, 0) == NULL);
  CHECK(pancar_remotes_len(NULL) == 0);
  CHECK(pancar_remotes_id(NULL, 0).len == 0);
  CHECK(pancar_remotes_room_count(NULL, 0) == 0);
  CHECK(pancar_remotes_room(NULL, 0, 0).len == 0);
  CHECK(pancar_remotes_data(NULL, 0).len == 0);
  CHECK(pancar_remotes_handshake(NULL, 0).len == 0);
  CHECK(pancar_text_str(NULL).len == 0);
  CHECK(pancar_text_cstr(NULL) != NULL && *pancar_text_cstr(NULL) == 0);
  CHECK(pancar_list_len(NULL) == 0);
  CHECK(pancar_list_at(NULL, 3).len == 0);
  CHECK(pancar_list_items(NULL) == NULL);
  pancar_text_free(NULL);
  pancar_list_free(NULL);
}

CASE(null_for_a_socket) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter counter = {0};
  pancar_socket socket = join(server, &client, port);
  pancar_text *text;
  NULLED(pancar_emit_with_ack(socket, NAME, NULL, 0, NULL, &counter, destroyed));
  NULLED(pancar_emit_with_ack(socket, LIE, NULL, 0, NULL, &counter, destroyed));
  CHECK(counter.destroyed == 2);
  NULLED(pancar_target_one(socket, NULL));
  NULLED(pancar_socket_id(socket, NULL));
  NULLED(pancar_socket_namespace(socket, NULL));
  NULLED(pancar_socket_transport(socket, NULL));
  NULLED(pancar_socket_handshake(socket, NULL));
  NULLED(pancar_socket_auth(socket, NULL));
  NULLED(pancar_socket_header(socket, NAME, NULL));
  NULLED(pancar_socket_header(socket, LIE, &text));
  NULLED(pancar_socket_query(socket, NAME, NULL));
  NULLED(pancar_socket_query(socket, LIE, &text));
  NULLED(pancar_socket_address(socket, NULL));
  NULLED(pancar_socket_join(socket, NULL, 1));
  NULLED(pancar_socket_join(socket, &LIE, 1));
  NULLED(pancar_socket_leave(socket, LIE));
  NULLED(pancar_socket_rooms(socket, NULL));
  NULLED(pancar_socket_set_data(socket, LIE));
  NULLED(pancar_socket_data(socket, NULL));
  NULLED(pancar_socket_queued(socket, NULL));
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(socket, NULL, NULL));
  CHECK(pancar_socket_user_data(socket) == NULL);
  CHECK(pancar_socket_connected(socket) && !pancar_socket_recovered(socket));
  EXPECT(PANCAR_OK, pancar_socket_disconnect(socket, true));
  client_drop(&client);
  pancar_server_free(server);
}
