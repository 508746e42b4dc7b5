/* What the page can send, and what becomes of it. */
#include "chat.h"

#include <stdlib.h>
#include <string.h>

/* How long a lost visitor may take to come back, and how long those who get a message may take to say so. */
enum { GRACE_MS = 3000, RECEIPT_MS = 2000 };

static pancar_server server;

/* ---- Answers */

static pancar_args *granted(void)
{
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_bool(args, "ok", true);
    return args;
}

/* Sends an answer and frees it. */
static pancar_status send(pancar_ack ack, pancar_args *args)
{
    pancar_args_end_object(args);
    pancar_status status = pancar_ack_send(ack, args);
    pancar_args_free(args);
    return status;
}

static pancar_status refuse(pancar_ack ack, const char *code)
{
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_bool(args, "ok", false);
    add_text(args, "error", pancar_cstr(code));
    return send(ack, args);
}

/* ---- Coming and going */

/* The visitor whose newest connection this is. */
static struct visitor *visitor_of(pancar_socket socket)
{
    struct visitor *visitor = visitor_with_socket(socket);
    return visitor != NULL && visitor->status != LOST ? visitor : NULL;
}

/* Takes a visitor out of the room; one that does not always exist goes with its last member. */
static void depart(struct visitor *visitor)
{
    struct room *room = visitor->room;
    struct notice left = {"left", visitor->name, NULL};
    pancar_socket_leave(visitor->socket, word_str(&room->name));
    visitor->room = NULL;
    if (room_remove_if_empty(room))
        return;
    tell_notice(server, room, &left);
    tell_members(server, room);
}

static void forget(struct visitor *visitor)
{
    depart(visitor);
    visitor_remove(visitor);
    tell_rooms(server);
}

static void set_status(struct visitor *visitor, enum status status)
{
    if (visitor->status == status)
        return;
    visitor->status = status;
    tell_members(server, visitor->room);
}

/* ---- enter */

/* Somebody has entered. */
struct entry {
    struct visitor *visitor;
    /* NULL when the room has nothing to be told. */
    const char *kind;
    struct word was;
    /* The connection that the visitor had until now; 0 when there was none. */
    pancar_socket replaced;
};

static const char *check_place(const struct wish *wish)
{
    const struct room *room = room_find(&wish->room);
    if (room == NULL)
        return room_count() < MAX_ROOMS ? NULL : "rooms-full";
    for (const struct visitor *other = visitors(); other != NULL; other = other->next) {
        if (other->room == room && !word_equal(&other->key, &wish->key) && same_name(&other->name, &wish->name))
            return "name-taken";
    }
    return NULL;
}

static struct visitor *new_visitor(pancar_socket socket, const struct wish *wish)
{
    pancar_text *id = NULL;
    struct visitor *visitor = pancar_socket_id(socket, &id) == PANCAR_OK ? visitor_add() : NULL;
    if (visitor != NULL) {
        visitor->key = wish->key;
        visitor->id = word_of(pancar_text_str(id));
    }
    pancar_text_free(id);
    return visitor;
}

/* What a visitor who is known has to do before entering. */
static void come_back(pancar_socket socket, const struct wish *wish, struct entry *entry)
{
    struct visitor *visitor = entry->visitor;
    if (!word_equal(&visitor->room->name, &wish->room)) {
        depart(visitor);
        visitor_move_last(visitor);
    } else {
        entry->kind = word_equal(&visitor->name, &wish->name) ? NULL : "renamed";
        entry->was = visitor->name;
    }
    if (visitor->socket != socket) {
        entry->replaced = visitor->socket;
        pancar_socket_leave(visitor->socket, word_str(&wish->room));
    }
}

/* Moves a visitor into a room; false when there is no memory. */
static bool move(pancar_socket socket, const struct wish *wish, struct entry *entry)
{
    entry->visitor = visitor_with_key(&wish->key);
    if (entry->visitor != NULL)
        come_back(socket, wish, entry);
    else
        entry->visitor = new_visitor(socket, wish);
    struct room *room = entry->visitor != NULL ? room_find_or_add(&wish->room) : NULL;
    if (room == NULL)
        return false;
    pancar_str name = word_str(&room->name);
    entry->visitor->name = wish->name;
    entry->visitor->status = wish->away ? AWAY : HERE;
    entry->visitor->room = room;
    entry->visitor->socket = socket;
    return pancar_socket_join(socket, &name, 1) == PANCAR_OK;
}

