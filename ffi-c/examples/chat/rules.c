/* What a name, a room, a message and a picture may be: the limits of tests/demo/README.md. */
#include "chat.h"

#include <string.h>
#include <wchar.h>
#include <wctype.h>

enum {
    MAX_NAME = 24,
    MAX_ROOM = 32,
    MAX_NONCE = 36,
    MIN_KEY = 16,
    MAX_KEY = 64,
    MAX_TEXT = 2000,
    MAX_PICTURE_BYTES = 700000,
    MAX_SIDE = 16384
};

struct range {
    uint32_t first, last;
};

/* ---- Characters */

/* The next character of a text. The library has made sure that it is UTF-8. */
static uint32_t next_point(pancar_str text, size_t *at)
{
    const unsigned char *bytes = (const unsigned char *)text.data + *at;
    size_t more = bytes[0] < 0x80 ? 0 : bytes[0] < 0xe0 ? 1 : bytes[0] < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? bytes[0] : bytes[0] & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        point = point << 6 | (bytes[i] & 0x3fu);
    *at += more + 1;
    return point;
}

static size_t write_point(char *data, uint32_t point)
{
    if (point < 0x80) {
        data[0] = (char)point;
        return 1;
    }
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, point >>= 6)
        data[i] = (char)(0x80 | (point & 0x3f));
    data[0] = (char)((0xff00u >> (more + 1) & 0xff) | point);
    return more + 1;
}

static size_t write_points(char *data, const uint32_t *points, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += write_point(data + len, points[i]);
    return len;
}

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

/* White space of Unicode, which is more than iswspace knows. */
static bool is_space(uint32_t point)
{
    static const struct range spaces[] = {
        {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
        {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
    };
    return is_in(point, spaces, sizeof spaces / sizeof *spaces);
}

/* Control characters, and those that make a text look like another. */
static bool is_forbidden(uint32_t point)
{
    static const struct range ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x200b, 0x200b}, {0x200e, 0x200f},
        {0x202a, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff},
    };
    return is_in(point, ranges, sizeof ranges / sizeof *ranges);
}

/* ---- Words */

pancar_str word_str(const struct word *word)
{
    return (pancar_str){word->data, word->len};
}

bool word_equal(const struct word *one, const struct word *other)
{
    return one->len == other->len && memcmp(one->data, other->data, one->len) == 0;
}

struct word word_of(pancar_str text)
{
    struct word word = {text.len < sizeof word.data ? text.len : sizeof word.data, {0}};
    memcpy(word.data, text.data, word.len);
    return word;
}

bool same_name(const struct word *one, const struct word *other)
{
    size_t i = 0, j = 0;
    while (i < one->len && j < other->len) {
        if (towlower((wint_t)next_point(word_str(one), &i)) != towlower((wint_t)next_point(word_str(other), &j)))
            return false;
    }
    return i == one->len && j == other->len;
}

static bool str_is(pancar_str text, const char *other)
{
    return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

static size_t length(pancar_str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; count++)
        next_point(text, &at);
    return count;
}

/* Writes up to `most` characters of a text, with white space removed at its ends and runs of it made one space. Returns
 * how many characters there are. */
static size_t cleaned(pancar_str text, bool drop_forbidden, uint32_t *points, size_t most)
{
    size_t count = 0;
    bool begun = false, gap = false;
    for (size_t at = 0; at < text.len;) {
        uint32_t point = next_point(text, &at);
        if (is_space(point)) {
            gap = begun;
            continue;
        }
        begun = true;
        if (gap && count++ < most)
            points[count - 1] = ' ';
        gap = false;
        if (!(drop_forbidden && is_forbidden(point)) && count++ < most)
            points[count - 1] = point;
    }
    return count;
}

static bool is_key(pancar_str text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    for (size_t i = 0; i < text.len; i++) {
        if (memchr(allowed, text.data[i], sizeof allowed - 1) == NULL)
            return false;
    }
    return text.len >= MIN_KEY && text.len <= MAX_KEY;
}

static bool read_name(pancar_str text, struct word *name)
{
    uint32_t points[MAX_NAME];
    size_t count = cleaned(text, false, points, MAX_NAME);
    if (count < 1 || count > MAX_NAME)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (is_forbidden(points[i]))
            return false;
    }
    name->len = write_points(name->data, points, count);
    return true;
}

