/* Pancar: a Socket.IO server for C and C++. Version 0.1.0.
 *
 * Generated from ffi-c; see ffi-c/README.md. The documentation of each function is above it.
 *
 * THE CONTRACT
 *
 * Handles. Servers, namespaces, sockets and tokens are 64-bit numbers, 0 is none. They may be copied, kept, compared and used
 * on any thread. None is ever used twice, so a handle whose object is gone is refused (PANCAR_DISCONNECTED for a socket,
 * PANCAR_INVALID_HANDLE otherwise) and never means another object. Only servers are freed. Where a namespace is wanted, a
 * server stands for its namespace "/".
 *
 * Owned objects. Configs, args, targets, texts and lists are pointers. Who gets one by a pointer to a pointer, or from a
 * function that ends in _new, calls its _free once; NULL is fine there. Those that a callback is given, and those behind a
 * pointer to const that a function returns, are borrowed: they live as long as the documentation of the function says.
 *
 * Text and bytes. pancar_str and pancar_bytes are pointer and length. Text is UTF-8 without a NUL at its end; PANCAR_STR("text")
 * and pancar_cstr(text) make one from what C has. What a program gives is read during the call only. What the library gives
 * belongs to it.
 *
 * Parameters come in this order: the object, inputs, outputs, callback, user data, destroy. An output is written only when the
 * call succeeds. Structs that grow begin with their size: begin with their _INIT macro.
 *
 * Statuses. Every function that can fail returns a pancar_status: PANCAR_OK (0), or a number of the list below, to which only ever
 * new ones are added. pancar_last_error() says more, for each thread by itself. NULL, a text that is no UTF-8 and broken JSON
 * are statuses, too. A fault of this library is contained and becomes PANCAR_PANIC.
 *
 * Threads. All functions may be called on any thread, and inside of callbacks. Freeing an owned object, and writing to args or
 * a target, is not to be done while another thread uses it. Callbacks are called inside of dispatch only, on the thread that
 * calls it: pancar_server_run, pancar_dispatch, pancar_dispatch_lane. (The exceptions are the logger, and destroy functions, which
 * may be called on any thread.) All callbacks of one client come one at a time and in order. Nothing waits for the network.
 * Threads of the library receive no signals.
 *
 * Callbacks. They must not throw, longjmp or exit the thread. Any status but PANCAR_OK that a callback of an event or of a connection
 * returns is logged; the server, the socket and all others go on. A callback may do everything: set and take off callbacks,
 * itself among them, disconnect its socket, close or free its server. Dispatching inside of dispatch is refused (PANCAR_BUSY).
 *
 * User data. Where a callback is set, destroy (or NULL) gets the user data once when the callback can no longer be called, also
 * when setting it failed.
 *
 * Versions. PANCAR_ABI_VERSION changes when a function, a number or a struct changes its meaning or goes; new ones come
 * without. pancar_abi_version() is that of the library at hand.
 */

#ifndef PANCAR_H
#define PANCAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PANCAR_VERSION "0.1.0"
#define PANCAR_VERSION_MAJOR 0
#define PANCAR_VERSION_MINOR 1
#define PANCAR_VERSION_PATCH 0

/* A pancar_str of a string literal. */
#ifdef __cplusplus
#define PANCAR_STR(literal) (pancar_str{"" literal, sizeof(literal) - 1})
#else
#define PANCAR_STR(literal) ((pancar_str){"" literal, sizeof(literal) - 1})
#endif

/* What a pancar_stats begins with. */
#define PANCAR_STATS_INIT {sizeof(pancar_stats), 0, 0}

// The number of the interface: it changes when a function, a number or a struct of this header changes its meaning or goes.
// New ones come without a new number.
#define PANCAR_ABI_VERSION 1

// A client that asks to join; lives until the middleware returns.
typedef struct pancar_admission pancar_admission;

// The answers to a broadcast, one for each client; lives until the callback returns.
typedef struct pancar_answers pancar_answers;

// Arguments of an event or of an answer.
//
// Those that a callback is given are read only and live until it returns; `pancar_args_clone` keeps them longer and shares
// their memory. Those that the caller made can be written to as well, and are freed with `pancar_args_free`. A view into
// arguments lives until they are written to or freed.
typedef struct pancar_args pancar_args;

// Options of a server that is to be made. The caller frees them with `pancar_config_free`.
typedef struct pancar_config pancar_config;

// An event; lives until the callback returns that was given it.
typedef struct pancar_event pancar_event;

// Texts that the caller owns, and frees with `pancar_list_free`.
typedef struct pancar_list pancar_list;

// What is known of sockets, on this server and on others; lives until the callback returns.
typedef struct pancar_remotes pancar_remotes;

// Sockets of a namespace, and how something is sent to them: everybody, or the members of rooms, less those of other rooms.
// The caller frees it with `pancar_target_free`. It may be used again and again; the functions that narrow it change it.
typedef struct pancar_target pancar_target;

// A text that the caller owns, and frees with `pancar_text_free`.
typedef struct pancar_text pancar_text;

// What a call came to: `PANCAR_OK`, or why it did nothing. `pancar_last_error` says more.
typedef int32_t pancar_status;

// A piece of UTF-8 text that belongs to somebody else. NULL with length 0 is the empty text.
//
// Given to a function it is read during the call only. What a function returns lives as long as its documentation says, and
// is not NUL-terminated.
typedef struct pancar_str {
    // The first byte.
    const char *data;
    // Number of bytes.
    size_t len;
} pancar_str;

// Why a socket left.
typedef int32_t pancar_reason;

// A piece of memory that belongs to somebody else. NULL with length 0 is the empty piece.
typedef struct pancar_bytes {
    // The first byte.
    const uint8_t *data;
    // Number of bytes.
    size_t len;
} pancar_bytes;

// Of what kind a value is.
typedef int32_t pancar_kind;

// How much it matters what is logged.
typedef int32_t pancar_level;