static pancar_status answer_entered(pancar_ack ack, const struct visitor *visitor)
{
    pancar_args *args = granted();
    add_text(args, "you", word_str(&visitor->id));
    add_text(args, "name", word_str(&visitor->name));
    add_text(args, "room", word_str(&visitor->room->name));
    pancar_args_key(args, PANCAR_STR("members"));
    add_members(args, visitor->room);
    pancar_args_key(args, PANCAR_STR("rooms"));
    add_rooms(args);
    pancar_args_key(args, PANCAR_STR("history"));
    add_history(args, visitor->room);
    return send(ack, args);
}

static void announce(pancar_socket socket, const struct entry *entry)
{
    const struct visitor *visitor = entry->visitor;
    tell_members(server, visitor->room);
    tell_rooms(server);
    if (entry->kind != NULL) {
        bool renamed = strcmp(entry->kind, "renamed") == 0;
        struct notice notice = {entry->kind, visitor->name, renamed ? &entry->was : NULL};
        tell_notice(renamed ? server : socket, visitor->room, &notice);
    }
}

static pancar_status enter(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_ack ack = pancar_event_ack(event);
    struct entry entry = {.kind = "joined"};
    struct wish wish;
    (void)user_data;
    if (ack.socket == 0 || !pancar_socket_connected(socket))
        return PANCAR_OK;
    const char *wrong = wish_read(pancar_event_args(event), &wish);
    if (wrong == NULL)
        wrong = check_place(&wish);
    if (wrong != NULL)
        return refuse(ack, wrong);
    struct visitor *former = visitor_of(socket);
    if (former != NULL && !word_equal(&former->key, &wish.key))
        forget(former);
    if (!move(socket, &wish, &entry))
        return pancar_fail(PANCAR_STR("nobody can enter"));
    pancar_status status = answer_entered(ack, entry.visitor);
    announce(socket, &entry);
    if (entry.replaced != 0) {
        pancar_emit(entry.replaced, PANCAR_STR("replaced"), NULL);
        pancar_socket_disconnect(entry.replaced, true);
    }
    return status;
}

/* ---- say */

/* What the author is told when it is known how many have received a message. */
struct receipt {
    struct word author, message;
    size_t members;
};

static void received(const pancar_answers *answers, void *user_data)
{
    const struct receipt *receipt = user_data;
    const struct visitor *author = visitor_with_id(&receipt->author);
    int64_t count = 0;
    if (author == NULL)
        return;
    for (size_t i = 0; i < pancar_answers_len(answers); i++)
        count += pancar_answers_status(answers, i) == PANCAR_OK;
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_text(args, "id", word_str(&receipt->message));
    add_number(args, "received", count);
    add_number(args, "members", (int64_t)receipt->members);
    pancar_args_end_object(args);
    pancar_emit(author->socket, PANCAR_STR("receipt"), args);
    pancar_args_free(args);
}

