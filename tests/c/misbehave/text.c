/* Texts that are none: bad UTF-8 in every string, JSON that is broken, a writer that is out of step. */
#include "stage.h"
#include <math.h>
#include <string.h>

/* A letter and half a letter. */
static const pancar_str BAD = {"a\xc3", 2};
static const pancar_str NAME = {"name", 4};
static const pancar_str HERE = {"127.0.0.1:0", 11};

#define BADLY(call) EXPECT(PANCAR_INVALID_UTF8, call)

/* An object that is being written, until one write fails. What comes after it has the same status. */
#define SPOILT(status, call)                             \
  do {                                                   \
    pancar_args *args = pancar_args_new();               \
    EXPECT(PANCAR_OK, pancar_args_begin_object(args));   \
    EXPECT(status, call);                                \
    EXPECT(status, pancar_args_end_object(args));        \
    EXPECT(status, pancar_args_to_json(args, NULL_TEXT)); \
    pancar_args_free(args);                              \
  } while (0)

#define NULL_TEXT (&(pancar_text *){NULL})

CASE(bad_utf8_without_a_server) {
  pancar_config *config = pancar_config_new();
  pancar_args *args, *made;
  const pancar_args *part;
  BADLY(pancar_fail(BAD));
  BADLY(pancar_config_set(config, BAD, NAME));
  BADLY(pancar_config_set(config, PANCAR_STR("path"), BAD));
  BADLY(pancar_args_from_json(BAD, NULL, 0, &made));
  EXPECT(PANCAR_OK, pancar_args_from_json(PANCAR_STR("[{}]"), NULL, 0, &args));
  BADLY(pancar_args_get(args, 0, BAD, &part));
  CHECK(pancar_args_len(args) == 1);
  pancar_args_free(args);
  SPOILT(PANCAR_INVALID_UTF8, pancar_args_add_str(args, BAD));
  SPOILT(PANCAR_INVALID_UTF8, pancar_args_add_json(args, BAD));
  SPOILT(PANCAR_INVALID_UTF8, pancar_args_key(args, BAD));
  pancar_config_free(config);
}

CASE(bad_utf8_for_a_server) {
  pancar_server server;
  pancar_namespace ns;
  pancar_socket socket;
  struct counter counter = {0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  BADLY(pancar_server_listen(server, BAD, NULL));
  BADLY(pancar_server_listen_tls(server, BAD, NAME, NAME, NULL));
  BADLY(pancar_server_listen_tls(server, HERE, BAD, NAME, NULL));
  BADLY(pancar_server_listen_tls(server, HERE, NAME, BAD, NULL));
  BADLY(pancar_of(server, BAD, &ns));
  BADLY(pancar_of_pattern(server, BAD, &ns));
  BADLY(pancar_namespace_find(server, BAD, &socket));
  BADLY(pancar_on(server, BAD, on_event, &counter, destroyed));
  BADLY(pancar_once(server, BAD, on_event, &counter, destroyed));
  BADLY(pancar_on_server_side(server, BAD, on_event, &counter, destroyed));
  CHECK(counter.destroyed == 3);
  BADLY(pancar_off(server, BAD, on_event, NULL));
  BADLY(pancar_emit(server, BAD, NULL));
  BADLY(pancar_emit_json(server, BAD, PANCAR_STR("[]"), NULL, 0));
  BADLY(pancar_emit_json(server, NAME, BAD, NULL, 0));
  BADLY(pancar_server_side_emit(server, BAD, NULL));
  pancar_server_free(server);
}

static void never(const pancar_answers *answers, void *counter) {
  (void)answers;
  ((struct counter *)counter)->calls++;
}

CASE(bad_utf8_for_a_target) {
  pancar_server server;
  pancar_target *target;
  struct counter counter = {0};
  const pancar_str rooms[] = {NAME, BAD};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  EXPECT(PANCAR_OK, pancar_target_new(server, &target));
  BADLY(pancar_target_to(target, BAD));
  BADLY(pancar_target_except(target, BAD));
  BADLY(pancar_target_emit(target, BAD, NULL));
  BADLY(pancar_target_emit_with_ack(target, BAD, NULL, never, &counter, destroyed));
  BADLY(pancar_target_join(target, rooms, 2));
  BADLY(pancar_target_leave(target, rooms, 2));
  CHECK(counter.destroyed == 1 && counter.calls == 0);
  pancar_target_free(target);
  pancar_server_free(server);
}

static void never_one(pancar_socket socket, pancar_status status, const pancar_args *answer, void *counter) {
  (void)socket, (void)status, (void)answer;
  ((struct counter *)counter)->calls++;
}

CASE(bad_utf8_for_a_socket) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter counter = {0};
  pancar_socket socket = join(server, &client, port);
  pancar_text *text;
  const pancar_str rooms[] = {NAME, BAD};
  size_t count;
  BADLY(pancar_emit(socket, BAD, NULL));
  BADLY(pancar_emit_with_ack(socket, BAD, NULL, 0, never_one, &counter, destroyed));
  CHECK(counter.destroyed == 1);
  BADLY(pancar_socket_header(socket, BAD, &text));
  BADLY(pancar_socket_query(socket, BAD, &text));
  BADLY(pancar_socket_join(socket, rooms, 2));
  BADLY(pancar_socket_leave(socket, BAD));
  BADLY(pancar_socket_set_data(socket, BAD));
  EXPECT(PANCAR_OK, pancar_namespace_counts(server, NULL, &count));
  CHECK(count == 1); /* all rooms or none */
  client_drop(&client);
  pancar_server_free(server);
}

