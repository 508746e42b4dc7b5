/* App bench: the library's default options, callbacks on all cores, four events, no logging. */
#include "probe.h"

static pancar_status echo(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)user_data;
    return pancar_emit(socket, PANCAR_STR("echo-back"), pancar_event_args(event));
}

static pancar_status acknowledge(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket, (void)user_data;
    return pancar_ack_send(pancar_event_ack(event), pancar_event_args(event));
}

static pancar_status join(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_str room;
    (void)user_data;
    pancar_status status = pancar_args_str(pancar_event_args(event), 0, &room);
    if (status == PANCAR_OK)
        status = pancar_socket_join(socket, &room, 1);
    return status == PANCAR_OK ? pancar_ack_send(pancar_event_ack(event), NULL) : status;
}

static pancar_status broadcast(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)socket;
    return pancar_target_emit(user_data, PANCAR_STR("bcast"), pancar_event_args(event));
}

static void free_target(void *target)
{
    pancar_target_free(target);
}

/* Everybody in the room; the same for every broadcast. */
static pancar_status register_broadcast(pancar_server server)
{
    pancar_target *room = NULL;
    pancar_status status = pancar_target_new(server, &room);
    if (status == PANCAR_OK)
        status = pancar_target_to(room, PANCAR_STR("room"));
    if (status == PANCAR_OK)
        return pancar_on(server, PANCAR_STR("bcast"), broadcast, room, free_target);
    pancar_target_free(room);
    return status;
}

pancar_status bench_register(pancar_server server)
{
    static const struct listener listeners[] = {{"echo", echo}, {"ack", acknowledge}, {"join", join}};
    pancar_status status = register_listeners(server, listeners, COUNT(listeners));
    return status == PANCAR_OK ? register_broadcast(server) : status;
}
