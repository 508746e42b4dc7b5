/* Reading and writing arguments. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static pancar_status read_list(const pancar_args *list, struct texts *texts)
{
    size_t count = pancar_args_len(list);
    texts->items = calloc(count + 1, sizeof *texts->items);
    if (texts->items == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    for (texts->count = 0; texts->count < count; texts->count++) {
        pancar_status status = pancar_args_str(list, texts->count, &texts->items[texts->count]);
        if (status != PANCAR_OK)
            return status;
    }
    return PANCAR_OK;
}

static pancar_status read_one(const pancar_args *args, size_t index, struct texts *texts)
{
    texts->items = calloc(1, sizeof *texts->items);
    if (texts->items == NULL)
        return pancar_fail(PANCAR_STR("out of memory"));
    texts->count = 1;
    return pancar_args_str(args, index, texts->items);
}

pancar_status texts_read(const pancar_args *args, size_t index, struct texts *texts)
{
    const pancar_args *list;
    *texts = (struct texts){NULL, 0};
    if (pancar_args_kind(args, index) != PANCAR_KIND_ARRAY)
        return read_one(args, index, texts);
    pancar_status status = pancar_args_items(args, index, &list);
    return status == PANCAR_OK ? read_list(list, texts) : status;
}

void texts_free(struct texts *texts)
{
    free(texts->items);
    *texts = (struct texts){NULL, 0};
}

int str_compare(const void *left, const void *right)
{
    const pancar_str *one = left, *other = right;
    size_t common = one->len < other->len ? one->len : other->len;
    int order = common == 0 ? 0 : memcmp(one->data, other->data, common);
    return order != 0 ? order : (one->len > other->len) - (one->len < other->len);
}

pancar_status add_sorted(pancar_args *args, struct texts *texts)
{
    if (texts->count > 1)
        qsort(texts->items, texts->count, sizeof *texts->items, str_compare);
    pancar_status status = pancar_args_begin_array(args);
    for (size_t i = 0; i < texts->count && status == PANCAR_OK; i++)
        status = pancar_args_add_str(args, texts->items[i]);
    return status == PANCAR_OK ? pancar_args_end_array(args) : status;
}

bool is_set(const pancar_args *args, size_t index)
{
    bool value = false;
    return pancar_args_bool(args, index, &value) == PANCAR_OK && value;
}

bool str_equal(pancar_str one, pancar_str other)
{
    return str_compare(&one, &other) == 0;
}

pancar_status emit_text(pancar_socket to, pancar_str event, pancar_str text)
{
    pancar_args *args = pancar_args_new();
    pancar_status status = pancar_args_add_str(args, text);
    if (status == PANCAR_OK)
        status = pancar_emit(to, event, args);
    pancar_args_free(args);
    return status;
}
