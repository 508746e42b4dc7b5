/* Who is in which room, and what was said there. */
#define _POSIX_C_SOURCE 200809L

#include "chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT_PICTURES = 4 };

static const char *const standing[] = {"lobby", "kopi", "pictures"};

/* Standing rooms first, the others by name. */
static struct room *rooms[MAX_ROOMS];
static size_t rooms_open;

static struct visitor *first_visitor;

/* Part of the ids of messages, so that they don't repeat after a restart, and how many there were since. */
static int64_t born;
static uint64_t messages;

int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- Messages */

static void message_free(struct message *message)
{
    pancar_args_free(message->whole);
    pancar_args_free(message->bare);
    free(message);
}

struct message *message_new(const struct visitor *author, const struct draft *draft)
{
    struct message *message = calloc(1, sizeof *message);
    if (message == NULL)
        return NULL;
    message->author = author->id;
    message->nonce = draft->nonce;
    message->time = now();
    snprintf(message->id, sizeof message->id, "%" PRIx64 "-%" PRIx64, born, ++messages);
    message->whole = message_write(message, author, draft, true);
    message->bare = draft->has_picture ? message_write(message, author, draft, false) : NULL;
    return message;
}

static void forget_picture(struct message *message)
{
    pancar_args_free(message->whole);
    message->whole = message->bare;
    message->bare = NULL;
}

void room_keep(struct room *room, struct message *message)
{
    size_t pictures = 0;
    if (room->said == HISTORY) {
        message_free(room->history[0]);
        memmove(room->history, room->history + 1, --room->said * sizeof *room->history);
    }
    room->history[room->said++] = message;
    for (size_t i = room->said; i > 0; i--) {
        struct message *kept = room->history[i - 1];
        if (kept->bare != NULL && ++pictures > KEPT_PICTURES)
            forget_picture(kept);
    }
}

struct message *room_find_message(const struct room *room, const struct visitor *author, const struct word *nonce)
{
    for (size_t i = 0; i < room->said; i++) {
        struct message *message = room->history[i];
        if (word_equal(&message->nonce, nonce) && word_equal(&message->author, &author->id))
            return message;
    }
    return NULL;
}

/* ---- Rooms */

size_t room_count(void)
{
    return rooms_open;
}

struct room *room_at(size_t index)
{
    return rooms[index];
}

struct room *room_find(const struct word *name)
{
    for (size_t i = 0; i < rooms_open; i++) {
        if (word_equal(&rooms[i]->name, name))
            return rooms[i];
    }
    return NULL;
}

/* Whether a room stands before a name in the list. */
static bool is_before(const struct room *room, const struct word *name)
{
    size_t common = room->name.len < name->len ? room->name.len : name->len;
    int order = memcmp(room->name.data, name->data, common);
    return room->standing || order < 0 || (order == 0 && room->name.len < name->len);
}

static struct room *room_add(const struct word *name)
{
    struct room *room = rooms_open < MAX_ROOMS ? calloc(1, sizeof *room) : NULL;
    size_t at = rooms_open;
    if (room == NULL)
        return NULL;
    room->name = *name;
    for (; at > 0 && !is_before(rooms[at - 1], name); at--)
        rooms[at] = rooms[at - 1];
    rooms[at] = room;
    rooms_open++;
    return room;
}

struct room *room_find_or_add(const struct word *name)
{
    struct room *room = room_find(name);
    return room != NULL ? room : room_add(name);
}

size_t room_members(const struct room *room)
{
    size_t count = 0;
    for (const struct visitor *visitor = first_visitor; visitor != NULL; visitor = visitor->next)
        count += visitor->room == room;
    return count;
}

static void room_remove(size_t index)
{
    struct room *room = rooms[index];
    for (size_t i = 0; i < room->said; i++)
        message_free(room->history[i]);
    free(room);
    memmove(rooms + index, rooms + index + 1, (--rooms_open - index) * sizeof *rooms);
}

bool room_remove_if_empty(struct room *room)
{
    if (room->standing || room_members(room) > 0)
        return false;
    for (size_t i = 0; i < rooms_open; i++) {
        if (rooms[i] == room) {
            room_remove(i);
            return true;
        }
    }
    return false;
}

/* ---- Visitors */

struct visitor *visitors(void)
{
    return first_visitor;
}

struct visitor *visitor_with_key(const struct word *key)
{
    struct visitor *visitor = first_visitor;
    while (visitor != NULL && !word_equal(&visitor->key, key))
        visitor = visitor->next;
    return visitor;
}

struct visitor *visitor_with_id(const struct word *id)
{
    struct visitor *visitor = first_visitor;
    while (visitor != NULL && !word_equal(&visitor->id, id))
        visitor = visitor->next;
    return visitor;
}

struct visitor *visitor_with_socket(pancar_socket socket)
{
    struct visitor *visitor = first_visitor;
    while (visitor != NULL && visitor->socket != socket)
        visitor = visitor->next;
    return visitor;
}

static void append(struct visitor *visitor)
{
    struct visitor **end = &first_visitor;
    while (*end != NULL)
        end = &(*end)->next;
    visitor->next = NULL;
    *end = visitor;
}

static void take_out(const struct visitor *visitor)
{
    struct visitor **place = &first_visitor;
    while (*place != visitor)
        place = &(*place)->next;
    *place = visitor->next;
}

struct visitor *visitor_add(void)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);
    if (visitor != NULL)
        append(visitor);
    return visitor;
}

void visitor_remove(struct visitor *visitor)
{
    take_out(visitor);
    free(visitor);
}

void visitor_move_last(struct visitor *visitor)
{
    take_out(visitor);
    append(visitor);
}

/* ---- All */

bool state_open(void)
{
    born = now();
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++) {
        struct word name = word_of(pancar_cstr(standing[i]));
        struct room *room = room_add(&name);
        if (room == NULL)
            return false;
        room->standing = true;
    }
    return true;
}

void state_close(void)
{
    while (first_visitor != NULL)
        visitor_remove(first_visitor);
    while (rooms_open > 0)
        room_remove(rooms_open - 1);
}