// Is told what the library has to say, on any thread, several at once. It must not call the library.
typedef void (*pancar_log_fn)(pancar_level level, pancar_str message, void *user_data);

// The number of an object; 0 is none. It is never used for another object, and its object may go at any time: functions then
// refuse it with `PANCAR_DISCONNECTED` (a socket) or `PANCAR_INVALID_HANDLE`.
typedef uint64_t pancar_handle;

// A server. The caller frees it with `pancar_server_free`.
typedef pancar_handle pancar_server;

// Figures of a server, filled by `pancar_server_stats`.
typedef struct pancar_stats {
    // `sizeof(pancar_stats)`, as `PANCAR_STATS_INIT` sets it: fields beyond are not written.
    size_t size;
    // Connections, whatever namespaces they are in.
    size_t clients;
    // Events that wait to be dispatched, in all lanes.
    size_t waiting_events;
} pancar_stats;

// Something to be done inside dispatch.
typedef void (*pancar_task_fn)(void *user_data);

// Is given the user data of a callback once, when that can no longer be called: it was taken off, its one call has been
// made, its socket or server is gone, or registering it failed. On whatever thread that happens.
typedef void (*pancar_destroy_fn)(void *user_data);

// A namespace. Where one is wanted, a server stands for its namespace `/`.
typedef pancar_handle pancar_namespace;

// Whether a dynamic namespace takes a name. `auth` is one argument, the credentials of the client.
typedef bool (*pancar_match_fn)(pancar_str name, const pancar_args *auth, void *user_data);

// One client in one namespace.
typedef pancar_handle pancar_socket;

// A socket has joined.
typedef pancar_status (*pancar_connection_fn)(pancar_socket socket, void *user_data);

// A client asks to join: `PANCAR_OK` lets it go on, `pancar_admission_reject` refuses, `pancar_admission_defer` decides later.
// Any other status refuses with the message `Internal server error` and is logged.
typedef pancar_status (*pancar_middleware_fn)(pancar_socket socket,
                                              pancar_admission *admission,
                                              void *user_data);

// An event: from a client, to one (`pancar_on_any_outgoing`), or from another server, where `socket` is 0.
typedef pancar_status (*pancar_event_fn)(pancar_socket socket,
                                         const pancar_event *event,
                                         void *user_data);

// A middleware refused an event. `data` is NULL when it gave none.
typedef void (*pancar_refused_fn)(pancar_socket socket,
                                  const pancar_event *event,
                                  pancar_str message,
                                  const pancar_args *data,
                                  void *user_data);

// A socket leaves or has left. `detail` says more than the reason, for people; it may be empty.
typedef void (*pancar_disconnect_fn)(pancar_socket socket,
                                     pancar_reason reason,
                                     pancar_str detail,
                                     void *user_data);

// How a client that wants an answer gets it: a plain value that may be copied and kept. With `socket` 0 none is wanted.
typedef struct pancar_ack {
    // Who asked.
    pancar_socket socket;
    // The number of the question.
    uint64_t id;
} pancar_ack;

// A decision that is still to be made.
typedef pancar_handle pancar_token;

// The answer of a client: `PANCAR_OK` with its arguments, or `PANCAR_TIMEOUT`, `PANCAR_DISCONNECTED` with NULL.
typedef void (*pancar_ack_fn)(pancar_socket socket,
                              pancar_status status,
                              const pancar_args *answer,
                              void *user_data);

// The answers of many clients, one for each.
typedef void (*pancar_answers_fn)(const pancar_answers *answers, void *user_data);

// What is known of sockets; NULL unless `PANCAR_OK`.
typedef void (*pancar_remotes_fn)(pancar_status status, const pancar_remotes *found, void *user_data);

// Done.
#define PANCAR_OK 0

// An option has a value that is not allowed. The last error names option, value and what is allowed.
#define PANCAR_INVALID_OPTION 1

// A name (of an event, a namespace or a room) that may not be used.
#define PANCAR_INVALID_NAME 2

// A value that could not be written as JSON, or a text that is no JSON.
#define PANCAR_ENCODE 3

// A value that does not have the expected shape.
#define PANCAR_DECODE 4

// The socket is gone, or went while an answer was awaited.
#define PANCAR_DISCONNECTED 5

// Nobody answered in time, or nothing came.
#define PANCAR_TIMEOUT 6

// A limit of the options was reached.
#define PANCAR_LIMIT_EXCEEDED 7

// The server is closed.
#define PANCAR_CLOSED 8

// The operating system refused.
#define PANCAR_IO 9

// Certificate or key cannot be used.
#define PANCAR_TLS 10

// A request to the other servers of the cluster failed.
#define PANCAR_ADAPTER 11

// A middleware refused.
#define PANCAR_REFUSED 12

// A fault of this library. It was contained; please report it.
#define PANCAR_PANIC 100

// An argument that must not be NULL is.
#define PANCAR_NULL_ARGUMENT 101

// A handle that never was one of the right kind, or whose object is gone.
#define PANCAR_INVALID_HANDLE 102

// A text is not UTF-8.
#define PANCAR_INVALID_UTF8 103

// An argument has a value that makes no sense here.
#define PANCAR_INVALID_ARGUMENT 104

// There is such a value, but it is of another kind: no string, no number and so on.
#define PANCAR_WRONG_TYPE 105

// There is no such argument, key, header or socket.
#define PANCAR_NOT_FOUND 106

// The lane is being dispatched already: further up on this thread, or on another.
#define PANCAR_BUSY 107

// Returned by a middleware that decides later.
#define PANCAR_PENDING 108

// Returned by a callback that failed; see `pancar_fail`.
#define PANCAR_FAILED 109

// The connection broke.
#define PANCAR_REASON_TRANSPORT_ERROR 1

// The client closed the connection.
#define PANCAR_REASON_TRANSPORT_CLOSE 2

// The server closed the connection of this client.
#define PANCAR_REASON_FORCED_CLOSE 3

// The server closed a client that was in no legal state.
#define PANCAR_REASON_FORCED_SERVER_CLOSE 4

