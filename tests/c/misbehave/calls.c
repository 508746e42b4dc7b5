#include "calls.h"

struct counter lent;

/* X(kinds, name, call): `h` is the handle. */
#define PLAIN(X)                                                               \
  X(SERVER, listen, pancar_server_listen(h, HERE, NULL))                       \
  X(SERVER, listen_tls, pancar_server_listen_tls(h, HERE, NAME, NAME, NULL))   \
  X(SERVER, adopt, pancar_server_adopt(h, -1, (pancar_bytes){NULL, 0}))        \
  X(SERVER, run, pancar_server_run(h))                                         \
  X(SERVER, close, pancar_server_close(h))                                     \
  X(SERVER, stats, pancar_server_stats(h, &stats))                             \
  X(SERVER, dispatch, pancar_dispatch(h, 0, 0))                                \
  X(SERVER, dispatch_lane, pancar_dispatch_lane(h, 0, 0, 0))                   \
  X(SERVER, wake_fd, pancar_wake_fd(h, &fd))                                   \
  X(SERVER, wake_fd_lane, pancar_wake_fd_lane(h, 0, &fd))                      \
  X(SERVER, of, pancar_of(h, SPACE_NAME, &made))                               \
  X(SERVER, of_pattern, pancar_of_pattern(h, PATTERN, &made))                  \
  X(SPACE, namespace_name, pancar_namespace_name(h, &text))                    \
  X(SPACE, namespace_counts, pancar_namespace_counts(h, NULL, NULL))           \
  X(SPACE, namespace_find, pancar_namespace_find(h, NAME, &made))              \
  X(SPACE, server_side_emit, pancar_server_side_emit(h, NAME, NULL))           \
  X(ANY, off, pancar_off(h, NAME, on_event, NULL))                             \
  X(ANY, off_any, pancar_off_any(h, on_event, NULL))                           \
  X(ANY, off_any_outgoing, pancar_off_any_outgoing(h, on_event, NULL))         \
  X(ANY, server_of, pancar_server_of(h, &made))                                \
  X(ANY, emit, pancar_emit(h, NAME, NULL))                                     \
  X(ANY, emit_json, pancar_emit_json(h, NAME, ARRAY, NULL, 0))                 \
  X(ANY, target_new, pancar_target_new(h, &target))                            \
  X(SOCKET, target_one, pancar_target_one(h, &target))                         \
  X(SOCKET, ack_send, pancar_ack_send((pancar_ack){h, 1}, NULL))               \
  X(SOCKET, socket_id, pancar_socket_id(h, &text))                             \
  X(SOCKET, socket_namespace, pancar_socket_namespace(h, &made))               \
  X(SOCKET, socket_transport, pancar_socket_transport(h, &text))               \
  X(SOCKET, socket_handshake, pancar_socket_handshake(h, &text))               \
  X(SOCKET, socket_auth, pancar_socket_auth(h, &args))                         \
  X(SOCKET, socket_header, pancar_socket_header(h, NAME, &text))               \
  X(SOCKET, socket_query, pancar_socket_query(h, NAME, &text))                 \
  X(SOCKET, socket_address, pancar_socket_address(h, &text))                   \
  X(SOCKET, socket_join, pancar_socket_join(h, &NAME, 1))                      \
  X(SOCKET, socket_leave, pancar_socket_leave(h, NAME))                        \
  X(SOCKET, socket_rooms, pancar_socket_rooms(h, &list))                       \
  X(SOCKET, socket_disconnect, pancar_socket_disconnect(h, true))              \
  X(SOCKET, socket_set_data, pancar_socket_set_data(h, ARRAY))                 \
  X(SOCKET, socket_data, pancar_socket_data(h, &text))                         \
  X(SOCKET, socket_queued, pancar_socket_queued(h, &size))                     \
  X(TOKEN, accept, pancar_accept(h))                                           \
  X(TOKEN, reject, pancar_reject(h, NAME, NULL))

#define LENDING(X)                                                                       \
  X(ANY, post, pancar_post(h, on_task, &lent, destroyed))                                \
  X(ANY, post_after, pancar_post_after(h, 1, on_task, &lent, destroyed))                 \
  X(SERVER, of_matching, pancar_of_matching(h, matches, &lent, destroyed, &made))        \
  X(SPACE, on_connection, pancar_on_connection(h, on_connection, &lent, destroyed))      \
  X(SPACE, use, pancar_use(h, on_admission, &lent, destroyed))                           \
  X(SPACE, on_server_side, pancar_on_server_side(h, NAME, on_event, &lent, destroyed))   \
  X(ANY, on, pancar_on(h, NAME, on_event, &lent, destroyed))                             \
  X(ANY, once, pancar_once(h, NAME, on_event, &lent, destroyed))                         \
  X(ANY, on_any, pancar_on_any(h, on_event, &lent, destroyed))                           \
  X(ANY, on_any_outgoing, pancar_on_any_outgoing(h, on_event, &lent, destroyed))         \
  X(ANY, use_event, pancar_use_event(h, on_event, &lent, destroyed))                     \
  X(ANY, on_refused, pancar_on_refused(h, on_refused, &lent, destroyed))                 \
  X(ANY, on_disconnecting, pancar_on_disconnecting(h, on_disconnect, &lent, destroyed))  \
  X(ANY, on_disconnect, pancar_on_disconnect(h, on_disconnect, &lent, destroyed))        \
  X(SOCKET, set_user_data, pancar_socket_set_user_data(h, &lent, destroyed))             \
  X(SOCKET, emit_with_ack, pancar_emit_with_ack(h, NAME, NULL, 1, on_ack, &lent, destroyed))

static const pancar_str HERE = {"127.0.0.1:0", 11};
static const pancar_str NAME = {"name", 4};
static const pancar_str SPACE_NAME = {"/name", 5};
static const pancar_str PATTERN = {"/{id}", 5};
static const pancar_str ARRAY = {"[]", 2};

/* Where outputs would go; none may be written. */
static pancar_stats stats = PANCAR_STATS_INIT;
static int fd;
static size_t size;
static pancar_handle made;
static pancar_text *text;
static pancar_list *list;
static pancar_args *args;
static pancar_target *target;

static bool matches(pancar_str name, const pancar_args *auth, void *data) {
  (void)name, (void)auth, (void)data;
  return false;
}

static pancar_status on_admission(pancar_socket socket, pancar_admission *admission, void *data) {
  (void)socket, (void)admission, (void)data;
  return PANCAR_OK;
}

static void on_refused(pancar_socket socket, const pancar_event *event, pancar_str message, const pancar_args *why,
                       void *data) {
  (void)socket, (void)event, (void)message, (void)why, (void)data;
}

static void on_ack(pancar_socket socket, pancar_status status, const pancar_args *answer, void *data) {
  (void)socket, (void)status, (void)answer, (void)data;
}

#define DEFINE(takes, name, call) \
  static pancar_status make_##name(pancar_handle h) { return call; }
#define ENTRY(takes, name, call) {#name, takes, make_##name},
#define ONE(takes, name, call) +1

PLAIN(DEFINE)
LENDING(DEFINE)

const struct call CALLS[] = {PLAIN(ENTRY) LENDING(ENTRY)};
const size_t CALL_COUNT = sizeof CALLS / sizeof *CALLS;
const int LENDERS = LENDING(ONE);
