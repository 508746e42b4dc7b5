/* What the server says: the words of tests/demo/README.md. */
#include "chat.h"

#include <stdio.h>

void add_text(pancar_args *args, const char *key, pancar_str value)
{
    pancar_args_key(args, pancar_cstr(key));
    pancar_args_add_str(args, value);
}

void add_number(pancar_args *args, const char *key, int64_t value)
{
    pancar_args_key(args, pancar_cstr(key));
    pancar_args_add_i64(args, value);
}

void add_bool(pancar_args *args, const char *key, bool value)
{
    pancar_args_key(args, pancar_cstr(key));
    pancar_args_add_bool(args, value);
}

static const char *status_text(enum status status)
{
    return status == HERE ? "here" : status == AWAY ? "away" : "lost";
}

void add_rooms(pancar_args *args)
{
    pancar_args_begin_array(args);
    for (size_t i = 0; i < room_count(); i++) {
        const struct room *room = room_at(i);
        pancar_args_begin_object(args);
        add_text(args, "name", word_str(&room->name));
        add_number(args, "members", (int64_t)room_members(room));
        pancar_args_end_object(args);
    }
    pancar_args_end_array(args);
}

void add_members(pancar_args *args, const struct room *room)
{
    pancar_args_begin_array(args);
    for (const struct visitor *visitor = visitors(); visitor != NULL; visitor = visitor->next) {
        if (visitor->room != room)
            continue;
        pancar_args_begin_object(args);
        add_text(args, "id", word_str(&visitor->id));
        add_text(args, "name", word_str(&visitor->name));
        add_text(args, "status", pancar_cstr(status_text(visitor->status)));
        pancar_args_end_object(args);
    }
    pancar_args_end_array(args);
}

void add_history(pancar_args *args, const struct room *room)
{
    pancar_args_begin_array(args);
    for (size_t i = 0; i < room->said; i++)
        pancar_args_add_arg(args, room->history[i]->whole, 0);
    pancar_args_end_array(args);
}

/* ---- Messages */

static void add_picture(pancar_args *args, const struct picture *picture, bool with_bytes)
{
    pancar_args_begin_object(args);
    add_text(args, "name", (pancar_str){picture->name, picture->name_len});
    add_text(args, "mime", picture->mime);
    add_number(args, "width", picture->width);
    add_number(args, "height", picture->height);
    pancar_args_key(args, PANCAR_STR("data"));
    if (with_bytes)
        pancar_args_add_bytes(args, picture->data);
    else
        pancar_args_add_null(args);
    pancar_args_end_object(args);
}

static void add_author(pancar_args *args, const struct visitor *author)
{
    pancar_args_begin_object(args);
    add_text(args, "id", word_str(&author->id));
    add_text(args, "name", word_str(&author->name));
    pancar_args_end_object(args);
}

pancar_args *message_write(const struct message *message, const struct visitor *author, const struct draft *draft,
                           bool with_bytes)
{
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_text(args, "id", pancar_cstr(message->id));
    add_text(args, "nonce", word_str(&message->nonce));
    add_text(args, "room", word_str(&author->room->name));
    pancar_args_key(args, PANCAR_STR("from"));
    add_author(args, author);
    add_number(args, "time", message->time);
    add_text(args, "text", draft->text);
    pancar_args_key(args, PANCAR_STR("picture"));
    if (draft->has_picture)
        add_picture(args, &draft->picture, with_bytes);
    else
        pancar_args_add_null(args);
    pancar_args_end_object(args);
    return args;
}

/* ---- Telling */

void tell(pancar_handle from, const struct room *room, const char *event, pancar_args *args)
{
    pancar_target *target = NULL;
    pancar_status status = pancar_target_new(from, &target);
    if (status == PANCAR_OK)
        status = pancar_target_to(target, word_str(&room->name));
    if (status == PANCAR_OK)
        status = pancar_target_emit(target, pancar_cstr(event), args);
    if (status != PANCAR_OK && status != PANCAR_DISCONNECTED)
        fprintf(stderr, "chat: %s: %s\n", event, pancar_last_error());
    pancar_target_free(target);
    pancar_args_free(args);
}

void tell_rooms(pancar_server server)
{
    pancar_args *args = pancar_args_new();
    add_rooms(args);
    pancar_emit(server, PANCAR_STR("rooms"), args);
    pancar_args_free(args);
}

void tell_members(pancar_server server, const struct room *room)
{
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_text(args, "room", word_str(&room->name));
    pancar_args_key(args, PANCAR_STR("members"));
    add_members(args, room);
    pancar_args_end_object(args);
    tell(server, room, "members", args);
}

void tell_notice(pancar_handle from, const struct room *room, const struct notice *notice)
{
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_text(args, "kind", pancar_cstr(notice->kind));
    add_text(args, "name", word_str(&notice->name));
    pancar_args_key(args, PANCAR_STR("was"));
    if (notice->was != NULL)
        pancar_args_add_str(args, word_str(notice->was));
    else
        pancar_args_add_null(args);
    add_text(args, "room", word_str(&room->name));
    add_number(args, "time", now());
    pancar_args_end_object(args);
    tell(from, room, "notice", args);
}