/* Sends a message to the others of the room. */
static pancar_status pass_on(const struct visitor *author, const struct message *message, size_t members)
{
    pancar_target *others = NULL;
    struct receipt *receipt = malloc(sizeof *receipt);
    if (receipt == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    *receipt = (struct receipt){author->id, word_of(pancar_cstr(message->id)), members};
    pancar_status status = pancar_target_new(author->socket, &others);
    if (status == PANCAR_OK)
        status = pancar_target_to(others, word_str(&author->room->name));
    if (status == PANCAR_OK)
        status = pancar_target_timeout(others, RECEIPT_MS);
    if (status == PANCAR_OK)
        status = pancar_target_emit_with_ack(others, PANCAR_STR("message"), message->whole, received, receipt, free);
    else
        free(receipt);
    pancar_target_free(others);
    return status;
}

static pancar_status answer_said(pancar_ack ack, const struct message *message, size_t members)
{
    pancar_args *args = granted();
    add_text(args, "id", pancar_cstr(message->id));
    add_number(args, "time", message->time);
    add_number(args, "members", (int64_t)members);
    return send(ack, args);
}

static pancar_status say(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_ack ack = pancar_event_ack(event);
    const struct visitor *author = visitor_of(socket);
    struct draft draft;
    (void)user_data;
    if (ack.socket == 0)
        return PANCAR_OK;
    const char *wrong = author == NULL ? "not-entered" : draft_read(pancar_event_args(event), &draft);
    if (wrong != NULL)
        return refuse(ack, wrong);
    size_t members = room_members(author->room) - 1;
    struct message *message = room_find_message(author->room, author, &draft.nonce);
    if (message != NULL)
        return answer_said(ack, message, members);
    message = message_new(author, &draft);
    if (message == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    room_keep(author->room, message);
    pancar_status status = answer_said(ack, message, members);
    return status == PANCAR_OK && members > 0 ? pass_on(author, message, members) : status;
}

/* ---- typing, presence, leave */

static pancar_status typing(pancar_socket socket, const pancar_event *event, void *user_data)
{
    const struct visitor *visitor = visitor_of(socket);
    pancar_target *others = NULL;
    bool active;
    (void)user_data;
    if (visitor == NULL || pancar_args_bool(pancar_event_args(event), 0, &active) != PANCAR_OK)
        return PANCAR_OK;
    pancar_args *args = pancar_args_new();
    pancar_args_begin_object(args);
    add_text(args, "id", word_str(&visitor->id));
    add_text(args, "name", word_str(&visitor->name));
    add_bool(args, "typing", active);
    pancar_args_end_object(args);
    pancar_status status = pancar_target_new(socket, &others);
    if (status == PANCAR_OK)
        status = pancar_target_to(others, word_str(&visitor->room->name));
    if (status == PANCAR_OK)
        status = pancar_target_volatile(others);
    if (status == PANCAR_OK)
        status = pancar_target_emit(others, PANCAR_STR("typing"), args);
    pancar_target_free(others);
    pancar_args_free(args);
    return status;
}

static pancar_status presence(pancar_socket socket, const pancar_event *event, void *user_data)
{
    struct visitor *visitor = visitor_of(socket);
    pancar_str status;
    (void)user_data;
    if (visitor == NULL || pancar_args_str(pancar_event_args(event), 0, &status) != PANCAR_OK || status.len != 4)
        return PANCAR_OK;
    if (memcmp(status.data, "here", 4) == 0)
        set_status(visitor, HERE);
    else if (memcmp(status.data, "away", 4) == 0)
        set_status(visitor, AWAY);
    return PANCAR_OK;
}

static pancar_status leave(pancar_socket socket, const pancar_event *event, void *user_data)
{
    pancar_ack ack = pancar_event_ack(event);
    struct visitor *visitor = visitor_of(socket);
    (void)user_data;
    if (ack.socket == 0)
        return PANCAR_OK;
    if (visitor == NULL)
        return refuse(ack, "not-entered");
    forget(visitor);
    return send(ack, granted());
}

/* ---- Connections */

static pancar_status connected(pancar_socket socket, void *user_data)
{
    pancar_args *args = pancar_args_new();
    (void)user_data;
    add_rooms(args);
    pancar_status status = pancar_emit(socket, PANCAR_STR("rooms"), args);
    pancar_args_free(args);
    return status;
}

/* Who has been lost with a connection and did not come back leaves. */
static void give_up(void *user_data)
{
    struct visitor *visitor = visitor_with_socket(*(const pancar_socket *)user_data);
    if (visitor != NULL && visitor->status == LOST)
        forget(visitor);
}

static void disconnected(pancar_socket socket, pancar_reason reason, pancar_str detail, void *user_data)
{
    struct visitor *visitor = visitor_of(socket);
    (void)reason, (void)detail, (void)user_data;
    if (visitor == NULL)
        return;
    set_status(visitor, LOST);
    pancar_socket *lost = malloc(sizeof *lost);
    if (lost != NULL) {
        *lost = socket;
        pancar_post_after(server, GRACE_MS, give_up, lost, free);
    }
}

pancar_status events_register(pancar_server of)
{
    pancar_status status = pancar_on_connection(of, connected, NULL, NULL);
    server = of;
    if (status == PANCAR_OK)
        status = pancar_on_disconnect(server, disconnected, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("enter"), enter, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("say"), say, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("typing"), typing, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("presence"), presence, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("leave"), leave, NULL, NULL);
    return status;
}