static bool read_room(pancar_str text, struct word *room)
{
    uint32_t points[MAX_ROOM];
    size_t count = cleaned(text, false, points, MAX_ROOM);
    if (count < 1 || count > MAX_ROOM)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t point = points[i] == ' ' ? '-' : (uint32_t)towlower((wint_t)points[i]);
        bool is_mark = point == '-' || point == '_';
        if (is_mark ? i == 0 : !iswalnum((wint_t)point))
            return false;
        points[i] = point;
    }
    room->len = write_points(room->data, points, count);
    return true;
}

/* ---- What a page asks for */

/* A field of the first argument, as an argument. */
static bool field(const pancar_args *args, const char *key, const pancar_args **value)
{
    return pancar_args_get(args, 0, pancar_cstr(key), value) == PANCAR_OK;
}

static bool text_field(const pancar_args *args, const char *key, pancar_str *text)
{
    const pancar_args *value;
    return field(args, key, &value) && pancar_args_str(value, 0, text) == PANCAR_OK;
}

static bool bytes_field(const pancar_args *args, const char *key, pancar_bytes *bytes)
{
    const pancar_args *value;
    return field(args, key, &value) && pancar_args_bytes(value, 0, bytes) == PANCAR_OK;
}

const char *wish_read(const pancar_args *args, struct wish *wish)
{
    pancar_str text;
    if (!text_field(args, "key", &text) || !is_key(text))
        return "key-invalid";
    wish->key = word_of(text);
    if (!text_field(args, "name", &text) || !read_name(text, &wish->name))
        return "name-invalid";
    if (!text_field(args, "room", &text) || !read_room(text, &wish->room))
        return "room-invalid";
    wish->away = text_field(args, "status", &text) && str_is(text, "away");
    return NULL;
}

/* ---- What a page says */

static pancar_str trimmed(pancar_str text)
{
    size_t begin = text.len, end = 0;
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        if (is_space(next_point(text, &at)))
            continue;
        begin = start < begin ? start : begin;
        end = at;
    }
    return begin < end ? (pancar_str){text.data + begin, end - begin} : PANCAR_STR("");
}

/* Whether a text of several lines can be said. */
static bool is_block(pancar_str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; count++) {
        uint32_t point = next_point(text, &at);
        if (is_forbidden(point) && point != '\n' && point != '\r' && point != '\t')
            return false;
    }
    return count <= MAX_TEXT;
}

static bool is_picture_type(pancar_str mime)
{
    return str_is(mime, "image/png") || str_is(mime, "image/jpeg") || str_is(mime, "image/gif")
        || str_is(mime, "image/webp");
}

static bool side_field(const pancar_args *args, const char *key, int64_t *side)
{
    const pancar_args *value;
    double number;
    if (!field(args, key, &value) || pancar_args_f64(value, 0, &number) != PANCAR_OK)
        return false;
    if (!(number >= 1 && number <= MAX_SIDE))
        return false;
    *side = (int64_t)number;
    return (double)*side == number;
}

static void read_picture_name(pancar_str text, struct picture *picture)
{
    uint32_t points[MAX_PICTURE_NAME];
    size_t count = cleaned(text, true, points, MAX_PICTURE_NAME);
    if (count == 0)
        memcpy(picture->name, "picture", picture->name_len = 7);
    else
        picture->name_len = write_points(picture->name, points, count < MAX_PICTURE_NAME ? count : MAX_PICTURE_NAME);
}

static const char *picture_read(const pancar_args *args, struct picture *picture)
{
    pancar_str name;
    if (!text_field(args, "name", &name))
        return "picture-invalid";
    if (!text_field(args, "mime", &picture->mime) || !is_picture_type(picture->mime))
        return "picture-invalid";
    if (!side_field(args, "width", &picture->width) || !side_field(args, "height", &picture->height))
        return "picture-invalid";
    if (!bytes_field(args, "data", &picture->data) || picture->data.len == 0)
        return "picture-invalid";
    if (picture->data.len > MAX_PICTURE_BYTES)
        return "picture-too-large";
    read_picture_name(name, picture);
    return NULL;
}

const char *draft_read(const pancar_args *args, struct draft *draft)
{
    const pancar_args *picture;
    pancar_str text;
    if (!text_field(args, "nonce", &text) || text.len == 0 || length(text) > MAX_NONCE)
        return "text-invalid";
    draft->nonce = word_of(text);
    if (!text_field(args, "text", &text) || !is_block(trimmed(text)))
        return "text-invalid";
    draft->text = trimmed(text);
    draft->has_picture = field(args, "picture", &picture) && pancar_args_kind(picture, 0) != PANCAR_KIND_NULL;
    if (draft->has_picture)
        return picture_read(picture, &draft->picture);
    return draft->text.len > 0 ? NULL : "text-invalid";
}
