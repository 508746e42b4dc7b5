/* What one socket says and is told. */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pancar_status message(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)user_data;
    return pancar_emit(socket, PANCAR_STR("message-back"), pancar_event_args(event));
}

static pancar_status message_with_ack(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    return pancar_ack_send(pancar_event_ack(event), pancar_event_args(event));
}

/* ---- emit-with-ack */

static void free_text(void *text)
{
    pancar_text_free(text);
}

static void answered(pancar_socket socket, pancar_status status, const pancar_args *answer, void *user_data)
{
    if (status == PANCAR_OK)
        pancar_emit(socket, PANCAR_STR("emit-with-ack-back"), answer);
    else if (status == PANCAR_TIMEOUT)
        emit_text(socket, PANCAR_STR("emit-with-ack-failed"), PANCAR_STR("timeout"));
    else
        log_add(pancar_text_str(user_data), "emit-with-ack-failed", "disconnected");
}

static pancar_status ask(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_text *id;
    (void)user_data;
    /* The socket may be gone when the answer comes; its id is to be told all the same. */
    pancar_status status = pancar_socket_id(socket, &id);
    if (status != PANCAR_OK)
        return status;
    status = pancar_emit_with_ack(socket, PANCAR_STR("emit-with-ack"), pancar_event_args(event), ACK_TIMEOUT_MS,
                                  answered, id, free_text);
    if (status == PANCAR_DISCONNECTED)
        log_add_socket(socket, "emit-with-ack-failed", "disconnected");
    return status;
}

/* ---- slow */

struct later {
    pancar_socket socket;
    pancar_args *value;
};

static void later_free(void *user_data)
{
    struct later *later = user_data;
    pancar_args_free(later->value);
    free(later);
}

static void slow_done(void *user_data)
{
    const struct later *later = user_data;
    pancar_emit(later->socket, PANCAR_STR("slow-done"), later->value);
}

static pancar_status slow(pancar_socket socket, const pancar_event *event, void *user_data)
{
    const pancar_args *args = pancar_event_args(event);
    int64_t delay;
    (void)user_data;
    pancar_status status = pancar_args_i64(args, 0, &delay);
    if (status != PANCAR_OK)
        return status;
    if (delay < 0)
        return pancar_fail(PANCAR_STR("a delay can't be negative"));
    struct later *later = malloc(sizeof *later);
    if (later == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    *later = (struct later){socket, pancar_args_new()};
    status = pancar_args_add_arg(later->value, args, 1);
    if (status == PANCAR_OK)
        return pancar_post_after(socket, (uint64_t)delay, slow_done, later, later_free);
    later_free(later);
    return status;
}

/* ---- Many at once */

static pancar_status server_emit_many(pancar_socket socket, const pancar_event *event, void *user_data)
{
    const pancar_args *args = pancar_event_args(event);
    int64_t count;
    pancar_str name;
    (void)user_data;
    pancar_status status = pancar_args_i64(args, 0, &count);
    if (status == PANCAR_OK)
        status = pancar_args_str(args, 1, &name);
    for (int64_t i = 0; status == PANCAR_OK && i < count; i++) {
        char json[32];
        snprintf(json, sizeof json, "[%" PRId64 "]", i);
        status = pancar_emit_json(socket, name, pancar_cstr(json), NULL, 0);
    }
    return status;
}

static pancar_status volatile_emits(pancar_socket socket, int64_t count, pancar_str text)
{
    pancar_target *target = NULL;
    pancar_args *args = pancar_args_new();
    pancar_status status = pancar_args_add_str(args, text);
    if (status == PANCAR_OK)
        status = pancar_target_one(socket, &target);
    if (status == PANCAR_OK)
        status = pancar_target_volatile(target);
    for (int64_t i = 0; status == PANCAR_OK && i < count; i++)
        status = pancar_target_emit(target, PANCAR_STR("v"), args);
    pancar_target_free(target);
    pancar_args_free(args);
    return status;
}

static pancar_status volatile_many(pancar_socket socket, const pancar_event *event, void *user_data)
{
    const pancar_args *args = pancar_event_args(event);
    int64_t count, size;
    (void)user_data;
    pancar_status status = pancar_args_i64(args, 0, &count);
    if (status == PANCAR_OK)
        status = pancar_args_i64(args, 1, &size);
    if (status != PANCAR_OK)
        return status;
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (text == NULL)
        return pancar_fail(PANCAR_STR("there can't be a text of that size"));
    memset(text, 'x', (size_t)size);
    status = volatile_emits(socket, count, (pancar_str){text, (size_t)size});
    free(text);
    return status;
}

/* ---- The rest */

static pancar_status throw(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)event, (void)user_data;
    return pancar_fail(PANCAR_STR("the probe was asked to throw"));
}

static pancar_status disconnect_me(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)user_data;
    return pancar_socket_disconnect(socket, is_set(pancar_event_args(event), 0));
}

static pancar_status block(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    if (str_equal(pancar_event_name(event), PANCAR_STR("blocked")))
        return pancar_event_refuse(event, PANCAR_STR("blocked"), NULL);
    return PANCAR_OK;
}

static void refused(pancar_socket socket, const pancar_event *event, pancar_str message, const pancar_args *data,
                    void *user_data)
{
    (void)event, (void)data, (void)user_data;
    emit_text(socket, PANCAR_STR("error-seen"), message);
}

pancar_status messages_register(pancar_namespace ns)
{
    static const struct listener listeners[] = {
        {"message", message},
        {"message-with-ack", message_with_ack},
        {"emit-with-ack", ask},
        {"throw", throw},
        {"slow", slow},
        {"server-emit-many", server_emit_many},
        {"volatile-many", volatile_many},
        {"disconnect-me", disconnect_me},
    };
    pancar_status status = register_listeners(ns, listeners, COUNT(listeners));
    if (status == PANCAR_OK)
        status = pancar_use_event(ns, block, NULL, NULL);
    return status == PANCAR_OK ? pancar_on_refused(ns, refused, NULL, NULL) : status;
}