// The client did not answer a ping in time.
#define PANCAR_REASON_PING_TIMEOUT 5

// The client sent something that is no legal packet.
#define PANCAR_REASON_PARSE_ERROR 6

// The server is closing.
#define PANCAR_REASON_SERVER_SHUTTING_DOWN 7

// The client left the namespace.
#define PANCAR_REASON_CLIENT_NAMESPACE_DISCONNECT 8

// The server disconnected the socket from the namespace.
#define PANCAR_REASON_SERVER_NAMESPACE_DISCONNECT 9

// The client sent a message larger than the option `max_http_buffer_size`.
#define PANCAR_REASON_PAYLOAD_TOO_LARGE 10

// The client did not read what was sent to it, and the queue passed its limit.
#define PANCAR_REASON_SLOW_CONSUMER 11

// The client went past a limit that is not one of size.
#define PANCAR_REASON_POLICY_VIOLATION 12

// There is no such value.
#define PANCAR_KIND_MISSING 0

// Null.
#define PANCAR_KIND_NULL 1

// True or false.
#define PANCAR_KIND_BOOL 2

// A number.
#define PANCAR_KIND_NUMBER 3

// A string.
#define PANCAR_KIND_STRING 4

// An array.
#define PANCAR_KIND_ARRAY 5

// An object.
#define PANCAR_KIND_OBJECT 6

// Bytes.
#define PANCAR_KIND_BINARY 7

// Something failed.
#define PANCAR_LEVEL_ERROR 1

// Something may be wrong.
#define PANCAR_LEVEL_WARN 2

// Something worth knowing.
#define PANCAR_LEVEL_INFO 3

// What helps to find a fault.
#define PANCAR_LEVEL_DEBUG 4

// Everything.
#define PANCAR_LEVEL_TRACE 5

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Why the last failed call on the calling thread failed: NUL-terminated UTF-8, the empty text when none failed yet. It is
// valid until the next call on this thread that fails; calls that succeed leave it alone.
const char *pancar_last_error(void);

// For callbacks: makes `message` the last error of the thread and returns `PANCAR_FAILED`, so that a callback can say
// `return pancar_fail(...)`. What a callback returns is logged and harms nobody. Any thread.
pancar_status pancar_fail(pancar_str message);

// A status in a few words, NUL-terminated, with static life. Any thread.
const char *pancar_status_text(pancar_status status);

// A reason in the words of the official server where it has the same reason, such as `transport close`; NUL-terminated,
// with static life. Any thread.
const char *pancar_reason_text(pancar_reason reason);

// A NUL-terminated text as a view; NULL is the empty text. The view lives as long as the text. Any thread.
pancar_str pancar_cstr(const char *text);

// No arguments, to be written to. The caller frees them.
pancar_args *pancar_args_new(void);

// Arguments from a JSON array, such as `["a",1]`, and attachments, which are copied. Where a value is binary the text holds
// `{"_placeholder":true,"num":k}` for the k-th attachment. The caller frees what is written to `args`.
//
// Errors: `PANCAR_ENCODE` for what is no JSON array, or names an attachment that is not there. (Where there is none at all such an
// object is an object like others.)
pancar_status pancar_args_from_json(pancar_str json_array,
                                    const pancar_bytes *attachments,
                                    size_t count,
                                    pancar_args **args);

// The same arguments once more, with a life of their own: how a callback keeps what it was given. Memory is shared. The
// caller frees what is written to `clone`.
pancar_status pancar_args_clone(const pancar_args *args,
                                pancar_args **clone);

// The arguments without the first `count`. The caller frees what is written to `rest`.
pancar_status pancar_args_skip(const pancar_args *args, size_t count, pancar_args **rest);

// Frees arguments that the caller owns. NULL does nothing.
void pancar_args_free(pancar_args *args);

// Number of arguments; NULL has none.
size_t pancar_args_len(const pancar_args *args);

// The kind of an argument: `PANCAR_KIND_MISSING` where there is none.
pancar_kind pancar_args_kind(const pancar_args *args, size_t index);

// A string, with its escapes resolved. The view lives as long as the arguments.
//
// Errors: `PANCAR_NOT_FOUND` past the last argument, `PANCAR_WRONG_TYPE` for another kind. So with all readers.
pancar_status pancar_args_str(const pancar_args *args,
                              size_t index,
                              pancar_str *value);

// A whole number. One that is written with a fraction or an exponent is accepted when it is whole.
//
// Errors: as `pancar_args_str`, and `PANCAR_WRONG_TYPE` for numbers that no `int64_t` holds.
pancar_status pancar_args_i64(const pancar_args *args, size_t index, int64_t *value);

// A number.
//
// Errors: as `pancar_args_str`.
pancar_status pancar_args_f64(const pancar_args *args, size_t index, double *value);

// True or false.
//
// Errors: as `pancar_args_str`.
pancar_status pancar_args_bool(const pancar_args *args, size_t index, bool *value);

// Bytes. The view lives as long as the arguments.
//
// Errors: as `pancar_args_str`.
pancar_status pancar_args_bytes(const pancar_args *args, size_t index, pancar_bytes *value);

// The JSON text of an argument of any kind, as it was written; binary in it is a placeholder. The view lives as long as the
// arguments.
//
// Errors: `PANCAR_NOT_FOUND` past the last argument.
pancar_status pancar_args_json(const pancar_args *args,
                               size_t index,
                               pancar_str *value);

// The items of an array, as arguments that live as long as the whole and are not freed.
//
// Errors: as `pancar_args_str`.
pancar_status pancar_args_items(const pancar_args *args,
                                size_t index,
                                const pancar_args **value);

// A field of an object, as a single argument that lives as long as the whole and is not freed.
//
// Errors: as `pancar_args_str`, and `PANCAR_NOT_FOUND` where there is no such key.
pancar_status pancar_args_get(const pancar_args *args,
                              size_t index,
                              pancar_str key,
                              const pancar_args **value);

