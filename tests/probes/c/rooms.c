/* The rooms of one socket. */
#include "probe.h"

#include <stdlib.h>

static pancar_status join(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    struct texts rooms;
    (void)answer;
    pancar_status status = texts_read(args, 0, &rooms);
    if (status == PANCAR_OK)
        status = pancar_socket_join(socket, rooms.items, rooms.count);
    texts_free(&rooms);
    return status;
}

static pancar_status leave(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    pancar_str room;
    (void)answer;
    pancar_status status = pancar_args_str(args, 0, &room);
    return status == PANCAR_OK ? pancar_socket_leave(socket, room) : status;
}

static pancar_status add_list(pancar_args *args, const pancar_list *list)
{
    size_t count = pancar_list_len(list);
    struct texts texts = {calloc(count + 1, sizeof *texts.items), count};
    if (texts.items == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    for (size_t i = 0; i < count; i++)
        texts.items[i] = pancar_list_at(list, i);
    pancar_status status = add_sorted(args, &texts);
    texts_free(&texts);
    return status;
}

static pancar_status rooms(pancar_socket socket, const pancar_args *args, pancar_args *answer)
{
    pancar_list *list = NULL;
    (void)args;
    pancar_status status = pancar_socket_rooms(socket, &list);
    if (status == PANCAR_OK)
        status = add_list(answer, list);
    pancar_list_free(list);
    return status;
}

pancar_status rooms_register(pancar_namespace ns)
{
    static struct question questions[] = {{"join", join}, {"leave", leave}, {"rooms", rooms}};
    return register_questions(ns, questions, COUNT(questions));
}
