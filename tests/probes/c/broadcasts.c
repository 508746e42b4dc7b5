/* What concerns many sockets. */
#include "probe.h"

#include <stdlib.h>

typedef pancar_status (*room_fn)(pancar_target *target, pancar_str room);

static pancar_status with_rooms(pancar_target *target, const pancar_args *args, size_t index, room_fn add)
{
    struct texts rooms;
    pancar_status status = texts_read(args, index, &rooms);
    for (size_t i = 0; status == PANCAR_OK && i < rooms.count; i++)
        status = add(target, rooms.items[i]);
    texts_free(&rooms);
    return status;
}

/* Everybody of the namespace who is in one of the rooms; everybody when there is none. */
static pancar_status everyone_in(const pancar_event *event, pancar_target **target)
{
    *target = NULL;
    pancar_status status = pancar_target_new(pancar_event_namespace(event), target);
    return status == PANCAR_OK ? with_rooms(*target, pancar_event_args(event), 0, pancar_target_to) : status;
}

/* ---- broadcast, broadcast-with-ack */

/* An option of the first argument, as an argument; NULL when it is absent. */
static const pancar_args *option(const pancar_args *args, pancar_str name)
{
    const pancar_args *value = NULL;
    return pancar_args_get(args, 0, name, &value) == PANCAR_OK ? value : NULL;
}

static bool is_option_set(const pancar_args *args, pancar_str name)
{
    const pancar_args *value = option(args, name);
    return value != NULL && is_set(value, 0);
}

static pancar_handle broadcast_from(pancar_socket socket, const pancar_event *event)
{
    const pancar_args *from = option(pancar_event_args(event), PANCAR_STR("from"));
    pancar_str text;
    bool is_io = from != NULL && pancar_args_str(from, 0, &text) == PANCAR_OK && str_equal(text, PANCAR_STR("io"));
    return is_io ? pancar_event_namespace(event) : socket;
}

static pancar_status with_flags(pancar_target *target, const pancar_args *args)
{
    const pancar_args *compress = option(args, PANCAR_STR("compress"));
    pancar_status status = PANCAR_OK;
    if (is_option_set(args, PANCAR_STR("volatile")))
        status = pancar_target_volatile(target);
    if (status == PANCAR_OK && is_option_set(args, PANCAR_STR("local")))
        status = pancar_target_local(target);
    if (status == PANCAR_OK && compress != NULL)
        status = pancar_target_compress(target, is_set(compress, 0));
    return status;
}

/* The sockets that the options name. */
static pancar_status target_of(pancar_socket socket, const pancar_event *event, pancar_target **target)
{
    const pancar_args *args = pancar_event_args(event);
    const pancar_args *to = option(args, PANCAR_STR("to")), *except = option(args, PANCAR_STR("except"));
    *target = NULL;
    pancar_status status = pancar_target_new(broadcast_from(socket, event), target);
    if (status == PANCAR_OK && to != NULL)
        status = with_rooms(*target, to, 0, pancar_target_to);
    if (status == PANCAR_OK && except != NULL)
        status = with_rooms(*target, except, 0, pancar_target_except);
    return status == PANCAR_OK ? with_flags(*target, args) : status;
}

/* The event that is broadcast: its name and its arguments, which are to be freed. */
static pancar_status broadcast_event(const pancar_event *event, pancar_str *name, pancar_args **rest)
{
    const pancar_args *args = pancar_event_args(event);
    pancar_status status = pancar_args_str(args, 1, name);
    return status == PANCAR_OK ? pancar_args_skip(args, 2, rest) : status;
}

static pancar_status broadcast(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_target *target;
    pancar_args *rest = NULL;
    pancar_str name;
    (void)user_data;
    pancar_status status = target_of(socket, event, &target);
    if (status == PANCAR_OK)
        status = broadcast_event(event, &name, &rest);
    if (status == PANCAR_OK)
        status = pancar_target_emit(target, name, rest);
    pancar_args_free(rest);
    pancar_target_free(target);
    return status;
}

/* An acknowledgement that is answered later, as user data. NULL when there is no memory. */
static pancar_ack *keep_ack(const pancar_event *event)
{
    pancar_ack *ack = malloc(sizeof *ack);
    if (ack != NULL)
        *ack = pancar_event_ack(event);
    return ack;
}

static pancar_status add_first(pancar_args *args, const pancar_args *answer)
{
    return pancar_args_len(answer) == 0 ? pancar_args_add_null(args) : pancar_args_add_arg(args, answer, 0);
}

static void all_answered(const pancar_answers *answers, void *user_data)
{
    pancar_args *result = pancar_args_new();
    bool complete = true;
    pancar_args_begin_object(result);
    pancar_args_key(result, PANCAR_STR("responses"));
    pancar_args_begin_array(result);
    for (size_t i = 0; i < pancar_answers_len(answers); i++) {
        const pancar_args *answer = pancar_answers_args(answers, i);
        if (answer != NULL)
            add_first(result, answer);
        else
            complete = false;
    }
    pancar_args_end_array(result);
    pancar_args_key(result, PANCAR_STR("error"));
    pancar_args_add_json(result, complete ? PANCAR_STR("null") : PANCAR_STR("\"timeout\""));
    pancar_args_end_object(result);
    pancar_ack_send(*(const pancar_ack *)user_data, result);
    pancar_args_free(result);
}