/* In a middleware: what could not be done leaves the decision open. */
static pancar_status refuse_badly(pancar_socket socket, pancar_admission *admission, void *counter) {
  (void)socket;
  BADLY(pancar_admission_reject(admission, BAD, NULL));
  ((struct counter *)counter)->calls++;
  return PANCAR_OK;
}

static pancar_status refuse_event_badly(pancar_socket socket, const pancar_event *event, void *counter) {
  (void)socket;
  BADLY(pancar_event_refuse(event, BAD, NULL));
  ((struct counter *)counter)->calls++;
  return PANCAR_OK;
}

CASE(bad_utf8_in_refusals) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  struct counter counter = {0};
  EXPECT(PANCAR_OK, pancar_use(server, refuse_badly, &counter, destroyed));
  EXPECT(PANCAR_OK, pancar_use_event(server, refuse_event_badly, &counter, destroyed));
  join(server, &client, port);
  settle(server, &client);
  CHECK(counter.calls == 2);
  client_drop(&client);
  pancar_server_free(server);
  CHECK(counter.destroyed == 2);
}

static const char *const BROKEN[] = {"", " ", "{", "[", "[1", "[1,]", "[1 2]", "[,]", "[\"a]", "[\"\\x\"]", "[nul]",
                                     "[NaN]", "[01]", "[1]x", "]", "[{\"a\"}]", "[{\"a\":}]", "[{a:1}]", "[\"\n\"]"};

CASE(broken_json) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  pancar_socket socket = join(server, &client, port);
  pancar_args *made;
  pancar_text *data;
  for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
    pancar_str broken = pancar_cstr(BROKEN[i]);
    EXPECT(PANCAR_ENCODE, pancar_args_from_json(broken, NULL, 0, &made));
    SPOILT(PANCAR_ENCODE, pancar_args_add_json(args, broken));
    EXPECT(PANCAR_ENCODE, pancar_emit_json(server, NAME, broken, NULL, 0));
    EXPECT(PANCAR_ENCODE, pancar_emit_json(socket, NAME, broken, NULL, 0));
    EXPECT(PANCAR_ENCODE, pancar_socket_set_data(socket, broken));
    CHECK(strlen(pancar_last_error()) > 0);
  }
  EXPECT(PANCAR_OK, pancar_socket_data(socket, &data));
  CHECK(strcmp(pancar_text_cstr(data), "{}") == 0);
  pancar_text_free(data);
  client_drop(&client);
  pancar_server_free(server);
}

CASE(json_of_another_shape) {
  static const char *const OTHERS[] = {"{}", "1", "null", "\"[]\"", "[{\"_placeholder\":true,\"num\":1}]"};
  static const pancar_bytes ATTACHMENT = {(const uint8_t *)"x", 1};
  pancar_args *made;
  for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
    EXPECT(PANCAR_ENCODE, pancar_args_from_json(pancar_cstr(OTHERS[i]), &ATTACHMENT, 1, &made));
  }
}

CASE(json_too_deep) {
  static char deep[200001];
  pancar_args *args = pancar_args_new(), *made;
  memset(deep, '[', 100000);
  memset(deep + 100000, ']', 100000);
  EXPECT(PANCAR_ENCODE, pancar_args_from_json(pancar_cstr(deep), NULL, 0, &made));
  SPOILT(PANCAR_ENCODE, pancar_args_add_json(args, pancar_cstr(deep)));
  for (int i = 0; i < 100000; i++) {
    if (pancar_args_begin_array(args) != PANCAR_OK) break;
  }
  REFUSED(pancar_args_to_json(args, &(pancar_text *){NULL}));
  pancar_args_free(args);
}

