/* The probe of the C interface: what its files share. */
#ifndef PROBE_H
#define PROBE_H

#include <pancar.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* How long the probe waits for an acknowledgement. */
enum { ACK_TIMEOUT_MS = 500 };

/* Exit status of a probe that lacks a feature. */
enum { EXIT_UNAVAILABLE = 89 };

/* ---- options.c */

/* Sets the options of an app and what the environment says. Returns 0, or the status with which the program ends. */
int options_read(pancar_config *config, const char *app);

/* ---- The apps: each registers its listeners. */

pancar_status bench_register(pancar_server server);
pancar_status conformance_register(pancar_server server);

/* ---- listeners.c: tables of listeners */

/* An event and what is called for it. */
struct listener {
    const char *event;
    pancar_event_fn callback;
};

/* Writes the arguments of an acknowledgement. */
typedef pancar_status (*answer_fn)(pancar_socket socket, const pancar_args *args, pancar_args *answer);

/* An event that is answered at once, and ignored where no answer is wanted. */
struct question {
    const char *event;
    answer_fn answer;
};

pancar_status register_listeners(pancar_namespace ns, const struct listener *listeners, size_t count);
pancar_status register_questions(pancar_namespace ns, struct question *questions, size_t count);

/* ---- arguments.c */

/* Texts that belong to somebody else. */
struct texts {
    pancar_str *items;
    size_t count;
};

/* Reads an argument that is a text or a list of texts, which live as long as the arguments. To be freed in any case. */
pancar_status texts_read(const pancar_args *args, size_t index, struct texts *texts);
void texts_free(struct texts *texts);

/* Writes a list of texts in the order of their bytes, and sorts it. */
pancar_status add_sorted(pancar_args *args, struct texts *texts);

/* A switch; one that is absent or no boolean is not set. */
bool is_set(const pancar_args *args, size_t index);

/* Compares what two pointers to pancar_str point to, in the order of their bytes, for qsort. */
int str_compare(const void *left, const void *right);
bool str_equal(pancar_str one, pancar_str other);
pancar_status emit_text(pancar_socket to, pancar_str event, pancar_str text);

/* ---- The parts of app conformance; each registers its listeners on a namespace. */

pancar_status messages_register(pancar_namespace ns);
pancar_status rooms_register(pancar_namespace ns);
pancar_status broadcasts_register(pancar_namespace ns);
pancar_status questions_register(pancar_namespace ns, pancar_server server);
pancar_status records_register(pancar_namespace ns);

/* ---- records.c: the names of events of one socket, and the log of the whole server */

/* Begins the records of a new socket. */
pancar_status records_begin(pancar_socket socket);

/* Adds to the log, on any thread. */
void log_add(pancar_str id, const char *event, const char *reason);

/* As log_add, for a socket that still has its id. */
void log_add_socket(pancar_socket socket, const char *event, const char *reason);

/* When no callback can be called any more. */
void log_free(void);

#endif
