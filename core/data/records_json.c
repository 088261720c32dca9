/* Records -> JSON. Numbers are written so that they read back as the same ones. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/records.h"

/* ---- attributes ---- */

static void print_value(const json_t *value, struct buffer *out)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        buffer_append_json(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        buffer_append_double(out, json_real_value(value));
        break;
    case JSON_ARRAY:
        buffer_append_byte(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            const json_t *text = json_array_get(value, i);
            if (i)
                buffer_append_byte(out, ',');
            buffer_append_json(out, json_string_value(text), json_string_length(text));
        }
        buffer_append_byte(out, ']');
        break;
    default:
        buffer_append_text(out, json_is_true(value) ? "true" : "false");
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void attributes_print(const json_t *value, struct buffer *out)
{
    assert(json_object_size(value) <= ATTRIBUTES_MAX);
    const char *names[ATTRIBUTES_MAX];
    size_t n = 0;
    for (void *at = json_object_iter((json_t *)value); at;
         at = json_object_iter_next((json_t *)value, at))
        names[n++] = json_object_iter_key(at);
    qsort(names, n, sizeof *names, compare_names);
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buffer_append_byte(out, ',');
        buffer_append_json(out, names[i], strlen(names[i]));
        buffer_append_byte(out, ':');
        print_value(json_object_get(value, names[i]), out);
    }
    buffer_append_byte(out, '}');
}

/* ---- fields; absent ones are left out ---- */

static void open_field(const char *name, struct buffer *out)
{
    if (out->size && out->data[out->size - 1] != '{')
        buffer_append_byte(out, ',');
    buffer_append_json(out, name, strlen(name));
    buffer_append_byte(out, ':');
}

static void put_text(const char *name, const char *text, struct buffer *out)
{
    if (!text)
        return;
    open_field(name, out);
    buffer_append_json(out, text, strlen(text));
}

static void put_raw(const char *name, const char *json, struct buffer *out)
{
    if (!json)
        return;
    open_field(name, out);
    buffer_append_text(out, json);
}

static void put_number(const char *name, double value, struct buffer *out)
{
    if (isnan(value))
        return;
    open_field(name, out);
    buffer_append_double(out, value);
}

static void put_time(const char *name, int64_t ms, struct buffer *out)
{
    if (ms == TIME_UNKNOWN)
        return;
    char text[TIME_TEXT_SIZE];
    time_format(ms, text);
    put_text(name, text, out);
}

static void put_bool(const char *name, bool value, struct buffer *out)
{
    put_raw(name, value ? "true" : "false", out);
}

static void put_texts(const char *name, const char *const *texts, uint32_t n, struct buffer *out)
{
    if (n == 0)
        return;
    open_field(name, out);
    for (uint32_t i = 0; i < n; i++) {
        buffer_append_byte(out, i ? ',' : '[');
        buffer_append_json(out, texts[i], strlen(texts[i]));
    }
    buffer_append_byte(out, ']');
}

static void put_vector(const struct item_record *item, struct buffer *out)
{
    if (item->n_vector == 0)
        return;
    open_field("vector", out);
    for (uint32_t i = 0; i < item->n_vector; i++) {
        buffer_append_byte(out, i ? ',' : '[');
        buffer_append_float(out, item->vector[i]);
    }
    buffer_append_byte(out, ']');
}

void user_to_json(const struct user_record *user, struct buffer *out)
{
    buffer_append_byte(out, '{');
    put_text("id", user->id, out);
    put_raw("attributes", user->attributes ? user->attributes : "{}", out);
    put_time("created_at", user->created_ms, out);
    put_time("updated_at", user->updated_ms, out);
    buffer_append_byte(out, '}');
}

void item_to_json(const struct item_record *item, struct buffer *out)
{
    buffer_append_byte(out, '{');
    put_text("id", item->id, out);
    put_text("title", item->title, out);
    put_texts("categories", item->categories, item->n_categories, out);
    put_bool("hidden", item->hidden, out);
    put_bool("available", item->available, out);
    put_number("price", item->price, out);
    put_text("currency", item->currency, out);
    put_text("group_id", item->group_id, out);
    put_time("published_at", item->published_ms, out);
    put_time("expires_at", item->expires_ms, out);
    put_vector(item, out);
    put_raw("attributes", item->attributes ? item->attributes : "{}", out);
    put_time("created_at", item->created_ms, out);
    put_time("updated_at", item->updated_ms, out);
    buffer_append_byte(out, '}');
}

void event_to_json(const struct event_record *event, struct buffer *out)
{
    buffer_append_byte(out, '{');
    put_text("event_id", event->event_id, out);
    put_text("user", event->user, out);
    put_text("session", event->session, out);
    put_text("item", event->item, out);
    put_text("type", event->type, out);
    put_time("timestamp", event->time_ms, out);
    put_number("rating", event->rating, out);
    put_number("quantity", event->quantity, out);
    put_number("price", event->price, out);
    put_text("currency", event->currency, out);
    put_number("progress", event->progress, out);
    put_text("order_id", event->order_id, out);
    put_text("recommendation_id", event->recommendation_id, out);
    if (event->position >= 0) {
        open_field("position", out);
        buffer_printf(out, "%" PRId32, event->position);
    }
    put_raw("context", event->context, out);
    buffer_append_byte(out, '}');
}

void impression_to_json(const struct impression_record *impression, struct buffer *out)
{
    buffer_append_byte(out, '{');
    put_text("recommendation_id", impression->recommendation_id, out);
    put_text("user", impression->user, out);
    put_text("session", impression->session, out);
    put_texts("items", impression->items, impression->n_items, out);
    put_time("timestamp", impression->time_ms, out);
    put_raw("context", impression->context, out);
    buffer_append_byte(out, '}');
}
