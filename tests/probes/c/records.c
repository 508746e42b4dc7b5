/* What is remembered: the events of each socket, and who left. */
#include "probe.h"

#include <pthread.h>
#include <stdlib.h>

/* The names of a socket's events, in order. Used only inside of its callbacks, which never run at the same time. */
struct records {
    pancar_args *seen, *sent;
};

/* The whole server's, for all threads that dispatch. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pancar_args *log_entries;

/* ---- Names of events */

static void records_free(void *user_data)
{
    struct records *records = user_data;
    pancar_args_free(records->seen);
    pancar_args_free(records->sent);
    free(records);
}

pancar_status records_begin(pancar_socket socket)
{
    struct records *records = malloc(sizeof *records);
    if (records == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    *records = (struct records){pancar_args_new(), pancar_args_new()};
    return pancar_socket_set_user_data(socket, records, records_free);
}

static pancar_status record_seen(pancar_socket socket, const pancar_event *event, void *user_data)
{
    struct records *records = pancar_socket_user_data(socket);
    (void)user_data;
    return records == NULL ? PANCAR_OK : pancar_args_add_str(records->seen, pancar_event_name(event));
}

static pancar_status record_sent(pancar_socket socket, const pancar_event *event, void *user_data)
{
    struct records *records = pancar_socket_user_data(socket);
    (void)user_data;
    return records == NULL ? PANCAR_OK : pancar_args_add_str(records->sent, pancar_event_name(event));
}

/* Adds all arguments as one, which is a list. */
static pancar_status add_as_list(pancar_args *args, const pancar_args *items)
{
    pancar_text *json = NULL;
    pancar_status status = pancar_args_to_json(items, &json);
    if (status == PANCAR_OK)
        status = pancar_args_add_json(args, pancar_text_str(json));
    pancar_text_free(json);
    return status;
}

static pancar_status seen(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    const struct records *records = pancar_socket_user_data(socket);
    (void)args;
    return records == NULL ? PANCAR_DISCONNECTED : add_as_list(answer, records->seen);
}

static pancar_status sent(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    const struct records *records = pancar_socket_user_data(socket);
    (void)args;
    return records == NULL ? PANCAR_DISCONNECTED : add_as_list(answer, records->sent);
}

/* ---- The log */

static void add_field(pancar_args *args, pancar_str key, pancar_str value)
{
    pancar_args_key(args, key);
    pancar_args_add_str(args, value);
}

void log_add(pancar_str id, const char *event, const char *reason)
{
    pthread_mutex_lock(&log_lock);
    if (log_entries == NULL)
        log_entries = pancar_args_new();
    pancar_args_begin_object(log_entries);
    add_field(log_entries, PANCAR_STR("id"), id);
    add_field(log_entries, PANCAR_STR("event"), pancar_cstr(event));
    add_field(log_entries, PANCAR_STR("reason"), pancar_cstr(reason));
    pancar_args_end_object(log_entries);
    pthread_mutex_unlock(&log_lock);
}

void log_add_socket(pancar_socket socket, const char *event, const char *reason)
{
    pancar_text *id = NULL;
    if (pancar_socket_id(socket, &id) == PANCAR_OK)
        log_add(pancar_text_str(id), event, reason);
    pancar_text_free(id);
}

void log_free(void)
{
    pancar_args_free(log_entries);
    log_entries = NULL;
}

static void disconnecting(pancar_socket socket, pancar_reason reason, pancar_str detail, void *user_data)
{
    (void)detail, (void)user_data;
    log_add_socket(socket, "disconnecting", pancar_reason_text(reason));
}

static void disconnected(pancar_socket socket, pancar_reason reason, pancar_str detail, void *user_data)
{
    (void)detail, (void)user_data;
    log_add_socket(socket, "disconnect", pancar_reason_text(reason));
}

static pancar_status log_all(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)socket, (void)args;
    pthread_mutex_lock(&log_lock);
    if (log_entries == NULL)
        log_entries = pancar_args_new();
    pancar_status status = add_as_list(answer, log_entries);
    pthread_mutex_unlock(&log_lock);
    return status;
}

pancar_status records_register(pancar_namespace ns)
{
    static struct question questions[] = {{"seen", seen}, {"sent", sent}, {"log", log_all}};
    pancar_status status = pancar_on_any(ns, record_seen, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on_any_outgoing(ns, record_sent, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on_disconnecting(ns, disconnecting, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on_disconnect(ns, disconnected, NULL, NULL);
    return status == PANCAR_OK ? register_questions(ns, questions, COUNT(questions)) : status;
}