// All arguments as the text of one JSON array; binary is a placeholder. The caller frees what is written to `json`.
pancar_status pancar_args_to_json(const pancar_args *args,
                                  pancar_text **json);

// Number of attachments: all that is binary, at whatever depth; NULL has none.
size_t pancar_args_attachments(const pancar_args *args);

// An attachment by the number in its placeholder. The view lives as long as the arguments.
//
// Errors: `PANCAR_NOT_FOUND` past the last one.
pancar_status pancar_args_attachment(const pancar_args *args,
                                     size_t index,
                                     pancar_bytes *value);

// Adds a string.
//
// Errors: `PANCAR_ENCODE` where no value may stand: in an object before a key. So with all that adds. The first failure sticks:
// whatever is done with the arguments from then on gives its status, so that one check is enough for a row of writes, such
// as that of the `pancar_emit` which follows.
pancar_status pancar_args_add_str(pancar_args *args,
                                  pancar_str value);

// Adds a whole number. JavaScript reads those beyond 2^53 inexactly.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_add_i64(pancar_args *args, int64_t value);

// Adds a number.
//
// Errors: as `pancar_args_add_str`, and `PANCAR_ENCODE` for infinities and NaN, which JSON does not have.
pancar_status pancar_args_add_f64(pancar_args *args, double value);

// Adds true or false.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_add_bool(pancar_args *args, bool value);

// Adds null.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_add_null(pancar_args *args);

// Adds bytes, which are copied and become an attachment.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_add_bytes(pancar_args *args, pancar_bytes value);

// Adds one value as JSON text.
//
// Errors: as `pancar_args_add_str`, and `PANCAR_ENCODE` for what is not exactly one JSON value.
pancar_status pancar_args_add_json(pancar_args *args, pancar_str json);

// Adds an argument of others, with all that is binary in it.
//
// Errors: as `pancar_args_add_str`, and `PANCAR_NOT_FOUND` where `from` has no such argument.
pancar_status pancar_args_add_arg(pancar_args *args, const pancar_args *from, size_t index);

// Begins an array: what is added next are its items, up to `pancar_args_end_array`.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_begin_array(pancar_args *args);

// Ends the array that began last.
//
// Errors: `PANCAR_ENCODE` when that is no array.
pancar_status pancar_args_end_array(pancar_args *args);

// Begins an object: a key and a value follow in turn, up to `pancar_args_end_object`.
//
// Errors: as `pancar_args_add_str`.
pancar_status pancar_args_begin_object(pancar_args *args);

// The key of the value that is added next.
//
// Errors: `PANCAR_ENCODE` outside of an object, and behind another key.
pancar_status pancar_args_key(pancar_args *args, pancar_str key);

// Ends the object that began last.
//
// Errors: `PANCAR_ENCODE` when that is no object, or when a key still waits for its value.
pancar_status pancar_args_end_object(pancar_args *args);

// The text as a view that lives until it is freed; NULL gives the empty one.
pancar_str pancar_text_str(const pancar_text *text);

// The text NUL-terminated, until it is freed; NULL gives the empty one. For C a text that holds a NUL ends there; the view
// has all of it.
const char *pancar_text_cstr(const pancar_text *text);

// Frees a text. NULL does nothing.
void pancar_text_free(pancar_text *text);

// Number of texts; NULL has none.
size_t pancar_list_len(const pancar_list *list);

// A text of the list as a view that lives until the list is freed; empty past the end.
pancar_str pancar_list_at(const pancar_list *list, size_t index);

// All texts of the list side by side, as other functions take rooms; they live until the list is freed. NULL where there is none.
const pancar_str *pancar_list_items(const pancar_list *list);

// Frees a list. NULL does nothing.
void pancar_list_free(pancar_list *list);

// All options at their defaults. The caller frees them.
pancar_config *pancar_config_new(void);

// Frees options. NULL does nothing.
void pancar_config_free(pancar_config *config);

// Sets an option. Names are those of the documentation, in snake case or camel case, such as `ping_interval`; values are
// JSON, and what is no JSON is a string. Durations are milliseconds, sizes bytes.
//
// Errors: `PANCAR_INVALID_OPTION`, and nothing changes; the last error names option, value and what is allowed.
pancar_status pancar_config_set(pancar_config *config,
                                pancar_str name,
                                pancar_str value);

// On how many threads the program will dispatch, 1 by default; see `pancar_dispatch_lane`. 0 means as many as the server has
// threads of its own (option `workers`, by default one for each core): with so many or more `pancar_server_run` is at its fastest.
//
// Errors: `PANCAR_INVALID_ARGUMENT` for more than 1024.
pancar_status pancar_config_set_lanes(pancar_config *config,
                                      size_t lanes);

// Sets what is told what the library has to say, up to a level: failed callbacks among it, which are errors. Once in the life
// of the process; without it nothing is logged.
//
// Errors: `PANCAR_INVALID_ARGUMENT` the second time, and for a level that there is not.
pancar_status pancar_set_logger(pancar_level most,
                                pancar_log_fn log,
                                void *user_data);

// Makes a server, which listens nowhere yet. NULL for `config` means all defaults; it is read during the call. The caller
// frees the server with `pancar_server_free`.
//
// Errors: `PANCAR_INVALID_OPTION` for options that do not go together.
pancar_status pancar_server_new(const pancar_config *config,
                                pancar_server *server);

// Frees a server and everything in it; no callback is called any more, all user data are destroyed. A server that has not
// been closed is closed first: clients are told. The call waits for that, up to the option `close_timeout`, and for callbacks
// that run on other threads. Inside of a callback it does not wait: dispatch returns `PANCAR_CLOSED` after that callback, and
// user data are destroyed before it returns. 0, and a handle that has been freed, do nothing.
void pancar_server_free(pancar_server server);

