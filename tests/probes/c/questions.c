/* What a client may ask about its socket and its namespace. */
#include "probe.h"

static pancar_server the_server;

static pancar_status once_seen(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)event, (void)user_data;
    return pancar_emit(socket, PANCAR_STR("once-seen"), NULL);
}

static pancar_status once(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)args, (void)answer;
    return pancar_once(socket, PANCAR_STR("once-event"), once_seen, NULL, NULL);
}

static pancar_status off(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)args, (void)answer;
    pancar_status status = pancar_off(socket, PANCAR_STR("removable"), NULL, NULL);
    return status == PANCAR_NOT_FOUND ? PANCAR_OK : status;
}

static pancar_status set_data(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    pancar_str json;
    (void)answer;
    pancar_status status = pancar_args_json(args, 0, &json);
    return status == PANCAR_OK ? pancar_socket_set_data(socket, json) : status;
}

/* ---- What the library answers as a text */

typedef pancar_status (*text_fn)(pancar_socket socket, pancar_text **text);
typedef pancar_status (*add_fn)(pancar_args *args, pancar_str text);

static pancar_status answer_text(pancar_socket socket, text_fn ask, pancar_args *answer, add_fn add)
{
    pancar_text *text = NULL;
    pancar_status status = ask(socket, &text);
    if (status == PANCAR_OK)
        status = add(answer, pancar_text_str(text));
    pancar_text_free(text);
    return status;
}

static pancar_status data(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)args;
    return answer_text(socket, pancar_socket_data, answer, pancar_args_add_json);
}

static pancar_status handshake(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)args;
    return answer_text(socket, pancar_socket_handshake, answer, pancar_args_add_json);
}

static pancar_status transport(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    (void)args;
    return answer_text(socket, pancar_socket_transport, answer, pancar_args_add_str);
}

/* ---- Counts */

static pancar_status add_count(pancar_args *args, pancar_str key, size_t count)
{
    pancar_status status = pancar_args_key(args, key);
    return status == PANCAR_OK ? pancar_args_add_i64(args, (int64_t)count) : status;
}

static pancar_status add_counts(pancar_args *args, size_t clients, size_t sockets, size_t rooms)
{
    pancar_status status = pancar_args_begin_object(args);
    if (status == PANCAR_OK)
        status = add_count(args, PANCAR_STR("clients"), clients);
    if (status == PANCAR_OK)
        status = add_count(args, PANCAR_STR("sockets"), sockets);
    if (status == PANCAR_OK)
        status = add_count(args, PANCAR_STR("rooms"), rooms);
    return status == PANCAR_OK ? pancar_args_end_object(args) : status;
}

static pancar_status counts(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    pancar_stats stats = PANCAR_STATS_INIT;
    pancar_namespace ns;
    size_t sockets, rooms;
    (void)args;
    pancar_status status = pancar_server_stats(the_server, &stats);
    if (status == PANCAR_OK)
        status = pancar_socket_namespace(socket, &ns);
    if (status == PANCAR_OK)
        status = pancar_namespace_counts(ns, &sockets, &rooms);
    return status == PANCAR_OK ? add_counts(answer, stats.clients, sockets, rooms) : status;
}

static pancar_status server_side(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    return pancar_server_side_emit(pancar_event_namespace(event), PANCAR_STR("server-side"), pancar_event_args(event));
}

pancar_status questions_register(pancar_namespace ns, pancar_server server)
{
    static struct question questions[] = {
        {"once", once},
        {"off", off},
        {"set-data", set_data},
        {"get-data", data},
        {"handshake", handshake},
        {"transport", transport},
        {"counts", counts},
    };
    the_server = server;
    pancar_status status = register_questions(ns, questions, COUNT(questions));
    return status == PANCAR_OK ? pancar_on(ns, PANCAR_STR("server-side"), server_side, NULL, NULL) : status;
}