static pancar_status broadcast_with_ack(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_target *target;
    pancar_args *rest = NULL;
    pancar_str name;
    (void)user_data;
    if (pancar_event_ack(event).socket == 0)
        return PANCAR_OK;
    pancar_status status = target_of(socket, event, &target);
    if (status == PANCAR_OK)
        status = pancar_target_timeout(target, ACK_TIMEOUT_MS);
    if (status == PANCAR_OK)
        status = broadcast_event(event, &name, &rest);
    if (status == PANCAR_OK) {
        pancar_ack *ack = keep_ack(event);
        status = ack == NULL ? pancar_fail(PANCAR_STR("out of memory"))
                             : pancar_target_emit_with_ack(target, name, rest, all_answered, ack, free);
    }
    pancar_args_free(rest);
    pancar_target_free(target);
    return status;
}

/* ---- fetch-sockets */

/* A socket that was found: its id, which comes first because it is what str_compare sorts by, and where it stands. */
struct found {
    pancar_str id;
    size_t index;
};

static void add_rooms(pancar_args *args, const pancar_remotes *remotes, size_t index)
{
    size_t count = pancar_remotes_room_count(remotes, index);
    struct texts rooms = {calloc(count + 1, sizeof *rooms.items), count};
    if (rooms.items == NULL)
        rooms.count = 0;
    for (size_t i = 0; i < rooms.count; i++)
        rooms.items[i] = pancar_remotes_room(remotes, index, i);
    add_sorted(args, &rooms);
    texts_free(&rooms);
}

static void add_remote(pancar_args *args, const pancar_remotes *remotes, size_t index)
{
    pancar_args_begin_object(args);
    pancar_args_key(args, PANCAR_STR("id"));
    pancar_args_add_str(args, pancar_remotes_id(remotes, index));
    pancar_args_key(args, PANCAR_STR("rooms"));
    add_rooms(args, remotes, index);
    pancar_args_key(args, PANCAR_STR("data"));
    pancar_args_add_json(args, pancar_remotes_data(remotes, index));
    pancar_args_end_object(args);
}

static void fetched(pancar_status status, const pancar_remotes *remotes, void *user_data)
{
    size_t count = pancar_remotes_len(remotes);
    struct found *order = status == PANCAR_OK ? calloc(count + 1, sizeof *order) : NULL;
    if (order == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        order[i] = (struct found){pancar_remotes_id(remotes, i), i};
    qsort(order, count, sizeof *order, str_compare);
    pancar_args *list = pancar_args_new();
    pancar_args_begin_array(list);
    for (size_t i = 0; i < count; i++)
        add_remote(list, remotes, order[i].index);
    pancar_args_end_array(list);
    pancar_ack_send(*(const pancar_ack *)user_data, list);
    pancar_args_free(list);
    free(order);
}

static pancar_status fetch_sockets(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_target *target;
    (void)socket, (void)user_data;
    if (pancar_event_ack(event).socket == 0)
        return PANCAR_OK;
    pancar_status status = everyone_in(event, &target);
    if (status == PANCAR_OK) {
        pancar_ack *ack = keep_ack(event);
        status = ack == NULL ? pancar_fail(PANCAR_STR("out of memory"))
                             : pancar_target_fetch(target, fetched, ack, free);
    }
    pancar_target_free(target);
    return status;
}

/* ---- The server's hand */

typedef pancar_status (*apply_fn)(const pancar_target *target, const pancar_str *rooms, size_t count);

static pancar_status apply(const pancar_event *event, apply_fn apply_to)
{
    pancar_target *target;
    struct texts rooms = {NULL, 0};
    pancar_status status = everyone_in(event, &target);
    if (status == PANCAR_OK)
        status = texts_read(pancar_event_args(event), 1, &rooms);
    if (status == PANCAR_OK)
        status = apply_to(target, rooms.items, rooms.count);
    texts_free(&rooms);
    pancar_target_free(target);
    return status;
}

static pancar_status sockets_join(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    return apply(event, pancar_target_join);
}

static pancar_status sockets_leave(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    return apply(event, pancar_target_leave);
}

static pancar_status disconnect_sockets(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_target *target;
    (void)socket, (void)user_data;
    pancar_status status = everyone_in(event, &target);
    if (status == PANCAR_OK)
        status = pancar_target_disconnect(target, is_set(pancar_event_args(event), 1));
    pancar_target_free(target);
    return status;
}

pancar_status broadcasts_register(pancar_namespace ns)
{
    static const struct listener listeners[] = {
        {"broadcast", broadcast},
        {"broadcast-with-ack", broadcast_with_ack},
        {"fetch-sockets", fetch_sockets},
        {"sockets-join", sockets_join},
        {"sockets-leave", sockets_leave},
        {"disconnect-sockets", disconnect_sockets},
    };
    return register_listeners(ns, listeners, COUNT(listeners));
}