// Listens on an address: `127.0.0.1:3000`, `[::1]:0`, or `unix:` and a path. Port 0 is any free one; the port that was
// bound goes to `port`, which may be NULL (0 for a Unix socket). A server may listen on several addresses.
//
// Errors: `PANCAR_INVALID_OPTION` for what is no address, `PANCAR_IO` when it cannot be had, `PANCAR_CLOSED`.
pancar_status pancar_server_listen(pancar_server server,
                                   pancar_str address,
                                   uint16_t *port);

// Listens on a TCP address with TLS, for `https` and `wss`. Certificates and key are PEM; the chain begins with the server's
// own certificate. Otherwise as `pancar_server_listen`.
//
// Errors: as there, and `PANCAR_TLS` for certificates or a key that cannot be used.
pancar_status pancar_server_listen_tls(pancar_server server,
                                       pancar_str address,
                                       pancar_str certificates_pem,
                                       pancar_str key_pem,
                                       uint16_t *port);

// Hands over a TCP connection that the program accepted, with the bytes of HTTP that it has read from it already, and serves
// it at full speed: so a program can serve pages of its own on the same port. On success `fd` belongs to the server.
//
// Errors: `PANCAR_IO` when it is no connected socket, `PANCAR_CLOSED`; `fd` then still belongs to the caller.
pancar_status pancar_server_adopt(pancar_server server,
                                  int32_t fd,
                                  pancar_bytes read_already);

// Closes the server: it stops accepting, tells every client, and sends what waits, up to the option `close_timeout`. Returns
// at once; when all has been dispatched `pancar_server_run` returns, and dispatch `PANCAR_CLOSED`. Closing twice is no error. Any
// thread.
pancar_status pancar_server_close(pancar_server server);

// On how many threads the program may dispatch: the number of lanes. 0 for a handle that has been freed.
size_t pancar_server_lanes(pancar_server server);

// Writes figures of the server to `stats`, whose `size` must be set: begin with `PANCAR_STATS_INIT`.
//
// Errors: `PANCAR_INVALID_ARGUMENT` when the size is none of a version of the struct.
pancar_status pancar_server_stats(pancar_server server, pancar_stats *stats);

// Calls a task inside dispatch: on the lane of a socket, else on the first one. In order with the events of that lane. This is
// how another thread of a program gets something done where its callbacks run.
pancar_status pancar_post(pancar_handle at,
                          pancar_task_fn task,
                          void *user_data,
                          pancar_destroy_fn destroy);

// As `pancar_post`, when a delay (milliseconds) is over. A server that closes before that destroys the user data and does not
// call.
pancar_status pancar_post_after(pancar_handle at,
                                uint64_t delay_ms,
                                pancar_task_fn task,
                                void *user_data,
                                pancar_destroy_fn destroy);

// The server of a socket or of a namespace.
pancar_status pancar_server_of(pancar_handle of, pancar_server *server);

// The number of the interface, `PANCAR_ABI_VERSION` of the header that it was built with.
uint32_t pancar_abi_version(void);

// The version of the library, NUL-terminated, with static life.
const char *pancar_version(void);

// Takes what waits, up to `max_events` (0: all that waits), and calls the callbacks on this thread. When nothing waits it
// waits for up to `timeout_ms` milliseconds; 0 does not wait, a negative one waits without end.
//
// Returns `PANCAR_OK` when it handled something, `PANCAR_TIMEOUT` when nothing came, `PANCAR_CLOSED` when the server has closed and
// everything has been handled. Errors: `PANCAR_BUSY` inside of a callback, and while another thread dispatches.
pancar_status pancar_dispatch(pancar_server server,
                              size_t max_events,
                              int64_t timeout_ms);

// As `pancar_dispatch`, for one of several lanes (see `pancar_config_set_lanes`), so that callbacks run on as many threads. All
// callbacks of a socket, and of all sockets of the same connection, are called by the same lane and in order; what
// concerns no socket by lane 0.
//
// Errors: as there, and `PANCAR_NOT_FOUND` where there is no such lane.
pancar_status pancar_dispatch_lane(pancar_server server,
                                   size_t lane,
                                   size_t max_events,
                                   int64_t timeout_ms);

// A file descriptor that is readable while events wait, for `epoll`, `poll` or any other loop: call `pancar_dispatch` with
// `timeout_ms` 0 when it is. It belongs to the server; do not read from it.
//
// Errors: `PANCAR_IO` when the system has none left.
pancar_status pancar_wake_fd(pancar_server server,
                             int32_t *fd);

// As `pancar_wake_fd`, for one of several lanes.
pancar_status pancar_wake_fd_lane(pancar_server server, size_t lane, int32_t *fd);

// Dispatches until the server has closed: the first lane on this thread, others on threads of their own. Returns `PANCAR_OK`
// then; a server that was closed or freed before returns at once.
//
// When the server listens already and has as many lanes as workers or more, these threads serve the network as well, each for
// the clients whose callbacks it calls: an event then never changes threads, which is the fastest way. A callback that blocks
// keeps those clients waiting.
//
// Errors: `PANCAR_BUSY` inside of a callback, and while another thread dispatches; `PANCAR_IO` when threads cannot be had.
pancar_status pancar_server_run(pancar_server server);

// The namespace of a name, made where there is none. The handle lives as long as the server.
//
// Errors: `PANCAR_INVALID_NAME` for a name that no client could send; it begins with `/`.
pancar_status pancar_of(pancar_server server, pancar_str name, pancar_namespace *ns);

// A dynamic namespace: every name of a pattern, such as `/room-{id}`, where `{…}` stands for one or more characters other
// than `/`. A namespace is made when the first client asks for it, and has all callbacks that were set on `ns`; it is
// `pancar_event_namespace` or `pancar_socket_namespace` that tell which one it is.
//
// Errors: `PANCAR_INVALID_NAME` for what is no pattern.
pancar_status pancar_of_pattern(pancar_server server,
                                pancar_str pattern,
                                pancar_namespace *ns);

// A dynamic namespace whose names a callback knows; see `pancar_of_pattern`. The callback is called inside dispatch (lane 0)
// for every name that no namespace has.
pancar_status pancar_of_matching(pancar_server server,
                                 pancar_match_fn callback,
                                 void *user_data,
                                 pancar_destroy_fn destroy,
                                 pancar_namespace *ns);