CASE(unbalanced_writer) {
  SPOILT(PANCAR_ENCODE, pancar_args_end_array(args));
  SPOILT(PANCAR_ENCODE, pancar_args_add_i64(args, 1));
  SPOILT(PANCAR_ENCODE, pancar_args_begin_array(args));
  SPOILT(PANCAR_ENCODE, pancar_args_begin_object(args));
  SPOILT(PANCAR_ENCODE, (pancar_args_key(args, NAME), pancar_args_key(args, NAME)));
  SPOILT(PANCAR_ENCODE, (pancar_args_key(args, NAME), pancar_args_end_object(args)));
  SPOILT(PANCAR_ENCODE, (pancar_args_key(args, NAME), pancar_args_add_f64(args, NAN)));
  SPOILT(PANCAR_ENCODE, (pancar_args_key(args, NAME), pancar_args_add_f64(args, -INFINITY)));
  SPOILT(PANCAR_ENCODE, (pancar_args_end_object(args), pancar_args_end_object(args)));
  SPOILT(PANCAR_ENCODE, (pancar_args_end_object(args), pancar_args_end_array(args)));
  SPOILT(PANCAR_ENCODE, (pancar_args_end_object(args), pancar_args_key(args, NAME)));
}

/* Whoever wants to have it before it is whole is told so, and may go on. */
CASE(arguments_used_before_they_are_whole) {
  pancar_server server;
  pancar_args *args = pancar_args_new(), *copy;
  pancar_text *json;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  EXPECT(PANCAR_OK, pancar_args_begin_object(args));
  EXPECT(PANCAR_OK, pancar_args_key(args, NAME));
  EXPECT(PANCAR_ENCODE, pancar_emit(server, NAME, args));
  EXPECT(PANCAR_ENCODE, pancar_args_clone(args, &copy));
  EXPECT(PANCAR_ENCODE, pancar_args_to_json(args, &json));
  EXPECT(PANCAR_OK, pancar_args_begin_array(args));
  CHECK(pancar_args_len(args) == 0);
  EXPECT(PANCAR_OK, pancar_args_end_array(args));
  EXPECT(PANCAR_OK, pancar_args_end_object(args));
  EXPECT(PANCAR_OK, pancar_args_to_json(args, &json));
  CHECK(strcmp(pancar_text_cstr(json), "[{\"name\":[]}]") == 0);
  EXPECT(PANCAR_ENCODE, pancar_args_add_f64(args, NAN));
  EXPECT(PANCAR_ENCODE, pancar_emit(server, NAME, args));
  EXPECT(PANCAR_ENCODE, pancar_args_clone(args, &copy));
  pancar_text_free(json);
  pancar_args_free(args);
  pancar_server_free(server);
}

CASE(arguments_that_are_not_there) {
  pancar_args *args, *rest;
  const pancar_args *part;
  pancar_str text;
  pancar_bytes bytes;
  int64_t whole;
  double number;
  bool yes;
  EXPECT(PANCAR_OK, pancar_args_from_json(PANCAR_STR("[\"x\",{\"a\":1},1e300]"), NULL, 0, &args));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_i64(args, 0, &whole));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_i64(args, 2, &whole));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_f64(args, 0, &number));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_bool(args, 0, &yes));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_bytes(args, 1, &bytes));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_str(args, 1, &text));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_items(args, 1, &part));
  EXPECT(PANCAR_WRONG_TYPE, pancar_args_get(args, 0, NAME, &part));
  EXPECT(PANCAR_NOT_FOUND, pancar_args_get(args, 1, NAME, &part));
  EXPECT(PANCAR_NOT_FOUND, pancar_args_get(args, 3, NAME, &part));
  EXPECT(PANCAR_NOT_FOUND, pancar_args_str(args, SIZE_MAX, &text));
  EXPECT(PANCAR_NOT_FOUND, pancar_args_json(args, 3, &text));
  EXPECT(PANCAR_NOT_FOUND, pancar_args_attachment(args, 0, &bytes));
  CHECK(pancar_args_kind(args, SIZE_MAX) == PANCAR_KIND_MISSING);
  EXPECT(PANCAR_OK, pancar_args_skip(args, SIZE_MAX, &rest));
  CHECK(pancar_args_len(rest) == 0 && pancar_args_len(args) == 3);
  EXPECT(PANCAR_OK, pancar_args_add_arg(args, args, 1));
  CHECK(pancar_args_len(args) == 4);
  EXPECT(PANCAR_NOT_FOUND, pancar_args_add_arg(args, args, 4));
  pancar_args_free(rest);
  pancar_args_free(args);
}

CASE(names_that_may_not_be) {
  static const char *const RESERVED[] = {"connect", "connect_error", "disconnect", "disconnecting", "newListener",
                                         "removeListener"};
  pancar_server server;
  pancar_namespace ns;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++) {
    EXPECT(PANCAR_INVALID_NAME, pancar_emit(server, pancar_cstr(RESERVED[i]), NULL));
  }
  REFUSED(pancar_of(server, PANCAR_STR("/with,comma"), &ns));
  REFUSED(pancar_of_pattern(server, PANCAR_STR("/room-{"), &ns));
  pancar_server_free(server);
}
