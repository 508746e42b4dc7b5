/* The demo chat in C: what its files share. What it does is written in tests/demo/README.md.
 *
 * Everything happens on one thread, which takes the events of clients and serves the page: there is no lock. */
#ifndef CHAT_H
#define CHAT_H

#include <pancar.h>

#include <poll.h>

/* ---- rules.c: what a name, a room, a message and a picture may be */

enum { MAX_PICTURE_NAME = 100 };

/* A short text of its own: 36 characters of four bytes, or more of fewer. */
struct word {
    size_t len;
    char data[144];
};

pancar_str word_str(const struct word *word);
bool word_equal(const struct word *one, const struct word *other);
struct word word_of(pancar_str text);

/* Whether two names are the same but for upper and lower case. */
bool same_name(const struct word *one, const struct word *other);

/* What a page asks for when it enters, as it is kept. */
struct wish {
    struct word key, name, room;
    bool away;
};

struct picture {
    char name[4 * MAX_PICTURE_NAME];
    size_t name_len;
    pancar_str mime;
    int64_t width, height;
    pancar_bytes data;
};

/* What a page says; the text and the bytes of the picture belong to the arguments. */
struct draft {
    struct word nonce;
    pancar_str text;
    bool has_picture;
    struct picture picture;
};

/* Both return NULL, or the code of what is wrong. */
const char *wish_read(const pancar_args *args, struct wish *wish);
const char *draft_read(const pancar_args *args, struct draft *draft);

/* ---- state.c: who is in which room, and what was said there */

enum { MAX_ROOMS = 50, HISTORY = 50 };

struct message {
    struct word author, nonce;
    char id[40];
    int64_t time;
    /* One argument. `bare` is the same without the bytes of a picture, and NULL where there are none. */
    pancar_args *whole, *bare;
};

struct room {
    struct word name;
    bool standing;
    struct message *history[HISTORY];
    size_t said;
};

enum status { HERE, AWAY, LOST };

/* One tab. In a list of all, in the order of entering their rooms. */
struct visitor {
    struct visitor *next;
    struct word key, id, name;
    enum status status;
    struct room *room;
    /* The newest connection; still known, but gone, while the status is LOST. */
    pancar_socket socket;
};

bool state_open(void);
void state_close(void);

size_t room_count(void);
struct room *room_at(size_t index);
struct room *room_find(const struct word *name);
struct room *room_find_or_add(const struct word *name);
size_t room_members(const struct room *room);

/* Removes a room that has no members, unless it always exists. Whether it is gone. */
bool room_remove_if_empty(struct room *room);

struct message *room_find_message(const struct room *room, const struct visitor *author, const struct word *nonce);

/* Keeps a message, and lets old messages and old pictures go. */
void room_keep(struct room *room, struct message *message);

/* A message of now, not kept yet. NULL when there is no memory. */
struct message *message_new(const struct visitor *author, const struct draft *draft);

/* The first of all visitors. */
struct visitor *visitors(void);
struct visitor *visitor_with_key(const struct word *key);
struct visitor *visitor_with_id(const struct word *id);

/* Whose newest connection this is, or was when they were lost with it. */
struct visitor *visitor_with_socket(pancar_socket socket);
/* NULL when there is no memory. */
struct visitor *visitor_add(void);
void visitor_remove(struct visitor *visitor);

/* Makes a visitor the last one. */
void visitor_move_last(struct visitor *visitor);

/* Milliseconds since 1970. */
int64_t now(void);

/* ---- words.c: what the server says */

/* Fields of an object. Writing fails only for a text that is not UTF-8 and where no value may stand; neither can happen
 * in this program, so that nobody asks. */
void add_text(pancar_args *args, const char *key, pancar_str value);
void add_number(pancar_args *args, const char *key, int64_t value);
void add_bool(pancar_args *args, const char *key, bool value);

void add_rooms(pancar_args *args);
void add_members(pancar_args *args, const struct room *room);
void add_history(pancar_args *args, const struct room *room);

/* The one argument of a message. */
pancar_args *message_write(const struct message *message, const struct visitor *author, const struct draft *draft,
                           bool with_bytes);

/* Something that happened in a room. `was` is NULL where there is no former name. */
struct notice {
    const char *kind;
    struct word name;
    const struct word *was;
};

void tell_rooms(pancar_server server);
void tell_members(pancar_server server, const struct room *room);

/* Tells a room: everybody in it when `from` is a server, everybody else when it is a socket. */
void tell_notice(pancar_handle from, const struct room *room, const struct notice *notice);

/* Emits to a room in the same way, and frees the arguments. */
void tell(pancar_handle from, const struct room *room, const char *event, pancar_args *args);

/* ---- events.c: what the page can send, and what becomes of it */

pancar_status events_register(pancar_server server);

/* ---- web.c: the page, and the connections that the server is handed */

enum { MAX_CONNECTIONS = 64, WEB_DESCRIPTORS = 1 + MAX_CONNECTIONS };

/* Listens, and returns the port or -1. The files of the folder are served. */
int web_open(pancar_server server, const char *host, const char *port, const char *folder);

/* Says what to wait for. */
void web_watch(struct pollfd descriptors[WEB_DESCRIPTORS]);

/* Does what can be done now. */
void web_turn(const struct pollfd descriptors[WEB_DESCRIPTORS]);
void web_close(void);

#endif