// The name of a namespace. The caller frees what is written to `name`.
pancar_status pancar_namespace_name(pancar_namespace ns, pancar_text **name);

// Number of sockets and of rooms of this server, the room of each socket's own included. Either place may be NULL.
pancar_status pancar_namespace_counts(pancar_namespace ns,
                                      size_t *sockets,
                                      size_t *rooms);

// The socket of an id, on this server.
//
// Errors: `PANCAR_NOT_FOUND` where there is none.
pancar_status pancar_namespace_find(pancar_namespace ns, pancar_str id, pancar_socket *socket);

// Calls back for every socket that joins a namespace, before the client can know that it joined: what the callback sets on the
// socket misses no event.
//
// With this as with all that sets a callback: `destroy` (NULL where nothing is to be done) gets `user_data` once when the
// callback can no longer be called, also when this call fails. Several callbacks are called in the order in which they were set.
// Any thread.
pancar_status pancar_on_connection(pancar_namespace ns,
                                   pancar_connection_fn callback,
                                   void *user_data,
                                   pancar_destroy_fn destroy);

// Adds a middleware that decides who may join a namespace; see `pancar_middleware_fn`. In it the socket has its handshake, data
// and user data, but is not connected yet. Middlewares are asked in the order in which they were added, up to the first
// that refuses.
pancar_status pancar_use(pancar_namespace ns,
                         pancar_middleware_fn callback,
                         void *user_data,
                         pancar_destroy_fn destroy);

// Calls back for an event of a socket, or of all sockets of a namespace. On the namespace it costs nothing per socket.
//
// Errors: `PANCAR_INVALID_NAME` for `connect`, `connect_error`, `disconnect` and `disconnecting`, for which there are functions of
// their own.
pancar_status pancar_on(pancar_handle on,
                        pancar_str event,
                        pancar_event_fn callback,
                        void *user_data,
                        pancar_destroy_fn destroy);

// As `pancar_on`, for one event: the first that comes. On a namespace that is the first of all its sockets.
pancar_status pancar_once(pancar_handle on,
                          pancar_str event,
                          pancar_event_fn callback,
                          void *user_data,
                          pancar_destroy_fn destroy);

// Takes off the callbacks of an event that were set with this function and this user data; with NULL as function all of the
// event. They are not called any more, and their user data are destroyed: at once, or when the event at hand has been handled.
//
// Errors: `PANCAR_NOT_FOUND` where there was none.
pancar_status pancar_off(pancar_handle on,
                         pancar_str event,
                         pancar_event_fn callback,
                         void *user_data);

// Calls back for every event of a client, before middlewares and other callbacks; also for those that nobody else wants.
pancar_status pancar_on_any(pancar_handle on,
                            pancar_event_fn callback,
                            void *user_data,
                            pancar_destroy_fn destroy);

// Takes off what `pancar_on_any` set, as `pancar_off`.
pancar_status pancar_off_any(pancar_handle on, pancar_event_fn callback, void *user_data);

// Calls back for every event that was sent to a socket, broadcasts included, answers not.
pancar_status pancar_on_any_outgoing(pancar_handle on,
                                     pancar_event_fn callback,
                                     void *user_data,
                                     pancar_destroy_fn destroy);

// Takes off what `pancar_on_any_outgoing` set, as `pancar_off`.
pancar_status pancar_off_any_outgoing(pancar_handle on, pancar_event_fn callback, void *user_data);

// Adds a middleware that every event of a client passes before its callbacks: `PANCAR_OK` lets it pass, `pancar_event_refuse` refuses
// it. Any other status refuses it with the message `Internal server error` and is logged.
pancar_status pancar_use_event(pancar_handle on,
                               pancar_event_fn callback,
                               void *user_data,
                               pancar_destroy_fn destroy);

// Calls back for every event that a middleware of `pancar_use_event` refused.
pancar_status pancar_on_refused(pancar_handle on,
                                pancar_refused_fn callback,
                                void *user_data,
                                pancar_destroy_fn destroy);

// Calls back when a socket is about to leave its rooms, which `pancar_socket_rooms` then still tells.
pancar_status pancar_on_disconnecting(pancar_handle on,
                                      pancar_disconnect_fn callback,
                                      void *user_data,
                                      pancar_destroy_fn destroy);

// Calls back when a socket has left. When all callbacks have returned its handle is refused, and its user data are destroyed.
pancar_status pancar_on_disconnect(pancar_handle on,
                                   pancar_disconnect_fn callback,
                                   void *user_data,
                                   pancar_destroy_fn destroy);

// Calls back for an event that another server of the cluster sends with `pancar_server_side_emit`; `socket` is 0 then. One
// callback for each event: the last that was set. An answer is given inside the callback, with `pancar_ack_send`.
pancar_status pancar_on_server_side(pancar_namespace ns,
                                    pancar_str event,
                                    pancar_event_fn callback,
                                    void *user_data,
                                    pancar_destroy_fn destroy);

// The name of the event, for the time of the callback.
pancar_str pancar_event_name(const pancar_event *event);

// The arguments of the event, for the time of the callback; never NULL for an event.
const pancar_args *pancar_event_args(const pancar_event *event);

// The way to answer the event; `socket` is 0 when the client wants no answer.
pancar_ack pancar_event_ack(const pancar_event *event);

// The namespace of the event; 0 for NULL.
pancar_namespace pancar_event_namespace(const pancar_event *event);

// Refuses an event, in a callback of `pancar_use_event`: `return pancar_event_refuse(...)`. Those of `pancar_on_refused` get
// the message and, where given, the first argument of `data`; the listeners of the event are not called.
//
// Returns `PANCAR_REFUSED`; another status says that it could not be done.
pancar_status pancar_event_refuse(const pancar_event *event,
                                  pancar_str message,
                                  const pancar_args *data);

// Answers an event, once, from any thread, inside the callback or later. NULL is an answer without arguments. Where no answer
// is wanted it does nothing and is `PANCAR_OK`; an event of another server is answered inside its callback only.
//
// Errors: `PANCAR_DISCONNECTED` when the client has gone.
pancar_status pancar_ack_send(pancar_ack ack,
                              const pancar_args *args);

// Refuses the client, in a middleware: `return pancar_admission_reject(...)`. The client gets the message and, where given, the
// first argument of `data`, which holds no binary.
//
// Returns `PANCAR_REFUSED`; another status says that it could not be done.
pancar_status pancar_admission_reject(pancar_admission *admission,
                                      pancar_str message,
                                      const pancar_args *data);

// Decides later, in a middleware: `return pancar_admission_defer(...)`. The token is to be answered once, with `pancar_accept` or
// `pancar_reject`, from any thread, even before the middleware returns. Until then the client waits.
//
// Returns `PANCAR_PENDING`; another status says that it could not be done.
pancar_status pancar_admission_defer(pancar_admission *admission,
                                     pancar_token *token);

// Lets in the client of a token; further middlewares are asked before.
//
// Errors: `PANCAR_DISCONNECTED` when it has gone meanwhile, `PANCAR_INVALID_HANDLE` for a token that has been answered.
pancar_status pancar_accept(pancar_token token);

// Refuses the client of a token, as `pancar_admission_reject`.
//
// Errors: as `pancar_accept`; the token is used up when message and data are in order.
pancar_status pancar_reject(pancar_token token, pancar_str message, const pancar_args *data);

// Sends an event to a socket, or to all sockets of a namespace (on all servers of a cluster). NULL is no arguments. Never waits
// for the network: what is sent inside dispatch leaves when the batch of events has been handled. Any thread.
//
// Errors: `PANCAR_INVALID_NAME` for a reserved name such as `connect`, `PANCAR_DISCONNECTED` when the socket is gone.
pancar_status pancar_emit(pancar_handle to,
                          pancar_str event,
                          const pancar_args *args);

// As `pancar_emit`, with the arguments as a JSON array and attachments; see `pancar_args_from_json`.
//
// Errors: as there and as `pancar_emit`.
pancar_status pancar_emit_json(pancar_handle to,
                               pancar_str event,
                               pancar_str json_array,
                               const pancar_bytes *attachments,
                               size_t count);

// Sends an event to a socket and calls back once, inside dispatch: with the answer, when `timeout_ms` milliseconds are over, or
// as soon as the client is gone. 0 takes the option `ack_timeout`, which waits without end by default.
//
// Errors: as `pancar_emit`, and `PANCAR_LIMIT_EXCEEDED` past the option `max_acks_per_socket`; the callback is then not called.
pancar_status pancar_emit_with_ack(pancar_socket to,
                                   pancar_str event,
                                   const pancar_args *args,
                                   uint64_t timeout_ms,
                                   pancar_ack_fn callback,
                                   void *user_data,
                                   pancar_destroy_fn destroy);

// Sends an event to the programs on the other servers of the cluster, not to clients; see `pancar_on_server_side`.
pancar_status pancar_server_side_emit(pancar_namespace ns,
                                      pancar_str event,
                                      const pancar_args *args);

// Everybody in a namespace; from a socket everybody else in its namespace. The caller frees what is written to `target`.
pancar_status pancar_target_new(pancar_handle from,
                                pancar_target **target);

// One socket, for what is sent to it in another way than `pancar_emit` does. The caller frees what is written to `target`.
pancar_status pancar_target_one(pancar_socket socket,
                                pancar_target **target);

// The same once more, to be changed independently. The caller frees what is written to `clone`.
pancar_status pancar_target_clone(const pancar_target *target, pancar_target **clone);

// Frees a target. NULL does nothing.
void pancar_target_free(pancar_target *target);

// Adds the members of a room; without any room everybody is meant. The id of a socket is a room, too.
pancar_status pancar_target_to(pancar_target *target, pancar_str room);

// Leaves out the members of a room.
pancar_status pancar_target_except(pancar_target *target, pancar_str room);

// Only clients of this server.
pancar_status pancar_target_local(pancar_target *target);

// What is sent may be lost where a client cannot take it now.
pancar_status pancar_target_volatile(pancar_target *target);

// Whether what is sent may be compressed; it may by default.
pancar_status pancar_target_compress(pancar_target *target, bool compress);

// How long answers are waited for, in milliseconds; 0 takes the option `ack_timeout`.
pancar_status pancar_target_timeout(pancar_target *target, uint64_t timeout_ms);

// Sends an event, as `pancar_emit`.
pancar_status pancar_target_emit(const pancar_target *target,
                                 pancar_str event,
                                 const pancar_args *args);

// Sends an event and calls back once, inside dispatch, when every client has answered, timed out or left; each has its own
// result. The callback is called on the lane that this was called in, else on the first.
//
// Errors: `PANCAR_INVALID_NAME` for a reserved name; the callback is then not called.
pancar_status pancar_target_emit_with_ack(const pancar_target *target,
                                          pancar_str event,
                                          const pancar_args *args,
                                          pancar_answers_fn callback,
                                          void *user_data,
                                          pancar_destroy_fn destroy);

// Puts the sockets into rooms.
//
// Errors: the first of a socket, see `pancar_socket_join`; those that can have joined.
pancar_status pancar_target_join(const pancar_target *target,
                                 const pancar_str *rooms,
                                 size_t count);

// Takes the sockets out of rooms.
pancar_status pancar_target_leave(const pancar_target *target,
                                  const pancar_str *rooms,
                                  size_t count);

// Disconnects the sockets; with `close` their connections end, with their sockets in all namespaces.
pancar_status pancar_target_disconnect(const pancar_target *target, bool close);

// Asks what is known of the sockets, on all servers of a cluster, and calls back once, inside dispatch, on the lane that this
// was called in, else on the first.
pancar_status pancar_target_fetch(const pancar_target *target,
                                  pancar_remotes_fn callback,
                                  void *user_data,
                                  pancar_destroy_fn destroy);

// Number of clients that were asked; NULL has none.
size_t pancar_answers_len(const pancar_answers *answers);

// The id of the client; empty past the end.
pancar_str pancar_answers_id(const pancar_answers *answers, size_t index);

// How the client answered: `PANCAR_OK`, `PANCAR_TIMEOUT`, `PANCAR_DISCONNECTED`; `PANCAR_NOT_FOUND` past the end.
pancar_status pancar_answers_status(const pancar_answers *answers,
                                    size_t index);

// The arguments of the answer; NULL unless its status is `PANCAR_OK`.
const pancar_args *pancar_answers_args(const pancar_answers *answers, size_t index);

// Number of sockets; NULL has none.
size_t pancar_remotes_len(const pancar_remotes *remotes);

// The id of a socket; empty past the end.
pancar_str pancar_remotes_id(const pancar_remotes *remotes, size_t index);

// Number of rooms that a socket is in, its own one among them; 0 past the end.
size_t pancar_remotes_room_count(const pancar_remotes *remotes, size_t index);

// A room of a socket; empty past the end.
pancar_str pancar_remotes_room(const pancar_remotes *remotes, size_t index, size_t room);

// The data of a socket as JSON text; empty past the end.
pancar_str pancar_remotes_data(const pancar_remotes *remotes, size_t index);

// The handshake of a socket as JSON text, see `pancar_socket_handshake`; empty past the end.
pancar_str pancar_remotes_handshake(const pancar_remotes *remotes, size_t index);

// The id that others may know. The caller frees what is written to `id`.
//
// Errors, here and in all functions of a socket: `PANCAR_DISCONNECTED` when it is gone, which it is once the callbacks of
// `pancar_on_disconnect` have returned. (With the option `connection_state_recovery` a client that may come back can still be
// sent to: it gets that when it is back.) Any thread, likewise in all.
pancar_status pancar_socket_id(pancar_socket socket,
                               pancar_text **id);

// The namespace.
pancar_status pancar_socket_namespace(pancar_socket socket, pancar_namespace *ns);

// Whether the socket has joined and not left.
bool pancar_socket_connected(pancar_socket socket);

// Whether the socket continues an earlier session, see the option `connection_state_recovery`.
bool pancar_socket_recovered(pancar_socket socket);

// The transport in use: `polling` or `websocket`. The caller frees what is written to `transport`.
pancar_status pancar_socket_transport(pancar_socket socket, pancar_text **transport);

// The handshake as a JSON object in the form of the official server: `headers`, `time`, `address`, `xdomain`, `secure`,
// `issued` (milliseconds since 1970), `url`, `query`, `auth`. The caller frees what is written to `json`.
pancar_status pancar_socket_handshake(pancar_socket socket,
                                      pancar_text **json);

// The credentials that the client sent, as the only argument; `{}` when it sent none. The caller frees what is written to
// `auth`.
pancar_status pancar_socket_auth(pancar_socket socket,
                                 pancar_args **auth);

// A header of the request that opened the connection; the case of its name does not matter. The caller frees what is
// written to `value`.
//
// Errors: `PANCAR_NOT_FOUND` where there is none.
pancar_status pancar_socket_header(pancar_socket socket,
                                   pancar_str name,
                                   pancar_text **value);

// A parameter of the query of the request that opened the connection. The caller frees what is written to `value`.
//
// Errors: `PANCAR_NOT_FOUND` where there is none.
pancar_status pancar_socket_query(pancar_socket socket,
                                  pancar_str name,
                                  pancar_text **value);

// The address of the client, such as `192.0.2.1`; behind a trusted proxy the one that the proxy names, empty where there is
// none (Unix sockets). The caller frees what is written to `address`.
pancar_status pancar_socket_address(pancar_socket socket,
                                    pancar_text **address);

// Puts the socket into rooms: all of them, or none when it fails.
//
// Errors: `PANCAR_INVALID_NAME` for a name that is too long, `PANCAR_LIMIT_EXCEEDED` past `max_rooms_per_socket`.
pancar_status pancar_socket_join(pancar_socket socket,
                                 const pancar_str *rooms,
                                 size_t count);

// Takes the socket out of a room; it need not be in it.
pancar_status pancar_socket_leave(pancar_socket socket, pancar_str room);

// The rooms that the socket is in, that of its own id included; in a callback of `pancar_on_disconnecting` those that it
// leaves. The caller frees what is written to `rooms`.
pancar_status pancar_socket_rooms(pancar_socket socket,
                                  pancar_list **rooms);

// Disconnects the socket. With `close` the whole connection ends, with the client's sockets in all namespaces. The callbacks
// are called by dispatch later.
pancar_status pancar_socket_disconnect(pancar_socket socket,
                                       bool close);

// Sets the data of the socket: one JSON value in place of what was there. It is shown to all servers of a cluster by
// `pancar_target_fetch`, and kept by connection state recovery.
//
// Errors: `PANCAR_ENCODE` for what is no JSON.
pancar_status pancar_socket_set_data(pancar_socket socket,
                                     pancar_str json);

// The data of the socket as JSON text, `{}` at first. The caller frees what is written to `json`.
pancar_status pancar_socket_data(pancar_socket socket, pancar_text **json);

// Keeps a pointer of the program with the socket, in place of the one that was there. `destroy` gets it when it is replaced
// or when the socket is gone, after the callbacks of `pancar_on_disconnect`; also when this call fails.
pancar_status pancar_socket_set_user_data(pancar_socket socket,
                                          void *user_data,
                                          pancar_destroy_fn destroy);

// The pointer that `pancar_socket_set_user_data` keeps with the socket; NULL where there is none.
void *pancar_socket_user_data(pancar_socket socket);

// Bytes that wait to be taken by the client.
pancar_status pancar_socket_queued(pancar_socket socket, size_t *bytes);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PANCAR_H */
